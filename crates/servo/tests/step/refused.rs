//! What the gate refuses in a step is told with its reason, and telling it does not allocate.

use std::time::Duration;

use farprobe_proto::{CartDatagram, Cause, Ladder, Objection, Wire};
use farprobe_safety::Timing;
use farprobe_servo::ServoConfig;

use crate::exam::Exam;

/// The longest gap between ticks that can be allowed.
const GAP: Duration = Duration::from_millis(20);

#[test]
fn a_refused_setpoint_lowers_the_ladder_and_says_which_joint_would_have_jumped() {
    let timing = Timing::SHIPPED.with_tick_gap(GAP).unwrap();
    let mut exam = Exam::configured(|shipped| ServoConfig { timing, ..shipped });
    exam.run(2_500);
    // Outward is the fastest way.
    exam.hand_speed = 0.15;
    exam.press(-0.08);
    assert_eq!(exam.run(300).state.ladder, Ladder::Engaged);
    // The step goes on for less than the gap, so that the arm does not leap; to the gate that is a setpoint that does not
    // follow from its own speed.
    exam.now = exam.now + GAP.saturating_sub(Duration::from_millis(2));
    assert_eq!(exam.run(1).state.ladder, Ladder::Engaged);
    let outcome = exam.run(1);
    let Cause::Refused(objection) = outcome.state.cause else { panic!("{:?}", outcome.state.cause) };
    assert!(matches!(objection, Objection::Jump(_)), "{objection:?}");
    let told = outcome.transition.map(|step| (step.to, step.cause));
    assert_eq!(told, Some((Ladder::Soften, outcome.state.cause)));
    let sent = CartDatagram::State(outcome.state).encode().unwrap();
    let CartDatagram::State(heard) = CartDatagram::decode(&sent).unwrap() else { panic!("no state") };
    assert_eq!((heard.ladder, heard.cause), (Ladder::Soften, outcome.state.cause));
}
