//! The ladder's transitions: one exhaustive function for each event.

use core::time::Duration;

use farprobe_geom::{Newton, Time};

use crate::state::{AfterRelease, Cause, Stage, State};
use crate::timing::{LIFT_TIMEOUT, LOWERING_TIME, PARK_TIME, RELEASED_FORCE, RetractPolicy, SOFTEN_TIME, Timing};

/// What can happen to the ladder, in the order of precedence in one tick.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Event {
    /// Somebody pressed stop.
    Stop(Cause),
    /// Something is broken.
    Fault(Cause),
    /// The staff do not allow motion.
    Disarm,
    /// The cart is going down.
    Shutdown,
    /// A contact limit was reached.
    Overload(Cause),
    /// Nobody, or somebody else, holds the lease.
    Unleased(Cause),
    /// The operator can't steer by what he has.
    Impair(Cause),
    /// The staff reset the cart.
    Reset,
    /// The deliberate act: seen open, pressed anew, everything green.
    Press,
    /// The operator lets go, nothing else being wrong: a fresh command with the clutch open, or a picture he froze.
    Open(Cause),
    /// Armed, leased, healthy and the link alive; for Parked the clutch was seen open too.
    Clear(Cause),
    /// Time passes.
    Tick,
}

/// What a transition may depend on besides state and event.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moment<'a> {
    pub(crate) now: Time,
    /// Why the ladder stands where it stands.
    pub(crate) cause: Cause,
    pub(crate) timing: &'a Timing,
    pub(crate) touch: Touch,
    pub(crate) arm: Mobility,
    pub(crate) lift: Lift,
    pub(crate) clutch: SeenOpen,
}

/// The contact as the gate sees it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Touch {
    /// Nothing is touched.
    Free,
    /// Touching, and the sensor is believed: norm of the force.
    Pressing(Newton),
    /// The sensor is not believed, so that touching is assumed.
    Unknown,
}

/// Whether the arm can still be moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mobility {
    /// It says that it follows, and where it is makes sense.
    Moves,
    /// It does not, or nobody knows where it is: its brakes are its own.
    Stands,
}

/// How far a lift has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lift {
    Underway,
    Done,
}

/// Whether the clutch has been seen open since it was last pressed, or its reports last interrupted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SeenOpen {
    No,
    Yes,
}

impl Moment<'_> {
    /// Whether the force has still to be lowered before the arm may rest.
    fn presses(&self) -> bool {
        match self.touch {
            Touch::Free => false,
            Touch::Pressing(force) => force > RELEASED_FORCE,
            Touch::Unknown => true,
        }
    }

    /// How hard compliance may press from now on.
    fn ceiling(&self) -> Newton {
        match self.touch {
            Touch::Pressing(force) => force,
            Touch::Free | Touch::Unknown => Newton::ZERO,
        }
    }

    fn after(&self, since: Time) -> Duration {
        self.now.saturating_since(since)
    }

    /// Where a latched state begins.
    fn first_stage(&self) -> Stage {
        match (self.arm, self.touch) {
            // An arm that can't be moved can't lower anything either.
            (Mobility::Stands, _) | (_, Touch::Free) => Stage::Braked,
            (Mobility::Moves, Touch::Unknown) => Stage::Lifting { since: self.now },
            (Mobility::Moves, Touch::Pressing(_)) => Stage::Lowering { since: self.now },
        }
    }

    /// What a latched state does next; `None` if it stays.
    fn next_stage(&self, stage: Stage) -> Option<Stage> {
        match (stage, self.touch) {
            (Stage::Lowering { .. }, Touch::Unknown) => Some(Stage::Lifting { since: self.now }),
            (Stage::Lowering { since }, Touch::Free | Touch::Pressing(_)) => {
                (!self.presses() || self.after(since) >= LOWERING_TIME).then_some(Stage::Braked)
            }
            (Stage::Lifting { since }, _) => {
                (self.lift == Lift::Done || self.after(since) >= LIFT_TIMEOUT).then_some(Stage::Braked)
            }
            (Stage::Braked, _) => None,
        }
    }
}

/// The state after `event` with its cause, or `None` if the event changes nothing.
pub(crate) fn next(state: State, event: Event, at: &Moment<'_>) -> Option<(State, Cause)> {
    match event {
        Event::Stop(cause) => stop(state, cause, at),
        Event::Fault(cause) => fault(state, cause, at),
        Event::Disarm => disarm(state, at).map(|next| (next, Cause::Disarmed)),
        Event::Shutdown => shutdown(state, at).map(|next| (next, Cause::Shutdown)),
        Event::Overload(cause) => overload(state, at).map(|next| (next, cause)),
        Event::Unleased(cause) => unleased(state, at).map(|next| (next, cause)),
        Event::Impair(cause) => impair(state, at).map(|next| (next, cause)),
        Event::Reset => reset(state).map(|next| (next, Cause::Reset)),
        Event::Press => press(state).map(|next| (next, Cause::ClutchPressed)),
        Event::Open(cause) => open(state, at).map(|next| (next, cause)),
        Event::Clear(cause) => clear(state, cause, at),
        Event::Tick => tick(state, at),
    }
}

