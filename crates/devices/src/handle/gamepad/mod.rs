//! A gamepad as a handle: sticks push the probe while the trigger is held.

mod config;
mod rumble;
mod source;

use std::collections::BTreeMap;
use std::time::Duration;

use farprobe_geom::Time;

pub use self::config::{GamepadConfig, Push};
use self::rumble::Rumble;
pub use self::source::{GilrsSource, PadAxis, PadButton, PadEvent, PadSource};
use super::rate::Deflection;
use crate::{DeviceError, ForceCue, Handle, HandleEvent, HandleMotion, HandleSample};

pub(super) const DEVICE: &str = "gamepad";

/// Pads report 125 to 1000 times a second; more often than this a command has nothing new to say.
const PERIOD: Duration = Duration::from_millis(4);

/// The clutch counts as pressed from this share of the trigger's way on, and as open below the other. Between them it stays
/// what it was, so that a finger at rest does not chatter.
const CLUTCH_PRESSED: f32 = 0.5;
const CLUTCH_OPEN: f32 = 0.3;
/// Half way down, a button is pressed.
const PRESSED: f32 = 0.5;

/// A gamepad.
#[derive(Debug)]
pub struct Gamepad<S: PadSource = GilrsSource> {
    config: GamepadConfig,
    source: S,
    state: Option<State>,
    rumble: Rumble,
}

/// How the pad stands; there is none while it is not plugged in.
#[derive(Debug, Clone, PartialEq, Default)]
struct State {
    axes: BTreeMap<PadAxis, f32>,
    buttons: BTreeMap<PadButton, f32>,
    clutch: Clutch,
}

/// The enabling control. One that is held while the pad is plugged in does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Clutch {
    #[default]
    NeverSeenOpen,
    Open,
    Pressed,
}

impl Gamepad {
    /// The first gamepad found, also if it is plugged in later. Until then every reading says that there is none.
    pub fn open(config: GamepadConfig) -> Result<Self, DeviceError> {
        Self::with_source(config, GilrsSource::open()?)
    }
}

impl<S: PadSource> Gamepad<S> {
    /// A gamepad whose events come from `source`.
    pub fn with_source(config: GamepadConfig, source: S) -> Result<Self, DeviceError> {
        config.validate()?;
        Ok(Self { config, source, state: None, rumble: Rumble::default() })
    }

    fn take(&mut self, event: PadEvent, presses: &mut Vec<HandleEvent>) {
        match (event, &mut self.state) {
            (PadEvent::Plugged, state) => *state = Some(State::default()),
            (PadEvent::Unplugged, state) => {
                *state = None;
                self.rumble = Rumble::default();
            }
            (PadEvent::Axis(axis, value), Some(state)) => {
                state.axes.insert(axis, value);
            }
            (PadEvent::Button(button, value), Some(state)) => {
                let before = state.buttons.insert(button, value).unwrap_or(0.0);
                if button == self.config.clutch {
                    state.clutch = state.clutch.moved_to(value);
                }
                if before < PRESSED && value >= PRESSED {
                    presses.extend(self.config.presses.get(&button).copied().map(HandleEvent::Button));
                }
            }
            (PadEvent::Axis(..) | PadEvent::Button(..), None) => {}
        }
    }
}

impl Clutch {
    fn moved_to(self, value: f32) -> Self {
        match self {
            _ if value.is_nan() || value < CLUTCH_OPEN => Self::Open,
            Self::Open if value >= CLUTCH_PRESSED => Self::Pressed,
            Self::NeverSeenOpen | Self::Open | Self::Pressed => self,
        }
    }
}

impl State {
    fn deflection(&self, config: &GamepadConfig) -> Deflection {
        let mut axes = [0.0; 6];
        for (axis, push) in &config.sticks {
            let value = self.axes.get(axis).copied().unwrap_or(0.0);
            axes[push.moves.index()] += push.sign() * config.response.shape(f64::from(value));
        }
        for (button, push) in &config.pushes {
            let value = self.buttons.get(button).copied().unwrap_or(0.0);
            axes[push.moves.index()] += push.sign() * config.response.shape(f64::from(value));
        }
        Deflection::from_axes(axes).clamped()
    }
}

impl<S: PadSource> Handle for Gamepad<S> {
    fn name(&self) -> &str {
        DEVICE
    }

    fn period(&self) -> Duration {
        PERIOD
    }

    fn sample(&mut self, now: Time) -> Result<HandleSample, DeviceError> {
        let mut events = Vec::new();
        while let Some(event) = self.source.next() {
            self.take(event, &mut events);
        }
        let Some(state) = &self.state else {
            return Err(DeviceError::Absent {
                device: DEVICE.into(),
                remedy: "plug it in or switch it on, or use another handle",
            });
        };
        let motion = HandleMotion::Rate(self.config.speeds.twist(&state.deflection(&self.config)));
        Ok(HandleSample { sampled_at: now, motion, clutch: state.clutch == Clutch::Pressed, away: None, events })
    }

    fn cue(&mut self, now: Time, cue: &ForceCue) {
        if let Some(strength) = self.rumble.step(now, cue) {
            self.source.rumble(strength);
        }
    }
}

#[cfg(test)]
mod tests;
