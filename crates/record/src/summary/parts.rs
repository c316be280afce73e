//! The parts a summary is made of.

use std::time::{Duration, SystemTime};

use farprobe_proto::{Cause, Ladder};
use serde::{Deserialize, Serialize};

use crate::ProcessCost;

/// How a latency was spread, ms.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Percentiles {
    /// How many samples there are.
    pub samples: u64,
    /// Half of them are no longer.
    pub p50: f64,
    /// 90 % of them are no longer.
    pub p90: f64,
    /// 95 % of them are no longer.
    pub p95: f64,
    /// 99 % of them are no longer.
    pub p99: f64,
    /// 99.9 % of them are no longer.
    pub p999: f64,
    /// The longest.
    pub max: f64,
}

impl Percentiles {
    /// From durations in the order p50, p90, p95, p99, p99.9, max.
    pub fn from_durations(samples: u64, spread: [Duration; 6]) -> Self {
        let [p50, p90, p95, p99, p999, max] = spread.map(|duration| duration.as_secs_f64() * 1e3);
        Self { samples, p50, p90, p95, p99, p999, max }
    }

    /// All of them.
    pub(crate) const fn values(&self) -> [f64; 6] {
        [self.p50, self.p90, self.p95, self.p99, self.p999, self.max]
    }
}

/// Pictures from the encoder to the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PictureCounts {
    /// Sent to this console by the cart.
    pub sent: Option<u64>,
    /// Decoded and taken by the view.
    pub shown: u64,
    /// Skipped between two shown ones.
    pub lost: u64,
    /// Painted on a screen.
    pub painted: u64,
}

/// Contact force, N.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ForceSummary {
    /// Largest norm of the tip force while this console was connected, whoever drove.
    pub peak: f64,
    /// Mean along the probe's axis while this console drove in contact and the force had settled; `None` without such time.
    pub mean_in_contact: Option<f64>,
    /// The force this console asked for last; `None` if it never had the right to drive.
    pub target: Option<f64>,
    /// The force the cart regulated to last in the time of `mean_in_contact`: the limits may allow less than is asked for.
    pub regulated: Option<f64>,
    /// Whether this is the simulator's true force; otherwise the sensor's.
    pub is_true_force: bool,
}

/// The cart's real-time loop.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct RtLoopSummary {
    /// Ticks run.
    pub ticks: u64,
    /// Ticks that began more than a period late.
    pub overruns: u64,
    /// Thread CPU time of a step, µs.
    pub step_us_p50: f64,
    /// Thread CPU time of a step, µs.
    pub step_us_p999: f64,
    /// Wake-up after the due time, µs.
    pub lateness_us_p99: f64,
    /// Whether the thread ran under a real-time scheduler.
    pub realtime_scheduling: bool,
    /// Ticks run that are missing from the cart's figures.
    pub ticks_lost: u64,
}

/// One step of the ladder, or how it was found.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct LadderStep {
    /// When, s since the console first connected. The way of the welcome to the console is not in it.
    pub at_s: f64,
    /// From where; `None` for the state the console found when it connected: what was before, it can't know.
    pub from: Option<Ladder>,
    /// To where.
    pub to: Ladder,
    /// Why.
    pub cause: Cause,
    /// What began it: the last cause that was not merely time's.
    pub origin: Cause,
}

/// One hop of the way from hand to eye.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HopSummary {
    /// Its name.
    pub name: String,
    /// How long it took, ms; `None` without samples.
    pub ms: Option<Percentiles>,
}

/// Where the time from the hand to the eye went, on the mean of the same commands: the hops add up to the whole.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WaterfallSummary {
    /// Commands whose way is known hop by hop.
    pub commands: u64,
    /// Their mean from handle sample to shown, ms.
    pub total_ms: f64,
    /// The mean of each hop, in order.
    pub hops: Vec<WaterfallHop>,
}

/// The mean of one hop.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WaterfallHop {
    /// Its name.
    pub name: String,
    /// How long it took, ms. Through the network it is off by at most the error bound of the clocks, and may be negative.
    pub mean_ms: f64,
}

/// A figure of both processes.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Sides {
    /// The cart's; `None` if it gave no report.
    pub cart: Option<f64>,
    /// The console's.
    pub console: f64,
}

/// What no measurement tells.
#[derive(Debug, Clone, PartialEq)]
pub struct SessionFacts {
    /// The program and its version.
    pub software: String,
    /// When the console connected, wall time.
    pub started_at: SystemTime,
    /// Whether the arm was simulated.
    pub simulated_arm: bool,
}

/// How an exam went, seen from the console.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Course {
    /// How often a cart has let the console in.
    pub connections: u32,
    /// Whether a connection was lost.
    pub interrupted: bool,
    /// Whether it went as its script says and, if not, when and why; `None` without a script.
    pub script: Option<Result<(), String>>,
    /// The force asked for last, N, if this console ever had the right to drive.
    pub asked: Option<f64>,
    /// The largest norm of the tip force by the cart's sensor in all states that arrived, N: told where the cart told nothing.
    pub seen_peak: Option<f64>,
    /// How the ladder was found, and its steps.
    pub ladder: Vec<LadderStep>,
}

/// What the console has measured.
#[derive(Debug, Clone, PartialEq)]
pub struct ConsoleFigures {
    /// How long the session was, s.
    pub duration_s: f64,
    /// Commands handed to the network.
    pub commands_sent: u64,
    /// From handle sample to applied, ms.
    pub command_age_ms: Option<Percentiles>,
    /// Pictures decoded and taken by the view.
    pub pictures_shown: u64,
    /// Pictures skipped between two shown ones.
    pub pictures_lost: u64,
    /// Pictures painted.
    pub pictures_painted: u64,
    /// From capture to decoded, ms.
    pub picture_latency_ms: Option<Percentiles>,
    /// From capture to painted, ms.
    pub picture_age_ms: Option<Percentiles>,
    /// The age each painted picture had reached when the next was painted, ms.
    pub picture_age_reached_ms: Option<Percentiles>,
    /// From handle sample to the first picture that shows its effect, ms.
    pub hand_to_eye_ms: Option<Percentiles>,
    /// How far off the figures that span both clocks may be, ms.
    pub clock_error_bound_ms: Option<f64>,
    /// Hop by hop, in order.
    pub hops: Vec<HopSummary>,
    /// Where the time from the hand to the eye went.
    pub waterfall: Option<WaterfallSummary>,
    /// How the exam went.
    pub course: Course,
    /// What the console's process cost.
    pub cost: ProcessCost,
}
