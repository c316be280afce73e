//! Where arm, couch and patient stand in the simulation: one scene for the cart, the world and the tests.

use farprobe_control::resolve::inverse;
use farprobe_control::{ArmModel, ModelError};
use farprobe_geom::{Base, Joints, Metre, Patient, Pose, Transform};
use nalgebra::{Isometry3, Point3, Rotation3, Translation3, UnitQuaternion, Vector3};

use crate::body::{Body, BodyMotion};

/// The description of the simulated arm.
pub const ARM_URDF: &str = include_str!("../../../assets/arms/fr3.urdf");

/// Force sensor, holder and probe together: the tip is this far in front of the arm's flange, m.
const PROBE_LENGTH: f64 = 0.20;

/// The couch beside the arm: origin of the frame `patient` in front of the arm's base, m. The patient lies across, right side
/// towards the arm, head to the arm's right; the couch is level with the arm's mounting plate.
const COUCH: [f64; 3] = [0.50, 0.0, 0.0];

/// The exam begins over the right upper belly, below the ribs: where the liver, the gallbladder and the right kidney are seen.
const START: [f64; 2] = [0.07, -0.05];

/// How far above the skin the probe waits: a hand's breadth, so that gel can be put on.
const START_HEIGHT: Metre = Metre::literal(0.03);

/// A posture with the elbow up and the wrist free, from which the start pose is looked for, rad.
const START_POSTURE: [f64; 7] = [0.0, 0.1, 0.0, -2.0, 0.0, 2.1, 0.8];

/// Where the probe tip stands on the flange.
pub fn probe_on_flange() -> Isometry3<f64> {
    Isometry3::translation(0.0, 0.0, PROBE_LENGTH)
}

/// The arm with the probe on it.
pub fn arm() -> Result<ArmModel, ModelError> {
    ArmModel::from_urdf(ARM_URDF, probe_on_flange())
}

/// Where the couch stands.
pub fn couch() -> Pose<Base> {
    let across = UnitQuaternion::from_axis_angle(&Vector3::z_axis(), -core::f64::consts::FRAC_PI_2);
    Pose::new(Isometry3::from_parts(Translation3::from(COUCH), across))
}

/// From the couch to the arm.
pub fn patient_to_base() -> Transform<Patient, Base> {
    Transform::new(*couch().isometry())
}

/// Where the probe waits: over the start point, along the skin's normal, the image's lateral direction towards the feet (a
/// sagittal view with the head on the left of the picture).
pub fn start_tip(body: &Body) -> Pose<Patient> {
    tip_above(body, START_HEIGHT)
}

/// As [`start_tip`], this far above the skin.
fn tip_above(body: &Body, height: Metre) -> Pose<Patient> {
    let [x, y] = START;
    // Straight down onto the skin: the nearest skin of a point above is aside of it, so a few steps are needed.
    let mut on_skin = Point3::new(x, y, 0.5);
    let mut skin = body.skin(&BodyMotion::REST, &on_skin);
    for _ in 0..50 {
        on_skin.z += skin.depth;
        skin = body.skin(&BodyMotion::REST, &on_skin);
    }
    let outward = skin.normal.into_inner();
    let into = -outward;
    let lateral = (-Vector3::x() + into * into.x).normalize();
    let axes = Rotation3::from_basis_unchecked(&[lateral, into.cross(&lateral), into]);
    let position = on_skin.coords + outward * height.get();
    Pose::new(Isometry3::from_parts(Translation3::from(position), UnitQuaternion::from_rotation_matrix(&axes)))
}

/// The joint angles at which the exam begins, rad. `None` can only come of another arm than the shipped one.
pub fn start_joints(arm: &ArmModel, body: &Body) -> Option<Joints> {
    start_joints_above(arm, body, START_HEIGHT)
}

/// As [`start_joints`], with the probe this far above the skin. `None` if the arm can't reach there.
pub fn start_joints_above(arm: &ArmModel, body: &Body, height: Metre) -> Option<Joints> {
    let tip = patient_to_base().pose(&tip_above(body, height));
    inverse(arm, &tip, &Joints::from_slice(&START_POSTURE).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::body::BodyCard;

    #[test]
    fn the_probe_waits_over_the_skin_and_points_at_it() {
        let body = Body::new(BodyCard::default());
        let tip = start_tip(&body);
        let skin = body.skin(&BodyMotion::REST, &Point3::from(tip.position()));
        assert!((skin.depth + START_HEIGHT.get()).abs() < 1e-3, "{}", skin.depth);
        assert!(tip.z_axis().dot(&skin.normal) < -0.999);
        assert!((tip.rotation() * Vector3::x()).x < -0.9, "the lateral direction is towards the feet");
    }

    #[test]
    fn the_arm_reaches_the_start() {
        let (arm, body) = (arm().unwrap(), Body::new(BodyCard::default()));
        let joints = start_joints(&arm, &body).unwrap();
        assert!(arm.allows(&joints));
        let reached = arm.forward(&joints);
        let wanted = patient_to_base().pose(&start_tip(&body));
        assert!((reached.position() - wanted.position()).norm() < 1e-6);
        assert!(reached.rotation().angle_to(&wanted.rotation()) < 1e-6);
    }
}
