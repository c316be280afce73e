//! Walls, tilt, and proposals that must not be.

use core::time::Duration;
use std::vec::Vec;

use farprobe_geom::{Metre, Pose, Radian, Twist};
use nalgebra::{Isometry3, Translation3, UnitQuaternion, Vector3};
use proptest::prelude::*;

use super::scene::{Scene, config, downward, linear, space};
use crate::*;

#[test]
fn sr_035_a_tick_without_advance_only_brakes() {
    let mut scene = Scene::engaged(0.0);
    scene.proposal = linear(0.1, 0.0, 0.0);
    scene.run(200);
    assert!((scene.permitted.linear.x - 0.1).abs() < 1e-9);
    for tick in 1..200 {
        let now = scene.now + Duration::from_millis(tick);
        scene.permitted = scene.gate.permit(now, &scene.proposal, &scene.measured);
    }
    assert_eq!(scene.permitted, Twist::zero());
}

const NOT_FINITE: Cause = Cause::Refused(Objection::ProposalNotFinite);
const OVERSPENT: Cause = Cause::Refused(Objection::ProposalOverspent);

#[test]
fn sr_019_a_proposal_that_is_not_finite_restarts_from_rest() {
    for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        for axis in 0..6 {
            let mut scene = Scene::engaged(0.0);
            scene.proposal = linear(0.1, 0.0, 0.0);
            scene.run(200);
            let good = scene.proposal;
            *scene.proposal.linear.iter_mut().chain(scene.proposal.angular.iter_mut()).nth(axis).unwrap() = bad;
            let before = scene.permitted.linear.x;
            scene.run(1);
            assert!(scene.permitted.is_finite());
            assert!(scene.permitted.linear.x < before && scene.permitted.linear.x > before - 0.001, "brakes smoothly");
            scene.run(1);
            assert_eq!((scene.rung(), scene.directive.cause), (Rung::Soften, NOT_FINITE));
            scene.proposal = good;
            scene.run(100);
            assert_eq!(scene.permitted, Twist::zero());
        }
    }
}

#[test]
fn sr_022_three_violations_in_a_row_are_a_fault() {
    let mut scene = Scene::engaged(0.0);
    scene.proposal = linear(f64::NAN, 0.0, 0.0);
    scene.run(3);
    assert_eq!(scene.rung(), Rung::Soften);
    scene.run(1);
    assert_eq!((scene.rung(), scene.directive.cause), (Rung::Fault, NOT_FINITE));

    let mut scene = Scene::engaged(0.0);
    for _ in 0..10 {
        scene.proposal = linear(f64::NAN, 0.0, 0.0);
        scene.run(1);
        scene.proposal = Twist::zero();
        scene.run(1001);
    }
    assert_eq!(scene.rung(), Rung::Parked);
}

#[test]
fn sr_022_a_reset_forgets_the_violations() {
    let mut scene = Scene::engaged(0.0);
    scene.proposal = linear(f64::NAN, 0.0, 0.0);
    scene.run(10);
    assert_eq!(scene.rung(), Rung::Fault);
    scene.proposal = Twist::zero();
    scene.run(1);
    scene.facts.reset = Reset::Requested;
    scene.run(1);
    assert_eq!(scene.rung(), Rung::Idle);
    scene.run(1);
    assert_eq!(scene.rung(), Rung::Ready);
    // Nor are they forgiven while still Idle: the memory begins anew, it does not stay empty.
    scene.proposal = linear(f64::NAN, 0.0, 0.0);
    scene.run(4);
    assert_eq!(scene.rung(), Rung::Fault);
}

