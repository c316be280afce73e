//! Which handle the specialist holds, and how the window's input reaches a handle made of keyboard and mouse.

use std::path::Path;
use std::time::Duration;

use farprobe_devices::handle::gamepad::Gamepad;
use farprobe_devices::handle::haptic::{HapticHandle, SimulatedHand};
use farprobe_devices::handle::keyboard_mouse::{
    Buttons, Key, KeyboardMouse, Pointer, WindowFeed, WindowInput as DeviceInput,
};
use farprobe_devices::handle::script::ScriptHandle;
use farprobe_devices::handle::spacemouse::SpaceMouse;
use farprobe_devices::{DeviceError, Handle};
use farprobe_geom::{Metre, Newton};
use farprobe_proto::{ScannerSettings, TGC_BANDS};

use crate::model::{HandleKind, WindowInput};
use crate::settings::Settings;

/// A handle and what is known of it.
pub struct Chosen {
    /// The handle.
    pub handle: Box<dyn Handle>,
    /// What it is.
    pub kind: HandleKind,
    /// What is known of the script, if it plays one.
    pub script: Option<ScriptFacts>,
}

/// What is known of a script before it is played.
#[derive(Debug, Clone, PartialEq)]
pub struct ScriptFacts {
    /// The names of its marks.
    pub marks: Vec<String>,
    /// How long it runs.
    pub duration: Duration,
    /// The strongest contact it asks for, N, if it means to touch the patient.
    pub contact: Option<Newton>,
}

impl From<&ScriptHandle> for ScriptFacts {
    fn from(script: &ScriptHandle) -> Self {
        Self { marks: script.marks().to_vec(), duration: script.duration(), contact: script.contact() }
    }
}

/// What a script starts from before the scanner has said how it is: an abdominal preset.
pub const PRESET: ScannerSettings = ScannerSettings {
    depth: Metre::literal(0.15),
    gain_db: 0.0,
    tgc_db: [0.0; TGC_BANDS],
    focus: Metre::literal(0.08),
    dynamic_range_db: 60.0,
    frozen: false,
};

/// The script at `path`.
pub fn script(path: &Path) -> Result<Chosen, DeviceError> {
    let handle = ScriptHandle::load(path, PRESET)?;
    let script = Some(ScriptFacts::from(&handle));
    Ok(Chosen { handle: Box::new(handle), kind: HandleKind::Script, script })
}

/// Keyboard and mouse of the window that fills `feed`.
pub fn keyboard(settings: &Settings, feed: WindowFeed) -> Result<Chosen, DeviceError> {
    let handle = KeyboardMouse::new(settings.keyboard, feed)?;
    Ok(Chosen { handle: Box::new(handle), kind: HandleKind::KeyboardMouse, script: None })
}

/// A gamepad: the one that is plugged in, or the first that will be.
pub fn gamepad(settings: &Settings) -> Result<Chosen, DeviceError> {
    let handle = Gamepad::open(settings.gamepad.clone())?;
    Ok(Chosen { handle: Box::new(handle), kind: HandleKind::Gamepad, script: None })
}

/// A 6-DoF mouse: the one that is plugged in, or the first that will be.
pub fn space_mouse(settings: &Settings) -> Result<Chosen, DeviceError> {
    let handle = SpaceMouse::open(settings.spacemouse.clone())?;
    Ok(Chosen { handle: Box::new(handle), kind: HandleKind::SpaceMouse, script: None })
}

/// The simulated haptic handle, moved by a simulated hand that follows the script at `path` and feels the force.
pub fn simulated_haptic(settings: &Settings, path: &Path) -> Result<Chosen, DeviceError> {
    let script = ScriptHandle::load(path, PRESET)?;
    let known = Some(ScriptFacts::from(&script));
    let handle = HapticHandle::new(settings.haptic, SimulatedHand::new(script))?;
    Ok(Chosen { handle: Box::new(handle), kind: HandleKind::Haptic, script: known })
}

/// The window's key in the words of the handle: either Shift is the same.
fn key(key: egui::Key) -> Option<Key> {
    match key {
        egui::Key::ShiftLeft | egui::Key::ShiftRight => Some(Key::Shift),
        key => Key::from_name(key.name()),
    }
}

/// The window's input in the words of the handle.
pub fn window_input(input: &WindowInput) -> DeviceInput {
    let [primary, secondary, _middle] = input.buttons;
    DeviceInput {
        at: input.at,
        focused: input.focused,
        pointer: match (input.pointer, input.over_picture) {
            (None, _) => Pointer::Outside,
            (Some(_), true) => Pointer::OverPicture,
            (Some(_), false) => Pointer::Elsewhere,
        },
        moved: input.moved,
        wheel: input.wheel,
        keys: input.keys.iter().copied().filter_map(key).collect(),
        pressed: input.pressed.iter().copied().filter_map(key).collect(),
        buttons: Buttons { primary, secondary },
    }
}
