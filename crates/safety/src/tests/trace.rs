//! The safety case held to the tests, both ways.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::string::{String, ToString};
use std::vec::Vec;

/// Every `SR-nnn` that begins a row of the table of requirements.
fn required() -> Vec<String> {
    let case = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("SAFETY.md")).unwrap();
    case.lines().filter_map(|line| line.strip_prefix("| SR-")).map(|rest| rest.chars().take(3).collect()).collect()
}

/// Rooms that hold a requirement of the case besides their own business: the force on the operator's hand.
const BESIDES: [&str; 2] = ["../control/src/haptic", "../world/src/haptic_hand"];

/// The names of all tests in the files of a folder, whatever lies how deep in it.
fn tests_in(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = std::vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = fs::read_to_string(&path).unwrap();
            let lines: Vec<&str> = text.lines().map(str::trim).collect();
            let names = lines.windows(2).filter(|pair| pair[0] == "#[test]").map(|pair| pair[1].to_string());
            found.extend(names);
        }
    }
    found
}

/// The `nnn` of a test whose name begins with `sr_nnn`.
fn id(name: &str) -> Option<String> {
    name.strip_prefix("fn sr_").map(|rest| rest.chars().take(3).collect())
}

/// Every `sr_nnn` that begins the name of a test. Here every test has one.
fn tested() -> BTreeSet<String> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let own = tests_in(&here.join("src")).into_iter().map(|name| id(&name).unwrap_or(name));
    let besides = BESIDES.iter().flat_map(|folder| tests_in(&here.join(folder))).filter_map(|name| id(&name));
    own.chain(besides).collect()
}

#[test]
fn sr_040_every_requirement_has_a_test_and_every_test_a_requirement() {
    let required = required();
    let distinct: BTreeSet<String> = required.iter().cloned().collect();
    assert_eq!(required.len(), distinct.len(), "a requirement is listed twice");
    assert!(distinct.len() >= 30);
    assert_eq!(distinct, tested());
}

#[test]
fn sr_040_every_hazard_is_met_and_every_requirement_meets_one() {
    let case = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("SAFETY.md")).unwrap();
    let hazards: BTreeSet<String> =
        case.lines().filter_map(|line| line.strip_prefix("| HZ-")).map(|rest| rest.chars().take(3).collect()).collect();
    let mut met = BTreeSet::new();
    for row in case.lines().filter(|line| line.starts_with("| SR-")) {
        let cell = row.split('|').nth(2).unwrap();
        let ids: Vec<String> = cell.split("HZ-").skip(1).map(|id| id.chars().take(3).collect()).collect();
        assert!(!ids.is_empty(), "no hazard in: {row}");
        met.extend(ids);
    }
    assert_eq!(hazards, met);
}
