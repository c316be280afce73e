//! The last look at the joint setpoint before it leaves.

use core::fmt;
use core::time::Duration;

use farprobe_geom::{Joints, Radian, Time, Tip, Twist};
use nalgebra::Vector3;

use crate::lifting::Lifting;
use crate::timing::TICK;

/// What the joints of the arm may do. One number for each joint in every field.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct JointLimits {
    /// Lowest angles, rad.
    pub lower: Joints,
    /// Highest angles, rad.
    pub upper: Joints,
    /// Greatest speeds, rad/s.
    pub speed: Joints,
    /// Greatest accelerations, rad/s².
    pub acceleration: Joints,
    /// A setpoint may be this far from where the joint is; more than 0.2 rad counts as 0.2 rad. To be larger than speed times the arm's
    /// dead time and lag.
    pub lead: Radian,
}

impl JointLimits {
    /// Whether a joint can be at this angle (rad) at all: in its range, or [`BEYOND_RANGE`] out of it. NaN is nowhere.
    fn can_stand_at(&self, joint: usize, angle: f64) -> bool {
        let at = |joints: &Joints| joints.as_slice().get(joint).copied().unwrap_or(f64::NAN);
        (at(&self.lower) - BEYOND_RANGE..=at(&self.upper) + BEYOND_RANGE).contains(&angle)
    }
}

/// What the arm is to do until the next tick.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct JointSetpoint {
    /// Angles, rad.
    pub positions: Joints,
    /// Speeds, rad/s.
    pub velocities: Joints,
}

/// A setpoint with what is needed to judge it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct JointCheck {
    /// What is to be sent.
    pub setpoint: JointSetpoint,
    /// Where the joints are, rad.
    pub measured: Joints,
    /// The tip motion the setpoint's speeds make (J·q̇ at the setpoint).
    pub implied: Twist<Tip>,
}

/// What the setpoint of a tick has to make.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Granted {
    /// The permitted tip motion.
    pub(crate) motion: Twist<Tip>,
    /// Whether it lifts a probe, whatever the control law wants.
    pub(crate) lifting: Lifting,
}

impl Granted {
    /// No motion.
    pub(crate) const NOTHING: Self =
        Self { motion: Twist::new(Vector3::new(0.0, 0.0, 0.0), Vector3::new(0.0, 0.0, 0.0)), lifting: Lifting::No };

    /// The greatest speed towards the patient that passes, m/s.
    fn inward(&self, tolerance: f64) -> f64 {
        self.motion.linear.z.max(0.0) * ROUNDING + tolerance
    }
}

/// Why a setpoint is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Refused {
    /// The number of joints is not the arm's.
    WrongAxes,
    /// A number is not finite.
    NotFinite,
    /// The joint would leave its range, or go further out.
    Position {
        /// Which joint, from 0.
        joint: usize,
    },
    /// The joint would be too fast.
    Speed {
        /// Which joint, from 0.
        joint: usize,
    },
    /// The joint's speed would change too fast.
    Acceleration {
        /// Which joint, from 0.
        joint: usize,
    },
    /// The angle does not follow from the angle and the speed before.
    Jump {
        /// Which joint, from 0.
        joint: usize,
    },
    /// The setpoint is further from the joint than the arm can lag: it does not follow, and would leap there once it does.
    Lead {
        /// Which joint, from 0.
        joint: usize,
    },
    /// The tip would move otherwise than was permitted.
    Disagrees,
    /// The arm still brakes after the last refusal.
    Recovering,
}

/// Words count joints from 1, as arms are labelled.
impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::WrongAxes => f.write_str("the setpoint has not as many joints as the arm"),
            Self::NotFinite => f.write_str("the setpoint is not finite"),
            Self::Position { joint } => write!(f, "joint {} would leave its range", joint + 1),
            Self::Speed { joint } => write!(f, "joint {} would be too fast", joint + 1),
            Self::Acceleration { joint } => write!(f, "joint {} would change its speed too fast", joint + 1),
            Self::Jump { joint } => write!(f, "joint {} would jump", joint + 1),
            Self::Lead { joint } => write!(f, "joint {} does not follow", joint + 1),
            Self::Disagrees => f.write_str("the tip would move otherwise than was permitted"),
            Self::Recovering => f.write_str("the arm still brakes after a refused setpoint"),
        }
    }
}

impl core::error::Error for Refused {}

/// What becomes of a setpoint.
#[derive(Debug, Clone, Copy, PartialEq)]
#[must_use = "a refused setpoint must not be sent"]
pub enum Confirmation {
    /// It may be sent as it is.
    Passed,
    /// It must not be sent.
    Refused(Refusal),
}

