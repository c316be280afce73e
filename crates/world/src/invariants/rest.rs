//! What the tip may do while nobody drives.

use std::time::Duration;

use farprobe_geom::{Time, Tip, Twist};
use farprobe_proto::Ladder;

use super::{Invariant, LENGTH};

/// A probe that rests moves slower than this, m/s and rad/s: what is left of noise in a law that stands still.
const RESTING: f64 = 0.001;
const RESTING_TURN: f64 = 0.01;

/// A motion along the probe's axis may stray to the side by this share of it: near a singular posture damping bends it. A lift after the
/// arm was stretched strayed by 17 % (adversary, seed 354).
const STRAYING: f64 = 0.2;

/// What is felt so strongly is a touch to a probe that rests, N: of the patient, or of the staff who take it off. The servo takes less for
/// the sensor's own error.
const FELT: f64 = 1.2;

/// So long after the ladder left Engaged, or the probe came off, what was under way is over: braking from the fastest row takes less.
const REST_WITHIN: Duration = Duration::from_millis(250);

/// Towards the patient a probe creeps no faster than this, m/s, but where it is driven or compliant.
const CREEP: f64 = 0.001;

/// So long an inward motion may run down: from the row's 60 mm/s with 3 m/s² and 300 m/s³, after an acceleration of 2 m/s² inward was
/// taken back.
const RUN_DOWN: Duration = Duration::from_millis(45);

/// Joints that brake all they can near a singular posture take longer, and up to what is promised of every motion of an operator: then it
/// may not grow at all (adversary, seed 101: 78 ms).
const OVER: Duration = Duration::from_millis(100);

/// Rounding of a speed that does not grow, m/s.
const GROWING: f64 = 1e-4;

/// What taking that back adds to the speed, m/s: 2² / (2 · 300).
const OVERRUN: f64 = 0.007;

/// Skin that was lost is not followed for longer than this: in Hold and Soften the probe stays on a patient who breathes, and is told by
/// its force, filtered, when he is gone.
const NOT_CHASED: Duration = Duration::from_millis(150);

/// One tick of a probe.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tick {
    pub(super) now: Time,
    pub(super) ladder: Ladder,
    /// Whether it truly touches.
    pub(super) touching: bool,
    /// What the sensor feels, N: the staff may push from any side, and the probe yields outward.
    pub(super) felt: f64,
    /// Whether a joint is at the end of what it can do, or was a moment ago: then the tip does what the joints leave it.
    pub(super) hemmed: bool,
}

/// Follows the tip's motion by the setpoints.
#[derive(Debug, Clone, Copy)]
pub(super) struct RestWatch {
    ladder: Ladder,
    /// Since when the ladder stands there.
    since: Time,
    /// The last tick of Engaged, Hold or Soften, and the speed inward in it.
    driven: Option<(Time, f64)>,
    /// The speed inward of the last setpoint.
    before: f64,
    /// When the last tick of Engaged was.
    engaged: Option<Time>,
    touched: Option<Time>,
    felt: Option<Time>,
}

impl RestWatch {
    pub(super) const fn new() -> Self {
        Self {
            ladder: Ladder::Idle,
            since: Time::ZERO,
            driven: None,
            before: 0.0,
            engaged: None,
            touched: None,
            felt: None,
        }
    }

    /// Takes in a tick in which a setpoint was sent.
    pub(super) fn tick(&mut self, tick: Tick) {
        if core::mem::replace(&mut self.ladder, tick.ladder) != tick.ladder {
            self.since = tick.now;
        }
        if tick.touching {
            self.touched = Some(tick.now);
        }
        if tick.touching || tick.felt > FELT {
            self.felt = Some(tick.now);
        }
        if tick.ladder == Ladder::Engaged {
            self.engaged = Some(tick.now);
        }
    }

    /// How a motion of the tip in this tick breaks what is promised, if it does. `awkward`: whether the arm stands in a posture where
    /// damping bends what it does: as an adversary leaves it, it strays and tilts while it lifts (0.08 rad/s at 40 mm/s: seed 377).
    pub(super) fn judge(
        &self,
        tick: Tick,
        motion: &Twist<Tip>,
        awkward: impl FnOnce() -> bool,
    ) -> Option<(Invariant, String)> {
        let Tick { now, ladder, hemmed, .. } = tick;
        if ladder == Ladder::Engaged {
            return None;
        }
        let long_ago = |at: Option<Time>, span| at.is_none_or(|at| now.saturating_since(at) > span);
        let (v, w) = (motion.linear, motion.angular);
        let strays = STRAYING * v.z.abs();
        let aside = v.xy().norm() > RESTING + strays || w.norm() > RESTING_TURN + strays / LENGTH;
        if aside && !hemmed && long_ago(self.engaged, REST_WITHIN) && !(v.z < 0.0 && awkward()) {
            return Some((Invariant::Rest, format!("{:?} m/s, {:?} rad/s in {ladder:?}", v.as_slice(), w.as_slice())));
        }
        let idle = matches!(ladder, Ladder::Idle | Ladder::Ready | Ladder::Parked);
        let in_air = long_ago(self.felt, REST_WITHIN) && long_ago(Some(self.since), REST_WITHIN);
        if idle && in_air && v.z.abs() > RESTING {
            return Some((Invariant::Rest, format!("{:.4} m/s in {ladder:?}", v.z)));
        }
        let most = match ladder {
            Ladder::Hold | Ladder::Soften if long_ago(self.touched, NOT_CHASED) => self.running_down(now),
            Ladder::Engaged | Ladder::Hold | Ladder::Soften => return None,
            Ladder::Idle
            | Ladder::Ready
            | Ladder::Release
            | Ladder::Retract
            | Ladder::Parked
            | Ladder::Fault
            | Ladder::EStop => self.running_down(now),
        };
        (v.z > most).then(|| (Invariant::Inward, format!("{:.4} m/s towards the patient in {ladder:?}", v.z)))
    }

    /// The speed inward that may be left of what was driven, m/s.
    fn running_down(&self, now: Time) -> f64 {
        let Some((at, speed)) = self.driven else { return CREEP };
        let since = now.saturating_since(at);
        if since <= RUN_DOWN {
            speed.max(0.0) + OVERRUN + CREEP
        } else if since <= OVER {
            self.before.max(0.0) + GROWING
        } else {
            0.0
        }
        .max(CREEP)
    }

    /// The motion of this tick was sent.
    pub(super) fn sent(&mut self, tick: Tick, motion: &Twist<Tip>) {
        self.before = motion.linear.z;
        let chased = matches!(tick.ladder, Ladder::Hold | Ladder::Soften)
            && self.touched.is_none_or(|at| tick.now.saturating_since(at) > NOT_CHASED);
        if matches!(tick.ladder, Ladder::Engaged | Ladder::Hold | Ladder::Soften) && !chased {
            self.driven = Some((tick.now, motion.linear.z));
        }
    }
}
