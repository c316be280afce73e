//! The round trip, measured by the cart's own clock.

use std::time::Duration;

use farprobe_geom::Time;
use farprobe_proto::StateEcho;

/// The median is taken over this time (DESIGN §6).
const WINDOW: Duration = Duration::from_secs(1);
/// Samples closer together than this add nothing: states leave the cart every 4 ms.
const SPACING: Duration = Duration::from_micros(3_950);
/// One window of samples at that spacing, and a few more.
const CAPACITY: usize = 256;
/// Fewer samples than this make no median: 40 ms of an undisturbed link.
const LEAST_SAMPLES: usize = 10;
/// An echo kept for longer is about a state too old to say anything of the link now: no state reaches the console.
const MAX_HELD: Duration = Duration::from_secs(1);

#[derive(Debug, Clone, Copy)]
struct Sample {
    at: Time,
    nanos: u64,
}

/// The median round trip of the last second: cart → console → cart, without the time the console kept the echo.
///
/// Both ends of the span are stamps of the cart's own clock. What the console says can only be how long it kept the state:
/// an echo from the future, or kept for longer than it has been away, is ignored, so no lie makes the round trip negative.
/// (A console can claim to have kept a state for longer than it did and so hide a long way; commands that are late are
/// refused by [`super::CommandInbox`] all the same.)
///
/// Real-time: no allocation, no lock, no panic; memory is fixed.
#[derive(Debug, Clone)]
pub struct RoundTrip {
    /// A ring of samples in the order they came: each at its number modulo the capacity.
    samples: [Sample; CAPACITY],
    /// The number of the oldest sample that is still held.
    oldest: u64,
    /// How many samples were ever kept: the number of the next one.
    kept: u64,
    /// The round trips of the samples held, ns, from the shortest to the longest: kept in order, so that the median, which is
    /// asked for at every tick, costs no sorting.
    in_order: [u64; CAPACITY],
    implausible: u64,
}

impl Default for RoundTrip {
    fn default() -> Self {
        Self::new()
    }
}

impl RoundTrip {
    /// Nothing measured yet.
    pub const fn new() -> Self {
        Self {
            samples: [Sample { at: Time::ZERO, nanos: 0 }; CAPACITY],
            oldest: 0,
            kept: 0,
            in_order: [0; CAPACITY],
            implausible: 0,
        }
    }

    /// Takes the echo of a command that arrived at `arrived`, cart clock.
    pub fn record(&mut self, arrived: Time, echo: &StateEcho) {
        let held = Duration::from_micros(u64::from(echo.held_us));
        let round_trip = arrived.since(echo.cart_sent_at).and_then(|away| away.checked_sub(held));
        let Some(round_trip) = round_trip else {
            self.implausible = self.implausible.saturating_add(1);
            return;
        };
        let crowded = self.newest().is_some_and(|newest| arrived.saturating_since(newest.at) < SPACING);
        if held > MAX_HELD || crowded {
            return;
        }
        if self.held() == CAPACITY {
            self.forget_oldest();
        }
        let nanos = u64::try_from(round_trip.as_nanos()).unwrap_or(u64::MAX);
        self.keep(Sample { at: arrived, nanos });
    }

    /// The median of the second before `now`, cart clock; `None` while too little is known, which is as good as "too long".
    ///
    /// What is older is forgotten: a clock never goes back.
    pub fn median(&mut self, now: Time) -> Option<Duration> {
        while self.held() > 0 && now.saturating_since(self.samples[slot(self.oldest)].at) > WINDOW {
            self.forget_oldest();
        }
        let count = self.held();
        (count >= LEAST_SAMPLES).then(|| Duration::from_nanos(self.in_order[count / 2]))
    }

    /// Echoes that can't be true: from the future, or kept for longer than they were away. The peer is to blame.
    pub const fn implausible(&self) -> u64 {
        self.implausible
    }

    /// Forgets everything measured, for another console.
    pub fn reset(&mut self) {
        *self = Self { implausible: self.implausible, ..Self::new() };
    }

    /// How many samples are held.
    fn held(&self) -> usize {
        (self.kept - self.oldest) as usize
    }

    fn newest(&self) -> Option<&Sample> {
        let last = self.kept.checked_sub(1)?;
        self.samples.get(slot(last))
    }

    /// Takes a sample in. There must be room.
    fn keep(&mut self, sample: Sample) {
        let held = self.held();
        let at = self.in_order[..held].partition_point(|nanos| *nanos < sample.nanos);
        self.in_order.copy_within(at..held, at + 1);
        self.in_order[at] = sample.nanos;
        self.samples[slot(self.kept)] = sample;
        self.kept += 1;
    }

    /// Lets the oldest sample go. There must be one.
    fn forget_oldest(&mut self) {
        let held = self.held();
        let Sample { nanos, .. } = self.samples[slot(self.oldest)];
        let at = self.in_order[..held].partition_point(|held| *held < nanos);
        self.in_order.copy_within(at + 1..held, at);
        self.oldest += 1;
    }
}

