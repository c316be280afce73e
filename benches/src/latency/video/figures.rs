//! What the stamps of the pictures say.

use farprobe_impair::Report;
use farprobe_sim::link::Way;

use super::case::{Event, EventKind};
use crate::latency::ends::usage::Usage;
use crate::latency::ends::words::{Coded, Looked, Seen, Window};
use crate::latency::rounds::{HopTimes, Measured, TurnFigure};
use crate::latency::slots::Slot;
use crate::latency::statistics::Sorted;

/// What this run has beside latencies, by name; the same in results and in the bars.
pub(super) const P95: &str = "95 of 100 sound pictures take no longer than";
pub(super) const NOT_GOOD: &str = "pictures that were not good";
pub(super) const LONGEST: &str = "longest gap between good pictures";
pub(super) const FIRST_GOOD: &str = "first good picture after the line carries again";
pub(super) const DROP_P95: &str = "95 of 100, from 1 s after the drop until its end, take no longer than";
pub(super) const DROP_LONGEST: &str = "longest gap between good pictures, from the drop until its end";
pub(super) const QUALITY_BACK: &str = "quality as before, after the rate is back";
const FREEZES: &str = "gaps between good pictures of more than 100 ms";
const FROZEN: &str = "time in such gaps";
const GUESSED: &str = "pictures shown with guessed parts";
const QUALITY: &str = "quality of the sound pictures, median (PSNR)";
const STALE: &str = "sound pictures that came more than 500 ms old";

/// Parts of the way; the floor has two of them.
const CODED: &str = "captured to encoded";
const DECODED: &str = "received to decoded";

/// A gap between two good pictures that is longer is a freeze, ms.
const FREEZE_MS: f64 = 100.0;

/// A picture is good only if its quality is no more than this below the median of what was before, dB. What is worse by it looks
/// worse to anybody.
const WORSE_BY_DB: f64 = 3.0;

/// A picture that is older when it comes is stale: the safety counts it as lost (DESIGN §6), ms.
const STALE_MS: f64 = 500.0;

/// Quality is as before within this, dB.
const AS_BEFORE_DB: f64 = 1.0;

/// So long after a drop of the rate what was under way has come, and the sender could have noticed, ns.
const NOTICED: u64 = 1_000_000_000;

/// Pictures that one has to see to know that the quality is back: half a second of them.
const IN_A_ROW: usize = 30;

/// What was seen in a turn.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) window: Window,
    pub(super) event: Option<Event>,
    /// Between two pictures.
    pub(super) period_ns: u64,
    pub(super) looked: Looked,
    pub(super) line: Option<Report>,
}

impl Seen {
    fn captured(&self) -> u64 {
        self.stamps[0]
    }

    fn decoded(&self) -> u64 {
        self.stamps[4]
    }

    fn age_ms(&self) -> f64 {
        millis(self.captured(), self.decoded())
    }
}

fn millis(from: u64, to: u64) -> f64 {
    to.saturating_sub(from) as f64 * 1e-6
}

/// What a good picture is in this turn.
struct Good {
    /// The least quality, dB; nothing where pictures can't be judged.
    least: Option<f64>,
}

impl Good {
    /// By the complete pictures that were there before anything happened, or by all.
    fn of(pictures: &[Seen], until: u64) -> Self {
        let before = pictures.iter().filter(|picture| picture.complete && picture.captured() < until);
        let median = Sorted::new(before.filter_map(|picture| picture.quality)).at(0.5);
        Self { least: median.map(|median| median - WORSE_BY_DB) }
    }

    /// Whether it shows what was captured.
    fn is_sound(&self, picture: &Seen) -> bool {
        let fair = match (picture.quality, self.least) {
            (Some(quality), Some(least)) => quality >= least,
            _ => true,
        };
        picture.complete && fair
    }

    /// Whether it does so in time.
    fn is(&self, picture: &Seen) -> bool {
        self.is_sound(picture) && picture.age_ms() <= STALE_MS
    }
}

