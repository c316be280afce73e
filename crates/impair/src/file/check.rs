//! What a value may be, and the line that comes of it.

use std::ops::RangeInclusive;
use std::time::Duration;

use farprobe_sim::link::{
    Act, Change, Jitter, LineProfile, LinkProfile, LinkState, Loss, Order, Outages, Probability, Rate, Reorder, Script,
    Way, Ways, named,
};
use toml::Spanned;

use super::Refusal;
use super::tables::{self, Number};

/// The longest delay, ms: ten times what a satellite takes both ways and more than any program waits.
const LONGEST_MS: f64 = 10_000.0;

/// The longest time of a script, s: a day.
const LONGEST_S: f64 = 86_400.0;

/// The line that `file` describes.
pub(super) fn line(file: &tables::File) -> Result<LineProfile, Refusal> {
    let mut line = match &file.base {
        Some(base) => named::find(base.get_ref()).ok_or_else(|| no_base(base))?.line(),
        None => LineProfile::default(),
    };
    line.there = way(way(line.there, &file.both)?, &file.there)?;
    line.back = way(way(line.back, &file.both)?, &file.back)?;
    if let Some(table) = &file.outages {
        line.outages = Some(outages(table)?);
    }
    if let Some(table) = &file.script {
        line.script = script(&line, table)?;
    }
    Ok(line)
}

fn no_base(base: &Spanned<String>) -> Refusal {
    let names: Vec<_> = named::ALL.iter().map(|named| named.name).collect();
    let rule = format!("\"{}\" is no named line: choose one of {}", base.get_ref(), names.join(", "));
    Refusal { at: base.span().start, rule }
}

/// A number within its range.
fn within(number: &Number, range: RangeInclusive<f64>) -> Result<f64, Refusal> {
    let value = *number.get_ref();
    if range.contains(&value) {
        return Ok(value);
    }
    let rule = format!("{value} is refused: it must be within {} to {}", range.start(), range.end());
    Err(Refusal { at: number.span().start, rule })
}

fn millis(number: &Number) -> Result<Duration, Refusal> {
    within(number, 0.0..=LONGEST_MS).map(|millis| Duration::from_secs_f64(millis * 1e-3))
}

fn seconds(number: &Number) -> Result<Duration, Refusal> {
    within(number, 0.0..=LONGEST_S).map(Duration::from_secs_f64)
}

fn percent(number: &Number) -> Result<Probability, Refusal> {
    let percent = within(number, 0.0..=100.0)?;
    Ok(Probability::new(percent / 100.0).unwrap_or_default())
}

/// The numbers of `table` over those of `base`.
fn way(base: LinkProfile, table: &tables::Way) -> Result<LinkProfile, Refusal> {
    /// 100 Gbit/s: what is faster is not told from no bound at all.
    const MOST_KBIT: f64 = 1e8;
    /// What the model itself keeps at most.
    const MOST_BYTES: u64 = 64 << 20;
    let mut link = base;
    if let Some(delay) = &table.delay_ms {
        link.delay = millis(delay)?;
    }
    if let Some(table) = &table.jitter {
        link.jitter = jitter(table)?;
    }
    if let Some(order) = table.order {
        link.order = match order {
            tables::Order::Kept => Order::Kept,
            tables::Order::Free => Order::Free,
        };
    }
    if let Some(table) = &table.loss {
        link.loss = loss(table)?;
    }
    if let Some(rate) = &table.rate_kbit {
        link.rate = Rate::bits_per_second((within(rate, 1.0..=MOST_KBIT)? * 1e3) as u64);
    }
    if let Some(queue) = &table.queue_bytes {
        if *queue.get_ref() > MOST_BYTES {
            let rule = format!("{} is refused: it must be {MOST_BYTES} at most", queue.get_ref());
            return Err(Refusal { at: queue.span().start, rule });
        }
        link.queue_bytes = *queue.get_ref() as usize;
    }
    if let Some(duplicate) = &table.duplicate_percent {
        link.duplicate = percent(duplicate)?;
    }
    if let Some(table) = &table.reorder {
        link.reorder = Reorder { probability: percent(&table.percent)?, by: millis(&table.by_ms)? };
    }
    Ok(link)
}

