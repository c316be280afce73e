//! One line's echoes, from the face to the picture's depth, before the lateral point-spread function.

use super::anatomy::{Anatomy, Near, Points, Slab, Surroundings};
use super::array::{LINES, SAMPLES, SEGMENT, SEGMENTS};
use super::contact::{Column, GROUP, GROUPS, Node};
use super::speckle::{Complex, PULSE_SIGMA, Place, Speckle, correlation};
use super::tissue::{TISSUES, Texture, Tissue, echo_loss_db_per_m, from_db};

/// Distance of the two outer slices of the beam's thickness from the middle one, m. With three equal slices the beam is
/// about 1.9 mm thick, what the fixed lens of such an array gives near its focus.
const SLICE: f32 = 2.0 * PULSE_SIGMA;
/// Striation of muscle and spacing of septa in fat, across the layers, m.
const FIBRE: f32 = 0.0017;
const SEPTUM: f32 = 0.0032;
/// Echo of the first gas on a line at right angles to the skin, in units of liver's scatter: gas sends all sound back.
const GAS_ECHO: f32 = 14.0;
/// Amplitude below which nothing is drawn any more: 30 dB under the receiver's noise.
const SILENCE: f32 = 3e-6;
/// Folds that mottled tissue has for each standard deviation of its slow noise.
const FOLDS: f32 = 0.55;
/// Share of a gas surface's echo that comes back once more from the probe's face, each time.
const REVERBERATION: f32 = 0.10;
/// Haze behind gas relative to the sound that met it, in units of liver's scatter, and the depth over which it fades, m.
const HAZE: f32 = 0.45;
const HAZE_REACH: f32 = 0.016;
/// Share of the probe's own echo that remains on a line in full contact: the clutter of the first millimetres.
const COUPLED_RING: f32 = 0.10;
/// How far the probe's own noise moves in the block from line to line and from sample to sample, m.
const RING_LATERAL: f32 = 0.05e-3;
const RING_AXIAL: f32 = 0.18e-3;
/// Most repetitions of a gas surface that are drawn: the fourth is below the haze.
const REPETITIONS: usize = 3;

/// What depends on the depth setting alone.
#[derive(Debug, Clone)]
pub(super) struct Medium {
    /// Distance between samples, m.
    pitch: f32,
    /// Amplitude of scatter of each tissue, liver 1.
    scatter: [f32; TISSUES],
    /// Factor by which an echo's amplitude falls with each sample.
    loss: [f32; TISSUES],
}

impl Medium {
    /// For pictures of this depth (m).
    pub(super) fn new(depth: f32) -> Self {
        let pitch = depth / SAMPLES as f32;
        Self {
            pitch,
            scatter: Tissue::ALL.map(|tissue| from_db(tissue.acoustics().scatter_db)),
            loss: Tissue::ALL.map(|tissue| from_db(-pitch * echo_loss_db_per_m(tissue.acoustics().attenuation))),
        }
    }
}

/// The picture plane as a whole.
#[derive(Debug, Clone, Copy)]
pub(super) struct Plane {
    /// From the middle slice of the beam to an outer one, in the speckle's block.
    pub(super) slice: Place,
    /// Height of the pulse, 0..1.
    pub(super) pulse: f32,
}

impl Plane {
    /// The plane whose normal in the resting body is `across`.
    pub(super) fn new(speckle: &Speckle, across: [f32; 3], pulse: f32) -> Self {
        Self { slice: speckle.place(across.map(|part| part * SLICE)), pulse }
    }
}

/// Two rows of samples: the real and the imaginary part of a line's echoes.
pub(super) type Echoes<'a> = (&'a mut [f32], &'a mut [f32]);

/// What a line carries with it on its way down.
struct Wave {
    amplitude: f32,
    entered: bool,
    /// Sample and amplitude at the first gas.
    gas: Option<(usize, f32)>,
}

/// What lines are computed from.
#[derive(Debug, Clone, Copy)]
pub(super) struct March<'a> {
    pub(super) anatomy: &'a Anatomy,
    pub(super) speckle: &'a Speckle,
    pub(super) medium: &'a Medium,
    pub(super) plane: Plane,
}

