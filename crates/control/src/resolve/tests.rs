use farprobe_geom::{Base, Pose};
use nalgebra::{Isometry3, Vector3};
use proptest::prelude::*;

use super::*;
use crate::fixtures::{FR3, fr3, postures, ready};

const DT: f64 = 0.001;

fn twists() -> impl Strategy<Value = Twist<Tip>> {
    (prop::array::uniform3(-0.2..0.2f64), prop::array::uniform3(-1.0..1.0f64))
        .prop_map(|(linear, angular)| Twist::new(linear.into(), angular.into()))
}

fn advanced(positions: &Joints, velocities: &Joints, dt: f64) -> Joints {
    positions.zip_with(velocities, |q, v| q + v * dt)
}

/// One tick towards a target, as a servo would do it.
fn towards(model: &ArmModel, resolver: &Resolver, positions: &Joints, target: &Pose<Base>) -> Resolution {
    let tip = model.forward(positions);
    let to_tip = tip.rotation().inverse();
    let travel: Vector3<f64> = to_tip * (target.position() - tip.position()) * 20.0;
    let turn: Vector3<f64> = (to_tip * target.rotation()).scaled_axis() * 20.0;
    let twist = Twist::new(crate::smooth::capped(travel, 0.2), crate::smooth::capped(turn, 1.0));
    resolver.resolve(model, &model.kinematics(positions), &twist)
}

#[test]
fn in_a_healthy_posture_the_twist_is_had_exactly() {
    let (model, resolver) = (fr3(), Resolver::new(fr3().middle()));
    let twist = Twist::new(Vector3::new(0.02, -0.05, 0.03), Vector3::new(0.2, 0.1, -0.3));
    let resolution = resolver.resolve(&model, &model.kinematics(&ready()), &twist);
    assert_eq!(resolution.limited, Limited::No);
    assert!((resolution.achieved.linear - twist.linear).norm() < 1e-9);
    assert!((resolution.achieved.angular - twist.angular).norm() < 1e-9);
    // And the speeds do what `achieved` says, by the forward kinematics.
    let (before, after) = (model.forward(&ready()), model.forward(&advanced(&ready(), &resolution.velocities, 1e-6)));
    let travel = before.rotation().inverse() * (after.position() - before.position()) / 1e-6;
    assert!((travel - twist.linear).norm() < 1e-5);
}

#[test]
fn too_fast_a_twist_keeps_its_direction() {
    let (model, resolver) = (fr3(), Resolver::new(ready()));
    let twist = Twist::new(Vector3::new(3.0, 1.0, 0.0), Vector3::zeros());
    let resolution = resolver.resolve(&model, &model.kinematics(&ready()), &twist);
    assert_eq!(resolution.limited, Limited::Speed);
    let direction = resolution.achieved.linear.normalize();
    assert!(direction.dot(&twist.linear.normalize()) > 0.9999);
    assert!(resolution.achieved.angular.norm() < 1e-3);
}

#[test]
fn an_arm_whose_tip_rests_rests_whole() {
    let resolution = Resolver::new(fr3().middle()).resolve(&fr3(), &fr3().kinematics(&ready()), &Twist::zero());
    assert_eq!((resolution.velocities, resolution.limited), (Joints::zero(7), Limited::No));
}

#[test]
fn the_spare_axis_drifts_to_the_posture_without_moving_the_tip() {
    let model = fr3();
    let mut positions = ready();
    positions.as_mut_slice()[0] += 0.6;
    positions.as_mut_slice()[2] -= 0.6;
    let resolver = Resolver::new(ready());
    let distance = |q: &Joints| q.zip_with(&ready(), |a, b| (a - b).powi(2)).as_slice().iter().sum::<f64>().sqrt();
    let (start, far) = (model.forward(&positions), distance(&positions));
    for n in 0..8000_u32 {
        // A tip that swings by ±1 mm, so that the arm is awake.
        let speed = 0.00628 * (f64::from(n) * DT * core::f64::consts::TAU).cos();
        let resolution = resolver.resolve(
            &model,
            &model.kinematics(&positions),
            &Twist::new(Vector3::x() * speed, Vector3::zeros()),
        );
        assert_eq!(resolution.limited, Limited::No);
        positions = advanced(&positions, &resolution.velocities, DT);
    }
    assert!(distance(&positions) < 0.7 * far, "{} of {far}", distance(&positions));
    assert!((model.forward(&positions).position() - start.position()).norm() < 1e-4);
}

#[test]
fn a_stretched_arm_stays_finite_and_slow() {
    let (model, resolver) = (fr3(), Resolver::new(ready()));
    // Elbow nearly straight and wrist axes aligned: reach along the arm is all but lost.
    let stretched = Joints::from_slice(&[0.0, 0.3, 0.0, -0.17, 0.0, 0.56, 0.0]).unwrap();
    for axis in 0..3 {
        let mut linear = Vector3::zeros();
        linear[axis] = 0.1;
        let resolution = resolver.resolve(&model, &model.kinematics(&stretched), &Twist::new(linear, Vector3::zeros()));
        assert!(resolution.velocities.is_finite());
        assert!(resolution.achieved.linear.norm() <= 0.11, "{:?}", resolution.achieved);
    }
}

