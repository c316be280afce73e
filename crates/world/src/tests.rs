//! Whole exams in virtual time.

use std::time::Duration;

use farprobe_geom::{Newton, Time};
use farprobe_proto::{Bedside, Cause, Contact, Ladder, PictureHealth, PictureReport};
use farprobe_sim::link::LinkState;

use crate::{Hand, LineCard, LineId, World, WorldCard};

/// The clutch is pressed here: the link has been measured for more than two seconds.
const PRESS: Time = Time::from_millis(3_000);
/// By now the probe rests on the belly with the whole force.
const IN_CONTACT: Time = Time::from_millis(10_000);
const TARGET: Newton = Newton::literal(8.0);

fn ms(time: u64) -> Time {
    Time::from_millis(time)
}

/// Presses the clutch, goes down to the skin and 16 mm on.
fn approach() -> Hand {
    Hand::new(TARGET).press(PRESS).travel(ms(3_100), Duration::from_millis(5_500), [0.0, 0.0, 0.046])
}

fn world(hand: Hand, seed: u64) -> World {
    World::new(&WorldCard::default(), &LineCard::PERFECT, seed, Box::new(hand)).unwrap()
}

fn in_contact(hand: Hand) -> World {
    let mut world = world(hand, 1);
    world.run_until(IN_CONTACT);
    let (_, outcome) = world.last().unwrap();
    assert_eq!((outcome.state.ladder, outcome.state.contact), (Ladder::Engaged, Contact::Touching));
    world
}

fn true_force(world: &World) -> f64 {
    world.last().unwrap().0.force.get()
}

fn last_step(world: &World) -> (Ladder, Cause) {
    let step = world.seen().ladder.last().unwrap();
    (step.to, step.cause)
}

#[test]
fn a_whole_exam_keeps_the_force_and_comes_off_again() {
    use Ladder::{Engaged, Hold, Ready};
    let hand = approach()
        .travel(ms(10_500), Duration::from_secs(3), [0.025, 0.0, 0.0])
        .turn(ms(14_000), Duration::from_millis(1_500), [0.2, 0.0, 0.0])
        .open(ms(16_000))
        .travel(ms(16_200), Duration::from_secs(1), [-0.025, 0.0, 0.0])
        .press(ms(17_400))
        .travel(ms(18_000), Duration::from_millis(3_500), [0.0, 0.0, -0.045])
        .open(ms(22_500));
    let mut world = world(hand, 1);
    world.run_until(ms(23_000));
    let seen = world.seen();
    assert_eq!(seen.rungs(), [Ready, Engaged, Hold, Engaged, Ready]);
    let mean = seen.mean_settled_force().unwrap();
    assert!((mean - TARGET.get()).abs() < 0.3, "mean {mean} N");
    assert!(seen.peak_force < 10.0, "peak {} N", seen.peak_force);
    assert_eq!(true_force(&world), 0.0, "the probe is off the patient");
    assert!(seen.commands_applied > 8_000, "{} applied", seen.commands_applied);
}

#[test]
fn a_console_that_dies_in_contact_is_let_go_of_and_does_not_drive_again_by_coming_back() {
    use Ladder::{Engaged, Parked, Ready, Release, Retract, Soften};
    let mut world = in_contact(approach());
    world.set_console(LineId::FIRST, false);
    world.run_until(ms(10_052));
    assert_eq!(last_step(&world), (Soften, Cause::LinkLost));
    world.run_until(ms(10_552));
    assert!(true_force(&world) <= 2.0, "{} N half a second after the loss was noticed", true_force(&world));
    world.run_until(ms(16_000));
    assert_eq!(last_step(&world).0, Parked, "{:?}", world.seen().ladder);
    assert_eq!(true_force(&world), 0.0);
    let before = world.last().unwrap().0.tip.position();
    world.set_console(LineId::FIRST, true);
    world.run_until(ms(20_000));
    // Its connection was lost, and what it says now is that its clutch does not count.
    assert_eq!(last_step(&world).0, Ready, "the clutch was held down all the time");
    assert!((world.last().unwrap().0.tip.position() - before).norm() < 1e-4);
    assert_eq!(world.seen().rungs(), [Ready, Engaged, Soften, Release, Retract, Parked, Ready]);
}

