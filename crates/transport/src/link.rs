//! How a connection treats its link: congestion, queues, time-outs. Every number has its reason beside it.

use core::time::Duration;
use std::any::Any;
use std::sync::Arc;
use std::time::Instant;

use quinn_proto::congestion::{BbrConfig, Controller, ControllerFactory};
use quinn_proto::{AckFrequencyConfig, TransportConfig, VarInt};

/// Outgoing datagrams that wait, in bytes, each counted with 32 bytes of the library's own. 4 KiB is 25 commands of 128 bytes:
/// 50 ms at 500 Hz, the age at which a command is refused anyway. When it is full the oldest goes.
const SEND_QUEUE_BYTES: usize = 4 * 1024;

/// Incoming datagrams that wait for [`crate::Connection::datagram`], counted like those above. 8 KiB is 100 ms of commands, enough
/// for a reader that was held up, and 15 state datagrams of 512 bytes. When it is full the oldest goes.
const RECEIVE_QUEUE_BYTES: usize = 8 * 1024;

/// Bytes that the peer may send on streams ahead of the reader, and that a sender keeps until they are acknowledged. With the
/// fixed window nothing else bounds a long message or a file: no more than this is in flight in a round trip, which at worst
/// fills the queue of a 10 Mbit/s link for 26 ms, half the age at which a command is refused. It still carries 640 kB/s at a
/// round trip of 50 ms.
const STREAM_WINDOW_BYTES: u32 = 32 * 1024;

/// The round trip assumed before the first is measured. The standard's 333 ms would make the first lost packet of a handshake
/// cost a second; 100 ms fits the links Farprobe is usable on, and a longer one merely sees a few packets twice.
const INITIAL_ROUND_TRIP: Duration = Duration::from_millis(100);

/// Packets that the peer may receive before it acknowledges them at once; it never waits longer than 25 ms. The standard's two would
/// make every second command cost a packet of its own on the way back, sealed and sent by the very thread that hands commands
/// over. Ten are 20 ms of commands. A gap in what arrives is told at once all the same, so that a stream waits no longer for what it
/// lost.
const ACKNOWLEDGED_AFTER: u32 = 10;

/// How the sending rate follows the link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Congestion {
    /// It does not: everything is sent at once. This is right for commands and states, whose rate is bounded where they are made
    /// (500 Hz × 128 bytes, about 0.8 Mbit/s with all headers) and whose value is gone if they wait: a controller that throttled
    /// such a flow would make it late without making it smaller. It is safe for the link because nothing grows with loss: lost
    /// datagrams are never sent again, and streams are bounded by their window.
    #[default]
    FixedWindow,
    /// BBR, which measures the link's rate. For links so narrow that 1 Mbit/s has to be shared fairly; measured as quick as the
    /// fixed window on links that are not, but experimental in the QUIC library.
    Bbr,
}

/// Options of the link, the same for both ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LinkOptions {
    /// How the sending rate follows the link.
    pub congestion: Congestion,
    /// A connection that heard nothing for this long is over. It also bounds the wait for a cart that does not answer. The robot
    /// is stopped long before, by the watchdog; this only decides when a dead connection is cleared away. At least a
    /// millisecond. Of two ends the shorter counts.
    pub idle_timeout: Duration,
    /// A side that has sent nothing for this long sends a sign of life. Several must fit into the idle time-out.
    pub keep_alive: Duration,
}

impl Default for LinkOptions {
    /// Three seconds, which bridges a change of network, with a sign of life every half second, so that five may be lost.
    fn default() -> Self {
        Self {
            congestion: Congestion::default(),
            idle_timeout: Duration::from_secs(3),
            keep_alive: Duration::from_millis(500),
        }
    }
}

/// Streams that the other side may have open at a time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PeerStreams {
    pub bidirectional: u32,
    pub unidirectional: u32,
}

impl PeerStreams {
    /// What a console may open: the control stream.
    pub(crate) const OF_CONSOLE: Self = Self { bidirectional: 1, unidirectional: 0 };
    /// What a cart may open: the admission stream, on which it says that the console is accepted.
    pub(crate) const OF_CART: Self = Self { bidirectional: 0, unidirectional: 1 };
}

impl LinkOptions {
    /// The library's settings. `peer` is what the other side may open.
    pub(crate) fn to_config(self, peer: PeerStreams) -> TransportConfig {
        let mut config = TransportConfig::default();
        let mut acknowledgements = AckFrequencyConfig::default();
        acknowledgements.ack_eliciting_threshold(ACKNOWLEDGED_AFTER.into());
        let idle = VarInt::from_u64(u64::try_from(self.idle_timeout.as_millis()).unwrap_or(u64::MAX).max(1));
        config
            .max_idle_timeout(Some(idle.unwrap_or(VarInt::MAX).into()))
            .keep_alive_interval(Some(self.keep_alive))
            .max_concurrent_bidi_streams(peer.bidirectional.into())
            .max_concurrent_uni_streams(peer.unidirectional.into())
            .stream_receive_window(STREAM_WINDOW_BYTES.into())
            .receive_window(STREAM_WINDOW_BYTES.into())
            .send_window(u64::from(STREAM_WINDOW_BYTES))
            .datagram_send_buffer_size(SEND_QUEUE_BYTES)
            .datagram_receive_buffer_size(Some(RECEIVE_QUEUE_BYTES))
            .initial_rtt(INITIAL_ROUND_TRIP)
            .ack_frequency_config(Some(acknowledgements));
        match self.congestion {
            Congestion::FixedWindow => config.congestion_controller_factory(Arc::new(FixedWindow)),
            Congestion::Bbr => config.congestion_controller_factory(Arc::new(BbrConfig::default())),
        };
        config
    }
}

/// A congestion controller that never holds anything back; see [`Congestion::FixedWindow`].
#[derive(Debug, Clone, Copy)]
struct FixedWindow;

/// More than can be in flight. Above `u32::MAX` the library's pacer steps aside too, which would hold packets back for its own
/// one-millisecond timer.
const WINDOW_BYTES: u64 = 1 << 40;

impl ControllerFactory for FixedWindow {
    fn build(self: Arc<Self>, _now: Instant, _current_mtu: u16) -> Box<dyn Controller> {
        Box::new(*self)
    }
}

impl Controller for FixedWindow {
    fn on_congestion_event(&mut self, _now: Instant, _sent: Instant, _is_persistent: bool, _lost_bytes: u64) {}

    fn on_mtu_update(&mut self, _new_mtu: u16) {}

    fn window(&self) -> u64 {
        WINDOW_BYTES
    }

    fn clone_box(&self) -> Box<dyn Controller> {
        Box::new(*self)
    }

    fn initial_window(&self) -> u64 {
        WINDOW_BYTES
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any> {
        self
    }
}
