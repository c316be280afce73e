//! All figures, as tables.

use super::super::results::{RatioResult, RunResult};
use super::super::words;
use super::{Part, about, escape};

/// The tables of all parts.
pub(super) fn tables(parts: &[Part<'_>]) -> String {
    let mut text = "<h2>All figures</h2>".to_owned();
    for part in parts {
        let title = escape(&about::title(part.run, part.link));
        let unit = part.runs.first().map_or("", |run| words::unit(&run.unit));
        text += &card(&format!("{title}, {unit}"), &times(part));
        text += &card(&format!("{title}, in parts of the floor’s"), &ratios(part));
        text += &card(&format!("{title}, each round: p50 / p99, {unit}"), &rounds(part));
        text += &card(&format!("{title}, the way in parts, {unit}"), &hops(part));
        text += &card(&format!("{title}, what else was counted, round by round"), &figures(part));
    }
    text
}

fn card(title: &str, table: &str) -> String {
    if table.is_empty() {
        return String::new();
    }
    format!("<div class=\"card\"><h3>{title}</h3><div class=\"scroll\">{table}</div></div>")
}

/// A table; the first `words` columns are text. Nothing, if there are no rows.
fn table(words: usize, head: &[String], rows: &[(bool, Vec<String>)]) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let cell = |tag: &str, at: usize, text: &String| {
        let class = if at < words { " class=\"l\"" } else { "" };
        format!("<{tag}{class}>{}</{tag}>", escape(text))
    };
    let row = |tag: &str, cells: &[String]| {
        cells.iter().enumerate().map(|(at, text)| cell(tag, at, text)).collect::<String>()
    };
    let line = |(own, cells): &(bool, Vec<String>)| {
        format!("<tr{}>{}</tr>", if *own { " class=\"own\"" } else { "" }, row("td", cells))
    };
    let body: String = rows.iter().map(line).collect();
    format!("<table><thead><tr>{}</tr></thead><tbody>{body}</tbody></table>", row("th", head))
}

fn head(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn names(run: &RunResult) -> Vec<String> {
    vec![run.layout.clone(), run.subject.clone()]
}

fn own(run: &RunResult) -> bool {
    run.subject == "farprobe"
}

fn times(part: &Part<'_>) -> String {
    let names_of_columns = [
        "layout",
        "subject",
        "p50",
        "p90",
        "p99",
        "p99.9",
        "max",
        "sent",
        "lost",
        "CPU sender",
        "receiver",
        "memory sender",
        "receiver",
    ];
    let row = |run: &&RunResult| {
        let of = run.percentiles;
        let mut cells = names(run);
        cells.extend([of.p50, of.p90, of.p99, of.p999, of.max].map(words::maybe));
        cells.extend([words::count(run.sent), words::percent(run.loss)]);
        cells.extend([run.cpu_percent.sender, run.cpu_percent.receiver].map(|percent| format!("{percent:.1} %")));
        cells.extend([run.peak_mb.sender, run.peak_mb.receiver].map(|megabytes| format!("{megabytes:.1} MB")));
        (own(run), cells)
    };
    table(2, &head(&names_of_columns), &part.runs.iter().map(row).collect::<Vec<_>>())
}

fn ratios(part: &Part<'_>) -> String {
    let row = |ratio: &RatioResult| {
        let cells = vec![
            ratio.layout.clone(),
            ratio.of.clone(),
            ratio.to.clone(),
            words::ratio_with_spread(ratio.p50, ratio.spread.p50),
            words::ratio_with_spread(ratio.p99, ratio.spread.p99),
        ];
        (ratio.of == "farprobe", cells)
    };
    let of = part.results.ratios.iter().filter(|ratio| ratio.run == part.run && ratio.link == part.link);
    let columns = ["layout", "of", "to", "p50: median (least–largest round)", "p99: median (least–largest round)"];
    table(3, &head(&columns), &of.map(row).collect::<Vec<_>>())
}

fn rounds(part: &Part<'_>) -> String {
    let most = part.runs.iter().map(|run| run.by_round.len()).max().unwrap_or_default();
    let mut columns = head(&["layout", "subject"]);
    columns.extend((1..=most).map(|round| round.to_string()));
    let row = |run: &&RunResult| {
        let mut cells = names(run);
        let of = run.by_round.iter().map(|round| round.percentiles);
        cells.extend(of.map(|of| format!("{} / {}", words::maybe(of.p50), words::maybe(of.p99))));
        (own(run), cells)
    };
    table(2, &columns, &part.runs.iter().map(row).collect::<Vec<_>>())
}

fn hops(part: &Part<'_>) -> String {
    let of = |run: &RunResult| {
        let row = |hop: &super::super::results::Hop| {
            let mut cells = names(run);
            cells.push(if hop.counted { hop.name.clone() } else { format!("{} (apart)", hop.name) });
            cells.push(words::maybe(hop.mean));
            cells.extend([hop.percentiles.p50, hop.percentiles.p99, hop.percentiles.max].map(words::maybe));
            (own(run), cells)
        };
        run.hops.iter().map(row).collect::<Vec<_>>()
    };
    let rows: Vec<_> = part.runs.iter().flat_map(|run| of(run)).collect();
    table(3, &head(&["layout", "subject", "part", "mean", "p50", "p99", "max"]), &rows)
}

fn figures(part: &Part<'_>) -> String {
    let of = |run: &RunResult| {
        let row = |figure: &super::super::results::Figure| {
            let mut cells = names(run);
            let values: Vec<_> = figure.by_round.iter().map(|value| words::digits(*value)).collect();
            cells.extend([figure.name.clone(), words::unit(&figure.unit).to_owned(), values.join("  ")]);
            (own(run), cells)
        };
        run.figures.iter().map(row).collect::<Vec<_>>()
    };
    let rows: Vec<_> = part.runs.iter().flat_map(|run| of(run)).collect();
    table(3, &head(&["layout", "subject", "what", "unit", "rounds"]), &rows)
}
