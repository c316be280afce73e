//! From the stream of targets to a smooth reference: interpolation on the cart.

use core::time::Duration;

use farprobe_geom::{Anchor, Base, Pose, Time, Twist};
use nalgebra::{Isometry3, Translation3, UnitQuaternion, Vector3};

use crate::smooth::{Bounds, SmoothVelocity, step_seconds};

/// Where the operator wants the probe tip at this tick.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reference {
    /// The pose of the tip.
    pub pose: Pose<Base>,
    /// How fast it moves: velocity of the tip's origin and angular velocity, both in the axes of `base`.
    pub twist: Twist<Base>,
    /// Whether the operator still says so.
    pub guidance: Guidance,
}

/// Whether the operator is still heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Guidance {
    /// The newest target is believed.
    Live,
    /// There is none, or none that is new enough to go on from: nothing more is ventured until the next one comes.
    Stale,
}

impl Reference {
    /// Standing still at this pose, as the operator wants.
    pub fn resting(pose: Pose<Base>) -> Self {
        Self { pose, twist: Twist::zero(), guidance: Guidance::Live }
    }
}

/// Turns targets that come about 500 times a second, with jitter and gaps, into a reference at every tick whose speed,
/// acceleration and jerk are bounded.
///
/// Targets are relative to the anchor: the tip's pose when the clutch was pressed. Taking an anchor sets the reference on
/// it at rest, so a new press never starts with a jump.
#[derive(Debug, Clone, PartialEq)]
pub struct ReferenceGenerator {
    anchor: Pose<Base>,
    newest: Option<Target>,
    reference: Pose<Base>,
    linear: SmoothVelocity,
    angular: SmoothVelocity,
    stepped: Option<Time>,
}

/// The newest target, in `base`.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Target {
    at: Time,
    pose: Pose<Base>,
    twist: Twist<Base>,
}

/// Bounds of the linear motion. 0.12 m/s is a brisk hand over a belly; with these accelerations and jerks any motion is at
/// rest within 100 ms.
const LINEAR: Bounds = Bounds { speed: 0.12, acceleration: 5.0, jerk: 400.0 };
/// Bounds of the angular motion, rad: 0.8 rad/s is a fast fan sweep.
const ANGULAR: Bounds = Bounds { speed: 0.8, acceleration: 33.0, jerk: 2700.0 };
/// How fast the reference closes a gap to the target, 1/s. A gap of 1 mm is left at 25 mm/s; much more would turn the
/// jitter of arrival into motion.
const CATCH_UP: f64 = 25.0;
/// For how long the target is believed to go on as its twist says. Covers several lost commands in a row, and ends before
/// the link is declared lost.
const EXTRAPOLATION: Duration = Duration::from_millis(20);

impl ReferenceGenerator {
    /// At rest at this pose, without a target.
    pub fn new(tip: Pose<Base>) -> Self {
        Self {
            anchor: tip,
            newest: None,
            reference: tip,
            linear: SmoothVelocity::rest(),
            angular: SmoothVelocity::rest(),
            stepped: None,
        }
    }

    /// Takes a new anchor: from now on targets are relative to this pose of the tip. The reference stands on it at rest.
    pub fn anchor(&mut self, tip: Pose<Base>) {
        *self = Self { stepped: self.stepped, ..Self::new(tip) };
    }

    /// A new target and its twist, both relative to the anchor and in its axes, valid from `at` (cart clock).
    ///
    /// Numbers that are not finite are ignored: decoding has refused them already.
    pub fn target(&mut self, at: Time, target: &Pose<Anchor>, twist: &Twist<Anchor>) {
        let axes = self.anchor.rotation();
        let pose = self.anchor.compose(target);
        let twist = Twist::new(axes * twist.linear, axes * twist.angular);
        if pose.is_finite() && twist.is_finite() {
            self.newest = Some(Target { at, pose, twist });
        }
    }

    /// The operator no longer moves the probe: the reference runs down to rest within 100 ms and stays there until a new
    /// target comes. The caller takes a new anchor before it hands in targets again.
    pub fn let_go(&mut self) {
        self.newest = None;
    }

    /// The reference at this tick.
    pub fn step(&mut self, now: Time) -> Reference {
        let dt = step_seconds(self.stepped, now);
        self.stepped = Some(now);
        let wanted = self.newest.map_or_else(Twist::zero, |target| self.approach(&target, now));
        let linear = self.linear.step(wanted.linear, &LINEAR, dt);
        let angular = self.angular.step(wanted.angular, &ANGULAR, dt);
        self.reference = moved(&self.reference, &Twist::new(linear, angular), dt);
        let live = self.newest.is_some_and(|target| now.saturating_since(target.at) <= EXTRAPOLATION);
        let guidance = if live { Guidance::Live } else { Guidance::Stale };
        Reference { pose: self.reference, twist: Twist::new(linear, angular), guidance }
    }

    /// The twist that brings the reference onto the target and keeps it there.
    fn approach(&self, target: &Target, now: Time) -> Twist<Base> {
        let age = now.saturating_since(target.at);
        let ahead = age.min(EXTRAPOLATION).as_secs_f64();
        let expected = moved(&target.pose, &target.twist, ahead);
        let feed_forward = if age <= EXTRAPOLATION { target.twist } else { Twist::zero() };
        let gap = expected.position() - self.reference.position();
        let turn = (expected.rotation() * self.reference.rotation().inverse()).scaled_axis();
        Twist::new(feed_forward.linear + gap * CATCH_UP, feed_forward.angular + turn * CATCH_UP)
    }
}

