//! The world's one struct and its tick.

use std::time::Duration;

use farprobe_control::{HandleMapper, ModelError, Scaling};
use farprobe_geom::{Newton, Time};
use farprobe_proto::{
    Bedside, CartDatagram, Clutch, Command, ConsoleDatagram, Contact, Echo, Epoch, Ladder, PictureHealth,
    PictureReport, State, Wire,
};
use farprobe_servo::{ArmHealth, ArmReading, Inbound, JointTarget, Outcome, Servo, ServoConfig};
use farprobe_session::console::{CommandOutbox, Downlink, Intent, StateWatch};
use farprobe_sim::arm::{ArmMotion, Plant, PlantCard, PlantState};
use farprobe_sim::body::{Body, BodyCard};
use farprobe_sim::link::{Link, LinkProfile, LinkState};
use farprobe_sim::scene;

use crate::{Operator, Seen, Wish};

/// The servo's period.
const TICK: Duration = Duration::from_millis(1);
/// Ticks between two commands: 500 a second.
const TICKS_PER_COMMAND: u64 = 2;
/// Ticks between two states: 250 a second.
const TICKS_PER_STATE: u64 = 4;
/// The picture in front of the simulated operator until something is done about it: good, and as old as on a good line.
const GOOD_PICTURE: PictureReport = PictureReport { age_ms: 40, health: PictureHealth::Good };
/// The force counts as settled when the target is within this of the force asked for, N.
const SETTLED: f64 = 0.05;

/// What a world is made of.
#[derive(Debug, Clone)]
pub struct WorldCard {
    /// The arm.
    pub plant: PlantCard,
    /// The patient.
    pub body: BodyCard,
    /// Console to cart.
    pub up: LinkProfile,
    /// Cart to console.
    pub down: LinkProfile,
}

/// The world can't be made.
#[derive(Debug)]
pub enum WorldError {
    /// The shipped arm's description is broken.
    Arm(ModelError),
    /// The arm can't reach the place where the exam begins.
    Start,
}

/// A whole exam.
pub struct World {
    now: Time,
    count: u64,
    cart: Cart,
    console: Console,
    up: Link<Vec<u8>>,
    down: Link<Vec<u8>>,
    seen: Seen,
    last: Option<(PlantState, Outcome)>,
}

struct Cart {
    servo: Servo,
    plant: Plant,
    echo: Option<Echo>,
    states: u64,
}

struct Console {
    outbox: CommandOutbox,
    states: StateWatch,
    newest: Option<State>,
    mapper: HandleMapper,
    operator: Box<dyn Operator>,
    /// The contact force the operator asks for.
    force: Newton,
    /// What the console reports of the picture in front of the operator.
    picture: PictureReport,
    alive: bool,
}

impl World {
    /// A world at time zero: the arm waits over the belly, the staff have armed the cart, and the console holds the lease.
    pub fn new(card: &WorldCard, seed: u64, operator: Box<dyn Operator>) -> Result<Self, WorldError> {
        let model = scene::arm().map_err(WorldError::Arm)?;
        let body = Body::new(card.body.clone());
        let start = scene::start_joints(&model, &body).ok_or(WorldError::Start)?;
        let mut servo = Servo::new(&ServoConfig::shipped(model.clone(), start, &scene::patient_to_base()));
        let plant =
            Plant::new(&card.plant, body, model, scene::couch(), &start, seed).map_err(|_| WorldError::Start)?;
        let epoch = Epoch(1);
        servo.receive(Inbound::Lease(Some(epoch)));
        servo.receive(Inbound::Bedside(Bedside::Consent));
        servo.receive(Inbound::Bedside(Bedside::Arm));
        let mut outbox = CommandOutbox::new();
        outbox.set_epoch(Some(epoch));
        Ok(Self {
            now: Time::ZERO,
            count: 0,
            cart: Cart { servo, plant, echo: None, states: 0 },
            console: Console {
                outbox,
                states: StateWatch::new(),
                newest: None,
                mapper: HandleMapper::new(Scaling::ONE_TO_ONE),
                operator,
                force: Newton::ZERO,
                picture: GOOD_PICTURE,
                alive: true,
            },
            up: Link::new(card.up, seed ^ 0x75_70),
            down: Link::new(card.down, seed ^ 0x64_6f_77_6e),
            seen: Seen::default(),
            last: None,
        })
    }

    /// Now, of both clocks: in this world they agree, and the code under test does not know.
    pub fn now(&self) -> Time {
        self.now
    }

    /// What has been seen so far.
    pub fn seen(&self) -> &Seen {
        &self.seen
    }

    /// How plant and servo stood at the last tick.
    pub fn last(&self) -> Option<&(PlantState, Outcome)> {
        self.last.as_ref()
    }

    /// The plant, to push the probe or to break its sensor.
    pub fn plant(&mut self) -> &mut Plant {
        &mut self.cart.plant
    }

    /// The staff do something.
    pub fn bedside(&mut self, action: Bedside) {
        self.cart.servo.receive(Inbound::Bedside(action));
    }

