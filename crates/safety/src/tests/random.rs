//! Random facts, measurements and proposals, numbers that are none included.

use core::time::Duration;

use farprobe_geom::{Metre, MetrePerSecond, MetrePerSecond2, NewtonPerMetre, Radian, Twist, Wrench};
use nalgebra::Vector3;
use proptest::prelude::*;

use super::scene::{NIMBLE, Scene, downward};
use crate::*;

/// Any number a broken sensor or control law may give.
fn numbers(range: f64) -> impl Strategy<Value = f64> {
    prop_oneof![
        40 => -range..range,
        1 => Just(0.0),
        1 => Just(f64::NAN),
        1 => Just(f64::INFINITY),
        1 => Just(f64::NEG_INFINITY),
        1 => Just(f64::MAX),
        1 => Just(f64::MIN_POSITIVE),
    ]
}

fn vectors(range: f64) -> impl Strategy<Value = Vector3<f64>> {
    [numbers(range), numbers(range), numbers(range)].prop_map(Vector3::from)
}

prop_compose! {
    fn commands()(clutch in 0..8u8, clutch_in in 0..6u32) -> Option<Command> {
        let clutch = match clutch {
            0 => return None,
            1 => Clutch::HandleLost,
            2..=4 => Clutch::Open,
            _ => Clutch::Pressed,
        };
        Some(Command { clutch, clutch_in })
    }
}

fn healths() -> impl Strategy<Value = PictureHealth> {
    prop_oneof![
        39 => Just(PictureHealth::Good),
        1 => Just(PictureHealth::Frozen),
        2 => Just(PictureHealth::FrozenByOperator),
        1 => Just(PictureHealth::Absent),
    ]
}

prop_compose! {
    fn facts()(
        command in commands(),
        rare in prop::array::uniform8(0..40u8),
        health in healths(),
        age in 0..700u64,
        round_trip in prop::option::weighted(0.95, 0..400u64),
        touching in any::<bool>(),
        stride in prop_oneof![40 => 0.0..0.01f64, 1 => 0.0..1.0f64],
        epoch in prop_oneof![30 => Just(7u64), 1 => Just(8u64)],
    ) -> Facts {
        let [disarmed, stop, reset, free, red, closed, arm, shutdown] = rare.map(|value| value == 0);
        Facts {
            arming: if disarmed { Arming::Disarmed } else { Arming::Armed },
            stop: stop.then_some(StopSource::Operator),
            reset: if reset { Reset::Requested } else { Reset::None },
            lease: if free { Lease::Free } else { Lease::Held { epoch } },
            command,
            stride: Stride { linear: Metre::new(stride).unwrap(), angular: Radian::new(stride).unwrap() },
            picture: Picture { age: Some(Duration::from_millis(age)), health },
            round_trip: round_trip.map(Duration::from_millis),
            link_quality: if red { LinkQuality::Red } else { LinkQuality::Green },
            session: if closed { Session::Closed } else { Session::Open },
            arm: if arm { ArmHealth::Stopped } else { ArmHealth::Ready },
            contact: if touching { Contact::Touching } else { Contact::Free },
            shutdown: if shutdown { Shutdown::Requested } else { Shutdown::None },
            monitor: Verdict::Quiet,
        }
    }
}

prop_compose! {
    fn surroundings()(
        force in vectors(12.0), torque in vectors(0.6), position in vectors(0.6), twist in vectors(0.1),
        stiffness in 0.0..200e3f64, skin in -0.05..0.05f64, expected in prop::option::weighted(0.2, vectors(20.0)),
        mostly in 0..10u8,
    ) -> (Wrench<farprobe_geom::Tip>, Vector3<f64>, Twist<farprobe_geom::Tip>, Tissue, Option<Wrench<farprobe_geom::Tip>>) {
        // Mostly a believable sensor, so that the gate does not spend its life in Fault.
        let wrench = if mostly == 0 {
            Wrench::new(force, torque)
        } else {
            let z = if force.z.is_finite() { -force.z.abs().min(22.0) } else { -3.0 };
            Wrench::new(Vector3::new(0.0, 0.0, z), Vector3::zeros())
        };
        let position = if mostly == 1 { position } else { Vector3::new(0.1, 0.1, 0.5) };
        let twist = if mostly == 2 { Twist::new(twist, twist) } else { Twist::zero() };
        let tissue = Tissue {
            stiffness: NewtonPerMetre::new(stiffness).unwrap(),
            worst: NewtonPerMetre::new(1e5 - stiffness).unwrap_or_default(),
            skin_speed: MetrePerSecond::new(skin).unwrap(),
        };
        (wrench, position, twist, tissue, expected.map(|force| Wrench::new(force, force * 0.05)).filter(|_| mostly == 3))
    }
}

