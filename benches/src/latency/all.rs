//! The run `all`: every run after another, unattended, and one report of them.
//!
//! Each is this program once more, as somebody would type it: one that fails costs the others nothing, and none inherits another's
//! memory or threads.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::SystemTime;

use clap::Args;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tokio::process::Command;

use super::cart::Programs;
use super::ends::crew::{EndError, interrupted};
use crate::report::bars::judge;
use crate::report::publish;
use crate::report::results::{BarResult, PartNotes, Results, read};

/// The safety campaign: exams of 30 s, ten of each class of faults; two of each in a hurry.
const EXAMS: &str = "270";
const EXAMS_QUICK: &str = "54";

/// What is asked for on the command line.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Every run in a hurry: each is over in two minutes, and good for a look.
    #[arg(long)]
    quick: bool,
    /// Where the report goes: report.html, results.json and results.md; and, in a folder for each, those of the single runs.
    #[arg(long, value_name = "DIR", default_value = "out/bench/all")]
    out: PathBuf,
    /// Who is lost and late: the same seed gives the same lines again.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// One of the runs.
struct Single {
    /// The folder of its own results.
    name: &'static str,
    /// What somebody would type.
    words: Vec<String>,
}

impl Options {
    /// In this order, the safety campaign apart.
    fn runs(&self) -> Vec<Single> {
        let seed = self.seed.to_string();
        let seeded = ["--seed", &seed];
        let single = |name: &'static str, words: &[&str]| {
            let quick = self.quick.then_some("--quick");
            Single { name, words: words.iter().copied().chain(quick).map(str::to_owned).collect() }
        };
        vec![
            single("command", &[&["command"], &seeded[..]].concat()),
            single("command-lossy-25ms", &[&["command", "--link", "lossy-25ms"], &seeded[..]].concat()),
            single("rt", &["rt"]),
            single("codec", &["codec"]),
            single("hand-to-eye", &[&["hand-to-eye"], &seeded[..]].concat()),
            single("link", &[&["link"], &seeded[..]].concat()),
            single("video", &[&["video"], &seeded[..]].concat()),
        ]
    }

    fn world(&self, json: &Path) -> Vec<String> {
        let seeds = if self.quick { EXAMS_QUICK } else { EXAMS };
        let (seed, json) = (self.seed.to_string(), json.display().to_string());
        ["world", "--seed", &seed, "--seeds", seeds, "--json", &json].map(str::to_owned).into()
    }

    fn command(&self) -> String {
        let quick = if self.quick { " --quick" } else { "" };
        format!("farprobe-bench all{quick} --seed {}", self.seed)
    }
}

/// Measures everything, prints the tables, and writes the report.
pub(crate) fn run(options: &Options) -> Result<(), Box<dyn Error>> {
    // Said now, and not after an hour.
    drop(Programs::find()?);
    let mut results = Results::begun(SystemTime::now(), options.command());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let runs = options.runs();
    let count = runs.len() + 1;
    let mut failed = Vec::new();
    for (at, Single { name, words }) in runs.into_iter().enumerate() {
        let folder = options.out.join(name);
        eprintln!("run {} of {count}: {}", at + 1, words.join(" "));
        let out = ["--out".to_owned(), folder.display().to_string()];
        let status = runtime.block_on(itself(words.iter().chain(&out)))?;
        match status.success().then(|| read(&folder.join("results.json"))) {
            Some(Ok(of)) => results = results.with_part(name, of),
            Some(Err(why)) => failed.push(format!("{name}: {why}")),
            None => failed.push(format!("{name} ended with {status}")),
        }
    }
    let json = options.out.join("world.json");
    let words = options.world(&json);
    eprintln!("run {count} of {count}: {}", words.join(" "));
    std::fs::create_dir_all(&options.out)?;
    // It ends with an error where an invariant was broken, which is a result.
    let status = runtime.block_on(itself(words.iter()))?;
    match std::fs::read_to_string(&json).ok().and_then(|text| world(&text)) {
        Some((bar, notes)) => {
            results.bars.push(bar);
            results.parts.push(notes);
        }
        None => failed.push(format!("world ended with {status}")),
    }
    results.notes.extend(failed.iter().map(|why| format!("Missing here, for it failed: {why}.")));
    publish(&options.out, &results)?;
    if failed.is_empty() { Ok(()) } else { Err(format!("not all runs succeeded: {}", failed.join("; ")).into()) }
}