#[test]
fn a_joint_slows_down_to_the_end_of_its_range_and_stops_there() {
    let (model, resolver) = (fr3(), Resolver::new(ready()));
    let mut positions = ready();
    let mut before: Option<f64> = None;
    let mut met_range = false;
    for _ in 0..4000 {
        // Turning about the probe's axis runs joint 7 into its end.
        let resolution =
            resolver.resolve(&model, &model.kinematics(&positions), &Twist::new(Vector3::zeros(), Vector3::z() * 0.9));
        met_range |= matches!(resolution.limited, Limited::Range { .. });
        let speed = resolution.velocities.as_slice()[6];
        // It brakes no harder than the approach curve's steepest place, twice the plain braking.
        assert!(before.is_none_or(|before| (speed - before).abs() <= 2.2 * RANGE_BRAKING * DT));
        before = Some(speed);
        positions = advanced(&positions, &resolution.velocities, DT);
        assert!(model.allows(&positions), "{positions:?}");
    }
    assert!(met_range);
    assert!(
        resolver
            .resolve(&model, &model.kinematics(&positions), &Twist::zero())
            .velocities
            .as_slice()
            .iter()
            .all(|v| v.abs() < 1e-9)
    );
}

#[test]
fn numbers_that_make_no_motion_give_rest() {
    let (model, resolver) = (fr3(), Resolver::new(ready()));
    let mut nowhere = ready();
    nowhere.as_mut_slice()[2] = f64::NAN;
    let bad = Twist::new(Vector3::new(f64::INFINITY, 0.0, 0.0), Vector3::zeros());
    let good = Twist::new(Vector3::x() * 0.01, Vector3::zeros());
    for (positions, twist) in [(nowhere, good), (ready(), bad), (Joints::zero(6), good)] {
        let resolution = resolver.resolve(&model, &model.kinematics(&positions), &twist);
        assert_eq!((resolution.velocities, resolution.limited), (Joints::zero(7), Limited::Invalid));
    }
}

#[test]
fn an_arm_of_six_axes_has_no_spare_motion_and_works() {
    let six = FR3.replacen("type=\"revolute\"", "type=\"fixed\"", 1);
    let model = ArmModel::from_urdf(&six, Isometry3::translation(0.0, 0.0, 0.2)).unwrap();
    // Joint 3 off its zero, or an FR3 without joint 1 stands in a singular posture.
    let positions = Joints::from_slice(&[-0.7, 0.5, -2.2, 0.3, 1.8, 0.7]).unwrap();
    let twist = Twist::new(Vector3::new(0.01, -0.02, 0.01), Vector3::new(0.0, 0.05, 0.0));
    let resolution = Resolver::new(model.middle()).resolve(&model, &model.kinematics(&positions), &twist);
    assert_eq!(resolution.velocities.axes(), 6);
    assert!((resolution.achieved.linear - twist.linear).norm() < 1e-2 * twist.linear.norm(), "{resolution:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    // A hundred random twists from each of a thousand random postures: 1e5 in all.
    #[test]
    fn speeds_are_finite_and_within_limits_and_never_leave_the_ranges(
        start in postures(),
        twists in prop::collection::vec(twists(), 100),
    ) {
        let (model, resolver) = (fr3(), Resolver::new(ready()));
        let mut positions = start;
        for twist in &twists {
            let resolution = resolver.resolve(&model, &model.kinematics(&positions), twist);
            prop_assert!(resolution.velocities.is_finite() && resolution.achieved.is_finite());
            for (speed, limit) in resolution.velocities.as_slice().iter().zip(model.limits()) {
                prop_assert!(speed.abs() <= limit.speed.get());
            }
            // 10 ms a step: ten times coarser than the servo, so that the ends of the ranges are met.
            positions = advanced(&positions, &resolution.velocities, 0.01);
            prop_assert!(model.allows(&positions), "{:?}", positions);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn targets_are_approached_within_the_ranges_and_set_up_poses_are_found(start in postures(), goal in postures()) {
        let (model, resolver) = (fr3(), Resolver::new(ready()));
        let target = model.forward(&goal);
        let mut positions = start;
        for _ in 0..500 {
            let resolution = towards(&model, &resolver, &positions, &target);
            positions = advanced(&positions, &resolution.velocities, 0.005);
            prop_assert!(model.allows(&positions));
        }
    }

    #[test]
    fn a_posture_found_stands_at_the_target(goal in postures()) {
        let model = fr3();
        let target = model.forward(&goal);
        if let Some(found) = inverse(&model, &target, &ready()) {
            prop_assert!(model.allows(&found));
            let tip = model.forward(&found);
            prop_assert!((tip.position() - target.position()).norm() < 1e-5);
            prop_assert!(tip.rotation().angle_to(&target.rotation()) < 1e-4);
        }
    }
}

#[test]
fn set_up_poses_over_a_couch_are_found() {
    let model = fr3();
    let mut found = 0;
    let mut asked = 0;
    for x in [0.4, 0.5, 0.6] {
        for y in [-0.2, 0.0, 0.2] {
            for tilt in [-0.4, 0.0, 0.4] {
                let down = Isometry3::new(Vector3::new(x, y, 0.25), Vector3::x() * (core::f64::consts::PI + tilt));
                asked += 1;
                found += usize::from(inverse(&model, &Pose::new(down), &ready()).is_some());
            }
        }
    }
    assert_eq!(found, asked);
}

#[test]
fn a_target_out_of_reach_is_not_found() {
    let far = Pose::new(Isometry3::translation(3.0, 0.0, 0.0));
    assert_eq!(inverse(&fr3(), &far, &ready()), None);
    assert_eq!(inverse(&fr3(), &Pose::new(Isometry3::translation(f64::NAN, 0.0, 0.0)), &ready()), None);
}
