use core::time::Duration;

use super::*;

const DT: f64 = 1e-3;
const FOLLOW: Directive = Directive::Follow { desired_force: Newton::literal(8.0) };

fn input(force: f64, speed: f64, operator_speed: f64) -> AxialInput {
    AxialInput { force, speed, sliding: 0.0, operator_speed, guidance: Guidance::Live }
}

/// For tissue of this stiffness (N/m) and an arm of this dead time, ms.
fn tuning(expected: f64, dead_time: u64) -> ContactTuning {
    ContactTuning {
        expected_stiffness: NewtonPerMetre::new(expected).unwrap(),
        arm_dead_time: Duration::from_millis(dead_time),
        ..ContactTuning::default()
    }
}

/// In contact with this force (N) since this moment, driven by the operator, on an arm as fast as plant card A.
fn touching(expected: f64, force: f64, speed: f64) -> Axial {
    let mut axial = Axial::new(tuning(expected, 2));
    axial.hand = Hand::On;
    axial.press = Press::from_force(force, &axial.tuning);
    let (surface, stiffness) = (SurfaceObserver::touch(force, speed), Stiffness::touch(expected, force));
    axial.phase = Phase::Touching { surface, stiffness, lost_for: 0.0 };
    axial
}

/// The last speed of so many ticks.
fn run(axial: &mut Axial, ticks: u32, directive: &Directive, input: &AxialInput) -> f64 {
    (0..ticks).map(|_| axial.step(DT, directive, input)).last().unwrap()
}

fn is_near(value: f64, expected: f64) {
    assert!((value - expected).abs() < 1e-9, "{value}, expected {expected}");
}

fn is_touching(axial: &Axial) -> bool {
    axial.contact() != Contact::Free
}

#[test]
fn in_the_air_the_probe_goes_as_the_hand_does_and_makes_up_for_what_it_lags() {
    let mut axial = Axial::new(tuning(25_000.0, 2));
    is_near(run(&mut axial, 100, &FOLLOW, &input(0.0, -0.01, -0.01)), -0.01);
    // For a tenth of a second it is held back: by a millimetre.
    run(&mut axial, 100, &FOLLOW, &input(0.0, 0.0, -0.01));
    is_near(run(&mut axial, 100, &FOLLOW, &input(0.0, -0.01, -0.01)), -0.01 - 0.001 * LEAD_RATE);
    // However long it is held back, the hand leads by no more than the leash, outward or inward.
    is_near(run(&mut axial, 1_000, &FOLLOW, &input(0.0, 0.0, -0.01)), -0.01 - LEASH * LEAD_RATE);
    run(&mut axial, 2_000, &FOLLOW, &input(0.0, 0.0, 0.01));
    is_near(run(&mut axial, 200, &FOLLOW, &input(0.0, -0.08, -0.08)), -0.08 + LEASH * LEAD_RATE);
    // Towards the skin it goes no faster than it may approach.
    is_near(run(&mut axial, 500, &FOLLOW, &input(0.0, 0.0, 0.02)), 0.010);
    // Another hand begins without a lead.
    axial.brake(DT);
    is_near(run(&mut axial, 200, &FOLLOW, &input(0.0, 0.004, 0.004)), 0.004);
}

#[test]
fn two_readings_above_the_noise_are_a_touch_and_one_is_not() {
    let mut axial = Axial::new(tuning(25_000.0, 2));
    for force in [0.6, 0.4, 0.6, TOUCH, 0.6] {
        run(&mut axial, 1, &Directive::Rest, &input(force, 0.0, 0.0));
        assert!(!is_touching(&axial), "{force} N");
    }
    run(&mut axial, 1, &Directive::Rest, &input(0.8, 0.0, 0.0));
    assert!(is_touching(&axial));
    assert_eq!(axial.force_target().get(), 1.0, "the least that keeps contact");
}

#[test]
fn a_contact_is_lost_after_150_ms_without_force_and_what_was_learnt_of_it_is_kept() {
    let mut axial = touching(40_000.0, 5.0, 0.0);
    axial.tuning = tuning(10_000.0, 2);
    run(&mut axial, 148, &Directive::Rest, &input(LOSS, 0.0, 0.0));
    run(&mut axial, 1, &Directive::Rest, &input(0.31, 0.0, 0.0));
    run(&mut axial, 148, &Directive::Rest, &input(0.0, 0.0, 0.0));
    assert!(is_touching(&axial), "the valley of a heartbeat");
    run(&mut axial, 4, &Directive::Rest, &input(0.0, 0.0, 0.0));
    assert!(!is_touching(&axial));
    assert_eq!(axial.force_target(), Newton::ZERO);
    assert!(axial.expected > 30_000.0, "it comes back prepared: {}", axial.expected);
}

