//! The curved array: where its lines run and how wide its beam is.
//!
//! In frame `tip` the picture's plane is y = 0. The face is an arc around a centre of curvature that lies [`FACE_RADIUS`]
//! behind the tip; lines leave it at right angles. Depth is counted along a line from the face.

use std::f32::consts::PI;

/// Lines of one picture, left to right.
pub(super) const LINES: usize = 256;
/// Samples of one line, from the face to the picture's depth.
pub(super) const SAMPLES: usize = 512;
/// Samples that are classified together. Anatomy is smooth over the few millimetres they span.
pub(super) const SEGMENT: usize = 16;
/// Segments of one line.
pub(super) const SEGMENTS: usize = SAMPLES / SEGMENT;

/// Radius of the probe's face, m: that of the common abdominal arrays (C5-1, C5-2, 3.5C60).
pub(super) const FACE_RADIUS: f32 = 0.060;
/// Angle between the outermost lines, rad: the 65° that such arrays see.
pub(super) const FIELD_OF_VIEW: f32 = 65.0 * PI / 180.0;
/// Centre frequency, MHz.
pub(super) const FREQUENCY_MHZ: f32 = 3.5;
/// Wavelength in tissue at 1540 m/s, m.
pub(super) const WAVELENGTH: f32 = 1540.0 / (FREQUENCY_MHZ * 1e6);

/// Widest receive aperture, m: beyond some 20 mm the elements of a 60 mm arc no longer face the point.
const RECEIVE_APERTURE: f32 = 0.020;
/// Smallest receive f-number: elements are blind to echoes from the side.
const RECEIVE_F_NUMBER: f32 = 1.5;
/// Transmit aperture, m. Narrower than the receive one, for a long focal zone.
const TRANSMIT_APERTURE: f32 = 0.012;

/// Angle of a line from the probe's axis, rad; lines may be counted in fractions.
pub(super) fn line_angle(line: f32) -> f32 {
    FIELD_OF_VIEW * (line / (LINES - 1) as f32 - 0.5)
}

/// Distance between neighbouring lines at a depth, m.
pub(super) fn line_pitch(depth: f32) -> f32 {
    (FACE_RADIUS + depth) * FIELD_OF_VIEW / (LINES - 1) as f32
}

/// Full width at half maximum of the transmitted beam at a depth, m: diffraction λ·z/D, and geometry away from the focus.
fn transmit_width(depth: f32, focus: f32) -> f32 {
    let diffraction = WAVELENGTH * depth.max(focus / 2.0) / TRANSMIT_APERTURE;
    let geometry = TRANSMIT_APERTURE * (1.0 - depth / focus).abs();
    diffraction.hypot(geometry.min(2.0 * TRANSMIT_APERTURE))
}

/// Full width at half maximum of the pulse-echo beam at a depth, m.
///
/// Reception focuses at every depth with a growing aperture. Sending and receiving beams multiply; for bell-shaped ones the
/// inverse squares of the widths add.
pub(super) fn beam_width(depth: f32, focus: f32) -> f32 {
    let receive = WAVELENGTH * RECEIVE_F_NUMBER.max(depth / RECEIVE_APERTURE);
    let transmit = transmit_width(depth, focus);
    (receive.powi(-2) + transmit.powi(-2)).powf(-0.5)
}

/// How much louder than at its focus the transmitted beam is at a depth: 1 there, less elsewhere. The same energy passes
/// through a wider beam, so amplitude goes with the root of the width.
pub(super) fn focal_gain(depth: f32, focus: f32) -> f32 {
    (transmit_width(focus, focus) / transmit_width(depth, focus)).sqrt().min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_beam_is_narrowest_for_its_depth_at_the_focus_and_widens_below_it() {
        for focus in [0.04_f32, 0.08, 0.12] {
            let relative = |depth: f32| beam_width(depth, focus) / depth;
            assert!(relative(focus) < relative(focus * 0.6));
            assert!(relative(focus) < relative(focus * 1.6));
            let below: Vec<f32> = (0..20).map(|i| beam_width(focus * (1.0 + i as f32 * 0.1), focus)).collect();
            assert!(below.windows(2).all(|pair| pair[0] < pair[1]));
        }
    }

    #[test]
    fn the_outermost_lines_span_the_field_of_view() {
        assert!((line_angle(0.0) + FIELD_OF_VIEW / 2.0).abs() < 1e-6);
        assert!((line_angle((LINES - 1) as f32) - FIELD_OF_VIEW / 2.0).abs() < 1e-6);
    }
}
