//! The step.

use std::time::Duration;

use farprobe_control::contact::{self, ContactLaw, ContactTuning, Directive as Aim, Learnt, Proposal, Tare};
use farprobe_control::{ArmModel, ExternalWrench, Kinematics, ReferenceGenerator, Resolver};
use farprobe_geom::{Base, Joints, Newton, Patient, Pose, Time, Tip, Transform, Twist, Wrench};
use farprobe_proto::{self as proto, Applied, Ladder, State, Transition};
use farprobe_safety::{
    Agility, Anchor, Confirmation, Directive, Facts, Gate, Goal, JointCheck, JointSetpoint, Measured, Monitor, Orders,
    Reset, Rung, Sample, Tissue, Verdict,
};

use crate::agility::agility;
use crate::config::{JOINT_ACCELERATION, JOINT_SPEED, SPEEDING, USED_SHARE};
use crate::operator::{Operator, Received};
use crate::reading::{ToldArm, is_sound, told_wrench};
use crate::{AppliedCommand, ArmHealth, ArmReading, Inbound, JointTarget, Outcome, ServoConfig, wire};

/// The longest time a setpoint is integrated over: after a longer gap the arm goes on from where it is, it does not leap.
const LONGEST_STEP: Duration = Duration::from_millis(3);

/// An arm that is left without setpoints goes on at the last one's speed for so long, and then stops by itself. After a shorter gap
/// the next setpoint begins where that has brought it: one that began at the last setpoint would pull it back, into a patient who
/// breathes.
const GOES_ON: Duration = Duration::from_millis(20);

/// Where a turn of the probe counts as much as the travel it makes, m: from a wrist to a probe's tip.
const TURNING_ARM: f64 = 0.3;

/// After it is switched on the servo learns the sensor's zero for this long, and its mean is known to 4 mN: the probe
/// is off the patient then, as the zero of every force sensor wants it. Driving can't begin earlier: the link is measured for two
/// seconds before. It is over as soon as a patient breathes towards the probe: the law has to yield.
const ZEROING: Duration = Duration::from_secs(1);

/// Below this a joint counts as at rest, rad/s, as the gate has it.
const AT_REST: f64 = 1e-6;

/// What was not touched for so long is off the patient: ten breaths a minute, fewer than of any adult at rest (12 to 20).
const BREATH: Duration = Duration::from_secs(6);

/// While the probe is off the patient and nobody drives, readings below this teach the sensor's zero, N: bias and drift, but no
/// contact worth the name.
const SURELY_FREE: f64 = 1.2;

/// The cart's 1 kHz step. See the crate's documentation for the contract.
#[derive(Debug)]
pub struct Servo {
    model: ArmModel,
    base_on_patient: Transform<Base, Patient>,
    tissue_before_touch: Tissue,
    operator: Operator,
    gate: Gate,
    monitor: Monitor,
    verdict: Verdict,
    speech: Speech,
    reference: ReferenceGenerator,
    law: ContactLaw,
    tuning: ContactTuning,
    tare: Tare,
    external: ExternalWrench,
    /// How much longer the sensor's zero is learnt without asking the law whether the probe is free.
    zeroing: Duration,
    resolver: Resolver,
    told: ToldArm,
    /// The last setpoint sent.
    sent: Option<JointSetpoint>,
    contact: contact::Contact,
    desired_force: Newton,
    /// The clutch-in number the reference's anchor belongs to.
    anchored: Option<u32>,
    applied: Option<Applied>,
    ladder: Ladder,
    /// The last cause of the ladder that was not merely time's.
    origin: proto::Cause,
    last_step: Option<Time>,
    /// When something was felt last.
    touched: Option<Time>,
}

/// A setpoint further from where an arm at rest stands than this is not where it stands, rad: what a patient bends it by is less.
const AWAY: f64 = 2e-3;

/// Whether the arm is told anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Speech {
    Speaks,
    /// It does not do what it is told: it is left to stop by itself, until the staff have seen it.
    Silent,
}

