use super::*;
use farprobe_geom::{Newton, NewtonPerMetre};
use nalgebra::Isometry3;

const MS: Duration = Duration::from_millis(1);
const DT: f64 = 1e-3;
/// N/m, of the shipped tuning.
const STIFFNESS: f64 = 1_000.0;

fn coupling() -> HapticCoupling {
    HapticCoupling::new(HapticTuning {
        reflection: 0.25,
        strongest: Newton::literal(3.0),
        stiffness: NewtonPerMetre::literal(STIFFNESS),
    })
}

/// With this on the accounts, J.
fn with_accounts(accounts: [f64; 3]) -> HapticCoupling {
    let mut coupling = coupling();
    coupling.observer.moved(&Vector3::repeat(-1.0), &Vector3::from(accounts));
    coupling
}

fn are_near(value: Vector3<f64>, expected: [f64; 3]) {
    let far = (value - Vector3::from(expected)).amax();
    assert!(far < 1e-9, "{value:?}, expected {expected:?}");
}

fn felt(now: Time, z: f64) -> Felt {
    Felt { heard_at: now, wrench: Wrench::new(Vector3::z() * z, Vector3::zeros()) }
}

#[test]
fn the_hand_feels_its_share_of_what_the_device_can_hold() {
    are_near(coupling().share_of(&Vector3::new(4.0, 0.0, -8.0)), [1.0, 0.0, -2.0]);
    are_near(coupling().share_of(&Vector3::new(0.0, 0.0, -40.0)), [0.0, 0.0, -3.0]);
}

#[test]
fn only_news_of_an_engaged_probe_in_numbers_is_the_hands_business() {
    let heard = Time::from_millis(100);
    let mut coupling = coupling();
    assert_eq!(coupling.contact(heard, Engagement::Engaged), None);
    coupling.feel(&felt(heard, -8.0));
    assert_eq!(coupling.contact(heard, Engagement::Apart), None);
    let force = Some(Vector3::z() * -8.0);
    assert_eq!(coupling.contact(heard + HOLD, Engagement::Engaged), force);
    assert_eq!(coupling.contact(heard + HOLD + Duration::from_nanos(1), Engagement::Engaged), None);
    coupling.feel(&felt(heard, f64::NAN));
    assert_eq!(coupling.contact(heard, Engagement::Engaged), None);
}

#[test]
fn a_force_rises_as_the_hands_own_motion_explains_and_a_little_more_but_never_suddenly() {
    for (travel, risen) in [(0.0, 0.01), (5e-6, 0.015), (1e-3, 0.04)] {
        let mut coupling = coupling();
        coupling.approach(&(Vector3::z() * -2.0), travel, DT);
        are_near(coupling.reflected, [0.0, 0.0, -risen]);
        coupling.approach(&(Vector3::z() * -2.0), travel, 2.0 * DT);
        are_near(coupling.reflected, [0.0, 0.0, -risen - if travel == 5e-6 { 0.025 } else { 2.0 * risen }]);
    }
    let mut near = coupling();
    near.reflected = Vector3::z() * -1.995;
    near.approach(&(Vector3::z() * -2.0), 0.0, DT);
    are_near(near.reflected, [0.0, 0.0, -2.0]);
}

#[test]
fn a_force_falls_so_that_the_strongest_is_gone_in_75_ms_and_one_that_turns_round_rises() {
    let mut falling = coupling();
    falling.reflected = Vector3::z() * -2.0;
    falling.approach(&Vector3::zeros(), 0.0, DT);
    are_near(falling.reflected, [0.0, 0.0, -2.0 + 3.0 / 75.0]);
    let mut turning = coupling();
    turning.reflected = Vector3::x();
    turning.approach(&-Vector3::x(), 0.0, DT);
    are_near(turning.reflected, [0.99, 0.0, 0.0]);
}