pub(super) fn look(slot: Slot, found: &Found) -> Measured {
    let Found { window, event, period_ns, looked, line } = found;
    let (from, until) = (window.from.as_nanos(), window.until.as_nanos());
    let happens = window.dark.map(|(at, end)| (at.as_nanos(), end.as_nanos()));
    // Before something happens, or in the whole.
    let usual_until = happens.map_or(until, |(at, _)| at);
    let all = &looked.pictures;
    let within = |picture: &&Seen| (from..until).contains(&picture.captured());
    let good = Good::of(all, usual_until);
    let counted: Vec<Seen> = all.iter().filter(within).copied().collect();
    // Latencies are of stale ones, too: without them the slowest would be no part of how long pictures take.
    let fine: Vec<Seen> = counted.iter().filter(|picture| good.is_sound(picture)).copied().collect();
    let sent = captured(all, *period_ns, (from, until));
    let mut figures = Vec::new();
    let mut say = |name, unit, value: Option<f64>| {
        figures.extend(value.map(|value| TurnFigure { name, unit, value }));
    };
    say(P95, "ms", Sorted::new(fine.iter().map(Seen::age_ms)).at(0.95));
    let bad = sent.saturating_sub(counted.iter().filter(|picture| good.is(picture)).count() as u64);
    say(NOT_GOOD, "%", (sent > 0).then(|| 100.0 * bad as f64 / sent as f64));
    say(GUESSED, "pictures", Some(counted.iter().filter(|picture| !picture.complete).count() as f64));
    let stale = fine.iter().filter(|picture| picture.age_ms() > STALE_MS).count();
    say(STALE, "pictures", Some(stale as f64));
    let gaps = gaps(all, &good, from, until);
    say(LONGEST, "ms", Some(longest(&gaps)));
    let freezes: Vec<f64> = gaps.iter().copied().filter(|gap| *gap > FREEZE_MS).collect();
    say(FREEZES, "gaps", Some(freezes.len() as f64));
    say(FROZEN, "ms", Some(freezes.iter().fold(0.0, |sum, gap| sum + gap)));
    say(QUALITY, "dB", Sorted::new(fine.iter().filter_map(|picture| picture.quality)).at(0.5));
    match (event.map(|event| event.kind), happens) {
        (Some(EventKind::Blackout), Some((_, up))) => {
            // One that never comes is at least as late as the end.
            let first = all.iter().find(|picture| picture.decoded() >= up && good.is(picture));
            say(FIRST_GOOD, "ms", Some(millis(up, first.map_or(until, Seen::decoded))));
        }
        (Some(EventKind::Drop), Some((drop, back))) => {
            let during = all.iter().filter(|picture| (drop + NOTICED..back).contains(&picture.decoded()));
            // The smaller rate is worth less quality; what counts is that a picture is whole.
            let whole = Good { least: None };
            let ages = Sorted::new(during.filter(|picture| whole.is_sound(picture)).map(Seen::age_ms));
            say(DROP_P95, "ms", ages.at(0.95).or(Some(millis(drop + NOTICED, back))));
            say(DROP_LONGEST, "ms", Some(longest(&self::gaps(all, &whole, drop, back))));
            say(QUALITY_BACK, "ms", Some(millis(back, quality_back(all, usual_until, back).unwrap_or(until))));
        }
        _ => {}
    }
    if let Some(line) = line {
        say("line behind its plan, to the desk, p99", "us", Some(line.way(Way::Back).lateness.p99.as_secs_f64() * 1e6));
    }
    say("videos that ended before their time", "videos", looked.ended.as_ref().map(|_| 1.0));
    Measured {
        slot,
        latencies: fine.iter().map(|picture| picture.age_ms() * 1e3).collect(),
        sent,
        lost: sent.saturating_sub(counted.len() as u64),
        sender: Usage::default(),
        receiver: looked.usage,
        hops: hops(&fine),
        figures,
        course: course(all, &good, happens, (from, until)),
    }
}

/// How many pictures were captured from `from` to `until`, whether they came or not: by the numbers of those that came, next to both
/// ends or, where none came there, by the `period` between two.
fn captured(all: &[Seen], period: u64, (from, until): (u64, u64)) -> u64 {
    let period = period.max(1);
    // A picture is late by a part of the period now and then; that makes none less.
    let tolerance = period / 4;
    let steps_up = |span: u64| span.saturating_sub(tolerance).div_ceil(period).max(1);
    let steps_down = |span: u64| span / period;
    let before = all.iter().rev().find(|picture| picture.captured() < from);
    let first = all.iter().find(|picture| picture.captured() >= from);
    let start = match (before, first) {
        (Some(before), _) => before.number + steps_up(from - before.captured()),
        (None, Some(first)) => first.number.saturating_sub(steps_down(first.captured() - from)),
        (None, None) => return 0,
    };
    let beyond = all.iter().find(|picture| picture.captured() >= until);
    let last = all.iter().rev().find(|picture| picture.captured() < until);
    let end = match (beyond, last) {
        (Some(beyond), _) => beyond.number.saturating_sub(steps_down(beyond.captured() - until)),
        (None, Some(last)) => last.number + steps_up(until - last.captured()),
        (None, None) => return 0,
    };
    end.saturating_sub(start)
}

