//! The normal force of soft contact.

use farprobe_geom::NewtonPerMetre;

/// Exponent of depth. Hertz has 1.5 for a ball, Sneddon (Int. J. Eng. Sci. 3, 1965) 1 for a flat punch, and a probe's face
/// lies between. The plant cards state a stiffness in N/mm, which is one number only where the exponent is 1.
const EXPONENT: f64 = 1.0;

/// α of Hunt and Crossley, s/m: how much of its speed a body loses when it bounces, for each m/s. Chosen: at the 0.1 m/s of a
/// cough the force is 30 % above the one at rest, the order of the hysteresis that soft tissue shows at such rates.
const TISSUE_LOSS: f64 = 2.0;

/// Contact after Hunt and Crossley ("Coefficient of restitution interpreted as damping in vibroimpact", J. Appl. Mech. 42,
/// 1975): F = k·xⁿ·(1 + 3/2·α·ẋ). Damping grows with depth, so the force has no step at touch and does not pull at
/// parting; a press and release never give back more energy than was put in.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HuntCrossley {
    stiffness: f64,
    loss: f64,
}

impl HuntCrossley {
    /// Soft tissue of this stiffness.
    pub fn tissue(stiffness: NewtonPerMetre) -> Self {
        Self { stiffness: stiffness.get().max(0.0), loss: TISSUE_LOSS }
    }

    /// Force (N, never pulling) at this depth (m, positive inside) that grows at this rate (m/s).
    pub fn force(&self, depth: f64, rate: f64) -> f64 {
        if depth <= 0.0 {
            return 0.0;
        }
        let at_rest = self.stiffness * depth.powf(EXPONENT);
        (at_rest * (1.0 + 1.5 * self.loss * rate)).max(0.0)
    }
}
