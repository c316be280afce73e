//! What the pure model makes of the packets that a driver handled.

use farprobe_geom::Time;
use farprobe_sim::link::{Line, LineProfile};

use crate::report::Report;

/// A datagram that should come through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Planned {
    /// The how-manieth of its way it is.
    pub(super) number: u64,
    /// When it should come through.
    pub(super) at: Time,
}

/// What should have come through by the end of `report`, there and back.
pub(super) fn plan(profile: &LineProfile, seed: u64, report: &Report) -> [Vec<Planned>; 2] {
    let mut line = Line::new(profile, seed, report.began);
    let mut planned = [Vec::new(), Vec::new()];
    let mut numbers = [0, 0];
    let mut take = |line: &mut Line<u64>, now| {
        while let Some((way, delivered)) = line.poll(now) {
            planned[way.index()].push(Planned { number: delivered.payload, at: delivered.arrived_at });
        }
    };
    for handled in &report.handled {
        take(&mut line, handled.at);
        let number = &mut numbers[handled.way.index()];
        line.send(handled.at, handled.way, handled.bytes, *number);
        *number += 1;
    }
    take(&mut line, report.until);
    planned
}
