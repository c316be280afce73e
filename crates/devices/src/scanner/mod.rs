//! Sources of ultrasound pictures.

mod simulated;

pub use simulated::SimulatedScanner;
