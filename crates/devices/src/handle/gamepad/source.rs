//! Where a gamepad's events come from: gilrs, or a list in a test.

use gilrs::ff::{BaseEffect, BaseEffectType, Effect, EffectBuilder, Repeat, Replay, Ticks};
use gilrs::{Axis, Button, Event, EventType, GamepadId, Gilrs};
use serde::{Deserialize, Serialize};

use super::DEVICE;
use crate::DeviceError;

/// A stick's direction: −1 left or down, 1 right or up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each is the direction of that name")]
pub enum PadAxis {
    LeftX,
    LeftY,
    RightX,
    RightY,
}

/// A button or trigger, named by where it is and not by what is printed on it: 0 released, 1 pressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each is the button at that place")]
pub enum PadButton {
    South,
    East,
    North,
    West,
    LeftBumper,
    RightBumper,
    LeftTrigger,
    RightTrigger,
    Select,
    Start,
    LeftStick,
    RightStick,
    #[serde(rename = "dpad_up")]
    DPadUp,
    #[serde(rename = "dpad_down")]
    DPadDown,
    #[serde(rename = "dpad_left")]
    DPadLeft,
    #[serde(rename = "dpad_right")]
    DPadRight,
}

impl PadButton {
    /// Its name in a configuration.
    pub(super) fn key(self) -> String {
        // The names are serde's, so that there is one list of them; a unit variant is always a string.
        toml::Value::try_from(self).ok().and_then(|name| name.as_str().map(str::to_owned)).unwrap_or_default()
    }
}

/// Something a gamepad did.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum PadEvent {
    /// It was plugged in or switched on; sticks and buttons are at rest as far as anybody knows.
    Plugged,
    /// It is gone.
    Unplugged,
    /// A stick moved.
    Axis(PadAxis, f32),
    /// A button or trigger moved.
    Button(PadButton, f32),
}

/// Where events come from and where rumble goes to. Neither waits.
pub trait PadSource: Send {
    /// The next event since the last call.
    fn next(&mut self) -> Option<PadEvent>;

    /// Shakes the pad with this strength, 0 (not) to 1, until told otherwise. Best effort: many pads can't.
    fn rumble(&mut self, strength: f32);
}

/// The first gamepad that gilrs finds, and after it is gone the next that is plugged in.
pub struct GilrsSource {
    gilrs: Gilrs,
    pad: Option<GamepadId>,
    /// Whether the pad found at the start has been reported.
    greeted: bool,
    effect: Option<Effect>,
}

impl std::fmt::Debug for GilrsSource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // gilrs says nothing about its effects.
        f.debug_struct("GilrsSource").field("pad", &self.pad).finish_non_exhaustive()
    }
}

impl GilrsSource {
    /// Starts looking for gamepads. It is no error if there is none yet.
    pub fn open() -> Result<Self, DeviceError> {
        let gilrs = Gilrs::new().map_err(|error| {
            tracing::debug!(%error, "gilrs");
            DeviceError::Absent {
                device: DEVICE.into(),
                remedy: "this system does not offer gamepads; use keyboard and mouse",
            }
        })?;
        let pad = gilrs.gamepads().next().map(|(id, _)| id);
        let mut source = Self { gilrs, pad, greeted: false, effect: None };
        source.load_effect();
        Ok(source)
    }

    /// Prepares the pad's motors. The gain says later how strongly they turn.
    fn load_effect(&mut self) {
        let Some(pad) = self.pad else { return };
        let magnitude = u16::MAX;
        let scheduling = Replay { play_for: Ticks::from_ms(1000), ..Replay::default() };
        let motor = BaseEffect { kind: BaseEffectType::Strong { magnitude }, scheduling, ..BaseEffect::default() };
        let mut builder = EffectBuilder::new();
        builder.add_effect(motor).repeat(Repeat::Infinitely).gain(0.0).gamepads(&[pad]);
        self.effect = builder.finish(&mut self.gilrs).ok();
    }

    /// What an event of gilrs says, if it is of our pad and means anything.
    fn translate(&mut self, event: &Event) -> Option<PadEvent> {
        if event.event == EventType::Connected && self.pad.is_none_or(|pad| pad == event.id) {
            self.pad = Some(event.id);
            self.load_effect();
            return Some(PadEvent::Plugged);
        }
        if self.pad != Some(event.id) {
            return None;
        }
        match event.event {
            EventType::Disconnected => {
                self.pad = None;
                self.effect = None;
                Some(PadEvent::Unplugged)
            }
            EventType::AxisChanged(axis, value, _) => axis_of(axis).map(|axis| PadEvent::Axis(axis, value)),
            EventType::ButtonChanged(button, value, _) => {
                button_of(button).map(|button| PadEvent::Button(button, value))
            }
            // A directional pad that is an axis comes as presses only. The presses of triggers must not be taken too: they
            // go on and off at other thresholds than the clutch's.
            EventType::ButtonPressed(button, _) if button.is_dpad() => {
                button_of(button).map(|button| PadEvent::Button(button, 1.0))
            }
            EventType::ButtonReleased(button, _) if button.is_dpad() => {
                button_of(button).map(|button| PadEvent::Button(button, 0.0))
            }
            _ => None,
        }
    }
}

impl PadSource for GilrsSource {
    fn next(&mut self) -> Option<PadEvent> {
        if !std::mem::replace(&mut self.greeted, true) && self.pad.is_some() {
            return Some(PadEvent::Plugged);
        }
        loop {
            let event = self.gilrs.next_event()?;
            if let Some(event) = self.translate(&event) {
                return Some(event);
            }
        }
    }

    fn rumble(&mut self, strength: f32) {
        let Some(effect) = &self.effect else { return };
        let result = effect.set_gain(strength);
        let result = result.and_then(|()| if strength > 0.0 { effect.play() } else { effect.stop() });
        if result.is_err() {
            // The motors are gone, with the pad or without it; there is nothing that depends on them.
            self.effect = None;
        }
    }
}

fn axis_of(axis: Axis) -> Option<PadAxis> {
    match axis {
        Axis::LeftStickX => Some(PadAxis::LeftX),
        Axis::LeftStickY => Some(PadAxis::LeftY),
        Axis::RightStickX => Some(PadAxis::RightX),
        Axis::RightStickY => Some(PadAxis::RightY),
        Axis::LeftZ | Axis::RightZ | Axis::DPadX | Axis::DPadY | Axis::Unknown => None,
    }
}

fn button_of(button: Button) -> Option<PadButton> {
    match button {
        Button::South => Some(PadButton::South),
        Button::East => Some(PadButton::East),
        Button::North => Some(PadButton::North),
        Button::West => Some(PadButton::West),
        Button::LeftTrigger => Some(PadButton::LeftBumper),
        Button::RightTrigger => Some(PadButton::RightBumper),
        Button::LeftTrigger2 => Some(PadButton::LeftTrigger),
        Button::RightTrigger2 => Some(PadButton::RightTrigger),
        Button::Select => Some(PadButton::Select),
        Button::Start => Some(PadButton::Start),
        Button::LeftThumb => Some(PadButton::LeftStick),
        Button::RightThumb => Some(PadButton::RightStick),
        Button::DPadUp => Some(PadButton::DPadUp),
        Button::DPadDown => Some(PadButton::DPadDown),
        Button::DPadLeft => Some(PadButton::DPadLeft),
        Button::DPadRight => Some(PadButton::DPadRight),
        Button::C | Button::Z | Button::Mode | Button::Unknown => None,
    }
}
