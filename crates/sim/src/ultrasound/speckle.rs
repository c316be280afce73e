//! The scatterers of tissue: a block of complex noise that is fixed to the tissue and repeats in all directions.
//!
//! A pulse-echo picture of many unresolved scatterers is circular complex Gaussian noise, coloured by the point-spread
//! function (Wagner et al., IEEE Trans. Sonics Ultrason. 30, 1983); its envelope is Rayleigh distributed. The block holds
//! that noise, already smoothed with the pulse's length, so that a line may read it at the nearest cell. The lateral part
//! of the point-spread function follows in [`receive`](super::receive).
//!
//! The block's axes are turned out of those of the body, so that no picture plane of use runs along them: a slice in a
//! direction without a rational slope never comes back to its own beginning.

use nalgebra::{Matrix3, Rotation3};
use rand::{Rng, SeedableRng};
use rand_pcg::Pcg64Mcg;

/// Cells along one edge, as a power of two. 2¹⁸ cells of two bytes fit the second cache, which makes the picture fast.
const EDGE_BITS: u32 = 6;
const EDGE: usize = 1 << EDGE_BITS;
const CELLS: usize = EDGE * EDGE * EDGE;
const MASK: u32 = EDGE as u32 - 1;
/// Edge of a cell, m: a half of the pulse's width, so that reading the nearest cell is off by an eighth of it.
const CELL: f64 = 0.25e-3;
/// Standard deviation of the smoothing, cells. 0.275 mm is a pulse of 0.65 mm at half maximum: two and a half cycles at 3.5
/// MHz, sent and received.
const PULSE_SIGMA_CELLS: f64 = 1.1;
/// Standard deviation of the smoothing, m.
pub(super) const PULSE_SIGMA: f32 = (PULSE_SIGMA_CELLS * CELL) as f32;
/// Reach of the smoothing, cells: there the weight is below a hundredth.
const REACH: usize = 4;
/// Standard deviation of a stored part (real or imaginary). ±127 is then 4.2 σ, and rounding adds 0.1 % to the variance.
const STORED_SIGMA: f64 = 30.0;
/// What turns a stored part into one of a noise with mean power 1.
const UNIT: f32 = (std::f64::consts::FRAC_1_SQRT_2 / STORED_SIGMA) as f32;
/// Angles that turn the block out of the body's axes, rad: far from any simple fraction of a turn.
const TURN: [f64; 3] = [0.53, 0.87, 0.31];

/// Where something is in the block: cells in 16.16 fixed point. Wrapping arithmetic is the block's repetition.
pub(super) type Place = [u32; 3];

/// A complex number as its real and imaginary part.
pub(super) type Complex = [f32; 2];

/// The block of noise.
#[derive(Debug)]
pub(super) struct Speckle {
    cells: Vec<[i8; 2]>,
    /// From metres in the body to cells × 2¹⁶.
    to_cells: Matrix3<f64>,
}

impl Speckle {
    /// The scatterers of this seed. Takes some milliseconds.
    pub(super) fn new(seed: u64) -> Self {
        let mut rng = Pcg64Mcg::seed_from_u64(seed);
        // Bits of a random word are binomial; smoothing sums hundreds of them, which is Gaussian to all that is shown.
        let mut field: Vec<Complex> = (0..CELLS)
            .map(|_| {
                let word = rng.next_u64();
                [word as u32, (word >> 32) as u32].map(|half| half.count_ones() as f32 - 16.0)
            })
            .collect();
        let kernel = smoothing_kernel();
        for stride in [1, EDGE, EDGE * EDGE] {
            smooth(&mut field, stride, &kernel);
        }
        // A 32-bit word's ones have variance 8; the kernel has unit energy, so the variance is still that.
        let scale = (STORED_SIGMA / 8.0_f64.sqrt()) as f32;
        let cells = field.iter().map(|value| value.map(|part| (part * scale).round() as i8)).collect();
        let turn = Rotation3::from_euler_angles(TURN[0], TURN[1], TURN[2]);
        Self { cells, to_cells: turn.matrix() * (65536.0 / CELL) }
    }

