//! The first rate limit for axes that belong together: limited as one vector, so that a motion keeps to its direction.
//!
//! Limited each on its own, the axes of a wish that reverses along an oblique wall would be done at different times, and the tip
//! would stray into the wall in between.

use nalgebra::SVector;

/// Room for rounding, m/s or rad/s.
const ROUNDING: f64 = 1e-9;

/// What the group may do; all numbers are norms and not negative.
#[derive(Debug, Clone, Copy)]
pub(crate) struct GroupRow {
    pub(crate) speed: f64,
    pub(crate) acceleration: f64,
    pub(crate) jerk: f64,
}

/// Velocity and acceleration of a group of axes as last permitted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Group<const N: usize> {
    pub(crate) velocity: SVector<f64, N>,
    pub(crate) acceleration: SVector<f64, N>,
}

impl<const N: usize> Group<N> {
    pub(crate) fn rest() -> Self {
        Self { velocity: SVector::zeros(), acceleration: SVector::zeros() }
    }

    /// Moves on by `dt` seconds towards `wish`, which is no faster than the row and keeps within the walls.
    ///
    /// `within` takes a velocity to the nearest one that keeps within the walls; what it takes off is braked for first, and the
    /// wish gets what is left of the acceleration. A wish that can be met exactly is met exactly, as by a single axis.
    pub(crate) fn follow(
        &mut self,
        wish: SVector<f64, N>,
        within: impl Fn(SVector<f64, N>) -> SVector<f64, N>,
        row: &GroupRow,
        dt: f64,
    ) {
        if dt <= 0.0 {
            return;
        }
        let most_change = row.jerk * dt;
        let gap = wish - self.velocity;
        let exact = gap / dt;
        let settles_at = wish + exact * (exact.norm() / (2.0 * row.jerk).max(f64::MIN_POSITIVE));
        let meets = exact.norm() <= row.acceleration
            && (exact - self.acceleration).norm() <= most_change
            && settles_at.norm() <= row.speed + ROUNDING;
        if meets {
            *self = Self { velocity: wish, acceleration: exact };
            return;
        }
        let along = capped(exact, settling_acceleration(gap.norm(), row.jerk, dt).min(row.acceleration));
        let wanted = (within(self.velocity + along * dt) - self.velocity) / dt;
        let needed = (within(self.velocity) - self.velocity) / dt;
        let allotted = sum_within(needed, wanted - needed, row.acceleration);
        let before = self.velocity;
        let acceleration = self.acceleration + capped(allotted - self.acceleration, most_change);
        self.velocity = capped(before + capped(acceleration, row.acceleration) * dt, row.speed);
        self.acceleration = (self.velocity - before) / dt;
    }
}

/// The acceleration that, taken back at `jerk` after this step, ends exactly `gap` further: `a·dt + a²/2j = gap`.
fn settling_acceleration(gap: f64, jerk: f64, dt: f64) -> f64 {
    let step = jerk * dt;
    libm::sqrt(step * step + 2.0 * jerk * gap) - step
}

/// `first`, and as much of `rest` as the sum is no longer than `most`.
fn sum_within<const N: usize>(first: SVector<f64, N>, rest: SVector<f64, N>, most: f64) -> SVector<f64, N> {
    let first = capped(first, most);
    if (first + rest).norm() <= most {
        return first + rest;
    }
    // |first + s·rest|² = most², for the s between 0 and 1.
    let (a, b, c) = (rest.norm_squared(), first.dot(&rest), first.norm_squared() - most * most);
    let s = (libm::sqrt((b * b - a * c).max(0.0)) - b) / a.max(f64::MIN_POSITIVE);
    capped(first + rest * s.clamp(0.0, 1.0), most)
}

