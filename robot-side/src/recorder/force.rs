//! The contact force of a session, for its summary.

use std::time::Duration;

use farprobe_geom::{Newton, Time};
use farprobe_proto::{Contact, ForceReport, Ladder};

use super::Driver;
use crate::rt::{PERIOD, Tick};

/// Force counts as settled when its target has not changed for this long: a breath's steepest part has passed through the
/// force law by then.
const SETTLED_AFTER: Duration = Duration::from_millis(500);

/// Targets closer than this are the same target, N.
const SAME_TARGET: f64 = 0.05;

/// Follows the contact force of one session.
#[derive(Debug, Default)]
pub(super) struct Force {
    peak: f64,
    sum: f64,
    samples: u64,
    is_true: bool,
    /// The target the force is being regulated to.
    target: f64,
    target_since: Option<Time>,
    /// The last target that lasted, and not what a touch or a lift passes through.
    settled_target: f64,
}

impl Force {
    /// Takes in a tick. The mean is of the time in which the console whose session this is drives.
    pub(super) fn add(&mut self, tick: &Tick, driver: Driver) {
        self.is_true = tick.force_is_true;
        self.peak = self.peak.max(tick.force_norm);
        let driving =
            driver == Driver::This && tick.state.ladder == Ladder::Engaged && tick.state.contact == Contact::Touching;
        let target = tick.state.force_target.get();
        if !driving || (target - self.target).abs() > SAME_TARGET {
            self.target_since = driving.then_some(tick.at);
            self.target = if driving { target } else { self.target };
            return;
        }
        let since = *self.target_since.get_or_insert(tick.at);
        if tick.at.saturating_since(since) >= SETTLED_AFTER && tick.force_along_axis.is_finite() {
            self.settled_target = self.target;
            self.sum += tick.force_along_axis;
            self.samples += 1;
        }
    }

    pub(super) fn report(&self) -> ForceReport {
        let newton = |value| Newton::new(value).unwrap_or(Newton::ZERO);
        ForceReport {
            peak: newton(self.peak),
            mean_in_contact: (self.samples > 0).then(|| newton(self.sum / self.samples as f64)),
            settled_s: self.samples as f64 * PERIOD.as_secs_f64(),
            regulated: newton(self.settled_target),
            is_true_force: self.is_true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rt::testing::tick;

    fn touching(ms: u64, target: f64, force: f64) -> Tick {
        let mut tick = Tick { force_along_axis: force, force_norm: force, force_is_true: true, ..tick(ms) };
        tick.state.ladder = Ladder::Engaged;
        tick.state.contact = Contact::Touching;
        tick.state.force_target = Newton::new(target).unwrap();
        tick
    }

    #[test]
    fn the_mean_counts_settled_force_and_the_peak_counts_all() {
        let mut force = Force::default();
        for ms in 0..500 {
            force.add(&touching(ms, 8.0, 9.5), Driver::This);
        }
        assert_eq!(force.report().mean_in_contact, None);
        for ms in 500..1500 {
            force.add(&touching(ms, 8.0, 7.5), Driver::This);
        }
        let report = force.report();
        assert_eq!(report.peak.get(), 9.5);
        assert_eq!(report.regulated.get(), 8.0);
        let mean = report.mean_in_contact.unwrap().get();
        assert!((mean - 7.5).abs() < 0.01, "{mean}");
        assert!(report.is_true_force);
        assert!((report.settled_s - 1.0).abs() < 0.01, "{}", report.settled_s);
    }

    #[test]
    fn a_new_target_and_a_new_contact_settle_anew() {
        let mut force = Force::default();
        for ms in 0..600 {
            force.add(&touching(ms, 8.0, 8.0), Driver::This);
        }
        let samples = force.samples;
        assert!(samples > 0);
        for ms in 600..1_000 {
            force.add(&touching(ms, 5.0, 6.5), Driver::This);
        }
        force.add(&tick(1_000), Driver::This);
        for ms in 1_001..1_400 {
            force.add(&touching(ms, 5.0, 6.5), Driver::This);
        }
        assert_eq!(force.samples, samples);
    }

    #[test]
    fn a_force_that_is_no_number_spoils_nothing() {
        let mut force = Force::default();
        for ms in 0..2_000 {
            let value = if ms % 2 == 0 { f64::NAN } else { 8.0 };
            force.add(&touching(ms, 8.0, value), Driver::This);
        }
        assert_eq!(force.report().mean_in_contact.map(Newton::get), Some(8.0));
        assert_eq!(force.report().peak.get(), 8.0);
    }

    #[test]
    fn the_peak_is_whoevers_and_the_mean_is_of_who_drives() {
        let mut force = Force::default();
        for ms in 0..2_000 {
            force.add(&touching(ms, 8.0, 9.0), Driver::Another);
        }
        let report = force.report();
        assert_eq!((report.peak.get(), report.mean_in_contact, report.settled_s), (9.0, None, 0.0));
    }
}
