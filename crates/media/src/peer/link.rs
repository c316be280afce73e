//! One WebRTC connection and its settings, the same at both ends.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rtc::ice::mdns::MulticastDnsMode;
use rtc::interceptor::{NackGeneratorBuilder, NackResponderBuilder};
use rtc::peer_connection::configuration::media_engine::MIME_TYPE_H264;
use rtc::rtp_transceiver::rtp_sender::{RTCPFeedback, RTCRtpCodec, RTCRtpCodecParameters, RtpCodecKind};
use tokio::sync::mpsc;
use webrtc::media_stream::track_remote::TrackRemote;
use webrtc::peer_connection::{
    MediaEngine, PeerConnection, PeerConnectionBuilder, PeerConnectionEventHandler, RTCConfigurationBuilder,
    RTCIceConnectionState, RTCIceServer, RTCPeerConnectionIceEvent, RTCPeerConnectionState, Registry,
    SettingEngineBuilder, Slot, configure_rtcp_reports,
};

use crate::LinkError;

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
    pub(crate) events: mpsc::UnboundedReceiver<LinkEvent>,
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
