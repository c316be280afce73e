//! What both ends count.

use std::time::Duration;

use farprobe_geom::Time;

/// How long one hop took.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct HopTime {
    /// How many times it was measured.
    pub count: u64,
    /// The sum of all.
    pub total: Duration,
    /// The longest.
    pub max: Duration,
}

impl HopTime {
    /// Takes one more measurement.
    pub(crate) fn add(&mut self, time: Duration) {
        self.count += 1;
        self.total = self.total.saturating_add(time);
        self.max = self.max.max(time);
    }

    /// The mean, or `None` before the first measurement.
    pub fn mean(&self) -> Option<Duration> {
        (self.count > 0).then(|| self.total.div_f64(self.count as f64))
    }
}

/// What a sender has done since it was made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SenderStats {
    /// Pictures handed to the network.
    pub pictures_sent: u64,
    /// Pictures taken but not sent: one before them was still waiting, or they depended on one not sent.
    pub pictures_dropped: u64,
    /// RTP packets handed to the network, retransmissions not counted.
    pub packets_sent: u64,
    /// RTP payload bytes of those.
    pub bytes_sent: u64,
    /// Key pictures the peer asked for.
    pub key_requests: u64,
    /// From capture to the first packet handed to the network.
    pub capture_to_first_packet: HopTime,
    /// From the first packet to the last.
    pub first_to_last_packet: HopTime,
}

/// What a receiver has done since it was made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ReceiverStats {
    /// Complete pictures received.
    pub pictures_received: u64,
    /// When the last picture arrived that the network has done no harm to, console clock: it is decoded, or given up because
    /// this console is too slow.
    pub last_picture_at: Option<Time>,
    /// Pictures decoded and handed over.
    pub pictures_decoded: u64,
    /// Of those, pictures with parts that are guessed.
    pub pictures_concealed: u64,
    /// Complete pictures that gave nothing to show: no key picture before them, or the decoder was too far behind.
    pub pictures_unused: u64,
    /// Times a gap was given up; each cost one picture or more.
    pub gaps: u64,
    /// RTP packets received, copies too.
    pub packets_received: u64,
    /// RTP packets that never came.
    pub packets_lost: u64,
    /// RTP packets that came twice or too late.
    pub packets_useless: u64,
    /// RTP payload bytes received.
    pub bytes_received: u64,
    /// Key pictures asked for.
    pub key_requests: u64,
    /// From a picture's first packet to its last.
    pub first_to_last_packet: HopTime,
    /// From a picture's last packet to the decoded picture: the wait for the decoder, and the decoding.
    pub last_packet_to_decoded: HopTime,
    /// The decoding alone.
    pub decode: HopTime,
}
