//! The run `command`: from a handle sample at the desk until the cart's real-time thread can read it.

mod bars;
mod figures;
mod notes;
pub(crate) mod path;
pub(crate) mod receiver;
pub(crate) mod sender;
mod turn;

use std::error::Error;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use clap::Args;
use farprobe_impair::link::{Link, find};
use farprobe_proto::Epoch;
use farprobe_transport::identity::create_demo;

use super::gather::{Belongs, gather};
use super::layout::{Layout, Layouts, layouts};
use super::rounds::{self, Measured};
use super::slots::{FLOOR, FLOOR_AGAIN, Slot, slots};
use crate::report::publish;
use crate::report::results::{Course, LayoutNote, Results};
use path::PathKind;
use turn::{Dark, Setup};

/// The lease that all commands of this run are sent under.
pub(super) const EPOCH: Epoch = Epoch(1);

/// Farprobe itself.
pub(super) const FARPROBE: &str = "farprobe";
/// The QUIC library with its defaults.
pub(super) const QUINN: &str = "quinn";

/// In this order they have their turns, in the first round.
const SUBJECTS: [&str; 4] = [FARPROBE, FLOOR, QUINN, FLOOR_AGAIN];

/// What a path must have been used for before it counts: both programs have touched their memory and code by then, and QUIC
/// has found out the path's packet size, for which it needs some round trips.
const WARM_UP: Duration = Duration::from_millis(500);

/// How long each round counts: 35,000 commands in seven rounds, so that 35 of them are beyond the 99.9th percentile.
const COUNTED: Duration = Duration::from_secs(5);
/// As long as forty turns in two minutes may be, with all that is around them.
const COUNTED_QUICK: Duration = Duration::from_millis(1_500);

/// The blackout of the promise, which stands in the middle of what counts.
const BLACKOUT: Duration = Duration::from_secs(2);
/// Before and after it. A command of before is what a later one is compared with; and the default of QUIC has needed a second
/// to come back.
const AROUND_BLACKOUT: Duration = Duration::from_secs(3);
/// As above, in a hurry.
const AROUND_BLACKOUT_QUICK: Duration = Duration::from_secs(2);

/// The line that the promise about blackouts is for.
const BLACKOUT_LINK: &str = "lossy-25ms";

/// What is asked for on the command line.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Fewer and shorter rounds: over in two minutes, and good for a look.
    #[arg(long)]
    quick: bool,
    /// Where the report goes: report.html, results.json and results.md.
    #[arg(long, value_name = "DIR", default_value = "out/bench/command")]
    out: PathBuf,
    /// The line between the two ends: a name that `farprobe-bench links` lists, or a TOML file. Without it there is none but
    /// this machine's own loopback.
    #[arg(long, value_name = "NAME|FILE")]
    link: Option<String>,
    /// Cuts the line for 2 s in the middle of each round. The line is "lossy-25ms" unless --link names another.
    #[arg(long)]
    blackout: bool,
    /// Who is lost and late: the same seed gives the same lines again.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// In how many rounds every subject has its turn [default: 7, or 5 with --quick].
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=1000))]
    rounds: Option<u32>,
    /// Commands a second.
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u32).range(10..=2000))]
    hz: u32,
    /// How long each turn counts, s [default: 5, or 1.5 with --quick].
    #[arg(long, value_parser = crate::latency::seconds, conflicts_with = "blackout")]
    seconds: Option<Duration>,
}

impl Options {
    /// Through a blackout, as a part of another run.
    pub(crate) fn through_blackout(quick: bool, rounds: Option<u32>, seed: u64) -> Self {
        let (link, hz, seconds, out) = (None, 1000, None, PathBuf::new());
        Self { quick, out, link, blackout: true, seed, rounds, hz, seconds }
    }

    fn rounds(&self) -> u32 {
        self.rounds.unwrap_or(if self.quick { 5 } else { 7 })
    }

    fn link(&self) -> Result<Option<Link>, Box<dyn Error>> {
        let name = self.link.as_deref().or(self.blackout.then_some(BLACKOUT_LINK));
        Ok(name.map(find).transpose()?)
    }

