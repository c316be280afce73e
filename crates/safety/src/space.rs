//! Where the tip may be and how far it may tilt.

use farprobe_geom::{Base, Metre, Pose, Radian};
use nalgebra::Vector3;

/// The most keep-out spheres there may be.
pub const MAX_KEEP_OUT: usize = 8;

/// So far outside counts as having left. The walls stop the tip before; only the patient, the staff or an error of the arm
/// gets it here.
const LEFT_BY: f64 = 0.010;

/// As [`LEFT_BY`], for tilt: 3°.
const TILTED_BY: f64 = 0.052;

/// How often the walls are imposed on the motion. They are not at right angles, so that one may undo another a little; a
/// motion that then still breaks a wall is refused whole.
const PASSES: usize = 3;

/// Below this a wall counts as kept: rounding, m/s.
const WALL_TOLERANCE: f64 = 1e-9;

/// Where the tip may be, in frame `base`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Space {
    /// The box the tip stays in: its lowest corner, m.
    pub low: [Metre; 3],
    /// The box the tip stays in: its highest corner, m.
    pub high: [Metre; 3],
    /// Spheres the tip stays out of (face, neck, eyes).
    pub keep_out: [Option<Sphere>; MAX_KEEP_OUT],
    /// The direction the probe points in when it is not tilted; any length but zero.
    pub upright: [f64; 3],
    /// The greatest angle between the probe's axis and `upright`.
    pub max_tilt: Radian,
}

/// A sphere in frame `base`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sphere {
    /// Its centre, m.
    pub centre: [Metre; 3],
    /// Its radius, m.
    pub radius: Metre,
}

/// How motion towards a wall is braked.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Braking {
    /// m/s² or rad/s²
    deceleration: f64,
    /// From full acceleration to full braking, s.
    delay: f64,
}

impl Braking {
    /// For a row of this acceleration and jerk: half of what it can do, so that the jerk-limited profile behind it always keeps
    /// up and something is left for turning aside.
    pub(crate) fn of(acceleration: f64, jerk: f64) -> Self {
        Self { deceleration: acceleration / 2.0, delay: 2.0 * acceleration / jerk.max(f64::MIN_POSITIVE) }
    }

    /// The speed from which one can stop within `distance`, the building-up of the braking included; none at or beyond the wall.
    fn speed(&self, distance: f64) -> f64 {
        let Self { deceleration, delay } = *self;
        let ways = 2.0 * distance.max(0.0) / deceleration.max(f64::MIN_POSITIVE);
        // What is not a number is no speed: `max` passes over it.
        (deceleration * (libm::sqrt(delay * delay + ways) - delay)).max(0.0)
    }
}

/// A wall as a tip sees it.
#[derive(Debug, Clone, Copy)]
struct Wall {
    /// The direction towards it, in the tip's axes.
    towards: Vector3<f64>,
    /// How fast the tip may go towards it, m/s.
    speed: f64,
}

/// The walls around one pose of the tip. Worked out once for all that is asked of them in a tick.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Walls {
    walls: [Option<Wall>; 6 + MAX_KEEP_OUT],
}

impl Walls {
    /// No walls, for where there is no pose that they could be around.
    pub(crate) const NONE: Self = Self { walls: [None; 6 + MAX_KEEP_OUT] };

    fn all(&self) -> impl Iterator<Item = &Wall> {
        self.walls.iter().flatten()
    }

    fn keep(&self, motion: &Vector3<f64>) -> bool {
        self.all().all(|wall| motion.dot(&wall.towards) <= wall.speed + WALL_TOLERANCE)
    }

    /// No part of this linear motion (tip axes, m/s) breaks through a wall, and it can stop before it.
    pub(crate) fn linear(&self, motion: Vector3<f64>) -> Vector3<f64> {
        let mut allowed = motion;
        for _ in 0..PASSES {
            for Wall { towards, speed, .. } in self.all() {
                let excess = allowed.dot(towards) - speed;
                allowed -= towards * excess.max(0.0);
            }
        }
        if self.keep(&allowed) { allowed } else { Vector3::zeros() }
    }

