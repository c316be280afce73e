//! What was stiff is not taken for soft at once.

use farprobe_geom::{NewtonPerMetre, Time};

use crate::fading::kept;

/// Stiffness is forgotten with this time constant, s: as long as a probe takes to slide on to other tissue. A slide that stops takes
/// force off without any travel along the probe, and an estimate that was overthrown by it was a tenth of the truth for 30 ms (world,
/// adversary, seed 2289: 24 N).
const SOFTENING: f64 = 1.0;

/// The stiffest tissue of late.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stiffest {
    /// N/m
    stiffness: f64,
    at: Time,
}

impl Stiffest {
    /// Nothing was said to be stiff yet.
    pub(crate) const NOTHING: Self = Self { stiffness: 0.0, at: Time::ZERO };

    /// Takes in what is said in this tick.
    pub(crate) fn note(&mut self, now: Time, said: NewtonPerMetre) {
        let elapsed = now.saturating_since(core::mem::replace(&mut self.at, now)).as_secs_f64();
        self.stiffness = said.get().max(self.stiffness * kept(elapsed, SOFTENING));
    }

    /// N/m
    pub(crate) const fn get(&self) -> f64 {
        self.stiffness
    }
}
