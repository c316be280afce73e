//! What the sensor shows in the air is not chased.

use farprobe_geom::Newton;
use farprobe_proto::Ladder;
use farprobe_sim::arm::SensorFault;
use nalgebra::Vector3;

use crate::exam::Exam;

/// The speed of the approach, m/s, and the way of 20 ms at it, m, with the sensor's noise on the probe's motion.
const WAY: f64 = 0.010 * 0.020 * 1.15;

/// The furthest the probe went inward within 20 ms, m, over so many ms.
fn furthest(exam: &mut Exam, millis: u32) -> f64 {
    let mut ways = std::collections::VecDeque::new();
    let mut furthest = 0.0_f64;
    for _ in 0..millis {
        let tip = exam.run(1).state.tip;
        ways.push_back((tip.position(), tip.z_axis()));
        if ways.len() > 20 {
            let (before, inward) = ways.pop_front().unwrap();
            furthest = furthest.max((tip.position() - before).dot(&inward));
        }
    }
    furthest
}

#[test]
fn a_sensor_that_errs_in_the_air_is_not_chased_with_or_without_the_arms_own_torques() {
    for error in [-0.8, -1.5, -3.0, -6.0] {
        for torques in [false, true] {
            let mut exam = Exam::new();
            exam.torques = torques;
            exam.run(2_500);
            exam.press(0.012);
            exam.run(200);
            let now = exam.now;
            exam.plant().set_sensor_fault(now, Some(SensorFault::BiasStep(Newton::new(error).unwrap())));
            let way = furthest(&mut exam, 4_000);
            assert!(way <= WAY, "{error} N: {} mm in 20 ms", way * 1e3);
            if torques && error <= -3.0 {
                assert_eq!(exam.run(1).state.ladder, Ladder::Fault);
            }
        }
    }
}

#[test]
fn skin_that_is_lost_is_not_chased() {
    let mut exam = Exam::in_contact();
    // The staff pull the probe off, sideways and up, and let it go.
    exam.aside = Vector3::new(0.03, 0.0, 0.0);
    exam.run(500);
    let lost = exam.tick(|_, reading| reading.wrench.force = Vector3::zeros());
    assert_eq!(lost.state.ladder, Ladder::Engaged);
    let mut exam_way = 0.0_f64;
    let mut before = lost.state.tip;
    for n in 0..2_000_u32 {
        let tremble = f64::from(n % 3) * 0.05;
        let tip = exam.tick(|_, reading| reading.wrench.force = Vector3::new(tremble, -tremble, tremble)).state.tip;
        if n > 30 {
            exam_way = exam_way.max((tip.position() - before.position()).dot(&before.z_axis()));
        }
        before = tip;
    }
    assert!(exam_way <= 0.012e-3, "{} mm in a tick", exam_way * 1e3);
}