impl March<'_> {
    /// Computes the echoes of a line into `echoes`; `near` names the organs around each of its groups of segments.
    pub(super) fn line(&self, column: &Column, near: &[Near; GROUPS], echoes: Echoes) {
        let (real, imaginary) = echoes;
        let mut wave = Wave { amplitude: column.coupling, entered: false, gas: None };
        for segment in 0..SEGMENTS {
            if wave.amplitude < SILENCE {
                real[segment * SEGMENT..].fill(0.0);
                imaginary[segment * SEGMENT..].fill(0.0);
                break;
            }
            let (from, to) = (&column.nodes[segment], &column.nodes[segment + 1]);
            let points = points_between(from, to);
            let slow = [from.slow[0].midpoint(to.slow[0]), from.slow[1].midpoint(to.slow[1])];
            let around = Surroundings { pitch: self.medium.pitch, slow, pulse: self.plane.pulse };
            let slab = self.anatomy.paint(near[segment / GROUP], &points, &around);
            let first = segment * SEGMENT;
            let rows = (&mut real[first..first + SEGMENT], &mut imaginary[first..first + SEGMENT]);
            self.scatter((from, to), &points, &slab, &mut wave, first, rows);
        }
        if let Some((sample, amplitude)) = wave.gas {
            self.reverberate(column, sample, amplitude, (real, imaginary));
        }
    }

    /// The echoes of one segment.
    fn scatter(
        &self,
        (from, to): (&Node, &Node),
        points: &Points,
        slab: &Slab,
        wave: &mut Wave,
        first: usize,
        echoes: Echoes,
    ) {
        let mut place = self.speckle.place(from.point);
        let end = self.speckle.place(to.point);
        let step = step_between(place, end);
        let gas_echo = GAS_ECHO * self.facing_skin(from, to).powi(4);
        let mut slow = from.slow;
        let drift: Complex = std::array::from_fn(|part| (to.slow[part] - from.slow[part]) / SEGMENT as f32);
        let unit = Speckle::UNIT / slices_power().sqrt();
        let (real, imaginary) = echoes;
        for i in 0..SEGMENT {
            let tissue = slab.tissue[i];
            let noise = self.slices(place);
            place = std::array::from_fn(|axis| place[axis].wrapping_add(step[axis]));
            let surface = wave.amplitude * gas_echo * wave.meet(tissue, self.medium.loss[tissue as usize], first + i);
            let texture = texture(tissue.acoustics().texture, points.skin[i], slow);
            slow = [slow[0] + drift[0], slow[1] + drift[1]];
            let strength = wave.amplitude * self.medium.scatter[tissue as usize] * texture * unit;
            // A smooth border adds up in phase; the scatterers on it make it flicker a little.
            let border = wave.amplitude * slab.echo[i] * (0.8 + 0.2 * noise[1] * unit);
            // Gas in tissue is half mirror, half rough.
            let rough = strength + surface * unit / 2.0;
            real[i] = rough * noise[0] + border + surface / 2.0;
            imaginary[i] = rough * noise[1];
        }
    }

    /// Adds what comes from the probe itself: all of it where sound finds no way out, a little where it does.
    pub(super) fn ring_down(&self, line: usize, coupling: f32, strength: &[f32], (real, imaginary): Echoes) {
        let share = 1.0 - (1.0 - COUPLED_RING) * coupling;
        // Fixed to the probe, not to tissue, and alike on neighbouring lines, which share a lens and its housing.
        let mut place = self.speckle.place([line as f32 * RING_LATERAL, 0.0, 0.0]);
        let step = self.speckle.place([0.0, RING_AXIAL, 0.0]);
        for ((real, imaginary), strength) in
            real.iter_mut().zip(imaginary).zip(strength.iter().take_while(|strength| **strength > 0.0))
        {
            let noise = self.speckle.raw(place).map(|part| part * Speckle::UNIT);
            place = std::array::from_fn(|axis| place[axis].wrapping_add(step[axis]));
            *real += share * strength * (0.5 + 0.7 * noise[0]);
            *imaginary += share * strength * 0.7 * noise[1];
        }
    }

    /// Cosine of the angle between a line and the normal of the skin, which lung under the wall and gas in bowel follow.
    fn facing_skin(&self, from: &Node, to: &Node) -> f32 {
        ((to.skin - from.skin) / (self.medium.pitch * SEGMENT as f32)).clamp(0.0, 1.0)
    }

    /// Noise summed over the thickness of the beam.
    fn slices(&self, place: Place) -> Complex {
        let far: Place = std::array::from_fn(|axis| place[axis].wrapping_add(self.plane.slice[axis]));
        let near: Place = std::array::from_fn(|axis| place[axis].wrapping_sub(self.plane.slice[axis]));
        let (a, b, c) = (self.speckle.raw(near), self.speckle.raw(place), self.speckle.raw(far));
        [a[0] + b[0] + c[0], a[1] + b[1] + c[1]]
    }

    /// Behind gas: the surface again and again at multiples of its depth, and haze.
    fn reverberate(&self, column: &Column, surface: usize, amplitude: f32, (real, imaginary): Echoes) {
        let fade = (-self.medium.pitch / HAZE_REACH).exp();
        let mut haze = amplitude * HAZE * Speckle::UNIT;
        // What comes back from below has run between many surfaces: its speckle is that of the tissue above, smeared.
        let segment = surface / SEGMENT;
        let mut place = self.speckle.place(column.nodes[segment].point);
        let step = step_between(place, self.speckle.place(column.nodes[segment + 1].point));
        for i in surface..SAMPLES {
            if haze < SILENCE {
                break;
            }
            let noise = self.speckle.raw(place);
            place =
                std::array::from_fn(|axis| place[axis].wrapping_add((step[axis].cast_signed() / 2).cast_unsigned()));
            real[i] += haze * noise[0];
            imaginary[i] += haze * noise[1];
            haze *= fade;
        }
        // Only a surface that lies square to the line sends sound back to the face again and again.
        let facing = self.facing_skin(&column.nodes[segment], &column.nodes[segment + 1]);
        let mut strength = amplitude * GAS_ECHO * facing.powi(12);
        for repetition in 2..2 + REPETITIONS {
            strength *= REVERBERATION;
            // An oblique surface comes back from the face elsewhere: each repetition is wider and flatter.
            let half = 2 + repetition;
            let sample = surface * repetition;
            for (offset, row) in real.iter_mut().skip(sample).take(2 * half - 1).enumerate() {
                let share = 1.0 - (offset as f32 + 1.0 - half as f32).abs() / half as f32;
                *row += strength * share;
            }
        }
    }
}

