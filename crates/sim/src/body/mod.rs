//! The simulated patient's body: a torso and a head on a couch that breathe, cough and have a heartbeat.
//!
//! All points are in frame [`Patient`](farprobe_geom::Patient), in metres: x from feet to head, y to the patient's left, z
//! up, the origin under the navel on the couch's surface. The torso is an elliptic cylinder along x, the head a sphere.
//! Breathing stretches the torso upwards from the couch it lies on, and moves the organs inside towards the feet.

mod card;
mod motion;
mod outline;
mod shape;

use nalgebra::{Point3, Unit, Vector3};

pub use card::{BodyCard, Breathing, Cough, RegionStiffness};
pub use motion::BodyMotion;
pub use shape::{COSTAL_MARGIN, HEAD_CENTRE, HEAD_RADIUS, TORSO_ENDS, TORSO_HALF_HEIGHT, TORSO_HALF_WIDTH};

use farprobe_geom::{NewtonPerMetre, Time};

/// A part of the body with a stiffness of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Region {
    /// Soft, and moves most with the breath.
    Belly,
    /// Ribs under the skin: stiffer, and moves less.
    Chest,
    /// Bone under thin skin; does not move.
    Skull,
}

/// What the skin is like near a point.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SkinPoint {
    /// How deep the point lies below the undeformed skin, m: positive inside, negative in the air.
    pub depth: f64,
    /// The nearest skin's outward normal.
    pub normal: Unit<Vector3<f64>>,
    /// The nearest region.
    pub region: Region,
}

/// A torso and a head on a couch.
#[derive(Debug, Clone, PartialEq)]
pub struct Body {
    card: BodyCard,
}

impl Body {
    /// The body this card describes. Amplitudes beyond what a body does are brought back to the nearest it does.
    pub fn new(card: BodyCard) -> Self {
        Self { card: card.sane() }
    }

    /// What the body was made from.
    pub fn card(&self) -> &BodyCard {
        &self.card
    }

    /// How breath, cough and heart stand at this instant. The breath starts at end-expiration at time zero.
    pub fn motion(&self, at: Time) -> BodyMotion {
        BodyMotion::at(&self.card, at)
    }

    /// The skin nearest to a point. The skin is the undeformed one: it breathes, but nothing presses on it.
    pub fn skin(&self, motion: &BodyMotion, point: &Point3<f64>) -> SkinPoint {
        let torso = shape::torso(motion, point);
        // The body is the union of both, and depth is positive inside: the larger one is the nearer skin.
        if shape::head_depth(point) > torso.depth { shape::head(point) } else { torso }
    }

    /// How fast the skin nearest to a point moves, m/s.
    pub fn skin_velocity(&self, motion: &BodyMotion, point: &Point3<f64>) -> Vector3<f64> {
        Self::velocity_of(&self.skin(motion, point), motion, point)
    }

    /// How fast this skin, found from this point, moves, m/s.
    pub(crate) fn velocity_of(skin: &SkinPoint, motion: &BodyMotion, point: &Point3<f64>) -> Vector3<f64> {
        match skin.region {
            Region::Belly | Region::Chest => {
                let surface = point + skin.normal.into_inner() * skin.depth;
                let rest_height = surface.z / motion.stretch(surface.x);
                Vector3::z() * (rest_height * motion.stretch_rate(surface.x))
            }
            Region::Skull => Vector3::zeros(),
        }
    }

    /// Where the tissue that is now at `point` rests at end-expiration, m.
    ///
    /// The skin and the wall under it only rise; what lies deeper also slides along x with the diaphragm. Nothing presses
    /// on the body here: compression under a probe comes on top.
    pub fn material_point(&self, motion: &BodyMotion, point: &Point3<f64>) -> Point3<f64> {
        let rest = Point3::new(point.x, point.y, point.z / motion.stretch(point.x));
        let depth = shape::torso(&BodyMotion::REST, &rest).depth;
        let slide = motion.organ_slide() * shape::organ_share(depth) * shape::breathing_share(point.x);
        // Inspiration takes the organs towards the feet, so what is here now rested nearer to the head.
        Point3::new(rest.x + slide, rest.y, rest.z)
    }

    /// How stiff the tissue at a point is for a probe that is pressed on it. The belly goes over into the chest smoothly.
    pub fn stiffness(&self, skin: &SkinPoint, point: &Point3<f64>) -> NewtonPerMetre {
        let RegionStiffness { belly, chest, skull } = self.card.stiffness;
        match skin.region {
            Region::Skull => skull,
            Region::Belly | Region::Chest => belly + (chest - belly) * shape::chest_share(point.x),
        }
    }

    /// Closed polylines that draw the body as it stands: rings across the torso, then the head's outlines. Points in m.
    pub fn outline(&self, motion: &BodyMotion) -> Vec<Vec<Point3<f64>>> {
        outline::outline(motion)
    }
}

#[cfg(test)]
mod tests;
