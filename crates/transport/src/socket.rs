//! The UDP socket under an endpoint.

use std::io;
use std::net::{SocketAddr, UdpSocket};

use socket2::{Domain, Protocol, Socket, Type};

/// The receive buffer asked of the system, in bytes. Linux gives 208 kB by default and charges each packet with its own
/// bookkeeping, so that half a second without a reader loses commands, and also the signs of life among them. The system may
/// give less than asked (`net.core.rmem_max`), which is no error.
const RECEIVE_BUFFER_BYTES: usize = 1024 * 1024;

/// Opens a UDP socket at `address`. An IPv6 wildcard address also serves IPv4 where the system allows it.
pub(crate) fn open(address: SocketAddr) -> io::Result<UdpSocket> {
    let socket = Socket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))?;
    if address.is_ipv6()
        && let Err(error) = socket.set_only_v6(false)
    {
        tracing::debug!("this system keeps IPv4 and IPv6 apart: {error}");
    }
    if let Err(error) = socket.set_recv_buffer_size(RECEIVE_BUFFER_BYTES) {
        tracing::debug!("the UDP receive buffer keeps its default size: {error}");
    }
    socket.bind(&address.into())?;
    Ok(socket.into())
}
