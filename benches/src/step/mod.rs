//! How many instructions one step of the servo takes: a figure that no other load of the machine changes.
//!
//! The program starts itself under `valgrind --tool=callgrind`, which counts what is executed between the entry and the return of
//! [`counted_step`] and writes a file at each [`end_of_step`]. Neither root nor hardware counters are needed, so that it also
//! runs where machines are virtual.

mod exam;

use std::fmt::Write as _;
use std::hint::black_box;
use std::path::Path;
use std::process::{Command, Stdio};

use clap::{Args, ValueEnum};
use farprobe_geom::Time;
use farprobe_servo::{ArmReading, Inbound, Outcome, Servo};

use exam::Exam;

/// The steps that are counted: a quarter of a second, in which everything that comes round comes round.
const STEPS: usize = 250;

/// What is asked for on the command line.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Only take the steps of this situation: what the program asks itself for under valgrind.
    #[arg(long, value_enum, hide = true)]
    counted: Option<Situation>,
}

/// What the servo is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Situation {
    /// Armed, the clutch open.
    Ready,
    /// Following the hand down to the skin.
    Approach,
    /// Pressing on the belly of a patient who breathes.
    Contact,
}

impl Situation {
    const ALL: [Self; 3] = [Self::Ready, Self::Approach, Self::Contact];

    const fn name(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Approach => "approach",
            Self::Contact => "contact",
        }
    }

    /// When the situation is there for certain, and stays for longer than the counted steps take.
    const fn begins(self) -> Time {
        match self {
            Self::Ready => Time::from_millis(2_000),
            Self::Approach => Time::from_millis(4_000),
            Self::Contact => Time::from_millis(9_500),
        }
    }
}

/// Counts each situation's steps and prints the table.
pub(crate) fn run(options: &Options) -> Result<(), Box<dyn std::error::Error>> {
    if let Some(situation) = options.counted {
        return take_steps(situation);
    }
    let mut table = format!("{:<10} {:>6} {:>12} {:>12}\n", "situation", "steps", "median", "worst");
    for situation in Situation::ALL {
        let mut counts = count(situation)?;
        counts.sort_unstable();
        let (Some(median), Some(worst)) = (counts.get(counts.len() / 2), counts.last()) else {
            return Err("callgrind has counted no step: was the program stripped of its symbols?".into());
        };
        // Writing to a string can't fail.
        let _ = writeln!(table, "{:<10} {:>6} {median:>12} {worst:>12}", situation.name(), counts.len());
    }
    println!("instructions of one step of the servo, taking in what arrived included\n{table}");
    Ok(())
}

/// What is counted: the work of the real-time thread between the arm's reading and its setpoint.
#[inline(never)]
fn counted_step(servo: &mut Servo, inbound: Option<Inbound>, now: Time, reading: &ArmReading) -> Outcome {
    if let Some(inbound) = inbound {
        servo.receive(inbound);
    }
    servo.step(now, reading)
}

/// Where the count of a step is written down. (Callgrind takes but one wish for each function.)
#[inline(never)]
fn end_of_step() {
    black_box(());
}

/// Goes through the exam up to the situation, and then takes the steps that are counted.
fn take_steps(situation: Situation) -> Result<(), Box<dyn std::error::Error>> {
    let mut exam = Exam::new()?;
    while exam.now() < situation.begins() {
        exam.tick(|servo, inbound, now, reading| {
            if let Some(inbound) = inbound {
                servo.receive(inbound);
            }
            servo.step(now, reading)
        });
    }
    for _ in 0..STEPS {
        let outcome = exam.tick(|servo, inbound, now, reading| {
            counted_step(black_box(servo), black_box(inbound), black_box(now), black_box(reading))
        });
        end_of_step();
        if exam::situation(&outcome) != Some(situation) {
            return Err(format!("the exam has come to {:?}, not to {}", outcome.state.ladder, situation.name()).into());
        }
    }
    Ok(())
}

/// The instructions of each counted step.
fn count(situation: Situation) -> Result<Vec<u64>, Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let mut valgrind = Command::new("valgrind");
    valgrind.args(["--tool=callgrind", "--toggle-collect=*counted_step*", "--dump-before=*end_of_step*"]);
    valgrind.arg(format!("--callgrind-out-file={}", folder.path().join("out").display()));
    valgrind.arg(std::env::current_exe()?).args(["step", "--counted", situation.name()]);
    let ended = valgrind.stdout(Stdio::null()).stderr(Stdio::piped()).output().map_err(|error| {
        format!("valgrind can't be started ({error}); install it: .ci/system-packages bench, or apt install valgrind")
    })?;
    if !ended.status.success() {
        return Err(format!("valgrind failed: {}", String::from_utf8_lossy(&ended.stderr)).into());
    }
    let mut counts = Vec::with_capacity(STEPS);
    for entry in std::fs::read_dir(folder.path())? {
        counts.extend(total(&entry?.path())?);
    }
    Ok(counts)
}

/// The instructions that one of callgrind's files tells of; nothing in the one it writes at the end.
fn total(file: &Path) -> Result<Option<u64>, Box<dyn std::error::Error>> {
    let text = std::fs::read_to_string(file)?;
    let total = text.lines().find_map(|line| line.strip_prefix("totals: "));
    Ok(total.map(str::trim).map(str::parse).transpose()?.filter(|count| *count > 0))
}
