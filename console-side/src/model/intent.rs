//! What the specialist wants, as the window understood it.

use std::collections::BTreeSet;

use farprobe_geom::{Newton, Time};
use farprobe_proto::ScannerSettings;

/// Something the specialist wants. The wiring carries it out; the view changes nothing by itself.
#[derive(Debug, Clone, PartialEq)]
pub enum Intent {
    /// Stop the robot.
    Stop,
    /// Ask for the right to drive.
    RequestLease,
    /// Give the right to drive back.
    ReleaseLease,
    /// Turn the scanner's controls: all settings, as they shall be.
    Scanner(ScannerSettings),
    /// Freeze the picture (`true`) or let it run (`false`). The wiring opens the clutch with it.
    Freeze(bool),
    /// Press with this contact force, N. Limits are the cart's business.
    DesiredForce(Newton),
    /// How keyboard and mouse stand in this frame.
    Window(WindowInput),
    /// A picture has reached the screen.
    Painted {
        /// Its number.
        number: u64,
        /// When the window had handed the finished frame to the screen, console clock.
        at: Time,
    },
    /// The operator closes the window.
    Close,
}

/// Keyboard and mouse in one frame of the window, raw: what a keyboard-and-mouse handle is made of. Key repeat can't be seen
/// here.
#[derive(Debug, Clone, PartialEq)]
pub struct WindowInput {
    /// When the frame began, console clock. A handle that sees no new one for 100 ms takes the clutch as open.
    pub at: Time,
    /// Whether the window has the keyboard's focus. Without it no key counts as held.
    pub focused: bool,
    /// Where the pointer is, points from the window's top left; `None` when it left the window.
    pub pointer: Option<[f32; 2]>,
    /// How far the pointer moved since the frame before, points.
    pub moved: [f32; 2],
    /// Whether the pointer is over the ultrasound picture, where dragging means the probe and not a control.
    pub over_picture: bool,
    /// How far the wheel turned since the frame before, points; up is positive.
    pub wheel: f32,
    /// Keys held down as the frame began. Without the focus none counts.
    pub keys: BTreeSet<egui::Key>,
    /// Keys that went down since the frame before, in this order; a tap may be over before the frame begins. Without the focus
    /// none counts.
    pub pressed: Vec<egui::Key>,
    /// Mouse buttons held down: primary, secondary, middle.
    pub buttons: [bool; 3],
}
