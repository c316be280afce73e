//! The UDP socket under an endpoint.
//!
//! Options, timeouts and the sending that never waits are the system's own; nothing here is particular to Linux but what says so.

use std::io;
use std::net::{IpAddr, SocketAddr, SocketAddrV6, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use quinn_proto::Transmit;
use socket2::{Domain, Protocol, Type};

#[cfg(target_os = "linux")]
use super::packet_info;

/// The receive buffer asked of the system, in bytes. Linux gives 208 kB by default and charges each packet with its own
/// bookkeeping, so that half a second without a reader loses commands, and also the signs of life among them. The system may
/// give less than asked (`net.core.rmem_max`), which is no error.
const RECEIVE_BUFFER_BYTES: usize = 1024 * 1024;

/// Longer than any packet that is no offence: QUIC's ends at 1,472 bytes here.
const PACKET_BYTES: usize = 2048;

/// Room for a packet.
#[derive(Debug)]
pub(super) struct Room {
    packet: [u8; PACKET_BYTES],
    #[cfg(target_os = "linux")]
    said: packet_info::Room,
}

impl Room {
    pub(super) fn new() -> Self {
        Self {
            packet: [0; PACKET_BYTES],
            #[cfg(target_os = "linux")]
            said: packet_info::Room::new(),
        }
    }
}

/// A packet that came in.
#[derive(Debug, Clone, Copy)]
pub(super) struct Packet<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) from: SocketAddr,
    /// Which of this machine's addresses it came to, where the system says so. Answers leave from there.
    pub(super) to: Option<IpAddr>,
}

/// An open socket. Reading waits, for no longer than its time-out; sending never does.
#[derive(Debug)]
pub(crate) struct Socket {
    udp: UdpSocket,
    is_ipv6: bool,
    may_fragment: bool,
    /// Its first failure to send was told.
    has_complained: AtomicBool,
}

impl Socket {
    /// Opens a UDP socket at `address`. An IPv6 wildcard address also serves IPv4 where the system allows it.
    pub(crate) fn open(address: SocketAddr) -> io::Result<Self> {
        let socket = socket2::Socket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))?;
        if address.is_ipv6()
            && let Err(error) = socket.set_only_v6(false)
        {
            tracing::debug!("this system keeps IPv4 and IPv6 apart: {error}");
        }
        if let Err(error) = socket.set_recv_buffer_size(RECEIVE_BUFFER_BYTES) {
            tracing::debug!("the UDP receive buffer keeps its default size: {error}");
        }
        let may_fragment = forbid_fragments(&socket, address.is_ipv6()).inspect_err(|error| {
            tracing::debug!("packets stay at QUIC's smallest size, for this system may fragment larger ones: {error}");
        });
        socket.bind(&address.into())?;
        #[cfg(target_os = "linux")]
        if let Err(error) = packet_info::ask_for_it(&socket, address.is_ipv6()) {
            tracing::debug!("this system does not say which address a packet came to: {error}");
        }
        let (is_ipv6, may_fragment) = (address.is_ipv6(), may_fragment.is_err());
        Ok(Self { udp: socket.into(), is_ipv6, may_fragment, has_complained: AtomicBool::new(false) })
    }

    /// Whether the system may cut a packet in pieces, so that a large one that arrives proves nothing about the path.
    pub(super) fn may_fragment(&self) -> bool {
        self.may_fragment
    }

    pub(super) fn local_addr(&self) -> io::Result<SocketAddr> {
        self.udp.local_addr()
    }

    /// Whether packets to `address` can leave here at all.
    pub(super) fn reaches(&self, address: SocketAddr) -> bool {
        self.is_ipv6 || canonical(address).is_ipv4()
    }

    pub(super) fn set_timeout(&self, timeout: Duration) -> io::Result<()> {
        self.udp.set_read_timeout(Some(timeout))
    }

    /// From now on reading does not wait.
    pub(super) fn stop_waiting(&self) -> io::Result<()> {
        self.udp.set_nonblocking(true)
    }

    /// Waits for a packet.
    pub(super) fn receive<'a>(&self, room: &'a mut Room) -> io::Result<Packet<'a>> {
        #[cfg(target_os = "linux")]
        let (length, from, to) = packet_info::receive(&self.udp, &mut room.packet, &mut room.said)?;
        #[cfg(not(target_os = "linux"))]
        let (length, from, to) = self.udp.recv_from(&mut room.packet).map(|(length, from)| (length, from, None))?;
        Ok(Packet { bytes: room.packet.get(..length).unwrap_or_default(), from: canonical(from), to })
    }

    /// Sends the first bytes of `packets` as `transmit` says. What the system does not take now is lost, as on the way: QUIC
    /// sends again what has to arrive, and a command that waits is worth nothing.
    pub(super) fn send(&self, packets: &[u8], transmit: &Transmit) {
        if let Some(packet) = packets.get(..transmit.size) {
            self.send_to(packet, transmit.destination, transmit.src_ip);
        }
    }

    /// The same of this packet, to this peer, which may know this machine by an address of its own.
    pub(super) fn send_to(&self, packet: &[u8], peer: SocketAddr, own: Option<IpAddr>) {
        let to = if self.is_ipv6 { mapped(peer) } else { peer };
        let Err(error) = self.send_now(packet, to, own) else { return };
        // A full buffer, a path narrower than its probe, and whatever a stranger's ICMP message says: all of them pass.
        tracing::trace!("a packet to {to} was not sent: {error}");
        if !self.has_complained.swap(true, Ordering::Relaxed) {
            tracing::debug!("a packet to {to} was not sent: {error}; more of them are not reported");
        }
    }

    /// `own` is the address the peer knows, if it knows one: only who was called first has such an address.
    #[cfg(unix)]
    fn send_now(&self, packet: &[u8], to: SocketAddr, own: Option<IpAddr>) -> io::Result<()> {
        use rustix::net::{SendFlags, sendto};
        #[cfg(target_os = "linux")]
        if let Some(own) = own {
            return packet_info::send_from(&self.udp, packet, to, own);
        }
        #[cfg(not(target_os = "linux"))]
        let _ = own;
        sendto(&self.udp, packet, SendFlags::DONTWAIT, &to)?;
        Ok(())
    }

    /// Without the flag of the others: waits while the system's buffer is full, which is rare.
    #[cfg(not(unix))]
    fn send_now(&self, packet: &[u8], to: SocketAddr, _own: Option<IpAddr>) -> io::Result<()> {
        self.udp.send_to(packet, to).map(|_| ())
    }
}

