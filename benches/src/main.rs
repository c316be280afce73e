//! `farprobe-bench`: what Farprobe measures of itself. So far two runs: `world`, the safety campaign in virtual
//! time, and `step`, the instructions of one step of the servo.

mod step;
mod world;

use clap::{Parser, Subcommand};

/// Measures Farprobe on this machine.
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
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    match Cli::parse().run {
        Run::World(options) => world::run(&options),
        Run::Step(options) => step::run(&options),
    }
}
