//! Listens to every tick and keeps the cart's side of the summary, for each console its own.

mod force;
mod pace;
mod totals;

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use farprobe_devices::MonotonicClock;
use farprobe_geom::Time;
use farprobe_proto::{CartReport, Epoch, Transition};
use farprobe_session::cart::ConsoleId;
use hdrhistogram::CreationError;

use self::pace::Pace;
use self::totals::Totals;
use crate::rt::{MOST_CAUGHT_UP, Tick};

/// How often the ring of ticks is emptied: a twentieth of its size.
const DRAIN_EVERY: Duration = Duration::from_millis(100);

/// How often the pace of the real-time loop is written to the log.
const LOG_EVERY: Duration = Duration::from_secs(10);

/// What a tick says to the rest of the cart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum News {
    /// The ladder made a step.
    Step(Transition),
    /// The session of this lease broke its own rules: the lease is to be taken away.
    SessionClosed(Epoch),
}

/// Drivers that are remembered: ticks are written down two seconds after they ran at the latest, and no lease changes hands so
/// often in that time.
const DRIVERS: usize = 64;

/// Who drove at a tick, seen from one console.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Driver {
    /// This console.
    This,
    /// Another, or nobody.
    Another,
}

/// Keeps the numbers of every console's session.
#[derive(Debug, Clone)]
pub(crate) struct Recorder {
    clock: MonotonicClock,
    real_time: bool,
    sessions: Arc<Mutex<Sessions>>,
    last_tick: Arc<AtomicU64>,
    whole: Whole,
}

/// The numbers of the whole run of the cart, whoever was connected.
#[derive(Debug, Clone)]
struct Whole {
    totals: Arc<Mutex<Totals>>,
    newest: Arc<Mutex<Option<Tick>>>,
    pictures: Arc<AtomicU64>,
    malformed: Arc<AtomicU64>,
}

#[derive(Debug, Default)]
struct Sessions {
    records: BTreeMap<ConsoleId, Record>,
    /// Who was given which lease, newest last.
    drivers: VecDeque<(Epoch, ConsoleId)>,
}

impl Sessions {
    fn driver(&self, epoch: Option<Epoch>) -> Option<ConsoleId> {
        let epoch = epoch?;
        self.drivers.iter().rev().find(|(of, _)| *of == epoch).map(|(_, id)| *id)
    }
}

/// The numbers of one console's session, from its welcome on.
#[derive(Debug, Clone)]
pub(crate) struct Record {
    clock: MonotonicClock,
    totals: Arc<Mutex<Totals>>,
    pictures: Arc<AtomicU64>,
    malformed: Arc<AtomicU64>,
    whole: Whole,
}

