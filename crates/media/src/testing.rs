//! What several test modules of this crate need.

use std::sync::Arc;
use std::time::Instant;

use farprobe_geom::{Newton, Pose, Time};
use farprobe_proto::{Epoch, PictureStamp};
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64Mcg;

use crate::Clock;

/// A stamp that differs from those of other numbers.
pub(crate) fn stamp(number: u64) -> PictureStamp {
    PictureStamp {
        number,
        captured_at: Time::from_millis(number.wrapping_mul(33)),
        encoded_at: Time::from_millis(number.wrapping_mul(33)),
        epoch: Some(Epoch(3)),
        applied_sequence: number.wrapping_mul(16),
        tip: Pose::identity(),
        force: Newton::literal(8.0),
    }
}

/// The machine's clock, from now on.
pub(crate) fn real_clock() -> Clock {
    let start = Instant::now();
    Arc::new(move || Time::from_nanos(u64::try_from(start.elapsed().as_nanos()).unwrap()))
}

/// A picture like an ultrasound fan: speckle that moves from picture to picture, black outside the fan.
pub(crate) struct Speckle {
    width: u32,
    height: u32,
    texture: Vec<u8>,
}

impl Speckle {
    /// Speckle of one seed, `width` × `height` pixels.
    pub(crate) fn new(width: u32, height: u32, seed: u64) -> Self {
        let mut random = Pcg64Mcg::seed_from_u64(seed);
        let coarse: Vec<f32> = (0..(width / 4 + 2) * (height / 2 + 2)).map(|_| random.random::<f32>()).collect();
        let stride = (width / 4 + 2) as usize;
        let mut texture = Vec::with_capacity((width * height) as usize);
        for y in 0..height {
            for x in 0..width {
                let (u, v) = (x as f32 / 4.0, y as f32 / 2.0);
                let at = v as usize * stride + u as usize;
                let (fu, fv) = (u.fract(), v.fract());
                let top = coarse[at] * (1.0 - fu) + coarse[at + 1] * fu;
                let bottom = coarse[at + stride] * (1.0 - fu) + coarse[at + stride + 1] * fu;
                texture.push(((top * (1.0 - fv) + bottom * fv) * 220.0) as u8);
            }
        }
        Self { width, height, texture }
    }

    /// The picture of one number: the texture moved by a pixel a picture, inside a fan.
    pub(crate) fn grey(&self, number: u64) -> Vec<u8> {
        let (width, height) = (self.width as usize, self.height as usize);
        let mut picture = vec![0; width * height];
        for (y, row) in picture.chunks_exact_mut(width).enumerate() {
            let half = usize::midpoint(y, height / 8);
            let (left, right) = ((width / 2).saturating_sub(half), (width / 2 + half).min(width));
            let source = (y + number as usize) % height * width;
            row[left..right].copy_from_slice(&self.texture[source + left..source + right]);
        }
        picture
    }
}

/// Peak signal-to-noise ratio of two grey pictures, dB.
pub(crate) fn psnr(a: &[u8], b: &[u8]) -> f64 {
    assert_eq!(a.len(), b.len());
    let square = a.iter().zip(b).map(|(&a, &b)| (f64::from(a) - f64::from(b)).powi(2)).sum::<f64>();
    20.0 * 255.0_f64.log10() - 10.0 * (square / a.len() as f64).max(1e-9).log10()
}
