//! What becomes of an exam, seen by nobody but the program: whether the probe ever touched the patient, how hard, where the
//! ladder went, and whether a script ordered that. A script has no eyes; this is how it learns that it came to nothing.

use std::sync::{Arc, Mutex, PoisonError};

use farprobe_geom::{Metre, Newton, Time};
use farprobe_proto::{Cause, Contact, Epoch, Ladder, LeaseStatus, Standing, State, Transition, Welcome};
use farprobe_record::LadderStep;

use super::steering::Permission;
use crate::model::Opening;
use crate::words::{self, Driver};

/// Steps of the ladder that are told: enough for the whole way from driving down to parked, with what came before.
const STEPS_TOLD: usize = 6;

/// Steps that are kept: an exam has a dozen, and one that goes on for hours must not grow without end.
const STEPS_KEPT: usize = 4_096;

/// A contact weaker than asked for by more than this is not what a script has asked for, N: so far a breathing patient may move
/// the force that is held, and what was pressed within it can't be told from what was asked.
const WEAKER: Newton = Newton::literal(1.0);

/// A probe that was further behind its handle in the air did not make the script's motion. By 5 mm it may be behind one that it
/// follows; what goes beyond that is lost for good, and up to 10 mm of it a script reckons with, which goes on that far beyond the
/// skin that it can't see (as the demo's does).
const HELD_BACK: Metre = Metre::literal(0.015);

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
    /// The most that the cart has pressed with at this console's wish.
    pressed: Newton,
    peak: Option<f64>,
    /// Each step with who had opened the clutch by then.
    ladder: Vec<(LadderStep, Opening)>,
    /// Who opened this console's clutch the last time.
    opening: Opening,
    /// The ladder of the newest state.
    newest: Option<Ladder>,
    /// When a cart first let this console in, console clock.
    began: Option<Time>,
    /// When the present cart did: by this console's clock, and by the cart's.
    welcomed: (Time, Time),
    /// How the ladder stood then, cart clock; steps before are in it.
    stood_at: Option<Time>,
    /// The lease this console was given last in this connection.
    own: Option<Epoch>,
    drove: bool,
    connections: u32,
    interrupted: bool,
    script: Script,
}

impl Seen {
    /// A time of the present cart's clock, s since this console first connected. What was before counts as then.
    fn since_begin(&self, at: Time) -> f64 {
        let (here, there) = self.welcomed;
        let connected = here.saturating_since(self.began.unwrap_or(here));
        (connected + at.saturating_since(there)).as_secs_f64()
    }

    fn push(&mut self, at: Time, from: Option<Ladder>, to: Ladder, (cause, origin): (Cause, Cause)) {
        if self.ladder.len() < STEPS_KEPT {
            let at_s = self.since_begin(at);
            self.ladder.push((LadderStep { at_s, from, to, cause, origin }, self.opening));
        }
    }

    /// What happened, in words, if the lease in force was `epoch` and `opening` the last of the clutch.
    fn told(&self, ladder: Ladder, why: (Cause, Cause), epoch: Option<Epoch>, opening: Opening) -> String {
        let driver = Driver::of(epoch, self.own, opening);
        format!("{} ({})", words::ladder(ladder, driver).title, words::because(why.0, why.1, driver))
    }

    /// The ladder stands so: whether a script can have ordered that.
    fn weigh(
        &mut self,
        now: Time,
        ladder: Ladder,
        (cause, origin): (Cause, Cause),
        epoch: Option<Epoch>,
        machines: Machines,
    ) {
        let unordered = [cause, origin].into_iter().find(|cause| !self.script.has_ordered(*cause));
        if let Some(cause) = unordered {
            let told = self.told(ladder, (cause, origin), epoch, self.opening);
            self.script.deviates(now, &told, hint(cause, machines));
        }
    }

    /// What there is to say of a script that `wanted` contact and made none.
    fn never_touched(&self, wanted: Newton) -> String {
        let told = self.ladder.len().saturating_sub(STEPS_TOLD);
        let steps = self.ladder.iter().skip(told);
        // It was this console's script that drove.
        let told =
            |(step, opening): &(LadderStep, Opening)| self.told(step.to, (step.cause, step.origin), self.own, *opening);
        let steps: Vec<String> = steps.map(told).collect();
        let found = match self.ladder.first().map(|(step, _)| step.to) {
            // It has lifted the probe off, and stands higher than one that has just been started.
            Some(Ladder::Parked) => {
                "The arm was found parked, where the exam before had left it: start the cart anew, so that it stands where the \
                 script begins. "
            }
            _ => "",
        };
        format!(
            "the script asked for {:.1} N of contact, and the probe never touched the patient. {found}The ladder at the end: \
             {}. Mend what ended the driving or, if nothing did, let the script go further down",
            wanted.get(),
            steps.join(", then ")
        )
    }
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
    /// How the ladder was found, and its steps.
    pub(super) ladder: Vec<LadderStep>,
    /// Whether this console ever had the right to drive.
    pub(super) drove: bool,
}

