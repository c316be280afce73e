//! Nothing is taken from a control law that keeps the limits.

use farprobe_geom::Twist;
use nalgebra::Vector3;

use super::scene::{Scene, linear};

#[test]
fn sr_010_a_smooth_proposal_is_permitted_unchanged() {
    let mut scene = Scene::engaged(8.0);
    let mut worst: f64 = 0.0;
    for tick in 0..4000 {
        let t = f64::from(tick) * 1e-3;
        // A sine that starts gently: 60 mm/s across the skin, breathing along the axis, some turning.
        let start = (t / 0.5).min(1.0);
        let ease = start * start * (3.0 - 2.0 * start);
        let wave = |hertz: f64| libm::sin(core::f64::consts::TAU * hertz * t) * ease;
        scene.proposal = Twist::new(
            Vector3::new(0.06 * wave(0.5), 0.04 * wave(0.7), 0.02 * wave(0.4)),
            Vector3::new(0.3 * wave(0.4), 0.2 * wave(0.6), 0.3 * wave(0.3)),
        );
        scene.run(1);
        let difference = (scene.permitted.linear - scene.proposal.linear).norm()
            + (scene.permitted.angular - scene.proposal.angular).norm();
        worst = worst.max(difference);
    }
    assert!(worst < 1e-12, "{worst}");
}

#[test]
fn sr_026_the_pace_is_held_by_the_envelope_too() {
    let mut scene = Scene::engaged(0.0);
    scene.facts.round_trip = Some(core::time::Duration::from_millis(300));
    scene.proposal = linear(0.12, 0.0, 0.010);
    scene.run(300);
    assert!((scene.permitted.linear.x - 0.024).abs() < 1e-9);
    assert!((scene.permitted.linear.z - 0.002).abs() < 1e-9);
}

#[test]
fn sr_010_direction_is_kept_when_speed_is_cut() {
    let mut scene = Scene::engaged(0.0);
    scene.proposal = linear(0.3, 0.4, 0.0);
    scene.run(300);
    assert!((scene.permitted.linear - Vector3::new(0.072, 0.096, 0.0)).norm() < 1e-9);
    scene.proposal = linear(f64::MAX, -f64::MAX, 0.0);
    scene.run(300);
    assert!((scene.permitted.linear.norm() - 0.12).abs() < 1e-9);
}
