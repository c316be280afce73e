use core::time::Duration;

use farprobe_geom::{Handle, Newton, NewtonPerMetre, Pose, Time, Wrench};
use nalgebra::{Isometry3, Vector3};
use proptest::prelude::*;

use super::bench::*;
use super::*;

/// Round trips, ms.
const ROUND_TRIPS: [u64; 9] = [0, 10, 50, 100, 200, 350, 500, 700, 1000];
/// Share of the force, and the most the device gives, N: as shipped, and all of it on a strong device.
const SHARES: [(f64, f64); 2] = [(0.25, 3.0), (1.0, 8.0)];
/// What counts as no energy given that was not taken before, J. A hand that swerves within a step by more than is foreseen may get
/// this much, once: a thousandth of what 2 N hold on a spring of 1 N/mm.
const TOLERANCE: f64 = 2e-6;
/// No force, N: the damper of a handle that has been still for a while.
const NOTHING: f64 = 1e-6;
/// How much a network that jitters and loses may shake the hand, m, in whatever stretch of time: a force that fades with each gap in
/// the news and comes back, and a contact of 70 N/mm that hears of the handle at uneven times, are noise.
const SHAKEN: f64 = 1e-3;
/// What counts as the same swing, m: a tenth of a tremor.
const SAME: f64 = 2e-5;

fn tuning((reflection, strongest): (f64, f64)) -> HapticTuning {
    HapticTuning { reflection, strongest: Newton::literal(strongest), ..HapticTuning::default() }
}

fn bench(hand: HandModel, share: (f64, f64), controller: Controller) -> Bench<PressLaw> {
    let remote = PressLaw::new(0.010, 2_000.0, 15.0);
    Bench { hand, remote, tuning: tuning(share), period_ms: 1, controller }
}

/// A press of 16 mm within 0.8 s, of which 10 mm are to the skin, and then the hand wants to stay.
fn press(at: f64) -> f64 {
    let t = ((at - 0.5) / 0.8).clamp(0.0, 1.0);
    0.016 * t * t * t * (10.0 + t * (6.0 * t - 15.0))
}

/// Half of what the position spans (m) in the first and in the last 10 s of 30 s in contact.
fn swings(trace: &[Seen]) -> (f64, f64) {
    let position = |seen: &Seen| seen.position;
    (amplitude(trace, 2.0, 12.0, position), amplitude(trace, 22.0, 32.0, position))
}

#[test]
fn sr_046_no_round_trip_makes_the_hand_swing_and_no_energy_is_given_that_was_not_taken() {
    for hand in [PEN_GRIP, RELAXED_ARM] {
        for share in SHARES {
            for round_trip in ROUND_TRIPS {
                let mut bench = bench(hand, share, Controller::Passive);
                let trace = bench.run(32.0, press, |_| Some(Duration::from_micros(round_trip * 500)));
                let (first, last) = swings(&trace);
                let end = trace[trace.len() - 1];
                println!(
                    "{} kg, share {}, {round_trip} ms: swings {:.3} then {:.3} mm, least {:.6} mJ, {:.2} of {:.2} N",
                    hand.mass,
                    share.0,
                    first * 1e3,
                    last * 1e3,
                    least(&trace) * 1e3,
                    -end.force,
                    end.remote * share.0
                );
                assert!(last <= first && last < 2e-4, "{round_trip} ms: {first} m, then {last} m");
                assert!(least(&trace) >= -TOLERANCE, "{round_trip} ms: {} J", least(&trace));
                assert!(trace.iter().all(|seen| seen.force.abs() <= share.1 + 1e-9));
                assert!(end.force < -0.1, "{round_trip} ms: the contact is felt");
            }
        }
    }
}

#[test]
fn without_the_controller_the_same_hand_swings_and_gets_energy_for_nothing() {
    for hand in [PEN_GRIP, RELAXED_ARM] {
        for round_trip in [200, 500, 1000] {
            let mut bench = bench(hand, SHARES[0], Controller::Bare);
            let trace = bench.run(32.0, press, |_| Some(Duration::from_micros(round_trip * 500)));
            let (_, last) = swings(&trace);
            assert!(last > 1e-3 && least(&trace) < -0.01, "{round_trip} ms: {last} m, {} J", least(&trace));
        }
    }
}

#[test]
fn without_delay_most_of_the_force_arrives() {
    let mut bench = bench(PEN_GRIP, SHARES[0], Controller::Passive);
    // As slowly as the cart lets a probe approach.
    let trace = bench.run(8.0, |at| (0.010 * at).min(0.016), |_| Some(Duration::ZERO));
    let end = trace[trace.len() - 1];
    assert!(-end.force > 0.9 * end.remote * 0.25, "{} of {} N", -end.force, end.remote * 0.25);
}

/// A coupling whose handle is moved by the test.
struct Driven {
    coupling: HapticCoupling,
    now: Time,
    z: f64,
    force: f64,
}

