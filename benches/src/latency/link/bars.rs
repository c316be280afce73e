//! What is promised of a change of the desk's address, and whether it is kept.

use super::figures::{AROUND, BEFORE, TRIPS};
use crate::latency::command::FARPROBE;
use crate::latency::slots::FLOOR;
use crate::report::bars::{Limit, promised};
use crate::report::results::{BarResult, RunResult};

/// Between two applied commands, ms.
const GAP_MS: f64 = 20.0;

/// Everything that can be judged of `runs`.
pub(super) fn bars(runs: &[RunResult]) -> Vec<BarResult> {
    runs.iter().filter(|run| run.subject == FARPROBE).flat_map(|run| of(run, runs)).collect()
}

fn of(run: &RunResult, runs: &[RunResult]) -> [BarResult; 2] {
    let rounds = |of: &RunResult, name: &str| {
        of.figures.iter().find(|figure| figure.name == name).map(|figure| figure.by_round.clone())
    };
    let most = |rounds: Option<Vec<f64>>| rounds.map(|rounds| rounds.into_iter().fold(0.0, f64::max));
    let bar = |measure: &str, promise: &str, found: Option<f64>, most, tolerance, unit: &str| {
        promised(run, measure, promise, found, &Limit { most, tolerance, unit })
    };
    // What this machine's own stalls make of commands for which nothing changes, or which a mere socket carries.
    let floor = runs.iter().find(|of| of.subject == FLOOR && of.link == run.link && of.layout == run.layout);
    let stalls = [Some(run), floor].into_iter().flatten().filter_map(|of| most(rounds(of, BEFORE))).fold(0.0, f64::max);
    let trips = rounds(run, TRIPS).map(|rounds| rounds.iter().sum());
    let gap = "no two commands are applied more than 20 ms apart when the desk gets another address, in any round";
    let safety = "the safety takes nothing away from the hand then";
    [bar("gap", gap, most(rounds(run, AROUND)), GAP_MS, stalls, "ms"), bar("trips", safety, trips, 0.0, 0.0, "times")]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::results::{Figure, Verdict};
    use crate::report::testing::results;

    fn runs(around: &[f64], before: &[f64], trips: f64) -> Vec<RunResult> {
        let figure =
            |name: &str, by_round: &[f64]| Figure { name: name.into(), unit: "ms".into(), by_round: by_round.into() };
        let mut runs = results().runs;
        runs[0].figures = vec![figure(AROUND, around), figure(BEFORE, &[2.1]), figure(TRIPS, &[0.0, trips])];
        runs[1].figures = vec![figure(AROUND, &[3.0]), figure(BEFORE, before)];
        runs
    }

    #[test]
    fn the_longest_gap_of_all_rounds_counts() {
        let judged = |around: &[f64], before: &[f64]| bars(&runs(around, before, 0.0)).remove(0);
        assert_eq!(judged(&[4.0, 19.0, 3.0], &[2.2]).verdict, Verdict::Kept);
        assert_eq!(judged(&[4.0, 29.0, 3.0], &[2.2]).verdict, Verdict::Broken);
        // A machine that stalls without any change can't tell.
        assert_eq!(judged(&[4.0, 29.0, 3.0], &[12.0]).verdict, Verdict::WithinNoise);
    }

    #[test]
    fn one_trip_is_one_too_many() {
        assert_eq!(bars(&runs(&[4.0], &[2.0], 0.0))[1].verdict, Verdict::Kept);
        assert_eq!(bars(&runs(&[4.0], &[2.0], 1.0))[1].verdict, Verdict::Broken);
    }
}
