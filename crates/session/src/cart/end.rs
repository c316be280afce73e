//! Everything the cart's real-time thread learns from a command besides its content.

use std::time::Duration;

use farprobe_geom::Time;
use farprobe_proto::{Command, Epoch};

use super::{AgeLimit, CommandInbox, LinkGate, LinkQuality, LinkVerdict, Reason, RoundTrip, Verdict};

/// The cart's end of the command channel: the inbox, the round trip and the link quality, fed by one call.
///
/// Real-time: no allocation, no lock, no panic; memory is fixed (about 8 kB).
#[derive(Debug, Clone)]
pub struct CartEnd {
    inbox: CommandInbox,
    round_trip: RoundTrip,
    quality: LinkQuality,
}

impl CartEnd {
    /// An end without a lease in force.
    pub const fn new(limit: AgeLimit) -> Self {
        Self {
            inbox: CommandInbox::new(limit),
            round_trip: RoundTrip::new(),
            quality: LinkQuality::new(LinkGate::new(limit)),
        }
    }

    /// Puts another lease in force, or none. Everything measured of the holder before is forgotten.
    pub fn set_epoch(&mut self, epoch: Option<Epoch>) {
        if self.inbox.epoch() != epoch {
            self.inbox.set_epoch(epoch);
            self.round_trip.reset();
            self.quality.reset();
        }
    }

    /// Judges a command that arrived at `arrived`, cart clock. Only a [`Verdict::Fresh`] one may be used.
    pub fn receive(&mut self, arrived: Time, command: &Command) -> Verdict {
        let verdict = self.inbox.receive(arrived, command);
        match verdict {
            Verdict::Fresh | Verdict::Refused(Reason::Late) => {
                self.quality.record(arrived, command.sequence, self.inbox.last_excess());
                if let Some(echo) = &command.echo {
                    self.round_trip.record(arrived, echo);
                }
            }
            // Overtaken on the way: no loss. Its echo is older than one already measured.
            Verdict::Refused(Reason::Old) => self.quality.record(arrived, command.sequence, None),
            // Not of this session: it says nothing of the holder's link.
            Verdict::Refused(Reason::Epoch | Reason::Jump | Reason::Closed) => {}
        }
        verdict
    }

    /// Counts a datagram of the holder that was no message at all.
    pub fn count_malformed(&mut self) {
        self.inbox.count_malformed();
    }

    /// The inbox with its counters.
    pub const fn inbox(&self) -> &CommandInbox {
        &self.inbox
    }

    /// The median round trip of the last second; `None` while too little is known, which is as good as "too long".
    pub fn round_trip(&mut self, now: Time) -> Option<Duration> {
        self.round_trip.median(now)
    }

    /// Whether driving may begin.
    pub fn link(&self, now: Time) -> LinkVerdict {
        self.quality.verdict(now)
    }

    /// Commands lost in the last two seconds, ‰ of those sent.
    pub fn loss_permille(&self, now: Time) -> u32 {
        self.quality.loss_permille(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::command;
    use farprobe_proto::StateEcho;

    const EPOCH: Epoch = Epoch(3);

    fn driven(seconds: u64) -> (CartEnd, Time, u64) {
        let mut end = CartEnd::new(AgeLimit::DEFAULT);
        end.set_epoch(Some(EPOCH));
        let (mut arrived, mut sequence) = (Time::ZERO, 0);
        while sequence < seconds * 500 {
            sequence += 1;
            arrived = Time::from_millis(100 + 2 * sequence);
            let mut command = command(EPOCH, sequence, Time::from_millis(70 + 2 * sequence));
            command.echo = Some(StateEcho { cart_sent_at: Time::from_millis(30 + 2 * sequence), held_us: 10_000 });
            assert_eq!(end.receive(arrived, &command), Verdict::Fresh);
        }
        (end, arrived, sequence)
    }

    #[test]
    fn a_good_session_has_a_round_trip_and_a_green_link() {
        let (mut end, now, _) = driven(3);
        assert_eq!(end.round_trip(now), Some(Duration::from_millis(60)));
        assert_eq!(end.link(now), LinkVerdict::Green);
        assert_eq!(end.loss_permille(now), 0);
    }

    #[test]
    fn what_is_lost_and_what_is_no_message_is_counted() {
        let (mut end, mut now, sequence) = driven(3);
        for n in (sequence + 1..=sequence + 500).step_by(2) {
            now = Time::from_millis(100 + 2 * n);
            end.receive(now, &command(EPOCH, n, Time::from_millis(70 + 2 * n)));
            end.count_malformed();
        }
        // A second of two in which every other one is missing.
        assert!((235..=265).contains(&end.loss_permille(now)), "{} ‰", end.loss_permille(now));
        assert_eq!(end.inbox().refused().malformed, 250);
    }

    #[test]
    fn another_lease_starts_from_nothing() {
        let (mut end, now, sequence) = driven(3);
        end.set_epoch(Some(EPOCH));
        assert_eq!(end.link(now), LinkVerdict::Green, "the same lease changes nothing");
        end.set_epoch(Some(Epoch(4)));
        assert_ne!(end.link(now), LinkVerdict::Green);
        assert_eq!(end.round_trip(now), None);
        let replayed = command(EPOCH, sequence + 1, now);
        assert_eq!(end.receive(now, &replayed), Verdict::Refused(Reason::Epoch));
    }

    #[test]
    fn replays_move_neither_the_round_trip_nor_the_loss() {
        let (mut end, now, sequence) = driven(3);
        for n in 1..=sequence {
            let mut replay = command(EPOCH, n, Time::from_millis(70 + 2 * n));
            replay.echo = Some(StateEcho { cart_sent_at: Time::ZERO, held_us: 0 });
            assert_eq!(end.receive(now, &replay), Verdict::Refused(Reason::Old));
        }
        assert_eq!(end.round_trip(now), Some(Duration::from_millis(60)));
        assert_eq!(end.link(now), LinkVerdict::Green);
    }
}
