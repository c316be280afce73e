//! Pictures of the window at named moments, and of the ultrasound.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use egui::ColorImage;
use farprobe_record::{save_grey, save_rgb};

use crate::model::Pixels;
use crate::window::WindowHandle;

/// How long a picture of the window may take: a frame, and the writing.
const WITHIN: Duration = Duration::from_secs(5);

/// The moment that stands for the whole exam: its picture is `console.png`, and the ultrasound of that moment is kept.
const CONTACT: &str = "contact";

/// The name of the file that the picture of the moment `mark` goes to.
pub fn picture_of(mark: &str) -> String {
    if mark == CONTACT { "console.png".to_owned() } else { format!("{mark}.png") }
}

/// The newest ultrasound picture, for whoever wants to keep it.
#[derive(Debug, Clone, Default)]
pub struct Screen(Arc<Mutex<Option<Pixels>>>);

impl Screen {
    /// A new picture is on the screen.
    pub fn set(&self, pixels: Pixels) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(pixels);
    }

    fn get(&self) -> Option<Pixels> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Takes pictures into a folder.
pub struct Shots {
    folder: Option<PathBuf>,
    window: Option<WindowHandle>,
    screen: Screen,
    kept: Option<Pixels>,
    done: (Sender<()>, Receiver<()>),
    pending: usize,
}

impl Shots {
    /// Pictures of `window` go into `folder`; without one of the two there are none.
    pub fn new(folder: Option<PathBuf>, window: Option<WindowHandle>, screen: Screen) -> Self {
        Self { folder, window, screen, kept: None, done: channel(), pending: 0 }
    }

    /// The moment `name` has come.
    pub(super) fn take(&mut self, name: &str) {
        if name == CONTACT {
            self.kept = self.screen.get();
        }
        let (Some(folder), Some(window)) = (&self.folder, &self.window) else { return };
        let file = folder.join(picture_of(name));
        let done = self.done.0.clone();
        let asked = window.screenshot(move |image| {
            // Written in a thread of its own: the window goes on.
            std::thread::spawn(move || {
                if let Err(error) = save(&file, &image) {
                    tracing::warn!("{error}");
                }
                let _ = done.send(());
            });
        });
        self.pending += usize::from(asked);
    }

    /// Waits until the pictures asked for are written.
    pub(super) fn wait(&mut self) {
        while self.pending > 0 {
            if self.done.1.recv_timeout(WITHIN).is_err() {
                tracing::warn!("{} pictures of the window were not written in time", self.pending);
                return;
            }
            self.pending -= 1;
        }
    }

    /// Saves the ultrasound picture of the moment of contact or, without one, the last.
    pub(super) fn save_ultrasound(&self) {
        let Some(folder) = &self.folder else { return };
        let path = folder.join("ultrasound.png");
        let saved = match self.kept.clone().or_else(|| self.screen.get()) {
            None => return,
            Some(Pixels::Grey { size, data }) => save_grey(&path, size[0] as u32, size[1] as u32, &data),
            Some(Pixels::Rgb { size, data }) => save_rgb(&path, size[0] as u32, size[1] as u32, &data),
        };
        if let Err(error) = saved {
            tracing::warn!("{error}");
        }
    }
}

fn save(path: &Path, image: &ColorImage) -> Result<(), farprobe_record::RecordError> {
    let [width, height] = image.size;
    let rgb: Vec<u8> = image.pixels.iter().flat_map(|pixel| [pixel.r(), pixel.g(), pixel.b()]).collect();
    save_rgb(path, width as u32, height as u32, &rgb)
}
