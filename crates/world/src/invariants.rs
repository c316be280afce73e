//! What must hold at every tick of every exam, whatever happens.
//!
//! The checks look at the truth (the simulator's own force, the setpoints the arm was sent, the commands that reached the cart),
//! with numbers and code of their own: they share nothing with the gate but the limits in force.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use farprobe_control::{ArmModel, JointLimits};
use farprobe_geom::{Joints, Time, Tip, Twist};
use farprobe_proto::{Clutch, Epoch, Ladder};
use farprobe_safety::Limits;
use farprobe_servo::ServoConfig;
use farprobe_session::cart::ConsoleId;
use farprobe_sim::arm::ArmMotion;

use crate::observation::Observation;
use crate::world::{Heard, TICK};

mod tip;
use tip::{Freedom, TipMotion};

/// Rounding, and what linearising the kinematics costs in a tick: share of a limit.
const ROUNDING: f64 = 0.02;

/// A probe that rests moves slower than this, m/s: what is left of noise in a law that stands still.
const RESTING: f64 = 0.001;

/// What may come to a speed where joints do all they can, m/s: the way bends while they catch up, by a fifth of what the gate's last look
/// lets pass. At the wrist, if it is a turn.
const BENDING: f64 = 1e-3;

/// So long after the ladder came to rest the probe rests: braking from the fastest row takes less.
const REST_WITHIN: Duration = Duration::from_millis(250);

/// The greatest joint acceleration, rad/s² (Franka's control parameters of the FR3).
const JOINT_ACCELERATION: f64 = 10.0;

/// A joint this near to the end of its range, rad, may be stopping there.
const NEAR_END: f64 = 0.1;

/// A joint faster than this, rad/s, may be as fast as the servo lets it be (0.8 rad/s, what the arm can stop from).
const NEAR_SPEED: f64 = 0.7;

/// A joint that changes its speed by more than this, rad/s², may be doing all it can, or is about to.
const NEAR_ACCELERATION: f64 = 0.5 * JOINT_ACCELERATION;

/// Length that makes metres and radians comparable in a measure of posture, m: about from an arm's wrist to a probe's tip.
const LENGTH: f64 = 0.3;

/// Below this manipulability (Yoshikawa, 1985: `√det JJᵀ`, lengths in units of [`LENGTH`]) the arm is near a singular posture, and what
/// its joints make of a motion bends from tick to tick. A scan is done at 0.5 to 2.5; the gate ends driving at about 0.15.
const NEAR_SINGULAR: f64 = 0.2;

/// Something that must hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Invariant {
    /// The true force stays below the hard limit and what is allowed above it.
    Force,
    /// A setpoint is finite and within the joints' range.
    Setpoint,
    /// A setpoint goes on from the one before.
    Continuity,
    /// The tip's speed by the setpoints stays within its row.
    Speed,
    /// The joints' acceleration by the setpoints stays within the arm's; and the tip's within its row, as long as no joint is at
    /// the end of what it can do, the arm is not near a singular posture, and does not brake as a whole.
    Acceleration,
    /// The tip's jerk by the setpoints stays within its row, on the same terms.
    Jerk,
    /// What is applied was sent by the holder of the lease.
    OneDriver,
    /// A command is applied once, and none after a newer one.
    Once,
    /// Nothing goes up the ladder but by a deliberate act.
    DeliberateAct,
    /// A probe at rest does not move by itself.
    Rest,
    /// Time goes on.
    Time,
    /// When all is well again and the operator asks, the probe can be driven within 2 s.
    Liveness,
}

impl Invariant {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::Force,
        Self::Setpoint,
        Self::Continuity,
        Self::Speed,
        Self::Acceleration,
        Self::Jerk,
        Self::OneDriver,
        Self::Once,
        Self::DeliberateAct,
        Self::Rest,
        Self::Time,
        Self::Liveness,
    ];
}

