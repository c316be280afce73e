//! Tests of real time on a machine that is not always there.
//!
//! A host that gives a virtual machine's processors to others stops everything on it, sometimes for most of a second, sometimes
//! for minutes on end. Watchdogs trip then, as they should, and a test that needs them quiet fails. Such a test is run again,
//! from its beginning. It never passes for having been spoiled, and what protects the patient holds on any machine: an attempt
//! that breaks that ends the test.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::{StallDetector, tell};

/// How long a machine is watched before it is trusted again. Its bad times come in fits of seconds to minutes.
const WATCHED: Duration = Duration::from_secs(10);

/// What a machine may cost all tests of this program together, in spoiled attempts and in waiting for it. A shared host was seen
/// to spoil eight exams of half a minute in a row. With the rest it stays well within what a whole run may take.
const MOST_LOST: Duration = Duration::from_mins(30);

/// The shortest stall that one of the programs' watchdogs may rightly take for a loss: three quarters of the link's 200 ms. The
/// rest is what the programs themselves need between one sign of life and the next on a machine that has just stood still.
const UNBEARABLE: Duration = Duration::from_millis(150);

/// What begins the words of a broken promise to the patient.
const HARM: &str = "the patient was not protected: ";

static LOST: Mutex<Duration> = Mutex::new(Duration::ZERO);

/// What must hold for the patient on whatever machine: no stall excuses that it does not.
#[track_caller]
pub(crate) fn protects(holds: bool, otherwise: impl FnOnce() -> String) {
    assert!(holds, "{HARM}{}", otherwise());
}

/// Runs a test of real time, and again after an attempt that failed while the machine provably stood still.
pub(crate) fn fairly(test: impl Fn()) {
    loop {
        let began = Instant::now();
        let witnesses = StallDetector::start();
        let Err(failure) = catch_unwind(AssertUnwindSafe(&test)) else { return };
        let seen = witnesses.finish();
        let stalled = seen.unfit().is_some() || seen.longest() >= UNBEARABLE;
        if !stalled || words(failure.as_ref()).is_none_or(|words| words.starts_with(HARM)) {
            resume_unwind(failure);
        }
        tell(&format!("spoiled, once more: {seen}"));
        wait_for_the_machine(began);
    }
}

/// After an attempt that began at `spoiled` and came to nothing: waits until the machine has been there for a while.
pub(crate) fn wait_for_the_machine(spoiled: Instant) {
    let before = *lost();
    loop {
        let so_far = before + spoiled.elapsed();
        assert!(so_far < MOST_LOST, "this machine has cost the tests {MOST_LOST:?}: run them where less else runs");
        let witnesses = StallDetector::start();
        std::thread::sleep(WATCHED);
        if witnesses.finish().quiet() {
            break;
        }
    }
    *lost() += spoiled.elapsed();
}

fn lost() -> MutexGuard<'static, Duration> {
    LOST.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What a panic said.
fn words(failure: &(dyn Any + Send)) -> Option<&str> {
    failure.downcast_ref::<String>().map(String::as_str).or_else(|| failure.downcast_ref::<&str>().copied())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broken_promise_to_the_patient_and_its_words_are_known() {
        let broken = catch_unwind(|| protects(false, || "20 N".to_owned())).unwrap_err();
        assert_eq!(words(broken.as_ref()), Some("the patient was not protected: 20 N"));
        protects(true, || unreachable!());
        assert_eq!(words(catch_unwind(|| panic!("plain")).unwrap_err().as_ref()), Some("plain"));
    }
}
