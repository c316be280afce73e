//! Smoothing that never exceeds an acceleration and a jerk.

use nalgebra::Vector3;

/// Bounds of a motion with three components: linear (m/s, m/s², m/s³) or angular (rad/s, rad/s², rad/s³).
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Bounds {
    pub(crate) speed: f64,
    pub(crate) acceleration: f64,
    pub(crate) jerk: f64,
}

impl Bounds {
    /// The longest time to rest, s, from any motion within the bounds, also one that still gathers speed.
    #[cfg(test)]
    pub(crate) fn longest_rundown(&self) -> f64 {
        let gained = self.acceleration * self.acceleration / (2.0 * self.jerk);
        (self.speed + gained) / self.acceleration + 2.0 * self.acceleration / self.jerk
    }
}

/// A velocity that follows a wanted velocity within [`Bounds`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct SmoothVelocity {
    velocity: Vector3<f64>,
    acceleration: Vector3<f64>,
}

impl SmoothVelocity {
    /// At rest.
    pub(crate) fn rest() -> Self {
        Self { velocity: Vector3::zeros(), acceleration: Vector3::zeros() }
    }

    /// The present velocity.
    pub(crate) const fn velocity(&self) -> Vector3<f64> {
        self.velocity
    }

    /// Moves on by `dt` (s) towards `wanted`.
    ///
    /// The acceleration that can still be taken back in time with the jerk allowed is `√(2·jerk·|Δv|)`; wanting no more
    /// than that brings the velocity to its goal without overshoot. A change small enough to fit into one step passes
    /// unchanged: within the bounds nothing lags.
    pub(crate) fn step(&mut self, wanted: Vector3<f64>, bounds: &Bounds, dt: f64) -> Vector3<f64> {
        if dt <= 0.0 {
            return self.velocity;
        }
        let gap = capped(wanted, bounds.speed) - self.velocity;
        let distance = gap.norm();
        let braking = (2.0 * bounds.jerk * distance).sqrt() * BRAKING_SHARE;
        let wish = capped(gap / dt, braking.min(bounds.acceleration));
        self.acceleration += capped(wish - self.acceleration, bounds.jerk * dt);
        self.velocity = capped(self.velocity + self.acceleration * dt, bounds.speed);
        self.velocity
    }
}

/// The share of the ideal braking curve that is used, so that rounding to whole steps does not overshoot.
const BRAKING_SHARE: f64 = 0.8;

/// `vector` with its direction and at most this norm. A vector that is not finite becomes zero.
pub(crate) fn capped(vector: Vector3<f64>, norm: f64) -> Vector3<f64> {
    let length = vector.norm();
    if !length.is_finite() {
        Vector3::zeros()
    } else if length > norm && length > 0.0 {
        vector * (norm / length)
    } else {
        vector
    }
}

/// Seconds from `before` to `now`, for an integration step: never negative, never longer than a stall may leap.
pub(crate) fn step_seconds(before: Option<farprobe_geom::Time>, now: farprobe_geom::Time) -> f64 {
    /// The nominal tick, for the first step.
    const TICK: f64 = 0.001;
    /// After a stall the motion goes on from where it was; it does not catch up in one leap.
    const LONGEST: f64 = 0.005;
    before.map_or(TICK, |before| now.saturating_since(before).as_secs_f64().min(LONGEST))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const BOUNDS: Bounds = Bounds { speed: 0.1, acceleration: 2.0, jerk: 100.0 };
    const DT: f64 = 0.001;

    #[test]
    fn a_step_is_reached_without_overshoot_and_then_held() {
        let mut smooth = SmoothVelocity::rest();
        let wanted = Vector3::new(0.06, -0.08, 0.0);
        for _ in 0..200 {
            smooth.step(wanted, &BOUNDS, DT);
            assert!(smooth.velocity().norm() <= 0.1 + 1e-12);
        }
        assert!((smooth.velocity() - wanted).norm() < 1e-9, "{:?}", smooth.velocity());
    }

    proptest! {
        #[test]
        fn bounds_hold_whatever_is_wanted(
            wanted in prop::collection::vec(prop::array::uniform3(-0.3..0.3f64), 1..300),
            hold in 1..20usize,
        ) {
            let mut smooth = SmoothVelocity::rest();
            let mut velocity = Vector3::zeros();
            let mut acceleration = Vector3::zeros();
            for wanted in wanted.iter().flat_map(|w| std::iter::repeat_n(w, hold)) {
                smooth.step(Vector3::from(*wanted), &BOUNDS, DT);
                let a = (smooth.velocity() - velocity) / DT;
                prop_assert!(smooth.velocity().norm() <= BOUNDS.speed * 1.0001);
                prop_assert!(a.norm() <= BOUNDS.acceleration * 1.0001, "acceleration {}", a.norm());
                // Only the speed limit, if it is met in mid-curve, may bend the motion harder.
                if smooth.velocity().norm() < BOUNDS.speed * 0.999 && velocity.norm() < BOUNDS.speed * 0.999 {
                    prop_assert!((a - acceleration).norm() <= BOUNDS.jerk * DT * 1.0001);
                }
                acceleration = a;
                velocity = smooth.velocity();
            }
        }

        #[test]
        fn rest_is_reached_in_the_promised_time(
            wanted in prop::collection::vec(prop::array::uniform3(-0.3..0.3f64), 1..100),
        ) {
            let mut smooth = SmoothVelocity::rest();
            for wanted in wanted {
                for _ in 0..7 {
                    smooth.step(Vector3::from(wanted), &BOUNDS, DT);
                }
            }
            // The braking curve uses less than the ideal, and turning around takes its own time: a half on top.
            let steps = (1.5 * BOUNDS.longest_rundown() / DT) as usize;
            for _ in 0..steps {
                smooth.step(Vector3::zeros(), &BOUNDS, DT);
            }
            prop_assert!(smooth.velocity().norm() < 1e-9);
        }
    }
}
