use std::sync::LazyLock;

use nalgebra::{Isometry3, Matrix6, Translation3, Vector3, Vector6};
use proptest::prelude::*;

use super::*;
use crate::body::{BodyCard, Breathing};

const MS: u64 = 1_000_000;

static FR3: LazyLock<ArmModel> = LazyLock::new(|| {
    let description = include_str!("../../../../../assets/arms/fr3.urdf");
    ArmModel::from_urdf(description, Isometry3::translation(0.0, 0.0, 0.18)).unwrap()
});

/// The posture of most examples: the probe points straight down.
fn ready() -> Joints {
    use std::f64::consts::{FRAC_PI_2, FRAC_PI_4};
    Joints::from_slice(&[0.0, -FRAC_PI_4, 0.0, -3.0 * FRAC_PI_4, 0.0, FRAC_PI_2, FRAC_PI_4]).unwrap()
}

/// A plant whose probe is `gap` (m) above the top of the belly.
fn plant_above(card: &PlantCard, body: BodyCard, gap: f64, seed: u64) -> Plant {
    plant_with_tip_at(card, body, Vector3::new(0.0, 0.0, 0.22 + gap), seed)
}

/// A plant whose probe stands at this place of the couch, m.
fn plant_with_tip_at(card: &PlantCard, body: BodyCard, place: Vector3<f64>, seed: u64) -> Plant {
    let tip = FR3.forward(&ready()).position();
    let couch = Isometry3::from_parts(Translation3::from(tip - place), nalgebra::one());
    Plant::new(card, Body::new(body), FR3.clone(), Pose::new(couch), &ready(), seed).unwrap()
}

fn still() -> BodyCard {
    BodyCard { breathing: Breathing::HELD, ..BodyCard::default() }
}

fn in_air() -> Plant {
    plant_above(&PlantCard::A, still(), 0.1, 1)
}

/// Joint speeds (rad/s) that move the tip with this velocity (m/s, tip axes).
fn joint_speeds(positions: &Joints, velocity: Vector3<f64>) -> Joints {
    let kinematics = FR3.kinematics(positions);
    let jacobian = kinematics.jacobian();
    let mut twist = Vector6::zeros();
    twist.fixed_rows_mut::<3>(0).copy_from(&velocity);
    let square: Matrix6<f64> = jacobian * jacobian.transpose();
    let speeds = jacobian.tr_mul(&square.try_inverse().unwrap()) * twist;
    Joints::from_slice(speeds.as_slice()).unwrap()
}

/// Feeds setpoints at 1 kHz that move the tip with `velocity(t)`, in its own axes, from `from` to `to` (ms).
fn drive_tip(plant: &mut Plant, setpoint: &mut Joints, [from, to]: [u64; 2], velocity: impl Fn(f64) -> Vector3<f64>) {
    for ms in from..to {
        let speeds = joint_speeds(setpoint, velocity(ms as f64 * 1e-3));
        plant.command(Time::from_millis(ms), setpoint, &speeds);
        *setpoint = setpoint.zip_with(&speeds, |q, qd| q + qd * 1e-3);
    }
}

fn still_joints() -> Joints {
    Joints::zero(7)
}

fn stepped(by: f64) -> Joints {
    ready().zip_with(&ready(), |q, _| q + by)
}

#[test]
fn a_setpoint_moves_the_arm_after_exactly_the_dead_time_of_its_card() {
    for (card, dead_ms) in [(PlantCard::A, 2), (PlantCard::B, 15)] {
        let mut plant = plant_above(&card, still(), 0.1, 1);
        plant.command(Time::from_millis(10), &stepped(0.01), &still_joints());
        let before = plant.advance(Time::from_millis(10 + dead_ms));
        assert_eq!((before.positions, before.motion), (ready(), ArmMotion::Waiting));
        let after = plant.advance(Time::from_nanos((10 + dead_ms) * MS + 250_000));
        assert!(after.positions.as_slice()[0] > 0.0 && after.motion == ArmMotion::Following);
    }
}

