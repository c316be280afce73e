//! The arm's drives: they follow setpoints within the joints' limits, and stop by themselves when none come.

use std::time::Duration;

use farprobe_control::{ArmModel, JointLimits};
use farprobe_geom::{Joints, MAX_AXES, Time};

use super::card::{JointCard, PlantCard};
use super::setpoints::{Arriving, SetpointQueue};
use super::{SUBSTEP, SUBSTEP_S};

/// Natural frequency of the drives' tracking, rad/s, critically damped. Setpoints come with their speed, so this only
/// decides how fast a difference is made up for: well above what the arm is asked to follow (a patient who coughs is below
/// 20 rad/s) and well below the millisecond between setpoints.
const TRACKING: f64 = 200.0;

/// Share of the largest acceleration that a drive plans to brake with, so that some is left to correct.
const BRAKING_SHARE: f64 = 0.8;

/// How far from where a standing arm is (rad, each joint) its first setpoint may be. A setpoint further away was made for
/// another moment, and the arm stays: an FR3 refuses a motion that does not begin where it stands.
const START_TOLERANCE: f64 = 0.02;

/// How the arm is with its setpoints.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ArmMotion {
    /// It stands and waits for its first setpoint.
    Waiting,
    /// It follows setpoints.
    Following,
    /// It had no setpoint for too long and is running down.
    Braking,
    /// It has stopped for want of setpoints. The next one that begins where it stands starts it again.
    Starved,
}

/// The drives of all joints.
#[derive(Debug, Clone)]
pub(super) struct Drive {
    motion: ArmMotion,
    axes: [Axis; MAX_AXES],
    count: usize,
    target: Option<Arriving>,
    on_the_way: SetpointQueue,
    last_heard: Time,
    dead_time: Duration,
    starved_after: Duration,
}

/// One joint's drive.
#[derive(Debug, Clone, Copy)]
struct Axis {
    card: JointCard,
    lower: f64,
    upper: f64,
    speed: f64,
    position: f64,
    velocity: f64,
    acceleration: f64,
}

impl Drive {
    pub(super) fn new(card: &PlantCard, model: &ArmModel, start: &Joints) -> Self {
        let mut axes = card.joints.map(|card| Axis::new(card, 0.0));
        for ((axis, limits), position) in axes.iter_mut().zip(model.limits()).zip(start.as_slice()) {
            *axis = Axis::new(axis.card, *position).within(limits);
        }
        Self {
            motion: ArmMotion::Waiting,
            axes,
            count: model.axes(),
            target: None,
            on_the_way: SetpointQueue::new(),
            last_heard: Time::ZERO,
            dead_time: card.dead_time,
            starved_after: card.starved_after,
        }
    }

    pub(super) fn motion(&self) -> ArmMotion {
        self.motion
    }

    /// Angle (rad) and speed (rad/s) of each drive, [`MAX_AXES`] of them.
    pub(super) fn axes(&self) -> impl Iterator<Item = (f64, f64)> {
        self.axes.iter().map(|axis| (axis.position, axis.velocity))
    }

    /// Acceleration of each drive, rad/s².
    pub(super) fn accelerations(&self) -> impl Iterator<Item = f64> {
        self.axes.iter().map(|axis| axis.acceleration)
    }

    /// A setpoint that comes in at `now`. One that is not a number, or not one for each joint, is as good as none.
    pub(super) fn receive(&mut self, now: Time, positions: &Joints, velocities: &Joints) {
        let fits = |joints: &Joints| joints.axes() == self.count && joints.is_finite();
        if fits(positions) && fits(velocities) {
            self.last_heard = now;
            let (positions, velocities) = (*positions, *velocities);
            self.on_the_way.push(Arriving { at: now + self.dead_time, positions, velocities });
        }
    }

