//! Latency runs: what a run is made of, whatever it measures.
//!
//! A *run* measures one way through the system. It has *subjects* (Farprobe, and what it is judged by), of which the *floor* is
//! there twice: the same program run a second time shows what the machine makes of no difference at all. Every subject has its
//! turn in each *round*, so that whatever the machine does meanwhile, it does to all. A *layout* says on which cores the two ends
//! run, and a *link* what lies between them. The two ends are [processes of their own](ends).

pub(crate) mod all;
mod cart;
pub(crate) mod codec;
pub(crate) mod command;
pub(crate) mod ends;
pub(crate) mod eye;
mod gather;
mod layout;
pub(crate) mod link;
mod recording;
mod rounds;
pub(crate) mod rt;
mod slots;
pub(crate) mod statistics;
pub(crate) mod video;

use std::time::Duration;

pub(crate) use slots::{FLOOR, FLOOR_AGAIN};
pub(crate) use statistics::Spread;

/// Farprobe itself, whatever of it a run measures.
const FARPROBE: &str = "farprobe";

/// How this program was built.
pub(crate) const fn build() -> &'static str {
    if cfg!(debug_assertions) { "dev" } else { "release" }
}

/// A span in seconds, from the command line.
fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse().ok().filter(|seconds| (0.1..=600.0).contains(seconds));
    seconds.map(Duration::from_secs_f64).ok_or_else(|| "it must be within 0.1 to 600".to_owned())
}

/// How busy the machine was before, as a sentence, where the system tells.
fn busy() -> Option<String> {
    let text = std::fs::read_to_string("/proc/loadavg").ok()?;
    let load = text.split_whitespace().next()?;
    Some(format!(
        "In the minute before its end, {load} programs on average ran or wanted to (load average). Where that is far above what \
         was measured itself, others have taken their share of the cores."
    ))
}
