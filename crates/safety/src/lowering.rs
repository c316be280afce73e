//! How fast the gate itself takes force off.

use core::time::Duration;

use farprobe_geom::{NewtonPerMetre, Time};

use crate::ladder::Goal;
use crate::sensor::Reading;

/// Lowering takes the excess force off with this time constant, s: 13 N are down to 2 N within 200 ms, building-up included.
const LOWERING_TIME_CONSTANT: f64 = 0.050;

/// Lowering assumes tissue no stiffer than this, N/m. An estimate that is too high would make lowering too slow; too low only
/// loses contact, which is the safe side.
const LOWERING_STIFFNESS: f64 = 10e3;

/// Lowering is never slower than this, m/s, so that it ends.
const LOWERING_SLOWEST: f64 = 0.005;

/// A force that is not down by then was judged by a wrong stiffness: the enforced speed grows with time from here on.
const LOWERING_PATIENCE: Duration = Duration::from_millis(150);

/// How fast it grows, m/s²: the outward row's full speed is reached 350 ms after lowering began, and 50 mm are gone after 500 ms.
/// Enough to take 13 N off the softest tissue of the cards.
const LOWERING_GROWTH: f64 = 1.0;

/// Since when the force has been above what it is to be lowered to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lowering {
    since: Option<Time>,
}

impl Lowering {
    /// Nothing is lowered.
    pub(crate) const NONE: Self = Self { since: None };

    /// Takes in what is to be done in this tick, and the force in it.
    pub(crate) fn judge(&mut self, now: Time, goal: Goal, reading: Reading) {
        self.since = match (goal, reading) {
            (Goal::Release { to }, Reading::Believed { force, .. }) if force > to => self.since.or(Some(now)),
            (
                Goal::Rest | Goal::Follow { .. } | Goal::Comply { .. } | Goal::Release { .. } | Goal::Retract { .. },
                _,
            ) => None,
        };
    }

    /// The speed outward, m/s, for this much excess force, N, on tissue of this stiffness; nothing if there is none.
    pub(crate) fn speed(&self, now: Time, excess: f64, stiffness: NewtonPerMetre) -> f64 {
        if excess <= 0.0 {
            return 0.0;
        }
        // Never softer than a tenth of a newton per millimetre, so that nonsense does not divide by zero.
        let stiffness = stiffness.get().clamp(100.0, LOWERING_STIFFNESS);
        (excess / (stiffness * LOWERING_TIME_CONSTANT)).max(LOWERING_SLOWEST).max(self.grown(now))
    }

    /// What patience has come to, m/s.
    fn grown(&self, now: Time) -> f64 {
        let taken = self.since.map_or(Duration::ZERO, |since| now.saturating_since(since));
        taken.saturating_sub(LOWERING_PATIENCE).as_secs_f64() * LOWERING_GROWTH
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sensor::Standing;
    use farprobe_geom::Newton;

    #[test]
    fn sr_003_patience_begins_with_the_force_that_is_too_much() {
        let at = |seconds: u64| Time::ZERO + Duration::from_secs(seconds);
        let force = |force| Reading::Believed { force: Newton::literal(force), torque: 0.0, standing: Standing::Good };
        let goal = Goal::Release { to: Newton::literal(2.0) };
        let mut lowering = Lowering::NONE;
        for (second, little) in [(0, 1.0), (1, 2.0)] {
            lowering.judge(at(second), goal, force(little));
        }
        lowering.judge(at(2), goal, force(2.1));
        let begun = lowering.speed(at(2), 0.1, NewtonPerMetre::literal(1000.0));
        assert!((begun - LOWERING_SLOWEST).abs() < 1e-12, "{begun} m/s");
        // 10 N in 50 ms of tissue that gives a millimetre for each.
        let firm = lowering.speed(at(2), 10.0, NewtonPerMetre::literal(1000.0));
        assert!((firm - 0.2).abs() < 1e-12, "{firm} m/s");
        let later = lowering.speed(at(3), 0.1, NewtonPerMetre::literal(1000.0));
        assert!((later - 0.85).abs() < 1e-12, "{later} m/s");
    }
}
