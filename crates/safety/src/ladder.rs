//! The ladder: turns the facts of a tick into events, and the first event that matters into the next state.

use core::time::Duration;

use farprobe_geom::{MetrePerSecond, Newton, Time};

use crate::clutch::{ClutchNews, ClutchWatch};
use crate::facts::StopSource;
use crate::facts::{Arming, Facts, Lease, Reset, Session, Shutdown};
use crate::pace::{Pace, PaceKeeper};
use crate::reasons::{fault, frozen_by_operator, impairment, is_permitted, letting_go, obstacle};
use crate::state::{AfterRelease, Cause, Stage, State};
use crate::timing::{BLIND_LIFT_SPEED, RELEASED_FORCE, RETRACT_SPEED, Timing, YIELDING_FORCE};
use crate::transition::{Event, Lift, Mobility, Moment, Touch, next, settle};

/// What the control law shall aim at until the next tick.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Directive {
    /// The ladder.
    pub state: State,
    /// Why it is there.
    pub cause: Cause,
    /// What may be aimed at.
    pub goal: Goal,
    /// Whether the clutch-in anchor is to be taken in this tick.
    pub anchor: Anchor,
    /// What became of a press of the clutch in this tick.
    pub press: Press,
}

/// What may be aimed at. The envelope enforces it whatever the control law proposes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Goal {
    /// Stand still.
    Rest,
    /// Follow the operator.
    Follow {
        /// Part of full speed the operator's motion may have, in `(0, 1]`.
        speed_scale: f64,
    },
    /// No operator's motion; yield along the probe's axis, pressing no harder than this.
    Comply {
        /// The greatest force compliance may press with, N.
        ceiling: Newton,
    },
    /// Lower the force to this, and never raise it.
    Release {
        /// The force to reach, N.
        to: Newton,
    },
    /// Lift off along the probe's axis.
    Retract {
        /// How fast, m/s.
        speed: MetrePerSecond,
    },
}

/// Whether the clutch-in anchor is to be taken in this tick.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Anchor {
    /// Keep the one there is.
    Keep,
    /// Take the tip as it stands now: driving begins with zero jump.
    Take,
}

/// What became of a press of the clutch in this tick, for the operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Press {
    /// There was none.
    None,
    /// It engaged.
    Accepted,
    /// It did not engage. Once this is over the clutch must be opened and pressed again.
    Refused(PressRefused),
}

/// What stands in the way of a press.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PressRefused {
    /// What would also end driving.
    Because(Cause),
    /// The link has not been good for long enough.
    LinkQuality,
    /// Nobody engages from this state: it has to come to Ready first.
    NotFromHere,
}

/// What the rest of the gate knows at this tick.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Surroundings {
    pub(crate) touch: Touch,
    pub(crate) arm: Mobility,
    pub(crate) lift: Lift,
    /// A contact limit that was reached.
    pub(crate) overload: Option<Cause>,
    /// A fault the gate itself has found.
    pub(crate) fault: Option<Cause>,
    /// Something the gate itself holds against driving on.
    pub(crate) impairment: Option<Cause>,
}

/// The ladder with its memories.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ladder {
    state: State,
    cause: Cause,
    clutch: ClutchWatch,
    pace: PaceKeeper,
    /// The holder of the lease since Ready was last reached.
    driver: Option<u64>,
    /// The holder of the lease at the last tick.
    holder: Option<u64>,
    arming: Arming,
    last_tick: Option<Time>,
    last_fresh: Option<Time>,
}

impl Ladder {
    pub(crate) const fn new() -> Self {
        Self {
            state: State::Idle,
            cause: Cause::Start,
            clutch: ClutchWatch::new(),
            pace: PaceKeeper::new(),
            driver: None,
            holder: None,
            arming: Arming::Disarmed,
            last_tick: None,
            last_fresh: None,
        }
    }

    pub(crate) const fn state(&self) -> State {
        self.state
    }

    /// One tick.
    pub(crate) fn advance(&mut self, now: Time, facts: &Facts, around: &Surroundings, timing: &Timing) -> Directive {
        let late = self.is_late(now, timing);
        let link = self.watch_link(now, facts, timing);
        let unleased = self.unleased(facts);
        let holder = epoch(facts.lease).filter(|_| facts.session == Session::Open);
        if core::mem::replace(&mut self.holder, holder) != holder {
            self.clutch.forget();
        }
        let news = self.clutch.take(facts.command);
        let pace = self.pace.take(facts.round_trip, &timing.round_trip());
        let impairment = impairment(facts, around, news, pace, link, late);
        let at = Moment {
            now,
            cause: self.cause,
            timing,
            touch: around.touch,
            arm: around.arm,
            lift: around.lift,
            clutch: self.clutch.seen_open(),
        };

        let letting_go = letting_go(facts, news);
        let refused = obstacle(facts, around, unleased.or(impairment).or(frozen_by_operator(facts)));
        let events = [
            facts.stop.map(stop_event),
            fault(facts, around).map(Event::Fault),
            // A shutdown lets nobody drive either, and takes the probe off besides.
            (facts.arming == Arming::Disarmed && facts.shutdown == Shutdown::None).then_some(Event::Disarm),
            (facts.shutdown == Shutdown::Requested).then_some(Event::Shutdown),
            around.overload.map(Event::Overload),
            unleased.map(Event::Unleased),
            impairment.map(Event::Impair),
            (facts.reset == Reset::Requested && facts.stop.is_none()).then_some(Event::Reset),
            (news == ClutchNews::PressedAnew && refused.is_none()).then_some(Event::Press),
            letting_go.map(Event::Open),
            self.clear(facts, around),
            Some(Event::Tick),
        ];
        let before = self.state;
        self.state = settle(self.state, &at);
        let moved = events.into_iter().flatten().find_map(|event| next(self.state, event, &at));
        if let Some((state, cause)) = moved {
            self.enter(state, cause, facts);
        }
        self.arming = facts.arming;
        let engaged = before != State::Engaged && self.state == State::Engaged;
        Directive {
            state: self.state,
            cause: self.cause,
            goal: self.goal(around, pace),
            anchor: if engaged { Anchor::Take } else { Anchor::Keep },
            press: match news {
                _ if engaged => Press::Accepted,
                ClutchNews::PressedAnew => Press::Refused(refused.unwrap_or(PressRefused::NotFromHere)),
                ClutchNews::Unproven => Press::Refused(PressRefused::Because(Cause::ClutchNotSeenOpen)),
                ClutchNews::Nothing | ClutchNews::Open | ClutchNews::StillPressed | ClutchNews::HandleLost => {
                    Press::None
                }
            },
        }
    }

