//! The force law: position across the skin, force along the probe.
//!
//! A hybrid law after Raibert and Craig (1981) in the axes of frame `tip`. Across the skin (x, y and all rotations) the
//! probe tracks the operator's reference. Along z it follows the operator until it touches; then it regulates the contact
//! force, and what the operator does along z becomes a *press depth*: pushing on asks for more force, pulling back for
//! less, and pulling back further than one has pushed lifts the probe off. So breathing moves the probe without changing
//! the force asked for, and a new press of the clutch goes on from the present force.
//!
//! The force is regulated by velocity (admittance): what is missing of the force, over the estimated stiffness of the
//! tissue, sets the speed, on top of the estimated speed of the skin itself. The law is a proposal: limits are the
//! business of `farprobe-safety`, which sees it next.

use core::time::Duration;

use farprobe_geom::{Base, Metre, MetrePerSecond, Newton, NewtonPerMetre, Pose, Time, Tip, Twist, Wrench};
use nalgebra::Vector3;

use crate::reference::Reference;
use crate::smooth::step_seconds;

mod across;
mod axial;
mod press;
mod stiffness;
mod surface;
mod tare;

use across::Across;
use axial::{Axial, AxialInput};
pub use tare::{Learnt, Tare};

/// What the law may aim at in this tick.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Directive {
    /// Do not move.
    Rest,
    /// Follow the operator.
    Follow {
        /// The contact force the operator wants at most, N: what pushing on leads up to.
        desired_force: Newton,
    },
    /// No operator: stay on the skin at no more than the present force and no more than this.
    Comply {
        /// The most force, N.
        ceiling: Newton,
    },
    /// Lower the force to this within half a second, and stay on the skin.
    Release {
        /// What to lower it to, N.
        to: Newton,
    },
    /// Lift off along the outward axis of the probe.
    Retract {
        /// How fast; the sign does not matter.
        speed: MetrePerSecond,
    },
}

/// What the arm measures at this tick.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Measured {
    /// Where the probe tip stands.
    pub tip: Pose<Base>,
    /// How it moves.
    pub twist: Twist<Tip>,
    /// What the patient does to the probe, tared: pressing gives a negative z force.
    pub wrench: Wrench<Tip>,
}

/// What the law would do.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Proposal {
    /// The twist of the tip.
    pub twist: Twist<Tip>,
    /// The contact force the law regulates to, N, not negative; zero in free space.
    pub force_target: Newton,
    /// Whether the probe touches, and what it touches.
    pub contact: Contact,
}

/// Whether the probe touches, as the law judges it from the measured force.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Contact {
    /// It does not.
    Free,
    /// It does.
    Touching {
        /// Estimated stiffness of what it touches.
        stiffness: NewtonPerMetre,
        /// Estimated speed of the skin along the tip's z axis: positive when it falls away from the probe.
        surface_speed: MetrePerSecond,
    },
}

/// The numbers of the law that a site, an exam or an arm may choose.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ContactTuning {
    /// Force asked for by each metre of press depth.
    pub press_stiffness: NewtonPerMetre,
    /// How much further than the desired force needs the press depth may go; pulling back by this much does nothing yet.
    pub press_margin: Metre,
    /// The fastest approach in free space.
    pub approach_speed: MetrePerSecond,
    /// The stiffness to expect at touch; within a fraction of a second the law knows better. Higher is the safer side:
    /// the stiffest tissue of the region that moves by itself.
    pub expected_stiffness: NewtonPerMetre,
    /// From a setpoint to the first motion it causes, as the arm's description has it.
    pub arm_dead_time: Duration,
}

impl Default for ContactTuning {
    fn default() -> Self {
        Self {
            // 4 mm of pushing for 8 N: coarse enough for a hand, fine enough to dose by.
            press_stiffness: NewtonPerMetre::literal(2_000.0),
            // A hand that rests on its end stop trembles by about a millimetre.
            press_margin: Metre::literal(0.001),
            // The cap before touch of the promises (DESIGN §6).
            approach_speed: MetrePerSecond::literal(0.010),
            // A chest. Skull is six times stiffer, but stays still: what is felt at touch corrects this in time.
            expected_stiffness: NewtonPerMetre::literal(25_000.0),
            // Plant card A.
            arm_dead_time: Duration::from_millis(2),
        }
    }
}

/// More than any contact the gate lets happen, N. What a broken sensor says beyond it must not upset the estimates.
const LARGEST_FORCE: f64 = 100.0;
/// More than any arm moves a probe, m/s.
const LARGEST_SPEED: f64 = 1.0;

/// The force law. One for each arm, stepped at every tick of the real-time loop; allocates nothing.
#[derive(Debug, Clone, PartialEq)]
pub struct ContactLaw {
    across: Across,
    axial: Axial,
    stepped: Option<Time>,
}

impl ContactLaw {
    /// At rest in free space.
    pub fn new(tuning: ContactTuning) -> Self {
        Self { across: Across::new(), axial: Axial::new(tuning), stepped: None }
    }

    /// Proposes the twist of this tick.
    ///
    /// The caller has the reference run down (see [`ReferenceGenerator::let_go`](crate::ReferenceGenerator::let_go)) when
    /// the directive is no longer to follow; the law does not look at it then. Measurements that are not finite make the
    /// law brake to rest: what to do about a broken sensor is decided by the gate.
    pub fn step(&mut self, now: Time, directive: &Directive, operator: &Reference, measured: &Measured) -> Proposal {
        let dt = step_seconds(self.stepped, now);
        self.stepped = Some(now);
        let finite = measured.tip.is_finite() && measured.twist.is_finite() && measured.wrench.is_finite();
        if !finite {
            return self.brake(dt);
        }
        let axes = measured.tip.rotation().inverse();
        let input = AxialInput {
            force: (-measured.wrench.force.z).clamp(-LARGEST_FORCE, LARGEST_FORCE),
            speed: measured.twist.linear.z.clamp(-LARGEST_SPEED, LARGEST_SPEED),
            sliding: measured.twist.linear.xy().norm().min(LARGEST_SPEED),
            operator_speed: (axes * operator.twist.linear).z,
            guidance: operator.guidance,
        };
        let z = self.axial.step(dt, directive, &input);
        let mut twist = self.across.step(dt, directive, operator, &measured.tip);
        twist.linear.z = z;
        Proposal { twist, force_target: self.axial.force_target(), contact: self.axial.contact() }
    }

    /// Comes to rest without looking at anything.
    fn brake(&mut self, dt: f64) -> Proposal {
        let mut twist = self.across.brake(dt);
        twist.linear = Vector3::new(twist.linear.x, twist.linear.y, self.axial.brake(dt));
        Proposal { twist, force_target: self.axial.force_target(), contact: self.axial.contact() }
    }
}

#[cfg(test)]
mod bench;
#[cfg(test)]
mod tests;
