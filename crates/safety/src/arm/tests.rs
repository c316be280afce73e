use super::*;

fn limits() -> JointLimits {
    crate::tests::scene::joint_limits()
}

fn all(value: f64) -> Joints {
    Joints::from_slice(&[value; 7]).unwrap()
}

/// How an arm moves, for the tests: a slow swing of 0.2 rad, with this phase in s.
fn swing(time: f64) -> (f64, f64) {
    (0.2 * libm::sin(2.0 * time), 0.4 * libm::cos(2.0 * time))
}

/// Runs an arm that follows with 25 ms of lag and says what `spoil` makes of it, and says after how many milliseconds of
/// that, which begins at 500 ms, it was not believed.
fn noticed(spoil: impl Fn(u64, &mut Joints, &mut Joints)) -> Option<u64> {
    let mut watch = ArmWatch::new(&limits());
    for tick in 0..4_000_u64 {
        let time = tick as f64 * 1e-3;
        let (angle, speed) = swing(time - 0.025);
        let (mut angles, mut speeds) = (all(angle), all(speed));
        if tick >= 500 {
            spoil(tick - 500, &mut angles, &mut speeds);
        }
        let sent = all(swing(time).0);
        let at = Time::from_millis(tick);
        let report = ArmReport { at, angles: &angles, speeds: &speeds, sent: Some(&sent) };
        if watch.judge(at, &report) == Plausible::No {
            assert!(tick >= 500, "an honest arm was not believed at {tick} ms");
            return Some(tick - 500);
        }
    }
    None
}

#[test]
fn sr_043_an_honest_arm_is_believed_with_noise_and_lag() {
    let trembling = |tick: u64| if tick.is_multiple_of(2) { 1.0 } else { -1.0 };
    assert_eq!(
        noticed(|tick, angles, speeds| {
            angles.as_mut_slice()[3] += 2e-5 * trembling(tick);
            speeds.as_mut_slice()[3] += 0.02 * trembling(tick);
        }),
        None
    );
}

#[test]
fn sr_043_angles_that_leap_are_not_believed_at_once() {
    for joint in 0..7 {
        for leap in [5e-3, -5e-3, 1.0] {
            assert_eq!(noticed(|_, angles, _| angles.as_mut_slice()[joint] += leap), Some(0), "{leap}");
        }
    }
}

#[test]
fn sr_043_speeds_that_are_not_those_of_the_angles_are_not_believed() {
    // A wrong speed of 0.3 rad/s makes 3 mrad in 10 ms.
    let wrong = noticed(|_, _, speeds| speeds.as_mut_slice()[2] += 0.3).unwrap();
    assert!((8..14).contains(&wrong), "{wrong} ms");
    let stuck = noticed(|_, _, speeds| speeds.as_mut_slice()[2] = 0.0).unwrap();
    assert!(stuck <= 20, "{stuck} ms");
    let creeping = noticed(|tick, angles, _| angles.as_mut_slice()[5] += 0.1e-3 * tick as f64).unwrap();
    assert!(creeping <= 60, "{creeping} ms");
}

#[test]
fn sr_043_angles_that_stand_still_while_the_setpoints_move_are_not_believed() {
    let (angle, _) = swing(0.475);
    let frozen = noticed(|_, angles, speeds| (*angles, *speeds) = (all(angle), all(0.0))).unwrap();
    assert!((40..=60).contains(&frozen), "{frozen} ms");
    // An arm that is sent nowhere may stand.
    let mut watch = ArmWatch::new(&limits());
    for tick in 0..10_000 {
        let at = Time::from_millis(tick);
        let (angles, speeds, sent) = (all(0.1), all(0.0), all(0.1));
        let report = ArmReport { at, angles: &angles, speeds: &speeds, sent: (tick > 100).then_some(&sent) };
        assert_eq!(watch.judge(at, &report), Plausible::Yes);
    }
}

/// An arm that says these angles and speeds, the same for all joints, every so many milliseconds.
struct Said {
    watch: ArmWatch,
    at: Time,
}

impl Said {
    fn new() -> Self {
        Self { watch: ArmWatch::new(&limits()), at: Time::ZERO }
    }

    fn then(&mut self, after_ms: u64, angle: f64, speed: f64) -> Plausible {
        self.with(after_ms, &all(angle), &all(speed), None)
    }

    fn sent(&mut self, angle: f64, sent: f64) -> Plausible {
        self.with(1, &all(angle), &all(0.0), Some(&all(sent)))
    }

