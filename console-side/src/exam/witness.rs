//! What becomes of an exam, seen by nobody but the program: whether the probe ever touched the patient, how hard, where the
//! ladder went, and whether a script ordered that. A script has no eyes; this is how it learns that it came to nothing.

use std::sync::{Arc, Mutex, PoisonError};

use farprobe_geom::{Newton, Time};
use farprobe_proto::{Cause, Contact, Ladder, State};
use farprobe_record::LadderStep;

use super::steering::Permission;
use crate::words;

/// Steps of the ladder that are told: enough for the whole way from driving down to parked, with what came before.
const STEPS_TOLD: usize = 6;

/// Steps that are kept: an exam has a dozen, and one that goes on for hours must not grow without end.
const STEPS_KEPT: usize = 4_096;

/// Sees every state of the cart. Clones see the same.
#[derive(Debug, Clone, Default)]
pub(super) struct Witness(Arc<Mutex<Seen>>);

/// Where cart and console run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Machines {
    /// Each on its own.
    Apart,
    /// Both on this one.
    Shared,
}

#[derive(Debug, Default)]
struct Seen {
    touched: bool,
    peak: Option<f64>,
    steps: Vec<(Time, Ladder, Cause)>,
    connections: u32,
    interrupted: bool,
    script: Script,
}

/// What a script has to do with it.
#[derive(Debug, Default)]
struct Script {
    /// When it began.
    began: Option<Time>,
    /// Whether it has pressed stop.
    stopped: bool,
    /// The first thing that happened to it and that it did not order.
    deviation: Option<String>,
}

/// What was seen of a whole exam.
#[derive(Debug)]
pub(super) struct Testimony {
    /// How often a cart has let the console in.
    pub(super) connections: u32,
    /// Whether a connection was lost.
    pub(super) interrupted: bool,
    /// The largest norm of the tip force by the cart's sensor, N.
    pub(super) peak: Option<f64>,
    /// The steps of the ladder.
    pub(super) ladder: Vec<LadderStep>,
}

impl Witness {
    /// A cart has let this console in.
    pub(super) fn connected(&self) {
        self.with(|seen| seen.connections += 1);
    }

    /// A connection was lost.
    pub(super) fn lost(&self) {
        self.with(|seen| seen.interrupted = true);
    }

    /// The script begins at `now`: from here on it has to order what happens.
    pub(super) fn script_begins(&self, now: Time) {
        self.with(|seen| seen.script.began = Some(now));
    }

    /// The script has pressed stop.
    pub(super) fn script_stops(&self) {
        self.with(|seen| seen.script.stopped = true);
    }

    /// The cart has told this; it arrived at `now`.
    pub(super) fn state(&self, now: Time, state: &State, machines: Machines) {
        self.with(|seen| {
            seen.touched |= state.contact == Contact::Touching;
            let force = state.wrench.force.norm();
            if force.is_finite() {
                seen.peak = Some(seen.peak.map_or(force, |peak| peak.max(force)));
            }
            if seen.steps.last().is_some_and(|(_, ladder, _)| *ladder == state.ladder) {
                return;
            }
            if seen.steps.len() < STEPS_KEPT {
                seen.steps.push((now, state.ladder, state.cause));
            }
            if !seen.script.has_ordered(state.cause) {
                let step = step(state.ladder, state.cause);
                seen.script.deviates(now, &step, hint(state.cause, machines));
            }
        });
    }

    /// The console has refused the script's clutch at `now` for want of this `permission`.
    pub(super) fn refused(&self, now: Time, permission: Permission, machines: Machines) {
        use farprobe_session::console::PictureFault;
        let (what, cause) = match permission {
            // Ordered, or told by what took it away.
            Permission::Granted | Permission::Stopped | Permission::Picture(PictureFault::FrozenByOperator) => return,
            Permission::CartSilent => ("the cart was not heard".to_owned(), Cause::LinkLost),
            Permission::Picture(fault) => (fault.to_string(), Cause::PictureStale),
        };
        let words = format!("the console opened the clutch ({what})");
        self.with(|seen| seen.script.deviates(now, &words, hint(cause, machines)));
    }

    /// When and why the exam left its script, if it did.
    pub(super) fn deviation(&self) -> Option<String> {
        self.with(|seen| seen.script.deviation.clone())
    }

    /// What there is to say at the end of a script that `wanted` to press with this force, if the probe never touched.
    pub(super) fn complaint(&self, wanted: Newton) -> Option<String> {
        self.with(|seen| {
            if seen.touched {
                return None;
            }
            let told = seen.steps.len().saturating_sub(STEPS_TOLD);
            let steps: Vec<String> = seen.steps.iter().skip(told).map(|(_, ladder, cause)| step(*ladder, *cause)).collect();
            Some(format!(
                "the script asked for {:.1} N of contact, and the probe never touched the patient. The ladder at the end: {}. \
                 Mend what ended the driving or, if nothing did, let the script go further down",
                wanted.get(),
                steps.join(", then ")
            ))
        })
    }

