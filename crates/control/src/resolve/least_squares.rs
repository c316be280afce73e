//! The linear problem of a tick: joint speeds that give a twist, damped where the arm is nearly singular.

use nalgebra::{Matrix6, SymmetricEigen, Vector6};

use super::Column;
use crate::Jacobian;

/// Below this singular value (how fast the tip moves, weighted, in 1/s, when the joints move with 1 rad/s) damping sets in.
/// An FR3 has 0.5 in its ready posture and 0.08 to 0.5 over a couch; of random postures a quarter are below.
const SINGULAR: f64 = 0.08;
/// The damping at the singular posture itself. With it no direction asks for more than 18 rad/s of the joints for a weighted
/// 1/s of the tip, and without it there would be no bound at all.
const DAMPING: f64 = 0.05;
/// Eigenvalues below this are rounding.
const VANISHING: f64 = 1e-9;
/// A symmetric 6 × 6 needs a handful of sweeps; the bound keeps the real-time step finite whatever comes.
const SWEEPS: usize = 60;

/// Damped least squares for the twist, plus what the null space takes of the posture motion. Also whether any direction had
/// to be damped.
pub(super) fn least_squares(jacobian: &Jacobian, wanted: &Vector6<f64>, posture: &Column) -> (Column, bool) {
    let square: Matrix6<f64> = jacobian * jacobian.transpose();
    match healthy_half_inverse(&square) {
        Some(half) => {
            let missing = wanted - jacobian * posture;
            (posture + jacobian.tr_mul(&half.tr_mul(&(half * missing))), false)
        }
        None => damped(jacobian, &square, wanted, posture),
    }
}

/// `H` with `Hᵀ·H` the inverse of `J·Jᵀ`, if no direction needs damping. A tenth of the work of the eigenvalues, and in a healthy
/// posture the very same answer.
fn healthy_half_inverse(square: &Matrix6<f64>) -> Option<Matrix6<f64>> {
    let root = square.cholesky()?;
    let mut half = Matrix6::identity();
    root.l_dirty().solve_lower_triangular_mut(&mut half);
    // The trace of the inverse is never below its largest eigenvalue, so this errs towards the careful side.
    let smallest = 1.0 / half.norm_squared();
    (smallest > SINGULAR * SINGULAR).then_some(half)
}

/// The general case, direction by direction.
fn damped(jacobian: &Jacobian, square: &Matrix6<f64>, wanted: &Vector6<f64>, posture: &Column) -> (Column, bool) {
    let Some(eigen) = SymmetricEigen::try_new(*square, f64::EPSILON, SWEEPS) else {
        return (Column::zeros(), true);
    };
    let mut speeds = Column::zeros();
    let mut spare = *posture;
    let mut damped = false;
    for (value, vector) in eigen.eigenvalues.iter().zip(eigen.eigenvectors.column_iter()) {
        if *value < VANISHING {
            damped = true;
            continue;
        }
        let direction: Column = jacobian.transpose() * vector;
        let damping = damping_at(value.sqrt());
        damped |= damping > 0.0;
        speeds += direction * (vector.dot(wanted) / (value + damping * damping));
        // `direction` has length √value: the projection takes out exactly what would move the tip.
        spare -= direction * (direction.dot(posture) / value);
    }
    (speeds + spare, damped)
}

/// The damping of a direction with this singular value. It enters squared, so it sets in without a kink.
fn damping_at(singular_value: f64) -> f64 {
    DAMPING * (1.0 - singular_value / SINGULAR).max(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{fr3, postures};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_short_way_and_the_general_one_agree(posture in postures(), wanted in prop::array::uniform6(-1.0..1.0f64)) {
            let jacobian = super::super::weighted(*fr3().kinematics(&posture).jacobian());
            let square = jacobian * jacobian.transpose();
            let (wanted, spare) = (Vector6::from(wanted), Column::repeat(0.1));
            if healthy_half_inverse(&square).is_some() {
                let (short, _) = least_squares(&jacobian, &wanted, &spare);
                let (general, was_damped) = damped(&jacobian, &square, &wanted, &spare);
                prop_assert!(!was_damped);
                prop_assert!((short - general).norm() < 1e-8 * (1.0 + general.norm()));
            }
        }

        #[test]
        fn joint_speeds_are_bounded_however_singular_the_posture(posture in postures()) {
            let mut posture = posture;
            // Wrist and elbow aligned, as far as the ranges allow.
            posture.as_mut_slice()[3] = -0.1518;
            posture.as_mut_slice()[5] = 0.5445;
            let jacobian = super::super::weighted(*fr3().kinematics(&posture).jacobian());
            for row in 0..6 {
                let mut wanted = Vector6::zeros();
                wanted[row] = 1.0;
                let (speeds, _) = least_squares(&jacobian, &wanted, &Column::zeros());
                prop_assert!(speeds.norm() <= 18.5, "{}", speeds.norm());
            }
        }
    }
}
