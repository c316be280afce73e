//! The run `video`: from the capture of a picture until it is decoded at the desk, on loopback and on lines that lose it.

mod bars;
mod case;
pub(crate) mod desk;
mod figures;
mod gauge;
mod notes;
mod turn;

use std::error::Error;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use clap::Args;
use farprobe_devices::scanner::Source;
use farprobe_impair::LinkFileError;
use farprobe_impair::link::{Link, find};
use farprobe_transport::identity::create_demo;

use super::FARPROBE;
use super::cart::Programs;
use super::ends::crew::Crew;
use super::gather::{Belongs, gather};
use super::layout::{Layout, Placed};
use super::recording::Recording;
use super::rounds::{self, Measured};
use super::slots::{FLOOR, FLOOR_AGAIN, Slot, slots};
use crate::report::publish;
use crate::report::results::{Course, LayoutNote, Results};
use case::{Case, Event};
use turn::Setup;

/// In this order they have their turns, in the first round; on a line the first alone, for there the floor tells nothing.
const SUBJECTS: [&str; 3] = [FARPROBE, FLOOR, FLOOR_AGAIN];

/// How long each turn counts, where nothing happens to the line: 900 pictures.
const COUNTED: Duration = Duration::from_secs(15);
/// As long as a look in two minutes allows, with the other cases.
const COUNTED_QUICK: Duration = Duration::from_secs(4);

/// Pictures that count in each turn of the floor: 10 s.
const PICTURES: usize = 600;
/// As above, in a hurry.
const PICTURES_QUICK: usize = 150;

/// How often a line is measured: what it loses is another in each round.
const LINE_ROUNDS: u32 = 3;

/// What is asked for on the command line.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Fewer and shorter rounds: over in two minutes, and good for a look.
    #[arg(long)]
    pub(crate) quick: bool,
    /// Where the report goes: report.html, results.json and results.md.
    #[arg(long, value_name = "DIR", default_value = "out/bench/video")]
    pub(crate) out: PathBuf,
    /// What the pictures are measured on; may be given more than once [default: all that this user may have].
    #[arg(long, value_enum, conflicts_with = "link")]
    pub(crate) case: Vec<Case>,
    /// Another line: a name that `farprobe-bench links` lists, or a TOML file. Needs root.
    #[arg(long, value_name = "NAME|FILE")]
    pub(crate) link: Option<String>,
    /// Who is lost and late: the same seed gives the same lines again.
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// In how many rounds every subject has its turn [default: 7 on loopback and 3 on a line, or 3 and 1 with --quick].
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(crate) rounds: Option<u32>,
    /// How long each turn counts where nothing happens to the line, s [default: 15, or 4 with --quick].
    #[arg(long, value_parser = super::seconds)]
    pub(crate) seconds: Option<Duration>,
    /// The pictures: a recording as `cine:FILE`. Without it one is drawn, at 60 pictures a second.
    #[arg(long, value_name = "SOURCE")]
    pub(crate) source: Option<Source>,
}

/// A case as it is measured.
struct Part {
    label: String,
    case: Option<Case>,
    link: Option<Link>,
    event: Option<Event>,
    rounds: u32,
}

impl Options {
    fn rounds(&self, line: Option<&Link>) -> u32 {
        let usual = match (line, self.quick) {
            (None, false) => 7,
            (None, true) => 3,
            (Some(_), false) => LINE_ROUNDS,
            (Some(_), true) => 1,
        };
        self.rounds.unwrap_or(usual)
    }

    /// What is measured, and what had to be left out, in words.
    fn parts(&self) -> Result<(Vec<Part>, Option<&'static str>), LinkFileError> {
        if let Some(name) = &self.link {
            let link = Some(find(name)?);
            let rounds = self.rounds(link.as_ref());
            return Ok((vec![Part { label: name.clone(), case: None, link, event: None, rounds }], None));
        }
        let of = |case: Case| {
            let link = case.line();
            let rounds = self.rounds(link.as_ref());
            Part { label: case.label().to_owned(), case: Some(case), link, event: case.event(), rounds }
        };
        if !self.case.is_empty() {
            return Ok((self.case.iter().copied().map(of).collect(), None));
        }
        if rustix::process::geteuid().is_root() {
            return Ok((Case::ALL.map(of).into(), None));
        }
        let left_out =
            "The cases on a line were left out: they need two network namespaces, and only root may make those.";
        Ok((vec![of(Case::Loopback)], Some(left_out)))
    }

