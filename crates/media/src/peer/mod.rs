//! The two ends of a video connection.

mod backlog;
mod decoding;
mod link;
mod negotiation;
mod outbox;
mod receiver;
mod sender;
mod stats;
#[cfg(test)]
mod tests;

pub use decoding::{ShowPicture, ShownPicture};
pub use link::{IceServer, LinkConfig};
pub use negotiation::{LinkState, Signals};
pub use outbox::SendOutcome;
pub use receiver::{ReceiverConfig, VideoReceiver};
pub use sender::VideoSender;
pub use stats::{HopTime, ReceiverStats, SenderStats};
