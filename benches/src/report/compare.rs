//! Two files of results beside each other: better, worse, or within noise.
//!
//! A subject that has a floor is compared by its ratio to it, round by round, so that a machine that was slower on the other
//! day is no worse result; the floor itself by its times. A change is one only if it is larger than what two runs of the same
//! program differed by in either file, and if the middle halves of the rounds of both files do not meet.

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::Args;

use super::results::{RatioResult, Results, RunResult, read};
use crate::latency::Spread;

/// The name of the A/A pair.
const EQUALS: &str = crate::latency::FLOOR_AGAIN;

/// What is asked for on the command line.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// The results.json of before.
    before: PathBuf,
    /// The results.json of after.
    after: PathBuf,
}

/// Prints what has changed. That something is worse is a result, and no failure.
pub(crate) fn run(options: &Options) -> Result<(), Box<dyn std::error::Error>> {
    let (before, after) = (read(&options.before)?, read(&options.after)?);
    crate::line::print(&report(&before, &after))
}

/// What a figure did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Change {
    Better,
    Worse,
    WithinNoise,
    /// One of the files does not have it.
    Missing,
}

impl Change {
    const fn words(self) -> &'static str {
        match self {
            Self::Better => "better",
            Self::Worse => "worse",
            Self::WithinNoise => "within noise",
            Self::Missing => "not in both",
        }
    }
}

/// Which percentile.
#[derive(Debug, Clone, Copy)]
enum At {
    P50,
    P99,
}

fn report(before: &Results, after: &Results) -> String {
    let mut text = String::new();
    for (name, results) in [("before", before), ("after", after)] {
        // Writing to a string can't fail.
        let _ = writeln!(text, "{name:<7} {} commit {} ({} build)", results.measured_at, results.commit, results.build);
    }
    if before.machine != after.machine || before.build != after.build {
        text += "The two were not measured on the same machine with the same build: read this with care.\n";
    }
    let _ = writeln!(
        text,
        "\n{:<8} {:<22} {:<6} {:<12} {:<4} {:<9} {:>8} {:>8} {:>9} {:>7}  verdict",
        "run", "link", "layout", "subject", "", "measure", "before", "after", "change", "noise"
    );
    for run in &before.runs {
        for at in [At::P50, At::P99] {
            text += &row(run, before, after, at);
        }
    }
    for run in &after.runs {
        if find(before, run).is_none() {
            let _ = writeln!(text, "{:<8} {:<22} {:<6} {:<12} only after", run.run, run.link, run.layout, run.subject);
        }
    }
    text
}

fn row(run: &RunResult, before: &Results, after: &Results, at: At) -> String {
    let (a, b) = rounds(run, before, after, at);
    let noise = noise(run, before, at).max(noise(run, after, at));
    let (change, by) = judge(&a.values, &b.values, noise);
    let name = match at {
        At::P50 => "p50",
        At::P99 => "p99",
    };
    let median = |values: &[f64]| Spread::of(values).map_or_else(|| "–".to_owned(), |spread| a.shown(spread.median));
    let by = by.map_or_else(|| "–".to_owned(), |by| format!("{:+.1} %", by * 100.0));
    format!(
        "{:<8} {:<22} {:<6} {:<12} {name:<4} {:<9} {:>8} {:>8} {by:>9} {:>7}  {}\n",
        run.run,
        run.link,
        run.layout,
        run.subject,
        a.measure,
        median(&a.values),
        median(&b.values),
        format!("±{:.0} %", noise * 100.0),
        change.words()
    )
}

/// One value of each round, and what it is.
struct Rounds {
    values: Vec<f64>,
    measure: &'static str,
}

impl Rounds {
    fn shown(&self, value: f64) -> String {
        if self.measure == "× floor" { format!("{value:.2}") } else { super::words::digits(value) }
    }
}

/// The rounds of both files: ratios if both have them, else times.
fn rounds(run: &RunResult, before: &Results, after: &Results, at: At) -> (Rounds, Rounds) {
    let ratios = |results: &Results| ratio(results, run, &run.subject).map(|ratio| of_ratio(ratio, at).to_vec());
    if run.subject != EQUALS
        && let (Some(a), Some(b)) = (ratios(before), ratios(after))
    {
        return (Rounds { values: a, measure: "× floor" }, Rounds { values: b, measure: "× floor" });
    }
    let times = |results: &Results| {
        let value = |round: &super::results::RoundResult| match at {
            At::P50 => round.percentiles.p50,
            At::P99 => round.percentiles.p99,
        };
        let values = find(results, run).map(|of| of.by_round.iter().filter_map(value).collect());
        Rounds { values: values.unwrap_or_default(), measure: "µs" }
    };
    (times(before), times(after))
}