    /// What was seen of the exam that `started` then.
    pub(super) fn testimony(&self, started: Time) -> Testimony {
        self.with(|seen| Testimony {
            connections: seen.connections,
            interrupted: seen.interrupted,
            peak: seen.peak,
            ladder: seen.steps.windows(2).map(|pair| ladder_step(started, pair[0].1, pair[1])).collect(),
        })
    }

    fn with<T>(&self, act: impl FnOnce(&mut Seen) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Script {
    /// Whether a script can have ordered a step of the ladder with this cause. What follows from an open clutch in its own time
    /// is ordered as well.
    fn has_ordered(&self, cause: Cause) -> bool {
        match cause {
            Cause::Start
            | Cause::ClutchPressed
            | Cause::ClutchOpened
            | Cause::LeaseGranted
            | Cause::Armed
            | Cause::FrozenByOperator
            | Cause::TimedOut
            | Cause::Reset => true,
            Cause::OperatorStop => self.stopped,
            Cause::LeaseLost
            | Cause::Disarmed
            | Cause::LinkLost
            | Cause::HandleLost
            | Cause::PictureStale
            | Cause::PictureFrozen
            | Cause::RoundTripTooLong
            | Cause::ClutchNotSeenOpen
            | Cause::SessionClosed
            | Cause::ForceLimit
            | Cause::TorqueLimit
            | Cause::ForceSensor
            | Cause::TickGap
            | Cause::ArmFault
            | Cause::Refused(_)
            | Cause::Workspace
            | Cause::BedsideStop
            | Cause::Shutdown => false,
        }
    }

    /// Notes the first thing that was not ordered.
    fn deviates(&mut self, now: Time, what: &str, hint: &str) {
        if let (Some(began), None) = (self.began, &self.deviation) {
            let at = now.saturating_since(began).as_secs_f64();
            self.deviation = Some(format!("the exam did not go as its script says: at {at:.1} s {what}{hint}"));
        }
    }
}

fn step(ladder: Ladder, cause: Cause) -> String {
    format!("{} ({})", words::ladder(ladder).title, words::cause(cause).what)
}

fn ladder_step(started: Time, from: Ladder, (at, to, cause): (Time, Ladder, Cause)) -> LadderStep {
    LadderStep { at_s: at.saturating_since(started).as_secs_f64(), from, to, cause }
}

/// What the machines have to do with a cause.
fn hint(cause: Cause, machines: Machines) -> &'static str {
    match cause {
        Cause::PictureStale | Cause::PictureFrozen | Cause::LinkLost | Cause::RoundTripTooLong | Cause::TickGap
            if machines == Machines::Shared =>
        {
            ". Cart and console share this machine, and it was too slow for both: let less else run on it"
        }
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: u64) -> Time {
        Time::from_millis(ms)
    }

    fn began() -> Script {
        Script { began: Some(at(1_000)), ..Script::default() }
    }

    #[test]
    fn the_first_thing_not_ordered_is_told_with_its_time() {
        let mut script = began();
        script.deviates(
            at(3_500),
            &step(Ladder::Soften, Cause::PictureStale),
            hint(Cause::PictureStale, Machines::Shared),
        );
        script.deviates(at(9_000), "more", "");
        let told = script.deviation.unwrap();
        assert!(
            told.contains("at 2.5 s Softening (your picture was too old or gone). Cart and console share this machine"),
            "{told}"
        );
    }

    #[test]
    fn before_the_script_nothing_is_its_business() {
        let mut script = Script::default();
        script.deviates(at(3_500), "a tick gap", "");
        assert_eq!(script.deviation, None);
    }

    #[test]
    fn a_stop_is_ordered_only_by_a_script_that_has_pressed_it() {
        let mut script = began();
        assert!(!script.has_ordered(Cause::OperatorStop));
        script.stopped = true;
        assert!(script.has_ordered(Cause::OperatorStop) && !script.has_ordered(Cause::BedsideStop));
    }

    #[test]
    fn a_clutch_refused_over_a_picture_that_the_script_froze_is_ordered() {
        use farprobe_session::console::PictureFault;
        let witness = Witness::default();
        witness.script_begins(at(0));
        witness.refused(at(10), Permission::Picture(PictureFault::FrozenByOperator), Machines::Apart);
        assert_eq!(witness.deviation(), None);
        witness.refused(at(20), Permission::CartSilent, Machines::Apart);
        let told = witness.deviation().unwrap();
        assert!(told.contains("the console opened the clutch (the cart was not heard)"), "{told}");
    }
}
