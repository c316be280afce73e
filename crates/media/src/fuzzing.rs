//! The door through which the fuzzers reach the reassembly of pictures. Not part of the interface.

use std::time::Duration;

use bytes::Bytes;
use farprobe_geom::Time;

use crate::rtp::assembler::{Assembler, Outcome, Packet};

/// A packet of the video as it arrived.
#[derive(Debug, Clone)]
pub struct VideoPacket {
    /// Its number.
    pub sequence: u16,
    /// The time stamp of its picture.
    pub timestamp: u32,
    /// Whether it says to be its picture's last.
    pub marker: bool,
    /// What it carries.
    pub payload: Bytes,
    /// When it arrived.
    pub at: Time,
}

/// The access units that these packets give, whatever they are.
pub fn assemble(packets: impl IntoIterator<Item = VideoPacket>) -> Vec<Bytes> {
    let mut assembler = Assembler::new(Duration::from_millis(100));
    let mut units = Vec::new();
    for VideoPacket { sequence, timestamp, marker, payload, at } in packets {
        assembler.push(Packet { sequence, timestamp, marker, payload, at });
        while let Some(outcome) = assembler.poll(at) {
            if let Outcome::Unit(unit) = outcome {
                units.push(unit.data);
            }
        }
    }
    units
}
