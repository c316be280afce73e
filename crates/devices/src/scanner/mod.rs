//! Sources of ultrasound pictures.

mod cine;
mod simulated;

pub use cine::CineScanner;
pub use simulated::SimulatedScanner;
