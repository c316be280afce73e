//! What a cart has counted for this console, over all connections of a session.
//!
//! A cart counts for each connection anew, and another cart, or the same one started anew, knows nothing of what was before. So
//! the figures of a connection are those the cart told last, and those of the session are all connections' together: counts are
//! added, a mean is weighed by its time, and of what can't be added (peaks, percentiles) the largest stands.

use farprobe_proto::{CartReport, ForceReport, RefusedCommands, RtLoopReport};

/// Collects a cart's reports.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CartTally {
    /// Of all connections that are over.
    before: Option<CartReport>,
    /// The newest of the present one.
    now: Option<CartReport>,
}

impl CartTally {
    /// A new connection: the cart counts anew.
    pub fn connected(&mut self) {
        self.before = self.whole();
        self.now = None;
    }

    /// The cart's report of the present connection; each tells all since that began.
    pub fn reported(&mut self, report: CartReport) {
        self.now = Some(report);
    }

    /// The figures of the session so far; `None` if no cart ever gave any.
    pub fn whole(&self) -> Option<CartReport> {
        match (&self.before, &self.now) {
            (Some(before), Some(now)) => Some(together(before, now)),
            (one, other) => other.as_ref().or(one.as_ref()).cloned(),
        }
    }
}

fn together(before: &CartReport, now: &CartReport) -> CartReport {
    let [p50, p99, max] = before.excess_transit_ms;
    let [then_p50, then_p99, then_max] = now.excess_transit_ms;
    CartReport {
        duration_s: before.duration_s + now.duration_s,
        commands_applied: before.commands_applied.saturating_add(now.commands_applied),
        stale_applied: before.stale_applied.saturating_add(now.stale_applied),
        refused: refused(&before.refused, &now.refused),
        excess_transit_ms: [p50.max(then_p50), p99.max(then_p99), max.max(then_max)],
        pictures_sent: before.pictures_sent.saturating_add(now.pictures_sent),
        force: force(&before.force, &now.force),
        rt_loop: rt_loop(&before.rt_loop, &now.rt_loop),
        cpu_percent: weighed((before.cpu_percent, before.duration_s), (now.cpu_percent, now.duration_s)),
        rss_mb: before.rss_mb.max(now.rss_mb),
    }
}

fn refused(before: &RefusedCommands, now: &RefusedCommands) -> RefusedCommands {
    RefusedCommands {
        old: before.old.saturating_add(now.old),
        late: before.late.saturating_add(now.late),
        epoch: before.epoch.saturating_add(now.epoch),
        malformed: before.malformed.saturating_add(now.malformed),
        jump: before.jump.saturating_add(now.jump),
    }
}

fn force(before: &ForceReport, now: &ForceReport) -> ForceReport {
    let mean = match (before.mean_in_contact, now.mean_in_contact) {
        (Some(one), Some(other)) => {
            farprobe_geom::Newton::new(weighed((one.get(), before.settled_s), (other.get(), now.settled_s))).ok()
        }
        (one, other) => one.or(other),
    };
    ForceReport {
        peak: before.peak.max(now.peak),
        mean_in_contact: mean,
        settled_s: before.settled_s + now.settled_s,
        regulated: if now.mean_in_contact.is_some() { now.regulated } else { before.regulated },
        is_true_force: before.is_true_force && now.is_true_force,
    }
}

fn rt_loop(before: &RtLoopReport, now: &RtLoopReport) -> RtLoopReport {
    RtLoopReport {
        ticks: before.ticks.saturating_add(now.ticks),
        overruns: before.overruns.saturating_add(now.overruns),
        step_us_p50: before.step_us_p50.max(now.step_us_p50),
        step_us_p999: before.step_us_p999.max(now.step_us_p999),
        lateness_us_p99: before.lateness_us_p99.max(now.lateness_us_p99),
        realtime_scheduling: before.realtime_scheduling && now.realtime_scheduling,
        ticks_lost: before.ticks_lost.saturating_add(now.ticks_lost),
    }
}

/// The mean of two means, each with its weight.
fn weighed(one: (f64, f64), other: (f64, f64)) -> f64 {
    let weight = one.1 + other.1;
    if weight > 0.0 { (one.0 * one.1 + other.0 * other.1) / weight } else { other.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use farprobe_geom::Newton;

    fn report(seconds: f64, applied: u64, mean: Option<f64>) -> CartReport {
        CartReport {
            duration_s: seconds,
            commands_applied: applied,
            stale_applied: 0,
            refused: RefusedCommands { late: 1, ..RefusedCommands::default() },
            excess_transit_ms: [0.1, 1.0, 5.0],
            pictures_sent: applied / 10,
            force: ForceReport {
                peak: Newton::literal(9.0),
                mean_in_contact: mean.map(Newton::literal),
                settled_s: if mean.is_some() { seconds } else { 0.0 },
                regulated: Newton::literal(mean.unwrap_or(0.0)),
                is_true_force: true,
            },
            rt_loop: RtLoopReport { ticks: 1_000, step_us_p50: seconds, ..RtLoopReport::default() },
            cpu_percent: 10.0 * seconds,
            rss_mb: 80.0,
        }
    }

    #[test]
    fn a_connections_newest_report_stands_for_it_and_connections_are_added() {
        let mut tally = CartTally::default();
        tally.connected();
        assert_eq!(tally.whole(), None);
        tally.reported(report(1.0, 400, None));
        tally.reported(report(3.0, 1_400, Some(8.0)));
        // The cart dies, and its successor counts from nothing.
        tally.connected();
        assert_eq!(tally.whole().unwrap().commands_applied, 1_400);
        tally.reported(report(1.0, 100, Some(6.0)));
        let whole = tally.whole().unwrap();
        assert_eq!((whole.commands_applied, whole.pictures_sent, whole.refused.late), (1_500, 150, 2));
        assert_eq!((whole.duration_s, whole.rt_loop.ticks, whole.rt_loop.step_us_p50), (4.0, 2_000, 3.0));
        assert_eq!(whole.force.mean_in_contact.map(Newton::get), Some(7.5), "three seconds at 8 N and one at 6 N");
        assert!((whole.cpu_percent - 25.0).abs() < 1e-9, "{}", whole.cpu_percent);
    }

    #[test]
    fn a_connection_without_driving_leaves_the_mean_as_it_was() {
        let mut tally = CartTally::default();
        tally.reported(report(3.0, 1_400, Some(8.0)));
        tally.connected();
        tally.reported(report(9.0, 0, None));
        let force = tally.whole().unwrap().force;
        assert_eq!((force.mean_in_contact.map(Newton::get), force.regulated.get()), (Some(8.0), 8.0));
    }
}
