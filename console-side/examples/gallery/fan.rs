//! A made-up ultrasound picture: a convex sector with speckle, layers, a vessel, a gallbladder with a stone and its shadow.
//! Only for looking at the console; the real simulated pictures come from `farprobe-sim`.

use std::sync::Arc;

use farprobe_console::model::Pixels;

pub(crate) const WIDTH: u16 = 1024;
pub(crate) const HEIGHT: u16 = 768;
/// Pixels from the top to the probe's face on its axis.
pub(crate) const FACE_ROW: f32 = 24.0;
/// Radius of the probe's face, pixels.
const FACE_RADIUS: f32 = 240.0;
const HALF_ANGLE: f32 = 0.535;

/// The picture; `turn` moves the tissue sideways, so that two pictures differ.
pub(crate) fn picture(turn: f32) -> Pixels {
    let (width, height) = (usize::from(WIDTH), usize::from(HEIGHT));
    let mut data = vec![0_u8; width * height];
    let axis = f32::from(WIDTH) * 0.5;
    for (row, line) in data.chunks_mut(width).enumerate() {
        for (column, pixel) in line.iter_mut().enumerate() {
            let (x, y) = (column as f32 - axis, row as f32 - FACE_ROW + FACE_RADIUS);
            let (radius, angle) = (x.hypot(y), x.atan2(y));
            let depth = (radius - FACE_RADIUS) / (f32::from(HEIGHT) - FACE_ROW - 8.0);
            if angle.abs() < HALF_ANGLE && (0.0..1.0).contains(&depth) {
                *pixel = grey(depth, angle + turn, radius);
            }
        }
    }
    Pixels::Grey { size: [width, height], data: Arc::from(data) }
}

fn grey(depth: f32, angle: f32, radius: f32) -> u8 {
    let cell = (radius * 0.40, angle * 150.0);
    let fine = (cell.0 * 1.7 + 31.4, cell.1 * 1.6 + 7.7);
    let part = |seed| noise(cell, seed) + 0.7 * noise(fine, seed + 1);
    let envelope = part(1).hypot(part(7)) + 0.01;
    let level = 20.0 * (envelope * echo(depth, angle)).max(1e-4).log10();
    ((level + 44.0) / 58.0 * 255.0).clamp(0.0, 255.0) as u8
}

/// How much the tissue scatters.
fn echo(depth: f32, angle: f32) -> f32 {
    let wave = 0.006 * (angle * 23.0).sin();
    let layers = [(0.012, 3.0), (0.055, 1.3), (0.10, 1.9), (0.125, 1.5)];
    let lines: f32 = layers.iter().map(|(at, gain)| gain * (-((depth - at - wave) / 0.005).powi(2)).exp()).sum();
    let muscle = if depth < 0.13 { 0.32 + 0.22 * (depth * 300.0 + angle * 9.0).sin() } else { 0.46 };
    let diaphragm = 2.6 * (-((depth - 0.86 + 0.75 * (angle + 0.12).powi(2)) / 0.009).powi(2)).exp();
    let behind = if depth > 0.875 - 0.75 * (angle + 0.12).powi(2) { 0.25 } else { 1.0 };
    let inside = |d: f32, a: f32, rd: f32, ra: f32, tilt: f32| {
        let (u, v) = (depth - d, angle - a);
        ((u + tilt * v) / rd).powi(2) + (v / ra).powi(2)
    };
    let mut tissue = (muscle + lines + diaphragm) * behind * (0.72 - 0.42 * depth);
    for (d, a, rd, ra, tilt) in
        [(0.42, -0.24, 0.035, 0.13, 0.5), (0.56, -0.05, 0.02, 0.09, -0.7), (0.66, -0.3, 0.018, 0.05, 0.2)]
    {
        let edge = inside(d, a, rd, ra, tilt);
        tissue *= if edge < 1.0 { 0.05 } else { 1.0 + 0.9 * (-(edge - 1.2).powi(2) / 0.03).exp() };
    }
    let bladder = inside(0.47, 0.22, 0.085, 0.11, 0.25);
    let stone = inside(0.525, 0.25, 0.02, 0.026, 0.0);
    tissue *= if bladder < 1.0 { 0.02 } else { 1.0 + 0.8 * (-(bladder - 1.12).powi(2) / 0.02).exp() };
    if bladder >= 1.0 && depth > 0.5 && (angle - 0.2).abs() < 0.09 {
        tissue *= 1.5;
    }
    if stone < 1.0 {
        tissue = 3.2;
    } else if depth > 0.53 && (angle - 0.25).abs() < 0.024 {
        tissue *= 0.06;
    }
    tissue
}

/// Smooth noise around 0, from hashed values at whole numbers.
fn noise((u, v): (f32, f32), seed: u32) -> f32 {
    let (iu, iv) = (u.floor(), v.floor());
    let ease = |t: f32| t * t * (3.0 - 2.0 * t);
    let (fu, fv) = (ease(u - iu), ease(v - iv));
    let at = |du: f32, dv: f32| hash((iu + du) as i32, (iv + dv) as i32, seed);
    let (top, bottom) = (at(0.0, 0.0) * (1.0 - fv) + at(0.0, 1.0) * fv, at(1.0, 0.0) * (1.0 - fv) + at(1.0, 1.0) * fv);
    top * (1.0 - fu) + bottom * fu
}

fn hash(u: i32, v: i32, seed: u32) -> f32 {
    let mut bits =
        (u as u32).wrapping_mul(0x9E37_79B1) ^ (v as u32).wrapping_mul(0x85EB_CA77) ^ seed.wrapping_mul(0xC2B2_AE3D);
    bits = (bits ^ (bits >> 15)).wrapping_mul(0x2C1B_3C6D);
    bits = (bits ^ (bits >> 12)).wrapping_mul(0x297A_2D39);
    (bits >> 8) as f32 / 8_388_608.0 - 1.0
}
