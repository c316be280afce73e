//! The two ends of a video connection.

mod link;
mod outbox;
mod receiver;
mod sender;
mod stats;
#[cfg(test)]
mod tests;

pub use link::{IceServer, LinkConfig, LinkState, Signals};
pub use outbox::SendOutcome;
pub use receiver::{ReceiverConfig, ShowPicture, ShownPicture, VideoReceiver};
pub use sender::VideoSender;
pub use stats::{HopTime, ReceiverStats, SenderStats};
