//! Forward kinematics and the Jacobian of an arm. No allocation: these run in the real-time step.

use farprobe_geom::{Base, Joints, MAX_AXES, Pose, Tip, Twist, Wrench};
use nalgebra::{Isometry3, Matrix3, Rotation3, SMatrix, SVector, Translation3, UnitQuaternion, Vector6};

use crate::ArmModel;
use crate::arm_model::JointModel;

/// The matrix that takes joint speeds (rad/s) to the tip's twist in the axes of frame `tip`: linear rows (m/s) first, then
/// angular rows (rad/s). Columns behind the arm's last joint are zero.
pub type Jacobian = SMatrix<f64, 6, MAX_AXES>;

/// What the joint angles make of the probe tip: where it stands, and how the joints move it.
///
/// Made once for each set of angles and handed on: sines, cosines and the chain of frames are most of the work, and they are
/// the same for all of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Kinematics {
    positions: Joints,
    tip: Pose<Base>,
    jacobian: Jacobian,
}

impl Kinematics {
    /// The joint angles, rad.
    pub const fn positions(&self) -> &Joints {
        &self.positions
    }

    /// Where the probe tip stands.
    pub const fn tip(&self) -> &Pose<Base> {
        &self.tip
    }

    /// How joint speeds move the tip.
    pub const fn jacobian(&self) -> &Jacobian {
        &self.jacobian
    }

    /// The tip's twist when the joints move with these speeds (rad/s).
    pub fn twist(&self, velocities: &Joints) -> Twist<Tip> {
        let twist = self.jacobian * SVector::from(*velocities.as_array());
        Twist::new(twist.fixed_rows::<3>(0).into_owned(), twist.fixed_rows::<3>(3).into_owned())
    }

    /// What a wrench on the tip does to the joints, N·m each.
    pub fn torques(&self, wrench: &Wrench<Tip>) -> [f64; MAX_AXES] {
        let (f, t) = (wrench.force, wrench.torque);
        self.jacobian.tr_mul(&Vector6::new(f.x, f.y, f.z, t.x, t.y, t.z)).into()
    }
}

/// Where the parts of an arm stand, for drawing.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LinkPoses {
    poses: [Pose<Base>; MAX_AXES + 3],
    count: usize,
}

impl LinkPoses {
    /// From the base outwards: the base, the frame that turns with each joint, the flange, the probe tip.
    pub fn as_slice(&self) -> &[Pose<Base>] {
        self.poses.get(..self.count).unwrap_or(&self.poses)
    }

    fn push(&mut self, isometry: Isometry3<f64>) {
        if let Some(slot) = self.poses.get_mut(self.count) {
            *slot = Pose::new(isometry);
            self.count += 1;
        }
    }
}

impl ArmModel {
    /// Where the probe tip stands at these joint angles (rad). A missing angle counts as zero, one too many is ignored.
    pub fn forward(&self, positions: &Joints) -> Pose<Base> {
        let mut isometry = Isometry3::identity();
        for (joint, angle) in self.turning(positions) {
            isometry *= joint.at(angle);
        }
        Pose::new(isometry * self.flange * self.probe)
    }

