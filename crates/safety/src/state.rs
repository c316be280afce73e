//! The rungs of the ladder and the reasons for standing on one.

use farprobe_geom::{Newton, Time};

use crate::objection::Objection;

/// The ladder. Each rung carries only what it needs to be left again.
///
/// Each line is an event: it leads from the rungs marked `o` to the rung the arrow points at; `@` is both. What is not drawn does
/// nothing. The tests walk all pairs of rung and event and hold the code to this diagram.
///
/// ```text
/// Idle     Ready    Engaged  Hold     Soften   Release  Retract  Parked   Fault    EStop
///   o--------o--------o--------o--------o--------o--------o--------o--------o------->|   Stop
///   o--------o--------o--------o--------o--------o--------o--------o------->|        |   Fault
///   |<-------o--------o--------o--------o--------o--------o--------o        |        |   Disarm, free
///   |        o--------o--------o--------o------->@<-------o--------o        |        |   Disarm, touching
///   |        o--------+--------+--------+--------+--------+------->|        |        |   Shutdown, free
///   |        o--------o--------o--------o------->@        |        |        |        |   Shutdown
///   |        |        o--------o--------o------->|        |        |        |        |   Overload
///   |        |        o--------o------->|        |        |        |        |        |   Impair
///   |        |        o--------o------->|        |        |        |        |        |   Unleased
///   |<-------o        |        |        |        |        |        |        |        |   Unleased
///   |<-------+--------+--------+--------+--------+--------+--------+--------o--------o   Reset, once braked
///   |        o------->|<-------o--------o--------o        |        |        |        |   Press
///   |        |<-------o        |        |        |        |        |        |        |   Open, free
///   |        |        o------->|        |        |        |        |        |        |   Open, touching
///   o------->|<-------+--------+--------+--------+--------+--------o        |        |   Clear
///   |        |<-------+--------o        |        |        |        |        |        |   Tick, once free
///   |        |        |        o--------o------->|        |        |        |        |   Tick: 10 s, 250 ms
///   |<-------+--------+--------+--------+--------o        |        |        |        |   Tick, if disarmed
///   |        |        |        |        |        o------->|        |        |        |   Tick: 1 s
///   |        |        |        |        |        o--------o------->|        |        |   Tick: 5 s
/// ```
///
/// *Open* is the operator letting go: he opens the clutch, or he freezes the picture to measure on it while the probe rests on
/// the patient. A freeze he asked for is no loss, so Hold goes on under it, for Hold's own time; a press is refused while it
/// lasts. A picture that is too old, frozen by itself or gone is a loss and impairs, the frozen one's age included.
///
/// *Clear* is the way to Ready: armed, leased, healthy, the link alive, and from Parked the clutch seen open. *Tick* is the passing
/// of time: Hold ends by itself, or when the probe is lifted off; the descent goes on, without Retract where the site never
/// retracts.
///
/// In Idle a bad sensor or arm is no fault, but the way to Ready is closed. The two latched states are left only once their
/// [`Stage`] is [`Stage::Braked`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum State {
    /// Not armed, or nobody holds the lease. The state of birth.
    Idle,
    /// Armed and leased; the clutch is open. A touched probe yields.
    Ready,
    /// The operator moves the probe.
    Engaged,
    /// The clutch is open, or the picture frozen by the operator, in contact; the probe complies.
    Hold {
        /// When Hold began.
        entered_at: Time,
        /// The force at that moment: compliance never presses harder, N.
        ceiling: Newton,
    },
    /// The operator's motion runs down; the probe complies.
    Soften {
        /// When the descent began.
        fell_at: Time,
        /// The force at that moment: compliance never presses harder, N.
        ceiling: Newton,
    },
    /// The force is lowered to [`RELEASED_FORCE`](crate::RELEASED_FORCE).
    Release {
        /// When the descent began.
        fell_at: Time,
        /// What comes next.
        then: AfterRelease,
    },
    /// The probe is lifted off.
    Retract {
        /// When the descent began.
        fell_at: Time,
    },
    /// At rest after a descent. A touched probe yields.
    Parked,
    /// Latched by a fault; reset at the cart.
    Fault {
        /// When the fault was noticed.
        entered_at: Time,
        /// How far the way to rest has come.
        stage: Stage,
    },
    /// Latched by a stop; reset at the cart.
    EStop {
        /// When the stop was noticed.
        entered_at: Time,
        /// How far the way to rest has come.
        stage: Stage,
    },
}

