//! Poses, transforms, twists and wrenches, each with its frame in its type.

use core::fmt;
use core::marker::PhantomData;

use nalgebra::{Isometry3, Quaternion, Translation3, UnitQuaternion, Vector3};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::frame::Frame;

/// Numbers that make no pose: not finite, or a quaternion whose norm is not 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotAPose;

impl fmt::Display for NotAPose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the numbers make no pose: each must be finite and the quaternion of norm 1")
    }
}

impl core::error::Error for NotAPose {}

/// How far a quaternion's norm may be from 1 to be accepted: f32 rounding gives about 1e-7, and a wrong quaternion is far
/// beyond this.
const NORM_TOLERANCE: f64 = 1e-3;

/// Position (m) and orientation of something, expressed in frame `F`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pose<F: Frame> {
    isometry: Isometry3<f64>,
    frame: PhantomData<F>,
}

impl<F: Frame> Pose<F> {
    /// The pose whose position is the frame's origin and whose axes are the frame's axes.
    pub fn identity() -> Self {
        Self::new(Isometry3::identity())
    }

    /// The pose with this isometry, which takes points of the thing's own frame to `F`.
    pub const fn new(isometry: Isometry3<f64>) -> Self {
        Self { isometry, frame: PhantomData }
    }

    /// A pose from numbers of outside: position in m, quaternion as `[w, x, y, z]`.
    pub fn from_parts(position: [f64; 3], quaternion: [f64; 4]) -> Result<Self, NotAPose> {
        let [w, x, y, z] = quaternion;
        let quaternion = Quaternion::new(w, x, y, z);
        let norm = quaternion.norm();
        let finite = position.iter().all(|value| value.is_finite()) && norm.is_finite();
        if !finite || (norm - 1.0).abs() > NORM_TOLERANCE {
            return Err(NotAPose);
        }
        let rotation = UnitQuaternion::from_quaternion(quaternion);
        Ok(Self::new(Isometry3::from_parts(Translation3::from(position), rotation)))
    }

    /// Position in m and quaternion as `[w, x, y, z]`.
    pub fn to_parts(&self) -> ([f64; 3], [f64; 4]) {
        let q = self.isometry.rotation.quaternion();
        (self.isometry.translation.vector.into(), [q.w, q.i, q.j, q.k])
    }

    /// The isometry that takes points of the thing's own frame to `F`.
    pub const fn isometry(&self) -> &Isometry3<f64> {
        &self.isometry
    }

    /// Position in m.
    pub fn position(&self) -> Vector3<f64> {
        self.isometry.translation.vector
    }

    /// Orientation.
    pub fn rotation(&self) -> UnitQuaternion<f64> {
        self.isometry.rotation
    }

    /// The direction of the thing's own z axis.
    pub fn z_axis(&self) -> Vector3<f64> {
        self.isometry.rotation * Vector3::z()
    }

    /// The pose of a thing that is expressed relative to this one: `other` is in the frame that moves with this pose.
    #[must_use]
    pub fn compose<G: Frame>(&self, other: &Pose<G>) -> Self {
        Self::new(self.isometry * other.isometry)
    }

    /// This pose as seen from `origin`: `origin.compose(&pose.relative_to(&origin))` is `pose`.
    pub fn relative_to<G: Frame>(&self, origin: &Self) -> Pose<G> {
        Pose::new(origin.isometry.inv_mul(&self.isometry))
    }

    /// Whether every number is finite.
    pub fn is_finite(&self) -> bool {
        let (position, quaternion) = self.to_parts();
        position.iter().chain(&quaternion).all(|value| value.is_finite())
    }
}

/// On the wire and in files a pose is seven `f32`: position in m, then the quaternion `w x y z`. Below a metre that is
/// better than 0.1 µm, far below what any arm repeats.
impl<F: Frame> Serialize for Pose<F> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let ([x, y, z], [w, i, j, k]) = self.to_parts();
        [x, y, z, w, i, j, k].map(|value| value as f32).serialize(serializer)
    }
}

impl<'de, F: Frame> Deserialize<'de> for Pose<F> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let [x, y, z, w, i, j, k] = <[f32; 7]>::deserialize(deserializer)?.map(f64::from);
        Self::from_parts([x, y, z], [w, i, j, k]).map_err(serde::de::Error::custom)
    }
}

