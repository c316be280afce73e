//! The joint setpoint check.

use farprobe_geom::{Joints, Radian, Twist};
use nalgebra::Vector3;

use super::scene::{Scene, config, joint_limits, linear};
use crate::*;

fn joints(value: f64) -> Joints {
    Joints::from_slice(&[value; 7]).unwrap()
}

/// A scene whose arm moves by what the gate permits: joint 0 makes the tip's x motion, at 1 rad for 1 m.
pub(super) struct Arm {
    pub(super) scene: Scene,
    pub(super) angles: Joints,
}

impl Arm {
    pub(super) fn new() -> Self {
        let mut arm = Self { scene: Scene::engaged(0.0), angles: joints(0.0) };
        assert_eq!(arm.step(), Confirmation::Passed);
        arm
    }

    pub(super) fn moving() -> Self {
        let mut arm = Self::new();
        arm.scene.proposal = linear(0.1, 0.0, 0.0);
        for _ in 0..200 {
            assert_eq!(arm.step(), Confirmation::Passed);
        }
        arm
    }

    /// The check that fits what was permitted.
    pub(super) fn check(&self) -> JointCheck {
        let mut velocities = joints(0.0);
        velocities.as_mut_slice()[0] = self.scene.permitted.linear.x;
        JointCheck {
            setpoint: JointSetpoint {
                positions: self.angles.zip_with(&velocities, |angle, speed| angle + speed * 1e-3),
                velocities,
            },
            measured: self.angles,
            implied: self.scene.permitted,
        }
    }

    pub(super) fn step(&mut self) -> Confirmation {
        self.report();
        self.scene.run(1);
        let check = self.check();
        self.confirm(&check)
    }

    /// Has the arm say where it is, on a way there that an arm can go.
    pub(super) fn report(&mut self) {
        let said = self.scene.measured.joints;
        let moved = self.angles.zip_with(&said, |to, from| (to - from).clamp(-2e-3, 2e-3));
        if moved.is_finite() {
            self.scene.measured.joints = said.zip_with(&moved, |angle, step| angle + step);
            self.scene.measured.joint_speeds = moved.zip_with(&moved, |step, _| step * 1e3);
        }
    }

    pub(super) fn confirm(&mut self, check: &JointCheck) -> Confirmation {
        let confirmation = self.scene.gate.confirm(self.scene.now, check);
        match confirmation {
            Confirmation::Passed => self.angles = check.setpoint.positions,
            Confirmation::Refused(Refusal { instead: Some(setpoint), .. }) => self.angles = setpoint.positions,
            Confirmation::Refused(Refusal { instead: None, .. }) => {}
        }
        confirmation
    }
}

fn refused(reason: Refused) -> Cause {
    Cause::Refused(Objection::Setpoint(reason))
}

fn reason(confirmation: Confirmation) -> Refused {
    match confirmation {
        Confirmation::Refused(refusal) => refusal.reason,
        Confirmation::Passed => panic!("passed"),
    }
}

#[test]
fn sr_020_each_flaw_of_a_setpoint_is_named() {
    type Flaw = (fn(&mut JointCheck), Refused);
    let flaws: [Flaw; 16] = [
        (|c| c.setpoint.positions = Joints::zero(6), Refused::WrongAxes),
        (|c| c.setpoint.velocities = Joints::zero(6), Refused::WrongAxes),
        (|c| c.measured = Joints::zero(6), Refused::WrongAxes),
        (|c| c.setpoint.positions.as_mut_slice()[3] = f64::NAN, Refused::NotFinite),
        (|c| c.setpoint.velocities.as_mut_slice()[3] = f64::INFINITY, Refused::NotFinite),
        (|c| c.measured.as_mut_slice()[6] = f64::NAN, Refused::NotFinite),
        (|c| c.implied.angular.x = f64::NAN, Refused::NotFinite),
        (|c| c.setpoint.velocities.as_mut_slice()[2] = 2.53, Refused::Speed { joint: 2 }),
        (|c| c.setpoint.positions.as_mut_slice()[0] = 2.502, Refused::Position { joint: 0 }),
        (|c| c.setpoint.velocities.as_mut_slice()[1] = 0.0102, Refused::Acceleration { joint: 1 }),
        (|c| c.setpoint.positions.as_mut_slice()[5] += 0.0011, Refused::Jump { joint: 5 }),
        (|c| c.setpoint.positions.as_mut_slice()[5] -= 0.0011, Refused::Jump { joint: 5 }),
        (|c| c.implied.linear.x += 0.0152, Refused::Disagrees),
        (|c| c.implied.linear.x = -0.0151, Refused::Disagrees),
        (|c| c.implied.linear.z = 0.0011, Refused::Disagrees),
        (|c| c.implied.angular.y = 0.051, Refused::Disagrees),
    ];
    for (flaw, why) in flaws {
        let mut arm = Arm::moving();
        arm.scene.run(1);
        let mut check = arm.check();
        flaw(&mut check);
        assert_eq!(reason(arm.confirm(&check)), why);
    }
}

