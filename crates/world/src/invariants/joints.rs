//! Setpoints: whether each goes on from the one before, and what the joints leave the tip.

use std::time::Duration;

use farprobe_control::{ArmModel, JointLimits};
use farprobe_geom::{Base, Joints, Pose, Time, Tip, Twist};
use nalgebra::UnitQuaternion;

use super::tip::Freedom;
use super::{Invariant, LENGTH, ROUNDING};
use crate::world::TICK;

/// An arm that is left without setpoints goes on for so long, and then stops by itself (both plant cards): until then the next setpoint
/// has to fit the one before.
pub(super) const GOES_ON: Duration = Duration::from_millis(20);

/// The greatest joint acceleration, rad/s² (Franka's control parameters of the FR3).
const JOINT_ACCELERATION: f64 = 10.0;

/// The angles of a setpoint are the ones before, led on by its speeds, to rounding: here rad/s. The arm follows the angles, and every
/// other check looks at the speeds.
const AGREEING: f64 = 1e-6;

/// What the tip does from one place to the next is what its speeds say, but for the way's bend within a tick, m/s: joints at 0.8 rad/s
/// on an arm of 0.9 m bend it by 0.3 mm/s.
const BEND: f64 = 1e-3;

/// An arm that begins anew may be led so far from where it stands by its first setpoint, rad: what a tick of three milliseconds makes
/// of a beginning at the joints' full acceleration.
const FIRST_STEP: f64 = 1e-4;

/// Below this a joint counts as at rest, rad/s.
const AT_REST: f64 = 1e-6;

/// A joint this near to the end of its range, rad, may be stopping there: the servo's resolver keeps 0.01 rad off it, comes there with
/// a time constant of 50 ms from 0.02 rad on, and brakes for that from a third of a radian a second within 0.01.
const NEAR_END: f64 = 0.04;

/// A joint faster than this, rad/s, is as fast as the servo lets it be: 95 % of what the arm can stop from, 0.8 rad/s, to rounding.
const AT_SPEED: f64 = 0.949 * 0.8;

/// A joint that slows down by more than this, rad/s², does all the servo lets it: 95 % of what it can, to rounding.
const AT_BRAKING: f64 = 0.949 * JOINT_ACCELERATION;

/// The same of one that becomes faster, rad/s²: three quarters of that. An ordinary motion of the tip asks for up to 6 rad/s² of a joint, and
/// is judged.
const AT_SPEEDING: f64 = 0.75 * AT_BRAKING;

/// Below this manipulability (Yoshikawa, 1985: `√det JJᵀ`, lengths in units of [`LENGTH`]) the arm is near a singular posture, and what
/// its joints make of a motion bends from tick to tick. A scan is done at 0.5 to 2.5; the gate ends driving at about 0.15.
const NEAR_SINGULAR: f64 = 0.2;

/// Below this manipulability no scan is done.
const AWKWARD: f64 = 0.5;

/// A setpoint.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sent {
    pub(super) at: Time,
    pub(super) positions: Joints,
    pub(super) velocities: Joints,
    /// Where it has the tip.
    pub(super) tip: Pose<Base>,
}

impl Sent {
    /// Whether it is finite and within the joints' range.
    pub(super) fn is_possible(&self, limits: &[JointLimits]) -> bool {
        let mut angles = limits.iter().zip(self.positions.as_slice());
        self.positions.is_finite()
            && self.velocities.is_finite()
            && angles.all(|(limit, angle)| (limit.lower.get()..=limit.upper.get()).contains(angle))
    }

    pub(super) fn is_at_rest(&self) -> bool {
        self.velocities.as_slice().iter().all(|speed| speed.abs() <= AT_REST)
    }

    /// How it fails to begin where the arm stands (rad), if it does.
    pub(super) fn misses(&self, stands: &Joints) -> Option<(Invariant, String)> {
        let off = self.positions.zip_with(stands, |to, from| (to - from).abs());
        let far = off.as_slice().iter().any(|off| *off > FIRST_STEP);
        far.then(|| (Invariant::Continuity, format!("a beginning {off:?} rad from where the arm stands")))
    }

    /// Whether it goes on from the one `before`, and no joint any faster.
    pub(super) fn runs_down_from(&self, before: &Self, limits: &[JointLimits]) -> bool {
        let mut speeds = self.velocities.as_slice().iter().zip(before.velocities.as_slice());
        let soon = self.at.saturating_since(before.at) <= GOES_ON;
        soon && self.leaves(before, limits).is_none() && speeds.all(|(speed, before)| speed.abs() <= before.abs())
    }

