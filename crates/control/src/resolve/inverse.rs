//! Inverse kinematics for set-up: the joint angles at which the tip stands at a given pose. Not for the real-time step.

use farprobe_geom::{Base, Joints, Pose};
use nalgebra::Vector6;

use super::{LENGTH, least_squares, weighted};
use crate::ArmModel;

/// The tip is where it should be if it is within this many metres (and this many radians over [`LENGTH`]).
const ARRIVED: f64 = 1e-6;
/// Steps from one starting posture. A target within reach takes about ten.
const STEPS: usize = 100;
/// The longest step of a joint, rad: the linear picture of the arm holds about that far.
const LONGEST_STEP: f64 = 0.3;
/// Postures to begin with, as shares of each joint's range: after the caller's own start the middle, then elbow and wrist
/// to either side of it.
const STARTS: [[f64; 3]; 5] = [[0.5, 0.5, 0.5], [0.3, 0.7, 0.5], [0.7, 0.3, 0.5], [0.25, 0.4, 0.75], [0.75, 0.6, 0.25]];

/// Joint angles (rad) within their limits at which the probe tip stands at `target`, searched from `start` and then from a
/// few other postures; `None` if none was found, which for a target well inside the reach is rare but not excluded.
///
/// Levenberg–Marquardt-like: the same damped least squares as [`Resolver`](super::Resolver), with steps that are shortened
/// and clamped to the joints' ranges. Takes up to milliseconds.
pub fn inverse(model: &ArmModel, target: &Pose<Base>, start: &Joints) -> Option<Joints> {
    if !target.is_finite() || !start.is_finite() || start.axes() != model.axes() {
        return None;
    }
    let others = STARTS.iter().map(|shares| posture(model, shares));
    core::iter::once(*start).chain(others).find_map(|from| descend(model, target, from))
}

/// The posture with these shares of the joints' ranges, repeated along the arm.
fn posture(model: &ArmModel, shares: &[f64; 3]) -> Joints {
    let mut posture = Joints::zero(model.axes());
    for ((angle, limit), share) in posture.as_mut_slice().iter_mut().zip(model.limits()).zip(shares.iter().cycle()) {
        *angle = limit.lower.get() + share * (limit.upper - limit.lower).get();
    }
    posture
}

/// Steps towards the target until it is reached or the steps run out.
fn descend(model: &ArmModel, target: &Pose<Base>, from: Joints) -> Option<Joints> {
    let mut posture = clamped(model, from);
    for _ in 0..STEPS {
        let kinematics = model.kinematics(&posture);
        let gap = gap(kinematics.tip(), target);
        if gap.norm() * LENGTH < ARRIVED {
            return model.allows(&posture).then_some(posture);
        }
        let jacobian = weighted(*kinematics.jacobian());
        let (mut step, _) = least_squares(&jacobian, &gap, &nalgebra::SVector::zeros());
        let longest = step.amax();
        if !longest.is_finite() {
            return None;
        }
        if longest > LONGEST_STEP {
            step *= LONGEST_STEP / longest;
        }
        for (angle, change) in posture.as_mut_slice().iter_mut().zip(&step) {
            *angle += change;
        }
        posture = clamped(model, posture);
    }
    None
}

/// What is missing from the tip to the target, in the tip's axes: m over [`LENGTH`], then rad.
fn gap(tip: &Pose<Base>, target: &Pose<Base>) -> Vector6<f64> {
    let to_tip = tip.rotation().inverse();
    let travel = to_tip * (target.position() - tip.position()) / LENGTH;
    let turn = (to_tip * target.rotation()).scaled_axis();
    Vector6::new(travel.x, travel.y, travel.z, turn.x, turn.y, turn.z)
}

fn clamped(model: &ArmModel, mut posture: Joints) -> Joints {
    for (angle, limit) in posture.as_mut_slice().iter_mut().zip(model.limits()) {
        *angle = angle.clamp(limit.lower.get(), limit.upper.get());
    }
    posture
}
