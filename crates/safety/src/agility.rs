//! Whether the arm can brake where it stands.

use farprobe_geom::MetrePerSecond2;

use crate::facts::Agility;

/// An arm that can't give its tip this acceleration in every direction does not drive, m/s². Over belly and chest the arms of the
/// shipped cards have 0.9 and more. Below 0.4 the drives were seen to fall behind their setpoints one by one, and the tip went where
/// nobody had sent it: 50 N on a rib (world, adversary, seed 92).
const LEAST: MetrePerSecond2 = MetrePerSecond2::literal(0.6);

/// Whoever drives on beyond that drives back: this share less than he began with ends driving again.
const WORSE: f64 = 0.9;

/// Back it goes at this share of the speed across the skin and of turning: what brakes a fifth as hard as in the postures of an exam
/// is at rest within the 100 ms promised.
const BACKING: f64 = 0.2;

impl Agility {
    /// The share of the speed across the skin and of turning that this arm may have.
    pub(crate) fn pace(&self) -> f64 {
        if self.suffices() { 1.0 } else { BACKING }
    }

    /// Whether the probe may be moved towards a patient. What is not a number does not suffice.
    pub(crate) fn suffices(&self) -> bool {
        self.least >= LEAST
    }
}

/// Watches how well the arm can brake.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AgilityWatch {
    /// The best since it no longer suffices, m/s².
    lacking: Option<MetrePerSecond2>,
}

impl AgilityWatch {
    pub(crate) const fn new() -> Self {
        Self { lacking: None }
    }

    /// Whether the arm has just come to stand where it can't brake, or has gone further into it. Having come there is what ends
    /// driving, not being there: the operator must be able to drive back.
    pub(crate) fn is_lost(&mut self, agility: &Agility) -> bool {
        let least = agility.least;
        if agility.suffices() {
            self.lacking = None;
            return false;
        }
        match self.lacking {
            Some(best) if least.get() >= best.get() * WORSE => {
                self.lacking = Some(best.max(least));
                false
            }
            Some(_) | None => {
                self.lacking = Some(least);
                true
            }
        }
    }
}
