//! The first rate limit: one axis of the tip, followed with limited acceleration and jerk.

/// Room for rounding, m/s or rad/s.
const ROUNDING: f64 = 1e-9;

/// What one axis may do. Up is the direction of the tip axis, down against it; all numbers are not negative.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AxisRow {
    pub(crate) acceleration_up: f64,
    pub(crate) acceleration_down: f64,
    /// How fast acceleration upward may build up.
    pub(crate) jerk_up: f64,
    /// How fast acceleration downward may build up, and how fast any acceleration may be taken back.
    pub(crate) jerk_down: f64,
}

/// Velocity and acceleration of one axis as last permitted.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Axis {
    pub(crate) velocity: f64,
    pub(crate) acceleration: f64,
}

impl Axis {
    /// Moves on by `dt` seconds towards `wish`, which is within `low..=high`.
    ///
    /// A wish that can be met exactly is met exactly, so that a control law that keeps the rows itself is not delayed.
    /// Otherwise the acceleration is the largest from which the axis can still come to an even speed at the wish with limited
    /// jerk. Once within `low..=high` the axis stays within, as long as those do not shrink faster than it can brake.
    pub(crate) fn follow(&mut self, wish: f64, low: f64, high: f64, row: &AxisRow, dt: f64) {
        if dt <= 0.0 {
            return;
        }
        let before = self.acceleration;
        let highest = if before >= 0.0 {
            before + row.jerk_up * dt
        } else {
            // What is taken back of a downward acceleration may go at the downward jerk, what is built up beyond may not.
            (before + row.jerk_down * dt).min(row.jerk_up * dt)
        };
        let highest = highest.min(row.acceleration_up);
        let lowest = (before - row.jerk_down * dt).max(-row.acceleration_down);

        let exact = (wish - self.velocity) / dt;
        let settles_at = wish + exact * exact.abs() / (2.0 * row.jerk_down).max(f64::MIN_POSITIVE);
        let room = low - ROUNDING..=high + ROUNDING;
        let meets = (lowest..=highest).contains(&exact) && room.contains(&settles_at);
        if meets {
            // The wish itself, not a sum that rounding keeps away from it: rest is exactly zero.
            *self = Self { velocity: wish, acceleration: exact };
            return;
        }
        let wanted = settling_acceleration(wish - self.velocity, row.jerk_down, dt);
        self.acceleration = wanted.min(highest).max(lowest);
        self.velocity += self.acceleration * dt;
    }
}

/// The acceleration that, taken back at `jerk` after this step, ends exactly `gap` further: `a·dt + a²/2j = |gap|`.
fn settling_acceleration(gap: f64, jerk: f64, dt: f64) -> f64 {
    let step = jerk * dt;
    (libm::sqrt(step * step + 2.0 * jerk * gap.abs()) - step).copysign(gap)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ROW: AxisRow = AxisRow { acceleration_up: 2.0, acceleration_down: 5.0, jerk_up: 200.0, jerk_down: 500.0 };
    const DT: f64 = 1e-3;

    proptest! {
        #[test]
        fn sr_010_any_wishes_stay_within_speed_acceleration_and_jerk(
            wishes in prop::collection::vec((-0.2..=0.06f64, 1usize..40), 1..60),
            dt in 0.2e-3..3e-3f64,
        ) {
            let mut axis = Axis::default();
            for (wish, ticks) in wishes {
                for _ in 0..ticks {
                    let before = axis;
                    axis.follow(wish, -0.2, 0.06, &ROW, dt);
                    prop_assert!(axis.velocity <= 0.06 + ROUNDING && axis.velocity >= -0.2 - ROUNDING);
                    prop_assert!(axis.acceleration <= 2.0 && axis.acceleration >= -5.0);
                    let jerk = (axis.acceleration - before.acceleration) / dt;
                    prop_assert!(jerk.abs() <= 500.0 + 1e-6);
                    if before.acceleration >= 0.0 {
                        prop_assert!(jerk <= 200.0 + 1e-6);
                    } else {
                        prop_assert!(axis.acceleration <= 200.0 * dt + 1e-9, "what is built up beyond rest");
                    }
                }
            }
        }

        #[test]
        fn sr_010_a_constant_wish_is_reached_and_kept(start in -0.2..=0.06f64, wish in -0.2..=0.06f64) {
            let mut axis = Axis { velocity: start, acceleration: 0.0 };
            for _ in 0..400 {
                axis.follow(wish, -0.2, 0.06, &ROW, DT);
            }
            prop_assert!((axis.velocity - wish).abs() < 1e-9);
            prop_assert!(axis.acceleration.abs() < 1e-6);
        }
    }

    #[test]
    fn sr_010_a_wish_is_met_exactly_if_what_is_left_of_the_acceleration_ends_within_the_bounds() {
        let follow = |velocity: f64, acceleration: f64, wish: f64| {
            let mut axis = Axis { velocity, acceleration };
            axis.follow(wish, -0.2, 0.06, &ROW, DT);
            axis.velocity
        };
        // 1 m/s² is taken back at 500 m/s³ in 1 mm/s more, and 0.1 m/s² in a hundredth of that.
        for (velocity, acceleration, wish) in [
            (0.0575, 1.0, 0.0585),
            (0.0549, 0.1, 0.055),
            (-0.1995, -0.1, -0.1996),
            (-0.2 + 1e-7, 0.0, -0.2),
            (0.06 - 1e-7, 0.0, 0.06),
        ] {
            assert_eq!(follow(velocity, acceleration, wish), wish, "{velocity} m/s, {acceleration} m/s²");
        }
        for (velocity, acceleration, wish) in [(0.0585, 1.0, 0.0595), (-0.199, -1.0, -0.2)] {
            let ends = follow(velocity, acceleration, wish);
            assert!((ends - wish).abs() > 1e-5, "{velocity} m/s: {ends} m/s, and past the bound then");
        }
    }

    #[test]
    fn sr_010_a_wish_that_keeps_the_rows_is_met_without_delay() {
        let mut axis = Axis::default();
        for tick in 1..400 {
            let wish = 0.03 * libm::sin(f64::from(tick) * DT * 6.0);
            let reachable = axis.velocity + (axis.acceleration + 0.15) * DT;
            axis.follow(wish.min(reachable), -0.2, 0.06, &ROW, DT);
        }
        assert!((axis.velocity - 0.03 * libm::sin(399.0 * DT * 6.0)).abs() < 1e-9);
    }

    #[test]
    fn sr_010_no_time_means_no_change() {
        let mut axis = Axis { velocity: 0.01, acceleration: 1.0 };
        axis.follow(-0.2, -0.2, 0.06, &ROW, 0.0);
        assert_eq!(axis, Axis { velocity: 0.01, acceleration: 1.0 });
    }
}
