//! The press depth: what the operator's motion along the probe means while it touches.

use super::ContactTuning;
use crate::reference::Guidance;

/// How fast the force asked for may rise, N/s: a hand that pushes on at the approach speed. In the 20 ms for which an operator is
/// believed without being heard it rises by 0.4 N, of the 1 N that is promised after a lost link.
const RISE: f64 = 20.0;
/// Without hearing from the operator the force asked for is no further ahead of the present one than this, N.
const AHEAD: f64 = 0.2;
/// How fast it may fall, N/s: lowering is always welcome, and 20 N are gone within the half second of Release.
const FALL: f64 = 60.0;
/// How much further than to zero the operator must pull back before the probe lifts off, m: a hand that slides sideways
/// with a tilted handle does not lift it by accident.
const SLACK: f64 = 0.002;
/// The least force that keeps contact while the operator has not pulled back, N: above the threshold of losing it.
const KEEPING: f64 = 1.0;
/// How far the lift may lag behind the operator, m.
const LONGEST_LIFT: f64 = 0.010;

/// How deep the operator presses, m, and the force asked for because of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Press {
    /// Press depth, m. Below −[`SLACK`] while the operator lifts the probe off: what is left to go outward.
    depth: f64,
    /// The force asked for, N, as it changes smoothly.
    force: f64,
}

/// What the operator did in a tick.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Moved {
    /// m, inward positive.
    pub(super) travel: f64,
    /// The present force, N.
    pub(super) present: f64,
    /// Whether the operator is still heard.
    pub(super) guidance: Guidance,
}

impl Press {
    /// Nothing is pressed.
    pub(super) const fn none() -> Self {
        Self { depth: 0.0, force: 0.0 }
    }

    /// Goes on from this force (N), so that nothing jumps: at touch, and when the operator takes over again.
    pub(super) fn from_force(force: f64, tuning: &ContactTuning) -> Self {
        let force = force.max(KEEPING);
        Self { depth: force / tuning.press_stiffness.get().max(1.0), force }
    }

    /// The force asked for, N.
    pub(super) const fn force(&self) -> f64 {
        self.force
    }

    /// How far the probe still has to lift, m; `None` while the operator does not lift it off.
    pub(super) fn lift(&self) -> Option<f64> {
        (self.depth < -SLACK).then_some(-self.depth - SLACK)
    }

    /// The operator did this while the probe moved by `moved` (m, inward positive). An operator who is not heard asks for no
    /// more than before.
    pub(super) fn follow(&mut self, operator: &Moved, moved: f64, desired: f64, tuning: &ContactTuning, dt: f64) {
        let stiffness = tuning.press_stiffness.get().max(1.0);
        let deepest = desired.max(KEEPING) / stiffness + tuning.press_margin.get().max(0.0);
        self.depth += operator.travel;
        if self.depth < -SLACK {
            // Lifting off: what the probe has moved outward is done.
            self.depth = (self.depth - moved.min(0.0)).min(-SLACK);
        }
        self.depth = self.depth.clamp(-LONGEST_LIFT, deepest);
        let asked =
            if self.depth < -SLACK { 0.0 } else { (stiffness * self.depth).clamp(KEEPING.min(desired), desired) };
        match operator.guidance {
            Guidance::Live => self.approach(asked, RISE, FALL, dt),
            Guidance::Stale => self.approach(asked.min(operator.present + AHEAD), 0.0, FALL, dt),
        }
    }

    /// The operator let go: no more is asked for from now on than the present force (N).
    pub(super) const fn limit(&mut self, present: f64) {
        self.force = self.force.min(present).max(0.0);
    }

    /// No operator: the force asked for is at most `ceiling` (N) and never rises.
    pub(super) fn hold(&mut self, ceiling: f64, dt: f64) {
        self.approach(self.force.min(ceiling), 0.0, FALL, dt);
    }

    fn approach(&mut self, asked: f64, rise: f64, fall: f64, dt: f64) {
        self.force = asked.clamp(self.force - fall * dt, self.force + rise * dt).max(0.0);
    }
}