#[test]
fn the_arm_goes_where_the_setpoints_are_without_overshoot() {
    let mut plant = in_air();
    let mut highest = f64::MIN;
    for ms in 0..600 {
        plant.command(Time::from_millis(ms), &stepped(if ms < 5 { 0.0 } else { 0.3 }), &still_joints());
        highest = highest.max(plant.state().positions.as_slice()[0]);
    }
    let last = plant.state().positions;
    assert!((last.as_slice()[0] - 0.3).abs() < 1e-6, "{last:?}");
    assert!(highest < 0.3 + 1e-4, "{highest}");
}

#[test]
fn the_tip_follows_a_slow_wave_closely() {
    let (mut plant, mut setpoint) = (in_air(), ready());
    let speed = |t: f64| Vector3::new(0.02 * std::f64::consts::PI * (std::f64::consts::PI * t).sin(), 0.0, 0.0);
    drive_tip(&mut plant, &mut setpoint, [0, 1700], speed);
    let wanted = FR3.forward(&setpoint).position();
    // The dead time alone, 2 ms at up to 63 mm/s, is a tenth of a millimetre.
    let error = (plant.advance(Time::from_millis(1700)).tip.position() - wanted).norm();
    assert!(error < 0.25e-3, "{error}");
}

#[test]
fn without_setpoints_it_begins_to_stop_after_20_ms_and_says_so() {
    let (mut plant, mut setpoint) = (in_air(), ready());
    drive_tip(&mut plant, &mut setpoint, [0, 201], |t| Vector3::x() * (0.1 * (t / 0.1).min(1.0)));
    // The last setpoint came in at 200 ms.
    assert_eq!(plant.advance(Time::from_millis(220)).motion, ArmMotion::Following);
    let speed = plant.state().velocities;
    assert_eq!(plant.advance(Time::from_nanos(220 * MS + 250_000)).motion, ArmMotion::Braking);
    let mut speeds = vec![speed];
    let mut at = 220 * MS;
    while plant.state().motion == ArmMotion::Braking {
        at += 250_000;
        speeds.push(plant.advance(Time::from_nanos(at)).velocities);
        assert!(at < 300 * MS, "it does not come to rest");
    }
    assert_eq!(plant.state().motion, ArmMotion::Starved);
    assert_eq!(plant.state().velocities, still_joints());
    for axis in 0..7 {
        let speed: Vec<f64> = speeds.iter().map(|joints| joints.as_slice()[axis]).collect();
        let accelerations: Vec<f64> = speed.windows(2).map(|pair| (pair[1] - pair[0]) / 250e-6).collect();
        assert!(accelerations.iter().all(|a| a.abs() < 10.0 + 1e-6));
        // The last step takes what is left at once: two steps' worth of jerk at most.
        assert!(accelerations.windows(2).all(|pair| (pair[1] - pair[0]).abs() <= 3.0 * 5_000.0 * 250e-6));
    }
}

#[test]
fn a_starved_arm_starts_again_only_from_where_it_stands() {
    let (mut plant, mut setpoint) = (in_air(), ready());
    drive_tip(&mut plant, &mut setpoint, [0, 100], |_| Vector3::x() * 0.05);
    let stood = plant.advance(Time::from_millis(400)).positions;
    let far = stood.zip_with(&stood, |q, _| q + 0.1);
    for ms in 400..450 {
        plant.command(Time::from_millis(ms), &far, &still_joints());
    }
    assert_eq!(plant.state().motion, ArmMotion::Starved);
    assert_eq!(plant.state().positions, stood);
    plant.command(Time::from_millis(450), &stood, &still_joints());
    assert_eq!(plant.advance(Time::from_millis(453)).motion, ArmMotion::Following);
}

