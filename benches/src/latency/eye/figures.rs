//! What the stamps of an exam say.

use farprobe_impair::Report;
use farprobe_sim::link::Way;

use super::FARPROBE;
use super::trace::Row;
use crate::latency::ends::usage::Usage;
use crate::latency::ends::words::Coded;
use crate::latency::rounds::{HopTimes, Measured, TurnFigure};
use crate::latency::slots::Slot;
use crate::latency::statistics::{Sorted, Spread};

/// What this run has beside latencies, by name; the same in results and in the bars.
pub(super) const PARTS_OFF: &str = "mean of the whole, less the sum of its parts";
pub(super) const SUM: &str = "half a picture interval, tick, acquisition, encoding, decoding";
const INTERVAL: &str = "picture interval, median";
const ACQUIRE: &str = "acquisition, median";
const ENCODE: &str = "encoding, median";
const DECODE: &str = "decoding, median";

/// The same parts of the way have the same names, whose ever they are.
const CODED: &str = "captured to encoded";
const DECODED: &str = "received to decoded";

/// What is sampled this long after the clutch was pressed does not count yet, ns: the video may still be settling.
const WARM_UP: u64 = 500_000_000;

/// As above, where nobody drives: from the first command that a picture showed, ns. In this time the link is still measured.
const WARM_UP_OPEN: u64 = 2_000_000_000;

/// The cart's real-time thread runs once in this time, µs.
const TICK_US: f64 = 1_000.0;

/// In this time the hand is looked at where the arm's own lag is judged, ns: longer than any arm lags by.
const LOOK_BACK: u64 = 500_000_000;

/// How far the hand must have gone in that time, in one direction, m: half of what it goes at its even pace.
const EVEN: f64 = 0.002_5;

/// What an exam has shown.
#[derive(Debug)]
pub(super) struct Exam {
    pub(super) rows: Vec<Row>,
    pub(super) desk: Usage,
    pub(super) cart: Usage,
    pub(super) went_as_scripted: bool,
    /// What the line did, if there was one.
    pub(super) line: Option<Report>,
}

