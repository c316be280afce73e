//! The recording that a cart plays while it is measured: drawn once, beforehand, so that the simulated scanner's own work is not in
//! the figures.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::time::Duration;

use farprobe_devices::Scanner as _;
use farprobe_devices::scanner::{CineScanner, Source};
use farprobe_record::save_grey;

use super::codec::clip::{Size, clip};

/// Pictures a second.
pub(crate) const RATE: u32 = 60;

/// The size of the pictures that are drawn.
const SIZE: Size = Size::Hd;

/// A recording in a folder.
#[derive(Debug)]
pub(crate) struct Recording {
    path: PathBuf,
    /// What it is, as a sentence.
    pub(crate) about: String,
    /// Between two pictures.
    pub(crate) period: Duration,
    /// Removed with it.
    _drawn: Option<tempfile::TempDir>,
}

impl Recording {
    /// What the user names, or drawn now, which takes some seconds.
    pub(crate) fn get(source: Option<&Source>) -> Result<Self, Box<dyn Error>> {
        match source {
            Some(Source::Recording(path)) => Self::open(path),
            Some(_) => {
                Err("--source: only a recording can be measured: give cine:FILE, or nothing for a drawn one".into())
            }
            None => Self::draw(),
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    fn open(path: &Path) -> Result<Self, Box<dyn Error>> {
        let scanner = CineScanner::open(path)?;
        let (geometry, period) = (scanner.state().geometry, scanner.period());
        let about = format!(
            "The pictures are those of {}: {} of {}x{}, {:.1} a second.",
            path.display(),
            scanner.pictures(),
            geometry.width,
            geometry.height,
            1.0 / period.as_secs_f64()
        );
        Ok(Self { path: path.to_owned(), about, period, _drawn: None })
    }

    fn draw() -> Result<Self, Box<dyn Error>> {
        let folder = tempfile::Builder::new().prefix("farprobe-bench-clip-").tempdir()?;
        let (width, height) = SIZE.pixels();
        let (width, height) = (u32::try_from(width)?, u32::try_from(height)?);
        eprintln!("drawing the pictures");
        for (at, picture) in clip(SIZE, RATE).iter().enumerate() {
            save_grey(&folder.path().join(format!("{at:04}.png")), width, height, picture)?;
        }
        let period = Duration::from_secs(1) / RATE;
        let sidecar = format!("frame_time_ms = {}\n", period.as_secs_f64() * 1e3);
        std::fs::write(folder.path().join("cine.toml"), sidecar)?;
        let about = format!(
            "The pictures are a recording: two seconds of the simulated scanner, drawn beforehand while the probe slides over the \
             patient and back, {width}x{height} with black on both sides, played over and over, {RATE} a second. They do not \
             follow the probe; which command each already shows is written into it."
        );
        Ok(Self { path: folder.path().to_owned(), about, period, _drawn: Some(folder) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_recording_can_be_measured() {
        let error = Recording::get(Some(&Source::Simulated)).unwrap_err().to_string();
        assert!(error.contains("give cine:FILE"), "{error}");
        assert!(Recording::get(Some(&Source::Recording("no/such".into()))).is_err());
    }
}
