//! What an end costs the machine.

use std::time::Duration;

use farprobe_geom::Time;
use rustix::time::{ClockId, clock_gettime};
use serde::{Deserialize, Serialize};

/// What a process took of the machine while it counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Usage {
    /// CPU time of all its threads, % of one core.
    pub(crate) cpu_percent: f64,
    /// The most memory it ever had, MB (10⁶ bytes).
    pub(crate) peak_mb: f64,
}

/// Measures from one moment on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Meter {
    began: Time,
    cpu: Duration,
}

impl Meter {
    /// Begins now.
    pub(crate) fn start(now: Time) -> Self {
        Self { began: now, cpu: process_time() }
    }

    /// What was used since.
    pub(crate) fn usage(&self, now: Time) -> Usage {
        let cpu = process_time().saturating_sub(self.cpu).as_secs_f64();
        let wall = now.saturating_since(self.began).as_secs_f64();
        let cpu_percent = if wall > 0.0 { 100.0 * cpu / wall } else { 0.0 };
        Usage { cpu_percent, peak_mb: peak_mb() }
    }
}

fn process_time() -> Duration {
    let now = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(now.tv_sec.unsigned_abs(), now.tv_nsec.unsigned_abs() as u32)
}

/// The high-water mark of the resident memory; 0 where the system does not tell.
fn peak_mb() -> f64 {
    std::fs::read_to_string("/proc/self/status").ok().and_then(|status| peak_of(&status)).unwrap_or_default()
}

fn peak_of(status: &str) -> Option<f64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024.0 / 1e6)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_peak_is_read_in_megabytes() {
        assert_eq!(peak_of("Name:\tx\nVmHWM:\t   10000 kB\nVmRSS:\t 1 kB\n"), Some(10.24));
        assert_eq!(peak_of("Name:\tx\n"), None);
        assert!(peak_mb() > 0.0);
    }
}
