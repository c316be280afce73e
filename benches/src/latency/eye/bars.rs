//! What is promised of the way from the hand to the eye, and whether it is kept.

use super::FARPROBE;
use super::figures::{PARTS_OFF, SUM};
use crate::latency::Spread;
use crate::latency::slots::FLOOR_AGAIN;
use crate::latency::statistics::tidy;
use crate::report::bars::{Limit, promised};
use crate::report::results::{BarResult, RatioResult, RunResult};

/// Half of the commands: what may come to the parts that no transport can spare, ms.
const ABOVE_PARTS_MS: f64 = 3.0;

/// What the parts of the way may differ from the whole, ms.
const PARTS_MS: f64 = 1.0;

/// Everything that can be judged of `runs`.
pub(super) fn bars(runs: &[RunResult], ratios: &[RatioResult]) -> Vec<BarResult> {
    runs.iter().filter(|run| run.subject == FARPROBE).flat_map(|run| of(run, ratios)).collect()
}

fn of(run: &RunResult, ratios: &[RatioResult]) -> Vec<BarResult> {
    let figure = |name: &str| run.figures.iter().find(|figure| figure.name == name).map(|of| of.by_round.as_slice());
    let bar = |measure: &str, promise: &str, found: Option<f64>, most: f64, tolerance: f64| BarResult {
        limit: tidy(most),
        ..promised(run, measure, promise, found, &Limit { most, tolerance, unit: "ms" })
    };
    let mut bars = Vec::new();
    // What a line takes is not promised: it is not ours.
    if let Some(sum) = figure(SUM).and_then(Spread::of).filter(|_| run.link == "none") {
        let equals = ratios.iter().find(|ratio| ratio.layout == run.layout && ratio.of == FLOOR_AGAIN);
        let differ = equals.and_then(|equals| Spread::of(&equals.by_round.p50_difference));
        let tolerance = differ.map_or(0.0, |spread| spread.lower.abs().max(spread.upper.abs()) * 1e-3);
        let promise = "for half of the commands the way takes at most 3 ms more than half a picture interval, a tick, acquisition, \
                       encoding and decoding, measured in the same rounds";
        let found = run.percentiles.p50.map(|p50| p50 * 1e-3);
        bars.push(bar("p50-above-parts", promise, found, sum.median + ABOVE_PARTS_MS, tolerance));
    }
    if run.link != "none" {
        // What a line loses or delays of the cart's states decides which commands are known: the parts are of some, the whole of all.
        return bars;
    }
    let off = figure(PARTS_OFF).map(|off| off.iter().map(|off| off.abs()).fold(0.0, f64::max));
    bars.push(bar("parts", "the parts of the way add up to the whole within 1 ms, in every round", off, PARTS_MS, 0.0));
    bars
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::results::{Figure, Verdict};
    use crate::report::testing::results;

    fn run(p50_ms: f64, link: &str) -> RunResult {
        let mut run = results().runs.remove(0);
        (run.run, run.link) = ("hand-to-eye".into(), link.into());
        run.percentiles.p50 = Some(p50_ms * 1e3);
        let figure =
            |name: &str, by_round: &[f64]| Figure { name: name.into(), unit: "ms".into(), by_round: by_round.into() };
        run.figures = vec![figure(SUM, &[16.0, 16.4, 17.0]), figure(PARTS_OFF, &[0.2, -0.4, 0.1])];
        run
    }

    #[test]
    fn half_of_the_commands_are_held_against_the_parts_of_their_own_rounds() {
        let judged = |p50| bars(&[run(p50, "none")], &[]).remove(0);
        let bar = judged(16.6);
        assert_eq!((bar.found, bar.limit, bar.verdict), (Some(16.6), 19.4, Verdict::Kept));
        assert_eq!(judged(19.5).verdict, Verdict::Broken);
    }

    #[test]
    fn the_parts_are_held_against_the_whole_and_a_line_is_not_judged() {
        assert_eq!(bars(&[run(60.0, "lossy-25ms")], &[]), []);
        let [_, parts] = &bars(&[run(16.0, "none")], &[])[..] else { panic!("two bars") };
        assert_eq!((parts.measure.as_str(), parts.found, parts.verdict), ("parts", Some(0.4), Verdict::Kept));
        let mut off = run(16.0, "none");
        off.figures[1].by_round.push(-1.2);
        assert_eq!(bars(&[off], &[])[1].verdict, Verdict::Broken);
    }
}
