//! Whether a force the sensor shows is the force of a touch.
//!
//! A sensor with an error of some newtons looks like skin, and a probe that seeks the force asked for would go after it, towards
//! the patient. So the speed of the approach to skin holds until the touch has shown itself, and comes back when it no longer
//! does.

use core::time::Duration;

use farprobe_geom::Time;

use crate::facts::Contact;
use crate::fading::kept;

/// By so much the force must rise while the probe is on the skin, N: ten times the σ of the shipped cards' sensor.
const RISE: f64 = 1.0;

/// Within this time. A zero that drifts by less than 2 N/s is no touch then; the softest tissue of the cards, pressed at the speed
/// of the approach, rises by 1.5 N.
const WITHIN: Duration = Duration::from_millis(500);

/// Within this travel, m: tissue as soft as 0.2 N/mm.
const WITHIN_TRAVEL: f64 = RISE / 200.0;

/// Time constants of the two averages of the force, s. What they differ by is a jump.
const FAST: f64 = 0.002;
const SLOW: f64 = 0.010;

/// A difference that no evidence is drawn from, N: a force that changes by more than 60 N/s, or leaps by 1 N. Sensors fail so;
/// tissue that does so is stiff, and needs no speed.
const JUMP: f64 = 0.5;

/// After a jump nothing counts for so long: three times the slow average.
const SETTLING: Duration = Duration::from_millis(30);

/// An estimate that does not use the sensor is evidence by itself from this force on, N: three times what it may be wrong by.
const TOLD: f64 = 3.0;

/// Or if it rose by this much since something was felt, N: three times what friction makes of it when the arm turns around.
const TOLD_RISE: f64 = 2.0;

/// If it says so for this long.
const TOLD_FOR: Duration = Duration::from_millis(30);

/// Nothing is stiffer, N/m.
const STIFFEST: f64 = 200e3;

/// The speed that needs no evidence, m/s: the approach row's.
const FREE_SPEED: f64 = 0.010;

/// How much further than at that speed a touched probe may go inward before the touch must show itself anew, m: skin that falls
/// away by breathing or after a cough falls 20 mm.
const STROKE: f64 = 0.020;

/// Longer between two readings, and it is as if there had been none.
const LONGEST_STEP: Duration = Duration::from_millis(20);

/// After a touch that had shown itself is lost, nothing goes inward for so long: a little more than it takes to find out that it is
/// the sensor that is lost.
const PAUSE: Duration = Duration::from_millis(120);

/// A touch that comes back so soon is the same one: skin that falls away under a light probe, or slips aside for a moment.
const GRACE: Duration = Duration::from_millis(60);

/// The stiffness the evidence was for is forgotten with this time constant, s: by then the control law knows better.
const FORGETTING: f64 = 1.0;

/// Whether the touch has shown itself.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Belief {
    /// It has not: nothing is faster towards the patient than the approach.
    Withheld,
    /// It had, and the force is gone: nothing goes towards the patient at all.
    JustLost,
    /// The force rose as it does on skin.
    Given {
        /// No softer than this, N/m.
        stiffness: f64,
    },
}

/// What is felt along the probe's axis in one tick.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Feeling {
    /// Whether everybody says that the probe touches.
    pub(crate) felt: Contact,
    /// Force, N, pressing positive; finite.
    pub(crate) pressing: f64,
    /// The same by what does not use the force sensor, N, if there is such a thing.
    pub(crate) expected: Option<f64>,
    /// Measured speed of the tip, m/s, inward positive.
    pub(crate) speed: f64,
}

/// Watches a touch for evidence.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TouchWatch {
    phase: Phase,
    at: Time,
}

#[derive(Debug, Clone, Copy)]
enum Phase {
    /// Nothing is felt; what had shown itself, and when it was lost.
    Free { lost: Option<Lost> },
    /// Something is felt.
    Looking {
        fast: f64,
        slow: f64,
        jumped_at: Time,
        lowest: f64,
        lowest_at: Time,
        travel: f64,
        /// What the estimate without the sensor has to reach, N.
        wanted: f64,
        told_at: Time,
    },
    /// The touch has shown itself; `stroke`, m, is how far the probe went inward since, beyond [`FREE_SPEED`], and `stiffness`, N/m,
    /// what the evidence was for.
    Sure { stroke: f64, stiffness: f64 },
}

