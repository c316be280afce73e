//! `results.json`: everything that was measured, in a shape that stays.

use std::path::Path;
use std::time::SystemTime;

use farprobe_record::{Machine, wall_time};
use serde::{Deserialize, Serialize};

use crate::latency::statistics::Percentiles;

/// The shape of the file. It goes up when a field changes its meaning or goes; new fields do not change it.
pub(crate) const FORMAT: u32 = 1;

/// The whole file. A figure that was not measured is `null`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Results {
    /// [`FORMAT`].
    pub(crate) format: u32,
    /// What the program was built from.
    pub(crate) commit: String,
    /// How it was built: "release", or "dev", whose figures are for trying out only.
    pub(crate) build: String,
    /// When it began, RFC 3339.
    pub(crate) measured_at: String,
    /// What somebody has to type to measure it again.
    pub(crate) command: String,
    /// On what.
    pub(crate) machine: Machine,
    /// Where the ends ran, in words, as fixed before anything was measured.
    pub(crate) layouts: Vec<LayoutNote>,
    /// How it was measured, and what to know of it, in sentences.
    pub(crate) notes: Vec<String>,
    /// The same of each of several runs, if this is a report of more than one.
    #[serde(default)]
    pub(crate) parts: Vec<PartNotes>,
    /// One entry for each run, link, layout and subject.
    pub(crate) runs: Vec<RunResult>,
    /// Each subject beside its floor, round by round.
    pub(crate) ratios: Vec<RatioResult>,
    /// What was promised, and what was found.
    pub(crate) bars: Vec<BarResult>,
    /// What happened in the course of time, around an event.
    pub(crate) courses: Vec<Course>,
}

impl Results {
    /// What is known before anything is measured: by what, when, and on what.
    pub(crate) fn begun(at: SystemTime, command: String) -> Self {
        Self {
            format: FORMAT,
            commit: farprobe_record::commit().to_owned(),
            build: crate::latency::build().to_owned(),
            measured_at: wall_time(at),
            command,
            machine: Machine::here(),
            layouts: Vec::new(),
            notes: Vec::new(),
            parts: Vec::new(),
            runs: Vec::new(),
            ratios: Vec::new(),
            bars: Vec::new(),
            courses: Vec::new(),
        }
    }

    /// With everything that `other`, the run called `name`, has measured, and what there is to know of it.
    pub(crate) fn with_part(mut self, name: &str, other: Self) -> Self {
        let (command, notes) = (other.command.clone(), other.notes.clone());
        self.parts.push(PartNotes { run: name.to_owned(), command, notes });
        self.with(Self { notes: Vec::new(), ..other })
    }

    /// With everything that `other` has measured. Layouts of one name are one, if they are the same; what is said twice is said once.
    pub(crate) fn with(mut self, other: Self) -> Self {
        for layout in other.layouts {
            if !self.layouts.contains(&layout) {
                self.layouts.push(layout);
            }
        }
        for note in other.notes {
            if !self.notes.contains(&note) {
                self.notes.push(note);
            }
        }
        self.runs.extend(other.runs);
        self.ratios.extend(other.ratios);
        self.bars.extend(other.bars);
        self.courses.extend(other.courses);
        self
    }
}

/// What to know of one of several runs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct PartNotes {
    pub(crate) run: String,
    /// What somebody has to type to measure it again.
    pub(crate) command: String,
    pub(crate) notes: Vec<String>,
}

/// A layout as it was on this machine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct LayoutNote {
    pub(crate) name: String,
    /// In words.
    pub(crate) about: String,
}