#[test]
fn a_push_moves_the_probe_and_the_sensor_feels_it() {
    let mut plant = in_air();
    let before = plant.advance(Time::from_millis(100)).tip.position();
    plant.push(Time::from_millis(100), Wrench::new(Vector3::new(0.0, 0.0, -50.0), Vector3::zeros()));
    plant.advance(Time::from_millis(350));
    let pushed = plant.advance(Time::from_millis(600));
    let yielded = (pushed.tip.position() - before).z;
    assert!((0.001..0.015).contains(&yielded), "{yielded} m up for 50 N");
    assert!((pushed.sensed.force.z + 50.0).abs() < 1.0, "{}", pushed.sensed.force);
    assert_eq!(pushed.force, Newton::ZERO, "no patient is touched");
    plant.push(Time::from_millis(600), Wrench::zero());
    plant.advance(Time::from_millis(900));
    let back = (plant.advance(Time::from_millis(1200)).tip.position() - before).norm();
    assert!(back < 0.1e-3, "{back}");
}

#[test]
fn pressing_on_the_belly_gives_its_stiffness_times_the_depth() {
    let (mut plant, mut setpoint) = (plant_above(&PlantCard::A, still(), 0.001, 1), ready());
    drive_tip(&mut plant, &mut setpoint, [0, 400], |_| Vector3::z() * 0.005);
    drive_tip(&mut plant, &mut setpoint, [400, 1000], |_| Vector3::zeros());
    let state = plant.advance(Time::from_millis(1000));
    assert_eq!(state.region, Some(Region::Belly));
    let depth = state.indentation.get();
    // One of the two millimetres is the gap; of the other the arm yields a part.
    assert!((0.0004..0.001).contains(&depth), "{depth}");
    assert!((state.force.get() / depth / 10_000.0 - 1.0).abs() < 0.01, "{}", state.force);
    assert!(state.contact.force.z < 0.0);
    assert!((state.tip_in_patient.position().z - (0.22 - depth)).abs() < 1e-6);
}

#[test]
fn a_knock_on_the_skull_dies_away() {
    let over_forehead = Vector3::new(0.6, 0.0, 0.1905);
    let (mut plant, mut setpoint) = (plant_with_tip_at(&PlantCard::A, still(), over_forehead, 1), ready());
    drive_tip(&mut plant, &mut setpoint, [0, 100], |_| Vector3::z() * 0.010);
    let mut forces = Vec::new();
    for ms in 100..500 {
        plant.command(Time::from_millis(ms), &setpoint, &still_joints());
        forces.push(plant.state().force.get());
    }
    assert_eq!(plant.state().region, Some(Region::Skull));
    let spread = |forces: &[f64]| {
        forces.iter().copied().fold(f64::MIN, f64::max) - forces.iter().copied().fold(f64::MAX, f64::min)
    };
    let swings: Vec<f64> = forces.chunks(50).map(spread).collect();
    assert!(swings[0] > 0.5, "it was no knock: {swings:?}");
    // Until it is within rounding.
    assert!(swings.windows(2).all(|pair| pair[1] <= pair[0].max(1e-6)) && swings[7] < 1e-6, "{swings:?}");
}

#[test]
fn sliding_over_the_belly_drags_no_harder_than_gel_lets_it() {
    let (mut plant, mut setpoint) = (plant_above(&PlantCard::A, still(), -0.0005, 1), ready());
    drive_tip(&mut plant, &mut setpoint, [0, 300], |_| Vector3::zeros());
    let towards_head = FR3.forward(&ready()).rotation().inverse() * Vector3::x();
    for step in 0..40 {
        let from = 300 + step * 10;
        drive_tip(&mut plant, &mut setpoint, [from, from + 10], |_| towards_head * 0.03);
        let state = plant.state();
        // Along the belly the skin is level: what pulls along it is friction alone.
        let force = state.tip_in_patient.rotation() * state.contact.force;
        assert!(-force.x <= crate::patient::GEL_FRICTION * force.z * 1.001, "{force}");
        assert!(step < 10 || -force.x > 0.95 * crate::patient::GEL_FRICTION * force.z, "{force}");
    }
}

#[test]
fn a_breathing_patient_lifts_the_force_on_a_still_probe() {
    let mut plant = plant_above(&PlantCard::A, BodyCard::default(), 0.002, 1);
    let forces: Vec<f64> = (0..4000).map(|ms| plant.advance(Time::from_millis(ms)).force.get()).collect();
    assert_eq!(forces[100], 0.0);
    // 8 mm of lift less 2 mm of gap on 10 N/mm, less what the arm yields.
    assert!((20.0..60.0).contains(&forces[2000]), "{}", forces[2000]);
}

