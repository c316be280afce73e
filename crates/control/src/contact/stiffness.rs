//! How stiff the tissue is.

/// An estimate of the tissue's stiffness, N/m.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Stiffness {
    estimate: f64,
    /// Since touch: how far the probe went in, m, and the force at its beginning, N.
    travel: f64,
    first_force: f64,
}

/// The softest tissue worth telling apart, N/m.
pub(super) const SOFTEST: f64 = 300.0;
/// Noise of a force difference that is not taken for stiffness, N: three times the sensor's σ.
const NOISE: f64 = 0.3;
/// From this travel on (m) the quotient of force and travel is worth looking at.
const LEAST_TRAVEL: f64 = 50e-6;
/// How fast the estimate follows the quotient down, s.
const SETTLING: f64 = 0.02;
/// The travel over which the first loading is looked at, m. Beyond it the skin's own motion counts too much.
const LOADING: f64 = 0.002;

impl Stiffness {
    /// Touching something that may be this stiff (N/m) with this force (N).
    pub(super) const fn touch(stiffest: f64, force: f64) -> Self {
        Self { estimate: stiffest, travel: 0.0, first_force: force }
    }

    /// The estimate, N/m.
    pub(super) const fn estimate(&self) -> f64 {
        self.estimate
    }

    /// Takes in the force (N) and the tip's speed (m/s, inward positive) of this tick.
    pub(super) fn step(&mut self, dt: f64, force: f64, tip_speed: f64) {
        if self.travel > LOADING {
            return;
        }
        self.travel += tip_speed * dt;
        if self.travel < LEAST_TRAVEL {
            return;
        }
        // Noise and a skin that comes towards the probe make this too large, which is the safe side.
        let quotient = ((force - self.first_force).max(0.0) + NOISE) / self.travel;
        if quotient < self.estimate {
            self.estimate += (quotient - self.estimate) * (dt / SETTLING).min(1.0);
            self.estimate = self.estimate.max(SOFTEST);
        }
    }
}
