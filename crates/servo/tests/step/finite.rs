//! Whatever the arm says, what the step gives out is finite, and can travel.

use farprobe_geom::{Joints, MAX_AXES, Time, Wrench};
use farprobe_proto::{Bedside, CartDatagram, Cause, Clutch, Ladder, Wire};
use farprobe_servo::{ArmHealth, ArmReading, Inbound, Outcome};
use nalgebra::Vector3;
use proptest::prelude::*;

use crate::exam::Exam;

/// Any number a broken arm may say, around its usual ones.
fn numbers(usual: f64) -> impl Strategy<Value = f64> {
    prop_oneof![
        8 => -usual..usual,
        1 => Just(0.0),
        1 => Just(f64::NAN),
        1 => Just(f64::INFINITY),
        1 => Just(f64::NEG_INFINITY),
        1 => Just(f64::MAX),
        1 => Just(f64::MIN),
        1 => Just(f64::MIN_POSITIVE),
        1 => any::<f64>(),
    ]
}

/// Mostly seven joints, or none of them in the right number.
fn joints(usual: f64) -> impl Strategy<Value = Joints> {
    let axes = prop_oneof![6 => Just(MAX_AXES), 1 => 0..MAX_AXES];
    (axes, prop::array::uniform7(numbers(usual)))
        .prop_map(|(axes, values)| Joints::from_slice(&values[..axes]).unwrap_or(Joints::zero(0)))
}

fn wrenches() -> impl Strategy<Value = Wrench<farprobe_geom::Tip>> {
    (prop::array::uniform3(numbers(20.0)), prop::array::uniform3(numbers(1.0)))
        .prop_map(|(force, torque)| Wrench::new(Vector3::from(force), Vector3::from(torque)))
}

fn healths() -> impl Strategy<Value = ArmHealth> {
    use ArmHealth::{Ready, Silent, Starved, Stopped};
    prop::sample::select(vec![Ready, Starved, Stopped, Silent])
}

fn times() -> impl Strategy<Value = Time> {
    prop_oneof![Just(0), Just(u64::MAX), any::<u64>(), 0..20_000_000_000u64].prop_map(Time::from_nanos)
}

/// What is put in the place of the truth, for how many ticks, and for how long all is well again afterwards.
#[derive(Debug, Clone)]
struct Spell {
    positions: Option<Joints>,
    velocities: Option<Joints>,
    wrench: Option<Wrench<farprobe_geom::Tip>>,
    external_torques: Option<Joints>,
    sampled_at: Option<Time>,
    health: Option<ArmHealth>,
    now: Option<Time>,
    ticks: u32,
    rest: u32,
}

prop_compose! {
    fn spells()(
        positions in prop::option::weighted(0.4, joints(3.0)),
        velocities in prop::option::weighted(0.4, joints(2.0)),
        wrench in prop::option::weighted(0.4, wrenches()),
        external_torques in prop::option::weighted(0.4, joints(40.0)),
        sampled_at in prop::option::weighted(0.1, times()),
        health in prop::option::weighted(0.2, healths()),
        now in prop::option::weighted(0.1, times()),
        ticks in 1..30u32,
        rest in prop_oneof![Just(1), 2..300u32],
    ) -> Spell {
        Spell { positions, velocities, wrench, external_torques, sampled_at, health, now, ticks, rest }
    }
}

impl Spell {
    fn cast(&self, now: &mut Time, reading: &mut ArmReading) {
        *reading = ArmReading {
            sampled_at: self.sampled_at.unwrap_or(reading.sampled_at),
            positions: self.positions.unwrap_or(reading.positions),
            velocities: self.velocities.unwrap_or(reading.velocities),
            wrench: self.wrench.unwrap_or(reading.wrench),
            external_torques: self.external_torques.or(reading.external_torques),
            health: self.health.unwrap_or(reading.health),
        };
        *now = self.now.unwrap_or(*now);
    }
}

/// No joint of an FR3 gets this far, rad, or this fast, rad/s.
const FURTHEST: f64 = core::f64::consts::TAU;

/// Finite in the step's own numbers, and in the numbers that travel: a console refuses what is not, and would take the link
/// for lost just when it should be told of a fault.
fn is_sound(outcome: &Outcome) -> bool {
    let target = outcome.target.is_none_or(|target| {
        let joints = [target.positions, target.velocities];
        joints.iter().all(|joints| {
            let possible = joints.as_slice().iter().all(|value| value.abs() < FURTHEST);
            possible && joints.axes() == MAX_AXES
        })
    });
    let bytes = CartDatagram::State(outcome.state).encode();
    let travels = bytes.is_some_and(|bytes| CartDatagram::decode(&bytes).is_ok());
    target && travels && outcome.tip_on_patient.is_finite()
}