    fn with(&mut self, after_ms: u64, angles: &Joints, speeds: &Joints, sent: Option<&Joints>) -> Plausible {
        self.at = self.at + Duration::from_millis(after_ms);
        self.watch.judge(self.at, &ArmReport { at: self.at, angles, speeds, sent })
    }
}

#[test]
fn sr_043_a_joint_may_go_as_fast_as_it_can_and_no_faster() {
    let fastest = limits().speed.as_slice().iter().copied().fold(f64::MAX, f64::min);
    for after_ms in [1, 2, 7, 20] {
        let dt = after_ms as f64 * 1e-3;
        let furthest = fastest * dt * SPEED_ROOM + LEAP;
        for (step, expected) in
            [(furthest, Plausible::Yes), (1.001 * furthest, Plausible::No), (-1.001 * furthest, Plausible::No)]
        {
            let mut said = Said::new();
            said.then(0, 0.0, step / dt);
            assert_eq!(said.then(after_ms, step, step / dt), expected, "{step} rad in {after_ms} ms");
        }
    }
}

#[test]
fn sr_043_a_speed_that_is_a_little_wrong_is_forgotten_before_it_adds_up() {
    for (wrong, expected) in [(0.025, None), (-0.025, None), (0.035, Some(())), (-0.035, Some(()))] {
        let mut said = Said::new();
        let noticed = (0..2_000).find(|_| said.then(1, 0.3, wrong) == Plausible::No).map(|_| ());
        assert_eq!(noticed, expected, "{wrong} rad/s");
    }
}

#[test]
fn sr_043_over_a_gap_of_more_than_twenty_milliseconds_nothing_is_summed() {
    for (gap, expected) in [(19, Plausible::No), (20, Plausible::No), (21, Plausible::Yes)] {
        let mut said = Said::new();
        said.then(0, 0.0, 0.3);
        assert_eq!(said.then(gap, 0.0, 0.3), expected, "{gap} ms");
    }
}

#[test]
fn sr_043_what_makes_no_sense_is_not_believed_and_all_before_it_is_forgotten() {
    let (good, six, nan) = (all(0.0), Joints::zero(6), all(f64::NAN));
    for (angles, speeds) in [(&six, &good), (&good, &six), (&nan, &good), (&good, &nan)] {
        let nonsense = |said: &mut Said| assert_eq!(said.with(1, angles, speeds, None), Plausible::No);
        // Where the arm was.
        let mut said = Said::new();
        said.then(1, 0.0, 0.0);
        nonsense(&mut said);
        assert_eq!(said.then(1, 0.5, 0.0), Plausible::Yes);
        // What the speeds were wrong by: 2.7 mrad in each half.
        let mut said = Said::new();
        for _ in 0..2 {
            for _ in 0..10 {
                assert_eq!(said.then(1, 0.0, 0.3), Plausible::Yes);
            }
            nonsense(&mut said);
        }
        // How long it has stood still: for 39 ms in each half.
        let mut said = Said::new();
        for _ in 0..2 {
            for tick in 0..40 {
                assert_eq!(said.sent(0.0, if tick == 0 { 0.0 } else { 0.1 }), Plausible::Yes);
            }
            nonsense(&mut said);
        }
    }
}

#[test]
fn sr_043_an_arm_may_stand_beside_its_setpoint_and_where_the_setpoint_comes_to_it() {
    let mut said = Said::new();
    for _ in 0..200 {
        assert_eq!(said.sent(0.3, 0.31), Plausible::Yes, "its own weight holds it there");
    }
    for _ in 0..200 {
        assert_eq!(said.sent(0.3, 0.3), Plausible::Yes);
    }
    // The setpoint goes on: from here on it should follow.
    let stood = (0..100).take_while(|_| said.sent(0.3, 0.29) == Plausible::Yes).count();
    assert_eq!(stood, 40);
}

#[test]
fn sr_043_an_arm_that_was_not_heard_for_a_while_may_have_moved_and_one_of_other_joints_is_none() {
    let mut watch = ArmWatch::new(&limits());
    let mut say = |millis: u64, angles: Joints| {
        let at = Time::from_millis(millis);
        watch.judge(at, &ArmReport { at, angles: &angles, speeds: &all(0.0), sent: None })
    };
    assert_eq!(say(0, all(0.0)), Plausible::Yes);
    assert_eq!(say(100, all(0.2)), Plausible::Yes);
    assert_eq!(say(101, Joints::zero(6)), Plausible::No);
    assert_eq!(say(102, all(f64::NAN)), Plausible::No);
    assert_eq!(say(103, all(0.2)), Plausible::Yes);
    assert_eq!(say(104, all(0.3)), Plausible::No);
    assert_eq!(say(105, all(0.3)), Plausible::Yes);
}
