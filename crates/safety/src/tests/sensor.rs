//! A force sensor that can't be believed.

use core::time::Duration;

use farprobe_geom::{Newton, Wrench};
use nalgebra::Vector3;

use super::scene::{Scene, config, downward, linear};
use crate::*;

fn noisy() -> Config {
    Config { sensor: SensorCard { range: Newton::literal(60.0), noise: SensorNoise::Present }, ..config() }
}

/// Runs with a sensor that trembles, pressing with `force(tick)`.
fn run(scene: &mut Scene, millis: u32, force: impl Fn(u32) -> f64) -> Option<u32> {
    for tick in 0..millis {
        scene.push(force(tick) + if tick % 2 == 0 { 0.01 } else { -0.01 });
        scene.run(1);
        if scene.rung() == Rung::Fault {
            return Some(tick + 1);
        }
    }
    None
}

fn engaged() -> Scene {
    Scene::engaged_with(&noisy(), 8.0)
}

#[test]
fn sr_023_nan_is_noticed_in_one_tick_and_the_probe_lifted_without_the_sensor() {
    for bad in [f64::NAN, f64::INFINITY, f64::MAX] {
        for axis in 0..6 {
            let mut scene = engaged();
            scene.proposal = linear(0.1, 0.0, 0.06);
            scene.run(50);
            let mut wrench = scene.measured.wrench;
            *wrench.force.iter_mut().chain(wrench.torque.iter_mut()).nth(axis).unwrap() = bad;
            scene.measured.wrench = wrench;
            scene.run(1);
            assert_eq!((scene.rung(), scene.directive.cause), (Rung::Fault, Cause::ForceSensor));
            assert_eq!(scene.directive.goal, Goal::Retract { speed: RETRACT_SPEED });
            scene.run(100);
            assert!((scene.permitted.linear.z + RETRACT_SPEED.get()).abs() < 1e-9);
            assert_eq!(scene.permitted.linear.x, 0.0);
            // A reading that comes back does not stop the lift.
            scene.push(8.0);
            scene.run(100);
            assert_eq!(scene.directive.goal, Goal::Retract { speed: RETRACT_SPEED });
            scene.measured.tip = downward(0.0, 0.0, 0.5 + LIFT_HEIGHT.get() + 0.001);
            scene.run(1);
            assert_eq!((scene.rung(), scene.directive.goal), (Rung::Fault, Goal::Rest));
        }
    }
}

#[test]
fn sr_023_a_blind_lift_ends_by_time_and_is_short_where_nobody_retracts() {
    let mut scene = engaged();
    scene.measured.wrench = Wrench::new(Vector3::new(0.0, 0.0, f64::NAN), Vector3::zeros());
    scene.run(9_999);
    assert_ne!(scene.directive.goal, Goal::Rest);
    scene.run(2);
    assert_eq!(scene.directive.goal, Goal::Rest);

    let timing = Timing::SHIPPED.with_retract(RetractPolicy::Never).unwrap();
    let mut scene = Scene::engaged_with(&Config { timing, ..noisy() }, 8.0);
    scene.measured.wrench = Wrench::new(Vector3::new(0.0, 0.0, f64::NAN), Vector3::zeros());
    scene.run(2);
    assert_ne!(scene.directive.goal, Goal::Rest);
    scene.measured.tip = downward(0.0, 0.0, 0.5 + BLIND_RELEASE_HEIGHT.get() + 1e-6);
    scene.run(1);
    assert_eq!(scene.directive.goal, Goal::Rest);
}

#[test]
fn sr_023_a_sensor_that_fails_while_a_stop_lowers_the_force_is_not_waited_for() {
    let mut scene = engaged();
    scene.facts.stop = Some(StopSource::Bedside);
    scene.run(1);
    assert_eq!(scene.directive.goal, Goal::Release { to: RELEASED_FORCE });
    scene.measured.wrench = Wrench::new(Vector3::new(0.0, 0.0, f64::NAN), Vector3::zeros());
    scene.run(1);
    assert_eq!((scene.rung(), scene.directive.goal), (Rung::EStop, Goal::Retract { speed: RETRACT_SPEED }));
}

#[test]
fn sr_024_a_stuck_sensor_is_noticed_within_a_tenth_of_a_second() {
    let mut scene = engaged();
    assert_eq!(run(&mut scene, 500, |_| 8.0), None);
    let noticed = scene.until_changed(200);
    assert_eq!((noticed, scene.rung(), scene.directive.cause), (100, Rung::Fault, Cause::ForceSensor));
}

#[test]
fn sr_024_an_ideal_sensor_may_rest() {
    let mut scene = Scene::engaged(8.0);
    scene.run(10_000);
    assert_eq!(scene.rung(), Rung::Engaged);
}

#[test]
fn sr_024_a_sensor_that_sends_nothing_new_is_noticed() {
    let mut scene = engaged();
    scene.run(5);
    let frozen_at = scene.measured.sampled_at;
    let mut ticks = 0;
    while scene.rung() == Rung::Engaged {
        scene.now = scene.now + Duration::from_millis(1);
        scene.measured.sampled_at = frozen_at;
        scene.measured.wrench.force.x += 1e-3;
        scene.directive = scene.gate.advance(scene.now, &scene.facts, &scene.measured);
        ticks += 1;
    }
    assert_eq!((ticks, scene.rung(), scene.directive.cause), (20, Rung::Fault, Cause::ForceSensor));
}

#[test]
fn sr_025_a_wrong_sign_is_noticed_in_time() {
    let mut scene = engaged();
    assert_eq!(run(&mut scene, 500, |_| -2.9), None);
    let noticed = run(&mut scene, 500, |_| -3.1).unwrap();
    assert!(noticed <= 200, "{noticed} ms");
}

#[test]
fn sr_025_a_short_pull_is_no_fault() {
    let mut scene = engaged();
    assert_eq!(run(&mut scene, 1000, |tick| if tick % 100 < 99 { -5.0 } else { 5.0 }), None);
}

#[test]
fn sr_025_saturation_is_noticed_in_time() {
    let mut scene = engaged();
    let noticed = run(&mut scene, 500, |_| 61.0).unwrap();
    assert!(noticed <= 200, "{noticed} ms");
    assert_eq!(scene.directive.cause, Cause::ForceSensor);
    let mut scene = engaged();
    assert_eq!(run(&mut scene, 500, |_| 59.0), None);
}

#[test]
fn sr_025_a_bias_of_three_newtons_against_the_estimate_is_noticed_in_time() {
    for bias in [3.0, -3.0] {
        let mut scene = engaged();
        scene.measured.expected_force = Some(Newton::literal(8.0));
        assert_eq!(run(&mut scene, 500, |_| 8.0 + bias / 3.0), None);
        let noticed = run(&mut scene, 500, |_| 8.0 + bias).unwrap();
        assert!(noticed <= 200, "{noticed} ms");
    }
}

#[test]
fn sr_023_a_broken_sensor_keeps_the_gate_idle() {
    let mut scene = Scene::new();
    scene.measured.wrench = Wrench::new(Vector3::new(0.0, 0.0, f64::NAN), Vector3::zeros());
    scene.run(100);
    assert_eq!(scene.rung(), Rung::Idle);
    scene.push(0.0);
    scene.run(1);
    assert_eq!(scene.rung(), Rung::Ready);
}
