//! Going down: what makes the ladder descend, how fast, and that it lets go of the patient first.

use core::time::Duration;

use farprobe_geom::Newton;

use super::scene::{Scene, config, downward, linear};
use crate::timing::YIELDING_FORCE;
use crate::*;

fn shipped() -> Timing {
    Timing::SHIPPED
}

fn with_timing(timing: Timing, force: f64) -> Scene {
    Scene::engaged_with(&Config { timing, ..config() }, force)
}

#[test]
fn sr_006_a_lost_link_is_noticed_after_the_timeout_and_one_tick() {
    for millis in [20, 50, 137, 200] {
        let timing = shipped().with_link_timeout(Duration::from_millis(millis)).unwrap();
        let mut scene = with_timing(timing, 8.0);
        scene.facts.command = None;
        let noticed = scene.until_changed(400);
        assert_eq!(u64::from(noticed), millis + 1);
        assert_eq!((scene.rung(), scene.directive.cause), (Rung::Soften, Cause::LinkLost));
    }
}

#[test]
fn sr_006_a_command_each_timeout_keeps_the_link() {
    let mut scene = Scene::engaged(8.0);
    let command = scene.facts.command;
    for tick in 0..1000 {
        scene.facts.command = if tick % 50 == 0 { command } else { None };
        scene.run(1);
        assert_eq!(scene.rung(), Rung::Engaged);
    }
}

#[test]
fn sr_007_an_open_clutch_in_contact_holds() {
    let mut scene = Scene::engaged(8.0);
    scene.open();
    scene.run(1);
    assert_eq!((scene.rung(), scene.directive.cause), (Rung::Hold, Cause::ClutchOpened));
    assert_eq!(scene.directive.goal, Goal::Comply { ceiling: Newton::literal(8.0) });

    let mut scene = Scene::engaged(0.0);
    scene.open();
    scene.run(1);
    assert_eq!((scene.rung(), scene.directive.cause), (Rung::Ready, Cause::ClutchOpened));
}

#[test]
fn sr_007_what_the_operator_lost_softens_even_with_the_clutch_open() {
    type Loss = (fn(&mut Facts), Cause);
    let losses: [Loss; 7] = [
        (|facts| facts.command = Some(Command { clutch: Clutch::HandleLost, clutch_in: 1 }), Cause::HandleLost),
        (|facts| facts.picture.health = PictureHealth::Frozen, Cause::PictureFrozen),
        (|facts| facts.picture.health = PictureHealth::Absent, Cause::PictureStale),
        (|facts| facts.round_trip = None, Cause::RoundTripTooLong),
        (|facts| facts.session = Session::Closed, Cause::SessionClosed),
        (|facts| facts.lease = Lease::Free, Cause::LeaseLost),
        (|facts| facts.arm = ArmHealth::Starved, Cause::TickGap),
    ];
    for (lose, cause) in losses {
        for from_hold in [false, true] {
            let mut scene = Scene::engaged(8.0);
            scene.open();
            if from_hold {
                scene.run(1);
            }
            lose(&mut scene.facts);
            scene.run(1);
            assert_eq!((scene.rung(), scene.directive.cause), (Rung::Soften, cause));
        }
    }
}

#[test]
fn sr_027_a_picture_older_than_half_a_second_softens() {
    let mut scene = Scene::engaged(8.0);
    scene.facts.picture.age = Some(PICTURE_MAX_AGE);
    scene.run(10);
    assert_eq!(scene.rung(), Rung::Engaged);
    scene.facts.picture.age = Some(PICTURE_MAX_AGE + Duration::from_nanos(1));
    scene.run(1);
    assert_eq!((scene.rung(), scene.directive.cause), (Rung::Soften, Cause::PictureStale));
}

#[test]
fn sr_028_a_late_tick_softens() {
    let mut scene = Scene::engaged(8.0);
    scene.tick(Duration::from_millis(3));
    assert_eq!(scene.rung(), Rung::Engaged);
    scene.tick(Duration::from_micros(3001));
    assert_eq!((scene.rung(), scene.directive.cause), (Rung::Soften, Cause::TickGap));
}