    /// Where the probe tip stands and how the joints move it, at these joint angles (rad); missing ones count as in
    /// [`ArmModel::forward`].
    ///
    /// The Jacobian is the geometric one: the column of a joint with axis `z` through `p` is `z × (tip − p)` over `z`. Both are
    /// wanted in the tip's axes, so the chain is followed from the tip to the base, as the tip sees it.
    pub fn kinematics(&self, positions: &Joints) -> Kinematics {
        let mut columns = [[0.0; 6]; MAX_AXES];
        let mut rotation = self.chain.tip().rotation.transpose();
        let mut point = -(rotation * self.chain.tip().translation);
        let joints = self.chain.joints().iter().zip(positions.as_array());
        for (column, (step, angle)) in columns.iter_mut().zip(joints).rev() {
            let [x, y, axis] = [0, 1, 2].map(|axis| rotation.column(axis).into_owned());
            // Turning about its own axis leaves the axis where it is, so the turned frame serves.
            let linear = point.cross(&axis);
            *column = [linear.x, linear.y, linear.z, axis.x, axis.y, axis.z];
            let (sin, cos) = angle.sin_cos();
            let unturned = Matrix3::from_columns(&[x * cos - y * sin, x * sin + y * cos, axis]);
            rotation = unturned * step.rotation.transpose();
            point -= rotation * step.translation;
        }
        let from_base = Rotation3::from_matrix_unchecked(rotation.transpose());
        let tip = Isometry3::from_parts(
            Translation3::from(-(from_base * point)),
            UnitQuaternion::from_rotation_matrix(&from_base),
        );
        Kinematics { positions: *positions, tip: Pose::new(tip), jacobian: columns.into() }
    }

    /// Where each part of the arm stands at these joint angles (rad), for drawing.
    pub fn link_poses(&self, positions: &Joints) -> LinkPoses {
        let mut links = LinkPoses { poses: [Pose::identity(); MAX_AXES + 3], count: 0 };
        let mut isometry = Isometry3::identity();
        links.push(isometry);
        for (joint, angle) in self.turning(positions) {
            isometry *= joint.at(angle);
            links.push(isometry);
        }
        isometry *= self.flange;
        links.push(isometry);
        links.push(isometry * self.probe);
        links
    }

    /// Each joint with its angle.
    fn turning<'a>(
        &'a self,
        positions: &'a Joints,
    ) -> impl DoubleEndedIterator<Item = (&'a JointModel, f64)> + ExactSizeIterator {
        self.joints.iter().take(self.axes()).zip(positions.as_array().iter().copied())
    }
}

impl JointModel {
    /// From the frame that turns with the joint before to the one that turns with this joint, at this angle (rad).
    fn at(&self, angle: f64) -> Isometry3<f64> {
        Isometry3::from_parts(self.origin.translation, self.rotation(angle))
    }

