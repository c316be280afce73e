//! The results as a table for the README.

use std::fmt::Write as _;

use super::results::{Results, RunResult};
use super::words;

/// A table for each run and link, with the command that makes it.
pub(crate) fn markdown(results: &Results) -> String {
    let mut text = String::new();
    for (run, link) in parts(results) {
        let of: Vec<&RunResult> = results.runs.iter().filter(|of| of.run == run && of.link == link).collect();
        let unit = of.first().map_or("", |of| words::unit(&of.unit));
        // Writing to a string can't fail.
        let _ = writeln!(text, "**{run}**, link: {link}; {unit}\n");
        text += "| layout | subject | p50 | p90 | p99 | p99.9 | max | lost | p50 to floor | p99 to floor | CPU, % of a core |\n";
        text += "|---|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n";
        for result in of {
            text += &row(results, result);
        }
        text.push('\n');
    }
    for bar in &results.bars {
        let (found, limit) = (words::with_unit(bar.found, &bar.unit), words::with_unit(Some(bar.limit), &bar.unit));
        let (promise, verdict) = (&bar.promise, words::verdict(bar.verdict));
        let tolerance = words::with_unit(Some(bar.tolerance), &bar.unit);
        let _ = writeln!(
            text,
            "- {verdict}: {promise} ({}; {}): {found}, promised {limit}, equals differ by {tolerance} here",
            bar.link, bar.layout
        );
    }
    let machine = &results.machine;
    let _ = write!(
        text,
        "\n`{}`, commit {}, {} build, {}; {}, {} cores, {}\n",
        results.command, results.commit, results.build, results.measured_at, machine.cpu, machine.cores, machine.system
    );
    text
}

/// Each run and link there is.
fn parts(results: &Results) -> Vec<(&str, &str)> {
    let mut parts = Vec::new();
    for part in results.runs.iter().map(|of| (of.run.as_str(), of.link.as_str())) {
        if !parts.contains(&part) {
            parts.push(part);
        }
    }
    parts
}

fn row(results: &Results, of: &RunResult) -> String {
    let of_it = |ratio: &&super::results::RatioResult| {
        (&ratio.run, &ratio.link, &ratio.layout, &ratio.of) == (&of.run, &of.link, &of.layout, &of.subject)
    };
    let ratio = results.ratios.iter().find(of_it);
    let beside = |p50: bool| {
        ratio.map_or_else(
            || if of.subject == crate::latency::FLOOR { "1" } else { "–" }.to_owned(),
            |ratio| {
                let (value, spread) = if p50 { (ratio.p50, ratio.spread.p50) } else { (ratio.p99, ratio.spread.p99) };
                words::ratio_with_spread(value, spread)
            },
        )
    };
    let percentiles = of.percentiles;
    let times = [percentiles.p50, percentiles.p90, percentiles.p99, percentiles.p999, percentiles.max];
    format!(
        "| {} | {} | {} | {} | {} | {} | {:.1} / {:.1} |\n",
        of.layout,
        of.subject,
        times.map(words::maybe).join(" | "),
        words::percent(of.loss),
        beside(true),
        beside(false),
        of.cpu_percent.sender,
        of.cpu_percent.receiver
    )
}

#[cfg(test)]
mod tests {
    use super::super::testing::results;
    use super::*;

    #[test]
    fn every_subject_has_its_row_and_the_command_stands_below() {
        let text = markdown(&results());
        assert!(
            text.contains("| free | farprobe | 30.0 | 45.0 | 90.0 | 200 | 1,500 | 0 % | 1.50 (1.40–1.60) |"),
            "{text}"
        );
        assert!(text.contains("| free | floor | 20.0 |") && text.contains("| 0 % | 1 | 1 | "), "{text}");
        assert!(text.contains("- kept: half of the commands"), "{text}");
        assert!(text.contains("`farprobe-bench command --seed 1`"), "{text}");
        let widths: Vec<_> =
            text.lines().filter(|line| line.starts_with('|')).map(|l| l.matches('|').count()).collect();
        assert!(widths.iter().all(|width| *width == 12), "{widths:?}");
    }
}