#[test]
fn sr_028_a_clock_that_stands_still_softens() {
    let mut scene = Scene::engaged(8.0);
    scene.tick(Duration::ZERO);
    assert_eq!((scene.rung(), scene.directive.cause), (Rung::Soften, Cause::TickGap));
}

#[test]
fn sr_008_hold_ends_by_itself() {
    for seconds in [1, 10, 30] {
        let mut scene = with_timing(shipped().with_hold(Duration::from_secs(seconds)).unwrap(), 8.0);
        scene.open();
        scene.run(1);
        assert_eq!(scene.rung(), Rung::Hold);
        assert_eq!(u64::from(scene.until_changed(40_000)), seconds * 1000);
        assert_eq!((scene.rung(), scene.directive.cause), (Rung::Release, Cause::TimedOut));
    }
}

#[test]
fn sr_008_hold_without_contact_is_ready() {
    let mut scene = Scene::at(Rung::Hold, 8.0);
    scene.push(0.0);
    scene.run(1);
    assert_eq!(scene.rung(), Rung::Ready);
}

#[test]
fn sr_008_compliance_never_presses_harder_than_at_its_beginning() {
    let mut scene = Scene::at(Rung::Hold, 8.0);
    scene.push(3.0);
    scene.facts.picture.health = PictureHealth::Frozen;
    scene.run(1);
    assert_eq!(scene.directive.goal, Goal::Comply { ceiling: Newton::literal(3.0) });
    // The patient presses back: the ceiling stays.
    scene.push(6.0);
    scene.run(10);
    assert_eq!(scene.directive.goal, Goal::Comply { ceiling: Newton::literal(3.0) });
}

#[test]
fn sr_009_the_descent_keeps_its_times() {
    let mut scene = Scene::engaged(8.0);
    scene.facts.command = None;
    scene.until_changed(100);
    let mut passed = scene.until_changed(1000);
    assert_eq!((scene.rung(), passed), (Rung::Release, 250));
    passed += scene.until_changed(1000);
    assert_eq!((scene.rung(), passed), (Rung::Retract, 1000));
    scene.push(0.0);
    passed += scene.until_changed(5000);
    assert_eq!((scene.rung(), passed), (Rung::Parked, 5000));
    scene.run(60_000);
    assert_eq!(scene.rung(), Rung::Parked);
}

#[test]
fn sr_009_a_lift_that_still_touches_goes_on_but_not_for_ever() {
    let mut scene = Scene::at(Rung::Retract, 8.0);
    scene.run(4500);
    assert_eq!(scene.rung(), Rung::Retract);
    scene.run(5000);
    assert_eq!(scene.rung(), Rung::Parked);
}

#[test]
fn sr_009_a_lift_ends_at_its_height() {
    let mut scene = Scene::at(Rung::Retract, 8.0);
    assert_eq!(scene.directive.goal, Goal::Retract { speed: RETRACT_SPEED });
    scene.measured.tip = downward(0.3, 0.0, 0.5 + LIFT_HEIGHT.get() - 1e-6);
    scene.run(1);
    assert_eq!(scene.directive.goal, Goal::Retract { speed: RETRACT_SPEED });
    scene.measured.tip = downward(0.0, 0.0, 0.5 + LIFT_HEIGHT.get() + 1e-6);
    scene.run(1);
    assert_eq!((scene.rung(), scene.directive.goal), (Rung::Retract, Goal::Rest));
}

#[test]
fn sr_036_who_never_retracts_stays_compliant_until_lifted_off() {
    let timing = shipped().with_retract(RetractPolicy::Never).unwrap();
    let mut scene = with_timing(timing, 2.0);
    scene.facts.command = None;
    scene.run(20_000);
    assert_eq!((scene.rung(), scene.directive.goal), (Rung::Release, Goal::Release { to: RELEASED_FORCE }));
    scene.push(0.0);
    scene.run(1);
    assert_eq!(scene.rung(), Rung::Parked);
}

