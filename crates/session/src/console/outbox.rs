//! Numbers and stamps commands.

use std::time::Duration;

use farprobe_geom::{Anchor, Newton, Pose, Time, Twist};
use farprobe_proto::{Clutch, Command, Epoch, PictureReport, State, StateEcho};

/// The longest time a state is said to have been kept (see [`StateEcho::held_us`]).
const MAX_HELD: Duration = Duration::from_hours(1);

/// What the operator wants at one sample of the handle.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Intent {
    /// When the handle was sampled, console clock.
    pub sampled_at: Time,
    /// The enabling control.
    pub clutch: Clutch,
    /// Counts the presses of the clutch.
    pub clutch_in: u32,
    /// Where the probe tip shall be, relative to where it stood at clutch-in.
    pub target: Pose<Anchor>,
    /// How fast the target moves.
    pub twist: Twist<Anchor>,
    /// The contact force wanted, N. A negative one is sent as zero: the cart refuses it as no message.
    pub desired_force: Newton,
    /// What the operator sees.
    pub picture: PictureReport,
}

/// Turns what the operator wants into numbered, stamped commands of one connection.
#[derive(Debug, Clone)]
pub struct CommandOutbox {
    epoch: Epoch,
    sequence: u64,
    heard: Option<Heard>,
}

#[derive(Debug, Clone, Copy)]
struct Heard {
    sequence: u64,
    cart_sent_at: Time,
    received_at: Time,
}

impl Default for CommandOutbox {
    fn default() -> Self {
        Self::new()
    }
}

impl CommandOutbox {
    /// The outbox of a new connection. Without a lease commands travel under epoch 0, which no cart grants: they move
    /// nothing, but keep the clocks measured.
    pub const fn new() -> Self {
        Self { epoch: Epoch(0), sequence: 0, heard: None }
    }

    /// Sends what follows under this lease; `None` when the lease is lost.
    pub fn set_epoch(&mut self, epoch: Option<Epoch>) {
        self.epoch = epoch.unwrap_or(Epoch(0));
    }

    /// Takes the stamps of a state that arrived at `received`, console clock, to echo them.
    pub fn heard(&mut self, received: Time, state: &State) {
        if self.heard.is_none_or(|heard| state.sequence > heard.sequence) {
            self.heard = Some(Heard { sequence: state.sequence, cart_sent_at: state.sent_at, received_at: received });
        }
    }

    /// The command to hand to the network at `now`, console clock. `None` when all 2^64 numbers are used up: the connection
    /// is to be closed.
    pub fn command(&mut self, now: Time, intent: &Intent) -> Option<Command> {
        self.sequence = self.sequence.checked_add(1)?;
        Some(Command {
            epoch: self.epoch,
            sequence: self.sequence,
            sampled_at: intent.sampled_at,
            sent_at: now,
            clutch: intent.clutch,
            clutch_in: intent.clutch_in,
            target: intent.target,
            twist: intent.twist,
            desired_force: intent.desired_force.max(Newton::ZERO),
            picture: intent.picture,
            echo: self.heard.map(|heard| StateEcho {
                cart_sent_at: heard.cart_sent_at,
                held_us: held_us(now.saturating_since(heard.received_at)),
            }),
        })
    }

    /// The number of the last command; 0 before the first.
    pub const fn last_sequence(&self) -> u64 {
        self.sequence
    }
}

