//! H.264, WebRTC, and the data that travels inside each picture.
//!
//! The way of a picture: [`Image`] → [`Encoder`] → [`AccessUnit`], its stamp inside → [`VideoSender`] → network →
//! [`VideoReceiver`] → [`ShownPicture`]. The two ends find each other by [`Signals`], which their makers carry over the trusted
//! connection between console and cart: the fingerprints inside bind the pictures to the same identities.
//!
//! The cart's loop for each picture: wait until [`VideoSender::is_ready`]; if [`VideoSender::take_key_request`], call
//! [`Encoder::request_key_picture`]; [`Encoder::encode`]; [`VideoSender::send`]. The console gives [`VideoReceiver::start`] a
//! function that keeps the picture and wakes the window. Each end tells by its [`LinkState`] how it is and why it ended.
//!
//! What keeps a picture young: it is sent as soon as it is encoded, complete on its own last packet, decoded at once, and a
//! loss waits a bounded time for its retransmission. What keeps it honest: grey stays exact, a picture with guessed parts says
//! so, and so does every one that depends on it.

mod codec;
mod error;
#[doc(hidden)]
pub mod fuzzing;
mod peer;
mod rtp;
#[cfg(test)]
mod testing;

use std::sync::Arc;

use farprobe_geom::Time;

pub use codec::{
    AccessUnit, AccessUnitKind, Chroma, Decoded, DecodedPicture, Decoder, Encoder, EncoderConfig, Image, Integrity,
    check_size, stamp_of,
};
pub use error::{CodecError, LinkError};
pub use peer::{
    HopTime, IceServer, LinkConfig, LinkState, ReceiverConfig, ReceiverStats, SendOutcome, SenderStats, ShowPicture,
    ShownPicture, Signals, VideoReceiver, VideoSender,
};

/// The clock of the machine this runs on: the time now, whenever it is called.
pub type Clock = Arc<dyn Fn() -> Time + Send + Sync>;
