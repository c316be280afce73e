//! Sensors and arms that say what is not so, and how soon that is noticed.

use farprobe_geom::{Newton, Time};
use farprobe_proto::{Bedside, Cause, Ladder};
use farprobe_servo::Inbound;
use farprobe_sim::arm::SensorFault;
use farprobe_sim::body::BodyCard;
use nalgebra::Vector3;

use crate::exam::Exam;

/// How many ms it takes until the servo faults for this cause, and the highest true force until two seconds later.
fn noticed(exam: &mut Exam, cause: Cause, at_most: u32) -> (u32, f64) {
    exam.take_peak();
    for millis in 1..=at_most {
        let state = exam.run(1).state;
        if state.ladder == Ladder::Fault {
            assert_eq!(state.cause, cause);
            exam.run(2_000);
            return (millis, exam.take_peak());
        }
        assert!(matches!(state.ladder, Ladder::Engaged | Ladder::Release), "{:?} {:?}", state.ladder, state.cause);
    }
    panic!("not noticed in {at_most} ms");
}

#[test]
fn each_fault_of_the_force_sensor_is_noticed_in_time_and_the_probe_is_lifted() {
    let newton = |force: f64| Newton::new(force).unwrap();
    let faults = [
        (SensorFault::NotANumber, 2),
        (SensorFault::Stuck, 100),
        (SensorFault::SignFlip, 100),
        (SensorFault::Dropout, 100),
        (SensorFault::Saturated(newton(2.0)), 100),
        (SensorFault::BiasStep(newton(3.0)), 200),
        (SensorFault::BiasStep(newton(-3.0)), 200),
        (SensorFault::Noisy { factor: 10.0 }, 100),
    ];
    for (fault, in_time) in faults {
        for seed in 1..6 {
            let mut exam = Exam::in_contact_with(BodyCard::default(), seed);
            let now = exam.now;
            exam.plant().set_sensor_fault(now, Some(fault));
            let (millis, peak) = noticed(&mut exam, Cause::ForceSensor, 2_000);
            assert!(millis <= in_time, "{fault:?}: {millis} ms");
            // It was 8 N when the sensor failed: up to 3 N more until the error is told from a force, and the patient breathes.
            assert!(peak <= 12.5, "{fault:?}: {peak} N");
            assert_eq!(exam.plant().state().force, Newton::ZERO, "{fault:?}: lifted off");
        }
    }
}

#[test]
fn an_arm_that_says_the_same_angles_again_and_again_is_noticed() {
    let mut exam = Exam::in_contact();
    // The hand slides at 20 mm/s.
    for n in 0..500_u32 {
        exam.aside = Vector3::x() * 20e-6 * f64::from(n);
        exam.run(1);
    }
    let mut frozen = None;
    for millis in 1..200_u32 {
        exam.aside += Vector3::x() * 20e-6;
        let state = exam
            .tick(|_, reading| {
                let (positions, velocities) = *frozen.get_or_insert((reading.positions, reading.velocities));
                (reading.positions, reading.velocities) = (positions, velocities);
            })
            .state;
        if state.ladder == Ladder::Fault {
            assert_eq!(state.cause, Cause::ArmFault);
            assert!(millis <= 60, "{millis} ms");
            return;
        }
    }
    panic!("not noticed");
}

#[test]
fn an_arm_whose_angles_leap_is_noticed_at_once() {
    let mut exam = Exam::in_contact();
    let state = exam.tick(|_, reading| reading.positions.as_mut_slice()[1] += 0.01).state;
    assert_eq!((state.ladder, state.cause), (Ladder::Fault, Cause::ArmFault));
}

#[test]
fn a_hand_that_leaps_ends_the_driving_and_one_that_is_quick_does_not() {
    for (leap, ladder) in [(0.05, Ladder::Engaged), (0.08, Ladder::Soften)] {
        let mut exam = Exam::in_contact();
        exam.aside = Vector3::x() * leap;
        let state = exam.run(3).state;
        assert_eq!(state.ladder, ladder, "{leap} m: {:?}", state.cause);
    }
    assert!(Time::ZERO < Exam::new().run(1).state.sampled_at);
}

#[test]
fn an_arm_that_stirs_while_nobody_drives_closes_the_way_until_the_staff_have_seen_it() {
    let mut exam = Exam::new();
    assert_eq!(exam.run(2_500).state.ladder, Ladder::Ready);
    exam.servo.receive(Inbound::Bedside(Bedside::Disarm));
    assert_eq!(exam.run(100).state.ladder, Ladder::Idle);
    for _ in 0..40 {
        exam.tick(|_, reading| reading.velocities.as_mut_slice()[2] += 0.3);
    }
    exam.servo.receive(Inbound::Bedside(Bedside::Arm));
    assert_eq!(exam.run(3_000).state.ladder, Ladder::Idle);
    exam.servo.receive(Inbound::Bedside(Bedside::Reset));
    exam.servo.receive(Inbound::Bedside(Bedside::Arm));
    assert_eq!(exam.run(100).state.ladder, Ladder::Ready);
}
