//! A recording of a real examination, played as if a scanner drew it, and never taken for one.
//!
//! Two kinds are read: a DICOM ultrasound file, single or multi-frame, and a folder of PNG, JPEG or BMP pictures, in the
//! order of their names, beside which a `cine.toml` may say `frame_time_ms` and `mm_per_pixel`.
//!
//! It is decoded as a whole when it is opened and repeated for ever at its own frame time. The only control is freeze.

mod colour;
mod dicom;
mod folder;
mod recording;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use farprobe_geom::{Metre, Time};
use farprobe_proto::{ScannerError, ScannerSettings, ScannerState, SourceKind, TGC_BANDS};

use self::recording::Recording;
use crate::{DeviceError, Picture, PictureContext, Scanner};

/// The depth told of a recording whose scale is unknown.
const SOME_DEPTH: Metre = Metre::literal(0.15);
/// The depths that settings may have.
const DEPTHS: (Metre, Metre) = (Metre::literal(0.02), Metre::literal(0.30));

/// Plays a recording.
#[derive(Debug, Clone)]
pub struct CineScanner {
    recording: Recording,
    settings: ScannerSettings,
    number: u64,
    /// How long it has been played, without the time it was frozen.
    played: Duration,
    captured_at: Option<Time>,
}

impl CineScanner {
    /// Opens a DICOM file or a folder of pictures. It is decoded here, which takes a while; the error names the file and what
    /// is wrong with it.
    pub fn open(path: &Path) -> Result<Self, DeviceError> {
        // The stem only: a path may name a person, and files inside may too.
        let name = path.file_stem().map_or_else(|| "recording".into(), |stem| stem.to_string_lossy().into_owned());
        let recording = if path.is_dir() { folder::load(path, name)? } else { dicom::load(path, name)? };
        Ok(Self::play(recording))
    }

    fn play(recording: Recording) -> Self {
        let geometry = &recording.geometry;
        let below_face = f64::from(geometry.height) - f64::from(geometry.face_row);
        let depth = geometry.pixel.map_or(SOME_DEPTH, |pixel| (pixel * below_face).clamp(DEPTHS.0, DEPTHS.1));
        let settings = ScannerSettings {
            depth,
            gain_db: 0.0,
            tgc_db: [0.0; TGC_BANDS],
            focus: (depth * 0.5).max(Metre::literal(0.01)),
            dynamic_range_db: 60.0,
            frozen: false,
        };
        Self { recording, settings, number: 0, played: Duration::ZERO, captured_at: None }
    }

    /// How many pictures it has.
    pub fn pictures(&self) -> usize {
        self.recording.frames.len()
    }

    /// How long it runs before it begins again.
    pub fn duration(&self) -> Duration {
        self.recording.duration()
    }
}

impl Scanner for CineScanner {
    fn state(&self) -> ScannerState {
        let source = SourceKind::Recorded { name: self.recording.name.clone() };
        ScannerState { settings: self.settings, geometry: self.recording.geometry, source }
    }

    fn configure(&mut self, settings: &ScannerSettings) -> Result<(), ScannerError> {
        let only_freeze = ScannerSettings { frozen: settings.frozen, ..self.settings };
        if *settings != only_freeze {
            return Err(ScannerError::NotOffered);
        }
        self.settings = only_freeze;
        Ok(())
    }

    fn period(&self) -> Duration {
        self.recording.times.iter().min().copied().unwrap_or(recording::USUAL_FRAME_TIME)
    }

    fn capture(&mut self, now: Time, _context: &PictureContext) -> Result<Arc<Picture>, DeviceError> {
        let before = self.captured_at.replace(now).unwrap_or(now);
        if !self.settings.frozen {
            self.played += now.saturating_since(before);
        }
        let index = self.recording.frame_at(self.played);
        self.number += 1;
        Ok(Arc::new(Picture {
            number: self.number,
            captured_at: now,
            width: u32::from(self.recording.geometry.width),
            height: u32::from(self.recording.geometry.height),
            format: self.recording.format,
            data: self.recording.frames.get(index).cloned().unwrap_or_default(),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::recording::{Pixels, Scale};
    use super::*;
    use farprobe_geom::{Newton, Pose};

    fn scanner() -> CineScanner {
        let frames = (0..4).map(|level| Pixels::Grey(vec![level; 100 * 100])).collect();
        let scale = Scale { pixel: Some(Metre::literal(0.0012)), axis_column: 50.0, face_row: 0.0 };
        let times = [Duration::from_millis(50)];
        CineScanner::play(Recording::assemble("heart".into(), (100, 100), frames, &times, scale).unwrap())
    }

    fn level(scanner: &mut CineScanner, ms: u64) -> u8 {
        let context = PictureContext { epoch: None, applied_sequence: 0, tip: Pose::identity(), force: Newton::ZERO };
        scanner.capture(Time::from_millis(ms), &context).unwrap().data[0]
    }

    #[test]
    fn it_declares_itself_a_recording_with_its_own_scale_and_pace() {
        let state = scanner().state();
        assert_eq!(state.source, SourceKind::Recorded { name: "heart".into() });
        assert!((state.settings.depth.get() - 0.12).abs() < 1e-12);
        assert!(state.settings.validate().is_ok());
        assert_eq!(scanner().period(), Duration::from_millis(50));
        assert_eq!(scanner().duration(), Duration::from_millis(200));
    }

    #[test]
    fn it_repeats_and_stands_still_while_frozen() {
        let mut scanner = scanner();
        let played: Vec<u8> = (0..6).map(|tick| level(&mut scanner, 1000 + tick * 50)).collect();
        assert_eq!(played, [0, 1, 2, 3, 0, 1]);
        let frozen = ScannerSettings { frozen: true, ..scanner.state().settings };
        scanner.configure(&frozen).unwrap();
        assert_eq!(level(&mut scanner, 9000), 1);
        scanner.configure(&ScannerSettings { frozen: false, ..frozen }).unwrap();
        assert_eq!(level(&mut scanner, 9050), 2);
        assert_eq!(scanner.number, 8, "a frozen picture has a new number each time");
    }

    #[test]
    fn it_offers_no_control_but_freeze() {
        let mut scanner = scanner();
        let before = scanner.state();
        let louder = ScannerSettings { gain_db: 3.0, frozen: true, ..before.settings };
        assert_eq!(scanner.configure(&louder), Err(ScannerError::NotOffered));
        assert_eq!(scanner.state(), before);
    }

    #[test]
    fn a_file_that_is_not_there_is_named() {
        let complaint = CineScanner::open(Path::new("no/such/file.dcm")).unwrap_err().to_string();
        assert!(complaint.starts_with("no/such/file.dcm: "), "{complaint}");
    }
}
