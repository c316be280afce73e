//! What must hold at every tick of every exam, whatever happens.
//!
//! The checks look at the truth (the simulator's own force, the setpoints the arm was sent, the commands that reached the cart),
//! with numbers and code of their own: they share nothing with the gate but the limits in force.

use std::collections::BTreeMap;
use std::fmt;

use farprobe_geom::{Time, Tip, Twist};
use farprobe_proto::{Cause, Command, Epoch, Ladder};
use farprobe_safety::Limits;
use farprobe_servo::ServoConfig;
use farprobe_sim::arm::ArmMotion;

use crate::observation::Observation;
use crate::world::{Heard, TICK};

mod joints;
mod ladder;
mod rest;
mod tip;
use joints::{GOES_ON, Sent, disagree, is_awkward, is_near_singular, manipulability};
use ladder::ClutchSeen;
use rest::RestWatch;
use tip::{Judged, TipMotion};

/// Rounding, and what linearising the kinematics costs in a tick: share of a limit.
const ROUNDING: f64 = 0.02;

/// What may come to a speed where joints do all they can, m/s: the way bends while they catch up, by a fifth of what the gate's last look
/// lets pass. At the wrist, if it is a turn.
const BENDING: f64 = 1e-3;

/// Length that makes metres and radians comparable in a measure of posture, m: about from an arm's wrist to a probe's tip.
const LENGTH: f64 = 0.3;

/// Something that must hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Invariant {
    /// The true force stays below the hard limit and what is allowed above it.
    Force,
    /// A setpoint is finite and within the joints' range.
    Setpoint,
    /// A setpoint goes on from the one before, or begins where the arm stands.
    Continuity,
    /// The speeds of a setpoint are those its angles make: the arm follows angles.
    Agreement,
    /// The tip's speed by the setpoints stays within its row: by their speeds, and by the places they lead to.
    Speed,
    /// The joints' acceleration by the setpoints stays within the arm's; and the tip's within its row, as long as no joint is at
    /// the end of what it can do and the arm is not near a singular posture.
    Acceleration,
    /// The tip's jerk by the setpoints stays within its row, on the same terms.
    Jerk,
    /// What is applied was sent by the holder of the lease.
    OneDriver,
    /// A command is applied once, and none after a newer one.
    Once,
    /// The ladder goes the ways of its diagram only, and tells each step.
    Ladder,
    /// Nothing goes up the ladder but by a deliberate act: the clutch seen open and then pressed anew, by commands that were applied; open
    /// at Parked; a reset by the staff.
    DeliberateAct,
    /// A probe that nobody drives does not move by itself: not across the skin nor turning, and not at all in the air.
    Rest,
    /// Nothing goes towards the patient but what is driven (Engaged), or complies with a patient it touches (Hold, Soften). Release lowers a
    /// force and never follows skin that falls away: there, too, the gate permits nothing inward but what was under way.
    Inward,
    /// Time goes on.
    Time,
    /// When all is well again and the operator asks, the probe can be driven within 2 s.
    Liveness,
}

impl Invariant {
    /// All of them.
    pub const ALL: [Self; 15] = [
        Self::Force,
        Self::Setpoint,
        Self::Continuity,
        Self::Agreement,
        Self::Speed,
        Self::Acceleration,
        Self::Jerk,
        Self::OneDriver,
        Self::Once,
        Self::Ladder,
        Self::DeliberateAct,
        Self::Rest,
        Self::Inward,
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

/// How often the rows of the tip's acceleration and jerk were not what its motion was judged by. A check that is always excused checks
/// nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Excuses {
    /// Ticks in which the tip's motion changed by at least half of what a row allows.
    pub hard: u64,
    /// Those of them that were excused: a joint did all it can, now or just before, or the arm was near a singular posture.
    pub excused: u64,
}

impl Excuses {
    /// Counts those of another exam in.
    pub fn add(&mut self, other: Self) {
        self.hard += other.hard;
        self.excused += other.excused;
    }

