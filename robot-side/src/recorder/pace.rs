//! How well the real-time loop keeps time.

use std::fmt;

use farprobe_proto::RtLoopReport;
use hdrhistogram::{CreationError, Histogram};

use crate::rt::{PERIOD, Tick};

/// Histograms reach to ten seconds, in ns; longer is counted as that.
pub(super) const LONGEST_NS: u64 = 10_000_000_000;

/// Significant digits of the histograms: a thousandth is finer than any promise made here.
pub(super) const DIGITS: u8 = 3;

/// Counts ticks and measures their cost and lateness.
#[derive(Debug)]
pub(super) struct Pace {
    ticks: u64,
    overruns: u64,
    /// Ticks missing since the last reset.
    lost: u64,
    /// What the last tick said was missing since the thread began.
    lost_before: Option<u64>,
    step: Histogram<u64>,
    lateness: Histogram<u64>,
}

impl Pace {
    pub(super) fn new() -> Result<Self, CreationError> {
        let histogram = || Histogram::new_with_max(LONGEST_NS, DIGITS);
        Ok(Self { ticks: 0, overruns: 0, lost: 0, lost_before: None, step: histogram()?, lateness: histogram()? })
    }

    /// Ticks missing since the last reset.
    pub(super) fn lost(&self) -> u64 {
        self.lost
    }

    pub(super) fn reset(&mut self) {
        self.ticks = 0;
        self.overruns = 0;
        self.lost = 0;
        self.step.reset();
        self.lateness.reset();
    }

    pub(super) fn add(&mut self, tick: &Tick) {
        self.ticks += 1;
        // What was missing before the first tick seen is nobody's loss here.
        let before = self.lost_before.replace(tick.lost_before).unwrap_or(tick.lost_before);
        self.lost += tick.lost_before.saturating_sub(before);
        self.overruns += u64::from(u128::from(tick.lateness_ns) > PERIOD.as_nanos());
        self.step.saturating_record(tick.step_ns);
        self.lateness.saturating_record(tick.lateness_ns);
    }

    /// The figures of a report; `realtime_scheduling` says whether the thread got what it asked the system for.
    pub(super) fn report(&self, realtime_scheduling: bool) -> RtLoopReport {
        RtLoopReport {
            ticks: self.ticks,
            overruns: self.overruns,
            step_us_p50: microseconds(&self.step, 0.5),
            step_us_p999: microseconds(&self.step, 0.999),
            lateness_us_p99: microseconds(&self.lateness, 0.99),
            realtime_scheduling,
            ticks_lost: self.lost,
        }
    }
}

fn microseconds(histogram: &Histogram<u64>, quantile: f64) -> f64 {
    histogram.value_at_quantile(quantile) as f64 / 1e3
}

impl fmt::Display for Pace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} ticks, {} overruns, {} not recorded, step p50 {:.1} µs, p99.9 {:.1} µs, lateness p99 {:.1} µs, max {:.1} µs",
            self.ticks,
            self.overruns,
            self.lost,
            microseconds(&self.step, 0.5),
            microseconds(&self.step, 0.999),
            microseconds(&self.lateness, 0.99),
            self.lateness.max() as f64 / 1e3,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rt::testing::tick;

    #[test]
    fn a_tick_more_than_a_period_late_is_an_overrun() {
        let mut pace = Pace::new().unwrap();
        for lateness_ns in [0, 999_999, 1_000_000, 1_000_001, u64::MAX] {
            pace.add(&Tick { lateness_ns, step_ns: 20_000, ..tick(0) });
        }
        let report = pace.report(true);
        assert_eq!((report.ticks, report.overruns), (5, 2));
        assert!((report.step_us_p50 - 20.0).abs() < 0.1, "{pace}");
        pace.reset();
        assert_eq!(pace.report(true).ticks, 0);
    }

    #[test]
    fn lost_ticks_are_counted_once_each_and_from_the_reset_on() {
        let mut pace = Pace::new().unwrap();
        for lost_before in [0, 0, 3, 3, 5] {
            pace.add(&Tick { lost_before, ..tick(0) });
        }
        assert_eq!(pace.report(true).ticks_lost, 5);
        pace.reset();
        for lost_before in [5, 6] {
            pace.add(&Tick { lost_before, ..tick(0) });
        }
        assert_eq!((pace.report(true).ticks_lost, pace.report(true).ticks), (1, 2));
    }
}
