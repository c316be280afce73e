//! A UDP relay on an impaired line: clients send to it as if it were the server, and each has a socket of its own towards the
//! server, as behind an address translator.
//!
//! ```text
//!   client A ──┐                 ┌── socket of A ──┐
//!              ├─► one socket ── line ──           ├─► server
//!   client B ──┘                 └── socket of B ──┘
//! ```
//!
//! All share the one line and its queue. A client that changes its address is a new client to the server, which sees it come
//! from another port; what was under way to its old address goes there. Datagrams keep their borders; what the IP header
//! says beside the addresses (time to live, priority, congestion marks) is not carried over.

mod clients;

use std::net::{SocketAddr, UdpSocket};
use std::os::fd::{AsFd, BorrowedFd};

use farprobe_sim::link::{LineProfile, Way};
use socket2::{Domain, Protocol, Socket, Type};

use crate::driver::{BATCH, Driver, DriverError, Keep, Ports};
use clients::{ClientId, Clients};

/// How much a socket should hold while the relay's thread waits for its turn, bytes. The system may give less
/// (`net.core.rmem_max`); its usual 208 kB overflow with one key picture and a late thread.
const SOCKET_BUFFER: usize = 4 << 20;

/// The longest datagram there is.
const LONGEST: usize = 65_535;

/// A relay at work.
#[derive(Debug)]
pub struct Relay {
    /// Its thread.
    pub driver: Driver,
    /// Where clients send to.
    pub address: SocketAddr,
}

impl Relay {
    /// Listens at `listen` and relays to the server at `to`.
    pub fn start(
        listen: SocketAddr,
        to: SocketAddr,
        profile: &LineProfile,
        seed: u64,
        keep: Keep,
    ) -> Result<Self, DriverError> {
        let refused = |source| DriverError::Listen { address: listen, source };
        let front = open(listen).map_err(refused)?;
        let address = front.local_addr().map_err(refused)?;
        if is_itself(address, to) {
            return Err(DriverError::ToItself { address: to });
        }
        let sockets = Sockets { front, clients: Clients::new(to), buffer: vec![0; LONGEST].into_boxed_slice() };
        Ok(Self { driver: Driver::start(sockets, profile, seed, keep)?, address })
    }
}

/// Whether what is sent `to` there arrives at the relay's own `address`: at that very one, or at any of this machine if it listens
/// at all.
fn is_itself(address: SocketAddr, to: SocketAddr) -> bool {
    // Only an address of this machine can be bound.
    let is_here = || UdpSocket::bind((to.ip(), 0)).is_ok();
    address.port() == to.port() && (address.ip() == to.ip() || address.ip().is_unspecified() && is_here())
}

/// A socket that never waits, with a large buffer.
fn open(address: SocketAddr) -> std::io::Result<UdpSocket> {
    let socket = Socket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))?;
    // What the system gives is what there is.
    let _ = socket.set_recv_buffer_size(SOCKET_BUFFER);
    let _ = socket.set_send_buffer_size(SOCKET_BUFFER);
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    Ok(socket.into())
}

/// What a datagram takes on the wire with its UDP and IP headers, bytes.
fn on_the_wire(address: SocketAddr, payload: usize) -> usize {
    const UDP: usize = 8;
    match address {
        SocketAddr::V4(_) => payload + UDP + 20,
        SocketAddr::V6(_) => payload + UDP + 40,
    }
}

/// The relay's sockets.
struct Sockets {
    front: UdpSocket,
    clients: Clients,
    buffer: Box<[u8]>,
}

/// A datagram under way, of the client it is from or for.
#[derive(Debug, Clone)]
struct Datagram {
    client: ClientId,
    payload: Vec<u8>,
}

/// Whether a socket has nothing more for now.
fn is_empty(error: &std::io::Error) -> bool {
    error.kind() == std::io::ErrorKind::WouldBlock
}

impl Sockets {
    fn hear_clients(&mut self, take: &mut dyn FnMut(Way, usize, Datagram)) -> Result<(), String> {
        for _ in 0..BATCH {
            match self.front.recv_from(&mut self.buffer) {
                Ok((length, from)) => {
                    let client = self.clients.of(from)?;
                    let payload = self.buffer[..length].to_vec();
                    take(Way::There, on_the_wire(from, length), Datagram { client, payload });
                }
                Err(error) if is_empty(&error) => break,
                Err(error) => return Err(format!("nothing can be received from the clients: {error}")),
            }
        }
        Ok(())
    }

    fn hear_server(&mut self, number: usize, take: &mut dyn FnMut(Way, usize, Datagram)) -> Result<(), String> {
        let to = self.clients.server();
        let Some(client) = self.clients.get(number) else { return Ok(()) };
        for _ in 0..BATCH {
            match client.socket.recv(&mut self.buffer) {
                Ok(length) => {
                    let payload = self.buffer[..length].to_vec();
                    take(Way::Back, on_the_wire(to, length), Datagram { client: client.id, payload });
                }
                Err(error) if is_empty(&error) => break,
                Err(error) => return Err(nobody_there(to, &error)),
            }
        }
        Ok(())
    }
}

fn nobody_there(to: SocketAddr, error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::ConnectionRefused => format!("nobody listens at {to}: start the program there"),
        _ => format!("{to} can't be reached: {error}"),
    }
}

impl Ports for Sockets {
    type Packet = Datagram;

    fn descriptors(&self) -> Vec<BorrowedFd<'_>> {
        std::iter::once(self.front.as_fd()).chain(self.clients.iter().map(|client| client.socket.as_fd())).collect()
    }

    fn receive(&mut self, descriptor: usize, take: &mut dyn FnMut(Way, usize, Datagram)) -> Result<(), String> {
        match descriptor.checked_sub(1) {
            None => self.hear_clients(take),
            Some(client) => self.hear_server(client, take),
        }
    }

    fn deliver(&mut self, way: Way, Datagram { client, payload }: Datagram) -> Result<(), String> {
        let to = self.clients.server();
        let Some(client) = self.clients.find(client) else {
            return Err("a client's place was taken by newer ones before its datagram came through".to_owned());
        };
        match way {
            Way::There => {
                let sent = client.socket.send(&payload);
                // A connected socket first tells that the one before was refused, and sends nothing.
                let sent = match sent {
                    Err(error) if error.kind() == std::io::ErrorKind::ConnectionRefused => client.socket.send(&payload),
                    sent => sent,
                };
                sent.map(|_| ()).map_err(|error| nobody_there(to, &error))
            }
            Way::Back => {
                let sent = self.front.send_to(&payload, client.address);
                sent.map(|_| ()).map_err(|error| format!("{} can't be reached: {error}", client.address))
            }
        }
    }
}

#[cfg(test)]
mod tests;
