//! What the tests of this crate share.

use farprobe_geom::Joints;
use nalgebra::{Isometry3, Vector3};
use proptest::prelude::*;

use crate::ArmModel;

/// The description that is shipped.
pub(crate) const FR3: &str = include_str!("../../../assets/arms/fr3.urdf");

/// The shipped arm with a probe that is longer than the flange and tilted against it.
pub(crate) fn fr3() -> ArmModel {
    let probe = Isometry3::new(Vector3::new(0.01, -0.02, 0.18), Vector3::new(0.1, 0.0, 0.7));
    ArmModel::from_urdf(FR3, probe).unwrap()
}

/// The posture in which an FR3 is delivered and most examples begin.
pub(crate) fn ready() -> Joints {
    use core::f64::consts::{FRAC_PI_2, FRAC_PI_4};
    Joints::from_slice(&[0.0, -FRAC_PI_4, 0.0, -3.0 * FRAC_PI_4, 0.0, FRAC_PI_2, FRAC_PI_4]).unwrap()
}

/// Postures within the limits of the shipped arm.
pub(crate) fn postures() -> impl Strategy<Value = Joints> {
    prop::array::uniform7(0.0..1.0f64).prop_map(|unit| {
        let mut posture = Joints::zero(7);
        for ((angle, limit), share) in posture.as_mut_slice().iter_mut().zip(fr3().limits()).zip(unit) {
            *angle = limit.lower.get() + share * (limit.upper - limit.lower).get();
        }
        posture
    })
}
