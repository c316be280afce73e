//! What is said of the clutch: how it is pressed where that drives, and what comes first where pressing it does nothing.

use std::borrow::Cow;

use farprobe_proto::{Arming, Cause, Clutch, Ladder, LeaseRefusal, LeaseStatus, Role, State};

use super::{OBSERVER, SOMEBODY_DRIVES, VERSIONS_DIFFER, link, opened_for};
use crate::model::{HandleKind, Link, Opening, PictureCondition};

/// What has become of the clutch, for the session log, and whose doing it was.
pub fn clutch(clutch: Clutch, opening: Opening) -> Cow<'static, str> {
    match (clutch, opening) {
        (Clutch::Open, Opening::ByConsole(why)) => {
            format!("clutch open: the console opened it: {}", opened_for(why)).into()
        }
        (Clutch::Open, Opening::NeverPressed | Opening::ByHand) => "clutch open".into(),
        (Clutch::Pressed, _) => "clutch pressed".into(),
        (Clutch::HandleLost, _) => "clutch open: the handle is lost".into(),
    }
}

/// All that decides whether a pressed clutch drives, as far as this console knows.
#[derive(Debug, Clone, Copy)]
pub struct Standing<'a> {
    /// What the specialist holds.
    pub handle: HandleKind,
    /// The connection to the cart.
    pub link: Link,
    /// The role that the cart has granted, once it has.
    pub role: Option<Role>,
    /// Who may drive.
    pub lease: &'a LeaseStatus,
    /// The cart's last state, once there is one.
    pub state: Option<&'a State>,
    /// Whether the picture may be steered by.
    pub picture: PictureCondition,
}

/// The next step: how the clutch is pressed or, where pressing it does nothing, what is to be done or waited for first.
pub const fn clutch_hint(standing: &Standing<'_>) -> &'static str {
    match obstacle(standing) {
        Some(first) => first,
        None => how_to_press(standing.handle),
    }
}

const fn how_to_press(handle: HandleKind) -> &'static str {
    match handle {
        HandleKind::None => "Plug in a handle.",
        HandleKind::KeyboardMouse => "Hold Shift to drive.",
        HandleKind::Gamepad => "Hold the right trigger to drive.",
        HandleKind::SpaceMouse => "Hold the left button to drive.",
        HandleKind::Haptic => "Hold the stylus button to drive.",
        HandleKind::Script => "The script presses the clutch.",
    }
}

/// What stands between a pressed clutch and a probe that follows; `None` if nothing does. First what no act at this desk changes.
const fn obstacle(standing: &Standing<'_>) -> Option<&'static str> {
    match (standing.link, standing.role) {
        (Link::Absent, _) => return Some("There is no cart yet."),
        (Link::Lost(_), _) => return Some("Wait for the link."),
        (Link::Live, Some(Role::Observer)) => return Some(OBSERVER),
        (Link::Live, Some(Role::Operator) | None) => {}
    }
    let Some(state) = standing.state else { return Some("Wait a moment.") };
    match (state.ladder, standing.lease) {
        (Ladder::EStop, _) => Some("Stopped: only the staff at the cart can reset it."),
        (Ladder::Fault, _) => Some("Fault: only the staff at the cart can reset it."),
        (_, LeaseStatus::Yours(_)) => to_the_driver(state, standing.picture, standing.handle),
        (_, LeaseStatus::HeldBy(_) | LeaseStatus::Refused(LeaseRefusal::Held)) => Some(SOMEBODY_DRIVES),
        (_, LeaseStatus::Free) => Some("Request the right to drive."),
        (_, LeaseStatus::Refused(LeaseRefusal::Role)) => Some(OBSERVER),
        (_, LeaseStatus::Refused(LeaseRefusal::Version)) => Some(VERSIONS_DIFFER),
    }
}

/// The same for whoever has the right to drive.
const fn to_the_driver(state: &State, picture: PictureCondition, handle: HandleKind) -> Option<&'static str> {
    match state.ladder {
        Ladder::Idle if matches!(state.cause, Cause::Shutdown) => Some("Wait for the staff to start the cart again."),
        Ladder::Idle => match state.arming {
            Arming::Disarmed => Some("Ask the staff to arm the robot."),
            Arming::Armed => Some("Wait until the robot is ready."),
        },
        Ladder::Retract => Some("Wait until it is parked."),
        // It drives already.
        Ladder::Engaged => None,
        Ladder::Ready | Ladder::Hold | Ladder::Soften | Ladder::Release | Ladder::Parked => match link(state.link) {
            Some(wait) => Some(wait),
            None => without_picture(picture, handle),
        },
        // Nobody drives in these, whoever has the right to.
        Ladder::Fault | Ladder::EStop => Some("Only the staff at the cart can reset it."),
    }
}

