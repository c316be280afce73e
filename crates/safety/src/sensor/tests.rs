use farprobe_geom::Wrench;

use super::*;
use crate::tests::scene::Scene;

/// A sensor whose numbers are never the same.
const NOISY: SensorCard =
    SensorCard { range: Newton::literal(60.0), noise: SensorNoise::Present { deviation: Newton::literal(0.1) } };

const IDEAL: SensorCard = SensorCard { range: Newton::literal(60.0), noise: SensorNoise::None };

fn at(millis: u64) -> Time {
    Time::from_millis(1_000 + millis)
}

/// A sample taken now, with these forces. The torques change with each millisecond.
fn sample(now: Time, force: [f64; 3]) -> Measured {
    let torque = Vector3::repeat((now.as_nanos() / 1_000_000 % 7) as f64 * 1e-3);
    let wrench = Wrench::new(force.into(), torque);
    Measured { sampled_at: now, wrench, ..Scene::new().measured }
}

/// What becomes of a noisy sensor whose first `axes` forces jump to and fro by `jump` N, 1 s long.
fn noise(axes: usize, jump: f64) -> Reading {
    let mut watch = SensorWatch::new(NOISY);
    let mut reading = Reading::Doubted;
    for tick in 0..1_000_u64 {
        let high = tick % 2 == 0;
        let force = [0, 1, 2].map(|axis| match (axis < axes, high) {
            (true, true) => jump,
            (true | false, false) => 0.0,
            (false, true) => 0.1,
        });
        reading = watch.judge(at(tick), &sample(at(tick), force));
        if reading == Reading::Doubted {
            break;
        }
    }
    reading
}

fn standing(reading: Reading) -> Option<Standing> {
    match reading {
        Reading::Believed { standing, .. } => Some(standing),
        Reading::Doubted => None,
    }
}

#[test]
fn sr_025_noise_in_one_force_is_held_against_the_sensor_and_in_two_is_a_fault() {
    let deviation = 0.1;
    assert_eq!(standing(noise(3, LOUD * deviation)), Some(Standing::Good), "as loud as a healthy one may be");
    assert_eq!(standing(noise(0, 1.0)), Some(Standing::Good));
    assert_eq!(standing(noise(1, 1.0)), Some(Standing::Suspected));
    assert_eq!(standing(noise(2, 1.0)), None);
}

#[test]
fn sr_025_just_the_share_of_loud_samples_that_is_granted_is_granted() {
    for (loud, expected) in [
        (LOUD_SHARE / 2.0, Finding::Nothing),
        (LOUD_SHARE / 2.0 + 1e-9, Finding::Suspicion),
        (LOUD_SHARE, Finding::Suspicion),
        (LOUD_SHARE + 1e-9, Finding::Fault),
    ] {
        let mut watch = SensorWatch::new(NOISY);
        let first = Vector6::repeat(0.1);
        assert_eq!(watch.listen(at(0), first, at(0)), Finding::Nothing);
        watch.loud = loud;
        // Of a sample of the same instant nothing is averaged in.
        assert_eq!(watch.listen(at(0), first * 2.0, at(0)), expected, "{loud}");
    }
}

#[test]
fn sr_025_just_the_pull_that_is_granted_is_granted() {
    for (pull, expected) in [(PULL, Standing::Good), (PULL + 1e-9, Standing::Suspected)] {
        let reading = SensorWatch::new(IDEAL).judge(at(0), &sample(at(0), [0.0, 0.0, pull]));
        assert_eq!(standing(reading), Some(expected), "{pull} N");
    }
}

#[test]
fn sr_044_what_the_arm_feels_beyond_all_error_is_the_force() {
    let mut measured = sample(at(0), [0.0, 0.0, -6.0]);
    for (expected, force) in [(10.0, 8.0), (8.0, 6.0), (5.0, 6.0), (0.0, 6.0)] {
        measured.expected = Some(Wrench::new(Vector3::new(0.0, 0.0, -expected), Vector3::zeros()));
        let reading = SensorWatch::new(IDEAL).judge(at(0), &measured);
        let Reading::Believed { force: believed, .. } = reading else { panic!("{expected} N: {reading:?}") };
        assert!((believed.get() - force).abs() < 1e-9, "{expected} N: {believed:?}");
    }
}

/// A watch whose sensor and estimate have differed by this much for long.
fn differing(difference: f64) -> EstimateWatch {
    EstimateWatch { at: at(0), difference: Vector3::new(difference, 0.0, 0.0), ..EstimateWatch::NEW }
}

#[test]
fn sr_025_just_the_difference_that_is_granted_is_granted_and_learnt() {
    let mut watch = differing(DISAGREEMENT);
    let force = Vector3::new(DISAGREEMENT, 0.0, 0.0);
    assert_eq!(watch.compare(at(1), &force, Some(Vector3::zeros())), Finding::Nothing);
    assert!(watch.wrong.since.is_none() && watch.wandering.x > 0.0, "{watch:?}");
    let mut watch = differing(DISAGREEMENT + 1e-6);
    assert_eq!(watch.compare(at(1), &(force * (1.0 + 1e-6)), Some(Vector3::zeros())), Finding::Suspicion);
    assert!(watch.wrong.since.is_some() && watch.wandering.x == 0.0, "{watch:?}");
}

#[test]
fn sr_025_just_the_difference_that_an_error_may_explain_is_not_gross() {
    for (difference, gross) in [(GROSS, false), (GROSS + 1e-6, true)] {
        let mut watch = differing(difference);
        let force = Vector3::new(difference, 0.0, 0.0);
        assert_eq!(watch.compare(at(0), &force, Some(Vector3::zeros())), Finding::Suspicion);
        assert_eq!(watch.gross.since.is_some(), gross, "{difference} N");
    }
}

#[test]
fn sr_025_what_is_learnt_has_an_end() {
    let mut watch = EstimateWatch { at: at(0), ..EstimateWatch::NEW };
    let force = Vector3::new(1.9, 0.0, 0.0);
    for tick in 1..60_000 {
        assert_eq!(watch.compare(at(tick), &force, Some(Vector3::zeros())), Finding::Nothing);
    }
    assert!((watch.wandering.norm() - MOST_WANDERING).abs() < 1e-9, "{watch:?}");
}

#[test]
fn sr_025_what_they_always_differ_by_is_learnt_in_its_own_time() {
    let mut watch = differing(1.0);
    let force = Vector3::new(1.0, 0.0, 0.0);
    // A second each, of a time constant of three: a quarter of what is left.
    for (second, learnt) in [(1, 0.25), (2, 0.4375)] {
        assert_eq!(watch.compare(at(second * 1_000), &force, Some(Vector3::zeros())), Finding::Nothing);
        assert!((watch.wandering.x - learnt).abs() < 1e-12, "{watch:?}");
    }
}