#[test]
fn sr_020_a_slower_motion_of_the_same_direction_passes() {
    let mut arm = Arm::moving();
    arm.scene.run(1);
    let mut check = arm.check();
    check.implied = Twist::new(check.implied.linear * 0.3, Vector3::zeros());
    assert_eq!(arm.confirm(&check), Confirmation::Passed);
}

#[test]
fn sr_020_beyond_its_range_a_joint_may_come_back_but_not_go_on() {
    let limits = joint_limits();
    for (out, back) in [(2.6, -1.0), (-2.6, 1.0)] {
        let mut arm = Arm::new();
        arm.angles.as_mut_slice()[0] = out;
        // It starts where it stands, at rest.
        assert_eq!(arm.step(), Confirmation::Passed);
        arm.scene.proposal = linear(0.1 * back, 0.0, 0.0);
        for _ in 0..100 {
            assert_eq!(arm.step(), Confirmation::Passed);
        }
        assert!(arm.angles.as_slice()[0].abs() < 2.6);
        arm.scene.proposal = linear(0.0, 0.0, 0.0);
        for _ in 0..200 {
            let _ = arm.step();
        }
        arm.scene.proposal = linear(-0.1 * back, 0.0, 0.0);
        let refused = (0..50).map(|_| arm.step()).find(|confirmation| *confirmation != Confirmation::Passed);
        assert_eq!(reason(refused.unwrap()), Refused::Position { joint: 0 });
        assert!(arm.angles.as_slice()[0].abs() > limits.upper.as_slice()[0]);
    }
}

#[test]
fn sr_021_a_refused_setpoint_is_replaced_by_braking_until_rest() {
    let mut arm = Arm::moving();
    arm.scene.run(1);
    let mut check = arm.check();
    check.setpoint.positions.as_mut_slice()[4] = 1.0;
    let mut before = 0.1;
    let mut angle = arm.angles.as_slice()[0];
    let mut confirmation = arm.confirm(&check);
    let mut ticks = 0;
    while let Confirmation::Refused(Refusal { instead, reason }) = confirmation {
        let setpoint = instead.expect("there is something to brake from");
        let speed = setpoint.velocities.as_slice()[0];
        assert!((setpoint.positions.as_slice()[0] - angle - speed * 1e-3).abs() < 1e-12, "the joint goes as it turns");
        angle = setpoint.positions.as_slice()[0];
        assert!((before - speed - 0.01).abs() < 1e-9 || speed == 0.0, "{before} to {speed}");
        assert!(ticks == 0 || reason == Refused::Recovering);
        before = speed;
        ticks += 1;
        confirmation = arm.step();
    }
    assert_eq!((ticks, before), (10, 0.0));
    // Not the braking that followed, but what it began with.
    assert_eq!((arm.scene.rung(), arm.scene.directive.cause), (Rung::Soften, refused(Refused::Jump { joint: 4 })));
    assert_eq!(arm.scene.permitted, Twist::zero());
}

