//! What the specialist holds.

pub mod keyboard_mouse;
pub mod rate;
pub mod script;
