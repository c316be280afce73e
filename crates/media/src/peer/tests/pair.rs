//! A sender and a receiver with a channel between them that a test may meddle with.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use farprobe_proto::Signal;
use rtc::interceptor::{Interceptor, Packet, StreamInfo, TaggedPacket};
use rtc::sansio::Protocol;
use rtc::shared::error::Error;
use tokio::sync::{mpsc, watch};
use tokio::time::timeout;
use webrtc::peer_connection::{Registry, Slot};

use crate::peer::{
    LinkConfig, LinkState, ReceiverConfig, SendOutcome, ShownPicture, Signals, VideoReceiver, VideoSender,
};
use crate::testing::{Speckle, real_clock, stamp};
use crate::{AccessUnit, AccessUnitKind, Clock, Encoder, EncoderConfig, Image};

/// A failure limit, never a means of synchronisation.
pub(super) const LIMIT: Duration = Duration::from_mins(1);
/// Small pictures that take several packets each.
pub(super) const CONFIG: EncoderConfig =
    EncoderConfig { width: 320, height: 240, frame_rate: 30.0, bitrate: 2_000_000 };

pub(super) fn on_loopback() -> LinkConfig {
    LinkConfig { local_addresses: vec![([127, 0, 0, 1], 0).into()], ice_servers: Vec::new() }
}

/// What a test meddles with.
pub(super) struct Setup {
    pub(super) to_receiver: fn(Signal) -> Signal,
    pub(super) to_sender: fn(Signal) -> Signal,
    pub(super) drops: Option<Drops>,
    pub(super) recovery_wait: Duration,
    pub(super) encoder: EncoderConfig,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            to_receiver: |signal| signal,
            to_sender: |signal| signal,
            drops: None,
            recovery_wait: Duration::from_secs(10),
            encoder: CONFIG,
        }
    }
}

/// A sender, a receiver, and what the receiver shows.
pub(super) struct Pair {
    pub(super) sender: VideoSender,
    pub(super) receiver: VideoReceiver,
    pub(super) shown: mpsc::UnboundedReceiver<ShownPicture>,
    pub(super) key_pictures: u64,
    encoder: Encoder,
    speckle: Speckle,
    clock: Clock,
}

impl Pair {
    pub(super) async fn new(setup: Setup) -> Self {
        let clock = real_clock();
        let (to_receiver, from_sender) = relay(setup.to_receiver);
        let (to_sender, from_receiver) = relay(setup.to_sender);
        let (show, shown) = mpsc::unbounded_channel();
        let config = ReceiverConfig {
            link: on_loopback(),
            recovery_wait: setup.recovery_wait,
            // A decoder on a busy machine may be slow; what arrives is what these tests are about.
            decoder_patience: LIMIT,
        };
        let mut registry = Registry::new();
        if let Some(drops) = setup.drops {
            registry = registry.with(CLOSEST_TO_THE_WIRE, drops);
        }
        let signals = Signals { to_peer: to_sender, from_peer: from_sender };
        let show = Box::new(move |picture| drop(show.send(picture)));
        let receiver = VideoReceiver::start(&config, clock.clone(), signals, show).await.unwrap();
        let signals = Signals { to_peer: to_receiver, from_peer: from_receiver };
        let sender = VideoSender::start_with(&on_loopback(), clock.clone(), signals, registry).await.unwrap();
        let encoder = Encoder::new(setup.encoder, clock.clone()).unwrap();
        let speckle = Speckle::new(setup.encoder.width, setup.encoder.height, 1);
        Self { sender, receiver, shown, key_pictures: 0, encoder, speckle, clock }
    }

    pub(super) async fn connected(setup: Setup) -> Self {
        let pair = Self::new(setup).await;
        for state in [settled(pair.sender.state()).await, settled(pair.receiver.state()).await] {
            assert!(matches!(state, LinkState::Connected), "{state:?}");
        }
        pair
    }

    /// Encodes the picture of a number, captured now.
    pub(super) fn encode(&mut self, number: u64) -> (Vec<u8>, AccessUnit) {
        let EncoderConfig { width, height, .. } = self.encoder.config();
        let source = self.speckle.grey(number);
        let mut stamp = stamp(number);
        stamp.captured_at = (self.clock)();
        let unit = self.encoder.encode(&Image::Grey { width, height, data: &source }, &stamp).unwrap();
        self.key_pictures += u64::from(unit.kind == AccessUnitKind::Key);
        (source, unit)
    }

