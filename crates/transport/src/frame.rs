//! Frames on the control stream: a 32-bit big-endian length, then that many bytes.
//!
//! Only whole frames are handed over. What a frame means is not known here.

use bytes::{Buf as _, Bytes, BytesMut};
use quinn_proto::{ConnectionError, VarInt};

use crate::Closed;
use crate::wire::{RecvStream, SendStream, StreamError};

/// Bytes of the length in front of each frame.
const HEADER_BYTES: usize = 4;

/// Most bytes taken from the stream at a time. Memory for a frame grows by what arrived, never by what its header promises.
const STEP_BYTES: usize = 16 * 1024;

/// The code with which a receiver stops a stream that broke the rules.
const STOP_CODE: VarInt = VarInt::from_u32(1);

/// Why frames can no longer be sent or received. After any of these the stream is over.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FrameError {
    /// The connection ended.
    #[error(transparent)]
    Closed(#[from] Closed),
    /// A frame is longer than agreed. When receiving, the peer is to blame; when sending, this program.
    #[error("a frame of {length} bytes is over the limit of {limit}")]
    TooLong {
        /// The length in its header.
        length: usize,
        /// The longest allowed.
        limit: usize,
    },
    /// The peer ended the stream in the middle of a frame.
    #[error("the peer ended the stream {missing} bytes before the end of a frame")]
    Truncated {
        /// Bytes that should have followed; at least this many if the header itself was cut.
        missing: usize,
    },
    /// The peer gave the stream up, or wants no more of it.
    #[error("the peer abandoned the stream (code {code})")]
    Abandoned {
        /// Its code.
        code: u64,
    },
    /// The peer opened a stream of a kind this version does not know.
    #[error("the peer opened a stream of unknown kind {kind}: check that both sides run the same version")]
    UnknownStream {
        /// Its first byte.
        kind: u8,
    },
    /// The stream was over already.
    #[error("the stream is over")]
    Over,
}

impl From<ConnectionError> for FrameError {
    fn from(error: ConnectionError) -> Self {
        Self::Closed(error.into())
    }
}

impl From<StreamError> for FrameError {
    fn from(error: StreamError) -> Self {
        match error {
            StreamError::Abandoned(code) => Self::Abandoned { code: code.into_inner() },
            StreamError::Closed(error) => error.into(),
            StreamError::Over => Self::Over,
        }
    }
}

/// The sending half of a stream of frames.
#[derive(Debug)]
pub struct FrameSender {
    stream: SendStream,
    limit: usize,
    /// What of earlier frames is not on the stream yet, left by a call that was cancelled.
    rest: BytesMut,
}

impl FrameSender {
    pub(crate) fn new(stream: SendStream, limit: usize) -> Self {
        Self { stream, limit, rest: BytesMut::new() }
    }

    /// Sends one frame; waits while the peer is slow to read.
    ///
    /// Cancel safe in this sense: a frame whose call was cancelled is either not begun, or its rest goes out before the next
    /// one or with [`Self::finish`]; half a frame is never followed by another. Fails with [`FrameError::TooLong`] before anything is sent.
    pub async fn send(&mut self, frame: &[u8]) -> Result<(), FrameError> {
        let length = frame.len();
        let too_long = FrameError::TooLong { length, limit: self.limit };
        if length > self.limit {
            return Err(too_long);
        }
        let header = u32::try_from(length).map_err(|_| too_long)?;
        // A caller that cancels again and again must not pile frames up: what was left goes first.
        self.flush().await?;
        self.rest.reserve(HEADER_BYTES + length);
        self.rest.extend_from_slice(&header.to_be_bytes());
        self.rest.extend_from_slice(frame);
        self.flush().await
    }

    /// Sends what is left and tells the peer that no more follows. Does not wait until the peer has read it.
    pub async fn finish(mut self) -> Result<(), FrameError> {
        self.flush().await?;
        Ok(self.stream.finish()?)
    }

    async fn flush(&mut self) -> Result<(), FrameError> {
        while !self.rest.is_empty() {
            // Cancel safe: bytes are taken only in the poll that completes.
            let written = self.stream.write(&self.rest).await?;
            self.rest.advance(written);
        }
        Ok(())
    }
}

/// The receiving half of a stream of frames.
#[derive(Debug)]
pub struct FrameReceiver {
    stream: RecvStream,
    frames: FrameBuffer,
}

impl FrameReceiver {
    pub(crate) fn new(stream: RecvStream, limit: usize) -> Self {
        Self { stream, frames: FrameBuffer::new(limit) }
    }

    /// The next frame; `None` once the peer has finished the stream.
    ///
    /// Cancel safe: what has arrived of a frame is kept for the next call. After an error every further call fails too.
    pub async fn receive(&mut self) -> Result<Option<Bytes>, FrameError> {
        loop {
            match self.frames.next() {
                Ok(Some(frame)) => return Ok(Some(frame)),
                Ok(None) => {}
                Err(error) => {
                    // The peer learns that nobody listens any more.
                    self.stream.stop(STOP_CODE);
                    return Err(error);
                }
            }
            match self.stream.read(STEP_BYTES).await? {
                Some(bytes) => self.frames.extend(&bytes),
                None => return self.frames.finish().map(|()| None),
            }
        }
    }
}

