//! The run `rt`: how late the cart's real-time thread wakes, and what its step takes, quiet and under load.

pub(crate) mod cycle;
pub(crate) mod load;

use std::error::Error;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use clap::Args;
use farprobe_cart::trial::PRESSED_AFTER;
use farprobe_devices::MonotonicClock;

use super::ends::crew::{Crew, EndError, with_crew};
use super::ends::usage::Usage;
use super::ends::words::{CycleKind, Cycled, LoadPlan, Order, Over, Ready, Window};
use super::gather::{Belongs, gather};
use super::layout::{Layout, Placed};
use super::rounds::{Measured, TurnFigure, bar, show};
use super::slots::{FLOOR, FLOOR_AGAIN, Slot, slots};
use crate::report::bars::judge;
use crate::report::publish;
use crate::report::results::{BarResult, LayoutNote, Results, RunResult};

/// The real-time thread with the simulated arm.
const FARPROBE: &str = "farprobe";

/// In this order they have their turns, in the first round.
const SUBJECTS: [&str; 3] = [FARPROBE, FLOOR, FLOOR_AGAIN];

/// What both need until their memory is there.
const WARM_UP: Duration = Duration::from_millis(500);

/// How long a turn counts: the approach to the skin is in it, and the first of the contact.
const COUNTED: Duration = Duration::from_secs(7);
/// As long as thirty turns in two minutes may be.
const COUNTED_QUICK: Duration = Duration::from_millis(1_500);

/// The ends have this long to hear when it begins.
const LEAD: Duration = Duration::from_millis(40);

/// What the cart takes for a gap in which the machine was away (DESIGN §6).
const GAP: Duration = Duration::from_millis(3);

/// 999 of 1000 steps take no longer (DESIGN §6), µs.
const STEP_P999_US: f64 = 50.0;

/// What is asked for on the command line.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Fewer and shorter rounds: over in two minutes, and good for a look.
    #[arg(long)]
    quick: bool,
    /// Where the report goes: report.html, results.json and results.md.
    #[arg(long, value_name = "DIR", default_value = "out/bench/rt")]
    out: PathBuf,
    /// In how many rounds every subject has its turn [default: 7, or 5 with --quick].
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=1000))]
    rounds: Option<u32>,
    /// How long each turn counts, s [default: 7, or 1.5 with --quick].
    #[arg(long, value_parser = super::seconds)]
    seconds: Option<Duration>,
}

impl Options {
    fn counted(&self) -> Duration {
        self.seconds.unwrap_or(if self.quick { COUNTED_QUICK } else { COUNTED })
    }

    fn rounds(&self) -> u32 {
        self.rounds.unwrap_or(if self.quick { 5 } else { 7 })
    }

    fn command(&self) -> String {
        let quick = self.quick.then(|| " --quick".to_owned());
        let rounds = self.rounds.map(|rounds| format!(" --rounds {rounds}"));
        let seconds = self.seconds.map(|seconds| format!(" --seconds {}", seconds.as_secs_f64()));
        ["farprobe-bench rt".to_owned()].into_iter().chain([quick, rounds, seconds].into_iter().flatten()).collect()
    }
}

/// What a turn has shown: the loop's lateness, its steps, and how it was scheduled.
struct Turn {
    lateness: Measured,
    steps: Measured,
    scheduling: String,
}

/// Measures, prints the table, and writes the report.
pub(crate) fn run(options: &Options) -> Result<(), Box<dyn Error>> {
    let began = SystemTime::now();
    let placed = [Layout::Quiet, Layout::Loaded].map(|layout| Placed { layout, sender: None, receiver: None });
    let slots = slots(&SUBJECTS, &placed, options.rounds(), 0);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let turns = runtime.block_on(measure(options.counted(), &slots))?;
    let belongs = |run| Belongs { run, link: "none".to_owned() };
    let lateness: Vec<Measured> = turns.iter().map(|turn| turn.lateness.clone()).collect();
    let steps: Vec<Measured> =
        turns.iter().map(|turn| turn.steps.clone()).filter(|steps| steps.slot.subject == FARPROBE).collect();
    let (mut runs, ratios) = gather(&belongs("rt"), &lateness);
    let (steps, _) = gather(&belongs("rt step"), &steps);
    let bars = steps.iter().map(promise).collect();
    runs.extend(steps);
    let results = Results {
        layouts: layouts(),
        notes: notes(options, &turns),
        runs,
        ratios,
        bars,
        ..Results::begun(began, options.command())
    };
    publish(&options.out, &results)
}

async fn measure(counted: Duration, slots: &[Slot]) -> Result<Vec<Turn>, Box<dyn Error>> {
    let bar = bar(slots.len(), WARM_UP + counted)?;
    let mut turns = Vec::new();
    for slot in slots {
        show(&bar, slot);
        turns.push(with_crew(async |crew| turn(crew, counted, *slot).await).await?);
        bar.inc(1);
    }
    bar.finish_and_clear();
    Ok(turns)
}

