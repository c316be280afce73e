//! Polylines that draw the body.

use std::f64::consts::TAU;

use nalgebra::{Point3, Vector3};

use super::BodyMotion;
use super::shape::{HEAD_CENTRE, HEAD_RADIUS, TORSO_ENDS, TORSO_HALF_HEIGHT, TORSO_HALF_WIDTH};

/// Rings across the torso: one every 75 mm.
const TORSO_RINGS: usize = 11;
/// Points of a ring: enough to look round at the size the console draws the patient.
const RING_POINTS: usize = 32;

pub(super) fn outline(motion: &BodyMotion) -> Vec<Vec<Point3<f64>>> {
    let [hips, neck] = TORSO_ENDS;
    let torso = (0..TORSO_RINGS).map(|ring| {
        let x = hips + (neck - hips) * ring as f64 / (TORSO_RINGS - 1) as f64;
        let half_height = TORSO_HALF_HEIGHT * motion.stretch(x);
        let centre = Point3::new(x, 0.0, half_height);
        loop_around(centre, Vector3::y() * TORSO_HALF_WIDTH, Vector3::z() * half_height)
    });
    let head = [(Vector3::y(), Vector3::z()), (Vector3::x(), Vector3::y()), (Vector3::x(), Vector3::z())]
        .map(|(right, up)| loop_around(HEAD_CENTRE, right * HEAD_RADIUS, up * HEAD_RADIUS));
    torso.chain(head).collect()
}

fn loop_around(centre: Point3<f64>, right: Vector3<f64>, up: Vector3<f64>) -> Vec<Point3<f64>> {
    (0..RING_POINTS)
        .map(|i| {
            let (sin, cos) = (TAU * i as f64 / RING_POINTS as f64).sin_cos();
            centre + right * cos + up * sin
        })
        .collect()
}
