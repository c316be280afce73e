//! Contact as the hand feels it in a pad without force reflection: a knock at touch, a buzz when it presses too hard.

use std::time::Duration;

use farprobe_geom::Time;

use crate::ForceCue;

/// From here on the probe touches, N: five times the noise of a wrist sensor, and well below any scanning force.
const TOUCH_N: f64 = 1.0;
/// Below this it has let go. Less than the touch, so that a light contact does not knock again and again.
const LET_GO_N: f64 = 0.5;
/// The knock: long enough for the motor to turn, and over before the next sensation.
const KNOCK: Duration = Duration::from_millis(120);
const KNOCK_STRENGTH: f32 = 0.6;
/// This much more than the force asked for is worth a warning, N; full strength at twice as much.
const TOO_HARD_N: f64 = 3.0;
/// Motors take this many strengths apart; finer steps would only fill the bus.
const STEPS: f64 = 8.0;

/// Remembers the contact.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Rumble {
    touched_at: Option<Time>,
    strength: f32,
}

impl Rumble {
    /// The new strength, 0 to 1, when it changes.
    pub(super) fn step(&mut self, now: Time, cue: &ForceCue) -> Option<f32> {
        // The patient pushes the probe back, against z. A force that is not a number is none to be felt.
        let force = if cue.wrench.is_finite() { -cue.wrench.force.z } else { 0.0 };
        match self.touched_at {
            None if force >= TOUCH_N => self.touched_at = Some(now),
            Some(_) if force < LET_GO_N => self.touched_at = None,
            None | Some(_) => {}
        }
        let knocks = self.touched_at.is_some_and(|at| now.saturating_since(at) < KNOCK);
        let excess = if cue.engaged { force - cue.target.get() - TOO_HARD_N } else { 0.0 };
        let buzz = ((excess / TOO_HARD_N).clamp(0.0, 1.0) * STEPS).ceil() / STEPS;
        let strength = if knocks { KNOCK_STRENGTH } else { 0.0 }.max(buzz as f32);
        if strength == self.strength {
            return None;
        }
        self.strength = strength;
        Some(strength)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use farprobe_geom::{Newton, Wrench};
    use nalgebra::Vector3;

    fn cue(force: f64) -> ForceCue {
        let wrench = Wrench::new(Vector3::new(0.0, 0.0, -force), Vector3::zeros());
        ForceCue { heard_at: Time::ZERO, wrench, target: Newton::literal(8.0), engaged: true }
    }

    #[test]
    fn one_knock_at_touch_then_quiet_until_it_presses_too_hard() {
        let mut rumble = Rumble::default();
        let mut step = |ms, force| rumble.step(Time::from_millis(ms), &cue(force));
        assert_eq!(step(0, 0.4), None);
        assert_eq!(step(10, 1.2), Some(KNOCK_STRENGTH));
        assert_eq!(step(20, 0.8), None);
        assert_eq!(step(131, 8.0), Some(0.0));
        assert_eq!(step(140, 10.9), None);
        assert_eq!(step(150, 12.5), Some(0.5));
        assert_eq!(step(160, 40.0), Some(1.0));
        assert_eq!(step(170, f64::NAN), Some(0.0));
        assert_eq!(step(180, 2.0), Some(KNOCK_STRENGTH), "it had let go");
    }

    #[test]
    fn no_warning_while_the_hand_does_not_drive() {
        let mut rumble = Rumble::default();
        let idle = ForceCue { engaged: false, ..cue(30.0) };
        rumble.step(Time::ZERO, &idle);
        assert_eq!(rumble.step(Time::from_millis(500), &idle), Some(0.0));
    }
}
