//! The cart's side of a session's summary, and the steps of the ladder.

use farprobe_geom::{Newton, Time};
use serde::{Deserialize, Serialize};

use crate::{Cause, Epoch, Ladder};

/// What the cart counted for one console, from its welcome on. Commands are the console's own; force, real-time loop and
/// process are the cart's in that time, whoever drove.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CartReport {
    /// How long, s.
    #[serde(deserialize_with = "crate::checked::finite")]
    pub duration_s: f64,
    /// Commands that reached the control law.
    pub commands_applied: u64,
    /// Applied commands that were stale, judged afterwards from the log.
    pub stale_applied: u64,
    /// Commands refused, by reason.
    pub refused: RefusedCommands,
    /// Age of applied commands as excess transit, ms: p50, p99, max.
    #[serde(deserialize_with = "crate::checked::finite")]
    pub excess_transit_ms: [f64; 3],
    /// Pictures sent to this console.
    pub pictures_sent: u64,
    /// Contact force.
    pub force: ForceReport,
    /// The real-time loop.
    pub rt_loop: RtLoopReport,
    /// CPU use of the cart's process, % of one core.
    #[serde(deserialize_with = "crate::checked::finite")]
    pub cpu_percent: f64,
    /// Resident memory of the cart's process, MB.
    #[serde(deserialize_with = "crate::checked::finite")]
    pub rss_mb: f64,
}

/// Commands refused, by reason.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusedCommands {
    /// Not newer than the last.
    pub old: u64,
    /// Excess transit above the limit.
    pub late: u64,
    /// Of another epoch than the one in force.
    pub epoch: u64,
    /// No message at all.
    pub malformed: u64,
    /// Beyond the sequence window.
    pub jump: u64,
}

/// Contact force. The simulated arm knows the true force; a real one reports its sensor's.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ForceReport {
    /// Largest norm of the tip force, N.
    #[serde(deserialize_with = "crate::checked::not_negative")]
    pub peak: Newton,
    /// Mean of the force along the axis while this console drove in contact and the force had settled, N; `None` without such
    /// time.
    pub mean_in_contact: Option<Newton>,
    /// How much time that mean is of, s.
    #[serde(deserialize_with = "crate::checked::finite")]
    pub settled_s: f64,
    /// The force last regulated to in that time, N: never above the limits, whatever was asked for.
    pub regulated: Newton,
    /// Whether this is the simulator's true force.
    pub is_true_force: bool,
}

/// The real-time loop.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct RtLoopReport {
    /// Ticks run.
    pub ticks: u64,
    /// Ticks that began more than a period late.
    pub overruns: u64,
    /// Thread CPU time of a step, µs.
    #[serde(deserialize_with = "crate::checked::finite")]
    pub step_us_p50: f64,
    /// Thread CPU time of a step, µs.
    #[serde(deserialize_with = "crate::checked::finite")]
    pub step_us_p999: f64,
    /// Wake-up after the due time, µs.
    #[serde(deserialize_with = "crate::checked::finite")]
    pub lateness_us_p99: f64,
    /// Whether the thread runs under a real-time scheduler.
    pub realtime_scheduling: bool,
    /// Ticks run that are missing from every figure of the report: whoever writes them down was late.
    pub ticks_lost: u64,
}

/// One step of the ladder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transition {
    /// When, cart clock.
    pub at: Time,
    /// From where.
    pub from: Ladder,
    /// To where.
    pub to: Ladder,
    /// Why.
    pub cause: Cause,
    /// What began it: see [`State::origin`](crate::State::origin).
    pub origin: Cause,
    /// The lease in force, if anybody held it.
    pub epoch: Option<Epoch>,
}

/// How the ladder stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// When it stood so, cart clock.
    pub at: Time,
    /// Where.
    pub ladder: Ladder,
    /// Why.
    pub cause: Cause,
    /// What began it: see [`State::origin`](crate::State::origin).
    pub origin: Cause,
}
