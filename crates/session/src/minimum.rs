//! Transit by two clocks, and its minimum over the last ten seconds in fixed memory.

use farprobe_geom::Time;

/// How long a value counts. Long enough to hold a transit that met no queue (a cell changes its schedule within seconds),
/// short enough that clocks that drift apart by 500 ppm cost at most 5 ms of a 50 ms limit (DESIGN §4).
const WINDOW_NANOS: u64 = 10_000_000_000;
/// The window moves in steps of this length, so a value counts for 10 to 10.5 s.
const BUCKET_NANOS: u64 = 500_000_000;
/// The whole window and the bucket being filled.
const BUCKETS: usize = (WINDOW_NANOS / BUCKET_NANOS) as usize + 1;

/// The smallest value recorded in the last 10 s.
///
/// Silence does not empty the window: when everything has aged out, the last minimum is carried into the present and ages
/// from there. Otherwise the first command out of a queue that was stuck for longer than the window would be compared with
/// nothing but itself, and pass.
#[derive(Debug, Clone)]
pub(crate) struct RollingMinimum {
    buckets: [Option<i64>; BUCKETS],
    /// The number of the bucket being filled, counted from the clock's start; `None` before the first value.
    head: Option<u64>,
}

impl RollingMinimum {
    pub(crate) const fn new() -> Self {
        Self { buckets: [None; BUCKETS], head: None }
    }

    /// Takes a value at `now` and gives the minimum with it. An instant before the last one counts as the last one.
    pub(crate) fn record(&mut self, now: Time, value: i64) -> i64 {
        let number = now.as_nanos() / BUCKET_NANOS;
        let head = self.head.map_or(number, |head| self.advance(head, number));
        self.head = Some(head);
        let slot = &mut self.buckets[(head % BUCKETS as u64) as usize];
        *slot = Some(slot.map_or(value, |least| least.min(value)));
        self.least().unwrap_or(value)
    }

    /// Clears the buckets that have aged out on the way from bucket `head` to bucket `number`.
    fn advance(&mut self, head: u64, number: u64) -> u64 {
        let steps = number.saturating_sub(head);
        if steps >= BUCKETS as u64 {
            let carried = self.least();
            self.buckets = [None; BUCKETS];
            self.buckets[(number % BUCKETS as u64) as usize] = carried;
            return number;
        }
        for step in 1..=steps {
            self.buckets[((head + step) % BUCKETS as u64) as usize] = None;
        }
        head + steps
    }

    fn least(&self) -> Option<i64> {
        self.buckets.iter().flatten().min().copied()
    }
}

/// The transit by two clocks, ns: from `stamp` (the peer's clock) to `local`, off by their unknown offset. Clamped to 64 bits: a stamp from the far end of the clock must
/// not wrap into a plausible transit.
pub(crate) fn transit(local: Time, stamp: Time) -> i64 {
    let nanos = i128::from(local.as_nanos()) - i128::from(stamp.as_nanos());
    nanos.clamp(i128::from(i64::MIN), i128::from(i64::MAX)) as i64
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_value_counts_for_ten_seconds_and_then_ages_out() {
        let mut window = RollingMinimum::new();
        window.record(Time::from_millis(0), -7);
        for millis in (100..=10_000).step_by(100) {
            assert_eq!(window.record(Time::from_millis(millis), 5), -7, "at {millis} ms");
        }
        assert_eq!(window.record(Time::from_millis(10_500), 5), 5);
    }

    #[test]
    fn silence_carries_the_last_minimum_into_the_present() {
        let mut window = RollingMinimum::new();
        window.record(Time::from_millis(0), -7);
        assert_eq!(window.record(Time::from_millis(60_000), 5), -7);
        for millis in (60_100..=70_000).step_by(100) {
            assert_eq!(window.record(Time::from_millis(millis), 5), -7);
        }
        assert_eq!(window.record(Time::from_millis(70_500), 5), 5);
    }

    #[test]
    fn the_end_of_the_clock_is_no_special_place() {
        let mut window = RollingMinimum::new();
        assert_eq!(window.record(Time::from_nanos(u64::MAX - 1), 3), 3);
        assert_eq!(window.record(Time::from_nanos(u64::MAX), 4), 3);
        assert_eq!(window.record(Time::ZERO, 5), 3);
    }

    proptest! {
        /// The window never forgets a value within 10 s, and never keeps one beyond 10.5 s while values keep coming.
        #[test]
        fn it_lies_between_the_minima_of_ten_and_of_ten_and_a_half_seconds(
            values in prop::collection::vec((1..400u64, -1000..1000i64), 1..200),
        ) {
            let mut window = RollingMinimum::new();
            let mut seen: Vec<(u64, i64)> = Vec::new();
            let mut millis = 0;
            for (gap, value) in values {
                millis += gap;
                seen.push((millis, value));
                let least = window.record(Time::from_millis(millis), value);
                let of_last = |span: u64| seen.iter().filter(|(at, _)| millis - at <= span).map(|(_, v)| *v).min();
                prop_assert!(Some(least) <= of_last(10_000));
                prop_assert!(Some(least) >= of_last(10_500));
            }
        }
    }
}
