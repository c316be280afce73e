//! Going up: birth, the way to Ready, and what makes a press a deliberate act.

use core::time::Duration;

use farprobe_geom::{Metre, Radian};

use super::scene::{Scene, linear};
use crate::*;

fn refused(scene: &Scene) -> Press {
    assert_ne!(scene.rung(), Rung::Engaged);
    scene.directive.press
}

#[test]
fn sr_001_a_gate_that_is_told_nothing_stays_off() {
    let mut scene = Scene::new();
    scene.facts = Facts::UNKNOWN;
    scene.proposal = linear(0.1, 0.1, 0.01);
    for _ in 0..1000 {
        scene.run(1);
        assert_eq!(scene.directive.state, State::Idle);
        assert_eq!(scene.directive.cause, Cause::Start);
        assert_eq!(scene.directive.goal, Goal::Rest);
        assert_eq!(scene.permitted, linear(0.0, 0.0, 0.0));
    }
}

#[test]
fn sr_001_each_missing_permission_keeps_the_gate_idle() {
    let spoils: [fn(&mut Facts); 6] = [
        |facts| facts.arming = Arming::Disarmed,
        |facts| facts.lease = Lease::Free,
        |facts| facts.session = Session::Closed,
        |facts| facts.arm = ArmHealth::Silent,
        |facts| facts.arm = ArmHealth::Stopped,
        |facts| facts.shutdown = Shutdown::Requested,
    ];
    for spoil in spoils {
        let mut scene = Scene::new();
        spoil(&mut scene.facts);
        scene.run(10);
        assert_eq!(scene.rung(), Rung::Idle);
    }
    assert_eq!(Scene::ready().rung(), Rung::Ready);
}

#[test]
fn sr_001_the_way_to_ready_says_who_opened_it() {
    let mut scene = Scene::new();
    scene.facts.lease = Lease::Free;
    scene.run(2);
    scene.facts.lease = Lease::Held { epoch: 1 };
    scene.run(1);
    assert_eq!((scene.rung(), scene.directive.cause), (Rung::Ready, Cause::LeaseGranted));

    let mut scene = Scene::new();
    scene.facts.arming = Arming::Disarmed;
    scene.run(2);
    scene.facts.arming = Arming::Armed;
    scene.run(1);
    assert_eq!((scene.rung(), scene.directive.cause), (Rung::Ready, Cause::Armed));
}

#[test]
fn sr_005_a_press_engages_and_takes_the_anchor_once() {
    let mut scene = Scene::ready();
    scene.press(1);
    scene.run(1);
    assert_eq!(scene.directive.state, State::Engaged);
    assert_eq!(scene.directive.cause, Cause::ClutchPressed);
    assert_eq!((scene.directive.anchor, scene.directive.press), (Anchor::Take, Press::Accepted));
    scene.run(1);
    assert_eq!((scene.directive.anchor, scene.directive.press), (Anchor::Keep, Press::None));
}

#[test]
fn sr_005_a_clutch_that_was_never_seen_open_does_not_engage() {
    let mut scene = Scene::new();
    scene.press(1);
    scene.run(50);
    assert_eq!(refused(&scene), Press::Refused(PressRefused::Because(Cause::ClutchNotSeenOpen)));
    assert_eq!(scene.rung(), Rung::Ready);
    // Not even with a new number.
    scene.press(2);
    scene.run(1);
    assert_eq!(scene.rung(), Rung::Ready);
}

#[test]
fn sr_005_a_number_that_was_used_does_not_engage_again() {
    let mut scene = Scene::engaged(0.0);
    scene.open();
    scene.run(1);
    scene.press(1);
    scene.run(5);
    assert_eq!(refused(&scene), Press::Refused(PressRefused::Because(Cause::ClutchNotSeenOpen)));
    scene.open();
    scene.run(1);
    scene.press(2);
    scene.run(1);
    assert_eq!(scene.rung(), Rung::Engaged);
}

