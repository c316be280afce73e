//! Who uses the relay: each client by its address, with a socket of its own towards the server.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

use super::open;

/// How many clients there can be at once. An exam has a handful; one more takes the place of the one that was silent longest,
/// so that strangers who send from ever new addresses fill no memory.
const MOST: usize = 64;

/// A client, as long as it has its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ClientId(u64);

pub(super) struct Client {
    pub(super) id: ClientId,
    pub(super) address: SocketAddr,
    /// Connected to the server.
    pub(super) socket: UdpSocket,
    /// Grows with each datagram heard of any client.
    heard: u64,
}

pub(super) struct Clients {
    server: SocketAddr,
    known: Vec<Client>,
    /// The last number given, to a client or to a datagram.
    number: u64,
}

impl Clients {
    pub(super) fn new(server: SocketAddr) -> Self {
        Self { server, known: Vec::new(), number: 0 }
    }

    pub(super) fn server(&self) -> SocketAddr {
        self.server
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Client> {
        self.known.iter()
    }

    pub(super) fn get(&self, place: usize) -> Option<&Client> {
        self.known.get(place)
    }

    pub(super) fn find(&self, id: ClientId) -> Option<&Client> {
        self.known.iter().find(|client| client.id == id)
    }

    /// The client at `address`, which has just been heard: an old one, or a new one with a new socket.
    pub(super) fn of(&mut self, address: SocketAddr) -> Result<ClientId, String> {
        self.number += 1;
        if let Some(client) = self.known.iter_mut().find(|client| client.address == address) {
            client.heard = self.number;
            return Ok(client.id);
        }
        let any: IpAddr = match self.server {
            SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
            SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
        };
        let connected = open(SocketAddr::new(any, 0)).and_then(|socket| socket.connect(self.server).map(|()| socket));
        let socket = connected.map_err(|error| format!("no socket towards {}: {error}", self.server))?;
        if self.known.len() == MOST {
            let silent = self.known.iter().enumerate().min_by_key(|(_, client)| client.heard).map(|(place, _)| place);
            self.known.swap_remove(silent.unwrap_or_default());
        }
        let id = ClientId(self.number);
        self.known.push(Client { id, address, socket, heard: self.number });
        Ok(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_client_takes_the_place_of_the_one_silent_longest() {
        let server = UdpSocket::bind("127.0.0.1:0").unwrap();
        let mut clients = Clients::new(server.local_addr().unwrap());
        let at = |port| SocketAddr::from(([127, 0, 0, 1], port));
        let first: Vec<ClientId> = (1..=MOST as u16).map(|port| clients.of(at(port)).unwrap()).collect();
        assert_eq!(clients.of(at(1)), Ok(first[0]), "known by its address");
        clients.of(at(1_000)).unwrap();
        assert_eq!(clients.iter().count(), MOST);
        assert!(clients.find(first[0]).is_some() && clients.find(first[1]).is_none());
        assert_ne!(clients.of(at(2)), Ok(first[1]), "who comes back is a new one");
    }
}
