//! Which packets are lost.

use std::fmt;

use crate::noise::Noise;

/// A number from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Default)]
pub struct Probability(f64);

/// It is never what is no number, which alone is not equal to itself.
impl Eq for Probability {}

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
    /// In bursts whose lengths have a heavy tail, with one packet at least between two bursts. A chain of two states, which
    /// steps with each packet, says which of two distributions a burst's length is drawn from; it may be 0. The model of
    /// "packet loss" in `NetFI` (Zhang, Roodabeh, Alemzadeh: network quality of service and robotic telesurgery, ICRA 2026,
    /// arXiv:2603.06824).
    ParetoBursts {
        /// From the first state to the second one, at each packet.
        to_second: Probability,
        /// From the second state back, at each packet.
        to_first: Probability,
        /// How long bursts are in the first state.
        first: Pareto,
        /// How long bursts are in the second state.
        second: Pareto,
    },
}

/// A Pareto distribution of the second kind (Lomax), of which the whole part counts: P(length ≥ k) = (1 + k / scale)^-shape.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pareto {
    shape: f64,
    scale: f64,
}

impl Pareto {
    /// A distribution written in the source. In a `const`, numbers that are not above 0 do not compile.
    pub const fn literal(shape: f64, scale: f64) -> Self {
        assert!(shape > 0.0 && scale > 0.0);
        Self { shape, scale }
    }

    /// How likely a length of `packets` or more is.
    fn at_least(self, packets: u32) -> f64 {
        (1.0 + f64::from(packets) / self.scale).powf(-self.shape)
    }

    /// The length that belongs to a number that is even within [0, 1).
    fn of(self, unit: f64) -> u32 {
        // A length beyond the type saturates: a burst of four thousand million packets does not end either.
        (self.scale * ((1.0 - unit).powf(-1.0 / self.shape) - 1.0)) as u32
    }
}

/// What a loss comes to over many packets.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct LongRun {
    /// The part of all packets that is lost, 0 to 1.
    pub share: f64,
    /// How many are lost in a row, on average; 0 where none is lost, without bound where none comes through.
    pub mean_burst: f64,
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

    /// What it comes to over many packets, by the model's own arithmetic and not by trying.
    pub fn long_run(self) -> LongRun {
        match self {
            Self::None => LongRun::default(),
            Self::Random(Probability(p)) => in_states([1.0, 0.0], [[1.0, 0.0], [1.0, 0.0]], [p, p]),
            Self::GilbertElliott { to_bad, to_good, in_good, in_bad } => {
                let share = stationary(to_bad.0, to_good.0);
                let steps = [[1.0 - to_bad.0, to_bad.0], [to_good.0, 1.0 - to_good.0]];
                in_states(share, steps, [in_good.0, in_bad.0])
            }
            Self::ParetoBursts { to_second, to_first, first, second } => {
                in_bursts(to_second.0, to_first.0, [first, second])
            }
        }
    }
}

/// Which part of the packets finds a chain in its first and in its second state.
fn stationary(to_second: f64, to_first: f64) -> [f64; 2] {
    let both = to_second + to_first;
    // A chain that never steps stays where it began.
    let second = if both > 0.0 { to_second / both } else { 0.0 };
    [1.0 - second, second]
}

/// Of a chain that is so often in each state, steps so, and loses so much in each.
fn in_states(share: [f64; 2], steps: [[f64; 2]; 2], loss: [f64; 2]) -> LongRun {
    let lost = share[0] * loss[0] + share[1] * loss[1];
    let survives = |state: usize| steps[state][0] * (1.0 - loss[0]) + steps[state][1] * (1.0 - loss[1]);
    // A burst ends where a lost packet is followed by one that is not.
    let ends = share[0] * loss[0] * survives(0) + share[1] * loss[1] * survives(1);
    LongRun { share: lost, mean_burst: if lost > 0.0 { lost / ends } else { 0.0 } }
}

/// Of bursts with one packet between them. Each time a length is drawn, the chain is in a state that hangs on the last draw by
/// what is left of it after that many steps.
fn in_bursts(to_second: f64, to_first: f64, lengths: [Pareto; 2]) -> LongRun {
    /// Longer bursts are left out: with the shapes that are in use, 3 to 5, they are one in ten thousand million packets.
    const LONGEST: u32 = 10_000;
    let share = stationary(to_second, to_first);
    let fades = 1.0 - to_second - to_first;
    let of = |length: Pareto| {
        let mean: f64 = (1..=LONGEST).map(|packets| length.at_least(packets)).sum();
        let exactly = |packets: u32| length.at_least(packets) - length.at_least(packets + 1);
        // The burst, the packet after it, and the packet of the next draw itself.
        let rest: f64 = (0..=LONGEST).map(|packets| exactly(packets) * fades.powi(packets.cast_signed() + 1)).sum();
        (mean, rest, length.at_least(1))
    };
    let [first, second] = lengths.map(of);
    // The chain as the draws see it: what leaves a state between two draws balances what comes.
    let leaves = [share[1] * (1.0 - first.1), share[0] * (1.0 - second.1)];
    let drawn = stationary(leaves[0], leaves[1]);
    let mean = drawn[0] * first.0 + drawn[1] * second.0;
    let any = drawn[0] * first.2 + drawn[1] * second.2;
    LongRun { share: mean / (mean + 1.0), mean_burst: mean / any }
}

/// A loss model that runs.
#[derive(Debug, Clone)]
pub(super) struct LossState {
    loss: Loss,
    /// In the second of two states.
    bad: bool,
    /// What is left of a burst whose length was drawn, and that the packet after it comes through.
    burst: Option<u32>,
}

impl LossState {
    pub(super) fn new(loss: Loss) -> Self {
        Self { loss, bad: false, burst: None }
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
            Loss::ParetoBursts { to_second, to_first, first, second } => {
                self.bad = if self.bad { !to_first.hits(step) } else { to_second.hits(step) };
                let length = if self.bad { second } else { first };
                let left = self.burst.take().unwrap_or_else(|| length.of(chance));
                self.burst = left.checked_sub(1);
                left > 0
            }
        }
    }
}
