//! How long a certificate is valid, and instants in words.

use std::time::{Duration, SystemTime};

use time::OffsetDateTime;

use super::IdentityError;

/// How far before its making a certificate becomes valid. Clocks of carts and desks differ by minutes where no time server is
/// reachable; without this a certificate made at one machine would be "not yet valid" at another.
pub const BACKDATING: Duration = Duration::from_hours(1);

const DAY: Duration = Duration::from_hours(24);

/// The span of wall-clock time in which a certificate counts. Both ends are inclusive, with a resolution of one second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Validity {
    not_before: SystemTime,
    not_after: SystemTime,
}

impl Validity {
    /// From `not_before` to `not_after`.
    ///
    /// Fractions of a second are cut off, as certificates do. Fails if the span is empty or lies outside the years 1950 to 9999, which certificates cannot express.
    pub fn between(not_before: SystemTime, not_after: SystemTime) -> Result<Self, IdentityError> {
        let whole = |instant: SystemTime| {
            let seconds = seconds_since_epoch(instant);
            let date = OffsetDateTime::from_unix_timestamp(seconds).ok()?;
            if (1950..=9999).contains(&date.year()) { from_seconds(seconds) } else { None }
        };
        match (whole(not_before), whole(not_after)) {
            (Some(not_before), Some(not_after)) if not_before < not_after => Ok(Self { not_before, not_after }),
            _ => Err(IdentityError::Validity),
        }
    }

    /// From an hour before `now` (see [`BACKDATING`]) for `days` days.
    pub fn days(now: SystemTime, days: u32) -> Result<Self, IdentityError> {
        let not_before = now.checked_sub(BACKDATING).ok_or(IdentityError::Validity)?;
        let not_after = now.checked_add(DAY * days).ok_or(IdentityError::Validity)?;
        Self::between(not_before, not_after)
    }

    /// The first instant at which the certificate is valid.
    pub const fn not_before(&self) -> SystemTime {
        self.not_before
    }

    /// The last instant at which the certificate is valid.
    pub const fn not_after(&self) -> SystemTime {
        self.not_after
    }

    /// Whether this span lies inside `outer`.
    pub fn is_within(&self, outer: &Self) -> bool {
        outer.not_before <= self.not_before && self.not_after <= outer.not_after
    }

    /// The part of this span that lies inside `outer`; `None` if there is none.
    pub fn clipped_to(&self, outer: &Self) -> Option<Self> {
        Self::between(self.not_before.max(outer.not_before), self.not_after.min(outer.not_after)).ok()
    }

    /// The span in words as seen at `now`, for example
    /// `from 22 November 2026 12:09 UTC to 22 November 2027 13:09 UTC (365 days left)`.
    pub fn in_words(&self, now: SystemTime) -> String {
        let state = if now < self.not_before {
            "not yet valid".to_owned()
        } else if let Ok(left) = self.not_after.duration_since(now) {
            let hours = left.as_secs().div_ceil(3600);
            if hours <= 48 { format!("{hours} hours left") } else { format!("{} days left", hours.div_ceil(24)) }
        } else {
            "expired".to_owned()
        };
        format!("from {} to {} ({state})", in_words(self.not_before), in_words(self.not_after))
    }
}

/// Whole seconds from the Unix epoch to `instant`, negative before it, rounded down.
fn seconds_since_epoch(instant: SystemTime) -> i64 {
    match instant.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(after) => i64::try_from(after.as_secs()).unwrap_or(i64::MAX),
        Err(before) => {
            let before = before.duration();
            let whole = i64::try_from(before.as_secs()).unwrap_or(i64::MAX);
            -whole - i64::from(before.subsec_nanos() > 0)
        }
    }
}

/// `instant` as certificates hold it. [`Validity::between`] has checked the range; outside it the epoch is given.
pub(crate) fn to_date(instant: SystemTime) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(seconds_since_epoch(instant)).unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

/// The instant `seconds` after the Unix epoch, or `None` if this machine cannot express it.
pub(crate) fn from_seconds(seconds: i64) -> Option<SystemTime> {
    let distance = Duration::from_secs(seconds.unsigned_abs());
    if seconds < 0 {
        SystemTime::UNIX_EPOCH.checked_sub(distance)
    } else {
        SystemTime::UNIX_EPOCH.checked_add(distance)
    }
}

/// An instant for people, in UTC and to the minute: `22 November 2026 13:09 UTC`.
pub(crate) fn in_words(instant: SystemTime) -> String {
    let date = to_date(instant);
    format!("{} {} {} {:02}:{:02} UTC", date.day(), date.month(), date.year(), date.hour(), date.minute())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(seconds: i64) -> SystemTime {
        from_seconds(seconds).unwrap()
    }

    #[test]
    fn words_name_the_date_and_what_is_left() {
        let now = at(1_795_352_967); // 2026-11-22 14:29:27 UTC
        let validity = Validity::days(now, 365).unwrap();
        let words = validity.in_words(now);
        assert!(words.starts_with("from 22 November 2026 "), "{words}");
        assert!(words.ends_with("(365 days left)"), "{words}");
        assert!(validity.in_words(at(0)).ends_with("(not yet valid)"));
        assert!(validity.in_words(at(4_000_000_000)).ends_with("(expired)"));
    }

    #[test]
    fn an_empty_or_inexpressible_span_is_refused() {
        assert!(Validity::between(at(10), at(10)).is_err());
        assert!(Validity::between(at(20), at(10)).is_err());
        assert!(Validity::between(at(-3_000_000_000), at(10)).is_err());
        assert!(Validity::between(at(10), at(400_000_000_000)).is_err());
    }

    proptest! {
        #[test]
        fn seconds_go_both_ways(seconds in -600_000_000_i64..250_000_000_000) {
            prop_assert_eq!(seconds_since_epoch(at(seconds)), seconds);
            prop_assert_eq!(to_date(at(seconds)).unix_timestamp(), seconds);
        }
    }
}
