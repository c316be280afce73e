//! Goes through the turns of a run, with a bar that shows how far it is.

use std::error::Error;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use super::ends::crew::{Crew, EndError, with_crew};
use super::ends::usage::Usage;
use super::slots::Slot;

/// What a turn has shown. Times are in µs.
#[derive(Debug, Clone)]
pub(crate) struct Measured {
    pub(crate) slot: Slot,
    /// The latency of each message that came.
    pub(crate) latencies: Vec<f64>,
    pub(crate) sent: u64,
    pub(crate) lost: u64,
    pub(crate) sender: Usage,
    pub(crate) receiver: Usage,
    pub(crate) hops: Vec<HopTimes>,
    pub(crate) figures: Vec<TurnFigure>,
    /// What happened around an event, if there was one.
    pub(crate) course: Vec<[f64; 3]>,
}

/// The times of a part of the way.
#[derive(Debug, Clone)]
pub(crate) struct HopTimes {
    pub(crate) name: &'static str,
    pub(crate) times: Vec<f64>,
    /// Whether the latency includes it.
    pub(crate) counted: bool,
}

/// A single number of a turn.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct TurnFigure {
    pub(crate) name: &'static str,
    pub(crate) unit: &'static str,
    pub(crate) value: f64,
}

/// A bar over `turns` turns of about `each`.
pub(crate) fn bar(turns: usize, each: Duration) -> Result<ProgressBar, indicatif::style::TemplateError> {
    let bar = ProgressBar::new(turns as u64);
    bar.set_style(ProgressStyle::with_template("{elapsed:>5} [{bar:40}] {pos}/{len} turns, {eta} to go {msg}")?);
    bar.println(format!("{turns} turns of {:.1} s", each.as_secs_f64()));
    bar.enable_steady_tick(Duration::from_millis(250));
    Ok(bar)
}

/// Goes through all turns, each of about `lasts` and with a crew of its own. The first that fails ends it, and says in which turn.
pub(crate) async fn measure(
    slots: &[Slot],
    lasts: Duration,
    mut turn: impl AsyncFnMut(&mut Crew, Slot) -> Result<Measured, EndError>,
) -> Result<Vec<Measured>, Box<dyn Error>> {
    let bar = bar(slots.len(), lasts)?;
    let mut turns = Vec::new();
    for slot in slots {
        show(&bar, slot);
        let had = with_crew(async |crew| turn(crew, *slot).await).await;
        turns.push(had.map_err(|error| {
            let (round, layout, subject) = (slot.round, slot.placed.layout.name(), slot.subject);
            format!("in round {round} of {subject} ({layout}): {error}")
        })?);
        bar.inc(1);
    }
    bar.finish_and_clear();
    Ok(turns)
}

/// What the bar says during a turn.
pub(crate) fn show(bar: &ProgressBar, slot: &Slot) {
    bar.set_message(format!("(round {}, {}, {})", slot.round, slot.placed.layout.name(), slot.subject));
}
