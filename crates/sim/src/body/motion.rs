//! Breath, cough and heartbeat as functions of time.

use std::f64::consts::{PI, TAU};
use std::time::Duration;

use farprobe_geom::{Metre, MetrePerSecond, Time};

use super::card::{BodyCard, Breathing, Cough};
use super::shape::{TORSO_HALF_HEIGHT, breathing_share, breathing_share_slope};

/// How far the organs under the diaphragm slide along x for each metre the belly's top rises. In quiet breathing the liver
/// moves about 10–20 mm (Langen and Jones, Int. J. Radiat. Oncol. Biol. Phys. 50, 2001) while the belly rises 5–10 mm.
const ORGAN_SLIDE_PER_LIFT: f64 = 1.5;

/// How breath, cough and heart stand at one instant.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BodyMotion {
    /// How far the belly's top is above end-expiration, m.
    lift: f64,
    /// How fast it rises, m/s.
    lift_rate: f64,
    /// How far the breath alone lifts it, m: a cough throws the wall, not the diaphragm.
    breath: f64,
    /// Phase of the heart, 0..1.
    heartbeat: f64,
}

impl BodyMotion {
    /// End-expiration, between two heartbeats: the pose material points are given in.
    pub const REST: Self = Self { lift: 0.0, lift_rate: 0.0, breath: 0.0, heartbeat: 0.0 };

    pub(super) fn at(card: &BodyCard, at: Time) -> Self {
        let (breath, breath_rate) = breath(&card.breathing, at);
        let (mut lift, mut lift_rate) = (breath, breath_rate);
        for cough in &card.coughs {
            let (height, rate) = throw(cough, at);
            lift += height;
            lift_rate += rate;
        }
        Self { lift, lift_rate, breath, heartbeat: phase(at, card.heart_period) }
    }

    /// Phase of the heart, 0..1, from one systole to the next; 0 for a heart that stands still.
    pub fn heartbeat(&self) -> f64 {
        self.heartbeat
    }

    /// How far the top of the belly is above where it is at end-expiration.
    pub fn lift(&self) -> Metre {
        Metre::new(self.lift).unwrap_or_default()
    }

    /// How fast the top of the belly rises.
    pub fn lift_rate(&self) -> MetrePerSecond {
        MetrePerSecond::new(self.lift_rate).unwrap_or_default()
    }

    /// How many times higher than at end-expiration the torso is at this x (m). At least 1.
    pub(super) fn stretch(&self, x: f64) -> f64 {
        1.0 + self.lift / (2.0 * TORSO_HALF_HEIGHT) * breathing_share(x)
    }

    /// How fast [`Self::stretch`] grows, 1/s.
    pub(super) fn stretch_rate(&self, x: f64) -> f64 {
        self.lift_rate / (2.0 * TORSO_HALF_HEIGHT) * breathing_share(x)
    }

    /// How [`Self::stretch`] changes along x, 1/m.
    pub(super) fn stretch_slope(&self, x: f64) -> f64 {
        self.lift / (2.0 * TORSO_HALF_HEIGHT) * breathing_share_slope(x)
    }

    /// How far the organs have slid towards the feet, m.
    pub(super) fn organ_slide(&self) -> f64 {
        self.breath * ORGAN_SLIDE_PER_LIFT
    }
}

/// Where in a cycle of this period an instant is, 0..1; always 0 for a period of zero.
fn phase(at: Time, period: Duration) -> f64 {
    // In whole nanoseconds, so that the phase is as exact after a year as in the first second.
    let period = u64::try_from(period.as_nanos()).unwrap_or(u64::MAX);
    match at.as_nanos().checked_rem(period) {
        Some(into) => into as f64 / period as f64,
        None => 0.0,
    }
}

/// Height (m) and speed (m/s) the breath gives to the belly's top.
fn breath(breathing: &Breathing, at: Time) -> (f64, f64) {
    let period = breathing.period.as_secs_f64();
    if period == 0.0 {
        return (0.0, 0.0);
    }
    let amplitude = breathing.amplitude.get();
    let angle = TAU * phase(at, breathing.period);
    (amplitude * (1.0 - angle.cos()), amplitude * angle.sin() * TAU / period)
}

/// Height (m) and speed (m/s) a cough gives to the belly's top.
fn throw(cough: &Cough, at: Time) -> (f64, f64) {
    let Some(since) = at.since(cough.at) else { return (0.0, 0.0) };
    let (t, rise, fall) = (since.as_secs_f64(), cough.rise.as_secs_f64(), cough.fall.as_secs_f64());
    let half = cough.height.get() / 2.0;
    if t < rise {
        let angle = PI * t / rise;
        (half * (1.0 - angle.cos()), half * angle.sin() * PI / rise)
    } else if t < rise + fall {
        let angle = PI * (t - rise) / fall;
        (half * (1.0 + angle.cos()), -half * angle.sin() * PI / fall)
    } else {
        (0.0, 0.0)
    }
}
