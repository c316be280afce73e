//! Runs an exam from the first connection to the saved summary: takes what the operator, the handle and the script want, and
//! sees that it is done.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::time::{Duration, SystemTime};

use farprobe_devices::{HandleButton, HandleEvent, MonotonicClock};
use farprobe_geom::{Newton, Time};
use farprobe_proto::{Clutch, ScannerSettings, Severity};
use farprobe_record::{LogEntry, ProcessMeter, SessionLog, Summary};
use farprobe_session::accounting::Span;

use super::controls::{Controls, DEPTH_STEP, GAIN_STEP};
use super::conversation::Request;
use super::ears::Ears;
use super::front::{Front, Sink};
use super::ledger::SharedLedger;
use super::link::AfterLoss;
use super::network::Network;
use super::plan::{Ended, Happening, Plan};
use super::pump::{Pump, PumpEvent};
use super::shots::Shots;
use super::steering::ClutchLatch;
use super::summary::{self, Facts};
use super::witness::Witness;
use crate::handles::ScriptFacts;
use crate::model::{Caption, Event, HandleKind, HandleStatus, Intent, LatencySnapshot};

/// How often latencies are told to the view: fast enough to follow, slow enough to read.
const LATENCIES_EVERY: Duration = Duration::from_millis(250);

/// One press of a force button, N.
const FORCE_STEP: Newton = Newton::literal(0.5);

/// A running exam.
pub struct Director {
    facts: Facts,
    happenings: Receiver<Happening>,
    front: Front,
    ledger: SharedLedger,
    network: Network,
    pump: Pump,
    log: Arc<SessionLog>,
    meter: ProcessMeter,
    shots: Shots,
    kind: HandleKind,
    handle_name: String,
    script: Option<ScriptFacts>,
    witness: Witness,
    script_began: Option<Time>,
    controls: Controls,
    clock: MonotonicClock,
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
        let ears = Ears { tell: tell.clone(), ledger: ledger.clone(), witness: witness.clone(), painted_by_window };
        let front = Front::new(clock, ears.before(sink), Arc::clone(&log));
        let after_loss = if script.is_some() { AfterLoss::End } else { AfterLoss::Reconnect };
        let network = Network::start(destination, after_loss, clock, &ledger, &front, &tell)?;
        let handle_name = handle.name().to_owned();
        let pump = Pump::start(clock, handle, start, ledger.clone(), network.connection(), tell)?;
        let facts = Facts { out, started_at: SystemTime::now(), started: clock.now(), welcome: None };
        let director = Self {
            facts,
            happenings: heard,
            front,
            ledger,
            network,
            pump,
            log,
            meter,
            shots,
            kind,
            handle_name,
            script,
            witness,
            script_began: None,
            controls: Controls::default(),
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
                ledger.lock().painted(number, at);
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
                self.facts.welcome.get_or_insert(welcome);
            }
            Happening::Scanner(settings) => self.controls.echo(settings),
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
            PumpEvent::LetGo(reason) => {
                self.front.fault(Severity::Warning, format!("the clutch is held and does not count: {reason}"));
            }
            PumpEvent::Picture(verdict) => self.front.tell(Event::PictureJudged(verdict)),
            PumpEvent::Handle(HandleEvent::Scanner(settings)) => {
                let asked = self.controls.turned(settings);
                self.ask_scanner(asked);
            }
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

    fn change_scanner(&self, change: impl FnOnce(&mut ScannerSettings)) {
        self.ask_scanner(self.controls.changed(change));
    }

    fn ask_scanner(&self, settings: Option<ScannerSettings>) {
        if let Some(settings) = settings {
            self.request(Request::Scanner(settings));
        }
    }

    fn request(&self, request: Request) {
        if !self.network.request(request) {
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
        let latencies = self.ledger.lock().latencies(Span::Recent, now);
        let mut snapshot = LatencySnapshot::from(&latencies);
        if let Some(connection) = self.network.connection().load().as_deref() {
            let stats = connection.stats();
            snapshot.round_trip_ms = Some(stats.round_trip.as_secs_f64() * 1e3);
            let sent = stats.packets_sent.max(1) as f64;
            snapshot.command_loss_percent = Some(stats.packets_lost as f64 / sent * 100.0);
        }
        self.front.tell(Event::Latency(Box::new(snapshot)));
    }

    fn finish(mut self, problem: Option<String>) -> Result<Ended, Box<dyn std::error::Error>> {
        self.shots.wait();
        let duration = self.clock.now().saturating_since(self.facts.started);
        let report = self.network.report();
        self.pump.end();
        let latencies = self.ledger.lock().latencies(Span::Whole, self.clock.now());
        let bound = self.ledger.lock().clock_error_bound(self.clock.now());
        let figures = summary::figures(duration, &latencies, bound, self.meter.cost());
        let summary = self.facts.session().map(|session| Summary::new(&session, figures, report.as_ref()));
        if let Some(summary) = &summary {
            summary.save(&self.facts.out.join("summary.json"))?;
        }
        if let Some(problem) = &problem {
            // The program says it once, as its error.
            let words = problem.clone();
            self.log.write(self.clock.now(), LogEntry::Event { severity: Severity::Alarm, words });
        }
        self.network.end();
        self.shots.save_ultrasound();
        drop(self.front);
        if let Some(log) = Arc::into_inner(self.log) {
            log.finish()?;
        }
        Ok(Ended { summary, problem })
    }
}
