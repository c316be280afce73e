//! The cart's end of the conversation.

mod end;
mod inbox;
mod link_quality;
mod minimum;
mod round_trip;

pub use end::CartEnd;
pub use inbox::{AgeLimit, AgeLimitOutOfRange, CommandInbox, Reason, Verdict};
pub use link_quality::{LinkFault, LinkGate, LinkQuality, LinkVerdict};
pub use round_trip::RoundTrip;
