use super::*;

const DT: f64 = 1e-3;
/// What is expected at touch, N/m, and the force of the touch, N.
const EXPECTED: f64 = 25_000.0;
const FIRST: f64 = 0.5;

/// A probe on a spring whose far end, the skin, moves evenly.
struct Spring {
    stiffness: f64,
    skin_speed: f64,
    tip: f64,
    time: f64,
    estimate: Stiffness,
}

impl Spring {
    fn touched(stiffness: f64) -> Self {
        let estimate = Stiffness::touch(EXPECTED, FIRST);
        Self { stiffness, skin_speed: 0.0, tip: 0.0, time: 0.0, estimate }
    }

    /// Lets `seconds` pass with the tip at this speed (m/s, of the time since the beginning of this).
    fn run(&mut self, seconds: f64, speed: impl Fn(f64) -> f64) -> &mut Self {
        for tick in 0..(seconds / DT).round() as u32 {
            let speed = speed(f64::from(tick) * DT);
            self.time += DT;
            self.tip += speed * DT;
            let force = FIRST + self.stiffness * (self.tip - self.skin_speed * self.time);
            self.estimate.step(DT, force, speed);
        }
        self
    }

    /// Trembles at 10 Hz by a third of a millimetre.
    fn tremble(&mut self, seconds: f64) -> &mut Self {
        self.run(seconds, |time| 0.02 * (60.0 * time).cos())
    }

    /// Only the force changes, to this much above the first.
    fn lean(&mut self, risen: f64) -> &mut Self {
        self.estimate.step(DT, FIRST + risen, 0.0);
        self
    }
}

/// An estimate of 2 kN/m that is this unsure, as a share, of something that has shown itself as this.
fn sure(share: f64, shown: Shown) -> Stiffness {
    let covariance = Matrix2::from_diagonal(&Vector2::new((share * 2_000.0_f64).powi(2), 0.0));
    Stiffness { covariance, shown, ..Stiffness::touch(2_000.0, FIRST) }
}

fn is_near(value: f64, expected: f64, share: f64) {
    assert!((value - expected).abs() <= share * expected, "{value}, expected {expected}");
}

#[test]
fn brisk_motion_tells_the_stiffness_whatever_was_expected_and_however_the_skin_moves() {
    for stiffness in [1_000.0, 5_000.0, 25_000.0, 100_000.0] {
        for skin_speed in [-0.01, 0.0, 0.01] {
            let mut spring = Spring { skin_speed, ..Spring::touched(stiffness) };
            is_near(spring.tremble(0.5).estimate.estimate(), stiffness, 0.03);
        }
    }
}

#[test]
fn no_tissue_is_believed_to_be_softer_or_stiffer_than_tissue_is() {
    assert_eq!(Spring::touched(50.0).tremble(1.0).estimate.estimate(), SOFTEST);
    assert_eq!(Spring::touched(1e6).tremble(1.0).estimate.estimate(), STIFFEST);
}

#[test]
fn motion_that_skin_can_make_by_itself_tells_nothing() {
    // Behind the high-pass a start at 3 mm/s is 11 µm, and at 6 mm/s 22.
    for (speed, told) in [(0.003, false), (0.006, true)] {
        let mut spring = Spring::touched(5_000.0);
        // The force stays away: it shows no rise, so that the filter alone may learn.
        (0..100).for_each(|_| spring.estimate.step(DT, FIRST, speed));
        assert_eq!(spring.estimate.estimate() < EXPECTED, told, "{speed} m/s");
    }
}

