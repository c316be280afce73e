//! Listens to every tick and keeps the cart's side of the summary.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use farprobe_devices::MonotonicClock;
use farprobe_geom::{Newton, Time};
use farprobe_proto::{CartReport, Contact, ForceReport, Ladder, RefusedCommands, RtLoopReport, Transition};
use farprobe_record::ProcessMeter;
use farprobe_record::audit::{self, AppliedEntry};
use hdrhistogram::{CreationError, Histogram};

use crate::rt::{PERIOD, Tick};

/// How often the ring of ticks is emptied: a twentieth of its size.
const DRAIN_EVERY: Duration = Duration::from_millis(100);

/// Force counts as settled when its target has not changed for this long: a breath's steepest part has passed through the
/// force law by then.
const SETTLED_AFTER: Duration = Duration::from_millis(500);

/// Targets closer than this are the same target, N.
const SAME_TARGET: f64 = 0.05;

/// Applied commands kept for the audit: an hour at 500 a second. Later ones push the oldest out.
const AUDIT_ENTRIES: usize = 1_800_000;

/// Histograms reach to ten seconds, in ns.
const LONGEST_NS: u64 = 10_000_000_000;

/// Keeps the numbers of the present console session.
#[derive(Debug, Clone)]
pub struct Recorder {
    clock: MonotonicClock,
    totals: Arc<Mutex<Totals>>,
    pictures: Arc<AtomicU64>,
    malformed: Arc<AtomicU64>,
    last_tick: Arc<AtomicU64>,
}

#[derive(Debug)]
struct Totals {
    since: Time,
    cost: ProcessMeter,
    real_time: bool,
    ticks: u64,
    overruns: u64,
    step: Histogram<u64>,
    lateness: Histogram<u64>,
    force: Force,
    refused: RefusedCommands,
    refused_before: RefusedCommands,
    applied: VecDeque<AppliedEntry>,
    applied_count: u64,
    ladder: Vec<Transition>,
}

#[derive(Debug, Default)]
struct Force {
    peak: f64,
    sum: f64,
    samples: u64,
    is_true: bool,
    target: f64,
    target_since: Option<Time>,
}

impl Force {
    fn add(&mut self, tick: &Tick) {
        self.is_true = tick.force_is_true;
        self.peak = self.peak.max(tick.force_norm);
        let driving = tick.state.ladder == Ladder::Engaged && tick.state.contact == Contact::Touching;
        let target = tick.state.force_target.get();
        if !driving || (target - self.target).abs() > SAME_TARGET {
            self.target_since = driving.then_some(tick.at);
            self.target = if driving { target } else { self.target };
            return;
        }
        let since = *self.target_since.get_or_insert(tick.at);
        if tick.at.saturating_since(since) >= SETTLED_AFTER && tick.force_along_axis.is_finite() {
            self.sum += tick.force_along_axis;
            self.samples += 1;
        }
    }

    fn report(&self) -> ForceReport {
        let newton = |value| Newton::new(value).unwrap_or(Newton::ZERO);
        ForceReport {
            peak: newton(self.peak),
            mean_in_contact: (self.samples > 0).then(|| newton(self.sum / self.samples as f64)),
            target: newton(self.target),
            is_true_force: self.is_true,
        }
    }
}

impl Totals {
    fn new(since: Time, real_time: bool) -> Result<Self, CreationError> {
        Ok(Self {
            since,
            cost: ProcessMeter::start(),
            real_time,
            ticks: 0,
            overruns: 0,
            step: Histogram::new_with_max(LONGEST_NS, 3)?,
            lateness: Histogram::new_with_max(LONGEST_NS, 3)?,
            force: Force::default(),
            refused: RefusedCommands::default(),
            refused_before: RefusedCommands::default(),
            applied: VecDeque::new(),
            applied_count: 0,
            ladder: Vec::new(),
        })
    }

    fn restart(&mut self, now: Time) {
        self.since = now;
        self.cost = ProcessMeter::start();
        self.ticks = 0;
        self.overruns = 0;
        self.step.reset();
        self.lateness.reset();
        self.force = Force::default();
        self.refused_before = self.refused;
        self.applied.clear();
        self.applied_count = 0;
        self.ladder.clear();
    }

