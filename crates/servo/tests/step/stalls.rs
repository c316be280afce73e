//! A servo that did not run for a while, in contact: what it does when it runs again.

use std::time::Duration;

use farprobe_geom::Metre;
use farprobe_proto::Ladder;
use farprobe_sim::body::{BodyCard, Breathing};

use crate::exam::Exam;

fn still() -> BodyCard {
    BodyCard { breathing: Breathing::HELD, heart_period: Duration::ZERO, ..BodyCard::default() }
}

/// Highest true force before, during and after a stall of so many ms, and where the ladder is then.
fn stall(body: BodyCard, at: u32, millis: u64) -> ([f64; 3], Ladder) {
    let mut exam = Exam::in_contact_with(body, 1);
    exam.run(at);
    exam.take_peak();
    exam.run(50);
    let before = exam.take_peak();
    exam.stall(millis);
    let during = exam.take_peak();
    let ladder = exam.run(1_000).state.ladder;
    ([before, during, exam.take_peak()], ladder)
}

#[test]
fn on_a_still_patient_no_stall_raises_the_force() {
    for millis in [2, 5, 10, 19, 21, 30, 60, 150, 400, 2_000] {
        let ([before, during, after], ladder) = stall(still(), 100, millis);
        assert!(during <= before + 0.5 && after <= before + 0.5, "{millis} ms: {before} {during} {after} N");
        assert_ne!(ladder, Ladder::Fault, "{millis} ms");
    }
}

/// Until the arm stops by itself, after 20 ms, a stall changes nothing for a patient who breathes deeply. After a longer one the
/// arm has to be set in motion again, and the patient does what he does meanwhile: at 31 mm/s and 10 N/mm some 3 N.
#[test]
fn on_a_breathing_patient_the_return_adds_little_to_what_the_patient_did() {
    let amplitude = Metre::literal(0.010);
    for (millis, more) in [(5, 0.5), (10, 0.5), (19, 0.5), (21, 4.0), (30, 4.0), (60, 4.0), (150, 4.0)] {
        for phase in 0..8 {
            let breathing = Breathing { amplitude, period: Duration::from_secs(2) };
            let body = BodyCard { breathing, ..still() };
            let ([before, during, after], ladder) = stall(body, phase * 250, millis);
            let allowed = during.max(before) + more;
            assert!(after <= allowed, "{millis} ms, phase {phase}: {before} {during} {after} N");
            // Above the sensor's own doubts and the limits nothing faults.
            assert_ne!(ladder, Ladder::Fault, "{millis} ms, phase {phase}");
        }
    }
}