#[test]
fn sr_002_a_stop_is_honoured_in_every_state() {
    let rungs = [
        Rung::Idle,
        Rung::Ready,
        Rung::Engaged,
        Rung::Hold,
        Rung::Soften,
        Rung::Release,
        Rung::Retract,
        Rung::Parked,
        Rung::Fault,
    ];
    for (source, cause) in [(StopSource::Operator, Cause::OperatorStop), (StopSource::Bedside, Cause::BedsideStop)] {
        for rung in rungs {
            let free = matches!(rung, Rung::Idle | Rung::Ready | Rung::Parked);
            let mut scene = Scene::at(rung, if free { 0.0 } else { 8.0 });
            scene.facts.stop = Some(source);
            scene.run(1);
            assert_eq!((scene.rung(), scene.directive.cause), (Rung::EStop, cause), "{rung:?}");
        }
    }
}

#[test]
fn sr_003_a_stop_in_contact_lowers_the_force_before_it_brakes() {
    let mut scene = Scene::at(Rung::EStop, 8.0);
    assert_eq!(scene.directive.goal, Goal::Release { to: RELEASED_FORCE });
    scene.run(200);
    assert_eq!(scene.directive.goal, Goal::Release { to: RELEASED_FORCE });
    scene.push(2.0);
    scene.run(1);
    assert!(is_braked(&scene));
    scene.push(1.8);
    scene.run(1);
    assert_eq!((scene.rung(), scene.directive.goal), (Rung::EStop, Goal::Rest));
}

#[test]
fn sr_003_a_stop_that_can_not_lower_the_force_counts_as_braked_after_half_a_second_and_yields_on() {
    let mut scene = Scene::at(Rung::EStop, 8.0);
    scene.run(499);
    assert!(!is_braked(&scene));
    assert_eq!(scene.directive.goal, Goal::Release { to: RELEASED_FORCE });
    scene.run(1);
    assert!(is_braked(&scene), "the staff can reset it");
    assert_eq!(scene.directive.goal, Goal::Release { to: YIELDING_FORCE }, "it does not clamp");
    scene.push(1.9);
    scene.run(1);
    assert_eq!(scene.directive.goal, Goal::Release { to: YIELDING_FORCE }, "with room below what was promised");
    scene.push(1.8);
    scene.run(1);
    assert_eq!(scene.directive.goal, Goal::Rest);
}

#[test]
fn sr_003_a_braked_probe_yields_to_a_patient_who_comes_towards_it() {
    let mut scene = Scene::at(Rung::EStop, 0.0);
    scene.run(1000);
    assert_eq!(scene.directive.goal, Goal::Rest);
    scene.push(3.0);
    scene.run(1);
    assert_eq!((scene.rung(), scene.directive.goal), (Rung::EStop, Goal::Release { to: YIELDING_FORCE }));
}

#[test]
fn sr_015_a_disarmed_probe_yields_to_a_patient_who_comes_towards_it() {
    let mut scene = Scene::at(Rung::Ready, 0.0);
    scene.facts.arming = Arming::Disarmed;
    scene.run(1);
    assert_eq!((scene.rung(), scene.directive.goal), (Rung::Idle, Goal::Rest));
    scene.push(3.0);
    scene.run(1);
    assert_eq!((scene.rung(), scene.directive.goal), (Rung::Idle, Goal::Release { to: YIELDING_FORCE }));
}

#[test]
fn sr_004_after_a_reset_nothing_is_said_to_have_been_granted_to_who_had_it() {
    let mut scene = Scene::at(Rung::EStop, 0.0);
    scene.facts.reset = Reset::Requested;
    scene.run(1);
    assert_eq!((scene.rung(), scene.directive.cause), (Rung::Idle, Cause::Reset));
    scene.facts.reset = Reset::None;
    scene.run(1);
    assert_eq!((scene.rung(), scene.directive.cause), (Rung::Ready, Cause::Armed));

    // To another it was granted meanwhile.
    let mut scene = Scene::at(Rung::EStop, 0.0);
    scene.facts.lease = Lease::Held { epoch: 8 };
    scene.facts.reset = Reset::Requested;
    scene.run(1);
    scene.facts.reset = Reset::None;
    scene.run(1);
    assert_eq!((scene.rung(), scene.directive.cause), (Rung::Ready, Cause::LeaseGranted));
}

fn is_braked(scene: &Scene) -> bool {
    matches!(
        scene.directive.state,
        State::EStop { stage: Stage::Braked, .. } | State::Fault { stage: Stage::Braked, .. }
    )
}

