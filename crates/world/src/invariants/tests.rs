//! A check that can't fire checks nothing: each invariant is broken on purpose.

use std::time::Duration;

use farprobe_geom::{Newton, Time, Wrench};
use farprobe_proto::{Cause, Clutch, Ladder, Transition};
use farprobe_servo::{AppliedCommand, JointTarget, Outcome};
use farprobe_session::cart::ConsoleId;
use farprobe_sim::arm::PlantState;
use nalgebra::Vector3;

use super::*;
use crate::world::Heard;
use crate::{Hand, LineCard, World, WorldCard};

/// Two ticks of a real exam in contact, to be altered.
struct Scene {
    checker: Checker,
    now: Time,
    plant: PlantState,
    outcome: Outcome,
    heard: Vec<Heard>,
    holder: Option<ConsoleId>,
}

impl Scene {
    fn in_contact() -> Self {
        let ms = Time::from_millis;
        let hand = Hand::new(Newton::literal(8.0)).press(ms(3_000)).travel(
            ms(3_100),
            Duration::from_millis(1_500),
            [0.0, 0.0, 0.02],
        );
        let card = WorldCard { start_height: farprobe_geom::Metre::literal(0.004), ..WorldCard::default() };
        let mut world = World::new(&card, &LineCard::PERFECT, 1, Box::new(hand)).unwrap();
        let mut checker = Checker::new(world.config(), Some(22.0));
        let mut heard = Vec::new();
        // Until contact, and then to a tick in which a command is applied.
        while world.now() < ms(6_000) || world.last().is_none_or(|(_, outcome)| outcome.applied.is_none()) {
            world.tick();
            checker.tick(&Observation::of(&world).unwrap());
            heard = world.heard().to_vec();
        }
        assert_eq!(checker.breaks(), [], "the exam itself breaks nothing");
        let (plant, outcome) = *world.last().unwrap();
        assert!(plant.force.get() > 4.0 && outcome.state.ladder == Ladder::Engaged);
        let mut scene = Self { checker, now: world.now(), plant, outcome, heard, holder: world.holder() };
        scene.outcome.transition = None;
        scene.next();
        scene
    }

    /// A tick later, with a command of its own.
    fn next(&mut self) {
        self.now = self.now + TICK;
        for heard in &mut self.heard {
            heard.command.sequence += 1;
        }
        if let (Some(applied), Some(heard)) = (&mut self.outcome.applied, self.heard.last()) {
            applied.sequence = heard.command.sequence;
        }
    }

    fn tick(&mut self) -> Vec<Invariant> {
        let seen = Observation {
            now: self.now,
            ran: true,
            plant: &self.plant,
            outcome: &self.outcome,
            sent: Twist::zero(),
            heard: &self.heard,
            holder: self.holder,
        };
        self.checker.tick(&seen);
        self.checker.breaks().iter().map(|found| found.invariant).collect()
    }

    fn target(&mut self) -> &mut JointTarget {
        self.outcome.target.as_mut().unwrap()
    }

    fn step(&mut self, from: Ladder, to: Ladder) {
        self.outcome.transition = Some(Transition {
            at: self.now,
            from,
            to,
            cause: Cause::ClutchPressed,
            origin: Cause::ClutchPressed,
            epoch: None,
        });
    }
}

fn altered(alter: impl FnOnce(&mut Scene)) -> Vec<Invariant> {
    let mut scene = Scene::in_contact();
    alter(&mut scene);
    scene.tick()
}

#[test]
fn nothing_is_found_where_nothing_is_wrong() {
    assert_eq!(altered(|_| {}), []);
}

#[test]
fn too_much_force() {
    let pressing = |newton: f64| {
        move |scene: &mut Scene| {
            scene.plant.contact = Wrench::new(Vector3::new(0.0, 0.0, -newton), Vector3::zeros());
        }
    };
    assert_eq!(altered(pressing(21.9)), []);
    assert_eq!(altered(pressing(22.1)), [Invariant::Force]);
    assert_eq!(altered(pressing(f64::NAN)), [Invariant::Force]);
}

#[test]
fn a_setpoint_that_is_none() {
    assert_eq!(altered(|scene| scene.target().positions.as_mut_slice()[2] = f64::NAN), [Invariant::Setpoint]);
    assert_eq!(
        altered(|scene| scene.target().positions.as_mut_slice()[3] = 0.0),
        [Invariant::Setpoint],
        "out of range"
    );
}

#[test]
fn a_setpoint_that_leaps_or_jerks() {
    assert_eq!(altered(|scene| scene.target().positions.as_mut_slice()[1] += 0.01), [Invariant::Continuity]);
    assert_eq!(altered(|scene| scene.target().velocities.as_mut_slice()[1] += 0.02), [Invariant::Acceleration]);
}

