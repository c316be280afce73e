//! What a link does to what is sent over it.

use std::num::NonZeroU64;
use std::time::Duration;

use super::loss::{Loss, Probability};

/// The numbers of one way of a link.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LinkProfile {
    /// How long everything takes at least.
    pub delay: Duration,
    /// How much longer some of it takes.
    pub jitter: Jitter,
    /// Whether jitter may change the order.
    pub order: Order,
    /// What is lost.
    pub loss: Loss,
    /// How much fits through; nothing for as much as is sent.
    pub rate: Option<Rate>,
    /// How many bytes can wait for the rate, or for a stalled link; more is lost.
    pub queue_bytes: usize,
    /// How often something arrives twice.
    pub duplicate: Probability,
    /// How often something is held back alone.
    pub reorder: Reorder,
}

/// How much longer than the least delay a packet takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Jitter {
    /// Not at all.
    #[default]
    None,
    /// Anything up to this, evenly.
    Uniform(Duration),
    /// Mostly little, seldom much: exponential.
    LongTail {
        /// The mean of the exponential.
        mean: Duration,
        /// The most there is.
        most: Duration,
    },
    /// One of two exponentials, as chance decides for each packet: hyperexponential.
    TwoTails {
        /// How often it is the first.
        first: Probability,
        /// The means of both.
        means: [Duration; 2],
        /// The most there is.
        most: Duration,
    },
}

/// Whether packets keep their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Order {
    /// None overtakes another: one that is late makes those behind it late, as one path with one queue does.
    #[default]
    Kept,
    /// Each travels alone.
    Free,
}

/// Now and then a packet is held back alone. Has no effect where order is kept but to delay those behind.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Reorder {
    /// How often.
    pub probability: Probability,
    /// For how long.
    pub by: Duration,
}

/// How much fits through a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    bits_per_second: NonZeroU64,
}

/// The queue of a small router: 64 KiB.
const USUAL_QUEUE: usize = 64 * 1024;

impl LinkProfile {
    /// Nothing is late and nothing is lost.
    pub const PERFECT: Self = Self {
        delay: Duration::ZERO,
        jitter: Jitter::None,
        order: Order::Kept,
        loss: Loss::None,
        rate: None,
        queue_bytes: USUAL_QUEUE,
        duplicate: Probability::NEVER,
        reorder: Reorder { probability: Probability::NEVER, by: Duration::ZERO },
    };

    /// Everything takes this long, and nothing is lost.
    pub const fn delayed(delay: Duration) -> Self {
        Self { delay, ..Self::PERFECT }
    }
}

impl Default for LinkProfile {
    fn default() -> Self {
        Self::PERFECT
    }
}

impl Jitter {
    /// The jitter that belongs to a number that is even within [0, 1).
    pub(super) fn of(self, unit: f64) -> Duration {
        match self {
            Self::None => Duration::ZERO,
            Self::Uniform(most) => scaled(most, unit),
            Self::LongTail { mean, most } => exponential(mean, unit).min(most),
            Self::TwoTails { first, means, most } => {
                let share = first.get();
                // What is left of the number after the choice is even within [0, 1) again.
                let late = if first.hits(unit) {
                    exponential(means[0], unit / share)
                } else {
                    exponential(means[1], (unit - share) / (1.0 - share))
                };
                late.min(most)
            }
        }
    }

    /// The jitter that this part of the packets does not pass, from 0 to 1.
    pub fn quantile(self, part: Probability) -> Duration {
        match self {
            Self::None | Self::Uniform(_) | Self::LongTail { .. } => self.of(part.get()),
            Self::TwoTails { first, means, most } => {
                let within = |late: Duration| {
                    let of = |mean: Duration| 1.0 - (-late.div_duration_f64(mean)).exp();
                    first.get() * of(means[0]) + (1.0 - first.get()) * of(means[1])
                };
                let (mut low, mut high) = (Duration::ZERO, most);
                // Each step halves the interval: after 64 nothing of it is left.
                for _ in 0..64 {
                    let middle = (low + high) / 2;
                    if within(middle) < part.get() { low = middle } else { high = middle }
                }
                high
            }
        }
    }

    /// The most there is.
    pub fn most(self) -> Duration {
        match self {
            Self::None => Duration::ZERO,
            Self::Uniform(most) | Self::LongTail { most, .. } | Self::TwoTails { most, .. } => most,
        }
    }
}

/// Of a number that is even within [0, 1), one that is exponential with this mean.
fn exponential(mean: Duration, unit: f64) -> Duration {
    scaled(mean, -(1.0 - unit).ln())
}

/// In whole nanoseconds, and never a panic: a span beyond the clock saturates.
fn scaled(span: Duration, factor: f64) -> Duration {
    Duration::from_nanos((span.as_nanos() as f64 * factor) as u64)
}

impl Rate {
    /// So many bits a second; nothing for zero, which would be a link that is cut.
    pub const fn bits_per_second(bits: u64) -> Option<Self> {
        match NonZeroU64::new(bits) {
            Some(bits_per_second) => Some(Self { bits_per_second }),
            None => None,
        }
    }

    /// So many Mbit (10⁶ bits) a second, written in the source. In a `const`, zero does not compile.
    pub const fn mbit(mega: u64) -> Self {
        Self::kbit(mega * 1_000)
    }

    /// So many kbit (10³ bits) a second, written in the source. In a `const`, zero does not compile.
    pub const fn kbit(kilo: u64) -> Self {
        match Self::bits_per_second(kilo * 1_000) {
            Some(rate) => rate,
            None => panic!("a rate of zero is a link that is cut"),
        }
    }

    /// Bits a second.
    pub const fn get(self) -> u64 {
        self.bits_per_second.get()
    }

    /// How long so many bytes take to leave.
    pub fn time_of(self, bytes: usize) -> Duration {
        let nanos = (bytes as u128 * 8_000_000_000).div_ceil(u128::from(self.bits_per_second.get()));
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }

    /// How many bytes leave in this time.
    pub fn bytes_in(self, span: Duration) -> usize {
        let bytes = span.as_nanos().saturating_mul(u128::from(self.bits_per_second.get())) / 8_000_000_000;
        usize::try_from(bytes).unwrap_or(usize::MAX)
    }
}
