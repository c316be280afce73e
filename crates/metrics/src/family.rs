//! What is told: families of figures, after the data model of Prometheus.

/// Figures of one name. The programs' names begin with `farprobe_`, which is added when they are written.
#[derive(Debug, Clone, PartialEq)]
pub struct Family {
    /// The name without its beginning, and without `_total`, which belongs to counters and is added to them. Lower-case letters, digits
    /// and `_`. It ends with its base unit: seconds, newtons, ratio.
    pub name: &'static str,
    /// What it is, in a sentence.
    pub help: &'static str,
    /// How the figures behave.
    pub kind: Kind,
    /// The figures. None, if nothing is known yet: what is not known is not zero.
    pub samples: Vec<Sample>,
}

/// How figures behave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// They only grow, until the program is started anew.
    Counter,
    /// They rise and fall.
    Gauge,
}

/// One figure.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// What tells it from others of its name.
    pub labels: Vec<(&'static str, String)>,
    /// The figure.
    pub value: f64,
}

impl Family {
    /// Several counters, told apart by their labels.
    pub fn counters(name: &'static str, help: &'static str, samples: impl IntoIterator<Item = Sample>) -> Self {
        Self { name, help, kind: Kind::Counter, samples: samples.into_iter().collect() }
    }

    /// Several gauges, told apart by their labels.
    pub fn gauges(name: &'static str, help: &'static str, samples: impl IntoIterator<Item = Sample>) -> Self {
        Self { name, help, kind: Kind::Gauge, samples: samples.into_iter().collect() }
    }

    /// One counter.
    pub fn counter(name: &'static str, help: &'static str, value: f64) -> Self {
        Self::counters(name, help, [Sample::new([], value)])
    }

    /// One gauge, if it is known.
    pub fn gauge(name: &'static str, help: &'static str, value: Option<f64>) -> Self {
        Self::gauges(name, help, value.map(|value| Sample::new([], value)))
    }
}

impl Sample {
    /// A figure with these labels.
    pub fn new<const N: usize>(labels: [(&'static str, &str); N], value: f64) -> Self {
        Self { labels: labels.map(|(name, value)| (name, value.to_owned())).to_vec(), value }
    }
}
