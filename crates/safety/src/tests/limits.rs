//! Presets and settings.

use core::time::Duration;

use farprobe_geom::{Metre, MetrePerSecond, Newton, NewtonMetre, RadianPerSecond};

use super::scene::{Scene, config, linear};
use crate::*;

const TOP: Limits = Limits::CEILINGS;

#[test]
fn sr_018_the_compiled_ceilings_are_those_of_the_design() {
    assert_eq!(TOP.soft_force, Newton::literal(15.0));
    assert_eq!(TOP.hard_force, Newton::literal(20.0));
    assert_eq!(TOP.torque, NewtonMetre::literal(1.0));
    assert_eq!(TOP.approach_speed, MetrePerSecond::literal(0.010));
    assert_eq!(TOP.outward.speed, MetrePerSecond::literal(0.200));
}

#[test]
fn sr_018_a_preset_lowers_and_nothing_else() {
    assert_eq!(TOP.tighten(&Preset::default()), Ok(TOP));
    let preset = Preset {
        soft_force: Some(Newton::literal(8.0)),
        hard_force: Some(Newton::literal(12.0)),
        torque: Some(NewtonMetre::literal(0.5)),
        approach_speed: Some(MetrePerSecond::literal(0.005)),
        lateral_speed: Some(MetrePerSecond::literal(0.05)),
        angular_speed: Some(RadianPerSecond::literal(0.3)),
    };
    let limits = TOP.tighten(&preset).unwrap();
    assert_eq!((limits.soft_force.get(), limits.hard_force.get(), limits.torque.get()), (8.0, 12.0, 0.5));
    assert_eq!(
        (limits.approach_speed.get(), limits.lateral.speed.get(), limits.angular.speed.get()),
        (0.005, 0.05, 0.3)
    );
    assert_eq!((limits.outward, limits.inward), (TOP.outward, TOP.inward));
    // The ceiling itself is no wider than the ceiling.
    let widest = Preset { hard_force: Some(TOP.hard_force), ..Preset::default() };
    assert_eq!(TOP.tighten(&widest), Ok(TOP));
    // An exam preset on top of a site preset: it can't take anything back.
    let exam = Preset { hard_force: Some(Newton::literal(13.0)), ..Preset::default() };
    assert_eq!(limits.tighten(&exam), Err(PresetError::Loosened { which: Limit::HardForce }));
}

#[test]
fn sr_018_each_limit_that_would_be_raised_or_is_not_positive_is_named() {
    let n = |value| Some(Newton::literal(value));
    let v = |value| Some(MetrePerSecond::literal(value));
    let none = Preset::default();
    let with = |sign: f64| {
        [
            (Limit::SoftForce, Preset { soft_force: n(15.1 * sign), ..none }),
            (Limit::HardForce, Preset { hard_force: n(20.1 * sign), ..none }),
            (Limit::Torque, Preset { torque: Some(NewtonMetre::literal(1.01 * sign)), ..none }),
            (Limit::ApproachSpeed, Preset { approach_speed: v(0.0101 * sign), ..none }),
            (Limit::LateralSpeed, Preset { lateral_speed: v(0.121 * sign), ..none }),
            (Limit::AngularSpeed, Preset { angular_speed: Some(RadianPerSecond::literal(0.71 * sign)), ..none }),
        ]
    };
    for (which, preset) in with(1.0) {
        assert_eq!(TOP.tighten(&preset), Err(PresetError::Loosened { which }));
    }
    for sign in [0.0, -1.0] {
        for (which, preset) in with(sign) {
            assert_eq!(TOP.tighten(&preset), Err(PresetError::NotPositive { which }));
        }
    }
    let crossed = Preset { hard_force: n(15.0), ..none };
    assert_eq!(TOP.tighten(&crossed), Err(PresetError::Crossed));
}

#[test]
fn sr_018_limits_above_the_ceilings_are_taken_as_the_ceilings() {
    let mut wide = TOP;
    wide.hard_force = Newton::literal(100.0);
    wide.soft_force = Newton::literal(90.0);
    wide.torque = NewtonMetre::literal(10.0);
    wide.approach_speed = MetrePerSecond::literal(1.0);
    wide.lateral.speed = MetrePerSecond::literal(1.0);
    wide.outward.speed = MetrePerSecond::literal(1.0);
    wide.inward.speed = MetrePerSecond::literal(1.0);
    wide.angular = AngularRow { speed: RadianPerSecond::literal(7.0), acceleration: f64::NAN, jerk: f64::INFINITY };
    let scene = Scene::with(&Config { limits: wide, ..config() });
    assert_eq!(*scene.gate.limits(), TOP);
    let mut negative = TOP;
    negative.lateral.speed = MetrePerSecond::literal(-1.0);
    negative.angular.jerk = -5.0;
    let scene = Scene::with(&Config { limits: negative, ..config() });
    assert_eq!((scene.gate.limits().lateral.speed.get(), scene.gate.limits().angular.jerk), (0.0, 0.0));
}

