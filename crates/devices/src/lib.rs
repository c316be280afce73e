//! Everything that can be plugged in, behind five traits: [`Arm`], [`Handle`], [`Scanner`], [`Camera`] and [`Bedside`].
//!
//! An adapter turns one kind of hardware, or its simulation, into one of these traits and knows nothing of networks,
//! leases or the ladder. What a device reports is taken as it is; judging it is the business of the callers.
#![deny(unsafe_code)]

pub mod arm;
pub mod bedside;
mod clock;
mod error;
mod file;
pub mod handle;
mod places;
pub mod scanner;
mod traits;

pub use clock::MonotonicClock;
pub use error::DeviceError;
pub use file::{FileError, be_ordinary, read_text};
pub use places::{Places, line_of};
pub use traits::{
    Arm, ArmHealth, ArmState, Bedside, BedsideEvent, Camera, ForceCue, Handle, HandleButton, HandleEvent, HandleMotion,
    HandleSample, HandsAway, Picture, PictureContext, PixelFormat, Scanner, Setpoint,
};