/// This program once more. Its table is not shown: that of all of them is.
async fn itself(words: impl Iterator<Item = &String>) -> Result<ExitStatus, Box<dyn Error>> {
    let mut child = Command::new(std::env::current_exe()?)
        .args(words)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .kill_on_drop(true)
        .spawn()?;
    let id = child.id();
    tokio::select! {
        status = child.wait() => Ok(status?),
        interrupted = interrupted() => {
            // At a terminal it has heard of it as well; by itself it leaves nothing behind.
            let _ = id.and_then(|id| Pid::from_raw(id.cast_signed())).map(|id| kill_process(id, Signal::INT));
            child.wait().await?;
            Err::<_, Box<dyn Error>>(match interrupted {
                EndError::Interrupted => "interrupted; nothing is left running, and no report of all runs was written".into(),
                other => other.into(),
            })
        }
    }
}

/// What the safety campaign has shown.
fn world(json: &str) -> Option<(BarResult, PartNotes)> {
    let value: Value = serde_json::from_str(json).ok()?;
    let number = |key: &str| value.get(key)?.as_u64();
    let (breaks, seeds, seconds, seed) =
        (number("invariant_breaks")?, number("seeds")?, number("seconds")?, number("seed")?);
    let found = Some(breaks as f64);
    let bar = BarResult {
        run: "world".to_owned(),
        link: "none".to_owned(),
        layout: "virtual time".to_owned(),
        subject: super::FARPROBE.to_owned(),
        measure: "invariants".to_owned(),
        promise: format!(
            "no invariant of the safety is broken in {seeds} simulated exams in which everything goes wrong"
        ),
        found,
        limit: 0.0,
        tolerance: 0.0,
        unit: "times".to_owned(),
        verdict: judge(found, 0.0, 0.0),
    };
    let note = format!(
        "{seeds} exams of {seconds} s in virtual time, each with faults of one class by its seed. What was measured of each class stands \
         in world.json, beside this page."
    );
    let command = format!("farprobe-bench world --seed {seed} --seeds {seeds} --seconds {seconds}");
    Some((bar, PartNotes { run: "world".to_owned(), command, notes: vec![note] }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::results::Verdict;

    #[test]
    fn every_run_is_asked_for_once_as_somebody_would_type_it() {
        let options = Options { quick: true, out: "x".into(), seed: 7 };
        let runs: Vec<String> = options.runs().iter().map(|run| run.words.join(" ")).collect();
        assert_eq!(
            runs,
            [
                "command --seed 7 --quick",
                "command --link lossy-25ms --seed 7 --quick",
                "rt --quick",
                "codec --quick",
                "hand-to-eye --seed 7 --quick",
                "link --seed 7 --quick",
                "video --seed 7 --quick"
            ]
        );
        assert_eq!(options.world(Path::new("x/world.json")).join(" "), "world --seed 7 --seeds 54 --json x/world.json");
        assert_eq!(options.command(), "farprobe-bench all --quick --seed 7");
    }

    #[test]
    fn a_broken_invariant_is_a_promise_not_kept() {
        let text = |breaks| format!("{{\"seed\": 1, \"seeds\": 54, \"seconds\": 30, \"invariant_breaks\": {breaks}}}");
        let (bar, notes) = world(&text(0)).unwrap();
        assert_eq!((bar.verdict, notes.notes.len()), (Verdict::Kept, 1));
        assert_eq!(world(&text(2)).unwrap().0.verdict, Verdict::Broken);
        assert!(world("{}").is_none());
    }
}
