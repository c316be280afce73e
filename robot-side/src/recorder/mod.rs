//! Listens to every tick and keeps the cart's side of the summary.

mod force;
mod pace;
mod totals;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use farprobe_devices::MonotonicClock;
use farprobe_geom::Time;
use farprobe_proto::{CartReport, Epoch, Transition};

use self::pace::Pace;
use self::totals::Totals;
use crate::rt::Tick;

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

/// Keeps the numbers of the present console session.
#[derive(Debug, Clone)]
pub(crate) struct Recorder {
    clock: MonotonicClock,
    totals: Arc<Mutex<Totals>>,
    pictures: Arc<AtomicU64>,
    malformed: Arc<AtomicU64>,
    last_tick: Arc<AtomicU64>,
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
        let totals = Totals::new(clock.now(), real_time).map_err(std::io::Error::other)?;
        let recorder = Self {
            clock,
            totals: Arc::new(Mutex::new(totals)),
            pictures: Arc::default(),
            malformed: Arc::default(),
            last_tick: Arc::new(AtomicU64::new(clock.now().as_nanos())),
        };
        let recording = recorder.clone();
        let mut lately = Pace::new().map_err(std::io::Error::other)?;
        std::thread::Builder::new().name("recorder".into()).spawn(move || {
            let mut log_due = clock.now() + LOG_EVERY;
            let mut told = 0;
            let mut closed = None;
            while !ticks.is_abandoned() {
                std::thread::sleep(DRAIN_EVERY);
                recording.drain(&mut ticks, &mut lately, &mut closed, &mut on_news);
                let lost = lately.lost();
                if lost > told {
                    tracing::warn!(
                        "{} ticks of the real-time loop were not recorded: this machine is too busy; force, commands and \
                         ladder of the summary miss them; control does not",
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
            self.totals().add(&tick);
            lately.add(&tick);
            if let Some(transition) = tick.transition {
                on_news(News::Step(transition));
            }
            let before = core::mem::replace(closed, tick.closed_session);
            if let Some(epoch) = tick.closed_session.filter(|epoch| before != Some(*epoch)) {
                on_news(News::SessionClosed(epoch));
            }
        }
    }

    /// A console has taken the wheel: its summary begins here.
    pub(crate) fn restart(&self) {
        self.pictures.store(0, Ordering::Relaxed);
        self.malformed.store(0, Ordering::Relaxed);
        self.totals().restart(self.clock.now());
    }

    /// One more picture was handed to the network.
    pub(crate) fn picture_sent(&self) {
        self.pictures.fetch_add(1, Ordering::Relaxed);
    }

    /// One more datagram was no message.
    pub(crate) fn malformed(&self) {
        self.malformed.fetch_add(1, Ordering::Relaxed);
    }

    /// The cart's side of the summary since [`Self::restart`].
    pub(crate) fn report(&self) -> CartReport {
        let mut report = self.totals().report(self.clock.now(), self.pictures.load(Ordering::Relaxed));
        report.refused.malformed = self.malformed.load(Ordering::Relaxed);
        report
    }

    /// How long the real-time thread has not been heard of: what the watchdog of the system is fed by.
    pub(crate) fn silence(&self) -> Duration {
        self.clock.now().saturating_since(Time::from_nanos(self.last_tick.load(Ordering::Relaxed)))
    }

    fn totals(&self) -> MutexGuard<'_, Totals> {
        // Numbers for a report: half-updated ones after a panic elsewhere are better than none.
        self.totals.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