#[test]
fn a_cut_either_way_opens_the_clutch() {
    let mut world = in_contact(approach());
    world.set_links(LineId::FIRST, LinkState::Up, LinkState::Cut);
    world.run_until(ms(10_400));
    assert_ne!(world.last().unwrap().1.state.ladder, Ladder::Engaged, "the console has not heard the cart for 250 ms");
}

fn picture(age_ms: u16, health: PictureHealth) -> PictureReport {
    PictureReport { age_ms, health }
}

#[test]
fn a_picture_frozen_to_measure_holds_the_probe_still_until_the_operator_presses_again() {
    use Ladder::{Engaged, Hold, Ready};
    let hand = approach()
        .open(ms(12_000))
        .press(ms(13_000))
        .travel(ms(13_500), Duration::from_millis(500), [0.020, 0.0, 0.0])
        .open(ms(16_000))
        .press(ms(17_000));
    let mut world = in_contact(hand);
    let place = world.last().unwrap().0.tip.position();
    world.set_picture(LineId::FIRST, picture(40, PictureHealth::FrozenByOperator));
    world.run_until(ms(10_050));
    assert_eq!(last_step(&world), (Hold, Cause::FrozenByOperator), "though the clutch is still pressed");
    // In the middle of it the hand opens, presses in vain, and moves.
    let (mut drift, mut strongest, mut weakest): (f64, f64, f64) = (0.0, 0.0, f64::MAX);
    while world.now() < ms(15_000) {
        world.tick();
        let (plant, _) = world.last().unwrap();
        drift = drift.max((plant.tip.position() - place).xy().norm());
        strongest = strongest.max(plant.force.get());
        weakest = weakest.min(plant.force.get());
    }
    assert_eq!(last_step(&world).0, Hold);
    assert!(drift < 0.002, "{drift} m along the skin");
    assert!(strongest < TARGET.get() + 1.0, "{strongest} N");
    assert!(weakest > 0.5, "the probe stays coupled: {weakest} N");
    world.set_picture(LineId::FIRST, picture(40, PictureHealth::Good));
    world.run_until(ms(16_900));
    assert_eq!(last_step(&world).0, Hold, "nothing drives by itself when the picture moves again");
    world.run_until(ms(19_000));
    assert_eq!(last_step(&world), (Engaged, Cause::ClutchPressed));
    assert!((true_force(&world) - TARGET.get()).abs() < 1.0, "{} N", true_force(&world));
    assert_eq!(world.seen().rungs(), [Ready, Engaged, Hold, Engaged]);
}

#[test]
fn a_freeze_that_is_forgotten_comes_off_when_hold_is_over() {
    use Ladder::{Engaged, Hold, Parked, Ready, Release, Retract};
    let mut world = in_contact(approach());
    world.set_picture(LineId::FIRST, picture(40, PictureHealth::FrozenByOperator));
    world.run_until(ms(30_000));
    assert_eq!(world.seen().rungs(), [Ready, Engaged, Hold, Release, Retract, Parked]);
    assert_eq!(true_force(&world), 0.0);
}

#[test]
fn a_picture_that_is_lost_softens_even_under_a_freeze() {
    let losses = [
        (PictureHealth::Frozen, 40, Cause::PictureFrozen),
        (PictureHealth::Absent, 40, Cause::PictureStale),
        (PictureHealth::Good, 600, Cause::PictureStale),
        (PictureHealth::FrozenByOperator, 600, Cause::PictureStale),
        (PictureHealth::FrozenByOperator, u16::MAX, Cause::PictureStale),
    ];
    for frozen_before in [false, true] {
        for (health, age_ms, cause) in losses {
            let mut world = in_contact(approach());
            if frozen_before {
                world.set_picture(LineId::FIRST, picture(40, PictureHealth::FrozenByOperator));
                world.run_until(ms(11_000));
                assert_eq!(last_step(&world).0, Ladder::Hold);
            }
            world.set_picture(LineId::FIRST, picture(age_ms, health));
            let noticed = world.now() + Duration::from_millis(50);
            world.run_until(noticed);
            assert_eq!(
                last_step(&world),
                (Ladder::Soften, cause),
                "{health:?} at {age_ms} ms, frozen before: {frozen_before}"
            );
        }
    }
}

