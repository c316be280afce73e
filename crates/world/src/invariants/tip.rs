//! How fast the tip's motion by the setpoints changes.

use farprobe_geom::{Tip, Twist};
use farprobe_safety::Limits;
use nalgebra::Vector3;

use super::Invariant;
use crate::world::TICK;

/// A joint that was at the end of what it can do lets the tip stray from the motion permitted. For so many ticks after it how the
/// tip's motion changes is that of catching up, and not of a row.
const CATCHING_UP: u32 = 10;

/// Room for what damping near a singular posture bends in a tick: share of a limit.
const ROOM: f64 = 0.1;

/// From this part of a row's speed on it is the speed that is kept to, if need be more sharply than the row bends otherwise.
const AT_SPEED: f64 = 0.999;

/// How a motion changes: of a speed m/s² and rad/s², of that again m/s³ and rad/s³.
#[derive(Debug, Clone, Copy)]
pub(super) struct Change {
    linear: Vector3<f64>,
    angular: Vector3<f64>,
}

impl Change {
    fn of(to: (&Vector3<f64>, &Vector3<f64>), from: (&Vector3<f64>, &Vector3<f64>)) -> Self {
        let dt = TICK.as_secs_f64();
        Self { linear: (to.0 - from.0) / dt, angular: (to.1 - from.1) / dt }
    }

    /// Whether it is more than these numbers allow: across the skin, inward, outward, and turning.
    fn exceeds(&self, across: f64, inward: f64, outward: f64, turning: f64) -> bool {
        let over = |rate: f64, most: f64| rate > most * (1.0 + ROOM);
        over(self.linear.xy().norm(), across)
            || over(self.linear.z, inward)
            || over(-self.linear.z, outward)
            || over(self.angular.norm(), turning)
    }
}

/// What the joints leave the tip in a tick.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Freedom {
    /// All that it is permitted.
    Free,
    /// A joint is at the end of its range, its speed or its acceleration. What the tip is permitted can then not be had, and it
    /// does what the joints leave it; how suddenly, is bounded by the joints' own acceleration only.
    Hemmed,
}

/// The tip's motion in the ticks before.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct TipMotion {
    before: Option<Twist<Tip>>,
    acceleration: Option<Change>,
    /// Ticks that are still excused.
    catching_up: u32,
}

impl TipMotion {
    /// A motion that begins anew with this one.
    pub(super) const fn beginning(sent: &Twist<Tip>) -> Self {
        Self { before: Some(*sent), acceleration: None, catching_up: CATCHING_UP }
    }

    /// Takes in the motion that was sent, a tick after the one before; says what of its change is beyond the `limits`.
    pub(super) fn step(&mut self, sent: &Twist<Tip>, freedom: Freedom, limits: &Limits) -> Option<(Invariant, Change)> {
        let excused = freedom == Freedom::Hemmed || self.catching_up > 0;
        self.catching_up = match freedom {
            Freedom::Free => self.catching_up.saturating_sub(1),
            Freedom::Hemmed => CATCHING_UP,
        };
        let before = self.before.replace(*sent)?;
        let acceleration = Change::of((&sent.linear, &sent.angular), (&before.linear, &before.angular));
        let jerk = self
            .acceleration
            .replace(acceleration)
            .map(|before| Change::of((&acceleration.linear, &acceleration.angular), (&before.linear, &before.angular)));
        if excused {
            return None;
        }
        let Limits { lateral, inward, outward, angular, .. } = limits;
        let (across, turning) = (lateral.acceleration.get(), angular.acceleration);
        if acceleration.exceeds(across, inward.acceleration.get(), outward.acceleration.get(), turning) {
            return Some((Invariant::Acceleration, acceleration));
        }
        let at = |speed: f64, most: f64| speed >= most * AT_SPEED;
        let bent = at(sent.linear.xy().norm(), lateral.speed.get()) || at(sent.angular.norm(), angular.speed.get());
        // An acceleration outward may be taken back as fast as it may be built up.
        let (across, along) = (lateral.jerk.get(), outward.jerk.get());
        let jerk = jerk.filter(|jerk| !bent && jerk.exceeds(across, along, along, angular.jerk))?;
        Some((Invariant::Jerk, jerk))
    }
}
