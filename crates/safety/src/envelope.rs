//! The envelope: what of a proposed motion is permitted.

use core::time::Duration;

use farprobe_geom::{Base, Pose, Time, Tip, Twist};
use nalgebra::Vector3;

use crate::approach::approach_speed;
use crate::budget::Budget;
use crate::facts::{Contact, Measured, Tissue};
use crate::ladder::Goal;
use crate::limits::Limits;
use crate::profile::{Axis, AxisRow};
use crate::sensor::Reading;
use crate::space::Space;
use crate::timing::TICK;

/// The longest step the profile makes at once, s. After a longer gap the motion goes on as if only this much time had passed.
const LONGEST_STEP: f64 = 0.003;

/// Lowering takes the excess force off with this time constant, s: 13 N are down to 2 N within 200 ms, building-up included.
const LOWERING_TIME_CONSTANT: f64 = 0.050;

/// Lowering assumes tissue no stiffer than this, N/m. An estimate that is too high would make lowering too slow; too low only
/// loses contact, which is the safe side.
const LOWERING_STIFFNESS: f64 = 10e3;

/// Lowering is never slower than this, m/s, so that it ends.
const LOWERING_SLOWEST: f64 = 0.005;

/// From this part of the torque limit on, sideways and turning motion is eased down to nothing at the limit.
const TORQUE_EASE: f64 = 0.7;

/// A force that is not down by then was judged by a wrong stiffness: the enforced speed grows with time from here on.
const LOWERING_PATIENCE: Duration = Duration::from_millis(150);

/// How fast it grows, m/s²: the outward row's full speed is reached 350 ms after lowering began, and 50 mm are gone after 500 ms.
/// Enough to take 13 N off the softest tissue of the cards.
const LOWERING_GROWTH: f64 = 1.0;

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
    /// Whether the probe touches for certain: everybody says so. Faster than the approach to skin only then.
    pub(crate) felt: Contact,
}

/// Limits every axis of the tip's motion, whatever is proposed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Envelope {
    limits: Limits,
    reaction: f64,
    space: Space,
    axes: [Axis; 6],
    stepped_at: Option<Time>,
    budget: Budget,
    trust: Trust,
    yielding: Yielding,
    /// Since when the force has been above what is to be lowered to.
    lowering_since: Option<Time>,
    /// Motion towards the patient of the last reaction time, m: its force is not in the reading yet. A leaky sum, which on the
    /// way down errs to the safe side.
    in_flight: f64,
}

