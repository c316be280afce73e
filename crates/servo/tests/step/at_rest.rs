//! When the cart may be switched off.

use std::time::Duration;

use farprobe_geom::Metre;
use farprobe_proto::{Contact, Ladder};
use farprobe_servo::Inbound;
use farprobe_sim::body::{BodyCard, Breathing};

use crate::exam::Exam;

/// The longest breath that counts as one, as the servo has it.
const BREATH_MS: u32 = 6_000;

#[test]
fn a_stopped_probe_that_the_patient_breathes_against_is_not_off_the_patient() {
    let breathing = Breathing { amplitude: Metre::literal(0.010), ..Breathing::default() };
    let mut exam = Exam::in_contact_with(BodyCard { breathing, ..BodyCard::default() }, 1);
    exam.servo.receive(Inbound::RemoteStop);
    exam.run(2_000);
    let (mut touched, mut free) = (0, 0);
    for _ in 0..20_000 {
        let outcome = exam.run(1);
        assert_eq!(outcome.state.ladder, Ladder::EStop);
        assert!(!outcome.at_rest);
        match outcome.state.contact {
            Contact::Touching => touched += 1,
            Contact::Free => free += 1,
        }
    }
    assert!(touched > 100 && free > 100, "touched for {touched} ms and not for {free} ms");
}

#[test]
fn who_has_taken_the_probe_off_may_switch_the_cart_off_a_breath_later() {
    let mut exam = Exam::in_contact();
    assert!(!exam.run(1).at_rest);
    exam.servo.receive(Inbound::Shutdown);
    let mut left = None;
    for ms in 0..20_000_u32 {
        let outcome = exam.run(1);
        if outcome.state.contact == Contact::Touching {
            left = Some(ms);
        }
        if outcome.at_rest {
            let waited = ms - left.expect("it was in contact");
            assert_eq!(waited, BREATH_MS, "{:?}", Duration::from_millis(waited.into()));
            return assert!(matches!(outcome.state.ladder, Ladder::Parked | Ladder::Idle));
        }
    }
    panic!("never at rest");
}

#[test]
fn a_cart_that_touched_nobody_may_be_switched_off_at_once() {
    let mut exam = Exam::new();
    assert!(exam.run(100).at_rest);
}
