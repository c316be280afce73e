//! The simulated scanner: pictures of the simulated patient from where the simulated arm holds the probe.

use std::sync::Arc;
use std::time::Duration;

use farprobe_geom::{Metre, Newton, Pose, Time};
use farprobe_proto::{ImageGeometry, ScannerError, ScannerSettings, ScannerState, SourceKind};
use farprobe_sim::body::Body;
use farprobe_sim::ultrasound::{BMode, Geometry, ProbeView, Settings};

use crate::arm::ProbeInBody;
use crate::{DeviceError, Picture, PictureContext, PixelFormat, Scanner};

/// An abdominal preset: 15 cm deep, focused at the liver's middle.
const PRESET: ScannerSettings = ScannerSettings {
    depth: Metre::literal(0.15),
    gain_db: 0.0,
    tgc_db: [0.0; farprobe_proto::TGC_BANDS],
    focus: Metre::literal(0.08),
    dynamic_range_db: 60.0,
    frozen: false,
};

/// Draws a picture whenever it is asked for one.
#[derive(Debug)]
pub struct SimulatedScanner {
    bmode: BMode,
    probe: rtrb::Consumer<ProbeInBody>,
    newest: ProbeInBody,
    settings: ScannerSettings,
    geometry: ImageGeometry,
    period: Duration,
    number: u64,
    frozen: Option<Arc<Picture>>,
}

impl SimulatedScanner {
    /// A scanner on this body, at `frame_rate` pictures a second, that looks from where `probe` says.
    pub fn new(body: Body, seed: u64, frame_rate: f64, probe: rtrb::Consumer<ProbeInBody>) -> Self {
        let nowhere = ProbeInBody { at: Time::ZERO, tip: Pose::identity(), force: Newton::ZERO };
        let mut scanner = Self {
            bmode: BMode::new(body, seed),
            probe,
            newest: nowhere,
            settings: PRESET,
            geometry: ImageGeometry { width: 0, height: 0, pixel: None, axis_column: 0.0, face_row: 0.0 },
            period: Duration::from_secs_f64(1.0 / frame_rate.clamp(1.0, 120.0)),
            number: 0,
            frozen: None,
        };
        scanner.draw();
        scanner
    }

    fn draw(&mut self) -> Vec<u8> {
        let mut data = Vec::new();
        let view = ProbeView { tip: self.newest.tip, force: self.newest.force };
        let geometry = self.bmode.render(&view, self.newest.at, &settings(&self.settings), &mut data);
        self.geometry = image_geometry(&geometry);
        data
    }
}

impl Scanner for SimulatedScanner {
    fn state(&self) -> ScannerState {
        ScannerState { settings: self.settings, geometry: self.geometry, source: SourceKind::Simulated }
    }

    fn configure(&mut self, settings: &ScannerSettings) -> Result<(), ScannerError> {
        settings.validate()?;
        let frozen = self.settings.frozen;
        self.settings = *settings;
        if !settings.frozen {
            self.frozen = None;
        } else if !frozen {
            // The scale of the picture follows the depth at once, also when the next picture is a frozen one.
            self.draw();
        }
        Ok(())
    }

    fn period(&self) -> Duration {
        self.period
    }

    fn capture(&mut self, now: Time, _context: &PictureContext) -> Result<Arc<Picture>, DeviceError> {
        while let Ok(probe) = self.probe.pop() {
            self.newest = probe;
        }
        self.number += 1;
        let data = match &self.frozen {
            Some(standing) => standing.data.clone(),
            None => self.draw(),
        };
        let (width, height) = (u32::from(self.geometry.width), u32::from(self.geometry.height));
        let (number, format) = (self.number, PixelFormat::Grey);
        let picture = Arc::new(Picture { number, captured_at: now, width, height, format, data });
        if self.settings.frozen && self.frozen.is_none() {
            self.frozen = Some(Arc::clone(&picture));
        }
        Ok(picture)
    }
}

fn settings(settings: &ScannerSettings) -> Settings {
    Settings {
        depth: settings.depth,
        gain_db: settings.gain_db,
        tgc_db: settings.tgc_db,
        focus: settings.focus,
        dynamic_range_db: settings.dynamic_range_db,
    }
}

fn image_geometry(geometry: &Geometry) -> ImageGeometry {
    let pixels = |count: usize| u16::try_from(count).unwrap_or(u16::MAX);
    ImageGeometry {
        width: pixels(geometry.width),
        height: pixels(geometry.height),
        pixel: Some(geometry.pixel),
        axis_column: geometry.axis_column,
        face_row: geometry.face_row,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use farprobe_sim::body::BodyCard;
    use farprobe_sim::scene;

    fn scanner() -> SimulatedScanner {
        let body = Body::new(BodyCard::default());
        let tip = scene::start_tip(&body);
        let (mut ring, probe) = rtrb::RingBuffer::new(4);
        ring.push(ProbeInBody { at: Time::ZERO, tip, force: Newton::ZERO }).unwrap();
        SimulatedScanner::new(body, 1, 30.0, probe)
    }

    fn context() -> PictureContext {
        PictureContext { epoch: None, applied_sequence: 0, tip: Pose::identity(), force: Newton::ZERO }
    }

    #[test]
    fn a_frozen_scanner_gives_the_same_picture_with_new_numbers() {
        let mut scanner = scanner();
        let frozen = ScannerSettings { frozen: true, ..PRESET };
        scanner.configure(&frozen).unwrap();
        let first = scanner.capture(Time::from_millis(1), &context()).unwrap();
        let second = scanner.capture(Time::from_millis(34), &context()).unwrap();
        assert_eq!(first.data, second.data);
        assert_eq!((first.number, second.number), (1, 2));
        assert!(second.captured_at > first.captured_at);
        assert!(scanner.state().settings.frozen);
    }

    #[test]
    fn the_scale_follows_the_depth_and_nonsense_changes_nothing() {
        let mut scanner = scanner();
        scanner.capture(Time::ZERO, &context()).unwrap();
        let before = scanner.state();
        let deep = ScannerSettings { depth: Metre::literal(5.0), ..PRESET };
        assert_eq!(scanner.configure(&deep), Err(ScannerError::OutOfRange));
        assert_eq!(scanner.state(), before);
        scanner.configure(&ScannerSettings { depth: Metre::literal(0.08), ..PRESET }).unwrap();
        scanner.capture(Time::ZERO, &context()).unwrap();
        assert!(scanner.state().geometry.pixel < before.geometry.pixel);
    }
}
