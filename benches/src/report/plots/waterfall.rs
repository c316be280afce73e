//! The way in parts, one after the other.

use super::super::results::RunResult;
use super::distribution::span;
use super::scale::Scale;
use super::svg::{Anchor, Svg};

const WIDTH: f64 = 1_060.0;
const LEFT: f64 = 92.0;
const RIGHT: f64 = 170.0;
const TOP: f64 = 6.0;
const BOTTOM: f64 = 26.0;
const ROW: f64 = 34.0;
/// A part narrower than this has no text of its own.
const NARROW: f64 = 58.0;

/// How many parts have a colour of their own.
const COLOURS: usize = 8;

/// The class of the part that stands at this place in the legend.
pub(in crate::report) fn class(at: usize) -> String {
    format!("hop-{}", at % COLOURS)
}

/// The parts of each of `runs`, all of one run, link and layout, as long as their medians, and coloured by their place in `names`.
/// What does not count is paler.
pub(in crate::report) fn plot(runs: &[&RunResult], names: &[&str]) -> String {
    let length = |run: &RunResult| run.hops.iter().filter_map(|hop| hop.percentiles.p50).sum::<f64>();
    let longest = runs.iter().map(|run| length(run)).fold(0.0, f64::max);
    if longest <= 0.0 {
        return String::new();
    }
    let height = TOP + ROW * runs.len() as f64 + BOTTOM;
    let mut svg = Svg::new(WIDTH, height, "The way in parts, by the median of each");
    let x = Scale::linear((0.0, longest), (LEFT, WIDTH - RIGHT));
    for mark in x.marks(8) {
        svg.line("grid", (x.at(mark), TOP), (x.at(mark), height - BOTTOM));
        svg.text("mark", (x.at(mark), height - BOTTOM + 17.0), Anchor::Middle, &span(mark));
    }
    for (row, run) in runs.iter().enumerate() {
        let top = TOP + ROW * row as f64 + 5.0;
        svg.text("name", (LEFT - 10.0, top + 16.0), Anchor::End, &run.subject);
        let mut from = 0.0;
        for hop in &run.hops {
            let Some(lasts) = hop.percentiles.p50 else { continue };
            let (begin, end) = (x.at(from), x.at(from + lasts));
            let at = names.iter().position(|name| *name == hop.name).unwrap_or_default();
            let class = if hop.counted { format!("hop {}", class(at)) } else { "hop hop-apart".to_owned() };
            svg.rect(&class, (begin, top), ((end - begin).max(0.8), ROW - 10.0));
            if end - begin > NARROW {
                svg.text("hop-text", (f64::midpoint(begin, end), top + 16.0), Anchor::Middle, &span(lasts));
            }
            from += lasts;
        }
        let counted: f64 = run.hops.iter().filter(|hop| hop.counted).filter_map(|hop| hop.percentiles.p50).sum();
        svg.text("value", (x.at(from) + 8.0, top + 16.0), Anchor::Start, &format!("counted: {}", span(counted)));
    }
    svg.finish()
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::results;
    use super::*;

    #[test]
    fn each_part_is_drawn_and_what_does_not_count_is_apart() {
        let results = results();
        let names = ["sampled to sent", "sent to readable", "wait"];
        let svg = plot(&results.runs.iter().collect::<Vec<_>>(), &names);
        assert_eq!((svg.matches("hop hop-0").count(), svg.matches("hop hop-apart").count()), (3, 3));
        // 0.25 and 0.75 of 30 µs.
        assert!(svg.contains("counted: 30 µs"), "{svg}");
        assert_eq!(plot(&[], &names), "");
        // Who lacks the first part has the others in the same colours.
        let mut short = results.runs[0].clone();
        short.hops.remove(0);
        let svg = plot(&[&short], &names);
        assert_eq!((svg.matches("hop hop-0").count(), svg.matches("hop hop-1").count()), (0, 1));
    }
}