#[test]
fn sr_018_a_lowered_limit_is_the_one_that_is_held() {
    let preset =
        Preset { soft_force: Some(Newton::literal(5.0)), hard_force: Some(Newton::literal(7.0)), ..Preset::default() };
    let limits = TOP.tighten(&preset).unwrap();
    let mut scene = Scene::engaged_with(&Config { limits, ..config() }, 4.0);
    scene.proposal = linear(0.0, 0.0, 0.01);
    scene.run(50);
    assert!(scene.permitted.linear.z > 0.0);
    scene.push(5.0);
    scene.run(50);
    assert_eq!(scene.permitted.linear.z, 0.0);
    scene.push(7.0);
    scene.run(1);
    assert_eq!((scene.rung(), scene.directive.cause), (Rung::Release, Cause::ForceLimit));
}

#[test]
fn sr_006_settings_outside_their_ranges_are_refused_and_named() {
    let ms = Duration::from_millis;
    let nano = Duration::from_nanos(1);
    let short = |millis| ms(millis).saturating_sub(nano);
    let t = Timing::SHIPPED;
    let after = RetractPolicy::After;
    let wide =
        |normal, slowed, crawling| RoundTripBands { normal: ms(normal), slowed: ms(slowed), crawling: ms(crawling) };
    let refused = [
        (t.with_link_timeout(short(20)), Setting::LinkTimeout),
        (t.with_link_timeout(ms(200) + nano), Setting::LinkTimeout),
        (t.with_hold(short(1000)), Setting::Hold),
        (t.with_hold(ms(30_000) + nano), Setting::Hold),
        (t.with_tick_gap(short(3)), Setting::TickGap),
        (t.with_tick_gap(ms(20) + nano), Setting::TickGap),
        (t.with_retract(after(short(500))), Setting::Retract),
        (t.with_retract(after(ms(4000) + nano)), Setting::Retract),
        (t.with_round_trip(wide(100, 99, 350)), Setting::RoundTrip),
        (t.with_round_trip(wide(100, 351, 350)), Setting::RoundTrip),
        (t.with_round_trip(wide(100, 200, 2001)), Setting::RoundTrip),
        (t.with_round_trip(wide(0, 0, 0)), Setting::RoundTrip),
    ];
    for (outcome, which) in refused {
        assert_eq!(outcome, Err(OutOfRange { which }));
    }
    assert_eq!(t.with_link_timeout(ms(20)).map(|t| t.link_timeout()), Ok(ms(20)));
    assert_eq!(t.with_hold(ms(30_000)).map(|t| t.hold()), Ok(ms(30_000)));
    assert_eq!(t.with_tick_gap(ms(20)).map(|t| t.tick_gap()), Ok(ms(20)));
    assert_eq!(t.with_retract(after(ms(4000))).map(|t| t.retract()), Ok(after(ms(4000))));
    assert_eq!(t.with_round_trip(wide(1000, 1000, 1000)).map(|t| t.round_trip()), Ok(wide(1000, 1000, 1000)));
}

#[test]
fn sr_018_errors_say_what_to_mend() {
    use std::string::ToString;
    let loosened = PresetError::Loosened { which: Limit::HardForce };
    assert_eq!(loosened.to_string(), "the hard force limit may only be lowered");
    assert_eq!(OutOfRange { which: Setting::Hold }.to_string(), "the longest hold must be 1 to 30 s");
    assert_eq!(Refused::Speed { joint: 3 }.to_string(), "joint 4 would be too fast");
    assert_eq!(Metre::literal(1.0).to_string(), "1 m");
}

#[test]
fn sr_018_each_error_has_words_of_its_own() {
    use std::collections::BTreeSet;
    use std::string::{String, ToString};
    use std::vec::Vec;
    let limits = [
        Limit::SoftForce,
        Limit::HardForce,
        Limit::Torque,
        Limit::ApproachSpeed,
        Limit::LateralSpeed,
        Limit::AngularSpeed,
    ];
    let presets =
        limits.into_iter().flat_map(|which| [PresetError::Loosened { which }, PresetError::NotPositive { which }]);
    let settings = [Setting::LinkTimeout, Setting::Hold, Setting::TickGap, Setting::Retract, Setting::RoundTrip];
    let joint = 0;
    let refusals = [
        Refused::WrongAxes,
        Refused::NotFinite,
        Refused::Position { joint },
        Refused::Speed { joint },
        Refused::Acceleration { joint },
        Refused::Jump { joint },
        Refused::Lead { joint },
        Refused::Disagrees,
        Refused::Recovering,
    ];
    let all: Vec<String> = (presets.map(|error| error.to_string()))
        .chain([PresetError::Crossed.to_string()])
        .chain(settings.map(|which| OutOfRange { which }.to_string()))
        .chain(refusals.map(|refused| refused.to_string()))
        .collect();
    assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), 12 + 1 + 5 + 9, "{all:?}");
}
