//! How the arm moves: kinematics, command interpolation, the force law, clutch and scaling.
//!
//! The way of a command through this crate: the console's [`HandleMapper`] turns the hand's motion into targets relative to
//! a press of the clutch. On the cart the [`ReferenceGenerator`] makes a smooth reference of the stream of targets, the
//! [`ContactLaw`] proposes a twist of the probe tip, and the [`Resolver`] turns what the safety gate left of it into joint
//! speeds of an [`ArmModel`].
//!
//! The crate is pure: no clock, no thread, no randomness, no file. It never refuses a command and knows no network; what
//! the arm may do is the business of `farprobe-safety`, which stands between the proposal and the joints. Everything that
//! runs in the real-time step is free of allocation and of panics.
#![forbid(unsafe_code)]

pub mod arm_model;
mod chain;
pub mod contact;
mod effort;
mod external_wrench;
#[cfg(test)]
mod fixtures;
pub mod handle;
pub mod haptic;
mod kinematics;
pub mod reference;
pub mod resolve;
mod smooth;

pub use arm_model::{ArmModel, JointLimits, ModelError};
pub use contact::{Contact, ContactLaw, ContactTuning, Directive, Learnt, Measured, Proposal, Tare};
pub use effort::Effort;
pub use external_wrench::ExternalWrench;
pub use handle::{HandleMapper, Mapped, Scaling};
pub use haptic::{HapticCoupling, HapticTuning};
pub use kinematics::{Jacobian, Kinematics, LinkPoses};
pub use reference::{Guidance, Reference, ReferenceGenerator};
pub use resolve::{Limited, Resolution, Resolver, inverse};
