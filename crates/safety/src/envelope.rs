//! The envelope: what of a proposed motion is permitted.

use core::time::Duration;

use farprobe_geom::{Time, Tip, Twist};
use nalgebra::{Vector2, Vector3};

use crate::approach::approach_speed;
use crate::belief::Belief;
use crate::budget::Budget;
use crate::facts::{Contact, Measured, Tissue};
use crate::group::{Group, GroupRow, capped};
use crate::in_flight::InFlight;
use crate::ladder::Goal;
use crate::last_touch::LastTouch;
use crate::lifting::Lifting;
use crate::limits::Limits;
use crate::lowering::Lowering;
use crate::profile::{Axis, AxisRow};
use crate::sensor::{Reading, Standing};
use crate::space::{Braking, Space, Walls};
use crate::stiffest::Stiffest;
use crate::timing::TICK;

/// The longest step the profile makes at once, s. After a longer gap the motion goes on as if only this much time had passed.
const LONGEST_STEP: f64 = 0.003;

/// From this part of the torque limit on, sideways and turning motion is eased down to nothing at the limit.
const TORQUE_EASE: f64 = 0.7;

/// Sliding is never made slower than this, m/s.
const SLIDING_SLOWEST: f64 = 0.010;

/// Below this an axis counts as at rest, m/s or rad/s.
const AT_REST: f64 = 1e-6;

/// Something that must not happen was proposed: the memory of the last command is void.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Violation {
    /// A number was not finite.
    NotFinite,
    /// More motion was asked for than time has passed for.
    Overspent,
}

/// Whether proposals are listened to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Trust {
    /// They are.
    Given,
    /// After a violation: not before everything has come to rest.
    Withdrawn,
}

/// Whether the gate drives outward because the hard limit was reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Yielding {
    No,
    /// Until the force is below the soft limit.
    Yes,
}

/// What bounds the motion in one tick.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Situation<'a> {
    pub(crate) now: Time,
    pub(crate) goal: Goal,
    pub(crate) measured: &'a Measured,
    pub(crate) reading: Reading,
    /// Whether the probe may be touching: anybody says so.
    pub(crate) contact: Contact,
    /// Whether the probe touches by all accounts: everybody says so.
    pub(crate) felt: Contact,
    /// Whether the touch has shown itself. Faster than the approach to skin only then.
    pub(crate) belief: Belief,
}

/// Limits every axis of the tip's motion, whatever is proposed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Envelope {
    limits: Limits,
    reaction: f64,
    space: Space,
    side: Group<2>,
    along: Axis,
    turn: Group<3>,
    stepped_at: Option<Time>,
    budget: Budget,
    trust: Trust,
    yielding: Yielding,
    stiffest: Stiffest,
    lowering: Lowering,
    in_flight: InFlight,
    lifting: Lifting,
    last_touch: LastTouch,
}

/// The bounds along the probe's axis, m/s.
struct Axial {
    /// The fastest inward, not negative.
    inward: f64,
    /// The slowest outward that is enforced, not negative.
    outward_at_least: f64,
}

/// What an approach is stopped within, and with.
struct Stopping {
    /// The acceleration of the braking, m/s².
    braking: f64,
    /// How fast that builds up, m/s³.
    jerk: f64,
    /// What the building-up costs, s.
    build_up: f64,
    /// From the force of now to the hard limit, N.
    margin: f64,
    /// The stiffness to reckon with, N/m.
    stiffness: f64,
}

impl Envelope {
    /// `reaction`: from a change of force to the arm acting on it, without the building-up of the braking.
    pub(crate) fn new(limits: &Limits, reaction: Duration, space: &Space) -> Self {
        let limits = limits.under_ceilings();
        let (side, turn) = (limits.lateral.speed.get(), limits.angular.speed.get());
        let axial = limits.outward.speed.max(limits.inward.speed).get();
        Self {
            limits,
            reaction: reaction.as_secs_f64(),
            space: *space,
            side: Group::rest(),
            along: Axis::default(),
            turn: Group::rest(),
            stepped_at: None,
            budget: Budget::new([side, side, axial, turn, turn, turn]),
            trust: Trust::Given,
            yielding: Yielding::No,
            stiffest: Stiffest::NOTHING,
            lowering: Lowering::NONE,
            in_flight: InFlight::nothing(),
            lifting: Lifting::No,
            last_touch: LastTouch::NONE,
        }
    }

