//! What is promised of the command path, and whether it is kept.

use super::FARPROBE;
use super::figures::{FIRST_APPLIED, ONE_WAY, STALE_APPLIED};
use crate::latency::Spread;
use crate::latency::slots::{FLOOR, FLOOR_AGAIN};
use crate::report::bars::{Limit, promised};
use crate::report::results::{BarResult, RatioResult, RunResult};

/// Half of the commands, in parts of raw UDP with the same scheduling: with each end on a core of its own. Encryption and
/// QUIC's own work are in it.
const P50_APART: f64 = 1.15;
/// As above, where the system puts the ends as it likes. UDP gains more by a shared warm core than a path with more work does.
const P50_FREE: f64 = 1.5;
/// The slowest of a hundred, in parts of raw UDP.
const P99: f64 = 1.0;
/// Over a line: by how much the slowest of a hundred may be later than raw UDP's, µs.
const P99_OVER_A_LINE_US: f64 = 1_000.0;
/// After a blackout: by how much the first command may be later than one way, ms.
const FIRST_AFTER_BLACKOUT_MS: f64 = 3.0;

/// Everything that can be judged of `runs`.
pub(super) fn bars(runs: &[RunResult], ratios: &[RatioResult]) -> Vec<BarResult> {
    runs.iter().filter(|run| run.subject == FARPROBE).flat_map(|run| of(run, runs, ratios)).collect()
}

fn of(run: &RunResult, runs: &[RunResult], ratios: &[RatioResult]) -> Vec<BarResult> {
    let beside = |subject: &str| ratios.iter().find(|ratio| ratio.layout == run.layout && ratio.of == subject);
    let (ours, equals) = (beside(FARPROBE), beside(FLOOR_AGAIN));
    let bar = |measure: &str, promise: &str, found: Option<f64>, most, tolerance, unit: &str| {
        promised(run, measure, promise, found, &Limit { most, tolerance, unit })
    };
    if run.figures.iter().any(|figure| figure.name == FIRST_APPLIED) {
        return after_blackout(run, runs, bar);
    }
    if run.link != "none" {
        let found = ours.and_then(|ours| Spread::of(&ours.by_round.p99_difference)).map(|spread| spread.median);
        let tolerance = equals.map_or(0.0, |equals| middle(&equals.by_round.p99_difference));
        let promise = "the slowest of 100 commands is no more than 1 ms later than raw UDP's";
        return vec![bar("p99-difference", promise, found, P99_OVER_A_LINE_US, tolerance, "us")];
    }
    let off = |of: fn(&RatioResult) -> &Vec<f64>| {
        equals.and_then(|equals| Spread::of(of(equals))).map_or(0.0, |spread| spread.middle_off_one())
    };
    let p50_limit = if run.layout == "apart" { P50_APART } else { P50_FREE };
    let p50 = format!("half of the commands take at most {p50_limit} times as long as with raw UDP");
    let p99 = "the slowest of 100 commands is no slower than raw UDP's";
    vec![
        bar(
            "p50-ratio",
            &p50,
            ours.and_then(|ours| ours.p50),
            p50_limit,
            p50_limit * off(|ratio| &ratio.by_round.p50),
            "×",
        ),
        bar("p99-ratio", p99, ours.and_then(|ours| ours.p99), P99, P99 * off(|ratio| &ratio.by_round.p99), "×"),
    ]
}

/// How far the middle half of `values` goes from zero.
fn middle(values: &[f64]) -> f64 {
    Spread::of(values).map_or(0.0, |spread| spread.lower.abs().max(spread.upper.abs()))
}

fn after_blackout(
    run: &RunResult,
    runs: &[RunResult],
    bar: impl Fn(&str, &str, Option<f64>, f64, f64, &str) -> BarResult,
) -> Vec<BarResult> {
    let figure = |subject: &str, name: &str| {
        let of = runs.iter().find(|other| other.layout == run.layout && other.subject == subject);
        of.and_then(|of| of.figures.iter().find(|figure| figure.name == name)).map(|figure| figure.by_round.as_slice())
    };
    // One way is the floor's, so that a slow path can't excuse itself by its own slowness.
    let one_way = figure(FLOOR, ONE_WAY).and_then(Spread::of).map(|spread| spread.median);
    let first = figure(FARPROBE, FIRST_APPLIED).and_then(Spread::of).map(|spread| spread.median);
    let later = first.zip(one_way).map(|(first, one_way)| first - one_way);
    let differ: Vec<f64> = match (figure(FLOOR, FIRST_APPLIED), figure(FLOOR_AGAIN, FIRST_APPLIED)) {
        (Some(floor), Some(again)) => floor.iter().zip(again).map(|(floor, again)| floor - again).collect(),
        _ => Vec::new(),
    };
    let promise = "after a blackout the first command is applied within one way and 3 ms";
    let applied = figure(FARPROBE, STALE_APPLIED).map(|rounds| rounds.iter().sum());
    vec![
        bar("first-after-blackout", promise, later, FIRST_AFTER_BLACKOUT_MS, middle(&differ), "ms"),
        bar("stale-applied", "no stale command is ever applied", applied, 0.0, 0.0, "commands"),
    ]
}
