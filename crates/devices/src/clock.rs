//! The one clock of a program.

use std::time::Instant;

use farprobe_geom::Time;
use rustix::thread::clock_nanosleep_absolute;
use rustix::time::{ClockId, Timespec, clock_gettime};

const NANOS_PER_SECOND: u64 = 1_000_000_000;

/// `CLOCK_MONOTONIC` of this machine: the same instant reads the same in every thread of every program on it, which lets a
/// loopback benchmark check the clock estimate against the truth.
#[derive(Debug, Clone, Copy, Default)]
pub struct MonotonicClock;

impl MonotonicClock {
    /// Now.
    pub fn now(self) -> Time {
        let now = clock_gettime(ClockId::Monotonic);
        Time::from_nanos(now.tv_sec.cast_unsigned() * NANOS_PER_SECOND + now.tv_nsec.cast_unsigned())
    }

    /// Sleeps until `time`, or not at all if it has passed.
    pub fn sleep_until(self, time: Time) {
        // Interrupted by a signal: sleep on.
        while clock_nanosleep_absolute(ClockId::Monotonic, &self.timespec(time)).is_err() {}
    }

    /// `time` as the system's calls want it.
    pub fn timespec(self, time: Time) -> Timespec {
        let nanos = time.as_nanos();
        Timespec { tv_sec: (nanos / NANOS_PER_SECOND).cast_signed(), tv_nsec: (nanos % NANOS_PER_SECOND).cast_signed() }
    }

    /// `time` as the standard library wants it, for time-outs.
    pub fn instant(self, time: Time) -> Instant {
        let (now, at) = (self.now(), Instant::now());
        at + time.saturating_since(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_never_goes_back() {
        let first = MonotonicClock.now();
        let second = MonotonicClock.now();
        assert!(second >= first);
    }

    #[test]
    fn a_timespec_is_the_same_instant() {
        let spec = MonotonicClock.timespec(Time::from_nanos(3_000_000_007));
        assert_eq!((spec.tv_sec, spec.tv_nsec), (3, 7));
    }
}
