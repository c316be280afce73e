//! What motion of the tip costs the joints where the arm stands.

use nalgebra::Matrix6x3;

use crate::{ArmModel, Kinematics};

/// Over so much of its range's end a joint is counted on less and less, rad: a joint at the end can't go on, and from here on the
/// resolver slows one that comes there at 0.8 rad/s.
const RANGE_END: f64 = 0.04;

/// How fast the joints have to turn for 1 m/s of the tip that does not turn, with the speeds of least norm: rad/m. Little for a bent
/// arm, beyond all measure for a stretched one. A joint near the end of its range counts as turning faster, by as much as less is left
/// of it: an arm may be singular but for a joint that can't move.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Effort {
    /// The fastest joint, for motion along the probe.
    pub along: f64,
    /// All joints together (the norm of their speeds), for motion in the direction that is hardest: at least that, and no more than
    /// √3 times as much (the Frobenius norm stands for the spectral one, which takes an iteration).
    pub worst: f64,
}

impl ArmModel {
    /// What motion of the tip costs where the arm stands; `None` in a singular posture, where some motion can't be made at all.
    pub fn effort(&self, kinematics: &Kinematics) -> Option<Effort> {
        let mut usable = *kinematics.jacobian();
        let joints = self.limits().iter().zip(kinematics.positions().as_slice());
        for (mut column, (limit, angle)) in usable.column_iter_mut().zip(joints) {
            let left = (angle - limit.lower.get()).min(limit.upper.get() - angle);
            column *= (left / RANGE_END).clamp(0.0, 1.0);
        }
        // With J·Jᵀ = L·Lᵀ the speeds are Jᵀ·L⁻ᵀ·L⁻¹ for each direction, and their norm is that of L⁻¹ alone.
        let cost = (usable * usable.transpose()).cholesky()?;
        let mut halves = Matrix6x3::identity();
        cost.l_dirty().solve_lower_triangular_mut(&mut halves);
        let worst = halves.norm();
        let mut probe = halves.column(2).into_owned();
        cost.l_dirty().tr_solve_lower_triangular_mut(&mut probe);
        let along = usable.tr_mul(&probe).amax();
        (along.is_finite() && worst.is_finite()).then_some(Effort { along, worst })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{fr3, ready};
    use farprobe_geom::Joints;

    fn at(change: impl FnOnce(&mut [f64])) -> Option<Effort> {
        let mut joints = ready();
        change(joints.as_mut_slice());
        fr3().effort(&fr3().kinematics(&joints))
    }

    #[test]
    fn it_is_what_the_least_joint_speeds_are() {
        let model = fr3();
        let kinematics = model.kinematics(&ready());
        let effort = model.effort(&kinematics).unwrap();
        let jacobian = kinematics.jacobian();
        let inverse = jacobian.pseudo_inverse(1e-9).unwrap();
        assert!((effort.along - inverse.column(2).amax()).abs() < 1e-9);
        assert!((effort.worst - inverse.fixed_columns::<3>(0).norm()).abs() < 1e-9);
    }

    #[test]
    fn a_stretched_arm_makes_much_of_it_and_so_does_a_joint_at_its_end() {
        let bent = at(|_| {}).unwrap();
        let stretched = at(|angles| angles[3] = -0.58).unwrap();
        assert!(stretched.worst > 5.0 * bent.worst, "{bent:?} {stretched:?}");
        // Folded so far that the elbow is at its end.
        let folded = at(|angles| angles[3] = -3.04).unwrap();
        let nearly = at(|angles| angles[3] = -2.94).unwrap();
        assert!(folded.worst > 5.0 * nearly.worst, "{nearly:?} {folded:?}");
    }

    #[test]
    fn nothing_makes_a_number_that_is_none() {
        assert_eq!(at(|angles| angles[2] = f64::NAN), None);
        assert_eq!(at(|angles| angles[3] = f64::INFINITY), None);
        let none = fr3().effort(&fr3().kinematics(&Joints::zero(0)));
        assert!(none.is_none_or(|effort| effort.worst.is_finite()));
    }
}
