//! Simulated arm, patient, ultrasound picture and impaired link.
//!
//! Everything here is pure: time is an argument, and what looks random comes from a seed. The world steps it on a virtual
//! clock, the cart's simulated devices on the real one.
#![forbid(unsafe_code)]

pub mod arm;
pub mod body;
pub mod link;
mod noise;
pub mod patient;
pub mod scene;
pub mod ultrasound;
