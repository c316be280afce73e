//! The cart's end: encoded pictures out.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rtc::media_stream::MediaStreamTrack;
use rtc::rtp::header::Header;
use rtc::rtp::packet::Packet;
use rtc::rtp_transceiver::rtp_sender::{RTCRtpCodingParameters, RTCRtpEncodingParameters, RtpCodecKind};
use tokio::sync::{Notify, oneshot, watch};
use tokio::task::JoinHandle;
use webrtc::media_stream::track_local::TrackLocal;
use webrtc::media_stream::track_local::static_rtp::TrackLocalStaticRTP;
use webrtc::media_stream::track_remote::TrackRemote;
use webrtc::peer_connection::{PeerConnection, Registry};

use super::link::{self, Link, LinkConfig, PAYLOAD_TYPE, RTP_CLOCK};
use super::negotiation::{self, End, LinkState, Signals};
use super::outbox::{Outbox, SendOutcome};
use super::stats::SenderStats;
use crate::rtp::payload;
use crate::{AccessUnit, Clock, LinkError};

/// The name of the stream of pictures. One stream a connection, so it needs no other.
const SSRC: u32 = 0x4650_0001;
/// Packets sent in one go. A picture of 4–6 Mbit/s has about 20; a key picture has 90, and all at once they overflow a
/// socket's default buffer of 208 KiB, which holds about 92 packets of this size.
const BURST: usize = 24;
/// The pause between bursts: the shortest the timer gives. 24 packets a millisecond are 230 Mbit/s.
const BURST_PAUSE: Duration = Duration::from_millis(1);

/// Sends encoded pictures to one console. It is the side that offers.
///
/// Dropping it ends the video in good order. For a new console, or after [`LinkState::Ended`], make a new one.
pub struct VideoSender {
    shared: Arc<Shared>,
    state: watch::Receiver<LinkState>,
    /// Dropped to stop.
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<()>,
}

/// What the sender, its tasks and the encoder's thread share.
struct Shared {
    outbox: Mutex<Outbox>,
    filled: Notify,
    key_request: AtomicBool,
    stats: Mutex<SenderStats>,
}

