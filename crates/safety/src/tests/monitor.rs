//! The second look, and that it fires on each planted violation.

use core::time::Duration;

use farprobe_geom::{Joints, Newton, Radian, Time, Twist, Wrench};
use nalgebra::Vector3;

use super::scene::{joint_limits, linear};
use crate::*;

/// For so long what was permitted excuses what is measured.
const LAG: Duration = Duration::from_millis(20);

fn joints(value: f64) -> Joints {
    Joints::from_slice(&[value; 7]).unwrap()
}

fn limits() -> MonitorLimits {
    let JointLimits { lower, upper, speed, .. } = joint_limits();
    let (hard_force, following) = (Newton::literal(20.0), Radian::literal(0.05));
    MonitorLimits { lower, upper, speed, hard_force, following, lag: LAG }
}

fn monitor() -> Monitor {
    Monitor::new(&limits())
}

/// An arm that moves along as permitted.
fn good(angle: f64) -> Sample {
    let permitted = linear(0.1, 0.0, 0.01);
    Sample {
        setpoint: JointSetpoint { positions: joints(angle), velocities: joints(0.1) },
        sent: permitted,
        permitted,
        measured: joints(angle - 0.01),
        speeds: joints(0.1),
        arm: ArmHealth::Ready,
        moving: permitted,
        wrench: Wrench::new(Vector3::new(0.0, 0.0, -8.0), Vector3::zeros()),
    }
}

/// After how many ticks of `spoil`ed samples the monitor trips, and on what.
fn trips(spoil: impl Fn(&mut Sample)) -> Option<(u64, Trip)> {
    let mut monitor = monitor();
    for tick in 0..200 {
        assert_eq!(monitor.check(Time::from_millis(tick), &good(tick as f64 * 1e-4)), Verdict::Quiet);
    }
    (0..200).find_map(|tick| {
        let mut sample = good((200 + tick) as f64 * 1e-4);
        spoil(&mut sample);
        match monitor.check(Time::from_millis(200 + tick), &sample) {
            Verdict::Quiet => None,
            Verdict::Tripped(trip) => Some((tick + 1, trip)),
        }
    })
}

#[test]
fn sr_031_each_planted_violation_trips_within_twenty_milliseconds() {
    type Plant = (fn(&mut Sample), Trip);
    let plants: [Plant; 23] = [
        (|s| s.setpoint.positions.as_mut_slice()[2] = f64::NAN, Trip::Nonsense),
        (|s| s.setpoint.velocities.as_mut_slice()[2] = f64::INFINITY, Trip::Nonsense),
        (|s| s.setpoint.positions = Joints::zero(6), Trip::Nonsense),
        (|s| s.setpoint.velocities = Joints::zero(0), Trip::Nonsense),
        (|s| s.setpoint.positions.as_mut_slice()[6] = 2.51, Trip::Range { joint: 6 }),
        (|s| s.setpoint.positions.as_mut_slice()[6] = -2.51, Trip::Range { joint: 6 }),
        (|s| s.setpoint.positions.as_mut_slice()[6] += 0.006, Trip::Jump { joint: 6 }),
        (|s| s.sent.linear.y = 0.31, Trip::TooFast),
        (|s| s.sent.linear.z = 0.071, Trip::TooFast),
        (|s| s.sent.angular.y = 1.4, Trip::TooFast),
        (|s| s.sent.linear.x = 0.14, Trip::NotAsPermitted),
        (|s| s.sent.linear.x = -0.05, Trip::NotAsPermitted),
        (|s| s.sent.angular.z = 0.11, Trip::NotAsPermitted),
        (|s| s.wrench.force.z = -21.1, Trip::Pressing),
        (|s| s.measured.as_mut_slice()[4] += 0.07, Trip::NotFollowing),
        (|s| s.measured.as_mut_slice()[0] -= 0.06, Trip::NotFollowing),
        (|s| s.measured = Joints::zero(0), Trip::NotFollowing),
        (|s| s.speeds.as_mut_slice()[0] = 0.201, Trip::NotFollowing),
        (|s| s.speeds.as_mut_slice()[6] = -0.001, Trip::NotFollowing),
        (|s| s.moving.linear.z = f64::NAN, Trip::Runaway),
        (|s| s.moving.angular.x = 0.201, Trip::Runaway),
        (|s| s.moving.linear.y = 0.14, Trip::Runaway),
        (|s| s.moving.linear.z = 0.033, Trip::Runaway),
    ];
    for (plant, expected) in plants {
        let (ticks, trip) = trips(plant).unwrap_or_else(|| panic!("{expected:?} was not noticed"));
        assert_eq!(trip, expected);
        assert!(ticks <= 20, "{trip:?} after {ticks} ms");
    }
}

