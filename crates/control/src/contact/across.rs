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

#[cfg(test)]
mod tests {
    use super::*;
    use farprobe_geom::Newton;

    const DT: f64 = 1e-3;
    const FOLLOW: Directive = Directive::Follow { desired_force: Newton::ZERO };

    /// An arm that does at once what it is told, with a tip that points down.
    struct Tracking {
        across: Across,
        tip: Pose<Base>,
        operator: Pose<Base>,
    }

    impl Tracking {
        fn new() -> Self {
            let tip = Pose::new(Isometry3::new(Vector3::new(0.5, 0.0, 0.3), Vector3::x() * 3.0));
            Self { across: Across::new(), tip, operator: tip }
        }

        /// One tick with the operator moving like this, in the axes of `base`; `held` keeps the tip where it is.
        fn tick(
            &mut self,
            directive: &Directive,
            linear: Vector3<f64>,
            angular: Vector3<f64>,
            held: bool,
        ) -> Twist<Tip> {
            let twist = Twist::new(linear, angular);
            self.operator = moved(&self.operator, &twist, DT);
            let reference = Reference { twist, ..Reference::resting(self.operator) };
            let proposed = self.across.step(DT, directive, &reference, &self.tip);
            if !held {
                let axes = self.tip.rotation();
                self.tip = moved(&self.tip, &Twist::new(axes * proposed.linear, axes * proposed.angular), DT);
            }
            proposed
        }
    }

    #[test]
    fn a_slide_and_a_tilt_arrive_where_the_hand_went() {
        let mut tracking = Tracking::new();
        for _ in 0..1000 {
            tracking.tick(&FOLLOW, Vector3::x() * 0.05, Vector3::x() * 0.3, false);
        }
        for _ in 0..1000 {
            tracking.tick(&FOLLOW, Vector3::zeros(), Vector3::zeros(), false);
        }
        assert!((tracking.tip.position() - tracking.operator.position()).norm() < 1e-4);
        assert!(tracking.tip.rotation().angle_to(&tracking.operator.rotation()) < 1e-3);
    }

    #[test]
    fn what_the_force_law_does_along_z_does_not_turn_into_a_slide_when_the_probe_tilts() {
        let mut tracking = Tracking::new();
        tracking.tick(&FOLLOW, Vector3::zeros(), Vector3::zeros(), false);
        let inward = tracking.tip.z_axis();
        for _ in 0..1000 {
            // The force law follows skin that falls away by 20 mm.
            tracking.tick(&FOLLOW, Vector3::zeros(), Vector3::zeros(), false);
            tracking.tip = moved(&tracking.tip, &Twist::new(inward * 0.02, Vector3::zeros()), DT);
        }
        let before = tracking.tip.position();
        for _ in 0..2000 {
            tracking.tick(&FOLLOW, Vector3::zeros(), Vector3::x() * 0.25, false);
        }
        assert!((tracking.tip.position() - before).norm() < 1e-3, "{}", (tracking.tip.position() - before).norm());
    }

    #[test]
    fn a_probe_that_is_held_back_does_not_run_on_when_it_comes_free() {
        let mut tracking = Tracking::new();
        for _ in 0..2000 {
            tracking.tick(&FOLLOW, Vector3::x() * 0.1, Vector3::zeros(), true);
        }
        let before = tracking.tip.position();
        for _ in 0..3000 {
            tracking.tick(&FOLLOW, Vector3::zeros(), Vector3::zeros(), false);
        }
        let ran_on = (tracking.tip.position() - before).norm();
        assert!(ran_on <= LEASH * 1.1, "{ran_on}");
    }

    #[test]
    fn what_the_probe_lags_is_made_up_for_fifteen_times_a_second() {
        let mut tracking = Tracking::new();
        for _ in 0..100 {
            tracking.tick(&FOLLOW, Vector3::x() * 0.05, Vector3::x() * 0.5, true);
        }
        let lag = |tracking: &Tracking| {
            let turned = tracking.tip.rotation().angle_to(&tracking.operator.rotation());
            [(tracking.tip.position() - tracking.operator.position()).norm() / 0.005, turned / 0.05]
        };
        assert!(lag(&tracking).iter().all(|lag| (lag - 1.0).abs() < 0.05), "{:?}", lag(&tracking));
        for _ in 0..200 {
            tracking.tick(&FOLLOW, Vector3::zeros(), Vector3::zeros(), false);
        }
        // Three times its time constant, with what the acceleration takes.
        assert!(lag(&tracking).iter().all(|lag| (0.02..0.12).contains(lag)), "{:?}", lag(&tracking));
    }

    #[test]
    fn without_the_operator_it_is_at_rest_within_100_ms_and_following_again_starts_there() {
        let mut tracking = Tracking::new();
        for _ in 0..500 {
            tracking.tick(&FOLLOW, Vector3::x() * 0.12, Vector3::z() * 0.8, false);
        }
        let mut twist = Twist::zero();
        for _ in 0..100 {
            twist = tracking.tick(
                &Directive::Comply { ceiling: Newton::ZERO },
                Vector3::x() * 0.12,
                Vector3::zeros(),
                false,
            );
        }
        assert!(twist.linear.norm() < 1e-6 && twist.angular.norm() < 1e-5, "{twist:?}");
        twist = tracking.tick(&FOLLOW, Vector3::zeros(), Vector3::zeros(), false);
        assert!(twist.linear.norm() < 1e-6 && twist.angular.norm() < 1e-5, "{twist:?}");
    }
}
