//! How the arm moves: kinematics, command interpolation, the force law, clutch and scaling.
//!
//! The crate is pure: no clock, no thread, no randomness, no file. It never refuses a command and knows no network; what
//! the arm may do is the business of `farprobe-safety`, which stands between the proposal and the joints. Everything that
//! runs in the real-time step is free of allocation and of panics.
#![forbid(unsafe_code)]

pub mod arm_model;
#[cfg(test)]
mod fixtures;
mod kinematics;

pub use arm_model::{ArmModel, JointLimits, ModelError};
pub use kinematics::{Jacobian, LinkPoses};