    /// Where a point of the body (m) is in the block.
    pub(super) fn place(&self, [x, y, z]: [f32; 3]) -> Place {
        let cells = self.to_cells * nalgebra::Vector3::new(f64::from(x), f64::from(y), f64::from(z));
        [cells.x, cells.y, cells.z].map(|value| value as i64 as u32)
    }

    /// The noise at a place, not normalised: multiply by [`Self::UNIT`].
    pub(super) fn raw(&self, place: Place) -> Complex {
        let [i, j, k] = place.map(|value| (value >> 16) & MASK);
        let cell = i | (j << EDGE_BITS) | (k << (2 * EDGE_BITS));
        self.cells.get(cell as usize).copied().unwrap_or_default().map(f32::from)
    }

    /// What turns [`Self::raw`] into noise of mean power 1.
    pub(super) const UNIT: f32 = UNIT;

    /// Noise in the order it is stored, from any start on: the receiver's own, which belongs to no tissue.
    pub(super) fn stream(&self, start: u64) -> impl Iterator<Item = Complex> {
        let start = (start % CELLS as u64) as usize;
        let (before, after) = self.cells.split_at(start.min(self.cells.len()));
        after.iter().chain(before).map(|value| value.map(f32::from))
    }

    /// The same noise with details of `size` m in place of the pulse's: how tissue varies on the scale of an organ. Two
    /// independent parts with mean 0; each has a standard deviation of about 1.
    pub(super) fn slow(&self, [x, y, z]: [f32; 3], size: f32) -> Complex {
        let shrink = PULSE_SIGMA / size;
        let place = self.place([x * shrink, y * shrink, z * shrink]);
        let share = place.map(|value| (value & 0xffff) as f32 / 65536.0);
        let mut sum = [0.0; 2];
        for corner in 0..8_u32 {
            let mut weight = 1.0;
            let mut at = place;
            for axis in 0..3 {
                let far = corner >> axis & 1;
                at[axis] = at[axis].wrapping_add(far << 16);
                weight *= if far == 1 { share[axis] } else { 1.0 - share[axis] };
            }
            let value = self.raw(at);
            sum = [sum[0] + weight * value[0], sum[1] + weight * value[1]];
        }
        sum.map(|part| part / STORED_SIGMA as f32)
    }
}

/// A Gaussian of unit energy, so that smoothing white noise keeps its variance.
fn smoothing_kernel() -> [f32; 2 * REACH + 1] {
    let weight = |tap: usize| (-(tap as f64 - REACH as f64).powi(2) / (2.0 * PULSE_SIGMA_CELLS.powi(2))).exp();
    let energy: f64 = (0..=2 * REACH).map(|tap| weight(tap).powi(2)).sum();
    std::array::from_fn(|tap| (weight(tap) / energy.sqrt()) as f32)
}

/// Smooths along the axis on which neighbours are `stride` cells apart, around the corner at the block's ends.
fn smooth(field: &mut [Complex], stride: usize, kernel: &[f32; 2 * REACH + 1]) {
    let mut row = [[0.0_f32; 2]; EDGE];
    for first in (0..CELLS).filter(|cell| (cell / stride).is_multiple_of(EDGE)) {
        for (i, value) in row.iter_mut().enumerate() {
            *value = field[first + i * stride];
        }
        for i in 0..EDGE {
            let mut sum = [0.0; 2];
            for (tap, weight) in kernel.iter().enumerate() {
                let value = row[(i + tap + EDGE - REACH) % EDGE];
                sum = [sum[0] + weight * value[0], sum[1] + weight * value[1]];
            }
            field[first + i * stride] = sum;
        }
    }
}

/// How alike two readings of the noise are that lie `distance` m apart: 1 at the same place.
pub(super) fn correlation(distance: f32) -> f32 {
    (-(distance / (2.0 * PULSE_SIGMA)).powi(2)).exp()
}