/// What the arm's numbers mean at this tick.
struct Posture {
    tip: Pose<Base>,
    twist: Twist<Tip>,
    wrench: Wrench<Tip>,
    /// The same without the force sensor, if the arm says what is done to its joints.
    expected: Option<Wrench<Tip>>,
    agility: Agility,
}

impl Servo {
    /// A servo whose gate is off. Nothing moves before the staff have armed it and an operator has engaged.
    pub fn new(config: &ServoConfig) -> Self {
        let tip = config.model.forward(&config.posture);
        Self {
            model: config.model.clone(),
            base_on_patient: config.base_on_patient,
            tissue_before_touch: config.tissue_before_touch,
            operator: Operator::new(config.age_limit),
            gate: Gate::new(&config.gate()),
            monitor: Monitor::new(&config.monitor()),
            verdict: Verdict::Quiet,
            speech: Speech::Speaks,
            reference: ReferenceGenerator::new(tip),
            law: ContactLaw::new(config.tuning),
            tuning: config.tuning,
            tare: Tare::new(),
            external: ExternalWrench::new(&config.model),
            zeroing: ZEROING,
            resolver: Resolver::new(config.posture),
            told: ToldArm { joints: config.posture, tip },
            sent: None,
            contact: contact::Contact::Free,
            desired_force: Newton::ZERO,
            anchored: None,
            applied: None,
            ladder: Ladder::Idle,
            origin: proto::Cause::Start,
            last_step: None,
            touched: None,
        }
    }

    /// Takes something that arrived. Any number may arrive between two ticks.
    pub fn receive(&mut self, inbound: Inbound) {
        self.operator.receive(inbound);
    }

    /// The limits in force.
    pub fn limits(&self) -> proto::Limits {
        wire::limits(self.gate.limits())
    }

    /// One tick at `now`, cart clock, with the arm's newest reading.
    pub fn step(&mut self, now: Time, reading: &ArmReading) -> Outcome {
        let gap = self.last_step.map_or(Duration::ZERO, |last| now.saturating_since(last));
        let elapsed = gap.min(LONGEST_STEP);
        self.last_step = Some(now);
        let received = self.operator.take();
        let posture = self.look(reading, elapsed);
        let health = if is_sound(&self.model, reading) {
            self.told = ToldArm { joints: reading.positions, tip: posture.tip };
            reading.health
        } else {
            // An arm that speaks nonsense has not answered.
            ArmHealth::Silent
        };
        let measured = Measured {
            sampled_at: reading.sampled_at,
            tip: posture.tip,
            twist: posture.twist,
            joints: reading.positions,
            joint_speeds: reading.velocities,
            wrench: posture.wrench,
            tissue: self.tissue(),
            expected: posture.expected,
            agility: posture.agility,
        };

        let mut facts = self.facts(now, received.as_ref(), health);
        // Where nothing is driven a trip is no step of the ladder, and neither is its reset.
        let is_wrong = self.verdict != Verdict::Quiet || self.is_away_from(&reading.positions);
        if facts.reset == Reset::Requested && self.ladder == Ladder::Idle && is_wrong {
            self.forgive();
        }
        facts.monitor = self.verdict;
        let directive = self.gate.advance(now, &facts, &measured);
        let transition = self.follow_ladder(now, &directive);
        self.steer(&directive, received.as_ref(), &posture.tip);
        let applied = received.as_ref().map(|received| self.note_applied(now, received));
        let proposal = self.propose(now, &directive, &posture);
        let permitted = self.gate.permit(now, &proposal.twist, &measured);
        // What a lift can still do for the patient is tried, whatever the arm makes of it; an arm that is to rest is better told nothing.
        match self.monitor.orders() {
            Orders::None => self.speech = Speech::Silent,
            Orders::Lift if directive.goal == Goal::Rest => self.speech = Speech::Silent,
            Orders::Lift | Orders::Given => {}
        }
        let target = match self.speech {
            Speech::Speaks => self.send(now, gap, reading, &permitted, &posture),
            Speech::Silent => None,
        };

        let state = self.state(now, &directive, &posture, &proposal);
        if state.contact == proto::Contact::Touching {
            self.touched = Some(now);
        }
        Outcome {
            target,
            at_rest: self.is_at_rest(now, &directive),
            state,
            tip_on_patient: self.base_on_patient.pose(&self.told.tip),
            contact_force: Newton::new(-posture.wrench.force.z).unwrap_or_default(),
            transition,
            closed_session: self.operator.closed_session(),
            applied,
            refused: self.operator.refused(),
        }
    }

