//! Percentiles, ratios and spreads, exactly: all samples of a run fit into memory.

use serde::{Deserialize, Serialize};

/// Samples in order.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Sorted(Vec<f64>);

impl Sorted {
    /// Sorts `samples`, to four decimals. What is no number is left out.
    pub(crate) fn new(samples: impl IntoIterator<Item = f64>) -> Self {
        let mut sorted: Vec<f64> = samples.into_iter().filter(|sample| !sample.is_nan()).map(tidy).collect();
        sorted.sort_unstable_by(f64::total_cmp);
        Self(sorted)
    }

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }

    /// The least sample that `share` (0 to 1) of all do not pass, by the nearest rank; nothing if there is none.
    pub(crate) fn at(&self, share: f64) -> Option<f64> {
        // Without the small step back, 0.99 of 100 would be the hundredth: 0.99 is a little more than 99/100 in binary.
        let rank = (share.clamp(0.0, 1.0) * self.0.len() as f64 - 1e-9).ceil().max(1.0) as usize;
        self.0.get(rank - 1).copied()
    }

    /// The largest.
    pub(crate) fn max(&self) -> Option<f64> {
        self.0.last().copied()
    }

    /// The usual percentiles.
    pub(crate) fn percentiles(&self) -> Percentiles {
        let at = |share| self.at(share);
        Percentiles { p50: at(0.5), p90: at(0.9), p99: at(0.99), p999: at(0.999), max: self.max() }
    }

    /// The whole distribution in some hundred points (share, value), with ever finer steps towards the slowest; what a plot
    /// needs. The last is the slowest sample itself.
    pub(crate) fn curve(&self) -> Vec<[f64; 2]> {
        let Some(max) = self.max() else { return Vec::new() };
        // Below the median the steps are even; above it each is a tenth of what is left.
        let body = (0..25).map(|step| f64::from(step) * 0.02);
        let tail = (0..).map(|step| 1.0 - 0.5 * 0.9_f64.powi(step));
        // Further out than one sample there is nothing.
        let end = 1.0 - 1.0 / self.0.len() as f64;
        let shares = body.chain(tail.take_while(|share| *share < end));
        shares.filter_map(|share| Some([(share * 1e9).round() / 1e9, self.at(share)?])).chain([[1.0, max]]).collect()
    }
}

/// The usual percentiles; each is nothing if nothing was measured.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Percentiles {
    /// Half of the samples are no larger.
    pub(crate) p50: Option<f64>,
    /// 90 of 100 are no larger.
    pub(crate) p90: Option<f64>,
    /// 99 of 100 are no larger.
    pub(crate) p99: Option<f64>,
    /// 999 of 1000 are no larger.
    pub(crate) p999: Option<f64>,
    /// The largest.
    pub(crate) max: Option<f64>,
}

/// How some values, one of each round, lie.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Spread {
    /// The least.
    pub(crate) min: f64,
    /// A quarter is no larger.
    pub(crate) lower: f64,
    /// The middle one, or the mean of the two in the middle.
    pub(crate) median: f64,
    /// Three quarters are no larger.
    pub(crate) upper: f64,
    /// The largest.
    pub(crate) max: f64,
}

impl Spread {
    /// How `values` lie; nothing if there is none.
    pub(crate) fn of(values: &[f64]) -> Option<Self> {
        let sorted = Sorted::new(values.iter().copied());
        let count = sorted.count();
        let (below, above) = (sorted.at(0.5)?, *sorted.0.get(count / 2)?);
        let median = if count.is_multiple_of(2) { f64::midpoint(below, above) } else { above };
        let [min, lower, upper, max] = [0.0, 0.25, 0.75, 1.0].map(|share| sorted.at(share));
        Some(Self { min: min?, lower: lower?, median, upper: upper?, max: max? })
    }

    /// How far the middle half of the values goes from 1: what ratios of equals say of the ratios of others. One round in
    /// which the machine stood still does not count, and more rounds make it no larger.
    pub(crate) fn middle_off_one(&self) -> f64 {
        (self.upper - 1.0).abs().max((self.lower - 1.0).abs())
    }
}

