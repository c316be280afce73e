//! Proves that the lines do what is asked of them: real datagrams, what was asked beside what was found.

mod knobs;
mod table;

use std::error::Error;
use std::net::UdpSocket;
use std::time::Duration;

use clap::{Args, ValueEnum};
use farprobe_impair::Keep;
use farprobe_impair::link::{Link, find};
use farprobe_impair::namespace::Lab;
use farprobe_impair::proof::{Ends, Pace, Traffic, WayProof, prove};
use farprobe_impair::relay::Relay;
use farprobe_sim::link::named;
use indicatif::{ProgressBar, ProgressStyle};

use table::Tally;

/// What is asked for on the command line.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Only these lines: names that `farprobe-bench links` lists, or TOML files. Without it every one that has a name, and one
    /// for each knob.
    #[arg(long, value_name = "NAME|FILE")]
    link: Vec<String>,
    /// Only over this driver. Without it over both, if the user is root, and over the relay if not.
    #[arg(long, value_enum)]
    over: Option<Over>,
    /// For how long each line is used, s.
    #[arg(long, default_value_t = 2.0, value_parser = seconds)]
    seconds: f64,
    /// Who is lost and late.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// What carries the datagrams.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Over {
    /// The UDP relay.
    Relay,
    /// The two network namespaces; as root.
    Namespaces,
}

/// A driver keeps a million packets at most: at 500 a second each way, those of 1000 s.
fn seconds(text: &str) -> Result<f64, String> {
    let value = text.parse().map_err(|_| "give a number of seconds".to_owned())?;
    if (0.1..=900.0).contains(&value) { Ok(value) } else { Err("it must be within 0.1 to 900".to_owned()) }
}

/// As many as commands: 500 a second, of 100 bytes.
const EVERY: Duration = Duration::from_millis(2);
const BYTES: usize = 100;

/// Queues up to this size are filled, to prove rate and queue: a socket of this machine holds little more at once.
const FILLED: usize = 256 << 10;

/// What a full datagram carries, bytes: an Ethernet frame's 1500 without its headers.
const FULL: usize = 1_472;

/// Proves each line, prints what was found, and fails if one does not hold.
pub(crate) fn run(options: &Options) -> Result<(), Box<dyn Error>> {
    let links = links(options)?;
    let mut tally = Tally::default();
    let drivers = match options.over {
        Some(over) => vec![over],
        None if rustix::process::geteuid().is_root() => vec![Over::Relay, Over::Namespaces],
        None => vec![Over::Relay],
    };
    let bar = ProgressBar::new((links.len() * drivers.len()) as u64);
    bar.set_style(ProgressStyle::with_template("{elapsed:>5} [{bar:40}] {pos}/{len} lines, {msg}")?);
    for over in drivers {
        let over_what = match over {
            Over::Relay => "over the UDP relay",
            Over::Namespaces => "between two network namespaces",
        };
        bar.suspend(|| super::print(&format!("\n{over_what}\n{}", Tally::head())))?;
        for link in &links {
            bar.set_message(link.name.clone());
            for (name, traffic) in probes(link, options) {
                let proofs = carry(over, link, options.seed, traffic)?;
                bar.suspend(|| super::print(&tally.rows(&name, &proofs)))?;
            }
            bar.inc(1);
        }
    }
    bar.finish_and_clear();
    super::print(&tally.verdict()?)
}

fn links(options: &Options) -> Result<Vec<Link>, Box<dyn Error>> {
    let found = |name: &str| find(name).map_err(Box::<dyn Error>::from);
    if options.link.is_empty() {
        let named = named::ALL.iter().map(|named| found(named.name));
        knobs::knobs().into_iter().map(Ok).chain(named).collect()
    } else {
        options.link.iter().map(|link| found(link)).collect()
    }
}

/// What is sent over a line to prove it, and what to call it.
fn probes(link: &Link, options: &Options) -> Vec<(String, Traffic)> {
    let count = (options.seconds / EVERY.as_secs_f64()) as u64;
    let mut probes = vec![(link.name.clone(), Traffic { count, bytes: BYTES, pace: Pace::Every(EVERY) })];
    let narrow = [link.profile.there, link.profile.back].into_iter().filter(|way| way.rate.is_some());
    if let Some(queue) = narrow.map(|way| way.queue_bytes).filter(|queue| *queue <= FILLED).max() {
        // Half as much again as fits, at once.
        let count = (queue / FULL) as u64 * 3 / 2;
        let traffic = Traffic { count, bytes: FULL, pace: Pace::Every(Duration::ZERO) };
        probes.push((format!("{}, full", link.name), traffic));
    }
    probes
}

fn carry(over: Over, link: &Link, seed: u64, traffic: Traffic) -> Result<[WayProof; 2], Box<dyn Error>> {
    let asked = (&link.profile, seed);
    match over {
        Over::Relay => {
            let called = UdpSocket::bind("127.0.0.1:0")?;
            let any = "127.0.0.1:0".parse()?;
            let mut relay = Relay::start(any, called.local_addr()?, &link.profile, seed, Keep::Packets)?;
            let caller = UdpSocket::bind("127.0.0.1:0")?;
            caller.connect(relay.address)?;
            Ok(prove(&mut relay.driver, &Ends { caller, called }, asked, traffic)?)
        }
        Over::Namespaces => {
            // A name of its own: it must not get in the way of a line that is in use.
            let name = format!("farprobe-{}", std::process::id());
            let mut lab = Lab::build(&name, &link.profile, seed, Keep::Packets)?;
            let (caller, called) = (lab.desk.socket()?, lab.cart.socket()?);
            caller.connect(called.local_addr()?)?;
            Ok(prove(&mut lab.driver, &Ends { caller, called }, asked, traffic)?)
        }
    }
}
