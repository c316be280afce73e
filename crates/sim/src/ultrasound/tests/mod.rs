//! What the picture must show, measured on whole pictures.

mod physics;
mod speckle;

use std::time::Duration;

use farprobe_geom::{Newton, Patient, Pose, Time};
use nalgebra::{Isometry3, Point3, Translation3, UnitQuaternion, Vector3};

use super::anatomy::{Anatomy, Organ, Shape};
use super::array::{LINES, SAMPLES, focal_gain};
use super::tissue::{COMPENSATED_ATTENUATION, Tissue, echo_loss_db_per_m, from_db};
use super::{BMode, Geometry, ProbeView, Settings};
use crate::body::{Body, BodyCard, BodyMotion, Breathing};

/// Force that couples the whole face.
const PRESSED: Newton = Newton::literal(10.0);

/// A body that neither breathes nor has a pulse.
fn still_body() -> Body {
    Body::new(BodyCard { breathing: Breathing::HELD, heart_period: Duration::ZERO, ..BodyCard::default() })
}

/// A probe over the body's midline at `x` (m), `lift` m above the skin, looking down; the picture runs along the body.
fn probe_at(x: f64, lift: f64) -> Pose<Patient> {
    let skin = still_body().skin(&BodyMotion::REST, &Point3::new(x, 0.0, 0.22)).depth;
    // Half a turn around x: z looks down, x stays.
    let down = UnitQuaternion::from_axis_angle(&Vector3::x_axis(), std::f64::consts::PI);
    Pose::new(Isometry3::from_parts(Translation3::new(x, 0.0, 0.22 + skin + lift), down))
}

/// A probe pressed on at `x` (m) over the midline.
fn pressed_at(x: f64) -> ProbeView {
    ProbeView { tip: probe_at(x, -0.001), force: PRESSED }
}

/// A scanner over a uniform material with these organs in it.
fn phantom(organs: Vec<Organ>, seed: u64) -> BMode {
    let mut anatomy = Anatomy::uniform();
    anatomy.organs.splice(0..0, organs);
    BMode::of(still_body(), anatomy, seed)
}

/// A ball in the picture plane of a probe at x = 0, its middle `depth` m below the resting skin.
fn ball(depth: f32, radius: f32, tissue: Tissue) -> Organ {
    Organ::new(Shape::sphere([0.0, 0.0, 0.22 - depth], radius), tissue, 0.0)
}

/// One picture.
struct Shot {
    grey: Vec<u8>,
    geometry: Geometry,
    settings: Settings,
}

fn shoot(scanner: &mut BMode, view: &ProbeView, settings: &Settings) -> Shot {
    let mut grey = Vec::new();
    let geometry = scanner.render(view, Time::ZERO, settings, &mut grey);
    Shot { grey, geometry, settings: *settings }
}

impl Shot {
    /// Mean grey of a square of half side `half` m around a point `x` m to the right of the axis and `depth` m below the face.
    fn mean(&self, x: f32, depth: f32, half: f32) -> f32 {
        let values = self.patch(x, depth, half);
        values.iter().sum::<f32>() / values.len() as f32
    }

    /// The greys of such a square, row by row.
    fn patch(&self, x: f32, depth: f32, half: f32) -> Vec<f32> {
        let pixel = self.geometry.pixel.get() as f32;
        let (column, row) = (self.geometry.axis_column + x / pixel, self.geometry.face_row + depth / pixel);
        let reach = (half / pixel).round();
        let span = |middle: f32| (middle - reach).round() as usize..=(middle + reach).round() as usize;
        span(row)
            .flat_map(|row| span(column).map(move |column| (row, column)))
            .map(|(row, column)| f32::from(self.grey[row * self.geometry.width + column]))
            .collect()
    }

    /// A difference of greys in dB.
    fn db(&self, grey: f32) -> f32 {
        grey / 255.0 * self.settings.dynamic_range_db
    }
}

/// The scanner's envelope at a line and sample, with attenuation and the transmit beam's profile taken out: stationary in a
/// uniform material.
fn flat_envelope(scanner: &BMode, line: usize, sample: usize) -> f64 {
    let settings = scanner.prepared.settings;
    let depth = (settings.depth.get() * sample as f64 / SAMPLES as f64) as f32;
    let loss = from_db(-echo_loss_db_per_m(COMPENSATED_ATTENUATION) * depth);
    let beam = focal_gain(depth, settings.focus.get() as f32);
    f64::from(scanner.envelope[line * SAMPLES + sample] / (loss * beam))
}

/// Root mean square of the flat envelope over a block of lines and samples.
fn level(scanner: &BMode, lines: std::ops::Range<usize>, samples: std::ops::Range<usize>) -> f64 {
    let count = (lines.len() * samples.len()) as f64;
    let power: f64 = lines
        .flat_map(|line| samples.clone().map(move |sample| (line, sample)))
        .map(|(line, sample)| flat_envelope(scanner, line, sample).powi(2))
        .sum();
    (power / count).sqrt()
}

/// The sample at a depth (m).
fn sample_at(settings: &Settings, depth: f64) -> usize {
    (depth / settings.depth.get() * SAMPLES as f64) as usize
}

/// Pearson's correlation of two equally long lists.
fn correlate(a: &[f32], b: &[f32]) -> f32 {
    let mean = |values: &[f32]| values.iter().sum::<f32>() / values.len() as f32;
    let (ma, mb) = (mean(a), mean(b));
    let sum = |f: &dyn Fn(f32, f32) -> f32| a.iter().zip(b).map(|(a, b)| f(a - ma, b - mb)).sum::<f32>();
    sum(&|a, b| a * b) / (sum(&|a, _| a * a) * sum(&|_, b| b * b)).sqrt()
}
