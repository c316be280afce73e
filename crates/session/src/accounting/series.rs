//! One kind of latency: over the whole session, and lately.

use std::collections::VecDeque;
use std::time::Duration;

use farprobe_geom::Time;

use super::histogram::{Histogram, LatencySnapshot, exact};

/// What "lately" means: long enough for a 99th percentile of 500 Hz, short enough that the strip shows what is felt.
pub(super) const RECENT: Duration = Duration::from_secs(5);
/// The most recent samples kept: 5 s at 500 Hz and room for a burst.
const MAX_RECENT: usize = 4_096;

/// Which samples are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Span {
    /// The last five seconds, for the live strip.
    Recent,
    /// Everything, for the summary.
    Whole,
}

#[derive(Debug, Clone)]
pub(super) struct Series {
    whole: Histogram,
    recent: VecDeque<(Time, Duration)>,
}

impl Series {
    pub(super) fn new() -> Self {
        Self { whole: Histogram::new(), recent: VecDeque::with_capacity(MAX_RECENT) }
    }

    pub(super) fn record(&mut self, now: Time, value: Duration) {
        self.whole.record(value);
        let too_old = |at: Time| now.saturating_since(at) > RECENT;
        while self.recent.len() >= MAX_RECENT || self.recent.front().is_some_and(|(at, _)| too_old(*at)) {
            self.recent.pop_front();
        }
        self.recent.push_back((now, value));
    }

    pub(super) fn snapshot(&self, span: Span, now: Time) -> Option<LatencySnapshot> {
        self.snapshot_with(span, now, None)
    }

    /// The snapshot as if the sample `unfinished` had been recorded at `now`.
    pub(super) fn snapshot_with(&self, span: Span, now: Time, unfinished: Option<Duration>) -> Option<LatencySnapshot> {
        match (span, unfinished) {
            (Span::Whole, None) => self.whole.snapshot(),
            (Span::Whole, Some(value)) => {
                let mut whole = self.whole.clone();
                whole.record(value);
                whole.snapshot()
            }
            (Span::Recent, _) => {
                let recent = self.recent.iter().filter(|(at, _)| now.saturating_since(*at) <= RECENT);
                exact(&mut recent.map(|(_, value)| *value).chain(unfinished).collect::<Vec<_>>())
            }
        }
    }
}

/// Counts numbered things and the gaps between them: over the whole session, and lately.
#[derive(Debug, Clone, Default)]
pub(super) struct Counter {
    first: u64,
    newest: u64,
    received: u64,
    recent: VecDeque<(Time, u64)>,
    /// What came before the numbers began anew.
    before: Count,
}

/// How many numbered things came and how many did not.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Count {
    /// How many came, each newer than the one before.
    pub received: u64,
    /// How many numbers were skipped: lost, or overtaken and so of no use.
    pub lost: u64,
}

impl Count {
    /// The share that was lost, 0 to 1; 0 of nothing.
    pub fn loss(&self) -> f64 {
        let sent = self.received as f64 + self.lost as f64;
        if sent > 0.0 { self.lost as f64 / sent } else { 0.0 }
    }
}

impl Counter {
    /// The sender will begin its numbers anew; what was counted stays.
    pub(super) fn begin_anew(&mut self, now: Time) {
        let before = self.count(Span::Whole, now);
        *self = Self { before, ..Self::default() };
    }

    /// Gives whether the number is newer than all before.
    pub(super) fn record(&mut self, now: Time, number: u64) -> bool {
        if self.received > 0 && number <= self.newest {
            return false;
        }
        if self.received == 0 {
            self.first = number;
        }
        self.newest = number;
        self.received += 1;
        let too_old = |at: Time| now.saturating_since(at) > RECENT;
        while self.recent.len() >= MAX_RECENT || self.recent.front().is_some_and(|(at, _)| too_old(*at)) {
            self.recent.pop_front();
        }
        self.recent.push_back((now, number));
        true
    }