#[test]
fn sr_021_all_joints_slow_down_alike_so_that_the_tip_keeps_to_its_direction() {
    let mut arm = Arm::moving();
    for tick in 1..=5 {
        arm.report();
        arm.scene.run(1);
        let mut check = arm.check();
        let speed = 0.01 * f64::from(tick);
        check.setpoint.velocities.as_mut_slice()[1] = speed;
        check.setpoint.positions.as_mut_slice()[1] = arm.angles.as_slice()[1] + speed * 1e-3;
        assert_eq!(arm.confirm(&check), Confirmation::Passed);
    }
    arm.scene.run(1);
    let mut check = arm.check();
    check.setpoint.positions.as_mut_slice()[4] = 1.0;
    let mut confirmation = arm.confirm(&check);
    let mut before = 0.1;
    while let Confirmation::Refused(Refusal { instead: Some(setpoint), .. }) = confirmation {
        let [first, second, ..] = setpoint.velocities.as_slice() else { panic!("no joints") };
        assert!((first - 2.0 * second).abs() < 1e-9, "{first} {second}");
        assert!(*first < before || *first == 0.0);
        before = *first;
        confirmation = arm.step();
    }
    assert_eq!(before, 0.0);
}

#[test]
fn sr_021_without_anything_to_brake_from_nothing_is_sent() {
    let mut arm = Arm { scene: Scene::engaged(0.0), angles: joints(f64::NAN) };
    let Confirmation::Refused(refusal) = arm.step() else { panic!("passed") };
    assert_eq!(refusal, Refusal { reason: Refused::NotFinite, instead: None });
}

#[test]
fn sr_021_braking_does_not_leave_the_range() {
    let mut arm = Arm::new();
    arm.angles = joints(2.4999);
    assert_eq!(arm.step(), Confirmation::Passed);
    arm.scene.proposal = linear(0.02, 0.0, 0.0);
    for _ in 0..100 {
        let _ = arm.step();
    }
    assert!(arm.angles.as_slice()[0] <= 2.5 + 1.1e-3);
}

#[test]
fn sr_020_a_start_is_at_rest_and_where_the_arm_stands() {
    let start = |away: f64, speed: f64| {
        let mut arm = Arm { scene: Scene::engaged(0.0), angles: joints(0.2) };
        arm.scene.run(1);
        let mut check = arm.check();
        check.setpoint.positions.as_mut_slice()[1] += away;
        check.setpoint.velocities.as_mut_slice()[1] = speed;
        arm.confirm(&check)
    };
    assert_eq!(start(4.9e-5, 0.01), Confirmation::Passed);
    assert_eq!(reason(start(5.1e-5, 0.0)), Refused::Jump { joint: 1 });
    assert_eq!(reason(start(0.0, 0.0102)), Refused::Jump { joint: 1 });
}

#[test]
fn sr_020_an_arm_at_rest_that_was_pushed_begins_where_it_stands() {
    let mut arm = Arm::new();
    arm.angles = joints(0.5);
    assert_eq!(arm.step(), Confirmation::Passed);
    // One that moves does not.
    let mut arm = Arm::moving();
    arm.scene.run(1);
    let mut check = arm.check();
    check.setpoint = JointSetpoint { positions: joints(0.6), velocities: joints(0.0) };
    check.measured = joints(0.6);
    assert_eq!(reason(arm.confirm(&check)), Refused::Acceleration { joint: 0 });
}

#[test]
fn sr_020_an_arm_at_rest_that_was_not_pushed_begins_where_it_was_sent() {
    let mut arm = Arm::new();
    arm.scene.run(1);
    let mut check = arm.check();
    check.setpoint.positions.as_mut_slice()[1] += 0.005;
    check.setpoint.velocities.as_mut_slice()[1] = 0.005;
    assert_eq!(reason(arm.confirm(&check)), Refused::Jump { joint: 1 });
}

/// The arm follows angles, the gate judges speeds: neither a little more in every tick nor a start in every tick is motion that
/// nobody judges.
#[test]
fn sr_020_no_joint_creeps_along_beside_its_speed() {
    // Told to be at rest, and led on all the same; by an arm that stands still, and by one that follows.
    for (creep, follows) in [(2e-6, false), (2e-6, true), (0.9e-3, true), (0.0099, true), (-0.0099, true)] {
        let mut arm = Arm::new();
        arm.scene.run(1);
        let mut check = arm.check();
        check.setpoint.positions.as_mut_slice()[2] += creep;
        if follows {
            arm.scene.measured.joints = arm.angles;
        }
        assert_eq!(reason(arm.confirm(&check)), Refused::Jump { joint: 2 }, "{creep} rad");
    }
    // And moving: neither ahead of its speed nor behind it.
    for creep in [2e-6, -2e-6] {
        let mut arm = Arm::moving();
        arm.scene.run(1);
        let mut check = arm.check();
        check.setpoint.positions.as_mut_slice()[0] += creep;
        assert_eq!(reason(arm.confirm(&check)), Refused::Jump { joint: 0 }, "{creep} rad");
    }
}

