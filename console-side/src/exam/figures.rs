//! The console's live figures, for Prometheus: the accounting that the window's strip and the summary are made of.

use farprobe_geom::Time;
use farprobe_metrics::{Family, Sample};
use farprobe_session::accounting::{AccountingSnapshot, Count, Hop, LatencySnapshot, Span};

use super::ledger::SharedLedger;

/// Everything the console tells, as it is now.
pub(super) fn figures(ledger: &SharedLedger, connected: bool, now: Time) -> Vec<Family> {
    let (lately, whole) = {
        let ledger = ledger.lock();
        (ledger.latencies(Span::Recent, now), ledger.latencies(Span::Whole, now))
    };
    let connected =
        Family::gauge("console_connected", "1 while there is a cart to talk to.", Some(f64::from(u8::from(connected))));
    let mut families = vec![connected];
    families.extend(latencies(&lately));
    families.extend(counted(&whole));
    families
}

/// The latencies of the last five seconds.
fn latencies(lately: &AccountingSnapshot) -> Vec<Family> {
    let family = |name, help, of: &Option<LatencySnapshot>| Family::gauges(name, help, of.iter().flat_map(quantiles));
    let hops = Hop::ALL.into_iter().filter_map(|hop| Some((hop, lately.hop(hop)?)));
    let hops = hops.flat_map(|(hop, of)| {
        quantiles(&of).into_iter().map(move |mut sample| {
            sample.labels.insert(0, ("hop", name(hop).to_owned()));
            sample
        })
    });
    vec![
        family(
            "console_hand_to_eye_seconds",
            "From a handle sample to the first picture that shows its effect, in the last 5 s.",
            &lately.hand_to_eye,
        ),
        family(
            "console_command_age_seconds",
            "From a handle sample to the tick that applied it, in the last 5 s.",
            &lately.command_age,
        ),
        family(
            "console_picture_latency_seconds",
            "From the capture of a picture to its being decoded, in the last 5 s.",
            &lately.picture_latency,
        ),
        family(
            "console_picture_age_seconds",
            "From the capture of a picture to its being painted, in the last 5 s.",
            &lately.picture_age,
        ),
        family(
            "console_picture_age_reached_seconds",
            "How old pictures had become when the next took their place, in the last 5 s.",
            &lately.picture_age_reached,
        ),
        family(
            "console_clock_error_bound_seconds",
            "By how much a latency that spans both machines may be wrong, in the last 5 s.",
            &lately.clock_error_bound,
        ),
        Family::gauges("console_hop_seconds", "The way from the hand to the eye, hop by hop, in the last 5 s.", hops),
    ]
}

fn quantiles(of: &LatencySnapshot) -> [Sample; 4] {
    [("0.5", of.p50), ("0.95", of.p95), ("0.99", of.p99), ("1", of.max)]
        .map(|(quantile, span)| Sample::new([("quantile", quantile)], span.as_secs_f64()))
}

/// What has been counted since the exam began.
fn counted(whole: &AccountingSnapshot) -> Vec<Family> {
    let both = |count: Count| {
        [("received", count.received), ("lost", count.lost)]
            .map(|(outcome, count)| Sample::new([("outcome", outcome)], count as f64))
    };
    vec![
        Family::counter("console_commands_sent", "Commands handed to the network.", whole.commands_sent as f64),
        Family::counters("console_states", "States of the cart.", both(whole.states)),
        Family::counters("console_pictures", "Pictures of the scanner.", both(whole.pictures)),
        Family::counter("console_pictures_painted", "Pictures painted on the screen.", whole.painted as f64),
    ]
}

/// A hop, as a label.
const fn name(hop: Hop) -> &'static str {
    match hop {
        Hop::SampledToSent => "sampled-sent",
        Hop::SentToReceived => "sent-received",
        Hop::ReceivedToApplied => "received-applied",
        Hop::AppliedToCaptured => "applied-captured",
        Hop::CapturedToEncoded => "captured-encoded",
        Hop::EncodedToReceived => "encoded-received",
        Hop::ReceivedToDecoded => "received-decoded",
        Hop::DecodedToShown => "decoded-shown",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use farprobe_geom::Newton;
    use farprobe_session::accounting::Accounting;

    #[test]
    fn before_an_exam_counts_are_zero_and_latencies_are_not_known() {
        let ledger = SharedLedger::new(Newton::ZERO);
        let families = figures(&ledger, false, Time::from_millis(1_000));
        for family in families {
            let values: Vec<f64> = family.samples.iter().map(|sample| sample.value).collect();
            let counted = ["connected", "commands_sent", "states", "pictures", "pictures_painted"];
            if counted.iter().any(|name| family.name == format!("console_{name}")) {
                assert!(!values.is_empty() && values.iter().all(|value| *value == 0.0), "{}: {values:?}", family.name);
            } else {
                assert!(values.is_empty(), "{}: {values:?}", family.name);
            }
        }
    }

    #[test]
    fn every_hop_has_a_name_of_its_own() {
        let names: std::collections::BTreeSet<_> = Hop::ALL.into_iter().map(name).collect();
        assert_eq!(names.len(), Hop::ALL.len());
    }

    #[test]
    fn a_latency_is_told_in_seconds_with_its_quantiles() {
        let at = |ms| std::time::Duration::from_millis(ms);
        let known = LatencySnapshot {
            samples: 9,
            mean: at(20),
            p50: at(19),
            p90: at(29),
            p95: at(30),
            p99: at(31),
            p999: at(32),
            max: at(32),
        };
        let nothing = Accounting::new().snapshot(Span::Recent, Time::ZERO);
        let mut hops = nothing.hops;
        hops[Hop::SentToReceived as usize] = Some(known);
        let told = latencies(&AccountingSnapshot { hops, hand_to_eye: Some(known), ..nothing });
        let labels = |family: &Family| -> Vec<_> {
            family.samples.iter().map(|sample| (sample.labels.clone(), sample.value)).collect()
        };
        let quantile = |of: &str| ("quantile", of.to_owned());
        let expected = [("0.5", 0.019), ("0.95", 0.030), ("0.99", 0.031), ("1", 0.032)];
        assert_eq!(labels(&told[0]), expected.map(|(of, value)| (vec![quantile(of)], value)));
        let hop = ("hop", "sent-received".to_owned());
        let hops = told.iter().find(|family| family.name == "console_hop_seconds").unwrap();
        assert_eq!(labels(hops), expected.map(|(of, value)| (vec![hop.clone(), quantile(of)], value)));
    }
}
