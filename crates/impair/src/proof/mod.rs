//! Proves of a driver at work that what was asked of the line really holds.
//!
//! Numbered datagrams go both ways, and the driver keeps a list of what it handled and when. The same list through the pure
//! model must give the very datagrams that came through, in the same order, and none before its time: that is exact on the
//! busiest machine. Whether the model keeps what the profile asks is a matter of statistics, with bounds that a sound line
//! passes once in a million.

mod plan;
mod traffic;

use std::time::Duration;

use farprobe_geom::Time;
use farprobe_sim::link::{LineProfile, LinkCounts, LinkProfile, LongRun, Order, Way};

pub use traffic::{Ends, Pace, Traffic, TrafficError};

use crate::driver::Driver;
use crate::report::{Lateness, Report};
use plan::{Planned, plan};
use traffic::{Sent, Trace, run};

/// What was found of one way.
#[derive(Debug, Clone)]
pub struct WayProof {
    /// What was asked for.
    pub asked: LinkProfile,
    /// What the line did.
    pub counts: LinkCounts,
    /// How many datagrams came through.
    pub found: usize,
    /// How many should have, by the model.
    pub planned: usize,
    /// The part that chance lost, of those that were neither cut nor overflowed; and how many in a row, on average.
    pub loss: LongRun,
    /// From sent to received: what the model planned.
    pub planned_delay: Spread,
    /// From sent to received.
    pub found_delay: Spread,
    /// What driver, sockets and the receiving program added to the model's plan.
    pub added: Spread,
    /// What the driver itself added.
    pub driver: Lateness,
    /// The part that came twice, of those that were not lost.
    pub doubled: f64,
    /// How many came after one that was sent later.
    pub overtaken: usize,
    /// The longest time in which nothing came.
    pub silence: Duration,
    /// What came through while the queue was full, bits a second. Nothing where it never was.
    pub rate: Option<f64>,
    /// What does not hold. Nothing for a line that is as asked.
    pub broken: Vec<String>,
    /// Why nothing can be said: the machine itself lost datagrams.
    pub unclear: Option<String>,
}

/// How some spans are spread.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Spread {
    /// The shortest.
    pub least: Duration,
    /// Half are no longer.
    pub p50: Duration,
    /// 99 of 100 are no longer.
    pub p99: Duration,
}

impl Spread {
    fn of(mut spans: Vec<Duration>) -> Self {
        spans.sort_unstable();
        let at = |part: f64| spans.get(((spans.len() as f64 * part) as usize).min(spans.len().saturating_sub(1)));
        let [least, p50, p99] = [0.0, 0.5, 0.99].map(|part| at(part).copied().unwrap_or_default());
        Self { least, p50, p99 }
    }
}

/// Sends `traffic` between `ends`, which `driver` joins by a line of this profile and seed, and judges what came of it. The
/// driver must keep its packets, must not have carried any before, and is ended.
pub fn prove(
    driver: &mut Driver,
    ends: &Ends,
    (profile, seed): (&LineProfile, u64),
    traffic: Traffic,
) -> Result<[WayProof; 2], TrafficError> {
    let traces = run(driver, ends, traffic)?;
    let report = driver.stop().ok_or(TrafficError::DriverGone)?;
    let plans = plan(profile, seed, &report);
    let of = |way: Way| judge(profile.way(way), &report, way, &traces[way.index()], &plans[way.index()]);
    Ok(Way::ALL.map(of))
}

fn judge(asked: &LinkProfile, report: &Report, way: Way, trace: &Trace, plan: &[Planned]) -> WayProof {
    let counts = report.way(way).counts;
    let delivered = &plan[..plan.len().min(counts.delivered as usize)];
    let mut proof = WayProof {
        asked: *asked,
        counts,
        found: trace.received.len(),
        planned: delivered.len(),
        loss: found_loss(counts, delivered),
        planned_delay: Spread::of(delays(trace, delivered.iter().map(|planned| (planned.number, planned.at)))),
        found_delay: Spread::of(delays(trace, trace.received.iter().copied())),
        added: Spread::default(),
        driver: report.way(way).lateness,
        doubled: counts.duplicated as f64 / ((chances(counts) - counts.lost) as f64).max(1.0),
        overtaken: overtaken(&trace.received),
        silence: gaps(&trace.received).max().unwrap_or_default(),
        rate: found_rate(asked, trace, counts, report, way),
        broken: Vec::new(),
        unclear: unclear(trace, counts, report.way(way).refused),
    };
    if proof.unclear.is_none() {
        exact(&mut proof, trace, delivered);
        statistical(&mut proof);
    }
    proof
}

/// Whether the machine's own sockets lost something.
fn unclear(trace: &Trace, counts: LinkCounts, refused: u64) -> Option<String> {
    let (sent, received) = (trace.sent.len() as u64, trace.received.len() as u64);
    match () {
        () if sent != counts.sent => Some(format!("{sent} were sent, and {} reached the driver", counts.sent)),
        () if refused > 0 => Some(format!("{refused} that came through were not taken")),
        () if received < counts.delivered => {
            Some(format!("{} were handed over, and {received} reached their end", counts.delivered))
        }
        () => None,
    }
}

fn delays(trace: &Trace, received: impl Iterator<Item = (u64, Time)>) -> Vec<Duration> {
    let sent = |number: u64| trace.sent.get(number as usize);
    received.filter_map(|(number, at)| Some(at.saturating_since(sent(number).map(|Sent(at)| *at)?))).collect()
}