/// The vector, or one of this norm in its direction if it is longer. A vector that is not finite becomes zero.
pub(crate) fn capped<const N: usize>(vector: SVector<f64, N>, norm: f64) -> SVector<f64, N> {
    // A finite vector can have an infinite norm; scaled by its largest part first it can't.
    let largest = vector.amax();
    if largest <= 0.0 || !largest.is_finite() {
        return SVector::zeros();
    }
    let unit = vector / largest;
    let length = unit.norm();
    if largest * length <= norm { vector } else { unit * (norm / length) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nalgebra::Vector2;
    use proptest::prelude::*;

    const ROW: GroupRow = GroupRow { speed: 0.12, acceleration: 2.0, jerk: 200.0 };
    const DT: f64 = 1e-3;

    fn anywhere<const N: usize>(velocity: SVector<f64, N>) -> SVector<f64, N> {
        velocity
    }

    #[test]
    fn sr_039_what_is_not_finite_is_capped_to_nothing() {
        for odd in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert_eq!(capped(Vector2::new(0.1, odd), 1.0), Vector2::zeros());
        }
        let large = capped(Vector2::new(f64::MAX, f64::MAX), 1.0);
        assert!((large.norm() - 1.0).abs() < 1e-12, "its norm is infinite, and it is not: {large}");
    }

    proptest! {
        #[test]
        fn sr_010_any_wishes_of_a_group_stay_within_speed_acceleration_and_jerk(
            wishes in prop::collection::vec((prop::array::uniform2(-0.2..=0.2f64), 1usize..60), 1..60),
            dt in 0.2e-3..3e-3f64,
        ) {
            let mut group = Group::<2>::rest();
            for (wish, ticks) in wishes {
                for _ in 0..ticks {
                    let before = group;
                    group.follow(capped(Vector2::from(wish), ROW.speed), anywhere, &ROW, dt);
                    prop_assert!(group.velocity.norm() <= ROW.speed + ROUNDING);
                    prop_assert!(group.acceleration.norm() <= ROW.acceleration + 1e-6);
                    let jerk = (group.acceleration - before.acceleration).norm() / dt;
                    // Only the speed limit, if it is met in the middle of a curve, bends the motion harder.
                    let bent = group.velocity.norm() >= ROW.speed - 1e-6;
                    prop_assert!(jerk <= ROW.jerk + 1e-6 || bent, "jerk {jerk}");
                }
            }
        }

        #[test]
        fn sr_010_a_constant_wish_of_a_group_is_reached_exactly_and_kept(
            start in prop::array::uniform2(-0.08..=0.08f64), wish in prop::array::uniform2(-0.08..=0.08f64),
        ) {
            let mut group = Group { velocity: Vector2::from(start), acceleration: Vector2::zeros() };
            for _ in 0..400 {
                group.follow(Vector2::from(wish), anywhere, &ROW, DT);
            }
            prop_assert_eq!(group.velocity, Vector2::from(wish));
            prop_assert!(group.acceleration.norm() < 1e-9);
        }

        #[test]
        fn sr_010_a_wish_of_a_group_that_keeps_the_row_is_met_without_delay(turn in -3.0..3.0f64) {
            let mut group = Group::<2>::rest();
            let wish = |tick: u32| {
                let time = f64::from(tick) * DT;
                let size = 0.04 * (1.0 - libm::cos(core::f64::consts::PI * time));
                Vector2::new(libm::cos(turn * time), libm::sin(turn * time)) * size
            };
            for tick in 0..1_000 {
                group.follow(wish(tick), anywhere, &ROW, DT);
                prop_assert_eq!(group.velocity, wish(tick));
            }
        }
    }

    #[test]
    fn sr_010_a_group_changes_nothing_in_no_time() {
        let mut group = Group { velocity: Vector2::new(0.01, 0.0), acceleration: Vector2::new(0.0, 1.0) };
        let before = group;
        group.follow(Vector2::new(-0.1, 0.0), anywhere, &ROW, 0.0);
        assert_eq!(group, before);
    }

    #[test]
    fn sr_016_what_a_wall_takes_off_is_braked_for_before_the_wish() {
        // Along the wall at full speed and towards it; the wall allows less each tick, the wish turns around along it.
        let mut group = Group { velocity: Vector2::new(0.10, 0.06), acceleration: Vector2::zeros() };
        let mut allowed = 0.06_f64;
        let mut worst = 0.0_f64;
        for _ in 0..60 {
            allowed = (allowed - 1.0 * DT).max(0.0);
            let within = |velocity: Vector2<f64>| Vector2::new(velocity.x, velocity.y.min(allowed));
            group.follow(Vector2::new(-0.10, allowed), within, &ROW, DT);
            worst = worst.max(group.velocity.y - allowed);
        }
        assert!(worst <= 0.006, "{worst} m/s too fast");
    }

    #[test]
    fn sr_016_the_wish_gets_what_the_wall_leaves_of_the_acceleration_and_no_more() {
        // Already braking for a wall that allows 1.8 m/s² less each second: of the row's 2 m/s² the wish is left 0.87 along it.
        let mut group = Group { velocity: Vector2::new(0.08, 0.08), acceleration: Vector2::new(0.0, -1.8) };
        let mut allowed = 0.08_f64;
        for tick in 1..=40 {
            allowed -= 1.8 * DT;
            let within = |velocity: Vector2<f64>| Vector2::new(velocity.x, velocity.y.min(allowed));
            group.follow(Vector2::new(-0.08, allowed), within, &ROW, DT);
            assert!((group.velocity.y - allowed).abs() < 1e-9, "{} of {allowed} m/s, tick {tick}", group.velocity.y);
        }
        assert!((group.acceleration.x + 0.87).abs() < 0.01, "{} m/s²", group.acceleration.x);
    }

    #[test]
    fn sr_016_what_has_to_be_braked_for_goes_before_what_is_wished() {
        let sum = |first: [f64; 2], rest: [f64; 2], most: f64| sum_within(first.into(), rest.into(), most);
        let same = |a: Vector2<f64>, b: [f64; 2]| (a - Vector2::from(b)).norm() < 1e-12;
        assert!(same(sum([1.0, 0.0], [0.5, 1.0], 2.0), [1.5, 1.0]), "there is room for both");
        assert!(same(sum([1.0, 0.0], [1.5, 0.0], 2.0), [2.0, 0.0]), "for two thirds of it");
        assert!(same(sum([0.0, 2.0], [8.0, 2.0], 5.0), [4.0, 3.0]), "for half of it");
        assert!(same(sum([0.0, 7.0], [8.0, 0.0], 5.0), [0.0, 5.0]), "for none of it");
    }

    #[test]
    fn sr_010_a_wish_of_a_group_that_nears_full_speed_within_the_jerk_is_not_altered() {
        // The acceleration builds up, stays, and is taken back so that it ends just below full speed.
        let change = ROW.jerk * DT * 0.99;
        let (up, down) = ((1..=10).map(f64::from), (0..10).rev().map(f64::from));
        let steps = up.chain(core::iter::repeat_n(10.0, 49)).chain(down);
        let (mut group, mut wish) = (Group::<2>::rest(), Vector2::zeros());
        for step in steps {
            wish += Vector2::new(0.6, 0.8) * (step * change * DT);
            group.follow(wish, anywhere, &ROW, DT);
            assert_eq!(group.velocity, wish);
        }
        assert!((group.velocity.norm() - 0.117).abs() < 1e-3, "{} m/s", group.velocity.norm());
    }

    #[test]
    fn sr_010_a_wish_of_a_group_that_turns_at_full_speed_is_met_without_delay() {
        let wish = |tick: u32| {
            let angle = 0.3 * f64::from(tick) * DT;
            Vector2::new(libm::cos(angle), libm::sin(angle)) * ROW.speed
        };
        let mut group = Group { velocity: wish(0), acceleration: Vector2::zeros() };
        for tick in 1..1_000 {
            group.follow(wish(tick), anywhere, &ROW, DT);
            assert_eq!(group.velocity, wish(tick));
        }
    }

    #[test]
    fn sr_010_full_speed_is_reached_by_a_group_without_a_jerk() {
        let mut group = Group::<2>::rest();
        for tick in 0..200 {
            let before = group.acceleration;
            group.follow(Vector2::new(0.6, 0.8) * ROW.speed, anywhere, &ROW, DT);
            let jerk = (group.acceleration - before).norm() / DT;
            assert!(jerk <= ROW.jerk + 1e-6, "{jerk} m/s³, tick {tick}");
        }
        assert!((group.velocity.norm() - ROW.speed).abs() < 1e-12);
    }
}
