//! Numbers of a line in words for people.

use std::time::Duration;

use farprobe_sim::link::{Jitter, LinkProfile, LinkState, Loss, Order, Outages, Rate, Ways};

/// A span with three digits.
pub(super) fn span(span: Duration) -> String {
    let micros = span.as_secs_f64() * 1e6;
    match micros {
        0.0 => "0".to_owned(),
        ..1_000.0 => format!("{micros:.0} µs"),
        ..10_000.0 => format!("{} ms", plain(micros * 1e-3, 2)),
        ..1_000_000.0 => format!("{} ms", plain(micros * 1e-3, 1)),
        _ => format!("{} s", plain(micros * 1e-6, 2)),
    }
}

/// A number with so many decimals, without zeros at its end.
pub(super) fn plain(number: f64, decimals: usize) -> String {
    let text = format!("{number:.decimals$}");
    if decimals == 0 { text } else { text.trim_end_matches('0').trim_end_matches('.').to_owned() }
}

/// A part of a whole, in percent.
pub(super) fn percent(share: f64) -> String {
    match share {
        0.0 => "0".to_owned(),
        ..0.001 => format!("{} %", plain(share * 100.0, 4)),
        _ => format!("{} %", plain(share * 100.0, 2)),
    }
}

pub(super) fn jitter(jitter: Jitter, order: Order) -> String {
    let late = match jitter {
        Jitter::None => return "none".to_owned(),
        Jitter::Uniform(most) => format!("0 to {}", span(most)),
        Jitter::LongTail { mean, most } => format!("~{}, ≤ {}", span(mean), span(most)),
        Jitter::TwoTails { first, means, .. } => {
            let share = first.get();
            let mean = means[0].mul_f64(share) + means[1].mul_f64(1.0 - share);
            format!("~{}, two tails", span(mean))
        }
    };
    match order {
        Order::Kept => late,
        Order::Free => format!("{late}, overtaking"),
    }
}

pub(super) fn loss(loss: Loss) -> String {
    let of = loss.long_run();
    if of.share == 0.0 {
        return "none".to_owned();
    }
    format!("{}, {} in a row", percent(of.share), plain(of.mean_burst, 1))
}

pub(super) fn rate(link: &LinkProfile) -> String {
    link.rate.map_or_else(|| "any".to_owned(), |rate| format!("{}, {} wait", bits(rate), bytes(link.queue_bytes)))
}

pub(super) fn bits(rate: Rate) -> String {
    match rate.get() as f64 * 1e-6 {
        mega @ ..1.0 => format!("{} kbit/s", plain(mega * 1e3, 0)),
        mega @ ..1_000.0 => format!("{} Mbit/s", plain(mega, 1)),
        mega => format!("{} Gbit/s", plain(mega * 1e-3, 1)),
    }
}

fn bytes(count: usize) -> String {
    match count as f64 * 1e-3 {
        kilo @ ..1_000.0 => format!("{} kB", plain(kilo, 0)),
        kilo => format!("{} MB", plain(kilo * 1e-3, 1)),
    }
}

pub(super) const fn ways(ways: Ways) -> &'static str {
    match ways {
        Ways::Both => "both ways",
        Ways::There => "there",
        Ways::Back => "back",
    }
}

pub(super) const fn state(state: LinkState) -> &'static str {
    match state {
        LinkState::Up => "up",
        LinkState::Cut => "cut",
        LinkState::Stalled => "stalled",
    }
}

pub(super) fn outages(outages: &Outages) -> String {
    let (shortest, longest) = (span(outages.shortest), span(outages.longest));
    let (state, ways, between) = (state(outages.state), ways(outages.ways), span(outages.between));
    format!("{state} {ways} for {shortest} to {longest}, then {between} not: {} of the time", percent(outages.duty()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_short_and_keep_their_unit() {
        let spans = [0, 12_000, 7_250_000, 25_100_000, 2_000_000_000].map(|nanos| span(Duration::from_nanos(nanos)));
        assert_eq!(spans, ["0", "12 µs", "7.25 ms", "25.1 ms", "2 s"]);
        assert_eq!([0.0, 0.00001, 0.02, 1.0].map(percent), ["0", "0.001 %", "2 %", "100 %"]);
        assert_eq!(
            [6_300, 130_000, 1_000_000, 64].map(|kilo| bits(Rate::kbit(kilo))),
            ["6.3 Mbit/s", "130 Mbit/s", "1 Gbit/s", "64 kbit/s"]
        );
    }
}