/// An invariant that did not hold.
#[derive(Debug, Clone, PartialEq)]
pub struct Break {
    /// Which.
    pub invariant: Invariant,
    /// When it first did not.
    pub at: Time,
    /// What was seen.
    pub what: String,
}

impl fmt::Display for Break {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} at {:.3} s: {}", self.invariant, self.at.as_secs_f64(), self.what)
    }
}

/// The setpoint of the tick before.
#[derive(Debug, Clone, Copy)]
struct Sent {
    at: Time,
    positions: Joints,
    velocities: Joints,
}

/// Checks every tick of one exam. Each invariant is reported once: what comes after the first break may follow from it.
#[derive(Debug, Clone)]
pub struct Checker {
    limits: Limits,
    config: ServoConfig,
    ceiling: Option<f64>,
    breaks: Vec<Break>,
    last: Option<Time>,
    sent: Option<Sent>,
    tip: TipMotion,
    ladder: Ladder,
    since: Time,
    /// Whether the holder's clutch was seen open since it last engaged.
    seen_open: bool,
    holder: Option<ConsoleId>,
    newest: BTreeMap<Epoch, u64>,
    reset: bool,
    /// Ticks in which a console moved the probe that did not hold the lease.
    ticks_two_drivers: u64,
}

impl Checker {
    /// For a world made with this configuration. `ceiling`: what the true force may never exceed, N, if there is a promise.
    pub fn new(config: &ServoConfig, ceiling: Option<f64>) -> Self {
        Self {
            limits: config.limits,
            config: config.clone(),
            ceiling,
            breaks: Vec::new(),
            last: None,
            sent: None,
            tip: TipMotion::default(),
            ladder: Ladder::Idle,
            since: Time::ZERO,
            seen_open: false,
            holder: None,
            newest: BTreeMap::new(),
            reset: false,
            ticks_two_drivers: 0,
        }
    }

    /// What did not hold.
    pub fn breaks(&self) -> &[Break] {
        &self.breaks
    }

    /// See [`Invariant::OneDriver`].
    pub fn ticks_two_drivers(&self) -> u64 {
        self.ticks_two_drivers
    }

    /// The staff have asked for a reset: the one way out of a latched state.
    pub fn reset_asked(&mut self) {
        self.reset = true;
    }

    /// Reports a break; only the first of an invariant counts.
    pub fn report(&mut self, invariant: Invariant, at: Time, what: impl FnOnce() -> String) {
        if !self.breaks.iter().any(|found| found.invariant == invariant) {
            self.breaks.push(Break { invariant, at, what: what() });
        }
    }

    /// Takes in one tick.
    pub fn tick(&mut self, seen: &Observation<'_>) {
        let Observation { now, plant, .. } = *seen;
        if self.last.is_some_and(|last| now <= last) {
            self.report(Invariant::Time, now, || "the same instant twice, or an earlier one".into());
        }
        self.last = Some(now);
        let force = plant.contact.force.norm();
        if let Some(ceiling) = self.ceiling
            && (force.is_nan() || force > ceiling)
        {
            self.report(Invariant::Force, now, || format!("{force:.2} N of {ceiling:.2} N"));
        }
        if seen.ran {
            self.check_session(seen);
            self.check_ladder(seen);
            self.check_setpoint(seen);
        }
    }

    fn check_session(&mut self, seen: &Observation<'_>) {
        if self.holder != seen.holder {
            self.holder = seen.holder;
            self.seen_open = false;
        }
        let of_holder = |heard: &&Heard| Some(heard.from) == seen.holder;
        self.seen_open |= seen.heard.iter().filter(of_holder).any(|heard| heard.command.clutch == Clutch::Open);
        let Some(applied) = seen.outcome.applied else { return };
        let is_it = |heard: &&Heard| {
            (heard.command.sequence, heard.command.sampled_at) == (applied.sequence, applied.sampled_at)
        };
        let Some(source) = seen.heard.iter().filter(of_holder).find(is_it) else {
            self.ticks_two_drivers += 1;
            let whose = seen.heard.iter().find(is_it).map(|heard| heard.from);
            let holder = seen.holder;
            return self.report(Invariant::OneDriver, seen.now, || {
                format!("command {} of {whose:?} was applied while {holder:?} holds the lease", applied.sequence)
            });
        };
        let newest = self.newest.entry(source.command.epoch).or_insert(0);
        let before = core::mem::replace(newest, applied.sequence);
        if applied.sequence <= before {
            self.report(Invariant::Once, seen.now, || format!("command {} after {before}", applied.sequence));
        }
    }

