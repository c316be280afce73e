//! Instants of one machine's monotonic clock.

use core::ops::Add;
use core::time::Duration;

use serde::{Deserialize, Serialize};

/// An instant of a monotonic clock, in nanoseconds since that clock's own start.
///
/// Instants of two machines can't be compared without the offset that `farprobe-session` estimates; a function that takes
/// the peer's time says so. 64 bits of nanoseconds last 584 years.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct Time(u64);

impl Time {
    /// The clock's start.
    pub const ZERO: Self = Self(0);

    /// The instant `nanos` nanoseconds after the clock's start.
    pub const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    /// The instant `millis` milliseconds after the clock's start.
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis.saturating_mul(1_000_000))
    }

    /// Nanoseconds since the clock's start.
    #[inline]
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// Seconds since the clock's start.
    #[inline]
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 * 1e-9
    }

    /// How long after `earlier` this instant is, or `None` if it is before it.
    #[inline]
    pub fn since(self, earlier: Self) -> Option<Duration> {
        self.0.checked_sub(earlier.0).map(Duration::from_nanos)
    }

    /// How long after `earlier` this instant is; zero if it is before it.
    ///
    /// Only for ages that are compared with a bound, where "in the future" and "now" mean the same.
    #[inline]
    pub fn saturating_since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }

    /// Signed nanoseconds from `other` to this instant, for offsets between the clocks of two machines.
    #[inline]
    pub fn signed_nanos_since(self, other: Self) -> i64 {
        self.0.wrapping_sub(other.0).cast_signed()
    }
}

impl Add<Duration> for Time {
    type Output = Self;

    /// Saturates at the end of the clock, 584 years after its start.
    #[inline]
    fn add(self, span: Duration) -> Self {
        let nanos = u64::try_from(span.as_nanos()).unwrap_or(u64::MAX);
        Self(self.0.saturating_add(nanos))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_earlier_instant_is_not_after_a_later_one() {
        let (early, late) = (Time::from_millis(3), Time::from_millis(5));
        assert_eq!(late.since(early), Some(Duration::from_millis(2)));
        assert_eq!(early.since(late), None);
        assert_eq!(early.saturating_since(late), Duration::ZERO);
        assert_eq!(early.signed_nanos_since(late), -2_000_000);
    }

    #[test]
    fn the_end_of_the_clock_saturates() {
        assert_eq!(Time::from_nanos(u64::MAX) + Duration::MAX, Time::from_nanos(u64::MAX));
    }
}
