use super::*;

fn is_given(belief: Belief) -> bool {
    matches!(belief, Belief::Given { .. })
}

/// What is believed after so many milliseconds of this force and speed, both by time in s.
fn after(millis: u64, force: impl Fn(f64) -> f64, speed: impl Fn(f64) -> f64) -> bool {
    let mut watch = TouchWatch::new();
    let mut believed = false;
    for tick in 0..millis {
        let time = tick as f64 * 1e-3;
        let trembling = if tick % 2 == 0 { 0.15 } else { -0.15 };
        let pressing = force(time) + trembling;
        let feeling = Feeling { felt: Contact::Touching, pressing, expected: None, speed: speed(time) };
        believed = is_given(watch.judge(Time::from_millis(1_000 + tick), &feeling));
    }
    believed
}

#[test]
fn sr_041_a_force_that_rises_as_on_skin_is_believed() {
    for stiffness in [300.0, 1e3, 5e3] {
        assert!(after(450, |time| 0.5 + stiffness * 0.010 * time, |_| 0.010), "{stiffness}");
    }
    // Stiffer tissue is believed once the press goes on slowly.
    for stiffness in [10e3, 150e3] {
        let pressed = |time: f64| 0.5 + (stiffness * 0.010 * time).min(1.5) + 20.0 * (time - 0.1).max(0.0);
        assert!(after(300, pressed, |_| 0.001), "{stiffness}");
    }
}

#[test]
fn sr_041_a_step_of_the_zero_its_noise_and_its_drift_are_no_touch() {
    for step in [0.6, 1.0, 2.0, 5.0, 12.0] {
        let late = |time: f64| 0.4 + step * (1.0 - libm::exp(-time / 0.0016));
        assert!(!after(3_000, late, |_| 0.010), "{step} N");
        let twice = |time: f64| if time < 0.1 { 0.5 } else { 0.5 + step };
        assert!(!after(3_000, twice, |_| 0.010), "{step} N later");
        assert!(!after(3_000, twice, |_| 0.0), "{step} N later, at rest");
    }
    assert!(!after(9_000, |time| 0.5 + 1.5 * time, |_| 0.0));
}

#[test]
fn sr_041_a_touch_that_goes_too_deep_too_fast_must_show_itself_anew() {
    let rising = |time: f64| 0.5 + (10.0 * time).min(5.0);
    // Breathing of ±10 mm at 0.5 Hz is followed for ever.
    let breath = |time: f64| 0.0314 * libm::sin(time * core::f64::consts::PI);
    assert!(after(20_500, rising, breath));
    let chased = |time: f64| if time < 0.5 { 0.0 } else { 0.060 };
    assert!(after(850, rising, chased));
    assert!(!after(950, rising, chased));
    assert!(!after(9_500, rising, chased));
}

#[test]
fn sr_041_an_estimate_without_the_sensor_is_evidence() {
    for (expected, believed) in [(2.9, false), (3.1, true), (f64::NAN, false)] {
        let mut watch = TouchWatch::new();
        let mut last = false;
        for tick in 0..40 {
            let feeling = Feeling { felt: Contact::Touching, pressing: 5.0, expected: Some(expected), speed: 0.0 };
            last = is_given(watch.judge(Time::from_millis(tick), &feeling));
        }
        assert_eq!(last, believed, "{expected} N");
    }
    // Less is evidence where it rose by much of it; and one that says it is pulled is worth nothing until it says it is pressed.
    for (first, risen, believed) in [(0.5, 2.4, false), (0.5, 2.6, true), (-9.0, 1.9, false), (-9.0, 2.1, true)] {
        let mut watch = TouchWatch::new();
        let mut last = false;
        for tick in 0..60 {
            let expected = Some(if tick < 20 { first } else { risen });
            let feeling = Feeling { felt: Contact::Touching, pressing: 5.0, expected, speed: 0.0 };
            last = is_given(watch.judge(Time::from_millis(tick), &feeling));
        }
        assert_eq!(last, believed, "{first} to {risen} N");
    }
}

