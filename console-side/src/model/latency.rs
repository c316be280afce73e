//! The latency figures the window shows; `farprobe-session` measures them.

use farprobe_session::accounting::{AccountingSnapshot, Hop as Step, LatencySnapshot as Distribution};

/// Latency figures of the last few seconds. A figure that is not known yet is `None`, never zero.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct LatencySnapshot {
    /// From a handle sample to the first picture that shows its effect, ms.
    pub hand_to_eye_ms: Option<Percentiles>,
    /// From handle sample to the tick that applied the command, ms.
    pub command_age_ms: Option<Percentiles>,
    /// From capture to decoded, ms.
    pub picture_latency_ms: Option<Percentiles>,
    /// The oldest picture that stood on the screen, ms: its age when the next took its place, or by now.
    pub oldest_picture_ms: Option<f64>,
    /// The command path's round trip, ms.
    pub round_trip_ms: Option<f64>,
    /// Commands that did not arrive, %.
    pub command_loss_percent: Option<f64>,
    /// Pictures that did not arrive whole, %.
    pub picture_loss_percent: Option<f64>,
    /// One-way figures may be wrong by this much, ms: the bound of the clock estimate.
    pub clock_error_bound_ms: Option<f64>,
    /// The path of a motion from hand to eye, in order.
    pub hops: Vec<Hop>,
}

impl From<&AccountingSnapshot> for LatencySnapshot {
    /// What the session's accounting knows; the round trip and the loss of commands are the cart's to tell.
    fn from(accounting: &AccountingSnapshot) -> Self {
        let pictures = accounting.pictures;
        let hop = |step: Step| {
            let ms = milliseconds(accounting.hop(step)?.p50);
            Some(Hop { name: String::from(name(step)), ms })
        };
        Self {
            hand_to_eye_ms: accounting.hand_to_eye.as_ref().map(Percentiles::from),
            command_age_ms: accounting.command_age.as_ref().map(Percentiles::from),
            picture_latency_ms: accounting.picture_latency.as_ref().map(Percentiles::from),
            oldest_picture_ms: accounting.picture_age_reached.as_ref().map(|reached| milliseconds(reached.max)),
            round_trip_ms: None,
            command_loss_percent: None,
            picture_loss_percent: (pictures.received > 0).then(|| pictures.loss() * 100.0),
            clock_error_bound_ms: accounting.clock_error_bound.as_ref().map(|bound| milliseconds(bound.p50)),
            hops: Step::ALL.into_iter().filter_map(hop).collect(),
        }
    }
}

/// A hop's name, short enough for its column in the smallest window.
const fn name(step: Step) -> &'static str {
    match step {
        Step::SampledToSent => "handle",
        Step::SentToReceived => "uplink",
        Step::ReceivedToApplied => "apply",
        Step::AppliedToCaptured => "capture",
        Step::CapturedToEncoded => "encode",
        Step::EncodedToReceived => "downlink",
        Step::ReceivedToDecoded => "decode",
        Step::DecodedToShown => "show",
    }
}

fn milliseconds(span: std::time::Duration) -> f64 {
    span.as_secs_f64() * 1e3
}

/// Three points of a distribution, ms.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Percentiles {
    /// Half are better.
    pub p50: f64,
    /// One in 20 is worse.
    pub p95: f64,
    /// One in 100 is worse.
    pub p99: f64,
}

impl From<&Distribution> for Percentiles {
    fn from(distribution: &Distribution) -> Self {
        let Distribution { p50, p95, p99, .. } = *distribution;
        Self { p50: milliseconds(p50), p95: milliseconds(p95), p99: milliseconds(p99) }
    }
}

/// One step of the path from hand to eye.
#[derive(Debug, Clone, PartialEq)]
pub struct Hop {
    /// What happens in it, in one word or two: "uplink", "encode".
    pub name: String,
    /// Its median, ms.
    pub ms: f64,
}

#[cfg(test)]
mod tests {
    use super::*;
    use farprobe_session::accounting::Count;
    use std::time::Duration;

    #[test]
    fn what_the_session_does_not_know_stays_unknown_and_the_rest_keeps_its_place() {
        let at = |millis| Duration::from_millis(millis);
        let known = Distribution {
            samples: 3,
            mean: at(20),
            p50: at(19),
            p90: at(29),
            p95: at(30),
            p99: at(31),
            p999: at(32),
            max: at(32),
        };
        let mut hops = [None; 8];
        hops[Step::SentToReceived as usize] = Some(known);
        hops[Step::DecodedToShown as usize] = Some(known);
        let accounting = AccountingSnapshot {
            hand_to_eye: Some(known),
            command_age: None,
            picture_latency: None,
            picture_age: None,
            picture_age_reached: Some(known),
            clock_error_bound: None,
            hops,
            waterfall: None,
            states: Count::default(),
            pictures: Count { received: 99, lost: 1 },
            painted: 0,
            commands_sent: 0,
            forgotten: 0,
        };
        let shown = LatencySnapshot::from(&accounting);
        assert_eq!(shown.hand_to_eye_ms, Some(Percentiles { p50: 19.0, p95: 30.0, p99: 31.0 }));
        assert_eq!(shown.hops.iter().map(|hop| hop.name.as_str()).collect::<Vec<_>>(), ["uplink", "show"]);
        assert_eq!((shown.oldest_picture_ms, shown.round_trip_ms), (Some(32.0), None));
        assert_eq!((shown.command_age_ms, shown.picture_loss_percent), (None, Some(1.0)));
    }
}
