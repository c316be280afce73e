//! Across the skin: the probe tracks the operator's reference in x, y and all rotations.

use farprobe_geom::{Base, Pose, Tip, Twist};
use nalgebra::{Isometry3, Translation3, UnitQuaternion, Vector3};

use super::Directive;
use crate::reference::{Reference, moved};
use crate::smooth::{Bounds, SmoothVelocity, capped};

/// Bounds of the linear motion across the skin. A hand scans at up to 0.1 m/s; with the rest any motion is over in 100 ms.
const LINEAR: Bounds = Bounds { speed: 0.1, acceleration: 2.0, jerk: 200.0 };
/// Bounds of the angular motion, rad: a fan of 60° takes two seconds.
const ANGULAR: Bounds = Bounds { speed: 0.6, acceleration: 12.0, jerk: 1200.0 };
/// How fast a difference to the reference is made up for, 1/s: well below the 10 ms or so an arm needs to answer.
const STIFFNESS: f64 = 15.0;
/// How far the setpoint may lead the probe, m. When something holds the probe back the setpoint waits, so that the probe
/// does not go on long after the hand has stopped.
const LEASH: f64 = 0.010;
/// The same for rotations, rad.
const LEASH_ANGLE: f64 = 0.1;

/// Tracks the reference across the skin.
///
/// It keeps a setpoint of its own that the operator's motion moves on, and that is carried along by the probe in z: what
/// the force law does along the probe's axis, over a breath or the curve of a belly, can't turn into a sideways error when
/// the probe is tilted later.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Across {
    setpoint: Option<Pose<Base>>,
    linear: SmoothVelocity,
    angular: SmoothVelocity,
}

impl Across {
    pub(super) fn new() -> Self {
        Self { setpoint: None, linear: SmoothVelocity::rest(), angular: SmoothVelocity::rest() }
    }

    /// The twist of this tick; its linear z is zero.
    pub(super) fn step(
        &mut self,
        dt: f64,
        directive: &Directive,
        operator: &Reference,
        tip: &Pose<Base>,
    ) -> Twist<Tip> {
        match directive {
            Directive::Follow { .. } => self.follow(dt, operator, tip),
            Directive::Rest | Directive::Comply { .. } | Directive::Release { .. } | Directive::Retract { .. } => {
                self.brake(dt)
            }
        }
    }

    /// Comes to rest, and forgets the setpoint: the next to follow starts from where the probe stands.
    pub(super) fn brake(&mut self, dt: f64) -> Twist<Tip> {
        self.setpoint = None;
        self.smooth(Vector3::zeros(), Vector3::zeros(), dt)
    }

    fn follow(&mut self, dt: f64, operator: &Reference, tip: &Pose<Base>) -> Twist<Tip> {
        let setpoint = moved(self.setpoint.as_ref().unwrap_or(tip), &operator.twist, dt);
        let axes = tip.rotation();
        let mut lead = axes.inverse() * (setpoint.position() - tip.position());
        lead.z = 0.0;
        let lead = capped(lead, LEASH);
        let turn = capped((axes.inverse() * setpoint.rotation()).scaled_axis(), LEASH_ANGLE);
        let rotation = axes * UnitQuaternion::from_scaled_axis(turn);
        let position = Translation3::from(tip.position() + axes * lead);
        self.setpoint = Some(Pose::new(Isometry3::from_parts(position, rotation)));
        let mut linear = axes.inverse() * operator.twist.linear + lead * STIFFNESS;
        linear.z = 0.0;
        let angular = axes.inverse() * operator.twist.angular + turn * STIFFNESS;
        self.smooth(linear, angular, dt)
    }

    fn smooth(&mut self, linear: Vector3<f64>, angular: Vector3<f64>, dt: f64) -> Twist<Tip> {
        Twist::new(self.linear.step(linear, &LINEAR, dt), self.angular.step(angular, &ANGULAR, dt))
    }
}
