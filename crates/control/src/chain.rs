//! An arm as a chain of constant steps, each followed by a turn about z.

use farprobe_geom::MAX_AXES;
use nalgebra::{Isometry3, Matrix3, UnitQuaternion, Vector3};

use crate::arm_model::JointModel;

/// The same geometry as the joints' origins and axes, with frames laid so that every joint turns about its own z: a turn is then
/// two columns of a rotation matrix, and its axis the third. The kinematics are worked out a thousand times a second and more.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Chain {
    joints: [Step; MAX_AXES],
    axes: usize,
    tip: Step,
}

/// From one frame to the next.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Step {
    /// The next frame's axes in this one.
    pub(crate) rotation: Matrix3<f64>,
    /// The next frame's origin in this one, m.
    pub(crate) translation: Vector3<f64>,
}

impl Chain {
    /// Of these joints, with the tip at `tip` as seen from the frame that turns with the last one.
    pub(crate) fn new(joints: &[JointModel], tip: &Isometry3<f64>) -> Self {
        let mut steps = [Step::of(&Isometry3::identity()); MAX_AXES];
        let mut turn_back = UnitQuaternion::identity();
        for (step, joint) in steps.iter_mut().zip(joints) {
            let to_axis = upright(&joint.axis);
            *step = Step::of(&(turn_back * joint.origin * to_axis));
            turn_back = to_axis.inverse();
        }
        Self { joints: steps, axes: joints.len().min(MAX_AXES), tip: Step::of(&(turn_back * tip)) }
    }

    /// To each joint's frame, before it turns; from the base outwards.
    pub(crate) fn joints(&self) -> &[Step] {
        self.joints.get(..self.axes).unwrap_or(&self.joints)
    }

    /// From the last joint's frame to the tip.
    pub(crate) const fn tip(&self) -> &Step {
        &self.tip
    }
}

impl Step {
    fn of(isometry: &Isometry3<f64>) -> Self {
        Self { rotation: isometry.rotation.to_rotation_matrix().into_inner(), translation: isometry.translation.vector }
    }
}

/// A rotation that takes z to `axis`.
fn upright(axis: &Vector3<f64>) -> UnitQuaternion<f64> {
    // Opposite ways have no shortest rotation between them; half a turn about x is one of many.
    UnitQuaternion::rotation_between(&Vector3::z(), axis)
        .unwrap_or_else(|| UnitQuaternion::from_axis_angle(&Vector3::x_axis(), core::f64::consts::PI))
}
