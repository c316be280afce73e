//! Where the exam's events go: to the window or, without one, to the progress line; and always to the session log.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use farprobe_devices::MonotonicClock;
use farprobe_geom::Time;
use farprobe_proto::{Event as CartEvent, LeaseStatus, ScannerSettings, Severity};
use farprobe_record::{LogEntry, SessionLog};

use crate::model::Event;
use crate::words::{self, Driver};

/// Takes events, in any thread, and must not wait.
pub type Sink = Arc<dyn Fn(Time, Event) + Send + Sync>;

/// The front of the console. Cheap to clone.
#[derive(Clone)]
pub struct Front {
    clock: MonotonicClock,
    sink: Sink,
    log: Arc<SessionLog>,
    logged: Arc<Mutex<Logged>>,
}

/// What the log says already.
#[derive(Default)]
struct Logged {
    scanner: Option<ScannerSettings>,
}

impl Front {
    /// A front with this sink and this log.
    pub fn new(clock: MonotonicClock, sink: Sink, log: Arc<SessionLog>) -> Self {
        Self { clock, sink, log, logged: Arc::default() }
    }

    /// Tells what has just happened.
    pub fn tell(&self, event: Event) {
        self.tell_at(self.clock.now(), event);
    }

    /// Tells what happened at `at`, console clock.
    pub fn tell_at(&self, at: Time, event: Event) {
        self.record(at, &event);
        (self.sink)(at, event);
    }

    /// Something went wrong on this side.
    pub fn fault(&self, severity: Severity, text: String) {
        self.tell(Event::Fault { severity, text });
    }

    /// The cart has something to say.
    pub fn notice(&self, event: CartEvent) {
        self.tell(Event::Notice(event));
    }

    /// Writes a named moment into the log.
    pub fn mark(&self, name: &str) {
        self.log.write(self.clock.now(), LogEntry::Mark { words: name.to_owned() });
    }

    fn logged(&self) -> MutexGuard<'_, Logged> {
        self.logged.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn record(&self, at: Time, event: &Event) {
        let entry = match event {
            Event::Step(step) => LogEntry::from(*step),
            Event::Lease(status) => {
                let (epoch, words) = match status {
                    LeaseStatus::Yours(epoch) => (Some(*epoch), "this console may drive".to_owned()),
                    LeaseStatus::Free => (None, "nobody drives".to_owned()),
                    LeaseStatus::HeldBy(name) => (None, format!("{name} drives")),
                    LeaseStatus::Refused(reason) => (None, format!("refused: {reason:?}")),
                };
                LogEntry::Lease { epoch, words }
            }
            Event::Scanner(reply) => {
                let settings = reply.state.settings;
                // The cart answers who asked, and then tells everybody.
                if self.logged().scanner.replace(settings) == Some(settings) {
                    return;
                }
                LogEntry::Scanner { settings }
            }
            Event::Fault { severity, text } => LogEntry::Event { severity: *severity, words: text.clone() },
            Event::Notice(notice) => LogEntry::Event { severity: notice.severity, words: notice.text.clone() },
            Event::Lost { reason } => LogEntry::Event { severity: Severity::Alarm, words: reason.clone() },
            Event::Connected(welcome) => {
                let found = welcome.standing.map_or_else(String::new, |standing| {
                    let title = words::ladder(standing.ladder, Driver::Another).title.to_lowercase();
                    format!("; found it {title} ({})", words::because(standing.cause, standing.origin, Driver::Another))
                });
                let words = format!("connected to {} ({}){found}", welcome.cart, welcome.software);
                LogEntry::Event { severity: Severity::Info, words }
            }
            Event::Handle(status) => {
                let clutch = words::clutch(status.clutch, status.opening);
                match &status.lost {
                    None => LogEntry::Event { severity: Severity::Info, words: clutch.into_owned() },
                    Some(lost) => LogEntry::Event { severity: Severity::Alarm, words: format!("{clutch}: {lost}") },
                }
            }
            Event::StopWaits => {
                let words = words::STOP_WAITS.to_owned();
                LogEntry::Event { severity: Severity::Alarm, words }
            }
            Event::StopSent => LogEntry::Event { severity: Severity::Alarm, words: "stop sent".to_owned() },
            _ => return,
        };
        self.log.write(at, entry);
    }
}