#[test]
fn sr_011_a_flood_of_calls_moves_no_further_than_time_allows() {
    let mut scene = Scene::engaged(0.0);
    scene.proposal = linear(0.1, 0.0, 0.0);
    scene.run(200);
    let mut moved = 0.0;
    for _ in 0..10_000 {
        moved += scene.gate.permit(scene.now, &scene.proposal, &scene.measured).linear.x * 1e-3;
    }
    assert!(moved <= 0.120 * 0.050, "{moved} m without any time");
    // One violation, after which everything stands still.
    scene.run(1);
    assert_eq!((scene.rung(), scene.directive.cause), (Rung::Soften, OVERSPENT));
}

#[test]
fn sr_016_leaving_the_workspace_softens_once_and_one_may_drive_back() {
    let mut scene = Scene::engaged(0.0);
    scene.measured.tip = downward(0.509, 0.0, 0.5);
    scene.run(5);
    assert_eq!(scene.rung(), Rung::Engaged);
    scene.measured.tip = downward(0.511, 0.0, 0.5);
    scene.run(1);
    assert_eq!((scene.rung(), scene.directive.cause), (Rung::Soften, Cause::Workspace));
    scene.open();
    scene.run(1);
    scene.press(2);
    scene.run(1);
    assert_eq!(scene.rung(), Rung::Engaged);
    scene.proposal = linear(0.05, 0.0, 0.0);
    scene.run(100);
    assert_eq!(scene.permitted.linear.x, 0.0);
    scene.proposal = linear(-0.05, 0.0, 0.0);
    scene.run(100);
    assert!((scene.permitted.linear.x + 0.05).abs() < 1e-9);
}

#[test]
fn sr_017_tilting_too_far_softens() {
    let mut scene = Scene::engaged(0.0);
    let tilted = |angle: f64| {
        let turn = UnitQuaternion::from_axis_angle(&Vector3::x_axis(), core::f64::consts::PI - angle);
        Pose::new(Isometry3::from_parts(Translation3::new(0.0, 0.0, 0.5), turn))
    };
    scene.measured.tip = tilted(1.04);
    scene.run(2);
    assert_eq!(scene.rung(), Rung::Engaged);
    scene.measured.tip = tilted(1.06);
    scene.run(1);
    assert_eq!((scene.rung(), scene.directive.cause), (Rung::Soften, Cause::Workspace));
    let mut scene = Scene::engaged(0.0);
    scene.measured.tip = tilted(core::f64::consts::PI);
    scene.run(1);
    assert_eq!((scene.rung(), scene.directive.cause), (Rung::Soften, Cause::Workspace));
}

#[test]
fn sr_015_the_wall_does_not_keep_the_probe_on_the_patient() {
    let mut scene = Scene::at(Rung::EStop, 8.0);
    scene.measured.tip = downward(0.0, 0.0, 1.0);
    scene.run(30);
    assert!(scene.permitted.linear.z < -0.005);
    // In free space it keeps the probe in.
    let mut scene = Scene::at(Rung::Retract, 8.0);
    scene.push(0.0);
    scene.measured.tip = downward(0.0, 0.0, 1.0);
    scene.run(100);
    assert_eq!(scene.permitted.linear.z, 0.0);
}

#[test]
fn sr_023_a_pose_that_is_not_finite_is_a_fault_and_moves_nothing_sideways() {
    let mut scene = Scene::engaged(0.0);
    scene.proposal = linear(0.1, 0.0, 0.01);
    scene.run(200);
    scene.measured.tip = downward(f64::NAN, 0.0, 0.5);
    scene.run(1);
    assert_eq!((scene.rung(), scene.directive.cause), (Rung::Fault, Cause::ArmFault));
    scene.run(100);
    assert_eq!(scene.permitted, Twist::zero());
}

#[test]
fn sr_032_a_turn_is_braked_for_as_any_other_where_there_is_no_pose_any_more() {
    let mut scene = Scene::engaged(0.0);
    scene.proposal = Twist::new(Vector3::zeros(), Vector3::new(0.3, 0.0, 0.0));
    scene.run(200);
    let turning = scene.permitted.angular.norm();
    assert!(turning > 0.29, "{turning} rad/s");
    scene.measured.tip = downward(f64::NAN, 0.0, 0.5);
    scene.run(1);
    let slower = scene.permitted.angular.norm();
    assert!(slower < turning && slower > 0.9 * turning, "{slower} rad/s after {turning} rad/s: no jerk");
    scene.run(100);
    assert_eq!(scene.permitted, Twist::zero());
}

