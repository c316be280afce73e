//! The zero of the force sensor.

use core::time::Duration;

use farprobe_geom::{Tip, Wrench};
use nalgebra::Vector3;

/// The sensor's constant error, learnt while the probe is surely free, and taken off afterwards.
///
/// Whether the probe is surely free is the caller's judgement. A patient who breathes towards the probe is noticed here, and what
/// is learnt is bounded, so that a wrong judgement can't hide a real contact.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tare {
    force: Vector3<f64>,
    torque: Vector3<f64>,
    /// For how long it has learnt, up to [`LEARNING`].
    learnt: f64,
    /// How much the readings have lately pressed more than the zero, N.
    pressing: f64,
}

/// What a reading was taken for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Learnt {
    /// It told of the zero.
    Zero,
    /// Nothing was learnt: the probe is being pressed on.
    Pressed,
    /// Nothing was learnt: it is not a number.
    Nothing,
}

/// Time constant of the learning, s: σ 0.1 N at 1 kHz becomes 2 mN, and a force that rises by more than 0.15 N/s is left behind,
/// which is the slowest breath on the softest tissue many times over. Before that all readings count the same.
const LEARNING: f64 = 1.0;
/// Time constant with which a press is noticed, s: σ 0.1 N at 1 kHz becomes 10 mN.
const NOTICING: f64 = 0.05;
/// From here on the readings press, N: half of what counts as a touch, and fifteen times their noise. Errors of the zero drift by
/// less in minutes.
const PRESSED: f64 = 0.15;
/// The largest force that counts as an error of the zero, N: twice what the plant cards allow a sensor.
const LARGEST_FORCE: f64 = 1.0;
/// The same for torque, N·m.
const LARGEST_TORQUE: f64 = 0.05;

impl Tare {
    /// Nothing learnt yet.
    pub fn new() -> Self {
        Self { force: Vector3::zeros(), torque: Vector3::zeros(), learnt: 0.0, pressing: 0.0 }
    }

    /// A reading of a probe that is said to touch nothing, `elapsed` after the one before. Contact can only press: a reading that
    /// presses less than the zero always corrects it.
    pub fn learn(&mut self, reading: &Wrench<Tip>, elapsed: Duration) -> Learnt {
        if !reading.is_finite() {
            return Learnt::Nothing;
        }
        let dt = elapsed.as_secs_f64();
        if self.learnt > 0.0 {
            let pressing = self.force.z - reading.force.z;
            self.pressing += (pressing - self.pressing) * dt / (dt + NOTICING);
            if self.pressing > PRESSED {
                return Learnt::Pressed;
            }
        }
        // A first step of no length tells as much as any other.
        let share = if self.learnt > 0.0 { dt / (dt + self.learnt) } else { 1.0 };
        self.learnt = (self.learnt + dt).min(LEARNING);
        self.force += (reading.force - self.force) * share;
        self.torque += (reading.torque - self.torque) * share;
        self.force = self.force.map(|value| value.clamp(-LARGEST_FORCE, LARGEST_FORCE));
        self.torque = self.torque.map(|value| value.clamp(-LARGEST_TORQUE, LARGEST_TORQUE));
        Learnt::Zero
    }

    /// The reading without the error.
    #[must_use]
    pub fn apply(&self, reading: &Wrench<Tip>) -> Wrench<Tip> {
        Wrench::new(reading.force - self.force, reading.torque - self.torque)
    }
}

impl Default for Tare {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_constant_error_is_taken_off_and_a_large_one_is_not_believed() {
        let mut tare = Tare::new();
        let error = Wrench::new(Vector3::new(0.2, -0.1, 0.5), Vector3::new(0.01, 0.0, 0.0));
        let pressing = Wrench::new(Vector3::new(0.0, 0.0, -8.0), Vector3::zeros());
        for _ in 0..3000 {
            tare.learn(&error, Duration::from_millis(1));
            tare.learn(&Wrench::new(Vector3::repeat(f64::NAN), Vector3::zeros()), Duration::from_millis(1));
        }
        assert!(tare.apply(&error).force.norm() < 1e-3);
        assert_eq!(tare.apply(&pressing).force.z, -8.0 - error.force.z);
        // Said to be free from the beginning.
        let mut tare = Tare::new();
        for _ in 0..3000 {
            tare.learn(&pressing, Duration::from_millis(1));
        }
        assert_eq!(tare.apply(&pressing).force.z, -7.0);
    }

    #[test]
    fn the_first_reading_is_the_zero_however_soon_or_late_it_comes() {
        let error = Wrench::new(Vector3::new(0.1, -0.2, -0.9), Vector3::new(0.01, 0.0, -0.02));
        for elapsed in [Duration::ZERO, Duration::from_millis(1), Duration::from_secs(2)] {
            let mut tare = Tare::new();
            assert_eq!(tare.learn(&error, elapsed), Learnt::Zero);
            assert_eq!(tare.apply(&error), Wrench::zero(), "{elapsed:?}");
        }
    }

