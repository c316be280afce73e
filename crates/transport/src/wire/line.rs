//! One connection, as the wire thread and all who use it share it.

use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use bytes::Bytes;
use quinn_proto::{
    ConnectionError, ConnectionEvent, ConnectionHandle, Event, TransportError, TransportErrorCode, VarInt,
};
use tokio::sync::Notify;

use super::paths::knock::Keys;
use super::paths::{Heard, PathStats, Paths};
use super::sink::{Callee, Sink};
use super::socket::Packet;
use super::{Socket, Way, Wire, paths};

/// One connection.
#[derive(Debug)]
pub(super) struct Line {
    handle: ConnectionHandle,
    state: Mutex<State>,
    /// Something happened to a stream, or the handshake is over.
    pub(super) streams: Notify,
    /// A datagram waits.
    pub(super) datagrams: Notify,
    /// It ended.
    pub(super) ended: Notify,
}

/// What is behind the lock.
#[derive(Debug)]
pub(super) struct State {
    pub(super) quic: quinn_proto::Connection,
    /// Where it sends from; `None` once there is nothing left to say.
    socket: Option<Arc<Socket>>,
    /// Where it goes as well.
    paths: Paths<Arc<Socket>>,
    pub(super) is_connected: bool,
    /// How it ended.
    pub(super) error: Option<ConnectionError>,
    pub(super) sink: Sink,
    /// Room for one packet.
    packet: Vec<u8>,
    /// Bytes in the queue of outgoing datagrams while it is empty.
    empty_queue: usize,
    /// Congestion control holds nothing back.
    is_unbounded: bool,
}

impl State {
    fn new(mut quic: quinn_proto::Connection, socket: Arc<Socket>) -> Self {
        let empty_queue = quic.datagrams().send_buffer_space();
        let is_unbounded = quic.congestion_state().window() > u64::from(u32::MAX);
        Self {
            paths: Paths::new(quic.side()),
            quic,
            socket: Some(socket),
            is_connected: false,
            error: None,
            sink: Sink::Queue,
            packet: Vec::new(),
            empty_queue,
            is_unbounded,
        }
    }

    /// Seals and sends the datagrams that wait. Where a window may hold them back the library has to be asked until it has no
    /// more, or it would take the application's rate for the link's; elsewhere to stop with the last saves a few microseconds, in
    /// which a receiver on the same core would wait.
    pub(super) fn transmit_datagrams(&mut self, now: Instant) {
        while self.transmit_one(now) {
            if self.is_unbounded && self.quic.datagrams().send_buffer_space() >= self.empty_queue {
                return;
            }
        }
    }

    /// Seals and sends all that may go now.
    pub(super) fn transmit(&mut self, now: Instant) {
        while self.transmit_one(now) {}
    }

    /// Whether there was something to send.
    fn transmit_one(&mut self, now: Instant) -> bool {
        let Some(socket) = &self.socket else { return false };
        self.packet.clear();
        let Some(transmit) = self.quic.poll_transmit(now, 1, &mut self.packet) else { return false };
        socket.send(&self.packet, &transmit);
        // Of what goes elsewhere than the first path, as QUIC tries out an address, nothing is copied.
        let goes_on = !paths::is_of_a_handshake(&self.packet) && transmit.destination == self.quic.remote_address();
        if goes_on && !self.paths.is_empty() {
            for copy in self.paths.copies(now, transmit.destination) {
                copy.socket.unwrap_or(socket).send_to(&self.packet, copy.peer, copy.own);
            }
        }
        true
    }

    /// Nothing is left to say.
    fn end(&mut self) {
        self.socket = None;
        self.paths.close();
    }

    /// Says what is due on the further paths.
    fn knock(&mut self, now: Instant) {
        let Some(socket) = &self.socket else { return };
        for (knock, target) in self.paths.due(now) {
            target.socket.unwrap_or(socket).send_to(&knock, target.peer, target.own);
        }
    }
}

impl Line {
    pub(super) fn new(handle: ConnectionHandle, quic: quinn_proto::Connection, socket: Arc<Socket>) -> Self {
        Self {
            handle,
            state: Mutex::new(State::new(quic, socket)),
            streams: Notify::new(),
            datagrams: Notify::new(),
            ended: Notify::new(),
        }
    }

