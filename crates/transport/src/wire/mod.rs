//! The QUIC library's core, driven without a runtime.
//!
//! What is sent is sealed and handed to the system in the thread that calls: nobody has to be woken for it. What arrives is
//! read by a thread named "wire", one for each endpoint, which does nothing but wait for it. Measured at 1 kHz from one process
//! to another, this takes more than half off the way of a command through the same library under a runtime.
//!
//! Two kinds of lock, each held for microseconds: one around the endpoint (which connection does a packet belong to?) and one
//! around each connection, so that neither a handshake nor a connection that has just counted its losses keeps another from
//! sending. Order: a thread that holds a connection's lock may take the endpoint's, never the other way round. The
//! application's own code, wakers aside, never runs under either.
//!
//! Timers are looked at by the wire thread, which therefore never sleeps longer than a few milliseconds: a send from another
//! thread may have set one that is nearer than what it went to sleep for.

mod endpoint;
mod line;
mod link;
#[cfg(target_os = "linux")]
mod packet_info;
mod sink;
mod socket;
mod streams;
mod thread;

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use bytes::{Bytes, BytesMut};
use quinn_proto::{
    ClientConfig, ConnectError, ConnectionError, ConnectionEvent, ConnectionHandle, DatagramEvent, EndpointEvent,
    Incoming, ServerConfig, VarInt,
};
use tokio::sync::Notify;

pub(crate) use endpoint::Endpoint;
use line::Line;
pub(crate) use link::{Link, SendDatagramError};
use socket::Packet;
pub(crate) use socket::Socket;
pub(crate) use streams::{RecvStream, SendStream, StreamError};

/// What an endpoint, its connections and its wire thread share.
#[derive(Debug)]
pub(crate) struct Wire {
    core: Mutex<Core>,
    /// Somebody knocked, or nobody can any more.
    knocked: Notify,
    /// The last connection is gone.
    idle: Notify,
    /// The socket was replaced, and the thread that receives does not know it yet.
    has_moved: AtomicBool,
}

#[derive(Debug)]
struct Core {
    quic: quinn_proto::Endpoint,
    /// Connections until the peer cannot ask about them any more. Handles of those that are gone are given to new ones.
    lines: BTreeMap<ConnectionHandle, Arc<Line>>,
    newcomers: VecDeque<Incoming>,
    /// Where new connections send from. `None` once all is over: a connection that somebody still holds must not keep the port.
    socket: Option<Arc<Socket>>,
    /// What newcomers and connections made from now on are told.
    closing: Option<(VarInt, Bytes)>,
    /// The endpoint was dropped: once the connections are gone nothing is left to do.
    is_abandoned: bool,
}

impl Wire {
    fn new(quic: quinn_proto::Endpoint, socket: Arc<Socket>) -> Self {
        let core = Core {
            quic,
            lines: BTreeMap::new(),
            newcomers: VecDeque::new(),
            socket: Some(socket),
            closing: None,
            is_abandoned: false,
        };
        Self { core: Mutex::new(core), knocked: Notify::new(), idle: Notify::new(), has_moved: AtomicBool::new(false) }
    }

    fn core(&self) -> MutexGuard<'_, Core> {
        self.core.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the socket was replaced since this was asked last.
    fn has_moved(&self) -> bool {
        // Reading alone is what it costs for each packet.
        self.has_moved.load(Ordering::Relaxed) && self.has_moved.swap(false, Ordering::Acquire)
    }

    fn lines(&self) -> Vec<Arc<Line>> {
        self.core().lines.values().cloned().collect()
    }

    /// Begins a connection.
    fn connect(
        self: &Arc<Self>,
        config: ClientConfig,
        address: std::net::SocketAddr,
        name: &str,
    ) -> Result<Link, ConnectError> {
        let line = {
            let mut core = self.core();
            let Some(socket) = core.socket.clone().filter(|_| core.closing.is_none()) else {
                return Err(ConnectError::EndpointStopping);
            };
            if !socket.reaches(address) {
                return Err(ConnectError::InvalidRemoteAddress(address));
            }
            let address = socket::canonical(address);
            let (handle, quic) = core.quic.connect(Instant::now(), config, address, name)?;
            core.add(handle, quic, socket)
        };
        line.drive(self, line.lock());
        Ok(Link::new(self.clone(), line))
    }

