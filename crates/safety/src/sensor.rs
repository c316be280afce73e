//! Whether the force sensor can be believed.

use core::time::Duration;

use farprobe_geom::{Newton, Time};
use nalgebra::{Vector3, Vector6};

use crate::facts::Measured;

/// The same number for so long is no measurement: real sensors are never that quiet. A little less than the 100 ms that are promised.
const STUCK_AFTER: Duration = Duration::from_millis(95);

/// Long before that the probe is held back: a number that is said again for so long may be stuck.
const PERHAPS_STUCK_AFTER: Duration = Duration::from_millis(10);

/// A sensor without a new sample for so long is silent.
const SILENT_AFTER: Duration = Duration::from_millis(20);

/// Nonsense that could be a disturbance of a few samples must last this long: a little less than the 100 ms that are promised.
const IMPLAUSIBLE_AFTER: Duration = Duration::from_millis(90);

/// Nothing but a wrong sign pulls the probe into the patient harder than this, N: wet gel holds with less than 1 N.
const PULL: f64 = 3.0;

/// Sensor and estimate are compared as vectors, averaged with this time constant, s: what noise is left is below 0.1 N.
const AVERAGE: f64 = 0.020;

/// What they differ by changes slowly with the posture: the arm's model of its own weight is a little wrong. That much is learnt,
/// with this time constant, s, up to this size, N.
const WANDERING: f64 = 3.0;
const MOST_WANDERING: f64 = 1.5;

/// Beyond that they may differ by this much, N, and no longer than this. The bias that is promised to be noticed within 200 ms is
/// 3 N, which leaves 1 N for the estimate. See SAFETY.md for how much of it is used.
const DISAGREEMENT: f64 = 2.0;
const DISAGREE_AFTER: Duration = Duration::from_millis(120);

/// A difference that no error of an estimate explains, N, is believed sooner: a wrong sign at more than 3 N, a sensor that says
/// nothing of a contact.
const GROSS: f64 = 6.0;
const GROSS_AFTER: Duration = Duration::from_millis(50);

/// From one sample to the next a healthy sensor rarely changes by more than this, in σ: three times what two samples differ by.
const LOUD: f64 = 4.2;

/// Samples further apart than this say nothing of the noise: the force itself has changed.
const NEIGHBOURS: Duration = Duration::from_millis(3);

/// The share of the three forces that may be louder than that, averaged with this time constant, s. A contact, however hard, is
/// loud in one of them; noise in all.
const LOUD_SHARE: f64 = 0.4;
const LOUD_TIME: f64 = 0.080;

/// What is expected of the force sensor.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SensorCard {
    /// The end of its range, N: a reading there is saturated.
    pub range: Newton,
    /// Whether a healthy sensor's numbers always differ from sample to sample.
    pub noise: SensorNoise,
}

/// Whether a healthy sensor's numbers always differ from sample to sample.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum SensorNoise {
    /// They do, as those of every real sensor: equal numbers mean that it is stuck, and much louder ones that it is broken.
    Present {
        /// Standard deviation of each force, N.
        deviation: Newton,
    },
    /// They do not: being stuck can't be told from resting. No real sensor is like that, and none may be said to be.
    #[cfg(test)]
    None,
}

/// The contact as measured, if the sensor can be believed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Reading {
    /// Norm of the force, N, and norm of the torque, N·m; both finite.
    Believed { force: Newton, torque: f64, standing: Standing },
    /// The sensor is not believed.
    Doubted,
}

/// How well the sensor stands while it is believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// Nothing is held against it.
    Good,
    /// Something is, and is a fault if it lasts: until then nothing is pressed on because of what it says.
    Suspected,
}

/// Watches the sensor.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SensorWatch {
    card: SensorCard,
    last: Option<(Vector6<f64>, Time)>,
    changed_at: [Time; 6],
    arrived_at: Time,
    /// Share of the forces that were loud of late.
    loud: f64,
    implausible: Lasting,
    estimate: EstimateWatch,
}

impl SensorWatch {
    pub(crate) const fn new(card: SensorCard) -> Self {
        Self {
            card,
            last: None,
            changed_at: [Time::ZERO; 6],
            arrived_at: Time::ZERO,
            loud: 0.0,
            implausible: Lasting::NEVER,
            estimate: EstimateWatch::NEW,
        }
    }

    /// Judges the reading of this tick.
    pub(crate) fn judge(&mut self, now: Time, measured: &Measured) -> Reading {
        let (f, t) = (measured.wrench.force, measured.wrench.torque);
        let force = Newton::new(f.norm());
        let torque = t.norm();
        let (Ok(force), true) = (force, torque.is_finite()) else {
            return Reading::Doubted;
        };
        let sample = Vector6::new(f.x, f.y, f.z, t.x, t.y, t.z);
        let quiet = self.listen(now, sample, measured.sampled_at);
        let odd = force >= self.card.range || f.z > PULL;
        let implausible = self.implausible.is_over(now, odd, IMPLAUSIBLE_AFTER);
        // In the direction in which an arm can hardly move its tip, a force hardly turns its joints: there it feels nothing, or anything.
        let expected = measured.expected.map(|wrench| wrench.force);
        let expected = expected.filter(|force| force.norm().is_finite() && measured.agility.suffices());
        let differs = self.estimate.compare(now, &f, expected);
        if quiet == Finding::Fault || implausible || differs == Finding::Fault {
            return Reading::Doubted;
        }
        let good = quiet == Finding::Nothing && !odd && differs == Finding::Nothing;
        let standing = if good { Standing::Good } else { Standing::Suspected };
        // A force the arm feels and the sensor does not is there.
        let felt = expected.and_then(|expected| Newton::new(expected.norm() - DISAGREEMENT).ok());
        Reading::Believed { force: felt.map_or(force, |felt| felt.max(force)), torque, standing }
    }

