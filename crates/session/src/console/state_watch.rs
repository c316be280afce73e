//! Whether the cart is still heard.

use std::time::Duration;

use farprobe_geom::Time;
use farprobe_proto::State;

use crate::minimum::{RollingMinimum, transit};

/// A state older than this opens the clutch: the operator would press against a force that is not shown (reliability L2).
/// Sixty states; well below the half second after which a person notices, well above the jitter of a wireless link.
pub const STATE_TIMEOUT: Duration = Duration::from_millis(250);

/// Whether the cart is heard. Only [`Downlink::Alive`] may be steered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Downlink {
    /// No state has come yet.
    Waiting,
    /// The newest state is recent.
    Alive,
    /// The newest state is older than [`STATE_TIMEOUT`]: the console opens its clutch.
    Silent,
}

#[derive(Debug, Clone, Copy)]
struct Newest {
    sequence: u64,
    arrived: Time,
    excess: Duration,
}

/// Watches the states of one connection, at the console.
///
/// Commands may still arrive at the cart while nothing comes back (one-way loss): the cart cannot see that, the console can.
#[derive(Debug, Clone)]
pub struct StateWatch {
    newest: Option<Newest>,
    first_sequence: u64,
    received: u64,
    transit: RollingMinimum,
}

impl Default for StateWatch {
    fn default() -> Self {
        Self::new()
    }
}

impl StateWatch {
    /// Nothing heard yet.
    pub const fn new() -> Self {
        Self { newest: None, first_sequence: 0, received: 0, transit: RollingMinimum::new() }
    }

    /// Takes a state that arrived at `arrived`, console clock. Gives whether it is the newest; an older one is not to be
    /// shown.
    pub fn record(&mut self, arrived: Time, state: &State) -> bool {
        if self.newest.is_some_and(|newest| state.sequence <= newest.sequence) {
            return false;
        }
        if self.newest.is_none() {
            self.first_sequence = state.sequence;
        }
        let transit = transit(arrived, state.sampled_at);
        let least = self.transit.record(arrived, transit);
        let excess = Duration::from_nanos(transit.saturating_sub(least).unsigned_abs());
        self.newest = Some(Newest { sequence: state.sequence, arrived, excess });
        self.received = self.received.saturating_add(1);
        true
    }

    /// How old the newest state is at `now`, console clock: since it arrived, and what it was under way longer than the
    /// fastest of the last 10 s. `None` before the first.
    pub fn age(&self, now: Time) -> Option<Duration> {
        self.newest.map(|newest| now.saturating_since(newest.arrived) + newest.excess)
    }

    /// Whether the cart is heard at `now`, console clock.
    pub fn downlink(&self, now: Time) -> Downlink {
        match self.age(now) {
            None => Downlink::Waiting,
            Some(age) if age <= STATE_TIMEOUT => Downlink::Alive,
            Some(_) => Downlink::Silent,
        }
    }

    /// States received, each newer than the one before.
    pub const fn received(&self) -> u64 {
        self.received
    }

    /// States that were lost, or overtaken and so of no use.
    pub fn lost(&self) -> u64 {
        let sent = self.newest.map_or(0, |newest| (newest.sequence - self.first_sequence).saturating_add(1));
        sent.saturating_sub(self.received)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::state;

    #[test]
    fn silence_is_noticed_after_250_ms() {
        let mut watch = StateWatch::new();
        assert_eq!(watch.downlink(Time::from_millis(9_000)), Downlink::Waiting);
        for n in 1..=100 {
            assert!(watch.record(Time::from_millis(4 * n + 30), &state(n, Time::from_millis(4 * n))));
        }
        assert_eq!(watch.downlink(Time::from_millis(430 + 250)), Downlink::Alive);
        assert_eq!(watch.downlink(Time::from_millis(430 + 251)), Downlink::Silent);
        assert!(watch.record(Time::from_millis(1_000), &state(200, Time::from_millis(970))));
        assert_eq!(watch.downlink(Time::from_millis(1_000)), Downlink::Alive);
        assert_eq!((watch.received(), watch.lost()), (101, 99));
    }

    #[test]
    fn states_out_of_a_queue_are_old_though_they_have_just_come() {
        let mut watch = StateWatch::new();
        watch.record(Time::from_millis(30), &state(1, Time::ZERO));
        watch.record(Time::from_millis(400), &state(2, Time::from_millis(4)));
        assert_eq!(watch.age(Time::from_millis(410)), Some(Duration::from_millis(376)));
        assert_eq!(watch.downlink(Time::from_millis(410)), Downlink::Silent);
    }

    #[test]
    fn an_older_state_is_not_to_be_shown() {
        let mut watch = StateWatch::new();
        assert!(watch.record(Time::from_millis(30), &state(5, Time::ZERO)));
        assert!(!watch.record(Time::from_millis(31), &state(5, Time::ZERO)));
        assert!(!watch.record(Time::from_millis(32), &state(4, Time::ZERO)));
        assert_eq!((watch.received(), watch.lost()), (1, 0));
    }

    #[test]
    fn the_whole_count_fits() {
        let mut watch = StateWatch::new();
        watch.record(Time::ZERO, &state(0, Time::ZERO));
        watch.record(Time::from_millis(1), &state(u64::MAX, Time::ZERO));
        assert_eq!(watch.lost(), u64::MAX - 2);
    }
}
