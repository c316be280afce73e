//! How far the probe fell behind the handle on its way through the air. The force law lets a handle that is too fast go on alone
//! and forgets what the probe can't make up for, so that nobody is approached faster than allowed. A person sees that; a script
//! has to be told. Pure.

use std::collections::VecDeque;

use farprobe_geom::{Anchor, Base, Metre, Pose};
use farprobe_proto::{Clutch, Command, Contact, Epoch, Ladder, State};

/// Commands that are remembered until a state names them: two seconds of them, six times the longest round trip at which
/// anybody drives.
const REMEMBERED: usize = 1_024;

/// Follows one console's commands and what became of them.
#[derive(Debug, Default)]
pub(super) struct Following {
    /// The last commands with the clutch pressed, oldest first.
    sent: VecDeque<Sent>,
    press: Option<Press>,
    /// The furthest that the probe was behind, m.
    behind: f64,
}

/// A command with the clutch pressed.
#[derive(Debug, Clone, Copy)]
struct Sent {
    sequence: u64,
    epoch: Epoch,
    clutch_in: u32,
    target: Pose<Anchor>,
}

/// A press of the clutch that drives.
#[derive(Debug)]
struct Press {
    clutch_in: u32,
    /// Where the tip stood: seen with the first state of the press, up to 4 ms after the cart took it.
    anchor: Pose<Base>,
    /// What is pressed in contact is no way: from the first touch on motion along the probe asks for force.
    touched: Contact,
}

impl Following {
    /// This command is sent.
    pub(super) fn commanded(&mut self, command: &Command) {
        if command.clutch != Clutch::Pressed {
            return;
        }
        if self.sent.len() == REMEMBERED {
            self.sent.pop_front();
        }
        let Command { sequence, epoch, clutch_in, target, .. } = *command;
        self.sent.push_back(Sent { sequence, epoch, clutch_in, target });
    }

    /// The cart stands so, and says by which command.
    pub(super) fn state(&mut self, state: &State) {
        let applied = state.applied.map_or(0, |applied| applied.sequence);
        while self.sent.front().is_some_and(|sent| sent.sequence < applied) {
            self.sent.pop_front();
        }
        let named = self.sent.front().filter(|sent| sent.sequence == applied && state.epoch == Some(sent.epoch));
        let Some(sent) = named.filter(|_| state.ladder == Ladder::Engaged) else {
            if state.ladder != Ladder::Engaged {
                self.press = None;
            }
            return;
        };
        let begun = self.press.take().filter(|press| press.clutch_in == sent.clutch_in);
        let new = Press { clutch_in: sent.clutch_in, anchor: state.tip, touched: Contact::Free };
        let press = self.press.insert(begun.unwrap_or(new));
        if state.contact == Contact::Touching {
            press.touched = Contact::Touching;
        }
        if press.touched == Contact::Free {
            let wanted = press.anchor.compose(&sent.target).position() - state.tip.position();
            let inward = (state.tip.rotation().inverse() * wanted).z;
            self.behind = self.behind.max(inward);
        }
    }

    /// The furthest that the probe was behind its handle on the way inward.
    pub(super) fn behind(&self) -> Metre {
        Metre::new(self.behind).unwrap_or(Metre::ZERO)
    }
}

#[cfg(test)]
mod tests {
    use farprobe_geom::{Newton, Time, Twist};
    use farprobe_proto::{Applied, PictureHealth, PictureReport};
    use nalgebra::Isometry3;

    use super::*;
    use crate::model::testing;

    fn command(sequence: u64, clutch_in: u32, inward: f64) -> Command {
        Command {
            epoch: Epoch(1),
            sequence,
            sampled_at: Time::ZERO,
            sent_at: Time::ZERO,
            clutch: Clutch::Pressed,
            clutch_in,
            target: Pose::new(Isometry3::translation(0.0, 0.0, inward)),
            twist: Twist::zero(),
            desired_force: Newton::ZERO,
            picture: PictureReport { age_ms: 0, health: PictureHealth::Good },
            echo: None,
        }
    }

    fn state(sequence: u64, contact: Contact, inward: f64) -> State {
        let applied = Some(Applied { sequence, sampled_at: Time::ZERO, applied_at: Time::ZERO });
        State { applied, contact, tip: Pose::new(Isometry3::translation(0.2, 0.0, inward)), ..testing::state(sequence) }
    }

    fn behind_mm(following: &Following) -> f64 {
        (following.behind().get() * 1e6).round() / 1e3
    }

    #[test]
    fn what_the_probe_lags_in_the_air_is_measured_at_the_command_it_acts_on() {
        let mut following = Following::default();
        // The handle goes 2 mm a step, and the probe 1 mm; states tell of it half a second later.
        for step in 0..=10_u32 {
            following.commanded(&command(u64::from(step) + 1, 1, 0.002 * f64::from(step)));
        }
        assert_eq!(behind_mm(&following), 0.0);
        for step in 0..=10_u32 {
            following.state(&state(u64::from(step) + 1, Contact::Free, 0.5 + 0.001 * f64::from(step)));
        }
        assert_eq!(behind_mm(&following), 10.0);
    }

    #[test]
    fn what_is_pressed_in_contact_and_what_another_drives_is_no_lag() {
        let mut following = Following::default();
        following.commanded(&command(1, 1, 0.0));
        following.state(&state(1, Contact::Free, 0.5));
        following.commanded(&command(2, 1, 0.030));
        following.state(&state(2, Contact::Touching, 0.502));
        following.commanded(&command(3, 1, 0.040));
        following.state(&state(3, Contact::Free, 0.502));
        assert_eq!(behind_mm(&following), 0.0, "the skin was there");
        following.commanded(&command(4, 2, 0.0));
        let others = |sequence, inward| State { epoch: Some(Epoch(2)), ..state(sequence, Contact::Free, inward) };
        following.state(&others(4, 0.5));
        following.commanded(&command(5, 2, 0.030));
        following.state(&others(5, 0.4));
        assert_eq!(behind_mm(&following), 0.0, "another's lease");
    }

    #[test]
    fn a_new_press_begins_where_the_probe_stands() {
        let mut following = Following::default();
        following.commanded(&command(1, 1, 0.0));
        following.state(&state(1, Contact::Free, 0.5));
        following.commanded(&command(2, 2, 0.0));
        following.state(&state(2, Contact::Free, 0.4));
        assert_eq!(behind_mm(&following), 0.0);
    }
}
