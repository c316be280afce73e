use super::bench::{Bench, Seen};
use super::*;
use nalgebra::Isometry3;
use proptest::prelude::*;

const FOLLOW: Directive = Directive::Follow { desired_force: Newton::literal(8.0) };

fn peak(seen: &[Seen]) -> f64 {
    seen.iter().map(|seen| seen.force).fold(0.0, f64::max)
}

fn errors(seen: &[Seen], target: f64) -> (f64, f64) {
    let square = seen.iter().map(|seen| (seen.force - target).powi(2)).sum::<f64>() / seen.len() as f64;
    (square.sqrt(), seen.iter().map(|seen| (seen.force - target).abs()).fold(0.0, f64::max))
}

#[test]
fn touch_does_not_overshoot_and_eight_newtons_are_held() {
    for stiffness in [300.0, 1_000.0, 5_000.0, 10_000.0, 25_000.0] {
        let mut bench = Bench::new(stiffness);
        let touch = bench.run(6.0, &FOLLOW, 0.01);
        assert!(peak(&touch) <= 10.0, "{stiffness} N/m: peak {}", peak(&touch));
        let (rms, worst) = errors(&bench.run(3.0, &FOLLOW, 0.0), 8.0);
        assert!(rms <= 0.1 && worst <= 0.3, "{stiffness} N/m: rms {rms}, worst {worst}");
    }
}

#[test]
fn release_lowers_the_force_within_half_a_second_and_retract_lifts_off() {
    for stiffness in [1_000.0, 5_000.0, 25_000.0, 150_000.0] {
        let mut bench = Bench::pressed_to_eight(stiffness, |_| 0.0);
        let release = Directive::Release { to: Newton::literal(2.0) };
        let lowering = bench.run(0.5, &release, 0.0);
        assert!(peak(&lowering) <= 8.5, "{stiffness} N/m: {}", peak(&lowering));
        let held = bench.run(1.0, &release, 0.0);
        assert!(peak(&held) <= 2.0, "{stiffness} N/m: {}", peak(&held));
        let lifted = bench.run(1.5, &Directive::Retract { speed: MetrePerSecond::literal(0.03) }, 0.0);
        assert_eq!(lifted[lifted.len() - 1].force, 0.0);
        assert_eq!(lifted[lifted.len() - 1].proposal.contact, Contact::Free);
    }
}

/// Breathing of ±10 mm at 0.5 Hz: the skin rises by 20 mm towards the probe and falls back.
fn breathing_fast(time: f64) -> f64 {
    0.01 * ((time * core::f64::consts::TAU * 0.5).cos() - 1.0)
}

/// The same at 0.2 Hz.
fn breathing_slowly(time: f64) -> f64 {
    0.01 * ((time * core::f64::consts::TAU * 0.2).cos() - 1.0)
}

/// Begins above the skin at this time of the breath (s), touches, pushes on to 8 N, settles.
fn pressed_while_breathing(stiffness: f64, skin: fn(f64) -> f64, start: f64) -> Bench {
    let mut bench = Bench::new(stiffness);
    bench.skin = skin;
    bench.start_at(-0.022);
    bench.run(start, &Directive::Rest, 0.0);
    bench.push_to(8.0);
    bench.run(4.0, &FOLLOW, 0.0);
    bench
}

#[test]
fn a_breathing_belly_is_pressed_with_eight_newtons() {
    // RMS and peak error allowed, N, by stiffness: the promises of DESIGN §6.
    for (stiffness, rms_bar, peak_bar) in
        [(1_000.0, 0.3, 1.0), (3_000.0, 0.3, 1.0), (5_000.0, 0.3, 1.0), (10_000.0, 0.6, 1.5)]
    {
        for skin in [breathing_fast, breathing_slowly] {
            for start in [0.1, 0.6, 1.1, 1.6] {
                let breaths = pressed_while_breathing(stiffness, skin, start).run(10.0, &FOLLOW, 0.0);
                let (rms, worst) = errors(&breaths, 8.0);
                assert!(
                    rms <= rms_bar && worst <= peak_bar,
                    "{stiffness} N/m from {start} s: rms {rms}, worst {worst}"
                );
            }
        }
    }
}

#[test]
fn a_long_quiet_hold_does_not_wear_the_estimate_out() {
    let mut bench = pressed_while_breathing(5_000.0, breathing_slowly, 0.6);
    bench.run(300.0, &FOLLOW, 0.0);
    let (rms, worst) = errors(&bench.run(10.0, &FOLLOW, 0.0), 8.0);
    assert!(rms <= 0.1 && worst <= 0.3, "rms {rms}, worst {worst}");
}

