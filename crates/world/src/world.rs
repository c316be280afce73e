//! The world's one struct and its tick.

use std::fmt;
use std::time::Duration;

use farprobe_control::ModelError;
use farprobe_geom::{Metre, Time};
use farprobe_proto::{
    Bedside, CartDatagram, Command, Contact, Echo, Ladder, PROTOCOL_VERSION, PictureReport, Role, State, Wire,
};
use farprobe_safety::Timing;
use farprobe_servo::{Inbound, Outcome, ServoConfig};
use farprobe_session::cart::ConsoleId;
use farprobe_sim::arm::{Plant, PlantCard, PlantState};
use farprobe_sim::body::BodyCard;
use farprobe_sim::link::{LinkProfile, LinkState};

use crate::cart::Cart;
use crate::line::{Life, Line, News, Request};
use crate::{Console, HandleState, LineCard, Meddling, Operator, OperatorConsole, Seen, Tampering};

/// The servo's period.
pub(crate) const TICK: Duration = Duration::from_millis(1);
/// Ticks between two commands: 500 a second.
const TICKS_PER_COMMAND: u64 = 2;
/// Ticks between two states: 250 a second.
const TICKS_PER_STATE: u64 = 4;
/// The force counts as settled when the target is within this of the force asked for, N.
const SETTLED: f64 = 0.05;

/// What a world is made of besides its consoles.
#[derive(Debug, Clone)]
pub struct WorldCard {
    /// The arm.
    pub plant: PlantCard,
    /// The patient.
    pub body: BodyCard,
    /// How far above the skin the probe waits.
    pub start_height: Metre,
    /// The ladder's times.
    pub timing: Timing,
}

impl Default for WorldCard {
    /// The demo's patient under the arm of plant card A, the probe a hand's breadth above the skin.
    fn default() -> Self {
        Self {
            plant: PlantCard::A,
            body: BodyCard::default(),
            start_height: Metre::literal(0.030),
            timing: Timing::SHIPPED,
        }
    }
}

/// The world can't be made.
#[derive(Debug)]
pub enum WorldError {
    /// The shipped arm's description is broken.
    Arm(ModelError),
    /// The arm can't reach the place where the exam begins.
    Start,
}

impl fmt::Display for WorldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Arm(error) => write!(f, "the shipped arm's description is broken: {error}"),
            Self::Start => {
                f.write_str("the arm can't reach the place where the exam begins; choose another start height")
            }
        }
    }
}

impl std::error::Error for WorldError {}

/// One console of a world; the first is [`LineId::FIRST`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LineId(pub usize);

impl LineId {
    /// The first console.
    pub const FIRST: Self = Self(0);
}

/// A command that reached the servo in a tick, and whose it was.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Heard {
    /// The console that sent it, as the cart numbers its connections.
    pub from: ConsoleId,
    /// What it said.
    pub command: Command,
}

/// A whole exam.
pub struct World {
    now: Time,
    count: u64,
    cart: Cart,
    config: ServoConfig,
    lines: Vec<Line>,
    next_id: u64,
    heard: Vec<Heard>,
    seen: Seen,
    last: Option<(PlantState, Outcome)>,
    ran: bool,
    stalled_before: bool,
}

impl World {
    /// A world at time zero with one console on a line: the arm waits over the belly, and the staff have armed the cart.
    pub fn new(card: &WorldCard, line: &LineCard, seed: u64, operator: Box<dyn Operator>) -> Result<Self, WorldError> {
        Self::with_consoles(card, seed, vec![(*line, Box::new(OperatorConsole::new(operator)))])
    }

    /// As [`World::new`], with these consoles. The first that asks gets the lease.
    pub fn with_consoles(
        card: &WorldCard,
        seed: u64,
        consoles: Vec<(LineCard, Box<dyn Console>)>,
    ) -> Result<Self, WorldError> {
        let (cart, config) = Cart::new(card, seed)?;
        let lines = consoles.into_iter().enumerate().map(|(index, (card, console))| {
            // The first line's links keep the seed they had when there was but one.
            Line::new(&card, console, seed ^ (index as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15))
        });
        Ok(Self {
            now: Time::ZERO,
            count: 0,
            cart,
            config,
            lines: lines.collect(),
            next_id: 1,
            heard: Vec::new(),
            seen: Seen::default(),
            last: None,
            ran: false,
            stalled_before: false,
        })
    }

    /// Now, of the world and of the cart.
    pub fn now(&self) -> Time {
        self.now
    }