/// Where frame `From` stands in frame `To`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Transform<From: Frame, To: Frame> {
    isometry: Isometry3<f64>,
    frames: PhantomData<(From, To)>,
}

impl<A: Frame, B: Frame> Transform<A, B> {
    /// The transform with this isometry, which takes points of `A` to `B`.
    pub const fn new(isometry: Isometry3<f64>) -> Self {
        Self { isometry, frames: PhantomData }
    }

    /// The isometry that takes points of `A` to `B`.
    pub const fn isometry(&self) -> &Isometry3<f64> {
        &self.isometry
    }

    /// The same pose, expressed in `B`.
    pub fn pose(&self, pose: &Pose<A>) -> Pose<B> {
        Pose::new(self.isometry * pose.isometry)
    }

    /// The way back.
    pub fn inverse(&self) -> Transform<B, A> {
        Transform::new(self.isometry.inverse())
    }
}

macro_rules! linear_angular {
    ($(#[$doc:meta])* $name:ident, $linear:ident, $linear_doc:literal, $angular:ident, $angular_doc:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq)]
        pub struct $name<F: Frame> {
            #[doc = $linear_doc]
            pub $linear: Vector3<f64>,
            #[doc = $angular_doc]
            pub $angular: Vector3<f64>,
            frame: PhantomData<F>,
        }

        impl<F: Frame> $name<F> {
            /// From its two vectors.
            pub const fn new($linear: Vector3<f64>, $angular: Vector3<f64>) -> Self {
                Self { $linear, $angular, frame: PhantomData }
            }

            /// Nothing.
            pub fn zero() -> Self {
                Self::new(Vector3::zeros(), Vector3::zeros())
            }

            /// Whether every number is finite.
            pub fn is_finite(&self) -> bool {
                self.$linear.iter().chain(self.$angular.iter()).all(|value| value.is_finite())
            }
        }

        /// Six `f32` on the wire, linear part first.
        impl<F: Frame> Serialize for $name<F> {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let (l, a) = (self.$linear, self.$angular);
                [l.x, l.y, l.z, a.x, a.y, a.z].map(|value| value as f32).serialize(serializer)
            }
        }

        impl<'de, F: Frame> Deserialize<'de> for $name<F> {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let values = <[f32; 6]>::deserialize(deserializer)?.map(f64::from);
                let [a, b, c, d, e, f] = values;
                if values.iter().all(|value| value.is_finite()) {
                    Ok(Self::new(Vector3::new(a, b, c), Vector3::new(d, e, f)))
                } else {
                    Err(serde::de::Error::custom(crate::NotFinite))
                }
            }
        }
    };
}

linear_angular!(
    /// How fast something moves, expressed in frame `F`.
    Twist, linear, "Linear velocity, m/s.", angular, "Angular velocity, rad/s."
);
linear_angular!(
    /// Force and torque, expressed in frame `F`, acting on the thing at its origin.
    Wrench, force, "Force, N.", torque, "Torque, N·m."
);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Anchor, Base};
    use proptest::prelude::*;

    prop_compose! {
        fn poses()(p in prop::array::uniform3(-2.0..2.0f64), r in prop::array::uniform3(-3.0..3.0f64)) -> Pose<Base> {
            Pose::new(Isometry3::new(Vector3::from(p), Vector3::from(r)))
        }
    }

    proptest! {
        #[test]
        fn relative_to_undoes_compose(a in poses(), b in poses()) {
            let seen: Pose<Anchor> = b.relative_to(&a);
            let back = a.compose(&seen);
            prop_assert!((back.position() - b.position()).norm() < 1e-12);
            prop_assert!(back.rotation().angle_to(&b.rotation()) < 1e-7);
        }
    }

    #[test]
    fn numbers_that_make_no_pose_are_refused() {
        assert_eq!(Pose::<Base>::from_parts([f64::NAN, 0.0, 0.0], [1.0, 0.0, 0.0, 0.0]), Err(NotAPose));
        assert_eq!(Pose::<Base>::from_parts([0.0; 3], [0.5, 0.0, 0.0, 0.0]), Err(NotAPose));
        assert_eq!(Pose::<Base>::from_parts([0.0; 3], [f64::INFINITY, 0.0, 0.0, 0.0]), Err(NotAPose));
    }
}
