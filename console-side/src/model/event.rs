//! What can happen to a console.

use farprobe_geom::Newton;
use farprobe_proto::{
    CartDatagram, Clutch, Event as Notice, LeaseStatus, ScannerReply, ScannerRequest, ScannerSettings, Severity,
    Transition, Welcome,
};
use farprobe_session::console::PictureVerdict;

use super::{LatencySnapshot, Opening, ShownPicture};

/// Something that happened. The time it happened is the argument of [`super::Model::apply`].
#[derive(Debug, Clone)]
pub enum Event {
    /// A connection is being tried.
    Connecting {
        /// Where to, as the operator wrote it.
        address: String,
    },
    /// The cart has welcomed this console.
    Connected(Box<Welcome>),
    /// The cart or its certificate said no; trying again would not help.
    Refused {
        /// What was wrong.
        reason: String,
        /// What the operator can do.
        remedy: String,
    },
    /// The connection broke.
    Lost {
        /// How.
        reason: String,
    },
    /// A lost connection is being tried again.
    Reconnecting {
        /// Counts from 1.
        attempt: u32,
    },
    /// A datagram arrived from the cart.
    Cart(CartDatagram),
    /// The ladder has made a step.
    Step(Transition),
    /// The right to drive changed hands.
    Lease(LeaseStatus),
    /// The operator has moved a control of the scanner panel; the request is about to be sent.
    ScannerWanted(ScannerSettings),
    /// A scanner request was sent, by the panel, the handle or a script.
    ScannerRequested(ScannerRequest),
    /// The cart answered for the scanner.
    Scanner(Box<ScannerReply>),
    /// The cart has something to say.
    Notice(Notice),
    /// A picture was decoded.
    Picture(ShownPicture),
    /// The picture watch has judged the stream of pictures.
    PictureJudged(PictureVerdict),
    /// New latency figures.
    Latency(Box<LatencySnapshot>),
    /// The handle's thread reports.
    Handle(HandleStatus),
    /// The contact force asked for has changed, N.
    DesiredForce(Newton),
    /// A script or the demo says what it is doing; `None` when it is over.
    Caption(Option<Caption>),
    /// Something went wrong on this side.
    Fault {
        /// How much it matters.
        severity: Severity,
        /// Who is to blame and what to do.
        text: String,
    },
    /// A stop was pressed while the cart can't be reached.
    StopWaits,
    /// A stop was sent.
    StopSent,
}

/// What a script or demo is doing.
#[derive(Debug, Clone, PartialEq)]
pub struct Caption {
    /// In words: "Slide along the liver".
    pub text: String,
    /// How far it is, 0–1.
    pub progress: f32,
}

/// How the specialist's handle is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandleStatus {
    /// Its name, as the device tells it.
    pub name: String,
    /// What it is.
    pub kind: HandleKind,
    /// Its enabling control.
    pub clutch: Clutch,
    /// Who opened it the last time.
    pub opening: Opening,
    /// What to do to get it back, if it is lost.
    pub lost: Option<String>,
}

impl HandleStatus {
    /// No handle at all.
    pub fn none() -> Self {
        Self {
            name: String::from("No handle"),
            kind: HandleKind::None,
            clutch: Clutch::Open,
            opening: Opening::NeverPressed,
            lost: None,
        }
    }
}

/// What a handle is; decides which words explain its clutch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HandleKind {
    /// There is none.
    None,
    /// Keyboard and mouse of this window.
    KeyboardMouse,
    /// A gamepad.
    Gamepad,
    /// A 6-DoF mouse.
    SpaceMouse,
    /// A haptic device, real or simulated.
    Haptic,
    /// A script.
    Script,
}
