//! A force sensor that can't be believed.

use core::time::Duration;

use farprobe_geom::{Newton, Wrench};
use nalgebra::Vector3;

use super::scene::{Scene, config, downward, linear};
use crate::*;

fn noisy() -> Config {
    Config {
        sensor: SensorCard {
            range: Newton::literal(60.0),
            noise: SensorNoise::Present { deviation: Newton::literal(0.1) },
        },
        ..config()
    }
}

/// Runs, pressing with `force(tick)`.
fn run(scene: &mut Scene, millis: u32, force: impl Fn(u32) -> f64) -> Option<u32> {
    for tick in 0..millis {
        scene.push(force(tick));
        scene.run(1);
        if scene.rung() == Rung::Fault {
            assert_eq!(scene.directive.cause, Cause::ForceSensor);
            assert_eq!(scene.directive.goal, Goal::Retract { speed: BLIND_LIFT_SPEED }, "lifted without the sensor");
            return Some(tick + 1);
        }
    }
    None
}

/// What the arm's torques say of pressing with this force.
fn told(force: f64) -> Wrench<farprobe_geom::Tip> {
    Wrench::new(Vector3::new(0.0, 0.0, -force), Vector3::zeros())
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
            assert_eq!(scene.directive.goal, Goal::Retract { speed: BLIND_LIFT_SPEED });
            scene.run(100);
            assert!((scene.permitted.linear.z + BLIND_LIFT_SPEED.get()).abs() < 1e-9);
            assert_eq!(scene.permitted.linear.x, 0.0);
            // A reading that comes back does not stop the lift.
            scene.push(8.0);
            scene.run(100);
            assert_eq!(scene.directive.goal, Goal::Retract { speed: BLIND_LIFT_SPEED });
            scene.measured.tip = downward(0.0, 0.0, 0.5 + LIFT_HEIGHT.get() + 0.001);
            scene.push(0.0);
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
    assert_eq!((scene.rung(), scene.directive.goal), (Rung::EStop, Goal::Retract { speed: BLIND_LIFT_SPEED }));
}

#[test]
fn sr_024_a_stuck_sensor_is_noticed_within_a_tenth_of_a_second() {
    let mut scene = engaged();
    assert_eq!(run(&mut scene, 500, |_| 8.0), None);
    scene.trembles = false;
    scene.run(1);
    let noticed = scene.until_changed(200);
    assert_eq!((noticed, scene.rung(), scene.directive.cause), (95, Rung::Fault, Cause::ForceSensor));
}

#[test]
fn sr_024_one_force_that_sticks_is_noticed_as_when_an_axis_is_clipped() {
    for axis in 0..6 {
        let mut scene = engaged();
        scene.trembles = false;
        scene.run(1);
        let mut ticks = 0;
        while scene.rung() != Rung::Fault {
            ticks += 1;
            let wrench = &mut scene.measured.wrench;
            for (n, value) in wrench.force.iter_mut().chain(wrench.torque.iter_mut()).enumerate() {
                *value += if n == axis { 0.0 } else { 1e-4 };
            }
            scene.run(1);
        }
        assert_eq!((ticks, scene.directive.cause), (95, Cause::ForceSensor));
    }
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
    assert!(noticed <= 100, "{noticed} ms");
}

#[test]
fn sr_025_a_short_pull_is_no_fault() {
    let mut scene = engaged();
    assert_eq!(run(&mut scene, 1000, |tick| if tick % 100 < 89 { -5.0 } else { 5.0 }), None);
}

#[test]
fn sr_025_saturation_is_noticed_in_time() {
    let mut scene = engaged();
    let noticed = run(&mut scene, 500, |_| 61.0).unwrap();
    assert!(noticed <= 100, "{noticed} ms");
    let mut scene = engaged();
    assert_eq!(run(&mut scene, 500, |_| 59.0), None);
}

#[test]
fn sr_025_a_bias_of_three_newtons_against_the_estimate_is_noticed_in_time() {
    for honest in [-0.8, 0.0, 0.8] {
        for bias in [3.0, -3.0] {
            let mut scene = engaged();
            scene.measured.expected = Some(told(8.0));
            assert_eq!(run(&mut scene, 10_000, |_| 8.0 + honest), None);
            let noticed = run(&mut scene, 500, |_| 8.0 + honest + bias).unwrap();
            assert!(noticed <= 200, "{noticed} ms");
        }
    }
    // Across the axis too.
    let mut scene = engaged();
    scene.measured.expected = Some(told(8.0));
    scene.measured.wrench.force.y = 3.0;
    assert!(scene.until_changed(200) <= 200 && scene.rung() == Rung::Fault);
}

