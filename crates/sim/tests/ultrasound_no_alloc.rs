//! A picture into a buffer that has been used before takes no memory: pictures come thirty times a second for hours.

use assert_no_alloc::{AllocDisabler, assert_no_alloc};
use farprobe_geom::{Newton, Patient, Pose, Time};
use farprobe_sim::body::{Body, BodyCard};
use farprobe_sim::ultrasound::{BMode, ProbeView, Settings};
use nalgebra::{Isometry3, Translation3, UnitQuaternion, Vector3};

#[global_allocator]
static ALLOCATOR: AllocDisabler = AllocDisabler;

#[test]
fn a_picture_takes_no_memory() {
    let mut scanner = BMode::new(Body::new(BodyCard::default()), 1);
    let down = UnitQuaternion::from_axis_angle(&Vector3::x_axis(), std::f64::consts::PI);
    let view = |x: f64, z: f64| ProbeView {
        tip: Pose::<Patient>::new(Isometry3::from_parts(Translation3::new(x, -0.05, z), down)),
        force: Newton::literal(8.0),
    };
    let mut picture = Vec::new();
    scanner.render(&view(0.05, 0.21), Time::ZERO, &Settings::default(), &mut picture);
    assert_no_alloc(|| {
        for (i, height) in [0.21, 0.205, 0.25].into_iter().enumerate() {
            let at = Time::from_millis(33 * i as u64);
            scanner.render(&view(0.05 * i as f64, height), at, &Settings::default(), &mut picture);
        }
    });
}
