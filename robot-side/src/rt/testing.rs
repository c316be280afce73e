//! Ticks for tests.

use farprobe_geom::{Joints, Newton, Pose, Time, Wrench};
use farprobe_proto::{Arming, Cause, Contact, Ladder, Limits, LinkReadiness, RefusedCommands, State};

use super::Tick;

/// A punctual tick of an idle cart, `ms` after the clock began.
pub(crate) fn tick(ms: u64) -> Tick {
    let ceilings = farprobe_safety::Limits::CEILINGS;
    let at = Time::from_millis(ms);
    let state = State {
        sequence: 0,
        sampled_at: at,
        sent_at: at,
        echo: None,
        applied: None,
        ladder: Ladder::Idle,
        cause: Cause::Start,
        origin: Cause::Start,
        arming: Arming::Disarmed,
        epoch: None,
        link: LinkReadiness::Measuring,
        contact: Contact::Free,
        joints: Joints::zero(7),
        tip: Pose::identity(),
        wrench: Wrench::zero(),
        force_target: Newton::ZERO,
        limits: Limits { soft_force: ceilings.soft_force, hard_force: ceilings.hard_force, torque: ceilings.torque },
    };
    Tick {
        at,
        lateness_ns: 0,
        step_ns: 0,
        force_along_axis: 0.0,
        force_norm: 0.0,
        force_is_true: false,
        refused: RefusedCommands::default(),
        state,
        transition: None,
        closed_session: None,
        applied: None,
        lost_before: 0,
    }
}