    pub(crate) const fn limits(&self) -> &Limits {
        &self.limits
    }

    /// What the last permitted motion enforces.
    pub(crate) const fn lifting(&self) -> Lifting {
        self.lifting
    }

    /// The motion that is permitted in place of the proposed one.
    pub(crate) fn permit(&mut self, proposal: &Twist<Tip>, at: &Situation<'_>) -> (Twist<Tip>, Option<Violation>) {
        let mut violation = None;
        if !proposal.is_finite() {
            violation = Some(Violation::NotFinite);
            self.trust = Trust::Withdrawn;
        }
        let heard = match self.trust {
            Trust::Given => *proposal,
            Trust::Withdrawn => Twist::zero(),
        };
        self.judge_yielding(at.reading);
        self.lowering.judge(at.now, at.goal, at.reading);
        self.stiffest.note(at.now, at.measured.tissue.stiffness);
        if at.felt == Contact::Touching {
            self.last_touch.note(&at.measured.tip, &at.measured.wrench.force);
        }
        let axial = self.axial(at);
        self.lifting = lifting(&axial, at.contact);
        let walls = self.walls(at);
        let wish = self.wish(&heard, &axial, &walls, at);
        self.follow(&wish, &axial, &walls, at);

        let permitted = self.permitted();
        let (linear, angular) = (permitted.linear, permitted.angular);
        let velocities = [linear.x, linear.y, linear.z, angular.x, angular.y, angular.z];
        if self.budget.spend(at.now, &velocities).is_err() {
            self.void();
            return (Twist::zero(), Some(Violation::Overspent));
        }
        if self.trust == Trust::Withdrawn && velocities.iter().all(|velocity| velocity.abs() < AT_REST) {
            self.trust = Trust::Given;
        }
        (permitted, violation)
    }

    fn permitted(&self) -> Twist<Tip> {
        let side = self.side.velocity;
        Twist::new(Vector3::new(side.x, side.y, self.along.velocity), self.turn.velocity)
    }

    /// Zeroes the memory of the last command: the next motion begins at rest.
    pub(crate) fn void(&mut self) {
        (self.side, self.along, self.turn) = (Group::rest(), Axis::default(), Group::rest());
        self.trust = Trust::Withdrawn;
    }

    /// The joints could not keep up with what was permitted; they make this motion instead. The next one begins there: what lags
    /// behind the joints' own limits is neither a refusal nor to be made up for.
    pub(crate) fn go_on_from(&mut self, made: &Twist<Tip>) {
        self.side.velocity = made.linear.xy();
        self.along.velocity = made.linear.z;
        self.turn.velocity = made.angular;
    }

    /// The arm has come to rest by itself: motion begins anew, with nothing on its way.
    pub(crate) fn restart(&mut self) {
        (self.side, self.along, self.turn) = (Group::rest(), Axis::default(), Group::rest());
        self.in_flight = InFlight::nothing();
    }

    fn judge_yielding(&mut self, reading: Reading) {
        self.yielding = match reading {
            Reading::Believed { force, .. } if force >= self.limits.hard_force => Yielding::Yes,
            Reading::Believed { force, .. } if force < self.limits.soft_force => Yielding::No,
            Reading::Believed { .. } => self.yielding,
            // Without a sensor there is nothing to yield to; the ladder lifts off.
            Reading::Doubted => Yielding::No,
        };
    }

