//! The summary of a session, as it is printed and saved.

mod cart;
mod parts;
mod print;

use std::path::Path;

use farprobe_geom::Newton;
use farprobe_proto::{CartReport, RefusedCommands};
use serde::{Deserialize, Serialize};

use crate::file::save;
use crate::{Machine, RecordError, commit, wall_time};
pub use cart::CartTally;
pub use parts::{
    ConsoleFigures, Course, ForceSummary, HopSummary, LadderStep, Percentiles, PictureCounts, RtLoopSummary,
    SessionFacts, Sides, WaterfallHop, WaterfallSummary,
};

/// The summary of a session. A figure that was not measured is `null` in the file, never a guess.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// When the console was started: wall time, RFC 3339, UTC.
    pub started_at: String,
    /// The program and its version.
    pub software: String,
    /// The commit it was built from.
    pub commit: String,
    /// The machine the console ran on.
    pub machine: Machine,
    /// Whether the arm was simulated.
    pub simulated_arm: bool,
    /// How long the session was, s.
    pub duration_s: f64,
    /// How often a cart has let the console in.
    pub connections: u32,
    /// Whether a connection was lost. The cart's figures of a lost connection are those it told last, a second or
    /// so before.
    pub interrupted: bool,
    /// Whether the exam went as its script says; `None` without a script.
    pub went_as_scripted: Option<bool>,
    /// When and why it did not.
    pub why: Option<String>,
    /// Commands handed to the network.
    pub commands_sent: u64,
    /// Of these, the commands that reached the control law: never those of another console.
    pub commands_applied: Option<u64>,
    /// Applied commands that were stale, judged afterwards.
    pub stale_applied: Option<u64>,
    /// Commands refused, by reason.
    pub commands_refused: Option<RefusedCommands>,
    /// From handle sample to applied, ms; off by at most `clock_error_bound_ms`.
    pub command_age_ms: Option<Percentiles>,
    /// Pictures from the encoder to the screen.
    pub pictures: PictureCounts,
    /// From capture to decoded, ms; off by at most `clock_error_bound_ms`.
    pub picture_latency_ms: Option<Percentiles>,
    /// From capture to painted, ms; off by at most `clock_error_bound_ms`.
    pub picture_age_ms: Option<Percentiles>,
    /// The age each painted picture had reached when the next was painted, and the last one at the end, ms; off by at most
    /// `clock_error_bound_ms`. So all the time counts in which the screen was not renewed.
    pub picture_age_reached_ms: Option<Percentiles>,
    /// From handle sample to the first picture that shows its effect, ms; by the console's clock alone.
    pub hand_to_eye_ms: Option<Percentiles>,
    /// How far off the figures that span both clocks may be, ms.
    pub clock_error_bound_ms: Option<f64>,
    /// Hop by hop, in order.
    pub hops: Vec<HopSummary>,
    /// Where the time from the hand to the eye went, on the mean of the commands whose way is known hop by hop.
    pub waterfall: Option<WaterfallSummary>,
    /// Contact force, N.
    pub force_n: Option<ForceSummary>,
    /// The cart's real-time loop, while this console was connected.
    pub rt_loop: Option<RtLoopSummary>,
    /// How the ladder stood when this console connected, and every step it has made since; for each connection anew.
    pub ladder: Vec<LadderStep>,
    /// CPU use, % of one core.
    pub cpu_percent: Sides,
    /// Resident memory, MB.
    pub rss_mb: Sides,
}

