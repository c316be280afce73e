//! The simulated arm over the simulated patient.

use farprobe_geom::{Newton, Patient, Pose, Time};
use farprobe_sim::arm::{ArmMotion, Plant, PlantState};

use crate::{Arm, ArmHealth, ArmState, Setpoint};

/// Half a second of ticks: a scanner that takes longer for a picture misses some, and sees the newest all the same once it
/// has read on.
const SLOTS: usize = 512;

/// Where the probe truly stands in the patient: what the simulated scanner sees.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ProbeInBody {
    /// When, on the clock of the body's motion.
    pub at: Time,
    /// The probe tip.
    pub tip: Pose<Patient>,
    /// The true contact force.
    pub force: Newton,
}

/// A [`Plant`] as an [`Arm`]. It steps by the time that has passed between the calls, allocates nothing, and tells a simulated
/// scanner through a ring where the probe is.
#[derive(Debug)]
pub struct SimulatedArm {
    plant: Plant,
    /// The plant's time begins with the first call.
    began: Option<Time>,
    probe: rtrb::Producer<ProbeInBody>,
}

impl SimulatedArm {
    /// The plant as an arm, and where its probe is, for a scanner.
    pub fn new(plant: Plant) -> (Self, rtrb::Consumer<ProbeInBody>) {
        let (probe, seen) = rtrb::RingBuffer::new(SLOTS);
        (Self { plant, began: None, probe }, seen)
    }

    /// `now` on the plant's clock, which counts from zero.
    fn plant_time(&mut self, now: Time) -> (Time, Time) {
        let began = *self.began.get_or_insert(now);
        (Time::ZERO + now.saturating_since(began), began)
    }
}

impl Arm for SimulatedArm {
    fn state(&mut self, now: Time) -> ArmState {
        let (time, began) = self.plant_time(now);
        let state = self.plant.advance(time);
        // A scanner that is late finds the ring full; the arm does not wait for it.
        let _ = self.probe.push(ProbeInBody { at: state.body_at, tip: state.tip_in_patient, force: state.force });
        reading(&state, began)
    }

    fn command(&mut self, now: Time, setpoint: &Setpoint) {
        let (time, _) = self.plant_time(now);
        self.plant.command(time, &setpoint.positions, &setpoint.velocities);
    }
}

fn reading(state: &PlantState, began: Time) -> ArmState {
    ArmState {
        sampled_at: began + state.at.saturating_since(Time::ZERO),
        positions: state.positions,
        velocities: state.velocities,
        wrench: state.sensed,
        external_torques: Some(state.external_torques),
        health: match state.motion {
            ArmMotion::Waiting | ArmMotion::Following => ArmHealth::Ready,
            ArmMotion::Braking | ArmMotion::Starved => ArmHealth::Starved,
        },
        true_wrench: Some(state.contact),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use farprobe_geom::Joints;
    use farprobe_sim::arm::PlantCard;
    use farprobe_sim::body::{Body, BodyCard};
    use farprobe_sim::scene;

    #[test]
    fn it_follows_setpoints_and_starves_without_them() {
        let (model, body) = (scene::arm().unwrap(), Body::new(BodyCard::default()));
        let start = scene::start_joints(&model, &body).unwrap();
        let plant = Plant::new(&PlantCard::A, body, model, scene::couch(), &start, 1).unwrap();
        let (mut arm, mut seen) = SimulatedArm::new(plant);
        // The machine's clock does not begin at zero.
        let ms = |ms: u64| Time::from_millis(5_000_000 + ms);
        let mut positions = start;
        for tick in 0..200 {
            let state = arm.state(ms(tick));
            assert_eq!(state.health, ArmHealth::Ready);
            positions.as_mut_slice()[0] += 1e-4;
            let mut velocities = Joints::zero(7);
            velocities.as_mut_slice()[0] = 0.1;
            arm.command(ms(tick), &Setpoint { positions, velocities });
        }
        let moved = arm.state(ms(200)).positions.as_slice()[0] - start.as_slice()[0];
        assert!((moved - 0.02).abs() < 2e-3, "moved {moved} rad");
        for tick in 201..400 {
            arm.state(ms(tick));
        }
        assert_eq!(arm.state(ms(400)).health, ArmHealth::Starved);
        assert!(seen.pop().is_ok());
    }
}