/// Makes the system send packets whole or not at all, so that QUIC finds out for itself what fits the path.
#[cfg(target_os = "linux")]
fn forbid_fragments(socket: &socket2::Socket, is_ipv6: bool) -> io::Result<()> {
    use rustix::net::sockopt::{
        Ipv4PathMtuDiscovery, Ipv6PathMtuDiscovery, set_ip_mtu_discover, set_ipv6_mtu_discover,
    };
    if is_ipv6 {
        set_ipv6_mtu_discover(socket, Ipv6PathMtuDiscovery::PROBE)?;
    }
    // Also for IPv6: such a socket sends IPv4 as well.
    Ok(set_ip_mtu_discover(socket, Ipv4PathMtuDiscovery::PROBE)?)
}

/// There is no safe call for it here. 1,200 bytes, which any path takes, hold every datagram of 1,100.
#[cfg(not(target_os = "linux"))]
fn forbid_fragments(_socket: &socket2::Socket, _is_ipv6: bool) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// An IPv4 address that a socket for both families shows as IPv6, as itself. The QUIC library compares addresses, and sees
/// only these.
pub(super) fn canonical(address: SocketAddr) -> SocketAddr {
    match address.ip().to_canonical() {
        IpAddr::V4(ip) => (ip, address.port()).into(),
        // As it is: it may name an interface.
        IpAddr::V6(_) => address,
    }
}

/// The reverse, for a socket that knows no other.
fn mapped(address: SocketAddr) -> SocketAddr {
    match address {
        SocketAddr::V4(v4) => SocketAddrV6::new(v4.ip().to_ipv6_mapped(), v4.port(), 0, 0).into(),
        SocketAddr::V6(_) => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_the_same_whatever_socket_shows_it() {
        let v4: SocketAddr = "192.0.2.7:4433".parse().unwrap();
        assert_eq!(canonical(mapped(v4)), v4);
        let v6 = SocketAddr::V6(SocketAddrV6::new("fe80::1".parse().unwrap(), 4433, 0, 3));
        assert_eq!((canonical(v6), mapped(v6)), (v6, v6));
    }

    #[test]
    fn packets_are_never_cut_on_linux() {
        for address in ["127.0.0.1:0", "[::1]:0"] {
            // A machine without IPv6 has no such socket.
            if let Ok(socket) = Socket::open(address.parse().unwrap()) {
                assert_eq!(socket.may_fragment(), !cfg!(target_os = "linux"), "{address}");
            }
        }
    }
}
