//! A connection between a console and a cart that have proved to each other who they are.

use core::time::Duration;
use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use rustls::pki_types::CertificateDer;
use tokio::sync::OwnedSemaphorePermit;

use crate::frame::{FrameError, FrameReceiver, FrameSender};
use crate::identity::{Claims, Fingerprint, Purpose, Role};
use crate::wire::paths::PathStats;
use crate::wire::{Link, SendDatagramError};
use crate::{CloseReason, Closed};

/// First byte of the control stream: streams of other kinds can be added without being taken for it.
const CONTROL_STREAM: u8 = 0x01;

/// An IPv4 address that a socket for both families shows as IPv6, as people write it.
pub(crate) fn canonical(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}

/// Who is at the other end, as its certificate proves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Peer {
    /// Its name.
    pub name: String,
    /// Its role.
    pub role: Role,
    /// Whether it is real or part of a demo; always the same as this side's.
    pub purpose: Purpose,
    /// The fingerprint of its certificate.
    pub fingerprint: Fingerprint,
    /// Where it was when the connection was made; see [`Connection::remote_address`] for now.
    pub address: SocketAddr,
}

/// Figures of a connection since it was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LinkStats {
    /// The round trip as QUIC smooths it. For the log: the one that safety looks at is measured by the session.
    pub round_trip: Duration,
    /// The shortest round trip seen.
    pub min_round_trip: Duration,
    /// Packets sent.
    pub packets_sent: u64,
    /// Packets sent that are taken for lost.
    pub packets_lost: u64,
    /// Datagrams of the application sent.
    pub datagrams_sent: u64,
    /// Datagrams of the application received, also those that gave way to newer ones before they were read.
    pub datagrams_received: u64,
    /// UDP payload bytes sent.
    pub bytes_sent: u64,
    /// UDP payload bytes received.
    pub bytes_received: u64,
    /// Largest UDP payload known to fit the path, in bytes.
    pub path_mtu: u16,
}

/// Why a datagram was not sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SendError {
    /// The connection ended.
    #[error(transparent)]
    Closed(#[from] Closed),
    /// It does not fit into one packet of this path; this program is to blame, for 1,100 bytes always fit.
    #[error("a datagram of {length} bytes does not fit: this path takes {limit}")]
    TooLong {
        /// Its length.
        length: usize,
        /// The longest that fits now.
        limit: usize,
    },
    /// The peer's QUIC does not take datagrams: it is not Farprobe.
    #[error("the peer takes no datagrams: check that both sides run the same version")]
    Unsupported,
}

/// One end of a connection. Cheap to clone; all clones are the same connection, and when the last goes it is closed.
///
/// Every method may be called at any time from any thread; those that are not `async` need no runtime around them.
#[derive(Debug, Clone)]
pub struct Connection(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    link: Link,
    peer: Peer,
    /// The place this connection takes among those a cart allows; given back when the last clone goes.
    _place: Option<OwnedSemaphorePermit>,
}

impl Connection {
    /// Wraps a connection whose handshake is over. `None` if the peer's certificate cannot be read, which the handshake has
    /// made sure of.
    pub(crate) fn new(link: Link, place: Option<OwnedSemaphorePermit>) -> Option<Self> {
        let identity = link.peer_identity()?.downcast::<Vec<CertificateDer<'static>>>().ok()?;
        let claims = Claims::read(identity.first()?)?;
        let peer = Peer {
            name: claims.name,
            role: claims.role?,
            purpose: claims.purpose,
            fingerprint: claims.fingerprint,
            address: canonical(link.remote_address()),
        };
        Some(Self(Arc::new(Inner { link, peer, _place: place })))
    }

    /// Who is at the other end.
    pub fn peer(&self) -> &Peer {
        &self.0.peer
    }

    /// Where the other end is now. It changes when the peer changes networks: the certificate says who it is, not this.
    pub fn remote_address(&self) -> SocketAddr {
        canonical(self.0.link.remote_address())
    }

    /// Sends a datagram: at most once, maybe never, maybe out of order. Never waits: if the queue is full the oldest gives way.
    ///
    /// It is sealed and handed to the system before this returns, in some ten microseconds: nobody else has to wake up for it.
    /// But it takes a lock, behind which a wire thread may be at work for longer, so it is not for a real-time thread.
    pub fn send_datagram(&self, datagram: impl Into<Bytes>) -> Result<(), SendError> {
        let datagram = datagram.into();
        let length = datagram.len();
        self.0.link.send_datagram(datagram).map_err(|error| match error {
            SendDatagramError::TooLong { limit } => SendError::TooLong { length, limit },
            SendDatagramError::Unsupported => SendError::Unsupported,
            SendDatagramError::Closed(error) => SendError::Closed(error.into()),
        })
    }

