//! What travels between console and cart.
//!
//! Three channels, one enum for each direction of each: datagrams ([`ConsoleDatagram`], [`CartDatagram`]), the control
//! stream ([`ConsoleMessage`], [`CartMessage`]) and the data inside each picture ([`PictureStamp`]). Everything is encoded
//! with [postcard](https://postcard.jamesmunns.com); *decoding is validating*: a value that decodes is finite, in range and
//! of a known kind, bytes left over are an error, and no input makes a decoder panic or allocate more than four times its own
//! length (a list of transitions is the worst case). Whether a scanner offers a value in range is for the scanner to say.
#![forbid(unsafe_code)]

mod checked;
mod codec;
mod command;
mod control;
mod objection;
mod picture;
mod report;
mod scanner;
mod state;

pub use codec::{DecodeError, MAX_COMMAND_BYTES, MAX_MESSAGE_BYTES, MAX_STATE_BYTES, Wire};
pub use command::{Clutch, Command, ConsoleDatagram, Epoch, PictureHealth, PictureReport, StateEcho, StopNotice};
pub use control::{
    Bedside, CartMessage, ConsoleMessage, Event, Hello, LeaseRefusal, LeaseStatus, PROTOCOL_VERSION, Refusal, Role,
    Severity, Signal, Welcome,
};
pub use objection::{Joint, Objection};
pub use picture::PictureStamp;
pub use report::{CartReport, ForceReport, RefusedCommands, RtLoopReport, Standing, Transition};
pub use scanner::{
    ImageGeometry, ScannerError, ScannerReply, ScannerRequest, ScannerSettings, ScannerState, SourceKind, TGC_BANDS,
};
pub use state::{
    Applied, Arming, CartDatagram, Cause, Contact, Echo, Ladder, Limits, LinkReadiness, PictureNotice, State,
};

#[cfg(test)]
mod tests;