fn jitter(table: &tables::Jitter) -> Result<Jitter, Refusal> {
    Ok(match table {
        tables::Jitter::None => Jitter::None,
        tables::Jitter::Uniform { most_ms } => Jitter::Uniform(millis(most_ms)?),
        tables::Jitter::LongTail { mean_ms, most_ms } => {
            Jitter::LongTail { mean: millis(mean_ms)?, most: millis(most_ms)? }
        }
    })
}

fn loss(table: &tables::Loss) -> Result<Loss, Refusal> {
    /// A burst of so many packets is an outage: those have their own table.
    const LONGEST_BURST: f64 = 10_000.0;
    Ok(match table {
        tables::Loss::None => Loss::None,
        tables::Loss::Random { percent: share } => Loss::Random(percent(share)?),
        tables::Loss::Bursts { percent: share, mean_packets } => {
            Loss::bursts(percent(share)?, within(mean_packets, 1.0..=LONGEST_BURST)?)
        }
        tables::Loss::GilbertElliott { to_bad_percent, to_good_percent, in_good_percent, in_bad_percent } => {
            Loss::GilbertElliott {
                to_bad: percent(to_bad_percent)?,
                to_good: percent(to_good_percent)?,
                in_good: percent(in_good_percent)?,
                in_bad: percent(in_bad_percent)?,
            }
        }
    })
}

fn ways(ways: tables::Ways) -> Ways {
    match ways {
        tables::Ways::Both => Ways::Both,
        tables::Ways::There => Ways::There,
        tables::Ways::Back => Ways::Back,
    }
}

fn state(deed: tables::Deed) -> LinkState {
    match deed {
        tables::Deed::Cut => LinkState::Cut,
        tables::Deed::Stall => LinkState::Stalled,
        tables::Deed::Restore => LinkState::Up,
    }
}

fn outages(table: &tables::Outages) -> Result<Outages, Refusal> {
    let (shortest, longest) = (millis(&table.shortest_ms)?, millis(&table.longest_ms)?);
    if longest < shortest {
        let rule = "it must not be below shortest_ms".to_owned();
        return Err(Refusal { at: table.longest_ms.span().start, rule });
    }
    if matches!(table.deed.get_ref(), tables::Deed::Restore) {
        let rule = "an outage must be \"cut\" or \"stall\"".to_owned();
        return Err(Refusal { at: table.deed.span().start, rule });
    }
    let between = Duration::from_secs_f64(within(&table.between_ms, 1.0..=LONGEST_S * 1e3)? * 1e-3);
    Ok(Outages { ways: ways(table.ways), state: state(*table.deed.get_ref()), shortest, longest, between })
}

fn script(line: &LineProfile, table: &tables::Script) -> Result<Script, Refusal> {
    let mut acts = Vec::new();
    for act in &table.act {
        let (at, to) = (seconds(&act.at_s)?, ways(act.ways));
        match (act.deed, &act.link) {
            (Some(deed), None) => acts.push(Act { at, ways: to, change: Change::State(state(deed)) }),
            (None, Some(link)) => {
                for (one, ways) in [(Way::There, Ways::There), (Way::Back, Ways::Back)] {
                    if to.contain(one) {
                        acts.push(Act { at, ways, change: Change::Profile(way(*line.way(one), link)?) });
                    }
                }
            }
            (Some(_), Some(_)) | (None, None) => {
                let rule = "an act has either \"do\" or \"link\"".to_owned();
                return Err(Refusal { at: act.at_s.span().start, rule });
            }
        }
    }
    match &table.every_s {
        None => Ok(Script::once(acts)),
        Some(every) => Script::repeated(acts, seconds(every)?)
            .map_err(|error| Refusal { at: every.span().start, rule: error.to_string() }),
    }
}