    /// The operator presses stop.
    pub fn remote_stop(&mut self) {
        self.cart.servo.receive(Inbound::RemoteStop);
    }

    /// The console's program dies, or is started again.
    pub fn set_console(&mut self, alive: bool) {
        self.console.alive = alive;
    }

    /// The picture in front of the operator freezes, ages, goes or comes back: what the console reports of it from now on. Good
    /// and 40 ms old until then. The console of this world leaves the clutch to the hand, so that what the cart does about a
    /// bad picture is seen by itself.
    pub fn set_picture(&mut self, picture: PictureReport) {
        self.console.picture = picture;
    }

    /// Cuts a link, stalls it, or brings it back: towards the cart, and towards the console.
    pub fn set_links(&mut self, up: LinkState, down: LinkState) {
        self.up.set_state(self.now, up);
        self.down.set_state(self.now, down);
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
        while let Some(delivered) = self.up.poll(self.now) {
            self.cart.hear(delivered.arrived_at, &delivered.payload);
        }
        let (plant, outcome) = self.cart.tick(self.now);
        self.note(&plant, &outcome);
        if self.count.is_multiple_of(TICKS_PER_STATE) {
            let bytes = self.cart.state(self.now, &outcome.state);
            self.down.send(self.now, bytes.len(), bytes);
        }
        self.last = Some((plant, outcome));
        while let Some(delivered) = self.down.poll(self.now) {
            self.console.hear(delivered.arrived_at, &delivered.payload);
        }
        if self.count.is_multiple_of(TICKS_PER_COMMAND)
            && let Some(bytes) = self.console.command(self.now)
        {
            self.up.send(self.now, bytes.len(), bytes);
        }
    }

    fn note(&mut self, plant: &PlantState, outcome: &Outcome) {
        let state = &outcome.state;
        let wanted = self.console.force.get();
        let settled = state.ladder == Ladder::Engaged
            && state.contact == Contact::Touching
            && (state.force_target.get() - wanted).abs() < SETTLED;
        self.seen.tick(state.ladder, -plant.contact.force.z, plant.force.get(), settled);
        self.seen.ladder.extend(outcome.transition);
        self.seen.commands_applied += u64::from(outcome.applied.is_some());
    }
}

impl Cart {
    fn hear(&mut self, arrived: Time, bytes: &[u8]) {
        match ConsoleDatagram::decode(bytes) {
            Ok(ConsoleDatagram::Command(command)) => {
                let Command { sequence, sent_at, .. } = command;
                self.echo = Some(Echo { sequence, console_sent_at: sent_at, received_at: arrived });
                self.servo.receive(Inbound::Command { arrived, command });
            }
            Ok(ConsoleDatagram::Stop(_)) => self.servo.receive(Inbound::RemoteStop),
            Err(_) => {}
        }
    }

    fn tick(&mut self, now: Time) -> (PlantState, Outcome) {
        let plant = self.plant.advance(now);
        let outcome = self.servo.step(now, &reading(&plant));
        if let Some(JointTarget { positions, velocities }) = &outcome.target {
            self.plant.command(now, positions, velocities);
        }
        (plant, outcome)
    }

    fn state(&mut self, now: Time, state: &State) -> Vec<u8> {
        self.states += 1;
        let state = State { sequence: self.states, sent_at: now, echo: self.echo, ..*state };
        CartDatagram::State(state).encode().unwrap_or_default()
    }
}

/// What a plant says in the servo's words.
fn reading(plant: &PlantState) -> ArmReading {
    ArmReading {
        sampled_at: plant.at,
        positions: plant.positions,
        velocities: plant.velocities,
        wrench: plant.sensed,
        health: match plant.motion {
            ArmMotion::Following => ArmHealth::Ready,
            ArmMotion::Waiting | ArmMotion::Braking | ArmMotion::Starved => ArmHealth::Starved,
        },
    }
}

impl Console {
    fn hear(&mut self, arrived: Time, bytes: &[u8]) {
        if let Ok(CartDatagram::State(state)) = CartDatagram::decode(bytes)
            && self.states.record(arrived, &state)
        {
            self.outbox.heard(arrived, &state);
            self.newest = Some(state);
        }
    }

    fn command(&mut self, now: Time) -> Option<Vec<u8>> {
        if !self.alive {
            return None;
        }
        let Wish { clutch, pose, force } = self.operator.act(now, self.newest.as_ref());
        self.force = force;
        let heard = self.states.downlink(now) == Downlink::Alive;
        if clutch && heard {
            self.mapper.pressed();
        } else {
            self.mapper.released();
        }
        self.mapper.position(&pose, TICK * TICKS_PER_COMMAND as u32);
        let mapped = self.mapper.mapped();
        let intent = Intent {
            sampled_at: now,
            clutch: if clutch && heard { Clutch::Pressed } else { Clutch::Open },
            clutch_in: mapped.clutch_in,
            target: mapped.target,
            twist: mapped.twist,
            desired_force: force,
            picture: self.picture,
        };
        let command = self.outbox.command(now, &intent)?;
        ConsoleDatagram::Command(command).encode()
    }
}
