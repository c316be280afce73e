//! The shape of the probe's face: a curved array as scanners have them for the abdomen.

use nalgebra::Vector3;

/// Radius of the array's curvature, m.
pub const FACE_RADIUS: f64 = 0.060;
/// Width of the face along x of the tip, m.
pub const FACE_WIDTH: f64 = 0.060;
/// Thickness of the face along y of the tip, m; its edges are round.
pub const FACE_THICKNESS: f64 = 0.015;

/// Radius of the round edge, m.
const EDGE: f64 = FACE_THICKNESS / 2.0;
/// Radius of the arc the edge runs along, m.
const SPINE: f64 = FACE_RADIUS - EDGE;
/// Sine of half the angle the arc spans, so that arc and edges together are as wide as the face.
const SPINE_SINE: f64 = (FACE_WIDTH / 2.0 - EDGE) / SPINE;

/// The point of the face (tip axes, m) that lies furthest in a direction (unit vector, tip axes).
///
/// The face is a ball of the edge's radius swept along an arc: a bent capsule whose foremost point is the tip's origin.
pub fn deepest_point(direction: &Vector3<f64>) -> Vector3<f64> {
    let along = (direction.x * direction.x + direction.z * direction.z).sqrt();
    let sine = if direction.z > 0.0 && along > 0.0 {
        (direction.x / along).clamp(-SPINE_SINE, SPINE_SINE)
    } else {
        // Sideways or backwards it is one of the arc's ends.
        SPINE_SINE.copysign(direction.x)
    };
    let cosine = (1.0 - sine * sine).sqrt();
    Vector3::new(SPINE * sine, 0.0, SPINE * cosine - FACE_RADIUS) + direction * EDGE
}
