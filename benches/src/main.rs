//! `farprobe-bench`: what Farprobe measures of itself. So far one run, `world`: the safety campaign in virtual time.

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
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let Cli { run: Run::World(options) } = Cli::parse();
    world::run(&options)
}
