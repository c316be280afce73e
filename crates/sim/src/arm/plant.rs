//! The plant: arm, sensor and patient on one grid of time.

use std::fmt;
use std::time::Duration;

use farprobe_control::{ArmModel, Kinematics};
use farprobe_geom::{Base, Joints, Metre, Newton, Patient, Pose, Time, Tip, Wrench};

use super::compliance::Compliance;
use super::drive::{ArmMotion, Drive};
use super::sensor::{ForceSensor, SensorFault};
use super::torque::{JointMotion, TorqueEstimator};
use super::{PlantCard, SUBSTEP};
use crate::body::{Body, BodyMotion, Region};
use crate::patient::{Touch, touch_since};

/// The most that one call simulates. Of a longer gap nothing is: arm and patient stood still together, as whatever computes them
/// did. To let only the arm stand still would press a patient who has breathed in meanwhile, all at once, against it.
pub const MAX_CATCH_UP: Duration = Duration::from_millis(400);

/// A probe that has so much clearance touches nothing within [`UNSEEN`] substeps: they would have to close it at 6 m/s.
const CLEAR: Metre = Metre::literal(0.005);

/// So many substeps in a row are not looked at, in clear air: what is looked at comes to a millisecond, the servo's tick.
const UNSEEN: u32 = 3;

/// The posture the arm was to start in is not one the arm can take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StartNotAllowed;

impl fmt::Display for StartNotAllowed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the start posture is outside the arm's joint limits; mend the configuration of the simulated arm")
    }
}

impl std::error::Error for StartNotAllowed {}

/// A simulated arm with a probe and a force sensor beside a simulated patient.
///
/// Deterministic: the same card, body, start, seed, setpoints and pushes at the same times give the same states, to the
/// bit, however [`Plant::advance`] is called in between. Neither it nor [`Plant::command`] allocates.
#[derive(Debug, Clone)]
pub struct Plant {
    body: Body,
    model: ArmModel,
    couch: Pose<Base>,
    drive: Drive,
    compliance: Compliance,
    sensor: ForceSensor,
    torques: TorqueEstimator,
    push: Wrench<Tip>,
    /// The last instant of the grid that was simulated.
    at: Time,
    /// How long it stood still because nobody called: the patient's own clock is behind by this.
    stood_still: Duration,
    /// How everything stood when it was last looked at: at `at`, between calls.
    scene: Scene,
    /// Substeps since.
    unseen: u32,
}

/// What the plant is like at one instant.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PlantState {
    /// The instant of the plant's grid this is the state of: at most 250 µs before the time asked for.
    pub at: Time,
    /// Measured joint angles, rad.
    pub positions: Joints,
    /// Measured joint speeds, rad/s.
    pub velocities: Joints,
    /// What the force sensor says is done to the probe at its tip; not finite if it is broken so.
    pub sensed: Wrench<Tip>,
    /// What the arm itself says is done to its joints from outside, N·m: by its own torque sensors and its own model, and
    /// without the force sensor.
    pub external_torques: Joints,
    /// What the patient truly does to the probe at its tip.
    pub contact: Wrench<Tip>,
    /// The norm of the true contact force.
    pub force: Newton,
    /// The probe tip as seen from the arm's base.
    pub tip: Pose<Base>,
    /// The probe tip as seen from the couch.
    pub tip_in_patient: Pose<Patient>,
    /// How deep the probe is pressed below the skin as it would be without it.
    pub indentation: Metre,
    /// What the probe touches.
    pub region: Option<Region>,
    /// What the patient's own clock says, which stands still while nothing is simulated.
    pub body_at: Time,
    /// How breath, cough and heart stand then.
    pub body: BodyMotion,
    /// How the arm is with its setpoints.
    pub motion: ArmMotion,
}

/// What follows from the joints and the time.
#[derive(Debug, Clone, Copy)]
struct Scene {
    kinematics: Kinematics,
    velocities: Joints,
    tip_in_patient: Pose<Patient>,
    body: BodyMotion,
    touch: Touch,
}

impl Plant {
    /// An arm that stands still in posture `start` at time zero, beside a patient whose couch stands at `couch`.
    pub fn new(
        card: &PlantCard,
        body: Body,
        model: ArmModel,
        couch: Pose<Base>,
        start: &Joints,
        seed: u64,
    ) -> Result<Self, StartNotAllowed> {
        if !model.allows(start) {
            return Err(StartNotAllowed);
        }
        let drive = Drive::new(card, &model, start);
        let compliance = Compliance::new(card);
        let scene = Scene::new(&body, &model, &couch, &drive, &compliance, Time::ZERO, None);
        Ok(Self {
            body,
            couch,
            sensor: ForceSensor::new(&card.sensor, seed),
            torques: TorqueEstimator::new(card, model.axes(), seed),
            push: Wrench::zero(),
            at: Time::ZERO,
            stood_still: Duration::ZERO,
            model,
            drive,
            compliance,
            scene,
            unseen: 0,
        })
    }

