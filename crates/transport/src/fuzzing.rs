//! The door through which the fuzzers reach the frames of a stream. Not part of the interface.

use bytes::Bytes;
use quinn_proto::Side;

use crate::frame::{FrameBuffer, FrameError};
use crate::wire::paths::knock::{Echo, Keys, Knock};

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

/// Keys that nobody keeps secret.
fn keys(side: Side) -> Option<Keys> {
    let export = |secret: &mut [u8], _: &[u8]| {
        secret.fill(7);
        Ok::<_, ()>(())
    };
    Keys::derive(side, export).ok()
}

/// A knock of a console on a further path, for a fuzzer to begin with.
pub fn knock(path: u8, number: u64) -> Vec<u8> {
    let echo = Some(Echo { challenge: number + 2, held: core::time::Duration::from_micros(number) });
    let sealed = keys(Side::Client).map(|keys| keys.seal(&Knock { path, number, challenge: number + 1, echo }));
    sealed.map(Vec::from).unwrap_or_default()
}

/// Which path a cart takes this for a knock on.
pub fn path_of(bytes: &[u8]) -> Option<u8> {
    keys(Side::Server)?.open(bytes).map(|knock| knock.path)
}
