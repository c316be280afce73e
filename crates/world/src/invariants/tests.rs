//! A check that can't fire checks nothing: each invariant is broken on purpose.

use std::time::Duration;

use farprobe_geom::{Joints, Newton, Time, Wrench};
use farprobe_proto::{Cause, Clutch, Ladder, Transition};
use farprobe_servo::{AppliedCommand, JointTarget, Outcome};
use farprobe_session::cart::ConsoleId;
use farprobe_sim::arm::PlantState;
use nalgebra::Vector3;

use super::joints::is_hemmed;
use super::tip::Freedom;
use super::*;
use crate::world::Heard;
use crate::{Hand, LineCard, World, WorldCard};

/// Two ticks of a real exam in contact, to be altered.
struct Scene {
    checker: Checker,
    now: Time,
    plant: PlantState,
    outcome: Outcome,
    sent: Twist<Tip>,
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
        let sent = Observation::of(&world).unwrap().sent;
        let mut scene = Self { checker, now: world.now(), plant, outcome, sent, heard, holder: world.holder() };
        scene.outcome.transition = None;
        scene.next();
        scene
    }

    /// A tick later, with a command and a setpoint of its own.
    fn next(&mut self) {
        self.pass(TICK);
    }

    /// As [`Scene::next`], so much later.
    fn pass(&mut self, gap: Duration) {
        self.pass_unheard(gap);
        for heard in &mut self.heard {
            heard.command.sequence += 1;
        }
        if let (Some(applied), Some(heard)) = (&mut self.outcome.applied, self.heard.last()) {
            applied.sequence = heard.command.sequence;
        }
    }

    /// The same without a command of its own.
    fn pass_unheard(&mut self, gap: Duration) {
        self.now = self.now + gap;
        let JointTarget { positions, velocities } = self.target();
        *positions = positions.zip_with(velocities, |angle, speed| angle + speed * gap.as_secs_f64());
    }

    fn seen(&self) -> Observation<'_> {
        let forward = |target: JointTarget| self.checker.config.model.forward(&target.positions);
        Observation {
            now: self.now,
            ran: true,
            plant: &self.plant,
            outcome: &self.outcome,
            sent: self.sent,
            sent_to: self.outcome.target.map(forward),
            heard: &self.heard,
            holder: self.holder,
        }
    }

    fn tick(&mut self) -> Vec<Invariant> {
        let mut checker = self.checker.clone();
        checker.tick(&self.seen());
        self.checker = checker;
        self.found()
    }

    fn found(&self) -> Vec<Invariant> {
        self.checker.breaks().iter().map(|found| found.invariant).collect()
    }

    fn target(&mut self) -> &mut JointTarget {
        self.outcome.target.as_mut().unwrap()
    }

    /// The ladder goes from here to there in the coming tick, and tells it.
    fn step(&mut self, from: Ladder, to: Ladder, cause: Cause) {
        self.checker.ladder = from;
        self.outcome.state.ladder = to;
        let origin = Cause::ClutchPressed;
        self.outcome.transition = Some(Transition { at: self.now, from, to, cause, origin, epoch: None });
    }

    /// A tick in which the holder's clutch is so, with this number.
    fn clutch(&mut self, clutch: Clutch, number: u32) -> &mut Self {
        self.outcome.transition = None;
        let command = &mut self.heard.last_mut().unwrap().command;
        (command.clutch, command.clutch_in) = (clutch, number);
        self
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
    assert_eq!(
        altered(|scene| scene.target().positions.as_mut_slice()[1] += 0.01),
        [Invariant::Continuity, Invariant::Speed, Invariant::Agreement]
    );
    assert_eq!(altered(|scene| scene.target().velocities.as_mut_slice()[1] += 0.02), [Invariant::Acceleration]);
}

/// What is found when the tip's speeds are these, tick by tick, mm/s and mrad/s more than they were.
fn changing(speeds: impl IntoIterator<Item = (Vector3<f64>, Vector3<f64>)>) -> Vec<Invariant> {
    let mut scene = Scene::in_contact();
    let before = scene.sent;
    for (linear, angular) in speeds {
        scene.sent = Twist::new(before.linear + linear / 1e3, before.angular + angular / 1e3);
        scene.tick();
        scene.next();
    }
    // The angles have gone on as before: that the speeds say otherwise is looked at elsewhere.
    scene.found().into_iter().filter(|found| *found != Invariant::Agreement).collect()
}

