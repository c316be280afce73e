//! The door through which the fuzzers reach the frames of a stream. Not part of the interface.

use bytes::Bytes;

use crate::frame::{FrameBuffer, FrameError};

/// The frames of at most `limit` bytes in a stream that arrives in these pieces, and why there were no more, if the stream is
/// to blame.
pub fn cut<'a>(pieces: impl IntoIterator<Item = &'a [u8]>, limit: usize) -> (Vec<Bytes>, Option<String>) {
    let mut buffer = FrameBuffer::new(limit);
    let mut frames = Vec::new();
    let mut problem: Option<FrameError> = None;
    'pieces: for piece in pieces {
        buffer.extend(piece);
        loop {
            match buffer.next() {
                Ok(Some(frame)) => frames.push(frame),
                Ok(None) => break,
                Err(error) => {
                    problem = Some(error);
                    break 'pieces;
                }
            }
        }
    }
    let problem = problem.or_else(|| buffer.finish().err());
    (frames, problem.map(|error| error.to_string()))
}
