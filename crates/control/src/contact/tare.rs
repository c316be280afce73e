//! The zero of the force sensor.

use core::time::Duration;

use farprobe_geom::{Tip, Wrench};
use nalgebra::Vector3;

/// The sensor's constant error, learnt while the probe is surely free, and taken off afterwards.
///
/// Whether the probe is surely free is the caller's judgement; what is learnt is bounded, so that a wrong judgement can't
/// hide a real contact.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tare {
    force: Vector3<f64>,
    torque: Vector3<f64>,
}

/// Time constant of the learning, s: σ 0.1 N at 1 kHz becomes 4 mN.
const LEARNING: f64 = 0.3;
/// The largest force that counts as an error of the zero, N: twice what the plant cards allow a sensor.
const LARGEST_FORCE: f64 = 1.0;
/// The same for torque, N·m.
const LARGEST_TORQUE: f64 = 0.05;

impl Tare {
    /// Nothing learnt yet.
    pub fn new() -> Self {
        Self { force: Vector3::zeros(), torque: Vector3::zeros() }
    }

    /// A reading of a probe that touches nothing, `elapsed` after the one before. Readings that are not finite are ignored.
    pub fn learn(&mut self, reading: &Wrench<Tip>, elapsed: Duration) {
        if !reading.is_finite() {
            return;
        }
        let dt = elapsed.as_secs_f64();
        let share = dt / (dt + LEARNING);
        self.force += (reading.force - self.force) * share;
        self.torque += (reading.torque - self.torque) * share;
        self.force = self.force.map(|value| value.clamp(-LARGEST_FORCE, LARGEST_FORCE));
        self.torque = self.torque.map(|value| value.clamp(-LARGEST_TORQUE, LARGEST_TORQUE));
    }

    /// The reading without the error.
    #[must_use]
    pub fn apply(&self, reading: &Wrench<Tip>) -> Wrench<Tip> {
        Wrench::new(reading.force - self.force, reading.torque - self.torque)
    }
}

impl Default for Tare {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_constant_error_is_taken_off_and_a_large_one_is_not_believed() {
        let mut tare = Tare::new();
        let error = Wrench::new(Vector3::new(0.2, -0.1, 0.5), Vector3::new(0.01, 0.0, 0.0));
        let pressing = Wrench::new(Vector3::new(0.0, 0.0, -8.0), Vector3::zeros());
        for _ in 0..3000 {
            tare.learn(&error, Duration::from_millis(1));
            tare.learn(&Wrench::new(Vector3::repeat(f64::NAN), Vector3::zeros()), Duration::from_millis(1));
        }
        assert!(tare.apply(&error).force.norm() < 1e-3);
        for _ in 0..3000 {
            tare.learn(&pressing, Duration::from_millis(1));
        }
        assert_eq!(tare.apply(&pressing).force.z, -7.0);
    }
}
