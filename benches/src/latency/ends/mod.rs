//! The ends of a run: processes of their own, which this program starts of itself.
//!
//! Each is told what to do, and tells what it found, in lines of JSON: an [`Order`] first, which it answers when
//! it is ready, then when to begin, which it answers with what it measured, and then that it may go. All read the machine's
//! monotonic clock, so that a stamp of one means the same in the other.

pub(crate) mod crew;
pub(crate) mod place;
mod relay;
pub(crate) mod usage;
pub(crate) mod words;

use std::error::Error;
use std::io::{BufRead as _, Write as _};
use std::num::NonZeroU64;

use rustix::process::{Signal, set_parent_process_death_signal};
use rustix::thread::{CpuSet, sched_setaffinity, set_current_timer_slack};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::codec::coder;
use super::command::{receiver, sender};
use super::link::steered;
use super::rt::{cycle, load};
use super::video::desk;
use words::{Order, Tuning};

/// Is one end, as standard input says.
pub(crate) fn run() -> Result<(), Box<dyn Error>> {
    // An end never outlives who asked for it, however that one ends.
    set_parent_process_death_signal(Some(Signal::KILL))?;
    match hear()? {
        Order::Receive(plan) => receiver::run(&plan),
        Order::Steer(plan) => steered::run(&plan),
        Order::Send(plan) => sender::run(&plan),
        Order::Relay(plan) => relay::run(&plan),
        Order::Cycle(kind) => cycle::run(kind),
        Order::Load(plan) => load::run(plan),
        Order::Code(plan) => coder::run(&plan),
        Order::Look(plan) => desk::run(&plan),
    }
}

/// The next line from whoever started this end.
pub(crate) fn hear<T: DeserializeOwned>() -> Result<T, Box<dyn Error>> {
    let mut line = String::new();
    if std::io::stdin().lock().read_line(&mut line)? == 0 {
        return Err("whoever started this end is gone".into());
    }
    Ok(serde_json::from_str(&line)?)
}

/// A line to whoever started this end.
pub(crate) fn tell<T: Serialize>(what: &T) -> Result<(), Box<dyn Error>> {
    let mut line = serde_json::to_vec(what)?;
    line.push(b'\n');
    let mut out = std::io::stdout().lock();
    out.write_all(&line)?;
    Ok(out.flush()?)
}

/// Prepares the process before it has other threads: all that it starts later do as this one.
pub(crate) fn tune(tuning: Tuning) -> Result<(), Box<dyn Error>> {
    if let Some(processor) = tuning.processor {
        let mut only = CpuSet::new();
        only.set(processor);
        sched_setaffinity(None, &only).map_err(|error| format!("no end can be put on CPU {processor}: {error}"))?;
    }
    // By default Linux may wake a thread 50 µs late to save power. A kernel that knows no slack has none.
    let _ = set_current_timer_slack(NonZeroU64::new(1));
    Ok(())
}