    fn enter(&mut self, state: State, cause: Cause, facts: &Facts) {
        self.state = state;
        self.cause = cause;
        match state {
            State::Idle => self.clutch.interrupt(),
            State::Ready => self.driver = epoch(facts.lease),
            State::Engaged
            | State::Hold { .. }
            | State::Soften { .. }
            | State::Release { .. }
            | State::Retract { .. }
            | State::Parked
            | State::Fault { .. }
            | State::EStop { .. } => {}
        }
    }

    /// Whether this tick came too late after the last one, or not after it at all.
    fn is_late(&mut self, now: Time, timing: &Timing) -> bool {
        let last = self.last_tick.replace(now);
        match last {
            None => false,
            Some(last) => now.since(last).is_none_or(|gap| gap.is_zero() || gap > timing.tick_gap()),
        }
    }

    /// The watchdog.
    fn watch_link(&mut self, now: Time, facts: &Facts, timing: &Timing) -> Link {
        if facts.command.is_some() {
            self.last_fresh = Some(now);
        }
        let age = self.last_fresh.and_then(|last| now.since(last)).unwrap_or(Duration::MAX);
        if age <= timing.link_timeout() {
            Link::Alive
        } else {
            self.clutch.interrupt();
            Link::Lost
        }
    }

    /// Why whoever drives may not drive any more. In Idle and Parked nobody does: there it leads nowhere.
    fn unleased(&self, facts: &Facts) -> Option<Cause> {
        match (facts.session, facts.lease) {
            (Session::Closed, _) => Some(Cause::SessionClosed),
            (Session::Open, Lease::Free) => Some(Cause::LeaseLost),
            (Session::Open, Lease::Held { epoch }) => {
                self.driver.is_some_and(|driver| driver != epoch).then_some(Cause::LeaseLost)
            }
        }
    }

    fn clear(&self, facts: &Facts, around: &Surroundings) -> Option<Event> {
        let leased = facts.session == Session::Open && epoch(facts.lease).is_some();
        // Whoever had the lease when Ready was last reached, as before a reset, has been given nothing anew: what leads there is
        // that the staff allow motion.
        let granted = self.driver != epoch(facts.lease);
        let cause = if self.arming == Arming::Armed && granted { Cause::LeaseGranted } else { Cause::Armed };
        (leased && is_permitted(facts, around)).then_some(Event::Clear(cause))
    }

    fn goal(&self, around: &Surroundings, pace: Pace) -> Goal {
        match self.state {
            // Before anybody has armed it an arm does nothing. Once it has let go of a patient it yields as any probe at rest.
            State::Idle if self.cause == Cause::Start => Goal::Rest,
            State::Idle => yielding(around.touch),
            // A probe at rest does not clamp a patient who comes towards it.
            State::Ready | State::Parked => match around.touch {
                Touch::Free => Goal::Rest,
                Touch::Pressing(_) | Touch::Unknown => Goal::Release { to: RELEASED_FORCE },
            },
            State::Engaged => Goal::Follow { speed_scale: pace.part() },
            State::Hold { ceiling, .. } | State::Soften { ceiling, .. } => Goal::Comply { ceiling },
            State::Release { then: AfterRelease::Descend | AfterRelease::Idle, .. } => {
                Goal::Release { to: RELEASED_FORCE }
            }
            State::Retract { .. } => lift_goal(around.lift, RETRACT_SPEED),
            State::Fault { stage, .. } | State::EStop { stage, .. } => match stage {
                Stage::Lowering { .. } => Goal::Release { to: RELEASED_FORCE },
                Stage::Lifting { .. } => lift_goal(around.lift, BLIND_LIFT_SPEED),
                Stage::Braked => yielding(around.touch),
            },
        }
    }
}

/// A probe at rest, to which the patient may have come: it yields, outward only.
fn yielding(touch: Touch) -> Goal {
    match touch {
        Touch::Pressing(force) if force > YIELDING_FORCE => Goal::Release { to: YIELDING_FORCE },
        Touch::Pressing(_) | Touch::Free | Touch::Unknown => Goal::Rest,
    }
}

/// Whether the watchdog has seen a fresh command lately.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Link {
    Alive,
    Lost,
}

fn lift_goal(lift: Lift, speed: MetrePerSecond) -> Goal {
    match lift {
        Lift::Underway => Goal::Retract { speed },
        Lift::Done => Goal::Rest,
    }
}

const fn epoch(lease: Lease) -> Option<u64> {
    match lease {
        Lease::Free => None,
        Lease::Held { epoch } => Some(epoch),
    }
}

fn stop_event(source: StopSource) -> Event {
    Event::Stop(match source {
        StopSource::Operator => Cause::OperatorStop,
        StopSource::Bedside => Cause::BedsideStop,
    })
}
