//! What this program costs the machine.

use std::time::{Duration, Instant};

use sysinfo::{Pid, ProcessRefreshKind, ProcessesToUpdate, System};

/// Measures CPU time and memory of the calling process from the moment it is made.
#[derive(Debug)]
pub struct ProcessMeter {
    /// `None` where the system does not tell.
    source: Option<(System, Pid)>,
    since: Instant,
    cpu_before: Duration,
}

/// CPU use and memory of a process.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ProcessCost {
    /// % of one core since the meter was made.
    pub cpu_percent: f64,
    /// Resident memory, MB (10⁶ bytes).
    pub rss_mb: f64,
}

impl ProcessMeter {
    /// Starts measuring.
    pub fn start() -> Self {
        let mut meter = Self {
            source: System::new().ok().zip(sysinfo::get_current_pid().ok()),
            since: Instant::now(),
            cpu_before: Duration::ZERO,
        };
        meter.cpu_before = meter.read().0;
        meter
    }

    /// The cost so far. Zeros where the system does not tell.
    pub fn cost(&mut self) -> ProcessCost {
        let (cpu, memory) = self.read();
        let wall = self.since.elapsed().as_secs_f64().max(1e-3);
        let cpu = cpu.saturating_sub(self.cpu_before).as_secs_f64();
        ProcessCost { cpu_percent: cpu / wall * 100.0, rss_mb: memory as f64 / 1e6 }
    }

    fn read(&mut self) -> (Duration, u64) {
        let Some((system, pid)) = &mut self.source else { return (Duration::ZERO, 0) };
        let wanted = ProcessRefreshKind::nothing().with_cpu().with_memory();
        system.refresh_processes_specifics(ProcessesToUpdate::Some(&[*pid]), false, wanted);
        system.process(*pid).map_or((Duration::ZERO, 0), |process| {
            (Duration::from_millis(process.accumulated_cpu_time()), process.memory())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_that_works_costs_time_and_memory() {
        let mut meter = ProcessMeter::start();
        let mut sum = 0_u64;
        while meter.cost().cpu_percent == 0.0 {
            sum = std::hint::black_box((0..1_000_000_u64).fold(sum, u64::wrapping_add));
        }
        assert!(meter.cost().rss_mb > 0.1);
    }
}
