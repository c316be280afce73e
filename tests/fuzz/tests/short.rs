//! Every fuzz target for a moment: its seeds, what is left of them when they are cut off, and what becomes of them when bytes
//! are changed, put in or taken out. Always the same inputs; a failure names the target and prints the input.

use std::panic::catch_unwind;

use farprobe_fuzz::{TARGETS, Target};
use rand::{Rng, RngExt, SeedableRng};
use rand_pcg::Pcg64Mcg;

/// Changed inputs for each target: a second or two of each, in all a quarter of a minute.
const CHANGED: usize = 20_000;

/// Cuts of each seed: all of a short one, some of a long one.
const CUTS: usize = 200;

/// Changes made to one input at most: more leave nothing of what makes sense.
const CHANGES: u32 = 4;

fn read(target: &Target, input: &[u8]) {
    let read = catch_unwind(|| (target.read)(input));
    assert!(read.is_ok(), "the target {} failed on {input:?}", target.name);
}

/// `input` with a byte, a bit, or a run of bytes changed.
fn change(input: &mut Vec<u8>, chance: &mut impl Rng) {
    let at = chance.random_range(0..=input.len());
    let run = chance.random_range(1..8_usize).min(input.len() - at);
    match chance.random_range(0..5) {
        0 if run > 0 => input[at] ^= 1 << chance.random_range(0..8),
        1 if run > 0 => input[at] = *[0, 1, 0x7F, 0x80, 0xFF].get(chance.random_range(0..5)).unwrap_or(&0),
        2 if run > 0 => drop(input.drain(at..at + run)),
        3 if run > 0 => {
            let again = input[at..at + run].to_vec();
            input.splice(at..at, again);
        }
        _ => input.insert(at, chance.random()),
    }
}

#[test]
fn no_input_makes_a_reader_fail() {
    for target in &TARGETS {
        let seeds = (target.seeds)();
        assert!(!seeds.is_empty(), "{} has nothing to begin with", target.name);
        for seed in &seeds {
            let step = seed.len().div_ceil(CUTS).max(1);
            for length in (0..=seed.len()).rev().step_by(step) {
                read(target, &seed[..length]);
            }
        }
        let mut chance = Pcg64Mcg::seed_from_u64(7);
        for _ in 0..CHANGED {
            let mut input = seeds[chance.random_range(0..seeds.len())].clone();
            for _ in 0..chance.random_range(1..=CHANGES) {
                change(&mut input, &mut chance);
            }
            read(target, &input);
        }
    }
}

#[test]
fn every_target_has_its_fuzzer() {
    let manifest = include_str!("../Cargo.toml");
    let named: Vec<&str> = TARGETS.iter().map(|target| target.name).collect();
    let listed: Vec<&str> =
        manifest.lines().filter_map(|line| line.strip_prefix("path = \"targets/")?.strip_suffix(".rs\"")).collect();
    assert_eq!(named, listed);
}