    /// Hands the arm a setpoint at `now`: joint angles (rad) and speeds (rad/s). One that is not finite, or not one for each
    /// joint, is as good as none.
    pub fn command(&mut self, now: Time, positions: &Joints, velocities: &Joints) {
        // What happened before `now` happened without it.
        self.catch_up(now);
        self.drive.receive(now, positions, velocities);
    }

    /// Somebody pushes on the probe with this wrench, in the tip's axes, from `now` until the next call. The sensor feels it.
    pub fn push(&mut self, now: Time, wrench: Wrench<Tip>) {
        self.catch_up(now);
        if wrench.is_finite() {
            self.push = wrench;
        }
    }

    /// Breaks the force sensor at `now`, or mends it.
    pub fn set_sensor_fault(&mut self, now: Time, fault: Option<SensorFault>) {
        self.catch_up(now);
        self.sensor.set_fault(fault);
    }

    /// Lets time pass until `now`, and says how the plant is then. A time before the last one changes nothing.
    pub fn advance(&mut self, now: Time) -> PlantState {
        self.catch_up(now);
        self.state()
    }

    /// How the plant was when it was last advanced.
    pub fn state(&self) -> PlantState {
        let Scene { kinematics, velocities, tip_in_patient, body, touch } = self.scene;
        PlantState {
            at: self.at,
            positions: *kinematics.positions(),
            velocities,
            sensed: self.sensor.reading(),
            external_torques: self.torques.reading(),
            contact: touch.wrench,
            force: Newton::new(touch.wrench.force.norm()).unwrap_or_default(),
            tip: *kinematics.tip(),
            tip_in_patient,
            indentation: touch.indentation,
            region: touch.region,
            body_at: self.body_at(),
            body,
            motion: self.drive.motion(),
        }
    }

    /// The patient.
    pub fn body(&self) -> &Body {
        &self.body
    }

    /// Where the couch stands.
    pub fn couch(&self) -> &Pose<Base> {
        &self.couch
    }

    /// The arm's geometry.
    pub fn model(&self) -> &ArmModel {
        &self.model
    }

    fn catch_up(&mut self, now: Time) {
        let gap = now.saturating_since(self.at);
        if gap > MAX_CATCH_UP {
            // A whole number of substeps: the grid stays what it was. One is left, so that the sensors read anew: a reading that
            // was the same before and after so long a time would rightly be taken for one that is stuck.
            let substeps = (gap.as_nanos() / SUBSTEP.as_nanos()).saturating_sub(1);
            let skipped = Duration::from_nanos(u64::try_from(substeps * SUBSTEP.as_nanos()).unwrap_or(u64::MAX));
            self.at = self.at + skipped;
            self.stood_still += skipped;
            self.drive.halt();
            self.compliance.halt();
            self.look();
        }
        while now.saturating_since(self.at) >= SUBSTEP {
            self.substep();
        }
        if self.unseen > 0 {
            self.look();
        }
    }

    fn substep(&mut self) {
        let contact = &self.scene.touch.wrench;
        let felt = Wrench::new(contact.force + self.push.force, contact.torque + self.push.torque);
        self.drive.step(self.at);
        self.compliance.step(&self.scene.kinematics.torques(&felt));
        self.sensor.step(&felt);
        let drives = self.drive.axes().zip(self.drive.accelerations());
        let motions = drives
            .zip(self.compliance.torques())
            .map(|(((angle, speed), acceleration), through)| JointMotion { through, angle, speed, acceleration });
        self.torques.step(motions);
        self.at = self.at + SUBSTEP;
        self.unseen += 1;
        // In clear air nothing follows from where the probe is.
        let idle = self.scene.touch.clearance > CLEAR && self.push == Wrench::zero();
        if !idle || self.unseen > UNSEEN {
            self.look();
        }
    }

    fn look(&mut self) {
        let body_at = self.body_at();
        let before = Some(&self.scene.touch);
        self.scene = Scene::new(&self.body, &self.model, &self.couch, &self.drive, &self.compliance, body_at, before);
        self.unseen = 0;
    }

    fn body_at(&self) -> Time {
        Time::ZERO + self.at.saturating_since(Time::ZERO + self.stood_still)
    }
}

impl Scene {
    fn new(
        body: &Body,
        model: &ArmModel,
        couch: &Pose<Base>,
        drive: &Drive,
        compliance: &Compliance,
        body_at: Time,
        before: Option<&Touch>,
    ) -> Self {
        let (mut positions, mut velocities) = (Joints::zero(model.axes()), Joints::zero(model.axes()));
        let slots = positions.as_mut_slice().iter_mut().zip(velocities.as_mut_slice());
        for ((position, velocity), (link, spring)) in slots.zip(drive.axes().zip(compliance.axes())) {
            (*position, *velocity) = (link.0 + spring.0, link.1 + spring.1);
        }
        let kinematics = model.kinematics(&positions);
        let tip_in_patient = kinematics.tip().relative_to(couch);
        let motion = body.motion(body_at);
        let touch = touch_since(before, body, &motion, &tip_in_patient, &kinematics.twist(&velocities));
        Self { kinematics, velocities, tip_in_patient, body: motion, touch }
    }
}

#[cfg(test)]
mod tests;
