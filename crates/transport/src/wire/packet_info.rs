//! Which of its own addresses a packet came to, and leaves from.
//!
//! A machine with two networks has two addresses, and a socket that listens at all of them answers from the one the routing
//! table likes. The peer does not know that one, and does not listen to it.

use std::io::{self, IoSlice, IoSliceMut};
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::os::fd::AsRawFd as _;

use nix::libc::{in_addr, in_pktinfo, in6_addr, in6_pktinfo};
use nix::sys::socket::{
    ControlMessage, ControlMessageOwned, MsgFlags, SockaddrIn, SockaddrIn6, SockaddrLike, SockaddrStorage, recvmsg,
    sendmsg, setsockopt, sockopt,
};

/// Has the system say with each packet where it came to.
pub(super) fn ask_for_it(socket: &socket2::Socket, is_ipv6: bool) -> io::Result<()> {
    // Such a socket shows the addresses of IPv4 as those of IPv6, here too.
    if is_ipv6 {
        setsockopt(socket, sockopt::Ipv6RecvPacketInfo, &true)?;
    } else {
        setsockopt(socket, sockopt::Ipv4PacketInfo, &true)?;
    }
    Ok(())
}

/// Room for what the system says beside a packet.
#[derive(Debug)]
pub(super) struct Room(Vec<u8>);

impl Room {
    pub(super) fn new() -> Self {
        Self(nix::cmsg_space!(in6_pktinfo))
    }
}

/// Waits for a packet: its length, where it came from, and where to, if the system says so.
pub(super) fn receive(
    udp: &UdpSocket,
    packet: &mut [u8],
    room: &mut Room,
) -> io::Result<(usize, SocketAddr, Option<IpAddr>)> {
    let mut parts = [IoSliceMut::new(packet)];
    let message =
        recvmsg::<SockaddrStorage>(udp.as_raw_fd(), &mut parts, Some(room.0.as_mut_slice()), MsgFlags::empty())?;
    let from = message.address.as_ref().and_then(address).ok_or(io::ErrorKind::AddrNotAvailable)?;
    // Without it the system chooses what to answer from.
    let to = message.cmsgs().ok().and_then(|mut said| said.find_map(|said| own_address(&said)));
    Ok((message.bytes, from, to))
}

fn address(storage: &SockaddrStorage) -> Option<SocketAddr> {
    let v4 = storage.as_sockaddr_in().map(|v4| SocketAddr::from(*v4));
    v4.or_else(|| storage.as_sockaddr_in6().map(|v6| SocketAddr::from(*v6)))
}

fn own_address(said: &ControlMessageOwned) -> Option<IpAddr> {
    match said {
        ControlMessageOwned::Ipv4PacketInfo(info) => Some(IpAddr::from(info.ipi_addr.s_addr.to_ne_bytes())),
        ControlMessageOwned::Ipv6PacketInfo(info) => Some(IpAddr::from(info.ipi6_addr.s6_addr).to_canonical()),
        _ => None,
    }
}

/// Sends a packet from this address of its own, without waiting.
pub(super) fn send_from(udp: &UdpSocket, packet: &[u8], to: SocketAddr, own: IpAddr) -> io::Result<()> {
    match (to, own) {
        (SocketAddr::V4(to), IpAddr::V4(own)) => {
            let own = in_addr { s_addr: u32::from_ne_bytes(own.octets()) };
            let info = in_pktinfo { ipi_ifindex: 0, ipi_spec_dst: own, ipi_addr: in_addr { s_addr: 0 } };
            send(udp, packet, &SockaddrIn::from(to), &ControlMessage::Ipv4PacketInfo(&info))
        }
        (SocketAddr::V6(to), own) => {
            let own = match own {
                IpAddr::V4(own) => own.to_ipv6_mapped(),
                IpAddr::V6(own) => own,
            };
            let info = in6_pktinfo { ipi6_addr: in6_addr { s6_addr: own.octets() }, ipi6_ifindex: 0 };
            send(udp, packet, &SockaddrIn6::from(to), &ControlMessage::Ipv6PacketInfo(&info))
        }
        (SocketAddr::V4(_), IpAddr::V6(_)) => Err(io::ErrorKind::AddrNotAvailable.into()),
    }
}

fn send(udp: &UdpSocket, packet: &[u8], to: &impl SockaddrLike, own: &ControlMessage<'_>) -> io::Result<()> {
    let control = core::slice::from_ref(own);
    sendmsg(udp.as_raw_fd(), &[IoSlice::new(packet)], control, MsgFlags::MSG_DONTWAIT, Some(to))?;
    Ok(())
}