/// To four decimals: finer than any clock, and short enough to be read back as it was written.
pub(crate) fn tidy(value: f64) -> f64 {
    (value * 1e4).round() / 1e4
}

/// `of` in parts of the mean of `to`; nothing if one of them is missing or the mean is zero.
pub(crate) fn ratio(of: Option<f64>, to: &[Option<f64>]) -> Option<f64> {
    let mean = mean(to)?;
    (mean > 0.0).then_some(tidy(of? / mean))
}

/// By how much `of` is more than the mean of `to`.
pub(crate) fn difference(of: Option<f64>, to: &[Option<f64>]) -> Option<f64> {
    Some(tidy(of? - mean(to)?))
}

fn mean(of: &[Option<f64>]) -> Option<f64> {
    let values: Option<Vec<f64>> = of.iter().copied().collect();
    let values = values.filter(|values| !values.is_empty())?;
    Some(values.iter().sum::<f64>() / values.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_of_the_nearest_rank() {
        let hundred = Sorted::new((1..=100).rev().map(f64::from));
        assert_eq!(
            [0.0, 0.01, 0.5, 0.9, 0.99, 0.999, 1.0].map(|share| hundred.at(share).unwrap()),
            [1.0, 1.0, 50.0, 90.0, 99.0, 100.0, 100.0]
        );
        let five = Sorted::new([5.0, 1.0, f64::NAN, 4.0, 2.0, 3.0]);
        assert_eq!(
            five.percentiles(),
            Percentiles { p50: Some(3.0), p90: Some(5.0), p99: Some(5.0), p999: Some(5.0), max: Some(5.0) }
        );
        let none = Sorted::default();
        assert_eq!((none.count(), none.percentiles(), none.curve()), (0, Percentiles::default(), vec![]));
    }

    #[test]
    fn a_curve_rises_to_the_slowest_and_goes_no_further_than_there_are_samples() {
        let curve = Sorted::new((1..=10_000).map(f64::from)).curve();
        assert!(curve.windows(2).all(|pair| pair[0][0] < pair[1][0] && pair[0][1] <= pair[1][1]), "{curve:?}");
        assert_eq!((curve[0], curve[25], *curve.last().unwrap()), ([0.0, 1.0], [0.5, 5000.0], [1.0, 10_000.0]));
        assert!((100..150).contains(&curve.len()), "{}", curve.len());
        assert_eq!(Sorted::new([7.0]).curve().last(), Some(&[1.0, 7.0]));
    }

    #[test]
    fn a_spread_has_its_quartiles() {
        let odd = Spread::of(&[1.2, 0.9, 1.0, 1.1, 0.8]).unwrap();
        assert_eq!(odd, Spread { min: 0.8, lower: 0.9, median: 1.0, upper: 1.1, max: 1.2 });
        assert_eq!(Spread::of(&[1.0, 3.0, 2.0, 9.0]).unwrap().median, 2.5);
        assert_eq!(Spread::of(&[4.0]).unwrap(), Spread { min: 4.0, lower: 4.0, median: 4.0, upper: 4.0, max: 4.0 });
        assert_eq!(Spread::of(&[]), None);
        let close = |found: f64, wanted: f64| (found - wanted).abs() < 1e-12;
        assert!(close(odd.middle_off_one(), 0.1));
        assert!(close(Spread::of(&[0.2, 0.7, 1.0, 1.1, 9.0]).unwrap().middle_off_one(), 0.3));
    }

    #[test]
    fn a_ratio_is_to_the_mean_of_both_floors() {
        assert_eq!(ratio(Some(30.0), &[Some(18.0), Some(22.0)]), Some(1.5));
        assert_eq!(ratio(Some(30.0), &[Some(0.0)]), None);
        assert_eq!(ratio(Some(30.0), &[]), None);
        assert_eq!((ratio(None, &[Some(1.0)]), ratio(Some(1.0), &[Some(1.0), None])), (None, None));
        assert_eq!(difference(Some(30.0), &[Some(18.0), Some(22.0)]), Some(10.0));
    }
}
