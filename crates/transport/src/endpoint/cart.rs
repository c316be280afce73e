//! A cart's endpoint: it listens, and no stranger at the door keeps it from its work.

use core::time::Duration;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::SystemTime;

use quinn::{EndpointConfig, Incoming, ServerConfig, TokioRuntime};
use tokio::sync::{Mutex, OwnedSemaphorePermit, Semaphore, mpsc};

use super::failure::{Failure, explain};
use super::{DemoPolicy, OpenError, check_demo};
use crate::connection::{Connection, canonical};
use crate::identity::{Identity, Role};
use crate::link::{LinkOptions, PeerStreams};
use crate::tls::{CertificateFault, Credentials, Refusal};
use crate::{ADMITTED, CloseReason, Closed, socket};

/// Handshakes that may be under way at a time. Each costs about a millisecond of a core; more than this is a flood, and then
/// newcomers are turned away until it is over.
const MAX_HANDSHAKES: usize = 32;

/// Handshakes under way above which a newcomer must first prove that it can be reached at the address it writes from (a QUIC
/// retry, one more round trip). A flood from made-up addresses then costs no cryptography.
const CALM_HANDSHAKES: usize = 4;

/// A handshake that takes longer than this is given up. On a link with a round trip of 350 ms and losses it takes under two
/// seconds.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(5);

/// Outcomes of handshakes that wait for [`CartEndpoint::accept`]. When it is full, failures are only logged.
const OUTCOME_QUEUE: usize = 64;

/// Bytes kept of a newcomer before its handshake is looked at: two packets of its first flight, and some of the second.
const INCOMING_BYTES: u64 = 8 * 1024;

/// How long [`CartEndpoint::shut_down`] waits for peers to hear of it.
const FAREWELL: Duration = Duration::from_millis(500);

/// Options of a cart's endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CartOptions {
    /// Whether a demo identity may be used.
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
    /// There are as many connections as allowed.
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
    fn from_failure(address: SocketAddr, failure: Failure) -> Self {
        match failure {
            Failure::Fault(fault) => Self::PeerRefused { address, fault },
            Failure::Refused(refusal) => Self::RefusedByPeer { address, refusal },
            Failure::Incompatible(detail) => Self::Incompatible { address, detail },
            Failure::Busy => Self::Unfinished { address, closed: Closed::PeerRestarted },
            Failure::Closed(closed) => Self::Unfinished { address, closed },
        }
    }
}

type Outcome = Result<Connection, AcceptError>;

/// A cart's endpoint. Must be opened inside a tokio runtime; closed when dropped.
#[derive(Debug)]
pub struct CartEndpoint {
    quinn: quinn::Endpoint,
    outcomes: Mutex<mpsc::Receiver<Outcome>>,
}

impl CartEndpoint {
    /// Listens at `bind` as `identity`, which must be a cart's.
    pub fn open(bind: SocketAddr, identity: &Identity, options: CartOptions) -> Result<Self, OpenError> {
        check_demo(identity, options.demo)?;
        match identity.role() {
            Role::Cart => {}
            found @ (Role::Operator | Role::Observer) => {
                return Err(OpenError::Role { name: identity.name().into(), found, expected: "cart" });
            }
        }
        let credentials = Credentials::new(identity, SystemTime::now())?;
        let config = server_config(&credentials, options.link)?;
        let failed = |source| OpenError::Socket { address: bind, source };
        let socket = socket::open(bind).map_err(failed)?;
        let endpoint_config = EndpointConfig::default();
        let quinn = quinn::Endpoint::new(endpoint_config, Some(config.clone()), socket, Arc::new(TokioRuntime));
        let quinn = quinn.map_err(failed)?;
        let (sender, receiver) = mpsc::channel(OUTCOME_QUEUE);
        let door = Door {
            credentials,
            config,
            handshakes: Arc::new(Semaphore::new(MAX_HANDSHAKES)),
            places: Arc::new(Semaphore::new(options.max_connections.min(Semaphore::MAX_PERMITS))),
            limit: options.max_connections,
            outcomes: sender,
        };
        tokio::spawn(door.watch(quinn.clone()));
        Ok(Self { quinn, outcomes: Mutex::new(receiver) })
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
        self.quinn.local_addr()
    }

    /// Closes all connections with `reason` and waits a moment until the peers have heard of it.
    pub async fn shut_down(&self, reason: CloseReason) {
        self.quinn.close(reason.code(), b"");
        // If a peer does not answer in time its own time-out tells it.
        let _ = tokio::time::timeout(FAREWELL, self.quinn.wait_idle()).await;
    }
}