/// In a gap an arm may have gone on, or stopped by itself: its next setpoint is between the two.
#[test]
fn sr_020_after_a_late_tick_an_angle_is_where_the_arm_may_have_got_to() {
    for (ticks, part, passes) in [(3, 1.0, true), (3, 0.99, false), (10, 1.0, true), (10, 0.5, true), (10, -0.5, false)]
    {
        let mut arm = Arm::moving();
        arm.scene.run(ticks);
        let mut check = arm.check();
        let speed = check.setpoint.velocities.as_slice()[0];
        let gone = speed * f64::from(ticks) * 1e-3;
        check.setpoint.positions.as_mut_slice()[0] = arm.angles.as_slice()[0] + gone * part;
        assert_eq!(arm.confirm(&check) == Confirmation::Passed, passes, "{ticks} ms, {part}");
    }
}

#[test]
fn sr_022_three_refusals_are_a_fault() {
    let mut arm = Arm::new();
    for _ in 0..3 {
        arm.scene.run(1);
        let mut check = arm.check();
        check.implied.linear.z = 0.05;
        assert_eq!(reason(arm.confirm(&check)), Refused::Disagrees);
    }
    arm.scene.run(1);
    assert_eq!((arm.scene.rung(), arm.scene.directive.cause), (Rung::Fault, refused(Refused::Disagrees)));
}

#[test]
fn sr_035_a_setpoint_of_a_tick_that_permitted_nothing_must_not_move() {
    let mut arm = Arm::moving();
    let check = arm.check();
    let later = arm.scene.now + TICK;
    assert_eq!(reason(arm.scene.gate.confirm(later, &check)), Refused::Disagrees);
}

#[test]
fn sr_020_what_brakes_as_hard_as_it_can_is_on_its_way_and_passes() {
    for (aside, passes) in [(0.0, true), (0.03, false)] {
        let mut arm = Arm::moving();
        let later = arm.scene.now + TICK;
        // Nothing is permitted in this tick, and the joint gives all of its 10 rad/s².
        let mut velocities = joints(0.0);
        velocities.as_mut_slice()[0] = 0.1 - 0.00999;
        let positions = arm.angles.zip_with(&velocities, |angle, speed| angle + speed * 1e-3);
        let setpoint = JointSetpoint { positions, velocities };
        let check = JointCheck { setpoint, measured: arm.angles, implied: linear(0.09001, aside, 0.0) };
        assert_eq!(arm.scene.gate.confirm(later, &check) == Confirmation::Passed, passes);
    }
}

#[test]
fn sr_020_an_arm_of_other_axes_is_sent_nothing_at_all() {
    let mut scene = Scene::engaged(0.0);
    let setpoint = JointSetpoint { positions: joints(0.0), velocities: joints(0.0) };
    let check = JointCheck { setpoint, measured: Joints::zero(6), implied: Twist::zero() };
    let nothing = Confirmation::Refused(Refusal { reason: Refused::WrongAxes, instead: None });
    assert_eq!(scene.gate.confirm(scene.now, &check), nothing);
    let none = Joints::zero(0);
    let limits = JointLimits { lower: none, upper: none, speed: none, acceleration: none, lead: Radian::literal(0.2) };
    let mut gate = Gate::new(&Config { joints: limits, ..config() });
    let setpoint = JointSetpoint { positions: none, velocities: none };
    let check = JointCheck { setpoint, measured: none, implied: Twist::zero() };
    assert_eq!(reason(gate.confirm(scene.now, &check)), Refused::WrongAxes);
}

