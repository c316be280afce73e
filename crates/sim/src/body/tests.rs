use std::time::Duration;

use farprobe_geom::Metre;
use proptest::prelude::*;

use super::*;

fn still() -> Body {
    Body::new(BodyCard { breathing: Breathing::HELD, ..BodyCard::default() })
}

fn breathing(amplitude: f64, period_ms: u64) -> Body {
    let breathing = Breathing { amplitude: Metre::literal(amplitude), period: Duration::from_millis(period_ms) };
    Body::new(BodyCard { breathing, ..BodyCard::default() })
}

/// Height of the skin above the couch over a point of the midline, found from the depth of a point 10 mm below the top.
fn top(body: &Body, at: Time, x: f64) -> f64 {
    let point = Point3::new(x, 0.0, 0.21);
    0.21 + body.skin(&body.motion(at), &point).depth
}

#[test]
fn depth_is_measured_along_the_normal_from_the_nearest_skin() {
    let (body, rest) = (still(), BodyMotion::REST);
    let above = body.skin(&rest, &Point3::new(0.0, 0.0, 0.23));
    assert!((above.depth + 0.01).abs() < 1e-9 && (above.normal.z - 1.0).abs() < 1e-9);
    let left = body.skin(&rest, &Point3::new(0.2, 0.15, 0.11));
    assert!((left.depth - 0.01).abs() < 1e-9 && (left.normal.y - 1.0).abs() < 1e-6);
    assert_eq!(left.region, Region::Chest);
    let forehead = body.skin(&rest, &Point3::new(0.60, 0.0, 0.20));
    assert!((forehead.depth + 0.01).abs() < 1e-9);
    assert_eq!(forehead.region, Region::Skull);
}

#[test]
fn the_belly_rises_by_twice_the_amplitude_once_a_period() {
    let body = breathing(0.004, 4000);
    let heights: Vec<f64> = (0..8000).map(|ms| top(&body, Time::from_millis(ms), 0.0)).collect();
    let (low, high) = heights.iter().fold((f64::MAX, f64::MIN), |(l, h), z| (l.min(*z), h.max(*z)));
    assert!((low - 0.220).abs() < 1e-9, "{low}");
    assert!((high - 0.228).abs() < 1e-6, "{high}");
    let mean = f64::midpoint(low, high);
    let upward = heights.windows(2).filter(|pair| pair[0] < mean && pair[1] >= mean).count();
    assert_eq!(upward, 2, "0.25 Hz for 8 s");
}

#[test]
fn the_chest_rises_less_and_the_skull_not_at_all() {
    let body = breathing(0.010, 4000);
    let inspired = Time::from_millis(2000);
    assert!((top(&body, inspired, 0.0) - 0.240).abs() < 1e-6);
    assert!((top(&body, inspired, 0.35) - 0.228).abs() < 1e-6);
    let forehead = Point3::new(0.60, 0.0, 0.18);
    assert_eq!(body.skin_velocity(&body.motion(Time::from_millis(1000)), &forehead), Vector3::zeros());
}

#[test]
fn a_cough_throws_the_belly_up_by_its_height_in_its_time() {
    let cough = Cough::at(Time::from_millis(1000));
    let body = Body::new(BodyCard { breathing: Breathing::HELD, coughs: vec![cough], ..BodyCard::default() });
    assert!((top(&body, Time::from_millis(999), 0.0) - 0.220).abs() < 1e-9);
    assert!((top(&body, Time::from_millis(1300), 0.0) - 0.240).abs() < 1e-9);
    assert!((top(&body, Time::from_millis(1800), 0.0) - 0.220).abs() < 1e-9);
}

#[test]
fn organs_slide_towards_the_feet_and_the_skin_only_rises() {
    let body = breathing(0.005, 4000);
    let inspired = body.motion(Time::from_millis(2000));
    let deep = body.material_point(&inspired, &Point3::new(0.0, 0.0, 0.115));
    assert!((deep.x - 0.015).abs() < 1e-9, "what is here now rested nearer to the head: {deep}");
    assert!((deep.z - 0.115 * 0.22 / 0.23).abs() < 1e-9);
    let skin = body.material_point(&inspired, &Point3::new(0.0, 0.0, 0.230));
    assert!((skin - Point3::new(0.0, 0.0, 0.220)).norm() < 1e-9, "{skin}");
}

#[test]
fn the_heart_beats_on_and_a_stopped_one_does_not() {
    let body = still();
    assert!((body.motion(Time::from_millis(909 * 7 + 303)).heartbeat() - 1.0 / 3.0).abs() < 1e-6);
    let stopped = Body::new(BodyCard { heart_period: Duration::ZERO, ..BodyCard::default() });
    assert_eq!(stopped.motion(Time::from_millis(12_345)).heartbeat(), 0.0);
}

