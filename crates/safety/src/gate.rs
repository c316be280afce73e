//! The gate: ladder, envelope and joint check behind three calls a tick.

use core::time::Duration;

use farprobe_geom::{Metre, Newton, Time, Tip, Twist};
use nalgebra::Vector3;

use crate::agility::AgilityWatch;
use crate::arm::{ArmReport, ArmWatch, Plausible};
use crate::belief::{Belief, Feeling, TouchWatch};
use crate::envelope::{Envelope, Situation};
use crate::facts::{ArmHealth, Contact, Facts, Measured, Reset};
use crate::joints::{Confirmation, Granted, JointCheck, JointLimits, JointWatch, Refused};
use crate::ladder::{Directive, Goal, Ladder, Surroundings};
use crate::lifting::{LiftWatch, Lifting};
use crate::limits::Limits;
use crate::objection::Objection;
use crate::sensor::{Reading, SensorCard, SensorWatch};
use crate::space::Space;
use crate::state::{Cause, Rung, Stage, State};
use crate::timing::{BLIND_RELEASE_HEIGHT, LIFT_HEIGHT, RetractPolicy, Timing};
use crate::transition::{Lift, Mobility, Touch};

/// From this force on the gate takes the probe for touching, whatever anybody says, N: above what bias and noise can add up to.
const TOUCHING_FORCE: Newton = Newton::literal(1.5);

/// Below this force the probe surely does not touch, whatever anybody says, N.
const FELT_FORCE: Newton = Newton::literal(0.3);

/// No arm acts on a force sooner than this, whatever its description says: the tick that reads it, and the tick that it acts in.
const LEAST_REACTION: Duration = Duration::from_millis(2);

/// So many refusals, each within [`STRIKE_MEMORY`] of the one before, are a fault.
const STRIKES: u8 = 3;

/// See [`STRIKES`].
const STRIKE_MEMORY: Duration = Duration::from_secs(1);

/// Everything the gate has to know from the beginning.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Config {
    /// The limits in force. What is above [`Limits::CEILINGS`] is taken as the ceiling.
    pub limits: Limits,
    /// The ladder's times.
    pub timing: Timing,
    /// From a change of force to the arm acting on it: sensor, tick and arm delay, by the arm's description. Less than 2 ms counts as
    /// 2 ms.
    pub reaction: Duration,
    /// What the joints may do.
    pub joints: JointLimits,
    /// What is expected of the force sensor.
    pub sensor: SensorCard,
    /// Where the tip may be.
    pub space: Space,
}

/// The safety gate. Off at birth; see the crate's documentation for the calls of a tick.
#[derive(Debug, Clone, Copy)]
pub struct Gate {
    timing: Timing,
    ladder: Ladder,
    envelope: Envelope,
    joints: JointWatch,
    arm: ArmWatch,
    sensor: SensorWatch,
    touch: TouchWatch,
    space: Space,
    /// What may be done in the tick of this time; nothing in any other.
    authority: Option<Authority>,
    lift: Option<LiftPath>,
    inside: Inside,
    agility: AgilityWatch,
    lifts: LiftWatch,
    strikes: Strikes,
}

/// What [`Gate::advance`] allowed in one tick.
#[derive(Debug, Clone, Copy)]
struct Authority {
    at: Time,
    arm: ArmHealth,
    goal: Goal,
    reading: Reading,
    contact: Contact,
    felt: Contact,
    belief: Belief,
    granted: Granted,
}

/// A lift under way: where it began and which way is out, in frame `base`.
#[derive(Debug, Clone, Copy)]
struct LiftPath {
    from: Vector3<f64>,
    outward: Vector3<f64>,
    height: Metre,
}

/// Whether the tip was inside the workspace at the last tick. Leaving it is what lowers the ladder, not being outside: the
/// operator must be able to drive back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Inside {
    Yes,
    No,
}

/// Violations and refusals of late.
#[derive(Debug, Clone, Copy)]
struct Strikes {
    count: u8,
    last: Option<(Time, Objection)>,
    /// The first one since the last tick: what comes after it in the same tick mostly follows from it.
    pending: Option<Objection>,
}

impl Strikes {
    const NONE: Self = Self { count: 0, last: None, pending: None };

    fn add(&mut self, now: Time, objection: Objection) {
        let recent = self.last.is_some_and(|(last, _)| now.saturating_since(last) <= STRIKE_MEMORY);
        self.count = if recent { self.count.saturating_add(1) } else { 1 };
        self.last = Some((now, *self.pending.get_or_insert(objection)));
    }

    /// What there are too many of, if there are.
    fn fault(&self) -> Option<Cause> {
        self.last.filter(|_| self.count >= STRIKES).map(|(_, objection)| Cause::Refused(objection))
    }
}

