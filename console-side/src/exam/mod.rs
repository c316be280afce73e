//! An exam: the wiring between handle, network, window, log and summary.

mod controls;
mod conversation;
mod director;
mod ears;
mod figures;
mod following;
mod front;
mod handle_news;
mod lease;
mod ledger;
mod link;
mod network;
mod networks;
mod pictures;
mod plan;
mod pump;
mod shots;
mod steering;
mod stop;
mod summary;
mod target;
mod trace;
mod video;
mod witness;

pub use director::Director;
pub use front::{Front, Sink};
pub use link::Destination;
pub use plan::{Ended, Happening, Plan};
pub use pump::HandleStart;
pub use shots::{Screen, Shots, picture_of};
pub use trace::Trace;

/// The name and version of this program.
pub const SOFTWARE: &str = concat!("farprobe-console ", env!("CARGO_PKG_VERSION"));
