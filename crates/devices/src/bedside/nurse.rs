//! A simulated nurse, for exams on a simulated patient.

use std::time::Duration;

use farprobe_geom::Time;
use farprobe_proto::Bedside as Action;

use super::Answer;
use crate::{Bedside, BedsideEvent};

/// Between two acts of the nurse: long enough that a person watching sees them one after the other.
const PAUSE: Duration = Duration::from_millis(300);

/// Records the consent, then arms the cart.
#[derive(Debug, Default)]
pub struct SimulatedNurse {
    began: Option<Time>,
    done: usize,
}

/// What the nurse does, in this order.
const ACTS: [Action; 2] = [Action::Consent, Action::Arm];

impl Bedside for SimulatedNurse {
    fn poll(&mut self, now: Time) -> Vec<BedsideEvent> {
        let began = *self.began.get_or_insert(now);
        let Some(action) = ACTS.get(self.done) else { return Vec::new() };
        let due = PAUSE * u32::try_from(self.done + 1).unwrap_or(u32::MAX);
        if now.saturating_since(began) < due {
            return Vec::new();
        }
        self.done += 1;
        vec![BedsideEvent { at: now, action: *action, source: "simulated nurse".into(), answer: Answer::default() }]
    }

    fn announce(&mut self, text: &str) {
        tracing::info!("bedside: {text}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn consent_comes_before_arming_and_each_once() {
        let mut nurse = SimulatedNurse::default();
        let mut acts = Vec::new();
        for ms in 0..5_000 {
            acts.extend(nurse.poll(Time::from_millis(ms)).into_iter().map(|event| event.action));
        }
        assert_eq!(acts, ACTS);
    }
}
