//! Every word the console has for a state of the ladder and its cause: what happened, and what the operator can do.

use std::borrow::Cow;

use farprobe_devices::HandsAway;
use farprobe_proto::{Cause, Contact, Epoch, Ladder, LeaseRefusal, LeaseStatus, LinkReadiness, Role, Severity, State};
use farprobe_session::console::{Culprit, PictureFault, ScannerFreeze};

use crate::model::{Opening, Override};

mod clutch;

pub use clutch::{Standing, clutch, clutch_hint};

/// What is said when stop is pressed and the cart can't be reached.
pub const STOP_WAITS: &str =
    "The stop will be sent as soon as the cart is reached. Until then only the staff at the bedside can stop it.";

/// What is left to an observer.
const OBSERVER: &str = "You are an observer: you may look, and you may stop.";
/// What is left to an operator while another drives.
const SOMEBODY_DRIVES: &str = "Somebody else drives. You may look, and you may stop.";
/// What is left where the cart lets this console look on only.
const VERSIONS_DIFFER: &str = "Use the same version on both sides to drive.";

/// How a state of the ladder is called and what it means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LadderWords {
    /// Its name, in capitals on screen.
    pub title: &'static str,
    /// What the robot does in it.
    pub meaning: &'static str,
    /// How much it matters.
    pub severity: Severity,
}

/// Who drove when the ladder came to where it stands, seen from this console.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Driver {
    /// This console; with who opened its clutch the last time.
    This(Opening),
    /// Another, nobody, or it is not known.
    Another,
}

impl Driver {
    /// Whoever held the lease `epoch`, if this console was given `own` last, and its clutch had its last `opening`.
    pub fn of(epoch: Option<Epoch>, own: Option<Epoch>, opening: Opening) -> Self {
        if epoch.is_some() && epoch == own { Self::This(opening) } else { Self::Another }
    }
}

/// The words for a state of the ladder.
pub const fn ladder(ladder: Ladder, driver: Driver) -> LadderWords {
    let (title, meaning, severity) = match ladder {
        Ladder::Idle => ("Idle", "The robot stands still.", Severity::Info),
        Ladder::Ready => ("Ready", "The robot waits for the clutch.", Severity::Info),
        Ladder::Engaged => match driver {
            Driver::This(_) => ("Engaged", "Your handle moves the probe.", Severity::Info),
            Driver::Another => ("Engaged", "The driver's handle moves the probe.", Severity::Info),
        },
        Ladder::Hold => ("Hold", "The probe rests on the skin and gives way.", Severity::Info),
        Ladder::Soften => match driver {
            Driver::This(_) => ("Softening", "Your motion runs down. The probe gives way.", Severity::Warning),
            Driver::Another => ("Softening", "The driver's motion runs down. The probe gives way.", Severity::Warning),
        },
        Ladder::Release => ("Releasing", "The force is lowered to 2 N or less.", Severity::Warning),
        Ladder::Retract => ("Lifting off", "The probe is lifted off the patient.", Severity::Warning),
        Ladder::Parked => ("Parked", "The probe is off the patient and at rest.", Severity::Warning),
        Ladder::Fault => ("Fault", "The robot has stopped itself.", Severity::Alarm),
        Ladder::EStop => ("Stopped", "The robot was stopped.", Severity::Alarm),
    };
    LadderWords { title, meaning, severity }
}

/// Why the ladder is where it is, as the end of a sentence: no capital, no full stop. What only followed in its time is told
/// with what began it.
pub fn because(cause: Cause, origin: Cause, driver: Driver) -> Cow<'static, str> {
    if cause == Cause::TimedOut && origin != Cause::TimedOut {
        return format!("{}, and then the time allowed ran out", plain(origin, driver)).into();
    }
    plain(cause, driver)
}

