//! What the thread that hears a console's commands shares with the tasks that attend to it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use farprobe_geom::Time;
use farprobe_proto::Echo;

/// Commands count only while the tasks run: they alone can take a lease away, hear a disarm and tell the console how the cart is.
/// They send a state every 4 ms. After this long without one, which is the age at which a command is refused, they count as dead
/// and the link as lost.
const TASKS_DEAD_AFTER: Duration = Duration::from_millis(50);

/// What one console was heard to say last, and whether anybody attends to it.
#[derive(Debug)]
pub(super) struct Heard {
    /// The stamps of its last command, for its clock estimate.
    echo: Mutex<Option<Echo>>,
    /// When a task of its own ran last, in ns of the cart's clock.
    ran_at: AtomicU64,
}

impl Heard {
    /// Nothing was heard, and the task that asks for this runs.
    pub(super) fn new(now: Time) -> Self {
        Self { echo: Mutex::new(None), ran_at: AtomicU64::new(now.as_nanos()) }
    }

    pub(super) fn set(&self, echo: Echo) {
        *self.echo.lock().unwrap_or_else(PoisonError::into_inner) = Some(echo);
    }

    pub(super) fn get(&self) -> Option<Echo> {
        *self.echo.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A task of this console runs.
    pub(super) fn task_ran(&self, now: Time) {
        self.ran_at.store(now.as_nanos(), Ordering::Relaxed);
    }

    /// Whether tasks still run.
    pub(super) fn tasks_live(&self, now: Time) -> bool {
        now.saturating_since(Time::from_nanos(self.ran_at.load(Ordering::Relaxed))) <= TASKS_DEAD_AFTER
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cart_whose_tasks_stand_still_hears_no_command() {
        let heard = Heard::new(Time::from_millis(1000));
        assert!(heard.tasks_live(Time::from_millis(1050)));
        assert!(!heard.tasks_live(Time::from_millis(1051)));
        heard.task_ran(Time::from_millis(1100));
        assert!(heard.tasks_live(Time::from_millis(1150)));
        assert!(!heard.tasks_live(Time::from_millis(1151)));
        // Stamps of two threads may cross.
        assert!(heard.tasks_live(Time::from_millis(1099)));
    }
}
