//! Many reports in one.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{Class, Report};
use crate::invariants::{Break, Excuses};
use crate::meter::Figure;

/// The spread of a figure.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spread {
    /// How many values there are.
    pub count: usize,
    /// Half of them are no greater.
    pub p50: f64,
    /// 99 % of them are no greater.
    pub p99: f64,
    /// The greatest.
    pub worst: f64,
    /// The exam it was seen in.
    pub worst_seed: u64,
    /// Their mean.
    pub mean: f64,
}

/// What came of all exams of a class.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ClassTally {
    /// How many there were.
    pub exams: u64,
    /// Virtual time simulated.
    pub lasted: Duration,
    /// What did not hold, with the seed it did not hold for.
    pub breaks: Vec<(u64, Break)>,
    /// See [`Report::ticks_two_drivers`].
    pub ticks_two_drivers: u64,
    /// Of all exams together, see [`Report::excuses`].
    pub excuses: Excuses,
    values: BTreeMap<Figure, Vec<(f64, u64)>>,
}

/// What came of a campaign.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Tally {
    /// By class.
    pub classes: BTreeMap<Class, ClassTally>,
}

impl Tally {
    /// Adds an exam.
    pub fn add(&mut self, report: Report) {
        let class = self.classes.entry(report.class).or_default();
        class.exams += 1;
        class.lasted += report.lasted;
        class.ticks_two_drivers += report.ticks_two_drivers;
        class.excuses.add(report.excuses);
        class.breaks.extend(report.breaks.into_iter().map(|found| (report.seed, found)));
        for (figure, values) in report.figures {
            class.values.entry(figure).or_default().extend(values.into_iter().map(|value| (value, report.seed)));
        }
    }

    /// Everything that did not hold.
    pub fn breaks(&self) -> impl Iterator<Item = (Class, u64, &Break)> {
        self.classes.iter().flat_map(|(class, tally)| tally.breaks.iter().map(|(seed, found)| (*class, *seed, found)))
    }

    /// Virtual time simulated.
    pub fn lasted(&self) -> Duration {
        self.classes.values().map(|class| class.lasted).sum()
    }

    /// The greatest value of a figure over the classes that are asked for; nothing if it was never measured.
    pub fn worst(&self, figure: Figure, of: impl Fn(Class) -> bool) -> Option<f64> {
        let classes = self.classes.iter().filter(|(class, _)| of(**class));
        classes.filter_map(|(_, tally)| tally.spread(figure)).map(|spread| spread.worst).reduce(f64::max)
    }
}

impl ClassTally {
    /// How a figure is spread; nothing if it was never measured.
    pub fn spread(&self, figure: Figure) -> Option<Spread> {
        let mut values = self.values.get(&figure)?.clone();
        values.sort_by(|(a, _), (b, _)| a.total_cmp(b));
        let at = |share: f64| values.get(((values.len() - 1) as f64 * share).ceil() as usize).map(|(value, _)| *value);
        let (worst, worst_seed) = *values.last()?;
        let mean = values.iter().map(|(value, _)| value).sum::<f64>() / values.len() as f64;
        Some(Spread { count: values.len(), p50: at(0.5)?, p99: at(0.99)?, worst, worst_seed, mean })
    }

    /// The figures that were measured.
    pub fn figures(&self) -> impl Iterator<Item = Figure> {
        self.values.keys().copied()
    }
}
