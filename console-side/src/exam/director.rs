//! Runs an exam from the first connection to the saved summary: takes what the operator, the handle and the script want, and
//! sees that it is done.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::time::{Duration, SystemTime};

use arc_swap::ArcSwapOption;
use farprobe_devices::{Handle, HandleButton, HandleEvent, MonotonicClock};
use farprobe_geom::{Metre, Newton, Time};
use farprobe_proto::{CartDatagram, CartReport, Clutch, ScannerSettings, Severity, Welcome};
use farprobe_record::{LogEntry, ProcessMeter, SessionLog, Summary};
use farprobe_session::accounting::Span;
use farprobe_transport::Connection;
use tokio::runtime::Runtime;
use tokio::sync::mpsc;

use super::front::{Front, Sink};
use super::ledger::SharedLedger;
use super::link::{self, AfterLoss, Destination, Request, Surroundings};
use super::pump::{HandleStart, Pump, PumpEvent};
use super::shots::Shots;
use super::steering::ClutchLatch;
use super::summary::{self, Facts};
use super::witness::Witness;
use crate::handles::{self, ScriptFacts};
use crate::model::{Caption, Event, HandleKind, HandleStatus, Intent, LatencySnapshot};

/// How often latencies are told to the view: fast enough to follow, slow enough to read.
const LATENCIES_EVERY: Duration = Duration::from_millis(250);

/// How long the cart has for its side of the summary.
const REPORT_WITHIN: Duration = Duration::from_secs(2);

/// Requests that wait for the network.
const REQUEST_SLOTS: usize = 64;

/// One press of a force button, N.
const FORCE_STEP: Newton = Newton::literal(0.5);
/// One press of a depth button, m.
const DEPTH_STEP: Metre = Metre::literal(0.01);
/// One press of a gain button, dB.
const GAIN_STEP: f32 = 2.0;

/// Something that asks for the director's attention.
#[derive(Debug)]
pub enum Happening {
    /// The handle's thread has something to say.
    Pump(PumpEvent),
    /// The window has.
    Intent(Intent),
    /// The cart has welcomed the console.
    Welcome(Box<Welcome>),
    /// The scanner has these settings.
    Scanner(ScannerSettings),
    /// The network's task has ended, with the reason of a refusal if there is one.
    LinkEnded(Result<(), String>),
    /// Ctrl-C, or the demo's cart has died.
    End(String),
}

/// What an exam is made of.
pub struct Plan {
    /// The console's clock.
    pub clock: MonotonicClock,
    /// Where to connect to.
    pub destination: Destination,
    /// What the specialist holds.
    pub handle: Box<dyn Handle>,
    /// What kind of handle it is.
    pub kind: HandleKind,
    /// When it begins to be read.
    pub start: HandleStart,
    /// What is known of the script, if the handle plays one. A script ends with its first lost connection: it can't see what
    /// happened meanwhile. A person is connected again for as long as it takes.
    pub script: Option<ScriptFacts>,
    /// Where `summary.json`, `session.log` and pictures go.
    pub out: PathBuf,
    /// Whether a window paints the pictures.
    pub painted_by_window: bool,
}

/// A running exam.
pub struct Director {
    plan: Facts,
    happenings: Receiver<Happening>,
    front: Front,
    ledger: SharedLedger,
    connection: Arc<ArcSwapOption<Connection>>,
    requests: mpsc::Sender<Request>,
    reports: mpsc::Receiver<CartReport>,
    pump: Option<Pump>,
    runtime: Runtime,
    log: Arc<SessionLog>,
    meter: ProcessMeter,
    shots: Shots,
    kind: HandleKind,
    handle_name: String,
    script: Option<ScriptFacts>,
    witness: Witness,
    script_began: Option<Time>,
    scanner: Option<ScannerSettings>,
    /// What a script thinks the scanner has.
    scripted: Option<ScannerSettings>,
    clock: MonotonicClock,
}

/// How an exam ended.
#[derive(Debug)]
pub struct Ended {
    /// The summary, saved already; `None` if no cart ever let this console in, so that there was no exam.
    pub summary: Option<Summary>,
    /// What went wrong, if something did.
    pub problem: Option<String>,
}