    /// Moves all drives from `now` to `now` + [`SUBSTEP`].
    pub(super) fn step(&mut self, now: Time) {
        if let Some(arrived) = self.on_the_way.take(now) {
            self.take_up(arrived);
        }
        if self.motion == ArmMotion::Following && now.saturating_since(self.last_heard) >= self.starved_after {
            self.motion = ArmMotion::Braking;
        }
        match (self.motion, &self.target) {
            (ArmMotion::Following, Some(target)) => {
                // Between setpoints, and when some are late, the drives go on at the last speed.
                let ahead = now.saturating_since(target.at).min(self.starved_after).as_secs_f64();
                let wanted = target.positions.as_slice().iter().zip(target.velocities.as_slice());
                for (axis, (position, velocity)) in self.axes.iter_mut().zip(wanted) {
                    axis.follow(position + velocity * ahead, *velocity);
                }
            }
            (ArmMotion::Braking, _) => {
                for axis in &mut self.axes {
                    axis.brake();
                }
                if self.axes.iter().all(|axis| axis.velocity == 0.0) {
                    self.motion = ArmMotion::Starved;
                }
            }
            (ArmMotion::Following | ArmMotion::Waiting | ArmMotion::Starved, _) => {}
        }
    }

    /// Stands still at once, as it would after time that was not simulated.
    pub(super) fn halt(&mut self) {
        self.on_the_way.clear();
        if self.motion == ArmMotion::Following || self.motion == ArmMotion::Braking {
            self.motion = ArmMotion::Starved;
        }
        for axis in &mut self.axes {
            (axis.velocity, axis.acceleration) = (0.0, 0.0);
        }
    }

    fn take_up(&mut self, arrived: Arriving) {
        let near = |(axis, position): (&Axis, &f64)| (axis.position - position).abs() <= START_TOLERANCE;
        match self.motion {
            ArmMotion::Following => self.target = Some(arrived),
            ArmMotion::Waiting | ArmMotion::Starved => {
                if self.axes.iter().zip(arrived.positions.as_slice()).all(near) {
                    self.target = Some(arrived);
                    self.motion = ArmMotion::Following;
                }
            }
            // A stop that has begun is brought to its end.
            ArmMotion::Braking => {}
        }
    }
}

impl Axis {
    fn new(card: JointCard, position: f64) -> Self {
        let (lower, upper, speed) = (position, position, 0.0);
        Self { card, lower, upper, speed, position, velocity: 0.0, acceleration: 0.0 }
    }

    fn within(self, limits: &JointLimits) -> Self {
        Self { lower: limits.lower.get(), upper: limits.upper.get(), speed: limits.speed.get(), ..self }
    }

    /// Critically damped tracking: linear for small differences, and never faster than it can brake for large ones.
    fn follow(&mut self, position: f64, velocity: f64) {
        const POSITION_GAIN: f64 = TRACKING / 2.0;
        const SPEED_GAIN: f64 = TRACKING * 2.0;
        let difference = position.clamp(self.lower, self.upper) - self.position;
        let braking = BRAKING_SHARE * self.card.acceleration;
        let linear = braking / (POSITION_GAIN * POSITION_GAIN);
        let catch_up = if difference.abs() <= linear {
            POSITION_GAIN * difference
        } else {
            (2.0 * braking * (difference.abs() - linear / 2.0)).sqrt().copysign(difference)
        };
        let wanted = (velocity + catch_up).clamp(-self.speed, self.speed);
        let most = self.card.acceleration;
        self.acceleration = (SPEED_GAIN * (wanted - self.velocity)).clamp(-most, most);
        self.advance();
    }

    /// Runs down to a stop within the limits of acceleration and jerk.
    fn brake(&mut self) {
        let change = self.card.jerk * SUBSTEP_S;
        // The acceleration from which the speed can still be brought to zero together with the acceleration itself.
        let wanted = (2.0 * self.card.jerk * self.velocity.abs()).sqrt().min(self.card.acceleration);
        let wanted = -wanted.copysign(self.velocity);
        self.acceleration += (wanted - self.acceleration).clamp(-change, change);
        let before = self.velocity;
        self.advance();
        let crossed = before * self.velocity <= 0.0;
        if crossed && self.acceleration.abs() <= 2.0 * change {
            (self.velocity, self.acceleration) = (0.0, 0.0);
        }
    }

    fn advance(&mut self) {
        self.velocity = (self.velocity + self.acceleration * SUBSTEP_S).clamp(-self.speed, self.speed);
        let next = self.position + self.velocity * SUBSTEP_S;
        self.position = next.clamp(self.lower, self.upper);
        if self.position != next {
            (self.velocity, self.acceleration) = (0.0, 0.0);
        }
    }
}

const _: () = assert!(SUBSTEP.as_micros() as f64 * 1e-6 == SUBSTEP_S);
