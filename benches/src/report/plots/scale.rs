//! Axes: from values to places, and which values get a mark.

/// From values to places along an axis.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Scale {
    kind: Kind,
    from: (f64, f64),
    to: (f64, f64),
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    Linear,
    Log,
}

impl Scale {
    /// Even steps. `from` are values, `to` places; neither may be empty.
    pub(super) fn linear(from: (f64, f64), to: (f64, f64)) -> Self {
        Self { kind: Kind::Linear, from, to }
    }

    /// Even factors. The values must be above zero.
    pub(super) fn log(from: (f64, f64), to: (f64, f64)) -> Self {
        Self { kind: Kind::Log, from: (from.0.log10(), from.1.log10()), to }
    }

    /// Where `value` stands; at an end, if it is beyond it.
    pub(super) fn at(&self, value: f64) -> f64 {
        let value = match self.kind {
            Kind::Linear => value,
            Kind::Log => value.max(f64::MIN_POSITIVE).log10(),
        };
        let span = self.from.1 - self.from.0;
        let part = if span == 0.0 { 0.0 } else { (value - self.from.0) / span };
        self.to.0 + part.clamp(0.0, 1.0) * (self.to.1 - self.to.0)
    }

    /// Round values within it, about `wanted` of them.
    pub(super) fn marks(&self, wanted: usize) -> Vec<f64> {
        match self.kind {
            Kind::Linear => linear_marks(self.from, wanted),
            Kind::Log => log_marks(self.from, wanted),
        }
    }
}

fn linear_marks((low, high): (f64, f64), wanted: usize) -> Vec<f64> {
    let raw = (high - low) / wanted.max(1) as f64;
    if raw <= 0.0 || !raw.is_finite() {
        return vec![low];
    }
    let size = 10_f64.powf(raw.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].map(|factor| factor * size).into_iter().find(|step| *step >= raw).unwrap_or(raw);
    let (first, last) = ((low / step - 1e-9).ceil() as i64, (high / step + 1e-9).floor() as i64);
    (first..=last).map(|at| at as f64 * step).collect()
}

/// Of ever denser series of round values the first that has enough; the densest, if none has.
fn log_marks((low, high): (f64, f64), wanted: usize) -> Vec<f64> {
    let series: [&[f64]; 4] =
        [&[1.0], &[1.0, 3.0], &[1.0, 2.0, 5.0], &[1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0]];
    let (first, last) = (low.floor() as i32, high.ceil() as i32);
    let mut marks = Vec::new();
    for factors in series {
        let all = (first..=last).flat_map(|decade| factors.iter().map(move |factor| factor * 10_f64.powi(decade)));
        marks = all.filter(|value| (low - 1e-9..=high + 1e-9).contains(&value.log10())).collect();
        if marks.len() >= wanted {
            break;
        }
    }
    marks
}

/// Least and largest of `values`, or `None` if there is none.
pub(super) fn range(values: impl IntoIterator<Item = f64>) -> Option<(f64, f64)> {
    values.into_iter().filter(|value| value.is_finite()).fold(None, |range, value| match range {
        None => Some((value, value)),
        Some((low, high)) => Some((value.min(low), value.max(high))),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_round_and_within() {
        let close = |found: &[f64], wanted: &[f64]| {
            assert_eq!(found.len(), wanted.len(), "{found:?}");
            assert!(found.iter().zip(wanted).all(|(a, b)| (a - b).abs() < 1e-9 * b.abs().max(1.0)), "{found:?}");
        };
        close(&Scale::linear((0.0, 10.0), (0.0, 1.0)).marks(5), &[0.0, 2.0, 4.0, 6.0, 8.0, 10.0]);
        close(&Scale::linear((-2.2, 1.0), (0.0, 1.0)).marks(4), &[-2.0, -1.0, 0.0, 1.0]);
        close(&Scale::log((10.0, 100_000.0), (0.0, 1.0)).marks(4), &[10.0, 100.0, 1e3, 1e4, 1e5]);
        close(&Scale::log((12.0, 70.0), (0.0, 1.0)).marks(3), &[12.0, 15.0, 20.0, 25.0, 30.0, 40.0, 50.0, 60.0]);
        close(&Scale::linear((3.0, 3.0), (0.0, 1.0)).marks(4), &[3.0]);
    }

    #[test]
    fn values_find_their_place_and_stay_within() {
        let log = Scale::log((1.0, 100.0), (200.0, 0.0));
        assert_eq!([log.at(1.0), log.at(10.0), log.at(1e9), log.at(0.0)], [200.0, 100.0, 0.0, 200.0]);
        assert_eq!(Scale::linear((5.0, 5.0), (0.0, 9.0)).at(5.0), 0.0);
        assert_eq!(range([3.0, f64::NAN, 1.0]), Some((1.0, 3.0)));
        assert_eq!(range([]), None);
    }
}
