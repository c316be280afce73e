//! The sums behind the cart's side of one console's summary.

use farprobe_geom::Time;
use farprobe_proto::{CartReport, RefusedCommands};
use farprobe_record::ProcessMeter;
use farprobe_record::audit::{AppliedEntry, Audit};
use hdrhistogram::{CreationError, Histogram};

use super::Driver;
use super::force::Force;
use super::pace::{DIGITS, LONGEST_NS, Pace};
use crate::rt::Tick;

/// What is counted for one console.
#[derive(Debug)]
pub(super) struct Totals {
    since: Time,
    cost: ProcessMeter,
    real_time: bool,
    pace: Pace,
    force: Force,
    refused: RefusedCommands,
    /// What the last tick said was refused since the thread began.
    refused_before: Option<RefusedCommands>,
    audit: Audit,
    excess: Histogram<u64>,
    applied: u64,
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
            refused_before: None,
            audit: Audit::default(),
            excess: Histogram::new_with_max(LONGEST_NS, DIGITS)?,
            applied: 0,
        })
    }

    /// Takes in a tick. Its command, if it applied one, is this console's if that is the `driver`.
    pub(super) fn add(&mut self, tick: &Tick, driver: Driver) {
        let refused_before = self.refused_before.replace(tick.refused).unwrap_or(tick.refused);
        if tick.at < self.since {
            // Written down late, and before this console's time.
            return;
        }
        self.pace.add(tick);
        self.force.add(tick, driver);
        if driver != Driver::This {
            return;
        }
        self.refused = sum(self.refused, difference(tick.refused, refused_before));
        if let Some(applied) = tick.applied {
            let entry = AppliedEntry { sampled_at: applied.sampled_at, arrived_at: applied.arrived_at };
            self.excess.saturating_record(self.audit.judge(&entry));
            self.applied += 1;
        }
    }

    pub(super) fn report(&mut self, now: Time, pictures_sent: u64, malformed: u64) -> CartReport {
        let cost = self.cost.cost();
        let excess_ms = |quantile| self.excess.value_at_quantile(quantile) as f64 / 1e6;
        CartReport {
            duration_s: now.saturating_since(self.since).as_secs_f64(),
            commands_applied: self.applied,
            stale_applied: self.audit.stale_applied(),
            refused: RefusedCommands { malformed, ..self.refused },
            excess_transit_ms: [0.5, 0.99, 1.0].map(excess_ms),
            pictures_sent,
            force: self.force.report(),
            rt_loop: self.pace.report(self.real_time),
            cpu_percent: cost.cpu_percent,
            rss_mb: cost.rss_mb,
        }
    }
}

fn difference(now: RefusedCommands, before: RefusedCommands) -> RefusedCommands {
    each(now, before, u64::saturating_sub)
}

fn sum(one: RefusedCommands, other: RefusedCommands) -> RefusedCommands {
    each(one, other, u64::saturating_add)
}

fn each(one: RefusedCommands, other: RefusedCommands, of: impl Fn(u64, u64) -> u64) -> RefusedCommands {
    RefusedCommands {
        old: of(one.old, other.old),
        late: of(one.late, other.late),
        epoch: of(one.epoch, other.epoch),
        malformed: of(one.malformed, other.malformed),
        jump: of(one.jump, other.jump),
    }
}

#[cfg(test)]
mod tests {
    use farprobe_servo::AppliedCommand;

    use super::*;
    use crate::rt::testing::tick;

    fn applying(ms: u64, refused: u64) -> Tick {
        let at = Time::from_millis(ms);
        let applied = AppliedCommand { sequence: ms, sampled_at: at, arrived_at: at, applied_at: at };
        let refused = RefusedCommands { late: refused, ..RefusedCommands::default() };
        Tick { applied: Some(applied), refused, lost_before: 7, ..tick(ms) }
    }

    #[test]
    fn who_only_looks_on_has_no_commands_applied_nor_refused() {
        let (start, now) = (Time::from_millis(100), Time::from_millis(400));
        let mut both = [Totals::new(start, false).unwrap(), Totals::new(start, false).unwrap()];
        for ms in 100..400 {
            both[0].add(&applying(ms, ms), Driver::This);
            both[1].add(&applying(ms, ms), Driver::Another);
        }
        let [driver, onlooker] = both.map(|mut totals| totals.report(now, 3, 0));
        assert_eq!((driver.commands_applied, driver.refused.late, driver.rt_loop.ticks), (300, 299, 300));
        assert_eq!((onlooker.commands_applied, onlooker.refused.late, onlooker.rt_loop.ticks), (0, 0, 300));
    }

    #[test]
    fn what_was_before_a_console_came_is_not_counted_for_it() {
        let mut totals = Totals::new(Time::from_millis(200), false).unwrap();
        for ms in 100..300 {
            totals.add(&applying(ms, 1_000 + ms), Driver::This);
        }
        let report = totals.report(Time::from_millis(300), 0, 0);
        assert_eq!((report.commands_applied, report.refused.late), (100, 100));
        assert_eq!((report.rt_loop.ticks, report.rt_loop.ticks_lost), (100, 0));
    }
}
