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
    ("impair", &["geom", "sim", "devices"]),
    ("metrics", &[]),
    ("console", &["geom", "proto", "session", "control", "transport", "media", "devices", "record", "metrics"]),
];

/// Rooms without sockets, threads, clocks, randomness of their own, files or log sinks.
const PURE: &[&str] = &["geom", "safety", "control", "proto", "session", "servo", "sim", "world"];

/// Rooms that tests of a room may use beyond [`MAY_USE`].
const MAY_TEST_WITH: &[(&str, &[&str])] = &[("servo", &["sim"])];

/// Parts of the standard library that a pure room may not name. Time, randomness and devices are arguments there.
const IMPURE: &[&str] = &[
    "std::net",
    "std::thread",
    "std::fs",
    "std::io",
    "std::env",
    "std::process",
    "std::os",
    "std::sync::mpsc",
    "std::time::Instant",
    "std::time::SystemTime",
    "std::time::UNIX_EPOCH",
    "std::print",
    "std::println",
    "std::eprint",
    "std::eprintln",
    "std::dbg",
    // Their order is another one in each run.
    "std::collections::HashMap",
    "std::collections::HashSet",
    "std::collections::hash_map",
    "std::collections::hash_set",
    "std::hash::RandomState",
    "rand::rng",
    "rand::random",
    "rand::make_rng",
    "rand::prelude",
    "rand::rngs",
];

/// Modules that hold more than what is forbidden. Under another name, or all at once, what is in them could be used unseen.
const BROAD: &[&str] = &["std", "std::time", "std::sync", "std::collections", "std::hash", "rand"];

/// What a pure room may not write, however it was brought in.
const IMPURE_WORDS: &[&str] = &[
    "Instant::now",
    "SystemTime",
    "HashMap",
    "HashSet",
    "RandomState",
    "println!",
    "print!",
    "dbg!",
    "from_os_rng",
    // Source from elsewhere, which this test would not see, and names that a macro puts together.
    "include!",
    "std::$",
    "extern crate std as",
];

/// The crates that pure rooms may build on: arithmetic, encoding and words, without a socket, a clock or a log sink.
const PURE_CRATES: &[&str] = &["libm", "nalgebra", "postcard", "rand", "rand_pcg", "serde", "thiserror", "urdf-rs"];

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

fn listed(table: &[(&str, &'static [&'static str])], name: &str) -> &'static [&'static str] {
    table.iter().find(|(room, _)| *room == name).map_or(&[], |(_, rooms)| rooms)
}

/// Code without comments, without what is in literals, and without white space but for single spaces between words.
fn squeezed(text: &str) -> String {
    let code = without_literals(text).replace("r#", "");
    let mut out = code.split_whitespace().collect::<Vec<_>>().join(" ");
    for mark in ["::", ",", "{", "}", ";", "!", "$"] {
        out = out.replace(&format!(" {mark}"), mark).replace(&format!("{mark} "), mark);
    }
    out
}

/// Code with a space in place of each comment, and with literals that are empty.
fn without_literals(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(letter) = rest.chars().next() {
        let hashes = rest.bytes().skip(1).take_while(|byte| *byte == b'#').count();
        let (written, length) = if rest.starts_with("//") {
            (" ", rest.find('\n').unwrap_or(rest.len()))
        } else if rest.starts_with("/*") {
            (" ", comment(rest))
        } else if letter == '"' {
            ("\"\"", literal(rest, '"'))
        } else if letter == 'r' && rest[1 + hashes..].starts_with('"') {
            let end = format!("\"{}", "#".repeat(hashes));
            let start = hashes + 2;
            ("\"\"", rest[start..].find(&end).map_or(rest.len(), |at| start + at + end.len()))
        } else if letter == '\'' && is_letter_literal(rest) {
            ("' '", literal(rest, '\''))
        } else {
            (&rest[..letter.len_utf8()], letter.len_utf8())
        };
        out.push_str(written);
        rest = &rest[length..];
    }
    out
}

/// The length of the comment that `text` begins with; comments hold comments.
fn comment(text: &str) -> usize {
    let mut depth = 0_usize;
    let mut at = 0;
    while at < text.len() {
        match &text.as_bytes()[at..] {
            [b'/', b'*', ..] => (depth, at) = (depth + 1, at + 2),
            [b'*', b'/', ..] => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            return at;
        }
    }
    text.len()
}

