//! What is told of the ladder.

use farprobe_proto::{Cause, Ladder};

use crate::exam::Exam;

#[test]
fn what_began_it_is_told_though_time_has_gone_on() {
    let mut exam = Exam::in_contact();
    exam.console = false;
    let mut steps = Vec::new();
    for _ in 0..6_000 {
        let outcome = exam.run(1);
        assert_eq!(
            outcome.state.origin,
            if steps.is_empty() && outcome.transition.is_none() { Cause::ClutchPressed } else { Cause::LinkLost }
        );
        if let Some(step) = outcome.transition {
            assert_eq!((step.origin, step.at), (Cause::LinkLost, exam.now));
            steps.push((step.from, step.to, step.cause));
        }
    }
    assert_eq!(
        steps,
        [
            (Ladder::Engaged, Ladder::Soften, Cause::LinkLost),
            (Ladder::Soften, Ladder::Release, Cause::TimedOut),
            (Ladder::Release, Ladder::Retract, Cause::TimedOut),
            (Ladder::Retract, Ladder::Parked, Cause::TimedOut),
        ]
    );
}
