//! How fast the tip's motion by the setpoints changes.

use farprobe_geom::{Tip, Twist};
use farprobe_safety::Limits;
use nalgebra::Vector3;

use super::Invariant;
use crate::world::TICK;

/// A joint that was at the end of what it can do lets the tip stray from the motion permitted, and so does an arm that stands until it
/// follows again. For so many ticks after it how the tip's motion changes is that of catching up, and not of a row: two make an
/// acceleration, three a jerk.
const CATCHING_UP: u32 = 3;

/// From this share of a row's acceleration or jerk on a change is one that the row is there for: only those are counted.
const HARD: f64 = 0.5;

/// Room for what damping near a singular posture bends in a tick: share of a limit. A lift begun with a manipulability of 0.32 strayed
/// to the side with 110.3 % of the row's jerk, at 2 mm/s (adversary, seed 26).
const ROOM: f64 = 0.15;

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

    /// The greatest share it has of these numbers: across the skin, inward, outward, and turning.
    fn share(&self, row: &Row) -> f64 {
        let Self { linear, angular } = self;
        let shares = [
            linear.xy().norm() / row.across,
            linear.z / row.inward,
            -linear.z / row.outward,
            angular.norm() / row.turning,
        ];
        shares.into_iter().fold(0.0, f64::max)
    }
}

/// The most a motion may change by, as [`Change`] has it.
#[derive(Debug, Clone, Copy)]
struct Row {
    across: f64,
    inward: f64,
    outward: f64,
    turning: f64,
}

impl Row {
    fn acceleration(Limits { lateral, inward, outward, angular, .. }: &Limits) -> Self {
        Self {
            across: lateral.acceleration.get(),
            inward: inward.acceleration.get(),
            outward: outward.acceleration.get(),
            turning: angular.acceleration,
        }
    }

    fn jerk(Limits { lateral, outward, angular, .. }: &Limits) -> Self {
        // An acceleration outward may be taken back as fast as it may be built up.
        let along = outward.jerk.get();
        Self { across: lateral.jerk.get(), inward: along, outward: along, turning: angular.jerk }
    }
}

/// What a tick says of the rows.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Judged {
    /// Whether the change is one that the rows are there for.
    pub(super) hard: bool,
    /// Whether the joints, and not the rows, say how the tip's motion changes.
    pub(super) excused: bool,
    /// What is beyond the rows, excused or not.
    pub(super) beyond: Option<(Invariant, Change)>,
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

    /// Whether a joint was at the end of what it can do in the last ticks.
    pub(super) const fn is_hemmed(&self) -> bool {
        self.catching_up > 0
    }

    /// Takes in the motion that was sent, a tick after the one before; says how its change is by the `limits`.
    pub(super) fn step(&mut self, sent: &Twist<Tip>, freedom: Freedom, limits: &Limits) -> Judged {
        let excused = freedom == Freedom::Hemmed || self.catching_up > 0;
        self.catching_up = match freedom {
            Freedom::Free => self.catching_up.saturating_sub(1),
            Freedom::Hemmed => CATCHING_UP,
        };
        let Some(before) = self.before.replace(*sent) else { return Judged::default() };
        let acceleration = Change::of((&sent.linear, &sent.angular), (&before.linear, &before.angular));
        let jerk = self
            .acceleration
            .replace(acceleration)
            .map(|before| Change::of((&acceleration.linear, &acceleration.angular), (&before.linear, &before.angular)));
        let at = |speed: f64, most: f64| speed >= most * AT_SPEED;
        let Limits { lateral, angular, .. } = limits;
        let bent = at(sent.linear.xy().norm(), lateral.speed.get()) || at(sent.angular.norm(), angular.speed.get());
        let jerk = jerk.filter(|_| !bent);
        let speeding_up = acceleration.share(&Row::acceleration(limits));
        let jerking = jerk.map_or(0.0, |jerk| jerk.share(&Row::jerk(limits)));
        let beyond = if speeding_up > 1.0 + ROOM {
            Some((Invariant::Acceleration, acceleration))
        } else {
            jerk.filter(|_| jerking > 1.0 + ROOM).map(|jerk| (Invariant::Jerk, jerk))
        };
        Judged { hard: speeding_up.max(jerking) > HARD, excused, beyond }
    }
}
