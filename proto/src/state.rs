//! Cart → console, 250 times a second.

use farprobe_geom::{Base, Joints, Newton, NewtonMetre, Pose, Time, Tip, Wrench};
use serde::{Deserialize, Serialize};

use crate::{Epoch, Objection, PictureHealth};

/// Everything that travels as a datagram from cart to console.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[expect(clippy::large_enum_variant, reason = "nearly all are states, and the real-time path boxes nothing")]
pub enum CartDatagram {
    /// How the cart is now.
    State(State),
    /// A picture was made.
    Picture(PictureNotice),
}

/// Says that the cart has made a picture and hands it to the video. A console that gets this and not the picture knows that
/// it is the way that fails, and not the cart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PictureNotice {
    /// When the picture was captured, cart clock: its name.
    pub captured_at: Time,
    /// When it was ready to leave, cart clock.
    pub made_at: Time,
}

/// The cart's state at one tick.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// Counts the states of the connection, from 1.
    pub sequence: u64,
    /// When the tick that made this state ran, cart clock.
    pub sampled_at: Time,
    /// When the datagram was handed to the network, cart clock.
    pub sent_at: Time,
    /// The stamps of the last command received, for the clock estimate.
    pub echo: Option<Echo>,
    /// The last command that reached the control law.
    pub applied: Option<Applied>,
    /// The safety ladder.
    pub ladder: Ladder,
    /// Why the ladder is there.
    pub cause: Cause,
    /// What began it: the last cause that was not merely time's. Differs from `cause` only where that is [`Cause::TimedOut`].
    pub origin: Cause,
    /// Whether the staff allow motion.
    pub arming: Arming,
    /// The lease in force, if anybody holds it.
    pub epoch: Option<Epoch>,
    /// Whether the link is good enough to begin driving, as the cart measures it.
    pub link: LinkReadiness,
    /// Whether the probe touches.
    pub contact: Contact,
    /// Joint angles, rad.
    pub joints: Joints,
    /// The probe tip.
    pub tip: Pose<Base>,
    /// What the patient does to the probe, by the force sensor: pressing gives a negative z force.
    pub wrench: Wrench<Tip>,
    /// The force the control law is regulating to, N.
    #[serde(deserialize_with = "crate::checked::not_negative")]
    pub force_target: Newton,
    /// The limits in force.
    pub limits: Limits,
}

/// The stamps of the last command received.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Echo {
    /// Its sequence.
    pub sequence: u64,
    /// Its `sent_at`, console clock.
    pub console_sent_at: Time,
    /// When it arrived, cart clock.
    pub received_at: Time,
}

/// The last command that reached the control law.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Applied {
    /// Its sequence.
    pub sequence: u64,
    /// Its `sampled_at`, console clock.
    pub sampled_at: Time,
    /// The tick that applied it, cart clock.
    pub applied_at: Time,
}

/// The ordered safety states. Going down is automatic; going up needs a deliberate act.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Ladder {
    /// Not armed, or nobody holds the lease.
    Idle,
    /// Armed and leased; the clutch is open.
    Ready,
    /// The handle moves the probe.
    Engaged,
    /// The clutch is open in contact; the probe complies at no more than the present force.
    Hold,
    /// The operator's motion runs down; the probe complies.
    Soften,
    /// The force is lowered to at most 2 N.
    Release,
    /// The probe is lifted off.
    Retract,
    /// At rest after a retract.
    Parked,
    /// Latched by a fault; reset at the cart.
    Fault,
    /// Latched by a stop; reset at the cart.
    EStop,
}

/// Why the ladder is where it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
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
    /// The staff allow motion, and whoever drives had the lease before.
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
    /// The operator froze the picture.
    FrozenByOperator,
    /// The round trip is too long for driving.
    RoundTripTooLong,
    /// The clutch was pressed without having been seen open.
    ClutchNotSeenOpen,
    /// The session broke its own rules (a jump in sequence beyond the window).
    SessionClosed,
    /// The time allowed in the state before has run out.
    TimedOut,
    /// The force limit was passed.
    ForceLimit,
    /// The torque limit was passed.
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

impl Cause {
    /// The cause that a picture of this health is, or `None` if it may be steered by.
    pub const fn of_picture(health: PictureHealth) -> Option<Self> {
        match health {
            PictureHealth::Good | PictureHealth::Concealed => None,
            PictureHealth::Frozen => Some(Self::PictureFrozen),
            PictureHealth::FrozenByOperator => Some(Self::FrozenByOperator),
            PictureHealth::Absent => Some(Self::PictureStale),
        }
    }
}

/// Whether the commands of the lease's holder arrive well enough to begin driving.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum LinkReadiness {
    /// They do, and have for two seconds.
    Green,
    /// Not looked at for long enough yet.
    Measuring,
    /// None arrive.
    Silent,
    /// Too few a second arrive.
    Sparse,
    /// Too many are lost.
    Lossy,
    /// Too many are late.
    Late,
}

/// Whether the staff at the bedside allow motion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Arming {
    /// They do not.
    Disarmed,
    /// They do, and the patient's consent is recorded.
    Armed,
}

/// Whether the probe touches the patient.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Contact {
    /// It does not.
    Free,
    /// It does.
    Touching,
}

/// The contact limits in force: the compiled ceilings, or lower ones by site or exam.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Limits {
    /// Above it the probe moves no deeper, N.
    #[serde(deserialize_with = "crate::checked::not_negative")]
    pub soft_force: Newton,
    /// Never passed by the probe's own motion, N.
    #[serde(deserialize_with = "crate::checked::not_negative")]
    pub hard_force: Newton,
    /// Never passed, N·m.
    #[serde(deserialize_with = "crate::checked::not_negative")]
    pub torque: NewtonMetre,
}