    fn setup(&self, link: Option<&Link>, identities: PathBuf) -> Setup {
        let usual = if self.quick { COUNTED_QUICK } else { COUNTED };
        let around = if self.quick { AROUND_BLACKOUT_QUICK } else { AROUND_BLACKOUT };
        let counted = if self.blackout { around + BLACKOUT } else { self.seconds.unwrap_or(usual) };
        Setup {
            link: link.map(|link| link.name.clone()),
            identities,
            period: Duration::from_secs(1) / self.hz,
            warm_up: WARM_UP.min(counted),
            counted,
            dark: self.blackout.then(|| Dark { after: around / 2, lasts: BLACKOUT }),
            settle: turn::settle(link),
        }
    }

    /// What has to be typed to measure this again.
    fn command(&self) -> String {
        let mut words = vec!["farprobe-bench command".to_owned()];
        let mut say = |word: Option<String>| words.extend(word);
        say(self.quick.then(|| "--quick".to_owned()));
        say(self.link.as_ref().map(|link| format!("--link {link}")));
        say(self.blackout.then(|| "--blackout".to_owned()));
        say(Some(format!("--seed {}", self.seed)));
        say(self.rounds.map(|rounds| format!("--rounds {rounds}")));
        say((self.hz != 1000).then(|| format!("--hz {}", self.hz)));
        say(self.seconds.map(|seconds| format!("--seconds {}", seconds.as_secs_f64())));
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
    let link = options.link()?;
    let identities = tempfile::tempdir()?;
    // Both ends find them there; their own process makes none.
    drop(create_demo(identities.path(), began)?);
    let setup = options.setup(link.as_ref(), identities.path().to_owned());
    let layouts = chosen(options, layouts()?);
    let notes = notes::notes(&setup, options, &layouts);
    for LayoutNote { name, about } in &notes.layouts {
        eprintln!("layout {name}: {about}");
    }
    let slots = slots(&SUBJECTS, &layouts.placed, options.rounds(), options.seed);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let turns = runtime.block_on(measure(&setup, &slots))?;
    let belongs = Belongs { run: "command", link: setup.label() };
    let (runs, ratios) = gather(&belongs, &turns);
    Ok(Results {
        layouts: notes.layouts,
        notes: notes.sentences,
        bars: bars::bars(&runs, &ratios),
        runs,
        ratios,
        courses: courses(&belongs, &setup, &turns),
        ..Results::begun(began, options.command())
    })
}

/// Where the ends run in this run. In a hurry, and over a line, whose own process is on any core anyway, they are free only.
fn chosen(options: &Options, mut layouts: Layouts) -> Layouts {
    if options.blackout || options.quick && options.link.is_some() {
        layouts.placed.retain(|placed| placed.layout == Layout::Free);
        layouts.skipped =
            Some("the layout \"apart\" was left out: over a line of milliseconds it shows nothing".into());
    }
    layouts
}

async fn measure(setup: &Setup, slots: &[Slot]) -> Result<Vec<Measured>, Box<dyn Error>> {
    rounds::measure(slots, setup.lasts(), async |crew, slot| turn::turn(crew, setup, path_of(slot.subject), slot).await)
        .await
}

/// What carries the commands of a subject.
pub(super) fn path_of(subject: &str) -> PathKind {
    match subject {
        FARPROBE => PathKind::Farprobe,
        QUINN => PathKind::Quinn,
        _ => PathKind::Udp,
    }
}

/// What happened around the blackout, of the last round of each subject: by then all of them have had every place in the order.
fn courses(belongs: &Belongs, setup: &Setup, turns: &[Measured]) -> Vec<Course> {
    let Some(dark) = setup.dark else { return Vec::new() };
    let last = turns.iter().map(|turn| turn.slot.round).max().unwrap_or_default();
    let of_last = turns.iter().filter(|turn| turn.slot.round == last && turn.slot.subject != FLOOR_AGAIN);
    let course = |turn: &Measured| Course {
        run: belongs.run.to_owned(),
        link: belongs.link.clone(),
        layout: turn.slot.placed.layout.name().to_owned(),
        subject: turn.slot.subject.to_owned(),
        round: last,
        event: "the line carries again".to_owned(),
        lasted_s: dark.lasts.as_secs_f64(),
        during: "nothing gets through".to_owned(),
        points: turn.course.clone(),
    };
    of_last.map(course).collect()
}
