//! What the arm itself says of the torques that somebody outside puts on its joints.

use farprobe_geom::{Joints, MAX_AXES};

use super::SUBSTEP_S;
use super::card::{JointCard, PlantCard};
use crate::noise::Noise;

/// Substeps between two readings: one each millisecond.
const SUBSTEPS_PER_READING: u32 = 4;

/// Time constant of the arm's low-pass, s: 100 Hz, as the force sensor's.
const LOW_PASS: f64 = 1.6e-3;

/// Speed (rad/s) at which the friction of a moving joint has half of its full size.
const FRICTION_SPEED: f64 = 0.01;

/// The seed's other half, so that the noise of the force sensor is not the same.
const SALT: u64 = 0x746f_7271_7565;

/// How one joint moves: what an estimate of its own torques has to get right.
#[derive(Debug, Clone, Copy)]
pub(super) struct JointMotion {
    /// Torque through the joint's spring, N·m.
    pub(super) through: f64,
    /// Angle, rad, speed, rad/s, and acceleration, rad/s², of the drive.
    pub(super) angle: f64,
    pub(super) speed: f64,
    pub(super) acceleration: f64,
}

/// The arm's estimate of external joint torques: what its joint torque sensors feel, less what its model of its own weight,
/// friction and inertia explains. The model is a little wrong.
#[derive(Debug, Clone)]
pub(super) struct TorqueEstimator {
    cards: [JointCard; MAX_AXES],
    /// Constant error of each joint as a share of the card's, and where its posture-dependent error is greatest, rad.
    errors: [(f64, f64); MAX_AXES],
    noise: Noise,
    /// What the model of each joint's own weight is wrong by where the arm was at the last reading, N·m: it changes with the posture,
    /// which in a millisecond changes by little.
    weights: [f64; MAX_AXES],
    filtered: [f64; MAX_AXES],
    until_reading: u32,
    reading: Joints,
}

impl TorqueEstimator {
    pub(super) fn new(card: &PlantCard, axes: usize, seed: u64) -> Self {
        let mut noise = Noise::new(seed ^ SALT);
        let errors = card.joints.map(|_| (2.0 * noise.unit() - 1.0, std::f64::consts::TAU * noise.unit()));
        let reading = Joints::zero(axes);
        let still = [0.0; MAX_AXES];
        Self { cards: card.joints, errors, noise, weights: still, filtered: still, until_reading: 0, reading }
    }

    /// The last reading, N·m.
    pub(super) fn reading(&self) -> Joints {
        self.reading
    }

    /// Lets the joints move like this for one substep.
    pub(super) fn step(&mut self, motions: impl Iterator<Item = JointMotion>) {
        const KEPT: f64 = 1.0 / (1.0 + SUBSTEP_S / LOW_PASS);
        let is_due = self.until_reading == 0;
        let joints = self.filtered.iter_mut().zip(&mut self.weights).zip(&self.cards).zip(&self.errors);
        for ((((filtered, weight), card), (constant, phase)), motion) in joints.zip(motions) {
            if is_due {
                *weight = card.weight_error * (constant + (motion.angle + phase).sin());
            }
            let friction = card.friction_error * motion.speed / (motion.speed.abs() + FRICTION_SPEED);
            let inertia = card.inertia_error * card.inertia * motion.acceleration;
            let felt = motion.through + *weight + friction + inertia;
            *filtered = *filtered * KEPT + felt * (1.0 - KEPT);
        }
        if is_due {
            self.until_reading = SUBSTEPS_PER_READING;
            for ((slot, filtered), card) in self.reading.as_mut_slice().iter_mut().zip(&self.filtered).zip(&self.cards)
            {
                *slot = filtered + card.torque_noise * self.noise.standard_normal();
            }
        }
        self.until_reading -= 1;
    }
}
