//! From the ledger's figures to the summary that is saved.

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use farprobe_devices::MonotonicClock;
use farprobe_geom::Time;
use farprobe_proto::Welcome;
use farprobe_record::{
    ConsoleFigures, Course, HopSummary, LogEntry, Machine, Percentiles, ProcessCost, SessionFacts, SessionLog,
    WaterfallHop, WaterfallSummary, commit, wall_time,
};
use farprobe_session::accounting::{AccountingSnapshot, Hop, LatencySnapshot, Waterfall};

/// What is known of an exam beside its figures.
#[derive(Debug)]
pub(super) struct Facts {
    pub(super) out: PathBuf,
    /// When the cart was first reached or, until it is, when the program began to look for it.
    pub(super) started_at: SystemTime,
    /// The same by the console's clock.
    pub(super) started: Time,
    pub(super) welcome: Option<Box<Welcome>>,
}

impl Facts {
    /// The cart has welcomed this console at `now`. The session begins with the first time.
    pub(super) fn welcomed(&mut self, now: Time, welcome: Box<Welcome>) {
        if self.welcome.is_none() {
            (self.started_at, self.started) = (SystemTime::now(), now);
            self.welcome = Some(welcome);
        }
    }

    /// The session; there was none if no cart has welcomed this console.
    pub(super) fn session(&self) -> Option<SessionFacts> {
        let welcome = self.welcome.as_ref()?;
        Some(SessionFacts {
            software: super::SOFTWARE.to_owned(),
            started_at: self.started_at,
            simulated_arm: welcome.simulated_arm,
        })
    }
}

/// The first line of the log.
pub(super) fn begin(log: &SessionLog, clock: MonotonicClock) {
    let entry = LogEntry::Started {
        software: super::SOFTWARE.to_owned(),
        commit: commit().to_owned(),
        machine: Machine::here(),
        started_at: wall_time(SystemTime::now()),
    };
    log.write(clock.now(), entry);
}

/// The console's side of the summary.
pub(super) fn figures(
    duration: Duration,
    latencies: &AccountingSnapshot,
    clock_error_bound: Option<Duration>,
    course: Course,
    cost: ProcessCost,
) -> ConsoleFigures {
    let percentiles = |snapshot: Option<LatencySnapshot>| {
        snapshot.map(|s| Percentiles::from_durations(s.samples, [s.p50, s.p90, s.p95, s.p99, s.p999, s.max]))
    };
    ConsoleFigures {
        duration_s: duration.as_secs_f64(),
        commands_sent: latencies.commands_sent,
        command_age_ms: percentiles(latencies.command_age),
        pictures_shown: latencies.pictures.received,
        pictures_lost: latencies.pictures.lost,
        pictures_painted: latencies.painted,
        picture_latency_ms: percentiles(latencies.picture_latency),
        picture_age_ms: percentiles(latencies.picture_age),
        picture_age_reached_ms: percentiles(latencies.picture_age_reached),
        hand_to_eye_ms: percentiles(latencies.hand_to_eye),
        clock_error_bound_ms: clock_error_bound.map(|bound| bound.as_secs_f64() * 1e3),
        hops: Hop::ALL
            .into_iter()
            .map(|hop| HopSummary { name: hop.label().to_owned(), ms: percentiles(latencies.hop(hop)) })
            .collect(),
        waterfall: latencies.waterfall.as_ref().map(waterfall),
        course,
        cost,
    }
}

fn waterfall(Waterfall { commands, total_ms, hops_ms }: &Waterfall) -> WaterfallSummary {
    let hop = |(hop, mean_ms): (Hop, &f64)| WaterfallHop { name: hop.label().to_owned(), mean_ms: *mean_ms };
    let hops = Hop::ALL.into_iter().zip(hops_ms).map(hop).collect();
    WaterfallSummary { commands: *commands, total_ms: *total_ms, hops }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::testing;

    #[test]
    fn a_session_begins_with_the_first_connection() {
        let mut facts =
            Facts { out: PathBuf::new(), started_at: SystemTime::UNIX_EPOCH, started: Time::ZERO, welcome: None };
        assert!(facts.session().is_none());
        let welcome = || Box::new(testing::welcome());
        facts.welcomed(Time::from_millis(16_000), welcome());
        facts.welcomed(Time::from_millis(20_000), welcome());
        assert_eq!(facts.started, Time::from_millis(16_000));
        assert!(facts.session().is_some_and(|session| session.started_at > SystemTime::UNIX_EPOCH));
    }
}
