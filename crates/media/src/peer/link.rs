//! One WebRTC connection: its settings, its negotiation, its end. What both ends have in common.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use farprobe_proto::Signal;
use rtc::ice::mdns::MulticastDnsMode;
use rtc::interceptor::{NackGeneratorBuilder, NackResponderBuilder};
use rtc::peer_connection::configuration::media_engine::MIME_TYPE_H264;
use rtc::rtp_transceiver::rtp_sender::{RTCPFeedback, RTCRtpCodec, RTCRtpCodecParameters, RtpCodecKind};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, sleep_until};
use webrtc::media_stream::track_remote::TrackRemote;
use webrtc::peer_connection::{
    MediaEngine, PeerConnection, PeerConnectionBuilder, PeerConnectionEventHandler, RTCConfigurationBuilder,
    RTCIceCandidateInit, RTCIceConnectionState, RTCIceServer, RTCPeerConnectionIceEvent, RTCPeerConnectionState,
    RTCSessionDescription, Registry, SettingEngineBuilder, Slot, configure_rtcp_reports,
};

use crate::LinkError;

/// How long a connection may take to come up. Signalling, path checks and handshake take about 0.3 s on a good line and
/// three round trips more on a long one.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(15);
/// No packet from the peer for this long, and the path is in doubt. The command path notices a lost link in 50 ms; this is
/// only about when to give the sockets up.
const DISCONNECTED_AFTER: Duration = Duration::from_secs(2);
/// A path in doubt for this long is given up.
const FAILED_AFTER: Duration = Duration::from_secs(3);
/// How often the path is checked while it works.
const KEEP_ALIVE: Duration = Duration::from_millis(500);
/// How often a path is tried while the connection comes up. The library's 200 ms were most of the connection time.
const CHECK_INTERVAL: Duration = Duration::from_millis(50);
/// How many times a path is tried: 5 s in all.
const CHECKS: u16 = 100;
/// How often missing packets are asked for again. At 100 ms, the library's own value, a picture would be 3 pictures late.
const NACK_INTERVAL: Duration = Duration::from_millis(5);
/// How many times a packet is asked for. Each request brings a copy, and on a long line all are on their way before the
/// first copy arrives; without a cap a line with 2 % loss carried everything four times (measured).
const NACKS_PER_PACKET: u16 = 4;
/// Packets kept for retransmission, and looked back at for gaps: 1 s of 10 Mbit/s. A power of two, as the library asks.
const RETRANSMISSION_WINDOW: u16 = 1024;
/// How far behind the newest a packet may arrive. The library's 64 is less than one key picture has packets, so that a
/// retransmission of its first would be taken for a replay.
const REPLAY_WINDOW: usize = 2048;
/// The RTP payload type of the pictures: the first of the dynamic range (RFC 3551).
pub(crate) const PAYLOAD_TYPE: u8 = 96;
/// The RTP clock of video, Hz (RFC 6184).
pub(crate) const RTP_CLOCK: u64 = 90_000;
/// Constrained baseline, level 5.2; level asymmetry as RFC 6184 has it.
const FORMAT: &str = "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e034";

/// Where video may travel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkConfig {
    /// The local addresses to send from and receive at. Port 0 takes any; `0.0.0.0` and `[::]` stand for every interface but
    /// loopback.
    pub local_addresses: Vec<SocketAddr>,
    /// Servers that help through address translators; none by default.
    pub ice_servers: Vec<IceServer>,
}

impl Default for LinkConfig {
    /// Every interface, no servers.
    fn default() -> Self {
        Self { local_addresses: vec![SocketAddr::from(([0, 0, 0, 0], 0))], ice_servers: Vec::new() }
    }
}

/// A STUN or TURN server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IceServer {
    /// Its addresses, as `stun:host:port` or `turn:host:port`.
    pub urls: Vec<String>,
    /// The user's name; empty for STUN.
    pub username: String,
    /// The user's secret; empty for STUN.
    pub credential: String,
}

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

/// What the library reports.
pub(crate) enum LinkEvent {
    Candidate(RTCPeerConnectionIceEvent),
    Path(RTCIceConnectionState),
    Connection(RTCPeerConnectionState),
    Track(Arc<dyn TrackRemote>),
}

/// Hands the library's callbacks over to the task that runs the connection.
///
/// The channel has no bound, because a callback that waits would stop the library's own loop while the task waits for that
/// loop. It holds a handful of events in a connection's life.
struct Forward(mpsc::UnboundedSender<LinkEvent>);

#[async_trait::async_trait]
impl PeerConnectionEventHandler for Forward {
    async fn on_ice_candidate(&self, event: RTCPeerConnectionIceEvent) {
        let _ = self.0.send(LinkEvent::Candidate(event));
    }

    async fn on_ice_connection_state_change(&self, state: RTCIceConnectionState) {
        let _ = self.0.send(LinkEvent::Path(state));
    }

    async fn on_connection_state_change(&self, state: RTCPeerConnectionState) {
        let _ = self.0.send(LinkEvent::Connection(state));
    }