    fn check_ladder(&mut self, seen: &Observation<'_>) {
        let reset = core::mem::replace(&mut self.reset, false);
        let Some(step) = seen.outcome.transition else { return };
        let pressed = |heard: &Heard| heard.command.clutch == Clutch::Pressed && Some(heard.from) == seen.holder;
        let deliberate = match (step.from, step.to) {
            (_, Ladder::Engaged) => self.seen_open && seen.heard.iter().any(pressed),
            (Ladder::Fault | Ladder::EStop, to) => reset || matches!(to, Ladder::Fault | Ladder::EStop),
            // From a lift on, the way up is by Parked and Ready only.
            (Ladder::Retract, to) => {
                matches!(to, Ladder::Parked | Ladder::Idle | Ladder::Fault | Ladder::EStop)
            }
            (Ladder::Parked, to) => matches!(to, Ladder::Ready | Ladder::Idle | Ladder::Fault | Ladder::EStop),
            // Letting go, not driving: the probe is free, or was let go of.
            (_, Ladder::Ready) => matches!(step.from, Ladder::Idle | Ladder::Engaged | Ladder::Hold | Ladder::Soften),
            (Ladder::Soften | Ladder::Release, Ladder::Hold) | (Ladder::Release, Ladder::Soften) => false,
            _ => true,
        };
        if step.to == Ladder::Engaged {
            self.seen_open = false;
        }
        (self.ladder, self.since) = (step.to, seen.now);
        if !deliberate {
            self.report(Invariant::DeliberateAct, seen.now, || {
                format!("{:?} to {:?} ({:?}) without one", step.from, step.to, step.cause)
            });
        }
    }

    fn check_setpoint(&mut self, seen: &Observation<'_>) {
        let before = self.sent.take();
        let Some(target) = &seen.outcome.target else { return };
        let (positions, velocities) = (target.positions, target.velocities);
        let limits = self.config.model.limits();
        let inside = limits
            .iter()
            .zip(positions.as_slice())
            .all(|(limit, angle)| (limit.lower.get()..=limit.upper.get()).contains(angle));
        if !positions.is_finite() || !velocities.is_finite() || !inside {
            return self.report(Invariant::Setpoint, seen.now, || format!("{positions:?}, {velocities:?}"));
        }
        self.sent = Some(Sent { at: seen.now, positions, velocities });
        // An arm that stopped by itself is started anew from where it stands, as the arm demands.
        let goes_on = seen.plant.motion == ArmMotion::Following;
        if let Some(before) = before.filter(|before| goes_on && seen.now.saturating_since(before.at) == TICK) {
            let freedom = self.check_joints(seen.now, &before, &positions, &velocities);
            self.check_change(seen.now, &positions, &seen.sent, freedom);
        } else {
            self.tip = TipMotion::beginning(&seen.sent);
        }
        self.check_tip(seen, &seen.sent);
    }

