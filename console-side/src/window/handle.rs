//! What the rest of the program holds of the window, and what both share.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::Sender;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use egui::{ColorImage, ViewportCommand};
use farprobe_geom::Time;

use crate::model::Event;

/// Events that come many times a second are dropped while this many wait: four seconds of a window that does not draw.
pub(super) const WAITING_MAX: usize = 1_024;
/// Buckets of the frame-time histogram, 1 ms each; the last one takes everything longer.
pub(super) const FRAME_BUCKETS: usize = 128;

/// What the rest of the program holds of a window. Cheap to clone, works from any thread.
#[derive(Debug, Clone)]
pub struct WindowHandle {
    pub(super) sender: Sender<(Time, Event)>,
    pub(super) shared: Arc<Shared>,
}

impl WindowHandle {
    /// Tells the window what happened at `now`, console clock. Never waits. False if the window is gone, or so far behind
    /// that a state or picture was dropped.
    pub fn send(&self, now: Time, event: Event) -> bool {
        let (droppable, wakes) = match &event {
            Event::Cart(_) | Event::Latency(_) => (true, false),
            Event::Picture(_) => (true, true),
            _ => (false, true),
        };
        if droppable && self.shared.waiting.load(Ordering::Relaxed) >= WAITING_MAX {
            self.shared.dropped.fetch_add(1, Ordering::Relaxed);
            return false;
        }
        self.shared.waiting.fetch_add(1, Ordering::Relaxed);
        let sent = self.sender.send((now, event)).is_ok();
        if wakes && let Some(context) = self.shared.context.get() {
            context.request_repaint_after(self.shared.until_next_frame(now));
        }
        sent
    }

    /// Takes a picture of the whole window as it is drawn next and hands it to `deliver`, in the window's thread. False if
    /// the window is not open yet.
    pub fn screenshot(&self, deliver: impl FnOnce(Arc<ColorImage>) + Send + 'static) -> bool {
        let context = self.shared.context.get();
        if let Some(context) = context {
            context.request_screenshot(deliver);
        }
        context.is_some()
    }

    /// Closes the window. False if it is not open yet.
    pub fn close(&self) -> bool {
        let context = self.shared.context.get();
        if let Some(context) = context {
            context.send_viewport_cmd(ViewportCommand::Close);
        }
        context.is_some()
    }

    /// What the window has done so far.
    pub fn statistics(&self) -> Statistics {
        let shared = &self.shared;
        Statistics {
            pictures_taken: shared.taken.load(Ordering::Relaxed),
            pictures_painted: shared.painted.load(Ordering::Relaxed),
            frames: shared.frames.load(Ordering::Relaxed),
            dropped: shared.dropped.load(Ordering::Relaxed),
            frame_ms_p50: shared.frame_ms(0.50),
            frame_ms_p99: shared.frame_ms(0.99),
        }
    }
}

/// What a window has done so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Statistics {
    /// Pictures the model has taken in.
    pub pictures_taken: u64,
    /// Pictures that reached the screen; two that come within one frame are one.
    pub pictures_painted: u64,
    /// Frames drawn.
    pub frames: u64,
    /// States and pictures dropped because the window did not keep up.
    pub dropped: u64,
    /// Median time to build and draw a frame, ms, rounded up; the wait for the screen is not in it.
    pub frame_ms_p50: Option<u64>,
    /// One frame in 100 takes longer, ms, rounded up.
    pub frame_ms_p99: Option<u64>,
}

/// What window and handle share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) context: OnceLock<egui::Context>,
    pub(super) waiting: AtomicUsize,
    dropped: AtomicU64,
    pub(super) taken: AtomicU64,
    pub(super) painted: AtomicU64,
    pub(super) frames: AtomicU64,
    /// When the last frame began, ns of the console's clock.
    pub(super) frame_began: AtomicU64,
    /// The shortest time between two frames that events ask for, ns.
    pub(super) pace: AtomicU64,
    frame_times: [AtomicU64; FRAME_BUCKETS],
}

impl Default for Shared {
    fn default() -> Self {
        Self {
            context: OnceLock::new(),
            waiting: AtomicUsize::new(0),
            dropped: AtomicU64::new(0),
            taken: AtomicU64::new(0),
            painted: AtomicU64::new(0),
            frames: AtomicU64::new(0),
            frame_began: AtomicU64::new(0),
            pace: AtomicU64::new(0),
            frame_times: std::array::from_fn(|_| AtomicU64::new(0)),
        }
    }
}

impl Shared {
    /// How long an event at `now` has to wait for its frame.
    pub(super) fn until_next_frame(&self, now: Time) -> Duration {
        let began = Time::from_nanos(self.frame_began.load(Ordering::Relaxed));
        let pace = Duration::from_nanos(self.pace.load(Ordering::Relaxed));
        pace.saturating_sub(now.saturating_since(began))
    }

    pub(super) fn frame_took(&self, seconds: f32) {
        let bucket = (seconds.max(0.0) * 1e3) as usize;
        if let Some(count) = self.frame_times.get(bucket.min(FRAME_BUCKETS - 1)) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(super) fn frame_ms(&self, quantile: f64) -> Option<u64> {
        let counts: Vec<u64> = self.frame_times.iter().map(|count| count.load(Ordering::Relaxed)).collect();
        let total: u64 = counts.iter().sum();
        let rank = (total as f64 * quantile).ceil() as u64;
        let mut seen = 0;
        let bucket = counts.iter().position(|count| {
            seen += count;
            total > 0 && seen >= rank.max(1)
        });
        bucket.map(|bucket| bucket as u64 + 1)
    }
}
