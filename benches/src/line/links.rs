//! The lines that have a name, as a table with their sources.

use std::error::Error;
use std::fmt::Write as _;

use clap::Args;
use farprobe_sim::link::named::{ALL, Named};
use farprobe_sim::link::{Change, LineProfile, LinkProfile, Script};

use super::words;

/// What is asked for on the command line.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Only the line of this name.
    name: Option<String>,
}

/// The width of the text below the table.
const WIDTH: usize = 110;

/// Prints the table and the sources.
pub(crate) fn run(options: &Options) -> Result<(), Box<dyn Error>> {
    let wanted = |named: &&Named| options.name.as_ref().is_none_or(|name| named.name == name);
    let lines: Vec<&Named> = ALL.iter().filter(wanted).collect();
    if lines.is_empty() {
        let names: Vec<_> = ALL.iter().map(|named| named.name).collect();
        return Err(format!("there is no such line: choose one of {}", names.join(", ")).into());
    }
    super::print(&(table(&lines) + "\n" + &sources(&lines)))
}

fn table(lines: &[&Named]) -> String {
    let head = ["line", "way", "least delay", "jitter", "lost", "rate, queue"].map(str::to_owned);
    let mut rows = vec![head];
    for named in lines {
        let line = named.line();
        if line.there == line.back {
            rows.push(row(named.name, "both", &line.there));
        } else {
            rows.push(row(named.name, "there", &line.there));
            rows.push(row("", "back", &line.back));
        }
    }
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default();
    let widths: [usize; 6] = std::array::from_fn(width);
    let mut text = String::new();
    for (at, row) in rows.iter().enumerate() {
        let cells: Vec<String> = row.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        // Writing to a string can't fail.
        let _ = writeln!(text, "{}", cells.join("  ").trim_end());
        if at == 0 {
            let _ = writeln!(text, "{}", "-".repeat(widths.iter().sum::<usize>() + 2 * (widths.len() - 1)));
        }
    }
    text
}

fn row(name: &str, way: &str, link: &LinkProfile) -> [String; 6] {
    let least = words::span(link.delay);
    [
        name.to_owned(),
        way.to_owned(),
        least,
        words::jitter(link.jitter, link.order),
        words::loss(link.loss),
        words::rate(link),
    ]
}

fn sources(lines: &[&Named]) -> String {
    let mut text = String::from(
        "\"there\" is the way to the cart, \"back\" the way from it. ~ is a mean, ≤ the most. \"assumed\": nothing published \
         was found.\n\n",
    );
    text = wrapped(&text, "");
    for named in lines {
        let _ = write!(text, "\n{}: {}", named.name, named.about);
        let line = named.line();
        for what in happens(&line) {
            let _ = write!(text, "\n    {what}");
        }
        text += "\n";
        text += &wrapped(named.source, "    ");
    }
    text
}

/// What happens to a line in the course of time.
fn happens(line: &LineProfile) -> Vec<String> {
    line.outages.iter().map(words::outages).chain(script(&line.script)).collect()
}

fn script(script: &Script) -> Option<String> {
    let acts: Vec<String> = script
        .acts()
        .iter()
        .map(|act| {
            let to = match act.change {
                Change::State(state) => words::state(state),
                Change::Profile(_) => "other numbers",
            };
            format!("{to} {} at {}", words::ways(act.ways), words::span(act.at))
        })
        .collect();
    let every = script.every().map_or_else(String::new, |every| format!(", every {}", words::span(every)));
    (!acts.is_empty()).then(|| acts.join(", ") + &every)
}

/// Text in lines of [`WIDTH`], each with `indent` before it.
fn wrapped(text: &str, indent: &str) -> String {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let last = lines.last().map_or(0, |line| line.chars().count());
        if last > 0 && indent.len() + last + 1 + word.chars().count() > WIDTH {
            lines.push(String::new());
        }
        if let Some(line) = lines.last_mut() {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines.iter().flat_map(|line| [indent, line, "\n"]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_listed_with_its_source_and_none_is_too_wide() {
        let all: Vec<&Named> = ALL.iter().collect();
        let (table, sources) = (table(&all), sources(&all));
        for named in ALL {
            assert!(table.contains(named.name) && sources.contains(&format!("\n{}: ", named.name)), "{}", named.name);
        }
        for line in table.lines().chain(sources.lines()) {
            assert!(line.chars().count() <= 120, "{line}");
        }
    }
}
