//! What the console knows: a reducer of events.
//!
//! Everything that happens (a state datagram arrives, a picture is decoded, the lease changes) is an [`Event`] that
//! [`Model::apply`] takes in with the console's time. Nothing here decides a limit or sends anything.

mod connection;
mod event;
mod history;
mod intent;
mod latency;
mod log;
mod opening;
mod picture;
mod robot;
mod scanner;

use std::time::Duration;

use farprobe_geom::{Newton, Time};
use farprobe_proto::{CartDatagram, Clutch, Epoch, LeaseStatus, Role, Severity, Transition};

use crate::words::Driver;

pub use connection::{Connection, Link};
pub use event::{Caption, Event, HandleKind, HandleStatus};
pub use history::{ForceTrace, ProbeTrail, TrailPoint};
pub use intent::{Intent, WindowInput};
pub use latency::{Hop, LatencySnapshot, Percentiles};
pub use log::{EventLog, Line};
pub use opening::{Opening, Override};
pub use picture::{Completeness, PictureCondition, PictureState, Pixels, STALE_AGE, ShownPicture};
pub use robot::Robot;
pub use scanner::{ScannerControl, ScannerProgress};

/// How long the cart may be silent before the console says that the link is lost. Fifty times the cart's watchdog would be
/// useless and one state period (4 ms) would flicker; a quarter of a second is what `farprobe-session` opens the clutch at.
pub const LINK_SILENCE: Duration = Duration::from_millis(250);

/// Everything the console knows.
#[derive(Debug, Clone)]
pub struct Model {
    /// The connection to the cart.
    pub connection: Connection,
    /// The robot and what it feels.
    pub robot: Robot,
    /// Who may drive.
    pub lease: LeaseStatus,
    /// The lease this console was given last in this connection, in force or not.
    own_lease: Option<Epoch>,
    /// Who had opened the clutch when the ladder came to where it stands, once it was pressed again: until then it is the handle's
    /// last word, which may come a moment after the step that it led to.
    opened_by: Option<Opening>,
    /// The scanner's controls.
    pub scanner: ScannerControl,
    /// The ultrasound picture.
    pub picture: PictureState,
    /// The last latency figures.
    pub latency: Option<LatencySnapshot>,
    /// The specialist's handle.
    pub handle: HandleStatus,
    /// The contact force asked for, N.
    pub desired_force: Newton,
    /// What a script or demo is doing.
    pub caption: Option<Caption>,
    /// What happened, newest last.
    pub log: EventLog,
    /// How many stops this console has sent.
    pub stops_sent: u32,
    started: Time,
}

impl Model {
    /// A console that has just started at `now`, console clock.
    pub fn new(now: Time) -> Self {
        Self {
            connection: Connection::Idle,
            robot: Robot::default(),
            lease: LeaseStatus::Free,
            own_lease: None,
            opened_by: None,
            scanner: ScannerControl::default(),
            picture: PictureState::default(),
            latency: None,
            handle: HandleStatus::none(),
            desired_force: Newton::ZERO,
            caption: None,
            log: EventLog::default(),
            stops_sent: 0,
            started: now,
        }
    }

    /// Takes in what happened at `now`, console clock.
    pub fn apply(&mut self, now: Time, event: Event) {
        match event {
            Event::Connecting { address } => {
                self.connection = Connection::Connecting { address, since: now };
            }
            Event::Connected(welcome) => self.connected(now, *welcome),
            Event::Refused { reason, remedy } => {
                self.log.push(now, Severity::Alarm, &format!("The cart refused the connection: {reason}. {remedy}"));
                self.connection = Connection::Refused { reason, remedy };
            }
            Event::Lost { reason } => self.lost(now, reason),
            Event::Reconnecting { attempt } => self.connection.reconnecting(now, attempt),
            Event::Cart(CartDatagram::State(state)) => {
                let before = self.robot.ladder();
                self.robot.update(now, &state);
                if self.robot.ladder() != before {
                    self.opened_by = None;
                }
            }
            // For the picture watch, not for the eye.
            Event::Cart(CartDatagram::Picture(_)) => {}
            Event::Step(step) => self.step(now, &step),
            Event::Lease(status) => self.lease(now, status),
            Event::ScannerRequested(request) => self.scanner.requested(now, request.settings, Some(request.number)),
            Event::ScannerWanted(settings) => self.scanner.requested(now, settings, None),
            Event::Scanner(reply) => {
                if let Some(line) = self.scanner.replied(&reply) {
                    self.log.push(now, Severity::Warning, &line);
                }
            }
            Event::Notice(notice) => self.log.push(now, notice.severity, &notice.text),
            Event::Picture(picture) => self.picture.decoded(now, picture),
            Event::PictureJudged(verdict) => self.picture.judged(verdict),
            Event::Latency(snapshot) => self.latency = Some(*snapshot),
            Event::Handle(status) => self.handle(now, status),
            Event::DesiredForce(force) => self.desired_force = force,
            Event::Caption(caption) => self.caption = caption,
            Event::Fault { severity, text } => self.log.push(now, severity, &text),
            Event::StopWaits => self.log.push(now, Severity::Alarm, crate::words::STOP_WAITS),
            Event::StopSent => {
                self.stops_sent = self.stops_sent.saturating_add(1);
                self.log.push(now, Severity::Alarm, "Stop sent. Only the staff at the cart can reset it.");
            }
        }
    }

