//! Runs an exam from the first connection to the saved summary: takes what the operator, the handle and the script want, and
//! sees that it is done.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::time::{Duration, SystemTime};

use farprobe_devices::{HandleButton, HandleEvent, MonotonicClock};
use farprobe_geom::{Newton, Time};
use farprobe_proto::{Clutch, ScannerSettings, Severity};
use farprobe_record::{Course, LogEntry, ProcessMeter, SessionLog, Summary};
use farprobe_session::accounting::Span;
use farprobe_session::console::ClutchLatch;

use super::controls::{Controls, DEPTH_STEP, GAIN_STEP};
use super::conversation::Request;
use super::ears::Ears;
use super::front::{Front, Sink};
use super::handle_news::HandleNews;
use super::ledger::SharedLedger;
use super::link::AfterLoss;
use super::network::Network;
use super::plan::{Ended, Happening, Plan};
use super::pump::{Pump, PumpEvent};
use super::shots::Shots;
use super::summary::{self, Facts};
use super::target;
use super::trace::{self, Trace};
use super::witness::{Machines, Witness};
use crate::handles::ScriptFacts;
use crate::model::{Caption, Event, HandleKind, HandleStatus, Intent, LatencySnapshot, Opening};

/// How often latencies are told to the view: fast enough to follow, slow enough to read.
const LATENCIES_EVERY: Duration = Duration::from_millis(250);

