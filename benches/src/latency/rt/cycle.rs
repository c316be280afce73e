//! A loop of 1 kHz, as a process of its own.

use std::error::Error;

use farprobe_cart::trial::{Trial, bare, servo};
use farprobe_devices::MonotonicClock;

use crate::latency::ends::usage::Meter;
use crate::latency::ends::words::{CycleKind, Cycled, Over, Ready, Window};
use crate::latency::ends::{hear, tell};

/// Runs as planned, and tells what it saw.
pub(crate) fn run(kind: CycleKind) -> Result<(), Box<dyn Error>> {
    let clock = MonotonicClock;
    tell(&Ready { at: None, certificate: None })?;
    let window: Window = hear()?;
    clock.sleep_until(window.begin);
    let meter = Meter::start(clock.now());
    let trial = match kind {
        CycleKind::Servo => servo(window.from, window.until)?,
        CycleKind::Bare => bare(window.from, window.until)?,
    };
    let usage = meter.usage(clock.now());
    let Trial { scheduling, ticks, lost, driven } = trial;
    let nanos = |span: std::time::Duration| u64::try_from(span.as_nanos()).unwrap_or(u64::MAX);
    let lateness = ticks.iter().map(|tick| nanos(tick.lateness)).collect();
    let steps = ticks.iter().filter_map(|tick| tick.step).map(nanos).collect();
    tell(&Cycled { lateness, steps, lost, driven, scheduling, usage })?;
    let Over = hear()?;
    Ok(())
}
