//! How much of the contact the hand feels, and how suddenly.

use std::time::Duration;

use farprobe_geom::{Handle, Pose, Time};
use nalgebra::Vector3;
use serde::{Deserialize, Serialize};

use crate::handle::rate::require;
use crate::{DeviceError, ForceCue};

/// A cue older than this is about a contact that may be over: the force goes. Twice the time after which
/// a lost link is noticed.
const OLDEST_CUE: Duration = Duration::from_millis(100);

/// The fastest change of the force, N/s. A touch of 2 N comes up within 50 ms, which feels sudden; a faster step would kick
/// the hand, and the kick would go to the probe.
const FASTEST_N_PER_S: f64 = 40.0;

/// A step of time longer than this counts as this, s: after a stall the force must not leap.
const LONGEST_STEP_S: f64 = 0.02;

/// What a haptic handle gives back.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HapticConfig {
    /// Share of the contact force that the hand feels, 0 to 1.
    pub reflection: f64,
    /// The most it feels, N.
    pub strongest_n: f64,
}

impl Default for HapticConfig {
    fn default() -> Self {
        // A quarter of 8 N can be held for an hour. A loop through the network with more than a part of the force becomes
        // unstable at long round trips. Desktop devices push with 3 N for long, and more for moments only.
        Self { reflection: 0.25, strongest_n: 3.0 }
    }
}

impl HapticConfig {
    /// Whether each number is within its range.
    pub fn validate(&self) -> Result<(), DeviceError> {
        require("haptic handle", "reflection", self.reflection, 0.0, 1.0)?;
        require("haptic handle", "strongest_n", self.strongest_n, 0.0, 10.0)
    }
}

/// From cues to the force on the hand.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Reflection {
    config: HapticConfig,
    cue: Option<(Time, ForceCue)>,
    /// In the device's frame, N.
    force: Vector3<f64>,
    stepped_at: Option<Time>,
}

impl Reflection {
    pub(super) fn new(config: HapticConfig) -> Self {
        Self { config, cue: None, force: Vector3::zeros(), stepped_at: None }
    }

    /// Takes what the probe feels.
    pub(super) fn feel(&mut self, now: Time, cue: &ForceCue) {
        self.cue = Some((now, *cue));
    }

    /// The hand does not move the probe: what the probe feels is none of its business.
    pub(super) fn disengage(&mut self) {
        self.cue = None;
    }

    /// No force, and no way down to it.
    pub(super) fn let_go(&mut self) {
        self.cue = None;
        self.force = Vector3::zeros();
    }

    /// The force on the hand now, N, in the device's frame, with the handle at `pose`.
    pub(super) fn step(&mut self, now: Time, pose: &Pose<Handle>) -> Vector3<f64> {
        let elapsed = self.stepped_at.replace(now).map_or(Duration::ZERO, |before| now.saturating_since(before));
        let most = FASTEST_N_PER_S * elapsed.as_secs_f64().min(LONGEST_STEP_S);
        let change = self.wanted(now, pose) - self.force;
        self.force += change.cap_magnitude(most);
        self.force
    }

    fn wanted(&self, now: Time, pose: &Pose<Handle>) -> Vector3<f64> {
        let Some((felt_at, cue)) = &self.cue else { return Vector3::zeros() };
        let old = now.saturating_since(*felt_at) > OLDEST_CUE;
        if old || !cue.engaged || !cue.wrench.is_finite() || !pose.is_finite() {
            return Vector3::zeros();
        }
        // The probe turns as the handle does, so the handle's own axes stand for the tip's.
        let force = pose.rotation() * cue.wrench.force * self.config.reflection;
        force.cap_magnitude(self.config.strongest_n)
    }
}
