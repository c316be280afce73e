//! From a tip twist to joint speeds: differential inverse kinematics.
//!
//! Damped least squares after Nakamura and Hanafusa (1986) and Wampler (1986), with the damping confined to the singular
//! directions (Maciejewski and Klein, 1988) and growing smoothly as one comes near; the spare axis of a redundant arm goes
//! to its posture in the null space; joints at the end of their range are held and the others take over their share
//! (saturation in the null space, after Flacco, De Luca and Khatib, 2015). Too fast a motion is slowed as a whole, so that
//! it keeps its direction. No allocation.

use farprobe_geom::{Joints, MAX_AXES, Tip, Twist};
use nalgebra::{SVector, Vector6};

use crate::{ArmModel, Jacobian, Kinematics};

mod inverse;
mod least_squares;
pub use inverse::inverse;
use least_squares::least_squares;

/// One number for each joint, as a column.
type Column = SVector<f64, MAX_AXES>;

/// Turns tip twists into joint speeds.
#[derive(Debug, Clone, PartialEq)]
pub struct Resolver {
    posture: Joints,
}

/// What a twist becomes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Resolution {
    /// Joint speeds, rad/s: finite, within the speed limits, and never towards the end of a range faster than the joint
    /// can stop.
    pub velocities: Joints,
    /// The twist these speeds give the tip.
    pub achieved: Twist<Tip>,
    /// Why it differs from the twist asked for, if it does.
    pub limited: Limited,
}

/// Why a twist could not be had as it was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limited {
    /// It could.
    No,
    /// A joint would have been too fast: all were slowed alike, and the direction is kept.
    Speed,
    /// The arm is near a singular posture: the direction it can hardly move in is slowed.
    Singularity,
    /// This joint (0 is next to the base) is at the end of its range, and the others could not take over all it did.
    Range {
        /// The joint, counted from 0 at the base.
        joint: usize,
    },
    /// The numbers handed in make no motion: the speeds are zero.
    Invalid,
}

/// Length that makes metres and radians comparable, m: about the distance from an arm's wrist to a probe's tip. A turn of 1
/// rad then weighs as much as the travel it causes there.
const LENGTH: f64 = 0.3;
/// A twist this much off what was asked (relative) counts as limited.
const TOLERANCE: f64 = 1e-3;
/// How fast the posture is approached, 1/s. Slow: it must not be felt.
const POSTURE_RATE: f64 = 0.5;
/// The largest posture motion of a joint, rad/s.
const POSTURE_SPEED: f64 = 0.1;
/// The tip speed (weighted, 1/s) from which on the posture motion is at its full rate: an arm whose tip rests, rests whole.
const POSTURE_AWAKE: f64 = 0.02;
/// The share of a joint's speed limit that is used; the rest is the gate's and the arm's own control's.
const SPEED_SHARE: f64 = 0.9;
/// How far from the end of its range a joint stops, rad.
const RANGE_MARGIN: f64 = 0.01;
/// How a joint brakes towards the end of its range, rad/s²: half of what an FR3 may do.
const RANGE_BRAKING: f64 = 5.0;
/// The last stretch to the end of a range is approached exponentially with this time constant, s, so that the braking ends
/// without a knock.
const RANGE_APPROACH: f64 = 0.05;

impl Resolver {
    /// A redundant arm drifts towards `posture` (rad) while it moves; an arm of six axes or fewer can't.
    pub const fn new(posture: Joints) -> Self {
        Self { posture }
    }

    /// The joint speeds that give the tip this twist, or as much of it as can be had, where the `model` stands by these
    /// `kinematics`.
    pub fn resolve(&self, model: &ArmModel, kinematics: &Kinematics, twist: &Twist<Tip>) -> Resolution {
        let positions = kinematics.positions();
        if positions.axes() != model.axes() || !positions.is_finite() || !twist.is_finite() {
            return Resolution {
                velocities: Joints::zero(model.axes()),
                achieved: Twist::zero(),
                limited: Limited::Invalid,
            };
        }
        let jacobian = weighted(*kinematics.jacobian());
        let wanted = weighted_twist(twist);
        let bounds = Bounds::at(model, positions);
        let posture = self.posture_motion(positions, &wanted);
        let mut outcome = within_ranges(&jacobian, &wanted, &posture, &bounds);
        let slowed = bounds.slow_down(&mut outcome.speeds);
        let achieved = jacobian * outcome.speeds;
        let limited = outcome.judge(&wanted, &achieved, slowed);
        Resolution { velocities: joints(&outcome.speeds, model.axes()), achieved: unweighted(&achieved), limited }
    }

    /// The joint speeds that would bring the arm nearer to its posture; the null space takes what it can of them.
    fn posture_motion(&self, positions: &Joints, wanted: &Vector6<f64>) -> Column {
        let awake = (wanted.norm() / POSTURE_AWAKE).min(1.0);
        let mut motion = Column::zeros();
        for ((speed, now), posture) in motion.iter_mut().zip(positions.as_slice()).zip(self.posture.as_slice()) {
            *speed = ((posture - now) * POSTURE_RATE).clamp(-POSTURE_SPEED, POSTURE_SPEED) * awake;
        }
        if motion.iter().all(|speed| speed.is_finite()) { motion } else { Column::zeros() }
    }
}

/// How fast each joint may move in either direction, rad/s.
struct Bounds {
    lowest: Column,
    highest: Column,
    speed: Column,
}

