//! What all pushed handles have in common: how far something is pushed becomes a twist of the probe.
//!
//! All of them agree on the directions, as if one looked down on a probe that points down: right is +x, towards oneself is
//! +y, down into the patient is +z, and turns are right-handed. So tilting the hand away fans about −x, tilting it to the
//! right rocks about −y, and turning it clockwise rotates about +z.

use farprobe_geom::{Tip, Twist};
use nalgebra::Vector3;
use serde::{Deserialize, Serialize};

use crate::DeviceError;

/// How far a handle is pushed in each direction, −1 to 1, in the probe tip's axes: x lateral, y elevational (across the
/// picture), z into the patient.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Deflection {
    /// Pushed along the axes.
    pub linear: Vector3<f64>,
    /// Turned about the axes.
    pub angular: Vector3<f64>,
}

impl Deflection {
    /// At rest.
    pub fn zero() -> Self {
        Self { linear: Vector3::zeros(), angular: Vector3::zeros() }
    }

    /// One number for each [`Freedom`], in its order.
    pub(crate) fn from_axes([x, y, z, rx, ry, rz]: [f64; 6]) -> Self {
        Self { linear: Vector3::new(x, y, z), angular: Vector3::new(rx, ry, rz) }
    }

    /// Each number within −1 to 1; what is not a number is rest.
    #[must_use]
    pub fn clamped(&self) -> Self {
        let clamp = |value: f64| if value.is_nan() { 0.0 } else { value.clamp(-1.0, 1.0) };
        Self { linear: self.linear.map(clamp), angular: self.angular.map(clamp) }
    }
}

/// The six ways a probe can move, as sonographers call them, in the order of [`Deflection`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Freedom {
    /// Slide along the picture: +x.
    SlideLateral,
    /// Sweep across the picture: +y.
    SlideElevational,
    /// Press into the patient: +z.
    Press,
    /// Fan about the lateral axis: +x.
    Fan,
    /// Rock about the elevational axis: +y.
    Rock,
    /// Rotate about the probe's own axis: +z.
    Rotate,
}

impl Freedom {
    /// Its place in the order of [`Deflection`].
    pub(crate) const fn index(self) -> usize {
        match self {
            Self::SlideLateral => 0,
            Self::SlideElevational => 1,
            Self::Press => 2,
            Self::Fan => 3,
            Self::Rock => 4,
            Self::Rotate => 5,
        }
    }
}

/// How fast the probe shall move when a handle is pushed all the way.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Speeds {
    /// Over the skin, mm/s.
    pub slide_mm_per_s: f64,
    /// Into the patient and out again, mm/s.
    pub press_mm_per_s: f64,
    /// About each axis, degrees/s.
    pub turn_deg_per_s: f64,
}

impl Default for Speeds {
    fn default() -> Self {
        // A sonographer sweeps at 10–50 mm/s; the cart lets nothing approach the skin faster than 10 mm/s; at 20 deg/s a fan
        // of 40 degrees takes as long as a breath held for it.
        Self { slide_mm_per_s: 30.0, press_mm_per_s: 10.0, turn_deg_per_s: 20.0 }
    }
}

impl Speeds {
    /// The fastest slide or press that may be configured, mm/s: what the cart allows outward. Beyond it a full push says no
    /// more than a half one.
    pub const FASTEST_MM_PER_S: f64 = 200.0;
    /// The fastest turn that may be configured, degrees/s: beyond it the picture is a blur.
    pub const FASTEST_DEG_PER_S: f64 = 90.0;

    /// Whether each speed is within what may be configured. `device` is named in the complaint.
    pub fn validate(&self, device: &'static str) -> Result<(), DeviceError> {
        require(device, "speeds.slide_mm_per_s", self.slide_mm_per_s, 0.1, Self::FASTEST_MM_PER_S)?;
        require(device, "speeds.press_mm_per_s", self.press_mm_per_s, 0.1, Self::FASTEST_MM_PER_S)?;
        require(device, "speeds.turn_deg_per_s", self.turn_deg_per_s, 0.1, Self::FASTEST_DEG_PER_S)
    }

    /// The twist wanted, m/s and rad/s.
    pub fn twist(&self, deflection: &Deflection) -> Twist<Tip> {
        let Deflection { linear, angular } = deflection.clamped();
        let (linear_top, angular_top) = self.tops();
        Twist::new(linear.component_mul(&linear_top), angular.component_mul(&angular_top))
    }