#[test]
fn sr_035_before_its_first_tick_the_gate_permits_nothing() {
    let measured = Scene::new().measured;
    for proposal in [linear(0.1, 0.0, -0.1), linear(f64::NAN, 0.0, 0.0)] {
        let mut gate = Gate::new(&config());
        assert_eq!(gate.permit(farprobe_geom::Time::ZERO, &proposal, &measured), Twist::zero());
        assert_eq!(gate.state(), State::Idle);
    }
}

#[test]
fn sr_016_in_the_narrow_between_two_spheres_nothing_goes_on() {
    // Side by side, and the tip where they meet: each lets it pass a little, both together do not.
    let mut space = space();
    let sphere = |x: f64| Sphere { centre: [x, 0.0, 0.5].map(Metre::literal), radius: Metre::literal(0.1001) };
    space.keep_out[0] = Some(sphere(-0.1));
    space.keep_out[1] = Some(sphere(0.1));
    let mut scene = Scene::engaged_with(&Config { space, ..config() }, 0.0);
    scene.measured.tip = downward(0.0, -0.0046, 0.5);
    // The tip's y points the other way.
    scene.proposal = linear(0.0, -0.1, 0.0);
    scene.run(200);
    assert!(scene.permitted.linear.norm() < 0.001, "{:?}", scene.permitted.linear);
}

#[test]
fn sr_016_a_ceiling_right_behind_the_probe_bends_nothing_sideways() {
    // Straight down, to the last bit: the ceiling has no side that the motion could be bent to.
    let mut scene = Scene::engaged(8.0);
    let down = UnitQuaternion::new_unchecked(nalgebra::Quaternion::new(0.0, 1.0, 0.0, 0.0));
    scene.measured.tip = Pose::new(Isometry3::from_parts(Translation3::new(0.0, 0.0, 1.0), down));
    scene.proposal = linear(0.05, 0.0, -0.01);
    scene.run(200);
    // Lowering the force of a contact goes before staying inside.
    assert!((scene.permitted.linear.z + 0.01).abs() < 1e-9, "{:?}", scene.permitted.linear);
    assert_eq!(scene.permitted.linear.xy().norm(), 0.0);
}

#[test]
fn sr_019_who_drives_again_at_once_is_heard_from_rest_on() {
    let mut scene = Scene::engaged(0.0);
    scene.proposal = linear(0.1, 0.0, 0.0);
    scene.run(200);
    scene.proposal = linear(f64::NAN, 0.0, 0.0);
    scene.run(1);
    scene.proposal = linear(0.1, 0.0, 0.0);
    scene.open();
    scene.run(1);
    scene.press(2);
    scene.run(1);
    assert_eq!(scene.rung(), Rung::Engaged);
    let mut slowest = scene.permitted.linear.x;
    assert!(slowest > 0.05, "{slowest} m/s");
    while slowest > 0.0 {
        scene.run(1);
        assert!(scene.permitted.linear.x < slowest, "{} after {slowest} m/s", scene.permitted.linear.x);
        slowest = scene.permitted.linear.x;
    }
    scene.run(200);
    assert!((scene.permitted.linear.x - 0.1).abs() < 1e-9, "{} m/s", scene.permitted.linear.x);
}

#[test]
fn sr_021_an_arm_that_stopped_by_itself_begins_anew() {
    let mut scene = Scene::engaged(0.0);
    scene.proposal = linear(0.1, 0.0, 0.0);
    scene.run(200);
    scene.facts.arm = ArmHealth::Starved;
    scene.proposal = linear(0.0, 0.0, 0.0);
    scene.run(1);
    assert_eq!(scene.permitted.linear, Vector3::zeros(), "it does not brake what stands already");
}

