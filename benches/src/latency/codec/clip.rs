//! The pictures that are encoded: drawn by the simulated scanner, all before anything is measured.

use farprobe_geom::{Newton, Patient, Pose, Time};
use farprobe_sim::body::{Body, BodyCard};
use farprobe_sim::ultrasound::{BMode, HEIGHT, ProbeView, Settings, WIDTH};
use nalgebra::{Isometry3, Translation3, UnitQuaternion, Vector3};
use serde::{Deserialize, Serialize};

/// How long it takes until the pictures begin again, s.
const LASTS_S: u32 = 2;

/// How fast the probe goes, m/s.
const SPEED: f64 = 0.020;

/// How large the pictures are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Size {
    /// 640 × 480.
    Vga,
    /// 1280 × 720.
    Hd,
}

impl Size {
    /// Pixels across and down.
    pub(crate) const fn pixels(self) -> (usize, usize) {
        match self {
            Self::Vga => (640, 480),
            Self::Hd => (1280, 720),
        }
    }
}

/// There and back, so that no picture jumps; for `rate` pictures a second.
pub(crate) fn clip(size: Size, rate: u32) -> Vec<Vec<u8>> {
    let length = u64::from(rate * LASTS_S);
    let step = SPEED / f64::from(rate);
    let mut scanner = BMode::new(Body::new(BodyCard::default()), 1);
    let down = UnitQuaternion::from_axis_angle(&Vector3::x_axis(), std::f64::consts::PI);
    let draw = |at: u64| {
        let there = at.min(length - at) as f64;
        let place = Translation3::new(0.05 + there * step, -0.05, 0.205);
        let tip = Pose::<Patient>::new(Isometry3::from_parts(place, down));
        let view = ProbeView { tip, force: Newton::literal(8.0) };
        let mut picture = Vec::new();
        let _ = scanner.render(
            &view,
            Time::from_millis(1_000 * at / u64::from(rate.max(1))),
            &Settings::default(),
            &mut picture,
        );
        fit(&picture, size)
    };
    (0..length).map(draw).collect()
}

/// The picture as high as `size`, in the middle, black beside it.
fn fit(picture: &[u8], size: Size) -> Vec<u8> {
    let (width, height) = size.pixels();
    let fitted = WIDTH * height / HEIGHT;
    let margin = (width - fitted) / 2;
    let pixel = |x: usize, y: usize| {
        let column = x.checked_sub(margin).filter(|column| *column < fitted)?;
        picture.get(y * HEIGHT / height * WIDTH + column * WIDTH / fitted).copied()
    };
    (0..height).flat_map(|y| (0..width).map(move |x| (x, y))).map(|(x, y)| pixel(x, y).unwrap_or_default()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_fit_their_size_and_move() {
        let clip = clip(Size::Vga, 30);
        assert!(clip.len() == 60 && clip.iter().all(|picture| picture.len() == 640 * 480));
        assert!(clip[0] != clip[1] && clip[0].iter().any(|grey| *grey > 60), "there is nothing to see");
    }

    #[test]
    fn a_larger_picture_has_black_beside_it_and_the_same_middle() {
        let drawn: Vec<u8> = (0..HEIGHT).flat_map(|y| (0..WIDTH).map(move |x| (1 + (x + y) % 200) as u8)).collect();
        let large = fit(&drawn, Size::Hd);
        assert_eq!((large.len(), large[0], large[360 * 1280 + 159], large[1279]), (1280 * 720, 0, 0, 0));
        assert_eq!(large[360 * 1280 + 640], drawn[384 * WIDTH + 512]);
        assert_eq!(large[160], drawn[0]);
    }
}
