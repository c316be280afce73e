//! The picture thread: scanner in, encoded pictures out, settings in between.
//!
//! It owns the scanner and the encoder. A slow or dead scanner stops the pictures and nothing else.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, TryRecvError};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use farprobe_devices::{MonotonicClock, Picture, PictureContext, PixelFormat, Scanner};
use farprobe_geom::{Newton, Patient, Pose, Time};
use farprobe_media::{AccessUnit, Encoder, EncoderConfig, Image};
use farprobe_proto::{PictureStamp, ScannerError, ScannerSettings, ScannerState};
use tokio::sync::{broadcast, oneshot, watch};

use crate::StartError;

/// Encoded pictures a console may be behind; then it misses some and asks for a key picture.
const UNIT_SLOTS: usize = 4;

/// How long a scanner has for an answer to a change of its settings.
const ANSWER_WITHIN: Duration = Duration::from_secs(2);

/// Between two key pictures there is at least this much time. A key picture is four times as large as the others: answering
/// each request of a congested or lossy link at once would be what keeps it congested. Until then the picture before stays.
const KEY_PICTURES_APART: Duration = Duration::from_millis(200);

/// After a failure the scanner is asked again after this long, and the log hears of it once.
const RETRY_AFTER: Duration = Duration::from_millis(500);

type Answer = oneshot::Sender<Result<(), ScannerError>>;

/// What other threads see of the picture thread.
#[derive(Debug, Clone)]
pub(crate) struct PictureDesk {
    requests: Sender<(ScannerSettings, Answer)>,
    scanner: watch::Receiver<ScannerState>,
    units: broadcast::Sender<Arc<AccessUnit>>,
    key_wanted: Arc<AtomicBool>,
    tip: Arc<Mutex<Pose<Patient>>>,
}

impl PictureDesk {
    /// How the scanner is.
    pub(crate) fn scanner(&self) -> ScannerState {
        self.scanner.borrow().clone()
    }

    /// Hears of every change of the scanner from now on.
    pub(crate) fn changes(&self) -> watch::Receiver<ScannerState> {
        let mut changes = self.scanner.clone();
        changes.mark_unchanged();
        changes
    }

    /// Turns the scanner's controls.
    pub(crate) async fn configure(&self, settings: ScannerSettings) -> Result<(), ScannerError> {
        settings.validate()?;
        let (answer, answered) = oneshot::channel();
        self.requests.send((settings, answer)).map_err(|_| ScannerError::Device)?;
        match tokio::time::timeout(ANSWER_WITHIN, answered).await {
            Ok(Ok(result)) => result,
            Ok(Err(_)) | Err(_) => Err(ScannerError::Device),
        }
    }

    /// Every encoded picture from now on.
    pub(crate) fn units(&self) -> broadcast::Receiver<Arc<AccessUnit>> {
        self.units.subscribe()
    }

    /// Makes one of the next pictures one that needs no other: the next, unless there was one a moment ago.
    pub(crate) fn request_key_picture(&self) {
        self.key_wanted.store(true, Ordering::Release);
    }