/// A touch that had shown itself.
#[derive(Debug, Clone, Copy)]
struct Lost {
    at: Time,
    stroke: f64,
    stiffness: f64,
}

impl TouchWatch {
    pub(crate) const fn new() -> Self {
        Self { phase: Phase::Free { lost: None }, at: Time::ZERO }
    }

    /// Takes in one tick.
    pub(crate) fn judge(&mut self, now: Time, feeling: &Feeling) -> Belief {
        let elapsed = now.saturating_since(core::mem::replace(&mut self.at, now));
        let blind = elapsed > LONGEST_STEP || !feeling.speed.is_finite();
        if feeling.felt == Contact::Free || blind {
            let lost = match self.phase {
                // After a time in which nobody looked it is not taken up again.
                Phase::Sure { stiffness, .. } if blind => Some(Lost { at: now, stroke: f64::INFINITY, stiffness }),
                Phase::Sure { stroke, stiffness } => Some(Lost { at: now, stroke, stiffness }),
                Phase::Free { lost } => lost,
                Phase::Looking { .. } => None,
            };
            self.phase = Phase::Free { lost };
            let paused = lost.is_some_and(|lost| now.saturating_since(lost.at) < PAUSE);
            return if paused { Belief::JustLost } else { Belief::Withheld };
        }
        self.phase = self.next(now, elapsed.as_secs_f64(), feeling);
        match self.phase {
            Phase::Sure { stiffness, .. } => Belief::Given { stiffness },
            Phase::Free { .. } | Phase::Looking { .. } => Belief::Withheld,
        }
    }

    fn next(&self, now: Time, dt: f64, feeling: &Feeling) -> Phase {
        let Feeling { pressing, speed, .. } = *feeling;
        let afresh = Phase::Looking {
            fast: pressing,
            slow: pressing,
            jumped_at: now,
            lowest: pressing,
            lowest_at: now,
            travel: 0.0,
            // Never less than the rise, nor more than what is evidence by itself; also if the estimate is no number.
            wanted: feeling.expected.map_or(TOLD, |expected| (expected.max(0.0) + TOLD_RISE).min(TOLD)),
            told_at: now,
        };
        match self.phase {
            Phase::Free { lost: Some(Lost { at, stroke, stiffness }) }
                if stroke <= STROKE && now.saturating_since(at) <= GRACE =>
            {
                Phase::Sure { stroke, stiffness }
            }
            Phase::Free { .. } => afresh,
            Phase::Sure { stroke, stiffness } => {
                let stroke = (stroke + (speed - FREE_SPEED) * dt).max(0.0);
                let stiffness = stiffness.min(STIFFEST) * kept(dt, FORGETTING);
                if stroke > STROKE { afresh } else { Phase::Sure { stroke, stiffness } }
            }
            Phase::Looking { fast, slow, jumped_at, lowest, lowest_at, travel, wanted, told_at } => {
                let averaged = |before: f64, time: f64| before + (pressing - before) * (dt / (dt + time));
                let (fast, slow) = (averaged(fast, FAST), averaged(slow, SLOW));
                let travel = travel + speed * dt;
                let jumped_at = if (fast - slow).abs() > JUMP { now } else { jumped_at };
                let settling = now.saturating_since(jumped_at) < SETTLING;
                let stale = now.saturating_since(lowest_at) > WITHIN || travel > WITHIN_TRAVEL;
                let told = feeling.expected.is_some_and(|expected| expected >= wanted);
                let told_at = if told { told_at } else { now };
                if now.saturating_since(told_at) >= TOLD_FOR {
                    Phase::Sure { stroke: 0.0, stiffness: STIFFEST }
                } else if settling || stale || slow < lowest {
                    Phase::Looking { fast, slow, jumped_at, lowest: slow, lowest_at: now, travel: 0.0, wanted, told_at }
                } else if slow - lowest >= RISE {
                    let rise = slow - lowest;
                    // A rise without travel, or on the way out, is as stiff as anything.
                    let stiffness = (rise / travel.max(f64::MIN_POSITIVE)).min(STIFFEST);
                    Phase::Sure { stroke: 0.0, stiffness }
                } else {
                    Phase::Looking { fast, slow, jumped_at, lowest, lowest_at, travel, wanted, told_at }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
