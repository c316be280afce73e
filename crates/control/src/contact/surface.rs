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

/// How steeply skin falls away before a probe that slides: 27°.
const STEEPEST: f64 = 0.5;

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

    /// The probe slides across the skin more slowly than in the tick before (m/s): as much less does a slope fall away.
    pub(super) fn slide_ends(&mut self, before: f64, now: f64) {
        if now < before {
            let by_slope = self.skin_speed.clamp(0.0, STEEPEST * before);
            self.skin_speed -= by_slope * (1.0 - now / before);
        }
    }

    /// Contact is all but lost: the skin's motion is forgotten with this time constant (s).
    pub(super) fn forget(&mut self, dt: f64, time_constant: f64) {
        let kept = 1.0 - (dt / time_constant).min(1.0);
        self.skin_speed *= kept;
        self.skin_acceleration *= kept;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DT: f64 = 1e-5;
    const STIFFNESS: f64 = 4_000.0;
    const POLE: f64 = 30.0;

    /// An observer that began like this, after `seconds` of this force (N) and tip speed (m/s).
    fn observed(mut observer: SurfaceObserver, seconds: f64, force: f64, tip_speed: f64) -> SurfaceObserver {
        for _ in 0..(seconds / DT).round() as u64 {
            observer.step(DT, force, tip_speed, STIFFNESS, POLE);
        }
        observer
    }

    fn is_near(value: f64, expected: f64, tolerance: f64) {
        assert!((value - expected).abs() <= tolerance, "{value}, expected {expected}");
    }

    #[test]
    fn a_wrong_force_is_made_up_for_as_a_threefold_pole_does() {
        // The solution of (s + p)³ for an observer that begins 2 N too low over a skin at rest.
        let wrong = 2.0;
        for seconds in [0.004, 0.02, 0.05, 0.1, 0.2] {
            let observer = observed(SurfaceObserver::touch(6.0, 0.0), seconds, 6.0 + wrong, 0.0);
            let pt = POLE * seconds;
            let decay = (-pt).exp();
            let error = wrong * decay * (1.0 - 2.0 * pt + pt * pt / 2.0);
            is_near(observer.force(), 6.0 + wrong - error, 2e-3);
            let slope = wrong * decay * POLE * (-3.0 + 3.0 * pt - pt * pt / 2.0);
            is_near(observer.skin_speed(), (slope + 3.0 * POLE * error) / STIFFNESS, 1e-5);
        }
    }

    #[test]
    fn skin_that_gathers_speed_is_followed_without_a_lag() {
        // Skin falls away from a resting tip ever faster: force and its slope are those of the spring.
        let (acceleration, mut observer) = (0.02, SurfaceObserver::touch(9.0, 0.0));
        let mut time = 0.0;
        while time < 1.0 {
            time += DT;
            let force = 9.0 - STIFFNESS * acceleration * time * time / 2.0;
            observer.step(DT, force, 0.0, STIFFNESS, POLE);
        }
        is_near(observer.skin_speed(), acceleration * time, 1e-5);
        is_near(observer.skin_acceleration, acceleration, 1e-5);
        is_near(observer.force(), 9.0 - STIFFNESS * acceleration * time * time / 2.0, 1e-3);
    }

    #[test]
    fn the_tips_own_motion_is_no_motion_of_the_skin() {
        let (speed, mut observer) = (0.02, SurfaceObserver::touch(1.0, 0.02));
        let mut force = 1.0;
        for _ in 0..20_000 {
            force += STIFFNESS * speed * DT;
            observer.step(DT, force, speed, STIFFNESS, POLE);
        }
        is_near(observer.skin_speed(), 0.0, 1e-6);
        is_near(observer.force(), force, 1e-3);
    }

    #[test]
    fn the_tips_speed_is_delayed_as_the_sensor_delays_the_force() {
        let observer = SurfaceObserver::touch(1.0, 0.0);
        assert_eq!((observer.force(), observer.tip_speed(), observer.skin_speed()), (1.0, 0.0, 0.0));
        let after = observed(observer, SENSOR_LAG, 1.0, 0.1);
        is_near(after.tip_speed(), 0.1 * (1.0 - (-1.0_f64).exp()), 1e-3);
        // What is on its way is told by the speed of now.
        is_near(after.closing(0.01), (0.1 - after.skin_speed()) * 0.01, 1e-12);
    }

    #[test]
    fn what_no_skin_and_no_contact_does_is_not_believed() {
        for sign in [-1.0, 1.0] {
            // A force that runs off by 2 kN/s: skin that comes at half a metre a second.
            let (mut observer, mut force) = (SurfaceObserver::touch(0.0, 0.0), 0.0);
            for _ in 0..30_000 {
                force += sign * 2_000.0 * DT;
                observer.step(DT, force, 0.0, STIFFNESS, POLE);
                assert!(observer.force.abs() <= LARGEST_FORCE);
                assert!(observer.skin_speed.abs() <= FASTEST_SKIN);
                assert!(observer.skin_acceleration.abs() <= BRISKEST_SKIN);
            }
            let held = (observer.force, observer.skin_speed, observer.skin_acceleration);
            assert_eq!(held, (sign * LARGEST_FORCE, -sign * FASTEST_SKIN, -sign * BRISKEST_SKIN));
        }
    }

    #[test]
    fn a_skin_that_is_no_longer_felt_is_forgotten_with_its_time_constant() {
        let moving = SurfaceObserver { skin_speed: 0.1, skin_acceleration: 1.0, ..SurfaceObserver::touch(0.2, 0.0) };
        let mut observer = moving;
        for _ in 0..5_000 {
            observer.forget(DT, 0.05);
        }
        is_near(observer.skin_speed, 0.1 * (-1.0_f64).exp(), 1e-5);
        is_near(observer.skin_acceleration, (-1.0_f64).exp(), 1e-4);
        let mut observer = moving;
        observer.forget(0.2, 0.05);
        assert_eq!(
            (observer.skin_speed, observer.skin_acceleration),
            (0.0, 0.0),
            "a long gap forgets all, and no more"
        );
    }
}