impl Gate {
    /// A gate that is off.
    pub fn new(config: &Config) -> Self {
        Self {
            timing: config.timing,
            ladder: Ladder::new(),
            envelope: Envelope::new(&config.limits, config.reaction.max(LEAST_REACTION), &config.space),
            joints: JointWatch::new(&config.joints),
            arm: ArmWatch::new(&config.joints),
            sensor: SensorWatch::new(config.sensor),
            touch: TouchWatch::new(),
            space: config.space,
            authority: None,
            lift: None,
            inside: Inside::Yes,
            agility: AgilityWatch::new(),
            lifts: LiftWatch::NEW,
            strikes: Strikes::NONE,
        }
    }

    /// The limits in force.
    pub const fn limits(&self) -> &Limits {
        self.envelope.limits()
    }

    /// The ladder.
    pub const fn state(&self) -> State {
        self.ladder.state()
    }

    /// First call of a tick: what the control law may aim at in it.
    pub fn advance(&mut self, now: Time, facts: &Facts, measured: &Measured) -> Directive {
        let reading = self.sensor.judge(now, measured);
        let report = ArmReport {
            at: measured.sampled_at,
            angles: &measured.joints,
            speeds: &measured.joint_speeds,
            sent: self.joints.sent(),
        };
        let plausible = self.arm.judge(now, &report);
        let contact = contact(facts.contact, reading);
        let around = Surroundings {
            touch: touch(contact, reading),
            arm: mobility(facts.arm, plausible),
            lift: self.lift_progress(measured),
            overload: self.overload(reading),
            fault: self.fault(measured, plausible, reading),
            impairment: self.impairment(facts, measured),
        };
        let before = self.ladder.state().rung();
        if facts.reset == Reset::Requested && before == Rung::Idle {
            self.forgive();
        }
        let directive = self.ladder.advance(now, facts, &around, &self.timing);
        self.follow_lift(&directive, measured);
        if directive.cause == Cause::Reset && before != Rung::Idle {
            self.forgive();
        }
        if facts.arm == ArmHealth::Starved {
            self.envelope.restart();
        }
        let felt = felt(facts.contact, reading, measured);
        let (pressing, speed) = (-measured.wrench.force.z, measured.twist.linear.z);
        let expected = measured.expected.map(|wrench| -wrench.force.z);
        let belief = self.touch.judge(now, &Feeling { felt, pressing, expected, speed });
        let goal = directive.goal;
        let arm = facts.arm;
        self.authority =
            Some(Authority { at: now, arm, goal, reading, contact, felt, belief, granted: Granted::NOTHING });
        directive
    }

    /// Second call: the motion that is permitted in place of the proposed one. Nothing but braking in a tick for which
    /// [`Gate::advance`] was not called.
    pub fn permit(&mut self, now: Time, proposal: &Twist<Tip>, measured: &Measured) -> Twist<Tip> {
        let (situation, heard) = match self.authority {
            Some(Authority { at, goal, reading, contact, felt, belief, .. }) if at == now => {
                (Situation { now, goal, measured, reading, contact, felt, belief }, *proposal)
            }
            Some(_) | None => {
                let (goal, reading) = (Goal::Rest, Reading::Doubted);
                let (contact, felt, belief) = (Contact::Touching, Contact::Free, Belief::Withheld);
                (Situation { now, goal, measured, reading, contact, felt, belief }, Twist::zero())
            }
        };
        let (permitted, violation) = self.envelope.permit(&heard, &situation);
        if let Some(violation) = violation {
            self.strikes.add(now, violation.into());
        }
        if let Some(authority) = &mut self.authority {
            // An arm that does not follow makes no lift, and that is known.
            let lifting = if authority.arm == ArmHealth::Ready { self.envelope.lifting() } else { Lifting::No };
            authority.granted = Granted { motion: permitted, lifting };
        }
        permitted
    }

    /// Third call: whether this setpoint may be sent to the arm. It must make the motion that was permitted in this tick, or
    /// a slower one. If it is refused, what is to be sent instead is in the refusal.
    pub fn confirm(&mut self, now: Time, check: &JointCheck) -> Confirmation {
        let granted = self.authority.filter(|authority| authority.at == now).map(|authority| authority.granted);
        let granted = granted.unwrap_or(Granted::NOTHING);
        let (outcome, made) = self.joints.confirm(now, check, &granted);
        if outcome == Confirmation::Passed {
            self.lifts.judge(now, granted.lifting, granted.motion.linear.z, check.implied.linear.z);
        }
        if let Some(made) = made {
            self.envelope.go_on_from(&made);
        }
        if let Confirmation::Refused(refusal) = &outcome {
            self.envelope.void();
            if refusal.reason != Refused::Recovering {
                self.strikes.add(now, Objection::Setpoint(refusal.reason));
            }
        }
        outcome
    }

