//! A handle on a connection.

use core::any::Any;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use quinn_proto::{ConnectionError, ConnectionStats, Dir, SendDatagramError as Unsent, StreamId, VarInt};
use tokio::sync::Notify;

use super::line::{Line, State, drop_quietly};
use super::paths::PathStats;
use super::sink::Sink;
use super::{RecvStream, SendStream, Wire};

/// Why a datagram was not sent.
#[derive(Debug)]
pub(crate) enum SendDatagramError {
    /// It does not fit into a packet.
    TooLong {
        /// The longest that does now.
        limit: usize,
    },
    /// The peer takes none.
    Unsupported,
    /// The connection ended.
    Closed(ConnectionError),
}

/// A handle on a connection, and so is each of its streams. When the last goes the connection is closed.
#[derive(Debug, Clone)]
pub(crate) struct Link(Arc<Held>);

#[derive(Debug)]
struct Held {
    wire: Arc<Wire>,
    line: Arc<Line>,
}

impl Drop for Held {
    fn drop(&mut self) {
        self.line.close(&self.wire, VarInt::from_u32(0), Bytes::new());
    }
}

impl Link {
    pub(super) fn new(wire: Arc<Wire>, line: Arc<Line>) -> Self {
        Self(Arc::new(Held { wire, line }))
    }

    fn line(&self) -> &Line {
        &self.0.line
    }

    /// Waits for the end of the handshake. Cancel safe.
    pub(crate) async fn connected(&self) -> Result<(), ConnectionError> {
        self.once(&self.line().streams, |state| match &state.error {
            Some(error) => Some(Err(error.clone())),
            None => state.is_connected.then_some(Ok(())),
        })
        .await
    }

    /// Tries until `attempt` has a result, again each time `changed` says so. Cancel safe: what the attempt took is returned at
    /// once.
    async fn once<T>(&self, changed: &Notify, mut attempt: impl FnMut(&mut State) -> Option<T>) -> T {
        loop {
            let changed = {
                let mut state = self.line().lock();
                if let Some(result) = attempt(&mut state) {
                    return result;
                }
                // Under the lock, so that no change is missed.
                changed.notified()
            };
            changed.await;
        }
    }

    /// The same for what streams do, after which there may be something to send.
    pub(super) async fn on_streams<T>(&self, mut attempt: impl FnMut(&mut State) -> Option<T>) -> T {
        let result = self.once(&self.line().streams, &mut attempt).await;
        self.drive();
        result
    }

    /// Does something to the connection and sends what follows from it.
    pub(super) fn with<T>(&self, what: impl FnOnce(&mut State) -> T) -> T {
        let mut state = self.line().lock();
        let result = what(&mut state);
        self.line().drive(&self.0.wire, state);
        result
    }

    fn drive(&self) {
        self.with(|_| ());
    }

    /// Opens a stream in one direction as soon as the peer allows one more. Cancel safe.
    pub(crate) async fn open_uni(&self) -> Result<SendStream, ConnectionError> {
        Ok(SendStream::new(self.clone(), self.open(Dir::Uni).await?))
    }

    /// The same in both directions.
    pub(crate) async fn open_bi(&self) -> Result<(SendStream, RecvStream), ConnectionError> {
        Ok(self.both(self.open(Dir::Bi).await?))
    }

    /// The next stream in one direction that the peer opened, and has written to. Cancel safe.
    pub(crate) async fn accept_uni(&self) -> Result<RecvStream, ConnectionError> {
        Ok(RecvStream::new(self.clone(), self.accept(Dir::Uni).await?))
    }

    /// The same in both directions.
    pub(crate) async fn accept_bi(&self) -> Result<(SendStream, RecvStream), ConnectionError> {
        Ok(self.both(self.accept(Dir::Bi).await?))
    }

    fn both(&self, id: StreamId) -> (SendStream, RecvStream) {
        (SendStream::new(self.clone(), id), RecvStream::new(self.clone(), id))
    }

    async fn open(&self, dir: Dir) -> Result<StreamId, ConnectionError> {
        self.on_streams(|state| match &state.error {
            Some(error) => Some(Err(error.clone())),
            None => state.quic.streams().open(dir).map(Ok),
        })
        .await
    }

    async fn accept(&self, dir: Dir) -> Result<StreamId, ConnectionError> {
        self.on_streams(|state| match state.quic.streams().accept(dir) {
            Some(id) => Some(Ok(id)),
            None => state.error.clone().map(Err),
        })
        .await
    }

    /// Seals and sends a datagram in the calling thread.
    pub(crate) fn send_datagram(&self, datagram: Bytes) -> Result<(), SendDatagramError> {
        let mut state = self.line().lock();
        if let Some(error) = &state.error {
            return Err(SendDatagramError::Closed(error.clone()));
        }
        match state.quic.datagrams().send(datagram, true) {
            Ok(()) => {
                state.transmit_datagrams(Instant::now());
                Ok(())
            }
            Err(Unsent::TooLarge) => {
                Err(SendDatagramError::TooLong { limit: state.quic.datagrams().max_size().unwrap_or(0) })
            }
            // Nothing is ever blocked: the oldest gives way.
            Err(Unsent::UnsupportedByPeer | Unsent::Disabled | Unsent::Blocked(_)) => {
                Err(SendDatagramError::Unsupported)
            }
        }
    }

    /// The next datagram that arrived. Cancel safe.
    pub(crate) async fn datagram(&self) -> Result<Bytes, ConnectionError> {
        self.once(&self.line().datagrams, |state| {
            // What a sink was set for is not for others.
            let queued = if let Sink::Queue = state.sink { state.quic.datagrams().recv() } else { None };
            queued.map(Ok).or_else(|| state.error.clone().map(Err))
        })
        .await
    }

    /// From now on datagrams go to `sink`, on the wire thread.
    pub(crate) fn set_sink(&self, sink: impl FnMut(Bytes) + Send + 'static) {
        let mut state = self.line().lock();
        let spent = if state.error.is_some() {
            Sink::Ready(Box::new(sink))
        } else {
            core::mem::replace(&mut state.sink, Sink::Ready(Box::new(sink)))
        };
        drop(state);
        if let Sink::Ready(spent) = spent {
            drop_quietly(spent);
        }
    }

    /// The further paths.
    pub(crate) fn paths(&self) -> Vec<PathStats> {
        self.line().paths()
    }

    pub(crate) fn remote_address(&self) -> SocketAddr {
        self.line().lock().quic.remote_address()
    }

    pub(crate) fn stats(&self) -> ConnectionStats {
        self.line().lock().quic.stats()
    }

    /// The peer's certificates, in the TLS library's type.
    pub(crate) fn peer_identity(&self) -> Option<Box<dyn Any>> {
        self.line().lock().quic.crypto_session().peer_identity()
    }

    pub(crate) fn close(&self, code: VarInt, reason: &[u8]) {
        self.line().close(&self.0.wire, code, Bytes::copy_from_slice(reason));
    }

    pub(crate) fn close_reason(&self) -> Option<ConnectionError> {
        self.line().lock().error.clone()
    }

    /// Waits for the end. Cancel safe.
    pub(crate) async fn closed(&self) -> ConnectionError {
        self.once(&self.line().ended, |state| state.error.clone()).await
    }
}
