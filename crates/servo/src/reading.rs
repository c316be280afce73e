//! Whether what the arm says can be true, and what the console is told when it can't.

use farprobe_control::ArmModel;
use farprobe_geom::{Base, Joints, Pose, Tip, Wrench};
use farprobe_safety::BEYOND_RANGE;

use crate::ArmReading;

/// Whether the arm speaks of its own joints, in numbers, and of a place where they can be.
pub(crate) fn is_sound(model: &ArmModel, reading: &ArmReading) -> bool {
    let ArmReading { positions, velocities, external_torques, .. } = reading;
    let complete = positions.axes() == model.axes() && velocities.axes() == model.axes();
    // Written so that NaN is out of range.
    let inside =
        model.limits().iter().zip(positions.as_slice()).all(|(limit, angle)| {
            (limit.lower.get() - BEYOND_RANGE..=limit.upper.get() + BEYOND_RANGE).contains(angle)
        });
    let torques = external_torques.is_none_or(|torques| torques.axes() == model.axes() && torques.is_finite());
    complete && inside && velocities.is_finite() && torques
}

/// Joints and tip as the console is told: by the last sound reading. Numbers that are none can't travel. A state that held one
/// would be refused by the console, which would take the link for lost just when it should hear of a fault.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct ToldArm {
    pub(crate) joints: Joints,
    pub(crate) tip: Pose<Base>,
}

/// The wrench as the console is told: none, if the sensor gives nonsense. The ladder's cause says so.
pub(crate) fn told_wrench(measured: &Wrench<Tip>) -> Wrench<Tip> {
    let sound = measured.force.iter().chain(&measured.torque).all(|value| travels(*value));
    if sound { *measured } else { Wrench::zero() }
}

/// Whether a number survives the way: it travels as an `f32`.
fn travels(value: f64) -> bool {
    value.abs() <= f64::from(f32::MAX)
}
