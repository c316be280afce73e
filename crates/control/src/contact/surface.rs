//! An observer of what the force alone does not show: how fast the skin itself moves.

/// What is known about the contact: its force, and the speed of the skin along the probe.
///
/// The model is a spring whose far end moves: `Ḟ = k·(v_tip − v_skin)`, with a skin speed that changes slowly. The
/// difference between the force measured and the force expected corrects both (a Luenberger observer with two poles at
/// [`SurfaceObserver::BANDWIDTH`]).
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct SurfaceObserver {
    force: f64,
    skin_speed: f64,
    /// The tip's speed, delayed as the force sensor delays the force.
    tip_speed: f64,
}

/// Lag of the force sensor of the plant cards, s: 100 Hz low-pass and 1 ms. The tip's speed is delayed alike, or each
/// acceleration of the probe would look like a motion of the skin.
const SENSOR_LAG: f64 = 0.0026;
/// The fastest skin that is believed, m/s: a cough.
const FASTEST_SKIN: f64 = 0.15;

impl SurfaceObserver {
    /// Nothing is touched.
    pub(super) const fn free() -> Self {
        Self { force: 0.0, skin_speed: 0.0, tip_speed: 0.0 }
    }

    /// Contact begins with this force (N); nothing is known about the skin's motion.
    pub(super) const fn touch(&mut self, force: f64) {
        self.force = force;
        self.skin_speed = 0.0;
    }

    /// The force, N, with less noise than the sensor's.
    pub(super) const fn force(&self) -> f64 {
        self.force
    }

    /// The speed of the skin, m/s, positive when it falls away from the probe.
    pub(super) const fn skin_speed(&self) -> f64 {
        self.skin_speed
    }

    /// Takes in the force (N) and the tip's speed (m/s, inward positive) of this tick; `stiffness` in N/m, `bandwidth` in
    /// rad/s.
    pub(super) fn step(&mut self, dt: f64, force: f64, tip_speed: f64, stiffness: f64, bandwidth: f64) {
        self.tip_speed += (tip_speed - self.tip_speed) * (dt / (dt + SENSOR_LAG));
        let surprise = force - self.force;
        self.force += (stiffness * (self.tip_speed - self.skin_speed) + 2.0 * bandwidth * surprise) * dt;
        self.skin_speed -= bandwidth * bandwidth / stiffness * surprise * dt;
        self.skin_speed = self.skin_speed.clamp(-FASTEST_SKIN, FASTEST_SKIN);
    }

    /// Contact is all but lost: the skin's motion is forgotten with this time constant (s).
    pub(super) fn forget(&mut self, dt: f64, time_constant: f64) {
        self.skin_speed -= self.skin_speed * (dt / time_constant).min(1.0);
    }
}
