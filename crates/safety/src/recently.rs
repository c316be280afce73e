//! The greatest of late.

use core::time::Duration;

use farprobe_geom::Time;

/// The greatest of each of some numbers, each remembered for one to two spans.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Greatest<const N: usize> {
    span: Duration,
    since: Time,
    /// In this span, and in the one before.
    spans: [[f64; N]; 2],
}

impl<const N: usize> Greatest<N> {
    /// Nothing yet, which is less than any number.
    pub(crate) const fn of(span: Duration) -> Self {
        Self { span, since: Time::ZERO, spans: [[f64::NEG_INFINITY; N]; 2] }
    }

    /// Takes these numbers in, and gives the greatest of late. What is no number is passed over.
    pub(crate) fn note(&mut self, now: Time, numbers: &[f64; N]) -> [f64; N] {
        let [this, before] = &mut self.spans;
        if now.saturating_since(self.since) >= self.span {
            self.since = now;
            *before = core::mem::replace(this, [f64::NEG_INFINITY; N]);
        }
        let mut both = *before;
        for ((greatest, number), both) in this.iter_mut().zip(numbers).zip(&mut both) {
            *greatest = greatest.max(*number);
            *both = both.max(*greatest);
        }
        both
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn greatest(numbers: &[(u64, f64)]) -> f64 {
        let mut greatest = Greatest::of(Duration::from_millis(10));
        numbers.iter().map(|(at, number)| greatest.note(Time::from_millis(*at), &[*number, 0.0])[0]).last().unwrap()
    }

    #[test]
    fn sr_031_what_was_is_remembered_for_one_to_two_spans() {
        for (then, now) in [(10, 19), (10, 29), (19, 29)] {
            assert_eq!(greatest(&[(then, 0.5), (20, 0.1), (now, 0.1)]), 0.5, "{then} to {now} ms");
        }
        assert_eq!(greatest(&[(10, 0.5), (20, 0.1), (30, 0.2)]), 0.2);
        assert_eq!(greatest(&[(10, 0.5), (40, 0.1)]), 0.5, "nobody has seen what was between");
    }

    #[test]
    fn sr_031_no_number_is_not_the_greatest_and_each_is_for_itself() {
        assert_eq!(greatest(&[(10, 0.5), (11, f64::NAN)]), 0.5);
        let mut greatest = Greatest::of(Duration::from_millis(10));
        greatest.note(Time::from_millis(1), &[1.0, 5.0]);
        assert_eq!(greatest.note(Time::from_millis(2), &[2.0, 4.0]), [2.0, 5.0]);
    }
}
