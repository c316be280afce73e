//! Keyboard and mouse as a handle, fed by the window.
//!
//! | held or moved, with Shift as the clutch | the probe |
//! |---|---|
//! | A D, left right; W S, up down | slides along the picture; across it |
//! | E, Q | presses into the patient; lifts |
//! | I K, J L, U O | fans, rocks, rotates |
//! | drag over the picture | slides |
//! | drag with the secondary button | fans (up, down) and rocks (left, right) |
//! | wheel over the picture | rotates |
//!
//! Right, away and down are as [`super::rate`] has them: as if one stood before the patient and held the probe.
//!
//! Page up and down change the contact force, brackets the depth, comma and period the gain. Stop and freeze belong to the
//! window.
//!
//! The clutch opens when the window loses the focus or the pointer leaves it, and must then be seen open before it counts
//! again. A window that draws nothing for 100 ms is a lost handle: nobody knows what the hands do.

mod key;
mod window;

use std::time::Duration;

use farprobe_geom::{Time, Tip, Twist};
use nalgebra::Vector3;
use serde::{Deserialize, Serialize};

pub use self::key::Key;
pub use self::window::{Buttons, Pointer, WindowFeed, WindowInput};
use self::window::{Drag, LONGEST_SILENCE};
use super::rate::{Speeds, require};
use crate::{DeviceError, ForceCue, Handle, HandleMotion, HandleSample};

const DEVICE: &str = "keyboard and mouse";

/// Four readings to a frame of the window: the clutch is seen to open a quarter of a frame late at most.
const PERIOD: Duration = Duration::from_millis(4);

/// The mouse moves in jerks, one a frame; the probe takes this long for most of each of them, s. Two frames: smooth, and
/// still under the hand.
const SMOOTHING_S: f64 = 0.03;

/// What a fast drag may be ahead of the probe, s of full speed. More would go on moving after the hand has stopped.
const LONGEST_LAG_S: f64 = 0.15;

/// How keyboard and mouse move the probe.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct KeyboardMouseConfig {
    /// How fast with a key held, and the fastest that a drag may move it.
    pub speeds: Speeds,
    /// How far a drag of one point slides the probe, mm.
    pub slide_mm_per_point: f64,
    /// How far a drag of one point, or one point of the wheel, turns it, degrees.
    pub turn_deg_per_point: f64,
}

impl Default for KeyboardMouseConfig {
    fn default() -> Self {
        // A drag over half the picture (400 points) is 60 mm of skin or 40 degrees.
        Self { speeds: Speeds::default(), slide_mm_per_point: 0.15, turn_deg_per_point: 0.1 }
    }
}

impl KeyboardMouseConfig {
    /// Whether each number is within its range.
    pub fn validate(&self) -> Result<(), DeviceError> {
        self.speeds.validate(DEVICE)?;
        // 5 mm or degrees a point would cross the couch with one movement of the wrist.
        require(DEVICE, "slide_mm_per_point", self.slide_mm_per_point, 0.0, 5.0)?;
        require(DEVICE, "turn_deg_per_point", self.turn_deg_per_point, 0.0, 5.0)
    }
}

/// A handle made of keyboard and mouse.
#[derive(Debug)]
pub struct KeyboardMouse {
    config: KeyboardMouseConfig,
    feed: WindowFeed,
    /// How far the probe is behind the mouse: m and rad, in the tip's axes.
    ahead: Twist<Tip>,
    sampled_at: Option<Time>,
}

impl KeyboardMouse {
    /// A handle that takes its input from `feed`, which the window fills.
    pub fn new(config: KeyboardMouseConfig, feed: WindowFeed) -> Result<Self, DeviceError> {
        config.validate()?;
        Ok(Self { config, feed, ahead: Twist::zero(), sampled_at: None })
    }

    /// Adds what the mouse did, and gives the twist that brings the probe after it within `dt` seconds.
    fn follow(&mut self, drag: &Drag, dt: f64) -> Twist<Tip> {
        let metre = self.config.slide_mm_per_point / 1000.0;
        let radian = self.config.turn_deg_per_point.to_radians();
        let (linear_top, angular_top) = self.config.speeds.tops();
        self.ahead.linear += Vector3::new(drag.slide[0], -drag.slide[1], 0.0) * metre;
        self.ahead.angular += Vector3::new(-drag.turn[1], -drag.turn[0], drag.wheel) * radian;
        let linear = catch_up(&mut self.ahead.linear, &linear_top, dt);
        let angular = catch_up(&mut self.ahead.angular, &angular_top, dt);
        Twist::new(linear, angular)
    }
}

/// The speed at which `ahead` is made up for, and what is left of it after `dt` seconds of that speed.
fn catch_up(ahead: &mut Vector3<f64>, top: &Vector3<f64>, dt: f64) -> Vector3<f64> {
    let within = |value: f64, most: f64| value.clamp(-most, most);
    *ahead = ahead.zip_map(top, |ahead, top| within(ahead, top * LONGEST_LAG_S));
    let speed = ahead.zip_map(top, |ahead, top| within(ahead / (dt + SMOOTHING_S), top));
    *ahead -= speed * dt;
    speed
}

impl Handle for KeyboardMouse {
    fn name(&self) -> &str {
        DEVICE
    }

    fn period(&self) -> Duration {
        PERIOD
    }

    fn sample(&mut self, now: Time) -> Result<HandleSample, DeviceError> {
        let elapsed = self.sampled_at.replace(now).map_or(Duration::ZERO, |before| now.saturating_since(before));
        let reading = self.feed.take();
        let age = reading.at.map(|at| now.signed_nanos_since(at).unsigned_abs());
        if age.is_none_or(|age| u128::from(age) > LONGEST_SILENCE.as_nanos()) {
            self.ahead = Twist::zero();
            return Err(DeviceError::Failed {
                device: DEVICE.into(),
                what: "the window has drawn nothing for 100 ms: bring it to the front, or relieve this computer".into(),
            });
        }
        let mut twist = Twist::zero();
        if reading.clutch {
            // The mapper believes a step of 20 ms at most; a longer one is a stall and no motion of the hand.
            twist = self.follow(&reading.drag, elapsed.as_secs_f64().min(0.02));
            let keys = self.config.speeds.twist(&key::deflection(&reading.keys));
            twist.linear += keys.linear;
            twist.angular += keys.angular;
        } else {
            self.ahead = Twist::zero();
        }
        let motion = HandleMotion::Rate(twist);
        let (clutch, away) = (reading.clutch, reading.away);
        Ok(HandleSample { sampled_at: now, motion, clutch, away, events: reading.presses })
    }

    fn cue(&mut self, _now: Time, _cue: &ForceCue) {
        // Neither keys nor mouse can push back.
    }
}

#[cfg(test)]
mod tests;