#[test]
fn soft_tissue_pressed_deep_is_held_without_swinging() {
    for stiffness in [400.0, 700.0, 1_500.0] {
        let mut bench = Bench::new(stiffness);
        let force = 15.0;
        bench.push_to(force);
        let follow = Directive::Follow { desired_force: Newton::new(force).unwrap() };
        bench.run(2.0, &follow, 0.0);
        let (rms, worst) = errors(&bench.run(5.0, &follow, 0.0), force);
        assert!(rms <= 0.1 && worst <= 0.3, "{stiffness} N/m: rms {rms}, worst {worst}");
    }
}

#[test]
fn skin_that_moves_along_at_touch_is_held_without_swinging() {
    for (stiffness, skin) in [
        (1_500.0, (|time| 0.006 * time.min(6.0)) as fn(f64) -> f64),
        (1_500.0, |time| -0.006 * time.min(6.0)),
        (3_000.0, |time| -0.012 * time.min(4.0)),
    ] {
        let mut bench = Bench::new(stiffness);
        bench.skin = skin;
        bench.start_at(-0.06);
        bench.push_to(8.0);
        bench.run(2.0, &FOLLOW, 0.0);
        let (rms, worst) = errors(&bench.run(5.0, &FOLLOW, 0.0), 8.0);
        assert!(rms <= 0.1 && worst <= 0.5, "{stiffness} N/m: rms {rms}, worst {worst}");
    }
}

#[test]
fn a_quiet_breath_at_touch_does_not_make_the_law_swing() {
    for stiffness in [1_000.0, 1_500.0, 2_500.0] {
        for start in 0..8 {
            let skin = |time: f64| 0.004 * (time * core::f64::consts::FRAC_PI_2).sin();
            let breaths = pressed_while_breathing(stiffness, skin, 0.5 * f64::from(start)).run(8.0, &FOLLOW, 0.0);
            let (rms, worst) = errors(&breaths, 8.0);
            assert!(rms <= 0.15 && worst <= 0.4, "{stiffness} N/m from {start}: rms {rms}, worst {worst}");
        }
    }
}

#[test]
fn an_operator_who_is_not_heard_asks_for_no_more() {
    for stiffness in [1_000.0, 3_000.0, 10_000.0] {
        let mut bench = Bench::new(stiffness);
        bench.push_to(4.0);
        bench.guidance = crate::Guidance::Stale;
        let present = bench.tick(&FOLLOW, 0.01).force;
        let later = bench.run(0.2, &FOLLOW, 0.01);
        let most = later.iter().map(|seen| seen.force).fold(0.0, f64::max);
        assert!(most <= present + 0.7, "{stiffness} N/m: {present} to {most} N");
    }
}

#[test]
fn a_line_that_dies_while_the_force_rises_leaves_no_more_than_a_newton_to_come() {
    for stiffness in [1_000.0, 3_500.0, 10_000.0, 25_000.0, 74_000.0] {
        for start in 0..40 {
            let mut bench = Bench::new(stiffness);
            let touched = |seen: &Seen| seen.force > 0.5;
            let touch = (0..2_000).find(|_| touched(&bench.tick(&FOLLOW, 0.01)));
            assert!(touch.is_some(), "5 mm of air at 10 mm/s");
            // The touch itself presses as it does; then the operator pushes on.
            let before = bench.run(0.1 + 0.011 * f64::from(start), &FOLLOW, 0.01).last().map_or(0.0, |seen| seen.force);
            // The last command is believed for 20 ms, and the link for 50.
            let mut later = bench.run(0.020, &FOLLOW, 0.01);
            bench.guidance = crate::Guidance::Stale;
            later.extend(bench.run(0.030, &FOLLOW, 0.0));
            later.extend(bench.run(0.2, &Directive::Comply { ceiling: Newton::literal(15.0) }, 0.0));
            let rise = peak(&later) - before;
            assert!(rise <= 1.0, "{stiffness} N/m: from {before} N by {rise} N");
        }
    }
}

#[test]
fn where_a_slide_down_a_slope_ends_by_itself_nothing_is_pressed_on() {
    for stiffness in [3_000.0, 10_000.0, 25_000.0] {
        let mut bench = Bench::pressed_to_eight(stiffness, |_| 0.0);
        (bench.slope, bench.sliding) = (0.2, 0.04);
        bench.run(1.0, &FOLLOW, 0.0);
        let before = bench.tick(&FOLLOW, 0.0).force;
        bench.guidance = crate::Guidance::Stale;
        let mut most = before;
        for _ in 0..100 {
            bench.sliding = (bench.sliding - 0.0015).max(0.0);
            most = most.max(bench.tick(&FOLLOW, 0.0).force);
        }
        assert!(most <= before + 0.7, "{stiffness} N/m: from {before} to {most} N");
    }
}