impl Record {
    /// One more picture was handed to the network for this console.
    pub(crate) fn picture_sent(&self) {
        for pictures in [&self.pictures, &self.whole.pictures] {
            pictures.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// One more datagram or frame of this console was no message.
    pub(crate) fn malformed(&self) {
        for malformed in [&self.malformed, &self.whole.malformed] {
            malformed.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// The cart's side of this console's summary. It may be a tenth of a second behind.
    pub(crate) fn report(&self) -> CartReport {
        let (pictures, malformed) = (self.pictures.load(Ordering::Relaxed), self.malformed.load(Ordering::Relaxed));
        self.totals().report(self.clock.now(), pictures, malformed)
    }

    fn totals(&self) -> MutexGuard<'_, Totals> {
        // Numbers for a report: half-updated ones after a panic elsewhere are better than none.
        self.totals.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Whole {
    fn totals(&self) -> MutexGuard<'_, Totals> {
        // As of one console.
        self.totals.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn newest(&self) -> MutexGuard<'_, Option<Tick>> {
        self.newest.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Recorder {
    /// Starts the thread that empties `ticks`. `on_news` hears every step of the ladder and every session that
    /// was closed within a tenth of a second; the thread ends when the real-time thread has dropped its end of the ring.
    pub(crate) fn start(
        clock: MonotonicClock,
        mut ticks: rtrb::Consumer<Tick>,
        real_time: bool,
        mut on_news: impl FnMut(News) + Send + 'static,
    ) -> std::io::Result<Self> {
        let whole = Totals::new(clock.now(), real_time).map_err(std::io::Error::other)?;
        let recorder = Self {
            clock,
            real_time,
            sessions: Arc::default(),
            last_tick: Arc::new(AtomicU64::new(clock.now().as_nanos())),
            whole: Whole {
                totals: Arc::new(Mutex::new(whole)),
                newest: Arc::default(),
                pictures: Arc::default(),
                malformed: Arc::default(),
            },
        };
        let recording = recorder.clone();
        let mut lately = Pace::new().map_err(std::io::Error::other)?;
        std::thread::Builder::new().name("recorder".into()).spawn(move || {
            let mut log_due = clock.now() + LOG_EVERY;
            let mut told = 0;
            let mut closed = None;
            loop {
                // Asked before the ring is emptied: the last steps of the ladder are told as well.
                let is_last = ticks.is_abandoned();
                recording.drain(&mut ticks, &mut lately, &mut closed, &mut on_news);
                let lost = lately.lost();
                if lost > told {
                    tracing::warn!(
                        "{} ticks of the real-time loop were not recorded: this machine is too busy; force, commands and \
                         steps of the summary miss them; control does not",
                        lost - told
                    );
                }
                told = lost;
                let now = clock.now();
                if now >= log_due {
                    tracing::debug!("real-time loop: {lately}");
                    lately.reset();
                    told = 0;
                    log_due = now + LOG_EVERY;
                }
                if is_last {
                    return;
                }
                std::thread::sleep(DRAIN_EVERY);
            }
        })?;
        Ok(recorder)
    }

    /// `closed` is the lease whose session was closed when last looked.
    fn drain(
        &self,
        ticks: &mut rtrb::Consumer<Tick>,
        lately: &mut Pace,
        closed: &mut Option<Epoch>,
        on_news: &mut dyn FnMut(News),
    ) {
        while let Ok(tick) = ticks.pop() {
            self.last_tick.store(tick.at.as_nanos(), Ordering::Relaxed);
            let sessions = self.sessions();
            let driver = sessions.driver(tick.state.epoch);
            for (id, record) in &sessions.records {
                record.totals().add(&tick, if driver == Some(*id) { Driver::This } else { Driver::Another });
            }
            drop(sessions);
            self.whole.totals().add(&tick, if driver.is_some() { Driver::This } else { Driver::Another });
            *self.whole.newest() = Some(tick);
            lately.add(&tick);
            let late = Duration::from_nanos(tick.lateness_ns);
            if late > MOST_CAUGHT_UP {
                tracing::warn!(
                    "this machine stood still for {} ms, and the simulated arm and patient with it; a real arm stops by \
                     itself then, and a patient goes on breathing against it",
                    late.as_millis()
                );
            }
            if let Some(transition) = tick.transition {
                on_news(News::Step(transition));
            }
            let before = core::mem::replace(closed, tick.closed_session);
            if let Some(epoch) = tick.closed_session.filter(|epoch| before != Some(*epoch)) {
                on_news(News::SessionClosed(epoch));
            }
        }
    }

    /// A console is about to be welcomed: its session begins. Ends with [`Self::close`].
    pub(crate) fn open(&self, id: ConsoleId) -> Result<Record, CreationError> {
        let totals = Totals::new(self.clock.now(), self.real_time)?;
        let record = Record {
            clock: self.clock,
            totals: Arc::new(Mutex::new(totals)),
            pictures: Arc::default(),
            malformed: Arc::default(),
            whole: self.whole.clone(),
        };
        self.sessions().records.insert(id, record.clone());
        Ok(record)
    }

    /// A console has gone.
    pub(crate) fn close(&self, id: ConsoleId) {
        self.sessions().records.remove(&id);
    }

    /// A console is about to drive under this lease.
    pub(crate) fn drives(&self, epoch: Epoch, id: ConsoleId) {
        let mut sessions = self.sessions();
        if sessions.drivers.len() == DRIVERS {
            sessions.drivers.pop_front();
        }
        sessions.drivers.push_back((epoch, id));
    }

    /// What the whole run of the cart has come to, whoever was connected, and the newest tick that was written down.
    pub(crate) fn whole(&self) -> (CartReport, Option<Tick>) {
        let Whole { pictures, malformed, .. } = &self.whole;
        let (pictures, malformed) = (pictures.load(Ordering::Relaxed), malformed.load(Ordering::Relaxed));
        (self.whole.totals().report(self.clock.now(), pictures, malformed), *self.whole.newest())
    }

    /// How many consoles are served.
    pub(crate) fn consoles(&self) -> usize {
        self.sessions().records.len()
    }

    /// How long the real-time thread has not been heard of: what the watchdog of the system is fed by.
    pub(crate) fn silence(&self) -> Duration {
        self.clock.now().saturating_since(Time::from_nanos(self.last_tick.load(Ordering::Relaxed)))
    }

    fn sessions(&self) -> MutexGuard<'_, Sessions> {
        // A map and a list, whole between calls.
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
