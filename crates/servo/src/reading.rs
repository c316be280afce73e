//! Whether what the arm says can be true, and what the console is told when it can't.

use farprobe_control::ArmModel;
use farprobe_geom::{Base, Joints, Pose, Tip, Wrench};
use farprobe_safety::BEYOND_RANGE;

use crate::ArmReading;

/// Whether the arm speaks of its own joints, in numbers, and of a place where they can be.
pub(crate) fn is_sound(model: &ArmModel, reading: &ArmReading) -> bool {
    let ArmReading { positions, velocities, external_torques, .. } = reading;
    let complete = positions.axes() == model.axes() && velocities.axes() == model.axes();
    // Written so that NaN is out of range.
    let inside =
        model.limits().iter().zip(positions.as_slice()).all(|(limit, angle)| {
            (limit.lower.get() - BEYOND_RANGE..=limit.upper.get() + BEYOND_RANGE).contains(angle)
        });
    let torques = external_torques.is_none_or(|torques| torques.axes() == model.axes() && torques.is_finite());
    complete && inside && velocities.is_finite() && torques
}

/// Joints and tip as the console is told: by the last sound reading. Numbers that are none can't travel. A state that held one
/// would be refused by the console, which would take the link for lost just when it should hear of a fault.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct ToldArm {
    pub(crate) joints: Joints,
    pub(crate) tip: Pose<Base>,
}

/// The wrench as the console is told: none, if the sensor gives nonsense. The ladder's cause says so.
pub(crate) fn told_wrench(measured: &Wrench<Tip>) -> Wrench<Tip> {
    let sound = measured.force.iter().chain(&measured.torque).all(|value| travels(*value));
    if sound { *measured } else { Wrench::zero() }
}

/// Whether a number survives the way: it travels as an `f32`.
fn travels(value: f64) -> bool {
    value.abs() <= f64::from(f32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ArmHealth;
    use farprobe_geom::{MAX_AXES, Time};
    use nalgebra::Vector3;

    fn joints(values: &[f64]) -> Joints {
        Joints::from_slice(values).unwrap()
    }

    /// What a good arm says in the middle of its ranges.
    fn good(model: &ArmModel) -> ArmReading {
        let middle: Vec<_> =
            model.limits().iter().map(|limit| f64::midpoint(limit.lower.get(), limit.upper.get())).collect();
        ArmReading {
            sampled_at: Time::ZERO,
            positions: joints(&middle),
            velocities: Joints::zero(MAX_AXES),
            wrench: Wrench::zero(),
            external_torques: Some(Joints::zero(MAX_AXES)),
            health: ArmHealth::Ready,
        }
    }

    #[test]
    fn an_arm_is_believed_that_speaks_of_all_its_joints_in_numbers() {
        let model = farprobe_sim::scene::arm().unwrap();
        let good = good(&model);
        assert!(is_sound(&model, &good));
        assert!(is_sound(&model, &ArmReading { external_torques: None, ..good }), "not every arm has them");
        let (short, spoilt) = (Joints::zero(MAX_AXES - 1), joints(&[0.0, f64::NAN, 0.0, 0.0, 0.0, 0.0, 0.0]));
        for bad in [
            ArmReading { positions: joints(&good.positions.as_slice()[..6]), ..good },
            ArmReading { velocities: short, ..good },
            ArmReading { velocities: spoilt, ..good },
            ArmReading { external_torques: Some(short), ..good },
            ArmReading { external_torques: Some(spoilt), ..good },
        ] {
            assert!(!is_sound(&model, &bad), "{bad:?}");
        }
    }

    #[test]
    fn a_joint_may_be_a_little_beyond_its_range_and_no_further() {
        let model = farprobe_sim::scene::arm().unwrap();
        let good = good(&model);
        for (joint, limit) in model.limits().iter().enumerate() {
            let (lower, upper) = (limit.lower.get(), limit.upper.get());
            for (angle, sound) in [
                (lower - 0.9 * BEYOND_RANGE, true),
                (lower - 1.1 * BEYOND_RANGE, false),
                (upper + 0.9 * BEYOND_RANGE, true),
                (upper + 1.1 * BEYOND_RANGE, false),
                (f64::NAN, false),
            ] {
                let mut reading = good;
                reading.positions.as_mut_slice()[joint] = angle;
                assert_eq!(is_sound(&model, &reading), sound, "joint {joint} at {angle}");
            }
        }
    }

    #[test]
    fn a_wrench_travels_as_it_is_or_as_none() {
        let true_one = Wrench::new(Vector3::new(1.0, -2.0, -8.0), Vector3::new(0.1, 0.2, -0.3));
        assert_eq!(told_wrench(&true_one), true_one);
        let most = f64::from(f32::MAX);
        assert_eq!(told_wrench(&Wrench::new(Vector3::x() * most, Vector3::zeros())).force.x, most);
        for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e39, -1e39] {
            assert_eq!(told_wrench(&Wrench::new(Vector3::x() * bad, Vector3::x())), Wrench::zero());
            assert_eq!(told_wrench(&Wrench::new(Vector3::x(), Vector3::z() * bad)), Wrench::zero());
        }
    }
}