#[test]
fn a_probe_in_the_air_goes_no_nearer_to_the_skin_for_an_operator_who_is_not_heard() {
    let mut bench = Bench::new(10_000.0);
    bench.run(0.2, &FOLLOW, 0.01);
    bench.guidance = crate::Guidance::Stale;
    bench.run(0.1, &FOLLOW, 0.01);
    let inward = bench.run(0.2, &FOLLOW, 0.01).iter().map(|seen| seen.proposal.twist.linear.z).fold(0.0, f64::max);
    assert!(inward <= 0.0, "{inward} m/s");
    let outward = bench.run(0.2, &FOLLOW, -0.05).iter().map(|seen| seen.proposal.twist.linear.z).fold(0.0, f64::min);
    assert!(outward < -0.01, "away from it it may still go: {outward} m/s");
    bench.guidance = crate::Guidance::Live;
    let on = bench.run(1.0, &FOLLOW, 0.01).iter().map(|seen| seen.proposal.twist.linear.z).fold(0.0, f64::max);
    assert!(on > 0.009, "heard again he goes on: {on} m/s");
}

#[test]
fn stiff_tissue_that_stays_still_is_held_without_ringing() {
    for stiffness in [50_000.0, 100_000.0, 150_000.0] {
        let mut bench = Bench::new(stiffness);
        bench.push_to(8.0);
        bench.run(1.0, &FOLLOW, 0.0);
        let (rms, worst) = errors(&bench.run(3.0, &FOLLOW, 0.0), 8.0);
        assert!(rms <= 0.1 && worst <= 0.3, "{stiffness} N/m: rms {rms}, worst {worst}");
    }
}

#[test]
fn an_arm_with_more_dead_time_is_regulated_more_slowly_and_stays_stable() {
    for stiffness in [1_000.0, 5_000.0, 10_000.0, 25_000.0] {
        let mut bench = Bench::with_dead_time(stiffness, 15);
        bench.push_to(8.0);
        bench.run(2.0, &FOLLOW, 0.0);
        let (rms, worst) = errors(&bench.run(3.0, &FOLLOW, 0.0), 8.0);
        assert!(rms <= 0.2 && worst <= 0.6, "{stiffness} N/m: rms {rms}, worst {worst}");
    }
}

#[test]
fn without_the_operator_the_force_does_not_rise() {
    let comply = Directive::Comply { ceiling: Newton::literal(15.0) };
    for (skin, bar) in [((|_| 0.0) as fn(f64) -> f64, 8.3), (breathing_fast, 9.0)] {
        let mut bench = Bench::pressed_to_eight(5_000.0, skin);
        // A hand that still pushes must not count.
        let held = bench.run(5.0, &comply, 0.01);
        assert!(peak(&held) <= bar, "{}", peak(&held));
        assert!(held.iter().all(|seen| seen.force > 5.0), "contact is kept");
        let low = bench.run(2.0, &Directive::Comply { ceiling: Newton::literal(3.0) }, 0.0);
        assert!(peak(&low[1_000..]) <= 4.0);
    }
}

#[test]
fn a_breathing_patient_is_released_to_two_newtons_within_half_a_second() {
    let mut bench = pressed_while_breathing(10_000.0, breathing_fast, 0.6);
    bench.run(0.5, &Directive::Release { to: Newton::literal(2.0) }, 0.0);
    let released = bench.run(4.0, &Directive::Release { to: Newton::literal(2.0) }, 0.0);
    let mean = released.iter().map(|seen| seen.force).sum::<f64>() / released.len() as f64;
    assert!(mean <= 2.0 && peak(&released) <= 2.5, "mean {mean}, peak {}", peak(&released));
}

#[test]
fn letting_go_in_the_middle_of_a_push_stays_at_the_force_of_that_moment() {
    for stiffness in [1_000.0, 5_000.0, 25_000.0] {
        let mut bench = Bench::new(stiffness);
        let pushed = bench.push_to(4.0);
        let present = pushed[pushed.len() - 1].force;
        let held = bench.run(3.0, &Directive::Comply { ceiling: Newton::literal(15.0) }, 0.0);
        assert!(peak(&held) <= present + 1.0, "{stiffness} N/m: from {present} to {}", peak(&held));
        assert!(held.iter().all(|seen| seen.proposal.force_target.get() <= present + 0.2));
    }
}