/// What the arm can do: mostly enough.
fn agility() -> impl Strategy<Value = Agility> {
    let any = [0.0..4.0f64, 0.0..1.2f64].prop_map(|[along, least]| Agility {
        along: MetrePerSecond2::new(along).unwrap(),
        least: MetrePerSecond2::new(least).unwrap(),
    });
    prop_oneof![4 => Just(NIMBLE), 1 => any]
}

/// Where each rung stands on the way down.
fn height(rung: Rung) -> u8 {
    match rung {
        Rung::Engaged => 5,
        Rung::Hold => 4,
        Rung::Soften => 3,
        Rung::Release => 2,
        Rung::Retract => 1,
        Rung::Parked | Rung::Ready | Rung::Idle | Rung::Fault | Rung::EStop => 0,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn sr_039_whatever_comes_in_what_goes_out_is_finite_and_within_limits(
        steps in prop::collection::vec((facts(), surroundings(), agility(), vectors(0.3), vectors(1.0), 1..400u64, 1u32..30), 1..60),
        start in 0..3u8,
    ) {
        let mut scene = match start {
            0 => Scene::new(),
            1 => Scene::engaged(0.0),
            _ => Scene::engaged(8.0),
        };
        let top = Limits::CEILINGS;
        let mut before = scene.permitted;
        for (facts, (wrench, position, twist, tissue, expected), agility, linear, angular, gap, ticks) in steps {
            scene.facts = facts;
            let stop = facts.stop;
            scene.measured.wrench = wrench;
            scene.measured.tip = downward(position.x, position.y, position.z);
            scene.measured.twist = twist;
            scene.measured.tissue = tissue;
            scene.measured.expected = expected;
            scene.measured.agility = agility;
            scene.proposal = Twist::new(linear, angular);
            for tick in 0..ticks {
                let rung = scene.rung();
                scene.tick(if tick == 0 { Duration::from_micros(gap * 10) } else { Duration::from_millis(1) });
                let (p, goal) = (scene.permitted, scene.directive.goal);
                prop_assert!(p.is_finite());
                prop_assert!(p.linear.x.abs() <= top.lateral.speed.get() + 1e-8);
                prop_assert!(p.linear.y.abs() <= top.lateral.speed.get() + 1e-8);
                prop_assert!(p.linear.z <= top.inward.speed.get() + 1e-8);
                prop_assert!(p.linear.z >= -top.outward.speed.get() - 1e-8);
                prop_assert!(p.angular.amax() <= top.angular.speed.get() + 1e-8);
                // Rates, by the longest step the profile makes at once.
                prop_assert!((p.linear.xy() - before.linear.xy()).amax() <= top.lateral.acceleration.get() * 3e-3 + 1e-8);
                prop_assert!((p.linear.z - before.linear.z).abs() <= top.outward.acceleration.get() * 3e-3 + 1e-8);
                prop_assert!((p.angular - before.angular).amax() <= top.angular.acceleration * 3e-3 + 1e-8);
                // Motion only ever builds up towards the patient while somebody drives or it complies.
                if !matches!(goal, Goal::Follow { .. } | Goal::Comply { .. }) {
                    prop_assert!(p.linear.z <= before.linear.z.max(0.0) + 0.5 * top.inward.acceleration.get() * 1e-2);
                }
                before = p;
                // The ladder.
                let now = scene.rung();
                if tick == 0 && stop.is_some() {
                    prop_assert_eq!(now, Rung::EStop);
                }
                if height(now) > height(rung) {
                    let legal = now == Rung::Engaged || (now == Rung::Release && matches!(rung, Rung::Ready | Rung::Retract | Rung::Parked));
                    prop_assert!(legal, "{rung:?} to {now:?}");
                }
                if now == Rung::Engaged && rung != Rung::Engaged {
                    prop_assert_eq!(scene.directive.cause, Cause::ClutchPressed);
                    prop_assert_eq!(scene.facts.command.map(|command| command.clutch), Some(Clutch::Pressed));
                    prop_assert_eq!(scene.facts.link_quality, LinkQuality::Green);
                }
            }
        }
    }
}
