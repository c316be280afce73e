//! What joints may do to their limits, and what the gate makes of what they make of its motion.

use farprobe_geom::Twist;
use nalgebra::Vector3;

use super::joints::Arm;
use super::scene::linear;
use crate::*;

/// What is permitted next, m/s, to an arm at 0.1 m/s whose joints make this speed of it for a tick.
fn after_making(speed: f64) -> f64 {
    let mut arm = Arm::moving();
    arm.scene.run(1);
    let implied = Twist::new(Vector3::new(speed, 0.0, 0.0), Vector3::zeros());
    let check = JointCheck { implied, ..arm.check() };
    assert_eq!(arm.confirm(&check), Confirmation::Passed);
    arm.scene.run(1);
    arm.scene.permitted.linear.x
}

#[test]
fn sr_020_a_motion_that_lags_goes_on_from_where_it_is() {
    let next = after_making(0.03);
    assert!((0.03..0.033).contains(&next), "{next} m/s");
}

#[test]
fn sr_020_a_motion_that_is_as_good_as_the_permitted_one_or_ahead_of_it_is_not_gone_on_from() {
    for made in [0.0996, 0.1004, 0.103] {
        let next = after_making(made);
        assert!((next - 0.1).abs() < 1e-9, "{next} m/s after {made} m/s");
    }
}

#[test]
fn sr_043_an_arm_that_says_it_stands_while_its_setpoints_move_is_at_fault() {
    let mut arm = Arm::new();
    arm.scene.proposal = linear(0.02, 0.0, 0.0);
    let mut millis = 0;
    while arm.scene.rung() == Rung::Engaged {
        arm.scene.run(1);
        let check = arm.check();
        let _ = arm.confirm(&check);
        millis += 1;
        assert!(millis < 80, "still driven at {} m/s", arm.scene.permitted.linear.x);
    }
    assert_eq!((arm.scene.rung(), arm.scene.directive.cause), (Rung::Fault, Cause::ArmFault));
    assert!(millis > 40, "{millis} ms");
}

/// Confirms a setpoint in which joint 1, which moves no tip, has this speed.
fn turn(arm: &mut Arm, speed: f64) -> Confirmation {
    arm.report();
    arm.scene.run(1);
    let mut check = arm.check();
    check.setpoint.velocities.as_mut_slice()[1] = speed;
    check.setpoint.positions.as_mut_slice()[1] += speed * 1e-3;
    arm.confirm(&check)
}

#[test]
fn sr_020_a_joint_may_have_all_of_its_speed() {
    let mut arm = Arm::new();
    for tick in 1..=250 {
        assert_eq!(turn(&mut arm, 0.01 * f64::from(tick)), Confirmation::Passed, "tick {tick}");
    }
    assert_eq!(turn(&mut arm, 2.5), Confirmation::Passed);
}

#[test]
fn sr_020_a_joint_may_move_up_to_either_end_of_its_range() {
    for side in [-1.0, 1.0] {
        let mut arm = Arm::new();
        arm.angles.as_mut_slice()[1] = 2.4985 * side;
        assert_eq!(arm.step(), Confirmation::Passed);
        for tick in 1..=16 {
            assert_eq!(turn(&mut arm, 0.01 * side * f64::from(tick)), Confirmation::Passed, "tick {tick}");
        }
        let end = arm.angles.as_slice()[1].abs();
        assert!((2.4998..2.5).contains(&end), "{end} rad");
    }
}

#[test]
fn sr_020_a_joint_that_could_brake_harder_is_not_excused_by_being_on_its_way() {
    for change in [0.0005, 0.005, 0.0088] {
        let mut arm = Arm::moving();
        // Nothing is permitted any more.
        let later = arm.scene.now + TICK;
        let speed = 0.1 - change;
        let mut check = arm.check();
        check.setpoint.velocities.as_mut_slice()[0] = speed;
        check.setpoint.positions.as_mut_slice()[0] = arm.angles.as_slice()[0] + speed * 1e-3;
        check.implied = linear(speed, 0.0, 0.0);
        let Confirmation::Refused(refusal) = arm.scene.gate.confirm(later, &check) else { panic!("{change} m/s") };
        assert_eq!(refusal.reason, Refused::Disagrees, "{change} m/s");
    }
}

#[test]
fn sr_020_a_setpoint_that_is_asked_about_twice_in_a_tick_is_the_same_setpoint() {
    let mut arm = Arm::moving();
    arm.scene.run(1);
    let check = arm.check();
    for _ in 0..2 {
        assert_eq!(arm.confirm(&check), Confirmation::Passed);
    }
}