/// A schedule of setpoints at odd times, with a gap that starves the arm, through clear air into contact.
fn schedule() -> Vec<(u64, Joints, Joints)> {
    let (mut at, mut setpoint, mut all) = (0, ready(), Vec::new());
    for i in 0..900u64 {
        at += 700_000 + (i * 7919 % 13) * 53_000;
        let speeds = joint_speeds(&setpoint, Vector3::new(0.02, 0.0, 0.01));
        setpoint = setpoint.zip_with(&speeds, |q, qd| q + qd * 1e-3);
        if !(400..440).contains(&i) {
            all.push((at, setpoint, speeds));
        }
    }
    all
}

/// Runs the schedule, looking at the plant at each of `looks` (ns) too, and gives the states at each whole 10 ms.
fn run(mut looks: impl Iterator<Item = u64>) -> Vec<PlantState> {
    let mut plant = plant_above(&PlantCard::A, BodyCard::default(), 0.008, 7);
    let mut states = Vec::new();
    let mut next_look = looks.next();
    let mut next_state = 10 * MS;
    for (at, positions, velocities) in schedule() {
        while let Some(look) = next_look.filter(|look| *look <= at) {
            plant.advance(Time::from_nanos(look));
            next_look = looks.next();
        }
        plant.command(Time::from_nanos(at), &positions, &velocities);
        if at >= next_state {
            next_state += 10 * MS;
            states.push(plant.state());
        }
    }
    states
}

#[test]
fn how_often_somebody_looks_changes_nothing() {
    let coarse = run(std::iter::empty());
    assert!(coarse.len() > 50 && coarse.iter().any(|state| state.force.get() > 1.0));
    assert!(coarse.iter().any(|state| state.motion == ArmMotion::Starved || state.motion == ArmMotion::Braking));
    assert_eq!(run((0..).map(|i| i * MS)), coarse);
    assert_eq!(run((0..).map(|i| i * 250_000)), coarse);
    assert_eq!(run((0..).map(|i| i * 333_333 + i % 7 * 11_111)), coarse);
}

#[test]
fn the_same_seed_gives_the_same_readings_and_another_gives_others() {
    let readings = |seed| {
        let mut plant = plant_above(&PlantCard::A, still(), 0.1, seed);
        (0..50).map(|ms| plant.advance(Time::from_millis(ms)).sensed).collect::<Vec<_>>()
    };
    assert_eq!(readings(1), readings(1));
    assert_ne!(readings(1), readings(2));
}

#[test]
fn through_a_long_stall_the_arm_stops_where_it_was() {
    // Its own watch would be slower than what one call simulates.
    let slow_watch = PlantCard { starved_after: Duration::from_secs(1), ..PlantCard::A };
    for card in [PlantCard::A, slow_watch] {
        let (mut plant, mut setpoint) = (plant_above(&card, BodyCard::default(), 0.1, 1), ready());
        drive_tip(&mut plant, &mut setpoint, [0, 200], |_| Vector3::x() * 0.1);
        let before = plant.state().tip;
        let now = Time::from_nanos(3_600_000 * MS + 123_456);
        let after = plant.advance(now);
        assert_eq!(after.motion, ArmMotion::Starved);
        assert!((after.tip.position() - before.position()).norm() < 1e-6);
        assert!(now.saturating_since(after.at) < SUBSTEP);
    }
}