/// A refusal: the setpoint must not be sent.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Refusal {
    /// Why.
    pub reason: Refused,
    /// What is to be sent instead: braking from the last confirmed setpoint. `None` if there is nothing to brake from; then
    /// nothing is sent, and the arm stops by itself.
    pub instead: Option<JointSetpoint>,
}

/// An angle may differ from what the speed makes of the one before by this much, rad: rounding. The arm follows angles and the gate
/// judges speeds, so that what is granted here in every tick is motion that nobody judges: 1e-3 rad would be 1 rad/s of it.
const JUMP_TOLERANCE: f64 = 1e-6;

/// The greatest lead that may be configured, rad.
const LEAD_CEILING: f64 = 0.2;

/// Ticks further apart than this were late, s: in what was too much nobody says whether the arm went on or stopped.
const LATE_AFTER: f64 = 0.003;

/// A start from rest may stand so far from the measured angles, rad: what the first tick's speed makes of them, were it late.
const START_TOLERANCE: f64 = 5e-5;

/// An angle may be this far beyond the end of its range, rad: how far the last tick before it carries.
const END_ROOM: f64 = 1e-3;

/// Relative room for rounding and for how the servo integrates.
const ROUNDING: f64 = 1.01;

/// After a longer gap the last setpoint says nothing any more: the arm has stopped by itself, and starts from where it stands.
const MEMORY: Duration = Duration::from_millis(20);

/// The tip may move sideways otherwise than permitted by this much, m/s: damping near singularities bends the motion.
const LINEAR_TOLERANCE: f64 = 0.005;

/// It may move towards the patient faster than permitted by no more than this, m/s: 1 µm a tick.
const INWARD_TOLERANCE: f64 = 0.001;

/// The same of a probe that is being lifted, m/s: what rounding makes of a lift that begins. A micrometre a tick would be 10 N a second
/// on a belly.
const LIFTING_TOLERANCE: f64 = 1e-4;

/// It may turn otherwise than permitted by this much, rad/s.
const ANGULAR_TOLERANCE: f64 = 0.05;

/// Deviation in proportion to the motion, for what the tolerances above don't cover at speed.
const PROPORTION: f64 = 0.1;

/// From this share of what is tolerated on a motion lags, and the next one begins where it is. At half of it the permitted motion ran
/// ahead of an arm near a singular posture for a tick and was taken back in the next, and the joints with it.
const LAGGING: f64 = 0.1;

/// From this share of its greatest acceleration on a joint that slows down does what it can.
const STRAINED: f64 = 0.9;

/// The same of one that becomes faster: the control law keeps the rest for an arm that has to catch up.
const STRAINED_SPEEDING: f64 = 0.7;

/// A joint beyond its range may go on by no more than this, rad/s: how far a tick's jerk carries braking past zero.
const CREEP: f64 = 1e-3;

/// A joint may stand this far beyond its range, rad: pushed by the staff, or zeroed a little otherwise than it is described.
/// Further out no joint can be: there the encoder lies, and nothing is sent.
pub const BEYOND_RANGE: f64 = 0.2;

/// Below this a joint counts as at rest, rad/s.
const AT_REST: f64 = 1e-6;

/// Remembers the last setpoint that left, and judges the next one against it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct JointWatch {
    limits: JointLimits,
    last: Option<(Time, JointSetpoint)>,
    /// The tip motion of the last setpoint that was confirmed.
    made: Twist<Tip>,
    recovering: bool,
}

/// What the joints do for a setpoint that passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Effort {
    /// They make the permitted motion, or a slower one.
    Easy,
    /// They make it as nearly as they can: one of them is as fast, or changes its speed as fast, as it may.
    Strained,
}

impl JointWatch {
    pub(crate) fn new(limits: &JointLimits) -> Self {
        Self { limits: *limits, last: None, made: Twist::zero(), recovering: false }
    }

    /// The last setpoint that left, rad.
    pub(crate) fn sent(&self) -> Option<&Joints> {
        self.last.as_ref().map(|(_, setpoint)| &setpoint.positions)
    }

    /// Confirms the setpoint, or gives the one to be sent instead. Where the joints could not quite make the permitted motion, it
    /// says what they make.
    pub(crate) fn confirm(
        &mut self,
        now: Time,
        check: &JointCheck,
        granted: &Granted,
    ) -> (Confirmation, Option<Twist<Tip>>) {
        let last = self.last.filter(|(at, _)| now.saturating_since(*at) <= MEMORY);
        let reason = match self.judge(now, last, check, granted) {
            Ok(effort) => {
                self.last = Some((now, check.setpoint));
                self.made = check.implied;
                let strained = (effort == Effort::Strained).then_some(check.implied);
                return (Confirmation::Passed, strained);
            }
            Err(reason) => reason,
        };
        let instead = self.brake(now, last, &check.measured);
        self.last = instead.map(|setpoint| (now, setpoint));
        self.recovering = instead.is_some_and(|setpoint| !is_at_rest(&setpoint.velocities));
        self.made = Twist::zero();
        (Confirmation::Refused(Refusal { reason, instead }), None)
    }

