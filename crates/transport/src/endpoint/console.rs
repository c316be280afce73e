//! A console's endpoint: it connects to carts.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::SystemTime;

use quinn_proto::{ClientConfig, ConnectionError};

use super::failure::{Failure, explain};
use super::{DemoPolicy, OpenError, say_farewell};
use crate::connection::Connection;
use crate::identity::{CART_DNS_NAME, Identity, IdentityError, Role};
use crate::link::{LinkOptions, PeerStreams};
use crate::tls::{CertificateFault, Credentials, Refusal};
use crate::wire::paths::MOST_FURTHER_PATHS;
use crate::wire::{Endpoint, Link, Socket, StreamError};
use crate::{ADMITTED, CloseReason, Closed};

/// Options of a console's endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ConsoleOptions {
    /// Where to send from; by default any port of any address.
    pub bind: Option<SocketAddr>,
    /// Which kind of identity is used.
    pub demo: DemoPolicy,
    /// How links are treated.
    pub link: LinkOptions,
}

/// Why no connection to a cart came about.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// The identity cannot be used (configuration).
    #[error(transparent)]
    Identity(#[from] OpenError),
    /// The address cannot be used from here (operator).
    #[error("cannot connect to {address}: {detail}: check the address")]
    Address {
        /// The address.
        address: SocketAddr,
        /// What is wrong with it.
        detail: String,
    },
    /// Nobody answered (link, or the cart is off).
    #[error("nobody answers at {address}: check that the cart is on, the address, and that UDP can pass")]
    NoAnswer {
        /// The address.
        address: SocketAddr,
    },
    /// The cart's certificate was refused here (peer).
    #[error("the cart at {address} was refused: {fault}")]
    CartRefused {
        /// The address.
        address: SocketAddr,
        /// What is wrong with the certificate.
        fault: CertificateFault,
    },
    /// The cart refused this console's certificate (configuration).
    #[error("the cart at {address} refused this console: {refusal}")]
    RefusedByCart {
        /// The address.
        address: SocketAddr,
        /// Why, as far as it said.
        refusal: Refusal,
    },
    /// The cart has as many connections as it takes (peer).
    #[error("the cart at {address} takes no more connections now: try again later, or close another console")]
    Busy {
        /// The address.
        address: SocketAddr,
    },
    /// The two programs have no protocol in common.
    #[error("what answers at {address} is no Farprobe cart of this version: {detail}")]
    Incompatible {
        /// The address.
        address: SocketAddr,
        /// What was found.
        detail: String,
    },
    /// The connection ended while it was being made.
    #[error("the connection to {address} ended at once: {closed}")]
    Closed {
        /// The address.
        address: SocketAddr,
        /// How it ended.
        closed: Closed,
    },
}

impl ConnectError {
    fn from_failure(address: SocketAddr, failure: Failure) -> Self {
        match failure {
            Failure::Fault(fault) => Self::CartRefused { address, fault },
            Failure::Refused(refusal) => Self::RefusedByCart { address, refusal },
            Failure::Busy => Self::Busy { address },
            Failure::Incompatible(detail) => Self::Incompatible { address, detail },
            Failure::Closed(Closed::LinkLost) => Self::NoAnswer { address },
            Failure::Closed(closed) => Self::Closed { address, closed },
        }
    }
}

/// A console's endpoint. Needs no runtime but for [`Self::shut_down`], which counts the time with tokio's.
#[derive(Debug)]
pub struct ConsoleEndpoint {
    endpoint: Endpoint,
    demo: DemoPolicy,
    link: LinkOptions,
}

impl ConsoleEndpoint {
    /// Opens the endpoint.
    pub fn open(options: ConsoleOptions) -> Result<Self, OpenError> {
        let endpoint = open_socket(options.bind, |socket| Endpoint::open(socket, None))?;
        Ok(Self { endpoint, demo: options.demo, link: options.link })
    }

    /// From now on sends from `bind`, by default any port of any address, as when this machine has changed networks. Connections
    /// go on without a gap: what is on its way to the old address is still heard for a second. It is the system that knows of
    /// the change, so nothing here asks for it. An address of another family than the cart's loses the connection to it. If it
    /// fails, nothing has changed.
    pub fn rebind(&self, bind: Option<SocketAddr>) -> Result<(), OpenError> {
        open_socket(bind, |socket| self.endpoint.rebind(socket))
    }