#[test]
fn sr_020_an_arm_that_is_said_to_be_where_no_arm_can_be_is_sent_nothing() {
    let range = joint_limits();
    let places = [2.5 + BEYOND_RANGE + 1e-6, -2.5 - BEYOND_RANGE - 1e-6, f64::MAX, f64::INFINITY, f64::NAN];
    assert_eq!((range.lower, range.upper), (joints(-2.5), joints(2.5)));
    for place in places {
        let mut arm = Arm::new();
        // So long without a setpoint that nothing is left to brake from.
        arm.scene.run(30);
        arm.angles.as_mut_slice()[2] = place;
        let check = arm.check();
        let Confirmation::Refused(refusal) = arm.confirm(&check) else { panic!("{place} rad was believed") };
        assert_eq!(refusal.instead, None, "{place} rad");
    }
    let mut arm = Arm::new();
    arm.scene.run(30);
    arm.angles.as_mut_slice()[2] = 2.5 + BEYOND_RANGE - 1e-6;
    assert_eq!(arm.step(), Confirmation::Passed, "pushed a little out of its range it may stay");
}

#[test]
fn sr_020_joints_that_brake_as_hard_as_they_can_are_no_refusal() {
    // 1 rad/s² of joint 0 are 1 m/s² at the tip, half of what the gate's row asks for.
    let slow = JointLimits { acceleration: joints(1.0), ..joint_limits() };
    let mut arm = Arm { scene: Scene::engaged_with(&Config { joints: slow, ..config() }, 0.0), angles: joints(0.0) };
    let mut speed = 0.0_f64;
    let mut step = |arm: &mut Arm, wish: f64| {
        arm.scene.proposal = linear(wish, 0.0, 0.0);
        arm.report();
        arm.scene.run(1);
        let permitted = arm.scene.permitted.linear.x;
        speed += (permitted - speed).clamp(-0.95e-3, 0.95e-3);
        let mut velocities = joints(0.0);
        velocities.as_mut_slice()[0] = speed;
        let positions = arm.angles.zip_with(&velocities, |angle, speed| angle + speed * 1e-3);
        let setpoint = JointSetpoint { positions, velocities };
        let check = JointCheck { setpoint, measured: arm.angles, implied: linear(speed, 0.0, 0.0) };
        (arm.confirm(&check), permitted, speed)
    };
    for tick in 0..600 {
        let (confirmation, permitted, made) = step(&mut arm, if tick < 200 { 0.1 } else { -0.1 });
        assert_eq!(confirmation, Confirmation::Passed, "{tick} ms: {permitted} {made}");
        assert!((permitted - made).abs() < 0.0015, "the gate goes on from what the joints make");
    }
    assert_eq!(arm.scene.rung(), Rung::Engaged);
    // A joint that could do more has no excuse.
    let mut arm = Arm::moving();
    arm.scene.proposal = linear(0.0, 0.0, 0.0);
    arm.scene.run(15);
    let mut check = arm.check();
    check.setpoint.velocities.as_mut_slice()[0] = 0.1;
    check.setpoint.positions.as_mut_slice()[0] = arm.angles.as_slice()[0] + 1.5e-3;
    check.implied = linear(0.1, 0.0, 0.0);
    assert_eq!(reason(arm.confirm(&check)), Refused::Disagrees);
}

#[test]
fn sr_050_a_setpoint_does_not_run_away_from_an_arm_that_does_not_follow() {
    let mut arm = Arm::moving();
    let stands = arm.angles;
    let mut reasons = std::vec::Vec::new();
    for _ in 0..3000 {
        // What is asked is whether this look sees it: the others are told that it moves.
        arm.report();
        arm.scene.run(1);
        let mut check = arm.check();
        check.measured = stands;
        if let Confirmation::Refused(refusal) = arm.confirm(&check) {
            reasons.push(refusal.reason);
        }
        let ahead = arm.angles.as_slice()[0] - stands.as_slice()[0];
        // Braking takes a millimetre of its own.
        assert!(ahead <= 0.2 + 2e-3, "{ahead} rad");
    }
    assert_eq!(reasons.first(), Some(&Refused::Lead { joint: 0 }));
    assert_eq!(arm.scene.rung(), Rung::Fault);
}
