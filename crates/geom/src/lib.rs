//! The vocabulary of Farprobe: quantities that carry their unit, instants of one monotonic clock, and poses, twists and
//! wrenches that carry the frame they are expressed in.
//!
//! A bare `f64` never crosses a crate border where a unit matters, and a pose can't be used in the wrong frame: both are
//! compile errors. Everything is SI: metres, radians, seconds, newtons, newton metres.
//!
//! This crate is `no_std`: the safety gate builds on it.
#![no_std]
#![forbid(unsafe_code)]

pub mod frame;
mod joints;
mod spatial;
mod time;
mod units;

pub use frame::{Anchor, Base, Frame, Handle, Patient, Tip};
pub use joints::{Joints, MAX_AXES, TooManyAxes};
pub use spatial::{NotAPose, Pose, Transform, Twist, Wrench};
pub use time::Time;
pub use units::{
    Metre, MetrePerSecond, MetrePerSecond2, MetrePerSecond3, Newton, NewtonMetre, NewtonPerMetre, NotFinite, Radian,
    RadianPerSecond,
};
