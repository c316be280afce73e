//! The wrench at the tip as the arm's own joint torques tell it: what the force sensor is checked by.

use core::time::Duration;

use farprobe_geom::{Joints, MAX_AXES, Tip, Wrench};
use nalgebra::{Matrix6, SVector, Vector6};

use crate::{ArmModel, Kinematics};

/// How wrong an arm's own torques are taken to be, as a share of what the joint can do: 0.35 N·m for the big joints of an FR3,
/// 0.05 for those at the wrist. Only the proportions matter much.
const TORQUE_ERROR: f64 = 0.004;

/// How much of an error is learnt as the zero, as the same share: more is no error of a model.
const LARGEST_ZERO: f64 = 0.015;

/// Forces and torques that are to be expected at the tip, N and N·m. Where the posture says little about a direction, nothing is
/// made up there.
const EXPECTED_FORCE: f64 = 30.0;
const EXPECTED_TORQUE: f64 = 0.5;

/// Time constant with which the zero is learnt, s; as the force sensor's.
const LEARNING: f64 = 0.3;

type Column = SVector<f64, MAX_AXES>;

/// Estimates the wrench at the tip from joint torques.
#[derive(Debug, Clone)]
pub struct ExternalWrench {
    axes: usize,
    /// One over the variance of each joint's torque, 1/(N·m)².
    weights: Column,
    /// The largest zero of each joint, N·m.
    largest: Column,
    /// What the arm says of a free probe, N·m.
    zero: Column,
}

impl ExternalWrench {
    /// An estimator for this arm; its zero is nought.
    pub fn new(model: &ArmModel) -> Self {
        let (mut weights, mut largest) = (Column::zeros(), Column::zeros());
        for ((weight, largest), limit) in weights.iter_mut().zip(largest.iter_mut()).zip(model.limits()) {
            *weight = (limit.effort.get() * TORQUE_ERROR).powi(-2);
            *largest = limit.effort.get() * LARGEST_ZERO;
        }
        Self { axes: model.axes(), weights, largest, zero: Column::zeros() }
    }

    /// These are the torques (N·m) of an arm whose probe touches nothing, `elapsed` after the ones before.
    pub fn learn(&mut self, torques: &Joints, elapsed: Duration) {
        if torques.axes() != self.axes || !torques.is_finite() {
            return;
        }
        let dt = elapsed.as_secs_f64();
        let share = dt / (dt + LEARNING);
        for ((zero, largest), torque) in self.zero.iter_mut().zip(&self.largest).zip(torques.as_slice()) {
            *zero = (*zero + (torque - *zero) * share).clamp(-largest, *largest);
        }
    }

    /// What is done to the tip, from the torques (N·m) it makes in the joints: the wrench `F` that explains `Jᵀ·F = τ` best, each
    /// joint weighed by how well its torque is known. `None` if the torques are not this arm's, or not numbers.
    pub fn estimate(&self, kinematics: &Kinematics, torques: &Joints) -> Option<Wrench<Tip>> {
        if torques.axes() != self.axes || !torques.is_finite() {
            return None;
        }
        let jacobian = kinematics.jacobian();
        let mut weighted = *jacobian;
        for (mut column, weight) in weighted.column_iter_mut().zip(&self.weights) {
            column *= *weight;
        }
        let mut outer = -self.zero;
        for (slot, torque) in outer.iter_mut().zip(torques.as_slice()) {
            *slot += torque;
        }
        let (force, torque) = (EXPECTED_FORCE.powi(-2), EXPECTED_TORQUE.powi(-2));
        let prior = Vector6::new(force, force, force, torque, torque, torque);
        let normal = weighted * jacobian.transpose() + Matrix6::from_diagonal(&prior);
        let found = normal.cholesky()?.solve(&(weighted * outer));
        let wrench = Wrench::new(found.fixed_rows::<3>(0).into_owned(), found.fixed_rows::<3>(3).into_owned());
        wrench.is_finite().then_some(wrench)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{fr3, ready};
    use nalgebra::Vector3;

    #[test]
    fn a_force_on_the_probe_is_told_by_its_torques() {
        let kinematics = fr3().kinematics(&ready());
        let mut external = ExternalWrench::new(&fr3());
        let zero = Joints::from_slice(&[0.2, -0.1, 0.3, 0.1, 0.02, -0.03, 0.01]).unwrap();
        for _ in 0..3_000 {
            external.learn(&zero, Duration::from_millis(1));
        }
        for force in [Vector3::new(0.0, 0.0, -8.0), Vector3::new(1.0, -2.0, -15.0), Vector3::zeros()] {
            let wrench = Wrench::new(force, Vector3::new(0.1, 0.05, 0.0));
            let torques = Joints::from_slice(&kinematics.torques(&wrench)).unwrap().zip_with(&zero, |a, b| a + b);
            let found = external.estimate(&kinematics, &torques).unwrap();
            // A little of the torque is taken for a force: the probe is tilted, and large torques are not expected.
            assert!((found.force - force).norm() < 0.2 + 0.05 * force.norm(), "{:?} for {force:?}", found.force);
        }
        assert_eq!(external.estimate(&kinematics, &Joints::zero(6)), None);
        assert_eq!(external.estimate(&kinematics, &Joints::from_slice(&[f64::NAN; 7]).unwrap()), None);
    }
}
