//! The plots of a run, each with a line that says how to read it.

use super::super::plots::{course, distribution, ratios, tone, waterfall};
use super::super::results::{Course, RatioResult};
use super::{Part, about, distinct, escape};

/// All plots of a part.
pub(super) fn pictures(part: &Part<'_>, subjects: &[&str]) -> String {
    let rounds = rounds(part, subjects);
    let of_rounds = if rounds.is_empty() {
        String::new()
    } else {
        format!(
            " Then each round as a dot, with a bar for the middle one: at 1 a subject is as fast as {} in the same round. The grey \
             band is what two runs of the same program differ by.",
            about::floor(part.run)
        )
    };
    let mut text = format!(
        "<p class=\"small\">First how long it takes: lower is faster, and to the right stand the slowest; at 99 % the slowest of a \
         hundred.{of_rounds}</p><div class=\"pair\">{}{rounds}</div>",
        distributions(part, subjects)
    );
    text += &parts_of_the_way(part);
    text += &courses(part, subjects);
    text
}

fn card(title: &str, plot: &str) -> String {
    if plot.is_empty() { String::new() } else { format!("<div class=\"card\"><h3>{title}</h3>{plot}</div>") }
}

fn distributions(part: &Part<'_>, subjects: &[&str]) -> String {
    let one = |layout: &&str| {
        let plot = distribution::plot(&part.of_layout(layout), subjects);
        card(&format!("How long they take, layout “{}”", escape(layout)), &plot)
    };
    part.layouts().iter().map(one).collect()
}

fn rounds(part: &Part<'_>, subjects: &[&str]) -> String {
    let mut cards = String::new();
    for layout in part.layouts() {
        let of = |ratio: &&RatioResult| {
            (ratio.run.as_str(), ratio.link.as_str(), ratio.layout.as_str()) == (part.run, part.link, layout)
        };
        let all: Vec<&RatioResult> = part.results.ratios.iter().filter(of).collect();
        let limit = |measure: &str| {
            let bar = part.results.bars.iter().find(|bar| {
                (bar.run.as_str(), bar.link.as_str(), bar.layout.as_str(), bar.measure.as_str())
                    == (part.run, part.link, layout, measure)
            });
            bar.map(|bar| bar.limit)
        };
        let p50 = ratios::plot("Median", &all, |ratio| &ratio.by_round.p50, limit("p50-ratio"), subjects);
        let p99 = ratios::plot("Slowest of 100", &all, |ratio| &ratio.by_round.p99, limit("p99-ratio"), subjects);
        cards += &card(&format!("Beside the floor, layout “{}”", escape(layout)), &(p50 + &p99));
    }
    cards
}

fn parts_of_the_way(part: &Part<'_>) -> String {
    let hops = distinct(part.runs.iter().flat_map(|run| run.hops.iter().map(|hop| (hop.name.as_str(), hop.counted))));
    if hops.is_empty() {
        return String::new();
    }
    let item = |(at, (name, counted)): (usize, &(&str, bool))| {
        let class = if *counted { waterfall::class(at) } else { "hop-apart".to_owned() };
        let apart = if *counted { "" } else { " <span class=\"small\">(shown apart)</span>" };
        format!("<li><i class=\"box {class}\"></i><span>{}{apart}</span></li>", escape(name))
    };
    let legend: String = hops.iter().enumerate().map(item).collect();
    let names: Vec<&str> = hops.iter().map(|(name, _)| *name).collect();
    let plots: String = part
        .layouts()
        .iter()
        .map(|layout| {
            let plot = waterfall::plot(&part.of_layout(layout), &names);
            card(&format!("Where the time goes, layout “{}”", escape(layout)), &plot)
        })
        .collect();
    format!(
        "<p class=\"small\" style=\"margin-top:20px\">The way in parts, one after the other, by the median of each.</p>\
         <ul class=\"legend\">{legend}</ul>{plots}"
    )
}

fn courses(part: &Part<'_>, subjects: &[&str]) -> String {
    let all: Vec<&Course> =
        part.results.courses.iter().filter(|of| of.run == part.run && of.link == part.link).collect();
    let Some(ages) = course::ages(&all) else { return String::new() };
    let one = |of: &&Course| {
        let title = format!(
            "<span class=\"{}\">{}</span>, round {}",
            tone(&of.subject, subjects),
            escape(&of.subject),
            of.round
        );
        card(&title, &course::plot(of, ages, subjects))
    };
    let cards: String = all.iter().map(one).collect();
    format!(
        "<p class=\"small\" style=\"margin-top:20px\">{}</p><div class=\"pair\">{cards}</div>",
        about::course(part.run)
    )
}
