//! Where the scripted handle is at a moment.

use std::time::Duration;

use farprobe_geom::{Handle as HandleFrame, Pose};
use nalgebra::{Isometry3, Translation3, UnitQuaternion, Vector3};

use super::parse::{Action, Line, Motion, Move};

/// The share of a minimum-jerk motion done after the share `time` of its duration, both in 0..=1.
fn minimum_jerk(time: f64) -> f64 {
    let t = time.clamp(0.0, 1.0);
    t * t * t * (10.0 + t * (6.0 * t - 15.0))
}

/// The pose after `elapsed`: every motion so far, one after the other, each along the axes of the handle as the motion
/// before left it.
pub(super) fn pose_at(lines: &[Line], elapsed: Duration) -> Pose<HandleFrame> {
    let mut pose = Isometry3::identity();
    for line in lines {
        let Action::Motion(motion) = &line.action else { continue };
        let Some(since) = elapsed.checked_sub(line.at) else { break };
        pose *= part_of(motion, since);
    }
    Pose::new(pose)
}

fn part_of(motion: &Motion, since: Duration) -> Isometry3<f64> {
    let share = if motion.over.is_zero() { 1.0 } else { since.as_secs_f64() / motion.over.as_secs_f64() };
    let done = minimum_jerk(share);
    match motion.movement {
        Move::Along(axis, distance) => Translation3::from(Vector3::from(axis) * (distance.get() * done)).into(),
        Move::About(axis, angle) => {
            let rotation = UnitQuaternion::from_scaled_axis(Vector3::from(axis) * (angle.get() * done));
            Isometry3::from_parts(Translation3::identity(), rotation)
        }
    }
}