    /// Where the tip is, how it moves, and what it feels beyond the sensor's own error.
    fn look(&mut self, reading: &ArmReading, elapsed: Duration) -> Posture {
        let nobody_drives = matches!(self.ladder, Ladder::Idle | Ladder::Ready | Ladder::Parked);
        let free = matches!(self.contact, contact::Contact::Free);
        let zeroing = self.zeroing > Duration::ZERO;
        if nobody_drives && (free || zeroing) && reading.wrench.force.norm() < SURELY_FREE {
            match (self.tare.learn(&reading.wrench, elapsed), &reading.external_torques) {
                (Learnt::Zero, Some(torques)) => self.external.learn(torques, elapsed),
                (Learnt::Pressed, _) => self.zeroing = Duration::ZERO,
                (Learnt::Zero | Learnt::Nothing, _) => {}
            }
        }
        if zeroing && nobody_drives {
            self.zeroing = self.zeroing.saturating_sub(elapsed);
            // Until the zero is known the law may have taken the sensor's error for a touch.
            self.law = ContactLaw::new(self.tuning);
            self.contact = contact::Contact::Free;
        }
        let kinematics = self.model.kinematics(&reading.positions);
        Posture {
            tip: *kinematics.tip(),
            twist: kinematics.twist(&reading.velocities),
            wrench: self.tare.apply(&reading.wrench),
            expected: reading.external_torques.and_then(|torques| self.external.estimate(&kinematics, &torques)),
            agility: agility(&self.model, &kinematics),
        }
    }

    fn tissue(&self) -> Tissue {
        match self.contact {
            contact::Contact::Free => self.tissue_before_touch,
            contact::Contact::Touching { stiffness, .. } => Tissue { stiffness, ..self.tissue_before_touch },
        }
    }

    fn facts(&mut self, now: Time, received: Option<&Received>, health: ArmHealth) -> Facts {
        let mut facts = Facts::UNKNOWN;
        self.operator.tell(now, received, &mut facts);
        facts.arm = wire::arm(health);
        facts.contact = match self.contact {
            contact::Contact::Free => farprobe_safety::Contact::Free,
            contact::Contact::Touching { .. } => farprobe_safety::Contact::Touching,
        };
        facts
    }

    fn follow_ladder(&mut self, now: Time, directive: &Directive) -> Option<Transition> {
        let from = self.ladder;
        self.ladder = wire::ladder(directive.state.rung());
        if directive.cause == farprobe_safety::Cause::Reset && from != self.ladder {
            self.forgive();
        }
        let cause = wire::cause(directive.cause);
        if cause != proto::Cause::TimedOut {
            self.origin = cause;
        }
        let (to, origin, epoch) = (self.ladder, self.origin, self.operator.epoch());
        (from != to).then_some(Transition { at: now, from, to, cause, origin, epoch })
    }

    /// Whether what was sent last is not where the arm stands.
    fn is_away_from(&self, stands: &Joints) -> bool {
        let sent = self.sent.map(|sent| sent.positions.zip_with(stands, |to, is| to - is));
        // Written so that NaN is away.
        let is_here = |away: &Joints| away.as_slice().iter().all(|away| away.abs() <= AWAY);
        sent.is_some_and(|away| !is_here(&away))
    }

