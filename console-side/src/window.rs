//! The window: carries events to the model, the model to the screen and intents back. The only part of the console's face
//! that reads a clock, which it is given.

mod display;
mod handle;

use std::cell::{Cell, RefCell};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use egui::ViewportBuilder;
use farprobe_geom::Time;

use self::display::guarded;
pub use self::display::{WindowError, check_display};
use self::handle::Shared;
pub use self::handle::{Statistics, WindowHandle};
use crate::model::{Event, Intent, Model};
use crate::theme;
use crate::view::View;
use crate::view::layout::MIN_SIZE;

/// The longest time between two frames. A keyboard handle takes 100 ms without a frame as a lost window. Pictures wake the
/// window when they come, 30 times a second; shorter than their period, this would draw half of the frames for nothing.
const FRAME_INTERVAL: Duration = Duration::from_millis(50);
/// The window's first size, points.
const FIRST_SIZE: [f32; 2] = [1280.0, 800.0];

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
        outbox: RefCell::new(Box::new(outbox)),
        clock: Box::new(clock),
        shared,
        frame_began: None,
        drawn: None,
        being_painted: Cell::new(None),
        closing: false,
    };
    (window, handle)
}

/// The window's application.
pub struct Window {
    model: Model,
    view: View,
    inbox: Receiver<(Time, Event)>,
    outbox: RefCell<Box<dyn FnMut(Intent)>>,
    clock: Box<dyn Fn() -> Time>,
    shared: Arc<Shared>,
    frame_began: Option<Time>,
    /// Number and decoding time of the picture on screen.
    drawn: Option<(u64, Time)>,
    /// The picture that this frame brings to the screen; told once it is there.
    being_painted: Cell<Option<u64>>,
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

    /// Opens the window, does `begin` once it is open, and runs it until it is closed. Must be called in the main thread.
    ///
    /// Nothing begins behind a window that can't be opened. One that was open and fails, for one since its display has gone, is
    /// an error and not a panic: whoever called has an exam to end.
    pub fn run(
        self,
        title: &str,
        begin: impl FnOnce() -> Result<(), Box<dyn std::error::Error + Send + Sync>> + 'static,
    ) -> Result<(), WindowError> {
        let viewport = ViewportBuilder::default()
            .with_title(title)
            .with_app_id("farprobe-console")
            .with_inner_size(FIRST_SIZE)
            .with_min_inner_size(MIN_SIZE);
        // Nothing here has a gradient, and without a graphics card each pixel's dithering is paid for by the CPU.
        let options = eframe::NativeOptions { viewport, centered: true, dithering: false, ..Default::default() };
        let shared = Arc::clone(&self.shared);
        let creator = move |creation: &eframe::CreationContext<'_>| {
            self.open(&creation.egui_ctx);
            begin()?;
            Ok(Box::new(self) as Box<dyn eframe::App>)
        };
        guarded(|| eframe::run_native(title, options, Box::new(creator)), || shared.context.get().is_some())
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

    /// Counts how long the frame before has taken, if one was drawn.
    fn settle_frame(&mut self, took: Option<f32>) {
        if let (Some(_), Some(seconds)) = (self.frame_began.take(), took) {
            self.shared.frame_took(seconds);
            self.presented();
        }
    }

    /// The frame is on the screen: tells of the picture that it has brought there.
    fn presented(&self) {
        if let Some(number) = self.being_painted.take() {
            self.shared.painted.fetch_add(1, Ordering::Relaxed);
            self.tell(Intent::Painted { number, at: (self.clock)() });
        }
    }

    fn tell(&self, intent: Intent) {
        (self.outbox.borrow_mut())(intent);
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
            self.tell(intent);
        }
        let drawn = self.view.drawn_picture();
        if drawn != self.drawn {
            self.drawn = drawn;
            self.being_painted.set(drawn.map(|(number, _)| number));
        }
        if ui.input(|input| input.viewport().close_requested()) && !self.closing {
            self.closing = true;
            self.tell(Intent::Close);
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

    /// Nothing is saved. But this is what eframe asks after it has swapped the buffers of a frame, every time, and it has no
    /// other call there: a picture counts as painted now, and not when the next frame begins, which may be 50 ms later. Were it
    /// no longer asked, `logic` would tell of the picture then.
    fn auto_save_interval(&self) -> Duration {
        self.presented();
        Duration::MAX
    }

    fn clear_color(&self, _visuals: &egui::Visuals) -> [f32; 4] {
        theme::GROUND.to_normalized_gamma_f32()
    }
}

#[cfg(test)]
mod tests;
