//! The cart's end of the conversation.

mod end;
mod inbox;
mod lease;
mod link_quality;
mod round_trip;

pub use end::CartEnd;
pub use inbox::{AgeLimit, AgeLimitOutOfRange, CommandInbox, Reason, Verdict};
pub use lease::{ConsoleId, LeaseDesk, LeaseNotice};
pub use link_quality::{LinkFault, LinkGate, LinkQuality, LinkVerdict};
pub use round_trip::RoundTrip;