#[test]
fn sr_005_another_number_while_driving_softens() {
    let mut scene = Scene::engaged(8.0);
    scene.press(2);
    scene.run(1);
    assert_eq!((scene.rung(), scene.directive.cause), (Rung::Soften, Cause::ClutchNotSeenOpen));
}

#[test]
fn sr_005_a_press_under_bad_conditions_is_spent() {
    type Spoil = (fn(&mut Facts), PressRefused);
    let spoils: [Spoil; 7] = [
        (|facts| facts.link_quality = LinkQuality::Red, PressRefused::LinkQuality),
        (|facts| facts.round_trip = None, PressRefused::Because(Cause::RoundTripTooLong)),
        (|facts| facts.picture.age = None, PressRefused::Because(Cause::PictureStale)),
        (|facts| facts.picture.health = PictureHealth::Frozen, PressRefused::Because(Cause::PictureFrozen)),
        (|facts| facts.picture.health = PictureHealth::Absent, PressRefused::Because(Cause::PictureStale)),
        (
            |facts| facts.picture.health = PictureHealth::FrozenByOperator,
            PressRefused::Because(Cause::FrozenByOperator),
        ),
        (|facts| facts.arm = ArmHealth::Starved, PressRefused::Because(Cause::TickGap)),
    ];
    for (spoil, why) in spoils {
        let mut scene = Scene::ready();
        let good = scene.facts;
        spoil(&mut scene.facts);
        scene.press(1);
        scene.run(1);
        assert_eq!(refused(&scene), Press::Refused(why));
        // All is well again, the clutch still pressed: nothing engages by itself.
        scene.facts = good;
        scene.press(1);
        scene.run(3000);
        assert_eq!(scene.rung(), Rung::Ready);
    }
}

#[test]
fn sr_005_the_operator_engages_from_hold_soften_and_release_but_not_beyond() {
    for (rung, allowed) in [
        (Rung::Ready, true),
        (Rung::Hold, true),
        (Rung::Soften, true),
        (Rung::Release, true),
        (Rung::Retract, false),
        (Rung::Fault, false),
        (Rung::EStop, false),
    ] {
        let mut scene = Scene::at(rung, if rung == Rung::Ready { 0.0 } else { 1.0 });
        scene.facts.command = Some(Command { clutch: Clutch::Open, clutch_in: 1 });
        scene.run(1);
        assert_eq!(scene.rung(), rung);
        scene.press(2);
        scene.run(1);
        assert_eq!(scene.rung() == Rung::Engaged, allowed, "{rung:?}");
        if !allowed {
            assert_eq!(scene.directive.press, Press::Refused(PressRefused::NotFromHere));
        }
    }
}

#[test]
fn sr_005_from_parked_the_way_up_goes_by_ready() {
    let mut scene = Scene::at(Rung::Parked, 0.0);
    // The console comes back with the clutch still pressed.
    scene.press(1);
    scene.run(500);
    assert_eq!(scene.rung(), Rung::Parked);
    scene.open();
    scene.run(1);
    assert_eq!((scene.rung(), scene.directive.cause), (Rung::Ready, Cause::ClutchOpened));
    scene.run(500);
    assert_eq!(scene.rung(), Rung::Ready);
    scene.press(2);
    scene.run(1);
    assert_eq!(scene.rung(), Rung::Engaged);
}

#[test]
fn sr_005_a_press_of_which_the_release_was_lost_with_the_link_does_not_engage() {
    let mut scene = Scene::engaged(8.0);
    scene.facts.command = None;
    scene.run(60);
    assert_eq!(scene.rung(), Rung::Soften);
    scene.press(2);
    scene.run(20);
    assert_eq!(scene.rung(), Rung::Soften);
}

#[test]
fn sr_029_another_holder_of_the_lease_takes_nothing_over() {
    for force in [0.0, 8.0] {
        let mut scene = Scene::engaged(force);
        scene.facts.lease = Lease::Held { epoch: 8 };
        scene.run(1);
        assert_eq!((scene.rung(), scene.directive.cause), (Rung::Soften, Cause::LeaseLost));
        // The new holder does everything right, but this descent is not his.
        scene.open();
        scene.run(1);
        scene.press(9);
        scene.run(1);
        assert_eq!(scene.rung(), Rung::Soften);
    }
}