    fn judge(
        &self,
        now: Time,
        last: Option<(Time, JointSetpoint)>,
        check: &JointCheck,
        granted: &Granted,
    ) -> Result<Effort, Refused> {
        let JointSetpoint { positions, velocities } = check.setpoint;
        let axes = self.limits.lower.axes();
        let complete = [&positions, &velocities, &check.measured, &self.limits.upper, &self.limits.speed]
            .into_iter()
            .chain([&self.limits.acceleration])
            .all(|joints| joints.axes() == axes);
        if axes == 0 || !complete {
            return Err(Refused::WrongAxes);
        }
        if !(positions.is_finite() && velocities.is_finite() && check.measured.is_finite() && check.implied.is_finite())
        {
            return Err(Refused::NotFinite);
        }
        if self.recovering {
            return Err(Refused::Recovering);
        }
        let before = match last {
            // From rest the arm may begin anew where it stands: it was pushed, or stopped by itself.
            Some((_, setpoint)) if is_at_rest(&setpoint.velocities) && starts_afresh(check) => None,
            Some((at, setpoint)) => Some((now.saturating_since(at).as_secs_f64(), setpoint)),
            None => None,
        };
        for joint in 0..axes {
            self.judge_joint(joint, before, check)?;
        }
        let strained = before.is_some_and(|before| self.is_strained(before, &velocities));
        let permitted = &granted.motion;
        match (strained, agrees(&check.implied, granted)) {
            (false, true) if lags(&check.implied, permitted) => Ok(Effort::Strained),
            (false, true) => Ok(Effort::Easy),
            (true, true) => Ok(Effort::Strained),
            (true, false) if is_on_the_way(&check.implied, &self.made, granted) => Ok(Effort::Strained),
            (true | false, false) => Err(Refused::Disagrees),
        }
    }

    /// Whether a joint changes its speed as fast as it may, or nearly.
    fn is_strained(&self, (dt, last): (f64, JointSetpoint), velocities: &Joints) -> bool {
        let changes = velocities.as_slice().iter().zip(last.velocities.as_slice());
        changes.zip(self.limits.acceleration.as_slice()).any(|((to, from), most)| {
            let speeds_up = to.abs() > from.abs() && from * to >= 0.0;
            let share = if speeds_up { STRAINED_SPEEDING } else { STRAINED };
            (to - from).abs() >= share * most * dt
        })
    }

    fn judge_joint(
        &self,
        joint: usize,
        before: Option<(f64, JointSetpoint)>,
        check: &JointCheck,
    ) -> Result<(), Refused> {
        let at = |joints: &Joints| joints.as_slice().get(joint).copied().unwrap_or(f64::NAN);
        let (position, velocity) = (at(&check.setpoint.positions), at(&check.setpoint.velocities));
        // Written so that NaN among the limits is too fast.
        let slow = velocity.abs() <= at(&self.limits.speed) * ROUNDING;
        if !slow {
            return Err(Refused::Speed { joint });
        }
        let low = at(&self.limits.lower) - END_ROOM;
        let high = at(&self.limits.upper) + END_ROOM;
        // Beyond its range a joint may come back, or stay.
        let inside = (position >= low || velocity >= -CREEP) && (position <= high || velocity <= CREEP);
        if !inside || !self.limits.can_stand_at(joint, position) {
            return Err(Refused::Position { joint });
        }
        let Some((dt, last)) = before else {
            // A start: at rest, where the arm stands. One tick of acceleration is the most it can have.
            let still = velocity.abs() <= at(&self.limits.acceleration) * TICK.as_secs_f64() * ROUNDING;
            let here = (position - at(&check.measured)).abs() <= START_TOLERANCE;
            return if still && here { Ok(()) } else { Err(Refused::Jump { joint }) };
        };
        let change = (velocity - at(&last.velocities)).abs();
        let smooth = change <= at(&self.limits.acceleration) * dt * ROUNDING + AT_REST;
        if !smooth {
            return Err(Refused::Acceleration { joint });
        }
        let late = (dt - LATE_AFTER).max(0.0) * velocity.abs().max(at(&last.velocities).abs());
        let follows = (position - (at(&last.positions) + velocity * dt)).abs() <= JUMP_TOLERANCE + late;
        if !follows {
            return Err(Refused::Jump { joint });
        }
        let lead = self.limits.lead.get().min(LEAD_CEILING);
        // One that comes back to where the arm is may do so from further off.
        let (ahead, before) = (position - at(&check.measured), at(&last.positions) - at(&check.measured));
        let runs_away = ahead.abs() > lead && ahead.abs() >= before.abs();
        if runs_away { Err(Refused::Lead { joint }) } else { Ok(()) }
    }