/// What came through is what the model planned, in its order, and nothing came before its time.
fn exact(proof: &mut WayProof, trace: &Trace, delivered: &[Planned]) {
    let same = delivered.iter().zip(&trace.received).take_while(|(planned, found)| planned.number == found.0).count();
    if same < delivered.len().max(trace.received.len()) {
        let numbers =
            (delivered.get(same).map(|planned| planned.number), trace.received.get(same).map(|found| found.0));
        proof.broken.push(format!("the {same}th to come through was {:?} and not {:?}", numbers.1, numbers.0));
        return;
    }
    let pairs = delivered.iter().zip(&trace.received);
    let early = pairs.clone().filter(|(planned, (_, at))| *at < planned.at).count();
    if early > 0 {
        proof.broken.push(format!("{early} came before their time"));
    }
    proof.added = Spread::of(pairs.map(|(planned, (_, at))| at.saturating_since(planned.at)).collect());
    if proof.asked.order == Order::Kept && proof.overtaken > 0 {
        proof.broken.push(format!("{} were overtaken, and the order was to be kept", proof.overtaken));
    }
    if !trace.received.is_empty() && proof.found_delay.least < proof.asked.delay {
        proof.broken.push(format!("one took {:?}, less than the least delay", proof.found_delay.least));
    }
}

/// How far a figure of chance may lie from what is expected, in standard deviations: a normal one lies further once in two
/// million cases. Bursts with a heavy tail are not quite normal, and a run has some dozen figures.
const SIGMAS: f64 = 5.0;

/// The share of loss and the length of bursts are those of the profile, as far as so few packets can tell.
fn statistical(proof: &mut WayProof) {
    let (asked, found) = (proof.asked.loss.long_run(), proof.loss);
    let count = chances(proof.counts) as f64;
    if count == 0.0 {
        return;
    }
    let doubled = proof.asked.duplicate.get();
    if (proof.doubled - doubled).abs() > SIGMAS * (doubled * (1.0 - doubled) / count).sqrt() + 1.0 / count {
        proof.broken.push(format!("{:.3} % doubled, and {:.3} % asked for", proof.doubled * 100.0, doubled * 100.0));
    }
    // Packets of one burst share their fate: as many fewer independent ones.
    let spread = (asked.share * (1.0 - asked.share) * (2.0 * asked.mean_burst).max(1.0) / count).sqrt();
    if (found.share - asked.share).abs() > SIGMAS * spread + 1.0 / count {
        proof.broken.push(format!("{:.3} % lost, and {:.3} % asked for", found.share * 100.0, asked.share * 100.0));
    }
    let bursts = count * found.share / found.mean_burst.max(1.0);
    // The length of a burst is spread about as much as it is long.
    if bursts >= 30.0 && (found.mean_burst / asked.mean_burst - 1.0).abs() > SIGMAS / bursts.sqrt() {
        let (found, asked) = (found.mean_burst, asked.mean_burst);
        proof.broken.push(format!("bursts of {found:.2} on average, and {asked:.2} asked for"));
    }
}

/// How many came after one with a higher number; a copy is not overtaken by its own packet.
fn overtaken(received: &[(u64, Time)]) -> usize {
    let mut highest = 0;
    let is_late = |(number, _): &&(u64, Time)| {
        highest = highest.max(*number);
        *number < highest
    };
    received.iter().filter(is_late).count()
}

/// The times between one that came and the next.
fn gaps(received: &[(u64, Time)]) -> impl Iterator<Item = Duration> {
    received.windows(2).map(|pair| pair[1].1.saturating_since(pair[0].1))
}

/// What came through a queue that was full from the first datagram to the last: all but the first waited for their turn.
fn found_rate(asked: &LinkProfile, trace: &Trace, counts: LinkCounts, report: &Report, way: Way) -> Option<f64> {
    let is_narrow = asked.rate.is_some() && counts.overflowed > 0;
    let (first, last) = (trace.received.first()?, trace.received.last()?);
    let bytes = report.handled.iter().filter(|handled| handled.way == way).map(|handled| handled.bytes).max()?;
    let bits = (trace.received.len() - 1) as f64 * bytes as f64 * 8.0;
    let lasted = last.1.saturating_since(first.1).as_secs_f64();
    (is_narrow && lasted > 0.0).then(|| bits / lasted)
}

/// The packets that had a chance to be lost by chance.
fn chances(counts: LinkCounts) -> u64 {
    counts.sent - counts.cut - counts.overflowed
}

fn found_loss(counts: LinkCounts, delivered: &[Planned]) -> LongRun {
    let share = counts.lost as f64 / (chances(counts) as f64).max(1.0);
    let mut numbers: Vec<u64> = delivered.iter().map(|planned| planned.number).collect();
    numbers.sort_unstable();
    numbers.dedup();
    let bursts = numbers.windows(2).filter(|pair| pair[1] - pair[0] > 1).count();
    // Only where nothing but chance makes gaps do they tell how long its bursts are.
    let only_chance = counts.cut + counts.overflowed == 0;
    let lost = numbers.windows(2).map(|pair| pair[1] - pair[0] - 1).sum::<u64>();
    let mean_burst = if bursts > 0 && only_chance { lost as f64 / bursts as f64 } else { 0.0 };
    LongRun { share, mean_burst }
}
