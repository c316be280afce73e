//! The cart's live figures, for Prometheus.

use std::time::Duration;

use farprobe_metrics::{Family, Sample};
use farprobe_proto::{CartReport, Contact, Ladder, RefusedCommands};

use crate::recorder::Recorder;
use crate::rt::Tick;

/// The rungs, as labels.
const RUNGS: [(Ladder, &str); 10] = [
    (Ladder::Idle, "idle"),
    (Ladder::Ready, "ready"),
    (Ladder::Engaged, "engaged"),
    (Ladder::Hold, "hold"),
    (Ladder::Soften, "soften"),
    (Ladder::Release, "release"),
    (Ladder::Retract, "retract"),
    (Ladder::Parked, "parked"),
    (Ladder::Fault, "fault"),
    (Ladder::EStop, "stopped"),
];

/// Everything the cart tells, as it is now.
pub(crate) fn figures(recorder: &Recorder) -> Vec<Family> {
    let (report, tick) = recorder.whole();
    let mut families = counted(&report);
    families.push(Family::gauge("cart_consoles", "Consoles that are served.", Some(recorder.consoles() as f64)));
    families.push(silence(recorder.silence()));
    families.extend(tick.as_ref().map(present).unwrap_or_default());
    families
}

fn silence(silence: Duration) -> Family {
    let help = "How long the real-time loop has not been heard of; a tenth of a second is usual.";
    Family::gauge("cart_tick_age_seconds", help, Some(silence.as_secs_f64()))
}

/// What has been counted since the cart was started.
fn counted(report: &CartReport) -> Vec<Family> {
    let CartReport { refused, force, rt_loop, .. } = report;
    let [p50, p99, most] = report.excess_transit_ms.map(|ms| ms / 1e3);
    let quantile = |quantile, value| Sample::new([("quantile", quantile)], value);
    vec![
        Family::counter(
            "cart_commands_applied",
            "Commands that reached the control law.",
            report.commands_applied as f64,
        ),
        Family::counter(
            "cart_commands_stale",
            "Applied commands that were stale, judged afterwards.",
            report.stale_applied as f64,
        ),
        Family::counters("cart_commands_refused", "Commands refused, by reason.", refused_by(refused)),
        Family::gauges(
            "cart_command_excess_transit_seconds",
            "How much longer than the quickest the applied commands were on their way.",
            [quantile("0.5", p50), quantile("0.99", p99), quantile("1", most)],
        ),
        Family::counter(
            "cart_pictures_sent",
            "Pictures handed to the network, for all consoles.",
            report.pictures_sent as f64,
        ),
        Family::gauge("cart_force_peak_newtons", "The largest contact force since the start.", Some(force.peak.get())),
        Family::counter("cart_ticks", "Ticks of the real-time loop.", rt_loop.ticks as f64),
        Family::counter("cart_tick_overruns", "Ticks more than a period late.", rt_loop.overruns as f64),
        Family::counter("cart_ticks_lost", "Ticks that were not recorded.", rt_loop.ticks_lost as f64),
        Family::gauges(
            "cart_step_cpu_seconds",
            "Processor time of the control step.",
            [quantile("0.5", rt_loop.step_us_p50 / 1e6), quantile("0.999", rt_loop.step_us_p999 / 1e6)],
        ),
        Family::gauges(
            "cart_tick_lateness_seconds",
            "How late ticks begin.",
            [quantile("0.99", rt_loop.lateness_us_p99 / 1e6)],
        ),
        Family::gauge(
            "cart_realtime_scheduling",
            "1 if the system granted the real-time loop its priority.",
            Some(f64::from(u8::from(rt_loop.realtime_scheduling))),
        ),
        Family::gauge("cart_cpu_ratio", "Processor time used, of one core.", Some(report.cpu_percent / 100.0)),
        Family::gauge("cart_memory_bytes", "Resident memory.", Some(report.rss_mb * 1e6)),
    ]
}

fn refused_by(refused: &RefusedCommands) -> [Sample; 5] {
    let RefusedCommands { old, late, epoch, malformed, jump } = *refused;
    [("old", old), ("late", late), ("epoch", epoch), ("malformed", malformed), ("jump", jump)]
        .map(|(reason, count)| Sample::new([("reason", reason)], count as f64))
}

/// How arm and patient are at this tick.
fn present(tick: &Tick) -> Vec<Family> {
    let state = &tick.state;
    let is = |yes: bool| f64::from(u8::from(yes));
    let limits = [("soft", state.limits.soft_force), ("hard", state.limits.hard_force)];
    vec![
        Family::gauge("cart_force_newtons", "Contact force.", tick.force_norm.is_finite().then_some(tick.force_norm)),
        Family::gauge(
            "cart_force_target_newtons",
            "The force the control law regulates to.",
            Some(state.force_target.get()),
        ),
        Family::gauges(
            "cart_force_limit_newtons",
            "The force limits in force.",
            limits.map(|(which, limit)| Sample::new([("limit", which)], limit.get())),
        ),
        Family::gauge("cart_touching", "1 while the probe touches.", Some(is(state.contact == Contact::Touching))),
        Family::gauges(
            "cart_ladder",
            "1 for the rung of the safety ladder the cart is on.",
            RUNGS.map(|(rung, name)| Sample::new([("rung", name)], is(state.ladder == rung))),
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rt::testing::tick;

    #[test]
    fn the_cart_is_on_one_rung_and_each_has_a_name_of_its_own() {
        for (rung, name) in RUNGS {
            let mut tick = tick(0);
            tick.state.ladder = rung;
            let families = present(&tick);
            let ladder = families.iter().find(|family| family.name == "cart_ladder").unwrap();
            let on: Vec<_> = ladder.samples.iter().filter(|sample| sample.value == 1.0).collect();
            assert_eq!(on.len(), 1, "{rung:?}");
            assert_eq!(on[0].labels, [("rung", name.to_owned())]);
        }
    }

    #[test]
    fn a_force_that_is_no_number_is_not_told() {
        let mut tick = tick(0);
        tick.force_norm = f64::NAN;
        let force = present(&tick).into_iter().find(|family| family.name == "cart_force_newtons").unwrap();
        assert!(force.samples.is_empty());
    }

    #[test]
    fn reasons_keep_their_numbers() {
        let refused = RefusedCommands { old: 1, late: 2, epoch: 3, malformed: 4, jump: 5 };
        let told = refused_by(&refused).map(|sample| (sample.labels[0].1.clone(), sample.value));
        let expected = [("old", 1.0), ("late", 2.0), ("epoch", 3.0), ("malformed", 4.0), ("jump", 5.0)];
        assert_eq!(told, expected.map(|(reason, count)| (reason.to_owned(), count)));
    }
}