impl Wave {
    /// Goes on by one sample, through `tissue`, and returns 1 at the first gas, 0 elsewhere.
    fn meet(&mut self, tissue: Tissue, loss: f32, sample: usize) -> f32 {
        let mut first = 0.0;
        match tissue {
            // Between the face and the skin: gel, which takes nothing.
            Tissue::Gas if !self.entered => {}
            Tissue::Gas => {
                if self.gas.is_none() && self.amplitude > 0.0 {
                    self.gas = Some((sample, self.amplitude));
                    first = 1.0;
                }
                self.amplitude *= loss;
            }
            _ => {
                self.entered = true;
                self.amplitude *= loss;
            }
        }
        first
    }
}

/// A sample's share of the way between two nodes.
fn step_between(from: Place, to: Place) -> Place {
    // The way may cross the block's end either way; the shorter one is meant.
    std::array::from_fn(|axis| {
        (to[axis].wrapping_sub(from[axis]).cast_signed() >> SEGMENT.trailing_zeros()).cast_unsigned()
    })
}

/// Power of the sum of the slices, each of power 1.
fn slices_power() -> f32 {
    3.0 + 4.0 * correlation(SLICE) + 2.0 * correlation(2.0 * SLICE)
}

fn points_between(from: &Node, to: &Node) -> Points {
    let ramp = |a: f32, b: f32| std::array::from_fn(|i| a + (b - a) * (i as f32 / SEGMENT as f32));
    Points {
        x: ramp(from.point[0], to.point[0]),
        y: ramp(from.point[1], to.point[1]),
        z: ramp(from.point[2], to.point[2]),
        skin: ramp(from.skin, to.skin),
    }
}

/// Strength of scatter relative to the tissue's mean.
fn texture(texture: Texture, skin: f32, slow: Complex) -> f32 {
    match texture {
        Texture::Uniform => 1.0,
        Texture::Even => (1.0 + 0.10 * slow[0]).max(0.3),
        Texture::Mottled => {
            // Where the noise passes certain values there are sheets: folds of bowel and mesentery.
            let fold = wave(FOLDS * slow[0]).powi(4);
            (0.62 + 0.28 * slow[1]).clamp(0.2, 1.3) + 0.75 * fold
        }
        Texture::Striated => {
            let wave = wave(skin / FIBRE + 0.9 * slow[1]);
            0.55 + 1.9 * wave * wave * (0.6 + 0.4 * slow[0]).clamp(0.0, 1.3)
        }
        Texture::Septate => {
            let wave = wave(skin / SEPTUM + 0.8 * slow[1]);
            0.6 + 2.4 * wave.powi(6) * (0.5 + 0.5 * slow[0]).clamp(0.0, 1.5)
        }
    }
}

/// A triangular wave of period 1 between 0 and 1.
fn wave(turns: f32) -> f32 {
    // Kept positive, so that the truncating conversion is a floor.
    let turns = turns + 64.0;
    let share = turns - (turns as i32) as f32;
    (2.0 * share - 1.0).abs()
}

/// Room for the echoes of a whole picture, line by line.
pub(super) const ECHOES: usize = LINES * SAMPLES;
