//! A freeze asked for by the operator: he lets go to measure, and loses nothing.

use core::time::Duration;

use super::scene::Scene;
use crate::*;

fn freeze(scene: &mut Scene) {
    scene.facts.picture.health = PictureHealth::FrozenByOperator;
}

fn stands(scene: &Scene) -> (Rung, Cause) {
    (scene.rung(), scene.directive.cause)
}

#[test]
fn sr_007_freezing_in_contact_holds_whatever_the_clutch_says() {
    for opened in [false, true] {
        let mut scene = Scene::engaged(8.0);
        if opened {
            scene.open();
        }
        freeze(&mut scene);
        scene.run(1);
        assert_eq!(stands(&scene), (Rung::Hold, Cause::FrozenByOperator));
        assert_eq!(scene.directive.goal, Goal::Comply { ceiling: farprobe_geom::Newton::literal(8.0) });
    }
}

#[test]
fn sr_027_freezing_in_free_space_lets_go_without_lifting() {
    for opened in [false, true] {
        let mut scene = Scene::engaged(0.0);
        if opened {
            scene.open();
        }
        freeze(&mut scene);
        scene.run(1);
        assert_eq!(stands(&scene), (Rung::Ready, Cause::FrozenByOperator));
        scene.run(20_000);
        assert_eq!(stands(&scene), (Rung::Ready, Cause::FrozenByOperator));
    }
}

#[test]
fn sr_027_hold_runs_its_own_time_whenever_the_picture_is_frozen() {
    for already in [1, 5_000, 9_999] {
        let mut scene = Scene::engaged(8.0);
        scene.open();
        scene.run(already);
        freeze(&mut scene);
        assert_eq!(already + scene.until_changed(11_000), 10_001, "Hold began at the first of these ticks");
        assert_eq!(stands(&scene), (Rung::Release, Cause::TimedOut));
    }
    let mut scene = Scene::engaged(8.0);
    freeze(&mut scene);
    scene.run(1);
    assert_eq!(scene.until_changed(11_000), 10_000);
    assert_eq!(stands(&scene), (Rung::Release, Cause::TimedOut));
}

#[test]
fn sr_027_a_frozen_picture_that_ages_is_a_lost_one() {
    for from in [Rung::Engaged, Rung::Hold] {
        for age in [None, Some(PICTURE_MAX_AGE + Duration::from_nanos(1))] {
            let mut scene = Scene::at(from, 8.0);
            freeze(&mut scene);
            scene.facts.picture.age = Some(PICTURE_MAX_AGE);
            scene.run(1);
            assert_eq!(scene.rung(), Rung::Hold);
            scene.facts.picture.age = age;
            scene.run(1);
            assert_eq!(stands(&scene), (Rung::Soften, Cause::PictureStale));
        }
    }
}

#[test]
fn sr_027_another_loss_softens_under_a_freeze_too() {
    type Loss = (fn(&mut Facts), Cause);
    let losses: [Loss; 5] = [
        (|facts| facts.command = Some(Command { clutch: Clutch::HandleLost, clutch_in: 1 }), Cause::HandleLost),
        (|facts| facts.round_trip = None, Cause::RoundTripTooLong),
        (|facts| facts.lease = Lease::Free, Cause::LeaseLost),
        (|facts| facts.arm = ArmHealth::Starved, Cause::TickGap),
        (|facts| facts.picture.health = PictureHealth::Frozen, Cause::PictureFrozen),
    ];
    for (lose, cause) in losses {
        let mut scene = Scene::engaged(8.0);
        freeze(&mut scene);
        scene.run(1);
        lose(&mut scene.facts);
        scene.run(1);
        assert_eq!(stands(&scene), (Rung::Soften, cause));
    }
}

#[test]
fn sr_005_nothing_drives_under_a_freeze_and_the_clutch_must_be_opened_and_pressed_after_it() {
    for rung in [Rung::Ready, Rung::Hold, Rung::Release] {
        let mut scene = Scene::at(rung, if rung == Rung::Ready { 0.0 } else { 8.0 });
        scene.open();
        freeze(&mut scene);
        scene.run(1);
        scene.press(2);
        scene.run(1);
        let because = Press::Refused(PressRefused::Because(Cause::FrozenByOperator));
        assert_eq!((scene.rung(), scene.directive.press), (rung, because));
        // Unfrozen with the clutch still pressed: nothing happens by itself.
        scene.facts.picture.health = PictureHealth::Good;
        scene.run(100);
        assert_eq!(scene.rung(), rung);
        scene.open();
        scene.run(1);
        scene.press(3);
        scene.run(1);
        assert_eq!(stands(&scene), (Rung::Engaged, Cause::ClutchPressed));
    }
}

#[test]
fn sr_005_a_freeze_that_ends_with_the_clutch_still_pressed_does_not_drive_on() {
    let mut scene = Scene::engaged(8.0);
    freeze(&mut scene);
    scene.run(1);
    scene.facts.picture.health = PictureHealth::Good;
    scene.run(1_000);
    assert_eq!(stands(&scene), (Rung::Hold, Cause::FrozenByOperator));
}

#[test]
fn sr_027_a_probe_lifted_off_a_hold_says_what_keeps_it_from_being_driven() {
    for (cause, let_go) in [
        (Cause::FrozenByOperator, (|scene: &mut Scene| freeze(scene)) as fn(&mut Scene)),
        (Cause::ClutchOpened, |scene: &mut Scene| scene.open()),
    ] {
        let mut scene = Scene::engaged(8.0);
        let_go(&mut scene);
        scene.run(100);
        assert_eq!(stands(&scene), (Rung::Hold, cause));
        scene.push(0.0);
        scene.run(1);
        assert_eq!(stands(&scene), (Rung::Ready, cause));
    }
}
