//! The page for people: a summary in plain words, then plots, then tables, then how it was measured.
//!
//! One file that refers to nothing outside itself, so that it can be mailed and kept.

mod about;
mod pictures;
mod summary;
mod tables;

use super::plots::tone;
use super::results::{LayoutNote, PartNotes, Results, RunResult};

pub(super) use super::plots::escape;

/// Everything of one run over one link.
struct Part<'a> {
    results: &'a Results,
    run: &'a str,
    link: &'a str,
    /// Of all its layouts and subjects.
    runs: Vec<&'a RunResult>,
}

impl<'a> Part<'a> {
    /// Its layouts, in their order.
    fn layouts(&self) -> Vec<&'a str> {
        distinct(self.runs.iter().map(|run| run.layout.as_str()))
    }

    fn of_layout(&self, layout: &str) -> Vec<&'a RunResult> {
        self.runs.iter().copied().filter(|run| run.layout == layout).collect()
    }

    fn find(&self, layout: &str, subject: &str) -> Option<&'a RunResult> {
        self.runs.iter().copied().find(|run| run.layout == layout && run.subject == subject)
    }
}

/// The whole page.
pub(super) fn page(results: &Results) -> String {
    let subjects = distinct(results.runs.iter().map(|run| run.subject.as_str()));
    let parts = parts(results);
    let mut body = summary::head(results, &parts);
    for part in &parts {
        body += &["<h2>", &escape(&about::title(part.run, part.link)), "</h2>"].concat();
        body += &legend(part, &subjects);
        body += &pictures::pictures(part, &subjects);
    }
    body += &tables::tables(&parts);
    body += &how(results);
    format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>Farprobe: latency</title>\
         <style>{}</style></head><body><main>{body}</main></body></html>\n",
        include_str!("style.css")
    )
}

fn parts(results: &Results) -> Vec<Part<'_>> {
    let keys = distinct(results.runs.iter().map(|run| (run.run.as_str(), run.link.as_str())));
    let of = |run, link| results.runs.iter().filter(|of| of.run == run && of.link == link).collect();
    keys.into_iter().map(|(run, link)| Part { results, run, link, runs: of(run, link) }).collect()
}

/// Each once, in the order in which they first come.
fn distinct<T: PartialEq>(all: impl Iterator<Item = T>) -> Vec<T> {
    all.fold(Vec::new(), |mut known, next| {
        if !known.contains(&next) {
            known.push(next);
        }
        known
    })
}

fn legend(part: &Part<'_>, subjects: &[&str]) -> String {
    let here = distinct(part.runs.iter().map(|run| run.subject.as_str()));
    let item = |subject: &&str| {
        let about = about::subject(part.run, subject);
        let about = if about.is_empty() { String::new() } else { format!(" <span class=\"small\">{about}</span>") };
        format!("<li><i class=\"{}\"></i>{}{about}</li>", tone(subject, subjects), escape(subject))
    };
    format!("<ul class=\"legend\">{}</ul>", here.iter().map(item).collect::<String>())
}

fn how(results: &Results) -> String {
    let machine = &results.machine;
    let note = |note: &String| format!("<p>{}</p>", escape(note));
    let notes: String = results.notes.iter().map(note).collect();
    let layout = |of: &LayoutNote| format!("<p>Layout <b>{}</b>: {}.</p>", escape(&of.name), escape(&of.about));
    let layouts: String = results.layouts.iter().map(layout).collect();
    let part = |of: &PartNotes| {
        let notes: String = of.notes.iter().map(note).collect();
        let (run, command) = (escape(&of.run), escape(&of.command));
        format!("<div class=\"card\"><h3>{run}</h3><pre><code>{command}</code></pre>{notes}</div>")
    };
    let parts: String = results.parts.iter().map(part).collect();
    format!(
        "<h2>How it was measured</h2><div class=\"card\"><pre><code>{}</code></pre>\
         <p>Commit {}, {} build, at {}, on {} with {} processors and {} MB of memory, {}.</p>{layouts}{notes}</div>{parts}",
        escape(&results.command),
        escape(&results.commit),
        escape(&results.build),
        escape(&results.measured_at),
        escape(&machine.cpu),
        machine.cores,
        machine.memory_mb,
        escape(&machine.system)
    )
}

#[cfg(test)]
mod tests {
    use super::super::testing::results;
    use super::super::words;
    use super::*;

    #[test]
    fn every_number_of_the_results_stands_in_the_page() {
        let results = results();
        let page = page(&results);
        let has = |text: &str| assert!(page.contains(&escape(text)), "{text} is missing");
        for run in &results.runs {
            let times = run.percentiles;
            for time in [times.p50, times.p90, times.p99, times.p999, times.max] {
                has(&format!("<td>{}</td>", words::maybe(time)).replace("<td>", "").replace("</td>", ""));
            }
            has(&words::percent(run.loss));
            has(&words::count(run.sent));
            for pair in [run.cpu_percent, run.peak_mb] {
                has(&format!("{:.1}", pair.sender));
                has(&format!("{:.1}", pair.receiver));
            }
            for hop in &run.hops {
                has(&hop.name);
                has(&words::maybe(hop.percentiles.p99));
                has(&words::maybe(hop.mean));
            }
            for figure in &run.figures {
                has(&figure.name);
                figure.by_round.iter().for_each(|value| has(&words::digits(*value)));
            }
            for round in &run.by_round {
                has(&words::maybe(round.percentiles.p50));
            }
        }
        for ratio in &results.ratios {
            has(&words::ratio_with_spread(ratio.p50, ratio.spread.p50));
            has(&words::ratio_with_spread(ratio.p99, ratio.spread.p99));
        }
        for bar in &results.bars {
            has(&bar.promise);
            has(&words::with_unit(bar.found, &bar.unit));
        }
        for text in [
            &results.parts[0].command,
            &results.parts[0].notes[0],
            &results.commit,
            &results.command,
            &results.measured_at,
            &results.machine.cpu,
            &results.notes[0],
        ] {
            has(text);
        }
    }

    #[test]
    fn the_page_needs_nothing_from_outside() {
        let page = page(&results());
        for outside in ["http:", "https:", "src=", "<link", "href=", "url(", "@import", "<script", "//cdn"] {
            assert!(!page.contains(outside), "{outside}");
        }
        assert!(!page.contains("NaN") && !page.contains("Made <Up>"));
        assert_eq!(page.matches("<svg").count(), page.matches("</svg>").count());
        assert!(page.matches("<svg").count() >= 5);
    }
}
