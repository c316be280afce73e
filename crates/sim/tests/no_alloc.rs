//! The plant runs in the cart's real-time thread when the arm is simulated: neither a setpoint nor a step may allocate.

use assert_no_alloc::{AllocDisabler, assert_no_alloc};
use farprobe_control::ArmModel;
use farprobe_geom::{Joints, Newton, Pose, Time, Wrench};
use farprobe_sim::arm::{ArmMotion, Plant, PlantCard, SensorFault};
use farprobe_sim::body::{Body, BodyCard, Cough};
use nalgebra::{Isometry3, Vector3};

#[global_allocator]
static ALLOCATOR: AllocDisabler = AllocDisabler;

#[test]
fn neither_a_setpoint_nor_a_step_allocates() {
    let description = include_str!("../../../assets/arms/fr3.urdf");
    let model = ArmModel::from_urdf(description, Isometry3::translation(0.0, 0.0, 0.18)).unwrap();
    let start = Joints::from_slice(&[0.0, -0.785, 0.0, -2.356, 0.0, 1.571, 0.785]).unwrap();
    let tip = model.forward(&start).position();
    let couch = Pose::new(Isometry3::translation(tip.x, tip.y, tip.z - 0.222));
    let body = Body::new(BodyCard { coughs: vec![Cough::at(Time::from_millis(500))], ..BodyCard::default() });
    let mut plant = Plant::new(&PlantCard::A, body, model, couch, &start, 1).unwrap();
    let still = Joints::zero(7);
    let (mut largest, mut starved) = (0.0f64, false);
    assert_no_alloc(|| {
        plant.set_sensor_fault(Time::ZERO, Some(SensorFault::Noisy { factor: 10.0 }));
        plant.push(Time::ZERO, Wrench::new(Vector3::new(0.0, 5.0, 0.0), Vector3::zeros()));
        for ms in 0..3_000 {
            let now = Time::from_millis(ms);
            if !(1_000..1_100).contains(&ms) {
                plant.command(now, &start, &still);
            }
            let state = plant.advance(now);
            largest = largest.max(state.force.get());
            starved |= state.motion == ArmMotion::Starved;
        }
        let _ = plant.advance(Time::from_millis(60_000));
    });
    assert!(largest > Newton::literal(10.0).get() && starved, "{largest} N: the interesting paths were not taken");
}
