//! Which packets are lost.

use std::fmt;

use crate::noise::Noise;

/// A number from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Default)]
pub struct Probability(f64);

/// The number is not from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotAProbability;

impl fmt::Display for NotAProbability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a probability is a number from 0 to 1; mend the link's profile")
    }
}

impl std::error::Error for NotAProbability {}

impl Probability {
    /// It never happens.
    pub const NEVER: Self = Self(0.0);
    /// It always happens.
    pub const ALWAYS: Self = Self(1.0);

    /// A probability from outside.
    pub const fn new(value: f64) -> Result<Self, NotAProbability> {
        if value >= 0.0 && value <= 1.0 { Ok(Self(value)) } else { Err(NotAProbability) }
    }

    /// A probability written in the source. In a `const` a value that is none does not compile.
    pub const fn literal(value: f64) -> Self {
        assert!(value >= 0.0 && value <= 1.0);
        Self(value)
    }

    /// The bare number.
    pub const fn get(self) -> f64 {
        self.0
    }

    /// Whether it happens, given a number that is even within [0, 1).
    pub(super) fn hits(self, unit: f64) -> bool {
        unit < self.0
    }
}

/// How packets are lost.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum Loss {
    /// None is.
    #[default]
    None,
    /// Each for itself.
    Random(Probability),
    /// In bursts: a chain of two states that steps with each packet (Gilbert, Bell Syst. Tech. J. 39, 1960; Elliott, Bell
    /// Syst. Tech. J. 42, 1963).
    GilbertElliott {
        /// From the good state to the bad one, at each packet.
        to_bad: Probability,
        /// From the bad state to the good one, at each packet.
        to_good: Probability,
        /// Loss in the good state.
        in_good: Probability,
        /// Loss in the bad state.
        in_bad: Probability,
    },
}

impl Loss {
    /// Bursts of `mean_burst` packets on average, all lost, that take this share of all packets. A burst of less than one
    /// packet counts as one, and a share of 1 is a link that carries nothing.
    pub fn bursts(share: Probability, mean_burst: f64) -> Self {
        let to_good = 1.0 / mean_burst.max(1.0);
        // In the long run the chain is bad for to_bad / (to_bad + to_good) of the packets.
        let to_bad = if share.0 < 1.0 { (to_good * share.0 / (1.0 - share.0)).min(1.0) } else { 1.0 };
        Self::GilbertElliott {
            to_bad: Probability(to_bad),
            to_good: if share.0 < 1.0 { Probability(to_good) } else { Probability::NEVER },
            in_good: Probability::NEVER,
            in_bad: Probability::ALWAYS,
        }
    }
}

/// A loss model that runs.
#[derive(Debug, Clone)]
pub(super) struct LossState {
    loss: Loss,
    bad: bool,
}

impl LossState {
    pub(super) fn new(loss: Loss) -> Self {
        Self { loss, bad: false }
    }

    /// Whether the next packet is lost.
    pub(super) fn draw(&mut self, noise: &mut Noise) -> bool {
        let (step, chance) = (noise.unit(), noise.unit());
        match self.loss {
            Loss::None => false,
            Loss::Random(probability) => probability.hits(chance),
            Loss::GilbertElliott { to_bad, to_good, in_good, in_bad } => {
                self.bad = if self.bad { !to_good.hits(step) } else { to_bad.hits(step) };
                if self.bad { in_bad.hits(chance) } else { in_good.hits(chance) }
            }
        }
    }
}
