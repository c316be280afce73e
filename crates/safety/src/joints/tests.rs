use super::*;

/// This motion, which nobody enforces.
fn free(motion: Twist<Tip>) -> Granted {
    Granted { motion, lifting: Lifting::No }
}

#[test]
fn sr_020_between_two_motions_none_is_faster_towards_the_patient_than_is_permitted() {
    let inward = |z| Twist::<Tip>::new(Vector3::new(0.0, 0.0, z), Vector3::zeros());
    let (before, permitted) = (inward(0.02), inward(0.01));
    assert!(is_on_the_way(&inward(0.01), &before, &free(permitted)));
    assert!(
        !is_on_the_way(&inward(0.015), &before, &free(permitted)),
        "it lies between them, and is faster than permitted"
    );
}

#[test]
fn sr_020_less_motion_than_permitted_lags_and_more_is_being_braked() {
    let along = |z| Twist::<Tip>::new(Vector3::new(0.0, 0.0, z), Vector3::zeros());
    let about = |x| Twist::<Tip>::new(Vector3::zeros(), Vector3::new(x, 0.0, 0.0));
    assert!(lags(&along(-0.040), &along(-0.041)) && lags(&about(0.20), &about(0.21)));
    let most = LINEAR_TOLERANCE * LAGGING;
    assert!(!lags(&along(0.0), &along(most)) && lags(&along(0.0), &along(most * 1.001)));
    assert!(!lags(&along(-0.040), &along(-0.0404)) && !lags(&about(0.20), &about(0.204)), "as good as the same");
    assert!(!lags(&along(-0.041), &along(-0.040)) && !lags(&about(0.21), &about(0.20)), "braked");
}

fn along(z: f64) -> Twist<Tip> {
    Twist::new(Vector3::new(0.0, 0.0, z), Vector3::zeros())
}

fn across(x: f64, y: f64) -> Twist<Tip> {
    Twist::new(Vector3::new(x, y, 0.0), Vector3::zeros())
}

#[test]
fn sr_020_a_motion_as_fast_as_another_that_goes_elsewhere_does_not_lag() {
    assert!(!lags(&across(0.04, 0.0), &across(0.0, 0.04)));
}

#[test]
fn sr_020_towards_the_patient_a_hundredth_and_a_millimetre_a_second_is_all_the_room_there_is() {
    for (permitted, most) in [(0.05, 0.0515), (0.0, 0.001), (-0.05, 0.001)] {
        let (less, more) = (along(most - 1e-4), along(most + 1e-4));
        let permitted = free(along(permitted));
        if permitted.motion.linear.z >= 0.0 {
            assert!(agrees(&less, &permitted) && !agrees(&more, &permitted), "{most} m/s");
        }
        assert!(is_on_the_way(&less, &less, &permitted) && !is_on_the_way(&more, &more, &permitted), "{most} m/s");
    }
}

#[test]
fn sr_020_on_the_way_is_what_lies_between_and_neither_beyond_nor_beside() {
    let (before, permitted) = (across(0.1, 0.0), free(across(-0.1, 0.0)));
    for made in [across(0.1, 0.0), across(0.05, 0.0), across(0.0, 0.0), across(-0.1, 0.0), across(0.0, 0.02)] {
        assert!(is_on_the_way(&made, &before, &permitted), "{made:?}");
    }
    for made in [across(0.13, 0.0), across(-0.13, 0.0), across(0.0, 0.03), across(0.0, -0.03)] {
        assert!(!is_on_the_way(&made, &before, &permitted), "{made:?}");
    }
    // Each part of the motion for itself.
    let turned = Twist::new(Vector3::zeros(), Vector3::new(0.2, 0.0, 0.0));
    assert!(!is_on_the_way(&turned, &before, &permitted));
}

#[test]
fn sr_038_a_probe_that_is_lifted_goes_in_by_rounding_at_most() {
    for (permitted, most) in [(0.02, 0.0203), (0.0, 0.0001), (-0.01, 0.0001)] {
        let lifted = Granted { motion: along(permitted), lifting: Lifting::Enforced };
        assert!(agrees(&along(most - 1e-6), &lifted) && !agrees(&along(most + 1e-6), &lifted), "{permitted} m/s");
    }
}

#[test]
fn sr_050_a_setpoint_far_from_the_arm_may_come_back_and_go_no_further() {
    let all = |value: f64| Joints::from_slice(&[value; 2]).unwrap();
    let lead = Radian::literal(0.05);
    let limits = JointLimits { lower: all(-2.0), upper: all(2.0), speed: all(1.0), acceleration: all(10.0), lead };
    let watch = JointWatch::new(&limits);
    let judged = |from: f64, speed: f64, is: f64| {
        let (positions, velocities) = (all(from + speed * 1e-3), all(speed));
        let check =
            JointCheck { setpoint: JointSetpoint { positions, velocities }, measured: all(is), implied: Twist::zero() };
        let last = JointSetpoint { positions: all(from), velocities };
        watch.judge_joint(0, Some((1e-3, last)), &check)
    };
    assert_eq!(judged(0.5, 0.5, 0.4), Err(Refused::Lead { joint: 0 }), "on and on");
    assert_eq!(judged(0.5, -0.5, 0.4), Ok(()), "back");
    assert_eq!(judged(0.5, -0.5, 0.6), Err(Refused::Lead { joint: 0 }), "to the other side");
    assert_eq!(judged(0.5, 0.5, 0.451), Ok(()), "near enough: 0.0495");
    assert_eq!(judged(0.5, 0.5, 0.45), Err(Refused::Lead { joint: 0 }), "0.0505");
}