    /// What is wished for, after everything but the rates: goal, forces and walls.
    fn wish(&self, heard: &Twist<Tip>, axial: &Axial, walls: &Walls, at: &Situation<'_>) -> Twist<Tip> {
        let sideways = self.sideways_scale(at);
        let across = capped(heard.linear.xy(), (self.limits.lateral.speed.get() * sideways).min(self.sliding(at)));
        let mut linear = Vector3::new(across.x, across.y, 0.0);
        let mut angular = capped(heard.angular, self.limits.angular.speed.get() * sideways);
        let asked = match at.goal {
            Goal::Rest if at.contact == Contact::Free => 0.0,
            // At rest in contact the only motion that may be asked for is the one that lowers the force.
            Goal::Rest => heard.linear.z.min(0.0),
            Goal::Retract { .. } => 0.0,
            // In the air there is no force to lower: what an arm lags behind an operator who is gone is not made up for.
            Goal::Comply { .. } | Goal::Release { .. } if at.contact == Contact::Free => {
                heard.linear.z.max(self.along.velocity.min(0.0))
            }
            Goal::Follow { .. } | Goal::Comply { .. } | Goal::Release { .. } => heard.linear.z,
        };
        linear.z = asked.min(axial.inward).max(-self.limits.outward.speed.get());
        if at.measured.tip.is_finite() {
            linear = keep_in(walls, at.contact, linear);
            angular = self.space.angular(&at.measured.tip, angular, &self.tilt_braking());
        } else {
            // Without a pose there are no walls: only letting go is left.
            (linear, angular) = (Vector3::new(0.0, 0.0, linear.z.min(0.0)), Vector3::zeros());
        }
        // A wall bends what an operator asks for. What nobody asks for any more ends at it: he would be seen to drive on.
        if !matches!(at.goal, Goal::Follow { .. }) {
            linear = Vector3::new(0.0, 0.0, linear.z);
        }
        let enforced = enforced(walls, at.contact, axial.outward_at_least);
        if enforced > 0.0 {
            linear.z = linear.z.min(-enforced);
        }
        Twist::new(linear, angular)
    }

    /// The walls around the tip. Without a pose there are none.
    fn walls(&self, at: &Situation<'_>) -> Walls {
        let tip = &at.measured.tip;
        if tip.is_finite() { self.space.walls(tip, &self.wall_braking()) } else { Walls::NONE }
    }

    fn wall_braking(&self) -> Braking {
        Braking::of(self.limits.lateral.acceleration.get(), self.limits.lateral.jerk.get())
    }

    fn tilt_braking(&self) -> Braking {
        Braking::of(self.limits.angular.acceleration, self.limits.angular.jerk)
    }

    /// Part of the full speed sideways and turning motion may have.
    fn sideways_scale(&self, at: &Situation<'_>) -> f64 {
        let scale = match at.goal {
            Goal::Follow { speed_scale } => speed_scale.clamp(0.0, 1.0) * at.measured.agility.pace(),
            Goal::Rest | Goal::Comply { .. } | Goal::Release { .. } | Goal::Retract { .. } => 0.0,
        };
        match at.reading {
            Reading::Believed { force, torque, .. } => {
                let (soft, hard) = (self.limits.soft_force.get(), self.limits.hard_force.get());
                let top = self.limits.torque.get();
                let by_force = ((hard - force.get()) / (hard - soft)).clamp(0.0, 1.0);
                let by_torque = ((top - torque) / (top * (1.0 - TORQUE_EASE))).clamp(0.0, 1.0);
                finite_or_zero(scale * by_force.min(by_torque))
            }
            Reading::Doubted => 0.0,
        }
    }

