//! The ladder as it is seen from outside: which ways it may go, and by whose act.

use std::time::Duration;

use farprobe_geom::Time;
use farprobe_proto::{Cause, Clutch, Command, Ladder, Transition};
use farprobe_session::cart::ConsoleId;

/// Commands that come further apart than this were interrupted: the link counts as lost after 50 ms (DESIGN §6), seen at a tick. The clutch
/// has to be seen open anew.
const INTERRUPTED: Duration = Duration::from_millis(51);

/// Whether the diagram of the ladder (`farprobe_safety::State`) has this way, for this cause.
pub(super) fn is_drawn(step: &Transition) -> bool {
    use Ladder::{EStop, Engaged, Fault, Hold, Idle, Parked, Ready, Release, Retract, Soften};
    let disarmed = step.cause == Cause::Disarmed;
    let shutdown = step.cause == Cause::Shutdown;
    match (step.from, step.to) {
        // Stop, from everywhere; a fault, but where it is latched already.
        (from, EStop) => from != EStop,
        (from, Fault) => !matches!(from, Fault | EStop),
        // A reset.
        (Fault | EStop, to) => to == Idle && step.cause == Cause::Reset,
        // Opened while free, and from Hold once free; opened in contact; an impairment; an overload, or the time of Hold and Soften.
        (Engaged | Hold, Ready | Soften | Release)
        | (Engaged, Hold)
        | (Soften, Release)
        // Clear. From Ready to Idle: the lease is gone.
        | (Idle | Parked, Ready)
        | (Ready, Idle)
        // A press.
        | (Ready | Hold | Soften | Release, Engaged)
        // Time.
        | (Release, Retract | Parked)
        | (Retract, Parked) => true,
        (Ready | Retract | Parked, Release) => disarmed || shutdown,
        (Ready, Parked) => shutdown,
        (Engaged | Hold | Soften | Release | Retract | Parked, Idle) => disarmed,
        _ => false,
    }
}

/// What is known of the holder's clutch by the commands that were applied: those that the cart refused tell it nothing.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct ClutchSeen {
    holder: Option<ConsoleId>,
    heard: Option<Time>,
    open: bool,
    number: Option<u32>,
    /// Whether it was pressed in this tick after it had been open, with a number of its own.
    pressed_anew: bool,
}

impl ClutchSeen {
    /// Takes in a tick: who holds the lease in it, and the command that was applied.
    pub(super) fn tick(&mut self, now: Time, holder: Option<ConsoleId>, applied: Option<&Command>) {
        if self.holder != holder {
            *self = Self { holder, ..Self::default() };
        }
        self.pressed_anew = false;
        let interrupted = self.heard.is_none_or(|at| now.saturating_since(at) > INTERRUPTED);
        self.open &= !interrupted;
        let Some(command) = applied else { return };
        self.heard = Some(now);
        match command.clutch {
            Clutch::Open => self.open = true,
            Clutch::HandleLost => self.open = false,
            Clutch::Pressed => {
                self.pressed_anew = self.open && self.number != Some(command.clutch_in);
                (self.open, self.number) = (false, Some(command.clutch_in));
            }
        }
    }

    /// The ladder has come to Idle: whoever drives next shows an open clutch first.
    pub(super) fn forget_open(&mut self) {
        self.open = false;
    }

    /// Whether a step up the ladder was meant. `reset`: the staff have asked for one.
    pub(super) fn meant(&self, step: &Transition, reset: bool) -> bool {
        match (step.from, step.to) {
            (_, Ladder::Engaged) => self.pressed_anew,
            (Ladder::Parked, Ladder::Ready) => self.open,
            (Ladder::Fault | Ladder::EStop, Ladder::Idle) => reset,
            _ => true,
        }
    }
}
