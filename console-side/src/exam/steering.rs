//! From what the handle says to what the next command says. Pure: the thread around it is [`super::pump`].

use std::fmt;
use std::time::Duration;

use farprobe_control::{HandleMapper, Scaling};
use farprobe_devices::{HandleMotion, HandleSample};
use farprobe_geom::{Newton, Pose, Time, Twist};
use farprobe_proto::{Clutch, PictureReport};
use farprobe_session::console::{ClutchLatch, Downlink, Driving, Intent, PictureFault, PictureVerdict};

use crate::model::{Opening, Override};

/// Whether the operator may drive by what the console itself knows. The cart has its own opinion and the last word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Permission {
    /// Nothing speaks against it.
    Granted,
    /// The cart is not heard.
    CartSilent,
    /// The picture is not to be steered by.
    Picture(PictureFault),
    /// The operator pressed stop; cleared when the cart has been reset.
    Stopped,
}

impl Permission {
    /// The worst of what is known.
    pub(super) fn of(downlink: Downlink, picture: PictureVerdict, stopped: bool) -> Self {
        if stopped {
            return Self::Stopped;
        }
        match downlink {
            Downlink::Waiting | Downlink::Silent => Self::CartSilent,
            Downlink::Alive => picture.fault().map_or(Self::Granted, Self::Picture),
        }
    }
}

impl fmt::Display for Permission {
    /// Why a held clutch does not count, as the end of a sentence.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Granted => f.write_str("it must be seen open first"),
            Self::CartSilent => f.write_str("nothing is heard of the cart; look at the network"),
            Self::Picture(fault) => fault.fmt(f),
            Self::Stopped => f.write_str("a stop was pressed; only the staff at the cart can reset it"),
        }
    }
}

/// Turns samples of the handle into intents.
#[derive(Debug)]
pub(super) struct Steering {
    mapper: HandleMapper,
    latch: ClutchLatch,
    opening: Opening,
    handle_lost: bool,
    /// When the handle was read, or when the console spoke for it: what it says of an open clutch is no older than that. With the
    /// time of the last reading the cart would refuse it as late, and take the link for lost.
    sampled_at: Option<Time>,
}

impl Steering {
    /// With the clutch open.
    pub(super) fn new(scaling: Scaling) -> Self {
        Self {
            mapper: HandleMapper::new(scaling),
            latch: ClutchLatch::Open,
            opening: Opening::default(),
            handle_lost: false,
            sampled_at: None,
        }
    }

    /// The enabling control after the console's own judgement.
    pub(super) fn latch(&self) -> ClutchLatch {
        self.latch
    }

    /// Who opened it the last time that it was pressed.
    pub(super) fn opening(&self) -> Opening {
        self.opening
    }

    /// The script is given up at `now`: the enabling control is let go, whatever the handle says.
    pub(super) fn let_go(&mut self, now: Time) {
        self.sampled_at = Some(now);
        self.turn(ClutchLatch::Open, Opening::ByConsole(Override::ScriptGivenUp));
    }

    /// Takes a reading of the handle.
    pub(super) fn sample(&mut self, sample: &HandleSample, permission: Permission) {
        self.handle_lost = false;
        let elapsed = self.sampled_at.map_or(Duration::ZERO, |before| sample.sampled_at.saturating_since(before));
        self.sampled_at = Some(sample.sampled_at);
        let opening = match (sample.clutch, sample.away) {
            (true, _) => forbidden(permission),
            (false, Some(away)) => Opening::ByConsole(Override::HandsAway(away)),
            (false, None) => Opening::ByHand,
        };
        self.judge(sample.clutch, permission, opening);
        match &sample.motion {
            HandleMotion::Position(pose) => self.mapper.position(pose, elapsed),
            HandleMotion::Rate(twist) => self.mapper.rate(twist, elapsed),
        }
    }

    /// The handle could not be read at `now`: the clutch opens at once.
    pub(super) fn lost(&mut self, now: Time) {
        self.sampled_at = Some(now);
        self.handle_lost = true;
        self.judge(false, Permission::Granted, Opening::ByConsole(Override::HandleLost));
        // A handle that comes back with its clutch held down must be released first.
        self.latch = ClutchLatch::Refused;
    }

    /// Judges whether a clutch counts that is `held` or not; if it does no longer, `opening` says why.
    fn judge(&mut self, held: bool, permission: Permission, opening: Opening) {
        let driving = if permission == Permission::Granted { Driving::Permitted } else { Driving::Forbidden };
        self.turn(self.latch.judge(held, driving), opening);
        match self.latch {
            ClutchLatch::Pressed => self.mapper.pressed(),
            ClutchLatch::Open | ClutchLatch::Refused => self.mapper.released(),
        }
    }

    fn turn(&mut self, latch: ClutchLatch, opening: Opening) {
        let before = std::mem::replace(&mut self.latch, latch);
        if before == ClutchLatch::Pressed && latch != ClutchLatch::Pressed {
            self.opening = opening;
        }
    }

    /// What the next command shall say, at `now` if the handle has not been read yet.
    pub(super) fn intent(&self, now: Time, desired_force: Newton, picture: PictureReport) -> Intent {
        let mapped = self.mapper.mapped();
        let pressed = self.latch == ClutchLatch::Pressed;
        Intent {
            sampled_at: self.sampled_at.unwrap_or(now),
            clutch: match (self.handle_lost, pressed) {
                (true, _) => Clutch::HandleLost,
                (false, true) => Clutch::Pressed,
                (false, false) => Clutch::Open,
            },
            clutch_in: mapped.clutch_in,
            target: if pressed { mapped.target } else { Pose::identity() },
            twist: if pressed { mapped.twist } else { Twist::zero() },
            desired_force,
            picture,
        }
    }
}