    /// The staff have seen what was refused.
    fn forgive(&mut self) {
        self.strikes = Strikes::NONE;
        self.lifts = LiftWatch::NEW;
    }

    fn overload(&self, reading: Reading) -> Option<Cause> {
        let limits = self.envelope.limits();
        match reading {
            Reading::Believed { force, .. } if force >= limits.hard_force => Some(Cause::ForceLimit),
            Reading::Believed { torque, .. } if torque >= limits.torque.get() => Some(Cause::TorqueLimit),
            Reading::Believed { .. } | Reading::Doubted => None,
        }
    }

    fn fault(&self, measured: &Measured, arm: Plausible, reading: Reading) -> Option<Cause> {
        if arm == Plausible::No || !measured.tip.is_finite() || !measured.twist.is_finite() {
            return Some(Cause::ArmFault);
        }
        match reading {
            Reading::Doubted => Some(Cause::ForceSensor),
            Reading::Believed { .. } if self.lifts.is_withheld() => Some(Cause::Refused(Objection::LiftWithheld)),
            Reading::Believed { .. } => self.strikes.fault(),
        }
    }

    fn impairment(&mut self, facts: &Facts, measured: &Measured) -> Option<Cause> {
        let jumped = facts.stride.is_a_jump().then_some(Objection::TargetLeapt);
        let struck = self.strikes.pending.take().or(jumped).map(Cause::Refused);
        let inside = if self.space.is_left(&measured.tip) { Inside::No } else { Inside::Yes };
        let left = core::mem::replace(&mut self.inside, inside) == Inside::Yes && inside == Inside::No;
        let stiff = self.agility.is_lost(&measured.agility);
        struck.or(left.then_some(Cause::Workspace)).or(stiff.then_some(Cause::Singularity))
    }

    fn lift_progress(&self, measured: &Measured) -> Lift {
        let Some(LiftPath { from, outward, height }) = self.lift else { return Lift::Underway };
        let risen = (measured.tip.position() - from).dot(&outward);
        // NaN is not "done": the lift then ends by time.
        if risen >= height.get() { Lift::Done } else { Lift::Underway }
    }

    /// Notes where a lift begins, and forgets it when it is over.
    fn follow_lift(&mut self, directive: &Directive, measured: &Measured) {
        let stage = match directive.state {
            State::Fault { stage, .. } | State::EStop { stage, .. } => Some(stage),
            _ => None,
        };
        let blind = matches!(stage, Some(Stage::Lifting { .. }));
        if directive.state.rung() != Rung::Retract && !blind {
            self.lift = None;
        } else if self.lift.is_none() && measured.tip.is_finite() {
            let height = match (blind, self.timing.retract()) {
                (true, RetractPolicy::Never) => BLIND_RELEASE_HEIGHT,
                (true, RetractPolicy::After(_)) | (false, _) => LIFT_HEIGHT,
            };
            let tip = &measured.tip;
            self.lift = Some(LiftPath { from: tip.position(), outward: -tip.z_axis(), height });
        }
    }
}

/// Whether the probe may be touching: anybody says so, or nobody knows.
fn contact(told: Contact, reading: Reading) -> Contact {
    match (told, reading) {
        (Contact::Touching, _) | (Contact::Free, Reading::Doubted) => Contact::Touching,
        (Contact::Free, Reading::Believed { force, .. }) if force >= TOUCHING_FORCE => Contact::Touching,
        (Contact::Free, Reading::Believed { .. }) => Contact::Free,
    }
}

/// Whether the probe touches by all accounts: everybody says so. Whether that is to be believed is the business of [`TouchWatch`].
fn felt(told: Contact, reading: Reading, measured: &Measured) -> Contact {
    // A force the other way is not the skin's.
    let pressed = -measured.wrench.force.z >= FELT_FORCE.get();
    match (told, reading) {
        (Contact::Touching, Reading::Believed { .. }) if pressed => Contact::Touching,
        (Contact::Touching | Contact::Free, _) => Contact::Free,
    }
}

/// Whether the arm can be moved, so that a fault may still lower the force.
fn mobility(arm: ArmHealth, plausible: Plausible) -> Mobility {
    match (arm, plausible) {
        (ArmHealth::Ready | ArmHealth::Starved, Plausible::Yes) => Mobility::Moves,
        (ArmHealth::Stopped | ArmHealth::Silent, _) | (_, Plausible::No) => Mobility::Stands,
    }
}

fn touch(contact: Contact, reading: Reading) -> Touch {
    match (contact, reading) {
        (_, Reading::Doubted) => Touch::Unknown,
        (Contact::Touching, Reading::Believed { force, .. }) => Touch::Pressing(force),
        (Contact::Free, Reading::Believed { .. }) => Touch::Free,
    }
}
