//! Which stick and which button means what.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::DEVICE;
use super::source::{PadAxis, PadButton};
use crate::handle::rate::{Freedom, Response, Speeds};
use crate::{DeviceError, HandleButton};

/// How a gamepad moves the probe.
///
/// ```toml
/// clutch = "right_trigger"
/// [speeds]
/// slide_mm_per_s = 30.0
/// [response]
/// dead_zone = 0.12
/// [sticks]
/// left_x = { moves = "slide_lateral" }
/// [pushes]
/// left_bumper = { moves = "press", reversed = true }
/// [presses]
/// east = "stop"
/// ```
///
/// A map that is written (`sticks`, `pushes`, `presses`) stands in place of the shipped one as a whole.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GamepadConfig {
    /// How fast with a stick pushed all the way.
    pub speeds: Speeds,
    /// How the sticks answer.
    pub response: Response,
    /// The enabling control: held, the pad moves the probe.
    pub clutch: PadButton,
    /// What the sticks move.
    pub sticks: BTreeMap<PadAxis, Push>,
    /// What buttons and triggers move while they are held; a trigger as far as it is pulled.
    pub pushes: BTreeMap<PadButton, Push>,
    /// What buttons mean, once for each press.
    pub presses: BTreeMap<PadButton, HandleButton>,
}

/// One way to move the probe.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Push {
    /// Which way.
    pub moves: Freedom,
    /// Whether it goes the other way round.
    #[serde(default)]
    pub reversed: bool,
}

impl Push {
    /// The sign of a push.
    pub(super) fn sign(self) -> f64 {
        if self.reversed { -1.0 } else { 1.0 }
    }
}

impl Default for GamepadConfig {
    fn default() -> Self {
        let push = |moves, reversed| Push { moves, reversed };
        Self {
            speeds: Speeds::default(),
            response: Response::default(),
            clutch: PadButton::RightTrigger,
            sticks: BTreeMap::from([
                (PadAxis::LeftX, push(Freedom::SlideLateral, false)),
                (PadAxis::LeftY, push(Freedom::SlideElevational, true)),
                (PadAxis::RightX, push(Freedom::Rock, true)),
                (PadAxis::RightY, push(Freedom::Fan, true)),
            ]),
            pushes: BTreeMap::from([
                (PadButton::RightBumper, push(Freedom::Press, false)),
                (PadButton::LeftBumper, push(Freedom::Press, true)),
                (PadButton::DPadRight, push(Freedom::Rotate, false)),
                (PadButton::DPadLeft, push(Freedom::Rotate, true)),
            ]),
            presses: BTreeMap::from([
                (PadButton::East, HandleButton::Stop),
                (PadButton::North, HandleButton::Freeze),
                (PadButton::DPadUp, HandleButton::ForceUp),
                (PadButton::DPadDown, HandleButton::ForceDown),
                (PadButton::South, HandleButton::DepthUp),
                (PadButton::West, HandleButton::DepthDown),
                (PadButton::Start, HandleButton::GainUp),
                (PadButton::Select, HandleButton::GainDown),
            ]),
        }
    }
}

impl GamepadConfig {
    /// Whether all numbers are within their ranges, no button means two things, and one of them is the stop.
    pub fn validate(&self) -> Result<(), DeviceError> {
        self.speeds.validate(DEVICE)?;
        self.response.validate(DEVICE)?;
        if self.presses.contains_key(&self.clutch) || self.pushes.contains_key(&self.clutch) {
            let what = format!("is {:?}, which pushes or presses give another meaning", self.clutch.key());
            return Err(refuse("clutch".into(), what));
        }
        if let Some(button) = self.pushes.keys().find(|button| self.presses.contains_key(button)) {
            let what = "means something in presses as well; leave it in one of the two".into();
            return Err(refuse(format!("pushes.{}", button.key()), what));
        }
        if !self.presses.values().any(|means| *means == HandleButton::Stop) {
            return Err(refuse("presses".into(), "have no button that means \"stop\"; give one".into()));
        }
        Ok(())
    }
}

fn refuse(key: String, what: String) -> DeviceError {
    DeviceError::Configuration { device: DEVICE, key, what }
}
