//! Made-up results for tests.

use farprobe_record::Machine;

use super::results::{
    BarResult, Course, EndPair, FORMAT, Figure, Hop, LayoutNote, PartNotes, RatioResult, RatioRounds, RatioSpread,
    Results, RoundResult, RunResult, Verdict,
};
use crate::latency::statistics::{Percentiles, tidy};

/// Two subjects and an A/A pair in one layout: farprobe takes half as long again as the floor.
pub(crate) fn results() -> Results {
    let runs = vec![run("farprobe", 30.0), run("floor", 20.0), run("floor-again", 20.0)];
    let ratios = vec![ratio("farprobe", &[1.5, 1.4, 1.6]), ratio("floor-again", &[1.0, 0.95, 1.05])];
    let about = "both ends wherever the system puts them".to_owned();
    Results {
        format: FORMAT,
        commit: "0123abcd".into(),
        build: "release".into(),
        measured_at: "2026-11-23T12:00:00.000Z".into(),
        command: "farprobe-bench command --seed 1".into(),
        machine: Machine { cpu: "Made <Up>".into(), cores: 2, memory_mb: 8_000, system: "Linux 6, kernel 6.1".into() },
        layouts: vec![LayoutNote { name: "free".into(), about }],
        notes: vec!["It was made up.".into()],
        parts: vec![PartNotes { run: "x".into(), command: "bench x".into(), notes: vec!["Of x.".into()] }],
        runs,
        ratios,
        bars: vec![BarResult {
            run: "command".into(),
            link: "none".into(),
            layout: "free".into(),
            subject: "farprobe".into(),
            measure: "p50-ratio".into(),
            promise: "half of the commands take at most 1.5 times as long as with raw UDP".into(),
            found: Some(1.5),
            limit: 1.5,
            tolerance: 0.05,
            unit: "×".into(),
            verdict: Verdict::Kept,
        }],
        courses: vec![Course {
            run: "command".into(),
            link: "none".into(),
            layout: "free".into(),
            subject: "farprobe".into(),
            round: 3,
            event: "the line carries again".into(),
            lasted_s: 2.0,
            during: "nothing gets through".into(),
            points: vec![[-2.1, 25.0, 1.0], [0.026, 26.0, 1.0], [0.03, 900.0, 0.0]],
        }],
    }
}

/// The same, in which farprobe takes `factor` times as long in the rounds `spread` says.
pub(crate) fn with_farprobe_at(ratios: &[f64]) -> Results {
    let mut results = results();
    results.ratios[0] = ratio("farprobe", ratios);
    results
}

fn percentiles(p50: f64) -> Percentiles {
    let at = |factor: f64| Some(tidy(p50 * factor));
    Percentiles { p50: at(1.0), p90: at(1.5), p99: at(3.0), p999: at(20.0 / 3.0), max: at(50.0) }
}

fn run(subject: &str, p50: f64) -> RunResult {
    let pair = EndPair { sender: 4.25, receiver: 6.5 };
    let round = |round| RoundResult {
        round,
        percentiles: percentiles(p50),
        sent: 1_000,
        lost: 0,
        cpu_percent: pair,
        peak_mb: pair,
    };
    let hop = |name: &str, share: f64, counted| Hop {
        name: name.into(),
        mean: Some(p50 * share),
        percentiles: percentiles(p50 * share),
        counted,
    };
    RunResult {
        run: "command".into(),
        link: "none".into(),
        layout: "free".into(),
        subject: subject.into(),
        unit: "us".into(),
        percentiles: percentiles(p50),
        loss: 0.0,
        n: 3_000,
        rounds: 3,
        sent: 3_000,
        lost: 0,
        cpu_percent: pair,
        peak_mb: EndPair { sender: 11.75, receiver: 12.5 },
        by_round: (1..=3).map(round).collect(),
        curve: vec![[0.0, p50 * 0.5], [0.5, p50], [0.99, p50 * 3.0], [1.0, p50 * 50.0]],
        hops: vec![hop("sampled to sent", 0.25, true), hop("sent to readable", 0.75, true), hop("wait", 10.0, false)],
        figures: vec![Figure { name: "stale when read".into(), unit: "commands".into(), by_round: vec![0.0, 7.0] }],
    }
}

fn ratio(of: &str, ratios: &[f64]) -> RatioResult {
    let mut sorted = ratios.to_vec();
    sorted.sort_by(f64::total_cmp);
    let (middle, ends) = (sorted[sorted.len() / 2], [sorted[0], sorted[sorted.len() - 1]]);
    RatioResult {
        run: "command".into(),
        link: "none".into(),
        layout: "free".into(),
        of: of.into(),
        to: "floor".into(),
        p50: Some(middle),
        p99: Some(middle),
        spread: RatioSpread { p50: Some(ends), p99: Some(ends) },
        by_round: RatioRounds {
            p50: ratios.to_vec(),
            p99: ratios.to_vec(),
            p50_difference: ratios.iter().map(|ratio| tidy((ratio - 1.0) * 20.0)).collect(),
            p99_difference: ratios.iter().map(|ratio| tidy((ratio - 1.0) * 60.0)).collect(),
        },
    }
}
