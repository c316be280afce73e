//! How it was measured, in sentences for the report; every measure in words.

use super::case::Case;
use crate::latency::busy;
use crate::latency::cart::BITRATE_KBIT;
use crate::latency::recording::Recording;

pub(super) fn notes(
    recording: &Recording,
    cases: &[(String, Option<Case>, u32)],
    skipped: Option<&str>,
) -> Vec<String> {
    let mut notes = vec![
        "video: from the capture of a picture until it is decoded at the desk. farprobe: the program farprobe-cart, \
         and the console’s receiver of pictures, which looks on as an observer: the whole way over WebRTC, signalled through the \
         QUIC connection. Nobody drives; the cart’s states share the way. Both are processes of their own and read one clock."
            .to_owned(),
        recording.about.clone(),
        format!(
            "floor: the same pictures taken, encoded and decoded in one process, at the same pace and bit rate ({} Mbit/s), with \
             nothing between; measured on loopback, where it tells something. floor-again: the same once more; what it differs from \
             floor by is what this machine can’t resolve.",
            f64::from(BITRATE_KBIT) * 1e-3
        ),
        "A picture is sound if no part of it is guessed, nothing it depends on was, and its quality is no more than 3 dB below the \
         median of the complete ones (of those before it, where something happens to the line). Quality is the peak signal to noise \
         by its own original, over every eighth row; a picture that still shows an earlier moment has a bad one. It is good if it is \
         sound and no more than 500 ms old when it is decoded: what is older the safety counts as none. Latencies are of all sound \
         pictures, stale ones too."
            .to_owned(),
        "Not good, in %, is everything else that was captured in the time that counts, by the numbers in the pictures: what never \
         came, what could not be decoded, what has guessed parts, what came late. Lost are those that were never decoded. What a cart on a busy machine \
         did not capture is not in it."
            .to_owned(),
        "A gap is the time from one good picture to the next, by when they were decoded; what is there before the time that counts \
         stands until the next comes. A gap of more than 100 ms is a freeze. Time in such gaps is their whole length."
            .to_owned(),
        "First good picture: from the moment when the line carries again until the first good one is decoded; one that never comes \
         counts until the end. Under the lower rate: of every complete picture that was decoded from 1 s after the drop until its end, \
         whatever its quality; without any, the whole time counts. Quality as before: from the end of the drop until the first of 30 \
         pictures in a row that are complete and no more than 1 dB below the median of before."
            .to_owned(),
    ];
    for (label, case, rounds) in cases {
        let how = match case {
            Some(Case::Loopback) => "this machine’s own loopback",
            Some(_) => {
                "two network namespaces, joined by a line with 20 to 30 ms each way in order, 10 Mbit/s, and a queue of 40,000 bytes \
                 that drops what does not fit; everything passes it"
            }
            None => "two network namespaces, joined by that line; everything passes it",
        };
        notes.push(format!("{label}: {how}. {rounds} rounds, with another seed in each."));
    }
    notes.push("CPU time and memory are those of the desk.".to_owned());
    notes.extend(skipped.map(str::to_owned));
    notes.extend(busy());
    notes
}