/// Speeds that go up evenly along `axis`, as fast as given (mm/s or mrad/s a tick), from a smooth beginning on.
fn ramp(axis: Vector3<f64>, rate: f64) -> impl Iterator<Item = Vector3<f64>> {
    let rates = (1..=30).map(move |tick| rate * (f64::from(tick) / 12.0).min(1.0));
    rates
        .scan(0.0, |speed, rate| {
            *speed += rate;
            Some(*speed)
        })
        .map(move |speed| axis * speed)
}

#[test]
fn a_tip_that_speeds_up_too_fast() {
    let still = Vector3::zeros();
    let along = |axis: Vector3<f64>, rate| changing(ramp(axis, rate).map(|linear| (linear, still)));
    let about = |axis: Vector3<f64>, rate| changing(ramp(axis, rate).map(|angular| (still, angular)));
    let Limits { lateral, inward, outward, angular, .. } = Scene::in_contact().checker.limits;
    let rows = [(Vector3::x(), lateral), (-Vector3::y(), lateral), (Vector3::z(), inward), (-Vector3::z(), outward)];
    for (axis, row) in rows {
        let most = row.acceleration.get();
        assert_eq!(along(axis, most), [], "{axis:?}");
        assert_eq!(along(axis, most * 1.2), [Invariant::Acceleration], "{axis:?}");
    }
    assert_eq!(about(Vector3::y(), angular.acceleration), []);
    assert_eq!(about(Vector3::y(), angular.acceleration * 1.2), [Invariant::Acceleration]);
}

#[test]
fn a_tip_that_jerks() {
    let still = Vector3::zeros();
    let Limits { lateral, outward, angular, .. } = Scene::in_contact().checker.limits;
    for (axis, most) in [(Vector3::x(), lateral.jerk), (Vector3::z(), outward.jerk), (-Vector3::z(), outward.jerk)] {
        let leap =
            |rate: f64| changing([(still, still), (still, still), (axis * rate, still), (axis * 2.0 * rate, still)]);
        assert_eq!(leap(most.get() / 1e3), [], "{axis:?}");
        assert_eq!(leap(most.get() * 1.2 / 1e3), [Invariant::Jerk], "{axis:?}");
    }
    let turn = |rate: f64| changing([(still, still), (still, still), (still, Vector3::x() * rate)]);
    assert_eq!(turn(angular.jerk / 1e3), []);
    assert_eq!(turn(angular.jerk * 1.2 / 1e3), [Invariant::Jerk]);
}

#[test]
fn a_change_is_excused_while_a_joint_can_do_no_more_and_shortly_after() {
    let limits = Limits::CEILINGS;
    // Every second millimetre a second more: half the acceleration of the row, and ten times its jerk. Or all of both.
    for size in [1e-3, 1e-2] {
        let leaping = |tick: u32| Twist::new(Vector3::new(size * f64::from(tick % 2), 0.0, 0.0), Vector3::zeros());
        let mut tip = TipMotion::default();
        let freedom = |tick| if tick == 3 { Freedom::Hemmed } else { Freedom::Free };
        let excused = (2..20).filter(|tick| tip.step(&leaping(*tick), freedom(*tick), &limits).excused);
        let excused: Vec<_> = excused.collect();
        assert_eq!(excused, (3..=6).collect::<Vec<_>>(), "{size}");
        assert!((20..30).all(|tick| tip.step(&leaping(tick), Freedom::Free, &limits).beyond.is_some()), "{size}");
    }
}

#[test]
fn only_changes_that_a_row_is_there_for_count_and_how_many_were_excused() {
    let rate = Limits::CEILINGS.lateral.acceleration.get();
    for (share, hard) in [(0.4, 0), (0.6, 19)] {
        let mut scene = Scene::in_contact();
        let (before, still) = (scene.checker.excuses(), scene.sent);
        assert!(before.hard > 100 && before.excused * 50 < before.hard, "{before:?} of an ordinary exam");
        for speed in ramp(Vector3::x(), rate * share * scene.checker.limits.lateral.acceleration.get() / rate) {
            scene.sent = Twist::new(still.linear + speed / 1e3, still.angular);
            scene.tick();
            scene.next();
        }
        let after = scene.checker.excuses();
        assert_eq!((after.hard - before.hard > hard, after.excused - before.excused), (hard > 0, 0), "{after:?}");
    }
}