    async fn on_track(&self, track: Arc<dyn TrackRemote>) {
        let _ = self.0.send(LinkEvent::Track(track));
    }
}

/// The codec as both ends register it. RTX is left out on purpose: with it the library retransmitted without end; without
/// it a retransmission is the packet itself.
pub(crate) fn codec() -> RTCRtpCodec {
    let feedback = |parameter: &str| RTCPFeedback { typ: "nack".to_owned(), parameter: parameter.to_owned() };
    RTCRtpCodec {
        mime_type: MIME_TYPE_H264.to_owned(),
        clock_rate: RTP_CLOCK as u32,
        channels: 0,
        sdp_fmtp_line: FORMAT.to_owned(),
        rtcp_feedback: vec![feedback(""), feedback("pli")],
    }
}

/// A connection before it is negotiated.
pub(crate) struct Link {
    pub(crate) connection: Arc<dyn PeerConnection>,
    events: mpsc::UnboundedReceiver<LinkEvent>,
}

impl Link {
    /// Opens the sockets. The interceptors of `registry` come in addition to those every link has.
    pub(crate) async fn open(config: &LinkConfig, registry: Registry) -> Result<Self, LinkError> {
        let mut media_engine = MediaEngine::default();
        let parameters = RTCRtpCodecParameters { rtp_codec: codec(), payload_type: PAYLOAD_TYPE };
        media_engine.register_codec(parameters, RtpCodecKind::Video).map_err(|error| LinkError::library(&error))?;
        let nack_responder = NackResponderBuilder::new().with_size(RETRANSMISSION_WINDOW).build();
        let nack_generator = NackGeneratorBuilder::new()
            .with_size(RETRANSMISSION_WINDOW)
            .with_interval(NACK_INTERVAL)
            .with_max_nacks_per_packet(NACKS_PER_PACKET)
            .build();
        let registry = configure_rtcp_reports(registry)
            .with(Slot::NackResponder, nack_responder)
            .with(Slot::NackGenerator, nack_generator);
        let settings = SettingEngineBuilder::new()
            // Names on the local network are no use between two known machines, and without a network they fail.
            .with_multicast_dns_mode(MulticastDnsMode::Disabled)
            .with_ice_timeouts(Some(DISCONNECTED_AFTER), Some(FAILED_AFTER), Some(KEEP_ALIVE))
            .with_ice_connection_attempts(Some(CHECK_INTERVAL), Some(CHECKS))
            .with_srtp_replay_protection_window(REPLAY_WINDOW)
            .build();
        let servers = config.ice_servers.iter().map(|server| RTCIceServer {
            urls: server.urls.clone(),
            username: server.username.clone(),
            credential: server.credential.clone(),
        });
        let (sender, events) = mpsc::unbounded_channel();
        let builder = PeerConnectionBuilder::new()
            .with_configuration(RTCConfigurationBuilder::new().with_ice_servers(servers.collect()).build())
            .with_media_engine(media_engine)
            .with_interceptor_registry(registry)
            .with_setting_engine(settings)
            .with_handler(Arc::new(Forward(sender)))
            .with_udp_addrs(config.local_addresses.clone());
        // The library's future is 20 kB; boxed, it is no burden to the tasks that wait for it.
        let connection =
            Box::pin(builder.build()).await.map_err(|error| LinkError::Configuration(error.to_string()))?;
        Ok(Self { connection: Arc::new(connection), events })
    }
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
    let mut negotiation = Negotiation { candidates: Some(Vec::new()), path_found: false, connected: false };
    let deadline = Instant::now() + CONNECT_TIMEOUT;
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
            () = sleep_until(deadline), if !negotiation.connected => Err(negotiation.never_came_up()),
            event = link.events.recv() => match event {
                None => Err(LinkError::Library("its loop has stopped".into())),
                Some(event) => negotiation.event(event, signals, end, state).await,
            },
            signal = signals.from_peer.recv() => match signal {
                None => Err(LinkError::PeerClosed),
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
    path_found: bool,
    connected: bool,
}

impl Negotiation {
    /// Why a connection that is not up will not come up.
    const fn never_came_up(&self) -> LinkError {
        // A path without a handshake: the peer's certificate was refused, here or there.
        if self.path_found { LinkError::Untrusted } else { LinkError::NoPath }
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
            LinkEvent::Path(path) => {
                self.path_found |= matches!(path, RTCIceConnectionState::Connected | RTCIceConnectionState::Completed);
            }
            LinkEvent::Connection(RTCPeerConnectionState::Connected) => {
                self.connected = true;
                state.send_replace(LinkState::Connected);
            }
            LinkEvent::Connection(RTCPeerConnectionState::Failed) => {
                return Err(if self.connected { LinkError::PeerGone } else { self.never_came_up() });
            }
            LinkEvent::Connection(RTCPeerConnectionState::Closed) => return Err(LinkError::PeerClosed),
            LinkEvent::Connection(_) => {}
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