/// The staff reset, the operator opens the clutch and presses: the exam goes on.
fn goes_on(exam: &mut Exam) -> (Ladder, Cause) {
    exam.clutch = Clutch::Open;
    for _ in 0..20 {
        let ladder = exam.run(1_000).state.ladder;
        if matches!(ladder, Ladder::Ready | Ladder::Hold) {
            break;
        }
        exam.servo.receive(Inbound::Bedside(Bedside::Reset));
    }
    exam.press(0.0);
    let state = exam.run(10).state;
    (state.ladder, state.cause)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn what_a_step_gives_out_is_finite_whatever_the_arm_says(spells in prop::collection::vec(spells(), 1..40)) {
        let mut exam = Exam::in_contact();
        for spell in &spells {
            for _ in 0..spell.ticks {
                let outcome = exam.tick(|now, reading| spell.cast(now, reading));
                prop_assert!(is_sound(&outcome), "in {spell:?}: {outcome:?}");
            }
            for _ in 0..spell.rest {
                let outcome = exam.tick(|_, _| {});
                prop_assert!(is_sound(&outcome), "after {spell:?}: {outcome:?}");
            }
        }
    }

    #[test]
    fn a_spell_of_nonsense_leaves_nothing_behind(spell in spells()) {
        let spell = Spell { now: None, ..spell };
        let mut exam = Exam::in_contact();
        for _ in 0..spell.ticks {
            exam.tick(|now, reading| spell.cast(now, reading));
        }
        let (ladder, cause) = goes_on(&mut exam);
        prop_assert_eq!(ladder, Ladder::Engaged, "{:?}", cause);
    }
}

#[test]
fn before_the_first_good_reading_there_is_nothing_to_send() {
    let mut exam = Exam::new();
    for _ in 0..100 {
        let outcome = exam.tick(|_, reading| reading.positions = Joints::from_slice(&[f64::NAN; MAX_AXES]).unwrap());
        assert!(is_sound(&outcome) && outcome.target.is_none(), "{outcome:?}");
    }
    assert_eq!(exam.run(3_000).state.ladder, Ladder::Ready);
}

#[test]
fn an_arm_that_was_pushed_aside_after_a_stop_goes_on_from_where_it_stands_after_the_reset() {
    let mut exam = Exam::new();
    assert_eq!(exam.run(2_500).state.ladder, Ladder::Ready);
    exam.servo.receive(Inbound::RemoteStop);
    let mut pushed = exam.run(100).state.joints;
    pushed.as_mut_slice()[0] += 0.2;
    let stands = |reading: &mut ArmReading| {
        (reading.positions, reading.velocities) = (pushed, Joints::zero(MAX_AXES));
    };
    for _ in 0..100 {
        let outcome = exam.tick(|_, reading| stands(reading));
        assert_eq!(outcome.state.ladder, Ladder::EStop);
    }
    exam.servo.receive(Inbound::Bedside(Bedside::Reset));
    for _ in 0..100 {
        let outcome = exam.tick(|_, reading| stands(reading));
        assert!(matches!(outcome.state.ladder, Ladder::Idle | Ladder::Ready), "{:?}", outcome.state.cause);
        let target = outcome.target.unwrap().positions;
        assert!(target.zip_with(&pushed, |a, b| (a - b).abs()).as_slice().iter().all(|away| *away < 1e-3));
    }
}

#[test]
fn joints_that_are_not_the_arms_are_no_answer() {
    for spoil in [
        |reading: &mut ArmReading| reading.positions = Joints::zero(6),
        |reading: &mut ArmReading| reading.velocities = Joints::zero(6),
        |reading: &mut ArmReading| reading.positions.as_mut_slice()[3] = 40.0,
    ] {
        let mut exam = Exam::in_contact();
        let before = exam.run(1).state;
        let outcome = exam.tick(|_, reading| spoil(reading));
        assert_eq!((outcome.state.ladder, outcome.state.cause), (Ladder::Fault, Cause::ArmFault));
        assert_eq!(
            (outcome.state.joints, outcome.state.tip),
            (before.joints, before.tip),
            "told the last that made sense"
        );
        assert!(is_sound(&outcome));
    }
}
