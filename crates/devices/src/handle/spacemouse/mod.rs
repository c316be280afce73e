//! A 6-DoF mouse as a handle: the cap pushes and turns the probe while a button is held.

mod hid;
mod report;

use std::time::Duration;

use farprobe_geom::Time;
use serde::{Deserialize, Deserializer, Serialize};

pub use self::hid::{HidSource, Missing, ReportSource};
pub use self::report::{FULL_DEFLECTION, Report};
use super::rate::{Deflection, Freedom, Response, Speeds, WrittenResponse};
use crate::{DeviceError, ForceCue, Handle, HandleButton, HandleEvent, HandleMotion, HandleSample};

const DEVICE: &str = "6-DoF mouse";

/// The device reports 62 to 125 times a second; twice that loses nothing.
const PERIOD: Duration = Duration::from_millis(4);

/// A cap at rest sends nothing, and neither does one whose last report was lost: after this long it counts as at rest. Three
/// reports of the slowest model.
const SILENCE: Duration = Duration::from_millis(50);

/// The longest report, its number included; longer ones are cut.
const LONGEST_REPORT: usize = 64;

/// Reports read at a time. A device that sends without end must not hold the reader.
const MOST_REPORTS: usize = 64;

/// How a 6-DoF mouse moves the probe.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SpaceMouseConfig {
    /// How fast with the cap pushed all the way.
    pub speeds: Speeds,
    /// How the cap answers.
    #[serde(deserialize_with = "cap_response")]
    pub response: Response,
    /// The enabling button, counted from 0.
    pub clutch: u8,
    /// What the other buttons mean.
    pub presses: Vec<Press>,
    /// Directions that go the other way round, by taste or because a model does.
    pub reversed: Vec<Freedom>,
}

/// What a button means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Press {
    /// Which button, counted from 0.
    pub button: u8,
    /// What a press of it means.
    pub means: HandleButton,
}

/// The cap comes back to its rest better than a stick does, but turns a little when it is pushed.
const CAP: Response = Response { dead_zone: 0.06, exponent: 1.5 };

/// A response of which only a part is written is the cap's in the rest, and not a stick's.
fn cap_response<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Response, D::Error> {
    Ok(WrittenResponse::deserialize(deserializer)?.over(CAP))
}

impl Default for SpaceMouseConfig {
    fn default() -> Self {
        Self {
            speeds: Speeds::default(),
            response: CAP,
            clutch: 0,
            presses: vec![Press { button: 1, means: HandleButton::Freeze }],
            reversed: Vec::new(),
        }
    }
}

impl SpaceMouseConfig {
    /// Whether all numbers are within their ranges and no button means two things.
    pub fn validate(&self) -> Result<(), DeviceError> {
        self.speeds.validate(DEVICE)?;
        self.response.validate(DEVICE)?;
        let mut used: u32 = 0;
        let presses = self.presses.iter().map(|press| ("presses", press.button));
        for (key, button) in std::iter::once(("clutch", self.clutch)).chain(presses) {
            let bit = 1_u32.checked_shl(u32::from(button)).unwrap_or(0);
            if bit == 0 || used & bit != 0 {
                let what = format!("name button {button}, but a button must be from 0 to 31 and mean one thing only");
                return Err(DeviceError::Configuration { device: DEVICE, key: key.to_owned(), what });
            }
            used |= bit;
        }
        Ok(())
    }
}

/// A 6-DoF mouse.
#[derive(Debug)]
pub struct SpaceMouse<S: ReportSource = HidSource> {
    config: SpaceMouseConfig,
    source: S,
    /// Counts in the order of [`Freedom`], and when they came.
    counts: [i16; 6],
    moved_at: Option<Time>,
    buttons: u32,
}

impl SpaceMouse {
    /// The first device found, also if it is plugged in later. Until then every reading says that there is none.
    pub fn open(config: SpaceMouseConfig) -> Result<Self, DeviceError> {
        Self::with_source(config, HidSource::open())
    }
}

impl<S: ReportSource> SpaceMouse<S> {
    /// A device whose reports come from `source`.
    pub fn with_source(config: SpaceMouseConfig, source: S) -> Result<Self, DeviceError> {
        config.validate()?;
        Ok(Self { config, source, counts: [0; 6], moved_at: None, buttons: 0 })
    }

    fn take(&mut self, now: Time, report: Report, presses: &mut Vec<HandleEvent>) {
        let [x, y, z, rx, ry, rz] = self.counts;
        match report {
            Report::Translation([x, y, z]) => self.counts = [x, y, z, rx, ry, rz],
            Report::Rotation([rx, ry, rz]) => self.counts = [x, y, z, rx, ry, rz],
            Report::Motion(counts) => self.counts = counts,
            Report::Buttons(buttons) => {
                let fresh = buttons & !self.buttons;
                self.buttons = buttons;
                let pressed = self.config.presses.iter().filter(|press| is_down(fresh, press.button));
                presses.extend(pressed.map(|press| HandleEvent::Button(press.means)));
                return;
            }
        }
        self.moved_at = Some(now);
    }

    fn deflection(&self, now: Time) -> Deflection {
        if self.moved_at.is_none_or(|at| now.saturating_since(at) > SILENCE) {
            return Deflection::zero();
        }
        // The device's frame is the probe's, seen from above: see `rate`.
        let mut axes = self.counts.map(|count| self.config.response.shape(f64::from(count) / FULL_DEFLECTION));
        for freedom in &self.config.reversed {
            axes[freedom.index()] *= -1.0;
        }
        Deflection::from_axes(axes).clamped()
    }

    /// At rest with nothing pressed, as it must be found again.
    fn forget(&mut self) {
        self.counts = [0; 6];
        self.moved_at = None;
        self.buttons = 0;
    }
}

fn is_down(buttons: u32, button: u8) -> bool {
    buttons.checked_shr(u32::from(button)).is_some_and(|rest| rest & 1 == 1)
}

impl<S: ReportSource> Handle for SpaceMouse<S> {
    fn name(&self) -> &str {
        DEVICE
    }

    fn period(&self) -> Duration {
        PERIOD
    }

    fn sample(&mut self, now: Time) -> Result<HandleSample, DeviceError> {
        let mut events = Vec::new();
        let mut buffer = [0; LONGEST_REPORT];
        for _ in 0..MOST_REPORTS {
            match self.source.read(&mut buffer) {
                Ok(0) => break,
                Ok(length) => {
                    if let Some(report) = buffer.get(..length).and_then(Report::parse) {
                        self.take(now, report, &mut events);
                    }
                }
                Err(missing) => {
                    self.forget();
                    return Err(absent(missing));
                }
            }
        }
        let motion = HandleMotion::Rate(self.config.speeds.twist(&self.deflection(now)));
        Ok(HandleSample {
            sampled_at: now,
            motion,
            clutch: is_down(self.buttons, self.config.clutch),
            away: None,
            events,
        })
    }

    fn cue(&mut self, _now: Time, _cue: &ForceCue) {
        // It can't push back.
    }
}

fn absent(missing: Missing) -> DeviceError {
    let remedy = match missing {
        Missing::NoDevice => "plug it in, or use another handle",
        Missing::NoPermission => {
            "it is plugged in, but this user may not read it; give the user access to its hidraw device (a udev rule with \
             TAG+=\"uaccess\")"
        }
    };
    DeviceError::Absent { device: DEVICE.into(), remedy }
}

#[cfg(test)]
mod tests;
