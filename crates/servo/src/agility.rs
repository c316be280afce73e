//! What the arm can do for the probe where it stands.

use farprobe_control::{ArmModel, Kinematics};
use farprobe_geom::MetrePerSecond2;
use farprobe_safety::Agility;

use crate::config::{JOINT_ACCELERATION, USED_SHARE};

/// The accelerations that the joints can give the tip. Where the arm is stretched a joint has to turn far for a little motion: what the
/// tip's own limits promise there, no joint can keep. None at all in a singular posture, or where a joint that is needed has come to the end of its range.
pub(crate) fn agility(model: &ArmModel, kinematics: &Kinematics) -> Agility {
    let none = Agility { along: MetrePerSecond2::ZERO, least: MetrePerSecond2::ZERO };
    let Some(effort) = model.effort(kinematics) else { return none };
    let by = |effort: f64| MetrePerSecond2::new(JOINT_ACCELERATION * USED_SHARE / effort).unwrap_or_default();
    Agility { along: by(effort.along), least: by(effort.worst) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use farprobe_geom::Joints;

    fn at(angles: [f64; 7]) -> [f64; 2] {
        let model = farprobe_sim::scene::arm().unwrap();
        let Agility { along, least } = agility(&model, &model.kinematics(&Joints::from_slice(&angles).unwrap()));
        [along.get(), least.get()]
    }

    #[test]
    fn what_is_promised_of_the_tip_costs_no_joint_more_than_the_share_that_is_used() {
        let model = farprobe_sim::scene::arm().unwrap();
        let kinematics = model.kinematics(&Joints::from_slice(&[0.1, -0.7, 0.2, -2.2, 0.1, 1.6, 0.8]).unwrap());
        let (Agility { along, least }, effort) = (agility(&model, &kinematics), model.effort(&kinematics).unwrap());
        for (acceleration, effort) in [(along, effort.along), (least, effort.worst)] {
            // 9.5 of the 10 rad/s² of an FR3.
            assert!((acceleration.get() * effort - 9.5).abs() < 1e-9, "{acceleration:?} at {effort} rad/m");
        }
    }

    #[test]
    fn a_bent_arm_brakes_as_its_limits_say_and_a_stretched_one_does_not() {
        use std::f64::consts::{FRAC_PI_2, FRAC_PI_4};
        let [along, least] = at([0.0, -FRAC_PI_4, 0.0, -3.0 * FRAC_PI_4, 0.0, FRAC_PI_2, FRAC_PI_4]);
        assert!(along > 3.0 && least > 1.5, "{along} and {least} m/s²");
        // World, adversary, seed 92: 50 N on a rib, for 0.3 m/s² where 3 were counted on.
        let [along, least] = at([-0.27, 1.05, -0.38, -0.58, -0.09, 0.93, -2.18]);
        assert!((0.1..0.5).contains(&along) && (0.05..0.3).contains(&least), "{along} and {least} m/s²");
        let straight_up = at([0.0; 7]);
        assert!(straight_up.iter().all(|acceleration| *acceleration < 0.5), "{straight_up:?} m/s²");
    }
}
