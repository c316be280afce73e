//! How the console looks: draws a [`Model`] and says what the specialist wants.

mod camera;
mod control;
mod events;
mod force;
mod format;
mod icon;
mod input;
mod latency;
pub mod layout;
mod lease;
mod outline;
mod overlay;
mod paint;
mod picture;
mod scanner;
mod scene;
mod state;
mod stop;
mod top;
mod trail;

use egui::{Rect, Ui, UiBuilder};
use farprobe_geom::Time;

use crate::model::{Intent, Model};

use camera::Camera;
use layout::Layout;
use picture::Canvas;

/// What the view remembers from frame to frame: where the arm view's camera stands and what is on the graphics card.
#[derive(Default)]
pub struct View {
    camera: Camera,
    canvas: Canvas,
}

impl View {
    /// Draws the model as it is at `now` (console clock) over the whole of `ui` and gives what the specialist wants.
    ///
    /// The ground between the panels is the shell's: it clears to [`theme::GROUND`](crate::theme::GROUND).
    ///
    /// A stop key is looked for before anything is drawn, so that no control can swallow it.
    pub fn show(&mut self, ui: &mut Ui, model: &Model, now: Time) -> Vec<Intent> {
        let mut intents = Vec::new();
        let window = ui.max_rect();
        let layout = Layout::of(window);
        let pressed = input::keys(ui, model, &mut intents);
        intents.push(Intent::Window(input::sample(ui, now, layout.picture, pressed)));

        within(ui, layout.picture, |ui| self.canvas.show(ui, layout.picture, model, now));
        within(ui, layout.top, |ui| top::show(ui, layout.top, model, now));
        within(ui, layout.scene, |ui| scene::show(ui, layout.scene, model, now, &mut self.camera));
        within(ui, layout.state, |ui| state::show(ui, layout.state, model, now));
        within(ui, layout.latency, |ui| latency::show(ui, layout.latency, model, now));
        within(ui, layout.events, |ui| events::show(ui, layout.events, model));
        intents.extend(within(ui, layout.scanner, |ui| scanner::show(ui, layout.scanner, model, now)));
        intents.extend(within(ui, layout.force, |ui| force::show(ui, layout.force, model, now)));
        intents.extend(within(ui, layout.lease, |ui| lease::show(ui, layout.lease, model, now)));
        intents.extend(within(ui, layout.stop, |ui| stop::show(ui, layout.stop)));
        intents
    }

    /// Number and decoding time (console clock) of the picture that [`View::show`] last drew.
    pub fn drawn_picture(&self) -> Option<(u64, Time)> {
        self.canvas.drawn()
    }
}

/// Draws a panel: nothing of it can leave its rectangle.
fn within<R>(ui: &mut Ui, rect: Rect, draw: impl FnOnce(&mut Ui) -> R) -> R {
    let mut child = ui.new_child(UiBuilder::new().max_rect(rect));
    child.set_clip_rect(rect.intersect(ui.clip_rect()));
    draw(&mut child)
}
