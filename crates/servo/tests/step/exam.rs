//! An exam on the simulated arm, with the console at the cart's own clock and no network between.

use std::time::Duration;

use assert_no_alloc::assert_no_alloc;
use farprobe_geom::{Newton, Pose, Time, Twist};
use farprobe_proto::{Bedside, Clutch, Contact, Epoch, Ladder, PictureHealth, PictureReport, State};
use farprobe_servo::{ArmHealth, ArmReading, Inbound, JointTarget, Outcome, Servo, ServoConfig};
use farprobe_session::console::{CommandOutbox, Intent};
use farprobe_sim::arm::{ArmMotion, Plant, PlantCard, PlantState};
use farprobe_sim::body::{Body, BodyCard};
use farprobe_sim::scene;
use nalgebra::Isometry3;

pub(crate) const TICK: Duration = Duration::from_millis(1);
/// How far the probe waits above the skin, and the press depth that asks for the whole force, m.
const DOWN_TO_CONTACT: f64 = 0.046;
/// How fast the hand goes down, m/s: the pace of the approach.
const HAND_SPEED: f64 = 0.010;

/// A servo, an arm, a patient, and a hand that can go down.
pub(crate) struct Exam {
    pub(crate) now: Time,
    pub(crate) servo: Servo,
    plant: Plant,
    outbox: CommandOutbox,
    ticks: u64,
    /// Whether the console sends commands at all.
    pub(crate) console: bool,
    pub(crate) clutch: Clutch,
    pub(crate) clutch_in: u32,
    pub(crate) picture: PictureHealth,
    /// Where the hand is since it pressed, and where it goes to, along the probe, m.
    depth: f64,
    pub(crate) wanted_depth: f64,
    /// How fast it goes there, m/s.
    pub(crate) hand_speed: f64,
}

impl Exam {
    /// The probe above the belly; armed, leased, the clutch open.
    pub(crate) fn new() -> Self {
        Self::configured(|shipped| shipped)
    }

    /// The same with a servo of one's own.
    pub(crate) fn configured(change: impl FnOnce(ServoConfig) -> ServoConfig) -> Self {
        let model = scene::arm().unwrap();
        let body = Body::new(BodyCard::default());
        let start = scene::start_joints(&model, &body).unwrap();
        let mut servo = Servo::new(&change(ServoConfig::shipped(model.clone(), start, &scene::patient_to_base())));
        let plant = Plant::new(&PlantCard::A, body, model, scene::couch(), &start, 1).unwrap();
        let mut outbox = CommandOutbox::new();
        outbox.set_epoch(Some(Epoch(1)));
        for inbound in
            [Inbound::Lease(Some(Epoch(1))), Inbound::Bedside(Bedside::Consent), Inbound::Bedside(Bedside::Arm)]
        {
            servo.receive(inbound);
        }
        Self {
            now: Time::ZERO,
            servo,
            plant,
            outbox,
            ticks: 0,
            console: true,
            clutch: Clutch::Open,
            clutch_in: 0,
            picture: PictureHealth::Good,
            depth: 0.0,
            wanted_depth: 0.0,
            hand_speed: HAND_SPEED,
        }
    }

    /// Engaged, pressing with the whole force.
    pub(crate) fn in_contact() -> Self {
        let mut exam = Self::new();
        exam.run(2_500);
        exam.press(DOWN_TO_CONTACT);
        let outcome = exam.run(7_000);
        assert_eq!((outcome.state.ladder, outcome.state.contact), (Ladder::Engaged, Contact::Touching));
        assert!(outcome.contact_force.get() > 5.0, "{:?}", outcome.contact_force);
        exam
    }

    /// Presses the clutch anew, and goes down by this much.
    pub(crate) fn press(&mut self, depth: f64) {
        (self.clutch, self.clutch_in) = (Clutch::Pressed, self.clutch_in + 1);
        (self.depth, self.wanted_depth) = (0.0, depth);
    }

    /// Goes on by so many milliseconds.
    pub(crate) fn run(&mut self, millis: u32) -> Outcome {
        let mut last = self.tick(|_, _| {});
        for _ in 1..millis {
            last = self.tick(|_, _| {});
        }
        last
    }

    /// One tick, in which time and reading are spoilt on their way to the servo. What the servo does in it must not allocate.
    pub(crate) fn tick(&mut self, spoil: impl FnOnce(&mut Time, &mut ArmReading)) -> Outcome {
        self.now = self.now + TICK;
        self.ticks += 1;
        let plant = self.plant.advance(self.now);
        let (mut now, mut reading) = (self.now, reading(&plant));
        spoil(&mut now, &mut reading);
        let step = self.hand_speed * TICK.as_secs_f64();
        self.depth += (self.wanted_depth - self.depth).clamp(-step, step);
        let command = (self.console && self.ticks.is_multiple_of(2)).then(|| self.command()).flatten();
        let outcome = assert_no_alloc(|| {
            if let Some(command) = command {
                self.servo.receive(Inbound::Command { arrived: self.now, command });
            }
            self.servo.step(now, &reading)
        });
        if let Some(JointTarget { positions, velocities }) = &outcome.target {
            self.plant.command(self.now, positions, velocities);
        }
        if self.ticks.is_multiple_of(4) {
            self.outbox.heard(self.now, &State { sequence: self.ticks, sent_at: self.now, ..outcome.state });
        }
        outcome
    }

    fn command(&mut self) -> Option<farprobe_proto::Command> {
        let intent = Intent {
            sampled_at: self.now,
            clutch: self.clutch,
            clutch_in: self.clutch_in,
            target: Pose::new(Isometry3::translation(0.0, 0.0, self.depth)),
            twist: Twist::zero(),
            desired_force: Newton::literal(8.0),
            picture: PictureReport { age_ms: 40, health: self.picture },
        };
        self.outbox.command(self.now, &intent)
    }
}

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
