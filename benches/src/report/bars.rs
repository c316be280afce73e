//! Whether what was promised is kept, as far as this machine can tell.

use super::results::{BarResult, RunResult, Verdict};
use crate::latency::statistics::tidy;

/// What is promised of a number.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limit<'a> {
    /// It is no more than this.
    pub(crate) most: f64,
    /// Two runs of the same program differ by so much.
    pub(crate) tolerance: f64,
    pub(crate) unit: &'a str,
}

/// A promise of a run, and whether what was `found` keeps it.
pub(crate) fn promised(
    run: &RunResult,
    measure: &str,
    promise: &str,
    found: Option<f64>,
    limit: &Limit<'_>,
) -> BarResult {
    BarResult {
        run: run.run.clone(),
        link: run.link.clone(),
        layout: run.layout.clone(),
        subject: run.subject.clone(),
        measure: measure.to_owned(),
        promise: promise.to_owned(),
        found: found.map(tidy),
        limit: limit.most,
        tolerance: tidy(limit.tolerance),
        unit: limit.unit.to_owned(),
        verdict: judge(found, limit.most, limit.tolerance),
    }
}

/// Judges what was `found` by its `limit`. Two runs of the same program differed by `tolerance`: what is above the limit by no
/// more than that may be chance, and where that is more than half of the limit itself, what is below it may be, too.
pub(crate) fn judge(found: Option<f64>, limit: f64, tolerance: f64) -> Verdict {
    match found {
        None => Verdict::Unknown,
        Some(found) if found > limit + tolerance => Verdict::Broken,
        Some(found) if found > limit || tolerance > limit * 0.5 => Verdict::WithinNoise,
        Some(_) => Verdict::Kept,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_promise_is_broken_only_beyond_what_equals_differ_by() {
        let at = |found| judge(Some(found), 1.15, 0.1);
        assert_eq!([at(1.15), at(1.2), at(1.26)], [Verdict::Kept, Verdict::WithinNoise, Verdict::Broken]);
        assert_eq!(judge(Some(0.2), 1.0, 0.6), Verdict::WithinNoise);
        assert_eq!((judge(Some(0.0), 0.0, 0.0), judge(Some(1.0), 0.0, 0.0)), (Verdict::Kept, Verdict::Broken));
        assert_eq!(judge(None, 1.0, 1.0), Verdict::Unknown);
    }
}
