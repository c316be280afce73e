//! The program as whoever types its commands meets it.

#![allow(clippy::unwrap_used, reason = "the helpers of a test crate are tests, too")]

mod latency;
mod lines;

use std::process::{Command, Stdio};

fn bench(words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_farprobe-bench"));
    command.args(words).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}