#[test]
fn sr_031_what_is_just_permitted_does_not_trip() {
    let harmless: [fn(&mut Sample); 18] = [
        |s| s.sent = Twist::new(s.permitted.linear * 0.4, Vector3::zeros()),
        |s| s.sent.linear.x += 0.008,
        |s| s.sent.angular.z = 0.09,
        |s| s.wrench.force.z = -20.9,
        // Above the limit, but going outward: a cough.
        |s| {
            s.wrench.force.z = -40.0;
            s.permitted = linear(0.0, 0.0, -0.2);
            (s.sent, s.moving) = (s.permitted, s.permitted);
        },
        |s| s.measured.as_mut_slice()[4] += 0.05,
        |s| s.measured.as_mut_slice()[4] -= 0.035,
        |s| s.speeds.as_mut_slice()[0] = 0.199,
        |s| s.speeds.as_mut_slice()[6] = 0.001,
        // It has stopped by itself, and says so.
        |s| {
            (s.arm, s.speeds, s.measured, s.moving) =
                (ArmHealth::Starved, joints(2.0), joints(1.0), linear(0.5, 0.0, 0.3));
        },
        |s| s.moving.linear.y = 0.136,
        |s| s.moving.angular.x = 0.2,
        |s| s.moving.linear.z = 0.031,
        // However fast outward: the staff lift it off.
        |s| s.moving.linear.z = -1.0,
        |s| s.wrench.force.x = f64::NAN,
        // A quarter of it, straight across: the room that is left at this speed.
        |s| (s.permitted, s.sent) = (linear(0.1, 0.0, 0.0), linear(0.0, 0.025, 0.0)),
        // At the very limits: of the force, and of what is no pressing.
        |s| s.wrench.force.z = -21.0,
        |s| (s.wrench.force.z, s.sent.linear.z) = (-40.0, 0.002),
    ];
    for (number, spoil) in harmless.into_iter().enumerate() {
        assert_eq!(trips(spoil), None, "number {number}");
    }
}

#[test]
fn sr_031_a_short_disturbance_does_not_trip_and_a_trip_stays_until_reset() {
    let mut monitor = monitor();
    for tick in 0..1000 {
        let mut sample = good(0.0);
        if tick % 30 < 14 {
            sample.sent.linear.x = 0.14;
        }
        assert_eq!(monitor.check(Time::from_millis(tick), &sample), Verdict::Quiet);
    }
    let mut sample = good(0.0);
    sample.setpoint.positions = joints(1.0);
    let tripped = Verdict::Tripped(Trip::Jump { joint: 0 });
    assert_eq!(monitor.check(Time::from_millis(1000), &sample), tripped);
    assert_eq!(monitor.check(Time::from_millis(1001), &good(1.0)), tripped);
    monitor.reset();
    assert_eq!(monitor.verdict(), Verdict::Quiet);
    assert_eq!(monitor.check(Time::from_millis(1002), &good(0.0)), Verdict::Quiet);
}

#[test]
fn sr_031_one_good_tick_in_between_excuses_nothing() {
    for of in [2, 3, 15] {
        let mut monitor = monitor();
        let tripped = (0..1000).find(|tick| {
            let mut sample = good(0.0);
            // Two of three ticks, and fourteen of fifteen; of two ticks one, which is half.
            if tick % of != 0 {
                sample.measured = joints(0.1);
            }
            monitor.check(Time::from_millis(*tick), &sample) != Verdict::Quiet
        });
        assert_eq!(tripped.is_some(), of > 2, "{of}: {tripped:?}");
        assert!(of < 15 || tripped < Some(20), "{tripped:?}");
    }
}

#[test]
fn sr_031_what_was_in_a_gap_nobody_has_seen() {
    let mut monitor = monitor();
    let mut bad = good(0.0);
    bad.sent.linear.x = 0.14;
    let seen = [0, 400, 800, 1200].map(|at| monitor.check(Time::from_millis(at), &bad));
    assert_eq!(seen[..3], [Verdict::Quiet; 3]);
    assert_eq!(seen[3], Verdict::Tripped(Trip::NotAsPermitted));
}