/// From one good picture to the next, by when they could be shown, ms; that from the beginning to the first is one, and that from
/// the last to the end.
fn gaps(all: &[Seen], good: &Good, from: u64, until: u64) -> Vec<f64> {
    // The picture before the beginning stands until the next comes.
    let before = all.iter().filter(|picture| good.is(picture) && picture.decoded() < from).map(Seen::decoded).max();
    let within =
        all.iter().filter(|picture| good.is(picture)).map(Seen::decoded).filter(|at| (from..until).contains(at));
    let mut times: Vec<u64> = std::iter::once(before.unwrap_or(from)).chain(within).collect();
    // A gap is longer if nothing more comes; whether something does within its usual time, the end can't know.
    let after = all.iter().filter(|picture| good.is(picture)).map(Seen::decoded).find(|at| *at >= until);
    times.push(after.unwrap_or(until));
    times.windows(2).map(|pair| if let [a, b] = pair { millis(*a, *b) } else { 0.0 }).collect()
}

fn longest(gaps: &[f64]) -> f64 {
    gaps.iter().copied().fold(0.0, f64::max)
}

/// When the first of half a second of pictures was decoded, all of them as good as before, after `back`.
fn quality_back(all: &[Seen], usual_until: u64, back: u64) -> Option<u64> {
    let before = all.iter().filter(|picture| picture.complete && picture.captured() < usual_until);
    let usual = Sorted::new(before.filter_map(|picture| picture.quality)).at(0.5)?;
    let after: Vec<&Seen> = all.iter().filter(|picture| picture.decoded() >= back).collect();
    let fine =
        |picture: &&Seen| picture.complete && picture.quality.is_some_and(|quality| quality >= usual - AS_BEFORE_DB);
    after
        .windows(IN_A_ROW)
        .find(|row| row.iter().all(fine))
        .and_then(|row| row.first())
        .map(|picture| picture.decoded())
}

fn hops(fine: &[Seen]) -> Vec<HopTimes> {
    let names = [CODED, "encoded to first packet received", "first packet to last", DECODED];
    let hop = |(at, name): (usize, &'static str)| {
        let time = |picture: &Seen| {
            let pair = picture.stamps.get(at).zip(picture.stamps.get(at + 1));
            pair.map_or(0.0, |(from, to)| millis(*from, *to) * 1e3)
        };
        HopTimes { name, times: fine.iter().map(time).collect(), counted: true }
    };
    names.into_iter().enumerate().map(hop).collect()
}

/// Every picture around what happens: when it was decoded, s after its end; how old, ms; and whether it was good.
fn course(all: &[Seen], good: &Good, happens: Option<(u64, u64)>, (from, until): (u64, u64)) -> Vec<[f64; 3]> {
    let Some((_, end)) = happens else { return Vec::new() };
    // Four digits of a second, and of a millisecond, are finer than any plot.
    let rounded = |value: f64| (value * 1e4).round() * 1e-4;
    let point = |picture: &Seen| {
        let at = (picture.decoded() as f64 - end as f64) * 1e-9;
        [rounded(at), rounded(picture.age_ms()), if good.is(picture) { 1.0 } else { 0.0 }]
    };
    all.iter().filter(|picture| (from..until).contains(&picture.decoded())).map(point).collect()
}

pub(super) fn floor(slot: Slot, coded: &Coded) -> Measured {
    let both = coded.acquire.iter().zip(&coded.encode).map(|(a, b)| (a + b) as f64 * 1e-3);
    let both: Vec<f64> = both.collect();
    let decode: Vec<f64> = coded.decode.iter().map(|nanos| *nanos as f64 * 1e-3).collect();
    Measured {
        slot,
        latencies: both.iter().zip(&decode).map(|(both, decode)| both + decode).collect(),
        sent: coded.encode.len() as u64,
        lost: 0,
        sender: coded.usage,
        receiver: Usage::default(),
        hops: vec![
            HopTimes { name: CODED, times: both, counted: true },
            HopTimes { name: DECODED, times: decode, counted: true },
        ],
        figures: Vec::new(),
        course: Vec::new(),
    }
}

#[cfg(test)]
mod tests;
