//! How latencies are spread: how many of the messages take no longer than what.

use super::super::results::RunResult;
use super::super::words;
use super::scale::{Scale, range};
use super::svg::{Anchor, Svg};
use super::tone;

const WIDTH: f64 = 520.0;
const HEIGHT: f64 = 330.0;
/// Around the plot: room for the marks' texts.
const LEFT: f64 = 62.0;
const RIGHT: f64 = 14.0;
const TOP: f64 = 10.0;
const BOTTOM: f64 = 44.0;

/// The curves of `runs`, all of one run, link and layout. The axis of shares gives each nine more the same width, so that the
/// slowest, which matter, are not squeezed together.
pub(in crate::report) fn plot(runs: &[&RunResult], all: &[&str]) -> String {
    let mut svg = Svg::new(WIDTH, HEIGHT, "Share of all that take no longer than a time, for each subject");
    let values = runs.iter().flat_map(|run| run.curve.iter().map(|point| point[1])).filter(|value| *value > 0.0);
    let Some((low, high)) = range(values) else { return String::new() };
    let most = runs.iter().map(|run| run.n).max().unwrap_or(1).max(10) as f64;
    let x = Scale::linear((0.0, nines(1.0, most)), (LEFT, WIDTH - RIGHT));
    let y = Scale::log((low * 0.9, (high * 1.1).max(low * 2.0)), (HEIGHT - BOTTOM, TOP));
    for mark in y.marks(4) {
        let at = y.at(mark);
        svg.line("grid", (LEFT, at), (WIDTH - RIGHT, at));
        svg.text("mark", (LEFT - 8.0, at + 4.0), Anchor::End, &span(mark));
    }
    let shares = [0.0, 0.5, 0.9, 0.99, 0.999, 0.9999, 0.99999];
    for share in shares.into_iter().filter(|share| nines(*share, most) < nines(1.0, most)) {
        let at = x.at(nines(share, most));
        svg.line("grid", (at, TOP), (at, HEIGHT - BOTTOM));
        svg.text("mark", (at, HEIGHT - BOTTOM + 17.0), Anchor::Middle, &format!("{} %", plain(share * 100.0)));
    }
    let middle = f64::midpoint(LEFT, WIDTH - RIGHT);
    svg.text("axis", (middle, HEIGHT - 8.0), Anchor::Middle, "share of all that take no longer");
    // What it is all about is drawn last, over the others.
    let order = |run: &&&RunResult| u8::from(run.subject == "farprobe");
    let mut sorted: Vec<&&RunResult> = runs.iter().collect();
    sorted.sort_by_key(order);
    for run in sorted {
        let place = |point: &[f64; 2]| (x.at(nines(point[0], run.n as f64)), y.at(point[1]));
        svg.path(&format!("curve {}", tone(&run.subject, all)), run.curve.iter().map(place));
    }
    svg.finish()
}

/// How many nines a share has; the slowest of `count` stands half a message from the end.
fn nines(share: f64, count: f64) -> f64 {
    -(1.0 - share).max(0.5 / count.max(1.0)).log10()
}

fn plain(percent: f64) -> String {
    let text = format!("{percent:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A time in µs with the unit that suits it.
pub(in crate::report) fn span(micros: f64) -> String {
    let (value, unit) = match micros {
        ..999.5 => (micros, "µs"),
        ..999_500.0 => (micros * 1e-3, "ms"),
        _ => (micros * 1e-6, "s"),
    };
    let rounded = (value * 100.0).round() / 100.0;
    if rounded.fract() == 0.0 { format!("{rounded:.0} {unit}") } else { format!("{} {unit}", words::digits(rounded)) }
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::results;
    use super::*;

    #[test]
    fn nines_grow_evenly_and_end_at_the_slowest() {
        let close = |found: f64, wanted: f64| assert!((found - wanted).abs() < 1e-9, "{found}");
        close(nines(0.9, 1e9), 1.0);
        close(nines(0.999, 1e9), 3.0);
        close(nines(1.0, 500.0), 3.0);
        assert_eq!([20.0, 1_500.0, 3_000_000.0, 1_000.0].map(span), ["20 µs", "1.50 ms", "3 s", "1 ms"]);
        assert_eq!([50.0, 99.9, 99.99].map(plain), ["50", "99.9", "99.99"]);
    }

    #[test]
    fn every_subject_has_a_curve() {
        let results = results();
        let runs: Vec<_> = results.runs.iter().collect();
        let svg = plot(&runs, &["farprobe", "floor", "floor-again"]);
        for tone in ["tone-own", "tone-floor", "tone-again"] {
            assert!(svg.contains(&format!("class=\"curve {tone}\"")), "{tone}");
        }
        assert!(!svg.contains("NaN") && !svg.contains("inf"));
        assert_eq!(plot(&[], &[]), "");
    }
}