/// Cuts what arrived into frames.
#[derive(Debug)]
pub(crate) struct FrameBuffer {
    arrived: BytesMut,
    limit: usize,
}

impl FrameBuffer {
    pub(crate) fn new(limit: usize) -> Self {
        Self { arrived: BytesMut::new(), limit }
    }

    pub(crate) fn extend(&mut self, bytes: &[u8]) {
        self.arrived.extend_from_slice(bytes);
    }

    /// The length in the header of the frame at the front, once the header is there.
    fn length(&self) -> Result<Option<usize>, FrameError> {
        let Some(header) = self.arrived.first_chunk::<HEADER_BYTES>() else { return Ok(None) };
        let length = usize::try_from(u32::from_be_bytes(*header)).unwrap_or(usize::MAX);
        if length > self.limit {
            return Err(FrameError::TooLong { length, limit: self.limit });
        }
        Ok(Some(length))
    }

    /// The next whole frame, if it is there.
    pub(crate) fn next(&mut self) -> Result<Option<Bytes>, FrameError> {
        match self.length()? {
            Some(length) if self.arrived.len() - HEADER_BYTES >= length => {
                self.arrived.advance(HEADER_BYTES);
                Ok(Some(self.arrived.split_to(length).freeze()))
            }
            _ => Ok(None),
        }
    }

    /// Checks that the stream did not end inside a frame.
    pub(crate) fn finish(&self) -> Result<(), FrameError> {
        if self.arrived.is_empty() {
            return Ok(());
        }
        let whole = HEADER_BYTES + self.length()?.unwrap_or(0);
        Err(FrameError::Truncated { missing: whole.saturating_sub(self.arrived.len()) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LIMIT: usize = 300;

    fn encode(frames: &[Vec<u8>]) -> Vec<u8> {
        frames.iter().flat_map(|frame| [&(frame.len() as u32).to_be_bytes()[..], frame].concat()).collect()
    }

    fn cut(bytes: &[u8], step: usize) -> (Vec<Vec<u8>>, Result<(), FrameError>) {
        let mut buffer = FrameBuffer::new(LIMIT);
        let mut frames = Vec::new();
        for chunk in bytes.chunks(step) {
            buffer.extend(chunk);
            loop {
                match buffer.next() {
                    Ok(Some(frame)) => frames.push(frame.to_vec()),
                    Ok(None) => break,
                    Err(error) => return (frames, Err(error)),
                }
            }
        }
        let end = buffer.finish();
        (frames, end)
    }

    fn some_frames() -> impl Strategy<Value = Vec<Vec<u8>>> {
        proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..=LIMIT), 0..8)
    }

    proptest! {
        #[test]
        fn frames_come_out_as_they_went_in(frames in some_frames(), step in 1_usize..400) {
            prop_assert_eq!(cut(&encode(&frames), step), (frames, Ok(())));
        }

        #[test]
        fn a_cut_stream_gives_the_whole_frames_and_says_what_is_missing(
            frames in some_frames(), step in 1_usize..400, at in any::<proptest::sample::Index>(),
        ) {
            let bytes = encode(&frames);
            prop_assume!(!bytes.is_empty());
            let kept = at.index(bytes.len());
            let (whole, end) = cut(&bytes[..kept], step);
            prop_assert_eq!(&whole[..], &frames[..whole.len()]);
            match end {
                Ok(()) => prop_assert_eq!(encode(&whole).len(), kept),
                Err(FrameError::Truncated { missing }) => {
                    prop_assert!(missing >= 1 && kept + missing <= bytes.len());
                }
                Err(other) => prop_assert!(false, "{:?}", other),
            }
        }

        #[test]
        fn garbage_is_cut_or_refused_within_the_limit(bytes in proptest::collection::vec(any::<u8>(), 0..2000)) {
            let (frames, _) = cut(&bytes, 64);
            prop_assert!(frames.iter().all(|frame| frame.len() <= LIMIT));
        }
    }

    #[test]
    fn a_promise_of_four_gigabytes_is_refused_with_its_header() {
        let (frames, end) = cut(&u32::MAX.to_be_bytes(), 4);
        assert!(frames.is_empty());
        assert_eq!(end, Err(FrameError::TooLong { length: u32::MAX as usize, limit: LIMIT }));
    }

    #[test]
    fn a_promise_reserves_no_memory() {
        let mut buffer = FrameBuffer::new(usize::MAX);
        buffer.extend(&1_000_000_000_u32.to_be_bytes());
        assert_eq!(buffer.next(), Ok(None));
        assert!(buffer.arrived.capacity() < 1024, "{}", buffer.arrived.capacity());
    }
}