    /// How it fails to go on from the one `before`, if it does.
    pub(super) fn leaves(&self, before: &Self, limits: &[JointLimits]) -> Option<(Invariant, String)> {
        let gap = self.at.saturating_since(before.at);
        let seconds = gap.as_secs_f64();
        let moved = self.positions.zip_with(&before.positions, |to, from| (to - from) / seconds);
        let changed = self.velocities.zip_with(&before.velocities, |to, from| (to - from).abs() / seconds);
        let fastest = limits.iter().map(|limit| limit.speed.get() * (1.0 + ROUNDING));
        if moved.as_slice().iter().zip(fastest).any(|(speed, most)| speed.abs() > most) {
            return Some((Invariant::Continuity, format!("a step of {moved:?} rad/s")));
        }
        if changed.as_slice().iter().any(|change| *change > JOINT_ACCELERATION * (1.0 + ROUNDING)) {
            return Some((Invariant::Acceleration, format!("{changed:?} rad/s²")));
        }
        let speeds = before.velocities.as_slice().iter().zip(self.velocities.as_slice());
        let mut angles = moved.as_slice().iter().zip(speeds).zip(limits.iter().zip(self.positions.as_slice()));
        let agree = angles.all(|((moved, (from, to)), (limit, angle))| {
            // After a gap the arm has gone on by the speed before, and only then by this one.
            let (low, high) = if gap == TICK { (*to, *to) } else { (from.min(*to), from.max(*to)) };
            // Braking does not carry a joint out of its range.
            let at_end = *angle <= limit.lower.get() || *angle >= limit.upper.get();
            at_end || (low - AGREEING..=high + AGREEING).contains(moved)
        });
        (!agree).then(|| {
            let said = self.velocities;
            (Invariant::Agreement, format!("angles that move by {moved:?} rad/s, and say {said:?}"))
        })
    }

    /// The tip's mean motion from the place before to this one, in its own axes halfway.
    pub(super) fn moved_since(&self, before: &Self) -> Twist<Tip> {
        let seconds = self.at.saturating_since(before.at).as_secs_f64();
        let (from, to) = (before.tip.rotation(), self.tip.rotation());
        let turn = (from.inverse() * to).scaled_axis();
        let halfway = from * UnitQuaternion::from_scaled_axis(turn / 2.0);
        let travel = halfway.inverse() * (self.tip.position() - before.tip.position());
        Twist::new(travel / seconds, turn / seconds)
    }

    /// What the joints leave the tip, which went on from the setpoint `before`.
    pub(super) fn freedom(&self, before: &Self, limits: &[JointLimits]) -> Freedom {
        let seconds = self.at.saturating_since(before.at).as_secs_f64();
        let changed = self.velocities.zip_with(&before.velocities, |to, from| (to - from) / seconds);
        // What a refusal leaves of a motion ends in the last tick of its braking, less than a hundredth of a radian a second.
        let has_ended = self.is_at_rest() && !before.is_at_rest();
        let hemmed = has_ended || is_hemmed(limits, &self.positions, &self.velocities, &changed);
        if hemmed { Freedom::Hemmed } else { Freedom::Free }
    }
}

/// Whether the tip moved otherwise than it was said to.
pub(super) fn disagree(moved: &Twist<Tip>, said: &Twist<Tip>) -> bool {
    (moved.linear - said.linear).norm() > BEND || (moved.angular - said.angular).norm() > BEND / LENGTH
}

pub(super) fn is_near_singular(model: &ArmModel, positions: &Joints) -> bool {
    manipulability(model, positions) < NEAR_SINGULAR
}

/// Whether the arm is in a posture no scan is done in, stretched or folded so far that damping bends what it does.
pub(super) fn is_awkward(model: &ArmModel, positions: &Joints) -> bool {
    manipulability(model, positions) < AWKWARD
}

pub(super) fn manipulability(model: &ArmModel, positions: &Joints) -> f64 {
    let mut jacobian = *model.kinematics(positions).jacobian();
    for mut row in jacobian.row_iter_mut().take(3) {
        row /= LENGTH;
    }
    (jacobian * jacobian.transpose()).determinant().max(0.0).sqrt()
}

/// Whether some joint is at the end of what it can do: of its range, its speed (rad/s) or its acceleration (rad/s²).
pub(super) fn is_hemmed(
    limits: &[JointLimits],
    positions: &Joints,
    velocities: &Joints,
    accelerations: &Joints,
) -> bool {
    let mut joints = limits.iter().zip(positions.as_slice());
    let mut changes = velocities.as_slice().iter().zip(accelerations.as_slice());
    joints.any(|(limit, angle)| (angle - limit.lower.get()).min(limit.upper.get() - angle) < NEAR_END)
        || velocities.as_slice().iter().any(|speed| speed.abs() > AT_SPEED)
        || changes.any(|(speed, change)| {
            let before = speed - change * TICK.as_secs_f64();
            let speeds_up = speed * before >= 0.0 && speed.abs() > before.abs();
            change.abs() > if speeds_up { AT_SPEEDING } else { AT_BRAKING }
        })
}