fn plain(cause: Cause, driver: Driver) -> Cow<'static, str> {
    // What the driver did, or what befell him, is told to him as his own.
    let told = |yours, anothers| match driver {
        Driver::This(_) => yours,
        Driver::Another => anothers,
    };
    let words = match cause {
        Cause::Start => "the cart has just started",
        Cause::ClutchPressed => told("you pressed the clutch", "the driver pressed the clutch"),
        Cause::ClutchOpened => match driver {
            Driver::This(Opening::NeverPressed) => "your clutch is open",
            Driver::This(Opening::ByHand) => "you opened the clutch",
            Driver::This(Opening::ByConsole(why)) => {
                return format!("the console opened the clutch: {}", opened_for(why)).into();
            }
            Driver::Another => "the driver opened the clutch",
        },
        Cause::LeaseGranted => told("you were given the right to drive", "somebody was given the right to drive"),
        Cause::LeaseLost => "the right to drive was given up or taken away",
        Cause::Armed => "the staff allow motion",
        Cause::Disarmed => "the staff do not allow motion",
        Cause::LinkLost => "no fresh command reached the cart",
        Cause::HandleLost => told("your handle was lost", "the driver's handle was lost"),
        Cause::PictureStale => told("your picture was too old or gone", "the driver's picture was too old or gone"),
        Cause::PictureFrozen => told(
            "the cart sent you the same picture again and again",
            "the driver got the same picture again and again",
        ),
        Cause::FrozenByOperator => told("frozen by operator", "frozen by the driver"),
        Cause::RoundTripTooLong => "the round trip is too long for driving",
        Cause::ClutchNotSeenOpen => "the clutch was pressed without having been open",
        Cause::SessionClosed => "the session broke its own rules and was closed",
        Cause::TimedOut => "the time allowed in the state before ran out",
        Cause::ForceLimit => "the force limit was passed",
        Cause::TorqueLimit => "the torque limit was passed",
        Cause::ForceSensor => "the force sensor can't be trusted",
        Cause::TickGap => "the cart's control loop was late",
        Cause::ArmFault => "the arm reported a fault or did not follow",
        Cause::Refused(objection) => return format!("the safety gate refused a motion: {objection}").into(),
        Cause::Workspace => "the probe left its workspace or tilted too far",
        Cause::Singularity => "the arm was stretched, folded or twisted so far that it could hardly brake",
        Cause::OperatorStop => "an operator pressed stop",
        Cause::BedsideStop => "the staff pressed stop",
        Cause::Reset => "the staff reset the cart",
        Cause::Shutdown => "the cart is shutting down",
    };
    words.into()
}

/// Why the console opened the clutch.
const fn opened_for(why: Override) -> &'static str {
    match why {
        Override::ScriptGivenUp => "the script was given up",
        Override::HandleLost => "your handle was lost",
        Override::HandsAway(HandsAway::FocusLost) => "the window lost the focus",
        Override::HandsAway(HandsAway::PointerLeft) => "the pointer left the window",
        Override::CartSilent => "the cart was not heard",
        Override::Picture(PictureFault::Absent) => "there was no picture",
        Override::Picture(PictureFault::Frozen) => "the cart sent the same picture again and again",
        Override::Picture(PictureFault::FrozenByOperator) => "the picture was frozen",
        Override::Picture(PictureFault::Late(_)) => "the picture was too old",
        Override::Picture(PictureFault::Undated) => "nobody knew how old the picture was",
        Override::Stopped => "a stop was pressed",
    }
}

/// What whoever has this `role` can do now. On a picture that the operator has frozen nobody drives, whatever the ladder came down
/// for.
pub const fn advice(state: &State, role: Option<Role>, lease: &LeaseStatus, freeze: ScannerFreeze) -> &'static str {
    match (state.ladder, lease) {
        (Ladder::Fault | Ladder::EStop, _) => "Only the staff at the cart can reset it. Talk to them.",
        (Ladder::Idle, _) if matches!(state.cause, Cause::Shutdown) => "Wait for the staff to start the cart again.",
        (Ladder::Idle, LeaseStatus::Yours(_)) => "Ask the staff to arm the robot.",
        (Ladder::Retract, LeaseStatus::Yours(_)) => "Wait until it is parked.",
        (_, LeaseStatus::Yours(_)) => drivers_advice(state, freeze),
        (_, LeaseStatus::HeldBy(_) | LeaseStatus::Refused(LeaseRefusal::Held)) => SOMEBODY_DRIVES,
        (_, LeaseStatus::Free) => match role {
            Some(Role::Observer) => OBSERVER,
            Some(Role::Operator) | None => "Request the right to drive.",
        },
        (_, LeaseStatus::Refused(LeaseRefusal::Role)) => OBSERVER,
        (_, LeaseStatus::Refused(LeaseRefusal::Version)) => VERSIONS_DIFFER,
    }
}