fn held_us(held: Duration) -> u32 {
    if held > MAX_HELD { u32::MAX } else { u32::try_from(held.as_micros()).unwrap_or(u32::MAX) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cart::{AgeLimit, CartEnd, Reason, Verdict};
    use crate::testing::{intent, state};

    #[test]
    fn commands_count_from_one_and_echo_the_newest_state() {
        let mut outbox = CommandOutbox::new();
        let first = outbox.command(Time::from_millis(7), &intent(Time::from_millis(6))).unwrap();
        assert_eq!((first.sequence, first.epoch, first.echo), (1, Epoch(0), None));
        assert_eq!((first.sampled_at, first.sent_at), (Time::from_millis(6), Time::from_millis(7)));
        outbox.set_epoch(Some(Epoch(9)));
        outbox.heard(Time::from_millis(8), &state(2, Time::from_millis(500)));
        outbox.heard(Time::from_millis(9), &state(1, Time::from_millis(496)));
        let second = outbox.command(Time::from_millis(10), &intent(Time::from_millis(10))).unwrap();
        assert_eq!((second.sequence, second.epoch), (2, Epoch(9)));
        assert_eq!(second.echo, Some(StateEcho { cart_sent_at: Time::from_millis(500), held_us: 2_000 }));
    }

    #[test]
    fn a_state_is_kept_from_its_first_arrival_until_a_newer_one_comes() {
        let mut outbox = CommandOutbox::new();
        let mut echo = |sequence: u64, received: u64| {
            outbox.heard(Time::from_millis(received), &state(sequence, Time::from_millis(500 + sequence)));
            let command = outbox.command(Time::from_millis(20), &intent(Time::from_millis(20))).unwrap();
            assert_eq!(outbox.last_sequence(), command.sequence);
            command.echo.map(|echo| (echo.cart_sent_at, echo.held_us))
        };
        assert_eq!(echo(2, 8), Some((Time::from_millis(502), 12_000)));
        assert_eq!(echo(2, 9), Some((Time::from_millis(502), 12_000)), "it came twice");
        assert_eq!(echo(3, 10), Some((Time::from_millis(503), 10_000)));
        assert_eq!((CommandOutbox::new().last_sequence(), outbox.last_sequence()), (0, 3));
    }

    #[test]
    fn an_hour_is_more_than_can_be_said() {
        assert_eq!(held_us(Duration::from_hours(1)), 3_600_000_000);
        assert_eq!(held_us(Duration::from_hours(1) + Duration::from_nanos(1)), u32::MAX);
    }

    #[test]
    fn the_last_number_is_the_last() {
        let mut outbox = CommandOutbox { sequence: u64::MAX - 1, ..CommandOutbox::new() };
        assert!(outbox.command(Time::ZERO, &intent(Time::ZERO)).is_some());
        assert_eq!(outbox.command(Time::ZERO, &intent(Time::ZERO)), None);
        assert_eq!(outbox.command(Time::ZERO, &intent(Time::ZERO)), None);
    }

    #[test]
    fn a_negative_force_is_sent_as_none() {
        let mut outbox = CommandOutbox::new();
        let wrong = Intent { desired_force: Newton::literal(-3.0), ..intent(Time::ZERO) };
        assert_eq!(outbox.command(Time::ZERO, &wrong).map(|c| c.desired_force), Some(Newton::ZERO));
    }

    #[test]
    fn the_cart_takes_what_the_console_sends() {
        let (mut outbox, mut end) = (CommandOutbox::new(), CartEnd::new(AgeLimit::DEFAULT));
        end.set_epoch(Some(Epoch(1)));
        let without = outbox.command(Time::ZERO, &intent(Time::ZERO)).unwrap();
        assert_eq!(end.receive(Time::ZERO, &without), Verdict::Refused(Reason::Epoch));
        outbox.set_epoch(Some(Epoch(1)));
        for n in 1..100u64 {
            // The cart's clock is 9 s ahead; 20 ms there, 20 ms back.
            let now = Time::from_millis(4 * n);
            outbox.heard(now, &state(n, Time::from_millis(9_000 + 4 * n - 20)));
            let command = outbox.command(now, &intent(now)).unwrap();
            assert_eq!(end.receive(Time::from_millis(9_000 + 4 * n + 20), &command), Verdict::Fresh);
        }
        assert_eq!(end.round_trip(Time::from_millis(9_420)), Some(Duration::from_millis(40)));
    }
}
