//! How good a picture is: by the recording that it was made from.

use std::path::Path;

use farprobe_devices::scanner::CineScanner;
use farprobe_devices::{DeviceError, PictureContext, PixelFormat, Scanner as _};
use farprobe_geom::{Newton, Pose, Time};

/// Every so many rows are looked at: a tenth of the work, and no part of the picture is left out.
const ROWS_APART: usize = 8;

/// What a picture is compared with: all of the recording.
pub(super) struct Gauge {
    width: usize,
    /// Brightness; empty for a recording in colour, which is not judged.
    pictures: Vec<Vec<u8>>,
    period_ns: u64,
    /// Which picture the first one was, and when it was captured, ns.
    found: Option<(usize, u64)>,
}

impl Gauge {
    /// For this recording, which is played over and over.
    pub(super) fn open(path: &Path) -> Result<Self, DeviceError> {
        let mut scanner = CineScanner::open(path)?;
        let period_ns = u64::try_from(scanner.period().as_nanos()).unwrap_or(u64::MAX).max(1);
        let nothing = PictureContext { epoch: None, applied_sequence: 0, tip: Pose::identity(), force: Newton::ZERO };
        let mut pictures = Vec::new();
        for at in 0..scanner.pictures() as u64 {
            let picture = scanner.capture(Time::from_nanos(at * period_ns), &nothing)?;
            if picture.format == PixelFormat::Grey {
                pictures.push(picture.data.clone());
            }
        }
        Ok(Self { width: usize::from(scanner.state().geometry.width), pictures, period_ns, found: None })
    }

    /// Peak signal to noise of a decoded picture by its original, dB: by which of the recording it can be, it is the best one.
    pub(super) fn judge(&mut self, captured: u64, luma: &[u8]) -> Option<f64> {
        let count = self.pictures.len();
        // Where it must be, give or take one: a scanner that is late skips.
        let near = self.found.map(|(at, then)| {
            let steps = (captured as f64 - then as f64) / self.period_ns as f64;
            (at as f64 + steps).round().rem_euclid(count.max(1) as f64) as usize
        });
        let candidates: Vec<usize> = match near {
            Some(near) => [count.saturating_sub(1), 0, 1].map(|off| (near + off) % count.max(1)).to_vec(),
            None => (0..count).collect(),
        };
        let best = candidates
            .into_iter()
            .filter_map(|at| Some((at, psnr(self.width, self.pictures.get(at)?, luma)?)))
            .max_by(|(_, a), (_, b)| a.total_cmp(b))?;
        // The first one stays the mark: by a broken picture nobody finds the way.
        self.found.get_or_insert((best.0, captured));
        Some(best.1)
    }
}

/// Over every eighth row; nothing for pictures of different sizes.
fn psnr(width: usize, original: &[u8], decoded: &[u8]) -> Option<f64> {
    if original.len() != decoded.len() || original.is_empty() {
        return None;
    }
    let rows = original.chunks(width.max(1)).zip(decoded.chunks(width.max(1))).step_by(ROWS_APART);
    let (mut sum, mut count) = (0_u64, 0_u64);
    for (original, decoded) in rows {
        let squares = original.iter().zip(decoded).map(|(a, b)| u64::from(a.abs_diff(*b)).pow(2));
        sum += squares.sum::<u64>();
        count += original.len() as u64;
    }
    // Equal pictures would be infinitely good; what nobody can see is good enough.
    let mean = (sum as f64 / count as f64).max(1e-4);
    Some(10.0 * (255.0_f64.powi(2) / mean).log10())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noise_of_a_known_size_has_the_known_ratio() {
        let original = vec![100; 64 * 16];
        let decoded: Vec<u8> = original.iter().map(|grey| grey + 5).collect();
        let found = psnr(64, &original, &decoded).unwrap();
        assert!((found - 34.15).abs() < 0.01, "{found}");
        assert!(psnr(64, &original, &original).unwrap() > 80.0);
        assert_eq!(psnr(64, &original, &decoded[1..]), None);
    }

    #[test]
    fn a_picture_is_judged_by_its_own_original_also_after_a_pause() {
        let picture = |level: u8| vec![level; 64 * 16];
        let pictures: Vec<Vec<u8>> = (0..10).map(|at| picture(20 * at)).collect();
        let mut gauge = Gauge { width: 64, pictures, period_ns: 16_000_000, found: None };
        let at = |picture: u64| 1_000_000_000 + picture * 16_000_000;
        assert!(gauge.judge(at(3), &picture(61)).unwrap() > 45.0);
        assert!(gauge.judge(at(4), &picture(80)).unwrap() > 80.0);
        // One that still shows what was captured before is a bad picture, not a good one of another time.
        assert!(gauge.judge(at(9), &picture(80)).unwrap() < 12.0);
        let mut gauge = Gauge { found: Some((4, at(4))), ..gauge };
        assert!(gauge.judge(at(27), &picture(140)).unwrap() > 80.0);
    }
}
