//! The clock of a console as the world's own time sees it.

use std::time::Duration;

use farprobe_geom::Time;

/// How a console's clock differs from the cart's, which is the world's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Skew {
    /// How far it is ahead at the world's start. Machines start at different times.
    pub ahead: Duration,
    /// How much faster it runs, millionths; crystals are within ±100.
    pub drift_ppm: i32,
}

/// A clock with a skew, which may be stepped as no monotonic clock should be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock {
    ahead: i128,
    stepped: i128,
    drift_ppm: i128,
}

impl Clock {
    pub(crate) fn new(skew: Skew) -> Self {
        let ahead = i128::try_from(skew.ahead.as_nanos()).unwrap_or(i128::MAX / 2);
        Self { ahead, stepped: 0, drift_ppm: i128::from(skew.drift_ppm) }
    }

    /// What it shows at `now` of the world.
    pub(crate) fn read(&self, now: Time) -> Time {
        self.shown(now, self.ahead + self.stepped)
    }

    /// What it would show had it never stepped: the sense of time of the person in front of it.
    pub(crate) fn felt(&self, now: Time) -> Time {
        self.shown(now, self.ahead)
    }

    fn shown(&self, now: Time, ahead: i128) -> Time {
        let now = i128::from(now.as_nanos());
        let shown = ahead + now + now * self.drift_ppm / 1_000_000;
        Time::from_nanos(u64::try_from(shown.max(0)).unwrap_or(u64::MAX))
    }

    /// Steps it forward by so many milliseconds, or back.
    pub(crate) fn step(&mut self, millis: i64) {
        self.stepped += i128::from(millis) * 1_000_000;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_is_ahead_drifts_and_steps() {
        let mut clock = Clock::new(Skew { ahead: Duration::from_secs(10), drift_ppm: -500 });
        assert_eq!(clock.read(Time::ZERO), Time::from_millis(10_000));
        assert_eq!(clock.read(Time::from_millis(2_000)), Time::from_millis(11_999));
        clock.step(-20_000);
        assert_eq!(clock.read(Time::from_millis(2_000)), Time::ZERO, "a clock does not go below its start");
        assert_eq!(clock.felt(Time::from_millis(2_000)), Time::from_millis(11_999), "a person's time does not step");
    }
}