    /// The same by bending the motion across the probe only; along it the motion stays as it is. It does not become faster.
    pub(crate) fn across(&self, motion: Vector3<f64>) -> Vector3<f64> {
        let mut allowed = motion;
        for _ in 0..PASSES {
            for Wall { towards, speed, .. } in self.all() {
                let excess = allowed.dot(towards) - speed;
                let across = Vector3::new(towards.x, towards.y, 0.0);
                let length = across.norm_squared();
                // No motion across the probe keeps off a wall straight ahead of it.
                if length > 0.0 {
                    allowed -= across * (excess.max(0.0) / length);
                }
            }
        }
        let kept = self.keep(&allowed) && allowed.xy().norm() <= motion.xy().norm();
        if kept { allowed } else { Vector3::new(0.0, 0.0, motion.z) }
    }

    /// The same by slowing the motion along the probe only.
    pub(crate) fn along(&self, motion: Vector3<f64>) -> f64 {
        let mut allowed = motion;
        for Wall { towards, speed, .. } in self.all() {
            let excess = allowed.dot(towards) - speed;
            // Towards it, and not merely past it.
            if towards.z.is_sign_positive() == allowed.z.is_sign_positive() && towards.z != 0.0 {
                let slower = allowed.z.abs() - excess.max(0.0) / towards.z.abs();
                allowed.z = slower.max(0.0).copysign(allowed.z);
            }
        }
        allowed.z
    }
}

impl Space {
    /// No part of this angular motion (tip axes, rad/s) tilts beyond the limit.
    pub(crate) fn angular(&self, tip: &Pose<Base>, motion: Vector3<f64>, braking: &Braking) -> Vector3<f64> {
        let (tilt, increase) = self.tilt(tip);
        let towards = tip.rotation().inverse_transform_vector(&increase);
        let excess = motion.dot(&towards) - braking.speed(self.max_tilt.get() - tilt);
        motion - towards * excess.max(0.0)
    }

    /// Whether the tip is well outside, or tilted well too far.
    pub(crate) fn is_left(&self, tip: &Pose<Base>) -> bool {
        let position = tip.position();
        let axes = self.low.iter().zip(&self.high).zip(position.iter());
        let beyond = |((low, high), at): ((&Metre, &Metre), &f64)| (at - low.get()).min(high.get() - at) < -LEFT_BY;
        let inside =
            |sphere: &Sphere| (Vector3::from(sphere.centre.map(Metre::get)) - position).norm() - sphere.radius.get();
        let outside =
            axes.into_iter().any(beyond) || self.keep_out.iter().flatten().any(|ball| inside(ball) < -LEFT_BY);
        outside || self.tilt(tip).0 > self.max_tilt.get() + TILTED_BY
    }

    /// The tilt, rad, and the axis (frame `base`) a turn about which increases it; the zero vector where no turn does more than
    /// any other.
    fn tilt(&self, tip: &Pose<Base>) -> (f64, Vector3<f64>) {
        let axis = tip.z_axis();
        // A zero vector has no direction: any tilt is then counted from straight down.
        let upright = Vector3::from(self.upright).try_normalize(1e-9).unwrap_or(-Vector3::z());
        let increase = upright.cross(&axis);
        let tilt = libm::atan2(increase.norm(), upright.dot(&axis));
        (tilt, increase.try_normalize(1e-9).unwrap_or_else(Vector3::zeros))
    }

    /// The walls around this pose of the tip, for a motion that brakes like this.
    pub(crate) fn walls(&self, tip: &Pose<Base>, braking: &Braking) -> Walls {
        let position = tip.position();
        let in_tip = |direction: Vector3<f64>| tip.rotation().inverse_transform_vector(&direction);
        let wall = |distance, towards| Wall { towards, speed: braking.speed(distance) };
        let mut walls = Walls::NONE;
        let (faces, spheres) = walls.walls.split_at_mut(6);
        let axes = [Vector3::x(), Vector3::y(), Vector3::z()];
        let bounds = self.low.iter().zip(&self.high).zip(position.iter()).zip(axes);
        for (pair, (((low, high), at), axis)) in faces.chunks_exact_mut(2).zip(bounds) {
            let up = in_tip(axis);
            for (slot, face) in pair.iter_mut().zip([wall(at - low.get(), -up), wall(high.get() - at, up)]) {
                *slot = Some(face);
            }
        }
        for (slot, sphere) in spheres.iter_mut().zip(self.keep_out.iter().flatten()) {
            let to_centre = Vector3::from(sphere.centre.map(Metre::get)) - position;
            // In the very centre every way leads out.
            let towards = to_centre.try_normalize(1e-9);
            *slot = towards.map(|towards| wall(to_centre.norm() - sphere.radius.get(), in_tip(towards)));
        }
        walls
    }
}

#[cfg(test)]
mod tests;