    /// What has to be typed to measure this again.
    fn command(&self) -> String {
        let mut words = vec!["farprobe-bench video".to_owned()];
        let mut say = |word: Option<String>| words.extend(word);
        say(self.quick.then(|| "--quick".to_owned()));
        for case in &self.case {
            say(Some(format!("--case {}", case.word())));
        }
        say(self.link.as_ref().map(|link| format!("--link {link}")));
        say(Some(format!("--seed {}", self.seed)));
        say(self.rounds.map(|rounds| format!("--rounds {rounds}")));
        say(self.seconds.map(|seconds| format!("--seconds {}", seconds.as_secs_f64())));
        say(self.source.as_ref().map(|source| format!("--source {source}")));
        words.join(" ")
    }
}

/// Measures, prints the table, and writes the report.
pub(crate) fn run(options: &Options) -> Result<(), Box<dyn Error>> {
    publish(&options.out, &measured(options)?)
}

/// Measures one case after the other.
pub(crate) fn measured(options: &Options) -> Result<Results, Box<dyn Error>> {
    let began = SystemTime::now();
    let (parts, skipped) = options.parts()?;
    let programs = Programs::find()?;
    let identities = tempfile::tempdir()?;
    drop(create_demo(identities.path(), began)?);
    let recording = Recording::get(options.source.as_ref())?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut results = Results::begun(began, options.command());
    let mut told = Vec::new();
    for Part { label, case, link, event, rounds } in parts {
        eprintln!("pictures, line: {label}");
        let setup = Setup {
            programs: programs.clone(),
            identities: identities.path().to_owned(),
            recording: recording.path().to_owned(),
            link,
            event,
            counted: options.seconds.unwrap_or(if options.quick { COUNTED_QUICK } else { COUNTED }),
            period: recording.period,
            pictures: if options.quick { PICTURES_QUICK } else { PICTURES },
        };
        let subjects = if setup.link.is_none() { &SUBJECTS[..] } else { &[FARPROBE] };
        let placed = [Placed { layout: Layout::Free, sender: None, receiver: None }];
        let turns = runtime.block_on(measure(&setup, &slots(subjects, &placed, rounds, options.seed)))?;
        let (runs, ratios) = gather(&Belongs { run: "video", link: label.clone() }, &turns);
        results.courses.extend(event.into_iter().flat_map(|event| courses(&label, event, &turns)));
        results.runs.extend(runs);
        results.ratios.extend(ratios);
        told.push((label, case, rounds));
    }
    results.bars = bars::bars(&results.runs, &results.ratios);
    let about = "both ends wherever the system puts them".to_owned();
    results.layouts = vec![LayoutNote { name: Layout::Free.name().to_owned(), about }];
    results.notes = notes::notes(&recording, &told, skipped);
    Ok(results)
}

async fn measure(setup: &Setup, slots: &[Slot]) -> Result<Vec<Measured>, Box<dyn Error>> {
    let turn = async |crew: &mut Crew, slot: Slot| {
        if slot.subject == FARPROBE {
            turn::look(crew, setup, slot).await
        } else {
            turn::floor(crew, setup, slot).await
        }
    };
    rounds::measure(slots, setup.lasts(), turn).await
}

/// What happened around the event, in every round.
fn courses(label: &str, event: Event, turns: &[Measured]) -> Vec<Course> {
    let course = |turn: &Measured| Course {
        run: "video".to_owned(),
        link: label.to_owned(),
        layout: turn.slot.placed.layout.name().to_owned(),
        subject: turn.slot.subject.to_owned(),
        round: turn.slot.round,
        event: event.kind.end().to_owned(),
        lasted_s: event.lasts.as_secs_f64(),
        during: event.kind.during().to_owned(),
        points: turn.course.clone(),
    };
    turns.iter().filter(|turn| turn.slot.subject == FARPROBE).map(course).collect()
}
