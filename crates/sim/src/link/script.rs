//! What happens to a line in the course of time: by a script, or again and again by chance.

use std::fmt;
use std::time::Duration;

use super::line::Way;
use super::{LinkProfile, LinkState};
use crate::noise::Noise;

/// Which ways something happens to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Ways {
    /// Both.
    #[default]
    Both,
    /// From who calls to who is called.
    There,
    /// The other one.
    Back,
}

impl Ways {
    /// Whether `way` is one of them.
    pub const fn contain(self, way: Way) -> bool {
        matches!((self, way), (Self::Both, _) | (Self::There, Way::There) | (Self::Back, Way::Back))
    }
}

/// What a script does to a line.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Change {
    /// The link is up, cut or stalled from now on.
    State(LinkState),
    /// The link has other numbers from now on.
    Profile(LinkProfile),
}

/// One act of a script.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Act {
    /// When, from the beginning of the line, or of the script's turn if it repeats.
    pub at: Duration,
    /// To which ways.
    pub ways: Ways,
    /// What.
    pub change: Change,
}

/// What happens to a line, and when.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Script {
    acts: Vec<Act>,
    every: Option<Duration>,
}

/// The script can't be played (configuration).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScriptError {
    /// It would begin anew before its last act.
    TooShort,
    /// It would begin anew more than a thousand times a second.
    TooFast,
}

impl fmt::Display for ScriptError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooShort => "it begins anew before its last act: repeat it after that one, or not at all",
            Self::TooFast => "it begins anew more than a thousand times a second: repeat it after 1 ms or more",
        })
    }
}

impl std::error::Error for ScriptError {}

impl Script {
    /// The shortest turn. A driver that was kept waiting catches up with all it has missed, and must get there.
    const SHORTEST: Duration = Duration::from_millis(1);

    /// Plays `acts` once, in the order of their times; those of the same time in their own order.
    pub fn once(mut acts: Vec<Act>) -> Self {
        acts.sort_by_key(|act| act.at);
        Self { acts, every: None }
    }

    /// Plays `acts` again and again, a turn every so long.
    pub fn repeated(acts: Vec<Act>, every: Duration) -> Result<Self, ScriptError> {
        let script = Self { every: Some(every), ..Self::once(acts) };
        match () {
            () if every < Self::SHORTEST => Err(ScriptError::TooFast),
            () if script.acts.last().is_some_and(|last| last.at > every) => Err(ScriptError::TooShort),
            () => Ok(script),
        }
    }

    /// What it does, in the order of time.
    pub fn acts(&self) -> &[Act] {
        &self.acts
    }

    /// How long a turn is, if it repeats.
    pub fn every(&self) -> Option<Duration> {
        self.every
    }

    /// The act that `number`, counted through all turns, is, and when it comes.
    pub(super) fn act(&self, number: u64) -> Option<(Duration, Act)> {
        let count = self.acts.len() as u64;
        let turn = number.checked_div(count)?;
        let act = *self.acts.get((number % count) as usize)?;
        match self.every {
            Some(every) => Some((times(every, turn).saturating_add(act.at), act)),
            None if turn == 0 => Some((act.at, act)),
            None => None,
        }
    }
}

/// A span so many times, saturated.
fn times(span: Duration, count: u64) -> Duration {
    u32::try_from(count).map_or(Duration::MAX, |count| span.saturating_mul(count))
}

/// Again and again nothing gets through for a while, whose length chance decides. The line begins with a time in which it
/// carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outages {
    /// Which ways go dead together.
    pub ways: Ways,
    /// Whether what is sent meanwhile is lost or waits.
    pub state: LinkState,
    /// The shortest outage. Lengths are even from here on.
    pub shortest: Duration,
    /// The longest outage.
    pub longest: Duration,
    /// For how long the line carries between two of them; less than 1 ms counts as 1 ms.
    pub between: Duration,
}

impl Outages {
    /// The part of the time in which nothing gets through, 0 to 1.
    pub fn duty(&self) -> f64 {
        let mean = (self.shortest + self.longest.max(self.shortest)) / 2;
        mean.div_duration_f64(mean + self.carries())
    }

    fn carries(&self) -> Duration {
        self.between.max(Duration::from_millis(1))
    }
}

/// Outages that run.
#[derive(Debug, Clone)]
pub(super) struct OutagesState {
    outages: Outages,
    noise: Noise,
    /// Whether the next change is the end of an outage.
    dead: bool,
    /// When it comes, from the beginning of the line.
    next: Duration,
}

impl OutagesState {
    pub(super) fn new(outages: Outages, seed: u64) -> Self {
        Self { outages, noise: Noise::new(seed), dead: false, next: outages.carries() }
    }

    /// When the next change comes.
    pub(super) fn next(&self) -> Duration {
        self.next
    }

    /// Makes the next change: which ways are in which state from then on.
    pub(super) fn step(&mut self) -> (Ways, LinkState) {
        self.dead = !self.dead;
        let (state, lasts) = if self.dead {
            let more = self.outages.longest.saturating_sub(self.outages.shortest);
            (self.outages.state, self.outages.shortest + more.mul_f64(self.noise.unit()))
        } else {
            (LinkState::Up, self.outages.carries())
        };
        self.next = self.next.saturating_add(lasts);
        (self.outages.ways, state)
    }
}