impl Summary {
    /// Puts both sides together. Without any report of the cart its figures are `None`.
    pub fn new(facts: &SessionFacts, console: ConsoleFigures, cart: Option<&CartReport>) -> Self {
        let Course { connections, interrupted, script, asked, seen_peak, ladder } = console.course;
        let seen =
            |peak| ForceSummary { peak, mean_in_contact: None, target: asked, regulated: None, is_true_force: false };
        Self {
            connections,
            interrupted,
            went_as_scripted: script.as_ref().map(Result::is_ok),
            why: script.and_then(Result::err),
            started_at: wall_time(facts.started_at),
            software: facts.software.clone(),
            commit: commit().to_owned(),
            machine: Machine::here(),
            simulated_arm: facts.simulated_arm,
            duration_s: console.duration_s,
            commands_sent: console.commands_sent,
            commands_applied: cart.map(|cart| cart.commands_applied),
            stale_applied: cart.map(|cart| cart.stale_applied),
            commands_refused: cart.map(|cart| cart.refused),
            command_age_ms: console.command_age_ms,
            pictures: PictureCounts {
                sent: cart.map(|cart| cart.pictures_sent),
                shown: console.pictures_shown,
                lost: console.pictures_lost,
                painted: console.pictures_painted,
            },
            picture_latency_ms: console.picture_latency_ms,
            picture_age_ms: console.picture_age_ms,
            picture_age_reached_ms: console.picture_age_reached_ms,
            hand_to_eye_ms: console.hand_to_eye_ms,
            clock_error_bound_ms: console.clock_error_bound_ms,
            hops: console.hops,
            waterfall: console.waterfall,
            force_n: cart.map(|cart| force(cart, asked)).or(seen_peak.map(seen)),
            rt_loop: cart.map(rt_loop),
            ladder,
            cpu_percent: Sides { cart: cart.map(|cart| cart.cpu_percent), console: console.cost.cpu_percent },
            rss_mb: Sides { cart: cart.map(|cart| cart.rss_mb), console: console.cost.rss_mb },
        }
    }

    /// Saves the summary, whole or not at all. A figure that is no number is refused: JSON would make it `null`, which means
    /// "not measured" here.
    pub fn save(&self, path: &Path) -> Result<(), RecordError> {
        if let Some(field) = self.not_finite() {
            return Err(RecordError::NotFinite { field });
        }
        let mut bytes =
            serde_json::to_vec_pretty(self).map_err(|error| RecordError::file(path, std::io::Error::from(error)))?;
        bytes.push(b'\n');
        save(path, &bytes)
    }

    /// The first field that holds NaN or an infinity.
    fn not_finite(&self) -> Option<&'static str> {
        let spread = |field, spread: Option<Percentiles>| {
            spread.into_iter().flat_map(move |s| s.values().map(|value| (field, value)))
        };
        let sides =
            |field, sides: Sides| sides.cart.into_iter().chain([sides.console]).map(move |value| (field, value));
        let force = self
            .force_n
            .into_iter()
            .flat_map(|force| [Some(force.peak), force.mean_in_contact, force.target, force.regulated]);
        let rt_loop = self.rt_loop.into_iter().flat_map(|rt| [rt.step_us_p50, rt.step_us_p999, rt.lateness_us_p99]);
        let mut figures = [("duration_s", self.duration_s)]
            .into_iter()
            .chain(self.clock_error_bound_ms.map(|value| ("clock_error_bound_ms", value)))
            .chain(spread("command_age_ms", self.command_age_ms))
            .chain(spread("picture_latency_ms", self.picture_latency_ms))
            .chain(spread("picture_age_ms", self.picture_age_ms))
            .chain(spread("picture_age_reached_ms", self.picture_age_reached_ms))
            .chain(spread("hand_to_eye_ms", self.hand_to_eye_ms))
            .chain(self.hops.iter().flat_map(|hop| spread("hops", hop.ms)))
            .chain(self.waterfall.iter().flat_map(|waterfall| {
                let hops = waterfall.hops.iter().map(|hop| hop.mean_ms);
                hops.chain([waterfall.total_ms]).map(|value| ("waterfall", value))
            }))
            .chain(force.flatten().map(|value| ("force_n", value)))
            .chain(rt_loop.map(|value| ("rt_loop", value)))
            .chain(self.ladder.iter().map(|step| ("ladder", step.at_s)))
            .chain(sides("cpu_percent", self.cpu_percent))
            .chain(sides("rss_mb", self.rss_mb));
        figures.find(|(_, value)| !value.is_finite()).map(|(field, _)| field)
    }
}

fn force(cart: &CartReport, asked: Option<f64>) -> ForceSummary {
    ForceSummary {
        peak: cart.force.peak.get(),
        mean_in_contact: cart.force.mean_in_contact.map(Newton::get),
        target: asked,
        regulated: cart.force.mean_in_contact.map(|_| cart.force.regulated.get()),
        is_true_force: cart.force.is_true_force,
    }
}

fn rt_loop(cart: &CartReport) -> RtLoopSummary {
    let rt = cart.rt_loop;
    RtLoopSummary {
        ticks: rt.ticks,
        overruns: rt.overruns,
        step_us_p50: rt.step_us_p50,
        step_us_p999: rt.step_us_p999,
        lateness_us_p99: rt.lateness_us_p99,
        realtime_scheduling: rt.realtime_scheduling,
        ticks_lost: rt.ticks_lost,
    }
}

#[cfg(test)]
mod tests;
