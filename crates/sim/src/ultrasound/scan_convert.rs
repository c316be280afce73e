//! From lines to pixels: each pixel of the sector is a bilinear mean of four samples, by a table made once for each depth.

use farprobe_geom::Metre;

use super::array::{FACE_RADIUS, FIELD_OF_VIEW, LINES, SAMPLES};

/// Width of a picture, pixels.
pub const WIDTH: usize = 1024;
/// Height of a picture, pixels.
pub const HEIGHT: usize = 768;
/// Black rows and columns left around the sector, pixels.
const BORDER: usize = 8;
/// Steps of the axial and the lateral weight: what is left of 32 bits beside a sample's number.
const AXIAL_BITS: u32 = 7;
const LATERAL_BITS: u32 = 8;

/// The picture's size and scale. Rows run down, columns to the right of somebody who looks at the picture; tip x is to the
/// right.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Geometry {
    /// Pixels across.
    pub width: usize,
    /// Pixels down.
    pub height: usize,
    /// Size of a pixel, both ways.
    pub pixel: Metre,
    /// Column of the probe's axis, pixels from the left.
    pub axis_column: f32,
    /// Row of the probe's face on its axis, pixels from the top.
    pub face_row: f32,
}

/// A run of neighbouring pixels of one row.
#[derive(Debug)]
struct Run {
    first_pixel: usize,
    first_entry: usize,
    length: usize,
}

/// The table for one depth.
#[derive(Debug)]
pub(super) struct ScanConverter {
    geometry: Geometry,
    runs: Vec<Run>,
    /// For each pixel: its first sample, and the weights of the next line and the next sample.
    entries: Vec<u32>,
}

impl ScanConverter {
    /// For pictures of this depth (m). Takes some tens of milliseconds.
    pub(super) fn new(depth: f32) -> Self {
        let half_angle = FIELD_OF_VIEW / 2.0;
        // The face's ends lie behind its middle; the sector is widest at its lower corners.
        let above = FACE_RADIUS * (1.0 - half_angle.cos());
        let half_width = (FACE_RADIUS + depth) * half_angle.sin();
        let room = |pixels: usize| (pixels - 2 * BORDER) as f32;
        let pixel = ((above + depth) / room(HEIGHT)).max(2.0 * half_width / room(WIDTH));
        let geometry = Geometry {
            width: WIDTH,
            height: HEIGHT,
            pixel: Metre::new(f64::from(pixel)).unwrap_or_default(),
            axis_column: WIDTH as f32 / 2.0,
            face_row: BORDER as f32 + above / pixel,
        };
        let mut table = Self { geometry, runs: Vec::with_capacity(2 * HEIGHT), entries: Vec::new() };
        for row in 0..HEIGHT {
            for column in 0..WIDTH {
                if let Some(entry) = entry(&geometry, pixel, depth, row, column) {
                    table.push(row * WIDTH + column, entry);
                }
            }
        }
        table
    }

    fn push(&mut self, pixel: usize, entry: u32) {
        match self.runs.last_mut() {
            Some(run) if run.first_pixel + run.length == pixel => run.length += 1,
            _ => self.runs.push(Run { first_pixel: pixel, first_entry: self.entries.len(), length: 1 }),
        }
        self.entries.push(entry);
    }

    /// The picture's size and scale.
    pub(super) fn geometry(&self) -> Geometry {
        self.geometry
    }

    /// Draws `samples` (line by line, grey) into `picture`, which becomes `WIDTH × HEIGHT` grey bytes, row by row.
    pub(super) fn draw(&self, samples: &[u8], picture: &mut Vec<u8>) {
        picture.clear();
        picture.resize(WIDTH * HEIGHT, 0);
        for run in &self.runs {
            let pixels = &mut picture[run.first_pixel..run.first_pixel + run.length];
            let entries = &self.entries[run.first_entry..run.first_entry + run.length];
            for (pixel, entry) in pixels.iter_mut().zip(entries) {
                *pixel = blend(samples, *entry);
            }
        }
    }
}

/// The bilinear mean that a table entry stands for.
fn blend(samples: &[u8], entry: u32) -> u8 {
    let axial = (entry >> LATERAL_BITS) & ((1 << AXIAL_BITS) - 1);
    let lateral = entry & ((1 << LATERAL_BITS) - 1);
    let first = (entry >> (AXIAL_BITS + LATERAL_BITS)) as usize;
    // The table only names samples that have both neighbours, so this is one check in place of four.
    let Some(four) = samples.get(first..first + SAMPLES + 2) else { return 0 };
    let along =
        |start: usize| u32::from(four[start]) * ((1 << AXIAL_BITS) - axial) + u32::from(four[start + 1]) * axial;
    let sum = along(0) * ((1 << LATERAL_BITS) - lateral) + along(SAMPLES) * lateral;
    (sum >> (AXIAL_BITS + LATERAL_BITS)) as u8
}

/// The table entry of a pixel, or `None` outside of the sector.
fn entry(geometry: &Geometry, pixel: f32, depth: f32, row: usize, column: usize) -> Option<u32> {
    let across = (column as f32 + 0.5 - geometry.axis_column) * pixel;
    let down = (row as f32 + 0.5 - geometry.face_row) * pixel + FACE_RADIUS;
    let sample = ((across * across + down * down).sqrt() - FACE_RADIUS) / depth * SAMPLES as f32;
    if !(0.0..(SAMPLES - 1) as f32).contains(&sample) {
        return None;
    }
    let line = (across.atan2(down) / FIELD_OF_VIEW + 0.5) * (LINES - 1) as f32;
    let inside = (0.0..(LINES - 1) as f32).contains(&line);
    inside.then(|| {
        let first = line as u32 * SAMPLES as u32 + sample as u32;
        let weight = |place: f32, bits: u32| ((place.fract() * (1 << bits) as f32) as u32).min((1 << bits) - 1);
        (first << (AXIAL_BITS + LATERAL_BITS))
            | (weight(sample, AXIAL_BITS) << LATERAL_BITS)
            | weight(line, LATERAL_BITS)
    })
}
