//! What ends are told, and what they tell.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use farprobe_geom::Time;
use serde::{Deserialize, Serialize};

use super::usage::Usage;
use crate::latency::codec::clip::Size;
use crate::latency::command::path::PathKind;

/// What an end is to be: its first line.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum Order {
    Receive(ReceivePlan),
    /// As Receive, with the cart's own real-time thread behind it.
    Steer(ReceivePlan),
    Send(SendPlan),
    Relay(RelayPlan),
    Cycle(CycleKind),
    Load(LoadPlan),
    Code(CodePlan),
    Look(LookPlan),
}

/// A console that looks on.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct LookPlan {
    /// Where demo identities are.
    pub(crate) identities: PathBuf,
    pub(crate) cart: SocketAddr,
    /// What the cart plays: a picture is judged by it.
    pub(crate) recording: PathBuf,
}

/// A picture that was decoded.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct Seen {
    pub(crate) number: u64,
    /// Captured, encoded, its first packet received, its last, decoded; ns.
    pub(crate) stamps: [u64; 5],
    /// Whether no part of it is guessed.
    pub(crate) complete: bool,
    /// Peak signal to noise, dB; nothing where it can't be judged.
    pub(crate) quality: Option<f64>,
}

/// What a console has seen.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Looked {
    pub(crate) pictures: Vec<Seen>,
    pub(crate) usage: Usage,
    /// Why the video ended before its time, if it did.
    pub(crate) ended: Option<String>,
}

/// Pictures to encode and decode.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct CodePlan {
    pub(crate) material: Material,
    /// How many count.
    pub(crate) pictures: usize,
    /// In bits a second.
    pub(crate) bitrate: u32,
}

/// What is encoded.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum Material {
    /// Drawn pictures of this size, one after the other without a pause.
    Drawn(Size),
    /// A recording, at its own pace, taken as the cart takes it.
    Recording(PathBuf),
}

/// What each picture took, ns.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Coded {
    /// Until it was there to be encoded.
    pub(crate) acquire: Vec<u64>,
    pub(crate) encode: Vec<u64>,
    pub(crate) decode: Vec<u64>,
    pub(crate) usage: Usage,
}

/// A loop of 1 kHz.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) enum CycleKind {
    /// The cart's real-time thread with the simulated arm.
    Servo,
    /// One that does nothing.
    Bare,
}

/// Other work for the machine.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct LoadPlan {
    pub(crate) threads: usize,
}

/// What a loop has seen; times in ns, one of each tick.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Cycled {
    pub(crate) lateness: Vec<u64>,
    /// CPU time of its steps, if it has any.
    pub(crate) steps: Vec<u64>,
    /// Ticks of which nothing is known.
    pub(crate) lost: u64,
    /// Ticks in which the hand drove.
    pub(crate) driven: u64,
    /// In words.
    pub(crate) scheduling: String,
    pub(crate) usage: Usage,
}

/// How an end's process is set up.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Tuning {
    /// The only processor it may use.
    pub(crate) processor: Option<usize>,
}

/// The end at the cart.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ReceivePlan {
    pub(crate) tuning: Tuning,
    pub(crate) path: PathKind,
    /// Where demo identities are.
    pub(crate) identities: PathBuf,
}

/// The end at the desk.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct SendPlan {
    pub(crate) tuning: Tuning,
    pub(crate) path: PathKind,
    /// Where demo identities are.
    pub(crate) identities: PathBuf,
    pub(crate) to: SocketAddr,
    /// What the receiver said when it was ready.
    pub(crate) certificate: Option<Vec<u8>>,
    /// Between two commands.
    pub(crate) period: Duration,
    pub(crate) hand: Hand,
}

/// What the hand at the desk does, by the time since the first command.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub(crate) struct Hand {
    /// When it presses its clutch. It slides from then on.
    pub(crate) pressed_after: Duration,
    /// When the desk gets another address, if it does.
    pub(crate) moves_after: Option<Duration>,
    /// How old a state is when a command echoes it: the way back, which is not gone here.
    pub(crate) echo_age: Duration,
}

/// The line between the two.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct RelayPlan {
    pub(crate) link: String,
    pub(crate) seed: u64,
    pub(crate) to: SocketAddr,
}

/// An end is ready.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Ready {
    /// Where it listens, if it does.
    pub(crate) at: Option<SocketAddr>,
    /// Whom to trust there, if that is not known beforehand.
    pub(crate) certificate: Option<Vec<u8>>,
}

/// When it begins, and what of it counts; by the machine's monotonic clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Window {
    /// The first command is sent.
    pub(crate) begin: Time,
    /// What is sampled from here on counts.
    pub(crate) from: Time,
    /// What is sampled from here on does not; nothing is sent any more.
    pub(crate) until: Time,
    /// The line is cut both ways from here to there.
    pub(crate) dark: Option<(Time, Time)>,
}

/// What the sender did.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Sent {
    /// The number of the first command that counts.
    pub(crate) first: u64,
    /// The number of the last.
    pub(crate) last: u64,
    /// Commands that the path did not take.
    pub(crate) refused: u64,
    /// When the desk got its other address, ns.
    pub(crate) moved_at: Option<u64>,
    pub(crate) usage: Usage,
}

/// It is over: what was heard since the last such word is wanted, and then the end may go.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Over;

/// What the cart's rule made of a command; a number, for there are thousands of them in a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "u8", into = "u8")]
pub(crate) enum Judged {
    /// It would have been applied.
    Fresh,
    /// Refused as late.
    Late,
    /// Refused for another reason: it came twice, or was overtaken.
    Other,
}

impl From<u8> for Judged {
    fn from(number: u8) -> Self {
        match number {
            0 => Self::Fresh,
            1 => Self::Late,
            _ => Self::Other,
        }
    }
}

impl From<Judged> for u8 {
    fn from(judged: Judged) -> Self {
        judged as Self
    }
}

/// A command that came, as an array of numbers: how it was numbered, and its stamps in ns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Heard(
    /// Its number.
    pub(crate) u64,
    /// When the handle was sampled.
    pub(crate) u64,
    /// When it was handed to the path.
    pub(crate) u64,
    /// When it was readable by the real-time thread.
    pub(crate) u64,
    /// When the real-time thread read it.
    pub(crate) u64,
    /// What the cart's rule made of it.
    pub(crate) Judged,
);

/// What the receiver heard.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Received {
    pub(crate) heard: Vec<Heard>,
    /// What came and was no command.
    pub(crate) malformed: u64,
    /// Commands for which the real-time thread's inbox had no room.
    pub(crate) overflowed: u64,
    pub(crate) usage: Usage,
}

/// What the cart's real-time thread did.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Steered {
    /// Every command it applied: its number, and when, ns.
    pub(crate) applied: Vec<(u64, u64)>,
    /// How the safety ladder stood at first, and every change: when, ns; where it stood then; why; and whether the hand drove there.
    pub(crate) ladder: Vec<(u64, String, String, Driving)>,
    /// Ticks of which nothing is known.
    pub(crate) lost: u64,
    pub(crate) usage: Usage,
}

/// Whether the hand moves the probe.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Driving {
    Yes,
    No,
}

/// What the line did.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Carried {
    /// When it was really cut and restored, ns.
    pub(crate) dark: Option<(u64, u64)>,
    /// How much later than planned it sent, to the cart: median, 99th percentile, most; ns.
    pub(crate) late: [u64; 3],
}
