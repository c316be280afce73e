//! An exam on the simulated arm whose servo can be stepped by hand.

use std::time::Duration;

use farprobe_geom::{Newton, Pose, Time, Twist};
use farprobe_proto::{Bedside, Clutch, Contact, Epoch, Ladder, PictureHealth, PictureReport, State};
use farprobe_servo::{ArmReading, Inbound, JointTarget, Outcome, Servo, ServoConfig};
use farprobe_session::console::{CommandOutbox, Intent};
use farprobe_sim::arm::{Plant, PlantCard};
use farprobe_sim::body::{Body, BodyCard};
use farprobe_sim::scene;
use farprobe_world::reading;
use nalgebra::{Isometry3, Vector3};

use super::Situation;

const TICK: Duration = Duration::from_millis(1);
/// Ticks between two commands, and between two states: 500 and 250 a second.
const TICKS_PER_COMMAND: u64 = 2;
const TICKS_PER_STATE: u64 = 4;
/// When the clutch is pressed: the link has been measured for more than two seconds.
const PRESS: Time = Time::from_millis(3_000);
/// How fast the hand goes down, m/s: the pace of the approach.
const HAND_SPEED: f64 = 0.010;
/// How far it goes: down to the skin, and on by what asks for the whole force, m.
const DOWN_TO_CONTACT: f64 = 0.046;
const FORCE: Newton = Newton::literal(8.0);

/// A servo, an arm, a patient, and a hand that goes down and slides, at the cart's own clock and without a network.
pub(super) struct Exam {
    now: Time,
    ticks: u64,
    servo: Servo,
    plant: Plant,
    outbox: CommandOutbox,
}

impl Exam {
    pub(super) fn new() -> Result<Self, Box<dyn std::error::Error>> {
        let model = scene::arm()?;
        let body = Body::new(BodyCard::default());
        let start = scene::start_joints(&model, &body).ok_or("the arm can't reach the place where the exam begins")?;
        let mut servo = Servo::new(&ServoConfig::shipped(model.clone(), start, &scene::patient_to_base()));
        let plant = Plant::new(&PlantCard::A, body, model, scene::couch(), &start, 1)?;
        let epoch = Epoch(1);
        servo.receive(Inbound::Lease(Some(epoch)));
        servo.receive(Inbound::Bedside(Bedside::Consent));
        servo.receive(Inbound::Bedside(Bedside::Arm));
        let mut outbox = CommandOutbox::new();
        outbox.set_epoch(Some(epoch));
        Ok(Self { now: Time::ZERO, ticks: 0, servo, plant, outbox })
    }

    pub(super) fn now(&self) -> Time {
        self.now
    }

    /// One tick, in which `step` steps the servo.
    pub(super) fn tick(
        &mut self,
        step: impl FnOnce(&mut Servo, Option<Inbound>, Time, &ArmReading) -> Outcome,
    ) -> Outcome {
        self.now = self.now + TICK;
        self.ticks += 1;
        let reading = reading(&self.plant.advance(self.now));
        let inbound = if self.ticks.is_multiple_of(TICKS_PER_COMMAND) { self.command() } else { None };
        let outcome = step(&mut self.servo, inbound, self.now, &reading);
        if let Some(JointTarget { positions, velocities }) = &outcome.target {
            self.plant.command(self.now, positions, velocities);
        }
        if self.ticks.is_multiple_of(TICKS_PER_STATE) {
            self.outbox.heard(self.now, &State { sequence: self.ticks, sent_at: self.now, ..outcome.state });
        }
        outcome
    }

    fn command(&mut self) -> Option<Inbound> {
        let pressed = self.now >= PRESS;
        let since = self.now.saturating_since(PRESS).as_secs_f64();
        let depth = (HAND_SPEED * since).min(DOWN_TO_CONTACT);
        // It slides a little all the time, so that all axes have work.
        let (sin, cos) = since.sin_cos();
        let (slide, speed) = (Vector3::new(sin, 1.0 - cos, 0.0), Vector3::new(cos, sin, 0.0));
        let intent = Intent {
            sampled_at: self.now,
            clutch: if pressed { Clutch::Pressed } else { Clutch::Open },
            clutch_in: u32::from(pressed),
            target: Pose::new(Isometry3::new(slide * 0.01 + Vector3::z() * depth, slide * 0.1)),
            twist: Twist::new(speed * 0.01, speed * 0.1),
            desired_force: FORCE,
            picture: PictureReport { age_ms: 40, health: PictureHealth::Good },
        };
        self.outbox.command(self.now, &intent).map(|command| Inbound::Command { arrived: self.now, command })
    }
}

/// The situation that an outcome is of.
pub(super) fn situation(outcome: &Outcome) -> Option<Situation> {
    match (outcome.state.ladder, outcome.state.contact) {
        (Ladder::Ready, Contact::Free) => Some(Situation::Ready),
        (Ladder::Engaged, Contact::Free) => Some(Situation::Approach),
        (Ladder::Engaged, Contact::Touching) => Some(Situation::Contact),
        _ => None,
    }
}
