//! The five seams between Farprobe and hardware.

use std::sync::Arc;
use std::time::Duration;

use farprobe_geom::{Handle as HandleFrame, Joints, Newton, Patient, Pose, Time, Tip, Twist, Wrench};
use farprobe_proto::{Bedside as BedsideAction, Epoch, ScannerError, ScannerSettings, ScannerState};
use serde::{Deserialize, Serialize};

use crate::DeviceError;
use crate::bedside::Answer;

/// A robot arm with a probe and a force sensor. Owned by the real-time thread: no call blocks, allocates or logs.
pub trait Arm: Send {
    /// The newest state the arm has reported. `now` is the tick's time, cart clock.
    fn state(&mut self, now: Time) -> ArmState;

    /// Hands the arm its next setpoint. An arm that gets none for 20 ms stops by itself.
    fn command(&mut self, now: Time, setpoint: &Setpoint);
}

/// What an arm reports at each tick.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ArmState {
    /// When the sensors were read, cart clock.
    pub sampled_at: Time,
    /// Measured joint angles, rad.
    pub positions: Joints,
    /// Measured joint speeds, rad/s.
    pub velocities: Joints,
    /// What the patient does to the probe at its tip, payload compensated, as the sensor says it: may be NaN.
    pub wrench: Wrench<Tip>,
    /// What is done to the arm's joints from outside, N·m, by the arm's own torque sensors and its own model; the force
    /// sensor has no part in it. `None` from an arm that does not say.
    pub external_torques: Option<Joints>,
    /// Whether the arm can move.
    pub health: ArmHealth,
    /// The true wrench at the tip, known to a simulation only.
    pub true_wrench: Option<Wrench<Tip>>,
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

/// What the arm shall do until the next tick.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Setpoint {
    /// Joint angles, rad.
    pub positions: Joints,
    /// Joint speeds, rad/s, for the arm's own feed-forward.
    pub velocities: Joints,
}

/// What the specialist holds. Read in a thread of its own, never in the UI thread.
pub trait Handle: Send {
    /// The handle's name, for the console's status line.
    fn name(&self) -> &str;

    /// How often [`Handle::sample`] wants to be called.
    fn period(&self) -> Duration;

    /// Reads the handle at `now`, console clock. An error means that the handle is lost: the clutch opens at once.
    fn sample(&mut self, now: Time) -> Result<HandleSample, DeviceError>;

    /// Shows the contact to the hand: force reflection, rumble, or nothing.
    fn cue(&mut self, now: Time, cue: &ForceCue);
}

/// One reading of a handle.
#[derive(Debug, Clone, PartialEq)]
pub struct HandleSample {
    /// When it was read, console clock.
    pub sampled_at: Time,
    /// How the handle stands or moves.
    pub motion: HandleMotion,
    /// Whether the enabling control is held down.
    pub clutch: bool,
    /// Why it does not count, held or not: then `clutch` is false. Gone once it was seen released.
    pub away: Option<HandsAway>,
    /// What was pressed since the sample before.
    pub events: Vec<HandleEvent>,
}

/// Why a handle does not know what the hands do. It is not lost for that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HandsAway {
    /// The window that keyboard and mouse belong to has lost the focus.
    FocusLost,
    /// The pointer has left it.
    PointerLeft,
}

/// How a handle says where it wants to go.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum HandleMotion {
    /// A handle that knows where it is: its pose in its own device's frame.
    Position(Pose<HandleFrame>),
    /// A handle that is pushed: the twist wanted, expressed in the probe tip's axes (z into the patient), before scaling.
    Rate(Twist<Tip>),
}

/// Something pressed on a handle.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum HandleEvent {
    /// A button that means something to the console.
    Button(HandleButton),
    /// New scanner settings, as a script asks for them.
    Scanner(ScannerSettings),
    /// A new contact force, N.
    DesiredForce(Newton),
    /// A moment that has a name, for pictures and logs: index into the script's names.
    Mark(u16),
    /// The script is at its end.
    Finished,
}

/// What a handle's buttons can mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HandleButton {
    /// Stop.
    Stop,
    /// Freeze or unfreeze the picture.
    Freeze,
    /// One step more contact force.
    ForceUp,
    /// One step less contact force.
    ForceDown,
    /// One step deeper.
    DepthUp,
    /// One step shallower.
    DepthDown,
    /// One step more gain.
    GainUp,
    /// One step less gain.
    GainDown,
}

/// What the hand shall feel.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ForceCue {
    /// When the cart said so: the arrival of its newest state, console clock. A cue that is handed in again keeps it.
    pub heard_at: Time,
    /// What the patient does to the probe, in the tip's axes.
    pub wrench: Wrench<Tip>,
    /// The force the control law regulates to, N.
    pub target: Newton,
    /// Whether the handle moves the probe at the moment.
    pub engaged: bool,
}

/// A source of ultrasound pictures with its controls. Owned by a thread of its own.
pub trait Scanner: Send {
    /// How the scanner is: settings, size and scale of the picture, kind of source.
    fn state(&self) -> ScannerState;

    /// Turns the controls. On error nothing has changed.
    fn configure(&mut self, settings: &ScannerSettings) -> Result<(), ScannerError>;

    /// Time between pictures.
    fn period(&self) -> Duration;

    /// The picture of this moment. A frozen scanner gives the same picture with a new number.
    fn capture(&mut self, now: Time, context: &PictureContext) -> Result<Arc<Picture>, DeviceError>;
}

/// What the cart knows at the moment of capture.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PictureContext {
    /// The lease in force.
    pub epoch: Option<Epoch>,
    /// The sequence of the last command applied; 0 before the first.
    pub applied_sequence: u64,
    /// The probe tip.
    pub tip: Pose<Patient>,
    /// The contact force, N.
    pub force: Newton,
}

/// A picture as captured, before encoding.
#[derive(Debug, Clone, PartialEq)]
pub struct Picture {
    /// Counts the pictures of this source, from 1.
    pub number: u64,
    /// When it was captured, cart clock.
    pub captured_at: Time,
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
    /// What a byte of `data` means.
    pub format: PixelFormat,
    /// Rows from top to bottom, without padding.
    pub data: Vec<u8>,
}

/// What a byte of a picture means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PixelFormat {
    /// One byte a pixel, full range 0–255.
    Grey,
    /// Three bytes a pixel: red, green, blue.
    Rgb,
}

/// A camera that shows the room. The same pictures, no controls.
pub trait Camera: Send {
    /// Time between pictures.
    fn period(&self) -> Duration;

    /// The picture of this moment.
    fn capture(&mut self, now: Time) -> Result<Arc<Picture>, DeviceError>;
}

/// The switch at the bedside: hardware, a line on the terminal, a local socket, or a simulated nurse.
pub trait Bedside: Send {
    /// What the staff have done since the last call. Never blocks.
    fn poll(&mut self, now: Time) -> Vec<BedsideEvent>;

    /// Tells the staff what the arm is about to do ("the arm lifts off"). Best effort.
    fn announce(&mut self, text: &str);

    /// Whether the staff can still act by it. One that is gone is never heard again.
    fn is_there(&self) -> bool {
        true
    }
}

/// One act of the staff.
#[derive(Debug, Clone)]
pub struct BedsideEvent {
    /// When, cart clock.
    pub at: Time,
    /// What.
    pub action: BedsideAction,
    /// By which means, for the log ("terminal", "socket", "demo nurse").
    pub source: String,
    /// Where to tell whoever acted what came of it.
    pub answer: Answer,
}