    /// The share that was excused, %; nothing if there was nothing to be judged.
    pub fn percent(&self) -> Option<f64> {
        (self.hard > 0).then(|| self.excused as f64 / self.hard as f64 * 100.0)
    }
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
    excuses: Excuses,
    rest: RestWatch,
    ladder: Ladder,
    clutch: ClutchSeen,
    newest: BTreeMap<Epoch, u64>,
    reset: bool,
    /// It was heard in this tick.
    forgiven: bool,
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
            excuses: Excuses::default(),
            rest: RestWatch::new(),
            ladder: Ladder::Idle,
            clutch: ClutchSeen::default(),
            newest: BTreeMap::new(),
            reset: false,
            forgiven: false,
            ticks_two_drivers: 0,
        }
    }

    /// What did not hold.
    pub fn breaks(&self) -> &[Break] {
        &self.breaks
    }

    /// See [`Excuses`].
    pub fn excuses(&self) -> Excuses {
        self.excuses
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
            // Nothing else can be said of it.
            return self.report(Invariant::Time, now, || "the same instant twice, or an earlier one".into());
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
        let source = self.check_applied(seen);
        self.clutch.tick(seen.now, seen.holder, source.as_ref());
    }

    /// Gives the command that was applied, if it is the holder's.
    fn check_applied(&mut self, seen: &Observation<'_>) -> Option<Command> {
        let of_holder = |heard: &&Heard| Some(heard.from) == seen.holder;
        let applied = seen.outcome.applied?;
        let is_it = |heard: &&Heard| {
            (heard.command.sequence, heard.command.sampled_at) == (applied.sequence, applied.sampled_at)
        };
        let Some(source) = seen.heard.iter().filter(of_holder).find(is_it) else {
            self.ticks_two_drivers += 1;
            let whose = seen.heard.iter().find(is_it).map(|heard| heard.from);
            let holder = seen.holder;
            self.report(Invariant::OneDriver, seen.now, || {
                format!("command {} of {whose:?} was applied while {holder:?} holds the lease", applied.sequence)
            });
            return None;
        };
        let newest = self.newest.entry(source.command.epoch).or_insert(0);
        let before = core::mem::replace(newest, applied.sequence);
        if applied.sequence <= before {
            self.report(Invariant::Once, seen.now, || format!("command {} after {before}", applied.sequence));
        }
        Some(source.command)
    }

    fn check_ladder(&mut self, seen: &Observation<'_>) {
        let reset = core::mem::replace(&mut self.reset, false);
        self.forgiven = reset;
        let stands = seen.outcome.state.ladder;
        let before = core::mem::replace(&mut self.ladder, stands);
        let told = seen.outcome.transition;
        // What is told of a step and where the ladder stands are one story.
        let way = told.map_or((before, before), |step| (step.from, step.to));
        if way != (before, stands) || told.is_some_and(|step| step.from == step.to) {
            self.report(Invariant::Ladder, seen.now, || format!("from {before:?} to {stands:?}, and told {told:?}"));
        }
        let Some(step) = told else { return };
        if !ladder::is_drawn(&step) {
            self.report(Invariant::Ladder, seen.now, || format!("no such way: {step:?}"));
        }
        if !self.clutch.meant(&step, reset) {
            self.report(Invariant::DeliberateAct, seen.now, || {
                format!("{:?} to {:?} ({:?}) without one", step.from, step.to, step.cause)
            });
        }
        if step.to == Ladder::Idle {
            self.clutch.forget_open();
        }
    }

    fn check_setpoint(&mut self, seen: &Observation<'_>) {
        self.rest.tick(self.tick_of(seen));
        let before = self.sent.take();
        // Of what was found while nobody drove the ladder makes no step, and the staff's reset is heard all the same.
        let idle = self.ladder == Ladder::Idle && self.forgiven;
        let reset = idle || seen.outcome.transition.is_some_and(|step| step.cause == Cause::Reset);
        let (Some(target), Some(tip)) = (&seen.outcome.target, seen.sent_to) else { return };
        let sent = Sent { at: seen.now, positions: target.positions, velocities: target.velocities, tip };
        if !sent.is_possible(self.config.model.limits()) {
            return self.report(Invariant::Setpoint, seen.now, || format!("{sent:?}"));
        }
        self.sent = Some(sent);
        // An arm that stopped by itself is started anew from where it stands, as the arm demands; and so is one that was reset.
        let follows = seen.plant.motion == ArmMotion::Following && !(reset && before.is_some_and(|it| it.is_at_rest()));
        let goes_on = before.filter(|before| follows && seen.now.saturating_since(before.at) <= GOES_ON);
        if let Some(before) = goes_on {
            self.check_course(seen, &before, &sent);
        } else {
            self.tip = TipMotion::beginning(&seen.sent);
            // Setpoints an arm does not take may come to rest where they are before they begin anew.
            let runs_down = before.is_some_and(|before| sent.runs_down_from(&before, self.config.model.limits()));
            if let Some((invariant, what)) = sent.misses(&seen.plant.positions).filter(|_| !runs_down) {
                self.report(invariant, seen.now, || what);
            }
        }
        self.check_speed(seen, &seen.sent);
        self.check_rest(seen, &seen.sent);
        self.rest.sent(self.tick_of(seen), &seen.sent);
    }

    /// A setpoint that goes on from the one before.
    fn check_course(&mut self, seen: &Observation<'_>, before: &Sent, sent: &Sent) {
        if let Some((invariant, what)) = sent.leaves(before, self.config.model.limits()) {
            self.report(invariant, seen.now, || what);
        }
        let moved = sent.moved_since(before);
        self.check_speed(seen, &moved);
        if sent.at.saturating_since(before.at) != TICK {
            self.tip = TipMotion::beginning(&seen.sent);
            return;
        }
        if disagree(&moved, &seen.sent) {
            let sent = &seen.sent;
            self.report(Invariant::Agreement, seen.now, || {
                format!("the tip moved with {moved:?}, and was said to with {sent:?}")
            });
        }
        let freedom = sent.freedom(before, self.config.model.limits());
        let Judged { hard, excused, beyond } = self.tip.step(&seen.sent, freedom, &self.limits);
        self.check_rest(seen, &moved);
        if !hard {
            return;
        }
        let excused = excused || is_near_singular(&self.config.model, &sent.positions);
        self.excuses.hard += 1;
        self.excuses.excused += u64::from(excused);
        if let Some((invariant, change)) = beyond.filter(|_| !excused) {
            let posture = manipulability(&self.config.model, &sent.positions);
            self.report(invariant, seen.now, || format!("the tip: {change:?} (manipulability {posture:.2})"));
        }
    }

    /// Whether this motion of the tip, by speeds or by places, is within its rows.
    fn check_speed(&mut self, seen: &Observation<'_>, twist: &Twist<Tip>) {
        let Limits { lateral, inward, outward, angular, .. } = self.limits;
        let over = |speed: f64, most: f64| speed > most * (1.0 + ROUNDING) + BENDING;
        let turns = |speed: f64, most: f64| speed > most * (1.0 + ROUNDING) + BENDING / LENGTH;
        let (v, w) = (twist.linear, twist.angular);
        // A row bounds what is done across the skin, and what is turned, as one.
        let fast = over(v.xy().norm(), lateral.speed.get())
            || over(v.z, inward.speed.get())
            || over(-v.z, outward.speed.get())
            || turns(w.norm(), angular.speed.get());
        if fast {
            self.report(Invariant::Speed, seen.now, || format!("{:?} m/s, {:?} rad/s", v.as_slice(), w.as_slice()));
        }
    }

    fn tick_of(&self, seen: &Observation<'_>) -> rest::Tick {
        rest::Tick {
            now: seen.now,
            ladder: seen.outcome.state.ladder,
            touching: seen.plant.region.is_some(),
            felt: seen.plant.sensed.force.norm(),
            hemmed: self.tip.is_hemmed(),
        }
    }

    fn check_rest(&mut self, seen: &Observation<'_>, twist: &Twist<Tip>) {
        let awkward = || self.sent.is_some_and(|sent| is_awkward(&self.config.model, &sent.positions));
        let found = self.rest.judge(self.tick_of(seen), twist, awkward);
        if let Some((invariant, what)) = found {
            self.report(invariant, seen.now, || what);
        }
    }
}

#[cfg(test)]
mod tests;
