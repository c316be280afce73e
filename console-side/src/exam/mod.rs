//! An exam: the wiring between handle, network, window, log and summary.

mod director;
mod front;
mod ledger;
mod link;
mod pictures;
mod pump;
mod shots;
mod steering;
mod summary;
mod witness;

pub use director::{Director, Ended, Happening, Plan};
pub use front::{Front, Sink};
pub use link::Destination;
pub use pump::HandleStart;
pub use shots::{Screen, Shots};

/// The name and version of this program.
pub const SOFTWARE: &str = concat!("farprobe-console ", env!("CARGO_PKG_VERSION"));