    /// The next newcomer; `None` once the endpoint is closed. Cancel safe.
    pub(crate) async fn newcomer(&self) -> Option<Incoming> {
        loop {
            let knocked = {
                let mut core = self.core();
                if let Some(incoming) = core.newcomers.pop_front() {
                    return Some(incoming);
                }
                if core.closing.is_some() || core.socket.is_none() {
                    return None;
                }
                self.knocked.notified()
            };
            knocked.await;
        }
    }

    /// Goes into the handshake of a newcomer, whose first flight is worked on before this returns.
    pub(crate) fn accept(self: &Arc<Self>, incoming: Incoming, config: ServerConfig) -> Result<Link, ConnectionError> {
        let mut answer = Vec::new();
        let line = {
            let mut core = self.core();
            let Some(socket) = core.socket.clone() else {
                core.quic.ignore(incoming);
                return Err(ConnectionError::LocallyClosed);
            };
            match core.quic.accept(incoming, Instant::now(), &mut answer, Some(Arc::new(config))) {
                Ok((handle, quic)) => core.add(handle, quic, socket),
                Err(error) => {
                    if let Some(transmit) = error.response {
                        socket.send(&answer, &transmit);
                    }
                    return Err(error.cause);
                }
            }
        };
        let closing = self.core().closing.clone();
        match closing {
            Some((code, reason)) => line.close(self, code, reason),
            None => line.drive(self, line.lock()),
        }
        Ok(Link::new(self.clone(), line))
    }

    /// Asks a newcomer to prove its address.
    pub(crate) fn retry(&self, incoming: Incoming) {
        let mut answer = Vec::new();
        let mut core = self.core();
        match core.quic.retry(incoming, &mut answer) {
            Ok(transmit) => {
                if let Some(socket) = &core.socket {
                    socket.send(&answer, &transmit);
                }
            }
            // It was asked before, and has answered.
            Err(error) => core.quic.ignore(error.into_incoming()),
        }
    }

    /// Leaves a newcomer without an answer.
    pub(crate) fn ignore(&self, incoming: Incoming) {
        self.core().quic.ignore(incoming);
    }

    /// Closes all connections, and those that come.
    fn close(&self, code: VarInt, reason: &[u8]) {
        let reason = Bytes::copy_from_slice(reason);
        self.core().closing = Some((code, reason.clone()));
        self.knocked.notify_waiters();
        for line in self.lines() {
            line.close(self, code, reason.clone());
        }
    }

    /// Waits until the last connection is gone. Cancel safe.
    async fn wait_idle(&self) {
        loop {
            let idle = {
                let core = self.core();
                if core.lines.is_empty() {
                    return;
                }
                self.idle.notified()
            };
            idle.await;
        }
    }

    /// A packet that came in through `socket`. `answer` is room to write in.
    fn receive(&self, packet: &Packet<'_>, socket: &Socket, answer: &mut Vec<u8>) {
        let bytes = BytesMut::from(packet.bytes);
        answer.clear();
        let (line, event) = {
            let mut core = self.core();
            match core.quic.handle(Instant::now(), packet.from, packet.to, None, bytes, answer) {
                Some(DatagramEvent::ConnectionEvent(handle, event)) => match core.lines.get(&handle) {
                    Some(line) => (line.clone(), event),
                    None => return,
                },
                Some(DatagramEvent::NewConnection(incoming)) => {
                    if core.closing.is_some() || core.is_abandoned {
                        let transmit = core.quic.refuse(incoming, answer);
                        socket.send(answer, &transmit);
                    } else {
                        core.newcomers.push_back(incoming);
                        self.knocked.notify_waiters();
                    }
                    return;
                }
                Some(DatagramEvent::Response(transmit)) => return socket.send(answer, &transmit),
                None => return,
            }
        };
        line.receive(self, event);
    }

    /// What a connection tells the endpoint, and the answer.
    fn endpoint_event(&self, line: &Line, event: EndpointEvent) -> Option<ConnectionEvent> {
        let mut core = self.core();
        // The handle may be another's by now.
        if !core.lines.get(&line.handle()).is_some_and(|known| core::ptr::eq(Arc::as_ptr(known), line)) {
            return None;
        }
        if event.is_drained() {
            core.lines.remove(&line.handle());
            if core.lines.is_empty() {
                self.idle.notify_waiters();
            }
        }
        core.quic.handle_event(line.handle(), event)
    }
}

impl Core {
    fn add(&mut self, handle: ConnectionHandle, quic: quinn_proto::Connection, socket: Arc<Socket>) -> Arc<Line> {
        let line = Arc::new(Line::new(handle, quic, socket));
        self.lines.insert(handle, line.clone());
        line
    }
}