/// The bounds along the probe's axis, m/s.
struct Axial {
    /// The fastest inward, not negative.
    inward: f64,
    /// The slowest outward that is enforced, not negative.
    outward_at_least: f64,
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
            axes: [Axis::default(); 6],
            stepped_at: None,
            budget: Budget::new([side, side, axial, turn, turn, turn]),
            trust: Trust::Given,
            yielding: Yielding::No,
            lowering_since: None,
            in_flight: 0.0,
        }
    }

    pub(crate) const fn limits(&self) -> &Limits {
        &self.limits
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
        self.judge_lowering(at);
        let axial = self.axial(at);
        let wish = self.wish(&heard, &axial, at);
        self.follow(&wish, &axial, at.now);

        let velocities = self.axes.map(|axis| axis.velocity);
        if self.budget.spend(at.now, &velocities).is_err() {
            self.void();
            return (Twist::zero(), Some(Violation::Overspent));
        }
        if self.trust == Trust::Withdrawn && velocities.iter().all(|velocity| velocity.abs() < AT_REST) {
            self.trust = Trust::Given;
        }
        let [x, y, z, a, b, c] = velocities;
        (Twist::new(Vector3::new(x, y, z), Vector3::new(a, b, c)), violation)
    }

    /// Zeroes the memory of the last command: the next motion begins at rest.
    pub(crate) fn void(&mut self) {
        self.axes = [Axis::default(); 6];
        self.trust = Trust::Withdrawn;
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

    fn judge_lowering(&mut self, at: &Situation<'_>) {
        self.lowering_since = match (at.goal, at.reading) {
            (Goal::Release { to }, Reading::Believed { force, .. }) if force > to => {
                self.lowering_since.or(Some(at.now))
            }
            (
                Goal::Rest | Goal::Follow { .. } | Goal::Comply { .. } | Goal::Release { .. } | Goal::Retract { .. },
                _,
            ) => None,
        };
    }

    /// How fast the gate itself takes this much excess force off, m/s; nothing if there is none.
    fn lowering_speed(&self, excess: f64, at: &Situation<'_>) -> f64 {
        if excess <= 0.0 {
            return 0.0;
        }
        // Never softer than a tenth of a newton per millimetre, so that nonsense does not divide by zero.
        let stiffness = at.measured.tissue.stiffness.get().clamp(100.0, LOWERING_STIFFNESS);
        let taken = self.lowering_since.map_or(Duration::ZERO, |since| at.now.saturating_since(since));
        let grown = taken.saturating_sub(LOWERING_PATIENCE).as_secs_f64() * LOWERING_GROWTH;
        (excess / (stiffness * LOWERING_TIME_CONSTANT)).max(LOWERING_SLOWEST).max(grown)
    }

    /// What is wished for, after everything but the rates: goal, forces and walls.
    fn wish(&self, heard: &Twist<Tip>, axial: &Axial, at: &Situation<'_>) -> Twist<Tip> {
        let sideways = self.sideways_scale(at);
        let mut linear = Vector3::new(heard.linear.x, heard.linear.y, 0.0);
        linear = cap_norm(linear, self.limits.lateral.speed.get() * sideways);
        let mut angular = cap_norm(heard.angular, self.limits.angular.speed.get() * sideways);
        let asked = match at.goal {
            Goal::Rest if at.contact == Contact::Free => 0.0,
            // At rest in contact the only motion that may be asked for is the one that lowers the force.
            Goal::Rest => heard.linear.z.min(0.0),
            Goal::Retract { .. } => 0.0,
            Goal::Follow { .. } | Goal::Comply { .. } | Goal::Release { .. } => heard.linear.z,
        };
        linear.z = asked.min(axial.inward).max(-self.limits.outward.speed.get());
        if at.measured.tip.is_finite() {
            (linear, angular) = self.keep_in(&at.measured.tip, linear, angular, at.contact);
        } else {
            // Without a pose there are no walls: only letting go is left.
            (linear, angular) = (Vector3::new(0.0, 0.0, linear.z.min(0.0)), Vector3::zeros());
        }
        let enforced = self.enforced(axial.outward_at_least, at);
        if enforced > 0.0 {
            linear.z = linear.z.min(-enforced);
        }
        Twist::new(linear, angular)
    }

    /// The outward speed that is enforced. In free space it keeps within the walls.
    fn enforced(&self, outward: f64, at: &Situation<'_>) -> f64 {
        match at.contact {
            Contact::Free if at.measured.tip.is_finite() => {
                -self.space.linear(&at.measured.tip, Vector3::new(0.0, 0.0, -outward)).z.min(0.0)
            }
            Contact::Free | Contact::Touching => outward,
        }
    }

    /// The walls. Lowering the force of a contact goes before staying inside.
    fn keep_in(
        &self,
        tip: &Pose<Base>,
        linear: Vector3<f64>,
        angular: Vector3<f64>,
        contact: Contact,
    ) -> (Vector3<f64>, Vector3<f64>) {
        let mut kept = self.space.linear(tip, linear);
        if contact == Contact::Touching && linear.z < 0.0 {
            kept.z = kept.z.min(linear.z);
        }
        // A wall may bend the motion, but not into the patient.
        kept.z = kept.z.min(linear.z.max(0.0));
        (kept, self.space.angular(tip, angular))
    }

    /// Part of the full speed sideways and turning motion may have.
    fn sideways_scale(&self, at: &Situation<'_>) -> f64 {
        let scale = match at.goal {
            Goal::Follow { speed_scale } => speed_scale.clamp(0.0, 1.0),
            Goal::Rest | Goal::Comply { .. } | Goal::Release { .. } | Goal::Retract { .. } => 0.0,
        };
        match at.reading {
            Reading::Believed { force, torque } => {
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
        let Reading::Believed { force, .. } = at.reading else {
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
            Goal::Release { to } => (0.0, self.lowering_speed(force.get() - to.get(), at)),
            Goal::Retract { speed } => (0.0, speed.get()),
        };
        match self.yielding {
            Yielding::No => Axial { inward: finite_or_zero(inward), outward_at_least: self.outward(outward) },
            Yielding::Yes => Axial { inward: 0.0, outward_at_least: self.limits.outward.speed.get() },
        }
    }

    /// The approach-speed cap with everything that bounds it.
    fn approach(&self, at: &Situation<'_>, force: f64) -> f64 {
        let Tissue { stiffness, skin_speed } = at.measured.tissue;
        let braking = self.limits.outward;
        let a = braking.acceleration.get();
        let build_up = a / (2.0 * braking.jerk.get());
        let margin = self.limits.hard_force.get() - force;
        let k = stiffness.get();
        let even = approach_speed(margin, k, self.reaction + build_up, a);
        // The formula takes the speed of the reaction time as even. Where it was higher, what is on its way counts.
        let slowing = approach_speed(margin - k * self.in_flight, k, TICK.as_secs_f64() + build_up, a);
        let safe = even.min(slowing);
        match at.felt {
            Contact::Touching => safe.min(self.limits.inward.speed.get()),
            Contact::Free => (safe - skin_speed.abs().get()).clamp(0.0, self.limits.approach_speed.get()),
        }
    }

    fn outward(&self, speed: f64) -> f64 {
        finite_or_zero(speed.abs().min(self.limits.outward.speed.get()))
    }

    /// The first rate limit, axis by axis.
    fn follow(&mut self, wish: &Twist<Tip>, axial: &Axial, now: Time) {
        let dt = self.stepped_at.map_or(TICK.as_secs_f64(), |last| now.saturating_since(last).as_secs_f64());
        let dt = dt.min(LONGEST_STEP);
        self.stepped_at = Some(now);
        let Limits { inward, outward, lateral, angular, .. } = self.limits;
        let even = |acceleration: f64, jerk: f64| AxisRow {
            acceleration_up: acceleration,
            acceleration_down: acceleration,
            jerk_up: jerk,
            jerk_down: jerk,
        };
        let side = even(lateral.acceleration.get(), lateral.jerk.get());
        let turn = even(angular.acceleration, angular.jerk);
        let along = AxisRow {
            acceleration_up: inward.acceleration.get(),
            acceleration_down: outward.acceleration.get(),
            jerk_up: inward.jerk.get(),
            jerk_down: outward.jerk.get(),
        };
        let (s, t) = (lateral.speed.get(), angular.speed.get());
        let rows = [
            (wish.linear.x, -s, s, side),
            (wish.linear.y, -s, s, side),
            (wish.linear.z, -outward.speed.get(), axial.inward, along),
            (wish.angular.x, -t, t, turn),
            (wish.angular.y, -t, t, turn),
            (wish.angular.z, -t, t, turn),
        ];
        for (axis, (wish, low, high, row)) in self.axes.iter_mut().zip(rows) {
            axis.follow(wish, low, high, &row, dt);
        }
        let [_, _, along, ..] = self.axes;
        let leak = (dt / self.reaction.max(dt)).min(1.0);
        self.in_flight += along.velocity.max(0.0) * dt - self.in_flight * leak;
        self.in_flight = finite_or_zero(self.in_flight.max(0.0));
    }
}

/// The vector, or one of this norm in its direction if it is longer.
fn cap_norm(vector: Vector3<f64>, norm: f64) -> Vector3<f64> {
    // A finite vector can have an infinite norm; scaled by its largest part first it can't.
    let largest = vector.amax();
    if largest <= 0.0 || !largest.is_finite() {
        return Vector3::zeros();
    }
    let unit = vector / largest;
    if largest * unit.norm() <= norm { vector } else { unit * (norm / unit.norm()) }
}

fn finite_or_zero(value: f64) -> f64 {
    if value.is_finite() { value } else { 0.0 }
}
