//! Motion towards the patient whose force is not in the reading yet.

/// The most ticks that are remembered: 64 ms at the servo's period.
const TICKS: usize = 64;

/// What was permitted in the last ticks, newest first.
#[derive(Debug, Clone, Copy)]
pub(crate) struct InFlight {
    /// Travel towards the patient, m, not negative, and how long each tick was, s.
    ticks: [(f64, f64); TICKS],
}

impl InFlight {
    /// Nothing moved before.
    pub(crate) const fn nothing() -> Self {
        Self { ticks: [(0.0, f64::MAX); TICKS] }
    }

    /// For a tick of `dt` seconds this speed, m/s, was permitted.
    pub(crate) fn note(&mut self, speed: f64, dt: f64) {
        self.ticks.rotate_right(1);
        let [newest, ..] = &mut self.ticks;
        *newest = ((speed * dt).max(0.0), dt.max(0.0));
    }

    /// Travel towards the patient in the last `reaction` seconds, m, in whole ticks. Of what is longer ago than is remembered the
    /// worst is taken, this `fastest` speed, m/s.
    pub(crate) fn travel(&self, reaction: f64, fastest: f64) -> f64 {
        let mut travel = 0.0;
        let mut left = reaction;
        for (moved, dt) in self.ticks {
            if left <= 0.0 {
                return travel;
            }
            travel += moved;
            left -= dt;
        }
        travel + left.max(0.0) * fastest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sr_014_what_is_on_its_way_is_what_was_permitted_in_the_reaction_time() {
        let mut flight = InFlight::nothing();
        assert_eq!(flight.travel(0.010, 0.06), 0.0);
        for tick in 0..100 {
            flight.note(if tick < 95 { 0.010 } else { -0.2 }, 1e-3);
        }
        assert!((flight.travel(0.005, 0.06) - 0.0).abs() < 1e-12, "outward motion takes nothing off");
        assert!((flight.travel(0.0095, 0.06) - 50e-6).abs() < 1e-9);
        assert!((flight.travel(0.064, 0.06) - 590e-6).abs() < 1e-9);
        // Longer ago than is remembered: the worst.
        assert!((flight.travel(0.074, 0.06) - (590e-6 + 600e-6)).abs() < 1e-9);
    }
}
