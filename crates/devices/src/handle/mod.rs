//! What the specialist holds.

pub mod script;