/// What whoever drives can do now.
const fn drivers_advice(state: &State, freeze: ScannerFreeze) -> &'static str {
    match state.ladder {
        Ladder::Engaged => match state.contact {
            Contact::Free => "Move on. Open the clutch to pause.",
            Contact::Touching => "Open the clutch to pause or re-index your hand.",
        },
        Ladder::Hold => match freeze {
            ScannerFreeze::Running => "Press the clutch to go on. After 10 s the force is released.",
            ScannerFreeze::Frozen => "Unfreeze the picture. Then press the clutch. Released after 10 s.",
        },
        Ladder::Soften | Ladder::Release => match (mend(state.origin), link(state.link)) {
            (Some(remedy), _) => remedy,
            (None, Some(wait)) => wait,
            (None, None) => "Open the clutch, then press it to go on.",
        },
        Ladder::Parked => "Open the clutch. Then press it to approach again.",
        Ladder::Ready => match (link(state.link), mend(state.origin), freeze) {
            (Some(wait), _, _) => wait,
            (None, Some(remedy), _) => remedy,
            (None, None, ScannerFreeze::Frozen) => "Unfreeze the picture. Then press the clutch.",
            (None, None, ScannerFreeze::Running) => "Press the clutch to drive.",
        },
        // Whoever has the lease is not asked for more in these.
        Ladder::Idle | Ladder::Retract | Ladder::Fault | Ladder::EStop => "Wait.",
    }
}

/// What to wait for while the link is not good enough to begin driving; `None` when it is.
const fn link(readiness: LinkReadiness) -> Option<&'static str> {
    match readiness {
        LinkReadiness::Green => None,
        LinkReadiness::Measuring => Some("Wait: the link is being measured."),
        LinkReadiness::Silent => Some("Wait: the cart gets no commands from you."),
        LinkReadiness::Sparse => Some("Wait: too few commands a second reach the cart."),
        LinkReadiness::Lossy => Some("Wait: the link loses too many commands."),
        LinkReadiness::Late => Some("Wait: too many commands reach the cart late."),
    }
}

/// What mends a cause before the operator may go on; `None` if opening and pressing the clutch is enough.
const fn mend(cause: Cause) -> Option<&'static str> {
    match cause {
        Cause::LinkLost => Some("Wait for the link. Then open the clutch and press it."),
        Cause::HandleLost => Some("Mend the handle. Then open the clutch and press it."),
        Cause::PictureStale | Cause::PictureFrozen => {
            Some("Wait for a live picture. Then open the clutch and press it.")
        }
        Cause::FrozenByOperator => Some("Unfreeze the picture. Then open the clutch and press it."),
        Cause::RoundTripTooLong => Some("Wait for a faster link. Then open the clutch and press it."),
        Cause::LeaseLost => Some("Request the right to drive."),
        Cause::Disarmed => Some("Ask the staff to arm the robot."),
        Cause::Workspace | Cause::Singularity => Some("Open the clutch, press it and steer back."),
        Cause::ForceLimit | Cause::TorqueLimit => Some("Open the clutch, press it and lift the probe."),
        Cause::SessionClosed => Some("Wait for the console to connect again."),
        Cause::ForceSensor | Cause::TickGap | Cause::ArmFault | Cause::Shutdown => {
            Some("Talk to the staff at the cart.")
        }
        Cause::Start
        | Cause::ClutchPressed
        | Cause::ClutchOpened
        | Cause::LeaseGranted
        | Cause::Armed
        | Cause::ClutchNotSeenOpen
        | Cause::TimedOut
        | Cause::Refused(_)
        | Cause::OperatorStop
        | Cause::BedsideStop
        | Cause::Reset => None,
    }
}