/// Who opens a clutch that is held without this permission.
fn forbidden(permission: Permission) -> Opening {
    Opening::ByConsole(match permission {
        // Does not open it.
        Permission::Granted => return Opening::ByHand,
        Permission::CartSilent => Override::CartSilent,
        Permission::Picture(fault) => Override::Picture(fault),
        Permission::Stopped => Override::Stopped,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use farprobe_devices::HandsAway;
    use farprobe_geom::Handle;
    use nalgebra::{Isometry3, Vector3};

    fn sample(ms: u64, clutch: bool, z: f64) -> HandleSample {
        let pose: Pose<Handle> = Pose::new(Isometry3::new(Vector3::new(0.0, 0.0, z), Vector3::zeros()));
        let motion = HandleMotion::Position(pose);
        HandleSample { sampled_at: Time::from_millis(ms), motion, clutch, away: None, events: Vec::new() }
    }

    fn report() -> PictureReport {
        PictureReport { age_ms: 30, health: farprobe_proto::PictureHealth::Good }
    }

    fn intent(steering: &Steering) -> Intent {
        steering.intent(Time::ZERO, Newton::literal(8.0), report())
    }

    #[test]
    fn the_target_starts_at_the_identity_and_follows_the_hand() {
        let mut steering = Steering::new(Scaling::ONE_TO_ONE);
        steering.sample(&sample(0, false, 0.5), Permission::Granted);
        steering.sample(&sample(2, true, 0.6), Permission::Granted);
        assert_eq!(intent(&steering).target, Pose::identity());
        steering.sample(&sample(4, true, 0.601), Permission::Granted);
        let now = intent(&steering);
        assert!((now.target.position().z - 0.001).abs() < 1e-9);
        assert_eq!((now.clutch, now.clutch_in), (Clutch::Pressed, 1));
    }

    #[test]
    fn what_was_refused_must_be_seen_open_first() {
        let mut steering = Steering::new(Scaling::ONE_TO_ONE);
        steering.sample(&sample(0, true, 0.0), Permission::CartSilent);
        assert_eq!(steering.latch(), ClutchLatch::Refused);
        steering.sample(&sample(2, true, 0.0), Permission::Granted);
        assert_eq!(intent(&steering).clutch, Clutch::Open, "held all the time");
        steering.sample(&sample(4, false, 0.0), Permission::Granted);
        steering.sample(&sample(6, true, 0.0), Permission::Granted);
        assert_eq!(intent(&steering).clutch, Clutch::Pressed);
        steering.sample(&sample(8, true, 0.0), Permission::Picture(PictureFault::Frozen));
        assert_eq!(intent(&steering).clutch, Clutch::Open);
    }

    #[test]
    fn who_opened_the_clutch_is_known_until_it_is_pressed_and_opened_again() {
        let mut steering = Steering::new(Scaling::ONE_TO_ONE);
        assert_eq!(steering.opening(), Opening::NeverPressed);
        let mut now = 0;
        let mut opened = |open: &mut dyn FnMut(&mut Steering, u64)| {
            now += 10;
            steering.sample(&sample(now, false, 0.0), Permission::Granted);
            steering.sample(&sample(now + 2, true, 0.0), Permission::Granted);
            assert_eq!(steering.latch(), ClutchLatch::Pressed);
            open(&mut steering, now + 4);
            // What follows is not what opened it.
            steering.sample(&sample(now + 6, false, 0.0), Permission::CartSilent);
            steering.opening()
        };
        let held =
            |permission| move |steering: &mut Steering, now: u64| steering.sample(&sample(now, true, 0.0), permission);
        let away = HandsAway::PointerLeft;
        let looked_away = HandleSample { away: Some(away), ..sample(0, false, 0.0) };
        let by_console = [
            opened(&mut |steering, _| steering.sample(&looked_away, Permission::Granted)),
            opened(&mut |steering, now| steering.lost(Time::from_millis(now))),
            opened(&mut held(Permission::Picture(PictureFault::Frozen))),
            opened(&mut held(Permission::CartSilent)),
            opened(&mut held(Permission::Stopped)),
            opened(&mut |steering, now| steering.let_go(Time::from_millis(now))),
        ];
        let expected = [
            Override::HandsAway(away),
            Override::HandleLost,
            Override::Picture(PictureFault::Frozen),
            Override::CartSilent,
            Override::Stopped,
            Override::ScriptGivenUp,
        ];
        assert_eq!(by_console, expected.map(Opening::ByConsole));
        assert_eq!(opened(&mut |_, _| {}), Opening::ByHand);
    }

    #[test]
    fn a_lost_handle_opens_the_clutch_and_says_so() {
        let mut steering = Steering::new(Scaling::ONE_TO_ONE);
        steering.sample(&sample(0, true, 0.0), Permission::Granted);
        steering.lost(Time::from_millis(90));
        assert_eq!(intent(&steering).clutch, Clutch::HandleLost);
        assert_eq!(intent(&steering).sampled_at, Time::from_millis(90), "the loss is news, and not late");
        steering.sample(&sample(4, true, 0.0), Permission::Granted);
        assert_eq!(intent(&steering).clutch, Clutch::Open, "it came back held down");
    }
}
