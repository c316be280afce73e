//! The floor: a datagram on a UDP socket, and a thread that waits for it.

use std::cell::RefCell;
use std::error::Error;
use std::io;
use std::net::{SocketAddr, UdpSocket};

use super::{ANYWHERE, Listening, Outgoing, Sink};

/// Longer than any command.
const LONGEST: usize = 2048;

pub(super) fn listen(mut sink: Sink) -> Result<Listening, Box<dyn Error>> {
    let socket = UdpSocket::bind(ANYWHERE)?;
    let at = socket.local_addr()?;
    let thread = std::thread::Builder::new().name("udp".into()).spawn(move || {
        let mut buffer = [0; LONGEST];
        // It ends with the process, or if the socket fails: then nothing more is heard, and the report shows it as lost.
        while let Ok(length) = socket.recv(&mut buffer) {
            sink.take(buffer.get(..length).unwrap_or_default());
        }
    })?;
    Ok(Listening { at, certificate: None, _alive: Box::new(thread) })
}

pub(super) struct Udp {
    socket: RefCell<UdpSocket>,
    to: SocketAddr,
}

pub(super) fn connect(to: SocketAddr) -> io::Result<Udp> {
    Ok(Udp { socket: RefCell::new(towards(to)?), to })
}

fn towards(to: SocketAddr) -> io::Result<UdpSocket> {
    let socket = UdpSocket::bind(ANYWHERE)?;
    socket.connect(to)?;
    Ok(socket)
}

impl Outgoing for Udp {
    fn send(&self, bytes: Vec<u8>) -> bool {
        self.socket.borrow().send(&bytes).is_ok()
    }

    fn moves(&self) -> Result<(), Box<dyn Error>> {
        self.socket.replace(towards(self.to)?);
        Ok(())
    }
}
