//! The end at the cart: what arrives goes to the cart's own real-time thread with the simulated arm.

use std::error::Error;
use std::time::Duration;

use farprobe_cart::trial::{Rig, RigTick};
use farprobe_devices::MonotonicClock;
use farprobe_proto::{Cause, Ladder};

use crate::latency::command::EPOCH;
use crate::latency::command::path::listen;
use crate::latency::command::receiver::Sink;
use crate::latency::ends::usage::Meter;
use crate::latency::ends::words::{Driving, Over, Ready, ReceivePlan, Steered, Window};
use crate::latency::ends::{hear, tell, tune};

/// How often the ticks are written down: the thread keeps two seconds of them.
const NOTED_EVERY: Duration = Duration::from_millis(100);

/// What comes after the last command has this long: a lost link is noticed within it, and shows as what it is.
const AFTERWARDS: Duration = Duration::from_millis(300);

/// Steers as planned, and tells what was done.
pub(crate) fn run(plan: &ReceivePlan) -> Result<(), Box<dyn Error>> {
    tune(plan.tuning)?;
    let clock = MonotonicClock;
    let mut rig = Rig::start(EPOCH)?;
    let listening = listen(plan, Sink::servo(clock, rig.inbox()))?;
    tell(&Ready { at: Some(listening.at), certificate: listening.certificate.clone() })?;
    let Window { begin, until, .. } = hear()?;
    let meter = Meter::start(begin);
    let mut notes = Notes::default();
    let mut lost = 0;
    while clock.now() < until + AFTERWARDS {
        clock.sleep_until((clock.now() + NOTED_EVERY).min(until + AFTERWARDS));
        lost = rig.ticks(|tick| notes.take(&tick)).max(lost);
    }
    let usage = meter.usage(clock.now());
    rig.end();
    tell(&Steered { applied: notes.applied, ladder: notes.ladder, lost, usage })?;
    let Over = hear()?;
    Ok(())
}

#[derive(Default)]
struct Notes {
    applied: Vec<(u64, u64)>,
    ladder: Vec<(u64, String, String, Driving)>,
    stands: Option<(Ladder, Cause)>,
}

impl Notes {
    fn take(&mut self, tick: &RigTick) {
        let at = tick.ran_at.as_nanos();
        self.applied.extend(tick.applied.map(|applied| (applied.sequence, at)));
        if self.stands.replace(tick.ladder) != Some(tick.ladder) {
            let (ladder, cause) = tick.ladder;
            let driving = if ladder == Ladder::Engaged { Driving::Yes } else { Driving::No };
            self.ladder.push((at, format!("{ladder:?}"), format!("{cause:?}"), driving));
        }
    }
}
