//! Wall time, for people.

use std::time::{SystemTime, UNIX_EPOCH};

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// A millisecond, ns.
const MILLISECOND: u32 = 1_000_000;

/// Wall time as RFC 3339 to the millisecond, UTC; empty for a time no calendar has.
pub fn wall_time(at: SystemTime) -> String {
    let since = at.duration_since(UNIX_EPOCH).ok().and_then(|since| time::Duration::try_from(since).ok());
    let at = since.and_then(|since| OffsetDateTime::UNIX_EPOCH.checked_add(since));
    let whole = |at: OffsetDateTime| at.replace_nanosecond(at.nanosecond() / MILLISECOND * MILLISECOND).ok();
    at.and_then(whole).and_then(|at| at.format(&Rfc3339).ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_time_is_written_to_the_millisecond() {
        assert_eq!(wall_time(UNIX_EPOCH + Duration::from_micros(1_795_352_966_120_999)), "2026-11-22T13:09:26.12Z");
        assert_eq!(wall_time(UNIX_EPOCH), "1970-01-01T00:00:00Z");
        assert_eq!(wall_time(UNIX_EPOCH + Duration::from_secs(1 << 61)), "");
    }
}