#[test]
fn sr_029_a_clutch_seen_open_in_one_hand_is_not_seen_open_in_another() {
    let mut scene = Scene::ready();
    scene.facts.lease = Lease::Held { epoch: 8 };
    scene.press(1);
    scene.run(20);
    assert_eq!(scene.rung(), Rung::Ready);
    assert_eq!(refused(&scene), Press::Refused(PressRefused::Because(Cause::ClutchNotSeenOpen)));
}

#[test]
fn sr_029_nor_after_a_while_in_which_nobody_said_anything() {
    let mut scene = Scene::ready();
    scene.facts.lease = Lease::Held { epoch: 8 };
    scene.facts.command = None;
    scene.run(5);
    assert_eq!(scene.rung(), Rung::Ready);
    scene.press(1);
    scene.run(20);
    assert_eq!(scene.rung(), Rung::Ready);
    assert_eq!(refused(&scene), Press::Refused(PressRefused::Because(Cause::ClutchNotSeenOpen)));
}

#[test]
fn sr_029_the_numbers_of_presses_are_each_driver_s_own() {
    let mut scene = Scene::engaged(0.0);
    scene.open();
    scene.run(1);
    assert_eq!(scene.rung(), Rung::Ready);
    scene.facts.lease = Lease::Held { epoch: 8 };
    scene.run(2);
    // The same number as the driver before him had.
    scene.press(1);
    scene.run(1);
    assert_eq!(scene.rung(), Rung::Engaged);
}

#[test]
fn sr_029_a_parked_arm_is_anybodys() {
    let mut scene = Scene::at(Rung::Parked, 0.0);
    scene.facts.lease = Lease::Held { epoch: 8 };
    scene.facts.command = Some(Command { clutch: Clutch::Open, clutch_in: 0 });
    scene.run(1);
    assert_eq!((scene.rung(), scene.directive.cause), (Rung::Ready, Cause::ClutchOpened));
}

#[test]
fn sr_009_what_the_link_parked_stays_parked_until_it_is_back() {
    let mut scene = Scene::at(Rung::Parked, 0.0);
    scene.run(1_000);
    assert_eq!(scene.rung(), Rung::Parked);
    scene.open();
    scene.run(2);
    assert_eq!(scene.rung(), Rung::Ready);
}

#[test]
fn sr_001_ready_takes_a_lease_and_a_session() {
    let lacks: [fn(&mut Facts); 2] = [|facts| facts.lease = Lease::Free, |facts| facts.session = Session::Closed];
    for lack in lacks {
        let mut scene = Scene::new();
        lack(&mut scene.facts);
        for _ in 0..20 {
            scene.run(1);
            assert_eq!(scene.rung(), Rung::Idle);
        }
    }
}

#[test]
fn sr_029_without_a_lease_ready_is_left() {
    let mut scene = Scene::ready();
    scene.facts.lease = Lease::Free;
    scene.run(1);
    assert_eq!((scene.rung(), scene.directive.cause), (Rung::Idle, Cause::LeaseLost));
    let mut scene = Scene::ready();
    scene.facts.session = Session::Closed;
    scene.run(1);
    assert_eq!((scene.rung(), scene.directive.cause), (Rung::Idle, Cause::SessionClosed));
}

#[test]
fn sr_004_only_the_staff_reset_and_only_once_the_arm_is_braked() {
    for rung in [Rung::Fault, Rung::EStop] {
        let mut scene = Scene::at(rung, 8.0);
        scene.facts.reset = Reset::Requested;
        scene.run(1);
        assert_eq!(scene.rung(), rung, "still lowering");
        scene.push(1.0);
        scene.run(2);
        // A reset that comes together with a stop is none.
        scene.facts.reset = Reset::Requested;
        scene.facts.stop = Some(StopSource::Operator);
        scene.run(1);
        assert_eq!(scene.rung(), Rung::EStop);
        scene.run(10_000);
        assert_eq!(scene.rung(), Rung::EStop);
        scene.facts.arming = Arming::Disarmed;
        scene.facts.reset = Reset::Requested;
        scene.run(1);
        assert_eq!((scene.rung(), scene.directive.cause), (Rung::Idle, Cause::Reset));
    }
}