impl Bounds {
    fn at(model: &ArmModel, positions: &Joints) -> Self {
        let mut bounds = Self { lowest: Column::zeros(), highest: Column::zeros(), speed: Column::zeros() };
        for (joint, (limit, angle)) in model.limits().iter().zip(positions.as_slice()).enumerate() {
            let speed = limit.speed.get() * SPEED_SHARE;
            bounds.speed[joint] = speed;
            bounds.lowest[joint] = -stoppable(angle - limit.lower.get() - RANGE_MARGIN).min(speed);
            bounds.highest[joint] = stoppable(limit.upper.get() - angle - RANGE_MARGIN).min(speed);
        }
        bounds
    }

    /// Slows all joints alike until each is within its bounds. Returns whether that was needed.
    fn slow_down(&self, speeds: &mut Column) -> bool {
        let mut share = 1.0_f64;
        for (speed, limit) in speeds.iter().zip(&self.speed) {
            if speed.abs() > *limit {
                share = share.min(limit / speed.abs());
            }
        }
        *speeds *= share;
        for ((speed, lowest), highest) in speeds.iter_mut().zip(&self.lowest).zip(&self.highest) {
            *speed = speed.clamp(*lowest, *highest);
        }
        share < 1.0
    }

    /// The joint that is farthest beyond what its range allows, with the bound it meets.
    fn worst(&self, speeds: &Column, held: [bool; MAX_AXES]) -> Option<(usize, f64)> {
        let mut worst: Option<(usize, f64, f64)> = None;
        for (joint, speed) in speeds.iter().enumerate().filter(|(joint, _)| !held.get(*joint).copied().unwrap_or(true))
        {
            // What only exceeds the speed limit is slowed later, all joints alike.
            let (lowest, highest) = (self.lowest[joint], self.highest[joint]);
            let bound = if *speed < lowest && lowest > -self.speed[joint] {
                lowest
            } else if *speed > highest && highest < self.speed[joint] {
                highest
            } else {
                continue;
            };
            let beyond = (speed - bound).abs();
            if worst.is_none_or(|(_, _, most)| beyond > most) {
                worst = Some((joint, bound, beyond));
            }
        }
        worst.map(|(joint, bound, _)| (joint, bound))
    }
}

/// The speed from which a joint can stop within this distance (rad). Zero beyond the end: a joint that stands outside its
/// range may come back, but is not pushed.
fn stoppable(distance: f64) -> f64 {
    if distance <= 0.0 { 0.0 } else { (2.0 * RANGE_BRAKING * distance).sqrt().min(distance / RANGE_APPROACH) }
}

/// The least-squares motion and what stood in its way.
struct Outcome {
    speeds: Column,
    held: Option<usize>,
    damped: bool,
}

impl Outcome {
    fn judge(&self, wanted: &Vector6<f64>, achieved: &Vector6<f64>, slowed: bool) -> Limited {
        let missed = (achieved - wanted).norm() > TOLERANCE * wanted.norm();
        match (missed, self.held, slowed, self.damped) {
            (false, ..) => Limited::No,
            (true, Some(joint), ..) => Limited::Range { joint },
            (true, None, true, _) => Limited::Speed,
            (true, None, false, _) => Limited::Singularity,
        }
    }
}

/// The motion of least error in which no joint runs into the end of its range: a joint that would is held at the speed from
/// which it can stop, and the others are asked again for what is left.
fn within_ranges(jacobian: &Jacobian, wanted: &Vector6<f64>, posture: &Column, bounds: &Bounds) -> Outcome {
    let mut free = *jacobian;
    let mut free_posture = *posture;
    let mut remaining = *wanted;
    let mut fixed = Column::zeros();
    let mut held = [false; MAX_AXES];
    let mut outcome = Outcome { speeds: Column::zeros(), held: None, damped: false };
    for _ in 0..=MAX_AXES {
        let (speeds, damped) = least_squares(&free, &remaining, &free_posture);
        outcome.speeds = speeds + fixed;
        outcome.damped |= damped;
        let Some((joint, bound)) = bounds.worst(&outcome.speeds, held) else { break };
        if let Some(flag) = held.get_mut(joint) {
            *flag = true;
        }
        outcome.held = outcome.held.or(Some(joint));
        fixed[joint] = bound;
        remaining -= free.column(joint) * bound;
        free.column_mut(joint).fill(0.0);
        free_posture[joint] = 0.0;
    }
    outcome
}

fn weighted(mut jacobian: Jacobian) -> Jacobian {
    for mut row in jacobian.row_iter_mut().take(3) {
        row /= LENGTH;
    }
    jacobian
}

fn weighted_twist(twist: &Twist<Tip>) -> Vector6<f64> {
    let (l, a) = (twist.linear / LENGTH, twist.angular);
    Vector6::new(l.x, l.y, l.z, a.x, a.y, a.z)
}

fn unweighted(twist: &Vector6<f64>) -> Twist<Tip> {
    Twist::new(twist.fixed_rows::<3>(0) * LENGTH, twist.fixed_rows::<3>(3).into_owned())
}

fn joints(column: &Column, axes: usize) -> Joints {
    let mut joints = Joints::zero(axes);
    for (slot, value) in joints.as_mut_slice().iter_mut().zip(column) {
        *slot = *value;
    }
    joints
}

#[cfg(test)]
mod tests;