impl Driven {
    /// Pushed 8 mm into a contact of 8 N, which is felt with 2 N.
    fn pressed() -> Self {
        let mut driven = Self {
            coupling: HapticCoupling::new(HapticTuning::default()),
            now: Time::from_millis(10),
            z: 0.0,
            force: 0.0,
        };
        driven.run(800, 0.010, 8.0, Engagement::Engaged);
        assert!((driven.force + 2.0).abs() < 0.05, "{}", driven.force);
        driven
    }

    /// One millisecond, with the handle at this speed (m/s); the cart says `force` (N) if it says anything.
    fn tick(&mut self, speed: f64, force: Option<f64>, engagement: Engagement) {
        self.now = self.now + Duration::from_millis(1);
        self.z += speed * 1e-3;
        if let Some(force) = force {
            let wrench = Wrench::new(Vector3::z() * -force, Vector3::zeros());
            self.coupling.feel(&Felt { heard_at: self.now, wrench });
        }
        let pose: Pose<Handle> = Pose::new(Isometry3::translation(0.0, 0.0, self.z));
        self.force = self.coupling.step(self.now, &pose, engagement).z;
    }

    fn run(&mut self, ticks: u64, speed: f64, force: f64, engagement: Engagement) {
        for _ in 0..ticks {
            self.tick(speed, Some(force), engagement);
        }
    }
}

#[test]
fn sr_046_news_that_stop_let_the_force_go_within_100_ms_and_bring_it_back_without_a_kick() {
    let mut driven = Driven::pressed();
    for ms in 1..=100 {
        driven.tick(0.0, None, Engagement::Engaged);
        assert!(ms > 25 || driven.force < -1.9, "a few states may be late");
    }
    assert!(driven.force.abs() < NOTHING, "{}", driven.force);
    let mut before = driven.force;
    for _ in 0..500 {
        driven.tick(0.0, Some(8.0), Engagement::Engaged);
        assert!((driven.force - before).abs() <= STILL_RISE * 1e-3 + 1e-9);
        before = driven.force;
    }
}

#[test]
fn an_open_clutch_frees_the_hand_and_a_new_press_starts_from_nothing() {
    let mut driven = Driven::pressed();
    driven.run(100, 0.0, 8.0, Engagement::Apart);
    assert!(driven.force.abs() < NOTHING, "{}", driven.force);
    driven.run(500, -0.05, 8.0, Engagement::Apart);
    assert_eq!(driven.force, 0.0, "a free hand is not even damped");
    driven.run(100, 0.0, 8.0, Engagement::Apart);
    let mut before = 0.0;
    // The most the hand's own motion explains, what needs no explaining, and the damper that comes in.
    let most = (1_000.0 * 0.002 + STILL_RISE) * 1e-3 + 1e-4;
    for _ in 0..1_000 {
        driven.tick(0.002, Some(8.0), Engagement::Engaged);
        assert!((driven.force - before).abs() <= most, "{} after {before}", driven.force);
        before = driven.force;
    }
    assert!(driven.force < -1.0, "pushing on is felt: {}", driven.force);
}

#[test]
fn numbers_that_are_not_finite_give_no_force() {
    let mut driven = Driven::pressed();
    driven.run(80, 0.0, f64::NAN, Engagement::Engaged);
    assert!(driven.force.abs() < NOTHING, "{}", driven.force);
    let mut driven = Driven::pressed();
    driven.tick(f64::NAN, Some(8.0), Engagement::Engaged);
    assert_eq!(driven.force, 0.0);
    assert!(driven.coupling.observer().accounts().max() <= 0.0);
}

#[test]
fn a_tuning_out_of_range_is_brought_back() {
    let wild = HapticTuning {
        reflection: f64::NAN,
        strongest: Newton::literal(100.0),
        stiffness: NewtonPerMetre::literal(1e9),
    };
    let sane = wild.sane();
    assert_eq!((sane.reflection, sane.strongest.get(), sane.stiffness.get()), (0.0, 10.0, 5_000.0));
}

/// A contact of which nothing is known but that it is passive: a spring behind a damper-like lag, without the cart's limits.
#[derive(Debug, Clone, Copy)]
struct Spring {
    surface: f64,
    stiffness: f64,
    lag: f64,
    force: f64,
}

impl Remote for Spring {
    fn answer(&mut self, position: f64, dt: f64) -> f64 {
        let asked = ((position - self.surface) * self.stiffness).max(0.0);
        self.force += (asked - self.force) * (dt / (dt + self.lag));
        self.force
    }
}

fn hands() -> impl Strategy<Value = HandModel> {
    // From fingertips to a stiff arm: Hajian and Howe (1997), van Beek et al. (2015); Hogan (1989) is cited for 0.8 kg, 5.5 N·s/m and 568 N/m.
    (0.08..1.0_f64, 100.0..1_000.0_f64, 0.1..1.5_f64).prop_map(|(mass, stiffness, ratio)| HandModel {
        mass,
        damping: 2.0 * ratio * (mass * stiffness).sqrt(),
        stiffness,
    })
}