impl Shared {
    fn stats(&self, change: impl FnOnce(&mut SenderStats)) {
        change(&mut self.stats.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

impl VideoSender {
    /// Opens the sockets and offers the video to the peer. Runs on the tokio runtime it is called in.
    pub async fn start(config: &LinkConfig, clock: Clock, signals: Signals) -> Result<Self, LinkError> {
        Self::start_with(config, clock, signals, Registry::new()).await
    }

    /// As [`Self::start`], with interceptors of the caller's in the way of the packets.
    pub(crate) async fn start_with(
        config: &LinkConfig,
        clock: Clock,
        signals: Signals,
        registry: Registry,
    ) -> Result<Self, LinkError> {
        let link = Link::open(config, registry).await?;
        let track = Arc::new(TrackLocalStaticRTP::new(MediaStreamTrack::new(
            "farprobe".to_owned(),
            "ultrasound".to_owned(),
            "ultrasound".to_owned(),
            RtpCodecKind::Video,
            vec![RTCRtpEncodingParameters {
                rtp_coding_parameters: RTCRtpCodingParameters { ssrc: Some(SSRC), ..Default::default() },
                codec: link::codec(),
                ..Default::default()
            }],
        )));
        let as_track: Arc<dyn TrackLocal> = Arc::clone(&track) as Arc<dyn TrackLocal>;
        link.connection.add_track(as_track).await.map_err(|error| LinkError::library(&error))?;

        let shared = Arc::new(Shared {
            outbox: Mutex::new(Outbox::new()),
            filled: Notify::new(),
            key_request: AtomicBool::new(true),
            stats: Mutex::default(),
        });
        let (state_sender, state) = watch::channel(LinkState::Connecting);
        let (stop, stopped) = oneshot::channel();
        let end = SendingEnd(Arc::clone(&shared));
        let pump = tokio::spawn(pump(Arc::clone(&shared), track, clock, state.clone()));
        let task = tokio::spawn(async move {
            negotiation::run(link, signals, end, state_sender, stopped).await;
            pump.abort();
        });
        Ok(Self { shared, state, stop: Some(stop), task })
    }

    /// Hands over a picture; never waits.
    pub fn send(&self, unit: AccessUnit) -> SendOutcome {
        if !self.is_connected() {
            return SendOutcome::NotConnected;
        }
        let outcome = self.shared.outbox.lock().unwrap_or_else(PoisonError::into_inner).put(unit);
        match outcome {
            SendOutcome::Queued => self.shared.filled.notify_one(),
            SendOutcome::Congested | SendOutcome::KeyPictureNeeded => {
                self.shared.key_request.store(true, Ordering::Release);
                self.shared.stats(|stats| stats.pictures_dropped += 1);
            }
            SendOutcome::NotConnected => {}
        }
        outcome
    }

    /// Says that at least one encoded picture was not handed over: the caller was too slow. Nothing is sent before the next key
    /// picture, for the console would decode it onto the wrong picture and could not know.
    pub fn skipped(&self) {
        self.shared.outbox.lock().unwrap_or_else(PoisonError::into_inner).skipped();
        self.shared.key_request.store(true, Ordering::Release);
    }

    /// Whether a picture encoded now would be sent at once. Do not encode while it is not: an encoded picture that is not
    /// sent costs a key picture.
    pub fn is_ready(&self) -> bool {
        self.is_connected() && self.shared.outbox.lock().unwrap_or_else(PoisonError::into_inner).has_room()
    }

    /// Whether the next picture must be a key picture; asking takes the request back. True for the first one.
    pub fn take_key_request(&self) -> bool {
        self.shared.key_request.swap(false, Ordering::AcqRel)
    }

    /// How the connection is, now and on every change.
    pub fn state(&self) -> watch::Receiver<LinkState> {
        self.state.clone()
    }

    /// What has been counted.
    pub fn stats(&self) -> SenderStats {
        *self.shared.stats.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends the video in good order and waits until its sockets are closed.
    pub async fn close(mut self) {
        drop(self.stop.take());
        // A task that panicked has ended too.
        let _ = (&mut self.task).await;
    }

    fn is_connected(&self) -> bool {
        matches!(*self.state.borrow(), LinkState::Connected)
    }
}

/// The offering side of the negotiation.
struct SendingEnd(Arc<Shared>);

impl End for SendingEnd {
    async fn offer(&mut self, connection: &dyn PeerConnection) -> Result<Option<String>, LinkError> {
        let offer = connection.create_offer(None).await.map_err(|error| LinkError::library(&error))?;
        let text = offer.sdp.clone();
        connection.set_local_description(offer).await.map_err(|error| LinkError::library(&error))?;
        Ok(Some(text))
    }

    fn track(&mut self, _track: Arc<dyn TrackRemote>) {
        tracing::warn!("the console offered pictures of its own; they are not taken");
    }

    fn key_picture_wanted(&mut self) {
        self.0.key_request.store(true, Ordering::Release);
        self.0.stats(|stats| stats.key_requests += 1);
    }
}

/// Sends what is put into the outbox until the connection ends.
async fn pump(
    shared: Arc<Shared>,
    track: Arc<TrackLocalStaticRTP>,
    clock: Clock,
    mut state: watch::Receiver<LinkState>,
) {
    if state.wait_for(|state| matches!(state, LinkState::Connected)).await.is_err() {
        return;
    }
    let mut sequence = 0_u16;
    loop {
        let waiting = shared.outbox.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(unit) = waiting else {
            shared.filled.notified().await;
            continue;
        };
        if let Err(error) = send_unit(&shared, &track, &clock, &mut sequence, &unit).await {
            tracing::warn!(%error, "a picture was not sent");
        }
    }
}

async fn send_unit(
    shared: &Shared,
    track: &TrackLocalStaticRTP,
    clock: &Clock,
    sequence: &mut u16,
    unit: &AccessUnit,
) -> Result<(), webrtc::error::Error> {
    let payloads = payload::split(&unit.data);
    let count = payloads.len();
    let timestamp = rtp_timestamp(unit);
    let first_at = clock();
    for (index, payload) in payloads.into_iter().enumerate() {
        if index > 0 && index % BURST == 0 {
            tokio::time::sleep(BURST_PAUSE).await;
        }
        let length = payload.len() as u64;
        let header = Header {
            version: 2,
            marker: index + 1 == count,
            payload_type: PAYLOAD_TYPE,
            sequence_number: *sequence,
            timestamp,
            ssrc: SSRC,
            ..Default::default()
        };
        *sequence = sequence.wrapping_add(1);
        track.write_rtp(Packet { header, payload }).await?;
        shared.stats(|stats| {
            stats.packets_sent += 1;
            stats.bytes_sent += length;
        });
    }
    let last_at = clock();
    shared.stats(|stats| {
        stats.pictures_sent += 1;
        stats.capture_to_first_packet.add(first_at.saturating_since(unit.captured_at));
        stats.first_to_last_packet.add(last_at.saturating_since(first_at));
    });
    Ok(())
}

/// The picture's capture time on the RTP clock, which wraps every 13 hours.
fn rtp_timestamp(unit: &AccessUnit) -> u32 {
    (u128::from(unit.captured_at.as_nanos()) * u128::from(RTP_CLOCK) / 1_000_000_000) as u32
}
