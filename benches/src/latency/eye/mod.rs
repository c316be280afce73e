//! The run `hand-to-eye`: from a handle sample until the first picture that was captured after it was acted on is presented.

mod bars;
mod figures;
mod notes;
mod trace;
mod turn;

use std::error::Error;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use clap::Args;
use farprobe_devices::scanner::Source;
use farprobe_impair::link::{Link, find};
use farprobe_transport::identity::create_demo;

use super::cart::Programs;
use super::ends::crew::Crew;
use super::gather::{Belongs, gather};
use super::layout::{Layout, Placed};
use super::recording::Recording;
use super::rounds::{self, Measured};
use super::slots::{FLOOR, FLOOR_AGAIN, Slot, slots};
use crate::report::publish;
use crate::report::results::{LayoutNote, Results};
use turn::Setup;

/// Console and cart.
const FARPROBE: &str = "farprobe";

/// In this order they have their turns, in the first round.
const SUBJECTS: [&str; 3] = [FARPROBE, FLOOR, FLOOR_AGAIN];

/// How long the hand drives in each turn: 7,000 commands and 840 pictures.
const DRIVEN: Duration = Duration::from_secs(14);
/// As long as fifteen turns in two minutes may be, with starting two programs for each.
const DRIVEN_QUICK: Duration = Duration::from_secs(4);

/// Pictures that count in each turn of the floor: 10 s.
const PICTURES: usize = 600;
/// As above, in a hurry.
const PICTURES_QUICK: usize = 150;

/// What is asked for on the command line.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Fewer and shorter rounds: over in two minutes, and good for a look.
    #[arg(long)]
    quick: bool,
    /// Where the report goes: report.html, results.json and results.md.
    #[arg(long, value_name = "DIR", default_value = "out/bench/hand-to-eye")]
    out: PathBuf,
    /// The line between desk and cart: a name that `farprobe-bench links` lists, or a TOML file. Needs root: commands and pictures
    /// both pass it, between two network namespaces. Without it there is none but this machine's own loopback.
    #[arg(long, value_name = "NAME|FILE")]
    link: Option<String>,
    /// Who is lost and late: the same seed gives the same lines again.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// In how many rounds every subject has its turn [default: 7, or 5 with --quick].
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=1000))]
    rounds: Option<u32>,
    /// How long the hand drives in each turn, s [default: 14, or 4 with --quick].
    #[arg(long, value_parser = super::seconds)]
    seconds: Option<Duration>,
    /// The pictures: a recording as `cine:FILE`. Without it one is drawn, at 60 pictures a second.
    #[arg(long, value_name = "SOURCE")]
    source: Option<Source>,
}

impl Options {
    fn rounds(&self) -> u32 {
        self.rounds.unwrap_or(if self.quick { 5 } else { 7 })
    }

    fn driven(&self) -> Duration {
        self.seconds.unwrap_or(if self.quick { DRIVEN_QUICK } else { DRIVEN })
    }

    /// What has to be typed to measure this again.
    fn command(&self) -> String {
        let mut words = vec!["farprobe-bench hand-to-eye".to_owned()];
        let mut say = |word: Option<String>| words.extend(word);
        say(self.quick.then(|| "--quick".to_owned()));
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

/// Measures.
pub(crate) fn measured(options: &Options) -> Result<Results, Box<dyn Error>> {
    let began = SystemTime::now();
    let link = options.link.as_deref().map(find).transpose()?;
    let programs = Programs::find()?;
    let identities = tempfile::tempdir()?;
    drop(create_demo(identities.path(), began)?);
    let recording = Recording::get(options.source.as_ref())?;
    let setup = Setup {
        programs,
        link,
        identities: identities.path().to_owned(),
        recording: recording.path().to_owned(),
        driven: options.driven(),
        pictures: if options.quick { PICTURES_QUICK } else { PICTURES },
        period: recording.period,
    };
    let placed = [Placed { layout: Layout::Free, sender: None, receiver: None }];
    let slots = slots(&SUBJECTS, &placed, options.rounds(), options.seed);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut turns = runtime.block_on(measure(&setup, &slots))?;
    figures::add_sums(&mut turns);
    let belongs = Belongs { run: "hand-to-eye", link: label(setup.link.as_ref()) };
    let (runs, ratios) = gather(&belongs, &turns);
    Ok(Results {
        layouts: vec![LayoutNote {
            name: Layout::Free.name().to_owned(),
            about: "both ends wherever the system puts them".to_owned(),
        }],
        notes: notes::notes(&setup, &recording, options.rounds()),
        bars: bars::bars(&runs, &ratios),
        runs,
        ratios,
        ..Results::begun(began, options.command())
    })
}

fn label(link: Option<&Link>) -> String {
    link.map_or_else(|| "none".to_owned(), |link| link.name.clone())
}

async fn measure(setup: &Setup, slots: &[Slot]) -> Result<Vec<Measured>, Box<dyn Error>> {
    let turn = async |crew: &mut Crew, slot: Slot| {
        if slot.subject == FARPROBE {
            turn::exam(crew, setup, slot).await
        } else {
            turn::floor(crew, setup, slot).await
        }
    };
    rounds::measure(slots, setup.lasts(), turn).await
}