    /// Where the probe was at the last picture.
    pub(crate) fn tip(&self) -> Pose<Patient> {
        *self.tip.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Starts the thread. It ends when the real-time thread has dropped its end of `contexts`.
pub(crate) fn start(
    clock: MonotonicClock,
    scanner: Box<dyn Scanner>,
    contexts: rtrb::Consumer<PictureContext>,
    bitrate: u32,
) -> Result<PictureDesk, StartError> {
    let state = scanner.state();
    let config = EncoderConfig {
        width: u32::from(state.geometry.width),
        height: u32::from(state.geometry.height),
        frame_rate: (1.0 / scanner.period().as_secs_f32()).clamp(1.0, 120.0),
        bitrate,
    };
    let encoder = Encoder::new(config, Arc::new(move || clock.now()))?;
    let (requests, asked) = std::sync::mpsc::channel();
    let (told, seen) = watch::channel(state);
    let desk = PictureDesk {
        requests,
        scanner: seen,
        units: broadcast::Sender::new(UNIT_SLOTS),
        key_wanted: Arc::default(),
        tip: Arc::new(Mutex::new(Pose::identity())),
    };
    let nothing = PictureContext { epoch: None, applied_sequence: 0, tip: Pose::identity(), force: Newton::ZERO };
    let mut work = Work {
        clock,
        scanner,
        encoder,
        contexts,
        context: nothing,
        asked,
        told,
        desk: desk.clone(),
        key_picture_at: None,
    };
    std::thread::Builder::new().name("pictures".into()).spawn(move || work.run())?;
    Ok(desk)
}

struct Work {
    clock: MonotonicClock,
    scanner: Box<dyn Scanner>,
    encoder: Encoder,
    contexts: rtrb::Consumer<PictureContext>,
    context: PictureContext,
    asked: Receiver<(ScannerSettings, Answer)>,
    told: watch::Sender<ScannerState>,
    desk: PictureDesk,
    /// The last key picture that was asked for.
    key_picture_at: Option<Time>,
}

impl Work {
    fn run(&mut self) {
        let mut due = self.clock.now();
        let mut failing = false;
        while !self.contexts.is_abandoned() {
            self.clock.sleep_until(due);
            self.answer_requests();
            let now = self.clock.now();
            while let Ok(context) = self.contexts.pop() {
                self.context = context;
            }
            *self.desk.tip.lock().unwrap_or_else(PoisonError::into_inner) = self.context.tip;
            let result = self.picture(now);
            let failed = result.is_err();
            if let Err(error) = result
                && !failing
            {
                tracing::error!("no picture: {error}");
            }
            failing = failed;
            let pause = if failed { RETRY_AFTER } else { self.scanner.period() };
            // A scanner that is late skips, it does not hurry.
            due = (due + pause).max(self.clock.now());
        }
    }

    fn answer_requests(&mut self) {
        loop {
            match self.asked.try_recv() {
                Ok((settings, answer)) => {
                    let result = self.scanner.configure(&settings);
                    if result.is_ok() {
                        self.told.send_replace(self.scanner.state());
                    }
                    // Whoever asked may be gone.
                    let _ = answer.send(result);
                }
                Err(TryRecvError::Empty | TryRecvError::Disconnected) => return,
            }
        }
    }

    /// Captures, encodes and hands out one picture; none while nobody looks, so that a waiting cart is a cool one.
    fn picture(&mut self, now: Time) -> Result<(), Box<dyn std::error::Error>> {
        if self.desk.units.receiver_count() == 0 {
            return Ok(());
        }
        let picture = self.scanner.capture(now, &self.context)?;
        if is_key_picture_due(self.key_picture_at, now) && self.desk.key_wanted.swap(false, Ordering::AcqRel) {
            self.key_picture_at = Some(now);
            self.encoder.request_key_picture();
        }
        let unit = self.encoder.encode(&image(&picture), &stamp(&picture, &self.context))?;
        // The last console may have left meanwhile.
        let _ = self.desk.units.send(Arc::new(unit));
        Ok(())
    }
}

fn is_key_picture_due(last: Option<Time>, now: Time) -> bool {
    last.is_none_or(|last| now.saturating_since(last) >= KEY_PICTURES_APART)
}

fn image(picture: &Picture) -> Image<'_> {
    let (width, height, data) = (picture.width, picture.height, picture.data.as_slice());
    match picture.format {
        PixelFormat::Grey => Image::Grey { width, height, data },
        PixelFormat::Rgb => Image::Rgb { width, height, data },
    }
}

fn stamp(picture: &Picture, context: &PictureContext) -> PictureStamp {
    PictureStamp {
        number: picture.number,
        captured_at: picture.captured_at,
        encoded_at: picture.captured_at,
        epoch: context.epoch,
        applied_sequence: context.applied_sequence,
        tip: context.tip,
        force: context.force,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn key_pictures_keep_their_distance() {
        let last = Time::from_millis(1_000);
        assert!(is_key_picture_due(None, last));
        assert!(!is_key_picture_due(Some(last), Time::from_millis(1_199)));
        assert!(is_key_picture_due(Some(last), Time::from_millis(1_200)));
    }
}
