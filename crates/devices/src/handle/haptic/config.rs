//! What a haptic handle gives back, as a configuration says it.

use farprobe_control::HapticTuning;
use farprobe_geom::{Newton, NewtonPerMetre};
use serde::{Deserialize, Serialize};

use crate::DeviceError;
use crate::handle::rate::require;

/// What a haptic handle gives back.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HapticConfig {
    /// Share of the contact force that the hand feels, 0 to 1.
    pub reflection: f64,
    /// The most it feels, N, 0 to 10: what the device can hold for long.
    pub strongest_n: f64,
    /// The stiffest a contact feels, N/m, 50 to 5000: what the device renders without trembling.
    pub stiffness_n_per_m: f64,
}

impl Default for HapticConfig {
    fn default() -> Self {
        let HapticTuning { reflection, strongest, stiffness } = HapticTuning::default();
        Self { reflection, strongest_n: strongest.get(), stiffness_n_per_m: stiffness.get() }
    }
}

impl HapticConfig {
    /// Whether each number is within its range.
    pub fn validate(&self) -> Result<(), DeviceError> {
        self.tuning().map(|_| ())
    }

    /// The same in the controller's words; refused with the name of the number that is out of its range.
    pub(super) fn tuning(&self) -> Result<HapticTuning, DeviceError> {
        require(DEVICE, "reflection", self.reflection, 0.0, 1.0)?;
        require(DEVICE, "strongest_n", self.strongest_n, 0.0, 10.0)?;
        require(DEVICE, "stiffness_n_per_m", self.stiffness_n_per_m, 50.0, 5_000.0)?;
        Ok(HapticTuning {
            reflection: self.reflection,
            strongest: Newton::new(self.strongest_n).unwrap_or_default(),
            stiffness: NewtonPerMetre::new(self.stiffness_n_per_m).unwrap_or_default(),
        })
    }
}

const DEVICE: &str = "haptic handle";