#[test]
fn sr_008_a_probe_in_the_air_goes_away_no_faster_once_nobody_drives_it() {
    let mut scene = Scene::engaged(0.0);
    scene.proposal = linear(0.0, 0.0, -0.2);
    scene.run(30);
    assert_eq!(scene.rung(), Rung::Engaged);
    let driven = scene.permitted.linear.z;
    assert!(driven < -0.02 && driven > -0.19, "{driven} m/s");
    scene.facts.picture.health = PictureHealth::Absent;
    let mut fastest = driven;
    for _ in 0..200 {
        scene.run(1);
        fastest = fastest.min(scene.permitted.linear.z);
    }
    assert_eq!(scene.rung(), Rung::Soften);
    // What of its acceleration has to be taken back first takes 10 ms.
    assert!(fastest > driven - 0.03, "{driven} to {fastest} m/s");
    scene.proposal = linear(0.0, 0.0, -0.01);
    scene.run(100);
    let slower = scene.permitted.linear.z;
    assert!((-0.0101..-0.009).contains(&slower), "a control law that slows down is followed: {slower} m/s");
}

#[test]
fn sr_016_a_wall_bends_only_what_an_operator_asks_for() {
    // Tilted, right under the ceiling: outward is to the side, too.
    let mut scene = Scene::engaged(0.0);
    let tilted = UnitQuaternion::from_axis_angle(&Vector3::x_axis(), core::f64::consts::PI - 0.5);
    scene.measured.tip = Pose::new(Isometry3::from_parts(Translation3::new(0.0, 0.0, 1.0), tilted));
    scene.proposal = linear(0.0, 0.0, -0.1);
    scene.run(100);
    assert!(scene.permitted.linear.xy().norm() > 0.02, "{:?}", scene.permitted.linear);
    // His link is lost; the control law is slow to see it.
    scene.facts.command = None;
    let soften = scene.until_changed(60);
    assert_eq!(scene.rung(), Rung::Soften, "after {soften} ms");
    scene.run(60);
    assert!(scene.permitted.linear.xy().norm() < 1e-9, "{:?}", scene.permitted.linear);
}

#[test]
fn sr_016_a_lift_through_the_ceiling_goes_straight_out() {
    let mut scene = Scene::engaged(8.0);
    let tilted = UnitQuaternion::from_axis_angle(&Vector3::x_axis(), core::f64::consts::PI - 0.5);
    scene.measured.tip = Pose::new(Isometry3::from_parts(Translation3::new(0.0, 0.0, 0.95), tilted));
    scene.proposal = linear(0.0, 0.05, -0.15);
    scene.run(60);
    assert!(scene.permitted.linear.xy().norm() > 0.02, "{:?}", scene.permitted.linear);
    // The staff lift it on, through the ceiling, and the operator is gone.
    scene.measured.tip = Pose::new(Isometry3::from_parts(Translation3::new(0.0, 0.0, 1.0), tilted));
    scene.facts.command = None;
    let _ = scene.until_changed(60);
    scene.run(60);
    for _ in 0..1000 {
        assert!(scene.permitted.linear.xy().norm() < 1e-9, "{:?}: {:?}", scene.rung(), scene.permitted.linear);
        scene.run(1);
    }
    assert!(scene.permitted.linear.z < -0.02, "{:?}: {:?}", scene.rung(), scene.permitted.linear);
}

/// Drives the tip of a scene by what the gate permits.
fn drive(scene: &mut Scene, millis: u32) {
    for _ in 0..millis {
        scene.run(1);
        let step = Isometry3::from_parts(
            Translation3::from(scene.permitted.linear * 1e-3),
            UnitQuaternion::from_scaled_axis(scene.permitted.angular * 1e-3),
        );
        scene.measured.tip = Pose::new(scene.measured.tip.isometry() * step);
    }
}