async fn turn(crew: &mut Crew, counted: Duration, slot: Slot) -> Result<Turn, EndError> {
    if slot.placed.layout == Layout::Loaded {
        let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let load = crew.start("load", &Order::Load(LoadPlan { threads })).await?;
        let _: Ready = crew.hear(load, Duration::ZERO).await?;
    }
    // The hand presses its clutch only when the link has been good for some time; what is before is not the work of an exam.
    let (kind, warm_up) =
        if slot.subject == FARPROBE { (CycleKind::Servo, PRESSED_AFTER + WARM_UP) } else { (CycleKind::Bare, WARM_UP) };
    let end = crew.start("loop", &Order::Cycle(kind)).await?;
    let _: Ready = crew.hear(end, Duration::ZERO).await?;
    let begin = MonotonicClock.now() + LEAD;
    let from = begin + warm_up;
    crew.tell(end, &Window { begin, from, until: from + counted, dark: None }).await?;
    let cycled: Cycled = crew.hear(end, LEAD + warm_up + counted).await?;
    crew.tell(end, &Over).await?;
    Ok(read(slot, &cycled))
}

fn read(slot: Slot, cycled: &Cycled) -> Turn {
    let micros = |nanos: &[u64]| nanos.iter().map(|nanos| *nanos as f64 * 1e-3).collect::<Vec<f64>>();
    let ticks = cycled.lateness.len() as u64;
    let measured = |latencies, figures| Measured {
        slot,
        latencies,
        sent: ticks + cycled.lost,
        lost: cycled.lost,
        sender: cycled.usage,
        receiver: Usage::default(),
        hops: Vec::new(),
        figures,
        course: Vec::new(),
    };
    let gaps = cycled.lateness.iter().filter(|late| u128::from(**late) > GAP.as_nanos()).count();
    let mut figures = vec![TurnFigure { name: "ticks more than 3 ms late", unit: "ticks", value: gaps as f64 }];
    if slot.subject == FARPROBE && ticks > 0 {
        let driven = 100.0 * cycled.driven as f64 / ticks as f64;
        figures.push(TurnFigure { name: "ticks in which the hand drove", unit: "%", value: driven });
    }
    Turn {
        lateness: measured(micros(&cycled.lateness), figures),
        steps: measured(micros(&cycled.steps), Vec::new()),
        scheduling: cycled.scheduling.clone(),
    }
}

fn promise(run: &RunResult) -> BarResult {
    BarResult {
        run: run.run.clone(),
        link: run.link.clone(),
        layout: run.layout.clone(),
        subject: run.subject.clone(),
        measure: "step-p999".to_owned(),
        promise: "999 of 1,000 steps take at most 50 µs of CPU time".to_owned(),
        found: run.percentiles.p999,
        limit: STEP_P999_US,
        tolerance: 0.0,
        unit: "us".to_owned(),
        verdict: judge(run.percentiles.p999, STEP_P999_US, 0.0),
    }
}

fn layouts() -> Vec<LayoutNote> {
    let note = |layout: Layout, about: &str| LayoutNote { name: layout.name().to_owned(), about: about.to_owned() };
    vec![
        note(Layout::Quiet, "nothing else of this run is at work"),
        note(Layout::Loaded, "as many busy threads as processors, each of which reads and writes 32 MB over and over"),
    ]
}

fn notes(options: &Options, turns: &[Turn]) -> Vec<String> {
    let scheduling = |subject| {
        let of = turns.iter().find(|turn| turn.lateness.slot.subject == subject);
        of.map_or("", |turn| turn.scheduling.as_str())
    };
    let mut notes = vec![
        "rt: how much later than due a loop of 1 kHz wakes. rt step: the CPU time of its thread for one step of the servo, with \
         taking in what arrived, and without the simulated arm, which a real cart does not have to compute."
            .to_owned(),
        "farprobe: the cart's own real-time thread with the simulated arm and patient, driven by a hand that approaches, touches \
         and slides, without network, picture and consoles. floor: a loop of the same period and scheduling without work. \
         floor-again: the same once more."
            .to_owned(),
        format!(
            "{} rounds, each turn in a process of its own; it counts for {} s. What is before is dropped: {} s, and of farprobe \
             {} s more, in which the hand has not pressed its clutch.",
            options.rounds(),
            options.counted().as_secs_f64(),
            WARM_UP.as_secs_f64(),
            PRESSED_AFTER.as_secs_f64()
        ),
        format!("Scheduling of farprobe: {}. Of floor: {}.", scheduling(FARPROBE), scheduling(FLOOR)),
    ];
    notes.extend(super::busy());
    notes
}
