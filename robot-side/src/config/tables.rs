//! The tables of the configuration file and what stands in them when nothing is written.

use std::net::SocketAddr;
use std::path::PathBuf;

use farprobe_devices::scanner::Source;
use serde::Deserialize;

/// The cart itself.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cart {
    /// UDP address the consoles connect to.
    pub listen: SocketAddr,
    /// Folder with `ca.pem`, `cert.pem` and `key.pem`; relative to the configuration file.
    pub identity: PathBuf,
    /// How many consoles may be connected at once, the driver included.
    #[serde(default = "four")]
    pub consoles: u8,
}

fn four() -> u8 {
    4
}

/// The robot arm.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Arm {
    /// Which adapter drives it.
    pub kind: ArmKind,
    /// Seed of the simulation: sensor noise and bias.
    pub seed: u64,
    /// Breathing of the simulated patient: the skin of the belly rises and falls by this much, mm.
    pub breathing_mm: f64,
}

impl Default for Arm {
    fn default() -> Self {
        // 4 mm is quiet breathing: visible in the picture, and the force law has work to do.
        Self { kind: ArmKind::SimulatedFr3, seed: 1, breathing_mm: 4.0 }
    }
}

/// Which adapter drives the arm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ArmKind {
    /// The simulated FR3 of plant card A, over the simulated patient.
    SimulatedFr3,
    /// The same arm with the slower dynamics of plant card B.
    SimulatedFr3Slow,
}

/// The source of ultrasound pictures.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Scanner {
    /// `simulated`, or `cine:FILE` for a recording (a DICOM file or a folder of pictures).
    pub source: Source,
    /// Pictures a second of the simulated scanner.
    pub frame_rate: f64,
}

impl Default for Scanner {
    fn default() -> Self {
        // 30 a second is what most abdominal presets run at.
        Self { source: Source::Simulated, frame_rate: 30.0 }
    }
}

/// How pictures travel.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Video {
    /// Bit rate of the ultrasound picture, kbit/s.
    pub bitrate_kbit: u32,
    /// Local addresses the picture may leave from (`IP:PORT`, port 0 = any). Empty = the address the cart listens on.
    pub local: Vec<SocketAddr>,
}

impl Default for Video {
    fn default() -> Self {
        // 5 Mbit/s keeps speckle at about 35 dB at 1024 x 768 and 30 pictures a second.
        Self { bitrate_kbit: 5_000, local: Vec::new() }
    }
}

/// Contact limits of this site; each may only be lowered below the compiled ceiling.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Above it the probe moves no deeper, N. Where it is not written: 15 N, or three quarters of the hard limit where that is
    /// lower.
    pub soft_force_n: Option<f64>,
    /// Never passed by the probe's own motion, N.
    pub hard_force_n: Option<f64>,
    /// Never passed, N·m.
    pub torque_nm: Option<f64>,
}

/// How the ladder behaves.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Safety {
    /// Without a fresh command for this long the link counts as lost, ms (20–200).
    pub link_timeout_ms: u64,
    /// Hold lasts at most this long, s (1–30).
    pub hold_s: f64,
    /// Whether the probe lifts off by itself after Release.
    pub retract: Retract,
    /// A gap between ticks longer than this leads to Soften, ms (3–20).
    pub tick_gap_ms: u64,
}

impl Default for Safety {
    fn default() -> Self {
        Self { link_timeout_ms: 50, hold_s: 10.0, retract: Retract::AfterOneSecond, tick_gap_ms: 3 }
    }
}

/// Whether the probe lifts off by itself after Release.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Retract {
    /// One second after the loss.
    AfterOneSecond,
    /// Never: it stays at no more than 2 N until the staff lift it.
    Never,
}

/// What an exam starts with.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Exam {
    /// Contact force, N. Where it is not written: 8 N, or the soft limit where that is lower. A default for trying the system,
    /// not clinical advice.
    pub force_n: Option<f64>,
}

/// The switch at the bedside.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Bedside {
    /// Words typed on the cart's terminal: consent, arm, disarm, withdraw, stop, reset.
    pub terminal: bool,
    /// The same words through a local socket at this path.
    pub socket: Option<PathBuf>,
    /// A simulated nurse records consent and arms the cart after start. Demo identities only.
    pub simulated_nurse: bool,
}

impl Default for Bedside {
    fn default() -> Self {
        Self { terminal: true, socket: None, simulated_nurse: false }
    }
}

/// The real-time thread.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Realtime {
    /// `SCHED_FIFO` priority, 1–99.
    pub priority: u8,
}

impl Default for Realtime {
    fn default() -> Self {
        // Above the kernel's threaded interrupts (50), below its watchdogs (99).
        Self { priority: 80 }
    }
}

/// Live figures for Prometheus.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Metrics {
    /// TCP port of this machine's loopback address. Not written: none are served.
    pub port: Option<u16>,
}
