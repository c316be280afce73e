//! How fast the probe goes towards the patient, and what that is worked out from.

use core::time::Duration;

use farprobe_geom::NewtonPerMetre;

use super::scene::{Scene, config, linear};
use crate::*;

/// What the outward row brakes with: m/s², m/s³.
const BRAKING: (f64, f64) = (5.0, 500.0);

/// What motion is added up by, s.
const STEP: f64 = 1e-6;

#[test]
fn sr_047_tissue_that_rises_before_a_sliding_probe_uses_up_what_is_left_to_the_hard_limit_and_no_more() {
    let mut scene = Scene::engaged(13.0);
    let stiffness = 25e3;
    scene.measured.tissue.stiffness = NewtonPerMetre::new(stiffness).unwrap();
    scene.proposal = linear(0.1, 0.0, 0.0);
    scene.run(200);
    // Skin that rises by one half: nothing is done about it for the reaction time, then the braking builds up.
    let (mut pressing, mut braking) = (scene.permitted.linear.x * 0.5, 0.0);
    let mut depth = pressing * config().reaction.as_secs_f64();
    while pressing > 0.0 {
        braking = BRAKING.0.min(braking + BRAKING.1 * STEP);
        pressing -= braking * STEP;
        depth += pressing * STEP;
    }
    let rise = stiffness * depth;
    assert!((0.85 * 7.0..=7.0).contains(&rise), "{rise} N");
}

#[test]
fn sr_014_a_probe_that_has_just_begun_to_press_goes_no_faster_than_it_may_for_ever() {
    // With so long a reaction time nothing of it is on its way yet when it is already as fast as it may be.
    let reaction = Duration::from_millis(30);
    for stiffness in [3e3, 10e3, 25e3] {
        let mut scene = Scene::engaged_with(&Config { reaction, ..config() }, 8.0);
        scene.measured.tissue.stiffness = NewtonPerMetre::new(stiffness).unwrap();
        scene.run(200);
        scene.proposal = linear(0.0, 0.0, 1.0);
        let mut fastest = 0.0_f64;
        for _ in 0..200 {
            scene.run(1);
            fastest = fastest.max(scene.permitted.linear.z);
        }
        let late = reaction.as_secs_f64() + BRAKING.0 / BRAKING.1 / 2.0;
        let rise = stiffness * fastest * (late + fastest / BRAKING.0 / 2.0);
        assert!(fastest > 0.001 && rise <= 12.0 + 1e-9, "{fastest} m/s: {rise} N at {stiffness} N/m");
    }
}

#[test]
fn sr_026_a_round_trip_that_is_long_slows_the_way_to_the_skin_and_not_what_keeps_the_force() {
    let inward = |force: f64| {
        let mut scene = Scene::engaged(force);
        scene.facts.round_trip = Some(Duration::from_millis(300));
        scene.proposal = linear(0.1, 0.0, 0.02);
        scene.run(200);
        assert!((scene.permitted.linear.x - 0.024).abs() < 1e-9, "{} m/s sideways", scene.permitted.linear.x);
        scene.permitted.linear.z
    };
    assert!((inward(0.0) - 0.002).abs() < 1e-9, "a fifth of 10 mm/s");
    assert_eq!(inward(8.0), 0.02);
}

#[test]
fn sr_015_at_rest_in_the_air_there_is_no_force_to_lower_and_nothing_moves() {
    for rung in [Rung::Idle, Rung::Ready, Rung::Parked] {
        let mut scene = Scene::at(rung, 0.0);
        scene.proposal = linear(0.0, 0.0, -0.05);
        scene.run(100);
        assert_eq!(scene.permitted.linear.z, 0.0, "{rung:?}");
    }
}

#[test]
fn sr_014_an_arm_that_is_said_to_act_at_once_is_not_believed() {
    let fastest = |micros| {
        let mut scene = Scene::engaged_with(&Config { reaction: Duration::from_micros(micros), ..config() }, 8.0);
        scene.measured.tissue.stiffness = NewtonPerMetre::literal(74e3);
        scene.proposal = linear(0.0, 0.0, 1.0);
        scene.run(200);
        scene.permitted.linear.z
    };
    assert_eq!(fastest(0).to_bits(), fastest(2000).to_bits());
    assert!(fastest(2100) < fastest(2000));
}