    /// Whether the sensor is stuck or silent, or its noise is not the one it was made with.
    fn listen(&mut self, now: Time, sample: Vector6<f64>, sampled_at: Time) -> Finding {
        let last = self.last.replace((sample, sampled_at));
        let changes = last.map_or(Vector6::repeat(f64::MAX), |(before, _)| sample - before);
        for (changed_at, change) in self.changed_at.iter_mut().zip(&changes) {
            if *change != 0.0 {
                *changed_at = now;
            }
        }
        let elapsed = last.map_or(Some(Duration::ZERO), |(_, at)| sampled_at.since(at));
        if last.is_none_or(|(_, at)| at != sampled_at) {
            self.arrived_at = now;
        }
        let silent = now.saturating_since(self.arrived_at) >= SILENT_AFTER;
        let deviation = match self.card.noise {
            SensorNoise::Present { deviation } => deviation,
            #[cfg(test)]
            SensorNoise::None => return if silent { Finding::Fault } else { Finding::Nothing },
        };
        let loud = changes.iter().take(3).filter(|change| change.abs() > LOUD * deviation.get()).count();
        let dt = elapsed.filter(|elapsed| *elapsed <= NEIGHBOURS).unwrap_or_default().as_secs_f64();
        self.loud += (loud as f64 / 3.0 - self.loud) * (dt / (dt + LOUD_TIME));
        let same_for = |limit| self.changed_at.iter().any(|changed_at| now.saturating_since(*changed_at) >= limit);
        if silent || self.loud > LOUD_SHARE || same_for(STUCK_AFTER) {
            Finding::Fault
        } else if self.loud > LOUD_SHARE / 2.0 || same_for(PERHAPS_STUCK_AFTER) {
            Finding::Suspicion
        } else {
            Finding::Nothing
        }
    }
}

/// What one check comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Finding {
    Nothing,
    /// It would be a fault if it lasted.
    Suspicion,
    Fault,
}

/// Compares the sensor with an estimate it has no part in.
#[derive(Debug, Clone, Copy)]
struct EstimateWatch {
    at: Time,
    /// What they differ by of late, N.
    difference: Vector3<f64>,
    /// What they always differ by, N.
    wandering: Vector3<f64>,
    wrong: Lasting,
    gross: Lasting,
}

impl EstimateWatch {
    const NEW: Self = Self {
        at: Time::ZERO,
        difference: Vector3::new(0.0, 0.0, 0.0),
        wandering: Vector3::new(0.0, 0.0, 0.0),
        wrong: Lasting::NEVER,
        gross: Lasting::NEVER,
    };

    /// `force` by the sensor and `expected` by the estimate, in the same axes.
    fn compare(&mut self, now: Time, force: &Vector3<f64>, expected: Option<Vector3<f64>>) -> Finding {
        let dt = now.saturating_since(core::mem::replace(&mut self.at, now)).as_secs_f64();
        let Some(expected) = expected else {
            *self = Self { at: now, ..Self::NEW };
            return Finding::Nothing;
        };
        self.difference += (force - expected - self.difference) * (dt / (dt + AVERAGE));
        let excess = (self.difference - self.wandering).norm();
        if excess <= DISAGREEMENT {
            self.wandering += (self.difference - self.wandering) * (dt / (dt + WANDERING));
            self.wandering = self.wandering.cap_magnitude(MOST_WANDERING);
        }
        let wrong = self.wrong.is_over(now, excess > DISAGREEMENT, DISAGREE_AFTER);
        let gross = self.gross.is_over(now, excess > GROSS, GROSS_AFTER);
        match (wrong || gross, excess > DISAGREEMENT) {
            (true, _) => Finding::Fault,
            (false, true) => Finding::Suspicion,
            (false, false) => Finding::Nothing,
        }
    }
}

/// Something that counts once it has lasted.
#[derive(Debug, Clone, Copy)]
struct Lasting {
    since: Option<Time>,
}

impl Lasting {
    const NEVER: Self = Self { since: None };

    /// Whether what is `seen` has been so for this long.
    fn is_over(&mut self, now: Time, seen: bool, limit: Duration) -> bool {
        self.since = if seen { self.since.or(Some(now)) } else { None };
        self.since.is_some_and(|since| now.saturating_since(since) >= limit)
    }
}

#[cfg(test)]
mod tests;
