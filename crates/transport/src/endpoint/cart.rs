//! A cart's endpoint: it listens, and no stranger at the door keeps it from its work.

use std::io;
use std::net::SocketAddr;
use std::time::SystemTime;

use tokio::sync::{Mutex, mpsc};

use super::door::{Door, OUTCOME_QUEUE};
use super::failure::Failure;
use super::{DemoPolicy, OpenError, say_farewell};
use crate::connection::Connection;
use crate::identity::{Identity, Role};
use crate::link::LinkOptions;
use crate::tls::{CertificateFault, Credentials, Refusal};
use crate::wire::{Endpoint, Socket};
use crate::{CloseReason, Closed};

/// Options of a cart's endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CartOptions {
    /// Which kind of identity is used.
    pub demo: DemoPolicy,
    /// How links are treated.
    pub link: LinkOptions,
    /// Connections at a time, of operators and observers together. A connection counts until its last clone is dropped.
    pub max_connections: usize,
}

impl Default for CartOptions {
    /// No demo, and eight connections: an operator, a few observers, and those whose link was just lost and who are back
    /// already.
    fn default() -> Self {
        Self { demo: DemoPolicy::default(), link: LinkOptions::default(), max_connections: 8 }
    }
}

/// Why a newcomer did not become a connection. The cart goes on listening, except after [`Self::EndpointClosed`].
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AcceptError {
    /// The newcomer's certificate was refused here (peer).
    #[error("{address} was refused: {fault}")]
    PeerRefused {
        /// Where it came from.
        address: SocketAddr,
        /// What is wrong with the certificate.
        fault: CertificateFault,
    },
    /// The newcomer refused this cart's certificate (configuration).
    #[error("{address} refused this cart: {refusal}")]
    RefusedByPeer {
        /// Where it came from.
        address: SocketAddr,
        /// Why, as far as it said.
        refusal: Refusal,
    },
    /// There are as many connections as allowed. It was told.
    #[error("{address} was turned away: there are {limit} connections already, as many as allowed")]
    Full {
        /// Where it came from.
        address: SocketAddr,
        /// How many are allowed.
        limit: usize,
    },
    /// The two programs have no protocol in common (peer).
    #[error("{address} is no Farprobe console of this version: {detail}")]
    Incompatible {
        /// Where it came from.
        address: SocketAddr,
        /// What was found.
        detail: String,
    },
    /// The newcomer went away, or its handshake took too long (link or peer).
    #[error("{address} did not finish its handshake: {closed}")]
    Unfinished {
        /// Where it came from.
        address: SocketAddr,
        /// How it ended.
        closed: Closed,
    },
    /// The endpoint was shut down: stop accepting.
    #[error("this endpoint is shut down")]
    EndpointClosed,
}

impl AcceptError {
    /// What `failure` means here. `limit` is how many connections are allowed.
    pub(super) fn from_failure(address: SocketAddr, limit: usize, failure: Failure) -> Self {
        match failure {
            Failure::Fault(fault) => Self::PeerRefused { address, fault },
            Failure::Refused(refusal) => Self::RefusedByPeer { address, refusal },
            Failure::Incompatible(detail) => Self::Incompatible { address, detail },
            Failure::Busy => Self::Full { address, limit },
            Failure::Closed(closed) => Self::Unfinished { address, closed },
        }
    }
}

/// What became of a newcomer.
pub(super) type Outcome = Result<Connection, AcceptError>;

/// A cart's endpoint; closed when dropped.
///
/// Packets have a thread of their own, but who may come in is looked at by tasks, so it must be opened inside a tokio runtime.
/// Connections live on without it.
#[derive(Debug)]
pub struct CartEndpoint {
    endpoint: Endpoint,
    outcomes: Mutex<mpsc::Receiver<Outcome>>,
}

impl CartEndpoint {
    /// Listens at `bind` as `identity`, which must be a cart's.
    ///
    /// At a wildcard address (`0.0.0.0`, `[::]`) answers leave from the address that was called, also on a machine with several;
    /// outside Linux from the one the system chooses, which a console may not listen to: there bind to the address itself.
    pub fn open(bind: SocketAddr, identity: &Identity, options: CartOptions) -> Result<Self, OpenError> {
        options.demo.check(identity)?;
        match identity.role() {
            Role::Cart => {}
            found @ (Role::Operator | Role::Observer) => {
                return Err(OpenError::Role { name: identity.name().into(), found, expected: "cart" });
            }
        }
        let credentials = Credentials::new(identity, SystemTime::now())?;
        let (sender, receiver) = mpsc::channel(OUTCOME_QUEUE);
        let door = Door::new(credentials, options.link, options.max_connections, sender)?;
        let failed = |source| OpenError::Socket { address: bind, source };
        let socket = Socket::open(bind).map_err(failed)?;
        let endpoint = Endpoint::open(socket, Some(door.config())).map_err(failed)?;
        tokio::spawn(door.watch(endpoint.wire()));
        Ok(Self { endpoint, outcomes: Mutex::new(receiver) })
    }

    /// The next newcomer: a connection, or why it did not become one.
    ///
    /// Handshakes run side by side and on their own, so a slow or hostile newcomer delays nobody. After an error other than
    /// [`AcceptError::EndpointClosed`], call again. Cancel safe.
    pub async fn accept(&self) -> Result<Connection, AcceptError> {
        self.outcomes.lock().await.recv().await.unwrap_or(Err(AcceptError::EndpointClosed))
    }

    /// The address this endpoint listens at.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.endpoint.local_addr()
    }

    /// Closes all connections with `reason` and waits a moment until the peers have heard of it.
    pub async fn shut_down(&self, reason: CloseReason) {
        say_farewell(&self.endpoint, reason).await;
    }
}

impl Drop for CartEndpoint {
    fn drop(&mut self) {
        // Without this connections that somebody still holds would keep the port taken.
        self.endpoint.close(CloseReason::ShuttingDown.code(), b"");
    }
}
