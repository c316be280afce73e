//! Opens the console's real window on made-up exams and saves what it shows.
//!
//! `cargo run -p farprobe-console --example gallery -- FOLDER [WIDTHxHEIGHT] [STATE …]`, without a display under
//! `xvfb-run -a -s "-screen 0 1920x1080x24"`. With `live SECONDS` instead, the window's own shell is fed 250 states and 30
//! pictures a second, and what it took is printed.
#![allow(clippy::unwrap_used, reason = "an example stops where it stumbles")]

mod fan;
mod live;
mod states;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use egui::{ColorImage, ViewportBuilder, ViewportCommand};
use farprobe_console::theme;
use farprobe_console::view::View;
use states::Scene;

/// Frames drawn before a picture is taken: fonts and textures are there after the second.
const SETTLE: u32 = 3;

struct Gallery {
    scenes: Vec<Scene>,
    at: usize,
    frames: u32,
    view: View,
    folder: PathBuf,
}

impl eframe::App for Gallery {
    fn ui(&mut self, ui: &mut egui::Ui, _frame: &mut eframe::Frame) {
        let Some(scene) = self.scenes.get(self.at) else {
            ui.ctx().send_viewport_cmd(ViewportCommand::Close);
            return;
        };
        self.view.show(ui, &scene.model, scene.now);
        self.frames += 1;
        if self.frames == SETTLE {
            let path = self.folder.join(format!("{}.png", scene.name));
            ui.ctx().request_screenshot(move |image: Arc<ColorImage>| save(&path, &image));
        } else if self.frames > SETTLE + 1 {
            self.frames = 0;
            self.at += 1;
        }
        ui.ctx().request_repaint();
    }

    fn clear_color(&self, _visuals: &egui::Visuals) -> [f32; 4] {
        theme::GROUND.to_normalized_gamma_f32()
    }
}

fn save(path: &Path, image: &ColorImage) {
    let file = std::fs::File::create(path).unwrap();
    let [width, height] = image.size;
    let mut encoder = png::Encoder::new(file, width as u32, height as u32);
    encoder.set_color(png::ColorType::Rgba);
    let bytes: Vec<u8> = image.pixels.iter().flat_map(egui::Color32::to_array).collect();
    encoder.write_header().unwrap().write_image_data(&bytes).unwrap();
    println!("{}", path.display());
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [word, seconds] = arguments.as_slice()
        && word == "live"
    {
        live::run(seconds.parse().unwrap());
        return;
    }
    let folder = PathBuf::from(arguments.first().map_or("out/gallery", String::as_str));
    std::fs::create_dir_all(&folder).unwrap();
    let size = arguments.get(1).and_then(|size| size.split_once('x'));
    let size = size.map_or([1280.0, 800.0], |(x, y)| [x.parse().unwrap(), y.parse().unwrap()]);
    let wanted = arguments.get(2..).unwrap_or_default();
    let mut scenes = states::all();
    scenes.extend(states::wordy());
    scenes.retain(|scene| wanted.is_empty() || wanted.iter().any(|name| name == scene.name));
    let viewport = ViewportBuilder::default().with_inner_size(size).with_position([0.0, 0.0]).with_decorations(false);
    let options = eframe::NativeOptions { viewport, ..Default::default() };
    let creator = |creation: &eframe::CreationContext<'_>| {
        theme::install(&creation.egui_ctx);
        let gallery = Gallery { scenes, at: 0, frames: 0, view: View::default(), folder };
        Ok(Box::new(gallery) as Box<dyn eframe::App>)
    };
    eframe::run_native("Farprobe", options, Box::new(creator)).unwrap();
}
