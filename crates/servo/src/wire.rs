//! The words of the safety gate in the words that travel. Exhaustive both ways: a new word does not compile until it is here.

use std::time::Duration;

use farprobe_proto as proto;
use farprobe_safety as safety;

pub(crate) fn ladder(rung: safety::Rung) -> proto::Ladder {
    match rung {
        safety::Rung::Idle => proto::Ladder::Idle,
        safety::Rung::Ready => proto::Ladder::Ready,
        safety::Rung::Engaged => proto::Ladder::Engaged,
        safety::Rung::Hold => proto::Ladder::Hold,
        safety::Rung::Soften => proto::Ladder::Soften,
        safety::Rung::Release => proto::Ladder::Release,
        safety::Rung::Retract => proto::Ladder::Retract,
        safety::Rung::Parked => proto::Ladder::Parked,
        safety::Rung::Fault => proto::Ladder::Fault,
        safety::Rung::EStop => proto::Ladder::EStop,
    }
}

pub(crate) fn cause(cause: safety::Cause) -> proto::Cause {
    use proto::Cause as To;
    use safety::Cause as From;
    match cause {
        From::Start => To::Start,
        From::ClutchPressed => To::ClutchPressed,
        From::ClutchOpened => To::ClutchOpened,
        From::LeaseGranted => To::LeaseGranted,
        From::LeaseLost => To::LeaseLost,
        From::Armed => To::Armed,
        From::Disarmed => To::Disarmed,
        From::LinkLost => To::LinkLost,
        From::HandleLost => To::HandleLost,
        From::PictureStale => To::PictureStale,
        From::PictureFrozen => To::PictureFrozen,
        From::FrozenByOperator => To::FrozenByOperator,
        From::RoundTripTooLong => To::RoundTripTooLong,
        From::ClutchNotSeenOpen => To::ClutchNotSeenOpen,
        From::SessionClosed => To::SessionClosed,
        From::TimedOut => To::TimedOut,
        From::ForceLimit => To::ForceLimit,
        From::TorqueLimit => To::TorqueLimit,
        From::ForceSensor => To::ForceSensor,
        From::TickGap => To::TickGap,
        From::ArmFault => To::ArmFault,
        From::Refused => To::Refused,
        From::Workspace => To::Workspace,
        From::OperatorStop => To::OperatorStop,
        From::BedsideStop => To::BedsideStop,
        From::Reset => To::Reset,
        From::Shutdown => To::Shutdown,
    }
}

pub(crate) fn clutch(clutch: proto::Clutch) -> safety::Clutch {
    match clutch {
        proto::Clutch::Open => safety::Clutch::Open,
        proto::Clutch::Pressed => safety::Clutch::Pressed,
        proto::Clutch::HandleLost => safety::Clutch::HandleLost,
    }
}

/// The picture as the console reported it, `since` ago.
pub(crate) fn picture(report: proto::PictureReport, since: Duration) -> safety::Picture {
    let known = report.age_ms != u16::MAX;
    safety::Picture {
        age: known.then(|| Duration::from_millis(u64::from(report.age_ms)) + since),
        health: match report.health {
            proto::PictureHealth::Good | proto::PictureHealth::Concealed => safety::PictureHealth::Good,
            proto::PictureHealth::Frozen => safety::PictureHealth::Frozen,
            proto::PictureHealth::FrozenByOperator => safety::PictureHealth::FrozenByOperator,
            proto::PictureHealth::Absent => safety::PictureHealth::Absent,
        },
    }
}

pub(crate) fn arm(health: crate::ArmHealth) -> safety::ArmHealth {
    match health {
        crate::ArmHealth::Ready => safety::ArmHealth::Ready,
        crate::ArmHealth::Starved => safety::ArmHealth::Starved,
        crate::ArmHealth::Stopped => safety::ArmHealth::Stopped,
        crate::ArmHealth::Silent => safety::ArmHealth::Silent,
    }
}

pub(crate) fn limits(limits: &safety::Limits) -> proto::Limits {
    proto::Limits { soft_force: limits.soft_force, hard_force: limits.hard_force, torque: limits.torque }
}