#[test]
fn a_motion_that_meets_the_end_of_its_speed_may_stop_growing_at_once() {
    let limits = Limits::CEILINGS;
    let growing = |most: f64| {
        let mut tip = TipMotion::default();
        let speeds = (0..40).map(|tick| (most - 0.02 + 1e-3 * f64::from(tick)).min(most));
        let jerks = speeds.map(|speed| {
            tip.step(&Twist::new(Vector3::new(speed, 0.0, 0.0), Vector3::zeros()), Freedom::Free, &limits)
                .beyond
                .is_some()
        });
        jerks.filter(|jerk| *jerk).count()
    };
    assert_eq!(growing(limits.lateral.speed.get()), 0);
    assert_eq!(growing(limits.lateral.speed.get() * 0.99), 1);
}

#[test]
fn an_arm_with_its_wrist_in_line_is_near_a_singular_posture() {
    let model = Scene::in_contact().checker.config.model;
    let mut joints = model.middle();
    assert!(!is_near_singular(&model, &joints));
    // The axes of the fourth and the sixth joint let the wrist's fifth and seventh coincide, and the elbow stretch.
    joints.as_mut_slice().copy_from_slice(&[0.0, 0.0, 0.0, -0.07, 0.0, 0.0, 0.0]);
    assert!(is_near_singular(&model, &joints));
}

#[test]
fn a_joint_can_do_no_more_at_the_end_of_its_range_speed_or_acceleration() {
    let scene = Scene::in_contact();
    let limits = scene.checker.config.model.limits();
    let middle = scene.checker.config.model.middle();
    let one = |value: f64| {
        let mut joints = Joints::zero(limits.len());
        joints.as_mut_slice()[2] = value;
        joints
    };
    let rest = one(0.0);
    assert!(!is_hemmed(limits, &middle, &rest, &rest));
    for sign in [1.0, -1.0] {
        assert!(is_hemmed(limits, &middle, &one(0.76 * sign), &rest));
        assert!(is_hemmed(limits, &middle, &one(0.3 * sign), &one(-9.5 * sign)), "braking");
        assert!(!is_hemmed(limits, &middle, &one(0.3 * sign), &one(-9.4 * sign)));
        assert!(is_hemmed(limits, &middle, &one(0.3 * sign), &one(7.2 * sign)), "speeding up");
        // What an ordinary outward 3 m/s² asks for.
        assert!(!is_hemmed(limits, &middle, &rest, &one(6.5 * sign)));
    }
    for end in [limits[2].lower.get() + 0.03, limits[2].upper.get() - 0.03] {
        let mut positions = middle;
        positions.as_mut_slice()[2] = end;
        assert!(is_hemmed(limits, &positions, &rest, &rest));
    }
}

#[test]
fn a_tip_that_is_too_fast() {
    let mut scene = Scene::in_contact();
    for (linear, angular) in [
        (Vector3::new(0.13, 0.0, 0.0), Vector3::zeros()),
        (Vector3::new(0.0, -0.13, 0.0), Vector3::zeros()),
        // Each axis within the row, and both together beyond it.
        (Vector3::new(0.1, 0.1, 0.0), Vector3::zeros()),
        (Vector3::new(0.0, 0.0, 0.063), Vector3::zeros()),
        (Vector3::new(0.0, 0.0, -0.21), Vector3::zeros()),
        (Vector3::zeros(), Vector3::new(0.0, 0.8, 0.0)),
        (Vector3::zeros(), Vector3::new(0.5, 0.0, 0.55)),
    ] {
        scene.checker.breaks.clear();
        let twist = Twist::new(linear, angular);
        let mut checker = scene.checker.clone();
        checker.check_speed(&scene.seen(), &twist);
        scene.checker = checker;
        assert_eq!(scene.found(), [Invariant::Speed], "{twist:?}");
    }
}

/// What is found of an arm that is led on at these joint speeds (rad/s) by its angles, and said to be led by what `said` makes of them.
fn led(joint: usize, speed: f64, said: impl Fn(f64) -> f64) -> Vec<Invariant> {
    let mut scene = Scene::in_contact();
    // The tip's motion is as the speeds say; the angles are the joints'.
    for tick in 1..=200 {
        scene.now = scene.now + TICK;
        scene.outcome.applied = None;
        let speed = speed * (f64::from(tick) / 100.0).min(1.0);
        let target = scene.target();
        target.positions.as_mut_slice()[joint] += speed * 1e-3;
        target.velocities = Joints::zero(7);
        target.velocities.as_mut_slice()[joint] = said(speed);
        let target = *scene.target();
        scene.sent = scene.checker.config.model.kinematics(&target.positions).twist(&target.velocities);
        scene.tick();
    }
    scene.found()
}

