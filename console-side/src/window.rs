//! The window: carries events to the model, the model to the screen and intents back. The only part of the console's face
//! that reads a clock, which it is given.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use egui::{ColorImage, ViewportBuilder, ViewportCommand};
use farprobe_geom::Time;
use thiserror::Error;

use crate::model::{Event, Intent, Model};
use crate::theme;
use crate::view::View;
use crate::view::layout::MIN_SIZE;

/// The longest time between two frames. A keyboard handle takes 100 ms without a frame as a lost window. Pictures wake the
/// window when they come, 30 times a second; shorter than their period, this would draw half of the frames for nothing.
const FRAME_INTERVAL: Duration = Duration::from_millis(50);
/// Events that come many times a second are dropped while this many wait: four seconds of a window that does not draw.
const WAITING_MAX: usize = 1_024;
/// The window's first size, points.
const FIRST_SIZE: [f32; 2] = [1280.0, 800.0];
/// Buckets of the frame-time histogram, 1 ms each; the last one takes everything longer.
const FRAME_BUCKETS: usize = 128;

/// Why there is no window.
#[derive(Debug, Error)]
#[error("the window can't be opened ({0}): is there a display? Run with --headless, or under xvfb-run")]
pub struct WindowError(String);

/// Makes a window and the handle that the rest of the program talks to it with.
///
/// `clock` is the console's clock. `outbox` is called in the window's thread and must not wait.
pub fn window(clock: impl Fn() -> Time + 'static, outbox: impl FnMut(Intent) + 'static) -> (Window, WindowHandle) {
    let (sender, inbox) = channel();
    let shared = Arc::new(Shared::default());
    let handle = WindowHandle { sender, shared: Arc::clone(&shared) };
    let model = Model::new(clock());
    let window = Window {
        model,
        view: View::default(),
        inbox,
        outbox: Box::new(outbox),
        clock: Box::new(clock),
        shared,
        frame_began: None,
        drawn: None,
        being_painted: None,
        closing: false,
    };
    (window, handle)
}

/// What the rest of the program holds of a window. Cheap to clone, works from any thread.
#[derive(Debug, Clone)]
pub struct WindowHandle {
    sender: Sender<(Time, Event)>,
    shared: Arc<Shared>,
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
struct Shared {
    context: OnceLock<egui::Context>,
    waiting: AtomicUsize,
    dropped: AtomicU64,
    taken: AtomicU64,
    painted: AtomicU64,
    frames: AtomicU64,
    /// When the last frame began, ns of the console's clock.
    frame_began: AtomicU64,
    /// The shortest time between two frames that events ask for, ns.
    pace: AtomicU64,
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
    fn until_next_frame(&self, now: Time) -> Duration {
        let began = Time::from_nanos(self.frame_began.load(Ordering::Relaxed));
        let pace = Duration::from_nanos(self.pace.load(Ordering::Relaxed));
        pace.saturating_sub(now.saturating_since(began))
    }

    fn frame_took(&self, seconds: f32) {
        let bucket = (seconds.max(0.0) * 1e3) as usize;
        if let Some(count) = self.frame_times.get(bucket.min(FRAME_BUCKETS - 1)) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn frame_ms(&self, quantile: f64) -> Option<u64> {
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

/// The window's application.
pub struct Window {
    model: Model,
    view: View,
    inbox: Receiver<(Time, Event)>,
    outbox: Box<dyn FnMut(Intent)>,
    clock: Box<dyn Fn() -> Time>,
    shared: Arc<Shared>,
    frame_began: Option<Time>,
    /// Number and decoding time of the picture on screen.
    drawn: Option<(u64, Time)>,
    /// The picture that this frame brings to the screen; told once the frame is drawn.
    being_painted: Option<u64>,
    closing: bool,
}

impl Window {
    /// Lets events wait until `interval` after the last frame began: fewer frames where there is no graphics card and each
    /// costs tens of milliseconds of CPU. Pictures that come between two frames are taken in and not painted.
    #[must_use]
    pub fn paced(self, interval: Duration) -> Self {
        let nanos = interval.min(FRAME_INTERVAL).as_nanos() as u64;
        self.shared.pace.store(nanos, Ordering::Relaxed);
        self
    }

    /// Opens the window and runs it until it is closed. Must be called in the main thread.
    pub fn run(self, title: &str) -> Result<(), WindowError> {
        let viewport = ViewportBuilder::default()
            .with_title(title)
            .with_app_id("farprobe-console")
            .with_inner_size(FIRST_SIZE)
            .with_min_inner_size(MIN_SIZE);
        // Nothing here has a gradient, and without a graphics card each pixel's dithering is paid for by the CPU.
        let options = eframe::NativeOptions { viewport, centered: true, dithering: false, ..Default::default() };
        let creator = |creation: &eframe::CreationContext<'_>| {
            self.open(&creation.egui_ctx);
            Ok(Box::new(self) as Box<dyn eframe::App>)
        };
        eframe::run_native(title, options, Box::new(creator)).map_err(|error| WindowError(error.to_string()))
    }

    /// Binds the window to egui's context.
    fn open(&self, context: &egui::Context) {
        theme::install(context);
        // A second window of the same handle can't be: `run` consumes the only one.
        let _already_open = self.shared.context.set(context.clone());
    }

    /// Takes in what waits.
    fn take_in(&mut self) {
        while let Ok((at, event)) = self.inbox.try_recv() {
            self.shared.waiting.fetch_sub(1, Ordering::Relaxed);
            self.model.apply(at, event);
        }
        self.shared.taken.store(self.model.picture.taken, Ordering::Relaxed);
    }

    /// Tells of the picture that the frame before has brought to the screen.
    fn settle_frame(&mut self, took: Option<f32>) {
        let (Some(began), Some(seconds)) = (self.frame_began.take(), took) else { return };
        self.shared.frame_took(seconds);
        if let Some(number) = self.being_painted.take() {
            self.shared.painted.fetch_add(1, Ordering::Relaxed);
            let at = began + Duration::try_from_secs_f32(seconds).unwrap_or(Duration::ZERO);
            (self.outbox)(Intent::Painted { number, at });
        }
    }

    /// Draws a frame.
    fn draw(&mut self, ui: &mut egui::Ui) {
        let now = (self.clock)();
        self.frame_began = Some(now);
        self.shared.frame_began.store(now.as_nanos(), Ordering::Relaxed);
        self.shared.frames.fetch_add(1, Ordering::Relaxed);
        for intent in self.view.show(ui, &self.model, now) {
            if let Intent::Scanner(settings) = &intent {
                // The slider stays where it was put while the request is on its way.
                self.model.apply(now, Event::ScannerWanted(*settings));
            }
            (self.outbox)(intent);
        }
        let drawn = self.view.drawn_picture();
        if drawn != self.drawn {
            self.drawn = drawn;
            self.being_painted = drawn.map(|(number, _)| number);
        }
        if ui.input(|input| input.viewport().close_requested()) && !self.closing {
            self.closing = true;
            (self.outbox)(Intent::Close);
        }
        ui.ctx().request_repaint_after(FRAME_INTERVAL);
    }
}

impl eframe::App for Window {
    fn logic(&mut self, _context: &egui::Context, frame: &mut eframe::Frame) {
        self.settle_frame(frame.info().cpu_usage);
        self.take_in();
    }

    fn ui(&mut self, ui: &mut egui::Ui, _frame: &mut eframe::Frame) {
        self.draw(ui);
    }

    fn clear_color(&self, _visuals: &egui::Visuals) -> [f32; 4] {
        theme::GROUND.to_normalized_gamma_f32()
    }
}

#[cfg(test)]
mod tests;