    /// The rotation of [`JointModel::at`].
    fn rotation(&self, angle: f64) -> UnitQuaternion<f64> {
        self.origin.rotation * UnitQuaternion::from_axis_angle(&self.axis, angle)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{FR3, fr3, postures, ready};
    use nalgebra::Vector3;
    use proptest::prelude::*;

    fn bare() -> ArmModel {
        ArmModel::from_urdf(FR3, Isometry3::identity()).unwrap()
    }

    /// An arm whose joints turn about all sorts of axes.
    fn crooked() -> ArmModel {
        let mut axes = ["0 0 1", "0 0 -1", "1 0 0", "0 -1 0", "0.6 0 -0.8", "0 1 0", "-1 0 0"].iter();
        let with_axis = |line: &str| {
            let is_axis = line.trim().starts_with("<axis");
            if is_axis { format!("<axis xyz=\"{}\"/>", axes.next().unwrap()) } else { line.to_owned() }
        };
        let text: Vec<String> = FR3.lines().map(with_axis).collect();
        ArmModel::from_urdf(&text.join("\n"), *fr3().probe_on_flange()).unwrap()
    }

    #[test]
    fn the_flange_stands_where_the_published_table_puts_it() {
        // Straight up: the lengths of the table add up (d1 + d3 + d5 − flange), a7 to the side, flange pointing down.
        let straight = bare().forward(&Joints::zero(7));
        assert!((straight.position() - Vector3::new(0.088, 0.0, 0.333 + 0.316 + 0.384 - 0.107)).norm() < 1e-12);
        assert!((straight.z_axis() + Vector3::z()).norm() < 1e-12);
        // The ready posture, by hand in the plane of the arm: the upper arm leans back by 45°, the forearm is level.
        let s = core::f64::consts::FRAC_1_SQRT_2;
        let x = -0.316 * s + 0.0825 * s + 0.384 + 0.088;
        let z = 0.333 + 0.316 * s + 0.0825 * s + 0.0825 - 0.107;
        let flange = bare().forward(&ready());
        assert!((flange.position() - Vector3::new(x, 0.0, z)).norm() < 1e-9, "{:?}", flange.position());
        assert!((flange.z_axis() + Vector3::z()).norm() < 1e-9);
    }

    #[test]
    fn link_poses_end_at_the_tip() {
        let model = fr3();
        let links = model.link_poses(&ready());
        let links = links.as_slice();
        assert_eq!(links.len(), 10);
        assert_eq!(links[0], Pose::identity());
        assert_eq!(links[9], model.forward(&ready()));
        assert_eq!(links[8], bare().forward(&ready()));
        // Upper arm: from shoulder (joints 1, 2) to joint 3 is d3.
        assert!(((links[3].position() - links[2].position()).norm() - 0.316).abs() < 1e-12);
    }

    #[test]
    fn an_arm_of_fewer_axes_leaves_columns_empty() {
        let six = FR3.replacen("type=\"revolute\"", "type=\"fixed\"", 1);
        let model = ArmModel::from_urdf(&six, Isometry3::identity()).unwrap();
        assert_eq!(model.axes(), 6);
        let posture = Joints::from_slice(&ready().as_slice()[1..]).unwrap();
        assert_eq!(model.kinematics(&posture).jacobian().column(6).norm(), 0.0);
        assert!((model.forward(&posture).position() - bare().forward(&ready()).position()).norm() < 1e-12);
        assert_eq!(model.link_poses(&posture).as_slice().len(), 9);
    }

    proptest! {
        #[test]
        fn from_the_tip_or_from_the_base_the_tip_stands_at_the_same_place(posture in postures()) {
            for model in [fr3(), crooked()] {
                let (there, here) = (*model.kinematics(&posture).tip(), model.forward(&posture));
                prop_assert!((there.position() - here.position()).norm() < 1e-14);
                prop_assert!(there.rotation().angle_to(&here.rotation()) < 1e-7);
            }
        }

        #[test]
        fn twist_and_torques_are_of_one_power(
            posture in postures(), speeds in prop::array::uniform7(-1.0..1.0f64), w in prop::array::uniform6(-9.0..9.0f64),
        ) {
            let kinematics = fr3().kinematics(&posture);
            let twist = kinematics.twist(&Joints::from_slice(&speeds).unwrap());
            let wrench = Wrench::<Tip>::new(Vector3::new(w[0], w[1], w[2]), Vector3::new(w[3], w[4], w[5]));
            let at_the_tip = twist.linear.dot(&wrench.force) + twist.angular.dot(&wrench.torque);
            let in_the_joints: f64 = kinematics.torques(&wrench).iter().zip(speeds).map(|(torque, speed)| torque * speed).sum();
            prop_assert!((at_the_tip - in_the_joints).abs() < 1e-12);
        }

        #[test]
        fn the_jacobian_is_the_derivative_of_the_forward_kinematics(posture in postures(), crooked_too in any::<bool>()) {
            const STEP: f64 = 1e-6;
            let model = if crooked_too { crooked() } else { fr3() };
            let kinematics = model.kinematics(&posture);
            let jacobian = kinematics.jacobian();
            for axis in 0..model.axes() {
                let (mut before, mut after) = (posture, posture);
                before.as_mut_slice()[axis] -= STEP;
                after.as_mut_slice()[axis] += STEP;
                let (tip, before, after) = (model.forward(&posture), model.forward(&before), model.forward(&after));
                let linear = tip.rotation().inverse() * (after.position() - before.position()) / (2.0 * STEP);
                let angular = (before.rotation().inverse() * after.rotation()).scaled_axis() / (2.0 * STEP);
                let column = jacobian.column(axis);
                prop_assert!((column.fixed_rows::<3>(0) - linear).norm() < 1e-7);
                prop_assert!((column.fixed_rows::<3>(3) - angular).norm() < 1e-7);
            }
        }
    }
}