fn find<'a>(results: &'a Results, run: &RunResult) -> Option<&'a RunResult> {
    let key = |run: &RunResult| [&run.run, &run.link, &run.layout, &run.subject].map(Clone::clone);
    results.runs.iter().find(|other| key(other) == key(run))
}

fn ratio<'a>(results: &'a Results, run: &RunResult, of: &str) -> Option<&'a RatioResult> {
    let same = |ratio: &&RatioResult| (&ratio.run, &ratio.link, &ratio.layout) == (&run.run, &run.link, &run.layout);
    results.ratios.iter().filter(same).find(|ratio| ratio.of == of)
}

fn of_ratio(ratio: &RatioResult, at: At) -> &[f64] {
    match at {
        At::P50 => &ratio.by_round.p50,
        At::P99 => &ratio.by_round.p99,
    }
}

/// What the same program, run twice, differed by: the middle half of its rounds. Without a pair nothing is known, and 0 leaves it
/// to the rounds.
fn noise(run: &RunResult, results: &Results, at: At) -> f64 {
    let equals = ratio(results, run, EQUALS).and_then(|equals| Spread::of(of_ratio(equals, at)));
    equals.map_or(0.0, |spread| spread.middle_off_one())
}

/// What became of it, and by how much, as a part of what it was.
fn judge(before: &[f64], after: &[f64], noise: f64) -> (Change, Option<f64>) {
    let (Some(a), Some(b)) = (Spread::of(before), Spread::of(after)) else { return (Change::Missing, None) };
    if a.median <= 0.0 {
        return (Change::Missing, None);
    }
    let by = b.median / a.median - 1.0;
    let apart = a.upper < b.lower || b.upper < a.lower;
    let change = match () {
        () if !apart || by.abs() <= noise => Change::WithinNoise,
        () if by < 0.0 => Change::Better,
        () => Change::Worse,
    };
    (change, Some(by))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{results, with_farprobe_at};
    use super::*;

    fn verdict(before: &Results, after: &Results) -> String {
        let report = report(before, after);
        let line = report.lines().find(|line| line.contains("farprobe") && line.contains("p50")).unwrap();
        line.trim_end().rsplit("  ").next().unwrap().trim().to_owned()
    }

    #[test]
    fn better_worse_and_noise_are_told_apart() {
        let before = results();
        assert_eq!(verdict(&before, &with_farprobe_at(&[1.2, 1.1, 1.15])), "better");
        assert_eq!(verdict(&before, &with_farprobe_at(&[1.8, 1.9, 2.0])), "worse");
        // Smaller than what equals differ by (5 %), though no round of one is within the other.
        let steady = with_farprobe_at(&[1.5, 1.5, 1.5]);
        assert_eq!(verdict(&steady, &with_farprobe_at(&[1.54, 1.54, 1.54])), "within noise");
        assert_eq!(verdict(&steady, &with_farprobe_at(&[1.6, 1.6, 1.6])), "worse");
        // Larger, but the rounds of the two meet.
        assert_eq!(verdict(&before, &with_farprobe_at(&[1.2, 1.7, 1.9])), "within noise");
        assert_eq!(verdict(&before, &before), "within noise");
    }

    #[test]
    fn what_only_one_file_has_is_said_and_floors_are_compared_by_their_times() {
        let (before, mut after) = (results(), results());
        after.runs.retain(|run| run.subject != "farprobe");
        after.ratios.retain(|ratio| ratio.of != "farprobe");
        assert_eq!(verdict(&before, &after), "not in both");
        assert!(report(&after, &before).contains("only after"));
        for round in &mut after.runs[0].by_round {
            round.percentiles.p50 = Some(10.0);
        }
        let report = report(&before, &after);
        let floor = report.lines().find(|line| line.contains(" floor ") && line.contains("p50")).unwrap();
        assert!(floor.contains("µs") && floor.contains("-50.0 %") && floor.ends_with("better"), "{floor}");
        after.build = "dev".into();
        assert!(super::report(&before, &after).contains("read this with care"));
    }
}