#[test]
fn sr_003_a_stop_in_free_space_brakes_at_once() {
    let mut scene = Scene::at(Rung::EStop, 0.0);
    assert_eq!(scene.directive.goal, Goal::Rest);
    scene.run(1000);
    assert_eq!(scene.directive.goal, Goal::Rest);
}

#[test]
fn sr_003_a_stop_does_not_begin_the_lowering_of_a_fault_anew() {
    let mut scene = Scene::at(Rung::Fault, 8.0);
    scene.run(400);
    scene.facts.stop = Some(StopSource::Bedside);
    scene.run(1);
    assert_eq!(scene.directive.goal, Goal::Release { to: RELEASED_FORCE });
    assert!(!is_braked(&scene));
    scene.run(110);
    assert_eq!((scene.rung(), is_braked(&scene)), (Rung::EStop, true));
}

#[test]
fn sr_034_disarming_in_free_space_is_idle_at_once() {
    for rung in [Rung::Ready, Rung::Engaged, Rung::Soften, Rung::Release, Rung::Retract, Rung::Parked] {
        let mut scene = Scene::at(rung, 0.0);
        scene.facts.arming = Arming::Disarmed;
        scene.run(1);
        assert_eq!((scene.rung(), scene.directive.cause), (Rung::Idle, Cause::Disarmed), "{rung:?}");
    }
}

#[test]
fn sr_003_disarming_in_contact_lowers_the_force_first() {
    for rung in [Rung::Engaged, Rung::Hold, Rung::Soften, Rung::Release, Rung::Retract] {
        let mut scene = Scene::at(rung, 8.0);
        scene.facts.arming = Arming::Disarmed;
        scene.run(1);
        assert_eq!((scene.rung(), scene.directive.cause), (Rung::Release, Cause::Disarmed), "{rung:?}");
        assert_eq!(scene.directive.goal, Goal::Release { to: RELEASED_FORCE });
        // Arming again does not stop it, and nobody engages meanwhile.
        scene.facts.arming = Arming::Armed;
        scene.facts.command = Some(Command { clutch: Clutch::Open, clutch_in: 1 });
        scene.run(1);
        scene.press(2);
        scene.run(1);
        assert_eq!(scene.rung(), Rung::Release);
        scene.facts.arming = Arming::Disarmed;
        scene.push(2.0);
        scene.run(1);
        assert_eq!(scene.rung(), Rung::Idle);
        scene.push(1.8);
        scene.run(1);
        assert_eq!((scene.rung(), scene.directive.goal), (Rung::Idle, Goal::Rest));
    }
}

#[test]
fn sr_003_disarming_ends_in_idle_after_half_a_second() {
    let mut scene = Scene::engaged(8.0);
    scene.facts.arming = Arming::Disarmed;
    scene.run(1);
    assert_eq!(scene.until_changed(1000), 500);
    assert_eq!(scene.rung(), Rung::Idle);
}

#[test]
fn sr_037_a_shutdown_ends_parked_or_idle_and_lets_nobody_engage() {
    for rung in [Rung::Ready, Rung::Engaged, Rung::Hold, Rung::Soften, Rung::Release, Rung::Retract, Rung::Parked] {
        let free = matches!(rung, Rung::Ready | Rung::Parked);
        let mut scene = Scene::at(rung, if free { 0.0 } else { 8.0 });
        scene.facts.shutdown = Shutdown::Requested;
        scene.run(1);
        assert!(!matches!(scene.rung(), Rung::Ready | Rung::Engaged | Rung::Hold | Rung::Soften));
        scene.push(0.0);
        for number in 2..3000 {
            scene.press(number);
            scene.run(1);
            scene.open();
            scene.run(1);
            assert_ne!(scene.rung(), Rung::Engaged);
        }
        assert_eq!(scene.rung(), Rung::Parked, "{rung:?}");
    }
}

#[test]
fn sr_037_a_shutdown_of_a_touched_probe_at_rest_lets_go_first() {
    for (force, rung) in [(0.0, Rung::Parked), (5.0, Rung::Release)] {
        let mut scene = Scene::ready();
        scene.push(force);
        scene.run(1);
        scene.facts.shutdown = Shutdown::Requested;
        scene.run(1);
        assert_eq!(scene.rung(), rung, "{force} N");
    }
}