    fn axial(&self, at: &Situation<'_>) -> Axial {
        let Reading::Believed { force, standing, .. } = at.reading else {
            // Nothing is known about the force: outward by the goal, never inward.
            let outward_at_least = match at.goal {
                Goal::Retract { speed } => speed.get(),
                Goal::Rest | Goal::Follow { .. } | Goal::Comply { .. } | Goal::Release { .. } => 0.0,
            };
            return Axial { inward: 0.0, outward_at_least: self.outward(outward_at_least) };
        };
        let touching = at.felt == Contact::Touching;
        let soft = self.limits.soft_force;
        let below = |ceiling| touching && force < soft.min(ceiling);
        let (inward, outward) = match at.goal {
            Goal::Follow { .. } if force >= soft => (0.0, 0.0),
            // In free space the way to the skin is the operator's motion; in contact it is the force loop's.
            Goal::Follow { speed_scale } if !touching => {
                (self.approach(at, force.get()) * speed_scale.clamp(0.0, 1.0), 0.0)
            }
            Goal::Follow { .. } => (self.approach(at, force.get()), 0.0),
            Goal::Comply { ceiling } if below(ceiling) => (self.approach(at, force.get()), 0.0),
            Goal::Rest | Goal::Comply { .. } => (0.0, 0.0),
            Goal::Release { to } => {
                (0.0, self.lowering.speed(at.now, force.get() - to.get(), at.measured.tissue.stiffness))
            }
            Goal::Retract { speed } => (0.0, speed.get()),
        };
        let inward = match standing {
            Standing::Good => inward,
            Standing::Suspected => 0.0,
        };
        match self.yielding {
            Yielding::No => Axial { inward: finite_or_zero(inward), outward_at_least: self.outward(outward) },
            Yielding::Yes => Axial { inward: 0.0, outward_at_least: self.limits.outward.speed.get() },
        }
    }

    /// How fast the probe may slide over skin that it presses on, or has just let go of, m/s: what rises before it, presses as the
    /// probe's own approach does, and both together no more than one.
    fn sliding(&self, at: &Situation<'_>) -> f64 {
        let Reading::Believed { force, .. } = at.reading else { return f64::INFINITY };
        let rising = match at.felt {
            Contact::Touching => {
                let Stopping { braking, build_up, margin, stiffness, .. } = self.stopping(at, force.get());
                approach_speed(margin, stiffness, self.reaction + build_up, braking)
            }
            Contact::Free if self.last_touch.is_near(&at.measured.tip) => self.approach(at, force.get()),
            Contact::Free => return f64::INFINITY,
        };
        ((rising - self.along.velocity.max(0.0)) / self.last_touch.slope()).max(SLIDING_SLOWEST)
    }

    /// What a probe that presses with `force`, N, has to stop within, and with.
    fn stopping(&self, at: &Situation<'_>, force: f64) -> Stopping {
        let Limits { outward, hard_force, .. } = self.limits;
        let braking = outward.acceleration.min(at.measured.agility.along).get();
        let jerk = outward.jerk.get();
        let margin = hard_force.get() - force;
        Stopping { braking, jerk, build_up: braking / (2.0 * jerk), margin, stiffness: self.stiffness(at) }
    }

    /// The stiffness to reckon with, N/m.
    fn stiffness(&self, at: &Situation<'_>) -> f64 {
        let worst = at.measured.tissue.worst;
        // An estimate made in the air is soft: what nothing answers to seems to be nothing.
        let floor = match at.belief {
            Belief::Given { stiffness } => stiffness.min(worst.get()),
            Belief::Withheld | Belief::JustLost => worst.get(),
        };
        self.stiffest.get().max(floor) * self.last_touch.obliqueness()
    }

    /// The approach-speed cap with everything that bounds it.
    fn approach(&self, at: &Situation<'_>, force: f64) -> f64 {
        if !at.measured.agility.suffices() {
            return 0.0;
        }
        let Tissue { skin_speed, .. } = at.measured.tissue;
        let Stopping { braking, jerk, build_up, margin, stiffness } = self.stopping(at, force);
        let even = approach_speed(margin, stiffness, self.reaction + build_up, braking);
        // The formula takes the speed of the reaction time as even. Where it was higher, what is on its way counts; and where the
        // probe gathers speed, that has to be taken back first.
        let coming = self.in_flight.travel(self.reaction, self.limits.inward.speed.get());
        let gathering = self.along.acceleration.max(0.0) / jerk;
        let soonest = TICK.as_secs_f64() + build_up + gathering;
        let slowing = approach_speed(margin - stiffness * coming, stiffness, soonest, braking);
        let safe = even.min(slowing);
        let before_touch = self.limits.approach_speed.get();
        match (at.felt, at.belief) {
            (Contact::Touching, Belief::Given { .. }) => safe.min(self.limits.inward.speed.get()),
            // Perhaps it is the sensor that is lost.
            (_, Belief::JustLost) => 0.0,
            // The skin is felt already, if there is skin: what it does by itself is in the force.
            (Contact::Touching, Belief::Withheld) => safe.min(before_touch),
            (Contact::Free, _) => (safe - skin_speed.abs().get()).clamp(0.0, before_touch),
        }
    }

