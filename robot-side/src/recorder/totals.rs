//! The sums behind the cart's side of a session's summary.

use std::collections::VecDeque;

use farprobe_geom::Time;
use farprobe_proto::{CartReport, RefusedCommands, Transition};
use farprobe_record::ProcessMeter;
use farprobe_record::audit::{self, AppliedEntry};
use hdrhistogram::CreationError;

use super::force::Force;
use super::pace::Pace;
use crate::rt::Tick;

/// Applied commands kept for the audit: an hour at 500 a second. Later ones push the oldest out.
const AUDIT_ENTRIES: usize = 1_800_000;

/// What one session counts.
#[derive(Debug)]
pub(super) struct Totals {
    since: Time,
    cost: ProcessMeter,
    real_time: bool,
    pace: Pace,
    force: Force,
    refused: RefusedCommands,
    refused_before: RefusedCommands,
    applied: VecDeque<AppliedEntry>,
    applied_count: u64,
    ladder: Vec<Transition>,
}

impl Totals {
    pub(super) fn new(since: Time, real_time: bool) -> Result<Self, CreationError> {
        Ok(Self {
            since,
            cost: ProcessMeter::start(),
            real_time,
            pace: Pace::new()?,
            force: Force::default(),
            refused: RefusedCommands::default(),
            refused_before: RefusedCommands::default(),
            applied: VecDeque::new(),
            applied_count: 0,
            ladder: Vec::new(),
        })
    }

    pub(super) fn restart(&mut self, now: Time) {
        self.since = now;
        self.cost = ProcessMeter::start();
        self.pace.reset();
        self.force = Force::default();
        self.refused_before = self.refused;
        self.applied.clear();
        self.applied_count = 0;
        self.ladder.clear();
    }

    pub(super) fn add(&mut self, tick: &Tick) {
        self.pace.add(tick);
        self.force.add(tick);
        self.refused = tick.refused;
        if let Some(applied) = tick.applied {
            if self.applied.len() == AUDIT_ENTRIES {
                self.applied.pop_front();
            }
            self.applied.push_back(AppliedEntry { sampled_at: applied.sampled_at, arrived_at: applied.arrived_at });
            self.applied_count += 1;
        }
        self.ladder.extend(tick.transition);
    }

    pub(super) fn report(&mut self, now: Time, pictures_sent: u64) -> CartReport {
        let cost = self.cost.cost();
        let entries = self.applied.make_contiguous();
        CartReport {
            duration_s: now.saturating_since(self.since).as_secs_f64(),
            commands_applied: self.applied_count,
            stale_applied: audit::stale_applied(entries),
            refused: difference(self.refused, self.refused_before),
            excess_transit_ms: audit::excess_transit_ms(entries),
            pictures_sent,
            force: self.force.report(),
            rt_loop: self.pace.report(self.real_time),
            ladder: self.ladder.clone(),
            cpu_percent: cost.cpu_percent,
            rss_mb: cost.rss_mb,
        }
    }
}

fn difference(now: RefusedCommands, before: RefusedCommands) -> RefusedCommands {
    RefusedCommands {
        old: now.old.saturating_sub(before.old),
        late: now.late.saturating_sub(before.late),
        epoch: now.epoch.saturating_sub(before.epoch),
        malformed: now.malformed.saturating_sub(before.malformed),
        jump: now.jump.saturating_sub(before.jump),
    }
}