/// 20 mm in 300 ms and back, once, at 10 s.
fn cough(time: f64) -> f64 {
    let phase = ((time - 10.0) / 0.6).clamp(0.0, 1.0);
    -0.01 * (1.0 - (phase * core::f64::consts::TAU).cos())
}

#[test]
fn a_cough_stays_below_the_hard_limit() {
    for stiffness in [1_000.0, 5_000.0] {
        let mut bench = Bench::new(stiffness);
        bench.skin = cough;
        bench.push_to(8.0);
        bench.run(9.9 - bench.time(), &FOLLOW, 0.0);
        let coughing = bench.run(2.0, &FOLLOW, 0.0);
        assert!(peak(&coughing) <= 20.0, "{stiffness} N/m: {}", peak(&coughing));
    }
}

#[test]
fn skin_that_vanishes_draws_no_lunge() {
    let vanishing: fn(f64) -> f64 = |time| if time < 8.0 { 0.0 } else { 0.1 };
    let mut bench = Bench::pressed_to_eight(5_000.0, vanishing);
    bench.run(8.0 - bench.time(), &FOLLOW, 0.0);
    let lost = bench.run(1.0, &FOLLOW, 0.0);
    let travel: f64 = lost.iter().map(|seen| seen.proposal.twist.linear.z * 1e-3).sum();
    assert!(travel < 0.003, "the probe went {travel} m after the skin");
    assert!(lost[20..].iter().all(|seen| seen.proposal.twist.linear.z <= 0.010 + 1e-9));
    assert!(lost[lost.len() - 1].proposal.twist.linear.z.abs() < 1e-6);
}

#[test]
fn pushing_on_and_pulling_back_doses_the_force_and_pulling_further_lifts_off() {
    let mut bench = Bench::pressed_to_eight(5_000.0, |_| 0.0);
    // The hand pushes on for long: no more than the force desired.
    let deep = bench.run(2.0, &FOLLOW, 0.01);
    assert!(peak(&deep) <= 8.5);
    // Back by the margin and by 2 mm: 4 N less.
    bench.run(0.3, &FOLLOW, -0.01);
    let (_, worst) = errors(&bench.run(1.5, &FOLLOW, 0.0)[1_000..], 4.0);
    assert!(worst < 0.3, "{worst}");
    // Back by 10 mm more, 6 mm beyond zero and its slack: it lifts off and stays in the air.
    bench.run(1.0, &FOLLOW, -0.01);
    let free = bench.run(1.0, &FOLLOW, 0.0);
    let end = free[free.len() - 1];
    assert_eq!((end.force, end.proposal.contact), (0.0, Contact::Free));
    assert!(end.proposal.twist.linear.z.abs() < 1e-6);
}

#[test]
fn taking_over_goes_on_from_the_present_force() {
    let mut bench = Bench::pressed_to_eight(5_000.0, breathing_fast);
    bench.run(2.0, &Directive::Comply { ceiling: Newton::literal(5.0) }, 0.0);
    let again = bench.run(2.0, &FOLLOW, 0.0);
    assert!(again.iter().all(|seen| (seen.proposal.force_target.get() - 5.0).abs() < 0.5), "{:?}", again[0]);
    let before = again[0].proposal.twist.linear.z;
    assert!((again[1].proposal.twist.linear.z - before).abs() < 0.005);
}

#[test]
fn rest_is_rest() {
    let mut bench = Bench::pressed_to_eight(5_000.0, |_| 0.0);
    bench.run(0.1, &Directive::Rest, 0.01);
    let resting = bench.run(0.5, &Directive::Rest, 0.01);
    assert!(resting.iter().all(|seen| seen.proposal.twist.linear.norm() < 1e-9));
}

fn readings() -> impl Strategy<Value = f64> {
    prop_oneof![8 => -30.0..30.0f64, 1 => Just(f64::NAN), 1 => prop_oneof![Just(f64::INFINITY), Just(-1e300), Just(1e300)]]
}

fn directives() -> impl Strategy<Value = Directive> {
    (0..5_u8, 0.0..15.0f64).prop_map(|(which, number)| {
        let force = Newton::literal(number);
        match which {
            0 => Directive::Rest,
            1 => Directive::Comply { ceiling: force },
            2 => Directive::Release { to: force },
            3 => Directive::Retract { speed: MetrePerSecond::literal(number * 0.1) },
            _ => Directive::Follow { desired_force: force },
        }
    })
}

