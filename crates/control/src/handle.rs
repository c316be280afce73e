//! From the specialist's hand to targets: clutch and scaling. Used by the console.

use core::time::Duration;

use farprobe_geom::{Anchor, Handle, Pose, Tip, Twist};
use nalgebra::{Isometry3, Translation3, UnitQuaternion, Vector3};

/// How large a motion of the hand becomes at the probe.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scaling {
    translation: f64,
    rotation: f64,
}

/// A scale outside [`Scaling::RANGE`]. The operator or the configuration asked for it.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[error("a scale of {0} is not usable; choose one from {low} to {high}", low = Scaling::RANGE.0, high = Scaling::RANGE.1)]
pub struct OutOfScale(pub f64);

impl Scaling {
    /// The smallest and the largest scale: a twentieth for fine work, and twice the hand's motion at most, because a
    /// tremor grows with it.
    pub const RANGE: (f64, f64) = (0.05, 2.0);
    /// The probe moves as the hand does.
    pub const ONE_TO_ONE: Self = Self { translation: 1.0, rotation: 1.0 };

    /// Scales for translations and for rotations.
    pub fn new(translation: f64, rotation: f64) -> Result<Self, OutOfScale> {
        let usable = Self::RANGE.0..=Self::RANGE.1;
        match [translation, rotation].into_iter().find(|scale| !usable.contains(scale)) {
            Some(scale) => Err(OutOfScale(scale)),
            None => Ok(Self { translation, rotation }),
        }
    }

    /// The scale of translations.
    pub const fn translation(&self) -> f64 {
        self.translation
    }

    /// The scale of rotations.
    pub const fn rotation(&self) -> f64 {
        self.rotation
    }
}

/// What a command says about the motion.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Mapped {
    /// Counts the presses of the clutch, from 1; 0 before the first.
    pub clutch_in: u32,
    /// Where the probe shall be, relative to where it stood when the clutch was pressed. Already scaled.
    pub target: Pose<Anchor>,
    /// How fast the target moves, in the anchor's axes; zero while the clutch is open.
    pub twist: Twist<Anchor>,
}

/// Turns what a handle reports into targets relative to the last press of the clutch.
///
/// Each press begins at the identity, which means "stay". While the clutch is open nothing moves. Motion is accumulated in
/// small scaled steps, so a change of scale changes what comes, never what was.
#[derive(Debug, Clone, PartialEq)]
pub struct HandleMapper {
    scaling: Scaling,
    clutch: Clutch,
    mapped: Mapped,
}

/// The enabling control as the mapper knows it.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Clutch {
    Open,
    /// Pressed, but no position was seen since: the first one only says where the handle is.
    Pressed,
    /// Pressed; a handle that knows where it is was here.
    Moving {
        /// The handle's axes when the clutch was pressed: they are the anchor's axes.
        axes: UnitQuaternion<f64>,
        last: Pose<Handle>,
    },
}

/// The longest step that is believed, so that a console that stalled does not make the probe leap when it goes on.
const LONGEST_STEP: Duration = Duration::from_millis(20);
/// Time constant of the twist of a position handle, s. A handle's resolution of 10 µm at 500 Hz is 5 mm/s of noise; this
/// takes off three quarters and lags less than a command's way.
const TWIST_SMOOTHING: f64 = 0.008;

impl HandleMapper {
    /// With the clutch open.
    pub fn new(scaling: Scaling) -> Self {
        let mapped = Mapped { clutch_in: 0, target: Pose::identity(), twist: Twist::zero() };
        Self { scaling, clutch: Clutch::Open, mapped }
    }

    /// The scales in force.
    pub const fn scaling(&self) -> Scaling {
        self.scaling
    }

    /// Changes the scales, also in mid-motion: the target stays where it is.
    pub const fn rescale(&mut self, scaling: Scaling) {
        self.scaling = scaling;
    }

    /// The clutch was pressed: a new clutch-in number, and the target is the identity. Does nothing if it is pressed.
    pub fn pressed(&mut self) {
        if self.clutch == Clutch::Open {
            self.clutch = Clutch::Pressed;
            let clutch_in = self.mapped.clutch_in.wrapping_add(1);
            self.mapped = Mapped { clutch_in, target: Pose::identity(), twist: Twist::zero() };
        }
    }