    /// The link as it is at `now`: a connection that says nothing is as good as none.
    pub fn link(&self, now: Time) -> Link {
        self.connection.link(now, self.robot.heard_at)
    }

    /// Whether the picture may be believed at `now`. One that is old while the cart is not heard is the lost link's doing, whatever
    /// was known of the scanner before.
    pub fn picture_condition(&self, now: Time) -> PictureCondition {
        match (self.picture.condition(now, self.scanner.frozen()), self.link(now)) {
            (PictureCondition::Stale(_) | PictureCondition::Frozen, Link::Lost(_)) => PictureCondition::LinkLost,
            (condition, _) => condition,
        }
    }

    /// How long this console has been running.
    pub fn uptime(&self, now: Time) -> Duration {
        now.saturating_since(self.started)
    }

    /// Whether this console holds the right to drive.
    pub fn drives(&self) -> bool {
        matches!(self.lease, LeaseStatus::Yours(_))
    }

    /// Whether the cart will let this console set the scanner: whoever drives may, and any operator while nobody does. The cart
    /// decides; this only spares the specialist a control that does nothing.
    pub fn may_turn_scanner(&self) -> bool {
        let free = match &self.lease {
            LeaseStatus::Yours(_) | LeaseStatus::Free => true,
            LeaseStatus::HeldBy(_) | LeaseStatus::Refused(_) => false,
        };
        free && self.role() == Some(Role::Operator)
    }

    /// The role the cart has granted, once it has.
    pub fn role(&self) -> Option<Role> {
        self.robot.welcome.as_ref().map(|welcome| welcome.role)
    }

    /// How far the probe moves while the specialist still sees the picture from before: its speed times the median
    /// hand-to-eye latency, mm. `None` until both are known.
    pub fn lag_mm(&self) -> Option<f64> {
        let hand_to_eye = self.latency.as_ref()?.hand_to_eye_ms?.p50;
        Some(self.robot.trail.speed()?.get() * hand_to_eye)
    }

    fn connected(&mut self, now: Time, welcome: farprobe_proto::Welcome) {
        self.log.push(now, Severity::Info, &format!("Connected to {}.", welcome.cart));
        self.connection = Connection::Connected { since: now };
        self.desired_force = welcome.default_force;
        self.scanner = ScannerControl::of(welcome.scanner.clone());
        self.picture = PictureState::default();
        self.lease = LeaseStatus::Free;
        self.own_lease = None;
        if let Some(standing) = welcome.standing {
            let title = crate::words::ladder(standing.ladder, Driver::Another).title.to_lowercase();
            let why = crate::words::because(standing.cause, standing.origin, Driver::Another);
            self.log.push(now, Severity::Info, &format!("Found {title}: {why}."));
        }
        let (robot, trouble) = Robot::of(welcome);
        if let Some(trouble) = trouble {
            self.log.push(now, Severity::Warning, &format!("The arm can't be drawn: {trouble}."));
        }
        self.robot = robot;
        self.robot.heard_at = Some(now);
    }

    fn lost(&mut self, now: Time, reason: String) {
        self.log.push(now, Severity::Alarm, &format!("The connection to the cart is lost: {reason}."));
        self.lease = LeaseStatus::Free;
        self.scanner.forget_request();
        self.connection = Connection::Lost { reason, since: now };
    }

    /// Whose doing it is that the ladder stands where it stands.
    pub fn driver(&self) -> Driver {
        Driver::of(self.robot.stepped_under, self.own_lease, self.opened_by.unwrap_or(self.handle.opening))
    }

    fn step(&mut self, now: Time, step: &Transition) {
        let driver = Driver::of(step.epoch, self.own_lease, self.handle.opening);
        let words = crate::words::ladder(step.to, driver);
        let why = crate::words::because(step.cause, step.origin, driver);
        self.log.push(now, words.severity, &format!("{}: {why}.", words.title));
    }

    fn lease(&mut self, now: Time, status: LeaseStatus) {
        if status == self.lease {
            return;
        }
        if let Some((severity, text)) = crate::words::lease_change(&status) {
            self.log.push(now, severity, &text);
        }
        if let LeaseStatus::Yours(epoch) = &status {
            self.own_lease = Some(*epoch);
        }
        self.lease = status;
    }

    fn handle(&mut self, now: Time, status: HandleStatus) {
        if let (None, Some(remedy)) = (&self.handle.lost, &status.lost) {
            // Who only looks on needs none.
            let severity = if self.role() == Some(Role::Observer) { Severity::Info } else { Severity::Alarm };
            self.log.push(now, severity, &format!("Handle lost: {remedy}."));
        }
        if status.clutch == Clutch::Pressed {
            self.opened_by.get_or_insert(self.handle.opening);
        }
        self.handle = status;
    }
}

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