    /// The speeds of a full push along (m/s) and about (rad/s) x, y and z.
    pub(crate) fn tops(&self) -> (Vector3<f64>, Vector3<f64>) {
        let (slide, press) = (self.slide_mm_per_s / 1000.0, self.press_mm_per_s / 1000.0);
        (Vector3::new(slide, slide, press), Vector3::repeat(self.turn_deg_per_s.to_radians()))
    }
}

/// How a stick or cap answers to being pushed.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Response {
    /// Below this share of the way (0 to 0.9) nothing moves: sticks do not come back to exactly the same rest.
    pub dead_zone: f64,
    /// Exponent of the curve above it, 1 (straight) to 5 (fine near rest).
    pub exponent: f64,
}

impl Default for Response {
    fn default() -> Self {
        // Worn sticks rest up to a tenth away from their centre. A square gives a quarter of the speed at half the way.
        Self { dead_zone: 0.12, exponent: 2.0 }
    }
}

/// What is written of a response, where a handle has a default of its own.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WrittenResponse {
    dead_zone: Option<f64>,
    exponent: Option<f64>,
}

impl WrittenResponse {
    /// What is written, and `default` for the rest.
    pub(crate) fn over(&self, default: Response) -> Response {
        Response {
            dead_zone: self.dead_zone.unwrap_or(default.dead_zone),
            exponent: self.exponent.unwrap_or(default.exponent),
        }
    }
}

impl Response {
    /// Whether each number is within its range. `device` is named in the complaint.
    pub fn validate(&self, device: &'static str) -> Result<(), DeviceError> {
        require(device, "response.dead_zone", self.dead_zone, 0.0, 0.9)?;
        require(device, "response.exponent", self.exponent, 1.0, 5.0)
    }

    /// The deflection that counts, −1 to 1. It begins at zero at the edge of the dead zone: no jump.
    pub fn shape(&self, value: f64) -> f64 {
        if !value.is_finite() {
            return 0.0;
        }
        let beyond = ((value.abs() - self.dead_zone) / (1.0 - self.dead_zone)).clamp(0.0, 1.0);
        beyond.powf(self.exponent).copysign(value)
    }
}

/// Complains about `key` unless `value` is within `low..=high`; NaN never is.
pub(crate) fn require(device: &'static str, key: &str, value: f64, low: f64, high: f64) -> Result<(), DeviceError> {
    if (low..=high).contains(&value) {
        return Ok(());
    }
    let what = format!("is {value}; choose a number from {low} to {high}");
    Err(DeviceError::Configuration { device, key: key.to_owned(), what })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_curve_is_fine_near_rest_and_full_at_the_end() {
        let response = Response { dead_zone: 0.2, exponent: 2.0 };
        assert_eq!(response.shape(0.19), 0.0);
        assert!((response.shape(0.6) - 0.25).abs() < 1e-12);
        assert_eq!(response.shape(1.0), 1.0);
        assert_eq!(response.shape(-1.0), -1.0);
        assert_eq!(response.shape(f64::NAN), 0.0);
    }

    #[test]
    fn a_full_push_is_the_configured_speed_in_si() {
        let speeds = Speeds { slide_mm_per_s: 40.0, press_mm_per_s: 5.0, turn_deg_per_s: 90.0 };
        let deflection = Deflection::from_axes([1.0, -3.0, 1.0, 0.0, f64::NAN, -1.0]);
        let twist = speeds.twist(&deflection);
        assert!((twist.linear - Vector3::new(0.040, -0.040, 0.005)).norm() < 1e-12);
        assert!((twist.angular - Vector3::new(0.0, 0.0, -std::f64::consts::FRAC_PI_2)).norm() < 1e-12);
    }

    #[test]
    fn numbers_out_of_range_are_refused_by_name() {
        let speeds = Speeds { press_mm_per_s: f64::NAN, ..Speeds::default() };
        let complaint = speeds.validate("gamepad").unwrap_err().to_string();
        assert!(complaint.contains("gamepad") && complaint.contains("press_mm_per_s"), "{complaint}");
        assert!(Response { dead_zone: 1.0, exponent: 2.0 }.validate("gamepad").is_err());
        assert!(Response { dead_zone: 0.0, exponent: 0.5 }.validate("gamepad").is_err());
        assert!(Speeds::default().validate("gamepad").is_ok() && Response::default().validate("gamepad").is_ok());
    }

    proptest! {
        #[test]
        fn more_push_is_never_less_motion(a in -1.0..1.0_f64, b in -1.0..1.0_f64, dead in 0.0..0.9_f64, exponent in 1.0..5.0_f64) {
            let response = Response { dead_zone: dead, exponent };
            let (low, high) = (a.min(b), a.max(b));
            prop_assert!(response.shape(low) <= response.shape(high));
        }
    }
}
