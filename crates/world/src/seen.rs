//! What the world has seen so far: the truth, not what sensors said.

use farprobe_proto::{Ladder, Transition};

/// The truth about an exam.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Seen {
    /// Largest norm of the true contact force, N.
    pub peak_force: f64,
    /// Sum of the true force along the axis over the ticks engaged at the force asked for.
    settled_sum: f64,
    settled_ticks: u64,
    /// Ticks engaged.
    pub engaged_ticks: u64,
    /// Every step of the ladder.
    pub ladder: Vec<Transition>,
    /// Commands that reached the control law.
    pub commands_applied: u64,
}

impl Seen {
    pub(crate) fn tick(&mut self, ladder: Ladder, force_along_axis: f64, force_norm: f64, settled: bool) {
        self.peak_force = self.peak_force.max(force_norm);
        self.engaged_ticks += u64::from(ladder == Ladder::Engaged);
        if settled {
            self.settled_sum += force_along_axis;
            self.settled_ticks += 1;
        }
    }

    /// Mean of the true force along the axis while engaged with the whole force asked for, N.
    pub fn mean_settled_force(&self) -> Option<f64> {
        (self.settled_ticks > 0).then(|| self.settled_sum / self.settled_ticks as f64)
    }

    /// The rungs passed, in order.
    pub fn rungs(&self) -> Vec<Ladder> {
        self.ladder.iter().map(|step| step.to).collect()
    }
}
