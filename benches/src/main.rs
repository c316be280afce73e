//! `farprobe-bench`: what Farprobe measures of itself, and the impaired lines to measure on.
//!
//! Runs: `command`, the way of a command in real time, `rt`, the real-time thread, `codec`, `hand-to-eye`, `video`, the way of a
//! picture, `link`, what becomes of commands when the line changes, `world`, the safety campaign in virtual time, and `step`, the
//! instructions of one step of the servo; `all` is every one of them but the last. `compare` puts two results beside each other. Lines: `links` lists them, `relay` and
//! `netns` put programs on them, `selftest` proves that they hold.

mod latency;
mod line;
mod report;
mod step;
mod world;

use std::error::Error;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Measures Farprobe on this machine, and puts programs on the line of a hospital.
#[derive(Debug, Parser)]
#[command(name = "farprobe-bench", version)]
struct Cli {
    #[command(subcommand)]
    run: Run,
}

#[derive(Debug, Subcommand)]
enum Run {
    /// Thousands of simulated exams in virtual time, each from one seed, in which everything goes wrong that can.
    World(world::Options),
    /// The instructions that one step of the servo takes, counted by valgrind.
    Step(step::Options),
    /// From a handle sample at the desk until the cart's real-time thread can read it, beside raw UDP.
    Command(latency::command::Options),
    /// How late the cart's real-time thread wakes, and what its step takes, quiet and under load.
    Rt(latency::rt::Options),
    /// What it takes to encode and decode a picture.
    Codec(latency::codec::Options),
    /// From a handle sample until the first picture that shows its effect is presented.
    HandToEye(latency::eye::Options),
    /// What a change of the desk's address and a blackout do to commands in mid-motion.
    Link(latency::link::Options),
    /// From the capture of a picture until it is decoded at the desk, and what losses, a blackout and a lower rate do to it.
    Video(latency::video::Options),
    /// Every run after another, unattended, and one report of them all.
    All(latency::all::Options),
    /// Says of two files of results (results.json) what is better, worse, or within noise.
    Compare(report::compare::Options),
    /// One end of a run: what this program asks of itself.
    #[command(hide = true)]
    End,
    /// Lists the lines that have a name, with their numbers and sources.
    Links(line::links::Options),
    /// Puts programs that talk UDP on an impaired line, until Ctrl-C. Needs no rights.
    Relay(line::relay::Options),
    /// Puts any programs on an impaired line, in two network namespaces, until they or Ctrl-C end. Linux, as root.
    Netns(line::netns::Options),
    /// Proves that the lines do what is asked of them, with real datagrams.
    Selftest(line::selftest::Options),
}

fn main() -> ExitCode {
    match run(&Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("farprobe-bench: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(cli: &Cli) -> Result<(), Box<dyn Error>> {
    match &cli.run {
        Run::World(options) => world::run(options),
        Run::Step(options) => step::run(options),
        Run::Command(options) => latency::command::run(options),
        Run::Rt(options) => latency::rt::run(options),
        Run::Codec(options) => latency::codec::run(options),
        Run::HandToEye(options) => latency::eye::run(options),
        Run::Link(options) => latency::link::run(options),
        Run::Video(options) => latency::video::run(options),
        Run::All(options) => latency::all::run(options),
        Run::Compare(options) => report::compare::run(options),
        Run::End => latency::ends::run(),
        Run::Links(options) => line::links::run(options),
        Run::Relay(options) => line::relay::run(options),
        Run::Netns(options) => line::netns::run(options),
        Run::Selftest(options) => line::selftest::run(options),
    }
}
