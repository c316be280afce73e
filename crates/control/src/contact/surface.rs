//! An observer of what the force alone does not show: how the skin itself moves.

use super::LARGEST_FORCE;

/// What is known about the contact: its force, and speed and acceleration of the skin along the probe.
///
/// The model is a spring whose far end moves: `Ḟ = k·(v_tip − v_skin)`, with an acceleration of the skin that changes
/// slowly. What the force is off the model corrects all three (a Luenberger observer with a threefold pole). The
/// acceleration is worth its trouble: with it a breath of ±10 mm leaves a quarter of the force error that it leaves without.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct SurfaceObserver {
    force: f64,
    skin_speed: f64,
    skin_acceleration: f64,
    /// The tip's speed, delayed as the force sensor delays the force.
    tip_speed: f64,
    tip_speed_now: f64,
}

/// Lag of the force sensor of the plant cards, s: 100 Hz low-pass and 1 ms. The tip's speed is delayed alike, or each
/// acceleration of the probe would look like a motion of the skin.
const SENSOR_LAG: f64 = 0.0026;
/// The fastest skin that is believed, m/s: a cough.
const FASTEST_SKIN: f64 = 0.15;
/// The largest acceleration of the skin that is believed, m/s²: a cough of 20 mm in 300 ms.
const BRISKEST_SKIN: f64 = 2.0;

impl SurfaceObserver {
    /// Contact begins with this force (N); nothing is known about the skin's motion.
    pub(super) const fn touch(force: f64, tip_speed: f64) -> Self {
        Self { force, skin_speed: 0.0, skin_acceleration: 0.0, tip_speed, tip_speed_now: tip_speed }
    }

    /// The force, N, with less noise than the sensor's.
    pub(super) const fn force(&self) -> f64 {
        self.force
    }

    /// The speed of the skin, m/s, positive when it falls away from the probe.
    pub(super) const fn skin_speed(&self) -> f64 {
        self.skin_speed
    }

    /// The speed of the tip, m/s, delayed as the force sensor delays the force.
    pub(super) const fn tip_speed(&self) -> f64 {
        self.tip_speed
    }

    /// How far the probe will go into the skin within `lead` seconds, m: what is on its way and not yet felt.
    pub(super) fn closing(&self, lead: f64) -> f64 {
        (self.tip_speed_now - self.skin_speed) * lead
    }

    /// Takes in the force (N) and the tip's speed (m/s, inward positive) of this tick; `stiffness` in N/m, the `pole` in
    /// rad/s.
    pub(super) fn step(&mut self, dt: f64, force: f64, tip_speed: f64, stiffness: f64, pole: f64) {
        self.tip_speed_now = tip_speed;
        self.tip_speed += (tip_speed - self.tip_speed) * (dt / (dt + SENSOR_LAG));
        let surprise = force - self.force;
        let unexplained = surprise / stiffness;
        self.force += (stiffness * (self.tip_speed - self.skin_speed) + 3.0 * pole * surprise) * dt;
        self.skin_speed += (self.skin_acceleration - 3.0 * pole.powi(2) * unexplained) * dt;
        self.skin_acceleration -= pole.powi(3) * unexplained * dt;
        self.force = self.force.clamp(-LARGEST_FORCE, LARGEST_FORCE);
        self.skin_speed = self.skin_speed.clamp(-FASTEST_SKIN, FASTEST_SKIN);
        self.skin_acceleration = self.skin_acceleration.clamp(-BRISKEST_SKIN, BRISKEST_SKIN);
    }

    /// Contact is all but lost: the skin's motion is forgotten with this time constant (s).
    pub(super) fn forget(&mut self, dt: f64, time_constant: f64) {
        let kept = 1.0 - (dt / time_constant).min(1.0);
        self.skin_speed *= kept;
        self.skin_acceleration *= kept;
    }
}
