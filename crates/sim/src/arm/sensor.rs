//! The force sensor at the probe tip, whole or broken.

use std::time::Duration;

use farprobe_geom::{Newton, Tip, Wrench};
use nalgebra::Vector3;

use super::card::SensorCard;
use super::{SUBSTEP, SUBSTEP_S, faded};
use crate::noise::Noise;

/// Substeps between two readings: the sensor gives one each millisecond.
const SUBSTEPS_PER_READING: u32 = 4;

/// The longest delay, in substeps: 16 ms.
const MAX_DELAY: usize = 64;

/// What is wrong with a force sensor.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum SensorFault {
    /// Every reading is not a number.
    NotANumber,
    /// Every reading is the last one again, to the bit.
    Stuck,
    /// Forces and torques have the wrong sign.
    SignFlip,
    /// No force is read larger than this along any axis.
    Saturated(Newton),
    /// Every reading is exactly zero.
    Dropout,
    /// The z force is wrong by this much from one reading to the next.
    BiasStep(Newton),
    /// The z force is wrong by this much more each second.
    BiasDrift {
        /// What is added in a second.
        per_second: Newton,
    },
    /// The noise is this many times larger.
    Noisy {
        /// How many times; 10 is a broken shield.
        factor: f64,
    },
}

type Pair = (Vector3<f64>, Vector3<f64>);

/// A force and torque sensor: low-pass, delay, bias, noise, then faults.
#[derive(Debug, Clone)]
pub(super) struct ForceSensor {
    card: SensorCard,
    noise: Noise,
    bias: Pair,
    /// What the low-pass keeps of its state in a substep.
    kept: f64,
    filtered: Pair,
    delay: [Pair; MAX_DELAY],
    delay_len: usize,
    newest: usize,
    until_reading: u32,
    fault: Option<SensorFault>,
    /// What a drift has come to, N.
    drift: f64,
    reading: Wrench<Tip>,
}

impl ForceSensor {
    pub(super) fn new(card: &SensorCard, seed: u64) -> Self {
        let mut noise = Noise::new(seed);
        let bias = (noise.within(card.force_bias.get()), noise.within(card.torque_bias.get()));
        let delay_len = (card.delay.as_nanos() / SUBSTEP.as_nanos()) as usize;
        let zero = (Vector3::zeros(), Vector3::zeros());
        Self {
            card: card.clone(),
            noise,
            bias,
            kept: kept(card.time_constant),
            filtered: zero,
            delay: [zero; MAX_DELAY],
            delay_len: delay_len.min(MAX_DELAY - 1),
            newest: 0,
            until_reading: 0,
            fault: None,
            drift: 0.0,
            reading: Wrench::new(bias.0, bias.1),
        }
    }

    /// Breaks the sensor, or mends it.
    pub(super) fn set_fault(&mut self, fault: Option<SensorFault>) {
        self.fault = fault;
        self.drift = 0.0;
    }

    /// The last reading.
    pub(super) fn reading(&self) -> Wrench<Tip> {
        self.reading
    }

    /// Lets the true wrench act for one substep.
    pub(super) fn step(&mut self, truth: &Wrench<Tip>) {
        let kept = self.kept;
        self.filtered.0 = (self.filtered.0 * kept + truth.force * (1.0 - kept)).map(faded);
        self.filtered.1 = (self.filtered.1 * kept + truth.torque * (1.0 - kept)).map(faded);
        self.newest = (self.newest + 1) % MAX_DELAY;
        self.delay[self.newest] = self.filtered;
        if self.until_reading == 0 {
            self.until_reading = SUBSTEPS_PER_READING;
            self.read();
        }
        self.until_reading -= 1;
    }

    fn read(&mut self) {
        let delayed = self.delay[(self.newest + MAX_DELAY - self.delay_len) % MAX_DELAY];
        let louder = match self.fault {
            Some(SensorFault::Noisy { factor }) => factor,
            _ => 1.0,
        };
        // Noise is drawn whatever is broken, so that a fault changes nothing that comes after it.
        let force = delayed.0 + self.bias.0 + self.noise.normal(self.card.force_noise.get()) * louder;
        let torque = delayed.1 + self.bias.1 + self.noise.normal(self.card.torque_noise.get()) * louder;
        let range = self.card.range.get();
        let whole = Wrench::new(clip(force, range), torque);
        self.reading = match self.fault {
            None | Some(SensorFault::Noisy { .. }) => whole,
            Some(SensorFault::NotANumber) => Wrench::new(Vector3::repeat(f64::NAN), Vector3::repeat(f64::NAN)),
            Some(SensorFault::Stuck) => self.reading,
            Some(SensorFault::SignFlip) => Wrench::new(-whole.force, -whole.torque),
            Some(SensorFault::Saturated(at)) => Wrench::new(clip(whole.force, at.get()), whole.torque),
            Some(SensorFault::Dropout) => Wrench::zero(),
            Some(SensorFault::BiasStep(by)) => self.wrong_by(force, torque, by.get()),
            Some(SensorFault::BiasDrift { per_second }) => {
                self.drift += per_second.get() * SUBSTEP_S * f64::from(SUBSTEPS_PER_READING);
                self.wrong_by(force, torque, self.drift)
            }
        };
    }

    fn wrong_by(&self, force: Vector3<f64>, torque: Vector3<f64>, z: f64) -> Wrench<Tip> {
        Wrench::new(clip(force + Vector3::z() * z, self.card.range.get()), torque)
    }
}

/// What a first-order low-pass keeps of its state in a substep.
fn kept(time_constant: Duration) -> f64 {
    if time_constant.is_zero() { 0.0 } else { (-SUBSTEP_S / time_constant.as_secs_f64()).exp() }
}

fn clip(force: Vector3<f64>, at: f64) -> Vector3<f64> {
    let at = at.abs();
    force.map(|component| component.clamp(-at, at))
}

#[cfg(test)]
mod tests;
