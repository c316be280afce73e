//! Judges afterwards which applied commands were stale.
//!
//! Written apart from the filter that lets commands through, so that a mistake in one is seen by the other: this one keeps
//! every entry and slides a window of exactly ten seconds over them.

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

/// The excess transit of each entry, ns: its transit beyond the least of the 10 s up to it. Entries are in order of arrival;
/// one that is not counts as if it had arrived with the one before.
fn excess_nanos(entries: &[AppliedEntry]) -> impl Iterator<Item = u64> {
    // Candidates for the least, each later and greater than the one before it.
    let mut candidates: VecDeque<(u64, i128)> = VecDeque::new();
    let mut now = 0;
    entries.iter().map(move |entry| {
        now = entry.arrived_at.as_nanos().max(now);
        let transit = entry.transit();
        while candidates.front().is_some_and(|(at, _)| now - at > WINDOW_NANOS) {
            candidates.pop_front();
        }
        while candidates.back().is_some_and(|(_, greater)| *greater >= transit) {
            candidates.pop_back();
        }
        candidates.push_back((now, transit));
        let least = candidates.front().map_or(transit, |(_, least)| *least);
        u64::try_from(transit - least).unwrap_or(u64::MAX)
    })
}

/// How many applied commands were stale: under way for over 50 ms longer than the fastest of the 10 s before.
pub fn stale_applied(entries: &[AppliedEntry]) -> u64 {
    excess_nanos(entries).filter(|excess| *excess > STALE_NANOS).count() as u64
}

/// How much longer applied commands were under way than the fastest of the 10 s before, ms: p50, p99, max. Zeros without
/// entries.
pub fn excess_transit_ms(entries: &[AppliedEntry]) -> [f64; 3] {
    let mut excess: Vec<u64> = excess_nanos(entries).collect();
    excess.sort_unstable();
    let nearest_rank = |percent: usize| (excess.len() * percent).div_ceil(100).saturating_sub(1);
    [50, 99, 100].map(|percent| excess.get(nearest_rank(percent)).map_or(0.0, |nanos| *nanos as f64 / 1e6))
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
    fn the_percentiles_are_of_the_excess() {
        let entries: Vec<_> = (0..200).map(|n| entry(2 * n, if n == 150 { 70 } else { 30 + n % 2 })).collect();
        let [p50, p99, max] = excess_transit_ms(&entries);
        assert!((p50 - 1.0).abs() < 1.0 && (p99 - 1.0).abs() < 1e-9 && (max - 40.0).abs() < 1e-9, "{p50} {p99} {max}");
        assert_eq!(excess_transit_ms(&[]), [0.0; 3]);
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
            prop_assert!(excess_transit_ms(&entries).iter().all(|ms| ms.is_finite()));
        }
    }
}
