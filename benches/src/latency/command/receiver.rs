//! The end at the cart: what arrives is decoded and put into an inbox, and a thread takes it out at its 1 kHz ticks, as the
//! cart's real-time thread does.

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use farprobe_cart::trial::RigInbox;
use farprobe_devices::MonotonicClock;
use farprobe_geom::Time;
use farprobe_proto::{Command, ConsoleDatagram, Wire as _};
use farprobe_session::cart::{AgeLimit, CommandInbox, Reason, Verdict};

use super::{EPOCH, path};
use crate::latency::ends::usage::{Meter, Usage};
use crate::latency::ends::words::{Heard, Judged, Over, Ready, ReceivePlan, Received, Window};
use crate::latency::ends::{hear, tell, tune};

/// As many as the cart's real-time thread has room for.
const INBOX_SLOTS: usize = 1024;

/// The period of the thread that reads: the cart's 1 kHz, and 1 µs more. The clocks of two machines drift past each other and so
/// bring every phase between sample and tick; these two would keep theirs. With the microsecond each second brings every phase
/// once.
const PERIOD: Duration = Duration::from_micros(1_001);

/// Room for what is heard, so that nothing is allocated while it counts: a minute of 1,000 commands a second.
const ROOM: usize = 60_000;

/// A command that is readable.
struct Arrived {
    at: Time,
    command: Command,
}

/// Takes what a path brings.
pub(crate) struct Sink {
    clock: MonotonicClock,
    inbox: Inbox,
    malformed: Arc<AtomicU64>,
    overflowed: Arc<AtomicU64>,
}

/// Where commands go.
enum Inbox {
    /// To a thread that does nothing but read them.
    Reader(rtrb::Producer<Arrived>),
    /// To the cart's own real-time thread.
    Servo(RigInbox),
}

impl Sink {
    /// To the cart's own real-time thread. Nobody counts what is no command, or finds no room there: it is not applied.
    pub(crate) fn servo(clock: MonotonicClock, inbox: RigInbox) -> Self {
        Self { clock, inbox: Inbox::Servo(inbox), malformed: Arc::default(), overflowed: Arc::default() }
    }

    /// Takes a datagram. From the stamp on it is readable by the real-time thread.
    pub(crate) fn take(&mut self, bytes: &[u8]) {
        match ConsoleDatagram::decode(bytes) {
            Ok(ConsoleDatagram::Command(command)) => {
                let at = self.clock.now();
                let taken = match &mut self.inbox {
                    Inbox::Reader(inbox) => inbox.push(Arrived { at, command }).is_ok(),
                    Inbox::Servo(inbox) => inbox.push(at, command),
                };
                if !taken {
                    self.overflowed.fetch_add(1, Ordering::Relaxed);
                }
            }
            Ok(ConsoleDatagram::Stop(_)) | Err(_) => {
                self.malformed.fetch_add(1, Ordering::Relaxed);
            }
        }
    }
}

/// Listens as planned, and tells what it heard.
pub(crate) fn run(plan: &ReceivePlan) -> Result<(), Box<dyn Error>> {
    tune(plan.tuning)?;
    let clock = MonotonicClock;
    let (producer, inbox) = rtrb::RingBuffer::new(INBOX_SLOTS);
    let (malformed, overflowed) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    let to_reader = Inbox::Reader(producer);
    let sink = Sink { clock, inbox: to_reader, malformed: Arc::clone(&malformed), overflowed: Arc::clone(&overflowed) };
    let listening = path::listen(plan, sink)?;
    tell(&Ready { at: Some(listening.at), certificate: listening.certificate.clone() })?;
    let window = hear()?;
    let reader = Reader::start(clock, inbox, window)?;
    let Over = hear()?;
    let (heard, usage) = reader.finish()?;
    let count = |of: &AtomicU64| of.load(Ordering::Relaxed);
    tell(&Received { heard, malformed: count(&malformed), overflowed: count(&overflowed), usage })?;
    let Over = hear()?;
    Ok(())
}

/// The thread that reads the inbox.
struct Reader {
    over: Arc<AtomicBool>,
    thread: JoinHandle<(Vec<Heard>, Usage)>,
}

impl Reader {
    fn start(clock: MonotonicClock, inbox: rtrb::Consumer<Arrived>, window: Window) -> std::io::Result<Self> {
        let over = Arc::new(AtomicBool::new(false));
        let ended = Arc::clone(&over);
        let thread =
            std::thread::Builder::new().name("servo".into()).spawn(move || read(clock, inbox, &window, &ended))?;
        Ok(Self { over, thread })
    }

    fn finish(self) -> Result<(Vec<Heard>, Usage), Box<dyn Error>> {
        self.over.store(true, Ordering::Release);
        self.thread.join().map_err(|_| "the thread that reads has panicked".into())
    }
}

fn read(
    clock: MonotonicClock,
    mut inbox: rtrb::Consumer<Arrived>,
    window: &Window,
    over: &AtomicBool,
) -> (Vec<Heard>, Usage) {
    let mut heard = Vec::with_capacity(ROOM);
    let mut filter = CommandInbox::new(AgeLimit::DEFAULT);
    filter.set_epoch(Some(EPOCH));
    let mut meter = None;
    let mut usage = None;
    let mut due = window.begin;
    while !over.load(Ordering::Acquire) {
        clock.sleep_until(due);
        let read_at = clock.now();
        while let Ok(Arrived { at, command }) = inbox.pop() {
            let judged = match filter.receive(at, &command) {
                Verdict::Fresh => Judged::Fresh,
                Verdict::Refused(Reason::Late) => Judged::Late,
                Verdict::Refused(_) => Judged::Other,
            };
            let stamps = [command.sampled_at, command.sent_at, at, read_at].map(Time::as_nanos);
            heard.push(Heard(command.sequence, stamps[0], stamps[1], stamps[2], stamps[3], judged));
        }
        if meter.is_none() && read_at >= window.from {
            meter = Some(Meter::start(read_at));
        }
        if usage.is_none() && read_at >= window.until {
            usage = meter.map(|meter| meter.usage(read_at));
        }
        due = next_due(due, read_at);
    }
    (heard, usage.unwrap_or_default())
}

/// The first tick of the grid of `due` after `now`.
fn next_due(due: Time, now: Time) -> Time {
    let missed = now.saturating_since(due).as_nanos() / PERIOD.as_nanos();
    due + PERIOD * u32::try_from(missed).unwrap_or(u32::MAX).saturating_add(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_late_reader_stays_on_its_grid() {
        let due = Time::from_millis(10);
        let next = |late_us| next_due(due, due + Duration::from_micros(late_us)).saturating_since(due).as_micros();
        assert_eq!([next(0), next(999), next(1_001), next(2_500)], [1_001, 1_001, 2_002, 3_003]);
    }
}