#[test]
fn sr_041_nothing_is_left_of_a_touch_once_it_is_lost() {
    let mut watch = TouchWatch::new();
    let mut believed = false;
    for tick in 0..600_u64 {
        let felt = if (400..465).contains(&tick) { Contact::Free } else { Contact::Touching };
        let pressing = 0.5 + 0.01 * tick.min(300) as f64;
        believed =
            is_given(watch.judge(Time::from_millis(tick), &Feeling { felt, pressing, expected: None, speed: 0.0 }));
        assert!(believed == (150..400).contains(&tick) || (130..150).contains(&tick), "{tick} ms");
    }
    // Nor of one that was not looked at for a while.
    let mut watch = TouchWatch::new();
    for tick in 0..300_u64 {
        let feeling =
            Feeling { felt: Contact::Touching, pressing: 0.5 + 0.01 * tick as f64, expected: None, speed: 0.0 };
        believed = is_given(watch.judge(Time::from_millis(tick), &feeling));
    }
    assert!(believed);
    let feeling = Feeling { felt: Contact::Touching, pressing: 3.5, expected: None, speed: 0.0 };
    assert_eq!(watch.judge(Time::from_millis(330), &feeling), Belief::JustLost);
    assert_eq!(watch.judge(Time::from_millis(331), &feeling), Belief::Withheld);
}

#[test]
fn sr_041_a_touch_that_comes_back_at_once_is_the_same_one() {
    let mut watch = TouchWatch::new();
    for tick in 0..300_u64 {
        let free = (200..255).contains(&tick);
        let felt = if free { Contact::Free } else { Contact::Touching };
        let feeling = Feeling { felt, pressing: 0.5 + 0.01 * tick as f64, expected: None, speed: 0.0 };
        let belief = watch.judge(Time::from_millis(tick), &feeling);
        assert!(!free || belief == Belief::JustLost, "{tick} ms");
        assert!(tick < 255 || is_given(belief), "{tick} ms");
    }
}

/// A probe on the skin, told tick by tick.
struct Touch {
    watch: TouchWatch,
    at: Time,
}

impl Touch {
    fn new() -> Self {
        Self { watch: TouchWatch::new(), at: Time::from_millis(1_000) }
    }

    /// So many milliseconds later: this force, N, and this speed, m/s.
    fn then(&mut self, after_ms: u64, pressing: f64, speed: f64) -> Belief {
        self.feels(after_ms, Contact::Touching, pressing, speed)
    }

    fn loses(&mut self, after_ms: u64) -> Belief {
        self.feels(after_ms, Contact::Free, 0.0, 0.0)
    }

    fn feels(&mut self, after_ms: u64, felt: Contact, pressing: f64, speed: f64) -> Belief {
        self.at = self.at + Duration::from_millis(after_ms);
        self.watch.judge(self.at, &Feeling { felt, pressing, expected: None, speed })
    }

    /// A touch that has shown itself, on tissue of 1 N/mm.
    fn sure() -> Self {
        let mut touch = Self::new();
        let given = (0..400).any(|tick| is_given(touch.then(1, 0.5 + 0.010 * f64::from(tick), 0.010)));
        assert!(given);
        touch
    }
}

/// After how many milliseconds a force that depends so on the time in s is believed, at this speed.
fn believed_after(force: impl Fn(f64) -> f64, speed: f64) -> Option<u64> {
    let mut touch = Touch::new();
    (0..5_000).find(|tick| is_given(touch.then(1, force(*tick as f64 * 1e-3), speed)))
}

#[test]
fn sr_041_the_rise_must_come_within_half_a_second() {
    assert_eq!(believed_after(|time| 0.5 + 1.998 * time, 0.0), None);
    assert!(believed_after(|time| 0.5 + 2.002 * time, 0.0).is_some());
    // Counted from where the force was lowest last, not from the last moment at which it was.
    let late = believed_after(|time| 0.5 + 2.3 * (time - 0.4).max(0.0), 0.0).unwrap();
    assert!((900..1_000).contains(&late), "{late} ms");
    let fallen = |time: f64| if time < 0.1 { 2.0 - 10.0 * time } else { 1.0 + 6.0 * (time - 0.1) };
    let late = believed_after(fallen, 0.0).unwrap();
    assert!((250..350).contains(&late), "{late} ms");
}

