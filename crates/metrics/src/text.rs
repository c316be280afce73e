//! The text that Prometheus reads.

use std::fmt;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric, MetricEncoder};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Registry;

use crate::family::{Family, Kind, Sample};

/// What the text is, for the answer's header.
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// What every name begins with.
const PREFIX: &str = "farprobe";

/// Writes the families in the `OpenMetrics` format.
pub(crate) fn write(families: Vec<Family>) -> Result<String, fmt::Error> {
    let mut registry = Registry::with_prefix(PREFIX);
    registry.register_collector(Box::new(Snapshot(families)));
    let mut text = String::new();
    prometheus_client::encoding::text::encode(&mut text, &registry)?;
    Ok(text)
}

/// Figures as they were at one moment.
#[derive(Debug)]
struct Snapshot(Vec<Family>);

impl Collector for Snapshot {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        for Family { name, help, kind, samples } in &self.0 {
            let metric_type = match kind {
                Kind::Counter => MetricType::Counter,
                Kind::Gauge => MetricType::Gauge,
            };
            match samples.as_slice() {
                [] => {}
                [Sample { labels, value }] if labels.is_empty() => {
                    encode(*kind, *value, encoder.encode_descriptor(name, help, None, metric_type)?)?;
                }
                samples => {
                    let mut family = encoder.encode_descriptor(name, help, None, metric_type)?;
                    for Sample { labels, value } in samples {
                        let labels: Vec<_> = labels.iter().map(|(name, value)| (*name, value.as_str())).collect();
                        encode(*kind, *value, family.encode_family(&labels)?)?;
                    }
                }
            }
        }
        Ok(())
    }
}

fn encode(kind: Kind, value: f64, encoder: MetricEncoder<'_>) -> fmt::Result {
    match kind {
        Kind::Counter => ConstCounter::new(value).encode(encoder),
        Kind::Gauge => ConstGauge::new(value).encode(encoder),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_are_written_with_their_kinds_and_labels_and_what_is_not_known_is_left_out() {
        let families = vec![
            Family::counter("commands_sent", "Commands handed to the network.", 7.0),
            Family::gauges(
                "command_age_seconds",
                "From the handle to the tick that applied it.",
                [Sample::new([("quantile", "0.5")], 0.027), Sample::new([("quantile", "0.99")], 0.031)],
            ),
            Family::gauge("hand_to_eye_seconds", "Not known yet.", None),
            Family::gauges("who", "A name somebody chose.", [Sample::new([("name", "a \"b\"\n\\c")], 1.0)]),
        ];
        let text = write(families).unwrap();
        let expected = [
            "# HELP farprobe_commands_sent Commands handed to the network.",
            "# TYPE farprobe_commands_sent counter",
            "farprobe_commands_sent_total 7.0",
            "# HELP farprobe_command_age_seconds From the handle to the tick that applied it.",
            "# TYPE farprobe_command_age_seconds gauge",
            "farprobe_command_age_seconds{quantile=\"0.5\"} 0.027",
            "farprobe_command_age_seconds{quantile=\"0.99\"} 0.031",
            "# HELP farprobe_who A name somebody chose.",
            "# TYPE farprobe_who gauge",
            "farprobe_who{name=\"a \\\"b\\\"\\n\\\\c\"} 1.0",
            "# EOF",
        ];
        assert_eq!(text.lines().collect::<Vec<_>>(), expected);
    }
}