#[test]
fn no_force_is_more_than_a_spring_exerts_that_holds_what_was_paid() {
    let mut spring = with_accounts([0.5e-3, -1e-3, 2e-3]);
    spring.reflected = Vector3::new(2.0, 2.0, -2.5);
    spring.afford(&Vector3::new(0.0, 0.0, -2.0));
    // Along x the account is capped at what is kept, along y there is none, along z it pays for 2 N.
    are_near(spring.observer.accounts(), [1e-4, -1e-3, 2e-3]);
    are_near(spring.reflected, [(0.2_f64).sqrt(), 0.0, -2.0]);

    let mut rich = with_accounts([1.0, 1.0, 1.0]);
    rich.reflected = Vector3::new(0.1, -0.1, -1.0);
    rich.afford(&Vector3::new(1.0, -2.0, 3.0));
    are_near(rich.observer.accounts(), [0.5e-3 + 1e-4, 2e-3 + 1e-4, 4.5e-3 + 1e-3]);
    are_near(rich.reflected, [0.1, -0.1, -1.0]);
}

#[test]
fn a_device_that_was_lost_owes_what_it_owed_and_has_nothing_to_give() {
    let mut lost = with_accounts([0.5e-3, -1e-3, 2e-3]);
    (lost.reflected, lost.speed, lost.damping) = (Vector3::z(), Vector3::x(), DAMPING);
    lost.feel(&felt(Time::from_millis(100), -8.0));
    lost.let_go();
    are_near(lost.observer.accounts(), [0.0, -1e-3, 0.0]);
    assert!((lost.observer.absorbed() - 1.5e-3).abs() < 1e-12, "what was absorbed stays on record");
    assert_eq!(lost, HapticCoupling { observer: lost.observer, ..coupling() });
}

#[test]
fn the_damper_comes_and_goes_in_75_ms() {
    let mut coupling = coupling();
    coupling.fade_damper(DAMPING, DT);
    assert!((coupling.damping - 2.0 / 75.0).abs() < 1e-12);
    (0..80).for_each(|_| coupling.fade_damper(DAMPING, DT));
    assert_eq!(coupling.damping, DAMPING);
    coupling.fade_damper(0.0, DT);
    assert!((coupling.damping - 2.0 * 74.0 / 75.0).abs() < 1e-12);
}

#[test]
fn what_the_next_step_may_cost_at_worst_is_paid_for() {
    let coupling = with_accounts([1e-5, 1e-5, -1e-5]);
    // Along the force by 10 µm, against it, and without an account.
    let shares = coupling.passive_shares(&Vector3::new(2.0, -2.0, 1.0), &Vector3::new(1e-5, 1e-5, 1e-5), DT);
    // A hand may swerve by 5 µm in a millisecond.
    are_near(shares, [1e-5 / (2.0 * 15e-6), 1.0, 0.0]);
    let still = coupling.passive_shares(&Vector3::new(4.0, 1.0, 0.0), &Vector3::zeros(), DT);
    are_near(still, [1e-5 / (4.0 * 5e-6), 1.0, 1.0]);
    let slower = coupling.passive_shares(&Vector3::new(4.0, 4.0, 0.0), &Vector3::zeros(), 2.0 * DT);
    are_near(slower, [1e-5 / (4.0 * 20e-6), 1e-5 / (4.0 * 20e-6), 1.0]);
}

#[test]
fn an_account_is_spent_no_faster_than_in_a_few_steps() {
    let mut coupling = with_accounts([1e-4, 1e-4, 1e-4]);
    coupling.speed = Vector3::new(0.1, -0.1, 0.0);
    // With the hand's speed the force would cost half a millimetre's work in 5 ms.
    let shares = coupling.passive_shares(&Vector3::new(1.0, 1.0, 1.0), &Vector3::zeros(), DT);
    are_near(shares, [1e-4 / 0.5e-3, 1.0, 1.0]);
}