proptest! {
    #[test]
    fn whatever_is_measured_the_proposal_is_finite_and_within_its_bounds(
        ticks in prop::collection::vec((directives(), readings(), readings(), -1.0..1.0f64, 1..40_u64), 1..40),
    ) {
        let mut law = ContactLaw::new(ContactTuning::default());
        let mut now = Time::from_millis(5);
        for (directive, force, speed, operator, repeats) in ticks {
            let measured = Measured {
                tip: Pose::new(Isometry3::translation(0.4, 0.0, 0.3)),
                twist: Twist::new(Vector3::new(0.0, 0.0, speed * 0.01), Vector3::zeros()),
                wrench: Wrench::new(Vector3::new(0.0, 0.0, -force), Vector3::zeros()),
            };
            let operator = Reference {
                twist: Twist::new(Vector3::repeat(operator), Vector3::repeat(operator)),
                ..Reference::resting(Pose::identity())
            };
            for _ in 0..repeats {
                now = now + Duration::from_millis(1);
                let proposal = law.step(now, &directive, &operator, &measured);
                let twist = proposal.twist;
                prop_assert!(twist.is_finite());
                prop_assert!(twist.linear.xy().norm() <= 0.1 + 1e-9 && twist.angular.norm() <= 0.6 + 1e-9);
                prop_assert!((-0.2 - 1e-9..=0.06 + 1e-9).contains(&twist.linear.z), "{}", twist.linear.z);
                prop_assert!((0.0..=LARGEST_FORCE).contains(&proposal.force_target.get()));
            }
        }
    }
}

#[test]
fn whatever_is_measured_as_no_number_is_not_followed() {
    let sound = Measured { tip: Pose::identity(), twist: Twist::zero(), wrench: Wrench::zero() };
    let operator = Reference {
        twist: Twist::new(Vector3::new(0.02, 0.0, -0.02), Vector3::y() * 0.2),
        ..Reference::resting(Pose::identity())
    };
    let nan = Vector3::repeat(f64::NAN);
    let bad = [
        Measured { tip: Pose::new(Isometry3::translation(0.0, f64::NAN, 0.0)), ..sound },
        Measured { twist: Twist::new(nan, Vector3::zeros()), ..sound },
        Measured { wrench: Wrench::new(Vector3::zeros(), nan), ..sound },
    ];
    for bad in bad {
        let mut law = ContactLaw::new(ContactTuning::default());
        let mut run = |ticks: std::ops::Range<u64>, measured: &Measured| {
            ticks.map(|n| law.step(Time::from_millis(n), &FOLLOW, &operator, measured).twist).last().unwrap()
        };
        let driven = run(0..200, &sound);
        assert!(driven.linear.x > 0.01 && driven.linear.z < -0.01 && driven.angular.y > 0.1, "{driven:?}");
        let braked = run(200..400, &bad);
        assert!(braked.linear.norm() < 1e-9 && braked.angular.norm() < 1e-9, "{bad:?}: {braked:?}");
    }
}

#[test]
fn the_operators_motion_along_the_probe_is_taken_in_the_probes_axes() {
    // A probe that lies on its side, and a hand that moves along it and no other way.
    let tip = Pose::new(Isometry3::new(Vector3::zeros(), Vector3::y() * core::f64::consts::FRAC_PI_2));
    let along = tip.z_axis();
    let operator = Reference { twist: Twist::new(along * -0.02, Vector3::zeros()), ..Reference::resting(tip) };
    let measured = Measured { tip, twist: Twist::new(Vector3::z() * -0.02, Vector3::zeros()), wrench: Wrench::zero() };
    let mut law = ContactLaw::new(ContactTuning::default());
    let mut twist = Twist::zero();
    for n in 0..200 {
        twist = law.step(Time::from_millis(n), &FOLLOW, &operator, &measured).twist;
    }
    assert!((twist.linear.z + 0.02).abs() < 1e-3, "{twist:?}");
}

#[test]
fn a_sensor_that_is_not_a_number_makes_the_law_brake() {
    let mut law = ContactLaw::new(ContactTuning::default());
    let operator =
        Reference { twist: Twist::new(Vector3::z() * 0.01, Vector3::zeros()), ..Reference::resting(Pose::identity()) };
    let measured = |force: f64| Measured {
        tip: Pose::identity(),
        twist: Twist::zero(),
        wrench: Wrench::new(Vector3::z() * force, Vector3::zeros()),
    };
    let mut speed = 0.0;
    for n in 0..300 {
        let force = if n < 200 { 0.0 } else { f64::NAN };
        speed = law.step(Time::from_millis(n), &FOLLOW, &operator, &measured(force)).twist.linear.z;
        assert!(n != 199 || speed > 0.005);
    }
    assert!(speed.abs() < 1e-9);
}
