//! RTP packets to access units: pure, told the time.
//!
//! An access unit is complete on the packet with the marker bit, never on the next unit's first packet, and packets in order
//! never wait. A gap waits a bounded time for its retransmission; then its unit is given up, and every unit up to the next
//! key picture is marked as depending on what was lost.
//!
//! The contract: after each [`Assembler::push`], and at [`Assembler::next_deadline`], call [`Assembler::poll`] until it
//! gives `None`.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use farprobe_geom::Time;

use super::payload;
use crate::AccessUnitKind;
use crate::codec::nal;

/// The most packets kept while a gap is open: 2 s of 10 Mbit/s. More, and the gap is given up at once.
const MAX_PACKETS: usize = 2048;
/// A jump of the sequence number beyond this is a new stream, not a gap: nobody retransmits that much.
const MAX_JUMP: u64 = 4096;
/// Where the extended sequence numbers start, so that earlier ones than the first still are numbers.
const SEQUENCE_ORIGIN: u64 = 1 << 32;

/// One packet as it arrived.
#[derive(Debug, Clone)]
pub(crate) struct Packet {
    pub(crate) sequence: u16,
    pub(crate) timestamp: u32,
    pub(crate) marker: bool,
    pub(crate) payload: Bytes,
    /// When it arrived, local clock.
    pub(crate) at: Time,
}

/// An access unit with all its packets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unit {
    /// The byte stream (annex B).
    pub(crate) data: Bytes,
    /// Whether decoding may begin with it.
    pub(crate) kind: AccessUnitKind,
    pub(crate) dependence: Dependence,
    /// When the earliest of its packets arrived.
    pub(crate) first_at: Time,
    /// When the latest of its packets arrived.
    pub(crate) last_at: Time,
}

/// Whether a unit can be decoded to what was captured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dependence {
    /// Everything it needs has come.
    Sound,
    /// Something before it was lost, and no key picture has come since.
    Broken,
}

/// What the packets gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// A complete access unit.
    Unit(Unit),
    /// A gap was given up.
    Lost {
        /// Packets that never came.
        packets: u64,
    },
    /// The peer sent an access unit that is none.
    Malformed,
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Assembler {
    recovery_wait: Duration,
    packets: BTreeMap<u64, Packet>,
    /// The first packet of the unit to come; `None` before the first packet of the stream.
    next: Option<u64>,
    highest: u64,
    /// The gap waited for: its first sequence number, and when it was noticed.
    gap: Option<(u64, Time)>,
    /// The RTP timestamp of a unit given up, whose later packets are of no use.
    discard: Option<u32>,
    /// Where a unit starts behind a gap, which may have held its first packets.
    doubtful_start: Option<u64>,
    dependence: Dependence,
    key_wanted: bool,
    useless: u64,
}

impl Assembler {
    /// An assembler that waits `recovery_wait` for a retransmission.
    pub(crate) const fn new(recovery_wait: Duration) -> Self {
        Self {
            recovery_wait,
            packets: BTreeMap::new(),
            next: None,
            highest: 0,
            gap: None,
            discard: None,
            doubtful_start: None,
            dependence: Dependence::Broken,
            key_wanted: false,
            useless: 0,
        }
    }

    /// Takes a packet.
    pub(crate) fn push(&mut self, packet: Packet) {
        let Some(next) = self.next else {
            let sequence = SEQUENCE_ORIGIN + u64::from(packet.sequence);
            self.next = Some(sequence);
            self.highest = sequence;
            self.discard = (!payload::can_begin(&packet.payload)).then_some(packet.timestamp);
            self.packets.insert(sequence, packet);
            return;
        };
        let step = packet.sequence.wrapping_sub(self.highest as u16).cast_signed();
        let sequence = self.highest.saturating_add_signed(i64::from(step));
        if sequence.abs_diff(self.highest) > MAX_JUMP {
            self.restart();
            self.push(packet);
        } else if sequence < next || self.packets.contains_key(&sequence) {
            self.useless += 1;
        } else {
            self.highest = self.highest.max(sequence);
            self.packets.insert(sequence, packet);
        }
    }

    /// Packets that came twice, or too late.
    pub(crate) const fn useless(&self) -> u64 {
        self.useless
    }

    /// Whether only a key picture can mend what was lost.
    pub(crate) const fn key_wanted(&self) -> bool {
        self.key_wanted
    }

    /// Says that a unit handed out was not decoded after all.
    pub(crate) const fn unit_dropped(&mut self) {
        self.lose();
    }