    pub(super) fn count(&self, span: Span, now: Time) -> Count {
        match span {
            Span::Whole => {
                let now = count(self.first, self.newest, self.received);
                Count { received: self.before.received + now.received, lost: self.before.lost.saturating_add(now.lost) }
            }
            Span::Recent => {
                let recent = || self.recent.iter().filter(|(at, _)| now.saturating_since(*at) <= RECENT);
                count(recent().next().map_or(0, |(_, n)| *n), self.newest, recent().count() as u64)
            }
        }
    }
}

fn count(first: u64, newest: u64, received: u64) -> Count {
    let sent = newest.saturating_sub(first).saturating_add(1);
    Count { received, lost: if received == 0 { 0 } else { sent.saturating_sub(received) } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lately_is_five_seconds_and_the_whole_is_all() {
        let mut series = Series::new();
        for second in 0..=20u64 {
            series.record(Time::from_millis(1_000 * second), Duration::from_millis(second));
        }
        let now = Time::from_millis(20_000);
        let recent = series.snapshot(Span::Recent, now).unwrap();
        assert_eq!((recent.samples, recent.p50, recent.max), (6, Duration::from_millis(17), Duration::from_millis(20)));
        assert_eq!(series.snapshot(Span::Whole, now).unwrap().samples, 21);
        assert_eq!(series.snapshot(Span::Recent, Time::from_millis(26_000)), None);
    }

    #[test]
    fn a_flood_is_bounded() {
        let mut series = Series::new();
        (0..10_000).for_each(|n| series.record(Time::from_nanos(n), Duration::ZERO));
        assert_eq!(series.snapshot(Span::Recent, Time::ZERO).unwrap().samples, MAX_RECENT as u64);
    }

    #[test]
    fn a_flood_of_numbers_is_bounded_too_and_lately_is_what_is_five_seconds_old_at_most() {
        let mut counter = Counter::default();
        (1..=10_000).for_each(|n| assert!(counter.record(Time::from_nanos(n), n)));
        assert_eq!(counter.count(Span::Recent, Time::ZERO), Count { received: MAX_RECENT as u64, lost: 0 });
        let mut counter = Counter::default();
        let (before, now) = (Time::from_millis(1_000), Time::from_millis(6_000));
        assert!(counter.record(before, 1) && counter.record(now, 2));
        assert_eq!(counter.count(Span::Recent, now).received, 2);
    }

    #[test]
    fn a_count_from_zero_counts_its_zero_and_of_nothing_nothing_is_lost() {
        assert_eq!(Count::default().loss(), 0.0);
        let mut counter = Counter::default();
        assert!(counter.record(Time::ZERO, 0));
        assert!(!counter.record(Time::ZERO, 0));
        assert_eq!(counter.count(Span::Whole, Time::ZERO), Count { received: 1, lost: 0 });
    }

    #[test]
    fn numbers_that_begin_anew_are_counted_on() {
        let mut counter = Counter::default();
        let at = Time::from_millis;
        for number in [10, 12] {
            assert!(counter.record(at(0), number));
        }
        counter.begin_anew(at(1));
        for number in [1, 2, 4] {
            assert!(counter.record(at(2), number), "{number} is no old one");
        }
        assert_eq!(counter.count(Span::Whole, at(2)), Count { received: 5, lost: 2 });
        assert_eq!(counter.count(Span::Recent, at(2)), Count { received: 3, lost: 1 });
    }

    #[test]
    fn gaps_are_losses_and_repeats_are_nothing() {
        let mut counter = Counter::default();
        let at = Time::from_millis;
        assert_eq!(counter.count(Span::Whole, at(0)), Count { received: 0, lost: 0 });
        for number in [10, 11, 11, 14, 12, 15] {
            counter.record(at(0), number);
        }
        assert_eq!(counter.count(Span::Whole, at(0)), Count { received: 4, lost: 2 });
        counter.record(at(6_000), 16);
        assert_eq!(counter.count(Span::Recent, at(6_000)), Count { received: 1, lost: 0 });
        assert!((counter.count(Span::Whole, at(6_000)).loss() - 2.0 / 7.0).abs() < 1e-12);
        counter.record(at(6_000), u64::MAX);
        assert_eq!(counter.count(Span::Whole, at(6_000)).lost, u64::MAX - 9 - 6);
    }
}
