//! What the specialist holds.

pub mod gamepad;
pub mod haptic;
pub mod keyboard_mouse;
pub mod rate;
pub mod script;
pub mod spacemouse;
