//! Asks the system for real-time treatment of the calling thread, and tells what it got.

use std::fmt;

use rustix::mm::{MlockAllFlags, mlockall};
use thread_priority::unix::{
    RealtimeThreadSchedulePolicy, ThreadSchedulePolicy, set_thread_priority_and_policy, thread_native_id,
};
use thread_priority::{ThreadPriority, ThreadPriorityValue};

/// How the thread is scheduled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Scheduling {
    /// `SCHED_FIFO` at this priority, memory locked.
    RealTime {
        /// 1–99.
        priority: u8,
    },
    /// Something was not allowed; the loop runs all the same, and its lateness is measured.
    BestEffort {
        /// What was not allowed and how to allow it.
        why: String,
    },
}

impl Scheduling {
    /// Whether both the scheduler and the memory lock were granted.
    pub(crate) fn is_real_time(&self) -> bool {
        matches!(self, Self::RealTime { .. })
    }
}

impl fmt::Display for Scheduling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RealTime { priority } => write!(f, "SCHED_FIFO priority {priority}, memory locked"),
            Self::BestEffort { why } => write!(f, "ordinary scheduling ({why})"),
        }
    }
}

/// Makes the calling thread real-time as far as the system allows.
pub(crate) fn enter(priority: u8) -> Scheduling {
    let fifo = ThreadPriorityValue::try_from(priority).and_then(|value| {
        let policy = ThreadSchedulePolicy::Realtime(RealtimeThreadSchedulePolicy::Fifo);
        set_thread_priority_and_policy(thread_native_id(), ThreadPriority::Crossplatform(value), policy)
            .map_err(|error| format!("{error:?}"))
    });
    // Page faults cost milliseconds: what has been touched once stays in memory. ONFAULT, because locking every mapping of a
    // program with a video encoder would pin hundreds of megabytes that nobody touches.
    let locked = mlockall(MlockAllFlags::CURRENT | MlockAllFlags::FUTURE | MlockAllFlags::ONFAULT);
    match (fifo, locked) {
        (Ok(()), Ok(())) => Scheduling::RealTime { priority },
        (Err(error), _) => Scheduling::BestEffort {
            why: format!("SCHED_FIFO was refused: {error}; allow it with CAP_SYS_NICE or LimitRTPRIO={priority}"),
        },
        (Ok(()), Err(error)) => Scheduling::BestEffort {
            why: format!("mlockall was refused: {error}; allow it with CAP_IPC_LOCK or LimitMEMLOCK=infinity"),
        },
    }
}
