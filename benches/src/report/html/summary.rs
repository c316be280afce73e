//! What comes first: what was measured, on what, whether the promises are kept, and what can't be told.

use super::super::plots::span;
use super::super::results::{BarResult, RatioResult, Results, Verdict};
use super::super::words;
use super::{Part, about, escape};
use crate::latency::{FLOOR_AGAIN, Spread};

/// Title, summary, promises.
pub(super) fn head(results: &Results, parts: &[Part<'_>]) -> String {
    let machine = &results.machine;
    let mut text = format!(
        "<h1>Farprobe: where the milliseconds go</h1><p class=\"sub\">{} · {} processors · {} · {} · commit {}</p>",
        escape(&machine.cpu),
        machine.cores,
        escape(&machine.system),
        escape(&results.measured_at),
        escape(&results.commit)
    );
    if results.build != "release" {
        text += "<div class=\"card warn\">This program was built for development, without full optimisation. Its figures are for \
                 trying out, not for judging: measure with a release build.</div>";
    }
    let mut told = Vec::new();
    for part in parts {
        if parts.len() > 1 {
            text += &["<h2>", &escape(&about::title(part.run, part.link)), "</h2>"].concat();
        }
        // What a run measures is said once, however many lines it was measured on.
        let begins = !told.contains(&part.run);
        told.push(part.run);
        text += &of_part(part, if begins { about::run(part.run) } else { Some("") });
    }
    text += &in_short(&results.bars);
    text += &promises(&results.bars);
    text += &unresolved(&results.ratios);
    text
}

fn of_part(part: &Part<'_>, about: Option<&str>) -> String {
    let mut text = String::new();
    if let Some(about) = about {
        text += &["<p>", about, " ", about::link(part.run, part.link), "</p>"].concat();
    }
    for layout in part.layouts() {
        // A run without a subject of that name has the whole last.
        let whole = part.find(layout, "farprobe").or_else(|| part.of_layout(layout).last().copied());
        let Some(own) = whole else { continue };
        let floor = part.find(layout, "floor");
        let time = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), span);
        let ratio = part.results.ratios.iter().find(|ratio| {
            (ratio.run.as_str(), ratio.link.as_str(), ratio.layout.as_str(), ratio.of.as_str())
                == (part.run, part.link, layout, "farprobe")
        });
        let (things, floor_name) = (about::things(part.run), about::floor(part.run));
        let beside =
            |value: Option<f64>| floor.map_or_else(String::new, |_| format!("; {floor_name}: {}", time(value)));
        let mut figures = vec![
            (
                time(own.percentiles.p50),
                format!("half of all {things} take no longer{}", beside(floor.and_then(|of| of.percentiles.p50))),
            ),
            (
                time(own.percentiles.p99),
                format!("99 of 100 take no longer{}", beside(floor.and_then(|of| of.percentiles.p99))),
            ),
        ];
        figures.extend(ratio.map(|ratio| {
            (format!("{} ×", words::ratio(ratio.p50)), format!("the time of {floor_name}, median of the rounds"))
        }));
        let of = format!("were lost, of {} {} in {} rounds", words::count(own.sent), about::lost(part.run), own.rounds);
        figures.push((words::percent(own.loss), of));
        let card = |(figure, what): &(String, String)| {
            format!("<div class=\"figure\"><b>{figure}</b><span>{what}</span></div>")
        };
        let cards: String = figures.iter().map(card).collect();
        let about = part.results.layouts.iter().find(|of| of.name == layout).map_or("", |of| of.about.as_str());
        let (layout, about) = (escape(layout), escape(about));
        let heading = ["<h3>Layout “", &layout, "” <span class=\"small\">", &about, "</span></h3>"].concat();
        text += &(heading + "<div class=\"cards\">" + &cards + "</div>");
    }
    text
}

/// How many of the promises are kept, in one sentence.
fn in_short(bars: &[BarResult]) -> String {
    let count = |verdict| bars.iter().filter(|bar| bar.verdict == verdict).count();
    let (kept, noise, broken) = (count(Verdict::Kept), count(Verdict::WithinNoise), count(Verdict::Broken));
    if bars.is_empty() {
        return String::new();
    }
    let tell = if noise == 0 {
        ""
    } else {
        " Where it can’t be told, two runs of the very same program differ by too much on this machine."
    };
    format!(
        "<p><b>In short:</b> promises: {}. Kept: {kept}. Not kept: {broken}. Can’t be told: {noise}.{tell}</p>",
        bars.len()
    )
}

fn promises(bars: &[BarResult]) -> String {
    if bars.is_empty() {
        return String::new();
    }
    let item = |bar: &BarResult| {
        let class = match bar.verdict {
            Verdict::Kept => "kept",
            Verdict::WithinNoise => "within-noise",
            Verdict::Broken => "broken",
            Verdict::Unknown => "unknown",
        };
        let promise = escape(&bar.promise);
        let (found, limit) = (words::with_unit(bar.found, &bar.unit), words::with_unit(Some(bar.limit), &bar.unit));
        let equals = words::with_unit(Some(bar.tolerance), &bar.unit);
        format!(
            "<li><span class=\"chip {class}\">{}</span><span>{promise}<br><span class=\"small\">found {}, promised at most {}; \
             equals differ by {} · {} · layout {}</span></span></li>",
            words::verdict(bar.verdict),
            escape(&found),
            escape(&limit),
            escape(&equals),
            escape(&bar.link),
            escape(&bar.layout)
        )
    };
    let items: String = bars.iter().map(item).collect();
    format!("<h2>What was promised</h2><div class=\"card\"><ul class=\"plain\">{items}</ul></div>")
}

/// What the A/A pair says.
fn unresolved(ratios: &[RatioResult]) -> String {
    let equals = ratios.iter().filter(|ratio| ratio.of == FLOOR_AGAIN);
    let line = |ratio: &RatioResult| {
        let off = |values: &[f64]| {
            Spread::of(values).map_or_else(|| "–".to_owned(), |spread| words::percent(spread.middle_off_one()))
        };
        format!(
            "<li><span>{}</span><span>{} for the median, {} for the slowest of 100 <span class=\"small\">({})</span></span></li>",
            escape(&ratio.layout),
            off(&ratio.by_round.p50),
            off(&ratio.by_round.p99),
            escape(&ratio.link)
        )
    };
    let lines: String = equals.map(line).collect();
    if lines.is_empty() {
        return String::new();
    }
    format!(
        "<h2>What can’t be told</h2><div class=\"card\"><p>In each round the floor was measured twice, with the very same \
         program. The two should be equal. In the middle half of the rounds they differed by up to</p><ul class=\"plain\">{lines}\
         </ul><p class=\"small\">A difference between two subjects that is smaller than this means nothing on this machine \
         today.</p></div>"
    )
}