    fn add(&mut self, tick: &Tick) {
        self.ticks += 1;
        self.overruns += u64::from(u128::from(tick.lateness_ns) > PERIOD.as_nanos());
        self.step.saturating_record(tick.step_ns);
        self.lateness.saturating_record(tick.lateness_ns);
        self.force.add(tick);
        self.refused = tick.refused;
        if let Some(applied) = tick.applied {
            if self.applied.len() == AUDIT_ENTRIES {
                self.applied.pop_front();
            }
            self.applied.push_back(AppliedEntry { sampled_at: applied.sampled_at, arrived_at: applied.arrived_at });
            self.applied_count += 1;
        }
        self.ladder.extend(tick.transition);
    }

    fn report(&mut self, now: Time, pictures_sent: u64) -> CartReport {
        let cost = self.cost.cost();
        let entries = self.applied.make_contiguous();
        CartReport {
            duration_s: now.saturating_since(self.since).as_secs_f64(),
            commands_applied: self.applied_count,
            stale_applied: audit::stale_applied(entries),
            refused: difference(self.refused, self.refused_before),
            excess_transit_ms: audit::excess_transit_ms(entries),
            pictures_sent,
            force: self.force.report(),
            rt_loop: RtLoopReport {
                ticks: self.ticks,
                overruns: self.overruns,
                step_us_p50: self.step.value_at_quantile(0.5) as f64 / 1e3,
                step_us_p999: self.step.value_at_quantile(0.999) as f64 / 1e3,
                lateness_us_p99: self.lateness.value_at_quantile(0.99) as f64 / 1e3,
                realtime_scheduling: self.real_time,
            },
            ladder: self.ladder.clone(),
            cpu_percent: cost.cpu_percent,
            rss_mb: cost.rss_mb,
        }
    }
}

fn difference(now: RefusedCommands, before: RefusedCommands) -> RefusedCommands {
    RefusedCommands {
        old: now.old.saturating_sub(before.old),
        late: now.late.saturating_sub(before.late),
        epoch: now.epoch.saturating_sub(before.epoch),
        malformed: now.malformed.saturating_sub(before.malformed),
        jump: now.jump.saturating_sub(before.jump),
    }
}

impl Recorder {
    /// Starts the thread that empties `ticks`. `on_transition` hears every step of the ladder within a tenth of a second;
    /// the thread ends when the real-time thread has dropped its end of the ring.
    pub fn start(
        clock: MonotonicClock,
        mut ticks: rtrb::Consumer<Tick>,
        real_time: bool,
        mut on_transition: impl FnMut(Transition) + Send + 'static,
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
        std::thread::Builder::new().name("recorder".into()).spawn(move || {
            while !ticks.is_abandoned() {
                std::thread::sleep(DRAIN_EVERY);
                recording.drain(&mut ticks, &mut on_transition);
            }
        })?;
        Ok(recorder)
    }

    fn drain(&self, ticks: &mut rtrb::Consumer<Tick>, on_transition: &mut dyn FnMut(Transition)) {
        while let Ok(tick) = ticks.pop() {
            self.last_tick.store(tick.at.as_nanos(), Ordering::Relaxed);
            self.totals().add(&tick);
            if let Some(transition) = tick.transition {
                on_transition(transition);
            }
        }
    }

    /// A console has taken the wheel: its summary begins here.
    pub fn restart(&self) {
        self.pictures.store(0, Ordering::Relaxed);
        self.malformed.store(0, Ordering::Relaxed);
        self.totals().restart(self.clock.now());
    }

    /// One more picture was handed to the network.
    pub fn picture_sent(&self) {
        self.pictures.fetch_add(1, Ordering::Relaxed);
    }

    /// One more datagram was no message.
    pub fn malformed(&self) {
        self.malformed.fetch_add(1, Ordering::Relaxed);
    }

    /// The cart's side of the summary since [`Self::restart`].
    pub fn report(&self) -> CartReport {
        let mut report = self.totals().report(self.clock.now(), self.pictures.load(Ordering::Relaxed));
        report.refused.malformed = self.malformed.load(Ordering::Relaxed);
        report
    }

    /// How long the real-time thread has not been heard of: what the watchdog of the system is fed by.
    pub fn silence(&self) -> Duration {
        self.clock.now().saturating_since(Time::from_nanos(self.last_tick.load(Ordering::Relaxed)))
    }

    fn totals(&self) -> MutexGuard<'_, Totals> {
        // Numbers for a report: half-updated ones after a panic elsewhere are better than none.
        self.totals.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