    /// When [`Assembler::poll`] wants to be called even if no packet comes.
    pub(crate) fn next_deadline(&self) -> Option<Time> {
        self.gap.map(|(_, noticed)| noticed + self.recovery_wait)
    }

    /// The next outcome, or `None` if packets or time are wanting.
    pub(crate) fn poll(&mut self, now: Time) -> Option<Outcome> {
        self.skip_discarded();
        let start = self.next?;
        match self.scan(start) {
            Scan::Complete { last } => Some(self.take(start, last)),
            Scan::Open => {
                self.gap = None;
                None
            }
            Scan::Gap { missing, resumes } => {
                let noticed = match self.gap {
                    Some((sequence, noticed)) if sequence == missing => noticed,
                    _ => now,
                };
                self.gap = Some((missing, noticed));
                let patience_ends = now >= noticed + self.recovery_wait || self.packets.len() > MAX_PACKETS;
                patience_ends.then(|| self.give_up(start, missing, resumes))
            }
        }
    }

    /// How the unit that starts at `start` stands.
    fn scan(&self, start: u64) -> Scan {
        let mut expected = start;
        let mut timestamp = None;
        for (&sequence, packet) in self.packets.range(start..) {
            if sequence != expected {
                return Scan::Gap { missing: expected, resumes: sequence };
            }
            // A peer that sets no marker: the unit ends where the next begins.
            if timestamp.is_some_and(|timestamp| timestamp != packet.timestamp) {
                return Scan::Complete { last: sequence - 1 };
            }
            if packet.marker {
                return Scan::Complete { last: sequence };
            }
            timestamp = Some(packet.timestamp);
            expected = sequence + 1;
        }
        Scan::Open
    }

    /// Hands out the unit of the packets `start..=last`, which are all there.
    fn take(&mut self, start: u64, last: u64) -> Outcome {
        let rest = self.packets.split_off(&(last + 1));
        let packets = std::mem::replace(&mut self.packets, rest);
        self.next = Some(last + 1);
        self.gap = None;
        let packets = packets.range(start..).map(|(_, packet)| packet);
        let first_at = packets.clone().map(|packet| packet.at).min();
        let last_at = packets.clone().map(|packet| packet.at).max();
        let (Ok(data), Some(first_at), Some(last_at)) =
            (payload::join(packets.map(|packet| &packet.payload[..])), first_at, last_at)
        else {
            self.lose();
            return Outcome::Malformed;
        };
        let is_key = nal::has_key_picture(&data);
        let kind = if is_key && self.doubtful_start != Some(start) {
            self.dependence = Dependence::Sound;
            self.key_wanted = false;
            AccessUnitKind::Key
        } else {
            AccessUnitKind::Delta
        };
        // The stream may begin between two key pictures.
        self.key_wanted |= self.dependence == Dependence::Broken;
        Outcome::Unit(Unit { data: data.into(), kind, dependence: self.dependence, first_at, last_at })
    }

    /// Gives up the gap from `missing` to `resumes`, and the unit from `start` it belongs to.
    fn give_up(&mut self, start: u64, missing: u64, resumes: u64) -> Outcome {
        let begun = self.packets.get(&start).map(|packet| packet.timestamp);
        let behind = self.packets.get(&resumes);
        self.discard = behind
            .filter(|packet| begun == Some(packet.timestamp) || !payload::can_begin(&packet.payload))
            .map(|packet| packet.timestamp);
        self.doubtful_start = Some(resumes);
        self.packets = self.packets.split_off(&resumes);
        self.next = Some(resumes);
        self.gap = None;
        self.lose();
        Outcome::Lost { packets: resumes - missing }
    }

    /// Drops the packets of a unit given up.
    fn skip_discarded(&mut self) {
        while let (Some(next), Some(timestamp)) = (self.next, self.discard) {
            match self.packets.get(&next) {
                Some(packet) if packet.timestamp == timestamp => {
                    if packet.marker {
                        self.discard = None;
                    }
                    self.packets.remove(&next);
                    self.next = Some(next + 1);
                }
                Some(_) => self.discard = None,
                None => return,
            }
        }
    }

    const fn lose(&mut self) {
        self.dependence = Dependence::Broken;
        self.key_wanted = true;
    }

    fn restart(&mut self) {
        self.packets.clear();
        self.next = None;
        self.gap = None;
        self.discard = None;
        self.lose();
    }
}

/// How a unit stands.
enum Scan {
    /// All its packets are there, up to `last`.
    Complete { last: u64 },
    /// Its next packet has not been sent, or is the last one sent.
    Open,
    /// Packets from `missing` are not there, but `resumes` is.
    Gap { missing: u64, resumes: u64 },
}
