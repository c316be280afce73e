//! How a connection comes up, and how it ends.

use std::sync::Arc;
use std::time::Duration;

use farprobe_proto::Signal;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, sleep_until};
use webrtc::media_stream::track_remote::TrackRemote;
use webrtc::peer_connection::{
    PeerConnection, RTCIceCandidateInit, RTCIceConnectionState, RTCPeerConnectionState, RTCSessionDescription,
};

use super::link::{Link, LinkEvent};
use crate::LinkError;

/// How long a connection may take to come up. Signalling, path checks and handshake take about 0.3 s on a good line and
/// three round trips more on a long one.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(15);
/// How long the handshake may take once there is a path. The library does not say that it refused a certificate, it falls
/// silent; a handshake takes two round trips, and a lost packet of it is sent again after 1 s.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(5);
/// A peer that leaves when the handshake has hung for this long leaves because of it: both ends give up at about the same
/// moment, and the first to do so must not hide the reason from the other.
const HANDSHAKE_HUNG: Duration = Duration::from_secs(2);

/// The signalling between the two ends. Whoever makes an end carries the signals over a channel the peer is known on: the
/// certificates' fingerprints travel in them.
#[derive(Debug)]
pub struct Signals {
    /// Signals for the peer.
    pub to_peer: mpsc::Sender<Signal>,
    /// Signals from the peer. When its sender is dropped, the video ends.
    pub from_peer: mpsc::Receiver<Signal>,
}

/// How a video connection is.
#[derive(Debug, Clone)]
pub enum LinkState {
    /// It is coming up.
    Connecting,
    /// Pictures can travel.
    Connected,
    /// It has ended, and will not come back: make a new one.
    Ended(LinkError),
}

/// Which end of the negotiation this is, and what it does with what only it is told.
pub(crate) trait End: Send + 'static {
    /// Starts the negotiation, if this end does: gives the offer to send.
    fn offer(
        &mut self,
        connection: &dyn PeerConnection,
    ) -> impl Future<Output = Result<Option<String>, LinkError>> + Send;
    /// The peer's pictures begin.
    fn track(&mut self, track: Arc<dyn TrackRemote>);
    /// The peer asks for a key picture.
    fn key_picture_wanted(&mut self);
}

/// Runs one end until it ends; the reason is published in `state`, and the sockets are closed.
pub(crate) async fn run(
    mut link: Link,
    mut signals: Signals,
    mut end: impl End,
    state: watch::Sender<LinkState>,
    stop: oneshot::Receiver<()>,
) {
    let reason = negotiate(&mut link, &mut signals, &mut end, &state, stop).await;
    tracing::info!(%reason, "video connection ended");
    state.send_replace(LinkState::Ended(reason));
    if let Err(error) = link.connection.close().await {
        tracing::debug!(%error, "the video sockets were not closed in good order");
    }
}

async fn negotiate(
    link: &mut Link,
    signals: &mut Signals,
    end: &mut impl End,
    state: &watch::Sender<LinkState>,
    mut stop: oneshot::Receiver<()>,
) -> LinkError {
    let mut negotiation = Negotiation::new();
    match end.offer(&*link.connection).await {
        Ok(None) => {}
        Ok(Some(offer)) => {
            if signals.to_peer.send(Signal::Offer(offer)).await.is_err() {
                return LinkError::PeerClosed;
            }
        }
        Err(error) => return error,
    }
    loop {
        let step = tokio::select! {
            _ = &mut stop => Err(LinkError::ClosedHere),
            () = sleep_until(negotiation.deadline), if !negotiation.connected => Err(negotiation.never_came_up()),
            event = link.events.recv() => match event {
                None => Err(LinkError::Library("its loop has stopped".into())),
                Some(event) => negotiation.event(event, signals, end, state).await,
            },
            signal = signals.from_peer.recv() => match signal {
                None => Err(negotiation.peer_left()),
                Some(signal) => negotiation.signal(signal, &*link.connection, signals, end).await,
            },
        };
        if let Err(reason) = step {
            return reason;
        }
    }
}

/// What the negotiation has reached.
struct Negotiation {
    /// The peer's candidates that came before its description; `None` once that has come.
    candidates: Option<Vec<RTCIceCandidateInit>>,
    path_found: Option<Instant>,
    connected: bool,
    /// When to give up, unless connected.
    deadline: Instant,
}

