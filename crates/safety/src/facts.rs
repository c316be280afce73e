//! What the gate is told at each tick. Everything that is not said is taken as refused.

use core::time::Duration;

use farprobe_geom::{
    Base, Joints, Metre, MetrePerSecond, MetrePerSecond2, NewtonPerMetre, Pose, Radian, Time, Tip, Twist, Wrench,
};

use crate::monitor::Verdict;

/// What the outside knows at one tick, as plain facts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Facts {
    /// Whether the staff allow motion.
    pub arming: Arming,
    /// Who pressed stop since the last tick, if anybody. The bedside counts when both did.
    pub stop: Option<StopSource>,
    /// Whether the staff reset the cart since the last tick.
    pub reset: Reset,
    /// Who may drive.
    pub lease: Lease,
    /// The newest fresh command of this tick, if any arrived.
    pub command: Option<Command>,
    /// How far that command moves the operator's target.
    pub stride: Stride,
    /// The picture in front of the operator.
    pub picture: Picture,
    /// The measured round trip; `None` if it is not known.
    pub round_trip: Option<Duration>,
    /// Whether the link has been good for long enough to begin driving.
    pub link_quality: LinkQuality,
    /// Whether the session still keeps its rules.
    pub session: Session,
    /// Whether the arm can move.
    pub arm: ArmHealth,
    /// Whether the probe touches, by the control law. The gate also judges by itself and believes whoever says "touching".
    pub contact: Contact,
    /// Whether the cart is going down.
    pub shutdown: Shutdown,
    /// What the monitor found after the last tick.
    pub monitor: Verdict,
}

impl Facts {
    /// Nothing is known, so nothing is allowed.
    pub const UNKNOWN: Self = Self {
        arming: Arming::Disarmed,
        stop: None,
        reset: Reset::None,
        lease: Lease::Free,
        command: None,
        stride: Stride::NONE,
        picture: Picture { age: None, health: PictureHealth::Absent },
        round_trip: None,
        link_quality: LinkQuality::Red,
        session: Session::Closed,
        arm: ArmHealth::Silent,
        contact: Contact::Free,
        shutdown: Shutdown::None,
        monitor: Verdict::Quiet,
    };
}

/// Whether the staff at the bedside allow motion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arming {
    /// They do not.
    Disarmed,
    /// They do.
    Armed,
}

/// Who pressed stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StopSource {
    /// Somebody over the wire.
    Operator,
    /// The staff.
    Bedside,
}

/// Whether the staff reset the cart since the last tick. Never filled from the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reset {
    /// They did not.
    None,
    /// They did.
    Requested,
}

/// Who may drive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lease {
    /// Nobody.
    Free,
    /// The holder of this epoch. Another number is another holder.
    Held {
        /// The fencing number.
        epoch: u64,
    },
}

/// A fresh command, as far as safety is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Command {
    /// The enabling control.
    pub clutch: Clutch,
    /// Counts the presses of the clutch.
    pub clutch_in: u32,
}

/// How far one command moves the operator's target: from where the command before had it, or from where the clutch was pressed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stride {
    /// Distance, m.
    pub linear: Metre,
    /// Angle, rad.
    pub angular: Radian,
}

impl Stride {
    /// It does not.
    pub const NONE: Self = Self { linear: Metre::ZERO, angular: Radian::ZERO };

    /// The furthest one command may move the target: a hand of 1 m/s and 6 rad/s over the 50 ms for which the link is believed in
    /// without any command, and a little more. Farther is no hand, or a command nobody meant.
    pub const LONGEST: Self = Self { linear: Metre::literal(0.060), angular: Radian::literal(0.35) };

    /// Whether no hand moves so.
    pub(crate) fn is_a_jump(&self) -> bool {
        self.linear.abs() > Self::LONGEST.linear || self.angular.abs() > Self::LONGEST.angular
    }
}

/// The enabling control as the console reports it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clutch {
    /// Released.
    Open,
    /// Pressed.
    Pressed,
    /// The console lost the handle.
    HandleLost,
}

/// The picture in front of the operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Picture {
    /// Age of the last picture painted; `None` if there was none.
    pub age: Option<Duration>,
    /// Whether it may be steered by.
    pub health: PictureHealth,
}

/// Whether a picture may be steered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PictureHealth {
    /// It may.
    Good,
    /// It does not change, and nobody asked for that.
    Frozen,
    /// The operator froze it: not to be steered by, but not lost either.
    FrozenByOperator,
    /// There is none.
    Absent,
}

/// Whether the link has been good for long enough to begin driving.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkQuality {
    /// Not yet, or no longer.
    Red,
    /// It has.
    Green,
}

/// Whether the session still keeps its rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Session {
    /// It does.
    Open,
    /// It was closed, or there is none.
    Closed,
}

/// Whether the arm can move.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ArmHealth {
    /// It follows setpoints.
    Ready,
    /// It stopped by itself for want of setpoints; the next one starts it from where it stands.
    Starved,
    /// Its own protection has stopped it.
    Stopped,
    /// It does not answer.
    Silent,
}

/// Whether the probe touches the patient.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Contact {
    /// It does not.
    Free,
    /// It does.
    Touching,
}

/// Whether the cart is going down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shutdown {
    /// It is not.
    None,
    /// It is: nobody engages any more.
    Requested,
}

/// What the arm and its sensors say at one tick. Any number may be nonsense; the gate finds out.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Measured {
    /// When the sensors were read, cart clock.
    pub sampled_at: Time,
    /// Where the tip is.
    pub tip: Pose<Base>,
    /// How the tip moves.
    pub twist: Twist<Tip>,
    /// Where the joints are, rad.
    pub joints: Joints,
    /// How they move, rad/s.
    pub joint_speeds: Joints,
    /// What the patient does to the probe: pressing gives a negative z force.
    pub wrench: Wrench<Tip>,
    /// What the probe touches or may touch next.
    pub tissue: Tissue,
    /// The same wrench by what does not use the force sensor (the arm's joint torques), if there is such a thing. The cross-check
    /// for sensor faults that can't be seen in the sensor's own numbers.
    pub expected: Option<Wrench<Tip>>,
    /// What the joints can do for the tip where the arm stands.
    pub agility: Agility,
}

/// The accelerations that the joints can give the tip where the arm stands: little near a singular posture, as where it is stretched.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Agility {
    /// Along the probe, m/s².
    pub along: MetrePerSecond2,
    /// In every direction at least, m/s²: the acceleration radius (Graettinger and Krogh, 1988) of the linear motion.
    pub least: MetrePerSecond2,
}

/// What the approach-speed cap needs to know about the patient.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tissue {
    /// Stiffness, as estimated since touch; while free the worst of the region, N/m.
    pub stiffness: NewtonPerMetre,
    /// The worst of the region, N/m: nothing softer is believed before the touch has shown itself.
    pub worst: NewtonPerMetre,
    /// How fast the skin may come towards the probe by itself, m/s. Counted while free.
    pub skin_speed: MetrePerSecond,
}