    /// What the servo was made of: the limits in force and the arm's geometry.
    pub fn config(&self) -> &ServoConfig {
        &self.config
    }

    /// What has been seen so far.
    pub fn seen(&self) -> &Seen {
        &self.seen
    }

    /// How plant and servo stood at the last tick.
    pub fn last(&self) -> Option<&(PlantState, Outcome)> {
        self.last.as_ref()
    }

    /// Whether the servo took its step in the last tick: not while the cart's machine stalls.
    pub fn ran(&self) -> bool {
        self.ran
    }

    /// The commands that reached the servo in the last tick, in their order.
    pub fn heard(&self) -> &[Heard] {
        &self.heard
    }

    /// Who holds the lease by the cart's desk.
    pub fn holder(&self) -> Option<ConsoleId> {
        self.cart.desk.holder()
    }

    /// The plant, to push the probe or to break its sensor.
    pub fn plant(&mut self) -> &mut Plant {
        &mut self.cart.plant
    }

    /// The staff do something.
    pub fn bedside(&mut self, action: Bedside) {
        self.cart.servo.receive(Inbound::Bedside(action));
    }

    /// An operator presses stop, and the cart has heard it.
    pub fn remote_stop(&mut self) {
        self.cart.servo.receive(Inbound::RemoteStop);
    }

    /// The cart's machine does nothing for this long: neither servo nor network. Then it goes on at the present tick, as a
    /// real arm's cart does.
    pub fn stall_cart(&mut self, how_long: Duration) {
        self.cart.stall(self.now + how_long);
    }

    /// A console's program dies, or is started again.
    pub fn set_console(&mut self, line: LineId, alive: bool) {
        if let Some(line) = self.lines.get_mut(line.0) {
            line.life = if alive { Life::Running } else { Life::Dead };
        }
    }

    /// A console's machine does nothing for this long. What arrives waits.
    pub fn stall_console(&mut self, line: LineId, how_long: Duration) {
        let until = self.now + how_long;
        if let Some(line) = self.lines.get_mut(line.0) {
            line.life = Life::StalledUntil(until);
        }
    }

    /// The clock of a console steps by so many milliseconds, as no monotonic clock should.
    pub fn step_clock(&mut self, line: LineId, millis: i64) {
        if let Some(line) = self.lines.get_mut(line.0) {
            line.clock.step(millis);
        }
    }

    /// The picture in front of an operator freezes, ages, goes or comes back: what the console reports of it from now on. Good
    /// and 40 ms old until then.
    pub fn set_picture(&mut self, line: LineId, picture: PictureReport) {
        if let Some(line) = self.lines.get_mut(line.0) {
            line.console.see(picture);
        }
    }

    /// Cuts a line, stalls it, or brings it back: towards the cart, and towards the console.
    pub fn set_links(&mut self, line: LineId, up: LinkState, down: LinkState) {
        if let Some(line) = self.lines.get_mut(line.0) {
            line.up.set_state(self.now, up);
            line.down.set_state(self.now, down);
        }
    }

    /// A line becomes another one: towards the cart, and towards the console.
    pub fn set_profiles(&mut self, line: LineId, up: LinkProfile, down: LinkProfile) {
        if let Some(line) = self.lines.get_mut(line.0) {
            line.up.set_profile(up);
            line.down.set_profile(down);
        }
    }

    /// Somebody begins to tamper with what a console sends, or stops it.
    pub fn tamper(&mut self, line: LineId, how: Tampering) {
        if let Some(line) = self.lines.get_mut(line.0) {
            line.tamper(how);
        }
    }

    /// The handle in front of an operator is gone, or back.
    pub fn set_handle(&mut self, line: LineId, handle: HandleState) {
        if let Some(line) = self.lines.get_mut(line.0) {
            line.console.handle(handle);
        }
    }

    /// Somebody between the cart's program and the arm begins to meddle with its setpoints, or stops it.
    pub fn meddle(&mut self, how: Meddling) {
        self.cart.meddler.begin(self.now, how);
    }

    /// A console gives the lease back.
    pub fn release_lease(&mut self, line: LineId) {
        if let Some(line) = self.lines.get_mut(line.0) {
            line.requests.send(self.now, Request::Release);
        }
    }

    /// Lets time pass until `until`.
    pub fn run_until(&mut self, until: Time) {
        while self.now < until {
            self.tick();
        }
    }