    /// The next setpoint on the way from the last one to rest. All joints slow down by the same share, so that the tip keeps to its
    /// direction and does not become faster anywhere on the way; the joint that needs longest sets the pace.
    fn brake(&self, now: Time, last: Option<(Time, JointSetpoint)>, measured: &Joints) -> Option<JointSetpoint> {
        let Some((at, last)) = last else {
            let possible = |(joint, angle): (usize, &f64)| self.limits.can_stand_at(joint, *angle);
            let known =
                measured.axes() == self.limits.lower.axes() && measured.as_slice().iter().enumerate().all(possible);
            return known.then_some(JointSetpoint { positions: *measured, velocities: Joints::zero(measured.axes()) });
        };
        let dt = now.saturating_since(at).as_secs_f64();
        let left = last.velocities.zip_with(&self.limits.acceleration, |speed, most| 1.0 - most * dt / speed.abs());
        // A joint at rest asks for no share: `max` passes over less than nothing, and over what is no number.
        let share = left.as_slice().iter().copied().fold(0.0, f64::max);
        let slower = last.velocities.zip_with(&last.velocities, |speed, _| speed * share);
        // What rounding leaves is rest.
        let velocities = if is_at_rest(&slower) { Joints::zero(slower.axes()) } else { slower };
        let ahead = last.positions.zip_with(&velocities, |position, speed| position + speed * dt);
        // Braking does not carry a joint out of its range; one that is out already stays where it is.
        let up = self.limits.upper.zip_with(&last.positions, f64::max);
        let down = self.limits.lower.zip_with(&last.positions, f64::min);
        let positions = ahead.zip_with(&up, f64::min).zip_with(&down, f64::max);
        Some(JointSetpoint { positions, velocities })
    }
}

/// Whether this setpoint is one at rest where the arm stands: just there, or an arm that follows would be led on, tick by tick.
fn starts_afresh(check: &JointCheck) -> bool {
    let near = check.setpoint.positions.zip_with(&check.measured, |a, b| (a - b).abs());
    is_at_rest(&check.setpoint.velocities) && near.as_slice().iter().all(|distance| *distance <= JUMP_TOLERANCE)
}

fn is_at_rest(velocities: &Joints) -> bool {
    velocities.as_slice().iter().all(|velocity| velocity.abs() <= AT_REST)
}

/// Whether the implied motion is the permitted one or a slower one of the same direction. Slower is what joint limits and
/// singularities make of it; faster, or towards the patient, is not.
fn agrees(implied: &Twist<Tip>, granted: &Granted) -> bool {
    let permitted = &granted.motion;
    let tolerance = match granted.lifting {
        Lifting::No => INWARD_TOLERANCE,
        Lifting::Enforced => LIFTING_TOLERANCE,
    };
    implied.linear.z <= granted.inward(tolerance)
        && is_part_of(implied.linear, permitted.linear, LINEAR_TOLERANCE)
        && is_part_of(implied.angular, permitted.angular, ANGULAR_TOLERANCE)
}

/// Whether the implied motion is so much less than the permitted one that braking from the latter would begin late. One that is more
/// is being braked already, and is not given time for it.
fn lags(implied: &Twist<Tip>, permitted: &Twist<Tip>) -> bool {
    let less = |implied: Vector3<f64>, permitted: Vector3<f64>, tolerance: f64| {
        (implied - permitted).norm() > tolerance * LAGGING && implied.norm() < permitted.norm()
    };
    less(implied.linear, permitted.linear, LINEAR_TOLERANCE)
        || less(implied.angular, permitted.angular, ANGULAR_TOLERANCE)
}

/// Whether the implied motion lies between the one before and the permitted one, and is no faster towards the patient than is
/// permitted.
fn is_on_the_way(implied: &Twist<Tip>, before: &Twist<Tip>, granted: &Granted) -> bool {
    let permitted = &granted.motion;
    let between = |implied: Vector3<f64>, before: Vector3<f64>, permitted: Vector3<f64>, tolerance| {
        is_part_of(implied - before, permitted - before, tolerance)
    };
    implied.linear.z <= granted.inward(INWARD_TOLERANCE)
        && between(implied.linear, before.linear, permitted.linear, LINEAR_TOLERANCE)
        && between(implied.angular, before.angular, permitted.angular, ANGULAR_TOLERANCE)
}

/// Whether `part` is near some `s·whole` with `0 ≤ s ≤ 1`.
fn is_part_of(part: Vector3<f64>, whole: Vector3<f64>, tolerance: f64) -> bool {
    let length = whole.norm_squared();
    let s = if length > 0.0 { (part.dot(&whole) / length).clamp(0.0, 1.0) } else { 0.0 };
    (part - whole * s).norm() <= tolerance + PROPORTION * whole.norm()
}

#[cfg(test)]
mod tests;
