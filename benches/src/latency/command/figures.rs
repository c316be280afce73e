//! What the stamps of both ends say.

use std::collections::BTreeSet;

use farprobe_geom::Time;
use farprobe_record::audit::{AppliedEntry, Audit};
use farprobe_session::cart::AgeLimit;

use crate::latency::ends::words::{Carried, Heard, Judged, Received, Sent, Window};
use crate::latency::rounds::{HopTimes, Measured, TurnFigure};
use crate::latency::slots::Slot;
use crate::latency::statistics::Sorted;

/// What this run has beside latencies, by name; the same in results and in the bars.
pub(super) const STALE: &str = "stale when read";
pub(super) const STALE_APPLIED: &str = "stale and applied by the cart's rule";
pub(super) const LATE: &str = "refused as late by the cart's rule";
pub(super) const ONE_WAY: &str = "one way before the blackout";
pub(super) const FIRST_HEARD: &str = "first command after the blackout";
pub(super) const FIRST_APPLIED: &str = "first command applied after the blackout";

/// How long before the blackout, and after its end, its course is shown, s.
const COURSE: (f64, f64) = (0.2, 1.0);
/// In this time after the end every point is shown, s; elsewhere one in [`THINNED`], so that the page stays small.
const COURSE_WHOLE: f64 = 0.1;
const THINNED: u64 = 4;

/// What the processes of a turn have told.
#[derive(Debug, Clone)]
pub(super) struct Found {
    pub(super) window: Window,
    pub(super) sent: Sent,
    pub(super) received: Received,
    pub(super) carried: Option<Carried>,
}

impl Heard {
    fn sequence(&self) -> u64 {
        self.0
    }

    fn judged(&self) -> Judged {
        self.5
    }

    fn is_first_of(&self, seen: &mut BTreeSet<u64>) -> bool {
        seen.insert(self.0)
    }
}

/// From stamp to stamp, µs.
fn micros(from: u64, to: u64) -> f64 {
    to.saturating_sub(from) as f64 * 1e-3
}

pub(super) fn measured(slot: Slot, found: &Found) -> Measured {
    let Found { sent, received, .. } = found;
    let mut seen = BTreeSet::new();
    let counts = |heard: &&Heard| (sent.first..=sent.last).contains(&heard.sequence());
    // A line may bring a command twice; the first counts.
    let heard: Vec<Heard> =
        received.heard.iter().filter(counts).filter(|heard| heard.is_first_of(&mut seen)).copied().collect();
    let of = |times: fn(&Heard) -> f64| heard.iter().map(times).collect::<Vec<f64>>();
    let commands = sent.last.saturating_sub(sent.first) + 1;
    let hop = |name, counted, times| HopTimes { name, times, counted };
    Measured {
        slot,
        latencies: of(|heard| micros(heard.1, heard.3)),
        sent: commands,
        lost: commands.saturating_sub(heard.len() as u64),
        sender: sent.usage,
        receiver: received.usage,
        hops: vec![
            hop("handle sampled to handed over", true, of(|heard| micros(heard.1, heard.2))),
            hop("handed over to readable", true, of(|heard| micros(heard.2, heard.3))),
            hop("wait for the real-time thread's tick", false, of(|heard| micros(heard.3, heard.4))),
        ],
        figures: figures(found, &heard),
        course: dark(found).map_or_else(Vec::new, |dark| course(dark, &received.heard)),
    }
}

fn figures(found: &Found, heard: &[Heard]) -> Vec<TurnFigure> {
    let Found { sent, received, carried, .. } = found;
    let mut figures = Vec::new();
    let mut say = |name, unit, value| figures.push(TurnFigure { name, unit, value });
    // Where there is no line nothing can be stale; a figure of zero everywhere would only look like a result.
    if let Some(carried) = carried {
        let (stale, applied) = stale(found);
        say(STALE, "commands", stale as f64);
        say(STALE_APPLIED, "commands", applied as f64);
        say(LATE, "commands", heard.iter().filter(|heard| heard.judged() == Judged::Late).count() as f64);
        say("line behind its plan, median", "us", carried.late[0] as f64 * 1e-3);
        say("line behind its plan, p99", "us", carried.late[1] as f64 * 1e-3);
    }
    for (name, count) in [
        ("not taken by the path", sent.refused),
        ("arrived and no command", received.malformed),
        ("no room in the inbox", received.overflowed),
    ] {
        if count > 0 {
            say(name, "commands", count as f64);
        }
    }
    if let Some((cut, up)) = dark(found) {
        let before = heard.iter().filter(|heard| heard.1 < cut).map(|heard| micros(heard.1, heard.3) * 1e-3);
        if let Some(one_way) = Sorted::new(before).at(0.5) {
            say(ONE_WAY, "ms", one_way);
        }
        // If nothing came until nothing was sent any more, it was at least as long as that.
        let end = found.window.until.as_nanos();
        let first = |wanted: &dyn Fn(&&Heard) -> bool| {
            let after = received.heard.iter().filter(|heard| heard.3 >= up).filter(wanted).map(|heard| heard.3);
            micros(up, after.min().unwrap_or(end)) * 1e-3
        };
        say(FIRST_HEARD, "ms", first(&|_| true));
        say(FIRST_APPLIED, "ms", first(&|heard| heard.judged() == Judged::Fresh));
    }
    figures
}

/// When the line was dark, ns.
fn dark(found: &Found) -> Option<(u64, u64)> {
    found.carried.and_then(|carried| carried.dark)
}

