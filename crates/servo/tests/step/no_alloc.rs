//! Nothing allocates in the real-time step, on any rung.

use std::collections::HashSet;

use farprobe_geom::Wrench;
use farprobe_proto::{Bedside, Clutch, Ladder, PictureHealth};
use farprobe_servo::{Inbound, Outcome};
use nalgebra::Vector3;

use crate::exam::Exam;

#[test]
fn no_step_of_an_exam_allocates_whatever_rung_it_is_on() {
    let mut exam = Exam::new();
    let mut rungs = HashSet::new();
    let mut seen = |outcome: Outcome, wanted: Ladder| {
        assert_eq!(outcome.state.ladder, wanted, "{:?}", outcome.state.cause);
        rungs.insert(wanted);
    };
    exam.servo.receive(Inbound::Lease(None));
    seen(exam.run(1), Ladder::Idle);

    let mut exam = Exam::in_contact();
    seen(exam.run(1), Ladder::Engaged);
    exam.picture = PictureHealth::FrozenByOperator;
    seen(exam.run(500), Ladder::Hold);
    exam.picture = PictureHealth::Good;
    exam.clutch = Clutch::Open;
    exam.run(10);
    exam.press(0.0);
    seen(exam.run(500), Ladder::Engaged);

    exam.console = false;
    seen(exam.run(100), Ladder::Soften);
    seen(exam.run(300), Ladder::Release);
    seen(exam.run(900), Ladder::Retract);
    seen(exam.run(4_000), Ladder::Parked);
    (exam.console, exam.clutch) = (true, Clutch::Open);
    seen(exam.run(3_000), Ladder::Ready);

    exam.servo.receive(Inbound::RemoteStop);
    seen(exam.run(1_000), Ladder::EStop);
    exam.servo.receive(Inbound::Bedside(Bedside::Reset));
    seen(exam.run(10), Ladder::Ready);
    let nonsense = Wrench::new(Vector3::repeat(f64::NAN), Vector3::zeros());
    seen(exam.tick(|_, reading| reading.wrench = nonsense), Ladder::Fault);
    seen(exam.run(1_000), Ladder::Fault);
    assert_eq!(rungs.len(), 10, "every rung was stood on: {rungs:?}");
}