impl Drop for CartEndpoint {
    fn drop(&mut self) {
        // Without this the task at the door would keep the endpoint alive, and the port taken, for ever.
        self.quinn.close(CloseReason::ShuttingDown.code(), b"");
    }
}

fn server_config(credentials: &Credentials, link: LinkOptions) -> Result<ServerConfig, rustls::Error> {
    let (tls, _) = credentials.for_cart()?;
    let mut config = ServerConfig::with_crypto(Arc::new(tls));
    config
        .transport_config(Arc::new(link.to_config(PeerStreams::OF_CONSOLE)))
        .max_incoming(MAX_HANDSHAKES)
        .incoming_buffer_size(INCOMING_BYTES)
        .incoming_buffer_size_total(INCOMING_BYTES * MAX_HANDSHAKES as u64);
    Ok(config)
}

/// What stands between newcomers and the cart.
struct Door {
    credentials: Credentials,
    config: ServerConfig,
    handshakes: Arc<Semaphore>,
    places: Arc<Semaphore>,
    limit: usize,
    outcomes: mpsc::Sender<Outcome>,
}

impl Door {
    /// Looks at newcomers until the endpoint closes.
    async fn watch(self, quinn: quinn::Endpoint) {
        while let Some(incoming) = quinn.accept().await {
            self.look_at(incoming);
        }
    }

    /// Turns a newcomer away, asks it to prove its address, or begins its handshake.
    fn look_at(&self, incoming: Incoming) {
        let address = canonical(incoming.remote_address());
        let Ok(handshake) = self.handshakes.clone().try_acquire_owned() else {
            // Not a word: an answer to a flood is a second flood.
            incoming.ignore();
            return;
        };
        let under_way = MAX_HANDSHAKES - self.handshakes.available_permits();
        if under_way > CALM_HANDSHAKES && !incoming.remote_address_validated() {
            if incoming.retry().is_err() {
                tracing::debug!("{address} could not be asked to prove its address");
            }
            return;
        }
        let Ok(place) = self.places.clone().try_acquire_owned() else {
            incoming.refuse();
            report(&self.outcomes, AcceptError::Full { address, limit: self.limit });
            return;
        };
        let (tls, verdict) = match self.credentials.for_cart() {
            Ok(prepared) => prepared,
            Err(error) => {
                let detail = error.to_string();
                return report(&self.outcomes, AcceptError::Incompatible { address, detail });
            }
        };
        // A configuration of its own for each handshake, so that its verifier's verdict is about this peer and no other.
        let mut config = self.config.clone();
        config.crypto = Arc::new(tls);
        let outcomes = self.outcomes.clone();
        tokio::spawn(async move {
            let outcome = match tokio::time::timeout(HANDSHAKE_TIMEOUT, admit(incoming, config, place)).await {
                Ok(outcome) => outcome.map_err(|error| AcceptError::from_failure(address, explain(error, &verdict))),
                Err(_) => Err(AcceptError::Unfinished { address, closed: Closed::LinkLost }),
            };
            drop(handshake);
            match outcome {
                // If nobody accepts any more, dropping the connection closes it.
                Ok(connection) => drop(outcomes.send(Ok(connection)).await),
                Err(error) => report(&outcomes, error),
            }
        });
    }
}

/// Hands a failure over, or only logs it: a flood of them must not hold up the handshake of an honest console.
fn report(outcomes: &mpsc::Sender<Outcome>, error: AcceptError) {
    if let Err(mpsc::error::TrySendError::Full(Err(error)) | mpsc::error::TrySendError::Closed(Err(error))) =
        outcomes.try_send(Err(error))
    {
        tracing::debug!("{error}");
    }
}

/// One handshake, up to the byte that tells the console that it is accepted.
async fn admit(
    incoming: Incoming,
    config: ServerConfig,
    place: OwnedSemaphorePermit,
) -> Result<Connection, quinn::ConnectionError> {
    let quinn = incoming.accept_with(Arc::new(config))?.await?;
    let mut stream = quinn.open_uni().await?;
    let told = match stream.write_all(&[ADMITTED]).await {
        Ok(()) => stream.finish().is_ok(),
        Err(_) => false,
    };
    match Connection::new(quinn.clone(), Some(place)) {
        Some(connection) if told => Ok(connection),
        // The stream was ours alone and the certificate was just read, so the connection itself must have ended.
        _ => Err(quinn.close_reason().unwrap_or(quinn::ConnectionError::Reset)),
    }
}