#[test]
fn a_force_of_just_so_much_is_no_contact_and_a_time_of_just_so_much_is_no_loss() {
    let mut axial = touching(25_000.0, 5.0, 0.0);
    axial.judge_contact(LOSS_FOR, &input(LOSS, 0.0, 0.0));
    assert!(is_touching(&axial));
    axial.judge_contact(DT, &input(LOSS, 0.0, 0.0));
    assert!(!is_touching(&axial));
    // Nor is it so little that skin is looked for, or so much that it is pressed for nobody.
    let mut followed = touching(25_000.0, 1.0, 0.0);
    let speed = run(&mut followed, 120, &FOLLOW, &input(LOSS, 0.0, 0.0));
    assert!(speed > 0.0 && speed < 0.6 * CREEP, "{speed} m/s");
    let mut left = touching(25_000.0, 1.0, 0.0);
    left.hand = Hand::Off;
    left.press = Press::from_force(5.0, &left.tuning);
    assert_eq!(left.comply(DT, 15.0, &input(LOSS, 0.0, 0.0)), 0.0);
    assert!(left.comply(DT, 15.0, &input(LOSS + 0.01, 0.0, 0.0)) > 0.0);
}

#[test]
fn skin_that_is_not_felt_any_more_is_looked_for_slowly_by_an_operator_and_by_nobody_else() {
    let mut followed = touching(25_000.0, 1.0, 0.0);
    is_near(run(&mut followed, 120, &FOLLOW, &input(0.1, 0.0, 0.0)), CREEP);
    let mut left = touching(25_000.0, 1.0, 0.0);
    assert!(run(&mut left, 120, &Directive::Comply { ceiling: Newton::literal(8.0) }, &input(0.1, 0.0, 0.0)) <= 1e-12);
}

#[test]
fn skin_that_is_hardly_felt_is_approached_as_in_the_air() {
    for (force, fastest) in [(LOSS, 0.010), (LOSS + 0.01, INWARD)] {
        // The softest tissue, and all of the force missing.
        let mut axial = touching(300.0, force, 0.0);
        axial.press = Press::from_force(8.0, &axial.tuning);
        is_near(run(&mut axial, 100, &FOLLOW, &input(force, 0.0, 0.0)), fastest);
    }
}

#[test]
fn a_probe_that_is_lifted_off_leaves_at_once_and_goes_on_as_far_as_the_hand_did() {
    let mut axial = touching(25_000.0, 1.0, 0.0);
    // The hand is 5 mm beyond the slack, and rests there.
    axial.press.follow(&Moved { travel: -0.0075, present: 1.0, guidance: Guidance::Live }, 0.0, 8.0, &axial.tuning, DT);
    let lift = axial.press.lift().unwrap();
    is_near(lift, 0.005);
    is_near(run(&mut axial, 60, &FOLLOW, &input(2.0, 0.0, 0.0)), -lift * LEAD_RATE);
    is_near(run(&mut axial, 60, &FOLLOW, &input(2.0, -0.01, -0.01)), -0.01 - lift * LEAD_RATE);
    run(&mut axial, 3, &FOLLOW, &input(0.0, 0.0, 0.0));
    assert!(!is_touching(&axial), "within 3 ms");
    is_near(axial.lead, -lift);
}

#[test]
fn the_probe_leaves_more_briskly_than_it_comes() {
    let mut axial = Axial::new(tuning(25_000.0, 2));
    let mut until = |directive: &Directive, arrived: fn(f64) -> bool| {
        (1..1_000).find(|_| arrived(axial.step(DT, directive, &input(0.0, 0.0, 0.0)))).unwrap()
    };
    for speed in [0.2, -0.2] {
        // 0.2 m/s at 5 m/s², and at 2 m/s²: with the time in which the acceleration builds up and is taken back.
        let out = until(&Directive::Retract { speed: MetrePerSecond::literal(speed) }, |speed| speed < -0.1999);
        assert!((45..75).contains(&out), "{out} ms");
        let back = until(&Directive::Rest, |speed| speed > -0.0001);
        assert!((105..140).contains(&back), "{back} ms");
    }
}

#[test]
fn whatever_is_asked_the_probe_leaves_at_200_mm_a_second_at_most() {
    let mut axial = Axial::new(tuning(25_000.0, 2));
    is_near(
        run(&mut axial, 500, &Directive::Retract { speed: MetrePerSecond::literal(3.0) }, &input(0.0, 0.0, 0.0)),
        -0.2,
    );
}

