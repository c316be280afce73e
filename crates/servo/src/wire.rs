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
        From::Refused(why) => To::Refused(objection(why)),
        From::Workspace => To::Workspace,
        From::Singularity => To::Singularity,
        From::OperatorStop => To::OperatorStop,
        From::BedsideStop => To::BedsideStop,
        From::Reset => To::Reset,
        From::Shutdown => To::Shutdown,
    }
}

fn objection(objection: safety::Objection) -> proto::Objection {
    use proto::Objection as To;
    use safety::Objection as From;
    use safety::Refused;
    match objection {
        From::ProposalNotFinite => To::ProposalNotFinite,
        From::ProposalOverspent => To::ProposalOverspent,
        From::TargetLeapt => To::TargetLeapt,
        From::Setpoint(Refused::WrongAxes) => To::WrongAxes,
        From::Setpoint(Refused::NotFinite) => To::NotFinite,
        From::Setpoint(Refused::Position { joint: number }) => To::Range(joint(number)),
        From::Setpoint(Refused::Speed { joint: number }) => To::Speed(joint(number)),
        From::Setpoint(Refused::Acceleration { joint: number }) => To::Acceleration(joint(number)),
        From::Setpoint(Refused::Jump { joint: number }) => To::Jump(joint(number)),
        From::Setpoint(Refused::Lead { joint: number }) => To::Lead(joint(number)),
        From::Setpoint(Refused::Disagrees) => To::Disagrees,
        From::Setpoint(Refused::Recovering) => To::Recovering,
        From::SentNonsense => To::SentNonsense,
        From::SentOutOfRange { joint: number } => To::SentOutOfRange(joint(number)),
        From::SentJump { joint: number } => To::SentJump(joint(number)),
        From::SentTooFast => To::SentTooFast,
        From::SentNotAsPermitted => To::SentNotAsPermitted,
        From::LiftWithheld => To::LiftWithheld,
    }
}

/// No arm has more joints than a byte can count.
fn joint(number: usize) -> proto::Joint {
    proto::Joint(u8::try_from(number).unwrap_or(u8::MAX))
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

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    /// Every objection there is; for one that names a joint, joint 5. Does not compile when one is missing from the match.
    fn objections() -> Vec<safety::Objection> {
        use safety::Objection as O;
        use safety::Refused as R;
        let next = |before: Option<O>| match before {
            None => Some(O::ProposalNotFinite),
            Some(O::ProposalNotFinite) => Some(O::ProposalOverspent),
            Some(O::ProposalOverspent) => Some(O::TargetLeapt),
            Some(O::TargetLeapt) => Some(O::Setpoint(R::WrongAxes)),
            Some(O::Setpoint(R::WrongAxes)) => Some(O::Setpoint(R::NotFinite)),
            Some(O::Setpoint(R::NotFinite)) => Some(O::Setpoint(R::Position { joint: 5 })),
            Some(O::Setpoint(R::Position { .. })) => Some(O::Setpoint(R::Speed { joint: 5 })),
            Some(O::Setpoint(R::Speed { .. })) => Some(O::Setpoint(R::Acceleration { joint: 5 })),
            Some(O::Setpoint(R::Acceleration { .. })) => Some(O::Setpoint(R::Jump { joint: 5 })),
            Some(O::Setpoint(R::Jump { .. })) => Some(O::Setpoint(R::Lead { joint: 5 })),
            Some(O::Setpoint(R::Lead { .. })) => Some(O::Setpoint(R::Disagrees)),
            Some(O::Setpoint(R::Disagrees)) => Some(O::Setpoint(R::Recovering)),
            Some(O::Setpoint(R::Recovering)) => Some(O::SentNonsense),
            Some(O::SentNonsense) => Some(O::SentOutOfRange { joint: 5 }),
            Some(O::SentOutOfRange { .. }) => Some(O::SentJump { joint: 5 }),
            Some(O::SentJump { .. }) => Some(O::SentTooFast),
            Some(O::SentTooFast) => Some(O::SentNotAsPermitted),
            Some(O::SentNotAsPermitted) => Some(O::LiftWithheld),
            Some(O::LiftWithheld) => None,
        };
        std::iter::successors(next(None), |objection| next(Some(*objection))).collect()
    }

    #[test]
    fn every_objection_travels_as_itself_and_names_its_joint() {
        let mut told = HashSet::new();
        let mut said = HashSet::new();
        for objection in objections() {
            let proto::Cause::Refused(travels) = cause(safety::Cause::Refused(objection)) else {
                panic!("{objection:?} is told as something else")
            };
            let words = travels.to_string();
            assert_eq!(format!("{objection:?}").contains("joint: 5"), words.contains("joint 6"), "{words}");
            assert!(told.insert(travels) && said.insert(words), "{objection:?} is told like another");
        }
        assert_eq!(told.len(), 18);
    }

    #[test]
    fn a_picture_has_grown_older_since_it_was_reported_and_none_stays_none() {
        let report = |age_ms, health| proto::PictureReport { age_ms, health };
        let since = Duration::from_millis(30);
        let young = picture(report(120, proto::PictureHealth::Good), since);
        assert_eq!(young.age, Some(Duration::from_millis(150)));
        assert_eq!(picture(report(0, proto::PictureHealth::Good), since).age, Some(since));
        let none = picture(report(u16::MAX, proto::PictureHealth::Absent), since);
        assert_eq!((none.age, none.health), (None, safety::PictureHealth::Absent));
        let oldest = picture(report(u16::MAX - 1, proto::PictureHealth::Good), Duration::ZERO);
        assert_eq!(oldest.age, Some(Duration::from_millis(65_534)));
    }

    #[test]
    fn a_joint_no_arm_has_is_still_told() {
        assert_eq!(joint(300), proto::Joint(255));
        assert_eq!(joint(300).to_string(), "joint 256");
    }
}