    pub(super) fn handle(&self) -> ConnectionHandle {
        self.handle
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A packet of this connection. The sink has the datagrams in it before anything else is done.
    pub(super) fn receive(&self, wire: &Wire, event: ConnectionEvent) {
        let mut state = self.lock();
        state.quic.handle_event(event);
        let state = self.deliver(wire, state);
        self.drive(wire, state);
    }

    /// What the wire thread does about it from time to time.
    pub(super) fn tend(&self, wire: &Wire) {
        // A sink that was just set has not had what came before it.
        let mut state = self.deliver(wire, self.lock());
        state.knock(Instant::now());
        self.drive(wire, state);
    }

    /// Takes in what looks like a knock.
    pub(super) fn hear_knock(&self, packet: &Packet<'_>) -> Option<Heard> {
        let mut state = self.lock();
        let mut heard = state.paths.hear(Instant::now(), packet.from, packet.to, packet.bytes)?;
        let first = state.quic.remote_address();
        heard.newly = heard.newly.filter(|address| *address != first);
        Some(heard)
    }

    /// Where QUIC has the peer, of which a packet came over a further path, from `from`.
    pub(super) fn came_over(&self, from: SocketAddr) -> SocketAddr {
        let mut state = self.lock();
        state.paths.note(from);
        state.quic.remote_address()
    }

    /// From now on it goes this way as well.
    pub(super) fn add_path(&self, way: &Way) {
        // There are never more ways than paths.
        let mut state = self.lock();
        let first = state.quic.remote_address();
        let _ = state.paths.add(first, way.cart, way.socket.clone());
    }

    pub(super) fn paths(&self) -> Vec<PathStats> {
        let state = self.lock();
        let mut paths = state.paths.stats(Instant::now());
        if let Some((first, further)) = paths.split_first_mut() {
            let stats = state.quic.stats();
            let came: u64 = further.iter().map(|path| path.packets_received).sum();
            first.packets_sent += stats.udp_tx.datagrams;
            first.packets_received = stats.udp_rx.datagrams.saturating_sub(came);
        }
        paths
    }

    /// Hands what arrived to the sink, if there is one. It runs without the lock, so that it may call whatever it likes. Only the
    /// wire thread comes here.
    fn deliver<'a>(&'a self, wire: &Wire, mut state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        while let Some(mut sink) = state.sink.borrow() {
            let Some(datagram) = state.quic.datagrams().recv() else {
                // Nobody can have replaced it: the lock was held.
                let _ = state.sink.give_back(sink);
                return state;
            };
            drop(state);
            let called = catch_unwind(AssertUnwindSafe(move || {
                sink(datagram);
                sink
            }));
            state = self.lock();
            let Ok(sink) = called else {
                tracing::error!("what takes the datagrams of a connection panicked, and the connection is closed");
                if let Sink::Busy = state.sink {
                    state.sink = Sink::Queue;
                }
                drop(state);
                self.close(wire, VarInt::from_u32(0), Bytes::from_static(b"its program failed"));
                return self.lock();
            };
            if let Some(replaced) = state.sink.give_back(sink) {
                drop(state);
                drop_quietly(replaced);
                state = self.lock();
            }
        }
        state
    }

    /// Does what the connection wants done, its packets last. Every change to a connection ends with this, but a datagram that
    /// is sent, which concerns nobody here.
    pub(super) fn drive(&self, wire: &Wire, mut guard: MutexGuard<'_, State>) {
        let now = Instant::now();
        let state = &mut *guard;
        if state.quic.poll_timeout().is_some_and(|due| due <= now) {
            state.quic.handle_timeout(now);
        }
        while let Some(event) = state.quic.poll_endpoint_events() {
            if let Some(event) = wire.endpoint_event(self, event) {
                state.quic.handle_event(event);
            }
        }
        while let Some(event) = state.quic.poll() {
            if let Event::Connected = event {
                self.introduce(wire, state);
            }
            self.tell(state, event);
        }
        state.transmit(now);
        if state.quic.is_drained() {
            state.end();
        }
        // What it holds may be the last thing that held the connection.
        let spent = if state.error.is_some() { state.sink.borrow() } else { None };
        if spent.is_some() {
            state.sink = Sink::Queue;
        }
        drop(guard);
        if let Some(spent) = spent {
            drop_quietly(spent);
        }
    }

    /// The handshake is over: from now on knocks of this connection can be told from others.
    fn introduce(&self, wire: &Wire, state: &mut State) {
        let session = state.quic.crypto_session();
        let keys = Keys::derive(state.quic.side(), |secret, label| session.export_keying_material(secret, label, b""));
        let mut secret = [0; 32];
        match (keys, aws_lc_rs::rand::fill(&mut secret)) {
            (Ok(keys), Ok(())) => {
                wire.core().tags.insert(keys.tag(), self.handle);
                state.paths.introduce(keys, &secret);
            }
            (Err(_), _) | (_, Err(_)) => {
                tracing::debug!("this connection has no further paths: no keys can be made for them");
            }
        }
    }

    fn tell(&self, state: &mut State, event: Event) {
        match event {
            Event::Connected => {
                state.is_connected = true;
                self.streams.notify_waiters();
            }
            Event::ConnectionLost { reason } => self.terminate(state, reason),
            Event::Stream(_) => self.streams.notify_waiters(),
            Event::DatagramReceived => self.datagrams.notify_waiters(),
            Event::HandshakeDataReady | Event::DatagramsUnblocked => {}
        }
    }

    fn terminate(&self, state: &mut State, reason: ConnectionError) {
        state.error.get_or_insert(reason);
        self.streams.notify_waiters();
        self.datagrams.notify_waiters();
        self.ended.notify_waiters();
    }

    /// Closes it, if that has not happened yet.
    pub(super) fn close(&self, wire: &Wire, code: VarInt, reason: Bytes) {
        let mut state = self.lock();
        if state.error.is_some() {
            return;
        }
        state.quic.close(Instant::now(), code, reason);
        self.terminate(&mut state, ConnectionError::LocallyClosed);
        self.drive(wire, state);
    }

    /// Whoever waits learns that no packet will ever come.
    pub(super) fn abandon(&self) {
        let error = TransportError {
            code: TransportErrorCode::INTERNAL_ERROR,
            frame: None,
            reason: "the thread that receives has failed".into(),
        };
        let mut state = self.lock();
        state.end();
        self.terminate(&mut state, ConnectionError::TransportError(error));
    }

    /// From now on it sends from `socket`, and finds out what the way from there is like.
    pub(super) fn move_to(&self, wire: &Wire, socket: &Arc<Socket>) {
        let mut state = self.lock();
        if state.socket.is_some() {
            state.socket = Some(socket.clone());
            state.quic.local_address_changed();
        }
        self.drive(wire, state);
    }
}

/// Drops the application's own; what it does then is no reason to stop receiving.
pub(super) fn drop_quietly(callee: Callee) {
    if catch_unwind(AssertUnwindSafe(move || drop(callee))).is_err() {
        tracing::error!("what took the datagrams of a connection panicked when it was dropped");
    }
}
