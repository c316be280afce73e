//! A console's endpoint: it connects to carts.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::time::SystemTime;

use quinn::{ClientConfig, EndpointConfig, TokioRuntime};

use super::failure::{Failure, explain};
use super::{DemoPolicy, OpenError, say_farewell};
use crate::connection::Connection;
use crate::identity::{CART_DNS_NAME, Identity, IdentityError, Role};
use crate::link::{LinkOptions, PeerStreams};
use crate::tls::{CertificateFault, Credentials, Refusal};
use crate::{ADMITTED, CloseReason, Closed, socket};

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

/// A console's endpoint. Must be used inside a tokio runtime.
#[derive(Debug)]
pub struct ConsoleEndpoint {
    quinn: quinn::Endpoint,
    demo: DemoPolicy,
    link: LinkOptions,
}

impl ConsoleEndpoint {
    /// Opens the endpoint.
    pub fn open(options: ConsoleOptions) -> Result<Self, OpenError> {
        let (address, socket) = options.bind.map_or_else(open_anywhere, |address| (address, socket::open(address)));
        let failed = |source| OpenError::Socket { address, source };
        let socket = socket.map_err(failed)?;
        let quinn = quinn::Endpoint::new(EndpointConfig::default(), None, socket, Arc::new(TokioRuntime));
        Ok(Self { quinn: quinn.map_err(failed)?, demo: options.demo, link: options.link })
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
        let connecting = self
            .quinn
            .connect_with(config, address, CART_DNS_NAME)
            .map_err(|error| ConnectError::Address { address, detail: error.to_string() })?;
        let explain = |error| ConnectError::from_failure(address, explain(error, &verdict));
        let quinn = connecting.await.map_err(explain)?;
        // In TLS 1.3 this side is done before the cart has looked at its certificate. The cart's first byte is its yes.
        wait_for_admission(&quinn).await.map_err(|error| match error {
            Admission::Connection(error) => explain(error),
            Admission::Nonsense => {
                quinn.close(CloseReason::Violation.code(), b"no admission");
                ConnectError::Incompatible { address, detail: "it does not say that it accepts this console".into() }
            }
        })?;
        Connection::new(quinn, None).ok_or(ConnectError::CartRefused { address, fault: CertificateFault::Malformed })
    }

    /// The address this endpoint sends from.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.quinn.local_addr()
    }

    /// Closes all connections with `reason` and waits a moment until the peers have heard of it.
    pub async fn shut_down(&self, reason: CloseReason) {
        say_farewell(&self.quinn, reason).await;
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
fn open_anywhere() -> (SocketAddr, io::Result<UdpSocket>) {
    let both = SocketAddr::from((Ipv6Addr::UNSPECIFIED, 0));
    if let Ok(socket) = socket::open(both) {
        return (both, Ok(socket));
    }
    let v4 = SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0));
    (v4, socket::open(v4))
}

/// Why no admission came.
enum Admission {
    Connection(quinn::ConnectionError),
    Nonsense,
}

impl From<quinn::ConnectionError> for Admission {
    fn from(error: quinn::ConnectionError) -> Self {
        Self::Connection(error)
    }
}

/// Waits for the cart's yes: one byte on a stream of its own.
async fn wait_for_admission(quinn: &quinn::Connection) -> Result<(), Admission> {
    let mut stream = quinn.accept_uni().await?;
    let mut byte = [0];
    match stream.read_exact(&mut byte).await {
        Ok(()) if byte[0] == ADMITTED => Ok(()),
        Err(quinn::ReadExactError::ReadError(quinn::ReadError::ConnectionLost(error))) => Err(error.into()),
        _ => Err(Admission::Nonsense),
    }
}