    /// The next datagram that arrived. Of those that nobody fetched only the newest are kept (about 8 KiB).
    ///
    /// Cancel safe: a datagram is taken only when it is returned. With [`Self::on_datagram`] there are none for this, and it waits
    /// for the end of the connection.
    pub async fn datagram(&self) -> Result<Bytes, Closed> {
        Ok(self.0.link.datagram().await?)
    }

    /// From now on hands each datagram to `sink` as it arrives, instead of keeping it for [`Self::datagram`]; first, within a few
    /// milliseconds, those that wait already.
    ///
    /// It is called on the thread that receives, named "wire", before that thread does anything else: there is no quicker way
    /// for a command. One at a time, in the order of arrival, each once. In return it must be quick: while it runs nothing is
    /// received and no connection of this endpoint keeps its time; what arrives meanwhile waits in the system's buffer, a second
    /// or so of it. It may call anything here, also [`Self::send_datagram`], which only makes what comes next wait.
    ///
    /// A second call replaces the sink. It is dropped when the connection ends; until then a sink that holds a clone of the
    /// connection keeps it open. A sink that panics ends its connection, and no other.
    pub fn on_datagram(&self, sink: impl FnMut(Bytes) + Send + 'static) {
        self.0.link.set_sink(sink);
    }

    /// Opens the control stream; what a console does once. Frames longer than `limit` bytes are refused in both directions.
    ///
    /// There can be one at a time: a second call waits until the first stream is over. Not cancel safe: call it again only on
    /// a new connection.
    pub async fn open_control(&self, limit: usize) -> Result<(FrameSender, FrameReceiver), FrameError> {
        let (mut sender, receiver) = self.0.link.open_bi().await?;
        sender.write_all(&[CONTROL_STREAM]).await?;
        Ok((FrameSender::new(sender, limit), FrameReceiver::new(receiver, limit)))
    }

    /// Waits until the console opens the control stream; what a cart does. See [`Self::open_control`].
    ///
    /// Not cancel safe: a stream whose kind was not read yet would be lost.
    pub async fn accept_control(&self, limit: usize) -> Result<(FrameSender, FrameReceiver), FrameError> {
        let (sender, mut receiver) = self.0.link.accept_bi().await?;
        let first = receiver.read(1).await?.ok_or(FrameError::Truncated { missing: 1 })?;
        match first.first() {
            Some(&CONTROL_STREAM) => Ok((FrameSender::new(sender, limit), FrameReceiver::new(receiver, limit))),
            Some(&kind) => Err(FrameError::UnknownStream { kind }),
            None => Err(FrameError::Truncated { missing: 1 }),
        }
    }

    /// Figures so far.
    pub fn stats(&self) -> LinkStats {
        let stats = self.0.link.stats();
        LinkStats {
            round_trip: stats.path.rtt,
            min_round_trip: stats.path.min_rtt,
            packets_sent: stats.path.sent_packets,
            packets_lost: stats.path.lost_packets,
            datagrams_sent: stats.frame_tx.datagram,
            datagrams_received: stats.frame_rx.datagram,
            bytes_sent: stats.udp_tx.bytes,
            bytes_received: stats.udp_rx.bytes,
            path_mtu: stats.path.current_mtu,
        }
    }

    /// The paths it uses at once, if there is more than the first: that one, then the others in the order in which they were added; see
    /// [`crate::ConsoleEndpoint::add_path`]. A cart knows those that the console has knocked on.
    pub fn paths(&self) -> Vec<PathStats> {
        self.0.link.paths()
    }

    /// Closes the connection at once and tells the peer why; `detail` is for its people and its log. Whatever was sent and has
    /// not arrived may be lost. A second call changes nothing.
    pub fn close(&self, reason: CloseReason, detail: &str) {
        self.0.link.close(reason.code(), detail.as_bytes());
    }

    /// How it ended; `None` while it lives.
    pub fn close_reason(&self) -> Option<Closed> {
        self.0.link.close_reason().map(Into::into)
    }

    /// Waits for the end of the connection. Cancel safe.
    pub async fn closed(&self) -> Closed {
        self.0.link.closed().await.into()
    }
}