#[test]
fn a_release_aims_at_three_quarters_of_what_the_force_must_come_below() {
    let mut axial = touching(25_000.0, 8.0, 0.0);
    run(&mut axial, 500, &Directive::Release { to: Newton::literal(2.0) }, &input(2.0, 0.0, 0.0));
    is_near(axial.force_target().get(), 1.5);
}

#[test]
fn who_takes_over_goes_on_from_the_present_force() {
    let mut axial = touching(25_000.0, 8.0, 0.0);
    axial.press = Press::from_force(3.0, &axial.tuning);
    run(&mut axial, 1, &FOLLOW, &input(8.0, 0.0, 0.0));
    is_near(axial.force_target().get(), 3.0 + 0.02 - 0.02);
    run(&mut axial, 1, &Directive::Rest, &input(8.0, 0.0, 0.0));
    run(&mut axial, 1, &FOLLOW, &input(8.0, 0.0, 0.0));
    is_near(axial.force_target().get(), 8.0);
}

#[test]
fn letting_go_allows_for_what_is_on_its_way() {
    let let_go = |force: f64, speed: f64| {
        let mut axial = touching(4_000.0, 6.0, speed);
        axial.press = Press::from_force(8.0, &axial.tuning);
        axial.comply(0.0, 15.0, &input(force, speed, 0.0));
        axial.force_target().get()
    };
    is_near(let_go(6.0, 0.0), 6.0);
    // 5 mm/s into 4 N/mm for the 8 ms of the loop and the arm; and much more than that.
    is_near(let_go(6.0, 0.005), 6.0 - 0.16);
    is_near(let_go(6.0, 0.05), 6.0 - ON_ITS_WAY);
    is_near(let_go(6.0, -0.005), 6.0);
    is_near(let_go(5.5, 0.005), 5.5 - 0.16);
    is_near(let_go(9.0, 0.0), 6.0);
    // Only in the moment of letting go.
    let mut held = touching(4_000.0, 6.0, 0.005);
    held.hand = Hand::Off;
    held.comply(0.0, 15.0, &input(5.0, 0.005, 0.0));
    is_near(held.force_target().get(), 6.0);
}

#[test]
fn what_is_missing_of_the_force_sets_the_speed_on_top_of_the_skins() {
    let tissue = Stiffness::touch(4_000.0, 6.0);
    let tuning_a = tuning(4_000.0, 2);
    // Nothing is known of it but what was expected: the law takes it for half as stiff again.
    let still = SurfaceObserver::touch(6.0, 0.0);
    is_near(regulate(&still, &tissue, 8.0, &tuning_a), FORCE_RATE * 2.0 / 6_000.0);
    is_near(regulate(&still, &tissue, 5.0, &tuning_a), -FORCE_RATE / 6_000.0);
    // What goes in within three quarters of the loop's 8 ms is on its way.
    let closing = SurfaceObserver::touch(6.0, 0.004);
    is_near(regulate(&closing, &tissue, 8.0, &tuning_a), FORCE_RATE * (2.0 / 6_000.0 - 0.004 * 0.006));
    // An arm of 10 ms dead time is half as fast, and twice as much is on its way.
    is_near(regulate(&closing, &tissue, 8.0, &tuning(4_000.0, 10)), FORCE_RATE / 2.0 * (2.0 / 6_000.0 - 0.004 * 0.012));
    // Half as soft as what is called soft: half as fast again.
    let soft = Stiffness::touch(500.0, 1.0);
    is_near(regulate(&SurfaceObserver::touch(1.0, 0.0), &soft, 2.0, &tuning_a), FORCE_RATE / 2.0 / 750.0);
    // Skin that falls away, with the probe: nothing is missing, nothing closes in.
    let mut falling = SurfaceObserver::touch(6.0, 0.0);
    for tick in 0..50 {
        falling.step(DT, 6.0 - f64::from(tick) * 0.01, 0.0, 4_000.0, 30.0);
    }
    let skin = falling.skin_speed();
    assert!(skin > 1e-3, "{skin} m/s");
    falling.step(0.0, 0.0, skin, 4_000.0, 30.0);
    is_near(regulate(&falling, &tissue, falling.force(), &tuning_a), skin);
}

#[test]
fn a_slower_arm_is_asked_to_answer_more_slowly_and_a_faster_one_as_plant_card_a() {
    for (dead_time, pace) in [(0, 1.0), (2, 1.0), (10, 0.5), (18, 1.0 / 3.0)] {
        is_near(arm_pace(&tuning(25_000.0, dead_time)), pace);
    }
}

