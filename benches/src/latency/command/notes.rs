//! How it was measured, in sentences for the report.

use super::turn::Setup;
use super::{Options, SUBJECTS};
use crate::latency::busy;
use crate::latency::layout::{Layout, Layouts, Placed};
use crate::report::results::LayoutNote;

/// What is told of how it was measured.
pub(super) struct Notes {
    pub(super) layouts: Vec<LayoutNote>,
    pub(super) sentences: Vec<String>,
}

pub(super) fn notes(setup: &Setup, options: &Options, layouts: &Layouts) -> Notes {
    let order = SUBJECTS.join(", ");
    let (warm_up, counted) = (setup.warm_up.as_secs_f64(), setup.counted.as_secs_f64());
    let mut sentences = vec![
        "What is measured: the time from a handle sample at the desk until the command is decoded and lies in the inbox of \
         the cart's real-time thread. The wait for that thread's next tick (1 kHz) is shown apart: it is the same for all, \
         half a millisecond on average."
            .to_owned(),
        format!(
            "Every message is a whole encoded Farprobe command, as the console sends it, {} times a second at absolute times. \
             Sampling, encoding, decoding, inbox and stamps are the same code for all subjects: only what carries the bytes \
             differs.",
            options.hz
        ),
        "farprobe: console and cart endpoints with mutual TLS 1.3, as in the programs. floor: raw UDP in the clear, with a thread \
         that waits for it, the least this machine can do. floor-again: the same program once more; what it differs from floor \
         by is what this machine can't resolve. quinn: the QUIC library with its defaults."
            .to_owned(),
        "Sender and receiver are separate processes. Both read CLOCK_MONOTONIC of the same machine, so that no clock had to be \
         estimated. Their timer slack is 1 ns instead of the system's 50 µs."
            .to_owned(),
        format!(
            "{} rounds. In each, every subject has its turn, in the order {order}; the one to begin moves on by one each round. \
             A turn counts for {counted} s. The {warm_up} s before are dropped: there both programs touch their memory for the \
             first time, and QUIC finds out the packet size.",
            options.rounds()
        ),
        "Percentiles are of all commands of all rounds together. A ratio is of one round, to the mean of the two floors of that \
         round (that of floor-again: to floor); the median of the rounds stands, with the least and the largest beside it."
            .to_owned(),
        "CPU time is of the whole process while it counts; that of the receiver has the 1 kHz thread that reads. Memory is the \
         most the process ever had."
            .to_owned(),
    ];
    if let Some(link) = &setup.link {
        sentences.push(format!(
            "The line {link} (see: farprobe-bench links) is a relay in a process of its own, not pinned to a core, with real-time scheduling if that is allowed, and with another \
             seed in each round and the same for all subjects of a round. How far it was behind its own plan stands in the \
             tables. Losses and delays are drawn packet by packet: subjects that send other packets meet other losses."
        ));
        sentences.push(
            "Stale is what was older than the fastest command of the last 10 s by more than 50 ms. Whether a command would have \
             been applied is decided by the cart's own filter; whether that was right, by other code."
                .to_owned(),
        );
    }
    if let Some(dark) = setup.dark {
        sentences.push(format!(
            "In the middle of each turn the line is cut both ways for {} s. What is sent meanwhile is lost.",
            dark.lasts.as_secs_f64()
        ));
    }
    sentences.extend(busy());
    sentences.extend(layouts.skipped.iter().map(|why| format!("{}.", capital(why))));
    Notes { layouts: layouts.placed.iter().map(note).collect(), sentences }
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

fn note(placed: &Placed) -> LayoutNote {
    let about = match (placed.layout, placed.sender, placed.receiver) {
        (Layout::Apart, Some(sender), Some(receiver)) => {
            format!("sender on CPU {sender} only, receiver on CPU {receiver} only")
        }
        _ => "both ends wherever the system puts them".to_owned(),
    };
    LayoutNote { name: placed.layout.name().to_owned(), about }
}
