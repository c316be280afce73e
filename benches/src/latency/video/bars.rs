//! What is promised of the picture's way, and whether it is kept.

use super::case::Case;
use super::figures::{DROP_LONGEST, DROP_P95, FIRST_GOOD, LONGEST, NOT_GOOD, P95, QUALITY_BACK};
use crate::latency::slots::FLOOR_AGAIN;
use crate::latency::{FARPROBE, Spread};
use crate::report::bars::{Limit, promised};
use crate::report::results::{BarResult, RatioResult, RunResult};

/// Half of the pictures, in parts of encoding and decoding alone.
const P50_RATIO: f64 = 1.15;
/// The slowest of a hundred, more than half of them, ms.
const P99_ABOVE_P50_MS: f64 = 5.0;

/// Everything that can be judged of `runs`.
pub(super) fn bars(runs: &[RunResult], ratios: &[RatioResult]) -> Vec<BarResult> {
    let own = runs.iter().filter(|run| run.subject == FARPROBE);
    own.flat_map(|run| {
        let case = Case::ALL.into_iter().find(|case| case.label() == run.link);
        match case {
            Some(Case::Loopback) => on_loopback(run, ratios),
            Some(Case::Lossy) => lossy(run),
            Some(Case::Blackout) => blackout(run),
            Some(Case::Drop) => drop(run),
            // Of other lines nothing is promised.
            None => Vec::new(),
        }
    })
    .collect()
}

fn bar(run: &RunResult, measure: &str, promise: &str, found: Option<f64>, (most, unit): (f64, &str)) -> BarResult {
    promised(run, measure, promise, found, &Limit { most, tolerance: 0.0, unit })
}

/// The worst of all rounds.
fn worst(run: &RunResult, name: &str) -> Option<f64> {
    let figure = run.figures.iter().find(|figure| figure.name == name)?;
    figure.by_round.iter().copied().reduce(f64::max)
}

fn on_loopback(run: &RunResult, ratios: &[RatioResult]) -> Vec<BarResult> {
    let of = |subject: &str| {
        ratios.iter().find(|ratio| (&*ratio.link, &*ratio.layout, &*ratio.of) == (&*run.link, &*run.layout, subject))
    };
    let equals = of(FLOOR_AGAIN).and_then(|equals| Spread::of(&equals.by_round.p50));
    let tolerance = P50_RATIO * equals.map_or(0.0, |spread| spread.middle_off_one());
    let found = of(FARPROBE).and_then(|ratio| ratio.p50);
    let promise = "half of the pictures take at most 1.15 times as long as encoding and decoding them in one process";
    let p50 = promised(run, "p50-ratio", promise, found, &Limit { most: P50_RATIO, tolerance, unit: "×" });
    let above = run.percentiles.p99.zip(run.percentiles.p50).map(|(p99, p50)| (p99 - p50) * 1e-3);
    let promise = "the slowest of 100 pictures takes at most 5 ms more than half of them";
    vec![p50, bar(run, "p99-above-p50", promise, above, (P99_ABOVE_P50_MS, "ms"))]
}

fn lossy(run: &RunResult) -> Vec<BarResult> {
    let p50 = run.percentiles.p50.map(|p50| p50 * 1e-3);
    vec![
        bar(run, "p50", "half of the pictures take at most 50 ms", p50, (50.0, "ms")),
        bar(run, "p95", "95 of 100 pictures take at most 85 ms, in every round", worst(run, P95), (85.0, "ms")),
        bar(run, "not-good", "99 of 100 pictures are good, in every round", worst(run, NOT_GOOD), (1.0, "%")),
        bar(
            run,
            "freeze",
            "no two good pictures are more than 100 ms apart, in any round",
            worst(run, LONGEST),
            (100.0, "ms"),
        ),
    ]
}

fn blackout(run: &RunResult) -> Vec<BarResult> {
    let promise = "after a blackout the first good picture is there within 120 ms, in every round";
    vec![bar(run, "first-good", promise, worst(run, FIRST_GOOD), (120.0, "ms"))]
}

fn drop(run: &RunResult) -> Vec<BarResult> {
    let late = "from 1 s after the rate has dropped on, 95 of 100 pictures take at most 200 ms, in every round";
    let freeze = "no two good pictures are more than 200 ms apart while the rate is low, in any round";
    let back = "the quality is as before within 3 s after the rate is back, in every round";
    vec![
        bar(run, "drop-p95", late, worst(run, DROP_P95), (200.0, "ms")),
        bar(run, "drop-freeze", freeze, worst(run, DROP_LONGEST), (200.0, "ms")),
        bar(run, "quality-back", back, worst(run, QUALITY_BACK), (3_000.0, "ms")),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::results::{Figure, Verdict};
    use crate::report::testing::results;

    fn run(case: Case, figures: &[(&str, &[f64])]) -> RunResult {
        let mut run = results().runs.remove(0);
        (run.run, run.link) = ("video".into(), case.label().into());
        let figure = |(name, by_round): &(&str, &[f64])| Figure {
            name: (*name).into(),
            unit: "ms".into(),
            by_round: by_round.to_vec(),
        };
        run.figures = figures.iter().map(figure).collect();
        run
    }

    fn verdicts(run: RunResult) -> Vec<Verdict> {
        bars(&[run], &[]).iter().map(|bar| bar.verdict).collect()
    }

    #[test]
    fn every_case_has_its_promises_and_the_worst_round_counts() {
        use Verdict::{Broken, Kept, Unknown};
        let lossy = run(Case::Lossy, &[(P95, &[60.0, 84.0]), (NOT_GOOD, &[0.5, 1.2]), (LONGEST, &[40.0, 99.0])]);
        assert_eq!(verdicts(lossy), [Kept, Kept, Broken, Kept]);
        assert_eq!(verdicts(run(Case::Blackout, &[(FIRST_GOOD, &[90.0, 121.0])])), [Broken]);
        assert_eq!(
            verdicts(run(Case::Drop, &[(DROP_P95, &[199.0]), (QUALITY_BACK, &[2_900.0])])),
            [Kept, Unknown, Kept]
        );
        let mut other = run(Case::Lossy, &[]);
        other.link = "4g".into();
        assert_eq!(verdicts(other), []);
    }

    #[test]
    fn on_loopback_the_floor_is_the_measure() {
        let mut run = run(Case::Loopback, &[]);
        (run.percentiles.p50, run.percentiles.p99) = (Some(8_000.0), Some(13_100.0));
        let mut ratio = results().ratios.remove(0);
        (ratio.link, ratio.p50) = ("none".into(), Some(1.1));
        let bars = bars(&[run], &[ratio]);
        assert_eq!((bars[0].found, bars[0].verdict), (Some(1.1), Verdict::Kept));
        assert_eq!((bars[1].found, bars[1].verdict), (Some(5.1), Verdict::Broken));
    }
}