    /// The clutch was released, or the handle is lost.
    pub fn released(&mut self) {
        self.clutch = Clutch::Open;
        self.mapped.twist = Twist::zero();
    }

    /// A handle that knows where it is reports its pose, `elapsed` after its report before. A pose that is not finite is
    /// ignored.
    pub fn position(&mut self, pose: &Pose<Handle>, elapsed: Duration) {
        if !pose.is_finite() {
            return;
        }
        match self.clutch {
            Clutch::Open => {}
            Clutch::Pressed => self.clutch = Clutch::Moving { axes: pose.rotation(), last: *pose },
            Clutch::Moving { axes, last } => {
                self.clutch = Clutch::Moving { axes, last: *pose };
                let to_anchor = axes.inverse();
                let travel = to_anchor * (pose.position() - last.position()) * self.scaling.translation;
                let turn = (pose.rotation() * last.rotation().inverse()).scaled_axis();
                let turn = to_anchor * turn * self.scaling.rotation;
                self.advance(travel, turn);
                self.estimate_twist(travel, turn, elapsed);
            }
        }
    }

    /// A handle that is pushed wants this twist, in the tip's present axes, for the time `elapsed` since its report
    /// before. A twist that is not finite counts as none.
    pub fn rate(&mut self, twist: &Twist<Tip>, elapsed: Duration) {
        if self.clutch == Clutch::Open {
            return;
        }
        let twist = if twist.is_finite() { *twist } else { Twist::zero() };
        let axes = self.mapped.target.rotation();
        let linear = axes * twist.linear * self.scaling.translation;
        let angular = axes * twist.angular * self.scaling.rotation;
        let dt = elapsed.min(LONGEST_STEP).as_secs_f64();
        self.advance(linear * dt, angular * dt);
        self.mapped.twist = Twist::new(linear, angular);
    }

    /// What the next command shall say.
    pub const fn mapped(&self) -> Mapped {
        self.mapped
    }

    /// Moves the target by a travel (m) and a turn (rad), both in the anchor's axes.
    fn advance(&mut self, travel: Vector3<f64>, turn: Vector3<f64>) {
        let position = self.mapped.target.position() + travel;
        let mut rotation = UnitQuaternion::from_scaled_axis(turn) * self.mapped.target.rotation();
        rotation.renormalize();
        self.mapped.target = Pose::new(Isometry3::from_parts(Translation3::from(position), rotation));
    }