/// What is to be done or waited for before this picture may be steered by; `None` if it may.
const fn without_picture(picture: PictureCondition, handle: HandleKind) -> Option<&'static str> {
    match (picture, handle) {
        // What a script has frozen it unfreezes.
        (PictureCondition::Good | PictureCondition::Concealed, _)
        | (PictureCondition::FrozenByOperator, HandleKind::Script) => None,
        (PictureCondition::FrozenByOperator, _) => Some("Unfreeze the picture first."),
        (PictureCondition::Absent | PictureCondition::Frozen | PictureCondition::Stale(_), _) => {
            Some("Wait for a live picture.")
        }
        (PictureCondition::LinkLost, _) => Some("Wait for the link."),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use farprobe_proto::Epoch;

    use super::*;
    use crate::model::testing;

    const MINE: LeaseStatus = LeaseStatus::Yours(Epoch(4));

    fn standing<'a>(state: &'a State, lease: &'a LeaseStatus) -> Standing<'a> {
        Standing {
            handle: HandleKind::KeyboardMouse,
            link: Link::Live,
            role: Some(Role::Operator),
            lease,
            state: Some(state),
            picture: PictureCondition::Good,
        }
    }

    #[test]
    fn who_can_drive_is_told_how() {
        use Ladder::{Engaged, Hold, Parked, Ready, Release, Soften};
        for ladder in [Ready, Engaged, Hold, Soften, Release, Parked] {
            let state = State { ladder, ..testing::state(1) };
            assert_eq!(clutch_hint(&standing(&state, &MINE)), "Hold Shift to drive.", "{ladder:?}");
        }
    }

    #[test]
    fn where_the_clutch_does_nothing_it_is_not_advised() {
        let state = State { ladder: Ladder::Ready, ..testing::state(1) };
        let on = |ladder| State { ladder, ..state };
        let (stopped, fault, idle, lifting) =
            (on(Ladder::EStop), on(Ladder::Fault), on(Ladder::Idle), on(Ladder::Retract));
        let idle = State { arming: Arming::Disarmed, ..idle };
        let ready = standing(&state, &MINE);
        let other = LeaseStatus::HeldBy("Dr Lin".to_owned());
        let cases = [
            (Standing { role: Some(Role::Observer), ..ready }, OBSERVER),
            (Standing { role: Some(Role::Observer), ..standing(&stopped, &LeaseStatus::Free) }, OBSERVER),
            (standing(&stopped, &MINE), "Stopped: only the staff at the cart can reset it."),
            (standing(&stopped, &LeaseStatus::Free), "Stopped: only the staff at the cart can reset it."),
            (standing(&fault, &MINE), "Fault: only the staff at the cart can reset it."),
            (Standing { link: Link::Lost(Duration::from_secs(1)), ..ready }, "Wait for the link."),
            (Standing { link: Link::Absent, ..ready }, "There is no cart yet."),
            (standing(&state, &LeaseStatus::Free), "Request the right to drive."),
            (standing(&state, &other), SOMEBODY_DRIVES),
            (standing(&idle, &MINE), "Ask the staff to arm the robot."),
            (standing(&lifting, &MINE), "Wait until it is parked."),
            (Standing { picture: PictureCondition::FrozenByOperator, ..ready }, "Unfreeze the picture first."),
            (Standing { picture: PictureCondition::Absent, ..ready }, "Wait for a live picture."),
        ];
        for (standing, hint) in cases {
            assert_eq!(clutch_hint(&standing), hint, "{standing:?}");
        }
        let script = Standing { handle: HandleKind::Script, ..ready };
        let frozen = Standing { picture: PictureCondition::FrozenByOperator, ..script };
        assert_eq!(clutch_hint(&frozen), "The script presses the clutch.", "it unfreezes what it has frozen");
    }
}
