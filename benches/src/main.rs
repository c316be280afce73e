//! `farprobe-bench`: how fast the parts are on this machine. So far one run, `world`: the cart's step, the simulated arm and
//! both ends of the session in virtual time.

use std::time::{Duration, Instant};

use clap::{Parser, Subcommand};
use farprobe_geom::{Newton, Time};
use farprobe_sim::arm::PlantCard;
use farprobe_sim::body::BodyCard;
use farprobe_sim::link::LinkProfile;
use farprobe_world::{Hand, World, WorldCard};
use indicatif::{ProgressBar, ProgressStyle};

/// Measures Farprobe on this machine.
#[derive(Debug, Parser)]
#[command(name = "farprobe-bench", version)]
struct Cli {
    #[command(subcommand)]
    run: Run,
}

#[derive(Debug, Subcommand)]
enum Run {
    /// Simulated exams in virtual time: how many times faster than real time one core runs them.
    World {
        /// How many exams, each with the next seed.
        #[arg(long, default_value_t = 4)]
        seeds: u64,
        /// The first seed.
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// How long each exam is, s of virtual time.
        #[arg(long, default_value_t = 30)]
        seconds: u64,
    },
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let Cli { run: Run::World { seeds, seed, seconds } } = Cli::parse();
    let bar = ProgressBar::new(seeds);
    bar.set_style(ProgressStyle::with_template("{elapsed:>4} [{bar:30}] {pos}/{len} exams")?);
    let began = Instant::now();
    let mut peak = 0.0_f64;
    for seed in seed..seed.saturating_add(seeds) {
        peak = peak.max(exam(seed, seconds)?);
        bar.inc(1);
    }
    bar.finish();
    let (virtual_s, real_s) = ((seeds * seconds) as f64, began.elapsed().as_secs_f64());
    println!("{virtual_s} s of exams in {real_s:.1} s: {:.0} times real time on one core", virtual_s / real_s);
    println!("largest true contact force {peak:.2} N (8 N asked for)");
    Ok(())
}

/// One exam: approach, press, slide, lift. Gives the largest true force, N.
fn exam(seed: u64, seconds: u64) -> Result<f64, Box<dyn std::error::Error>> {
    let at = Time::from_millis;
    let hand = Hand::new(Newton::literal(8.0))
        .press(at(3_000))
        .travel(at(3_100), Duration::from_millis(5_500), [0.0, 0.0, 0.046])
        .travel(at(10_500), Duration::from_secs(3), [0.025, 0.0, 0.0])
        .travel(at(24_000), Duration::from_millis(3_500), [0.0, 0.0, -0.045])
        .open(at(28_000));
    let link = LinkProfile::default();
    let card = WorldCard { plant: PlantCard::A, body: BodyCard::default(), up: link, down: link };
    let mut world =
        World::new(&card, seed, Box::new(hand)).map_err(|error| format!("the world can't be made: {error:?}"))?;
    world.run_until(at(seconds.saturating_mul(1_000)));
    Ok(world.seen().peak_force)
}
