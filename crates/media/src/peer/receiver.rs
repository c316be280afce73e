//! The console's end: decoded pictures in.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use farprobe_geom::Time;
use farprobe_proto::Signal;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;
use webrtc::media_stream::track_remote::{TrackRemote, TrackRemoteEvent};
use webrtc::peer_connection::{PeerConnection, Registry};

use super::backlog::{Handed, PATIENCE, Queue};
use super::decoding::{Shared, ShowPicture, decode_all};
use super::link::{Link, LinkConfig};
use super::negotiation::{self, End, LinkState, Signals};
use super::stats::ReceiverStats;
use crate::rtp::assembler::{Assembler, Dependence, Outcome, Packet, Unit};
use crate::rtp::key_requests::KeyRequests;
use crate::{Clock, CodecError, Decoder, LinkError};

/// How long a gap waits for its retransmission, unless the configuration says otherwise: a round trip of 50 ms, asked for
/// twice. The picture may be 300 ms old before it is flagged.
const RECOVERY_WAIT: Duration = Duration::from_millis(100);

/// How pictures are received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceiverConfig {
    /// Where video may travel.
    pub link: LinkConfig,
    /// How long a gap waits for its retransmission before its picture is given up.
    pub recovery_wait: Duration,
    /// How long the decoder may be behind before it begins anew with a key picture.
    pub decoder_patience: Duration,
}

impl Default for ReceiverConfig {
    /// Every interface, no servers, 100 ms each.
    fn default() -> Self {
        Self { link: LinkConfig::default(), recovery_wait: RECOVERY_WAIT, decoder_patience: PATIENCE }
    }
}

/// Receives and decodes the pictures of one cart. It is the side that answers.
///
/// Dropping it ends the video in good order. After [`LinkState::Ended`] make a new one.
pub struct VideoReceiver {
    shared: Arc<Shared>,
    state: watch::Receiver<LinkState>,
    /// Dropped to stop.
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<()>,
}

impl VideoReceiver {
    /// Opens the sockets, starts the decoder's thread, and waits for the peer's offer. Runs on the tokio runtime it is called
    /// in. `clock` is the console's clock.
    pub async fn start(
        config: &ReceiverConfig,
        clock: Clock,
        signals: Signals,
        show: ShowPicture,
    ) -> Result<Self, LinkError> {
        let decoder = Decoder::new()?;
        let link = Link::open(&config.link, Registry::new()).await?;
        let shared = Arc::new(Shared {
            clock,
            stats: Mutex::default(),
            stopped: AtomicBool::new(false),
            queue: Queue::new(config.decoder_patience),
            undecodable: AtomicBool::new(false),
        });
        let of_thread = Arc::clone(&shared);
        thread::Builder::new()
            .name("video-decoder".to_owned())
            .spawn(move || decode_all(&of_thread, decoder, show))
            .map_err(|error| CodecError::Library(format!("its thread did not start: {error}")))?;
        let (state_sender, state) = watch::channel(LinkState::Connecting);
        let (stop, stopped) = oneshot::channel();
        let end = ReceivingEnd {
            shared: Arc::clone(&shared),
            to_peer: signals.to_peer.clone(),
            recovery_wait: config.recovery_wait,
            task: None,
        };
        let of_task = Arc::clone(&shared);
        let task = tokio::spawn(async move {
            negotiation::run(link, signals, end, state_sender, stopped).await;
            of_task.stop();
        });
        Ok(Self { shared, state, stop: Some(stop), task })
    }

    /// How the connection is, now and on every change.
    pub fn state(&self) -> watch::Receiver<LinkState> {
        self.state.clone()
    }

    /// What has been counted.
    pub fn stats(&self) -> ReceiverStats {
        *self.shared.stats.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends the video in good order and waits until its sockets are closed.
    pub async fn close(mut self) {
        self.shared.stop();
        drop(self.stop.take());
        // A task that panicked has ended too.
        let _ = (&mut self.task).await;
    }
}

impl Drop for VideoReceiver {
    fn drop(&mut self) {
        self.shared.stop();
    }
}

/// The answering side of the negotiation.
struct ReceivingEnd {
    shared: Arc<Shared>,
    to_peer: mpsc::Sender<Signal>,
    recovery_wait: Duration,
    task: Option<JoinHandle<()>>,
}

impl End for ReceivingEnd {
    async fn offer(&mut self, _connection: &dyn PeerConnection) -> Result<Option<String>, LinkError> {
        Ok(None)
    }