/// The tip may pass a wall by no more than this, m: see SAFETY.md for what was measured.
const WALL_ROOM: f64 = 2e-3;

/// It may tilt beyond its limit by no more than this, rad.
const TILT_ROOM: f64 = 0.01;

/// Wishes that change at any time, often to the contrary.
fn wishes(size: f64) -> impl Strategy<Value = Vec<([f64; 3], u32)>> {
    let whole = prop::array::uniform3(-size..size);
    let one = prop_oneof![whole.clone(), whole.prop_map(move |wish| wish.map(|part| size.copysign(part)))];
    let lasting = prop_oneof![1..40u32, 40..200u32, 200..900u32];
    prop::collection::vec((one, lasting), 1..12)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn sr_016_no_steady_or_changing_wish_drives_the_tip_through_a_wall_or_into_a_sphere(
        wishes in wishes(0.2), start in prop::array::uniform3(-0.04..0.04f64), yaw in -3.0..3.0f64,
        tilt in prop::array::uniform2(-0.7..0.7f64),
    ) {
        let mut room = space();
        room.low = [-0.05, -0.05, 0.45].map(Metre::literal);
        room.high = [0.05, 0.05, 0.55].map(Metre::literal);
        let sphere = Sphere { centre: [0.06, 0.0, 0.5].map(Metre::literal), radius: Metre::literal(0.02) };
        room.keep_out[3] = Some(sphere);
        let mut scene = Scene::engaged_with(&Config { space: room, ..config() }, 0.0);
        let [x, y, z] = start;
        let turn = UnitQuaternion::from_axis_angle(&Vector3::z_axis(), yaw);
        let lean = UnitQuaternion::from_scaled_axis(Vector3::new(tilt[0], tilt[1], 0.0));
        let down = downward(x.min(0.03), y, 0.5 + z);
        scene.measured.tip = Pose::new(Isometry3::from_parts(down.position().into(), turn * down.rotation() * lean));
        let mut worst = 0.0_f64;
        for (wish, millis) in wishes {
            scene.proposal = Twist::new(Vector3::from(wish), Vector3::zeros());
            for _ in 0..millis {
                drive(&mut scene, 1);
                let at = scene.measured.tip.position();
                for (value, (low, high)) in at.iter().zip(room.low.iter().zip(room.high)) {
                    worst = worst.max(low.get() - value).max(value - high.get());
                }
                worst = worst.max(0.02 - (at - Vector3::new(0.06, 0.0, 0.5)).norm());
            }
        }
        prop_assert!(worst <= WALL_ROOM, "{worst} m beyond");
    }

    #[test]
    fn sr_017_no_turning_tilts_the_probe_too_far(wishes in wishes(0.7)) {
        let mut room = space();
        room.max_tilt = Radian::literal(0.4);
        let mut scene = Scene::engaged_with(&Config { space: room, ..config() }, 0.0);
        let mut worst = 0.0_f64;
        for (wish, millis) in wishes {
            scene.proposal = Twist::new(Vector3::zeros(), Vector3::from(wish));
            for _ in 0..millis {
                drive(&mut scene, 1);
                worst = worst.max(scene.measured.tip.z_axis().angle(&-Vector3::z()) - 0.4);
            }
        }
        prop_assert!(worst <= TILT_ROOM, "{worst} rad too far");
    }
}

#[test]
fn sr_016_the_walls_stop_nobody_far_from_them() {
    let mut scene = Scene::engaged(0.0);
    scene.proposal = Twist::new(Vector3::new(0.08, -0.06, 0.008), Vector3::new(0.3, -0.3, 0.5));
    scene.run(300);
    assert!((scene.permitted.linear - scene.proposal.linear).norm() < 1e-9);
    assert!((scene.permitted.angular - scene.proposal.angular).norm() < 1e-9);
}
