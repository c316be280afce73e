//! From echoes to grey: the beam's width, the receiver's noise, gain, envelope and log compression.

use super::array::{LINES, SAMPLES, beam_width, focal_gain, line_pitch};
use super::settings::Settings;
use super::speckle::{Speckle, correlation};
use super::tissue::{COMPENSATED_ATTENUATION, echo_loss_db_per_m, from_db};

/// Most lines a beam is summed over to either side. At the face, where lines are closest, it cuts the bell at 2 σ.
const REACH: usize = 5;
/// The receiver's own noise relative to the echo of liver at the skin, dB: liver drowns in it at about 23 cm.
const NOISE_DB: f32 = -80.0;
/// The most gain the scanner gives by itself, dB. Below that depth the picture fades.
const MOST_COMPENSATION_DB: f32 = 56.0;
/// How far liver is below white at gain 0, dB: with 60 dB of dynamic range a grey of 0.53.
const LIVER_DB: f32 = -28.0;
/// A power below everything that is shown, so that the logarithm exists.
const LEAST_POWER: f32 = 1e-20;

/// What depends on the settings alone, row by row.
#[derive(Debug)]
pub(super) struct Receiver {
    /// Weight of the line `k` away at each depth, for speckle of unchanged power; includes the transmit beam's strength.
    weights: [Vec<f32>; REACH + 1],
    /// The scanner's gain for soft tissue and the operator's, dB.
    gain_db: Vec<f32>,
    /// Dynamic range, dB.
    range_db: f32,
    /// Echo of the probe's own lens and housing at each depth.
    ring_down: Vec<f32>,
}

impl Receiver {
    /// For these settings, which are clamped.
    pub(super) fn new(settings: &Settings) -> Self {
        let (depth, focus) = (settings.depth.get() as f32, settings.focus.get() as f32);
        let mut weights: [Vec<f32>; REACH + 1] = std::array::from_fn(|_| vec![0.0; SAMPLES]);
        for sample in 0..SAMPLES {
            let at = depth * sample as f32 / SAMPLES as f32;
            let bell = lateral_weights(at, focus);
            for (row, weight) in weights.iter_mut().zip(bell) {
                row[sample] = weight * focal_gain(at, focus);
            }
        }
        let gain_db = (0..SAMPLES)
            .map(|sample| {
                let fraction = sample as f32 / SAMPLES as f32;
                let own = (echo_loss_db_per_m(COMPENSATED_ATTENUATION) * depth * fraction).min(MOST_COMPENSATION_DB);
                own + settings.gain_at(fraction)
            })
            .collect();
        let ring_down = (0..SAMPLES).map(|sample| ring_down(depth * sample as f32 / SAMPLES as f32)).collect();
        Self { weights, gain_db, range_db: settings.dynamic_range_db, ring_down }
    }

    /// Echo of the probe's own lens at each sample.
    pub(super) fn ring_down(&self) -> &[f32] {
        &self.ring_down
    }

    /// Sums line `line` of the echoes over the beam's width into `out`.
    pub(super) fn focus(&self, echoes: &[f32], line: usize, out: &mut [f32; SAMPLES]) {
        let row = |line: usize| &echoes[line * SAMPLES..(line + 1) * SAMPLES];
        for ((out, value), weight) in out.iter_mut().zip(row(line)).zip(&self.weights[0]) {
            *out = value * weight;
        }
        for (away, weights) in self.weights.iter().enumerate().skip(1) {
            // At the picture's sides the outermost line stands for those beyond it.
            let (left, right) = (row(line.saturating_sub(away)), row((line + away).min(LINES - 1)));
            for (((out, left), right), weight) in out.iter_mut().zip(left).zip(right).zip(weights) {
                *out += (left + right) * weight;
            }
        }
    }

    /// Envelope of a focused line after the receiver's noise and before any gain, in units of liver's mean at the skin.
    pub(super) fn envelope(real: &mut [f32; SAMPLES], imaginary: &[f32; SAMPLES], speckle: &Speckle, moment: u64) {
        let scale = from_db(NOISE_DB) * Speckle::UNIT;
        for ((real, imaginary), noise) in real.iter_mut().zip(imaginary).zip(speckle.stream(moment)) {
            let (re, im) = (*real + scale * noise[0], imaginary + scale * noise[1]);
            *real = (re * re + im * im).sqrt();
        }
    }

    /// Grey of a line's envelope: gain, logarithm, and what the dynamic range leaves.
    pub(super) fn compress(&self, envelope: &[f32], grey: &mut [u8]) {
        let scale = 255.0 / self.range_db;
        let offset = self.range_db + LIVER_DB;
        for ((grey, envelope), gain) in grey.iter_mut().zip(envelope).zip(&self.gain_db) {
            let level = decibel(envelope * envelope) + gain + offset;
            // Saturating: below the range is black, above it white.
            *grey = (level * scale) as u8;
        }
    }
}

/// Bell of the beam's width over the lines, for the middle line and those to either side, such that noise with the
/// speckle's correlation keeps its power.
fn lateral_weights(depth: f32, focus: f32) -> [f32; REACH + 1] {
    /// Full width at half maximum of a bell, in σ.
    const FULL_WIDTH: f32 = 2.354_82;
    let pitch = line_pitch(depth);
    let sigma = beam_width(depth, focus) / FULL_WIDTH;
    let bell = |away: usize| (-(away as f32 * pitch / sigma).powi(2) / 2.0).exp();
    let weight = |tap: usize| bell(tap.abs_diff(REACH));
    let mut power = 0.0;
    for one in 0..=2 * REACH {
        for other in 0..=2 * REACH {
            power += weight(one) * weight(other) * correlation(one.abs_diff(other) as f32 * pitch);
        }
    }
    std::array::from_fn(|away| bell(away) / power.sqrt())
}

/// Echo of the probe's own layers at a depth (m), in units of liver's mean scatter: a bright band at the face and its
/// repetitions, about a lens's thickness apart, gone after some 3 cm in air. Zero from where it is far below all noise.
fn ring_down(depth: f32) -> f32 {
    const LAST: f32 = 0.070;
    const SPACING: f32 = 0.0029;
    const FADE_DB_PER_M: f32 = 1350.0;
    const FACE_DB: f32 = 22.0;
    if depth > LAST {
        return 0.0;
    }
    let turns = depth / SPACING;
    let band = (std::f32::consts::PI * turns).cos().powi(2);
    // It falls twice as fast at first, as bright bands do, and slower in their tail.
    let level = FACE_DB - FADE_DB_PER_M * depth - 6.0 * (1.0 - (-depth / 0.004).exp());
    from_db(level) * (0.35 + 0.65 * band * band)
}

/// Ten times the decimal logarithm, to 0.03 dB: far finer than a grey level, and a tenth of the library's time.
fn decibel(power: f32) -> f32 {
    const DB_PER_OCTAVE: f32 = 3.010_3;
    let bits = power.max(LEAST_POWER).to_bits();
    let exponent = (bits >> 23) as f32 - 127.0;
    let mantissa = f32::from_bits((bits & 0x007f_ffff) | 0x3f80_0000) - 1.0;
    // Least-squares parabola with both ends fixed, plus the cubic term that halves its error again.
    let log = mantissa * (1.423_6 + mantissa * (-0.582_6 + mantissa * 0.159_0));
    (exponent + log) * DB_PER_OCTAVE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_quick_logarithm_is_the_logarithm() {
        for i in 0..2000 {
            let power = 10.0_f32.powf(-15.0 + i as f32 * 0.011);
            assert!((decibel(power) - 10.0 * power.log10()).abs() < 0.03, "{power}");
        }
    }
}
