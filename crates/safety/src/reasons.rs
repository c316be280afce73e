//! What the facts of a tick amount to: what is broken, what impairs, what stands in the way of engaging, and who lets go.

use crate::clutch::ClutchNews;
use crate::facts::{ArmHealth, Arming, Facts, LinkQuality, Picture, PictureHealth, Shutdown};
use crate::ladder::{Link, PressRefused, Surroundings};
use crate::monitor::Verdict;
use crate::pace::Pace;
use crate::state::Cause;
use crate::timing::PICTURE_MAX_AGE;

/// What is broken, the arm first: without it nothing else can be acted on.
pub(crate) fn fault(facts: &Facts, around: &Surroundings) -> Option<Cause> {
    match facts.arm {
        ArmHealth::Stopped | ArmHealth::Silent => return Some(Cause::ArmFault),
        ArmHealth::Ready | ArmHealth::Starved => {}
    }
    around.fault.or(match facts.monitor {
        Verdict::Quiet => None,
        Verdict::Tripped(trip) => Some(trip.cause()),
    })
}

/// What stands in the way of engaging.
pub(crate) fn obstacle(facts: &Facts, around: &Surroundings, found: Option<Cause>) -> Option<PressRefused> {
    let disarmed = (facts.arming == Arming::Disarmed).then_some(Cause::Disarmed);
    let shutdown = (facts.shutdown == Shutdown::Requested).then_some(Cause::Shutdown);
    let cause = fault(facts, around).or(disarmed).or(shutdown).or(around.overload).or(found);
    let red = (facts.link_quality == LinkQuality::Red).then_some(PressRefused::LinkQuality);
    cause.map(PressRefused::Because).or(red)
}

/// Whether the cart's side allows motion.
pub(crate) fn is_permitted(facts: &Facts, around: &Surroundings) -> bool {
    facts.arming == Arming::Armed && facts.shutdown == Shutdown::None && fault(facts, around).is_none()
}

/// Why the operator must not go on driving, the deepest reason first.
pub(crate) fn impairment(
    facts: &Facts,
    around: &Surroundings,
    news: ClutchNews,
    pace: Pace,
    link: Link,
    late: bool,
) -> Option<Cause> {
    let checks = [
        (late || facts.arm == ArmHealth::Starved).then_some(Cause::TickGap),
        (link == Link::Lost).then_some(Cause::LinkLost),
        around.impairment,
        (news == ClutchNews::HandleLost).then_some(Cause::HandleLost),
        (news == ClutchNews::Unproven).then_some(Cause::ClutchNotSeenOpen),
        picture_cause(&facts.picture),
        (pace == Pace::Disengage).then_some(Cause::RoundTripTooLong),
    ];
    checks.into_iter().flatten().next()
}

/// How the picture is lost to the operator, if it is. One he froze himself is not: a frozen scanner goes on sending pictures,
/// so that their age still tells whether the way to him is alive.
fn picture_cause(picture: &Picture) -> Option<Cause> {
    match picture.health {
        PictureHealth::Frozen => Some(Cause::PictureFrozen),
        PictureHealth::Absent => Some(Cause::PictureStale),
        PictureHealth::Good | PictureHealth::FrozenByOperator => {
            picture.age.is_none_or(|age| age > PICTURE_MAX_AGE).then_some(Cause::PictureStale)
        }
    }
}

/// Why nobody may steer by a picture that is not lost: the operator froze it, to measure on it.
pub(crate) fn frozen_by_operator(facts: &Facts) -> Option<Cause> {
    match facts.picture.health {
        PictureHealth::FrozenByOperator => Some(Cause::FrozenByOperator),
        PictureHealth::Good | PictureHealth::Frozen | PictureHealth::Absent => None,
    }
}

/// How the operator lets go of the probe in this tick, if he does. A console that freezes opens its clutch too; the freeze is
/// then what he meant.
pub(crate) fn letting_go(facts: &Facts, news: ClutchNews) -> Option<Cause> {
    frozen_by_operator(facts).or((news == ClutchNews::Open).then_some(Cause::ClutchOpened))
}
