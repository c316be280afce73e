//! What can go wrong with pictures, and who is to blame.

use std::sync::Arc;

use thiserror::Error;

/// Why a picture was not encoded or decoded.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CodecError {
    /// openh264 was built without its assembler.
    #[error(
        "this program was built without `nasm`, and its H.264 codec is too slow to drive by: install nasm, run `cargo clean \
         -p openh264-sys2`, and build again"
    )]
    NoAssembler,
    /// The source gave a picture whose bytes do not fit its size.
    #[error("the picture source gave {given} bytes for a picture of {width}×{height}, which has {needed}")]
    WrongLength {
        /// Pixels across.
        width: u32,
        /// Pixels down.
        height: u32,
        /// Bytes such a picture has.
        needed: usize,
        /// Bytes given.
        given: usize,
    },
    /// The source gives pictures of a size the codec does not take.
    #[error(
        "its pictures are of {width} x {height} pixels, and from 16 x 16 to 3840 x 2160, or upright 2160 x 3840, can be sent: \
         bring them to such a size"
    )]
    Size {
        /// Pixels across.
        width: u32,
        /// Pixels down.
        height: u32,
    },
    /// The configuration asks for a frame rate or bit rate outside what is sensible.
    #[error("the configuration asks for {0}")]
    Configuration(&'static str),
    /// openh264 refused. The text is its own.
    #[error("the H.264 codec failed: {0}; restart the program, and report it if it comes back")]
    Library(String),
}

impl CodecError {
    /// An error of the library, in its own words.
    pub(crate) fn library(error: &openh264::Error) -> Self {
        Self::Library(error.to_string())
    }
}

/// Why a video connection did not come up, or ended.
#[derive(Debug, Clone, Error)]
pub enum LinkError {
    /// The local addresses of the configuration cannot be used.
    #[error("the video sockets could not be opened on the configured addresses: {0}")]
    Configuration(String),
    /// The peer sent a description or candidate that is none.
    #[error("the peer sent video signalling that is not valid: {0}")]
    Signalling(String),
    /// No path to the peer was found.
    #[error(
        "no network path for video was found: allow UDP between cart and console, or name an address of the right network \
         in the configuration"
    )]
    NoPath,
    /// The peer was reached, but could not prove to be the one the signalling came from.
    #[error(
        "the video peer's certificate does not match the fingerprint sent over the trusted connection: somebody may be in \
         between; no picture was taken from it"
    )]
    Untrusted,
    /// The peer was there and no longer answers.
    #[error("the video peer has gone away: its network or program has stopped")]
    PeerGone,
    /// The peer ended the video in good order, or the signalling channel was closed.
    #[error("the peer has ended the video")]
    PeerClosed,
    /// This end was closed.
    #[error("the video was closed here")]
    ClosedHere,
    /// The codec failed.
    #[error(transparent)]
    Codec(#[from] CodecError),
    /// The WebRTC library failed.
    #[error("the WebRTC library failed: {0}")]
    Library(Arc<str>),
}

impl LinkError {
    /// An error of the library, in its own words.
    pub(crate) fn library(error: &impl ToString) -> Self {
        Self::Library(error.to_string().into())
    }
}
