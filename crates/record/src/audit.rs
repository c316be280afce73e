//! Judges afterwards which applied commands were stale.
//!
//! Written apart from the filter that lets commands through, so that a mistake in one is seen by the other: this one slides a
//! window of exactly ten seconds over all of them.

use std::collections::VecDeque;

use farprobe_geom::Time;

/// The excess transit above which an applied command was stale (DESIGN §4).
const STALE_NANOS: u64 = 50_000_000;
/// The time before an arrival in which the fastest command is looked for (DESIGN §4).
const WINDOW_NANOS: u64 = 10_000_000_000;

/// One command that reached the control law.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AppliedEntry {
    /// When its handle was sampled, console clock.
    pub sampled_at: Time,
    /// When it arrived, cart clock.
    pub arrived_at: Time,
}

impl AppliedEntry {
    /// From sample to arrival by two clocks, ns: wrong by their offset, which is the same for all.
    fn transit(&self) -> i128 {
        i128::from(self.arrived_at.as_nanos()) - i128::from(self.sampled_at.as_nanos())
    }
}

/// Judges entry by entry, in the order of their arrival; one that is not in order counts as if it had arrived with the one
/// before.
#[derive(Debug, Clone, Default)]
pub struct Audit {
    /// Candidates for the least transit of the window, each later and greater than the one before it.
    candidates: VecDeque<(u64, i128)>,
    now: u64,
    stale: u64,
}

impl Audit {
    /// Judges one more command. Gives its excess transit, ns: its transit beyond the least of the 10 s up to it.
    pub fn judge(&mut self, entry: &AppliedEntry) -> u64 {
        let now = entry.arrived_at.as_nanos().max(self.now);
        self.now = now;
        let transit = entry.transit();
        while self.candidates.front().is_some_and(|(at, _)| now - at > WINDOW_NANOS) {
            self.candidates.pop_front();
        }
        while self.candidates.back().is_some_and(|(_, greater)| *greater >= transit) {
            self.candidates.pop_back();
        }
        self.candidates.push_back((now, transit));
        let least = self.candidates.front().map_or(transit, |(_, least)| *least);
        let excess = u64::try_from(transit - least).unwrap_or(u64::MAX);
        self.stale += u64::from(excess > STALE_NANOS);
        excess
    }

    /// How many applied commands were stale so far: under way for over 50 ms longer than the fastest of the 10 s before.
    pub fn stale_applied(&self) -> u64 {
        self.stale
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// An entry sampled at `sampled` ms and under way for `transit` ms; the console's clock is a day ahead.
    fn entry(sampled: u64, transit: u64) -> AppliedEntry {
        AppliedEntry {
            sampled_at: Time::from_millis(sampled + 86_400_000),
            arrived_at: Time::from_millis(sampled + transit),
        }
    }

    fn stale_applied(entries: &[AppliedEntry]) -> u64 {
        let mut audit = Audit::default();
        for entry in entries {
            audit.judge(entry);
        }
        audit.stale_applied()
    }

    #[test]
    fn over_fifty_milliseconds_is_stale_and_fifty_is_not() {
        assert_eq!(stale_applied(&[]), 0);
        assert_eq!(stale_applied(&[entry(0, 30), entry(100, 80), entry(200, 81)]), 1);
    }

    #[test]
    fn the_window_is_ten_seconds() {
        assert_eq!(stale_applied(&[entry(0, 30), entry(9_900, 130)]), 1, "10.0 s later");
        assert_eq!(stale_applied(&[entry(0, 30), entry(9_901, 130)]), 0, "10.001 s later");
    }

    #[test]
    fn a_queue_that_empties_is_seen_for_what_it_is() {
        let mut entries: Vec<_> = (0..500).map(|n| entry(2 * n, 30)).collect();
        entries.extend((500..1_500).map(|n| entry(2 * n, 3_030 - 2 * n)));
        // Those that waited for more than 50 ms longer than the others.
        assert_eq!(stale_applied(&entries), 975);
    }

    #[test]
    fn the_excess_is_beyond_the_fastest() {
        let mut audit = Audit::default();
        let excess: Vec<u64> =
            [entry(0, 30), entry(2, 31), entry(4, 70), entry(6, 30)].iter().map(|e| audit.judge(e)).collect();
        assert_eq!(excess, [0, 1_000_000, 40_000_000, 0]);
    }

    proptest! {
        /// The same as looking at every pair.
        #[test]
        fn it_agrees_with_the_definition(steps in prop::collection::vec((0..900u64, 0..200u64), 0..120)) {
            let mut arrived = 86_400_000;
            let entries: Vec<_> = steps.iter().map(|(gap, transit)| {
                arrived += gap;
                AppliedEntry { sampled_at: Time::from_millis(arrived - transit), arrived_at: Time::from_millis(arrived) }
            }).collect();
            let stale = entries.iter().enumerate().filter(|(index, entry)| {
                let before = &entries[..=*index];
                let recent = |e: &&AppliedEntry| entry.arrived_at.as_nanos() - e.arrived_at.as_nanos() <= WINDOW_NANOS;
                let least = before.iter().filter(recent).map(AppliedEntry::transit).min().unwrap();
                entry.transit() - least > i128::from(STALE_NANOS)
            });
            prop_assert_eq!(stale_applied(&entries), stale.count() as u64);
        }

        #[test]
        fn no_stamp_panics(stamps in prop::collection::vec(any::<[u64; 2]>(), 0..60)) {
            let entry = |[a, b]: &[u64; 2]| AppliedEntry { sampled_at: Time::from_nanos(*a), arrived_at: Time::from_nanos(*b) };
            let entries: Vec<_> = stamps.iter().map(entry).collect();
            prop_assert!(stale_applied(&entries) <= entries.len() as u64);
        }
    }
}
