use std::f64::consts::PI;
use std::time::Duration;

use farprobe_geom::Time;
use nalgebra::{Isometry3, Point3, Translation3, UnitQuaternion};
use proptest::prelude::*;

use super::*;
use crate::body::{BodyCard, Breathing, Cough};

const STILL: Twist<Tip> = Twist::new(Vector3::new(0.0, 0.0, 0.0), Vector3::new(0.0, 0.0, 0.0));

fn still_body() -> Body {
    Body::new(BodyCard { breathing: Breathing::HELD, ..BodyCard::default() })
}

/// A probe that points straight down with its apex at this place, turned by `tilt` (rad) around its own x and y.
fn pointing_down(x: f64, y: f64, z: f64, tilt: [f64; 2]) -> Pose<Patient> {
    let down = UnitQuaternion::from_axis_angle(&Vector3::x_axis(), PI);
    let tilt = UnitQuaternion::from_scaled_axis(Vector3::new(tilt[0], tilt[1], 0.0));
    Pose::new(Isometry3::from_parts(Translation3::new(x, y, z), down * tilt))
}

fn pressed(body: &Body, x: f64, depth: f64) -> Touch {
    touch(body, &BodyMotion::REST, &pointing_down(x, 0.0, 0.22 - depth, [0.0; 2]), &STILL)
}

#[test]
fn each_region_pushes_back_with_its_own_stiffness() {
    let body = still_body();
    for (x, top, stiffness) in [(0.0, 0.22, 10_000.0), (0.2, 0.22, 25_000.0), (0.6, 0.19, 150_000.0)] {
        for mm in 1..=5 {
            let depth = f64::from(mm) * 1e-3;
            let tip = pointing_down(x, 0.0, top - depth, [0.0; 2]);
            let touch = touch(&body, &BodyMotion::REST, &tip, &STILL);
            let force = touch.wrench.force;
            assert!((force.z + stiffness * depth).abs() < 1e-3 * stiffness * depth, "{x}: {force}");
            assert!(force.xy().norm() < 1e-6 && touch.wrench.torque.norm() < 1e-6);
            assert!((touch.indentation.get() - depth).abs() < 1e-6);
        }
    }
}

#[test]
fn a_probe_in_the_air_feels_nothing() {
    let above = pressed(&still_body(), 0.0, -0.0001);
    assert!((above.clearance.get() - 0.0001).abs() < 1e-6, "{above:?}");
    assert_eq!(above, Touch::none(above.clearance.get()));
}

#[test]
fn pressing_faster_costs_more_force_and_parting_never_pulls() {
    let body = still_body();
    let tip = pointing_down(0.0, 0.0, 0.21, [0.0; 2]);
    let force = |speed: f64| {
        let twist = Twist::new(Vector3::z() * speed, Vector3::zeros());
        -touch(&body, &BodyMotion::REST, &tip, &twist).wrench.force.z
    };
    assert!((force(0.1) / force(0.0) - 1.3).abs() < 1e-6);
    assert!(force(-0.1) < force(0.0));
    assert_eq!(force(-1.0), 0.0);
}

#[test]
fn a_skin_that_rises_against_the_probe_counts_like_a_probe_that_is_pressed() {
    let cough = Cough { rise: Duration::from_millis(200), ..Cough::at(Time::ZERO) };
    let body = Body::new(BodyCard { breathing: Breathing::HELD, coughs: vec![cough], ..BodyCard::default() });
    // Half way up the skin is at 0.23 m and rises at 0.02/2·π/0.2 m/s.
    let motion = body.motion(Time::from_millis(100));
    let force = -touch(&body, &motion, &pointing_down(0.0, 0.0, 0.225, [0.0; 2]), &STILL).wrench.force.z;
    let speed = 0.01 * PI / 0.2;
    assert!((force - 50.0 * (1.0 + 3.0 * speed)).abs() < 0.01, "{force}");
}

#[test]
fn a_tilted_face_feels_the_torque_of_a_contact_beside_its_middle() {
    let body = still_body();
    let tilt = 10f64.to_radians();
    let touched = touch(&body, &BodyMotion::REST, &pointing_down(0.0, 0.0, 0.215, [0.0, tilt]), &STILL);
    // The face rolls on its radius, so the force passes through the centre of the radius, behind the tip.
    let (force, torque) = (touched.wrench.force, touched.wrench.torque);
    assert!((force.x / force.z + tilt.tan()).abs() < 0.01, "{force}");
    let expected = -force.norm() * FACE_RADIUS * tilt.sin();
    assert!((torque.y / expected - 1.0).abs() < 0.02, "{torque} against {expected}");
}

