//! How often a key picture is asked for.

use std::time::Duration;

use farprobe_geom::Time;

/// The least time between two requests. A key picture is about five times as large as another: asked for with every broken
/// picture, a weak line would carry nothing else. Long enough for one round trip (350 ms is the most one may drive by).
const MIN_INTERVAL: Duration = Duration::from_millis(250);

/// Spaces out the requests for key pictures.
#[derive(Debug, Default)]
pub(crate) struct KeyRequests {
    last: Option<Time>,
}

impl KeyRequests {
    /// Whether to ask now, given whether a key picture is wanted.
    pub(crate) fn ask(&mut self, wanted: bool, now: Time) -> bool {
        let due = wanted && self.last.is_none_or(|last| now >= last + MIN_INTERVAL);
        if due {
            self.last = Some(now);
        }
        due
    }

    /// When to call again, given whether a key picture is wanted.
    pub(crate) fn next_deadline(&self, wanted: bool) -> Option<Time> {
        self.last.filter(|_| wanted).map(|last| last + MIN_INTERVAL)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_keep_their_distance() {
        let mut requests = KeyRequests::default();
        let at = Time::from_millis;
        assert!(!requests.ask(false, at(0)));
        assert!(requests.ask(true, at(10)));
        assert!(!requests.ask(true, at(259)));
        assert_eq!(requests.next_deadline(true), Some(at(260)));
        assert_eq!(requests.next_deadline(false), None);
        assert!(requests.ask(true, at(260)));
    }
}