    /// The target's twist from its last step, smoothed.
    fn estimate_twist(&mut self, travel: Vector3<f64>, turn: Vector3<f64>, elapsed: Duration) {
        let dt = elapsed.as_secs_f64();
        if dt <= 0.0 {
            return;
        }
        let share = dt / (dt + TWIST_SMOOTHING);
        let twist = &mut self.mapped.twist;
        twist.linear += (travel / dt - twist.linear) * share;
        twist.angular += (turn / dt - twist.angular) * share;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const STEP: Duration = Duration::from_millis(2);

    fn at(x: f64, y: f64, z: f64) -> Pose<Handle> {
        Pose::new(Isometry3::translation(x, y, z))
    }

    #[test]
    fn each_press_begins_at_the_identity_and_counts() {
        let mut mapper = HandleMapper::new(Scaling::ONE_TO_ONE);
        mapper.position(&at(0.3, 0.0, 0.0), STEP);
        assert_eq!((mapper.mapped().clutch_in, mapper.mapped().target), (0, Pose::identity()));
        mapper.pressed();
        mapper.position(&at(0.5, 0.0, 0.0), STEP);
        assert_eq!((mapper.mapped().clutch_in, mapper.mapped().target), (1, Pose::identity()));
        mapper.position(&at(0.51, 0.0, 0.02), STEP);
        assert!((mapper.mapped().target.position() - Vector3::new(0.01, 0.0, 0.02)).norm() < 1e-12);
        // Re-indexing: what the hand does with the clutch open is not seen.
        mapper.released();
        let left = mapper.mapped();
        mapper.position(&at(0.1, 0.1, 0.1), STEP);
        mapper.rate(&Twist::new(Vector3::x(), Vector3::x()), STEP);
        assert_eq!(mapper.mapped(), left);
        assert_eq!(left.twist, Twist::zero());
        mapper.pressed();
        mapper.position(&at(0.1, 0.1, 0.1), STEP);
        assert_eq!((mapper.mapped().clutch_in, mapper.mapped().target), (2, Pose::identity()));
    }

    #[test]
    fn pressing_twice_is_pressing_once() {
        let mut mapper = HandleMapper::new(Scaling::ONE_TO_ONE);
        mapper.pressed();
        mapper.rate(&Twist::new(Vector3::z(), Vector3::zeros()), STEP);
        let before = mapper.mapped();
        mapper.pressed();
        assert_eq!(mapper.mapped(), before);
    }

    #[test]
    fn a_scale_changed_in_mid_motion_makes_no_jump() {
        let mut mapper = HandleMapper::new(Scaling::new(0.5, 1.0).unwrap());
        mapper.pressed();
        mapper.position(&at(0.0, 0.0, 0.0), STEP);
        mapper.position(&at(0.1, 0.0, 0.0), STEP);
        mapper.rescale(Scaling::new(0.1, 1.0).unwrap());
        mapper.position(&at(0.1, 0.0, 0.0), STEP);
        assert!((mapper.mapped().target.position().x - 0.05).abs() < 1e-12);
        mapper.position(&at(0.2, 0.0, 0.0), STEP);
        assert!((mapper.mapped().target.position().x - 0.06).abs() < 1e-12);
    }

    #[test]
    fn a_pushed_handle_moves_along_the_probes_present_axes() {
        let mut mapper = HandleMapper::new(Scaling::ONE_TO_ONE);
        mapper.pressed();
        // A quarter turn about x in 1 s, then 10 mm along the new z, which is the anchor's −y.
        for _ in 0..500 {
            mapper.rate(&Twist::new(Vector3::zeros(), Vector3::x() * core::f64::consts::FRAC_PI_2), STEP);
        }
        for _ in 0..500 {
            mapper.rate(&Twist::new(Vector3::z() * 0.01, Vector3::zeros()), STEP);
        }
        let mapped = mapper.mapped();
        assert!((mapped.target.position() - Vector3::new(0.0, -0.01, 0.0)).norm() < 1e-9);
        assert!((mapped.twist.linear - Vector3::new(0.0, -0.01, 0.0)).norm() < 1e-9);
    }

    #[test]
    fn the_twist_of_a_position_handle_is_its_speed() {
        let mut mapper = HandleMapper::new(Scaling::ONE_TO_ONE);
        mapper.pressed();
        for n in 0..100 {
            mapper.position(&at(0.0, 0.0, 0.03 * 0.002 * f64::from(n)), STEP);
        }
        assert!((mapper.mapped().twist.linear.z - 0.03).abs() < 1e-4);
    }

    #[test]
    fn a_stall_does_not_become_a_leap() {
        let mut mapper = HandleMapper::new(Scaling::ONE_TO_ONE);
        mapper.pressed();
        mapper.rate(&Twist::new(Vector3::x() * 0.1, Vector3::zeros()), Duration::from_secs(3));
        assert!(mapper.mapped().target.position().norm() <= 0.1 * 0.02 + 1e-12);
    }

    #[test]
    fn scales_that_make_no_sense_are_refused() {
        for bad in [0.0, -1.0, 3.0, f64::NAN] {
            assert!(Scaling::new(bad, 1.0).is_err());
            assert!(Scaling::new(1.0, bad).is_err());
        }
    }

    proptest! {
        #[test]
        fn at_one_to_one_the_target_is_the_hands_own_relative_motion(
            poses in prop::collection::vec((prop::array::uniform3(-0.2..0.2f64), prop::array::uniform3(-1.0..1.0f64)), 2..20),
        ) {
            let poses: Vec<Pose<Handle>> =
                poses.into_iter().map(|(p, r)| Pose::new(Isometry3::new(p.into(), r.into()))).collect();
            let mut mapper = HandleMapper::new(Scaling::ONE_TO_ONE);
            mapper.pressed();
            for pose in &poses {
                mapper.position(pose, STEP);
            }
            let seen: Pose<Anchor> = poses[poses.len() - 1].relative_to(&poses[0]);
            prop_assert!((mapper.mapped().target.position() - seen.position()).norm() < 1e-9);
            prop_assert!(mapper.mapped().target.rotation().angle_to(&seen.rotation()) < 1e-7);
        }
    }
}
