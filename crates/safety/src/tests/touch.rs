//! A touch that is none, one that is lost, and one that is real.

use farprobe_geom::{NewtonPerMetre, Time, Wrench};
use nalgebra::Vector3;

use super::scene::{Scene, linear};
use crate::*;

/// The speed of the approach, m/s, with room for rounding.
const APPROACH: f64 = 0.010 + 1e-9;

#[test]
fn sr_041_an_error_of_the_sensor_in_free_air_draws_no_lunge() {
    for error in [0.5, 1.0, 2.0, 3.0, 5.0, 8.0, 12.0, 14.9] {
        let mut scene = Scene::engaged(0.0);
        scene.run(500);
        // The control law takes it for a touch, finds nothing that answers to its motion, and seeks the force asked for.
        scene.measured.tissue.worst = NewtonPerMetre::literal(25e3);
        scene.measured.tissue.stiffness = NewtonPerMetre::literal(300.0);
        scene.proposal = linear(0.0, 0.0, 1.0);
        for tick in 0..5_000 {
            let late = 1.0 - libm::exp(-f64::from(tick) / 1.6);
            scene.push(error * late + if tick % 2 == 0 { 0.2 } else { -0.2 });
            scene.measured.twist = scene.permitted;
            scene.run(1);
            assert!(
                scene.permitted.linear.z <= APPROACH,
                "{error} N: {} m/s after {tick} ms",
                scene.permitted.linear.z
            );
        }
        assert_eq!(scene.rung(), Rung::Engaged);
    }
}

#[test]
fn sr_041_a_false_touch_that_is_believed_moves_the_probe_no_further_than_a_stroke() {
    let mut scene = Scene::engaged(6.0);
    // From here on the skin is gone, and the sensor sticks out six newtons.
    scene.proposal = linear(0.0, 0.0, 1.0);
    let mut fast = 0.0;
    for tick in 0..5_000 {
        scene.push(6.0 + if tick % 2 == 0 { 0.1 } else { -0.1 });
        scene.measured.twist = scene.permitted;
        scene.run(1);
        if scene.permitted.linear.z > APPROACH {
            fast += scene.permitted.linear.z * 1e-3;
        }
    }
    assert!((0.020..0.027).contains(&fast), "{fast} m");
}

#[test]
fn sr_041_after_contact_is_lost_nothing_is_faster_than_the_approach() {
    let mut scene = Scene::engaged(8.0);
    scene.proposal = linear(0.0, 0.0, 0.06);
    scene.run(100);
    assert!(scene.permitted.linear.z > 0.05, "a touch is followed: {}", scene.permitted.linear.z);
    scene.measured.wrench.force.z = 0.0;
    let mut inward = 0.0_f64;
    for tick in 0..2_000 {
        // The control law still hopes, and the sensor trembles about nothing.
        scene.measured.wrench.force.z = if tick % 7 == 0 { -0.35 } else { 0.1 };
        scene.run(1);
        if tick >= 25 {
            inward = inward.max(scene.permitted.linear.z);
        }
    }
    assert!(inward <= APPROACH, "{inward} m/s");
}

#[test]
fn sr_041_a_force_that_was_there_at_once_is_a_touch_where_the_joints_feel_it_too() {
    for (felt, fast) in [(5.0, true), (0.0, false)] {
        let mut scene = Scene::engaged(0.0);
        scene.run(500);
        scene.measured.expected = Some(Wrench::new(Vector3::new(0.0, 0.0, -felt), Vector3::zeros()));
        scene.measured.tissue.stiffness = NewtonPerMetre::literal(300.0);
        scene.proposal = linear(0.0, 0.0, 0.06);
        scene.push(1.5);
        let mut inward = 0.0_f64;
        for tick in 0..150 {
            scene.push(if tick == 0 { 1.5 } else { felt.max(1.5) });
            scene.run(1);
            inward = inward.max(scene.permitted.linear.z);
        }
        assert_eq!(inward > APPROACH, fast, "{felt} N: {inward} m/s");
    }
}

#[test]
fn sr_041_before_evidence_the_worst_of_the_region_counts_and_after_it_the_estimate() {
    let mut scene = Scene::engaged(0.0);
    scene.measured.tissue.stiffness = NewtonPerMetre::literal(300.0);
    scene.measured.tissue.worst = NewtonPerMetre::literal(150e3);
    scene.proposal = linear(0.0, 0.0, 1.0);
    scene.push(12.0);
    scene.run(100);
    // As soft as 2 N/mm, by its own motion.
    scene.measured.twist = linear(0.0, 0.0, 0.010);
    let cautious = scene.permitted.linear.z;
    assert!(cautious < 0.006, "{cautious}");
    let begun = scene.now;
    while scene.permitted.linear.z < 0.010 {
        scene.measured.wrench.force.z -= 0.02;
        scene.run(1);
        assert!(scene.now < begun + core::time::Duration::from_millis(100), "never believed");
    }
    assert!(scene.now > Time::ZERO && scene.measured.wrench.force.z <= -13.0);
}