/// How long a script that is given up stays to hear what became of it: a step of the ladder is told within a tenth of a second, a lost
/// connection after the three seconds in which it may come back.
const LAST_WORDS: Duration = Duration::from_secs(4);

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
    /// When a script ends that left its course.
    given_up: Option<Time>,
    machines: Machines,
    controls: Controls,
    handle_news: HandleNews,
    /// Who opened the clutch the last time.
    opening: Opening,
    /// Whether it was told that the session log can't be written.
    told_unlogged: bool,
    trace: Option<Trace>,
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
        let clock = plan.clock;
        let log = Arc::new(SessionLog::create(&plan.out.join("session.log"))?);
        summary::begin(&log, clock);
        let started = Self::set_out(plan, sink, shots, happenings, Arc::clone(&log));
        if let Err(error) = &started {
            log.write(clock.now(), LogEntry::Ended { words: format!("the exam did not begin: {error}") });
        }
        started
    }

    /// The same, with the log begun.
    fn set_out(
        plan: Plan,
        sink: Sink,
        shots: Shots,
        happenings: (Sender<Happening>, Receiver<Happening>),
        log: Arc<SessionLog>,
    ) -> Result<Self, Box<dyn std::error::Error>> {
        let Plan { clock, destination, handle, kind, start, script, out, painted_by_window, figures, trace } = plan;
        let meter = ProcessMeter::start();
        let (tell, heard) = happenings;
        let ledger = SharedLedger::new(Newton::ZERO);
        if trace.is_some() {
            ledger.lock().keep_trace(trace::MOST);
        }
        let witness = Witness::default();
        let machines = if destination.address.ip().is_loopback() { Machines::Shared } else { Machines::Apart };
        let ears =
            Ears { tell: tell.clone(), ledger: ledger.clone(), witness: witness.clone(), machines, painted_by_window };
        let front = Front::new(clock, ears.before(sink), Arc::clone(&log));
        let after_loss = if script.is_some() { AfterLoss::End } else { AfterLoss::Reconnect };
        let mut network = Network::start(destination, after_loss, clock, &ledger, &front, &tell)?;
        if let Some(port) = figures {
            network.export(port, clock, &ledger)?;
        }
        let handle_name = handle.name().to_owned();
        let pump = Pump::start(clock, handle, start, ledger.clone(), network.connection(), tell)?;
        let facts = Facts { out, started_at: SystemTime::now(), started: clock.now(), welcome: None };
        let mut director = Self {
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
            given_up: None,
            machines,
            controls: Controls::default(),
            handle_news: HandleNews::default(),
            opening: Opening::default(),
            told_unlogged: false,
            trace,
            clock,
        };
        let open = director.handle_news.clutch(Clutch::Open);
        director.tell_handle(open, None);
        Ok(director)
    }

    /// Where live figures are served, if they are.
    pub fn figures_address(&self) -> Option<SocketAddr> {
        self.network.figures_address()
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
    pub fn direct(mut self) -> Ended {
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
            if let Some(deviation) = self.give_up(self.clock.now()) {
                break Some(deviation);
            }
            let news = self.handle_news.tick(self.clock.now());
            self.tell_handle(news, None);
            self.tell_figures();
            self.watch_the_log();
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
                self.facts.welcomed(self.clock.now(), welcome);
            }
            Happening::Scanner(settings) => self.controls.echo(settings),
            Happening::LinkEnded(result) => return Some(self.link_ended(result)),
            Happening::End(reason) => {
                return Some(self.ended_early(&reason));
            }
        }
        None
    }

    fn attend_pump(&mut self, event: PumpEvent) -> Option<Result<(), String>> {
        match event {
            PumpEvent::Started => {
                let now = self.clock.now();
                self.script_began = Some(now);
                if self.script.is_some() {
                    self.witness.script_begins(now);
                }
            }
            PumpEvent::Refused(permission) => {
                let now = self.clock.now();
                self.front.fault(Severity::Warning, format!("the clutch is held and does not count: {permission}"));
                self.witness.refused(now, permission, self.machines);
            }
            PumpEvent::Lost(text) => {
                let news = self.handle_news.lost();
                self.tell_handle(news, Some(text));
            }
            PumpEvent::Back => self.handle_news.back(self.clock.now()),
            PumpEvent::Opened(opening) => {
                self.opening = opening;
                self.witness.opened(opening);
            }
            PumpEvent::Clutch(latch) => {
                let clutch = if latch == ClutchLatch::Pressed { Clutch::Pressed } else { Clutch::Open };
                let news = self.handle_news.clutch(clutch);
                self.tell_handle(news, None);
            }
            PumpEvent::Picture(verdict) => self.front.tell(Event::PictureJudged(verdict)),
            PumpEvent::Handle(HandleEvent::Scanner(settings)) => {
                let asked = self.controls.turned(settings);
                self.ask_scanner(asked);
            }
            PumpEvent::Handle(HandleEvent::DesiredForce(force)) => self.set_force(force),
            PumpEvent::Handle(HandleEvent::Button(button)) => {
                if button == HandleButton::Stop && self.script.is_some() {
                    self.witness.script_stops();
                }
                self.press(button);
            }
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
                let complaint = self.witness.complaint(self.contact_wanted(), self.ledger.lock().behind());
                return Some(joined(self.witness.deviation(), complaint).map_or(Ok(()), Err));
            }
        }
        None
    }

    /// A script that left its course is given up: it can't see where the probe is now, and a press it holds ready is no deliberate
    /// act any more. Gives what went wrong, once there was time to hear of it.
    fn give_up(&mut self, now: Time) -> Option<String> {
        // A person sees, and goes on.
        self.script.as_ref()?;
        let deviation = self.witness.deviation()?;
        let Some(ends) = self.given_up else {
            self.pump.let_go();
            self.front.tell(Event::Caption(None));
            self.given_up = Some(now + LAST_WORDS);
            return None;
        };
        (now >= ends).then_some(deviation)
    }

    /// How an exam ends that somebody ends: a person may, a script is broken off.
    fn ended_early(&self, reason: &str) -> Result<(), String> {
        self.front.fault(Severity::Info, format!("the exam ends: {reason}"));
        if self.script.is_none() {
            return Ok(());
        }
        let broken_off = match self.script_began {
            None => format!("the script had not begun: {reason}"),
            Some(began) => {
                let at = self.clock.now().saturating_since(began).as_secs_f64();
                format!("the script was broken off at {at:.1} s: {reason}")
            }
        };
        Err(joined(self.witness.deviation(), Some(broken_off)).unwrap_or_default())
    }

    /// How an exam ends whose link ended so. Of a script that had left its course by then, why it did is told first: the cart may
    /// have ended for the same reason.
    fn link_ended(&self, result: Result<(), String>) -> Result<(), String> {
        // A person saw it happen, and has gone on.
        let deviation = self.script.as_ref().and_then(|_| self.witness.deviation());
        joined(deviation, result.err()).map_or(Ok(()), Err)
    }

    fn attend_intent(&mut self, intent: &Intent) -> Option<Result<(), String>> {
        match intent {
            Intent::Stop => self.press(HandleButton::Stop),
            Intent::RequestLease => self.request(Request::Lease),
            Intent::ReleaseLease => {
                // Also without a connection: the next one must not take what was given back.
                self.ledger.lock().lease_wish().given_back();
                self.request(Request::ReleaseLease);
            }
            Intent::Scanner(settings) => self.request(Request::Scanner(*settings)),
            Intent::Freeze(frozen) => self.change_scanner(|settings| settings.frozen = *frozen),
            Intent::DesiredForce(force) => self.set_force(*force),
            Intent::Close => return Some(self.ended_early("the window was closed")),
            // Both are taken care of where they arise, without the director's delay.
            Intent::Window(_) | Intent::Painted { .. } => {}
        }
        None
    }

    fn press(&mut self, button: HandleButton) {
        match button {
            HandleButton::Stop => {
                self.ledger.lock().stop().press();
                if !self.network.is_connected() {
                    self.front.tell(Event::StopWaits);
                }
                self.network.stop();
            }
            HandleButton::Freeze => self.change_scanner(|settings| settings.frozen = !settings.frozen),
            HandleButton::ForceUp => self.set_force(self.force() + FORCE_STEP),
            HandleButton::ForceDown => self.set_force(self.force() - FORCE_STEP),
            HandleButton::DepthUp => self.change_scanner(|settings| settings.depth += DEPTH_STEP),
            HandleButton::DepthDown => self.change_scanner(|settings| settings.depth -= DEPTH_STEP),
            HandleButton::GainUp => self.change_scanner(|settings| settings.gain_db += GAIN_STEP),
            HandleButton::GainDown => self.change_scanner(|settings| settings.gain_db -= GAIN_STEP),
        }
    }

    fn force(&self) -> Newton {
        self.ledger.lock().desired_force()
    }

    /// Asks for this force, or for as much of it as is granted.
    fn set_force(&mut self, wish: Newton) {
        let Some(force) = target::granted(wish, self.facts.welcome.as_deref()) else { return };
        self.ledger.lock().set_desired_force(force);
        self.front.tell(Event::DesiredForce(force));
    }

    /// The strongest contact that the script means to make; a cart that gives less is asked for less.
    fn contact_wanted(&self) -> Option<Newton> {
        target::granted(self.script.as_ref()?.contact?, self.facts.welcome.as_deref())
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

    fn tell_handle(&self, news: Option<Clutch>, lost: Option<String>) {
        let Some(clutch) = news else { return };
        let (name, kind, opening) = (self.handle_name.clone(), self.kind, self.opening);
        let status = HandleStatus { name, kind, clutch, opening, lost };
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

    /// Says once that the session log can't be written: there may be time to make room.
    fn watch_the_log(&mut self) {
        let Some(problem) = self.log.problem().filter(|_| !self.told_unlogged) else { return };
        let words = format!("the session log is not written any more ({problem}); the exam goes on without it");
        self.front.fault(Severity::Warning, words);
        self.told_unlogged = true;
    }

    /// How the exam went, seen from here.
    fn course(&self, problem: Option<&String>) -> Course {
        let seen = self.witness.testimony();
        Course {
            connections: seen.connections,
            interrupted: seen.interrupted,
            script: self.script.is_some().then(|| problem.cloned().map_or(Ok(()), Err)),
            asked: seen.drove.then(|| self.force().get()),
            seen_peak: seen.peak,
            ladder: seen.ladder,
        }
    }

    /// The `problem`, with what there is to say of a stop that never reached the cart.
    fn undelivered_stop(&self, problem: Option<String>) -> Option<String> {
        if !self.ledger.lock().stop().is_owed() {
            return problem;
        }
        let undelivered =
            "a stop was pressed and did not reach the cart: let the staff at the bedside stop it".to_owned();
        joined(problem, Some(undelivered))
    }

    fn finish(mut self, problem: Option<String>) -> Ended {
        self.shots.wait();
        let ended = self.clock.now();
        let duration = ended.saturating_since(self.facts.started);
        self.network.report();
        let mut problem = self.undelivered_stop(problem);
        let course = self.course(problem.as_ref());
        self.pump.end();
        // As the exam ends: a window that is closing renews no picture.
        let latencies = self.ledger.lock().latencies(Span::Whole, ended);
        let bound = self.ledger.lock().clock_error_bound(self.clock.now());
        let report = self.ledger.lock().cart_figures();
        let figures = summary::figures(duration, &latencies, bound, course, self.meter.cost());
        let summary = self.facts.session().map(|session| Summary::new(&session, figures, report.as_ref()));
        // The cart is told first: what can't be written is nothing to it.
        self.network.end();
        let path = self.facts.out.join("summary.json");
        let unsaved = summary.as_ref().and_then(|summary| summary.save(&path).err()).map(|error| error.to_string());
        let untraced = self.trace.take().and_then(|trace| trace.save(self.ledger.lock().trace()).err());
        self.shots.save_ultrasound();
        for words in [&problem, &unsaved, &untraced].into_iter().flatten().cloned() {
            // The program says it once, as its error.
            self.log.write(self.clock.now(), LogEntry::Event { severity: Severity::Alarm, words });
        }
        problem = joined(problem, joined(unsaved, untraced));
        let words = outcome(summary.as_ref(), problem.as_ref()).to_owned();
        self.log.write(self.clock.now(), LogEntry::Ended { words });
        drop(self.front);
        let unlogged = Arc::into_inner(self.log).and_then(|log| log.finish().err());
        problem = joined(problem, unlogged.map(|error| error.to_string()));
        Ended { summary, problem }
    }
}

/// How it ended, for the last line of the log.
fn outcome(summary: Option<&Summary>, problem: Option<&String>) -> &'static str {
    match (summary.map(|summary| summary.went_as_scripted), problem) {
        (None, None) => "no cart was reached: there was no exam",
        (None, Some(_)) => "there was no exam, for the reason above",
        (Some(None), None) => "the exam is over",
        (Some(Some(_)), None) => "the exam went as its script says",
        (Some(_), Some(_)) => "the exam ended with the problem above",
    }
}

/// Two things to say in one line.
fn joined(first: Option<String>, second: Option<String>) -> Option<String> {
    match (first, second) {
        (Some(first), Some(second)) => Some(format!("{first}; {second}")),
        (one, other) => one.or(other),
    }
}
