//! Who drives in the world.

use std::time::Duration;

use farprobe_geom::{Handle, Newton, Pose, Time};
use farprobe_proto::State;
use nalgebra::{Isometry3, Translation3, UnitQuaternion, Vector3};

/// What the operator's hand does at one moment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Wish {
    /// Whether the clutch is held down.
    pub clutch: bool,
    /// Where the hand is, in the handle's own frame.
    pub pose: Pose<Handle>,
    /// The contact force wanted.
    pub force: Newton,
}

/// Somebody at the console.
pub trait Operator {
    /// What the hand does at `now` (the console's clock, but for its steps: see [`crate::Console::speak`]), with the newest state
    /// seen.
    fn act(&mut self, now: Time, state: Option<&State>) -> Wish;

    /// Whether the lease is to be asked for.
    fn wants_to_drive(&self, _now: Time) -> bool {
        true
    }
}

/// The minimum-jerk profile from 0 to 1, which is how hands move (Flash and Hogan, 1985).
pub(crate) fn minimum_jerk(t: f64) -> f64 {
    let t = t.clamp(0.0, 1.0);
    t * t * t * (10.0 + t * (6.0 * t - 15.0))
}

/// A hand that follows a plan made of presses and straight, minimum-jerk motions. Times count from the world's start.
#[derive(Debug, Clone)]
pub struct Hand {
    force: Newton,
    presses: Vec<(Time, bool)>,
    motions: Vec<Motion>,
}

#[derive(Debug, Clone, Copy)]
struct Motion {
    at: Time,
    over: Duration,
    travel: Vector3<f64>,
    turn: Vector3<f64>,
}

impl Hand {
    /// A hand at rest that asks for this contact force.
    pub fn new(force: Newton) -> Self {
        Self { force, presses: Vec::new(), motions: Vec::new() }
    }

    /// Presses the clutch.
    #[must_use]
    pub fn press(mut self, at: Time) -> Self {
        self.presses.push((at, true));
        self
    }

    /// Opens the clutch.
    #[must_use]
    pub fn open(mut self, at: Time) -> Self {
        self.presses.push((at, false));
        self
    }

    /// Moves by `travel` (m) along the handle's axes.
    #[must_use]
    pub fn travel(self, at: Time, over: Duration, travel: [f64; 3]) -> Self {
        self.motion(at, over, Vector3::from(travel), Vector3::zeros())
    }

    /// Turns by `turn` (rad, rotation vector) about the handle's axes.
    #[must_use]
    pub fn turn(self, at: Time, over: Duration, turn: [f64; 3]) -> Self {
        self.motion(at, over, Vector3::zeros(), Vector3::from(turn))
    }

    fn motion(mut self, at: Time, over: Duration, travel: Vector3<f64>, turn: Vector3<f64>) -> Self {
        self.motions.push(Motion { at, over, travel, turn });
        self
    }
}

impl Operator for Hand {
    fn act(&mut self, now: Time, _state: Option<&State>) -> Wish {
        let clutch = self.presses.iter().rev().find(|(at, _)| *at <= now).is_some_and(|(_, pressed)| *pressed);
        let mut pose = Isometry3::identity();
        for motion in &self.motions {
            let Some(since) = now.since(motion.at) else { continue };
            let done = minimum_jerk(since.as_secs_f64() / motion.over.as_secs_f64().max(1e-9));
            pose *= Isometry3::from_parts(
                Translation3::from(motion.travel * done),
                UnitQuaternion::from_scaled_axis(motion.turn * done),
            );
        }
        Wish { clutch, pose: Pose::new(pose), force: self.force }
    }
}
