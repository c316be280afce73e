//! Shows how a driver does until it is over.

use std::error::Error;
use std::fmt::Write as _;
use std::io::IsTerminal as _;
use std::time::Duration;

use farprobe_impair::{Driver, Report, Scheduling, WayReport};
use farprobe_sim::link::Way;
use indicatif::{ProgressBar, ProgressStyle};
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::{Instant, MissedTickBehavior, interval_at};

use super::words;

/// How often a terminal is told.
const TOLD_EVERY: Duration = Duration::from_secs(1);

/// How often a file or a pipe is told: it keeps every line.
const WRITTEN_EVERY: Duration = Duration::from_secs(5);

/// How it ended.
pub(super) enum Ended<T> {
    /// By Ctrl-C, SIGTERM or a closed terminal.
    Asked,
    /// What was waited for has come.
    Done(T),
}

/// Shows how `driver` does until it is asked to end, or `done` is.
pub(super) async fn watch<T>(driver: &Driver, done: impl Future<Output = T>) -> Result<Ended<T>, Box<dyn Error>> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hang_up = signal(SignalKind::hangup())?;
    let is_terminal = std::io::stderr().is_terminal();
    let every = if is_terminal { TOLD_EVERY } else { WRITTEN_EVERY };
    let mut ticks = interval_at(Instant::now() + every, every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let bar = ProgressBar::new_spinner().with_style(ProgressStyle::with_template("{spinner} {msg}")?);
    tokio::pin!(done);
    let ended = loop {
        tokio::select! {
            _ = interrupt.recv() => break Ended::Asked,
            _ = terminate.recv() => break Ended::Asked,
            _ = hang_up.recv() => break Ended::Asked,
            result = &mut done => break Ended::Done(result),
            _ = ticks.tick() => {
                let report = driver.report().ok_or(GONE)?;
                if is_terminal {
                    bar.set_message(progress(&report));
                    bar.tick();
                } else {
                    eprintln!("{}", progress(&report));
                }
            }
        }
    };
    bar.finish_and_clear();
    Ok(ended)
}

/// A driver's thread ends only when it is told to. Whatever ended it has been printed.
pub(super) const GONE: &str = "the driver has ended by itself; what it said above is a fault of this program";

/// One line of progress.
fn progress(report: &Report) -> String {
    let lasted = report.until.saturating_since(report.began).as_secs();
    let ways = Way::ALL.map(|way| format!("{} {}", name(way), counts(report.way(way)))).join("; ");
    let trouble = report.trouble.as_ref().map_or_else(String::new, |trouble| format!(" ({trouble})"));
    format!("{lasted} s: {ways}{trouble}")
}

/// Everything, at the end.
pub(super) fn summary(report: &Report) -> String {
    let mut text = String::new();
    for way in Way::ALL {
        let of = report.way(way);
        let late = [of.lateness.p50, of.lateness.p99, of.lateness.max].map(words::span);
        // Writing to a string can't fail.
        let _ = writeln!(text, "{:<5}  {}", name(way), counts(of));
        let _ = writeln!(
            text,
            "       sent later than planned by {} (median), {} (p99), {} (most)",
            late[0], late[1], late[2]
        );
    }
    if report.scheduling == Scheduling::Ordinary {
        text += "The line's thread waited for its turn as every other does. As root, or with the right to real-time scheduling \
                 (ulimit -r), it does not.\n";
    }
    if let Some(trouble) = &report.trouble {
        let _ = writeln!(text, "The last trouble: {trouble}");
    }
    text
}

const fn name(way: Way) -> &'static str {
    match way {
        Way::There => "there",
        Way::Back => "back",
    }
}

fn counts(way: &WayReport) -> String {
    let counts = way.counts;
    let mut text = format!("{} in, {} out", counts.sent, counts.delivered);
    for (count, what) in [
        (counts.lost, "lost"),
        (counts.cut, "cut"),
        (counts.overflowed, "overflowed"),
        (counts.duplicated, "doubled"),
        (way.refused, "not taken"),
    ] {
        if count > 0 {
            let _ = write!(text, ", {count} {what}");
        }
    }
    text
}