#[test]
fn sr_031_limits_that_are_no_numbers_permit_nothing() {
    for spoil in [
        (|limits: &mut MonitorLimits| limits.upper = joints(f64::NAN)) as fn(&mut MonitorLimits),
        |limits| limits.lower = joints(f64::NAN),
        |limits| limits.speed = joints(f64::NAN),
    ] {
        let mut limits = limits();
        spoil(&mut limits);
        let mut monitor = Monitor::new(&limits);
        let verdicts = [0, 1].map(|tick| monitor.check(Time::from_millis(tick), &good(0.0)));
        assert_ne!(verdicts[1], Verdict::Quiet);
    }
}

#[test]
fn sr_031_after_a_pause_the_setpoint_may_begin_anew() {
    let mut monitor = monitor();
    assert_eq!(monitor.check(Time::from_millis(0), &good(0.0)), Verdict::Quiet);
    assert_eq!(monitor.check(Time::from_millis(21), &good(1.0)), Verdict::Quiet);
    assert_eq!(monitor.check(Time::from_millis(41), &good(1.2)), Verdict::Tripped(Trip::Jump { joint: 0 }));
}

#[test]
fn sr_031_all_of_the_range_is_the_arms_with_a_little_room_for_rounding() {
    for angle in [-2.501, -2.5, -1.0, 0.0, 1.0, 2.5, 2.501] {
        assert_eq!(monitor().check(Time::ZERO, &good(angle)), Verdict::Quiet, "{angle} rad");
    }
    for (angle, joint) in [(-2.503, 0), (2.503, 0)] {
        assert_eq!(monitor().check(Time::ZERO, &good(angle)), Verdict::Tripped(Trip::Range { joint }), "{angle} rad");
    }
    // And a step of just that room is none.
    let mut monitor = monitor();
    assert_eq!(monitor.check(Time::ZERO, &good(0.0)), Verdict::Quiet);
    assert_eq!(monitor.check(Time::ZERO, &good(2e-3)), Verdict::Quiet);
    assert_eq!(monitor.check(Time::ZERO, &good(4.1e-3)), Verdict::Tripped(Trip::Jump { joint: 0 }));
}

#[test]
fn sr_031_a_configuration_can_not_widen_the_monitor() {
    let (hard_force, following) = (Newton::literal(100.0), Radian::literal(3.0));
    let mut monitor = Monitor::new(&MonitorLimits { hard_force, following, ..limits() });
    let mut verdict = Verdict::Quiet;
    for tick in 0..20 {
        let mut sample = good(0.0);
        sample.wrench.force.z = -22.0;
        verdict = monitor.check(Time::from_millis(tick), &sample);
    }
    assert_eq!(verdict, Verdict::Tripped(Trip::Pressing));
}

#[test]
fn sr_031_every_trip_is_a_fault_with_its_cause() {
    use super::scene::Scene;
    for (trip, cause) in [
        (Trip::Nonsense, Cause::Refused(Objection::SentNonsense)),
        (Trip::Range { joint: 3 }, Cause::Refused(Objection::SentOutOfRange { joint: 3 })),
        (Trip::Jump { joint: 5 }, Cause::Refused(Objection::SentJump { joint: 5 })),
        (Trip::TooFast, Cause::Refused(Objection::SentTooFast)),
        (Trip::NotAsPermitted, Cause::Refused(Objection::SentNotAsPermitted)),
        (Trip::Pressing, Cause::ForceLimit),
        (Trip::NotFollowing, Cause::ArmFault),
        (Trip::Runaway, Cause::ArmFault),
    ] {
        for rung in [Rung::Ready, Rung::Engaged, Rung::Hold, Rung::Soften, Rung::Release, Rung::Retract] {
            let mut scene = Scene::at(rung, if rung == Rung::Ready { 0.0 } else { 8.0 });
            scene.facts.monitor = Verdict::Tripped(trip);
            scene.run(1);
            assert_eq!((scene.rung(), scene.directive.cause), (Rung::Fault, cause));
        }
    }
}

#[test]
fn sr_031_an_arm_may_brake_in_the_wake_of_what_was_permitted_and_no_longer() {
    let (mut monitor, still) = (monitor(), Sample { permitted: Twist::zero(), sent: Twist::zero(), ..good(0.0) });
    for tick in 0..100 {
        assert_eq!(monitor.check(Time::from_millis(tick), &good(0.0)), Verdict::Quiet);
    }
    let tripped = (1..200).find(|tick| {
        let after = Time::from_millis(99 + tick);
        match monitor.check(after, &still) {
            Verdict::Quiet => false,
            Verdict::Tripped(trip) => trip == Trip::Runaway,
        }
    });
    // It goes on as if nothing had happened: twice the lag at most, and what has to last.
    assert!(tripped.is_some_and(|tick| (20 + 15..=40 + 16).contains(&tick)), "{tripped:?}");
}