#[test]
fn what_is_known_is_what_all_readings_together_say() {
    // Bayes' rule for all readings at once: information adds up, and the mean is that of what was known and what was seen.
    let expected = 2_000.0;
    let mut estimate = Stiffness::touch(expected, FIRST);
    let (mut tip, mut time) = (0.0, 0.0);
    let mut highpasses = [HighPass::new(); 3];
    let mut information = initial_covariance(expected).try_inverse().unwrap();
    let mut weighed = information * Vector2::new(expected, 0.0);
    let mut looked_at = 0;
    for tick in 0..25_u32 {
        let speed = 0.006 * (0.25 * f64::from(tick)).cos();
        tip += speed * DT;
        time += DT;
        // A spring of 1.4 kN/m with something that is no spring.
        let risen = 1_400.0 * tip + 0.02 * (1.7 * f64::from(tick)).sin();
        estimate.step(DT, FIRST + risen, speed);
        let [force, travel, slope] = [risen, tip, time]
            .iter()
            .zip(&mut highpasses)
            .map(|(value, pass)| pass.step(DT, *value))
            .collect::<Vec<_>>()[..]
        else {
            unreachable!()
        };
        if travel.abs() >= SKIN {
            looked_at += 1;
            let seen = Vector2::new(travel, slope);
            information += seen * seen.transpose() / (NOISE * NOISE);
            weighed += seen * force / (NOISE * NOISE);
        }
    }
    assert!((3..25).contains(&looked_at), "{looked_at}");
    let covariance = information.try_inverse().unwrap();
    let mean = covariance * weighed;
    assert!(covariance[(0, 0)] > (DOUBT * mean.x).powi(2), "so unsure that nothing wanders");
    assert!((estimate.state - mean).norm() < 1e-6 * mean.norm(), "{} {mean}", estimate.state);
    assert!((estimate.covariance - covariance).norm() < 1e-6 * covariance.norm());
    assert!((mean.x - expected).abs() > 30.0, "something was learnt: {mean}");
}

#[test]
fn what_is_known_wears_out_slowly_and_never_quite() {
    let mut quiet = sure(0.1, Shown::Yes);
    (0..1_000).for_each(|_| quiet.step(DT, FIRST, 0.0));
    // In a second a fifth: variances add.
    is_near(quiet.covariance[(0, 0)].sqrt(), 2_000.0 * (0.01_f64 + 0.04).sqrt(), 1e-6);
    (0..100_000).for_each(|_| quiet.step(DT, FIRST, 0.0));
    is_near(quiet.covariance[(0, 0)].sqrt(), DOUBT * 2_000.0, 1e-3);
    assert!(quiet.is_known(), "half of it in doubt is known still");
    assert_eq!(quiet.estimate(), 2_000.0);
}

#[test]
fn the_law_is_the_more_cautious_the_less_is_known() {
    for (unsure, cautious) in [(0.3, 2_000.0), (0.5, 2_000.0), (1.0, 3_000.0), (2.0, 5_000.0), (20.0, 8_000.0)] {
        is_near(sure(unsure, Shown::NotYet).cautious(), cautious, 1e-12);
    }
    let mut rounded = sure(0.0, Shown::NotYet);
    rounded.covariance[(0, 0)] = -1e-9;
    assert_eq!(rounded.cautious(), 2_000.0);
    is_near(Stiffness::touch(EXPECTED, FIRST).cautious(), 1.5 * EXPECTED, 1e-12);
}

#[test]
fn it_is_known_or_wanted_only_of_what_has_shown_itself_as_tissue() {
    for (unsure, shown, known, wanted) in [
        (0.59, Shown::Yes, true, false),
        (0.61, Shown::Yes, false, true),
        (0.59, Shown::NotYet, false, false),
        (0.61, Shown::NotYet, false, false),
        (0.59, Shown::Rising(0.0), false, false),
        (0.61, Shown::Rising(0.0), false, false),
    ] {
        let estimate = sure(unsure, shown);
        assert_eq!((estimate.is_known(), estimate.is_wanted()), (known, wanted), "{unsure} {shown:?}");
    }
}

#[test]
fn soft_and_deep_tissue_is_regulated_more_slowly() {
    let pace = |stiffness, force| Stiffness::touch(stiffness, FIRST).pace(force);
    for (stiffness, force, expected) in [
        (25_000.0, 8.0, 1.0),
        (1_000.0, 3.0, 1.0),
        (500.0, 0.0, 0.5),
        (500.0, -8.0, 0.5),
        (100.0, 0.0, SLOWEST_PACE),
        // 6 mm deep, and twice as deep.
        (2_000.0, 12.0, 1.0),
        (2_000.0, 24.0, 0.5),
        (2_000.0, 2_400.0, SLOWEST_PACE),
    ] {
        is_near(pace(stiffness, force), expected, 1e-12);
    }
}

#[test]
fn a_touch_too_slow_to_tell_is_taken_for_twice_what_force_over_travel_says() {
    for (stiffness, speed, taken) in [
        (1_000.0, 0.002, 2_000.0),
        (5_000.0, 0.0004, 10_000.0),
        (20_000.0, 0.0001, EXPECTED),
        (100.0, 0.003, SOFTEST),
        // Within 50 ms, and as little told.
        (11_000.0, 0.003, 22_000.0),
    ] {
        let mut spring = Spring::touched(stiffness);
        let risen = (RISE_FROM + RISE) / (stiffness * speed);
        spring.run(0.95 * risen, |_| speed);
        assert_eq!(spring.estimate.estimate(), EXPECTED, "{stiffness} N/m has not risen by enough");
        assert!(!spring.estimate.is_wanted());
        spring.run(0.1 * risen, |_| speed);
        is_near(spring.estimate.estimate(), taken, 0.04);
        assert!(spring.estimate.is_wanted() && !spring.estimate.is_known());
        assert_eq!(spring.estimate.state.y, 0.0);
        is_near(spring.estimate.covariance[(0, 0)].sqrt(), spring.estimate.estimate(), 1e-3);
    }
}

