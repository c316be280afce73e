//! The run `link`: what happens to commands in mid-motion when the line under them changes.
//!
//! Each case is a part of its own: a desk that [gets another address](turn), and a line that carries nothing for two seconds, which
//! is the run [`command`] through a blackout. Another case is another entry in [`measured`].

mod bars;
mod figures;
mod notes;
pub(crate) mod steered;
mod turn;

use std::error::Error;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use clap::Args;
use farprobe_impair::link::find;
use farprobe_transport::identity::create_demo;

use super::command::{self, FARPROBE, QUINN};
use super::gather::{Belongs, gather};
use super::layout::{Layout, Placed};
use super::rounds::{self, Measured};
use super::slots::{FLOOR, Slot, slots};
use crate::report::publish;
use crate::report::results::{LayoutNote, Results};
use turn::Setup;

/// In this order they have their turns, in the first round.
const SUBJECTS: [&str; 3] = [FARPROBE, FLOOR, QUINN];

/// How long it counts before and after the move.
const AROUND: [Duration; 2] = [Duration::from_millis(1_500), Duration::from_millis(1_500)];
/// As above, in a hurry.
const AROUND_QUICK: [Duration; 2] = [Duration::from_secs(1), Duration::from_millis(1_100)];

/// How often the line is cut, in a hurry: eight turns.
const BLACKOUTS_QUICK: u32 = 2;

/// The line of the promise about addresses: nothing lost, 25 ms each way.
const LINE: &str = "[both]\ndelay_ms = 25.0\n";
const LINE_NAME: &str = "25 ms each way";

/// What is asked for on the command line.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Fewer and shorter rounds: over in two minutes, and good for a look.
    #[arg(long)]
    pub(crate) quick: bool,
    /// Where the report goes: report.html, results.json and results.md.
    #[arg(long, value_name = "DIR", default_value = "out/bench/link")]
    pub(crate) out: PathBuf,
    /// The line on which the desk gets another address: a name that `farprobe-bench links` lists, or a TOML file. Without it one of
    /// 25 ms each way on which nothing is lost.
    #[arg(long, value_name = "NAME|FILE")]
    pub(crate) link: Option<String>,
    /// Who is lost and late: the same seed gives the same lines again.
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// In how many rounds every subject has its turn [default: 7, or 3 (and 2 of the blackout) with --quick].
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(crate) rounds: Option<u32>,
}

impl Options {
    fn rounds(&self) -> u32 {
        self.rounds.unwrap_or(if self.quick { 3 } else { 7 })
    }

    /// What has to be typed to measure this again.
    fn command(&self) -> String {
        let mut words = vec!["farprobe-bench link".to_owned()];
        let mut say = |word: Option<String>| words.extend(word);
        say(self.quick.then(|| "--quick".to_owned()));
        say(self.link.as_ref().map(|link| format!("--link {link}")));
        say(Some(format!("--seed {}", self.seed)));
        say(self.rounds.map(|rounds| format!("--rounds {rounds}")));
        words.join(" ")
    }
}

/// Measures, prints the table, and writes the report.
pub(crate) fn run(options: &Options) -> Result<(), Box<dyn Error>> {
    publish(&options.out, &measured(options)?)
}

/// Measures every case, one after the other.
pub(crate) fn measured(options: &Options) -> Result<Results, Box<dyn Error>> {
    let began = SystemTime::now();
    let hand_over = hand_over(options)?;
    let rounds = options.rounds.or(options.quick.then_some(BLACKOUTS_QUICK));
    let blackout = command::measured(&command::Options::through_blackout(options.quick, rounds, options.seed))?;
    Ok(Results::begun(began, options.command()).with(hand_over).with(blackout))
}

/// A desk that gets another address.
fn hand_over(options: &Options) -> Result<Results, Box<dyn Error>> {
    let began = SystemTime::now();
    let folder = tempfile::tempdir()?;
    drop(create_demo(folder.path(), began)?);
    let usual = folder.path().join("line.toml");
    std::fs::write(&usual, LINE)?;
    let link = options.link.clone().unwrap_or_else(|| usual.display().to_string());
    let label = options.link.clone().unwrap_or_else(|| LINE_NAME.to_owned());
    let [before, after] = if options.quick { AROUND_QUICK } else { AROUND };
    let delay = find(&link)?.profile.there.delay;
    let setup = Setup { link, delay, identities: folder.path().to_owned(), before, after };
    let placed = [Placed { layout: Layout::Free, sender: None, receiver: None }];
    let slots = slots(&SUBJECTS, &placed, options.rounds(), options.seed);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let turns = runtime.block_on(measure(&setup, &slots))?;
    let (runs, ratios) = gather(&Belongs { run: "link", link: label }, &turns);
    Ok(Results {
        layouts: vec![LayoutNote {
            name: Layout::Free.name().to_owned(),
            about: "both ends wherever the system puts them".to_owned(),
        }],
        notes: notes::notes(&setup, options.rounds()),
        bars: bars::bars(&runs),
        runs,
        ratios,
        ..Results::begun(began, options.command())
    })
}

async fn measure(setup: &Setup, slots: &[Slot]) -> Result<Vec<Measured>, Box<dyn Error>> {
    rounds::measure(slots, setup.lasts(), async |crew, slot| turn::turn(crew, setup, slot).await).await
}
