//! What a change of the desk's address did to the commands.

use crate::latency::ends::words::{Carried, Driving, Sent, Steered, Window};
use crate::latency::rounds::{Measured, TurnFigure};
use crate::latency::slots::Slot;

/// What this run has beside gaps, by name; the same in results and in the bars.
pub(super) const AROUND: &str = "longest gap within 1 s of the move";
pub(super) const BEFORE: &str = "longest gap in the second before it";
pub(super) const TRIPS: &str = "times the safety took the hand’s driving away";

/// How long after the move a gap belongs to it, ns.
const AFTER_MOVE: u64 = 1_000_000_000;
/// What was before is looked at for as long.
const BEFORE_MOVE: u64 = 1_000_000_000;

/// What the processes of a turn have told.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) window: Window,
    pub(super) sent: Sent,
    pub(super) steered: Steered,
    pub(super) carried: Option<Carried>,
}

pub(super) fn measured(slot: Slot, found: &Found) -> Measured {
    let Found { window, sent, steered, carried } = found;
    let (from, until) = (window.from.as_nanos(), window.until.as_nanos());
    let counts = |(sequence, _): &&(u64, u64)| (sent.first..=sent.last).contains(sequence);
    let applied: Vec<(u64, u64)> = steered.applied.iter().filter(counts).copied().collect();
    let gaps = gaps(&applied);
    let commands = sent.last.saturating_sub(sent.first) + 1;
    let mut figures = Vec::new();
    let mut say = |name, unit, value| figures.push(TurnFigure { name, unit, value });
    // Without a move there is nothing that it could have done.
    if let Some(moved) = sent.moved_at {
        // A gap belongs to the move if it was open then or began in its time. One that never ends lasts until the end.
        let open_end = applied.last().map(|(_, at)| (*at, until.max(*at)));
        let all = || gaps.iter().copied().chain(open_end.filter(|(from, to)| to - from > AFTER_MOVE / 10));
        let longest = |low: u64, high: u64| {
            let within = all().filter(|(begin, end)| *end > low && *begin < high);
            within.map(|(begin, end)| (end - begin) as f64 * 1e-6).fold(0.0, f64::max)
        };
        say(AROUND, "ms", longest(moved, moved + AFTER_MOVE));
        say(BEFORE, "ms", longest(moved.saturating_sub(BEFORE_MOVE).max(from), moved));
    }
    say(TRIPS, "times", trips(&steered.ladder, until) as f64);
    if let Some(carried) = carried {
        say("line behind its plan, p99", "us", carried.late[1] as f64 * 1e-3);
    }
    if steered.lost > 0 {
        say("ticks of which nothing is known", "ticks", steered.lost as f64);
    }
    Measured {
        slot,
        latencies: gaps.iter().map(|(begin, end)| (end - begin) as f64 * 1e-3).collect(),
        sent: commands,
        lost: commands.saturating_sub(applied.len() as u64),
        sender: sent.usage,
        receiver: steered.usage,
        hops: Vec::new(),
        figures,
        course: Vec::new(),
    }
}

/// From one applied command to the next: begin and end, ns. Those of one tick are one: the real-time thread takes the newest.
fn gaps(applied: &[(u64, u64)]) -> Vec<(u64, u64)> {
    applied.windows(2).filter_map(|pair| Some((pair.first()?.1, pair.get(1)?.1))).filter(|(a, b)| b >= a).collect()
}

/// How often the ladder left the driving before the hand was done; once, if it never came there.
fn trips(ladder: &[(u64, String, String, Driving)], until: u64) -> usize {
    let steps: Vec<Driving> = ladder.iter().filter(|(at, ..)| *at < until).map(|(.., driving)| *driving).collect();
    if !steps.contains(&Driving::Yes) {
        return 1;
    }
    steps.windows(2).filter(|pair| *pair == [Driving::Yes, Driving::No]).count()
}

#[cfg(test)]
mod tests {
    use farprobe_geom::Time;

    use super::super::super::ends::usage::Usage;
    use super::super::super::layout::{Layout, Placed};
    use super::*;

    const MS: u64 = 1_000_000;

    /// A command every 2 ms from 1 s to 4 s, moved at 2.5 s, of which those between `dark` never come.
    fn found(dark: std::ops::Range<u64>) -> Found {
        let usage = Usage::default();
        let at = Time::from_millis;
        let all = (500..2_000).map(|number| (number, number * 2 * MS));
        let ladder = |ms, driving| (ms * MS, "x".to_owned(), "y".to_owned(), driving);
        Found {
            window: Window { begin: at(0), from: at(1_000), until: at(4_000), dark: None },
            sent: Sent { first: 500, last: 1_999, refused: 0, moved_at: Some(2_500 * MS), usage },
            steered: Steered {
                applied: all.filter(|(_, at)| !dark.contains(&(at / MS))).collect(),
                ladder: vec![ladder(0, Driving::No), ladder(600, Driving::Yes), ladder(4_100, Driving::No)],
                lost: 0,
                usage,
            },
            carried: None,
        }
    }

    fn figure(found: &Found, name: &str) -> f64 {
        let placed = Placed { layout: Layout::Free, sender: None, receiver: None };
        let measured = measured(Slot { round: 1, placed, subject: "x", seed: 1 }, found);
        measured.figures.iter().find(|figure| figure.name == name).unwrap().value
    }

    #[test]
    fn a_gap_is_found_on_its_side_of_the_move() {
        for (dark, around, before) in [
            (0..0, 2.0, 2.0),
            (2_510..2_530, 22.0, 2.0),
            (2_490..2_520, 32.0, 32.0),
            (1_700..1_706, 2.0, 8.0),
            (2_502..9_999, 1_500.0, 2.0),
        ] {
            let found = found(dark.clone());
            assert_eq!((figure(&found, AROUND), figure(&found, BEFORE)), (around, before), "{dark:?}");
        }
    }

    #[test]
    fn what_is_lost_and_every_gap_is_counted() {
        let placed = Placed { layout: Layout::Free, sender: None, receiver: None };
        let measured = measured(Slot { round: 1, placed, subject: "x", seed: 1 }, &found(2_510..2_530));
        assert_eq!((measured.sent, measured.lost, measured.latencies.len()), (1_500, 10, 1_489));
        assert_eq!(measured.latencies.iter().filter(|gap| **gap > 2_000.0).count(), 1);
    }

    #[test]
    fn driving_that_ends_before_its_time_is_a_trip_and_so_is_none() {
        assert_eq!(figure(&found(0..0), TRIPS), 0.0);
        let mut tripped = found(0..0);
        tripped.steered.ladder[2].0 = 2_600 * MS;
        assert_eq!(figure(&tripped, TRIPS), 1.0);
        tripped.steered.ladder.truncate(1);
        assert_eq!(figure(&tripped, TRIPS), 1.0, "it never began");
    }
}
