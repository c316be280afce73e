//! The real-time step must not allocate.

use core::hint::black_box;
use std::time::Instant;

use assert_no_alloc::{AllocDisabler, assert_no_alloc};
use farprobe_control::haptic::{Engagement, Felt, HapticCoupling, HapticTuning};
use farprobe_control::{ArmModel, ContactLaw, ContactTuning, Directive, Measured, ReferenceGenerator, Resolver, Tare};
use farprobe_geom::{Joints, Newton, Pose, Time, Twist, Wrench};
use nalgebra::{Isometry3, Vector3};

#[global_allocator]
static ALLOCATOR: AllocDisabler = AllocDisabler;

const TICKS: u64 = 5_000;

#[test]
fn a_tick_of_kinematics_reference_law_and_resolver_allocates_nothing() {
    let fr3 = include_str!("../../../assets/arms/fr3.urdf");
    let model = ArmModel::from_urdf(fr3, Isometry3::translation(0.0, 0.0, 0.2)).unwrap();
    let mut positions = Joints::from_slice(&[0.0, -0.8, 0.0, -2.4, 0.0, 1.6, 0.8]).unwrap();
    let resolver = Resolver::new(positions);
    let mut reference = ReferenceGenerator::new(model.forward(&positions));
    let mut law = ContactLaw::new(ContactTuning::default());
    let tare = Tare::new();
    let mut velocities = Joints::zero(model.axes());
    let started = Instant::now();
    assert_no_alloc(|| {
        for tick in 0..TICKS {
            let now = Time::from_millis(tick);
            let kinematics = model.kinematics(&positions);
            let sway = (tick as f64 * 0.003).sin();
            let target = Pose::new(Isometry3::translation(0.02 * sway, 0.0, 0.01));
            reference.target(now, &target, &Twist::new(Vector3::x() * 0.02 * sway, Vector3::zeros()));
            let wrench = Wrench::new(Vector3::z() * -(4.0 + 4.0 * sway), Vector3::zeros());
            let measured =
                Measured { tip: *kinematics.tip(), twist: kinematics.twist(&velocities), wrench: tare.apply(&wrench) };
            let directive = Directive::Follow { desired_force: Newton::literal(8.0) };
            let proposal = law.step(now, &directive, &reference.step(now), &measured);
            let resolution = resolver.resolve(&model, &kinematics, &proposal.twist);
            velocities = resolution.velocities;
            positions = positions.zip_with(&velocities, |q, v| q + v * 1e-3);
            black_box(model.link_poses(&positions));
        }
    });
    // Shown, not judged: a busy machine is no fault of the code.
    println!("{:.1} µs a tick", started.elapsed().as_secs_f64() * 1e6 / TICKS as f64);
    assert!(positions.is_finite());
}

#[test]
fn a_step_of_the_haptic_handle_allocates_nothing() {
    let mut coupling = HapticCoupling::new(HapticTuning::default());
    assert_no_alloc(|| {
        for tick in 0..TICKS {
            let now = Time::from_millis(tick);
            let sway = (tick as f64 * 0.003).sin();
            let wrench = Wrench::new(Vector3::z() * -(4.0 + 4.0 * sway), Vector3::zeros());
            coupling.feel(&Felt { heard_at: now, wrench });
            let pose = Pose::new(Isometry3::translation(0.0, 0.0, 0.01 * sway));
            black_box(coupling.step(now, &pose, Engagement::Engaged));
        }
    });
    assert!(coupling.observer().least() >= 0.0);
}