#[test]
fn through_a_long_stall_no_patient_breathes_against_an_arm_that_stands_still() {
    let body =
        BodyCard { breathing: Breathing { amplitude: Metre::literal(0.012), ..Breathing::default() }, ..still() };
    let mut plant = plant_above(&PlantCard::A, body, -0.004, 1);
    let before = plant.advance(Time::from_millis(100));
    assert!(before.force.get() > 1.0);
    // Half a breath: the belly would stand at its highest.
    let stalled = plant.advance(Time::from_millis(2_100));
    assert_eq!(stalled.body_at, before.body_at + SUBSTEP);
    assert_ne!(stalled.sensed, before.sensed, "the sensor is not stuck");
    assert!((stalled.force.get() - before.force.get()).abs() < 0.1, "{} N", stalled.force);
    // What is short enough to be simulated is simulated.
    let on = plant.advance(Time::from_millis(2_400));
    assert_eq!(on.body_at, stalled.body_at + Duration::from_millis(300));
    assert_eq!(on.body, plant.body().motion(on.body_at));
}

#[test]
fn a_broken_sensor_changes_what_is_read_and_not_what_is() {
    let mut plant = plant_above(&PlantCard::A, still(), -0.001, 1);
    let whole = plant.advance(Time::from_millis(100));
    plant.set_sensor_fault(Time::from_millis(100), Some(SensorFault::NotANumber));
    let broken = plant.advance(Time::from_millis(102));
    assert!(whole.sensed.is_finite() && !broken.sensed.is_finite());
    assert!((broken.force.get() - whole.force.get()).abs() < 0.01 && broken.force.get() > 1.0);
}

#[test]
fn a_start_outside_the_limits_is_refused() {
    let refused = Plant::new(&PlantCard::A, Body::new(still()), FR3.clone(), Pose::identity(), &Joints::zero(7), 1);
    assert_eq!(refused.err(), Some(StartNotAllowed));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_setpoint_makes_the_arm_leave_its_limits(
        setpoints in prop::collection::vec((prop::array::uniform7(-10.0..10.0f64), prop::array::uniform7(-10.0..10.0f64), 0u64..30), 1..60),
        push in prop::array::uniform3(-500.0..500.0f64), broken in prop::sample::select(vec![0.0, f64::NAN, f64::INFINITY]),
    ) {
        let mut plant = plant_above(&PlantCard::A, BodyCard::default(), 0.01, 3);
        let mut now = 0;
        for (i, (positions, velocities, wait)) in setpoints.iter().enumerate() {
            now += wait * MS / 3;
            let mut positions = Joints::from_slice(positions).unwrap();
            if i == 0 {
                positions = ready();
            } else if i % 5 == 0 {
                positions.as_mut_slice()[i % 7] += broken;
            }
            plant.command(Time::from_nanos(now), &positions, &Joints::from_slice(velocities).unwrap());
            let push = Vector3::from(push) * f64::from(u8::from(i % 3 == 0));
            plant.push(Time::from_nanos(now), Wrench::new(push, Vector3::zeros()));
            let state = plant.advance(Time::from_nanos(now + MS));
            prop_assert!(state.positions.is_finite() && state.velocities.is_finite() && state.sensed.is_finite());
            prop_assert!(state.contact.is_finite() && state.tip.is_finite() && state.tip_in_patient.is_finite());
            for (angle, limits) in state.positions.as_slice().iter().zip(plant.model().limits()) {
                // A link may yield beyond the end of its drive's range, by a tenth of a radian at the very most.
                prop_assert!((limits.lower.get() - 0.1..=limits.upper.get() + 0.1).contains(angle));
            }
        }
    }
}

/// Not a test of anything: says what a millisecond costs. `cargo test -p farprobe-sim -- --ignored --nocapture cost`
#[test]
#[ignore = "a measurement"]
fn the_cost_of_a_millisecond() {
    let (mut plant, mut setpoint) = (plant_above(&PlantCard::A, BodyCard::default(), 0.0, 1), ready());
    drive_tip(&mut plant, &mut setpoint, [0, 500], |_| Vector3::z() * 0.005);
    let cpu = || -> f64 {
        let line = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
        line.split(' ').next().unwrap().parse::<f64>().unwrap() * 1e-3
    };
    let before = cpu();
    for ms in 500..20_500 {
        plant.command(Time::from_millis(ms), &setpoint, &still_joints());
    }
    println!("{:.1} µs a millisecond, force {}", (cpu() - before) / 20_000.0, plant.state().force);
}
