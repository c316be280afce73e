//! One turn: a cart and a console that plays a script, or the floor.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use farprobe_impair::link::Link;
use serde_json::Value;

use super::figures::{self, Exam};
use super::trace;
use crate::latency::cart::{self, BITRATE_KBIT, CartPlan, Programs};
use crate::latency::ends::crew::{Crew, EndError, Ended};
use crate::latency::ends::place::Between;
use crate::latency::ends::usage::Usage;
use crate::latency::ends::words::{CodePlan, Coded, Material, Order};
use crate::latency::rounds::Measured;
use crate::latency::slots::Slot;

/// From the start of a console until its script begins: it connects, the cart measures the link for two seconds, and the nurse arms.
const READY_WITHIN: Duration = Duration::from_secs(6);

/// Each way the hand goes before it comes back, and how long it takes: the pace of an approach, for in the air the arm goes no faster.
const LEG_MM: f64 = 20.0;
const LEG: Duration = Duration::from_secs(2);

/// When the clutch is pressed, and when the hand begins to move, s into the script.
const PRESSED_AT: f64 = 0.2;
const MOVES_AT: f64 = 0.4;

/// What is the same for all turns.
#[derive(Debug)]
pub(super) struct Setup {
    pub(super) programs: Programs,
    pub(super) link: Option<Link>,
    pub(super) identities: PathBuf,
    pub(super) recording: PathBuf,
    pub(super) driven: Duration,
    /// Of the floor.
    pub(super) pictures: usize,
    /// Between two pictures.
    pub(super) period: Duration,
}

impl Setup {
    /// About how long a turn lasts.
    pub(super) fn lasts(&self) -> Duration {
        READY_WITHIN + self.driven
    }
}

/// Encodes and decodes the same pictures in one process.
pub(super) async fn floor(crew: &mut Crew, setup: &Setup, slot: Slot) -> Result<Measured, EndError> {
    let (pictures, material) = (setup.pictures, Material::Recording(setup.recording.clone()));
    let plan = CodePlan { material, pictures, bitrate: BITRATE_KBIT * 1_000 };
    let coder = crew.start("codec", &Order::Code(plan)).await?;
    let lasts = setup.period * u32::try_from(pictures).unwrap_or(u32::MAX);
    let coded: Coded = crew.hear(coder, lasts).await?;
    Ok(figures::floor(slot, &coded))
}

/// Has a script drive a cart, and reads what the console has noted.
pub(super) async fn exam(crew: &mut Crew, setup: &Setup, slot: Slot) -> Result<Measured, EndError> {
    let who = "console";
    let failed = |source| EndError::Start { who, source };
    let mut between = Between::make(setup.link.as_ref(), slot.seed)
        .map_err(|error| EndError::Failed { who: "line", said: format!(": {error}") })?;
    let folder = tempfile::tempdir().map_err(failed)?;
    let folder = folder.path();
    let (programs, identities, recording) = (&setup.programs, &setup.identities, &setup.recording);
    let address = cart::start(crew, &between, &CartPlan { programs, folder, identities, recording }).await?;
    let (script, trace, out) = (folder.join("hand.exam"), folder.join("trace.csv"), folder.join("out"));
    std::fs::write(&script, self::script(setup.driven)).map_err(failed)?;
    let mut command = between.desk().command(&setup.programs.console);
    command.arg("connect").arg(address.to_string()).arg("--identity").arg(identities.join("operator"));
    command.args(["--demo", "--headless", "--script"]).arg(&script).arg("--out").arg(&out).arg("--trace").arg(&trace);
    // Its window's settings are nothing to a script; those of whoever measures should not matter.
    let settings = folder.join("console.toml");
    std::fs::write(&settings, "").map_err(failed)?;
    command.arg("--settings").arg(&settings);
    let console = crew.start_program(who, command)?;
    let Ended { status, interrupted, said } = crew.ended(console, setup.lasts()).await?;
    let nothing = |said: String| EndError::Failed { who, said };
    let summary = summary(&out.join("summary.json")).ok_or_else(|| nothing(format!(" ({status}){said}")))?;
    let rows = trace::read(&trace).map_err(nothing)?;
    let line = between.finish();
    let exam = Exam { rows, desk: summary.0, cart: summary.1, went_as_scripted: status.success() || interrupted, line };
    let measured = figures::exam(slot, &exam);
    // A machine or a line that is much too slow ends the exam before anything is measured.
    if measured.latencies.is_empty() {
        Err(nothing(format!(": no picture showed a command{said}")))
    } else {
        Ok(measured)
    }
}

/// What desk and cart cost the machine, as the summary has it.
fn summary(path: &Path) -> Option<(Usage, Usage)> {
    let summary: Value = serde_json::from_str(&std::fs::read_to_string(path).ok()?).ok()?;
    let of = |what: &str, side: &str| summary.get(what)?.get(side)?.as_f64();
    let usage = |side: &str| Usage {
        cpu_percent: of("cpu_percent", side).unwrap_or_default(),
        peak_mb: of("rss_mb", side).unwrap_or_default(),
    };
    Some((usage("console"), usage("cart")))
}

/// A hand that slides to and fro, evenly, in the air.
fn script(driven: Duration) -> String {
    let legs = (driven.as_secs_f64() / LEG.as_secs_f64()).ceil().max(1.0) as u32;
    let leg = LEG.as_secs_f64();
    let mut text = format!("at {PRESSED_AT} clutch press\n");
    for at in 0..legs {
        let begin = MOVES_AT + f64::from(at) * leg;
        let sign = if at % 2 == 0 { '+' } else { '-' };
        // Writing to a string can't fail.
        let _ = writeln!(text, "at {begin:.3} over {leg:.3} move x {sign}{LEG_MM} mm");
    }
    let end = MOVES_AT + f64::from(legs) * leg;
    let _ = writeln!(text, "at {:.3} clutch open\nat {:.3} end", end + 0.1, end + 0.3);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hand_comes_back_to_where_it_was_pressed() {
        let script = script(Duration::from_secs(4));
        assert_eq!(
            script,
            "at 0.2 clutch press\nat 0.400 over 2.000 move x +20 mm\nat 2.400 over 2.000 move x -20 mm\n\
             at 4.500 clutch open\nat 4.700 end\n"
        );
    }
}