#[test]
fn sr_025_an_honest_difference_is_learnt_and_a_drift_is_not() {
    let mut scene = engaged();
    scene.measured.expected = Some(told(8.0));
    let error = |tick: u32| f64::from(tick) * 0.2e-3;
    let noticed = run(&mut scene, 60_000, |tick| 8.0 + error(tick)).unwrap();
    assert!((3.3..3.8).contains(&error(noticed)), "{} N", error(noticed));
    let mut scene = engaged();
    scene.measured.expected = Some(told(8.0));
    assert_eq!(run(&mut scene, 60_000, |tick| 8.0 + error(tick).min(3.0)), None);
}

#[test]
fn sr_025_a_wrong_sign_and_a_silent_contact_are_noticed_in_time_by_the_estimate() {
    for (force, seen) in [(4.0, -4.0), (8.0, -2.0), (8.0, 0.0), (12.0, 5.0)] {
        let mut scene = engaged();
        scene.measured.expected = Some(told(force));
        run(&mut scene, 2_000, |_| force);
        let noticed = run(&mut scene, 500, |_| seen).unwrap();
        assert!(noticed <= 100, "{force} N seen as {seen} N: {noticed} ms");
    }
}

#[test]
fn sr_024_a_sensor_without_noise_that_falls_silent_is_noticed_too() {
    let mut scene = Scene::engaged(8.0);
    let last = scene.measured;
    for tick in 1..=20 {
        let now = scene.now + Duration::from_millis(tick);
        let directive = scene.gate.advance(now, &scene.facts, &last);
        let silent = directive.state.rung() == Rung::Fault;
        assert_eq!(silent, tick == 20, "{tick} ms");
    }
}

#[test]
fn sr_043_angles_that_leap_are_a_fault_of_the_arm() {
    let mut scene = Scene::engaged(8.0);
    scene.measured.joints.as_mut_slice()[2] += 0.5;
    scene.run(1);
    assert_eq!((scene.rung(), scene.directive.cause), (Rung::Fault, Cause::ArmFault));
}

#[test]
fn sr_023_without_force_and_pose_the_lift_ends_by_time() {
    let mut scene = Scene::engaged(8.0);
    scene.measured.wrench.force.z = f64::NAN;
    scene.measured.tip = downward(f64::NAN, 0.0, 0.5);
    // Of all at once the stop is the first.
    scene.facts.stop = Some(StopSource::Bedside);
    scene.run(1);
    assert_eq!(scene.rung(), Rung::EStop);
    let lifting = |scene: &Scene| matches!(scene.directive.state, State::EStop { stage: Stage::Lifting { .. }, .. });
    assert!(lifting(&scene), "{:?}", scene.directive.state);
    let mut lifted = 0_u128;
    while lifting(&scene) {
        scene.run(1);
        lifted += 1;
        assert!(scene.permitted.is_finite() && scene.permitted.linear.z <= 0.0);
    }
    assert!(lifted <= LIFT_TIMEOUT.as_millis() + 1, "{lifted} ms");
}

#[test]
fn sr_025_an_estimate_that_is_no_number_is_none() {
    let mut scene = engaged();
    scene.measured.expected = Some(told(f64::NAN));
    assert_eq!(run(&mut scene, 1_000, |_| 8.0), None);
}

/// Normally distributed forces and torques with this many times the sensor's σ.
fn noise(scene: &mut Scene, millis: u32, times: f64, force: impl Fn(u32) -> f64) -> Option<u32> {
    let mut seed = 0x9E37_79B9_7F4A_7C15_u64;
    let mut gaussian = || {
        (0..12).fold(-6.0, |sum, _| {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            sum + (seed >> 11) as f64 / (1_u64 << 53) as f64
        })
    };
    scene.trembles = false;
    for tick in 0..millis {
        let forces = Vector3::from_fn(|_, _| 0.1 * times * gaussian()) - Vector3::z() * force(tick);
        scene.measured.wrench = Wrench::new(forces, Vector3::from_fn(|_, _| 0.005 * times * gaussian()));
        scene.run(1);
        if scene.rung() == Rung::Fault {
            return Some(tick + 1);
        }
    }
    None
}

