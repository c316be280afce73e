//! Whether a force the sensor shows is the force of a touch.
//!
//! A sensor with an error of some newtons looks like skin, and a probe that seeks the force asked for would go after it, towards
//! the patient. So the speed of the approach to skin holds until the touch has shown itself, and comes back when it no longer
//! does.

use core::time::Duration;

use farprobe_geom::Time;

use crate::facts::Contact;

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
                let stiffness = stiffness.min(STIFFEST) * (1.0 - (dt / FORGETTING).min(1.0));
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
                    let stiffness = if travel > 0.0 { (rise / travel).min(STIFFEST) } else { STIFFEST };
                    Phase::Sure { stroke: 0.0, stiffness }
                } else {
                    Phase::Looking { fast, slow, jumped_at, lowest, lowest_at, travel, wanted, told_at }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_given(belief: Belief) -> bool {
        matches!(belief, Belief::Given { .. })
    }

    /// What is believed after so many milliseconds of this force and speed, both by time in s.
    fn after(millis: u64, force: impl Fn(f64) -> f64, speed: impl Fn(f64) -> f64) -> bool {
        let mut watch = TouchWatch::new();
        let mut believed = false;
        for tick in 0..millis {
            let time = tick as f64 * 1e-3;
            let trembling = if tick % 2 == 0 { 0.15 } else { -0.15 };
            let pressing = force(time) + trembling;
            let feeling = Feeling { felt: Contact::Touching, pressing, expected: None, speed: speed(time) };
            believed = is_given(watch.judge(Time::from_millis(1_000 + tick), &feeling));
        }
        believed
    }

    #[test]
    fn sr_041_a_force_that_rises_as_on_skin_is_believed() {
        for stiffness in [300.0, 1e3, 5e3] {
            assert!(after(450, |time| 0.5 + stiffness * 0.010 * time, |_| 0.010), "{stiffness}");
        }
        // Stiffer tissue is believed once the press goes on slowly.
        for stiffness in [10e3, 150e3] {
            let pressed = |time: f64| 0.5 + (stiffness * 0.010 * time).min(1.5) + 20.0 * (time - 0.1).max(0.0);
            assert!(after(300, pressed, |_| 0.001), "{stiffness}");
        }
    }

    #[test]
    fn sr_041_a_step_of_the_zero_its_noise_and_its_drift_are_no_touch() {
        for step in [0.6, 1.0, 2.0, 5.0, 12.0] {
            let late = |time: f64| 0.4 + step * (1.0 - libm::exp(-time / 0.0016));
            assert!(!after(3_000, late, |_| 0.010), "{step} N");
            let twice = |time: f64| if time < 0.1 { 0.5 } else { 0.5 + step };
            assert!(!after(3_000, twice, |_| 0.010), "{step} N later");
            assert!(!after(3_000, twice, |_| 0.0), "{step} N later, at rest");
        }
        assert!(!after(9_000, |time| 0.5 + 1.5 * time, |_| 0.0));
    }

    #[test]
    fn sr_041_a_touch_that_goes_too_deep_too_fast_must_show_itself_anew() {
        let rising = |time: f64| 0.5 + (10.0 * time).min(5.0);
        // Breathing of ±10 mm at 0.5 Hz is followed for ever.
        let breath = |time: f64| 0.0314 * libm::sin(time * core::f64::consts::PI);
        assert!(after(20_500, rising, breath));
        let chased = |time: f64| if time < 0.5 { 0.0 } else { 0.060 };
        assert!(after(850, rising, chased));
        assert!(!after(950, rising, chased));
        assert!(!after(9_500, rising, chased));
    }

    #[test]
    fn sr_041_an_estimate_without_the_sensor_is_evidence() {
        for (expected, believed) in [(2.9, false), (3.1, true), (f64::NAN, false)] {
            let mut watch = TouchWatch::new();
            let mut last = false;
            for tick in 0..40 {
                let feeling = Feeling { felt: Contact::Touching, pressing: 5.0, expected: Some(expected), speed: 0.0 };
                last = is_given(watch.judge(Time::from_millis(tick), &feeling));
            }
            assert_eq!(last, believed, "{expected} N");
        }
        // Less is evidence where it rose by much of it; and one that says it is pulled is worth nothing until it says it is pressed.
        for (first, risen, believed) in [(0.5, 2.4, false), (0.5, 2.6, true), (-9.0, 1.9, false), (-9.0, 2.1, true)] {
            let mut watch = TouchWatch::new();
            let mut last = false;
            for tick in 0..60 {
                let expected = Some(if tick < 20 { first } else { risen });
                let feeling = Feeling { felt: Contact::Touching, pressing: 5.0, expected, speed: 0.0 };
                last = is_given(watch.judge(Time::from_millis(tick), &feeling));
            }
            assert_eq!(last, believed, "{first} to {risen} N");
        }
    }

    #[test]
    fn sr_041_nothing_is_left_of_a_touch_once_it_is_lost() {
        let mut watch = TouchWatch::new();
        let mut believed = false;
        for tick in 0..600_u64 {
            let felt = if (400..465).contains(&tick) { Contact::Free } else { Contact::Touching };
            let pressing = 0.5 + 0.01 * tick.min(300) as f64;
            believed =
                is_given(watch.judge(Time::from_millis(tick), &Feeling { felt, pressing, expected: None, speed: 0.0 }));
            assert!(believed == (150..400).contains(&tick) || (130..150).contains(&tick), "{tick} ms");
        }
        // Nor of one that was not looked at for a while.
        let mut watch = TouchWatch::new();
        for tick in 0..300_u64 {
            let feeling =
                Feeling { felt: Contact::Touching, pressing: 0.5 + 0.01 * tick as f64, expected: None, speed: 0.0 };
            believed = is_given(watch.judge(Time::from_millis(tick), &feeling));
        }
        assert!(believed);
        let feeling = Feeling { felt: Contact::Touching, pressing: 3.5, expected: None, speed: 0.0 };
        assert_eq!(watch.judge(Time::from_millis(330), &feeling), Belief::JustLost);
        assert_eq!(watch.judge(Time::from_millis(331), &feeling), Belief::Withheld);
    }

    #[test]
    fn sr_041_a_touch_that_comes_back_at_once_is_the_same_one() {
        let mut watch = TouchWatch::new();
        for tick in 0..300_u64 {
            let free = (200..255).contains(&tick);
            let felt = if free { Contact::Free } else { Contact::Touching };
            let feeling = Feeling { felt, pressing: 0.5 + 0.01 * tick as f64, expected: None, speed: 0.0 };
            let belief = watch.judge(Time::from_millis(tick), &feeling);
            assert!(!free || belief == Belief::JustLost, "{tick} ms");
            assert!(tick < 255 || is_given(belief), "{tick} ms");
        }
    }
}