/// What a subject did in one run, over one link, in one layout.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct RunResult {
    pub(crate) run: String,
    pub(crate) link: String,
    pub(crate) layout: String,
    pub(crate) subject: String,
    /// Of the percentiles, of the curve and of the hops.
    pub(crate) unit: String,
    /// Of all samples of all rounds together.
    #[serde(flatten)]
    pub(crate) percentiles: Percentiles,
    /// The share that never came, 0 to 1.
    pub(crate) loss: f64,
    /// How many samples there are.
    pub(crate) n: u64,
    /// How many rounds.
    pub(crate) rounds: u32,
    pub(crate) sent: u64,
    pub(crate) lost: u64,
    /// CPU time of the two ends, % of one core; the mean of the rounds.
    pub(crate) cpu_percent: EndPair,
    /// Peak memory of the two ends, MB; the largest of the rounds.
    pub(crate) peak_mb: EndPair,
    /// Each round by itself.
    pub(crate) by_round: Vec<RoundResult>,
    /// The distribution: (share of the samples, the value they do not pass).
    pub(crate) curve: Vec<[f64; 2]>,
    /// The way in parts. The means add up to the mean of the whole; medians need not.
    pub(crate) hops: Vec<Hop>,
    /// What else was measured.
    pub(crate) figures: Vec<Figure>,
}

/// The two ends of a path.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct EndPair {
    pub(crate) sender: f64,
    pub(crate) receiver: f64,
}

/// What a subject did in one round.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct RoundResult {
    pub(crate) round: u32,
    #[serde(flatten)]
    pub(crate) percentiles: Percentiles,
    pub(crate) sent: u64,
    pub(crate) lost: u64,
    pub(crate) cpu_percent: EndPair,
    pub(crate) peak_mb: EndPair,
}

/// A part of the way.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Hop {
    /// From where to where, in words.
    pub(crate) name: String,
    pub(crate) mean: Option<f64>,
    #[serde(flatten)]
    pub(crate) percentiles: Percentiles,
    /// Whether it is a part of what the percentiles of the run are of, or is shown apart.
    pub(crate) counted: bool,
}

/// Something else that was measured once in each round.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Figure {
    /// What, in words.
    pub(crate) name: String,
    pub(crate) unit: String,
    /// One of each round in which there was one.
    pub(crate) by_round: Vec<f64>,
}

/// A subject beside another, in the same rounds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct RatioResult {
    pub(crate) run: String,
    pub(crate) link: String,
    pub(crate) layout: String,
    /// Whose.
    pub(crate) of: String,
    /// In parts of whose: for `floor-again` the floor's, for all others the mean of the two floors'.
    pub(crate) to: String,
    /// The median of the rounds' ratios of the medians.
    pub(crate) p50: Option<f64>,
    /// The median of the rounds' ratios of the 99th percentiles.
    pub(crate) p99: Option<f64>,
    /// The least and the largest round.
    pub(crate) spread: RatioSpread,
    pub(crate) by_round: RatioRounds,
}

/// The least and the largest ratio of the rounds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct RatioSpread {
    pub(crate) p50: Option<[f64; 2]>,
    pub(crate) p99: Option<[f64; 2]>,
}

/// The ratios of the rounds, and what the medians and 99th percentiles differ by, in the run's unit.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct RatioRounds {
    pub(crate) p50: Vec<f64>,
    pub(crate) p99: Vec<f64>,
    pub(crate) p50_difference: Vec<f64>,
    pub(crate) p99_difference: Vec<f64>,
}

/// Something promised, and what was found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct BarResult {
    pub(crate) run: String,
    pub(crate) link: String,
    pub(crate) layout: String,
    pub(crate) subject: String,
    /// Of what, for programs: "p50-ratio", "p99-ratio", "p99-difference", …
    pub(crate) measure: String,
    /// What is promised, in words.
    pub(crate) promise: String,
    pub(crate) found: Option<f64>,
    /// No more than this is promised.
    pub(crate) limit: f64,
    /// What the A/A pair says can't be resolved, in the same unit.
    pub(crate) tolerance: f64,
    /// "×" for a ratio.
    pub(crate) unit: String,
    pub(crate) verdict: Verdict,
}

/// Whether a promise is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Verdict {
    /// It is.
    Kept,
    /// It is not, but by no more than what two runs of the same program differ by.
    WithinNoise,
    /// It is not.
    Broken,
    /// Nothing was measured to judge it by.
    Unknown,
}