impl Witness {
    /// A cart has let this console in; its `welcome` came at `now`.
    pub(super) fn connected(&self, now: Time, welcome: &Welcome) {
        self.with(|seen| {
            seen.connections += 1;
            seen.began.get_or_insert(now);
            seen.welcomed = (now, welcome.now);
            (seen.own, seen.newest) = (None, None);
            seen.stood_at = welcome.standing.map(|standing| standing.at);
            if let Some(Standing { ladder, cause, origin, .. }) = welcome.standing {
                seen.push(welcome.now, None, ladder, (cause, origin));
            }
        });
    }

    /// Who may drive.
    pub(super) fn lease(&self, status: &LeaseStatus) {
        if let LeaseStatus::Yours(epoch) = status {
            self.with(|seen| (seen.own, seen.drove) = (Some(*epoch), true));
        }
    }

    /// The ladder has made a step; it was told at `now`.
    pub(super) fn step(&self, now: Time, step: &Transition, machines: Machines) {
        let Transition { at, from, to, cause, origin, epoch } = *step;
        self.with(|seen| {
            if seen.stood_at.is_some_and(|stood_at| at <= stood_at) {
                return;
            }
            if seen.stood_at.replace(at).is_none() {
                // The cart did not know how it stood when it let this console in.
                seen.push(seen.welcomed.1, None, from, (Cause::Start, Cause::Start));
            }
            seen.push(at, Some(from), to, (cause, origin));
            seen.weigh(now, to, (cause, origin), epoch, machines);
        });
    }

    /// Somebody has opened this console's clutch.
    pub(super) fn opened(&self, opening: Opening) {
        self.with(|seen| seen.opening = opening);
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
            let driven_here = state.ladder == Ladder::Engaged && seen.own.is_some() && state.epoch == seen.own;
            if driven_here && state.contact == Contact::Touching {
                seen.pressed = seen.pressed.max(state.force_target);
            }
            let force = state.wrench.force.norm();
            if force.is_finite() {
                seen.peak = Some(seen.peak.map_or(force, |peak| peak.max(force)));
            }
            // The steps themselves are told apart, up to a tenth of a second later.
            if seen.newest.replace(state.ladder) != Some(state.ladder) {
                seen.weigh(now, state.ladder, (state.cause, state.origin), state.epoch, machines);
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

    /// What there is to say at the end of a script that `wanted` to press with this force, or wanted no contact, if the probe did not
    /// come where it was to: it never touched, pressed with less, or was too far `behind` its handle in the air.
    pub(super) fn complaint(&self, wanted: Option<Newton>, behind: Metre) -> Option<String> {
        let late = (behind > HELD_BACK).then(|| {
            format!(
                "the probe fell {:.0} mm behind the script in the air, where it goes at 10 mm/s at most: give the way down more time",
                behind.get() * 1e3
            )
        });
        self.with(|seen| match wanted {
            None => late,
            Some(wanted) if !seen.touched => Some(seen.never_touched(wanted)),
            Some(wanted) if seen.pressed + WEAKER < wanted => Some(format!(
                "the script asked for {:.1} N of contact, and the probe pressed with {:.1} N at most: {}",
                wanted.get(),
                seen.pressed.get(),
                late.unwrap_or_else(|| "let the script go further down".to_owned())
            )),
            Some(_) => None,
        })
    }

    /// What was seen of the exam.
    pub(super) fn testimony(&self) -> Testimony {
        self.with(|seen| Testimony {
            connections: seen.connections,
            interrupted: seen.interrupted,
            peak: seen.peak,
            ladder: seen.ladder.iter().map(|(step, _)| *step).collect(),
            drove: seen.drove,
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
            | Cause::Singularity
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

/// What the machines have to do with a cause.
fn hint(cause: Cause, machines: Machines) -> &'static str {
    match (machines, cause) {
        // A cart that has ended is not heard either.
        (Machines::Shared, Cause::LinkLost) => {
            ". Cart and console share this machine: see whether the cart still runs. If it does, the machine was too slow for \
             both: let less else run on it"
        }
        (Machines::Shared, Cause::PictureStale | Cause::PictureFrozen | Cause::RoundTripTooLong | Cause::TickGap) => {
            ". Cart and console share this machine, and it was too slow for both: let less else run on it"
        }
        (Machines::Shared | Machines::Apart, _) => "",
    }
}

#[cfg(test)]
mod tests;