#[test]
fn sr_025_tenfold_noise_is_noticed_and_honest_noise_is_not() {
    let mut scene = engaged();
    // Ten minutes of honest noise, and of touching something hard three times a second.
    let knocks = |tick: u32| 8.0 + 6.0 * (f64::from(tick % 333) / 4.0).min(1.0);
    assert_eq!(noise(&mut scene, 600_000, 1.0, knocks), None);
    let noticed = noise(&mut scene, 1_000, 10.0, |_| 8.0).unwrap();
    assert!(noticed <= 120, "{noticed} ms");
    assert_eq!(scene.directive.cause, Cause::ForceSensor);
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

/// Presses on with all its might, and says how fast it still goes inward so many ms after `spoil`, which is done each tick.
fn inward_after(millis: u32, mut spoil: impl FnMut(&mut Scene, u32)) -> f64 {
    let mut scene = engaged();
    scene.measured.expected = Some(told(8.0));
    scene.proposal = linear(0.0, 0.0, 0.06);
    scene.run(50);
    assert!(scene.permitted.linear.z > 0.04, "{}", scene.permitted.linear.z);
    for tick in 0..millis {
        spoil(&mut scene, tick);
        scene.run(1);
    }
    assert_eq!(scene.rung(), Rung::Engaged, "suspected, not yet a fault");
    scene.permitted.linear.z
}

#[test]
fn sr_044_a_suspected_sensor_presses_nothing_on() {
    assert!(inward_after(40, |scene, _| scene.push(8.0)) > 0.04);
    assert_eq!(inward_after(40, |scene, _| scene.trembles = false), 0.0, "stuck");
    assert_eq!(inward_after(40, |scene, _| scene.push(-8.0)), 0.0, "wrong sign");
    assert_eq!(inward_after(80, |scene, _| scene.push(5.5)), 0.0, "2.5 N from the estimate");
    // Gone, and one that comes and goes.
    assert_eq!(inward_after(40, |scene, _| scene.push(0.1)), 0.0);
    assert_eq!(inward_after(40, |scene, tick| scene.push(if tick < 10 { 0.1 } else { 0.45 })), 0.0);
}

#[test]
fn sr_044_an_estimate_that_comes_back_is_not_believed_in_a_moment() {
    let slowed = inward_after(1_040, |scene, tick| {
        scene.measured.expected = match tick {
            0..1_000 => None,
            1_000..1_004 => Some(told(13.0)),
            1_004.. => Some(told(8.0)),
        };
    });
    assert!(slowed > 0.04, "{slowed} m/s");
}

#[test]
fn sr_044_after_a_touch_is_gone_nothing_goes_inward_for_a_while() {
    let mut scene = engaged();
    scene.proposal = linear(0.0, 0.0, 0.06);
    scene.run(50);
    scene.push(0.0);
    scene.run(30);
    for _ in 30..119 {
        scene.run(1);
        assert!(scene.permitted.linear.z.abs() < 1e-3, "{}", scene.permitted.linear.z);
    }
    assert_eq!(scene.permitted.linear.z, 0.0);
    scene.run(50);
    assert!((scene.permitted.linear.z - 0.010).abs() < 1e-9, "then it may look for the skin");
}

#[test]
fn sr_044_a_force_the_arm_feels_counts_even_if_the_sensor_does_not_feel_it() {
    for (felt, expected) in [(16.9, None), (17.1, Some(0.0)), (22.1, Some(-0.2))] {
        let mut scene = engaged();
        scene.measured.expected = Some(told(felt));
        scene.proposal = linear(0.0, 0.0, 0.01);
        let (mut most, mut least) = (0.0_f64, 1.0_f64);
        for _ in 0..60 {
            scene.push(felt - 1.9);
            scene.run(1);
            (most, least) = (most.max(scene.permitted.linear.z), scene.permitted.linear.z);
        }
        match expected {
            None => assert!(most > 0.0, "{felt} N"),
            Some(speed) => assert!((least - speed).abs() < 1e-9, "{felt} N: {least}"),
        }
    }
}

#[test]
fn sr_025_joints_that_can_hardly_move_the_tip_are_no_witness_of_what_it_feels() {
    let mut scene = engaged();
    scene.measured.agility.least = farprobe_geom::MetrePerSecond2::literal(0.3);
    scene.measured.expected = Some(told(0.0));
    for tick in 0..1_000 {
        scene.push(8.0 + f64::from(tick % 2) * 0.1);
        scene.run(1);
        assert_ne!(scene.directive.cause, Cause::ForceSensor, "after {tick} ms");
    }
    assert_eq!(scene.directive.state.rung(), Rung::Release, "driving ended where the arm can hardly brake");
    scene.measured.agility = super::scene::NIMBLE;
    let noticed = run(&mut scene, 300, |tick| 8.0 + f64::from(tick % 2) * 0.1);
    assert!(noticed.is_some_and(|after| after <= 200), "{noticed:?}");
}
