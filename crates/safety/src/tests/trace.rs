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

/// Every `sr_nnn` that begins the name of a test.
fn tested() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut folders = std::vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = fs::read_to_string(&path).unwrap();
            let lines: Vec<&str> = text.lines().map(str::trim).collect();
            for pair in lines.windows(2) {
                let (attribute, name) = (pair[0], pair[1]);
                if attribute == "#[test]" {
                    let id = name.strip_prefix("fn sr_").map(|rest| rest.chars().take(3).collect::<String>());
                    found.insert(id.unwrap_or_else(|| name.to_string()));
                }
            }
        }
    }
    found
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