#[test]
fn angles_that_go_where_the_speeds_do_not_say() {
    // The first joint turns the whole arm: 0.3 rad/s are 0.15 m/s at the tip, sideways, where 0.12 m/s are permitted.
    let slow = led(0, 0.1, |speed| speed);
    assert!(!slow.contains(&Invariant::Agreement) && !slow.contains(&Invariant::Speed), "{slow:?}");
    let fast = led(0, 0.4, |speed| speed);
    assert!(!fast.contains(&Invariant::Agreement) && fast.contains(&Invariant::Speed), "{fast:?}");
    let secretly = led(0, 0.4, |_| 0.0);
    assert!(secretly.contains(&Invariant::Agreement), "{secretly:?}");
    assert!(secretly.contains(&Invariant::Speed), "by the places alone: {secretly:?}");
    // A micrometre a tick, within what a gate may call rounding.
    let creeping = led(0, 0.002, |_| 0.0);
    assert_eq!(creeping, [Invariant::Agreement]);
}

#[test]
fn a_gap_is_no_leave_to_leap() {
    for gap in [2, 3, 5, 19] {
        let gap = Duration::from_millis(gap);
        let mut scene = Scene::in_contact();
        scene.tick();
        scene.pass(gap);
        assert_eq!(scene.tick(), [], "{gap:?}");
        // Further than the joints' own speeds lead in that time, and than the tip's row allows.
        let most = scene.checker.config.model.limits()[0].speed.get() * gap.as_secs_f64();
        for (leap, found) in
            [(0.3, vec![Invariant::Agreement, Invariant::Speed]), (1.1, vec![Invariant::Continuity, Invariant::Speed])]
        {
            let mut scene = Scene::in_contact();
            scene.tick();
            scene.pass(gap);
            scene.target().positions.as_mut_slice()[0] += most * leap;
            assert_eq!(scene.tick(), found, "{gap:?}");
        }
    }
}