#[test]
fn a_stop_in_contact_lowers_the_force_before_it_brakes_and_is_reset_only_at_the_bedside() {
    for bedside in [false, true] {
        let mut world = in_contact(approach());
        if bedside {
            world.bedside(Bedside::Stop);
        } else {
            world.remote_stop();
        }
        world.run_until(ms(10_510));
        assert_eq!(last_step(&world).0, Ladder::EStop);
        assert!(true_force(&world) <= 2.0, "{} N", true_force(&world));
        // Four breaths come and go under the braked probe: it yields to the belly.
        let mut worst = 0.0_f64;
        while world.now() < ms(26_000) {
            world.tick();
            worst = worst.max(true_force(&world));
        }
        assert!(worst <= 4.0, "a braked probe pressed with {worst} N");
        assert_eq!(last_step(&world).0, Ladder::EStop, "nothing over the wire resets it");
        world.bedside(Bedside::Reset);
        world.run_until(ms(26_100));
        assert_ne!(last_step(&world).0, Ladder::EStop);
        assert_ne!(last_step(&world).0, Ladder::Engaged);
    }
}

#[test]
fn disarming_in_contact_lets_go_and_ends_in_idle() {
    let mut world = in_contact(approach());
    world.bedside(Bedside::Disarm);
    world.run_until(ms(10_510));
    assert!(true_force(&world) <= 2.0, "{} N", true_force(&world));
    world.run_until(ms(12_000));
    assert_eq!(last_step(&world), (Ladder::Idle, Cause::Disarmed));
}

#[test]
fn the_same_seed_is_the_same_exam() {
    let run = || {
        let mut world = world(approach(), 7);
        world.run_until(ms(12_000));
        let (plant, outcome) = *world.last().unwrap();
        (plant, outcome, world.seen().clone())
    };
    assert_eq!(run(), run());
}

/// Cuts both ways for 2–46 ms, again and again, as a shared machine or a bad radio does.
fn stall(world: &mut World, until: Time, mut noise: u64) {
    let mut stalled = false;
    while world.now() < until {
        // Marsaglia's xorshift: any repeatable noise will do.
        noise ^= noise << 13;
        noise ^= noise >> 7;
        noise ^= noise << 17;
        let (state, ms) = if stalled { (LinkState::Stalled, 2 + noise % 45) } else { (LinkState::Up, 5 + noise % 300) };
        stalled = !stalled;
        world.set_links(LineId::FIRST, state, state);
        world.run_until((world.now() + Duration::from_millis(ms)).min(until));
    }
}

#[test]
fn stalls_of_the_link_in_the_middle_of_a_fan_upset_neither_gate_nor_force() {
    // 1, 2: the tip was braked harder than the joints could. 11, 24: the sensor's error was taken for a touch at switch-on.
    for seed in [1, 2, 5, 11, 24] {
        let hand = approach()
            .travel(ms(10_500), Duration::from_secs(3), [0.025, 0.0, 0.0])
            .turn(ms(14_000), Duration::from_millis(1_500), [0.21, 0.0, 0.0])
            .turn(ms(15_500), Duration::from_millis(1_500), [-0.21, 0.0, 0.0])
            .turn(ms(17_300), Duration::from_millis(1_200), [0.0, 0.0, 0.35]);
        let mut world = world(hand, seed);
        stall(&mut world, ms(19_000), seed.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let seen = world.seen();
        assert_eq!(seen.rungs(), [Ladder::Ready, Ladder::Engaged], "seed {seed}: {:?}", seen.ladder);
        assert!(seen.peak_force < 9.0, "seed {seed}: peak {} N", seen.peak_force);
    }
}