    fn outward(&self, speed: f64) -> f64 {
        finite_or_zero(speed.abs().min(self.limits.outward.speed.get()))
    }

    /// The first rate limit: across the skin, along the probe and turning, each as one.
    fn follow(&mut self, wish: &Twist<Tip>, axial: &Axial, walls: &Walls, at: &Situation<'_>) {
        let elapsed = self.stepped_at.map_or(TICK, |last| at.now.saturating_since(last));
        let dt = elapsed.as_secs_f64().min(LONGEST_STEP);
        self.stepped_at = Some(at.now);
        let Limits { inward, outward, lateral, angular, .. } = self.limits;
        let (space, tip) = (self.space, at.measured.tip);
        let tilt = self.tilt_braking();
        // Without a pose there is no upright.
        let posed = tip.is_finite();

        let along = self.along.velocity;
        let row =
            GroupRow { speed: lateral.speed.get(), acceleration: lateral.acceleration.get(), jerk: lateral.jerk.get() };
        // What nobody asks for any more ends, whatever a wall would make of the way along the probe.
        let inside = |side: Vector2<f64>| match at.goal {
            Goal::Follow { .. } => walls.linear(Vector3::new(side.x, side.y, along)).xy(),
            Goal::Rest | Goal::Comply { .. } | Goal::Release { .. } | Goal::Retract { .. } => side,
        };
        self.side.follow(wish.linear.xy(), inside, &row, dt);

        let row = GroupRow { speed: angular.speed.get(), acceleration: angular.acceleration, jerk: angular.jerk };
        let upright = |turn| if posed { space.angular(&tip, turn, &tilt) } else { turn };
        self.turn.follow(wish.angular, upright, &row, dt);

        // What the side could not brake for in time is braked for along the probe, as far as that lowers no force of a contact.
        let side = self.side.velocity;
        let mut inner = wish.linear.z;
        let kept = walls.along(Vector3::new(side.x, side.y, inner));
        inner = if at.contact == Contact::Touching { inner.min(kept) } else { kept };
        let row = AxisRow {
            acceleration_up: inward.acceleration.get(),
            acceleration_down: outward.acceleration.get(),
            jerk_up: inward.jerk.get(),
            jerk_down: outward.jerk.get(),
        };
        self.along.follow(inner.max(-outward.speed.get()), -outward.speed.get(), axial.inward, &row, dt);
        self.in_flight.note(finite_or_zero(self.along.velocity), dt);
    }
}

/// Whether a probe that may touch is driven outward.
fn lifting(axial: &Axial, contact: Contact) -> Lifting {
    match contact {
        Contact::Touching if axial.outward_at_least > 0.0 => Lifting::Enforced,
        Contact::Touching | Contact::Free => Lifting::No,
    }
}

/// The outward speed that is enforced. In free space it keeps within the walls.
fn enforced(walls: &Walls, contact: Contact, outward: f64) -> f64 {
    match contact {
        Contact::Free => -walls.linear(Vector3::new(0.0, 0.0, -outward)).z.min(0.0),
        Contact::Touching => outward,
    }
}

/// The walls, for linear motion. Lowering the force of a contact goes before staying inside.
fn keep_in(walls: &Walls, contact: Contact, linear: Vector3<f64>) -> Vector3<f64> {
    let mut kept = walls.linear(linear);
    // A wall may bend the motion, but not into the patient.
    kept.z = kept.z.min(match contact {
        Contact::Touching => linear.z,
        Contact::Free => linear.z.max(0.0),
    });
    walls.across(kept)
}

fn finite_or_zero(value: f64) -> f64 {
    if value.is_finite() { value } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sr_039_what_is_not_finite_is_nothing() {
        assert_eq!([f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 0.5].map(finite_or_zero), [0.0, 0.0, 0.0, 0.5]);
    }
}
