//! The safety campaign: seeded exams on all cores, what was measured, and what did not hold.

mod json;
mod table;

use std::collections::VecDeque;
use std::num::NonZero;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use clap::{Args, ValueEnum};
use farprobe_sim::arm::PlantCard;
use farprobe_world::campaign::{self, Class, Report, Tally};
use indicatif::{ProgressBar, ProgressStyle};
use rustix::time::{ClockId, clock_gettime};

/// What is asked for on the command line.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// The first seed.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How many seeds. A seed's class of faults follows from its number, so that all classes have as many.
    #[arg(long, default_value_t = 270)]
    seeds: u64,
    /// How long each exam is, s of virtual time. Each fault takes a cycle of 24 s: a shorter exam would meet none, and pass.
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u64).range(24..=86_400))]
    seconds: u64,
    /// Only this class of faults: "link-lost", "adversary", …
    #[arg(long, value_parser = class)]
    class: Option<Class>,
    /// The arm.
    #[arg(long, value_enum, default_value_t = Plant::A)]
    plant: Plant,
    /// Write what was measured to this file.
    #[arg(long)]
    json: Option<PathBuf>,
    /// Run each seed twice and compare.
    #[arg(long)]
    twice: bool,
}

/// The plant cards of the design.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Plant {
    /// FR3-like: 2 ms dead time. The promises are for this one.
    A,
    /// UR5e-like: 15 ms dead time. Reported without a bar.
    B,
}

impl Plant {
    fn card(self) -> PlantCard {
        match self {
            Self::A => PlantCard::A,
            Self::B => PlantCard::B,
        }
    }
}

fn class(name: &str) -> Result<Class, String> {
    let names: Vec<_> = Class::ALL.iter().map(|class| class.name()).collect();
    Class::named(name).ok_or_else(|| format!("there is no such class; choose one of: {}", names.join(", ")))
}

/// A campaign that is over.
struct Campaign {
    tally: Tally,
    /// CPU time of all threads together.
    cpu: Duration,
    /// Seeds that gave another exam the second time.
    not_repeated: Vec<u64>,
}

/// Runs the campaign, prints the table, and fails if an invariant was broken.
pub(crate) fn run(options: &Options) -> Result<(), Box<dyn std::error::Error>> {
    let campaign = campaign(options)?;
    let speed = campaign.tally.lasted().as_secs_f64() / campaign.cpu.as_secs_f64();
    println!("{}", table::table(&campaign.tally));
    println!(
        "{speed:.0} times real time on one core; {:.1} h simulated",
        campaign.tally.lasted().as_secs_f64() / 3_600.0
    );
    if let Some(path) = &options.json {
        json::write(path, options, &campaign.tally, speed)
            .map_err(|error| format!("the results can't be written to {}: {error}", path.display()))?;
    }
    let mut broken = 0;
    for (class, seed, found) in campaign.tally.breaks() {
        broken += 1;
        let (name, seconds) = (class.name(), options.seconds);
        eprintln!("BROKEN {name} seed {seed}: {found}");
        eprintln!("  again: farprobe-bench world --class {name} --seed {seed} --seeds 1 --seconds {seconds}");
    }
    for seed in &campaign.not_repeated {
        eprintln!("BROKEN seed {seed} gave another exam the second time");
    }
    match broken + campaign.not_repeated.len() {
        0 => Ok(()),
        count => Err(format!("{count} invariants did not hold (commit {})", farprobe_record::commit()).into()),
    }
}

fn campaign(options: &Options) -> Result<Campaign, Box<dyn std::error::Error>> {
    let seeds = options.seed..options.seed.saturating_add(options.seeds);
    let jobs: VecDeque<_> = seeds.map(|seed| (options.class.unwrap_or_else(|| class_of(seed)), seed)).collect();
    let bar = ProgressBar::new(jobs.len() as u64);
    bar.set_style(ProgressStyle::with_template("{elapsed:>5} [{bar:40}] {pos}/{len} exams, {eta} to go {msg}")?);
    let (jobs, failed) = (Mutex::new(jobs), AtomicBool::new(false));
    let threads = std::thread::available_parallelism().map_or(1, NonZero::get);
    let results: Vec<_> = std::thread::scope(|scope| {
        let work = || worker(options, &jobs, &bar, &failed);
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        threads.into_iter().map(|thread| thread.join().map_err(|_| "a thread of the campaign panicked")).collect()
    });
    bar.finish();
    let mut campaign = Campaign { tally: Tally::default(), cpu: Duration::ZERO, not_repeated: Vec::new() };
    let mut reports = Vec::new();
    for result in results {
        let mut share = result??;
        reports.append(&mut share.reports);
        campaign.cpu += share.cpu;
        campaign.not_repeated.append(&mut share.not_repeated);
    }
    reports.sort_by_key(|report| report.seed);
    for report in reports {
        campaign.tally.add(report);
    }
    Ok(campaign)
}

/// What one thread has done.
#[derive(Default)]
struct Share {
    reports: Vec<Report>,
    cpu: Duration,
    not_repeated: Vec<u64>,
}

fn worker(
    options: &Options,
    jobs: &Mutex<VecDeque<(Class, u64)>>,
    bar: &ProgressBar,
    failed: &AtomicBool,
) -> Result<Share, String> {
    let (mut share, began) = (Share::default(), thread_time());
    let (lasts, plant) = (Duration::from_secs(options.seconds), options.plant.card());
    while !failed.load(Ordering::Relaxed) {
        let job = jobs.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        let Some((class, seed)) = job else { break };
        let once = || {
            campaign::run(class, seed, lasts, &plant).map_err(|error| {
                failed.store(true, Ordering::Relaxed);
                error.to_string()
            })
        };
        let report = once()?;
        if options.twice && once()? != report {
            share.not_repeated.push(seed);
        }
        if !report.breaks.is_empty() {
            bar.set_message(format!("({} seed {seed} BROKEN)", class.name()));
        }
        share.reports.push(report);
        bar.inc(1);
    }
    share.cpu = thread_time().saturating_sub(began);
    Ok(share)
}

/// The class of faults of a seed.
fn class_of(seed: u64) -> Class {
    let count = Class::ALL.len() as u64;
    Class::ALL.into_iter().nth((seed % count) as usize).unwrap_or(Class::Scan)
}

/// CPU time of this thread: what other processes take of the machine does not count.
fn thread_time() -> Duration {
    let now = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(now.tv_sec.unsigned_abs(), now.tv_nsec.unsigned_abs() as u32)
}
