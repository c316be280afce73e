//! A simulated hand on a simulated haptic device: it wants to follow a script, and yields to force as a hand does.

use std::time::Duration;

use farprobe_geom::{Pose, Time};
use nalgebra::{Isometry3, Translation3, Vector3};

use super::{HapticDevice, HapticReading};
use crate::{DeviceError, Handle, HandleMotion};

/// What moves with the stylus: the fingers and the moved parts of the device, kg.
const MASS: f64 = 0.15;
/// How stiffly relaxed fingers hold a stylus, N/m: within the 200 to 800 N/m that Hajian and Howe found in fingertips
/// (J. Biomech. Eng. 119(1), 1997).
const STIFFNESS: f64 = 400.0;
/// A little more than critical, N·s/m (2 √(k m) is 15.5): hands that hold a pen do not swing.
const DAMPING: f64 = 18.0;

/// Step of the integration, s. A fortieth of the time constant √(m/k) of 19 ms, for which the explicit method used is stable and
/// accurate to a per cent.
const STEP: Duration = Duration::from_micros(500);
/// A gap longer than this is not caught up with: the program stood still, and the hand with it.
const LONGEST_GAP: Duration = Duration::from_millis(100);

/// Why a hand can't follow a handle that only pushes.
const NO_POSITION: &str = "the simulated hand needs a handle that knows its position, such as a script";

/// A mass between a spring and a damper (the hand, which wants to be where `intent` is) and the device's force.
///
/// Deterministic: the same times and forces give the same motion.
#[derive(Debug)]
pub struct SimulatedHand<I: Handle> {
    name: String,
    intent: I,
    /// Where the stylus is (m) and how fast it moves (m/s), in the device's frame.
    state: Option<(Vector3<f64>, Vector3<f64>)>,
    /// What the device pushes with, N.
    force: Vector3<f64>,
    simulated_to: Time,
}

impl<I: Handle> SimulatedHand<I> {
    /// A hand that wants to move as `intent` does, which must know its position; its clutch and buttons are the hand's.
    pub fn new(intent: I) -> Self {
        let name = format!("simulated haptic handle ({})", intent.name());
        Self { name, intent, state: None, force: Vector3::zeros(), simulated_to: Time::ZERO }
    }

    /// Lets the hand move on to `now`, and gives where the stylus is.
    fn advance(&mut self, now: Time, wanted: Vector3<f64>) -> Vector3<f64> {
        let Some((mut position, mut velocity)) = self.state else {
            self.state = Some((wanted, Vector3::zeros()));
            self.simulated_to = now;
            return wanted;
        };
        if now.saturating_since(self.simulated_to) > LONGEST_GAP {
            self.simulated_to = now;
        }
        let dt = STEP.as_secs_f64();
        while now.saturating_since(self.simulated_to) >= STEP {
            let force = (wanted - position) * STIFFNESS - velocity * DAMPING + self.force;
            // Speed first, then position by the new speed: keeps the energy of the spring bounded.
            velocity += force / MASS * dt;
            position += velocity * dt;
            self.simulated_to = self.simulated_to + STEP;
        }
        self.state = Some((position, velocity));
        position
    }
}

impl<I: Handle> HapticDevice for SimulatedHand<I> {
    fn name(&self) -> &str {
        &self.name
    }

    fn read(&mut self, now: Time) -> Result<HapticReading, DeviceError> {
        let sample = self.intent.sample(now)?;
        let HandleMotion::Position(wanted) = sample.motion else {
            return Err(DeviceError::Failed { device: self.name.clone(), what: NO_POSITION.into() });
        };
        let position = self.advance(now, wanted.position());
        // The fingers turn the stylus as they like: such devices push, and do not turn.
        let pose = Pose::new(Isometry3::from_parts(Translation3::from(position), wanted.rotation()));
        Ok(HapticReading { pose, clutch: sample.clutch, events: sample.events })
    }

    fn push(&mut self, _now: Time, force: Vector3<f64>) {
        self.force = if force.iter().all(|value| value.is_finite()) { force } else { Vector3::zeros() };
    }
}
