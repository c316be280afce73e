//! Seeded noise.

use std::f64::consts::TAU;

use nalgebra::Vector3;
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64Mcg;

/// A source of random numbers that gives the same ones for the same seed on every machine.
#[derive(Debug, Clone)]
pub(crate) struct Noise {
    generator: Pcg64Mcg,
    spare: Option<f64>,
}

impl Noise {
    pub(crate) fn new(seed: u64) -> Self {
        Self { generator: Pcg64Mcg::seed_from_u64(seed), spare: None }
    }

    /// A number that is even within [0, 1).
    pub(crate) fn unit(&mut self) -> f64 {
        self.generator.random()
    }

    /// Three numbers, each even within ±`bound`.
    pub(crate) fn within(&mut self, bound: f64) -> Vector3<f64> {
        Vector3::from_fn(|_, _| bound * (2.0 * self.unit() - 1.0))
    }

    /// Three normal numbers with mean 0 and this standard deviation.
    pub(crate) fn normal(&mut self, deviation: f64) -> Vector3<f64> {
        Vector3::from_fn(|_, _| deviation * self.standard_normal())
    }

    /// A normal number with mean 0 and standard deviation 1.
    ///
    /// Box and Muller ("A note on the generation of random normal deviates", 1958) make two at a time.
    pub(crate) fn standard_normal(&mut self) -> f64 {
        if let Some(spare) = self.spare.take() {
            return spare;
        }
        // From (0, 1], so that the logarithm is finite.
        let radius = (-2.0 * (1.0 - self.unit()).ln()).sqrt();
        let (sin, cos) = (TAU * self.unit()).sin_cos();
        self.spare = Some(radius * sin);
        radius * cos
    }
}
