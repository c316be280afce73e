//! How it was measured, in sentences for the report.

use super::turn::Setup;
use crate::latency::busy;
use crate::latency::cart::BITRATE_KBIT;
use crate::latency::recording::Recording;

pub(super) fn notes(setup: &Setup, recording: &Recording, rounds: u32) -> Vec<String> {
    let mut notes = vec![
        "hand-to-eye: from a handle sample at the desk until the first picture that was captured after the command was acted on \
         is presented. Every command that a picture is the first to show is one sample, so one that waits for its picture counts \
         with its wait. farprobe: the programs farprobe-console, without a window, and farprobe-cart, each a process, with their \
         whole way: QUIC, real-time thread, encoder, WebRTC, decoder. Presented means handed to the view; a window and its screen \
         come on top."
            .to_owned(),
        recording.about.clone(),
        format!(
            "floor: the same pictures taken, encoded and decoded in one process, at the same pace and bit rate ({} Mbit/s), with \
             nothing between. floor-again: the same once more; what it differs from floor by is what this machine can’t resolve.",
            f64::from(BITRATE_KBIT) * 1e-3
        ),
        "What is promised is no ratio to that floor, but a sum of parts, each measured in the same round: half of the median time \
         between two pictures (a command comes at any moment between two), 1 ms for the tick of the real-time thread, and the \
         floor’s medians of acquisition, encoding and decoding."
            .to_owned(),
        "The parts of the way are of the commands of which every stamp is known; a state of the cart names every second one. \
         Desk and cart are on one machine and read one clock, so no clock had to be estimated. The mean of the whole is of all \
         commands: by how much the means of the parts differ from it in sum stands in the tables."
            .to_owned(),
        "The arm’s own lag is not in the figures, for the picture is one of a recording. It is how long after a command was applied \
         the probe was where it asked for, while the hand slid evenly: the smoothing of the motion, and the simulated arm’s dead \
         time and inertia."
            .to_owned(),
        format!(
            "{rounds} rounds. In each the hand drives for {} s, sliding to and fro in the air at 10 mm/s, 500 commands a second; the \
             first half second is dropped. CPU time and memory (as it was at the end) are those that the programs tell of themselves, \
             with connecting; those of the cart stand under receiver.",
            setup.driven.as_secs_f64()
        ),
    ];
    if let Some(link) = &setup.link {
        notes.push(format!(
            "The line {} (see: farprobe-bench links) joins two network namespaces, one with the desk and one with the cart. \
             Everything passes it: commands, states, and the pictures. It is another in each round, by its seed.",
            link.name
        ));
        notes.push(
            "On a line that loses 1 % of the commands or more the cart lets nobody begin to drive. There the commands count that are \
             sent with an open clutch: they travel and are applied in the same way, and move nothing."
                .to_owned(),
        );
    }
    notes.extend(busy());
    notes
}