#[test]
fn stiffness_goes_over_from_belly_to_chest_without_a_step() {
    let body = still();
    let at = |x: f64| {
        let point = Point3::new(x, 0.0, 0.215);
        body.stiffness(&body.skin(&BodyMotion::REST, &point), &point).get()
    };
    assert_eq!((at(0.0), at(0.2)), (10_000.0, 25_000.0));
    let largest = (0..200).map(|i| at(0.001 * f64::from(i + 1)) - at(0.001 * f64::from(i))).fold(0.0, f64::max);
    assert!(largest < 600.0, "{largest} N/m within a millimetre");
}

#[test]
fn the_outline_lies_on_the_skin() {
    let body = breathing(0.010, 4000);
    let motion = body.motion(Time::from_millis(1700));
    let outline = body.outline(&motion);
    assert!(outline.len() > 10);
    for point in outline.iter().flatten() {
        assert!(body.skin(&motion, point).depth.abs() < 1e-6, "{point}");
    }
}

/// Heights on the torso's axis and beside it, where the nearest skin is hardest to find.
fn around_the_axis() -> impl Strategy<Value = f64> {
    prop_oneof![Just(0.11), Just(0.11 + 1e-6), 0.0..0.3f64]
}

proptest! {
    #[test]
    fn no_skin_is_nearer_than_the_nearest(y in prop_oneof![Just(0.0), -0.25..0.25f64], z in around_the_axis()) {
        const AROUND: u32 = 20_000;
        let point = Point3::new(0.0, y, z);
        let distance = |n: u32| {
            let (sin, cos) = (f64::from(n) / f64::from(AROUND) * std::f64::consts::TAU).sin_cos();
            (point - Point3::new(0.0, TORSO_HALF_WIDTH * cos, TORSO_HALF_HEIGHT * (1.0 + sin))).norm()
        };
        let nearest = (0..AROUND).map(distance).fold(f64::MAX, f64::min);
        let depth = still().skin(&BodyMotion::REST, &point).depth;
        // Half of what lies between two of the points tried.
        prop_assert!((depth.abs() - nearest).abs() < 2.6e-5, "{depth} and {nearest}");
    }

    #[test]
    fn stepping_out_along_the_normal_by_the_depth_ends_on_the_skin(
        x in -0.2..0.4f64, angle in 0.1..3.0f64, depth in -0.05..0.05f64, ms in 0u64..20_000,
    ) {
        let body = breathing(0.010, 3700);
        let motion = body.motion(Time::from_millis(ms));
        let half = 0.11 * motion.stretch(x);
        let scale = 1.0 - depth / 0.16;
        let point = Point3::new(x, 0.16 * scale * angle.cos(), half + half * scale * angle.sin());
        let skin = body.skin(&motion, &point);
        let out = point + skin.normal.into_inner() * skin.depth;
        // The tilt along x is taken at the point, not at the foot: exact to second order.
        prop_assert!(body.skin(&motion, &out).depth.abs() < 1e-4, "{}", body.skin(&motion, &out).depth);
        prop_assert_eq!(skin.depth > 0.0, depth > 0.0);
    }

    #[test]
    fn near_the_skin_the_normal_is_the_slope_of_the_depth(x in -0.2..0.4f64, y in -0.14..0.14f64, z in 0.17..0.26f64) {
        let body = breathing(0.010, 4000);
        let motion = body.motion(Time::from_millis(1500));
        let depth = |p: Point3<f64>| body.skin(&motion, &p).depth;
        let point = Point3::new(x, y, z);
        let skin = body.skin(&motion, &point);
        let h = 1e-6;
        let axes = [Vector3::x(), Vector3::y(), Vector3::z()];
        let slope = Vector3::from(axes.map(|e| (depth(point + e * h) - depth(point - e * h)) / (2.0 * h)));
        prop_assert!((slope + skin.normal.into_inner()).norm() < 0.02, "{slope} against {:?}", skin.normal);
    }

    #[test]
    fn the_skins_velocity_is_how_fast_its_height_changes(ms in 10u64..20_000, x in -0.2..0.4f64) {
        let body = breathing(0.010, 3100);
        let (before, after) = (Time::from_millis(ms - 1), Time::from_millis(ms + 1));
        let measured = (top(&body, after, x) - top(&body, before, x)) / 0.002;
        let velocity = body.skin_velocity(&body.motion(Time::from_millis(ms)), &Point3::new(x, 0.0, 0.22));
        prop_assert!((velocity.z - measured).abs() < 1e-3, "{} against {measured}", velocity.z);
    }

    #[test]
    fn no_point_makes_a_number_that_is_not_finite(x in -2.0..2.0f64, y in -2.0..2.0f64, z in -2.0..2.0f64) {
        let body = breathing(0.010, 4000);
        for point in [Point3::new(x, y, z), Point3::new(x, 0.0, z), Point3::new(x, y, 0.11), Point3::new(x, 0.0, 0.11)] {
            for motion in [BodyMotion::REST, body.motion(Time::from_millis(1234))] {
                let skin = body.skin(&motion, &point);
                prop_assert!(skin.depth.is_finite() && skin.normal.iter().all(|v| v.is_finite()));
                prop_assert!(body.material_point(&motion, &point).iter().all(|v| v.is_finite()));
            }
        }
    }
}