#[test]
fn a_tip_that_is_too_fast() {
    let mut scene = Scene::in_contact();
    for (linear, angular) in [
        (Vector3::new(0.13, 0.0, 0.0), Vector3::zeros()),
        (Vector3::new(0.0, -0.13, 0.0), Vector3::zeros()),
        (Vector3::new(0.0, 0.0, 0.063), Vector3::zeros()),
        (Vector3::new(0.0, 0.0, -0.21), Vector3::zeros()),
        (Vector3::zeros(), Vector3::new(0.0, 0.8, 0.0)),
    ] {
        scene.checker.breaks.clear();
        let twist = Twist::new(linear, angular);
        let seen = Observation {
            now: scene.now,
            ran: true,
            plant: &scene.plant,
            outcome: &scene.outcome,
            sent: twist,
            heard: &scene.heard,
            holder: scene.holder,
        };
        scene.checker.check_tip(&seen, &twist);
        let broken: Vec<_> = scene.checker.breaks().iter().map(|found| found.invariant).collect();
        assert_eq!(broken, [Invariant::Speed], "{twist:?}");
    }
}

#[test]
fn a_driver_without_the_lease() {
    assert_eq!(altered(|scene| scene.holder = Some(ConsoleId(9))), [Invariant::OneDriver]);
    assert_eq!(altered(|scene| scene.heard.clear()), [Invariant::OneDriver], "a command nobody has sent");
    let mut scene = Scene::in_contact();
    scene.holder = None;
    scene.tick();
    assert_eq!(scene.checker.ticks_two_drivers(), 1);
}

#[test]
fn a_command_applied_twice_or_out_of_order() {
    let mut scene = Scene::in_contact();
    assert_eq!(scene.tick(), []);
    scene.now = scene.now + TICK;
    assert_eq!(scene.tick(), [Invariant::Once]);
    assert_eq!(
        altered(|scene| {
            scene.tick();
            scene.now = scene.now + TICK;
            scene.heard.last_mut().unwrap().command.sequence -= 5;
            let AppliedCommand { sequence, .. } = scene.outcome.applied.as_mut().unwrap();
            *sequence -= 5;
        }),
        [Invariant::Once]
    );
}

#[test]
fn a_step_up_without_a_deliberate_act() {
    use Ladder::{EStop, Engaged, Fault, Hold, Idle, Parked, Ready, Release, Retract, Soften};
    let up = [
        (Ready, Engaged),
        (Soften, Engaged),
        (Parked, Engaged),
        (Fault, Idle),
        (EStop, Ready),
        (Retract, Release),
        (Retract, Ready),
        (Parked, Hold),
        (Release, Soften),
        (Soften, Hold),
    ];
    for (from, to) in up {
        assert_eq!(altered(|scene| scene.step(from, to)), [Invariant::DeliberateAct], "{from:?} to {to:?}");
    }
    for (from, to) in [(Engaged, Soften), (Soften, Release), (Release, Retract), (Retract, Parked), (Hold, EStop)] {
        assert_eq!(altered(|scene| scene.step(from, to)), [], "{from:?} to {to:?}");
    }
    let deliberate = |scene: &mut Scene| {
        scene.heard.last_mut().unwrap().command.clutch = Clutch::Open;
        scene.tick();
        scene.next();
        scene.heard.last_mut().unwrap().command.clutch = Clutch::Pressed;
        scene.step(Ready, Engaged);
    };
    assert_eq!(altered(deliberate), [], "seen open, then pressed");
    let reset = |scene: &mut Scene| {
        scene.checker.reset_asked();
        scene.step(Fault, Idle);
    };
    assert_eq!(altered(reset), []);
}

#[test]
fn a_probe_at_rest_that_moves() {
    let mut scene = Scene::in_contact();
    scene.step(Ladder::Hold, Ladder::Parked);
    scene.plant.region = None;
    assert_eq!(scene.tick(), []);
    scene.outcome.transition = None;
    scene.now = scene.now + Duration::from_millis(300);
    let sent = Twist::new(Vector3::new(0.0, 0.0, 0.002), Vector3::zeros());
    let seen = Observation {
        now: scene.now,
        ran: true,
        plant: &scene.plant,
        outcome: &scene.outcome,
        sent,
        heard: &scene.heard,
        holder: scene.holder,
    };
    scene.checker.check_tip(&seen, &sent);
    assert_eq!(scene.checker.breaks().iter().map(|found| found.invariant).collect::<Vec<_>>(), [Invariant::Rest]);
}

#[test]
fn time_that_stands_still() {
    let mut scene = Scene::in_contact();
    scene.outcome.applied = None;
    assert_eq!(scene.tick(), []);
    assert_eq!(scene.tick(), [Invariant::Time]);
}

#[test]
fn every_invariant_has_been_broken_here() {
    // `Liveness` is broken in the tests of the campaign's recovery.
    let text = include_str!("tests.rs");
    for invariant in Invariant::ALL.into_iter().filter(|invariant| *invariant != Invariant::Liveness) {
        assert!(text.contains(&format!("Invariant::{invariant:?}")), "{invariant:?} is never broken on purpose");
    }
}