#[test]
fn sr_031_a_joint_may_be_wherever_it_was_sent_within_the_lag_and_as_fast() {
    // It does what it was sent so many ticks before.
    for (behind, obeys) in [(0, true), (19, true), (60, false)] {
        let (mut monitor, mut tripped) = (monitor(), None);
        let sent = |tick: i64| {
            // Rest, then 1 rad/s for a tenth of a second, then rest.
            let moved = tick.clamp(0, 100) as f64 * 1e-3;
            (moved, if (1..=100).contains(&tick) { 1.0 } else { 0.0 })
        };
        for tick in -100..400 {
            let ((angle, speed), (is, moves)) = (sent(tick), sent(tick - behind));
            let setpoint = JointSetpoint { positions: joints(angle), velocities: joints(speed) };
            let sample = Sample { setpoint, measured: joints(is), speeds: joints(moves), ..good(0.0) };
            if let Verdict::Tripped(trip) = monitor.check(Time::from_millis((tick + 200) as u64), &sample) {
                tripped = tripped.or(Some((tick, trip)));
            }
        }
        assert_eq!(tripped.is_none(), obeys, "{behind} ms: {tripped:?}");
        assert!(tripped.is_none_or(|(_, trip)| trip == Trip::NotFollowing), "{tripped:?}");
    }
}

#[test]
fn sr_031_a_joint_that_is_not_as_fast_as_sent_trips_within_five_milliseconds() {
    let (ticks, trip) = trips(|sample| sample.speeds.as_mut_slice()[3] = 0.3).unwrap();
    assert_eq!((ticks, trip), (5, Trip::NotFollowing));
}

/// When an arm that disobeys like this, in the ticks that are chosen, loses the orders: to rest, and to lift.
fn loses(spoil: fn(&mut Sample), disobeys: fn(u64) -> bool) -> ([Option<u64>; 2], Monitor) {
    let (mut monitor, mut lost) = (monitor(), [None; 2]);
    for tick in 1..1500 {
        let mut sample = good(0.0);
        if disobeys(tick) {
            spoil(&mut sample);
        }
        let _ = monitor.check(Time::from_millis(tick), &sample);
        match monitor.orders() {
            Orders::Given => assert_eq!(lost, [None; 2], "given back"),
            Orders::Lift => {
                assert_eq!(lost[1], None, "given back");
                lost[0] = lost[0].or(Some(tick));
            }
            Orders::None => lost = lost.map(|lost| lost.or(Some(tick))),
        }
    }
    (lost, monitor)
}

const ASTRAY: fn(&mut Sample) = |sample| sample.measured.as_mut_slice()[4] += 0.07;
const RUNS: fn(&mut Sample) = |sample| sample.speeds.as_mut_slice()[3] = 0.3;

#[test]
fn sr_051_an_arm_that_goes_on_disobeying_is_sent_nothing_until_the_staff_have_seen_it() {
    // A tick before anything is known, five until it trips, and then so long.
    let (lost, mut monitor) = loses(ASTRAY, |_| true);
    assert_eq!(lost, [Some(6 + 15), Some(6 + 600)]);
    assert_eq!(loses(RUNS, |_| true).0, [Some(6 + 15), Some(6 + 50)]);
    let (lost, _) = loses(ASTRAY, |tick| tick < 30);
    assert_eq!(lost, [Some(6 + 15), None], "it has come to its senses, and nobody has seen to it");
    assert_eq!(loses(ASTRAY, |tick| tick < 20).0, [None; 2], "a push");
    assert_eq!(loses(RUNS, |tick| tick < 10 || tick % 2 == 0).0, [None; 2], "half of the time");
    assert!(loses(RUNS, |tick| tick < 10 || tick % 3 != 0).0[1].is_some());
    monitor.reset();
    assert_eq!(monitor.orders(), Orders::Given);
}

#[test]
fn sr_051_nothing_but_disobedience_takes_the_orders_away() {
    let wrong: [fn(&mut Sample); 2] = [
        |sample| sample.sent.linear.x = 0.14,
        // It has stopped by itself, and says so.
        |sample| {
            sample.sent.linear.x = 0.14;
            (sample.arm, sample.speeds, sample.measured) = (ArmHealth::Starved, joints(2.0), joints(1.0));
        },
    ];
    for spoil in wrong {
        let (lost, monitor) = loses(spoil, |_| true);
        assert_eq!((lost, monitor.verdict()), ([None; 2], Verdict::Tripped(Trip::NotAsPermitted)));
    }
}