/// A line for the event list when the lease changes; `None` when nothing needs saying.
pub fn lease_change(status: &LeaseStatus) -> Option<(Severity, String)> {
    match status {
        LeaseStatus::Yours(_) => Some((Severity::Info, String::from("You have the right to drive."))),
        LeaseStatus::Free => Some((Severity::Info, String::from("Nobody has the right to drive."))),
        LeaseStatus::HeldBy(name) => Some((Severity::Warning, format!("{name} has the right to drive."))),
        LeaseStatus::Refused(refusal) => {
            Some((Severity::Warning, format!("The right to drive was refused: {}.", lease_refusal(*refusal))))
        }
    }
}

/// Why a lease was refused, as the end of a sentence.
pub const fn lease_refusal(refusal: LeaseRefusal) -> &'static str {
    match refusal {
        LeaseRefusal::Held => "somebody else holds it; it is asked for again when it is free",
        LeaseRefusal::Role => "your certificate is an observer's",
        LeaseRefusal::Version => "console and cart are of different versions",
    }
}

/// The same in a few words, where there is room for no more.
pub const fn lease_refused(refusal: LeaseRefusal) -> &'static str {
    match refusal {
        LeaseRefusal::Held => "somebody else drives",
        LeaseRefusal::Role => "you are an observer",
        LeaseRefusal::Version => "versions differ",
    }
}

/// Why the controls of the scanner do nothing here.
pub const SCANNER_NOT_YOURS: &str = "whoever drives sets it";
/// Who makes the picture on the screen old, in a line on it.
pub const fn late_pictures(culprit: Option<Culprit>) -> &'static str {
    match culprit {
        None => "No newer one is there.",
        Some(Culprit::Cart) => "The cart makes no newer one.",
        Some(Culprit::Link) => "Newer ones are late on the way.",
        Some(Culprit::Console) => "This console does not keep up.",
    }
}

#[cfg(test)]
mod tests {
    use farprobe_proto::Clutch;

    use super::*;

    #[test]
    fn what_another_did_is_not_laid_to_this_console() {
        let own = Some(Epoch(4));
        let of = |epoch, own| Driver::of(epoch, own, Opening::ByHand);
        let this = Driver::This(Opening::ByHand);
        let drivers = (of(Some(Epoch(4)), own), of(Some(Epoch(3)), own), of(None, None));
        assert_eq!(drivers, (this, Driver::Another, Driver::Another));
        for cause in [
            Cause::ClutchPressed,
            Cause::ClutchOpened,
            Cause::LeaseGranted,
            Cause::HandleLost,
            Cause::PictureStale,
            Cause::PictureFrozen,
        ] {
            assert!(because(cause, cause, this).contains("you"), "{cause:?}");
            assert!(!because(cause, cause, Driver::Another).contains("you"), "{cause:?}");
        }
    }

    #[test]
    fn a_clutch_that_the_console_opened_was_not_opened_by_the_hand() {
        let why = |opening| because(Cause::ClutchOpened, Cause::ClutchOpened, Driver::This(opening));
        let reasons = [
            Override::ScriptGivenUp,
            Override::HandleLost,
            Override::HandsAway(HandsAway::FocusLost),
            Override::CartSilent,
            Override::Picture(PictureFault::Late(Culprit::Link)),
            Override::Stopped,
        ];
        for reason in reasons {
            let opening = Opening::ByConsole(reason);
            let (said, logged) = (why(opening), clutch(Clutch::Open, opening));
            assert!(said.starts_with("the console opened the clutch: ") && !said.contains("you opened"), "{said}");
            assert!(logged.starts_with("clutch open: the console opened it: "), "{logged}");
        }
        assert_eq!(why(Opening::NeverPressed), "your clutch is open");
    }

    #[test]
    fn time_that_ran_out_does_not_hide_what_began_it() {
        let words = because(Cause::TimedOut, Cause::LinkLost, Driver::Another);
        assert_eq!(words, "no fresh command reached the cart, and then the time allowed ran out");
    }
}
