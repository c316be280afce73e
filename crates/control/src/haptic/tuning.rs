//! What a device and a site may choose.

use farprobe_geom::{Newton, NewtonPerMetre};

/// The numbers of a haptic handle.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HapticTuning {
    /// Share of the contact force that the hand shall feel, 0 to 1.
    pub reflection: f64,
    /// The most the device pushes with, N: no more than it can hold for long, 0 to 10.
    pub strongest: Newton,
    /// The stiffest the contact may feel, N/m.
    pub stiffness: NewtonPerMetre,
}

impl Default for HapticTuning {
    fn default() -> Self {
        Self {
            // A quarter of 8 N can be held for an hour.
            reflection: 0.25,
            // What desktop devices hold at least for moments. The data sheet has the figure for long: choose that.
            strongest: Newton::literal(3.0),
            // Twice a quarter of the 2 N/mm that the cart asks for by each millimetre of pushing on, and what any desktop device
            // renders.
            stiffness: NewtonPerMetre::literal(1_000.0),
        }
    }
}

impl HapticTuning {
    /// With every number within its range; what is not a number becomes the lowest.
    pub(super) fn sane(self) -> Self {
        let within = |value: f64, low: f64, high: f64| if value.is_nan() { low } else { value.clamp(low, high) };
        Self {
            reflection: within(self.reflection, 0.0, 1.0),
            strongest: self.strongest.clamp(Newton::ZERO, Newton::literal(10.0)),
            // Softer than 50 N/m nobody would call contact; stiffer than 5 kN/m no desktop device stays stable.
            stiffness: self.stiffness.clamp(NewtonPerMetre::literal(50.0), NewtonPerMetre::literal(5_000.0)),
        }
    }
}
