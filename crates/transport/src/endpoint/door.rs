//! How a cart treats newcomers: handshakes side by side, floods turned away, places only for those who proved an identity.

use core::time::Duration;
use std::sync::Arc;

use quinn_proto::{ConnectionError, Incoming, ServerConfig};
use tokio::sync::{Semaphore, mpsc};

use super::cart::{AcceptError, Outcome};
use super::failure::{Failure, explain};
use crate::connection::{Connection, canonical};
use crate::link::{LinkOptions, PeerStreams};
use crate::tls::Credentials;
use crate::wire::{Link, Wire};
use crate::{ADMITTED, CloseReason, Closed};

/// Handshakes that may be under way at a time. Each costs about a millisecond of a core; more than this is a flood, and then
/// newcomers are turned away until it is over.
const MAX_HANDSHAKES: usize = 32;

/// Handshakes under way above which a newcomer must first prove that it can be reached at the address it writes from (a QUIC
/// retry, one more round trip). A flood from made-up addresses then costs no cryptography.
const CALM_HANDSHAKES: usize = 4;

/// A handshake that takes longer than this, admission included, is given up. On a link with a round trip of 350 ms and losses it takes under two
/// seconds.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(5);

/// Outcomes of handshakes that wait to be accepted. When it is full, failures are only logged.
pub(super) const OUTCOME_QUEUE: usize = 64;

/// Bytes kept of a newcomer before its handshake is looked at: two packets of its first flight, and some of the second.
const INCOMING_BYTES: u64 = 8 * 1024;

/// What stands between newcomers and the cart.
pub(super) struct Door {
    credentials: Credentials,
    config: ServerConfig,
    handshakes: Arc<Semaphore>,
    places: Arc<Semaphore>,
    limit: usize,
    outcomes: mpsc::Sender<Outcome>,
}

impl Door {
    /// A door with `limit` places behind it, which hands newcomers over to `outcomes`.
    pub(super) fn new(
        credentials: Credentials,
        link: LinkOptions,
        limit: usize,
        outcomes: mpsc::Sender<Outcome>,
    ) -> Result<Self, rustls::Error> {
        Ok(Self {
            config: server_config(&credentials, link)?,
            credentials,
            handshakes: Arc::new(Semaphore::new(MAX_HANDSHAKES)),
            places: Arc::new(Semaphore::new(limit.min(Semaphore::MAX_PERMITS))),
            limit,
            outcomes,
        })
    }

    /// The library's settings for a listening endpoint.
    pub(super) fn config(&self) -> ServerConfig {
        self.config.clone()
    }

    /// Looks at newcomers until the endpoint closes.
    pub(super) async fn watch(self, wire: Arc<Wire>) {
        while let Some(incoming) = wire.newcomer().await {
            self.look_at(&wire, incoming);
        }
    }

    /// Turns a newcomer away, asks it to prove its address, or begins its handshake.
    fn look_at(&self, wire: &Arc<Wire>, incoming: Incoming) {
        let address = canonical(incoming.remote_address());
        let Ok(handshake) = self.handshakes.clone().try_acquire_owned() else {
            // Not a word: an answer to a flood is a second flood.
            wire.ignore(incoming);
            return;
        };
        let under_way = MAX_HANDSHAKES - self.handshakes.available_permits();
        if under_way > CALM_HANDSHAKES && !incoming.remote_address_validated() {
            wire.retry(incoming);
            return;
        }
        let (tls, verdict) = match self.credentials.for_cart() {
            Ok(prepared) => prepared,
            Err(error) => {
                wire.ignore(incoming);
                let detail = error.to_string();
                return report(&self.outcomes, AcceptError::Incompatible { address, detail });
            }
        };
        // A configuration of its own for each handshake, so that its verifier's verdict is about this peer and no other.
        let mut config = self.config.clone();
        config.crypto = Arc::new(tls);
        let (outcomes, places, limit) = (self.outcomes.clone(), self.places.clone(), self.limit);
        let begun = wire.accept(incoming, config);
        tokio::spawn(async move {
            let outcome = async {
                let link = shake_hands(begun).await.map_err(|error| explain(error, &verdict))?;
                admit(link, places).await
            };
            let outcome = tokio::time::timeout(HANDSHAKE_TIMEOUT, outcome).await;
            drop(handshake);
            match outcome.unwrap_or(Err(Failure::Closed(Closed::LinkLost))) {
                // If nobody accepts any more, dropping the connection closes it.
                Ok(connection) => drop(outcomes.send(Ok(connection)).await),
                Err(failure) => report(&outcomes, AcceptError::from_failure(address, limit, failure)),
            }
        });
    }
}

/// The library's settings, with the limits that hold before anybody is known.
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

/// Hands a failure over, or only logs it: a flood of them must not hold up the handshake of an honest console.
fn report(outcomes: &mpsc::Sender<Outcome>, error: AcceptError) {
    if let Err(mpsc::error::TrySendError::Full(Err(error)) | mpsc::error::TrySendError::Closed(Err(error))) =
        outcomes.try_send(Err(error))
    {
        tracing::debug!("{error}");
    }
}

/// One handshake. Afterwards both sides have checked each other's certificates, but only this one knows that.
async fn shake_hands(begun: Result<Link, ConnectionError>) -> Result<Link, ConnectionError> {
    let link = begun?;
    link.connected().await?;
    Ok(link)
}

/// Gives a known console its place and tells it that it is accepted.
///
/// Only who has proved an identity may take a place, or strangers could take them all.
async fn admit(link: Link, places: Arc<Semaphore>) -> Result<Connection, Failure> {
    let Ok(place) = places.try_acquire_owned() else {
        link.close(CloseReason::Full.code(), b"");
        return Err(Failure::Busy);
    };
    // A Farprobe console lets the cart open this stream from the first moment on.
    let mut stream = tokio::select! {
        biased;
        stream = link.open_uni() => stream.map_err(|error| Failure::Closed(error.into()))?,
        () = core::future::ready(()) => {
            link.close(CloseReason::Violation.code(), b"no room for the admission");
            return Err(Failure::Incompatible("it leaves no room for the admission".into()));
        }
    };
    let told = stream.write_all(&[ADMITTED]).await.is_ok() && stream.finish().is_ok();
    match Connection::new(link.clone(), Some(place)) {
        Some(connection) if told => Ok(connection),
        // The stream was ours alone and the certificate was just read, so the connection itself must have ended.
        _ => Err(Failure::Closed(link.close_reason().map_or(Closed::LinkLost, Into::into))),
    }
}