/// The pose after moving with this twist (axes of `base`) for `dt` seconds.
pub(crate) fn moved(pose: &Pose<Base>, twist: &Twist<Base>, dt: f64) -> Pose<Base> {
    let position: Vector3<f64> = pose.position() + twist.linear * dt;
    let mut rotation = UnitQuaternion::from_scaled_axis(twist.angular * dt) * pose.rotation();
    // Thousands of products a second would let the norm drift.
    rotation.renormalize_fast();
    Pose::new(Isometry3::from_parts(Translation3::from(position), rotation))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const DT: f64 = 0.001;

    fn start() -> Pose<Base> {
        Pose::new(Isometry3::new(Vector3::new(0.4, 0.1, 0.3), Vector3::new(0.2, 3.0, -0.1)))
    }

    fn tick(n: u64) -> Time {
        Time::from_millis(1_000 + n)
    }

    /// A hand that swings sideways by ±`amplitude` m at `hertz`, as the console would send it.
    fn swing(seconds: f64, amplitude: f64, hertz: f64) -> (Pose<Anchor>, Twist<Anchor>) {
        let omega = core::f64::consts::TAU * hertz;
        let (sin, cos) = (omega * seconds).sin_cos();
        let pose = Pose::new(Isometry3::translation(amplitude * (1.0 - cos), 0.0, 0.0));
        (pose, Twist::new(Vector3::new(amplitude * omega * sin, 0.0, 0.0), Vector3::zeros()))
    }

    #[test]
    fn a_press_starts_without_a_jump_and_the_identity_means_stay() {
        let mut generator = ReferenceGenerator::new(Pose::identity());
        generator.anchor(start());
        for n in 0..100 {
            generator.target(tick(n), &Pose::identity(), &Twist::zero());
            let reference = generator.step(tick(n));
            assert!((reference.pose.position() - start().position()).norm() < 1e-12);
            assert!(reference.twist.linear.norm() < 1e-12);
        }
    }

    #[test]
    fn a_swinging_hand_is_followed_closely_in_spite_of_jitter_and_gaps() {
        let mut generator = ReferenceGenerator::new(start());
        let mut worst = 0.0_f64;
        for n in 0..3000_u64 {
            // 500 Hz, every seventh command lost, each delayed by 0 to 3 ms.
            if n % 2 == 0 && (n / 2) % 7 != 3 {
                let (pose, twist) = swing((n.saturating_sub(n * n % 4)) as f64 * DT, 0.03, 0.5);
                generator.target(tick(n), &pose, &twist);
            }
            let reference = generator.step(tick(n));
            let (wanted, _) = swing(n as f64 * DT, 0.03, 0.5);
            let gap = reference.pose.position() - start().compose(&wanted).position();
            worst = worst.max(gap.norm());
        }
        assert!(worst < 1.0e-3, "worst gap {worst} m");
    }

    #[test]
    fn a_lost_stream_stops_near_its_last_target() {
        let mut generator = ReferenceGenerator::new(start());
        let target = Pose::new(Isometry3::translation(0.01, 0.0, 0.0));
        for n in 0..1000 {
            if n < 200 {
                generator.target(tick(n), &target, &Twist::zero());
            }
            let _ = generator.step(tick(n));
        }
        let end = generator.step(tick(1000));
        assert!((end.pose.position() - start().compose(&target).position()).norm() < 1e-4);
        assert!(end.twist.linear.norm() < 1e-9);
    }

    #[test]
    fn numbers_that_are_not_finite_change_nothing() {
        let mut generator = ReferenceGenerator::new(start());
        let nowhere = Pose::new(Isometry3::translation(f64::NAN, 0.0, 0.0));
        generator.target(tick(0), &nowhere, &Twist::zero());
        let reference = generator.step(tick(1));
        assert_eq!((reference.pose.position(), reference.twist), (start().position(), Twist::zero()));
    }

    proptest! {
        #[test]
        fn whatever_comes_the_motion_is_bounded_and_ends_within_100_ms_of_letting_go(
            targets in prop::collection::vec((prop::array::uniform6(-0.3..0.3f64), prop::array::uniform6(-1.0..1.0f64)), 1..60),
            hold in 1..25_u64,
        ) {
            let mut generator = ReferenceGenerator::new(start());
            let mut n = 0;
            let mut before = generator.step(tick(n));
            for ([x, y, z, a, b, c], [u, v, w, p, q, r]) in targets {
                let target = Pose::new(Isometry3::new(Vector3::new(x, y, z), Vector3::new(a, b, c)));
                let twist = Twist::new(Vector3::new(u, v, w), Vector3::new(p, q, r));
                generator.target(tick(n), &target, &twist);
                for _ in 0..hold {
                    n += 1;
                    let reference = generator.step(tick(n));
                    let velocity = (reference.pose.position() - before.pose.position()) / DT;
                    prop_assert!((velocity - reference.twist.linear).norm() < 1e-9);
                    prop_assert!(velocity.norm() <= LINEAR.speed * 1.0001);
                    let acceleration = (reference.twist.linear - before.twist.linear).norm() / DT;
                    prop_assert!(acceleration <= LINEAR.acceleration * 1.1, "{}", acceleration);
                    before = reference;
                }
            }
            generator.let_go();
            for _ in 0..100 {
                n += 1;
                before = generator.step(tick(n));
            }
            prop_assert!(before.twist.linear.norm() < 1e-6 && before.twist.angular.norm() < 1e-5);
        }
    }
}