#[test]
fn sr_037_a_shutdown_takes_the_probe_off_though_it_is_disarmed_in_the_same_moment() {
    // A closed terminal does both: it is the end of the cart, and of who could stop it.
    for (disarmed, shut_down) in [(0, 0), (0, 20), (20, 0), (0, 400), (400, 0), (2_000, 0)] {
        let mut scene = Scene::engaged(8.0);
        for ms in 0..3_000 {
            if ms == disarmed {
                scene.facts.arming = Arming::Disarmed;
            }
            if ms == shut_down {
                scene.facts.shutdown = Shutdown::Requested;
            }
            scene.run(1);
            assert_ne!(scene.rung(), Rung::Idle, "disarmed at {disarmed} ms, shut down at {shut_down}: {ms} ms");
        }
        assert_eq!(scene.rung(), Rung::Retract);
        scene.push(0.0);
        scene.run(4_000);
        assert_eq!(scene.rung(), Rung::Parked, "disarmed at {disarmed} ms, shut down at {shut_down}");
    }
}

#[test]
fn sr_037_a_shutdown_long_after_the_staff_disarmed_begins_no_descent() {
    let mut scene = Scene::engaged(8.0);
    scene.facts.arming = Arming::Disarmed;
    scene.run(1_000);
    assert_eq!(scene.rung(), Rung::Idle);
    scene.facts.shutdown = Shutdown::Requested;
    scene.run(1_000);
    assert_eq!(scene.rung(), Rung::Idle);
}

#[test]
fn sr_001_an_arm_that_nobody_has_armed_yet_does_nothing_whoever_touches_it() {
    let mut scene = Scene::new();
    scene.facts.arming = Arming::Disarmed;
    scene.push(5.0);
    scene.run(40);
    assert_eq!((scene.rung(), scene.directive.goal), (Rung::Idle, Goal::Rest));
}

#[test]
fn sr_007_the_sensor_alone_says_that_the_probe_touches() {
    let mut scene = Scene::engaged(0.0);
    scene.push(3.0);
    scene.facts.contact = Contact::Free;
    scene.run(1);
    scene.open();
    scene.run(1);
    assert_eq!((scene.rung(), scene.directive.cause), (Rung::Hold, Cause::ClutchOpened));
}

#[test]
fn sr_015_a_touched_probe_at_rest_yields() {
    for rung in [Rung::Ready, Rung::Parked] {
        let mut scene = Scene::at(rung, 0.0);
        scene.facts.command = None;
        scene.proposal = linear(0.1, 0.0, 0.01);
        scene.push(5.0);
        scene.run(40);
        assert_eq!((scene.rung(), scene.directive.goal), (rung, Goal::Release { to: RELEASED_FORCE }));
        assert!(scene.permitted.linear.z < -0.004);
        assert_eq!((scene.permitted.linear.x, scene.permitted.linear.y), (0.0, 0.0));
    }
}

#[test]
fn sr_003_an_arm_that_disobeys_still_lowers_the_force_and_one_that_can_not_move_is_not_asked_to() {
    type Spoil = fn(&mut Scene);
    let spoilt: [(Spoil, bool); 4] = [
        (|scene| scene.facts.monitor = Verdict::Tripped(Trip::NotFollowing), true),
        (|scene| scene.facts.arm = ArmHealth::Stopped, false),
        (|scene| scene.facts.arm = ArmHealth::Silent, false),
        (|scene| scene.measured.joints.as_mut_slice()[2] += 1.0, false),
    ];
    for (number, (spoil, lowers)) in spoilt.into_iter().enumerate() {
        let mut scene = Scene::at(Rung::Engaged, 8.0);
        spoil(&mut scene);
        scene.run(1);
        assert_eq!((scene.rung(), scene.directive.cause), (Rung::Fault, Cause::ArmFault), "number {number}");
        let State::Fault { stage, .. } = scene.directive.state else { panic!("{:?}", scene.directive.state) };
        assert_eq!(matches!(stage, Stage::Lowering { .. }), lowers, "number {number}: {stage:?}");
    }
}
