//! Console → cart, 500 times a second.

use farprobe_geom::{Anchor, Newton, Pose, Time, Twist};
use serde::{Deserialize, Serialize};

/// The fencing number of a lease: a command of an older epoch than the one in force is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct Epoch(pub u64);

/// Everything that travels as a datagram from console to cart.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub enum ConsoleDatagram {
    /// What the operator wants now.
    Command(Command),
    /// Stop. Also sent on the control stream; honoured from any authenticated party, lease or not.
    Stop(StopNotice),
}

/// One sample of the operator's handle. The latest wins; each is applied at most once.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Command {
    /// The lease this command is sent under.
    pub epoch: Epoch,
    /// Counts every command of the connection, from 1.
    pub sequence: u64,
    /// When the handle was sampled, console clock.
    pub sampled_at: Time,
    /// When the datagram was handed to the network, console clock. Echoed for the clock estimate.
    pub sent_at: Time,
    /// The enabling control.
    pub clutch: Clutch,
    /// Counts the presses of the clutch. The cart takes a new anchor on the first command of a new number, and only if it
    /// has seen the clutch open before.
    pub clutch_in: u32,
    /// Where the probe tip shall be, relative to where it stood at clutch-in. Identity means "stay". Already scaled.
    pub target: Pose<Anchor>,
    /// How fast the target moves, for feed-forward.
    pub twist: Twist<Anchor>,
    /// The contact force wanted along the probe's axis, N, not negative.
    #[serde(deserialize_with = "crate::checked::not_negative")]
    pub desired_force: Newton,
    /// What the operator sees.
    pub picture: PictureReport,
    /// The stamps of the last state received, so that the cart can measure the round trip by its own clock.
    pub echo: Option<StateEcho>,
}

/// The stamps of the last state a console received.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct StateEcho {
    /// Its `sent_at`, cart clock.
    pub cart_sent_at: Time,
    /// How long the console kept it before this command was sent, µs; `u32::MAX` if longer than an hour.
    pub held_us: u32,
}

/// The enabling control as the console reports it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Clutch {
    /// Released: the handle does not move the probe.
    Open,
    /// Pressed: the handle moves the probe.
    Pressed,
    /// The handle was unplugged, its driver failed, or its events are late. Never leads to Hold, always to Soften.
    HandleLost,
}

/// The picture in front of the operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PictureReport {
    /// Age of the last picture painted, ms, by the console's estimate of the cart's clock; `u16::MAX` means older or none.
    pub age_ms: u16,
    /// Whether it may be steered by.
    pub health: PictureHealth,
}

/// Whether the picture may be steered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum PictureHealth {
    /// Complete and moving.
    Good,
    /// Parts of it are guessed.
    Concealed,
    /// The same picture, or a loop of old ones, for too long.
    Frozen,
    /// The operator froze the scanner.
    FrozenByOperator,
    /// No picture has been shown yet.
    Absent,
}

/// A stop and where it came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct StopNotice {
    /// Counts this console's stops, so that repeats are one stop.
    pub number: u32,
}
