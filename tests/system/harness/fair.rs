//! A fair trial: what fails on a machine that was not there is tried again.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use super::{StallDetector, tell};

/// How often an unfit machine may spoil a test. A host was seen to take nine tenths of the processors away for minutes; then
/// nothing can be said, and no number of repeats would help.
const ATTEMPTS: usize = 3;

/// Runs `test`. Its failure counts if the machine was there; witnesses say whether it was.
pub(crate) fn fairly(test: impl Fn()) {
    for _ in 0..ATTEMPTS {
        let witnesses = StallDetector::start();
        let Err(failure) = catch_unwind(AssertUnwindSafe(&test)) else { return };
        let seen = witnesses.finish();
        let Some(part) = seen.unfit() else { resume_unwind(failure) };
        tell(&format!("a failure does not count, for this machine was away for {:.0} % of the time", 100.0 * part));
    }
    tell("NOT SHOWN: the machine was not fit for a test of real time. Run the tests where less else runs");
}
