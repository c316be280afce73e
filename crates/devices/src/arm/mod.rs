//! Robot arms.

mod simulated;

pub use simulated::{ProbeInBody, SimulatedArm};