/// How many commands that count were older than the limit when they were read; and how many of those the cart's rule would have
/// applied, by code other than the rule's own. Age is the excess over the fastest of the last 10 s.
fn stale(found: &Found) -> (u64, u64) {
    let limit = u64::try_from(AgeLimit::DEFAULT.get().as_nanos()).unwrap_or(u64::MAX);
    let (mut when_read, mut when_applied) = (Audit::default(), Audit::default());
    let (mut stale, mut applied) = (0, 0);
    for heard in &found.received.heard {
        let counts = u64::from((found.sent.first..=found.sent.last).contains(&heard.sequence()));
        let entry = |at| AppliedEntry { sampled_at: Time::from_nanos(heard.1), arrived_at: Time::from_nanos(at) };
        stale += counts * u64::from(when_read.judge(&entry(heard.4)) > limit);
        if heard.judged() == Judged::Fresh {
            applied += counts * u64::from(when_applied.judge(&entry(heard.3)) > limit);
        }
    }
    (stale, applied)
}

/// What arrived around the blackout: when, s after its end; how old, ms; and whether it would have been applied.
fn course((cut, up): (u64, u64), heard: &[Heard]) -> Vec<[f64; 3]> {
    let since = |at: u64| (at as f64 - up as f64) * 1e-9;
    let from = since(cut) - COURSE.0;
    let point = |heard: &Heard| {
        let at = since(heard.3);
        let whole = (0.0..COURSE_WHOLE).contains(&at);
        let shown = (from..=COURSE.1).contains(&at) && (whole || heard.sequence().is_multiple_of(THINNED));
        let fresh = if heard.judged() == Judged::Fresh { 1.0 } else { 0.0 };
        // Four digits of a second, and of a millisecond, are finer than any plot.
        let rounded = |value: f64| (value * 1e4).round() * 1e-4;
        shown.then(|| [rounded(at), rounded(micros(heard.1, heard.3) * 1e-3), fresh])
    };
    heard.iter().filter_map(point).collect()
}

#[cfg(test)]
mod tests {
    use super::super::super::ends::usage::Usage;
    use super::super::super::layout::{Layout, Placed};
    use super::*;

    const MS: u64 = 1_000_000;

    fn found(heard: Vec<Heard>, dark: Option<(u64, u64)>) -> Found {
        let usage = Usage::default();
        let at = Time::from_millis;
        Found {
            window: Window { begin: at(0), from: at(10), until: at(9_000), dark: None },
            sent: Sent { first: 10, last: 20, refused: 0, moved_at: None, usage },
            received: Received { heard, malformed: 0, overflowed: 0, usage },
            carried: Some(Carried { dark, late: [0; 3] }),
        }
    }

    fn slot() -> Slot {
        let placed = Placed { layout: Layout::Free, sender: None, receiver: None };
        Slot { round: 1, placed, subject: "x", seed: 1 }
    }

    /// Sampled at `ms`, handed over 5 µs later, `way` ms under way, read 0.5 ms later.
    fn heard(sequence: u64, ms: u64, way: u64, judged: Judged) -> Heard {
        let (sampled, arrived) = (ms * MS, (ms + way) * MS);
        Heard(sequence, sampled, sampled + 5_000, arrived, arrived + MS / 2, judged)
    }

    fn figure(measured: &Measured, name: &str) -> Option<f64> {
        measured.figures.iter().find(|figure| figure.name == name).map(|figure| figure.value)
    }

    #[test]
    fn only_what_was_sampled_in_time_counts_and_only_once() {
        let fresh = |sequence, way| heard(sequence, sequence, way, Judged::Fresh);
        let measured = measured(slot(), &found(vec![fresh(9, 7), fresh(10, 2), fresh(11, 3), fresh(11, 4)], None));
        assert_eq!((measured.latencies.clone(), measured.sent, measured.lost), (vec![2_000.0, 3_000.0], 11, 9));
        let hops: Vec<_> = measured.hops.iter().map(|hop| hop.times.clone()).collect();
        assert_eq!(hops, [vec![5.0, 5.0], vec![1_995.0, 2_995.0], vec![500.0, 500.0]]);
        assert!(measured.course.is_empty() && figure(&measured, FIRST_HEARD).is_none());
    }

    #[test]
    fn after_a_blackout_the_first_command_and_the_stale_ones_are_found() {
        let all = vec![
            heard(9, 9, 25, Judged::Fresh),
            heard(10, 10, 25, Judged::Fresh),
            // From before the end of the blackout: refused; and one that a wrong rule would have let through.
            heard(11, 1_500, 525, Judged::Late),
            heard(12, 1_900, 126, Judged::Fresh),
            heard(13, 2_001, 26, Judged::Fresh),
        ];
        let measured = measured(slot(), &found(all, Some((12 * MS, 2_000 * MS))));
        let of = |name| figure(&measured, name).unwrap();
        assert_eq!((of(ONE_WAY), of(FIRST_HEARD), of(FIRST_APPLIED)), (25.0, 25.0, 26.0));
        assert_eq!((of(STALE), of(STALE_APPLIED), of(LATE)), (2.0, 1.0, 1.0));
        assert_eq!(measured.course.first(), Some(&[0.025, 525.0, 0.0]));
    }

    #[test]
    fn a_line_that_never_comes_back_is_as_late_as_the_end() {
        let measured = measured(slot(), &found(vec![heard(10, 10, 1, Judged::Fresh)], Some((12 * MS, 2_000 * MS))));
        assert_eq!(figure(&measured, FIRST_APPLIED), Some(7_000.0));
    }
}
