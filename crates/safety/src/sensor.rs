//! Whether the force sensor can be believed.

use core::time::Duration;

use farprobe_geom::{Newton, Time};
use nalgebra::Vector6;

use crate::facts::Measured;

/// The same six numbers for so long are no measurement: real sensors are never that quiet.
const STUCK_AFTER: Duration = Duration::from_millis(100);

/// A sensor without a new sample for so long is silent.
const SILENT_AFTER: Duration = Duration::from_millis(20);

/// Nonsense that could be a disturbance of a few samples must last this long: half of the 200 ms that are promised, so that a
/// slowly filtered sensor is still noticed in time.
const IMPLAUSIBLE_AFTER: Duration = Duration::from_millis(100);

/// Nothing but a wrong sign pulls the probe into the patient harder than this, N: wet gel holds with less than 1 N.
const PULL: f64 = 3.0;

/// The sensor and the estimate may differ by this much, N: the bias that is promised to be noticed is 3 N, noise and honest
/// bias are below 1 N, and an estimate is good for about 1 N.
const DISAGREEMENT: f64 = 2.5;

/// What is expected of the force sensor.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SensorCard {
    /// The end of its range, N: a reading there is saturated.
    pub range: Newton,
    /// Whether a healthy sensor's numbers always differ from sample to sample.
    pub noise: SensorNoise,
}

/// Whether a healthy sensor's numbers always differ from sample to sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SensorNoise {
    /// They do, as those of every real sensor: equal numbers mean that it is stuck.
    Present,
    /// They do not (an ideal simulated sensor): being stuck can't be told from resting.
    None,
}

/// The contact as measured, if the sensor can be believed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Reading {
    /// Norm of the force, N, and norm of the torque, N·m; both finite.
    Believed { force: Newton, torque: f64 },
    /// The sensor is not believed.
    Doubted,
}

/// Watches the sensor.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SensorWatch {
    card: SensorCard,
    last: Option<(Vector6<f64>, Time)>,
    changed_at: Time,
    arrived_at: Time,
    implausible_since: Option<Time>,
}

impl SensorWatch {
    pub(crate) const fn new(card: SensorCard) -> Self {
        Self { card, last: None, changed_at: Time::ZERO, arrived_at: Time::ZERO, implausible_since: None }
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
        let stalled = self.is_stalled(now, sample, measured.sampled_at);
        let implausible = force >= self.card.range
            || f.z > PULL
            || measured.expected_force.is_some_and(|expected| (expected - force).abs().get() > DISAGREEMENT);
        if !implausible {
            self.implausible_since = None;
        }
        let since = if implausible { *self.implausible_since.get_or_insert(now) } else { now };
        if stalled || now.saturating_since(since) >= IMPLAUSIBLE_AFTER {
            Reading::Doubted
        } else {
            Reading::Believed { force, torque }
        }
    }

    /// Whether the sensor is stuck or silent.
    fn is_stalled(&mut self, now: Time, sample: Vector6<f64>, sampled_at: Time) -> bool {
        let (values_differ, time_differs) =
            self.last.map_or((true, true), |(values, at)| (values != sample, at != sampled_at));
        if values_differ {
            self.changed_at = now;
        }
        if time_differs {
            self.arrived_at = now;
        }
        self.last = Some((sample, sampled_at));
        let stuck = match self.card.noise {
            SensorNoise::Present => now.saturating_since(self.changed_at) >= STUCK_AFTER,
            SensorNoise::None => false,
        };
        stuck || now.saturating_since(self.arrived_at) >= SILENT_AFTER
    }
}