    #[test]
    fn a_torque_is_learnt_as_a_force_is_and_a_large_one_is_not_believed() {
        for sign in [-1.0, 1.0] {
            let mut tare = Tare::new();
            let error = |size: f64| Wrench::new(Vector3::zeros(), Vector3::new(0.0, sign * size, 0.0));
            (0..1_000).for_each(|_| assert_eq!(tare.learn(&error(0.02), Duration::from_millis(1)), Learnt::Zero));
            assert!(tare.apply(&error(0.02)).torque.norm() < 1e-9);
            // Of another error two thirds within a second: readings weigh less the longer ago they were.
            (0..1_000).for_each(|_| assert_eq!(tare.learn(&error(0.04), Duration::from_millis(1)), Learnt::Zero));
            let left = tare.apply(&error(0.04)).torque.y * sign / 0.02;
            assert!((left - (-1.0_f64).exp()).abs() < 0.01, "{left}");
            (0..20_000).for_each(|_| assert_eq!(tare.learn(&error(1.0), Duration::from_millis(1)), Learnt::Zero));
            assert!((tare.apply(&error(1.0)).torque.y * sign - 0.95).abs() < 1e-12);
        }
    }

    #[test]
    fn a_press_is_noticed_within_the_time_that_noise_needs() {
        let mut tare = Tare::new();
        let pressed = |force: f64| Wrench::new(Vector3::new(0.0, 0.0, -force), Vector3::zeros());
        (0..2_000).for_each(|_| assert_eq!(tare.learn(&pressed(0.0), Duration::from_millis(1)), Learnt::Zero));
        // Twice what counts as pressed: half of a first-order lag of 50 ms, and what is learnt of it meanwhile.
        let noticed = (1..100).find(|_| tare.learn(&pressed(0.3), Duration::from_millis(1)) == Learnt::Pressed);
        assert!(noticed.is_some_and(|ms| (34..=38).contains(&ms)), "{noticed:?} ms");
        // A reading that presses less than the zero is never a press.
        let mut tare = Tare::new();
        tare.learn(&pressed(0.5), Duration::from_millis(1));
        (0..2_000).for_each(|_| assert_eq!(tare.learn(&pressed(0.0), Duration::from_millis(1)), Learnt::Zero));
    }

    /// Readings of a sensor with this error, N, and noise of σ 0.1 N or a little more, while it is pressed.
    fn reading(error: f64, pressed: f64, tick: u64) -> Wrench<Tip> {
        let noise = [0.1, -0.16, 0.04, -0.07, 0.15, -0.06][tick as usize % 6];
        Wrench::new(Vector3::new(0.0, 0.0, error - pressed + noise), Vector3::zeros())
    }

    #[test]
    fn the_zero_is_known_after_a_few_readings() {
        let mut tare = Tare::new();
        for tick in 0..24 {
            assert_eq!(tare.learn(&reading(-0.5, 0.0, tick), Duration::from_millis(1)), Learnt::Zero);
        }
        assert!((tare.apply(&reading(-0.5, 0.0, 0)).force.z - 0.1).abs() < 0.02);
    }

    #[test]
    fn a_patient_who_breathes_towards_the_probe_is_no_error_of_its_zero() {
        // The skin's speed on soft and on firm tissue, N/s.
        for rising in [0.5, 2.0, 20.0] {
            let mut tare = Tare::new();
            let force = |tick: u64| (tick.saturating_sub(600)) as f64 * 1e-3 * rising;
            let taken = (0..4_000).map(|tick| tare.learn(&reading(0.3, force(tick), tick), Duration::from_millis(1)));
            assert!(taken.filter(|taken| *taken == Learnt::Pressed).count() > 2_000);
            let wrong = tare.apply(&Wrench::new(Vector3::new(0.0, 0.0, 0.3), Vector3::zeros())).force.z;
            assert!(wrong.abs() < 0.12, "{wrong} N at {rising} N/s");
            // Free again, it learns again.
            for tick in 0..3_000 {
                tare.learn(&reading(0.3, 0.0, tick), Duration::from_millis(1));
            }
            let wrong = tare.apply(&Wrench::new(Vector3::new(0.0, 0.0, 0.3), Vector3::zeros())).force.z;
            assert!(wrong.abs() < 0.03, "{wrong} N after {rising} N/s");
        }
    }

    #[test]
    fn a_zero_learnt_under_pressure_is_corrected_as_soon_as_it_is_gone() {
        let mut tare = Tare::new();
        for tick in 0..1_000 {
            tare.learn(&reading(0.0, 0.8, tick), Duration::from_millis(1));
        }
        for tick in 0..5_000 {
            assert_ne!(tare.learn(&reading(0.0, 0.0, tick), Duration::from_millis(1)), Learnt::Pressed);
        }
        assert!(tare.apply(&Wrench::zero()).force.z.abs() < 0.02);
    }
}
