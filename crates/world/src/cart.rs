//! The cart at this end of every line.

use farprobe_control::ModelError;
use farprobe_geom::{Joints, Time};
use farprobe_proto::{Bedside, Command, ConsoleDatagram, Epoch, Wire};
use farprobe_servo::{ArmHealth, ArmReading, Inbound, JointTarget, Outcome, Servo, ServoConfig};
use farprobe_session::cart::LeaseDesk;
use farprobe_sim::arm::{ArmMotion, Plant, PlantState};
use farprobe_sim::body::Body;
use farprobe_sim::scene;

use crate::meddle::Meddler;
use crate::{WorldCard, WorldError};

/// Servo, simulated arm and lease desk of one cart.
pub(crate) struct Cart {
    pub(crate) servo: Servo,
    pub(crate) plant: Plant,
    pub(crate) desk: LeaseDesk,
    pub(crate) meddler: Meddler,
    told: Option<Epoch>,
    stalled_until: Option<Time>,
}

impl Cart {
    /// A cart whose staff have armed it.
    pub(crate) fn new(card: &WorldCard, seed: u64) -> Result<(Self, ServoConfig), WorldError> {
        let model = scene::arm().map_err(WorldError::Arm)?;
        let body = Body::new(card.body.clone());
        let start: Joints = scene::start_joints_above(&model, &body, card.start_height).ok_or(WorldError::Start)?;
        let mut config = ServoConfig::shipped(model.clone(), start, &scene::patient_to_base());
        config.timing = card.timing;
        let mut servo = Servo::new(&config);
        let plant =
            Plant::new(&card.plant, body, model, scene::couch(), &start, seed).map_err(|_| WorldError::Start)?;
        servo.receive(Inbound::Bedside(Bedside::Consent));
        servo.receive(Inbound::Bedside(Bedside::Arm));
        let desk = LeaseDesk::new(Epoch(0));
        Ok((Self { servo, plant, desk, meddler: Meddler::NOBODY, told: None, stalled_until: None }, config))
    }

    /// The cart's machine does nothing until then.
    pub(crate) fn stall(&mut self, until: Time) {
        self.stalled_until = Some(until);
    }

    pub(crate) fn is_awake(&mut self, now: Time) -> bool {
        if self.stalled_until.is_some_and(|until| until <= now) {
            self.stalled_until = None;
        }
        self.stalled_until.is_none()
    }

    /// Tells the servo of a change of the lease, as the program does.
    pub(crate) fn keep_lease(&mut self) {
        let epoch = self.desk.epoch();
        if self.told != epoch {
            self.told = epoch;
            self.servo.receive(Inbound::Lease(epoch));
        }
    }

    /// Takes a datagram; gives the command in it, if it is one.
    pub(crate) fn hear(&mut self, arrived: Time, datagram: &[u8]) -> Option<Command> {
        match ConsoleDatagram::decode(datagram) {
            Ok(ConsoleDatagram::Command(command)) => {
                self.servo.receive(Inbound::Command { arrived, command });
                Some(command)
            }
            Ok(ConsoleDatagram::Stop(_)) => {
                self.servo.receive(Inbound::RemoteStop);
                None
            }
            Err(_) => None,
        }
    }

    pub(crate) fn tick(&mut self, now: Time) -> (PlantState, Outcome) {
        let plant = self.plant.advance(now);
        let outcome = self.servo.step(now, &reading(&plant));
        let told = outcome.target.as_ref().and_then(|sent| self.meddler.touch(now, sent));
        if let Some(JointTarget { positions, velocities }) = told {
            self.plant.command(now, &positions, &velocities);
        }
        // The program does the same: a session that broke its rules loses the lease.
        if let Some(epoch) = outcome.closed_session {
            self.desk.revoke(epoch);
        }
        (plant, outcome)
    }
}

/// What a simulated arm says in the servo's words. It has no fault of its own: what does not follow is starved of setpoints.
pub fn reading(plant: &PlantState) -> ArmReading {
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

impl From<ModelError> for WorldError {
    fn from(error: ModelError) -> Self {
        Self::Arm(error)
    }
}
