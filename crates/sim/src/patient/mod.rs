//! Contact of the probe with the simulated patient: what the body does to the probe that presses on it.
//!
//! The contact is lumped in the deepest point of the face: a normal force by Hunt and Crossley, which no motion can draw
//! energy from, and friction across the skin as slippery as gel makes it. The torque follows from where that point lies on
//! the face.

mod hunt_crossley;
mod probe_face;

use farprobe_geom::{Metre, Patient, Pose, Tip, Twist, Wrench};
use nalgebra::{Unit, Vector3};

pub use hunt_crossley::HuntCrossley;
pub use probe_face::{FACE_RADIUS, FACE_THICKNESS, FACE_WIDTH, deepest_point};

use crate::body::{Body, BodyMotion, Region};

/// Friction between the probe and gelled skin. Ultrasound gel is there to make it slip; 0.05–0.1 is the range of a
/// lubricated skin contact.
pub const GEL_FRICTION: f64 = 0.08;

/// Sliding speed (m/s) at which friction has reached 0.7 of its full size. Below it friction behaves like a thick fluid, so
/// that it has no step at standstill: a tenth of a brisk slide of the probe.
const FRICTION_SPEED: f64 = 0.005;

/// How often the deepest point is looked for again with the normal found there. The body is far flatter than the face:
/// each round makes the error some four times smaller, and three leave less than 10 µm.
const DEEPEST_POINT_ROUNDS: usize = 3;

/// What the patient does to the probe.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Touch {
    /// Force and torque on the probe at its tip. Pressing on the patient gives a negative z force.
    pub wrench: Wrench<Tip>,
    /// How deep the face is pressed below the skin as it would be without the probe; zero in the air.
    pub indentation: Metre,
    /// What the probe touches.
    pub region: Option<Region>,
    /// So far the skin is at least from every part of the face; zero if they touch.
    pub clearance: Metre,
    /// The skin's outward normal where the face lies deepest; `None` in the air.
    normal: Option<Unit<Vector3<f64>>>,
}

impl Touch {
    /// The probe is in the air.
    fn none(clearance: f64) -> Self {
        Self {
            wrench: Wrench::zero(),
            indentation: Metre::ZERO,
            region: None,
            clearance: Metre::new(clearance).unwrap_or_default(),
            normal: None,
        }
    }
}

/// What the body, as it stands, does to a probe at this pose that moves with this twist.
pub fn touch(body: &Body, motion: &BodyMotion, tip: &Pose<Patient>, twist: &Twist<Tip>) -> Touch {
    touch_since(None, body, motion, tip, twist)
}

/// The same, a moment after it was as `before`.
pub(crate) fn touch_since(
    before: Option<&Touch>,
    body: &Body,
    motion: &BodyMotion,
    tip: &Pose<Patient>,
    twist: &Twist<Tip>,
) -> Touch {
    let to_patient = tip.isometry();
    let foremost = |normal: Unit<Vector3<f64>>| {
        let on_face = deepest_point(&to_patient.inverse_transform_vector(&-normal.into_inner()));
        let point = to_patient.transform_point(&on_face.into());
        (on_face, point, body.skin(motion, &point))
    };
    let (on_face, point, skin) = if let Some(normal) = before.and_then(|touch| touch.normal) {
        // What touched a moment ago was deepest next to where it is now, and one round follows it.
        foremost(normal)
    } else {
        // The first guess of the skin's normal is the one at the tip; then the one where the face is deepest.
        let at_tip = body.skin(motion, &to_patient.translation.vector.into());
        if at_tip.depth < -FACE_WIDTH {
            // No part of the face is as far from the tip as the skin is.
            return Touch::none(-FACE_WIDTH - at_tip.depth);
        }
        let first = foremost(at_tip.normal);
        (1..DEEPEST_POINT_ROUNDS).fold(first, |(_, _, skin), _| foremost(skin.normal))
    };
    // A pose that is not a number is deep in nothing.
    if skin.depth.is_nan() || skin.depth <= 0.0 {
        return Touch::none(-skin.depth);
    }

    let normal = to_patient.inverse_transform_vector(&skin.normal.into_inner());
    let skin_velocity = to_patient.inverse_transform_vector(&Body::velocity_of(&skin, motion, &point));
    let slip = twist.linear + twist.angular.cross(&on_face) - skin_velocity;
    let separation = slip.dot(&normal);
    let law = HuntCrossley::tissue(body.stiffness(&skin, &point));
    let press = law.force(skin.depth, -separation);

    let sliding = slip - normal * separation;
    let speed = (sliding.norm_squared() + FRICTION_SPEED * FRICTION_SPEED).sqrt();
    let drag = -sliding * (GEL_FRICTION * press / speed);
    let force = normal * press + drag;
    Touch {
        wrench: Wrench::new(force, on_face.cross(&force)),
        indentation: Metre::new(skin.depth).unwrap_or_default(),
        region: Some(skin.region),
        clearance: Metre::ZERO,
        normal: Some(skin.normal),
    }
}

#[cfg(test)]
mod tests;