    /// Lets one millisecond pass.
    pub fn tick(&mut self) {
        self.now = self.now + TICK;
        self.count += 1;
        self.heard.clear();
        self.keep_connections();
        self.ran = self.cart.is_awake(self.now);
        if self.ran {
            self.run_cart();
        } else if let Some((plant, _)) = &mut self.last {
            *plant = self.cart.plant.advance(self.now);
            self.stalled_before = true;
        }
        self.run_consoles();
    }

    fn keep_connections(&mut self) {
        for line in &mut self.lines {
            let before = line.id;
            match line.keep(self.now, ConsoleId(self.next_id)) {
                News::None => {}
                News::Lost => self.cart.desk.leave(before),
                News::Connected => {
                    self.next_id += 1;
                    let name = format!("console {}", line.id.0);
                    self.cart.desk.leave(before);
                    self.cart.desk.join(line.id, name, Role::Operator, PROTOCOL_VERSION);
                }
            }
        }
    }

    fn run_cart(&mut self) {
        for line in &mut self.lines {
            let way = line.up.state();
            while let Some(request) = line.requests.poll(self.now, way) {
                match request {
                    Request::Lease => self.cart.desk.request(line.id),
                    Request::Release => self.cart.desk.release(line.id),
                }
            }
        }
        self.cart.keep_lease();
        self.deliver_commands();
        let (plant, outcome) = self.cart.tick(self.now);
        self.cart.keep_lease();
        self.tell_consoles();
        self.note(&plant, &outcome);
        if self.count.is_multiple_of(TICKS_PER_STATE) {
            self.send_states(&outcome.state);
        }
        self.last = Some((plant, outcome));
    }

    fn deliver_commands(&mut self) {
        // A cart that was stalled reads late what had arrived in time.
        let stalled = core::mem::replace(&mut self.stalled_before, false);
        for line in &mut self.lines {
            while let Some(mut delivered) = line.up.poll(self.now) {
                if !line.is_connected() {
                    continue;
                }
                line.heard(self.now);
                let replayed = line.tamperer.touch(&mut delivered.payload);
                let arrived = if stalled { self.now } else { delivered.arrived_at };
                for datagram in [Some(delivered.payload), replayed].into_iter().flatten() {
                    let Some(command) = self.cart.hear(arrived, &datagram) else { continue };
                    let Command { sequence, sent_at, .. } = command;
                    line.echo = Some(Echo { sequence, console_sent_at: sent_at, received_at: arrived });
                    self.heard.push(Heard { from: line.id, command });
                }
            }
        }
    }

    fn tell_consoles(&mut self) {
        while let Some(notice) = self.cart.desk.poll() {
            if let Some(line) = self.lines.iter_mut().find(|line| line.id == notice.to) {
                line.notices.send(self.now, notice.status);
            }
        }
    }

    fn send_states(&mut self, state: &State) {
        for line in self.lines.iter_mut().filter(|line| line.is_connected()) {
            line.states += 1;
            let state = State { sequence: line.states, sent_at: self.now, echo: line.echo, ..*state };
            let bytes = CartDatagram::State(state).encode().unwrap_or_default();
            line.down.send(self.now, bytes.len(), bytes);
        }
    }

    fn run_consoles(&mut self) {
        let speaks = self.count.is_multiple_of(TICKS_PER_COMMAND);
        for line in &mut self.lines {
            if !line.is_awake(self.now) {
                continue;
            }
            let (here, felt) = (line.clock.read(self.now), line.clock.felt(self.now));
            let way = line.down.state();
            while let Some(status) = line.notices.poll(self.now, way) {
                line.console.told(&status);
            }
            while let Some(delivered) = line.down.poll(self.now) {
                let arrived = line.clock.read(delivered.arrived_at.max(line.awake_since));
                if line.is_connected() {
                    line.console.hear(arrived, &delivered.payload);
                }
            }
            if !line.is_connected() {
                continue;
            }
            if line.console.asks_for_lease(here) {
                line.requests.send(self.now, Request::Lease);
            }
            if speaks && let Some(bytes) = line.console.speak(here, felt) {
                line.up.send(self.now, bytes.len(), bytes);
            }
        }
    }

    fn note(&mut self, plant: &PlantState, outcome: &Outcome) {
        let state = &outcome.state;
        let wanted = self.lines.first().map_or(0.0, |line| line.console.desired_force().get());
        let settled = state.ladder == Ladder::Engaged
            && state.contact == Contact::Touching
            && (state.force_target.get() - wanted).abs() < SETTLED;
        self.seen.tick(state.ladder, -plant.contact.force.z, plant.force.get(), settled);
        self.seen.ladder.extend(outcome.transition);
        self.seen.commands_applied += u64::from(outcome.applied.is_some());
    }
}