fn springs() -> impl Strategy<Value = Spring> {
    (300.0..150_000.0_f64, 0.0..0.1_f64).prop_map(|(stiffness, lag)| Spring {
        surface: 0.010,
        stiffness,
        lag,
        force: 0.0,
    })
}

/// Even noise within [0, 1) from a seed and a number.
fn noise(seed: u64, number: u64) -> f64 {
    let mut x = seed ^ number.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    ((x ^ (x >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn no_hand_no_spring_and_no_delay_makes_it_swing(
        hand in hands(),
        far in springs(),
        near in (0.05..1.0_f64, 3.0..8.0_f64),
        period_ms in 1..3_u64,
        way_ms in 0.0..500.0_f64,
    ) {
        let mut bench = Bench { hand, remote: far, tuning: tuning(near), period_ms, controller: Controller::Passive };
        let trace = bench.run(32.0, press, |_| Some(Duration::from_secs_f64(way_ms * 1e-3)));
        let (first, last) = swings(&trace);
        prop_assert!(last <= first + SAME, "{} m, then {} m", first, last);
        prop_assert!(least(&trace) >= -TOLERANCE, "{} J", least(&trace));
        prop_assert!(trace.iter().all(|seen| seen.force.abs() <= near.1 + 1e-9));
    }

    #[test]
    fn sr_046_jitter_and_loss_give_the_hand_no_energy_and_make_no_swing_grow(
        hand in hands(),
        far in springs(),
        near in (0.05..1.0_f64, 3.0..8.0_f64),
        period_ms in 1..3_u64,
        way_ms in 0.0..500.0_f64,
        jitter_ms in 0.0..60.0_f64,
        lost in 0.0..0.3_f64,
        seed in any::<u64>(),
    ) {
        let mut bench = Bench { hand, remote: far, tuning: tuning(near), period_ms, controller: Controller::Passive };
        let trace = bench.run(32.0, press, |packet| {
            let kept = noise(seed, 2 * packet) >= lost;
            kept.then(|| Duration::from_secs_f64((way_ms + jitter_ms * noise(seed, 2 * packet + 1)) * 1e-3))
        });
        let (first, last) = swings(&trace);
        prop_assert!(last <= first.max(SHAKEN), "{} m, then {} m", first, last);
        prop_assert!(least(&trace) >= -TOLERANCE, "{} J", least(&trace));
        prop_assert!(trace.iter().all(|seen| seen.force.abs() <= near.1 + 1e-9));
    }

    #[test]
    fn sr_046_whatever_the_cart_says_the_port_gives_no_energy_that_it_did_not_get(
        words in prop::collection::vec(
            (prop::array::uniform3(-60.0..60.0_f64), prop::array::uniform3(-4.0..4.0_f64), 1..200_u64, 0..3_u8), 1..60),
        tuned in (0.0..1.0_f64, 1.0..10.0_f64, 50.0..5_000.0_f64),
        seed in any::<u64>(),
    ) {
        let tuning = HapticTuning {
            reflection: tuned.0,
            strongest: Newton::literal(tuned.1),
            stiffness: NewtonPerMetre::literal(tuned.2),
        };
        let mut coupling = HapticCoupling::new(tuning);
        let (mut now, mut x, mut v) = (Time::from_millis(7), Vector3::zeros(), Vector3::zeros());
        let (mut before, mut steps) = (Vector3::zeros(), 0);
        for (force, push, ticks, kind) in words {
            let wrench = Wrench::new(Vector3::from(force), Vector3::zeros());
            for _ in 0..ticks {
                steps += 1;
                // From 0.5 to 2 ms, and now and then a stall; the hand does what it likes within a hand's acceleration.
                let stall = if noise(seed, steps) < 0.01 { 30.0 } else { 0.0 };
                let elapsed = Duration::from_secs_f64((0.5 + 1.5 * noise(seed, steps + (1 << 40)) + stall) * 1e-3);
                now = now + elapsed;
                let dt = elapsed.as_secs_f64().min(0.002);
                v += (Vector3::from(push) - v * 10.0) * dt;
                x += v * dt;
                if kind < 2 {
                    coupling.feel(&Felt { heard_at: now, wrench });
                }
                let engagement = if kind == 0 { Engagement::Apart } else { Engagement::Engaged };
                let pose: Pose<Handle> = Pose::new(Isometry3::new(x, Vector3::new(0.3, x.y, 0.0)));
                let force = coupling.step(now, &pose, engagement);
                prop_assert!(force.iter().all(|value| value.is_finite()) && force.norm() <= tuned.1 + 1e-9);
                let rise = force.norm() - before.norm();
                prop_assert!(rise <= FASTEST_RISE * elapsed.as_secs_f64() + 2.0 * v.norm().max(0.1), "rise {}", rise);
                before = force;
            }
        }
        prop_assert!(coupling.observer().least() >= -TOLERANCE, "{} J", coupling.observer().least());
        prop_assert!(coupling.observer().absorbed() >= coupling.observer().accounts().sum() - 1e-12);
    }
}