/// What follows a release.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AfterRelease {
    /// The descent goes on: retract or, by policy, stay until the probe is free.
    Descend,
    /// The staff disarmed: Idle as soon as the force is low.
    Idle,
}

/// The way of a latched state to rest. A frozen arm clamps the patient, so it lets go before it brakes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// The force is lowered, judged by the sensor.
    Lowering {
        /// When lowering began.
        since: Time,
    },
    /// The probe is lifted without trusting the sensor.
    Lifting {
        /// When the lift began.
        since: Time,
    },
    /// At rest. Only from here the staff can reset.
    Braked,
}

/// The bare name of a rung, without data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Rung {
    /// See [`State::Idle`].
    Idle,
    /// See [`State::Ready`].
    Ready,
    /// See [`State::Engaged`].
    Engaged,
    /// See [`State::Hold`].
    Hold,
    /// See [`State::Soften`].
    Soften,
    /// See [`State::Release`].
    Release,
    /// See [`State::Retract`].
    Retract,
    /// See [`State::Parked`].
    Parked,
    /// See [`State::Fault`].
    Fault,
    /// See [`State::EStop`].
    EStop,
}

impl State {
    /// The bare name of this state.
    pub const fn rung(&self) -> Rung {
        match self {
            Self::Idle => Rung::Idle,
            Self::Ready => Rung::Ready,
            Self::Engaged => Rung::Engaged,
            Self::Hold { .. } => Rung::Hold,
            Self::Soften { .. } => Rung::Soften,
            Self::Release { .. } => Rung::Release,
            Self::Retract { .. } => Rung::Retract,
            Self::Parked => Rung::Parked,
            Self::Fault { .. } => Rung::Fault,
            Self::EStop { .. } => Rung::EStop,
        }
    }
}

/// Why the ladder is where it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Cause {
    /// The cart has just started.
    Start,
    /// The operator pressed the clutch.
    ClutchPressed,
    /// The operator opened the clutch.
    ClutchOpened,
    /// The lease was granted while the staff allow motion.
    LeaseGranted,
    /// The lease was given up or taken away.
    LeaseLost,
    /// The staff allow motion.
    Armed,
    /// The staff took the permission back.
    Disarmed,
    /// No fresh command for the configured time.
    LinkLost,
    /// The console lost the handle.
    HandleLost,
    /// The picture in front of the operator is too old, or gone.
    PictureStale,
    /// The picture in front of the operator does not change.
    PictureFrozen,
    /// The operator froze the picture, which lets go of the probe.
    FrozenByOperator,
    /// The round trip is too long for driving, or not known.
    RoundTripTooLong,
    /// The clutch was pressed without having been seen open.
    ClutchNotSeenOpen,
    /// The session broke its own rules.
    SessionClosed,
    /// The time allowed in the state before has run out.
    TimedOut,
    /// The hard force limit was reached.
    ForceLimit,
    /// The torque limit was reached.
    TorqueLimit,
    /// The force sensor gives nonsense, sticks, or is silent.
    ForceSensor,
    /// The real-time thread was late.
    TickGap,
    /// The arm reported a fault or did not follow.
    ArmFault,
    /// A motion was refused by the gate or the monitor.
    Refused(Objection),
    /// The probe left the workspace, or tilted too far.
    Workspace,
    /// The arm came near a singular posture, as where it is stretched, and could hardly brake there.
    Singularity,
    /// The operator pressed stop.
    OperatorStop,
    /// The staff pressed stop.
    BedsideStop,
    /// The staff reset the cart.
    Reset,
    /// The cart is shutting down.
    Shutdown,
}
