//! The two kinds of endpoint: a cart's listens, a console's connects.

mod cart;
mod console;
mod door;
mod failure;

use core::time::Duration;
use std::io;
use std::net::SocketAddr;

pub use cart::{AcceptError, CartEndpoint, CartOptions};
pub use console::{ConnectError, ConsoleEndpoint, ConsoleOptions};

use crate::CloseReason;
use crate::identity::{Identity, IdentityError, Purpose, Role};
use crate::wire::Endpoint;

/// Which kind of identity an endpoint uses. Both kinds never meet: an endpoint accepts only peers of its own kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DemoPolicy {
    /// Real ones. What every program does unless it was started as a demo.
    #[default]
    Refused,
    /// Demo ones, and no others: what a demo takes the liberty to do must never be done under a real name.
    Required,
}

impl DemoPolicy {
    /// Refuses a demo identity outside a demo, and a real one inside. Endpoints ask this themselves.
    pub fn check(self, identity: &Identity) -> Result<(), IdentityError> {
        match (identity.purpose(), self) {
            (Purpose::Demo, Self::Refused) => Err(IdentityError::DemoOutsideDemo),
            (Purpose::Real, Self::Required) => Err(IdentityError::RealInsideDemo { name: identity.name().into() }),
            (Purpose::Demo, Self::Required) | (Purpose::Real, Self::Refused) => Ok(()),
        }
    }
}

/// What to do about an address that can't be opened.
fn remedy(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::AddrInUse => "end the program that uses it, or choose another port",
        io::ErrorKind::AddrNotAvailable => "name an address of this machine, or 0.0.0.0 for all of them",
        io::ErrorKind::PermissionDenied => "ports below 1024 are for the system: choose a higher one",
        _ => "choose another address",
    }
}

/// Why an endpoint cannot be opened. The configuration or this machine is to blame.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The address cannot be used.
    #[error("cannot open UDP {address}: {source}: {}", remedy(source))]
    Socket {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// One path more than there may be.
    #[error("a connection has no more than {most} further paths: leave one out")]
    TooManyPaths {
        /// How many there may be.
        most: usize,
    },
    /// The identity cannot be used here.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// The identity has another role.
    #[error(
        "{name:?} is an identity for the role {found}, and a {expected} needs its own: issue one with `identity issue`"
    )]
    Role {
        /// The identity's name.
        name: String,
        /// Its role.
        found: Role,
        /// What would do, in words.
        expected: &'static str,
    },
    /// The TLS library does not take the identity.
    #[error("the identity cannot be used: {0}: make it again")]
    Tls(#[from] rustls::Error),
}

/// How long an endpoint that shuts down waits for its peers to hear of it. A packet that is lost on a slow link is sent again
/// within this.
const FAREWELL: Duration = Duration::from_millis(500);

/// Closes all connections and waits a moment until the peers have heard of it.
async fn say_farewell(endpoint: &Endpoint, reason: CloseReason) {
    endpoint.close(reason.code(), b"");
    // If a peer does not answer in time its own time-out tells it.
    let _ = tokio::time::timeout(FAREWELL, endpoint.wait_idle()).await;
}
