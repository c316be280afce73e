//! The rules of the house, checked on the source itself: which room may use which, where versions stand, how long a file
//! may be, and that the pure rooms are pure.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package};

/// The table of README.md: room, and the rooms it may use.
const MAY_USE: &[(&str, &[&str])] = &[
    ("geom", &[]),
    ("safety", &["geom"]),
    ("control", &["geom"]),
    ("proto", &["geom"]),
    ("session", &["proto", "geom"]),
    ("servo", &["safety", "control", "session", "proto", "geom"]),
    ("sim", &["geom", "control"]),
    ("world", &["geom", "safety", "control", "proto", "session", "servo", "sim"]),
    ("transport", &[]),
    ("media", &["proto", "geom"]),
    ("devices", &["geom", "proto", "control", "sim"]),
    ("record", &["geom", "proto"]),
    ("console", &["geom", "proto", "session", "control", "transport", "media", "devices", "record"]),
];

/// Rooms without sockets, threads, clocks, randomness of their own, files or log sinks.
const PURE: &[&str] = &["geom", "safety", "control", "proto", "session", "servo", "sim", "world"];

/// What a pure room may not name. Time, randomness and devices are arguments there.
const IMPURE: &[&str] = &[
    "std::net",
    "std::thread",
    "std::fs",
    "std::io::",
    "Instant::now",
    "SystemTime",
    "std::env",
    "tracing::",
    "println!",
    "eprintln!",
    "rand::rng()",
    "from_os_rng",
    "tokio",
];

/// Crates that must not be in a pure room's own list, since they are sockets, clocks or log sinks.
const IMPURE_CRATES: &[&str] = &["tokio", "quinn", "webrtc", "tracing", "gilrs", "hidapi", "eframe", "rustix"];

/// The longest source file. Past it a file has two reasons to change.
const MAX_LINES: usize = 800;

fn metadata() -> Metadata {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.toml");
    MetadataCommand::new()
        .manifest_path(manifest)
        .other_options(vec!["--locked".into()])
        .exec()
        .expect("cargo metadata runs")
}

fn room(package: &Package) -> String {
    package.name.trim_start_matches("farprobe-").to_owned()
}

fn rooms(metadata: &Metadata) -> BTreeMap<String, &Package> {
    metadata.workspace_packages().into_iter().map(|package| (room(package), package)).collect()
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// Whether a file of `src` holds nothing but tests: they may write and measure what the room itself may not.
fn is_test(path: &Path) -> bool {
    let name = path.file_stem().and_then(|name| name.to_str()).unwrap_or_default();
    name.ends_with("tests") || path.components().any(|part| part.as_os_str() == "tests")
}

fn root(metadata: &Metadata) -> &Path {
    metadata.workspace_root.as_std_path()
}

#[test]
fn each_room_uses_only_the_rooms_it_may() {
    let metadata = metadata();
    let rooms = rooms(&metadata);
    let known: BTreeSet<&str> = rooms.keys().map(String::as_str).collect();
    for (name, allowed) in MAY_USE {
        let package = rooms.get(*name).unwrap_or_else(|| panic!("no room named {name}"));
        for dependency in package.dependencies.iter().filter(|d| d.kind == DependencyKind::Normal) {
            let Some(used) = dependency.name.strip_prefix("farprobe-") else { continue };
            assert!(known.contains(used), "{name} uses the unknown room {used}");
            assert!(allowed.contains(&used), "{name} may not use {used}");
        }
    }
    let listed: BTreeSet<&str> =
        MAY_USE.iter().map(|(name, _)| *name).chain(["cart", "tests", "fuzz", "bench"]).collect();
    assert_eq!(known, listed, "every room is in the table");
}

#[test]
fn the_pure_rooms_are_pure() {
    let metadata = metadata();
    let rooms = rooms(&metadata);
    for name in PURE {
        let package = rooms[*name];
        for dependency in package.dependencies.iter().filter(|d| d.kind == DependencyKind::Normal) {
            assert!(!IMPURE_CRATES.contains(&dependency.name.as_str()), "{name} uses {}", dependency.name);
        }
        let folder = package.manifest_path.parent().unwrap().join("src");
        for path in sources(folder.as_std_path()).into_iter().filter(|path| !is_test(path)) {
            let text = std::fs::read_to_string(&path).unwrap();
            let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
            for (number, line) in code.enumerate() {
                for word in IMPURE {
                    assert!(!line.contains(word), "{}: code line {number} names {word}", path.display());
                }
            }
        }
    }
}

#[test]
fn geom_and_safety_do_without_std() {
    let metadata = metadata();
    for name in ["geom", "safety"] {
        let text = std::fs::read_to_string(root(&metadata).join("crates").join(name).join("src/lib.rs")).unwrap();
        assert!(text.contains("#![no_std]"), "{name} is no_std");
        assert!(text.contains("#![forbid(unsafe_code)]"), "{name} forbids unsafe code");
    }
}

#[test]
fn versions_stand_in_one_place() {
    let metadata = metadata();
    for package in metadata.workspace_packages() {
        let text = std::fs::read_to_string(&package.manifest_path).unwrap();
        let mut in_dependencies = false;
        for line in text.lines() {
            if line.starts_with('[') {
                in_dependencies = line.contains("dependencies");
            } else if in_dependencies && line.contains('=') {
                assert!(line.contains("workspace"), "{}: {line}", package.manifest_path);
            }
        }
    }
}

#[test]
fn the_ten_packages_are_in_use() {
    let metadata = metadata();
    let used: BTreeSet<String> = metadata
        .workspace_packages()
        .iter()
        .flat_map(|package| package.dependencies.iter().filter(|d| d.kind == DependencyKind::Normal))
        .map(|dependency| dependency.name.clone())
        .collect();
    for name in ["webrtc", "tokio", "quinn", "openh264", "serde", "nalgebra", "gilrs", "egui", "eframe", "tracing"] {
        assert!(used.contains(name), "{name} is not used");
    }
}

#[test]
fn no_file_has_grown_past_its_purpose() {
    let metadata = metadata();
    for path in sources(root(&metadata)) {
        if path.components().any(|part| part.as_os_str() == "target") {
            continue;
        }
        let lines = std::fs::read_to_string(&path).unwrap().lines().count();
        assert!(lines <= MAX_LINES, "{}: {lines} lines", path.display());
    }
}

#[test]
fn the_top_level_is_as_agreed() {
    let metadata = metadata();
    let agreed = [
        "Cargo.toml",
        "Cargo.lock",
        "README.md",
        "CHANGELOG.md",
        "LICENSE",
        "Makefile",
        "crates",
        "robot-side",
        "console-side",
        "proto",
        "tests",
        "benches",
        "assets",
        "clippy.toml",
        "rustfmt.toml",
        "target",
        "out",
    ];
    for entry in std::fs::read_dir(root(&metadata)).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(name.starts_with('.') || agreed.contains(&name.as_str()), "{name} is not part of the agreed top level");
    }
}
