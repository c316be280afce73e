//! How the arm comes to rest, and when the cart may be switched off.

use std::time::Duration;

use farprobe_geom::Metre;
use farprobe_proto::{Bedside, Contact, Ladder};
use farprobe_safety::Limits;
use farprobe_servo::Inbound;
use farprobe_sim::body::{BodyCard, Breathing};
use farprobe_sim::scene;

use crate::exam::{Exam, TICK};

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

#[test]
fn a_reset_while_a_lift_is_braked_makes_it_no_rougher() {
    let mut exam = Exam::in_contact();
    let arm = scene::arm().unwrap();
    // The sensor is broken and mended again; meanwhile the gate begins to lift the probe off without it.
    for _ in 0..100 {
        exam.tick(|_, reading| reading.wrench.force.z = f64::NAN);
    }
    let (mut before, mut fastest) = (0.0_f64, 0.0_f64);
    for _ in 0..3_000 {
        // Heard as soon as the lift is done.
        exam.servo.receive(Inbound::Bedside(Bedside::Reset));
        let outcome = exam.run(1);
        let target = outcome.target.unwrap();
        let now = arm.kinematics(&target.positions).twist(&target.velocities).linear.z;
        if outcome.state.ladder == Ladder::Idle {
            fastest = fastest.max(-before);
        }
        // Speed outward is taken back as inward speed is built up.
        let most = Limits::CEILINGS.inward.acceleration.get() * 1.02 * TICK.as_secs_f64();
        assert!(now - before <= most, "{before} to {now} m/s in a tick, {:?}", outcome.state.cause);
        before = now;
    }
    assert!(fastest > 0.05, "no reset was heard while the probe moved: {fastest} m/s");
}
