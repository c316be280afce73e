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
use nalgebra::{Isometry3, Vector3};

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
    /// Where else the hand is since it pressed: across the probe, m, and turned, rad.
    pub(crate) aside: Vector3<f64>,
    pub(crate) turned: Vector3<f64>,
    /// The contact force the operator asks for, N.
    pub(crate) desired: f64,
    /// The highest true force since it was last taken, N.
    peak: f64,
    /// Whether the arm says what is done to its joints.
    pub(crate) torques: bool,
}

impl Exam {
    /// The probe above the belly; armed, leased, the clutch open.
    pub(crate) fn new() -> Self {
        Self::with(BodyCard::default(), 1)
    }

    /// The same above this patient, with an arm and a sensor of this seed.
    pub(crate) fn with(body: BodyCard, seed: u64) -> Self {
        let model = scene::arm().unwrap();
        let body = Body::new(body);
        let start = scene::start_joints(&model, &body).unwrap();
        let mut servo = Servo::new(&ServoConfig::shipped(model.clone(), start, &scene::patient_to_base()));
        let plant = Plant::new(&PlantCard::A, body, model, scene::couch(), &start, seed).unwrap();
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
            aside: Vector3::zeros(),
            turned: Vector3::zeros(),
            desired: 8.0,
            peak: 0.0,
            torques: true,
        }
    }

    /// Engaged, pressing with the whole force.
    pub(crate) fn in_contact() -> Self {
        Self::in_contact_with(BodyCard::default(), 1)
    }

    /// The same on this patient.
    pub(crate) fn in_contact_with(body: BodyCard, seed: u64) -> Self {
        let mut exam = Self::with(body, seed);
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
        (self.aside, self.turned) = (Vector3::zeros(), Vector3::zeros());
    }

    /// The plant, to break its sensor or to push the probe.
    pub(crate) fn plant(&mut self) -> &mut Plant {
        &mut self.plant
    }

    /// The highest true force since the last call, N.
    pub(crate) fn take_peak(&mut self) -> f64 {
        core::mem::take(&mut self.peak)
    }

    /// The servo's thread does not run for so long; the arm and the patient go on.
    pub(crate) fn stall(&mut self, millis: u64) {
        for _ in 0..millis {
            self.now = self.now + TICK;
            self.ticks += 1;
            self.peak = self.peak.max(self.plant.advance(self.now).force.get());
        }
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
        self.peak = self.peak.max(plant.force.get());
        let (mut now, mut reading) = (self.now, reading(&plant));
        reading.external_torques = reading.external_torques.filter(|_| self.torques);
        spoil(&mut now, &mut reading);
        let step = HAND_SPEED * TICK.as_secs_f64();
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
            target: Pose::new(Isometry3::new(self.aside + Vector3::z() * self.depth, self.turned)),
            twist: Twist::zero(),
            desired_force: Newton::new(self.desired).unwrap_or_default(),
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
        external_torques: Some(plant.external_torques),
        health: match plant.motion {
            ArmMotion::Following => ArmHealth::Ready,
            ArmMotion::Waiting | ArmMotion::Braking | ArmMotion::Starved => ArmHealth::Starved,
        },
    }
}
