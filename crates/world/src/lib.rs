//! A whole exam on a virtual clock: servo, arm, patient, two links and a console in one struct, from one seed.
//!
//! [`World::tick`] lets one millisecond pass. There is no thread, no socket and no clock: the same seed and the same operator
//! give the same exam, to the bit. The code under test is the code the programs run: the cart's [`farprobe_servo::Servo`], and
//! both ends of `farprobe-session`, talking in encoded datagrams.
#![forbid(unsafe_code)]

mod operator;
mod seen;
mod world;

pub use operator::{Hand, Operator, Wish};
pub use seen::Seen;
pub use world::{World, WorldCard, WorldError};

#[cfg(test)]
mod tests;