    /// The staff have seen what the monitor found.
    fn forgive(&mut self) {
        self.monitor.reset();
        self.verdict = Verdict::Quiet;
        if core::mem::replace(&mut self.speech, Speech::Speaks) == Speech::Silent {
            self.sent = None;
        }
        // What was sent before the fault may be part of it: an arm at rest goes on from where it stands. One that moves still,
        // because it was lifting the probe off, brakes from what it was sent.
        self.sent = self.sent.filter(|sent| fastest(&sent.velocities) > AT_REST);
    }

    /// Hands the operator's target to the reference, if the operator moves the probe in this tick.
    fn steer(&mut self, directive: &Directive, received: Option<&Received>, tip: &Pose<Base>) {
        if !matches!(directive.goal, Goal::Follow { .. }) {
            self.reference.let_go();
            self.anchored = None;
            return;
        }
        let Some(Received { arrived, command }) = received else { return };
        if directive.anchor == Anchor::Take {
            self.reference.anchor(*tip);
            self.anchored = Some(command.clutch_in);
        }
        if self.anchored == Some(command.clutch_in) && command.clutch == proto::Clutch::Pressed {
            self.reference.target(*arrived, &command.target, &command.twist);
            self.desired_force = command.desired_force.min(self.gate.limits().soft_force);
        }
    }

    /// Every fresh command that a tick has acted on counts as applied, also one that says "stay": what is measured is how long
    /// the operator's wish is under way, whatever the wish.
    fn note_applied(&mut self, now: Time, received: &Received) -> AppliedCommand {
        let Received { arrived, command } = received;
        let (sequence, sampled_at) = (command.sequence, command.sampled_at);
        self.applied = Some(Applied { sequence, sampled_at, applied_at: now });
        AppliedCommand { sequence, sampled_at, arrived_at: *arrived, applied_at: now }
    }

    fn propose(&mut self, now: Time, directive: &Directive, posture: &Posture) -> Proposal {
        let aim = match directive.goal {
            Goal::Rest => Aim::Rest,
            Goal::Follow { .. } => Aim::Follow { desired_force: self.desired_force },
            Goal::Comply { ceiling } => Aim::Comply { ceiling },
            Goal::Release { to } => Aim::Release { to },
            Goal::Retract { speed } => Aim::Retract { speed },
        };
        let reference = self.reference.step(now);
        let measured = contact::Measured { tip: posture.tip, twist: posture.twist, wrench: posture.wrench };
        let proposal = self.law.step(now, &aim, &reference, &measured);
        self.contact = proposal.contact;
        proposal
    }

    /// From the permitted motion to the arm, past the gate's last look and the monitor.
    fn send(
        &mut self,
        now: Time,
        gap: Duration,
        reading: &ArmReading,
        permitted: &Twist<Tip>,
        posture: &Posture,
    ) -> Option<JointTarget> {
        let dt = gap.min(LONGEST_STEP).as_secs_f64();
        let (from, speeds) = self.start_from(reading, gap)?;
        let kinematics = self.model.kinematics(&from);
        let wanted = self.wanted(&kinematics, permitted);
        let velocities = match reading.health {
            // An arm that has stopped is told to stand where it stands until it follows again. Led on from there tick by tick, it
            // would be led by what is measured.
            ArmHealth::Starved | ArmHealth::Stopped | ArmHealth::Silent if fastest(&speeds) <= AT_REST => speeds,
            ArmHealth::Ready | ArmHealth::Starved | ArmHealth::Stopped | ArmHealth::Silent => {
                self.reach(&kinematics, &speeds, &wanted, permitted, dt)
            }
        };
        let positions = from.zip_with(&velocities, |angle, speed| angle + speed * dt);
        let setpoint = JointSetpoint { positions, velocities };
        let check = JointCheck { setpoint, measured: reading.positions, implied: kinematics.twist(&velocities) };
        let (chosen, may) = match self.gate.confirm(now, &check) {
            Confirmation::Passed => (Some(setpoint), *permitted),
            // The arm brakes: it may do less of what it did.
            Confirmation::Refused(refusal) => (refusal.instead, kinematics.twist(&speeds)),
        };
        let Some(chosen) = chosen else {
            self.sent = None;
            return None;
        };
        let moved = speeds_between(&from, &chosen.positions, dt);
        self.verdict = self.monitor.check(
            now,
            &Sample {
                setpoint: chosen,
                sent: kinematics.twist(&moved),
                permitted: may,
                measured: reading.positions,
                speeds: reading.velocities,
                arm: wire::arm(reading.health),
                moving: posture.twist,
                wrench: reading.wrench,
            },
        );
        self.sent = Some(chosen);
        Some(JointTarget { positions: chosen.positions, velocities: chosen.velocities })
    }

