//! Percentiles of a whole session in fixed memory.

use std::time::Duration;

/// Every power of two is divided into this many steps, so a percentile is off by less than 1 %.
const STEPS: usize = 128;
const STEP_BITS: u32 = STEPS.trailing_zeros();
/// Values are kept in µs up to 2^27 µs, 134 s; longer ones count as that.
const MAX_BITS: u32 = 27;
/// Values below `STEPS` µs are kept exactly, the others by their leading eight bits.
const BUCKETS: usize = STEPS * (MAX_BITS - STEP_BITS + 1) as usize;

/// How a latency was spread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LatencySnapshot {
    /// How many samples there are; at least one.
    pub samples: u64,
    /// Their mean.
    pub mean: Duration,
    /// Half of them are no longer.
    pub p50: Duration,
    /// 90 % of them are no longer.
    pub p90: Duration,
    /// 95 % of them are no longer.
    pub p95: Duration,
    /// 99 % of them are no longer.
    pub p99: Duration,
    /// 99.9 % of them are no longer.
    pub p999: Duration,
    /// The longest.
    pub max: Duration,
}

/// Counts durations in logarithmic buckets.
///
/// Written here because it must not fail: a histogram whose construction and recording return errors would put an
/// impossible case at each of its callers.
#[derive(Debug, Clone)]
pub(super) struct Histogram {
    counts: Vec<u64>,
    samples: u64,
    total: Duration,
    max: Duration,
}

impl Histogram {
    pub(super) fn new() -> Self {
        Self { counts: vec![0; BUCKETS], samples: 0, total: Duration::ZERO, max: Duration::ZERO }
    }

    pub(super) fn record(&mut self, value: Duration) {
        self.counts[bucket(value)] += 1;
        self.samples += 1;
        self.total = self.total.saturating_add(value);
        self.max = self.max.max(value);
    }

    pub(super) fn snapshot(&self) -> Option<LatencySnapshot> {
        let mean_nanos = self.total.as_nanos().checked_div(u128::from(self.samples))?;
        Some(LatencySnapshot {
            samples: self.samples,
            mean: Duration::from_nanos(u64::try_from(mean_nanos).unwrap_or(u64::MAX)),
            p50: self.percentile(500),
            p90: self.percentile(900),
            p95: self.percentile(950),
            p99: self.percentile(990),
            p999: self.percentile(999),
            max: self.max,
        })
    }

    /// The smallest bucket's upper end that `permille` of the samples do not pass, but never more than the longest sample.
    fn percentile(&self, permille: u64) -> Duration {
        let rank = rank(self.samples, permille);
        let mut seen = 0;
        for (index, count) in self.counts.iter().enumerate() {
            seen += count;
            if seen >= rank {
                return upper_end(index).min(self.max);
            }
        }
        self.max
    }
}

/// Which of `samples` sorted values is the percentile, counted from 1: the nearest rank.
fn rank(samples: u64, permille: u64) -> u64 {
    (u128::from(samples) * u128::from(permille)).div_ceil(1000) as u64
}

/// The spread of a few durations, exactly. Sorts them.
pub(super) fn exact(values: &mut [Duration]) -> Option<LatencySnapshot> {
    values.sort_unstable();
    let samples = values.len() as u64;
    let max = *values.last()?;
    let at = |permille| values.get((rank(samples, permille).saturating_sub(1)) as usize).copied().unwrap_or(max);
    let total: Duration = values.iter().sum();
    let mean = total.checked_div(u32::try_from(samples).ok()?)?;
    let [p50, p90, p95, p99, p999] = [500, 900, 950, 990, 999].map(at);
    Some(LatencySnapshot { samples, mean, p50, p90, p95, p99, p999, max })
}

fn bucket(value: Duration) -> usize {
    let micros = u64::try_from(value.as_micros()).unwrap_or(u64::MAX).min((1 << MAX_BITS) - 1);
    let exponent = (u64::BITS - micros.leading_zeros()).saturating_sub(STEP_BITS + 1);
    // Exponent 0 is two linear runs of STEPS; each further one is the upper half of its power of two.
    (micros >> exponent) as usize + STEPS * exponent as usize
}

fn upper_end(index: usize) -> Duration {
    let exponent = (index / STEPS).saturating_sub(1) as u32;
    let leading = (index - STEPS * exponent as usize) as u64;
    Duration::from_nanos((((leading + 1) << exponent) * 1_000).saturating_sub(1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn nothing_has_no_spread() {
        assert_eq!(Histogram::new().snapshot(), None);
        assert_eq!(exact(&mut []), None);
    }

    #[test]
    fn every_duration_has_its_bucket() {
        let mut last = 0;
        for micros in (0..100_000).chain((100_000..1 << 27).step_by(997)) {
            let index = bucket(Duration::from_micros(micros));
            assert!(index == last || index == last + 1 || micros > 100_000, "{micros} µs: {last} then {index}");
            assert!(upper_end(index) >= Duration::from_micros(micros), "{micros} µs in {index}");
            last = index;
        }
        assert_eq!(bucket(Duration::MAX), BUCKETS - 1);
    }

    #[test]
    fn an_outlier_of_a_century_is_the_longest_and_nothing_else() {
        let mut histogram = Histogram::new();
        (0..200).for_each(|_| histogram.record(Duration::from_millis(10)));
        histogram.record(Duration::from_hours(876_000));
        let snapshot = histogram.snapshot().unwrap();
        assert_eq!(snapshot.max, Duration::from_hours(876_000));
        assert!(snapshot.p99 < Duration::from_micros(10_100), "{snapshot:?}");
    }

    #[test]
    fn percentiles_are_nearest_ranks() {
        let mut values: Vec<_> = (1..=2_000).map(Duration::from_millis).collect();
        let seen = exact(&mut values).unwrap();
        let ranks = [seen.p50, seen.p90, seen.p95, seen.p99, seen.p999, seen.max].map(|rank| rank.as_millis());
        assert_eq!(ranks, [1_000, 1_800, 1_900, 1_980, 1_998, 2_000]);
    }

    proptest! {
        #[test]
        fn a_percentile_is_less_than_one_percent_too_long(mut micros in prop::collection::vec(0..50_000_000u64, 1..300)) {
            let mut histogram = Histogram::new();
            for us in &micros {
                histogram.record(Duration::from_micros(*us));
            }
            let mut values: Vec<_> = micros.drain(..).map(Duration::from_micros).collect();
            let (coarse, fine) = (histogram.snapshot().unwrap(), exact(&mut values).unwrap());
            prop_assert_eq!((coarse.samples, coarse.max, coarse.mean), (fine.samples, fine.max, fine.mean));
            for (coarse, fine) in [
                (coarse.p50, fine.p50),
                (coarse.p90, fine.p90),
                (coarse.p95, fine.p95),
                (coarse.p99, fine.p99),
                (coarse.p999, fine.p999),
            ] {
                prop_assert!(coarse >= fine && coarse.as_secs_f64() <= fine.as_secs_f64() * 1.01 + 1e-6);
            }
        }
    }
}
