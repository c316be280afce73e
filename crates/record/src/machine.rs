//! On what a figure was measured.

use serde::{Deserialize, Serialize};
use sysinfo::{CpuRefreshKind, MemoryRefreshKind, RefreshKind, System};

/// The machine a session ran on: what a figure needs to be compared. Without its name, which may be a person's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Machine {
    /// The processor, as it names itself.
    pub cpu: String,
    /// Logical processors.
    pub cores: usize,
    /// Memory, MB (10⁶ bytes).
    pub memory_mb: u64,
    /// Operating system and kernel.
    pub system: String,
}

impl Machine {
    /// This machine.
    pub fn here() -> Self {
        let wanted = RefreshKind::nothing()
            .with_cpu(CpuRefreshKind::nothing())
            .with_memory(MemoryRefreshKind::nothing().with_ram());
        let hardware = System::new_with_specifics(wanted).ok();
        let cpus = hardware.as_ref().map_or(&[][..], System::cpus);
        let cpu = cpus.first().map_or("", |cpu| cpu.brand()).trim();
        let name = System::long_os_version().unwrap_or_else(|_| "unknown system".to_owned());
        let kernel = System::kernel_version().unwrap_or_else(|_| "unknown".to_owned());
        Self {
            cpu: if cpu.is_empty() { "unknown".to_owned() } else { cpu.to_owned() },
            cores: cpus.len(),
            memory_mb: hardware.as_ref().map_or(0, System::total_memory) / 1_000_000,
            system: format!("{name}, kernel {kernel}"),
        }
    }
}

/// The commit this program was built from; "unknown" when it was built outside a repository.
pub const fn commit() -> &'static str {
    env!("FARPROBE_COMMIT")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_has_a_processor_and_memory() {
        let here = Machine::here();
        assert!(here.cores > 0 && here.memory_mb > 0, "{here:?}");
        assert!(!commit().is_empty());
    }
}