#[test]
fn an_arm_that_begins_anew_begins_where_it_stands() {
    for (off, found) in [(0.0, vec![]), (5e-3, vec![Invariant::Continuity])] {
        let mut scene = Scene::in_contact();
        scene.tick();
        // It has stopped by itself.
        scene.pass(Duration::from_millis(100));
        scene.outcome.target = Some(JointTarget { positions: scene.plant.positions, velocities: Joints::zero(7) });
        scene.target().positions.as_mut_slice()[1] += off;
        assert_eq!(scene.tick(), found, "{off}");
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
    scene.pass_unheard(TICK);
    assert_eq!(scene.tick(), [Invariant::Once]);
    assert_eq!(
        altered(|scene| {
            scene.tick();
            scene.pass_unheard(TICK);
            scene.heard.last_mut().unwrap().command.sequence -= 5;
            let AppliedCommand { sequence, .. } = scene.outcome.applied.as_mut().unwrap();
            *sequence -= 5;
        }),
        [Invariant::Once]
    );
}

/// The number of a press that has not been used.
const ANEW: u32 = 77;

#[test]
fn a_step_up_without_a_deliberate_act() {
    use Ladder::{EStop, Engaged, Fault, Hold, Idle, Parked, Ready, Release, Retract, Soften};
    let without = |from, to, cause| altered(|scene| scene.step(from, to, cause));
    // The clutch was held down all the time.
    for from in [Ready, Hold, Soften, Release] {
        assert_eq!(without(from, Engaged, Cause::ClutchPressed), [Invariant::DeliberateAct], "{from:?}");
    }
    assert_eq!(without(Parked, Ready, Cause::ClutchOpened), [Invariant::DeliberateAct]);
    for from in [Fault, EStop] {
        assert_eq!(without(from, Idle, Cause::Reset), [Invariant::DeliberateAct]);
        let reset = |scene: &mut Scene| {
            scene.checker.reset_asked();
            scene.step(from, Idle, Cause::Reset);
        };
        assert_eq!(altered(reset), []);
    }
    let down = [
        (Engaged, Soften, Cause::LinkLost),
        (Soften, Release, Cause::TimedOut),
        (Release, Retract, Cause::TimedOut),
        (Retract, Parked, Cause::TimedOut),
        (Hold, EStop, Cause::BedsideStop),
        (Parked, Idle, Cause::Disarmed),
        (Retract, Release, Cause::Disarmed),
    ];
    for (from, to, cause) in down {
        assert_eq!(without(from, to, cause), [], "{from:?} to {to:?}");
    }
}

#[test]
fn a_way_that_is_not_drawn() {
    use Ladder::{EStop, Engaged, Fault, Hold, Idle, Parked, Ready, Release, Retract, Soften};
    let ways = [
        (Soften, Ready),
        (Release, Ready),
        (Retract, Ready),
        (Retract, Engaged),
        (Parked, Engaged),
        (Idle, Engaged),
        (Parked, Hold),
        (Release, Soften),
        (Soften, Hold),
        (Release, Hold),
        (EStop, Fault),
        (EStop, Ready),
        (Fault, Ready),
        (Retract, Release),
        (Engaged, Idle),
        (Ready, Parked),
        (Engaged, Retract),
    ];
    for (from, to) in ways {
        let found = altered(|scene| scene.step(from, to, Cause::ClutchPressed));
        assert!(found.contains(&Invariant::Ladder), "{from:?} to {to:?}: {found:?}");
    }
}

#[test]
fn a_ladder_that_does_not_tell_where_it_goes() {
    use Ladder::{Engaged, Hold, Soften};
    assert_eq!(altered(|scene| scene.outcome.state.ladder = Soften), [Invariant::Ladder], "no step was told");
    let told = |from, to| {
        move |scene: &mut Scene| {
            scene.step(from, to, Cause::LinkLost);
            scene.checker.ladder = Engaged;
            scene.outcome.state.ladder = Soften;
        }
    };
    assert_eq!(altered(told(Engaged, Soften)), []);
    assert_eq!(altered(told(Hold, Soften)), [Invariant::Ladder], "it was not there");
    assert_eq!(altered(told(Engaged, Hold)), [Invariant::Ladder], "it does not go there");
    let stays = |scene: &mut Scene| scene.step(Engaged, Engaged, Cause::ClutchPressed);
    assert!(altered(stays).contains(&Invariant::Ladder));
}

/// What is found of a press that engages after these ticks of the holder's clutch.
fn engaging(before: impl Fn(&mut Scene)) -> Vec<Invariant> {
    let mut scene = Scene::in_contact();
    before(&mut scene);
    scene.clutch(Clutch::Pressed, ANEW).step(Ladder::Hold, Ladder::Engaged, Cause::ClutchPressed);
    scene.tick()
}

/// A tick of Hold in which the clutch is so.
fn held(scene: &mut Scene, clutch: Clutch, number: u32) {
    scene.clutch(clutch, number);
    (scene.checker.ladder, scene.outcome.state.ladder) = (Ladder::Hold, Ladder::Hold);
    scene.tick();
    scene.next();
}

#[test]
fn a_press_counts_once_after_an_open_clutch_that_was_applied() {
    let open = |scene: &mut Scene| held(scene, Clutch::Open, 1);
    assert_eq!(engaging(open), [], "seen open, then pressed");
    assert_eq!(engaging(|_| {}), [Invariant::DeliberateAct], "held down all the time");
    let used = |scene: &mut Scene| {
        held(scene, Clutch::Pressed, ANEW);
        open(scene);
    };
    assert_eq!(engaging(used), [Invariant::DeliberateAct], "the number was pressed with before, in vain");
    let refused = |scene: &mut Scene| {
        let applied = scene.outcome.applied.take();
        open(scene);
        scene.outcome.applied = applied;
        scene.next();
    };
    assert_eq!(engaging(refused), [Invariant::DeliberateAct], "the open clutch was heard, and refused");
    let interrupted = |scene: &mut Scene| {
        open(scene);
        let applied = scene.outcome.applied.take();
        scene.pass_unheard(Duration::from_millis(52));
        scene.outcome.target = None;
        scene.tick();
        scene.outcome.applied = applied;
        scene.now = scene.now + TICK;
    };
    assert_eq!(engaging(interrupted), [Invariant::DeliberateAct], "the link was lost in between");
    let lost = |scene: &mut Scene| {
        open(scene);
        held(scene, Clutch::HandleLost, 1);
    };
    assert_eq!(engaging(lost), [Invariant::DeliberateAct], "the handle was lost in between");
    let other = |scene: &mut Scene| {
        open(scene);
        scene.holder = Some(ConsoleId(9));
        scene.heard.last_mut().unwrap().from = ConsoleId(9);
    };
    assert_eq!(engaging(other), [Invariant::DeliberateAct], "somebody else's clutch was open");
    let mut scene = Scene::in_contact();
    held(&mut scene, Clutch::Open, 1);
    scene.step(Ladder::Parked, Ladder::Ready, Cause::ClutchOpened);
    assert_eq!(scene.tick(), [], "open at Parked");
}

/// What is found of a probe that has moved so (m/s, rad/s) for this long on this rung, after it was driven.
fn moving_on(
    ladder: Ladder,
    region: Option<farprobe_sim::body::Region>,
    after: Duration,
    linear: [f64; 3],
    angular: [f64; 3],
) -> Vec<Invariant> {
    let mut scene = Scene::in_contact();
    scene.plant.region = region;
    (scene.checker.ladder, scene.outcome.state.ladder) = (ladder, ladder);
    scene.outcome.applied = None;
    let touching = region.is_some();
    let felt = if touching { 5.0 } else { 0.3 };
    scene.plant.sensed = Wrench::new(Vector3::new(0.0, 0.0, -felt), Vector3::zeros());
    scene.checker.rest.tick(scene.checker.tick_of(&scene.seen()));
    scene.now = scene.now + after;
    let mut checker = scene.checker.clone();
    checker.check_rest(&scene.seen(), &Twist::new(linear.into(), angular.into()));
    scene.checker = checker;
    scene.found()
}

#[test]
fn a_probe_at_rest_that_moves() {
    use Ladder::{EStop, Engaged, Hold, Idle, Parked, Ready, Release, Retract, Soften};
    let late = Duration::from_millis(600);
    for ladder in [Idle, Ready, Parked] {
        assert_eq!(moving_on(ladder, None, late, [0.0, 0.0, -0.002], [0.0; 3]), [Invariant::Rest], "{ladder:?}");
        assert_eq!(moving_on(ladder, None, late, [0.0, 0.0, -0.0009], [0.0; 3]), []);
    }
    for ladder in [Hold, Soften, Release, Retract, Parked, EStop, Ready] {
        assert_eq!(moving_on(ladder, None, late, [0.002, 0.0, 0.0], [0.0; 3]), [Invariant::Rest], "{ladder:?}");
        assert_eq!(moving_on(ladder, None, late, [0.0; 3], [0.0, 0.011, 0.0]), [Invariant::Rest], "{ladder:?}");
    }
    // Part of a lift, and what is driven.
    assert_eq!(moving_on(Retract, None, late, [0.01, 0.0, -0.1], [0.0; 3]), []);
    assert_eq!(moving_on(Engaged, None, late, [0.05, 0.0, -0.1], [0.3, 0.0, 0.0]), []);
    let soon = Duration::from_millis(100);
    assert_eq!(moving_on(Soften, None, soon, [0.05, 0.0, -0.1], [0.3, 0.0, 0.0]), [], "it runs down");
}

#[test]
fn a_probe_that_goes_towards_the_patient_undriven() {
    use Ladder::{EStop, Engaged, Fault, Hold, Idle, Parked, Ready, Release, Retract, Soften};
    use farprobe_sim::body::Region;
    let (on, off) = (Some(Region::Belly), None);
    let inward = [0.0, 0.0, 0.0015];
    let ms = Duration::from_millis;
    for ladder in [Idle, Ready, Release, Retract, Parked, Fault, EStop] {
        assert_eq!(moving_on(ladder, on, ms(60), inward, [0.0; 3]), [Invariant::Inward], "{ladder:?}");
        assert_eq!(moving_on(ladder, on, ms(60), [0.0, 0.0, 0.0009], [0.0; 3]), [], "{ladder:?}");
        assert_eq!(moving_on(ladder, on, ms(20), inward, [0.0; 3]), [], "{ladder:?}: it runs down");
        assert_eq!(
            moving_on(ladder, on, ms(20), [0.0, 0.0, 0.02], [0.0; 3]),
            [Invariant::Inward],
            "{ladder:?}: it grows"
        );
    }
    for ladder in [Engaged, Hold, Soften] {
        assert_eq!(moving_on(ladder, on, ms(140), inward, [0.0; 3]), [], "{ladder:?}");
    }
    for (ladder, found) in [(Engaged, vec![]), (Hold, vec![Invariant::Inward]), (Soften, vec![Invariant::Inward])] {
        assert_eq!(moving_on(ladder, off, ms(200), inward, [0.0; 3]), found, "{ladder:?} follows skin that is gone");
    }
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
