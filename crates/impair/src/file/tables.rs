//! The tables of the file. A key that is not written leaves what `base` says, or else the perfect line.

use serde::Deserialize;
use toml::Spanned;

/// A number, with its place for complaints.
pub(super) type Number = Spanned<f64>;

/// The whole file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    /// What it stands for and where its numbers come from, for people.
    #[serde(default)]
    #[expect(dead_code, reason = "for whoever reads the file")]
    pub(super) about: String,
    /// The named line to begin with.
    pub(super) base: Option<Spanned<String>>,
    /// Both ways.
    #[serde(default)]
    pub(super) both: Way,
    /// From who calls to who is called; over `both`.
    #[serde(default)]
    pub(super) there: Way,
    /// The other way; over `both`.
    #[serde(default)]
    pub(super) back: Way,
    pub(super) outages: Option<Outages>,
    pub(super) script: Option<Script>,
}

/// The numbers of a way.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Way {
    pub(super) delay_ms: Option<Number>,
    pub(super) jitter: Option<Jitter>,
    pub(super) order: Option<Order>,
    pub(super) loss: Option<Loss>,
    pub(super) rate_kbit: Option<Number>,
    pub(super) queue_bytes: Option<Spanned<u64>>,
    pub(super) duplicate_percent: Option<Number>,
    pub(super) reorder: Option<Reorder>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) enum Jitter {
    None,
    Uniform { most_ms: Number },
    LongTail { mean_ms: Number, most_ms: Number },
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Order {
    Kept,
    Free,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) enum Loss {
    None,
    Random { percent: Number },
    Bursts { percent: Number, mean_packets: Number },
    GilbertElliott { to_bad_percent: Number, to_good_percent: Number, in_good_percent: Number, in_bad_percent: Number },
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Reorder {
    pub(super) percent: Number,
    pub(super) by_ms: Number,
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Ways {
    #[default]
    Both,
    There,
    Back,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Deed {
    Cut,
    Stall,
    Restore,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Outages {
    #[serde(default)]
    pub(super) ways: Ways,
    #[serde(rename = "do")]
    pub(super) deed: Spanned<Deed>,
    pub(super) shortest_ms: Number,
    pub(super) longest_ms: Number,
    pub(super) between_ms: Number,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Script {
    /// Begins anew every so long.
    pub(super) every_s: Option<Number>,
    #[serde(default)]
    pub(super) act: Vec<Act>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Act {
    pub(super) at_s: Number,
    #[serde(default)]
    pub(super) ways: Ways,
    #[serde(rename = "do")]
    pub(super) deed: Option<Deed>,
    /// Other numbers from then on: those written over those of the way.
    pub(super) link: Option<Way>,
}