#[test]
fn sr_041_the_rise_must_come_within_five_millimetres() {
    for speed in [0.020, 0.040] {
        assert_eq!(believed_after(|time| 0.5 + 180.0 * speed * time, speed), None);
        assert!(believed_after(|time| 0.5 + 220.0 * speed * time, speed).is_some());
    }
    // In one leap: 5 mm in 20 ms, and a little more.
    for (speed, believed) in [(0.25, true), (0.2501, false), (0.26, false)] {
        let mut touch = Touch::new();
        for _ in 0..4 {
            touch.then(20, 0.5, 0.0);
        }
        assert_eq!(is_given(touch.then(20, 0.5 + 1.6, speed)), believed, "{speed} m/s");
    }
}

#[test]
fn sr_041_nothing_counts_for_thirty_milliseconds_after_a_jump() {
    // From the 29th on the force has to rise by 1 N, which takes 25 ms; meanwhile the slow average falls behind by 2 ms more.
    assert_eq!(believed_after(|time| 0.5 + 40.0 * time, 0.0), Some(56));
}

#[test]
fn sr_041_the_stiffness_is_what_the_force_rose_by_on_the_way_and_is_forgotten_in_a_second() {
    let mut touch = Touch::new();
    let given = (0..400).find_map(|tick| match touch.then(1, 3.0 + 0.010 * f64::from(tick), 0.010) {
        Belief::Given { stiffness } => Some(stiffness),
        Belief::Withheld | Belief::JustLost => None,
    });
    let given = given.unwrap();
    assert!((950.0..1_050.0).contains(&given), "{given} N/m");
    for _ in 0..999 {
        touch.then(1, 6.0, 0.0);
    }
    let Belief::Given { stiffness: left } = touch.then(1, 6.0, 0.0) else { panic!("it is believed") };
    assert!((0.36..0.37).contains(&(left / given)), "{left} of {given} N/m after a second");
}

#[test]
fn sr_041_a_touch_ends_with_its_stroke_and_with_a_gap_in_what_is_known() {
    // 20 mm further than at the speed of the approach.
    assert!(is_given(Touch::sure().then(20, 5.0, 1.01)));
    assert!(!is_given(Touch::sure().then(20, 5.0, 1.02)));
    assert!(is_given(Touch::sure().then(20, 5.0, 0.0)));
    assert!(!is_given(Touch::sure().then(21, 5.0, 0.0)));
    assert!(!is_given(Touch::sure().then(1, 5.0, f64::NAN)));
}

#[test]
fn sr_041_after_a_lost_touch_there_is_a_pause() {
    let mut touch = Touch::sure();
    assert_eq!(touch.loses(1), Belief::JustLost);
    for _ in 0..119 {
        assert_eq!(touch.loses(1), Belief::JustLost);
    }
    assert_eq!(touch.loses(1), Belief::Withheld);
    for (free_ms, same) in [(60, true), (61, false)] {
        let mut touch = Touch::sure();
        for _ in 0..free_ms {
            touch.loses(1);
        }
        assert_eq!(is_given(touch.then(1, 5.0, 0.0)), same, "back after {free_ms} ms");
    }
}

#[test]
fn sr_041_just_the_jump_that_is_granted_is_granted() {
    let now = Time::from_millis(1_000);
    let long_ago = Time::ZERO;
    for (jump, jumped_at) in [(JUMP, long_ago), (JUMP + 1e-9, now)] {
        let phase = Phase::Looking {
            fast: jump,
            slow: 0.0,
            jumped_at: long_ago,
            lowest: 0.0,
            lowest_at: now,
            travel: 0.0,
            wanted: TOLD,
            told_at: now,
        };
        let feeling = Feeling { felt: Contact::Touching, pressing: jump, expected: None, speed: 0.0 };
        // No time passes: nothing is averaged in.
        let next = TouchWatch { phase, at: now }.next(now, 0.0, &feeling);
        let Phase::Looking { jumped_at: found, .. } = next else { panic!("{next:?}") };
        assert_eq!(found, jumped_at, "{jump} N");
    }
}
