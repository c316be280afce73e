//! Streams, as futures.

use bytes::Bytes;
use quinn_proto::{ConnectionError, FinishError, ReadError, ReadableError, StreamId, VarInt, WriteError};

use super::Link;

/// Why a stream can no longer be used.
#[derive(Debug, Clone)]
pub(crate) enum StreamError {
    /// The connection ended.
    Closed(ConnectionError),
    /// The peer gave the stream up, or wants no more of it.
    Abandoned(VarInt),
    /// It was over already.
    Over,
}

/// The half that sends. Finished when dropped, so that what was written arrives.
#[derive(Debug)]
pub(crate) struct SendStream {
    link: Link,
    id: StreamId,
}

impl SendStream {
    pub(super) fn new(link: Link, id: StreamId) -> Self {
        Self { link, id }
    }

    /// Writes some of `bytes` as soon as there is room, and says how many. Cancel safe.
    pub(crate) async fn write(&mut self, bytes: &[u8]) -> Result<usize, StreamError> {
        let id = self.id;
        self.link
            .on_streams(|state| {
                if let Some(error) = &state.error {
                    return Some(Err(StreamError::Closed(error.clone())));
                }
                match state.quic.send_stream(id).write(bytes) {
                    Ok(written) => Some(Ok(written)),
                    Err(WriteError::Blocked) => None,
                    Err(WriteError::Stopped(code)) => Some(Err(StreamError::Abandoned(code))),
                    Err(WriteError::ClosedStream) => Some(Err(StreamError::Over)),
                }
            })
            .await
    }

    /// Writes all of `bytes`. Not cancel safe.
    pub(crate) async fn write_all(&mut self, mut bytes: &[u8]) -> Result<(), StreamError> {
        while !bytes.is_empty() {
            let written = self.write(bytes).await?;
            bytes = bytes.get(written..).unwrap_or_default();
        }
        Ok(())
    }

    /// Tells the peer that no more follows.
    pub(crate) fn finish(&mut self) -> Result<(), StreamError> {
        let id = self.id;
        match self.link.with(|state| state.quic.send_stream(id).finish()) {
            // A peer that wants no more of it needs no end either.
            Ok(()) | Err(FinishError::Stopped(_)) => Ok(()),
            Err(FinishError::ClosedStream) => Err(StreamError::Over),
        }
    }
}

impl Drop for SendStream {
    fn drop(&mut self) {
        let id = self.id;
        self.link.with(|state| {
            if state.error.is_some() {
                return;
            }
            // It may be over already, which is as good.
            if let Err(FinishError::Stopped(code)) = state.quic.send_stream(id).finish() {
                let _ = state.quic.send_stream(id).reset(code);
            }
        });
    }
}

/// The half that receives. Stopped when dropped before its end.
#[derive(Debug)]
pub(crate) struct RecvStream {
    link: Link,
    id: StreamId,
    /// What its end was, once it is known.
    end: Option<Result<(), StreamError>>,
}

impl RecvStream {
    pub(super) fn new(link: Link, id: StreamId) -> Self {
        Self { link, id, end: None }
    }

    /// The next bytes, `limit` at most; `None` at the end of the stream, however often it is asked. Cancel safe.
    pub(crate) async fn read(&mut self, limit: usize) -> Result<Option<Bytes>, StreamError> {
        if let Some(end) = &self.end {
            return end.clone().map(|()| None);
        }
        let id = self.id;
        let read = self
            .link
            .on_streams(|state| {
                let mut stream = state.quic.recv_stream(id);
                let mut chunks = match stream.read(true) {
                    Ok(chunks) => chunks,
                    Err(ReadableError::ClosedStream | ReadableError::IllegalOrderedRead) => {
                        return Some(Err(StreamError::Over));
                    }
                };
                let next = chunks.next(limit);
                // Whether that frees the peer to send more is looked at in any case.
                let _ = chunks.finalize();
                match next {
                    Ok(chunk) => Some(Ok(chunk.map(|chunk| chunk.bytes))),
                    Err(ReadError::Reset(code)) => Some(Err(StreamError::Abandoned(code))),
                    Err(ReadError::Blocked) => state.error.clone().map(|error| Err(StreamError::Closed(error))),
                }
            })
            .await;
        match &read {
            Ok(Some(_)) => {}
            Ok(None) => self.end = Some(Ok(())),
            Err(error) => self.end = Some(Err(error.clone())),
        }
        read
    }

    /// Tells the peer that nobody reads any more.
    pub(crate) fn stop(&mut self, code: VarInt) {
        let id = self.id;
        // It may be over already, which is as good.
        let _ = self.link.with(|state| state.quic.recv_stream(id).stop(code));
        self.end.get_or_insert(Err(StreamError::Over));
    }
}

impl Drop for RecvStream {
    fn drop(&mut self) {
        if self.end.is_none() {
            self.stop(VarInt::from_u32(0));
        }
    }
}