    /// From now on everything between this endpoint and the cart goes over a second network as well: sent from `bind`, an address of
    /// that network, to `cart`, where the cart can be reached over it. What arrives first counts, the other copy is dropped. It is a matter
    /// of the connections that stand and of those to come; all of them should be to this one cart.
    ///
    /// Nothing goes there before the cart has proved that it is there, and a network that fails takes nothing with it: when it is
    /// back it is used again. See [`crate::Connection::paths`]. The system has to send what leaves from `bind` through that network.
    ///
    /// # Errors
    /// [`OpenError::Socket`] if the address can't be used (now), [`OpenError::TooManyPaths`] beyond two.
    pub fn add_path(&self, bind: SocketAddr, cart: SocketAddr) -> Result<(), OpenError> {
        let added = open_socket(Some(bind), |socket| self.endpoint.add_way(socket, cart))?;
        if added { Ok(()) } else { Err(OpenError::TooManyPaths { most: MOST_FURTHER_PATHS }) }
    }

    /// Connects as `identity` to the cart at `address`, which must have the name `expected_cart` if one is given.
    ///
    /// Returns only when both sides have accepted each other. Gives up after the idle time-out of [`LinkOptions`]. Cancel safe:
    /// a cancelled attempt is closed.
    pub async fn connect(
        &self,
        address: SocketAddr,
        identity: &Identity,
        expected_cart: Option<&str>,
    ) -> Result<Connection, ConnectError> {
        let credentials = self.credentials(identity)?;
        let (tls, verdict) = credentials.for_console(expected_cart).map_err(OpenError::from)?;
        let mut config = ClientConfig::new(Arc::new(tls));
        config.transport_config(Arc::new(self.link.to_config(PeerStreams::OF_CART)));
        let link = self
            .endpoint
            .connect(config, address, CART_DNS_NAME)
            .map_err(|error| ConnectError::Address { address, detail: error.to_string() })?;
        let explain = |error| ConnectError::from_failure(address, explain(error, &verdict));
        link.connected().await.map_err(explain)?;
        // In TLS 1.3 this side is done before the cart has looked at its certificate. The cart's first byte is its yes.
        wait_for_admission(&link).await.map_err(|error| match error {
            Admission::Connection(error) => explain(error),
            Admission::Nonsense => {
                link.close(CloseReason::Violation.code(), b"no admission");
                ConnectError::Incompatible { address, detail: "it does not say that it accepts this console".into() }
            }
        })?;
        Connection::new(link, None).ok_or(ConnectError::CartRefused { address, fault: CertificateFault::Malformed })
    }

    /// The address this endpoint sends from.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.endpoint.local_addr()
    }

    /// Closes all connections with `reason` and waits a moment until the peers have heard of it.
    pub async fn shut_down(&self, reason: CloseReason) {
        say_farewell(&self.endpoint, reason).await;
    }

    fn credentials(&self, identity: &Identity) -> Result<Credentials, OpenError> {
        self.demo.check(identity)?;
        match identity.role() {
            Role::Operator | Role::Observer => Ok(Credentials::new(identity, SystemTime::now())?),
            found @ Role::Cart => {
                Err(OpenError::Role { name: identity.name().into(), found, expected: "console (operator or observer)" })
            }
        }
    }
}

impl From<IdentityError> for ConnectError {
    fn from(error: IdentityError) -> Self {
        Self::Identity(error.into())
    }
}

/// A socket at any port, for both address families or, on a machine without IPv6, for IPv4.
fn open_anywhere() -> (SocketAddr, io::Result<Socket>) {
    let both = SocketAddr::from((Ipv6Addr::UNSPECIFIED, 0));
    if let Ok(socket) = Socket::open(both) {
        return (both, Ok(socket));
    }
    let v4 = SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0));
    (v4, Socket::open(v4))
}

/// Does something with a socket at `bind`, or anywhere.
fn open_socket<T>(bind: Option<SocketAddr>, then: impl FnOnce(Socket) -> io::Result<T>) -> Result<T, OpenError> {
    let (address, socket) = bind.map_or_else(open_anywhere, |address| (address, Socket::open(address)));
    socket.and_then(then).map_err(|source| OpenError::Socket { address, source })
}

/// Why no admission came.
enum Admission {
    Connection(ConnectionError),
    Nonsense,
}

impl From<ConnectionError> for Admission {
    fn from(error: ConnectionError) -> Self {
        Self::Connection(error)
    }
}

/// Waits for the cart's yes: one byte on a stream of its own.
async fn wait_for_admission(link: &Link) -> Result<(), Admission> {
    let mut stream = link.accept_uni().await?;
    match stream.read(1).await {
        Ok(Some(said)) if said[..] == [ADMITTED] => Ok(()),
        Err(StreamError::Closed(error)) => Err(error.into()),
        _ => Err(Admission::Nonsense),
    }
}
