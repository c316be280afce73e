//! Plots as SVG inside the page. They take their colours from the page's style, so that they are light or dark with it.

pub(super) mod course;
pub(super) mod distribution;
pub(super) mod ratios;
mod scale;
mod svg;
pub(super) mod waterfall;

pub(super) use distribution::span;
pub(super) use svg::escape;

/// The class that gives a subject its colour: the same in all plots and legends. `others` are all subjects of the report.
pub(super) fn tone(subject: &str, all: &[&str]) -> String {
    match subject {
        "farprobe" => "tone-own".to_owned(),
        "floor" => "tone-floor".to_owned(),
        "floor-again" => "tone-again".to_owned(),
        _ => {
            let rest = all.iter().filter(|other| !matches!(**other, "farprobe" | "floor" | "floor-again"));
            let at = rest.take_while(|other| **other != subject).count();
            format!("tone-{}", at % 4)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_subject_has_its_own_colour() {
        let all = ["farprobe", "floor", "quinn", "floor-again", "zenoh"];
        let tones = all.map(|subject| tone(subject, &all));
        assert_eq!(tones, ["tone-own", "tone-floor", "tone-0", "tone-again", "tone-1"]);
    }
}
