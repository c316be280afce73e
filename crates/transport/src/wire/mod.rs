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
pub(crate) mod paths;
mod sink;
mod socket;
mod streams;
mod thread;

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::net::SocketAddr;
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
use paths::Heard;
use paths::knock::{self, Tag};
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
    /// What knocks are told apart by.
    tags: BTreeMap<Tag, ConnectionHandle>,
    /// Peers' addresses on further paths, and whose they are. Of those that share one any will do: they share the first one too.
    further: BTreeMap<SocketAddr, Vec<ConnectionHandle>>,
    /// Where a console's connections may go as well.
    ways: Vec<Way>,
    /// Where new connections send from. `None` once all is over: a connection that somebody still holds must not keep the port.
    socket: Option<Arc<Socket>>,
    /// What newcomers and connections made from now on are told.
    closing: Option<(VarInt, Bytes)>,
    /// The endpoint was dropped: once the connections are gone nothing is left to do.
    is_abandoned: bool,
}

/// A further path of a console's connections.
#[derive(Debug, Clone)]
struct Way {
    socket: Arc<Socket>,
    cart: SocketAddr,
}

impl Wire {
    fn new(quic: quinn_proto::Endpoint, socket: Arc<Socket>) -> Self {
        let core = Core {
            quic,
            lines: BTreeMap::new(),
            newcomers: VecDeque::new(),
            tags: BTreeMap::new(),
            further: BTreeMap::new(),
            ways: Vec::new(),
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
    fn connect(self: &Arc<Self>, config: ClientConfig, address: SocketAddr, name: &str) -> Result<Link, ConnectError> {
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
            let line = core.add(handle, quic, socket);
            for way in core.ways.clone() {
                core.is_also_at(handle, way.cart);
                line.add_path(&way);
            }
            line
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
        if self.hear_knock(packet, socket) {
            return;
        }
        let (line, event) = {
            let (mut core, event) = self.handle(packet, answer);
            match event {
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

    /// Whether it was a knock, and not QUIC's.
    fn hear_knock(&self, packet: &Packet<'_>, socket: &Socket) -> bool {
        let Some(tag) = knock::tag(packet.bytes) else { return false };
        let line = {
            let core = self.core();
            core.tags.get(&tag).and_then(|handle| core.lines.get(handle)).cloned()
        };
        let Some(line) = line else { return false };
        let heard = line.hear_knock(packet);
        let Some(Heard { answer, newly, formerly }) = heard else { return true };
        if let Some(address) = newly {
            let mut core = self.core();
            core.is_no_longer_at(line.handle(), formerly);
            core.is_also_at(line.handle(), address);
        }
        if let Some(answer) = answer {
            socket.send_to(&answer, packet.from, packet.to);
        }
        true
    }

    /// Whose packet it is. One that comes over a further path of a connection is shown to it as coming over the first.
    fn handle(&self, packet: &Packet<'_>, answer: &mut Vec<u8>) -> (MutexGuard<'_, Core>, Option<DatagramEvent>) {
        let mut core = self.core();
        if let Some(line) = core.whose(packet) {
            // A connection's lock is never waited for under the endpoint's.
            drop(core);
            let first = line.came_over(packet.from);
            core = self.core();
            let event = core.take(packet, first, answer);
            // By the address alone it could be another's, whose peer somebody claims to be.
            if let Some(DatagramEvent::ConnectionEvent(handle, _)) = &event
                && core.is_at(*handle, packet.from)
            {
                return (core, event);
            }
        }
        let event = core.take(packet, packet.from, answer);
        (core, event)
    }

    /// From now on a console's connections go to `cart` from `socket` as well. `false`: there are as many paths as there may be.
    fn add_way(self: &Arc<Self>, socket: Socket, cart: SocketAddr) -> io::Result<bool> {
        let way = Way { socket: Arc::new(socket), cart: socket::canonical(cart) };
        let mut core = self.core();
        if core.ways.len() == paths::MOST_FURTHER_PATHS {
            return Ok(false);
        }
        thread::start_further(self.clone(), way.socket.clone())?;
        core.ways.push(way.clone());
        let handles: Vec<_> = core.lines.keys().copied().collect();
        for handle in handles {
            core.is_also_at(handle, way.cart);
        }
        drop(core);
        for line in self.lines() {
            line.add_path(&way);
        }
        Ok(true)
    }

    /// What a connection tells the endpoint, and the answer.
    fn endpoint_event(&self, line: &Line, event: EndpointEvent) -> Option<ConnectionEvent> {
        let mut core = self.core();
        // The handle may be another's by now.
        if !core.lines.get(&line.handle()).is_some_and(|known| core::ptr::eq(Arc::as_ptr(known), line)) {
            return None;
        }
        if event.is_drained() {
            core.forget(line.handle());
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

    fn take(&mut self, packet: &Packet<'_>, from: SocketAddr, answer: &mut Vec<u8>) -> Option<DatagramEvent> {
        answer.clear();
        self.quic.handle(Instant::now(), from, packet.to, None, BytesMut::from(packet.bytes), answer)
    }

    fn forget(&mut self, handle: ConnectionHandle) {
        self.lines.remove(&handle);
        self.tags.retain(|_, known| *known != handle);
        let addresses: Vec<_> = self.further.keys().copied().collect();
        for address in addresses {
            self.is_no_longer_at(handle, Some(address));
        }
    }

    /// The peer of a connection has this address on a further path.
    fn is_also_at(&mut self, handle: ConnectionHandle, address: SocketAddr) {
        let handles = self.further.entry(address).or_default();
        if !handles.contains(&handle) {
            handles.push(handle);
        }
    }

    fn is_no_longer_at(&mut self, handle: ConnectionHandle, address: Option<SocketAddr>) {
        let Some(address) = address else { return };
        if let Some(handles) = self.further.get_mut(&address) {
            handles.retain(|known| *known != handle);
            if handles.is_empty() {
                self.further.remove(&address);
            }
        }
    }

    fn is_at(&self, handle: ConnectionHandle, further: SocketAddr) -> bool {
        self.further.get(&further).is_some_and(|handles| handles.contains(&handle))
    }

    /// The connection whose further path a packet may have come over. Those of a handshake are sent over the first alone.
    fn whose(&self, packet: &Packet<'_>) -> Option<Arc<Line>> {
        if paths::is_of_a_handshake(packet.bytes) {
            return None;
        }
        let handle = self.further.get(&packet.from)?.last()?;
        self.lines.get(handle).cloned()
    }
}