#[test]
fn sr_004_a_fault_that_is_still_there_comes_back_before_anybody_can_engage() {
    let mut scene = Scene::at(Rung::Fault, 0.0);
    scene.facts.monitor = Verdict::Tripped(Trip::Jump { joint: 2 });
    scene.facts.reset = Reset::Requested;
    scene.run(1);
    assert_eq!(scene.rung(), Rung::Idle);
    scene.run(1);
    assert_eq!((scene.rung(), scene.directive.cause), (Rung::Fault, Cause::Refused(Objection::SentJump { joint: 2 })));
}

#[test]
fn sr_026_the_round_trip_slows_crawls_and_disengages() {
    let scale = |scene: &Scene| match scene.directive.goal {
        Goal::Follow { speed_scale } => speed_scale,
        other => panic!("{other:?}"),
    };
    for (millis, expected) in [(0, 1.0), (100, 1.0), (150, 0.75), (200, 0.5), (201, 0.2), (350, 0.2)] {
        let mut scene = Scene::engaged(8.0);
        scene.facts.round_trip = Some(Duration::from_millis(millis));
        scene.run(1);
        assert!((scale(&scene) - expected).abs() < 1e-12, "{millis}");
    }
    let mut scene = Scene::engaged(8.0);
    scene.facts.round_trip = Some(Duration::from_millis(351));
    scene.run(1);
    assert_eq!((scene.rung(), scene.directive.cause), (Rung::Soften, Cause::RoundTripTooLong));
}

#[test]
fn sr_026_twenty_milliseconds_of_wavering_change_nothing() {
    let mut scene = Scene::engaged(8.0);
    scene.facts.round_trip = Some(Duration::from_millis(210));
    scene.run(1);
    let crawling = scene.directive.goal;
    for millis in [195, 210, 191, 208] {
        scene.facts.round_trip = Some(Duration::from_millis(millis));
        scene.run(1);
        assert_eq!(scene.directive.goal, crawling);
    }
    scene.facts.round_trip = Some(Duration::from_millis(179));
    scene.run(1);
    assert_ne!(scene.directive.goal, crawling);
}

#[test]
fn sr_026_one_who_was_disengaged_by_the_round_trip_engages_only_below_it_by_the_hysteresis() {
    let mut scene = Scene::engaged(8.0);
    scene.facts.round_trip = Some(Duration::from_millis(360));
    scene.run(1);
    scene.open();
    scene.facts.round_trip = Some(Duration::from_millis(345));
    scene.run(1);
    scene.press(2);
    scene.run(1);
    assert_eq!(scene.rung(), Rung::Soften);
    scene.open();
    scene.facts.round_trip = Some(Duration::from_millis(329));
    scene.run(1);
    scene.press(3);
    scene.run(1);
    assert_eq!(scene.rung(), Rung::Engaged);
}

#[test]
fn sr_042_no_command_moves_the_target_further_than_a_hand_does() {
    for (linear, angular, jumps) in [
        (0.059, 0.34, false),
        (0.060, 0.35, false),
        (0.061, 0.0, true),
        (0.0, 0.36, true),
        (-0.061, 0.0, true),
        (1e9, 1e9, true),
    ] {
        let mut scene = Scene::engaged(8.0);
        scene.facts.stride = Stride { linear: Metre::literal(linear), angular: Radian::literal(angular) };
        scene.run(1);
        let expected = if jumps {
            (Rung::Soften, Cause::Refused(Objection::TargetLeapt))
        } else {
            (Rung::Engaged, Cause::ClutchPressed)
        };
        assert_eq!((scene.rung(), scene.directive.cause), expected, "{linear} m, {angular} rad");
        // However often it comes, it is the sender's fault and nobody else's.
        scene.run(20);
        assert_eq!((scene.rung(), scene.directive.cause), expected);
    }
}
