//! Proves that the lines do what is asked of them: real datagrams, what was asked beside what was found.

use std::error::Error;
use std::fmt::Write as _;
use std::net::UdpSocket;
use std::time::Duration;

use clap::Args;
use farprobe_impair::Keep;
use farprobe_impair::link::{Link, find};
use farprobe_impair::proof::{Ends, Pace, Traffic, WayProof, prove};
use farprobe_impair::relay::Relay;
use farprobe_sim::link::named;
use indicatif::{ProgressBar, ProgressStyle};

use super::words;

/// What is asked for on the command line.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Only these lines: names that `farprobe-bench links` lists, or TOML files. Without it every one that has a name.
    #[arg(long, value_name = "NAME|FILE")]
    link: Vec<String>,
    /// For how long each line is used, s.
    #[arg(long, default_value_t = 3.0, value_parser = seconds)]
    seconds: f64,
    /// Who is lost and late.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

fn seconds(text: &str) -> Result<f64, String> {
    let value = text.parse().map_err(|_| "give a number of seconds".to_owned())?;
    if (0.1..=3_600.0).contains(&value) { Ok(value) } else { Err("it must be within 0.1 to 3600".to_owned()) }
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
    let names = || named::ALL.iter().map(|named| named.name.to_owned()).collect();
    let asked: Vec<String> = if options.link.is_empty() { names() } else { options.link.clone() };
    let links = asked.iter().map(|link| find(link)).collect::<Result<Vec<Link>, _>>()?;
    let bar = ProgressBar::new(links.len() as u64);
    bar.set_style(ProgressStyle::with_template("{elapsed:>5} [{bar:40}] {pos}/{len} lines, {msg}")?);
    let mut tally = Tally::default();
    super::print(&Tally::head())?;
    for link in &links {
        bar.set_message(link.name.clone());
        for (what, traffic) in probes(link, options) {
            let proofs = over_relay(link, options.seed, traffic)?;
            bar.suspend(|| super::print(&tally.rows(&link.name, what, &proofs)))?;
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    tally.verdict()
}

/// What is sent over a line to prove it.
fn probes(link: &Link, options: &Options) -> Vec<(&'static str, Traffic)> {
    let count = (options.seconds / EVERY.as_secs_f64()) as u64;
    let mut probes = vec![("500/s", Traffic { count, bytes: BYTES, pace: Pace::Every(EVERY) })];
    let narrow = [link.profile.there, link.profile.back].into_iter().filter(|way| way.rate.is_some());
    if let Some(queue) = narrow.map(|way| way.queue_bytes).filter(|queue| *queue <= FILLED).max() {
        // Half as much again as fits, at once.
        let count = (queue / FULL) as u64 * 3 / 2;
        probes.push(("burst", Traffic { count, bytes: FULL, pace: Pace::Every(Duration::ZERO) }));
    }
    probes
}

fn over_relay(link: &Link, seed: u64, traffic: Traffic) -> Result<[WayProof; 2], Box<dyn Error>> {
    let called = UdpSocket::bind("127.0.0.1:0")?;
    let any = "127.0.0.1:0".parse()?;
    let mut relay = Relay::start(any, called.local_addr()?, &link.profile, seed, Keep::Packets)?;
    let caller = UdpSocket::bind("127.0.0.1:0")?;
    caller.connect(relay.address)?;
    Ok(prove(&mut relay.driver, &Ends { caller, called }, (&link.profile, seed), traffic)?)
}

/// What was found so far.
#[derive(Default)]
struct Tally {
    broken: Vec<String>,
    unclear: Vec<String>,
    held: usize,
}

impl Tally {
    fn head() -> String {
        let head = format!(
            "{:<16} {:<5} {:<5} {:>6} {:>17} {:>13} {:>17} {:>17} {:>17}  verdict\n",
            "line", "sent", "way", "count", "lost", "in a row", "least delay", "p50", "p99"
        );
        let under = format!(
            "{:<16} {:<5} {:<5} {:>6} {:>17} {:>13} {:>17} {:>17} {:>17}\n",
            "", "", "", "", "asked / found", "asked / found", "asked / found", "plan / found", "plan / found"
        );
        head + &under
    }

    fn rows(&mut self, name: &str, what: &str, proofs: &[WayProof; 2]) -> String {
        let mut text = String::new();
        for (way, proof) in ["there", "back"].into_iter().zip(proofs) {
            let asked = proof.asked.loss.long_run();
            let pair = |asked: String, found: String| format!("{asked} / {found}");
            let verdict = self.take(&format!("{name}, {what}, {way}"), proof);
            // Writing to a string can't fail.
            let _ = writeln!(
                text,
                "{name:<16} {what:<5} {way:<5} {:>6} {:>17} {:>13} {:>17} {:>17} {:>17}  {verdict}",
                proof.counts.sent,
                pair(words::percent(asked.share), words::percent(proof.loss.share)),
                pair(words::plain(asked.mean_burst, 1), words::plain(proof.loss.mean_burst, 1)),
                pair(words::span(proof.asked.delay), words::span(proof.found_delay.least)),
                pair(words::span(proof.planned_delay.p50), words::span(proof.found_delay.p50)),
                pair(words::span(proof.planned_delay.p99), words::span(proof.found_delay.p99)),
            );
        }
        text
    }

    fn take(&mut self, which: &str, proof: &WayProof) -> String {
        if let Some(why) = &proof.unclear {
            self.unclear.push(format!("{which}: {why}"));
            return "unclear".to_owned();
        }
        if !proof.broken.is_empty() {
            self.broken.extend(proof.broken.iter().map(|what| format!("{which}: {what}")));
            return "BROKEN".to_owned();
        }
        self.held += 1;
        let mut extra = String::new();
        for (count, what) in [(proof.counts.cut, "cut"), (proof.counts.overflowed, "overflowed")] {
            if count > 0 {
                let _ = write!(extra, ", {count} {what}");
            }
        }
        format!(
            "all {} as planned{extra}; + {} / {}",
            proof.found,
            words::span(proof.added.p50),
            words::span(proof.added.p99)
        )
    }

    fn verdict(self) -> Result<(), Box<dyn Error>> {
        let mut text = format!(
            "\n{} ways hold: what came through is exactly what the model plans, in its order, and nothing before its time. \"+\" \
             is what\nsockets and scheduler added to the plan (median / p99).\n",
            self.held
        );
        for unclear in &self.unclear {
            let _ = writeln!(text, "unclear: {unclear}; this machine is too busy, or its socket buffers are too small");
        }
        super::print(&text)?;
        match self.broken.len() {
            0 => Ok(()),
            count => Err(format!("{count} figures are not as asked:\n{}", self.broken.join("\n")).into()),
        }
    }
}
