//! Bytes to values and back.

use serde::{Serialize, de::DeserializeOwned};
use thiserror::Error;

use crate::{CartDatagram, CartMessage, ConsoleDatagram, ConsoleMessage, PictureStamp};

/// The longest console datagram (DESIGN: a command is at most 128 bytes, so that 500 of them a second are cheap on any line).
pub const MAX_COMMAND_BYTES: usize = 128;
/// The longest cart datagram: well below every path's MTU.
pub const MAX_STATE_BYTES: usize = 512;
/// The longest message on the control stream. An SDP with many candidates is about 10 kB.
pub const MAX_MESSAGE_BYTES: usize = 256 * 1024;

/// Room that is made for a message before its length is known: every datagram fits, and most messages of the control stream.
const USUAL_BYTES: usize = MAX_STATE_BYTES;

/// Why bytes are no message. Always the peer's fault: nothing of them was used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum DecodeError {
    /// Longer than this channel allows.
    #[error("the peer sent {length} bytes where at most {limit} are allowed")]
    TooLong {
        /// Bytes received.
        length: usize,
        /// Bytes allowed.
        limit: usize,
    },
    /// Not a message of this channel, or one with a value out of range.
    #[error("the peer sent bytes that are no valid message of this channel")]
    Malformed,
    /// A message, then more bytes.
    #[error("the peer sent {0} bytes after the end of a message")]
    Trailing(usize),
}

/// A type that travels on a channel of its own.
pub trait Wire: Serialize + DeserializeOwned {
    /// The most bytes a value may take; longer input is refused unread.
    const MAX_BYTES: usize;

    /// The value's bytes. `None` if it is longer than [`Self::MAX_BYTES`], which only a text of unbounded length can be.
    fn encode(&self) -> Option<Vec<u8>> {
        let room = Vec::with_capacity(Self::MAX_BYTES.min(USUAL_BYTES));
        postcard::to_extend(self, room).ok().filter(|bytes| bytes.len() <= Self::MAX_BYTES)
    }

    /// The value of these bytes.
    fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        if bytes.len() > Self::MAX_BYTES {
            return Err(DecodeError::TooLong { length: bytes.len(), limit: Self::MAX_BYTES });
        }
        let (value, rest) = postcard::take_from_bytes(bytes).map_err(|_| DecodeError::Malformed)?;
        if rest.is_empty() { Ok(value) } else { Err(DecodeError::Trailing(rest.len())) }
    }
}

impl Wire for ConsoleDatagram {
    const MAX_BYTES: usize = MAX_COMMAND_BYTES;
}
impl Wire for CartDatagram {
    const MAX_BYTES: usize = MAX_STATE_BYTES;
}
impl Wire for ConsoleMessage {
    const MAX_BYTES: usize = MAX_MESSAGE_BYTES;
}
impl Wire for CartMessage {
    const MAX_BYTES: usize = MAX_MESSAGE_BYTES;
}
impl Wire for PictureStamp {
    const MAX_BYTES: usize = 256;
}
