//! What becomes of an exam, seen by nobody but the program: whether the probe ever touched the patient, and where the ladder
//! went. A script has no eyes; this is how it learns that it came to nothing.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use farprobe_geom::Newton;
use farprobe_proto::{Cause, Contact, Ladder, State};

use crate::words;

/// Steps of the ladder that are told: enough for the whole way from driving down to parked, with what came before.
const STEPS_TOLD: usize = 6;

/// Sees every state of the cart. Clones see the same.
#[derive(Debug, Clone, Default)]
pub(super) struct Witness(Arc<Mutex<Seen>>);

#[derive(Debug, Default)]
struct Seen {
    touched: bool,
    steps: VecDeque<(Ladder, Cause)>,
}

impl Witness {
    /// The cart has told this.
    pub(super) fn state(&self, state: &State) {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.touched |= state.contact == Contact::Touching;
        if seen.steps.back().is_none_or(|(ladder, _)| *ladder != state.ladder) {
            if seen.steps.len() == STEPS_TOLD {
                seen.steps.pop_front();
            }
            seen.steps.push_back((state.ladder, state.cause));
        }
    }

    /// What there is to say at the end of a script that `wanted` to press with this force, if the probe never touched.
    pub(super) fn complaint(&self, wanted: Newton) -> Option<String> {
        let seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.touched {
            return None;
        }
        let step = |(ladder, cause): &(Ladder, Cause)| {
            format!("{} ({})", words::ladder(*ladder).title, words::cause(*cause).what)
        };
        let steps: Vec<String> = seen.steps.iter().map(step).collect();
        Some(format!(
            "the script asked for {:.1} N of contact, and the probe never touched the patient. The ladder at the end: {}. Mend \
             what ended the driving or, if nothing did, let the script go further down",
            wanted.get(),
            steps.join(", then ")
        ))
    }
}