/// One round in the course of time, around an event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Course {
    pub(crate) run: String,
    pub(crate) link: String,
    pub(crate) layout: String,
    pub(crate) subject: String,
    pub(crate) round: u32,
    /// What happened at time 0.
    pub(crate) event: String,
    /// How long it had lasted then, s.
    pub(crate) lasted_s: f64,
    /// What was the case meanwhile, in words.
    #[serde(default)]
    pub(crate) during: String,
    /// (time of arrival, s; age then, ms; 1 if it would have been applied, 0 if not).
    pub(crate) points: Vec<[f64; 3]>,
}

/// Reads a file of results. `compare` is told of files by people, so the error says what it should have been.
pub(crate) fn read(path: &Path) -> Result<Results, String> {
    let shown = path.display();
    let text = std::fs::read_to_string(path).map_err(|error| format!("{shown} can't be read: {error}"))?;
    let format = serde_json::from_str::<serde_json::Value>(&text)
        .map_err(|error| format!("{shown} is no file of results ({error}): give the results.json of a run"))?
        .get("format")
        .and_then(serde_json::Value::as_u64);
    match format {
        Some(found) if found == u64::from(FORMAT) => serde_json::from_str(&text).map_err(|error| {
            format!("{shown} is no file of results of this version ({error}): give the results.json of a run")
        }),
        Some(found) => Err(format!(
            "{shown} is of format {found}, and this program reads {FORMAT}: compare with the program that wrote it"
        )),
        None => Err(format!("{shown} is no file of results of a latency run: give the results.json of a run")),
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::results;
    use super::*;

    #[test]
    fn the_file_has_the_agreed_shape_and_survives_a_round_trip() {
        let results = results();
        let text = serde_json::to_string_pretty(&results).unwrap();
        assert!(serde_json::from_str::<Results>(&text).unwrap() == results);
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert!(value["commit"].is_string() && value["machine"]["cpu"].is_string());
        let has = |of: &serde_json::Value, keys: &[&str]| keys.iter().all(|key| of.get(key).is_some());
        let run = &value["runs"][0];
        let wanted = ["run", "link", "layout", "subject", "unit", "p50", "p90", "p99", "p999", "max", "loss", "n"];
        assert!(has(run, &wanted) && run["rounds"].is_u64() && run["p999"].is_f64(), "{run}");
        let ratio = &value["ratios"][0];
        assert!(has(ratio, &["run", "link", "layout", "of", "to", "p50", "p99", "spread"]), "{ratio}");
        assert!(value.get("percentiles").is_none() && run.get("percentiles").is_none());
    }

    #[test]
    fn two_runs_go_into_one_report() {
        let mut other = results();
        other.runs.retain(|run| run.subject == "farprobe");
        other.notes.push("And something else.".into());
        let both = Results::begun(SystemTime::UNIX_EPOCH, "both".into()).with(results()).with(other);
        assert_eq!((both.runs.len(), both.ratios.len(), both.bars.len(), both.courses.len()), (4, 4, 2, 2));
        assert_eq!((both.layouts.len(), both.notes.len(), both.command.as_str()), (1, 2, "both"));
        let all = Results::begun(SystemTime::UNIX_EPOCH, "all".into()).with_part("command", results());
        assert_eq!((all.runs.len(), all.notes.len(), all.parts[0].notes.len()), (3, 0, 1));
    }

    #[test]
    fn a_file_of_something_else_is_refused_with_what_it_should_be() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.json");
        assert!(read(&path).unwrap_err().contains("can't be read"));
        for (text, said) in [
            ("hello", "is no file of results"),
            ("{\"seed\": 1}", "is no file of results of a latency run: give the results.json of a run"),
            ("{\"format\": 99}", "is of format 99, and this program reads 1"),
            ("{\"format\": 1}", "is no file of results of this version (missing field"),
        ] {
            std::fs::write(&path, text).unwrap();
            let error = read(&path).unwrap_err();
            assert!(error.contains(said), "{error}");
        }
        std::fs::write(&path, serde_json::to_string(&results()).unwrap()).unwrap();
        assert!(read(&path).unwrap() == results());
    }
}