#[test]
fn friction_works_against_sliding_and_stays_within_coulombs_bound() {
    let body = still_body();
    let tip = pointing_down(0.0, 0.0, 0.215, [0.0; 2]);
    for speed in [0.0001, 0.002, 0.06, 1.0] {
        let twist = Twist::new(Vector3::x() * speed, Vector3::zeros());
        let force = touch(&body, &BodyMotion::REST, &tip, &twist).wrench.force;
        assert!(force.x < 0.0);
        assert!(force.xy().norm() <= GEL_FRICTION * force.z.abs());
    }
    let brisk = Twist::new(Vector3::x() * 0.06, Vector3::zeros());
    let force = touch(&body, &BodyMotion::REST, &tip, &brisk).wrench.force;
    assert!(force.x.abs() > 0.99 * GEL_FRICTION * force.z.abs());
}

#[test]
fn the_face_is_as_wide_and_as_thick_as_it_says() {
    assert!(deepest_point(&Vector3::z()).norm() < 1e-12);
    assert!((deepest_point(&Vector3::x()).x - FACE_WIDTH / 2.0).abs() < 1e-12);
    assert!((deepest_point(&-Vector3::x()).x + FACE_WIDTH / 2.0).abs() < 1e-12);
    assert!((deepest_point(&Vector3::y()).y - FACE_THICKNESS / 2.0).abs() < 1e-12);
}

proptest! {
    /// The work the patient does on the probe over a closed path is never positive while the patient lies still.
    #[test]
    fn no_closed_path_draws_energy_from_the_patient(
        depth in 0.001..0.012f64, slide in -0.02..0.02f64, side in -0.02..0.02f64, roll in -0.3..0.3f64,
        fan in -0.3..0.3f64, period in 0.1..3.0f64,
    ) {
        const STEPS: u32 = 2000;
        let body = still_body();
        let pose = |t: f64| {
            let (sin, cos) = (2.0 * PI * t / period).sin_cos();
            pointing_down(slide * sin, side * cos, 0.222 - depth * (1.0 - cos) / 2.0, [roll * sin, fan * cos])
        };
        let dt = period / f64::from(STEPS);
        let (mut work, mut passed) = (0.0, 0.0);
        for i in 0..STEPS {
            let t = dt * (f64::from(i) + 0.5);
            let (before, now, after) = (pose(t - dt / 2.0), pose(t), pose(t + dt / 2.0));
            let linear = now.rotation().inverse() * (after.position() - before.position()) / dt;
            let angular = (before.rotation().inverse() * after.rotation()).scaled_axis() / dt;
            let wrench = touch(&body, &BodyMotion::REST, &now, &Twist::new(linear, angular)).wrench;
            let power = wrench.force.dot(&linear) + wrench.torque.dot(&angular);
            work += power * dt;
            passed += power.abs() * dt;
        }
        prop_assert!(work <= 0.005 * passed + 1e-9, "{work} J won of {passed} J that passed");
    }

    #[test]
    fn nothing_makes_a_wrench_that_is_not_finite(
        p in prop::array::uniform3(-1.0..1.0f64), r in prop::array::uniform3(-3.0..3.0f64),
        v in prop::array::uniform3(-5.0..5.0f64), ms in 0u64..10_000,
    ) {
        let body = Body::new(BodyCard::default());
        let tip = Pose::new(Isometry3::new(Vector3::from(p), Vector3::from(r)));
        let touched = touch(&body, &body.motion(Time::from_millis(ms)), &tip, &Twist::new(Vector3::from(v), Vector3::from(v)));
        prop_assert!(touched.wrench.is_finite());
    }

    #[test]
    fn the_deepest_point_is_deeper_than_its_neighbours(x in -0.2..0.08f64, y in -0.1..0.1f64, roll in -0.4..0.4f64, fan in -0.4..0.4f64, yaw in -3.2..3.2f64) {
        let body = still_body();
        let top = 0.11 + 0.11 * (1.0 - (y / 0.16).powi(2)).sqrt();
        let turned = Isometry3::rotation(Vector3::z() * yaw);
        let tip = Pose::new(pointing_down(x, y, top - 0.008, [0.0; 2]).isometry() * turned * Isometry3::rotation(Vector3::new(roll, fan, 0.0)));
        let deepest = touch(&body, &BodyMotion::REST, &tip, &STILL).indentation.get();
        for i in 0..60 {
            for j in 0..10 {
                let (angle, tilt) = (-0.4 + 0.8 * f64::from(i) / 59.0, -1.0 + 2.0 * f64::from(j) / 9.0);
                let direction = Vector3::new(angle.sin() * tilt.cos(), tilt.sin(), angle.cos() * tilt.cos());
                let point = Point3::from(tip.isometry() * Point3::from(deepest_point(&direction)));
                let depth = body.skin(&BodyMotion::REST, &point).depth;
                prop_assert!(depth <= deepest + 1e-5, "{depth} {deepest}");
            }
        }
    }
}