fn micros(from: u64, to: u64) -> f64 {
    (to as f64 - from as f64) * 1e-3
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

pub(super) fn exam(slot: Slot, exam: &Exam) -> Measured {
    let driven = exam.rows.iter().find(|row| row.pressed);
    let first = driven.or(exam.rows.first()).map_or(0, |row| row.sampled);
    let from = first + if driven.is_some() { WARM_UP } else { WARM_UP_OPEN };
    let counts = |row: &&Row| (row.pressed || driven.is_none()) && row.sampled >= from;
    let counted: Vec<Row> = exam.rows.iter().filter(counts).copied().collect();
    let latencies: Vec<f64> = counted.iter().map(|row| micros(row.sampled, row.shown)).collect();
    let mut hops = hops(&counted);
    let parts: f64 = hops.iter().map(|hop| mean(&hop.times)).sum();
    let mut figures = Vec::new();
    let mut say = |name, unit, value| figures.push(TurnFigure { name, unit, value });
    if !latencies.is_empty() {
        say(PARTS_OFF, "ms", (mean(&latencies) - parts) * 1e-3);
    }
    if let Some(interval) = interval(&counted) {
        say(INTERVAL, "ms", interval * 1e-3);
    }
    if driven.is_none() {
        say("exams in which driving could not begin", "exams", 1.0);
    } else if !exam.went_as_scripted {
        say("exams that left their script", "exams", 1.0);
    }
    if let Some(line) = &exam.line {
        for (way, name) in [
            (Way::There, "line behind its plan, to the cart, p99"),
            (Way::Back, "line behind its plan, to the desk, p99"),
        ] {
            say(name, "us", line.way(way).lateness.p99.as_secs_f64() * 1e6);
        }
    }
    hops.push(HopTimes { name: "the arm’s own lag", times: arm_lag(&exam.rows, &counted), counted: false });
    Measured {
        slot,
        sent: latencies.len() as u64,
        latencies,
        lost: 0,
        sender: exam.desk,
        receiver: exam.cart,
        hops,
        figures,
        course: Vec::new(),
    }
}

/// The parts of the way of those commands of which every stamp is known. They add up to the whole of each.
fn hops(counted: &[Row]) -> Vec<HopTimes> {
    let known: Vec<(&Row, u64, u64)> =
        counted.iter().filter_map(|row| Some((row, row.received?, row.applied?))).collect();
    let hop = |name, of: fn(&(&Row, u64, u64)) -> (u64, u64)| {
        let times = known.iter().map(of).map(|(from, to)| micros(from, to)).collect();
        HopTimes { name, times, counted: true }
    };
    vec![
        hop("handle sampled to sent", |(row, ..)| (row.sampled, row.sent)),
        hop("sent to received at the cart", |(row, received, _)| (row.sent, *received)),
        hop("received to applied", |(_, received, applied)| (*received, *applied)),
        hop("applied to captured", |(row, _, applied)| (*applied, row.captured)),
        hop(CODED, |(row, ..)| (row.captured, row.encoded)),
        hop("encoded to received at the desk", |(row, ..)| (row.encoded, row.arrived)),
        hop(DECODED, |(row, ..)| (row.arrived, row.decoded)),
        hop("decoded to presented", |(row, ..)| (row.decoded, row.shown)),
    ]
}

/// The median time between two pictures, µs.
fn interval(counted: &[Row]) -> Option<f64> {
    let steps = counted.windows(2).filter_map(|pair| {
        let [before, after] = pair else { return None };
        // Of a picture that was lost two intervals would be one.
        (after.picture == before.picture + 1).then(|| micros(before.captured, after.captured))
    });
    Sorted::new(steps).at(0.5)
}

/// How long after a command was applied the probe is where it was asked to be, µs: once for each picture during which the hand moves
/// evenly. The command is found by its reach: it asked for the place that the picture shows.
fn arm_lag(all: &[Row], counted: &[Row]) -> Vec<f64> {
    let first = all.iter().position(|row| row.pressed);
    let Some(anchor) = first.and_then(|first| all.get(first.checked_sub(1)?)).map(|row| row.tip) else {
        return Vec::new();
    };
    let mut lags = Vec::new();
    let mut picture = 0;
    for (at, row) in counted.iter().enumerate() {
        if row.picture == picture {
            continue;
        }
        picture = row.picture;
        let went = row.tip.iter().zip(anchor).map(|(tip, anchor)| (tip - anchor).powi(2)).sum::<f64>().sqrt();
        let Some(until_here) = counted.get(..=at) else { continue };
        lags.extend(lag(until_here, went, row.captured));
    }
    lags
}

/// From the application of the command that asked for `went` until `captured`.
fn lag(rows: &[Row], went: f64, captured: u64) -> Option<f64> {
    let newest = rows.last()?;
    let since = newest.sampled.saturating_sub(LOOK_BACK);
    let recent: Vec<&Row> = rows.iter().rev().take_while(|row| row.sampled >= since).collect();
    let oldest = recent.last()?;
    if (newest.reach - oldest.reach).abs() < EVEN || oldest.sampled > since + LOOK_BACK / 10 {
        return None;
    }
    let outward = newest.reach > oldest.reach;
    let steps: Vec<f64> = recent.windows(2).filter_map(|pair| Some(pair.first()?.reach - pair.get(1)?.reach)).collect();
    // A hand that has turned within this time asked for the same place twice.
    if steps.iter().any(|step| if outward { *step < 0.0 } else { *step > 0.0 }) {
        return None;
    }
    let passed = |row: &&&Row| if outward { row.reach <= went } else { row.reach >= went };
    let applied = recent.iter().filter(passed).find_map(|row| row.applied)?;
    Some(micros(applied, captured))
}

pub(super) fn floor(slot: Slot, coded: &Coded) -> Measured {
    let micros = |nanos: &[u64]| nanos.iter().map(|nanos| *nanos as f64 * 1e-3).collect::<Vec<f64>>();
    let [acquire, encode, decode] = [&coded.acquire, &coded.encode, &coded.decode].map(|times| micros(times));
    let both: Vec<f64> = acquire.iter().zip(&encode).map(|(acquire, encode)| acquire + encode).collect();
    let median = |times: &[f64]| Sorted::new(times.iter().copied()).at(0.5);
    let parts = [(ACQUIRE, &acquire), (ENCODE, &encode), (DECODE, &decode)];
    let figure =
        |(name, times): (&'static str, &Vec<f64>)| Some(TurnFigure { name, unit: "us", value: median(times)? });
    Measured {
        slot,
        latencies: both.iter().zip(&decode).map(|(both, decode)| both + decode).collect(),
        sent: coded.encode.len() as u64,
        lost: 0,
        sender: coded.usage,
        receiver: Usage::default(),
        figures: parts.into_iter().filter_map(figure).collect(),
        hops: vec![
            HopTimes { name: CODED, times: both, counted: true },
            HopTimes { name: DECODED, times: decode, counted: true },
        ],
        course: Vec::new(),
    }
}

/// Adds to each exam what the parts of its own round add up to: those that no transport can spare.
pub(super) fn add_sums(turns: &mut [Measured]) {
    let of = |turn: &Measured, name: &str| turn.figures.iter().find(|figure| figure.name == name).map(|of| of.value);
    let floor = |turns: &[Measured], round: u32, name: &str| {
        let same = turns.iter().filter(|turn| turn.slot.round == round && turn.slot.subject != FARPROBE);
        Spread::of(&same.filter_map(|turn| of(turn, name)).collect::<Vec<_>>()).map(|spread| spread.median)
    };
    let sums: Vec<Option<f64>> = turns
        .iter()
        .map(|turn| {
            let half = of(turn, INTERVAL).filter(|_| turn.slot.subject == FARPROBE)? * 1e3 / 2.0;
            let parts = [ACQUIRE, ENCODE, DECODE].map(|name| floor(turns, turn.slot.round, name));
            let parts: Option<f64> = parts.into_iter().sum();
            Some((half + TICK_US + parts?) * 1e-3)
        })
        .collect();
    for (turn, sum) in turns.iter_mut().zip(sums) {
        turn.figures.extend(sum.map(|value| TurnFigure { name: SUM, unit: "ms", value }));
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::layout::{Layout, Placed};
    use super::*;

    const MS: u64 = 1_000_000;

    fn slot(subject: &'static str) -> Slot {
        let placed = Placed { layout: Layout::Free, sender: None, receiver: None };
        Slot { round: 1, placed, subject, seed: 1 }
    }

    /// A hand at 10 mm/s, sampled every 2 ms; the hops are 1, 2, 3, … ms; the probe follows 20 ms after the application, and there is a
    /// picture of each eighth command.
    fn rows() -> Vec<Row> {
        let row = |at: u64| {
            let sampled = at * 2 * MS;
            let applied = sampled + 6 * MS;
            let newest = at.div_ceil(8) * 8;
            let captured = newest * 2 * MS + 10 * MS;
            let reach = |nanos: u64| nanos.saturating_sub(200 * MS) as f64 * 1e-9 * 0.010;
            Row {
                pressed: at >= 100,
                reach: reach(sampled),
                sampled,
                sent: sampled + MS,
                received: at.is_multiple_of(2).then_some(sampled + 3 * MS),
                applied: at.is_multiple_of(2).then_some(applied),
                picture: newest / 8,
                captured,
                encoded: captured + 5 * MS,
                arrived: captured + 11 * MS,
                decoded: captured + 18 * MS,
                shown: captured + 26 * MS,
                tip: [0.1, 0.2 + reach(captured.saturating_sub(26 * MS)), 0.3],
            }
        };
        (0..1_400).map(row).collect()
    }

    fn shown(went_as_scripted: bool) -> Exam {
        Exam { rows: rows(), desk: Usage::default(), cart: Usage::default(), went_as_scripted, line: None }
    }

    fn figure(measured: &Measured, name: &str) -> Option<f64> {
        measured.figures.iter().find(|figure| figure.name == name).map(|figure| figure.value)
    }

    #[test]
    fn known_delays_are_found_back_in_their_parts() {
        let measured = exam(slot(FARPROBE), &shown(true));
        // 200 ms after the press nothing counts yet.
        assert_eq!(measured.latencies.len(), 1_400 - 350);
        let means: Vec<f64> = measured.hops.iter().map(|hop| mean(&hop.times)).collect();
        let expected = [1_000.0, 2_000.0, 3_000.0];
        assert_eq!(means[..3], expected);
        assert_eq!(means[4..8], [5_000.0, 6_000.0, 7_000.0, 8_000.0]);
        // A command waits for the picture of the next eighth one, 7 ms on average.
        assert!((means[3] - 10_000.0).abs() < 1_100.0, "{means:?}");
        assert!(figure(&measured, PARTS_OFF).unwrap().abs() <= 1.1, "{:?}", measured.figures);
        assert_eq!(figure(&measured, INTERVAL), Some(16.0));
        assert_eq!(figure(&measured, "exams that left their script"), None);
        let lag = &measured.hops[8];
        assert!(!lag.counted && lag.times.len() > 50, "{}", lag.times.len());
        assert!(lag.times.iter().all(|lag| (19_000.0..=25_000.0).contains(lag)), "{:?}", lag.times);
        assert_eq!(figure(&exam(slot(FARPROBE), &shown(false)), "exams that left their script"), Some(1.0));
    }

    #[test]
    fn where_driving_cannot_begin_the_commands_with_an_open_clutch_count() {
        let mut open = shown(true);
        open.rows.iter_mut().for_each(|row| row.pressed = false);
        let measured = exam(slot(FARPROBE), &open);
        assert_eq!(measured.latencies.len(), 400, "after two seconds");
        assert_eq!(figure(&measured, "exams in which driving could not begin"), Some(1.0));
        assert!(measured.hops[8].times.is_empty());
    }

    #[test]
    fn a_hand_that_turns_shows_no_lag() {
        let turning = |row: Row| Row { reach: (row.reach - 0.005).abs(), ..row };
        let rows: Vec<Row> = rows()[..500].iter().copied().map(turning).collect();
        let newest = rows.last().unwrap();
        // It turned at 0.7 s, and looks back from 1 s to 0.5 s.
        assert_eq!(lag(&rows, newest.reach, newest.captured), None);
    }

    #[test]
    fn what_no_transport_can_spare_is_added_up_round_by_round() {
        let coded = |acquire, encode, decode| Coded {
            acquire: vec![acquire * MS],
            encode: vec![encode * MS],
            decode: vec![decode * MS],
            usage: Usage::default(),
        };
        let mut turns = vec![
            floor(slot("floor"), &coded(1, 4, 2)),
            exam(slot(FARPROBE), &shown(true)),
            floor(slot("floor-again"), &coded(1, 6, 2)),
        ];
        assert_eq!(turns[0].latencies, [7_000.0]);
        add_sums(&mut turns);
        // 8 + 1 + 1 + 5 + 2.
        assert_eq!(figure(&turns[1], SUM), Some(17.0));
        assert_eq!(figure(&turns[0], SUM), None);
        turns.truncate(0);
        turns.push(exam(slot(FARPROBE), &shown(true)));
        add_sums(&mut turns);
        assert_eq!(figure(&turns[0], SUM), None, "without a floor there is none");
    }
}
