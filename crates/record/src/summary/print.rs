//! The summary as it is printed at the end of a session.

use std::fmt::{self, Display, Formatter};

use super::{ForceSummary, Percentiles, RtLoopSummary, Sides, Summary};
use crate::words::{causes, words};

/// Where the figures begin: the longest name of a hop fits.
const COLUMN: usize = 22;

impl Display for Summary {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let arm = if self.simulated_arm { "simulated arm" } else { "real arm" };
        writeln!(
            f,
            "Session of {:.1} s, {}, {arm}, {}, commit {}",
            self.duration_s, self.started_at, self.software, self.commit
        )?;
        writeln!(
            f,
            "{} ({} cores, {:.1} GB), {}",
            self.machine.cpu,
            self.machine.cores,
            self.machine.memory_mb as f64 / 1e3,
            self.machine.system
        )?;
        self.course(f)?;
        self.commands(f)?;
        self.pictures(f)?;
        self.latencies(f)?;
        self.cart(f)?;
        self.steps(f)
    }
}

impl Summary {
    fn course(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if self.interrupted {
            let words = "of a lost one the cart's figures are those it told last";
            let noun = if self.connections == 1 { "connection" } else { "connections" };
            writeln!(f, "interrupted: {} {noun}; {words}", self.connections)?;
        }
        match &self.why {
            Some(why) => writeln!(f, "did not go as scripted: {why}"),
            None => Ok(()),
        }
    }

    fn commands(&self, f: &mut Formatter<'_>) -> fmt::Result {
        heading(f, "Commands")?;
        row(
            f,
            "sent",
            format_args!(
                "{} ({:.0} a second)",
                self.commands_sent,
                self.commands_sent as f64 / self.duration_s.max(1e-9)
            ),
        )?;
        row(f, "applied", Known(self.commands_applied))?;
        row(f, "stale and applied", Known(self.stale_applied))?;
        let Some(refused) = self.commands_refused else { return Ok(()) };
        let (old, late, epoch) = (refused.old, refused.late, refused.epoch);
        row(
            f,
            "refused",
            format_args!(
                "{old} old, {late} late, {epoch} without the lease, {} no message, {} jumps",
                refused.malformed, refused.jump
            ),
        )
    }

    fn pictures(&self, f: &mut Formatter<'_>) -> fmt::Result {
        heading(f, "Pictures")?;
        let pictures = self.pictures;
        row(f, "sent", Known(pictures.sent))?;
        row(f, "shown", format_args!("{} ({} lost, {} painted)", pictures.shown, pictures.lost, pictures.painted))
    }

    fn latencies(&self, f: &mut Formatter<'_>) -> fmt::Result {
        heading(f, "Latency, ms")?;
        row(f, "", format_args!("{:>8} {:>8} {:>8} {:>8}", "p50", "p95", "p99", "max"))?;
        row(f, "hand to eye", Known(self.hand_to_eye_ms))?;
        row(f, "command age", Known(self.command_age_ms))?;
        row(f, "picture latency", Known(self.picture_latency_ms))?;
        row(f, "picture age", Known(self.picture_age_ms))?;
        row(f, "  reached on screen", Known(self.picture_age_reached_ms))?;
        for hop in &self.hops {
            row(f, &hop.name, Known(hop.ms))?;
        }
        let bound = self.clock_error_bound_ms.map(|ms| Rounded(ms, "ms"));
        row(f, "between the clocks ±", Known(bound))
    }

    fn cart(&self, f: &mut Formatter<'_>) -> fmt::Result {
        heading(f, "Cart and console")?;
        row(f, "contact force", Known(self.force_n))?;
        row(f, "real-time loop", Known(self.rt_loop))?;
        row(f, "CPU, % of a core", self.cpu_percent)?;
        row(f, "memory, MB", self.rss_mb)
    }

    fn steps(&self, f: &mut Formatter<'_>) -> fmt::Result {
        heading(f, "Ladder")?;
        for step in &self.ladder {
            let way = match step.from {
                Some(from) => format!("{} → {}", words(&from), words(&step.to)),
                None => format!("found: {}", words(&step.to)),
            };
            writeln!(f, "  {:>8.3} s  {way:<20} {}", step.at_s, causes(step.cause, step.origin))?;
        }
        Ok(())
    }
}

fn heading(f: &mut Formatter<'_>, text: &str) -> fmt::Result {
    writeln!(f, "\n{text}")
}

fn row(f: &mut Formatter<'_>, name: &str, value: impl Display) -> fmt::Result {
    writeln!(f, "  {name:<COLUMN$}{value}")
}

/// A figure, or that it was not measured.
struct Known<T>(Option<T>);

impl<T: Display> Display for Known<T> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Some(value) => value.fmt(f),
            None => f.write_str("not measured"),
        }
    }
}

/// A figure to one decimal, with its unit.
struct Rounded(f64, &'static str);

impl Display for Rounded {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{:.1} {}", self.0, self.1)
    }
}

impl Display for Percentiles {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{:>8.1} {:>8.1} {:>8.1} {:>8.1}", self.p50, self.p95, self.p99, self.max)
    }
}

impl Display for ForceSummary {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let source = if self.is_true_force { "true force" } else { "by the sensor" };
        let mean = Known(self.mean_in_contact.map(|mean| Rounded(mean, "N")));
        let target = Known(self.target.map(|target| Rounded(target, "N")));
        write!(f, "peak {:.1} N, mean in contact {mean}, asked for {target} ({source})", self.peak)
    }
}

impl Display for RtLoopSummary {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let scheduler = if self.realtime_scheduling { "real-time scheduler" } else { "ordinary scheduler" };
        write!(f, "{} ticks, {} overruns, step {:.1} µs (p99.9 ", self.ticks, self.overruns, self.step_us_p50)?;
        write!(f, "{:.1} µs), late by {:.0} µs (p99), {scheduler}", self.step_us_p999, self.lateness_us_p99)?;
        // Said only where it spoils the figures.
        if self.ticks_lost > 0 { write!(f, ", {} ticks not recorded", self.ticks_lost) } else { Ok(()) }
    }
}

impl Display for Sides {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "cart {}, console {:.1}", Known(self.cart.map(|cart| format!("{cart:.1}"))), self.console)
    }
}
