//! What owns a wire.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use quinn_proto::{ClientConfig, ConnectError, EndpointConfig, ServerConfig, VarInt};

use super::{Link, Socket, Wire, thread};

/// An endpoint. When it is dropped its connections live on; with the last of them the thread ends and the port is free.
#[derive(Debug)]
pub(crate) struct Endpoint {
    wire: Arc<Wire>,
}

impl Endpoint {
    /// Starts to receive from `socket`; connections are taken if there is a configuration for them. Needs no runtime.
    pub(crate) fn open(socket: Socket, server: Option<ServerConfig>) -> io::Result<Self> {
        let config = Arc::new(EndpointConfig::default());
        let quic = quinn_proto::Endpoint::new(config, server.map(Arc::new), !socket.may_fragment(), None);
        let socket = Arc::new(socket);
        let wire = Arc::new(Wire::new(quic, socket.clone()));
        thread::start(wire.clone(), socket)?;
        Ok(Self { wire })
    }

    /// What newcomers are taken from. It does not keep the endpoint.
    pub(crate) fn wire(&self) -> Arc<Wire> {
        self.wire.clone()
    }

    /// Begins a connection to `address`.
    pub(crate) fn connect(&self, config: ClientConfig, address: SocketAddr, name: &str) -> Result<Link, ConnectError> {
        self.wire.connect(config, address, name)
    }

    pub(crate) fn local_addr(&self) -> io::Result<SocketAddr> {
        match &self.wire.core().socket {
            Some(socket) => socket.local_addr(),
            None => Err(io::ErrorKind::NotConnected.into()),
        }
    }

    /// From now on everything leaves from `socket`. What comes to the old one is still taken for a while. What comes to the new
    /// one waits there until the thread's next packet or tick.
    pub(crate) fn rebind(&self, socket: Socket) -> io::Result<()> {
        let socket = Arc::new(socket);
        thread::prepare(&socket)?;
        self.wire.core().socket = Some(socket.clone());
        self.wire.has_moved.store(true, Ordering::Release);
        for line in self.wire.lines() {
            line.move_to(&self.wire, &socket);
        }
        Ok(())
    }

    /// From now on connections go to `cart` from `socket` as well; see [`super::paths`]. `false`: there are as many paths as there may
    /// be.
    pub(crate) fn add_way(&self, socket: Socket, cart: SocketAddr) -> io::Result<bool> {
        self.wire.add_way(socket, cart)
    }

    /// Closes all connections, and those that come.
    pub(crate) fn close(&self, code: VarInt, reason: &[u8]) {
        self.wire.close(code, reason);
    }

    /// Waits until the last connection is gone. Cancel safe.
    pub(crate) async fn wait_idle(&self) {
        self.wire.wait_idle().await;
    }
}

impl Drop for Endpoint {
    fn drop(&mut self) {
        let mut core = self.wire.core();
        core.is_abandoned = true;
        while let Some(incoming) = core.newcomers.pop_front() {
            core.quic.ignore(incoming);
        }
    }
}
