//! What goes into a step and what comes out of it: plain values, `Copy`, without allocation.

use farprobe_geom::{Joints, Newton, Patient, Pose, Time, Tip, Wrench};
use farprobe_proto::{Bedside, Command, Epoch, RefusedCommands, State, Transition};

/// Something that reached the cart since the last tick.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Inbound {
    /// A datagram that decoded as a command.
    Command {
        /// When it arrived, cart clock.
        arrived: Time,
        /// The command.
        command: Command,
    },
    /// Somebody authenticated pressed stop.
    RemoteStop,
    /// The lease in force, or that nobody holds it now.
    Lease(Option<Epoch>),
    /// The staff did something.
    Bedside(Bedside),
    /// The cart is asked to shut down.
    Shutdown,
}

/// What the arm says at this tick.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ArmReading {
    /// When its sensors were read, cart clock.
    pub sampled_at: Time,
    /// Measured joint angles, rad: may be NaN, as every number here may.
    pub positions: Joints,
    /// Measured joint speeds, rad/s.
    pub velocities: Joints,
    /// What the patient does to the probe, as the sensor says it.
    pub wrench: Wrench<Tip>,
    /// What is done to the arm's joints from outside, N·m, by the arm's own torque sensors and its own model (an FR3's
    /// `tau_ext_hat_filtered`). The force sensor must have no part in it: it is what that sensor is checked by. `None` from
    /// an arm that does not say.
    pub external_torques: Option<Joints>,
    /// Whether the arm can move.
    pub health: ArmHealth,
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

/// What a step decided.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Outcome {
    /// What to send the arm. `None`: send nothing, and the arm stops by itself.
    pub target: Option<JointTarget>,
    /// Everything a console is told; `sequence` and `sent_at` are filled in by whoever sends it.
    pub state: State,
    /// The probe tip as the patient's couch sees it.
    pub tip_on_patient: Pose<Patient>,
    /// The contact force along the probe's axis by the tared sensor, N, pressing positive.
    pub contact_force: Newton,
    /// A step of the ladder, if this tick made one.
    pub transition: Option<Transition>,
    /// The lease whose session broke its own rules: nothing sent under it is obeyed any more, whatever rung the ladder stands on.
    /// Whoever granted it takes it away, and the console asks for another.
    pub closed_session: Option<Epoch>,
    /// The command this tick applied, if it applied one.
    pub applied: Option<AppliedCommand>,
    /// Commands refused since the servo was made.
    pub refused: RefusedCommands,
    /// Whether the cart may be switched off: at rest, and the probe was not touched for longer than a breath.
    pub at_rest: bool,
}

/// Where the joints shall be until the next tick, and how fast they shall move.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct JointTarget {
    /// Angles, rad.
    pub positions: Joints,
    /// Speeds, rad/s.
    pub velocities: Joints,
}

/// One line of the log by which stale commands are judged afterwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AppliedCommand {
    /// Its sequence.
    pub sequence: u64,
    /// When the handle was sampled, console clock.
    pub sampled_at: Time,
    /// When it arrived, cart clock.
    pub arrived_at: Time,
    /// The tick that applied it, cart clock.
    pub applied_at: Time,
}