impl Negotiation {
    fn new() -> Self {
        let deadline = Instant::now() + CONNECT_TIMEOUT;
        Self { candidates: Some(Vec::new()), path_found: None, connected: false, deadline }
    }

    /// Why a connection that is not up will not come up.
    const fn never_came_up(&self) -> LinkError {
        // A path without a handshake: the peer's certificate was refused, here or there.
        if self.path_found.is_some() { LinkError::Untrusted } else { LinkError::NoPath }
    }

    /// Why a peer has left that did so of itself.
    fn peer_left(&self) -> LinkError {
        let hung = self.path_found.is_some_and(|found| found.elapsed() >= HANDSHAKE_HUNG);
        if hung && !self.connected { LinkError::Untrusted } else { LinkError::PeerClosed }
    }

    async fn event(
        &mut self,
        event: LinkEvent,
        signals: &Signals,
        end: &mut impl End,
        state: &watch::Sender<LinkState>,
    ) -> Result<(), LinkError> {
        match event {
            LinkEvent::Candidate(event) => {
                let json = event.candidate.to_json().map_err(|error| LinkError::library(&error))?;
                let text = serde_json::to_string(&json).map_err(|error| LinkError::library(&error))?;
                signals.to_peer.send(Signal::Candidate(text)).await.map_err(|_| LinkError::PeerClosed)?;
            }
            LinkEvent::Path(RTCIceConnectionState::Connected | RTCIceConnectionState::Completed) => {
                let found = *self.path_found.get_or_insert_with(Instant::now);
                self.deadline = self.deadline.min(found + HANDSHAKE_TIMEOUT);
            }
            LinkEvent::Connection(RTCPeerConnectionState::Connected) => {
                self.connected = true;
                state.send_replace(LinkState::Connected);
            }
            LinkEvent::Connection(RTCPeerConnectionState::Failed) => {
                return Err(if self.connected { LinkError::PeerGone } else { self.never_came_up() });
            }
            LinkEvent::Connection(RTCPeerConnectionState::Closed) => return Err(self.peer_left()),
            LinkEvent::Path(_) | LinkEvent::Connection(_) => {}
            LinkEvent::Track(track) => end.track(track),
        }
        Ok(())
    }

    async fn signal(
        &mut self,
        signal: Signal,
        connection: &dyn PeerConnection,
        signals: &Signals,
        end: &mut impl End,
    ) -> Result<(), LinkError> {
        let refused = |error: &dyn ToString| LinkError::Signalling(error.to_string());
        match signal {
            Signal::Offer(text) => {
                let offer = RTCSessionDescription::offer(text).map_err(|error| refused(&error))?;
                self.described(offer, connection).await?;
                let answer = connection.create_answer(None).await.map_err(|error| refused(&error))?;
                let text = answer.sdp.clone();
                connection.set_local_description(answer).await.map_err(|error| LinkError::library(&error))?;
                signals.to_peer.send(Signal::Answer(text)).await.map_err(|_| LinkError::PeerClosed)?;
            }
            Signal::Answer(text) => {
                let answer = RTCSessionDescription::answer(text).map_err(|error| refused(&error))?;
                self.described(answer, connection).await?;
            }
            Signal::Candidate(text) => {
                let candidate = serde_json::from_str(&text).map_err(|error| refused(&error))?;
                match &mut self.candidates {
                    Some(waiting) => waiting.push(candidate),
                    None => connection.add_ice_candidate(candidate).await.map_err(|error| refused(&error))?,
                }
            }
            Signal::KeyPicture => end.key_picture_wanted(),
        }
        Ok(())
    }

    /// Takes the peer's description, and the candidates that came before it.
    async fn described(
        &mut self,
        description: RTCSessionDescription,
        connection: &dyn PeerConnection,
    ) -> Result<(), LinkError> {
        let refused = |error: &dyn ToString| LinkError::Signalling(error.to_string());
        connection.set_remote_description(description).await.map_err(|error| refused(&error))?;
        for candidate in self.candidates.take().unwrap_or_default() {
            connection.add_ice_candidate(candidate).await.map_err(|error| refused(&error))?;
        }
        Ok(())
    }
}
