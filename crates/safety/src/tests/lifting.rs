//! What becomes of a lift that the gate enforces and the setpoints do not make.

use farprobe_geom::Joints;

use super::scene::{Scene, linear};
use crate::*;

/// A tick of a probe that moves by `made` of what is permitted along its axis, or at that speed, m/s.
fn tick(scene: &mut Scene, made: impl Fn(f64) -> f64) -> Confirmation {
    scene.run(1);
    let still = Joints::zero(7);
    let setpoint = JointSetpoint { positions: still, velocities: still };
    let implied = linear(0.0, 0.0, made(scene.permitted.linear.z));
    scene.gate.confirm(scene.now, &JointCheck { setpoint, measured: still, implied })
}

/// After how many ticks the gate ends it, if within 200.
fn ends(scene: &mut Scene, made: impl Fn(f64) -> f64) -> Option<u32> {
    (1..=200).find(|_| {
        assert_eq!(tick(scene, &made), Confirmation::Passed);
        scene.directive.cause == Cause::Refused(Objection::LiftWithheld)
    })
}

#[test]
fn sr_049_a_lift_that_is_not_made_is_a_fault() {
    for rung in [Rung::Release, Rung::Retract] {
        for made in [|_| 0.0, |permitted: f64| permitted * 0.4] {
            let mut scene = Scene::at(rung, 8.0);
            let after = ends(&mut scene, made);
            assert!(after.is_some_and(|ticks| (50..=80).contains(&ticks)), "{rung:?}: {after:?}");
            assert_eq!(scene.rung(), Rung::Fault);
        }
        let mut scene = Scene::at(rung, 8.0);
        assert_eq!(ends(&mut scene, |permitted| permitted), None, "{rung:?}");
    }
}

#[test]
fn sr_049_nor_may_a_probe_above_the_hard_limit_be_left_there() {
    let mut scene = Scene::engaged(8.0);
    scene.push(20.5);
    let after = ends(&mut scene, |_| 0.0);
    assert!(after.is_some_and(|ticks| ticks <= 60), "{after:?}");
}

#[test]
fn sr_049_a_lift_that_only_the_control_law_asks_for_need_not_be_made() {
    let mut scene = Scene::engaged(8.0);
    scene.proposal = linear(0.0, 0.0, -0.05);
    assert_eq!(ends(&mut scene, |_| 0.0), None);
    assert!(scene.permitted.linear.z < 0.0);
}

#[test]
fn sr_049_in_the_air_nothing_has_to_be_lifted() {
    let mut scene = Scene::at(Rung::Retract, 8.0);
    scene.push(0.0);
    assert_eq!(ends(&mut scene, |_| 0.0), None);
}

#[test]
fn sr_049_what_was_withheld_is_forgotten_with_a_reset() {
    let mut scene = Scene::at(Rung::Release, 8.0);
    assert!(ends(&mut scene, |_| 0.0).is_some());
    scene.push(0.0);
    scene.run(600);
    scene.facts.reset = Reset::Requested;
    scene.run(1);
    assert_eq!(scene.rung(), Rung::Idle);
    scene.run(10);
    assert_eq!(scene.rung(), Rung::Ready);
}

#[test]
fn sr_038_a_setpoint_that_presses_on_while_the_gate_lifts_is_refused_at_once() {
    let mut scene = Scene::at(Rung::Release, 8.0);
    let refused = tick(&mut scene, |_| 2e-4);
    assert!(matches!(refused, Confirmation::Refused(Refusal { reason: Refused::Disagrees, .. })), "{refused:?}");
}

#[test]
fn sr_049_an_arm_that_has_not_begun_to_follow_withholds_nothing() {
    let mut scene = Scene::at(Rung::Release, 8.0);
    scene.facts.arm = ArmHealth::Starved;
    assert_eq!(ends(&mut scene, |_| 0.0), None);
}