impl Director {
    /// Starts everything. `happenings` is where the window's intents go, and what this hears its own threads by.
    pub fn start(
        plan: Plan,
        sink: Sink,
        shots: Shots,
        happenings: (Sender<Happening>, Receiver<Happening>),
    ) -> Result<Self, Box<dyn std::error::Error>> {
        let Plan { clock, destination, handle, kind, start, script, out, painted_by_window } = plan;
        let meter = ProcessMeter::start();
        let log = Arc::new(SessionLog::create(&out.join("session.log"))?);
        summary::begin(&log, clock);
        let (tell, heard) = happenings;
        let ledger = SharedLedger::new(Newton::ZERO);
        let witness = Witness::default();
        let ears = attentive(sink, tell.clone(), ledger.clone(), witness.clone(), painted_by_window);
        let front = Front::new(clock, ears, Arc::clone(&log));
        let connection = Arc::new(ArcSwapOption::empty());
        let (requests, asked) = mpsc::channel(REQUEST_SLOTS);
        let (report, reports) = mpsc::channel(1);
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        let around = Surroundings {
            clock,
            ledger: ledger.clone(),
            front: front.clone(),
            connection: Arc::clone(&connection),
            reports: report,
        };
        let after_loss = if script.is_some() { AfterLoss::End } else { AfterLoss::Reconnect };
        let ended = tell.clone();
        runtime.spawn(async move {
            let result = link::keep(destination, after_loss, around, asked).await;
            // The director may be gone already.
            let _ = ended.send(Happening::LinkEnded(result));
        });
        let interrupted = tell.clone();
        runtime.spawn(async move {
            if tokio::signal::ctrl_c().await.is_ok() {
                let _ = interrupted.send(Happening::End("Ctrl-C".to_owned()));
            }
        });
        let handle_name = handle.name().to_owned();
        let (pump_events, pumped) = std::sync::mpsc::channel();
        let pump = Pump::start(clock, handle, start, ledger.clone(), Arc::clone(&connection), pump_events)?;
        std::thread::Builder::new().name("pump-events".into()).spawn(move || {
            for event in pumped {
                if tell.send(Happening::Pump(event)).is_err() {
                    return;
                }
            }
        })?;
        let facts = Facts { out, started_at: SystemTime::now(), started: clock.now(), welcome: None };
        let director = Self {
            plan: facts,
            happenings: heard,
            front,
            ledger,
            connection,
            requests,
            reports,
            pump: Some(pump),
            runtime,
            log,
            meter,
            shots,
            kind,
            handle_name,
            script,
            witness,
            script_began: None,
            scanner: None,
            scripted: None,
            clock,
        };
        director.tell_handle(Clutch::Open, None);
        Ok(director)
    }

    /// Hears from the window which pictures were painted, and when.
    pub fn hear_painted(&self, painted: Receiver<(u64, Time)>) -> std::io::Result<()> {
        let ledger = self.ledger.clone();
        let hear = move || {
            for (number, at) in painted {
                ledger.lock().painted_number(number, at);
            }
        };
        std::thread::Builder::new().name("painted".into()).spawn(hear)?;
        Ok(())
    }