    /// Gives what the joints leave the tip.
    fn check_joints(&mut self, now: Time, before: &Sent, positions: &Joints, velocities: &Joints) -> Freedom {
        let dt = TICK.as_secs_f64();
        let moved = positions.zip_with(&before.positions, |to, from| (to - from).abs() / dt);
        let changed = velocities.zip_with(&before.velocities, |to, from| (to - from).abs() / dt);
        let fastest = self.config.model.limits().iter().map(|limit| limit.speed.get());
        if moved.as_slice().iter().zip(fastest).any(|(speed, most)| *speed > most * (1.0 + ROUNDING)) {
            self.report(Invariant::Continuity, now, || format!("a step of {moved:?} rad/s"));
        }
        if changed.as_slice().iter().any(|change| *change > JOINT_ACCELERATION * (1.0 + ROUNDING)) {
            self.report(Invariant::Acceleration, now, || format!("{changed:?} rad/s²"));
        }
        let hemmed = is_braking(&before.velocities, velocities)
            || is_hemmed(self.config.model.limits(), positions, velocities, &changed);
        if hemmed { Freedom::Hemmed } else { Freedom::Free }
    }

    fn check_change(&mut self, now: Time, positions: &Joints, sent: &Twist<Tip>, freedom: Freedom) {
        let Some((invariant, change)) = self.tip.step(sent, freedom, &self.limits) else { return };
        if !is_near_singular(&self.config.model, positions) {
            self.report(invariant, now, || format!("the tip: {change:?}"));
        }
    }

    fn check_tip(&mut self, seen: &Observation<'_>, twist: &Twist<Tip>) {
        let Limits { lateral, inward, outward, angular, .. } = self.limits;
        let over = |speed: f64, most: f64| speed > most * (1.0 + ROUNDING) + BENDING;
        let turns = |speed: f64, most: f64| speed > most * (1.0 + ROUNDING) + BENDING / LENGTH;
        let (v, w) = (twist.linear, twist.angular);
        let fast = over(v.x.abs(), lateral.speed.get())
            || over(v.y.abs(), lateral.speed.get())
            || over(v.z, inward.speed.get())
            || over(-v.z, outward.speed.get())
            || w.iter().any(|turn| turns(turn.abs(), angular.speed.get()));
        if fast {
            self.report(Invariant::Speed, seen.now, || format!("{:?} m/s, {:?} rad/s", v.as_slice(), w.as_slice()));
        }
        let rests = matches!(self.ladder, Ladder::Idle | Ladder::Parked)
            && seen.now.saturating_since(self.since) > REST_WITHIN
            && seen.plant.region.is_none();
        if rests && v.norm() > RESTING {
            let ladder = self.ladder;
            self.report(Invariant::Rest, seen.now, || format!("{:.4} m/s in {ladder:?}", v.norm()));
        }
    }
}

fn is_near_singular(model: &ArmModel, positions: &Joints) -> bool {
    let mut jacobian = *model.kinematics(positions).jacobian();
    for mut row in jacobian.row_iter_mut().take(3) {
        row /= LENGTH;
    }
    (jacobian * jacobian.transpose()).determinant().max(0.0).sqrt() < NEAR_SINGULAR
}

/// Whether these speeds are the ones before, all smaller by the same share (rad/s).
fn is_braking(before: &Joints, after: &Joints) -> bool {
    let dot = |a: &Joints, b: &Joints| a.zip_with(b, |a, b| a * b).as_slice().iter().sum::<f64>();
    let share = dot(before, after) / dot(before, before);
    // NaN at rest, which is no braking.
    (0.0..1.0).contains(&share)
        && before.zip_with(after, |before, after| after - before * share).as_slice().iter().all(|off| off.abs() < 1e-9)
}

/// Whether some joint may be at the end of what it can do: of its range, its speed (rad/s) or its acceleration (rad/s²).
fn is_hemmed(limits: &[JointLimits], positions: &Joints, velocities: &Joints, accelerations: &Joints) -> bool {
    let mut joints = limits.iter().zip(positions.as_slice());
    joints.any(|(limit, angle)| (angle - limit.lower.get()).min(limit.upper.get() - angle) < NEAR_END)
        || velocities.as_slice().iter().any(|speed| speed.abs() > NEAR_SPEED)
        || accelerations.as_slice().iter().any(|change| change.abs() > NEAR_ACCELERATION)
}

#[cfg(test)]
mod tests;
