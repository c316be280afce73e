//! Puts the turns of a run together: what goes into the report.

use super::ends::usage::Usage;
use super::rounds::Measured;
use super::slots::{FLOOR, FLOOR_AGAIN};
use super::statistics::{Sorted, Spread, difference, ratio, tidy};
use crate::report::results::{EndPair, Figure, Hop, RatioResult, RatioRounds, RatioSpread, RoundResult, RunResult};

/// What the turns belong to.
#[derive(Debug, Clone)]
pub(crate) struct Belongs {
    pub(crate) run: &'static str,
    pub(crate) link: String,
}

/// One result for each layout and subject, in the order in which they first had a turn; each with its ratio to the floor.
pub(crate) fn gather(belongs: &Belongs, turns: &[Measured]) -> (Vec<RunResult>, Vec<RatioResult>) {
    let mut keys = Vec::new();
    for turn in turns {
        let key = (turn.slot.placed.layout, turn.slot.subject);
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    keys.sort_by_key(|(layout, _)| *layout);
    let of = |key| turns.iter().filter(|turn| (turn.slot.placed.layout, turn.slot.subject) == key).collect::<Vec<_>>();
    let runs: Vec<RunResult> = keys.iter().map(|key| run(belongs, &of(*key))).collect();
    let ratios = runs.iter().filter_map(|result| beside_floor(result, &runs)).collect();
    (runs, ratios)
}

/// The turns of one subject in one layout.
fn run(belongs: &Belongs, turns: &[&Measured]) -> RunResult {
    let all = Sorted::new(turns.iter().flat_map(|turn| turn.latencies.iter().copied()));
    let (sent, lost) = (turns.iter().map(|turn| turn.sent).sum(), turns.iter().map(|turn| turn.lost).sum());
    let by_round: Vec<RoundResult> = turns.iter().map(|turn| round(turn)).collect();
    let first = turns.first();
    RunResult {
        run: belongs.run.to_owned(),
        link: belongs.link.clone(),
        layout: first.map_or("", |turn| turn.slot.placed.layout.name()).to_owned(),
        subject: first.map_or("", |turn| turn.slot.subject).to_owned(),
        unit: "us".to_owned(),
        percentiles: all.percentiles(),
        loss: if sent == 0 { 0.0 } else { (lost as f64 / sent as f64 * 1e6).round() / 1e6 },
        n: all.count() as u64,
        rounds: by_round.len() as u32,
        sent,
        lost,
        cpu_percent: fold(&by_round, |round| round.cpu_percent, |sum, next| sum + next / by_round.len() as f64),
        peak_mb: fold(&by_round, |round| round.peak_mb, f64::max),
        curve: all.curve(),
        hops: hops(turns),
        figures: figures(turns),
        by_round,
    }
}

fn round(turn: &Measured) -> RoundResult {
    let pair = |of: fn(&Usage) -> f64| EndPair { sender: tidy(of(&turn.sender)), receiver: tidy(of(&turn.receiver)) };
    RoundResult {
        round: turn.slot.round,
        percentiles: Sorted::new(turn.latencies.iter().copied()).percentiles(),
        sent: turn.sent,
        lost: turn.lost,
        cpu_percent: pair(|usage| usage.cpu_percent),
        peak_mb: pair(|usage| usage.peak_mb),
    }
}

fn fold(rounds: &[RoundResult], of: impl Fn(&RoundResult) -> EndPair, with: impl Fn(f64, f64) -> f64) -> EndPair {
    rounds.iter().map(of).fold(EndPair::default(), |sum, next| EndPair {
        sender: tidy(with(sum.sender, next.sender)),
        receiver: tidy(with(sum.receiver, next.receiver)),
    })
}

fn hops(turns: &[&Measured]) -> Vec<Hop> {
    let Some(first) = turns.first() else { return Vec::new() };
    let hop = |at: usize| {
        let times = || turns.iter().filter_map(move |turn| turn.hops.get(at)).flat_map(|hop| hop.times.iter().copied());
        let sorted = Sorted::new(times());
        let mean = (sorted.count() > 0).then(|| tidy(times().sum::<f64>() / sorted.count() as f64));
        let hop = first.hops.get(at)?;
        Some(Hop { name: hop.name.to_owned(), mean, percentiles: sorted.percentiles(), counted: hop.counted })
    };
    (0..first.hops.len()).filter_map(hop).collect()
}

/// All figures by their names, in the order in which they were first there: a round may lack one.
fn figures(turns: &[&Measured]) -> Vec<Figure> {
    let mut figures: Vec<Figure> = Vec::new();
    for figure in turns.iter().flat_map(|turn| &turn.figures) {
        match figures.iter_mut().find(|known| known.name == figure.name) {
            Some(known) => known.by_round.push(tidy(figure.value)),
            None => figures.push(Figure {
                name: figure.name.to_owned(),
                unit: figure.unit.to_owned(),
                by_round: vec![tidy(figure.value)],
            }),
        }
    }
    figures
}

/// A subject beside the floors of its own run; nothing for the floor itself, or where there is none.
fn beside_floor(result: &RunResult, all: &[RunResult]) -> Option<RatioResult> {
    let named = |subject: &str| all.iter().find(|other| other.layout == result.layout && other.subject == subject);
    let floors: Vec<&RunResult> = match result.subject.as_str() {
        FLOOR => return None,
        FLOOR_AGAIN => vec![named(FLOOR)?],
        _ => [named(FLOOR), named(FLOOR_AGAIN)].into_iter().flatten().collect(),
    };
    if floors.is_empty() {
        return None;
    }
    let mut by_round = RatioRounds::default();
    for round in &result.by_round {
        let same: Vec<&RoundResult> =
            floors.iter().filter_map(|floor| floor.by_round.iter().find(|other| other.round == round.round)).collect();
        let p50: Vec<_> = same.iter().map(|floor| floor.percentiles.p50).collect();
        let p99: Vec<_> = same.iter().map(|floor| floor.percentiles.p99).collect();
        by_round.p50.extend(ratio(round.percentiles.p50, &p50));
        by_round.p99.extend(ratio(round.percentiles.p99, &p99));
        by_round.p50_difference.extend(difference(round.percentiles.p50, &p50));
        by_round.p99_difference.extend(difference(round.percentiles.p99, &p99));
    }
    let [p50, p99] = [&by_round.p50, &by_round.p99].map(|ratios| Spread::of(ratios));
    let ends = |spread: Option<Spread>| spread.map(|spread| [spread.min, spread.max]);
    Some(RatioResult {
        run: result.run.clone(),
        link: result.link.clone(),
        layout: result.layout.clone(),
        of: result.subject.clone(),
        to: FLOOR.to_owned(),
        p50: p50.map(|spread| tidy(spread.median)),
        p99: p99.map(|spread| tidy(spread.median)),
        spread: RatioSpread { p50: ends(p50), p99: ends(p99) },
        by_round,
    })
}

#[cfg(test)]
mod tests {
    use super::super::layout::{Layout, Placed};
    use super::super::rounds::{HopTimes, TurnFigure};
    use super::super::slots::Slot;
    use super::*;

    fn turn(subject: &'static str, round: u32, latencies: &[f64]) -> Measured {
        let placed = Placed { layout: Layout::Free, sender: None, receiver: None };
        let usage = |cpu_percent, peak_mb| Usage { cpu_percent, peak_mb };
        Measured {
            slot: Slot { round, placed, subject, seed: 0 },
            latencies: latencies.to_vec(),
            sent: 10,
            lost: 1,
            sender: usage(f64::from(round), 5.0),
            receiver: usage(2.0, f64::from(round)),
            hops: vec![HopTimes { name: "way", times: latencies.to_vec(), counted: true }],
            figures: vec![TurnFigure { name: "stale", unit: "commands", value: f64::from(round) }],
            course: Vec::new(),
        }
    }

    #[test]
    fn ratios_are_round_by_round_and_their_median_counts() {
        let mut turns = Vec::new();
        // The machine is twice as slow in the second round and ten times in the third: no ratio shows it.
        for (round, slow) in [(1, 1.0), (2, 2.0), (3, 10.0)] {
            turns.push(turn("farprobe", round, &[30.0 * slow; 3]));
            turns.push(turn("floor", round, &[18.0 * slow; 3]));
            turns.push(turn("floor-again", round, &[22.0 * slow; 3]));
        }
        let (runs, ratios) = gather(&Belongs { run: "command", link: "none".into() }, &turns);
        let names: Vec<_> = runs.iter().map(|run| run.subject.as_str()).collect();
        assert_eq!(names, ["farprobe", "floor", "floor-again"]);
        let farprobe = &runs[0];
        assert_eq!((farprobe.n, farprobe.sent, farprobe.lost, farprobe.rounds), (9, 30, 3, 3));
        assert_eq!((farprobe.percentiles.p50, farprobe.percentiles.max), (Some(60.0), Some(300.0)));
        assert!((farprobe.loss - 0.1).abs() < 1e-12);
        assert!((farprobe.cpu_percent.sender - 2.0).abs() < 1e-12 && farprobe.peak_mb.receiver == 3.0);
        assert_eq!(farprobe.figures[0].by_round, [1.0, 2.0, 3.0]);
        assert_eq!((farprobe.hops[0].mean, farprobe.hops[0].percentiles.max), (Some(130.0), Some(300.0)));
        let [ours, again] = &ratios[..] else { panic!("{ratios:?}") };
        assert_eq!((ours.of.as_str(), ours.to.as_str(), ours.p50), ("farprobe", "floor", Some(1.5)));
        assert_eq!(ours.spread.p50, Some([1.5, 1.5]));
        assert_eq!(ours.by_round.p50_difference, [10.0, 20.0, 100.0]);
        assert_eq!((again.of.as_str(), again.p99), ("floor-again", Some(1.2222)));
    }

    #[test]
    fn a_round_in_which_nothing_came_has_no_ratio() {
        let turns = [
            turn("floor", 1, &[10.0]),
            turn("farprobe", 1, &[]),
            turn("floor", 2, &[10.0]),
            turn("farprobe", 2, &[11.0]),
        ];
        let (runs, ratios) = gather(&Belongs { run: "command", link: "none".into() }, &turns);
        assert_eq!(runs[1].by_round[0].percentiles.p50, None);
        assert_eq!(ratios[0].by_round.p50, [1.1]);
    }
}