#[test]
fn a_force_that_rises_while_the_probe_stands_or_yields_shows_no_softness() {
    for speed in [0.0, -0.0005] {
        let mut estimate = Stiffness::touch(EXPECTED, FIRST);
        (0..2_000).for_each(|tick| estimate.step(DT, FIRST + f64::from(tick) * DT, speed));
        assert!(estimate.is_wanted());
        assert_eq!(estimate.estimate(), EXPECTED);
    }
}

#[test]
fn a_rise_that_falls_back_begins_anew() {
    // Half a newton, then less than half of what counts as a rise, or not as little; then a millimetre of travel and the rise.
    for (fallen, taken) in [(0.15, 2_000.0), (0.25, 2.0 / 0.002)] {
        let mut spring = Spring::touched(1_000.0);
        spring.lean(0.5).lean(fallen);
        (0..1_000).for_each(|_| spring.estimate.step(DT, FIRST + fallen, 0.000_999));
        (0..=1_000).for_each(|tick| spring.estimate.step(DT, FIRST + 0.401 + f64::from(tick) * DT, 0.001));
        assert!(spring.estimate.is_wanted(), "{fallen} N");
        is_near(spring.estimate.estimate(), taken, 0.01);
    }
}

#[test]
fn what_a_brisk_touch_has_told_is_kept_and_what_an_earlier_one_told_is_not() {
    let braking = |time: f64| 0.05 * (1.0 - time / 0.02);
    let mut brisk = Spring::touched(5_000.0);
    brisk.run(0.02, braking);
    assert!(brisk.estimate.is_known(), "{}", brisk.estimate.estimate());
    is_near(brisk.estimate.estimate(), 5_000.0, 0.1);

    // Told as surely, by a force that never rose; what rises a while later is another touch.
    let mut earlier = Spring::touched(600.0);
    earlier.tremble(0.5);
    assert!(earlier.estimate.is_sure() && !earlier.estimate.is_known(), "{}", earlier.estimate.estimate());
    earlier.run(0.03, |_| 0.0).run(3.0, |_| 0.001);
    assert!(earlier.estimate.is_wanted());
    is_near(earlier.estimate.estimate(), 1_200.0, 0.01);
}

#[test]
fn slow_motion_does_not_pass_and_sudden_motion_does() {
    // The response of two first-order high-passes in a row to a step: (1 − ct)·exp(−ct).
    let (mut pass, dt) = (HighPass::new(), 1e-6);
    for tick in 1..=50_000_u32 {
        let passed = pass.step(dt, 3.0);
        let ct = CORNER * f64::from(tick) * dt;
        assert!((passed - 3.0 * (1.0 - ct) * (-ct).exp()).abs() < 1e-3, "{passed} at {ct}");
    }
}

#[test]
fn what_is_just_as_much_as_a_threshold_has_not_passed_it() {
    let mut rising = sure(2.0, Shown::NotYet);
    rising.watch_rise(RISE_FROM);
    assert_eq!(rising.shown, Shown::NotYet);
    rising.watch_rise(RISE_FROM + 0.1);
    rising.watch_rise(RISE_FROM / 2.0);
    assert_eq!(rising.shown, Shown::Rising(0.0));
    rising.watch_rise(RISE_FROM + RISE);
    assert_eq!(rising.shown, Shown::Rising(0.0));
    // In time, and sure: what was learnt is kept.
    let mut in_time = Stiffness { since_touch: LATE, ..sure(0.1, Shown::Rising(-0.1)) };
    in_time.watch_rise(2.0);
    assert_eq!((in_time.estimate(), in_time.shown), (2_000.0, Shown::Yes));
    assert!(!sure(KNOWN, Shown::Yes).is_known());
    let mut doubtful = sure(DOUBT, Shown::Yes);
    let before = doubtful.covariance;
    doubtful.step(DT, FIRST, 0.0);
    assert_eq!(doubtful.covariance, before);
}
