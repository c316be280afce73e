//! How fast one may drive at the present round trip.

use core::time::Duration;

use crate::timing::RoundTripBands;

/// A round trip that wavers by less than this changes nothing.
pub(crate) const HYSTERESIS: Duration = Duration::from_millis(20);

/// Speed at the far end of the slowed band, as a part of full speed: lag in millimetres stays what it is at 100 ms.
const SLOWEST: f64 = 0.5;

/// Speed in the crawling band: 20 mm/s across the skin, where 350 ms are 7 mm of lag.
const CRAWL: f64 = 0.2;

/// What the round trip allows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Pace {
    /// Drive, at this part of full speed, in `(0, 1]`.
    Drive(f64),
    /// The round trip is too long, or not known.
    Disengage,
}

impl Pace {
    /// The part of full speed; none where nobody may drive.
    pub(crate) const fn part(self) -> f64 {
        match self {
            Self::Drive(part) => part,
            Self::Disengage => 0.0,
        }
    }
}

/// The round trip with play: it follows a rise at once and a fall only beyond [`HYSTERESIS`].
#[derive(Debug, Clone, Copy)]
pub(crate) struct PaceKeeper {
    held: Option<Duration>,
}

impl PaceKeeper {
    pub(crate) const fn new() -> Self {
        Self { held: None }
    }

    /// Takes in the present round trip.
    pub(crate) fn take(&mut self, round_trip: Option<Duration>, bands: &RoundTripBands) -> Pace {
        let Some(now) = round_trip else {
            self.held = None;
            return Pace::Disengage;
        };
        let held = match self.held {
            Some(before) => before.clamp(now, now.saturating_add(HYSTERESIS)),
            None => now,
        };
        self.held = Some(held);
        if held <= bands.normal {
            Pace::Drive(1.0)
        } else if held <= bands.slowed {
            // The band is not empty: `held` lies in it.
            let into = |time: Duration| time.saturating_sub(bands.normal).as_secs_f64();
            let part = into(held) / into(bands.slowed);
            Pace::Drive(1.0 - (1.0 - SLOWEST) * part)
        } else if held <= bands.crawling {
            Pace::Drive(CRAWL)
        } else {
            Pace::Disengage
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sr_026_nobody_drives_at_a_round_trip_that_disengages() {
        assert_eq!([Pace::Drive(0.4).part(), Pace::Disengage.part()], [0.4, 0.0]);
    }
}