/// The length of the literal between two `quote`s that `text` begins with.
fn literal(text: &str, quote: char) -> usize {
    let mut is_escaped = false;
    for (at, letter) in text.char_indices().skip(1) {
        if letter == quote && !is_escaped {
            return at + 1;
        }
        is_escaped = letter == '\\' && !is_escaped;
    }
    text.len()
}

/// Whether the `'` that `text` begins with is of a letter and not of a lifetime.
fn is_letter_literal(text: &str) -> bool {
    let mut letters = text.chars().skip(1);
    letters.next() == Some('\\') || letters.next() == Some('\'')
}

/// All paths that `tree`, the middle of a `use`, brings in, with `prefix` before them.
fn expand(prefix: &str, tree: &str, paths: &mut Vec<String>) {
    let mut depth = 0_usize;
    let mut start = 0;
    let mut parts = Vec::new();
    for (at, letter) in tree.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                parts.push(&tree[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&tree[start..]);
    for part in parts.into_iter().map(str::trim).filter(|part| !part.is_empty()) {
        let part = if prefix.is_empty() { part.trim_start_matches("::") } else { part };
        match part.split_once('{') {
            Some((head, rest)) => expand(&format!("{prefix}{head}"), rest.strip_suffix('}').unwrap_or(rest), paths),
            None => paths.push(format!("{prefix}{part}")),
        }
    }
}

/// Squeezed code without the modules in it that hold nothing but tests; as for files of tests, see `is_test`.
fn without_tests(code: &str) -> String {
    const HEAD: &str = "#[cfg(test)] mod ";
    let mut out = String::new();
    let mut rest = code;
    while let Some(at) = rest.find(HEAD) {
        let (before, module) = rest.split_at(at);
        out.push_str(before);
        let mut depth = 0_usize;
        let end = module.find(|letter| {
            match letter {
                '{' => depth += 1,
                '}' => depth = depth.saturating_sub(1),
                _ => {}
            }
            depth == 0 && matches!(letter, '}' | ';')
        });
        let end = end.map_or(module.len(), |end| end + 1);
        if module[..end].ends_with(';') {
            out.push_str(&module[..end]);
        }
        rest = &module[end..];
    }
    out + rest
}

/// What is impure in the source `text` of a pure room.
fn impurities(text: &str) -> Vec<String> {
    let code = without_tests(&squeezed(text));
    let mut paths = Vec::new();
    for (at, word) in code.match_indices("use") {
        let tree = &code[at + word.len()..];
        let is_in_word = code[..at].ends_with(|before: char| before.is_alphanumeric() || before == '_');
        if !is_in_word && tree.starts_with([' ', ':', '{']) {
            expand("", tree.split(';').next().unwrap_or_default(), &mut paths);
        }
    }
    let mut found: Vec<String> = Vec::new();
    for path in &paths {
        let bare = path.split(" as ").next().unwrap_or_default();
        let bare = bare.strip_suffix("::self").unwrap_or(bare);
        let unseen = BROAD.iter().any(|part| bare == *part || bare == format!("{part}::*"));
        let impure = IMPURE.iter().any(|word| bare == *word || bare.starts_with(&format!("{word}::")));
        if unseen || impure {
            found.push(path.clone());
        }
    }
    // A file that counts as a test must be one, whatever it is called.
    for (at, words) in code.match_indices("tests;").chain(code.match_indices("#[path")) {
        let begin = code[..at].rfind([';', '}']).map_or(0, |end| end + 1);
        let is_module = words.starts_with('#') || code[begin..at].contains("mod ");
        if is_module && !code[begin..at].contains("#[cfg(test)]") {
            found.push(format!("{words} without cfg(test) before it"));
        }
    }
    found.extend(IMPURE.iter().chain(IMPURE_WORDS).filter(|word| code.contains(**word)).map(|word| (*word).to_owned()));
    found
}

#[test]
fn each_room_uses_only_the_rooms_it_may() {
    let metadata = metadata();
    let rooms = rooms(&metadata);
    let known: BTreeSet<&str> = rooms.keys().map(String::as_str).collect();
    for (name, allowed) in MAY_USE {
        let package = rooms.get(*name).unwrap_or_else(|| panic!("no room named {name}"));
        for dependency in &package.dependencies {
            let Some(used) = dependency.name.strip_prefix("farprobe-") else { continue };
            assert!(known.contains(used), "{name} uses the unknown room {used}");
            let tested = dependency.kind == DependencyKind::Development && listed(MAY_TEST_WITH, name).contains(&used);
            assert!(allowed.contains(&used) || tested, "{name} may not use {used} ({:?})", dependency.kind);
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
        for dependency in package.dependencies.iter().filter(|d| d.kind != DependencyKind::Development) {
            let used = dependency.name.as_str();
            assert!(used.starts_with("farprobe-") || PURE_CRATES.contains(&used), "{name} uses {used}");
        }
        let folder = package.manifest_path.parent().unwrap().join("src");
        for target in &package.targets {
            assert!(!target.is_custom_build(), "{name} is built by a program");
            assert!(!target.is_lib() || target.src_path.starts_with(&folder), "{name} is not in {folder}");
        }
        for path in sources(folder.as_std_path()).into_iter().filter(|path| !is_test(path)) {
            let found = impurities(&std::fs::read_to_string(&path).unwrap());
            assert!(found.is_empty(), "{} names {found:?}", path.display());
        }
    }
}

#[test]
fn no_way_of_writing_it_hides_what_is_impure() {
    for hidden in [
        "use std::{thread, fs};",
        "use std::{collections::BTreeMap, time::{Duration, Instant}};",
        "use std::{\n    // a note\n    io::{self, Write},\n};",
        "use std as s;",
        "use std::{self as s};",
        "use std::*;",
        "use ::std::net;",
        "pub use std::time::*;",
        "use std::thread as later;",
        "use std::{sync::{Arc, mpsc::channel}};",
        "fn f() { std :: thread::spawn(|| ()); }",
        "fn f() { std::time::Instant::now(); }",
        "extern crate std as s;",
        "fn f() { print!(\"x\"); }",
        "fn f() { eprintln! { \"x\" } }",
        "use {std::thread};",
        "use ::std::{net};",
        "use r#std::{fs};",
        "use std::/* a note /* in a note */ */fs;",
        "fn f() { g(\"//\", std::fs::read); }",
        "fn f() { g('\"', std::fs::read, '\"'); }",
        "fn f() { g(r#\"\"/*\"#, b\"\\\"/*\", std::fs::read); }",
        "fn f<'a>(a: &'a str, b: &'a str) { std::fs::read(a, '\\'', b); }",
        "use std::println as say;",
        "use rand::{SeedableRng, rng as dice};",
        "use rand as r;",
        "use std::collections::hash_map;",
        "use std::{collections as c};",
        "macro_rules! s { ($part:ident) => { std::$part::read }; }",
        "include!(\"elsewhere.rs\");",
        "mod tests;",
        "#[path = \"fast_tests.rs\"] mod fast;",
        "#[cfg(test)] mod tests { fn f() { if a { } } }\nuse std::fs;",
        "#[cfg(test)] mod tests { const C: char = '{'; }\nuse std::fs;",
        "#[cfg(test)] mod tests;\nuse std::fs;",
    ] {
        assert!(!impurities(hidden).is_empty(), "{hidden}");
    }
    for pure in [
        "use std::time::Duration;",
        "use std::{fmt, collections::{BTreeMap, BTreeSet}};",
        "use core::fmt::{self, Write as _};",
        "// use std::thread;\nuse crate::thread::fs;",
        "/// It reuses std::vec only.\nuse std::sync::Arc;",
        "use rand::{RngExt, SeedableRng};",
        "const NOTE: &str = r#\"a \"std::fs\" of \\\"#;\nfn f<'a>(x: &'a str) -> char { '\\'' }",
        "#[cfg(test)]\n#[path = \"fast_tests.rs\"]\nmod tests;",
        "fn f() { }\n#[cfg(test)]\nmod tests { use std::fs; fn f() { if a { } } }",
        "fn f() { all(&tests); let 学 = tests; }",
    ] {
        assert!(impurities(pure).is_empty(), "{pure}: {:?}", impurities(pure));
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