#[test]
fn the_skin_is_observed_as_fast_as_the_force_is_regulated() {
    for (stiffness, dead_time, pace) in [(4_000.0, 2, 1.0), (500.0, 2, 0.5), (4_000.0, 10, 0.5), (500.0, 10, 0.25)] {
        let mut axial = touching(stiffness, 1.0, 0.0);
        axial.tuning = tuning(stiffness, dead_time);
        // After the observer's own time a step of the force is overshot by as much as a threefold pole does.
        let ticks = (1e3 / (OBSERVER_POLE * pace)).round() as u32;
        for _ in 0..10 * ticks {
            axial.judge_contact(DT / 10.0, &input(1.4, 0.0, 0.0));
        }
        let Phase::Touching { surface, .. } = axial.phase else { panic!("in contact") };
        let overshoot = 0.4 * (-1.0_f64).exp() / 2.0;
        assert!(
            (surface.force() - 1.4 - overshoot).abs() < 2e-3,
            "{stiffness} N/m, {dead_time} ms: {}",
            surface.force()
        );
    }
}

/// A stiffness that has shown itself as tissue, and is not known.
fn wanted() -> Stiffness {
    let mut stiffness = Stiffness::touch(2_000.0, 0.5);
    (0..2_000).for_each(|tick| stiffness.step(DT, 0.5 + f64::from(tick) * DT, 0.0));
    assert!(stiffness.is_wanted());
    stiffness
}

#[test]
fn tissue_of_which_nothing_is_known_is_trembled_on_by_a_tenth_of_a_millimetre() {
    let mut axial = touching(2_000.0, 2.0, 0.0);
    let (wanted, dt) = (wanted(), 1e-4);
    let mut travel = 0.0;
    let (mut early, mut late) = ([0.0_f64; 2], [0.0_f64; 2]);
    for tick in 1..=10_000 {
        travel += axial.tremble(dt, &wanted) * dt;
        let span = if tick < 1_500 { &mut early } else { &mut late };
        *span = [span[0].min(travel), span[1].max(travel)];
        // It swings about a place that it goes in by its own amplitude: at 10 Hz, from rest.
        let time = f64::from(tick) * dt;
        if time > TREMBLE_GROWS {
            assert!((axial.trembling - time).abs() < 1e-9);
        }
    }
    let (early, late) = ((early[1] - early[0]) / 2.0, (late[1] - late[0]) / 2.0);
    assert!((0.9 * TREMBLE..1.2 * TREMBLE).contains(&late), "{late} m");
    assert!(early < 0.6 * TREMBLE && early > 0.2 * TREMBLE, "it grows: {early} m");
    // Zero, quarter and half of a swing: as a sine of this pace.
    let quarter = core::f64::consts::FRAC_PI_2 / TREMBLE_PACE;
    let mut at = |phase: f64| {
        axial.trembling = 20.0 * core::f64::consts::TAU / TREMBLE_PACE + phase * quarter;
        axial.tremble(0.0, &wanted)
    };
    for (phase, share) in [(0.0, 0.0), (1.0, 1.0), (2.0, 0.0), (3.0, -1.0)] {
        is_near(at(phase), share * TREMBLE * TREMBLE_PACE);
    }
    // Once it is known there is nothing to tremble for, and another time it begins from rest.
    assert_eq!(axial.tremble(DT, &Stiffness::touch(2_000.0, 0.5)), 0.0);
    assert!(axial.tremble(DT, &wanted).abs() < 1e-5);
}

#[test]
fn others_are_told_of_nothing_softer_than_expected_before_it_is_known() {
    let mut axial = touching(2_000.0, 2.0, 0.0);
    axial.tuning = tuning(25_000.0, 2);
    let told = |axial: &Axial, stiffness: &Stiffness| axial.told_stiffness(stiffness).get();
    assert_eq!(told(&axial, &Stiffness::touch(2_000.0, 0.5)), 25_000.0);
    assert_eq!(told(&axial, &Stiffness::touch(60_000.0, 0.5)), 60_000.0);
    let mut known = Stiffness::touch(2_000.0, 0.5);
    let mut tip = 0.0;
    for tick in 0..1_000 {
        let speed = 0.05 * (60.0 * f64::from(tick) * DT).cos();
        tip += speed * DT;
        known.step(DT, 0.5 + 3_000.0 * tip, speed);
    }
    assert!(known.is_known());
    assert_eq!(told(&axial, &known), known.estimate());
}