    /// The joint speeds that make the permitted motion, or as much of it as is within the joints' speed.
    fn wanted(&self, kinematics: &Kinematics, permitted: &Twist<Tip>) -> Joints {
        let resolution = self.resolver.resolve(&self.model, kinematics, permitted);
        within_speed(&resolution.velocities, JOINT_SPEED * USED_SHARE)
    }

    /// The joint speeds of this tick, from those before: the `wanted` ones, or as much of the change to them as the joints can make. Near
    /// a singular posture that can be little, because one joint has to turn around; then all slow down alike where that comes
    /// nearer to what is permitted, or where a joint could not stop within its range otherwise.
    fn reach(
        &self,
        kinematics: &Kinematics,
        before: &Joints,
        wanted: &Joints,
        permitted: &Twist<Tip>,
        dt: f64,
    ) -> Joints {
        let most = JOINT_ACCELERATION * USED_SHARE * dt;
        let direct = within_acceleration(before, wanted, most);
        if direct == *wanted {
            return direct;
        }
        let now = kinematics.twist(before);
        // What must end across the skin is not kept up for the sake of what goes on along the probe: near a singular posture they are one
        // motion. Of a motion of the joints that is none of the tip (0 / 0) all may go on: `min` passes over what is no number.
        let whole = weighed(permitted) / weighed(&now);
        let across = permitted.linear.xy().norm() / now.linear.xy().norm();
        let share = whole.min(across).min(1.0);
        let slower = within_acceleration(before, &before.zip_with(before, |speed, _| speed * share), most);
        let missed = |speeds: &Joints| {
            let made = kinematics.twist(speeds);
            weighed(&Twist::new(made.linear - permitted.linear, made.angular - permitted.angular))
        };
        let nearer = if missed(&slower) < missed(&direct) { slower } else { direct };
        if self.stops_in_range(kinematics.positions(), &nearer, dt) {
            nearer
        } else {
            within_acceleration(before, &Joints::zero(before.axes()), most)
        }
    }

    /// Whether, after a tick at these speeds, every joint is still within its range when all come to rest alike.
    fn stops_in_range(&self, from: &Joints, speeds: &Joints, dt: f64) -> bool {
        let time = dt + fastest(speeds) / (2.0 * JOINT_ACCELERATION * USED_SHARE);
        let joints = from.as_slice().iter().zip(speeds.as_slice()).zip(self.model.limits());
        joints.into_iter().all(|((angle, speed), limit)| {
            let left = if *speed > 0.0 { limit.upper.get() - angle } else { angle - limit.lower.get() };
            speed.abs() * time <= left.max(0.0)
        })
    }