    /// Encodes and sends as the cart does; gives the source.
    pub(super) fn send(&mut self, number: u64) -> (Vec<u8>, SendOutcome) {
        if self.sender.take_key_request() {
            self.encoder.request_key_picture();
        }
        let (source, unit) = self.encode(number);
        let outcome = self.sender.send(unit);
        (source, outcome)
    }

    pub(super) async fn next(&mut self) -> ShownPicture {
        timeout(LIMIT, self.shown.recv()).await.expect("no picture").expect("the decoder stopped")
    }
}

/// Waits until a connection is up or has ended.
pub(super) async fn settled(mut state: watch::Receiver<LinkState>) -> LinkState {
    let reached = state.wait_for(|state| !matches!(state, LinkState::Connecting));
    timeout(LIMIT, reached).await.expect("neither up nor ended").expect("the end was dropped").clone()
}

/// A signalling channel that changes what it carries.
fn relay(change: fn(Signal) -> Signal) -> (mpsc::Sender<Signal>, mpsc::Receiver<Signal>) {
    let (to_relay, mut from_end) = mpsc::channel(64);
    let (to_end, from_relay) = mpsc::channel(64);
    tokio::spawn(async move {
        while let Some(signal) = from_end.recv().await {
            if to_end.send(change(signal)).await.is_err() {
                return;
            }
        }
    });
    (to_relay, from_relay)
}

/// Below every slot the library names.
const CLOSEST_TO_THE_WIRE: Slot = Slot::CongestionControl;

/// Loses departing packets by rule. Arriving ones it could not: they are decrypted before it sees them, and a retransmission
/// of a packet once decrypted is refused as a replay.
pub(super) struct Drops {
    /// Given the sequence number and how many copies came before: whether it is lost.
    rule: fn(u16, u64) -> bool,
    copies: HashMap<u16, u64>,
    dropped: Arc<AtomicU64>,
    arrived: VecDeque<TaggedPacket>,
    departing: VecDeque<TaggedPacket>,
}

/// How many packets were lost.
pub(super) struct DropCounter(Arc<AtomicU64>);

impl DropCounter {
    pub(super) fn dropped(&self) -> u64 {
        self.0.load(Ordering::Acquire)
    }
}

impl Drops {
    pub(super) fn new(rule: fn(u16, u64) -> bool) -> Self {
        Self {
            rule,
            copies: HashMap::new(),
            dropped: Arc::default(),
            arrived: VecDeque::new(),
            departing: VecDeque::new(),
        }
    }

    pub(super) fn counter(&self) -> DropCounter {
        DropCounter(Arc::clone(&self.dropped))
    }
}

impl Protocol<TaggedPacket, TaggedPacket, ()> for Drops {
    type Rout = TaggedPacket;
    type Wout = TaggedPacket;
    type Eout = ();
    type Error = Error;
    type Time = Instant;

    fn handle_read(&mut self, packet: TaggedPacket) -> Result<(), Error> {
        self.arrived.push_back(packet);
        Ok(())
    }

    fn poll_read(&mut self) -> Option<TaggedPacket> {
        self.arrived.pop_front()
    }

    fn handle_write(&mut self, packet: TaggedPacket) -> Result<(), Error> {
        if let Packet::Rtp(rtp) = &packet.message.packet {
            let sequence = rtp.header.sequence_number;
            let copies = self.copies.entry(sequence).or_default();
            let lost = (self.rule)(sequence, *copies);
            *copies += 1;
            if lost {
                self.dropped.fetch_add(1, Ordering::AcqRel);
                return Ok(());
            }
        }
        self.departing.push_back(packet);
        Ok(())
    }

    fn poll_write(&mut self) -> Option<TaggedPacket> {
        self.departing.pop_front()
    }
}

impl Interceptor for Drops {
    fn bind_local_stream(&mut self, _info: &StreamInfo) {}
    fn unbind_local_stream(&mut self, _info: &StreamInfo) {}
    fn bind_remote_stream(&mut self, _info: &StreamInfo) {}
    fn unbind_remote_stream(&mut self, _info: &StreamInfo) {}
}
