//! Every round's ratio to the floor as a dot, with the line of equality and what is promised.

use super::super::results::RatioResult;
use super::super::words;
use super::scale::{Scale, range};
use super::svg::{Anchor, Svg};
use super::tone;
use crate::latency::{FLOOR_AGAIN, Spread};

const WIDTH: f64 = 520.0;
/// Left of the plot: room for the subjects' names; right of it for the medians.
const LEFT: f64 = 92.0;
const RIGHT: f64 = 58.0;
/// Above it: room for what the lines mean.
const TOP: f64 = 26.0;
const BOTTOM: f64 = 40.0;
const ROW: f64 = 30.0;

/// The dots of one percentile: for each subject one of each round.
pub(in crate::report) fn plot(
    name: &str,
    ratios: &[&RatioResult],
    of: impl Fn(&RatioResult) -> &[f64],
    limit: Option<f64>,
    all: &[&str],
) -> String {
    if ratios.is_empty() {
        return String::new();
    }
    let values = ratios.iter().flat_map(|ratio| of(ratio).iter().copied()).chain([1.0]).chain(limit);
    let Some((low, high)) = range(values.filter(|value| *value > 0.0)) else { return String::new() };
    let height = TOP + ROW * ratios.len() as f64 + BOTTOM;
    let mut svg = Svg::new(WIDTH, height, &format!("{name} of each round, in parts of the floor's"));
    let (top, bottom) = (TOP, height - BOTTOM);
    let x = Scale::log((low / 1.12, high * 1.12), (LEFT, WIDTH - RIGHT));
    let equals = ratios.iter().find(|ratio| ratio.of == FLOOR_AGAIN).and_then(|ratio| Spread::of(of(ratio)));
    if let Some(equals) = equals {
        let (from, to) = (x.at(equals.lower), x.at(equals.upper));
        svg.rect("band", (from, top), ((to - from).max(2.0), bottom - top));
    }
    for mark in thinned(x.marks(3)) {
        svg.line("grid", (x.at(mark), top), (x.at(mark), bottom));
        svg.text("mark", (x.at(mark), bottom + 16.0), Anchor::Middle, &format!("{} ×", plain(mark)));
    }
    svg.line("one", (x.at(1.0), top - 4.0), (x.at(1.0), bottom));
    if let Some(limit) = limit.filter(|limit| (limit - 1.0).abs() > 1e-9) {
        svg.line("limit", (x.at(limit), top - 4.0), (x.at(limit), bottom));
        svg.text("limit-text", (x.at(limit) + 5.0, top - 10.0), Anchor::Start, &format!("promised ≤ {}", plain(limit)));
    } else if limit.is_some() {
        svg.text("limit-text", (x.at(1.0) + 5.0, top - 10.0), Anchor::Start, "promised ≤ 1");
    }
    for (row, ratio) in ratios.iter().enumerate() {
        let at = top + ROW * (row as f64 + 0.5);
        let tone = tone(&ratio.of, all);
        svg.text("name", (LEFT - 10.0, at + 4.0), Anchor::End, &ratio.of);
        for value in of(ratio) {
            svg.dot(&format!("round {tone}"), (x.at(*value), at), 4.5);
        }
        if let Some(spread) = Spread::of(of(ratio)) {
            let place = x.at(spread.median);
            svg.line(&format!("median {tone}"), (place, at - 10.0), (place, at + 10.0));
            svg.text("value", (WIDTH - RIGHT + 8.0, at + 4.0), Anchor::Start, &words::ratio(Some(spread.median)));
        }
    }
    let middle = f64::midpoint(LEFT, WIDTH - RIGHT);
    svg.text("axis", (middle, height - 6.0), Anchor::Middle, &format!("{name} of each round, in parts of the floor's"));
    svg.finish()
}

/// At most nine of them, evenly left out.
fn thinned(marks: Vec<f64>) -> Vec<f64> {
    let every = marks.len().div_ceil(9).max(1);
    marks.into_iter().step_by(every).collect()
}

fn plain(value: f64) -> String {
    let text = format!("{value:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::results;
    use super::*;

    #[test]
    fn every_round_is_a_dot_and_the_promise_a_line() {
        let results = results();
        let ratios: Vec<_> = results.ratios.iter().collect();
        let svg = plot("p50", &ratios, |ratio| &ratio.by_round.p50, Some(1.5), &["farprobe"]);
        assert_eq!(svg.matches("<circle").count(), 6);
        assert!(svg.contains("promised ≤ 1.5") && svg.contains("class=\"band\"") && svg.contains(">1.50<"), "{svg}");
        assert!(!svg.contains("NaN"));
        assert_eq!(plot("p50", &[], |ratio| &ratio.by_round.p50, None, &[]), "");
    }
}