/// A stop is honoured in every state. It does not begin anew what a fault has begun: lowering goes on.
fn stop(state: State, cause: Cause, at: &Moment<'_>) -> Option<(State, Cause)> {
    let stage = match state {
        State::EStop { .. } => return None,
        State::Fault { stage, .. } => stage,
        State::Idle
        | State::Ready
        | State::Engaged
        | State::Hold { .. }
        | State::Soften { .. }
        | State::Release { .. }
        | State::Retract { .. }
        | State::Parked => at.first_stage(),
    };
    Some((State::EStop { entered_at: at.now, stage }, cause))
}

fn fault(state: State, cause: Cause, at: &Moment<'_>) -> Option<(State, Cause)> {
    match (state, cause) {
        // A sensor or an arm that is still starting is no fault; the way up is closed meanwhile.
        (State::Idle, Cause::ForceSensor | Cause::ArmFault) | (State::Fault { .. } | State::EStop { .. }, _) => None,
        (
            State::Idle
            | State::Ready
            | State::Engaged
            | State::Hold { .. }
            | State::Soften { .. }
            | State::Release { .. }
            | State::Retract { .. }
            | State::Parked,
            _,
        ) => Some((State::Fault { entered_at: at.now, stage: at.first_stage() }, cause)),
    }
}

/// Free: Idle at once. In contact the force is lowered first.
fn disarm(state: State, at: &Moment<'_>) -> Option<State> {
    match state {
        State::Idle | State::Release { then: AfterRelease::Idle, .. } | State::Fault { .. } | State::EStop { .. } => {
            None
        }
        State::Ready
        | State::Engaged
        | State::Hold { .. }
        | State::Soften { .. }
        | State::Release { then: AfterRelease::Descend, .. }
        | State::Retract { .. }
        | State::Parked => {
            Some(if at.presses() { State::Release { fell_at: at.now, then: AfterRelease::Idle } } else { State::Idle })
        }
    }
}

fn shutdown(state: State, at: &Moment<'_>) -> Option<State> {
    let release = |fell_at| State::Release { fell_at, then: AfterRelease::Descend };
    match state {
        State::Ready if !at.presses() => Some(State::Parked),
        State::Ready | State::Engaged | State::Hold { .. } => Some(release(at.now)),
        // Whoever disarmed meant a cart that goes on; this one ends, and would leave a stiff arm on the patient.
        State::Soften { fell_at, .. } | State::Release { fell_at, then: AfterRelease::Idle } => Some(release(fell_at)),
        State::Idle
        | State::Release { then: AfterRelease::Descend, .. }
        | State::Retract { .. }
        | State::Parked
        | State::Fault { .. }
        | State::EStop { .. } => None,
    }
}

fn overload(state: State, at: &Moment<'_>) -> Option<State> {
    let fell_at = match state {
        State::Engaged | State::Hold { .. } => at.now,
        State::Soften { fell_at, .. } => fell_at,
        // At rest or further down the envelope yields by itself; there is no driving to be taken away.
        State::Idle
        | State::Ready
        | State::Release { .. }
        | State::Retract { .. }
        | State::Parked
        | State::Fault { .. }
        | State::EStop { .. } => return None,
    };
    Some(State::Release { fell_at, then: AfterRelease::Descend })
}

fn unleased(state: State, at: &Moment<'_>) -> Option<State> {
    match state {
        State::Ready => Some(State::Idle),
        State::Engaged
        | State::Hold { .. }
        | State::Idle
        | State::Soften { .. }
        | State::Release { .. }
        | State::Retract { .. }
        | State::Parked
        | State::Fault { .. }
        | State::EStop { .. } => impair(state, at),
    }
}

fn impair(state: State, at: &Moment<'_>) -> Option<State> {
    let ceiling = match state {
        State::Engaged => at.ceiling(),
        State::Hold { ceiling, .. } => ceiling.min(at.ceiling()),
        State::Idle
        | State::Ready
        | State::Soften { .. }
        | State::Release { .. }
        | State::Retract { .. }
        | State::Parked
        | State::Fault { .. }
        | State::EStop { .. } => return None,
    };
    Some(State::Soften { fell_at: at.now, ceiling })
}

fn reset(state: State) -> Option<State> {
    match state {
        State::Fault { stage: Stage::Braked, .. } | State::EStop { stage: Stage::Braked, .. } => Some(State::Idle),
        State::Idle
        | State::Ready
        | State::Engaged
        | State::Hold { .. }
        | State::Soften { .. }
        | State::Release { .. }
        | State::Retract { .. }
        | State::Parked
        | State::Fault { .. }
        | State::EStop { .. } => None,
    }
}

