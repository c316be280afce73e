//! What the gate refuses in a step is told with its reason, and telling it does not allocate.

use farprobe_proto::{CartDatagram, Cause, Ladder, Objection, Wire};
use nalgebra::Vector3;

use crate::exam::Exam;

#[test]
fn a_refused_motion_lowers_the_ladder_and_says_what_was_refused() {
    let mut exam = Exam::in_contact();
    // No hand goes this far between two commands.
    exam.aside = Vector3::x() * 0.08;
    let outcome = (0..3).map(|_| exam.run(1)).find(|outcome| outcome.transition.is_some()).unwrap();
    let cause = Cause::Refused(Objection::TargetLeapt);
    assert_eq!(outcome.transition.map(|step| (step.to, step.cause)), Some((Ladder::Soften, cause)));
    let sent = CartDatagram::State(outcome.state).encode().unwrap();
    let CartDatagram::State(heard) = CartDatagram::decode(&sent).unwrap() else { panic!("no state") };
    assert_eq!((heard.ladder, heard.cause), (Ladder::Soften, cause));
}
