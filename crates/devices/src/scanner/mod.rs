//! Sources of ultrasound pictures.

mod cine;
mod simulated;
mod source;

pub use cine::CineScanner;
pub use simulated::SimulatedScanner;
pub use source::{Source, UnknownSource};