fn press(state: State) -> Option<State> {
    match state {
        State::Ready
        | State::Hold { .. }
        | State::Soften { .. }
        | State::Release { then: AfterRelease::Descend, .. } => Some(State::Engaged),
        State::Idle
        | State::Engaged
        | State::Release { then: AfterRelease::Idle, .. }
        | State::Retract { .. }
        | State::Parked
        | State::Fault { .. }
        | State::EStop { .. } => None,
    }
}

fn open(state: State, at: &Moment<'_>) -> Option<State> {
    match (state, at.touch) {
        (State::Engaged, Touch::Free) => Some(State::Ready),
        (State::Engaged, Touch::Pressing(_) | Touch::Unknown) => {
            Some(State::Hold { entered_at: at.now, ceiling: at.ceiling() })
        }
        (
            State::Idle
            | State::Ready
            | State::Hold { .. }
            | State::Soften { .. }
            | State::Release { .. }
            | State::Retract { .. }
            | State::Parked
            | State::Fault { .. }
            | State::EStop { .. },
            _,
        ) => None,
    }
}

fn clear(state: State, cause: Cause, at: &Moment<'_>) -> Option<(State, Cause)> {
    match (state, at.clutch) {
        (State::Idle, _) => Some((State::Ready, cause)),
        // Not without a link: where that is lost, no clutch is seen open.
        (State::Parked, SeenOpen::Yes) => Some((State::Ready, Cause::ClutchOpened)),
        (
            State::Parked
            | State::Ready
            | State::Engaged
            | State::Hold { .. }
            | State::Soften { .. }
            | State::Release { .. }
            | State::Retract { .. }
            | State::Fault { .. }
            | State::EStop { .. },
            _,
        ) => None,
    }
}

fn tick(state: State, at: &Moment<'_>) -> Option<(State, Cause)> {
    match state {
        State::Hold { entered_at, .. } => tick_hold(entered_at, at),
        State::Soften { fell_at, .. } => (at.after(fell_at) >= SOFTEN_TIME)
            .then_some((State::Release { fell_at, then: AfterRelease::Descend }, Cause::TimedOut)),
        State::Release { fell_at, then } => tick_release(fell_at, then, at),
        State::Retract { fell_at } => {
            let lifted = at.touch == Touch::Free || at.lift == Lift::Done || at.after(fell_at) >= LIFT_TIMEOUT;
            (lifted && at.after(fell_at) >= PARK_TIME).then_some((State::Parked, Cause::TimedOut))
        }
        // The stage of a latched state is not its cause: `settle` moves it on, and what latched it stays the cause.
        State::Idle | State::Ready | State::Engaged | State::Parked | State::Fault { .. } | State::EStop { .. } => None,
    }
}

fn tick_hold(entered_at: Time, at: &Moment<'_>) -> Option<(State, Cause)> {
    if at.touch == Touch::Free {
        // Lifted off: what let go of the probe is still what keeps it from being driven.
        return Some((State::Ready, at.cause));
    }
    let over = at.after(entered_at) >= at.timing.hold();
    over.then_some((State::Release { fell_at: at.now, then: AfterRelease::Descend }, Cause::TimedOut))
}

fn tick_release(fell_at: Time, then: AfterRelease, at: &Moment<'_>) -> Option<(State, Cause)> {
    let since = at.after(fell_at);
    match (then, at.timing.retract()) {
        (AfterRelease::Idle, _) => (!at.presses() || since >= LOWERING_TIME).then_some((State::Idle, Cause::Disarmed)),
        (AfterRelease::Descend, RetractPolicy::After(after)) => {
            (since >= after).then_some((State::Retract { fell_at }, Cause::TimedOut))
        }
        // Resting in contact would clamp a breathing patient, so it stays compliant until somebody lifts it off.
        (AfterRelease::Descend, RetractPolicy::Never) => {
            (since >= PARK_TIME && at.touch == Touch::Free).then_some((State::Parked, Cause::TimedOut))
        }
    }
}

/// The latched state with its stage brought up to now.
pub(crate) fn settle(state: State, at: &Moment<'_>) -> State {
    match state {
        State::Fault { entered_at, stage } => State::Fault { entered_at, stage: at.next_stage(stage).unwrap_or(stage) },
        State::EStop { entered_at, stage } => State::EStop { entered_at, stage: at.next_stage(stage).unwrap_or(stage) },
        State::Idle
        | State::Ready
        | State::Engaged
        | State::Hold { .. }
        | State::Soften { .. }
        | State::Release { .. }
        | State::Retract { .. }
        | State::Parked => state,
    }
}