/// Where in the ring the sample of this number is.
const fn slot(number: u64) -> usize {
    (number % CAPACITY as u64) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn echo(sent_ms: u64, held_ms: u32) -> StateEcho {
        StateEcho { cart_sent_at: Time::from_millis(sent_ms), held_us: held_ms * 1_000 }
    }

    #[test]
    fn the_median_is_without_the_time_the_console_kept_the_echo() {
        let mut trip = RoundTrip::new();
        for n in 0..100 {
            trip.record(Time::from_millis(1_000 + 4 * n), &echo(1_000 + 4 * n - 57, 7));
        }
        assert_eq!(trip.median(Time::from_millis(1_400)), Some(Duration::from_millis(50)));
    }

    #[test]
    fn a_few_slow_ones_do_not_move_it() {
        let mut trip = RoundTrip::new();
        for n in 0..100 {
            let slow = if n % 3 == 0 { 400 } else { 20 };
            trip.record(Time::from_millis(1_000 + 4 * n), &echo(1_000 + 4 * n - slow, 0));
        }
        assert_eq!(trip.median(Time::from_millis(1_400)), Some(Duration::from_millis(20)));
    }

    #[test]
    fn a_silent_link_has_no_round_trip() {
        let mut trip = RoundTrip::new();
        assert_eq!(trip.median(Time::ZERO), None);
        for n in 0..9 {
            trip.record(Time::from_millis(100 + 4 * n), &echo(80 + 4 * n, 0));
        }
        assert_eq!(trip.median(Time::from_millis(140)), None, "nine samples are no median");
        trip.record(Time::from_millis(136), &echo(116, 0));
        assert_eq!(trip.median(Time::from_millis(140)), Some(Duration::from_millis(20)));
        assert_eq!(trip.median(Time::from_millis(1_200)), None, "all are older than a second");
    }

    #[test]
    fn what_comes_at_the_least_spacing_and_was_held_for_the_longest_time_counts() {
        let mut trip = RoundTrip::new();
        for n in 0..LEAST_SAMPLES as u32 {
            let arrived = Time::from_millis(5_000) + SPACING * n;
            let cart_sent_at = Time::from_nanos(arrived.as_nanos() - 1_020_000_000);
            assert_eq!(trip.median(arrived), None);
            trip.record(arrived, &StateEcho { cart_sent_at, held_us: 1_000_000 });
        }
        assert_eq!(trip.median(Time::from_millis(5_040)), Some(Duration::from_millis(20)));
    }

    #[test]
    fn another_console_begins_anew_and_what_was_said_wrong_stays_said() {
        let mut trip = RoundTrip::new();
        trip.record(Time::from_millis(100), &echo(101, 0));
        (0..20).for_each(|n| trip.record(Time::from_millis(200 + 4 * n), &echo(150 + 4 * n, 0)));
        trip.reset();
        assert_eq!((trip.median(Time::from_millis(300)), trip.implausible()), (None, 1));
    }

    #[test]
    fn it_follows_a_change_within_a_second() {
        let mut trip = RoundTrip::new();
        for n in 0..2_000u64 {
            let way = if n < 1_000 { 30 } else { 210 };
            trip.record(Time::from_millis(1_000 + 2 * n), &echo(1_000 + 2 * n - way, 0));
        }
        assert_eq!(trip.median(Time::from_millis(5_000)), Some(Duration::from_millis(210)));
    }

    #[test]
    fn it_looks_at_the_whole_second_however_fast_commands_come() {
        let mut trip = RoundTrip::new();
        for n in 0..2_000u64 {
            let way = if n < 1_600 { 30 } else { 210 };
            trip.record(Time::from_millis(1_000 + n), &echo(1_000 + n - way, 0));
        }
        assert_eq!(trip.median(Time::from_millis(3_000)), Some(Duration::from_millis(30)), "0.6 of the last second");
    }

    #[test]
    fn lies_are_counted_and_ignored() {
        let mut trip = RoundTrip::new();
        trip.record(Time::from_millis(100), &echo(101, 0));
        trip.record(Time::from_millis(100), &echo(90, 11));
        assert_eq!(trip.implausible(), 2);
        trip.record(Time::from_millis(9_000), &StateEcho { cart_sent_at: Time::ZERO, held_us: 5_000_000 });
        assert_eq!(trip.kept, 0, "an old state says nothing of the link now");
    }

    proptest! {
        #[test]
        fn it_is_the_median_of_what_arrived_in_the_last_second(
            echoes in prop::collection::vec((4..40u64, 0..300u64), 1..600),
            after in 0..1_500u64,
        ) {
            let mut trip = RoundTrip::new();
            let (mut millis, mut seen) = (1_000, Vec::new());
            for (gap, round_trip) in echoes {
                millis += gap;
                trip.record(Time::from_millis(millis), &echo(millis - round_trip, 0));
                seen.push((millis, round_trip));
                for now in [millis, millis + after] {
                    let recent = seen.iter().filter(|(at, _)| now - at <= 1_000).map(|(_, round_trip)| *round_trip);
                    let mut recent: Vec<u64> = recent.collect();
                    recent.sort_unstable();
                    let median = (recent.len() >= LEAST_SAMPLES).then(|| Duration::from_millis(recent[recent.len() / 2]));
                    prop_assert_eq!(trip.clone().median(Time::from_millis(now)), median);
                }
                prop_assert_eq!(trip.median(Time::from_millis(millis)).is_some(), trip.held() >= LEAST_SAMPLES);
            }
        }

        #[test]
        fn no_echo_panics_or_gives_more_than_the_time_since_the_clock_started(
            echoes in prop::collection::vec((any::<u64>(), any::<u64>(), any::<u32>()), 0..400),
            now in any::<u64>(),
        ) {
            let mut trip = RoundTrip::new();
            let mut latest = 0;
            for (arrived, sent, held_us) in echoes {
                latest = latest.max(arrived);
                trip.record(Time::from_nanos(arrived), &StateEcho { cart_sent_at: Time::from_nanos(sent), held_us });
            }
            if let Some(median) = trip.median(Time::from_nanos(now)) {
                prop_assert!(median.as_nanos() <= u128::from(latest));
            }
        }
    }
}