/// Steps of a millisecond with the handle turned like this and moved at this speed, m/s in the device's frame.
struct Moving {
    coupling: HapticCoupling,
    now: Time,
    position: Vector3<f64>,
    turned: Vector3<f64>,
}

impl Moving {
    fn new(turned: Vector3<f64>) -> Self {
        Self { coupling: coupling(), now: Time::from_millis(7), position: Vector3::zeros(), turned }
    }

    fn step(&mut self, elapsed: Duration, velocity: Vector3<f64>, force: f64) -> Vector3<f64> {
        self.now = self.now + elapsed;
        self.position += velocity * elapsed.as_secs_f64();
        self.coupling.feel(&felt(self.now, -force));
        let pose: Pose<Handle> = Pose::new(Isometry3::new(self.position, self.turned));
        self.coupling.step(self.now, &pose, Engagement::Engaged)
    }
}

#[test]
fn a_hand_in_the_air_is_damped_by_two_newton_seconds_a_metre_whatever_way_the_handle_is_turned() {
    for turned in [Vector3::zeros(), Vector3::new(0.4, -1.1, 2.0)] {
        let mut moving = Moving::new(turned);
        let velocity = Vector3::new(0.03, -0.02, 0.05);
        let mut force = Vector3::zeros();
        (0..300).for_each(|_| force = moving.step(MS, velocity, 0.0));
        are_near(force, *(velocity * -DAMPING).as_ref());
        let earned: f64 = moving.coupling.observer().absorbed();
        // What a damper takes: c·v² in the time since it is there, of which it needs a part to come in.
        assert!(
            (0.25 * 2.0 * velocity.norm_squared()..0.3 * 2.0 * velocity.norm_squared()).contains(&earned),
            "{earned}"
        );
    }
}

#[test]
fn the_speed_that_is_damped_is_smoothed_over_5_ms() {
    let mut moving = Moving::new(Vector3::zeros());
    moving.step(MS, Vector3::zeros(), 0.0);
    let tenth = Duration::from_micros(100);
    (0..50).for_each(|_| {
        moving.step(tenth, Vector3::z() * 0.05, 0.0);
    });
    let reached = moving.coupling.speed.z / 0.05;
    assert!((reached - (1.0 - (-1.0_f64).exp())).abs() < 0.01, "{reached}");
}

#[test]
fn pressing_against_a_contact_is_felt_along_the_handle_as_it_is_turned() {
    let turned = Vector3::new(0.4, -1.1, 2.0);
    let mut moving = Moving::new(turned);
    let axis = Isometry3::new(Vector3::zeros(), turned).rotation * Vector3::z();
    let mut force = Vector3::zeros();
    (0..1_500).for_each(|_| force = moving.step(MS, axis * 0.01, 8.0));
    are_near(force, *(axis * -(2.0 + 0.01 * DAMPING)).as_ref());
}

#[test]
fn two_steps_at_one_instant_are_one_and_a_long_gap_is_a_short_step() {
    let mut moving = Moving::new(Vector3::zeros());
    (0..1_500).for_each(|_| {
        moving.step(MS, Vector3::z() * 0.01, 8.0);
    });
    let before = moving.coupling.clone();
    let again = moving.step(Duration::ZERO, Vector3::zeros(), 0.0);
    are_near(again, *before.applied.as_ref());
    assert_eq!(moving.coupling.reflected, before.reflected);
    // After a stall nothing goes on by more than it may in 20 ms.
    let mut stalled = Moving::new(Vector3::zeros());
    stalled.step(MS, Vector3::zeros(), 0.0);
    stalled.step(Duration::from_millis(500), Vector3::z() * 0.01, 0.0);
    are_near(stalled.coupling.speed, [0.0, 0.0, 0.01 * 0.02 / 0.025]);
    assert!((stalled.coupling.damping - DAMPING * 20.0 / 75.0).abs() < 1e-12);
}