    /// Where the next setpoint starts, and with which speeds: at the last one and where it led to since, or at rest where the arm
    /// stands if it stopped by itself. `None` if nobody knows where it stands.
    fn start_from(&self, reading: &ArmReading, gap: Duration) -> Option<(Joints, Joints)> {
        let went_on = gap.min(GOES_ON).saturating_sub(LONGEST_STEP).as_secs_f64();
        let last = self.sent.map(|JointSetpoint { positions, velocities }| {
            (positions.zip_with(&velocities, |angle, speed| angle + speed * went_on), velocities)
        });
        let here = is_sound(&self.model, reading).then(|| (reading.positions, Joints::zero(self.model.axes())));
        match reading.health {
            // After a longer gap it has stopped by itself, whether it has said so yet or not.
            ArmHealth::Ready if gap > GOES_ON => here.or(last),
            ArmHealth::Ready => last.or(here),
            ArmHealth::Starved | ArmHealth::Stopped | ArmHealth::Silent => here.or(last),
        }
    }

    /// Whether the cart may be switched off without leaving a probe on a patient. A probe that was stopped stays where it is, and a
    /// patient who breathes comes back to it.
    fn is_at_rest(&self, now: Time, directive: &Directive) -> bool {
        let rung = directive.state.rung();
        let resting = matches!(rung, Rung::Idle | Rung::Ready | Rung::Parked | Rung::Fault | Rung::EStop);
        resting && self.touched.is_none_or(|touched| now.saturating_since(touched) >= BREATH)
    }

    fn state(&self, now: Time, directive: &Directive, posture: &Posture, proposal: &Proposal) -> State {
        State {
            sequence: 0,
            sampled_at: now,
            sent_at: now,
            echo: None,
            applied: self.applied,
            ladder: wire::ladder(directive.state.rung()),
            cause: wire::cause(directive.cause),
            origin: self.origin,
            arming: self.operator.arming(),
            epoch: self.operator.epoch(),
            link: self.operator.link(),
            contact: match proposal.contact {
                contact::Contact::Free => proto::Contact::Free,
                contact::Contact::Touching { .. } => proto::Contact::Touching,
            },
            joints: self.told.joints,
            tip: self.told.tip,
            wrench: told_wrench(&posture.wrench),
            force_target: proposal.force_target,
            limits: self.limits(),
        }
    }
}

/// How much motion this is, m/s: a turn counts as the speed it makes at [`TURNING_ARM`].
fn weighed(twist: &Twist<Tip>) -> f64 {
    (twist.linear.norm_squared() + twist.angular.norm_squared() * TURNING_ARM * TURNING_ARM).sqrt()
}

/// The joint speeds (rad/s) that lead from one place to the other in this time, s; none if there was no time.
fn speeds_between(from: &Joints, to: &Joints, dt: f64) -> Joints {
    from.zip_with(to, |from, to| if dt > 0.0 { (to - from) / dt } else { 0.0 })
}

/// The speed of the fastest joint, rad/s.
fn fastest(speeds: &Joints) -> f64 {
    speeds.as_slice().iter().fold(0.0, |fastest, speed| speed.abs().max(fastest))
}

/// These speeds (rad/s), or as much of them as leaves no joint faster than `most`. All joints take the same share.
fn within_speed(wanted: &Joints, most: f64) -> Joints {
    let fastest = fastest(wanted);
    let share = if fastest > most { most / fastest } else { 1.0 };
    wanted.zip_with(wanted, |speed, _| speed * share)
}

/// As much of the change from `before` to `wanted` (rad/s) as no joint changes by more than `most` where it slows down, or [`SPEEDING`] of
/// that where it becomes faster. All joints take the same share, so that the tip's motion lies between the one before and the one wanted.
fn within_acceleration(before: &Joints, wanted: &Joints, most: f64) -> Joints {
    let share = |(from, to): (&f64, &f64)| {
        let most = if to.abs() > from.abs() && from * to >= 0.0 { most * SPEEDING } else { most };
        most / (to - from).abs()
    };
    // A joint that does not change asks for no share: `min` passes over what is no number, and infinity is more than all.
    let share = before.as_slice().iter().zip(wanted.as_slice()).map(share).fold(1.0, f64::min);
    before.zip_with(wanted, |from, to| from + (to - from) * share)
}

#[cfg(test)]
mod tests;
