//! A whole exam on a virtual clock: servo, arm, patient, two links and a console in one struct, from one seed.
//!
//! [`World::tick`] lets one millisecond pass. There is no thread, no socket and no clock: the same seed and the same operator
//! give the same exam, to the bit. The code under test is the code the programs run: the cart's [`farprobe_servo::Servo`], and
//! both ends of `farprobe-session`, talking in encoded datagrams.
#![forbid(unsafe_code)]

mod adversary;
pub mod campaign;
mod cart;
mod chance;
mod clock;
mod console;
mod haptic_hand;
pub mod invariants;
mod line;
mod meddle;
pub mod meter;
mod observation;
mod operator;
mod seen;
mod sonographer;
mod stream;
mod tamper;
mod world;

pub use adversary::{Adversary, Plan, Way, search};
pub use cart::reading;
pub use clock::Skew;
pub use console::{Console, GOOD_PICTURE, HandleState, OperatorConsole};
pub use haptic_hand::{Grip, HapticHand, Port, PortWatch, Reflection};
pub use line::LineCard;
pub use meddle::Meddling;
pub use observation::Observation;
pub use operator::{Hand, Operator, Wish};
pub use seen::Seen;
pub use sonographer::{Manner, Sonographer};
pub use tamper::Tampering;
pub use world::{Heard, LineId, World, WorldCard, WorldError};

#[cfg(test)]
mod tests;