    fn track(&mut self, track: Arc<dyn TrackRemote>) {
        if self.task.is_some() {
            tracing::warn!("the cart offered a second stream of pictures; it is not taken");
            return;
        }
        let intake = Intake {
            shared: Arc::clone(&self.shared),
            to_peer: self.to_peer.clone(),
            assembler: Assembler::new(self.recovery_wait),
            key_requests: KeyRequests::default(),
        };
        self.task = Some(tokio::spawn(intake.run(track)));
    }

    fn key_picture_wanted(&mut self) {
        tracing::debug!("the cart asked the console for a key picture; the console sends none");
    }
}

impl Drop for ReceivingEnd {
    fn drop(&mut self) {
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}

/// Packets in, access units to the decoder's thread.
struct Intake {
    shared: Arc<Shared>,
    to_peer: mpsc::Sender<Signal>,
    assembler: Assembler,
    key_requests: KeyRequests,
}

impl Intake {
    async fn run(mut self, track: Arc<dyn TrackRemote>) {
        loop {
            let now = (self.shared.clock)();
            self.drain(now);
            tokio::select! {
                event = track.poll() => match event {
                    None | Some(TrackRemoteEvent::OnEnded) => return,
                    Some(TrackRemoteEvent::OnRtpPacket(packet)) => self.take(packet),
                    Some(_) => {}
                },
                () = sleep_until(self.next_deadline(), now) => {}
            }
        }
    }

    fn take(&mut self, packet: rtc::rtp::packet::Packet) {
        let at = (self.shared.clock)();
        self.shared.stats(|stats| {
            stats.packets_received += 1;
            stats.bytes_received += packet.payload.len() as u64;
        });
        self.assembler.push(Packet {
            sequence: packet.header.sequence_number,
            timestamp: packet.header.timestamp,
            marker: packet.header.marker,
            payload: packet.payload,
            at,
        });
    }

    fn next_deadline(&self) -> Option<Time> {
        let key_request = self.key_requests.next_deadline(self.assembler.key_wanted());
        [self.assembler.next_deadline(), key_request].into_iter().flatten().min()
    }

    /// Hands over all that is complete, and asks for a key picture if one is wanted.
    fn drain(&mut self, now: Time) {
        while let Some(outcome) = self.assembler.poll(now) {
            match outcome {
                Outcome::Unit(unit) => self.hand_over(unit),
                Outcome::Lost { packets } => self.shared.stats(|stats| {
                    stats.gaps += 1;
                    stats.packets_lost += packets;
                }),
                Outcome::Malformed => tracing::warn!("the cart sent a picture that is none"),
            }
        }
        if self.shared.undecodable.swap(false, Ordering::AcqRel) {
            self.assembler.unit_dropped();
        }
        let useless = self.assembler.useless();
        self.shared.stats(|stats| stats.packets_useless = useless);
        // With the signalling full or gone the request is repeated at the next deadline, or the video ends.
        if self.key_requests.ask(self.assembler.key_wanted(), now) && self.to_peer.try_send(Signal::KeyPicture).is_ok()
        {
            self.shared.stats(|stats| stats.key_requests += 1);
        }
    }

    fn hand_over(&mut self, unit: Unit) {
        let (first_at, last_at, dependence) = (unit.first_at, unit.last_at, unit.dependence);
        let Handed { given_up, waits_for_key } = self.shared.queue.push(unit);
        if given_up > 0 {
            self.assembler.unit_dropped();
        }
        self.shared.stats(|stats| {
            stats.pictures_received += 1;
            stats.pictures_unused += given_up;
            stats.first_to_last_packet.add(last_at.saturating_since(first_at));
            if dependence == Dependence::Sound || waits_for_key {
                stats.last_picture_at = Some(last_at);
            }
        });
    }
}

/// Waits until the console's clock shows `deadline`, which is `now` or later; for ever without one.
async fn sleep_until(deadline: Option<Time>, now: Time) {
    match deadline {
        Some(deadline) => tokio::time::sleep(deadline.saturating_since(now)).await,
        None => std::future::pending().await,
    }
}