    /// Directs until the exam ends, and saves the summary.
    pub fn direct(mut self) -> Result<Ended, Box<dyn std::error::Error>> {
        let problem = loop {
            match self.happenings.recv_timeout(LATENCIES_EVERY) {
                Ok(happening) => {
                    if let Some(end) = self.attend(happening) {
                        break end.err();
                    }
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break None,
            }
            self.tell_figures();
        };
        self.finish(problem)
    }

    /// Does what is asked. Gives how the exam ended, if it did.
    fn attend(&mut self, happening: Happening) -> Option<Result<(), String>> {
        match happening {
            Happening::Pump(event) => return self.attend_pump(event),
            Happening::Intent(intent) => return self.attend_intent(&intent),
            Happening::Welcome(welcome) => {
                if self.ledger.lock().desired_force() == Newton::ZERO {
                    self.set_force(welcome.default_force);
                }
                self.plan.welcome.get_or_insert(welcome);
            }
            Happening::Scanner(settings) => self.scanner = Some(settings),
            Happening::LinkEnded(result) => return Some(result),
            Happening::End(reason) => {
                self.front.fault(Severity::Info, format!("the exam ends: {reason}"));
                return Some(Ok(()));
            }
        }
        None
    }

    fn attend_pump(&mut self, event: PumpEvent) -> Option<Result<(), String>> {
        match event {
            PumpEvent::Started => self.script_began = Some(self.clock.now()),
            PumpEvent::Lost(text) => {
                self.tell_handle(Clutch::HandleLost, Some(text.clone()));
                self.front.fault(Severity::Alarm, text);
            }
            PumpEvent::Back => self.tell_handle(Clutch::Open, None),
            PumpEvent::Clutch(latch) => {
                let clutch = if latch == ClutchLatch::Pressed { Clutch::Pressed } else { Clutch::Open };
                self.tell_handle(clutch, None);
            }
            PumpEvent::Handle(HandleEvent::Scanner(settings)) => self.turn(settings),
            PumpEvent::Handle(HandleEvent::DesiredForce(force)) => self.set_force(force),
            PumpEvent::Handle(HandleEvent::Button(button)) => self.press(button),
            PumpEvent::Handle(HandleEvent::Mark(index)) => {
                let name = self.script.as_ref().and_then(|script| script.marks.get(usize::from(index)));
                if let Some(name) = name.cloned() {
                    self.front.mark(&name);
                    self.shots.take(&name);
                    self.tell_caption(&name);
                }
            }
            PumpEvent::Handle(HandleEvent::Finished) => {
                self.front.tell(Event::Caption(None));
                let wanted = self.script.as_ref().and_then(|script| script.contact);
                return Some(wanted.and_then(|force| self.witness.complaint(force)).map_or(Ok(()), Err));
            }
        }
        None
    }

    fn attend_intent(&mut self, intent: &Intent) -> Option<Result<(), String>> {
        match intent {
            Intent::Stop => self.press(HandleButton::Stop),
            Intent::RequestLease => self.request(Request::Lease),
            Intent::ReleaseLease => self.request(Request::ReleaseLease),
            Intent::Scanner(settings) => self.request(Request::Scanner(*settings)),
            Intent::Freeze(frozen) => self.change_scanner(|settings| settings.frozen = *frozen),
            Intent::DesiredForce(force) => self.set_force(*force),
            Intent::Close => return Some(Ok(())),
            // Both are taken care of where they arise, without the director's delay.
            Intent::Window(_) | Intent::Painted { .. } => {}
        }
        None
    }

    fn press(&mut self, button: HandleButton) {
        match button {
            HandleButton::Stop => {
                self.ledger.lock().stop_sent();
                self.request(Request::Stop);
            }
            HandleButton::Freeze => self.change_scanner(|settings| settings.frozen = !settings.frozen),
            HandleButton::ForceUp => self.set_force(self.force() + FORCE_STEP),
            HandleButton::ForceDown => self.set_force((self.force() - FORCE_STEP).max(Newton::ZERO)),
            HandleButton::DepthUp => self.change_scanner(|settings| settings.depth += DEPTH_STEP),
            HandleButton::DepthDown => self.change_scanner(|settings| settings.depth -= DEPTH_STEP),
            HandleButton::GainUp => self.change_scanner(|settings| settings.gain_db += GAIN_STEP),
            HandleButton::GainDown => self.change_scanner(|settings| settings.gain_db -= GAIN_STEP),
        }
    }

    fn force(&self) -> Newton {
        self.ledger.lock().desired_force()
    }

    fn set_force(&mut self, force: Newton) {
        self.ledger.lock().set_desired_force(force);
        self.front.tell(Event::DesiredForce(force));
    }

    fn change_scanner(&mut self, change: impl FnOnce(&mut ScannerSettings)) {
        if let Some(mut settings) = self.scanner {
            change(&mut settings);
            self.request(Request::Scanner(settings));
        }
    }

    /// A script has turned some of the controls: only what it turned is asked for, on top of what the scanner has. So a freeze
    /// is a freeze also for a source that offers nothing else.
    fn turn(&mut self, wanted: ScannerSettings) {
        let before = self.scripted.replace(wanted).unwrap_or(handles::PRESET);
        self.change_scanner(|now| {
            *now = ScannerSettings {
                depth: turned(before.depth, wanted.depth, now.depth),
                gain_db: turned(before.gain_db, wanted.gain_db, now.gain_db),
                tgc_db: turned(before.tgc_db, wanted.tgc_db, now.tgc_db),
                focus: turned(before.focus, wanted.focus, now.focus),
                dynamic_range_db: turned(before.dynamic_range_db, wanted.dynamic_range_db, now.dynamic_range_db),
                frozen: turned(before.frozen, wanted.frozen, now.frozen),
            };
        });
    }

    fn request(&self, request: Request) {
        if self.requests.try_send(request).is_err() {
            self.front.fault(Severity::Warning, "the cart can't be asked now: there is no connection".to_owned());
        }
    }

    fn tell_handle(&self, clutch: Clutch, lost: Option<String>) {
        let status = HandleStatus { name: self.handle_name.clone(), kind: self.kind, clutch, lost };
        self.front.tell(Event::Handle(status));
    }

    fn tell_caption(&self, text: &str) {
        let Some(duration) = self.script.as_ref().map(|script| script.duration) else { return };
        let elapsed = self.script_began.map_or(Duration::ZERO, |began| self.clock.now().saturating_since(began));
        let progress = elapsed.as_secs_f32() / duration.as_secs_f32().max(1e-3);
        self.front.tell(Event::Caption(Some(Caption { text: text.to_owned(), progress: progress.min(1.0) })));
    }

    fn tell_figures(&self) {
        let now = self.clock.now();
        let (latencies, report) = {
            let ledger = self.ledger.lock();
            (ledger.latencies(Span::Recent, now), ledger.picture_report(now))
        };
        let mut snapshot = LatencySnapshot::from(&latencies);
        if let Some(connection) = self.connection.load().as_deref() {
            let stats = connection.stats();
            snapshot.round_trip_ms = Some(stats.round_trip.as_secs_f64() * 1e3);
            let sent = stats.packets_sent.max(1) as f64;
            snapshot.command_loss_percent = Some(stats.packets_lost as f64 / sent * 100.0);
        }
        self.front.tell(Event::Latency(Box::new(snapshot)));
        self.front.tell(Event::PictureHealth(report.health));
    }

    fn finish(mut self, problem: Option<String>) -> Result<Ended, Box<dyn std::error::Error>> {
        self.shots.wait();
        let duration = self.clock.now().saturating_since(self.plan.started);
        let report = self.runtime.block_on(async {
            // Without a connection there is nobody to ask.
            self.requests.send(Request::Report).await.ok()?;
            tokio::time::timeout(REPORT_WITHIN, self.reports.recv()).await.ok().flatten()
        });
        if let Some(pump) = self.pump.take() {
            pump.end();
        }
        let latencies = self.ledger.lock().latencies(Span::Whole, self.clock.now());
        let bound = self.ledger.lock().clock_error_bound(self.clock.now());
        let figures = summary::figures(duration, &latencies, bound, self.meter.cost());
        let summary = self.plan.session().map(|session| Summary::new(&session, figures, report.as_ref()));
        if let Some(summary) = &summary {
            summary.save(&self.plan.out.join("summary.json"))?;
        }
        if let Some(problem) = &problem {
            // The program says it once, as its error.
            let words = problem.clone();
            self.log.write(self.clock.now(), LogEntry::Event { severity: Severity::Alarm, words });
        }
        // The connection may be gone already.
        let _ = self.requests.try_send(Request::Goodbye);
        self.runtime.shutdown_timeout(Duration::from_secs(1));
        self.shots.save_ultrasound();
        drop(self.front);
        if let Some(log) = Arc::into_inner(self.log) {
            log.finish()?;
        }
        Ok(Ended { summary, problem })
    }
}

/// `wanted` if it was turned since `before`, otherwise what there is.
fn turned<T: PartialEq + Copy>(before: T, wanted: T, now: T) -> T {
    if wanted == before { now } else { wanted }
}

/// The sink, with the director's own ears in front of it.
fn attentive(
    sink: Sink,
    tell: Sender<Happening>,
    ledger: SharedLedger,
    witness: Witness,
    painted_by_window: bool,
) -> Sink {
    let tell = std::sync::Mutex::new(tell);
    Arc::new(move |at, event| {
        let happening = match &event {
            Event::Connected(welcome) => Some(Happening::Welcome(welcome.clone())),
            Event::Scanner(reply) => Some(Happening::Scanner(reply.state.settings)),
            Event::Picture(picture) => {
                if !painted_by_window {
                    // Nobody paints: taking the picture is all the showing there is.
                    ledger.lock().painted(at, &picture.stamp);
                }
                None
            }
            Event::Cart(CartDatagram::State(state)) => {
                witness.state(state);
                None
            }
            _ => None,
        };
        if let Event::Connected(welcome) = &event {
            let settings = Happening::Scanner(welcome.scanner.settings);
            let _ = tell.lock().unwrap_or_else(std::sync::PoisonError::into_inner).send(settings);
        }
        if let Some(happening) = happening {
            let _ = tell.lock().unwrap_or_else(std::sync::PoisonError::into_inner).send(happening);
        }
        sink(at, event);
    })
}
