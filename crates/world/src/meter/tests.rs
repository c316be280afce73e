//! What is under way at the end of an exam counts.

use farprobe_geom::{Newton, Twist};
use farprobe_proto::Transition;
use farprobe_servo::Outcome;
use farprobe_sim::arm::PlantState;
use nalgebra::Vector3;

use super::*;
use crate::{Hand, LineCard, World, WorldCard};

/// The first tick of a world, to be altered.
fn first() -> (PlantState, Outcome) {
    let hand = Hand::new(Newton::ZERO);
    let mut world = World::new(&WorldCard::default(), &LineCard::PERFECT, 1, Box::new(hand)).unwrap();
    world.tick();
    *world.last().unwrap()
}

/// A meter that has seen an exam in which driving begins at 10 ms and ends so at 20 ms, if it does; the tip moves all the time.
fn metered(left_for: Option<(Ladder, Cause)>, until: u64, mut meddle: impl FnMut(&mut Meter, u64)) -> Meter {
    let (plant, mut outcome) = first();
    let mut meter = Meter::default();
    for ms in 1..=until {
        meddle(&mut meter, ms);
        let now = Time::from_millis(ms);
        let step = |from, to, cause| Some(Transition { at: now, from, to, cause, origin: cause, epoch: None });
        outcome.transition = match (ms, left_for) {
            (10, _) => step(Ladder::Ready, Ladder::Engaged, Cause::ClutchPressed),
            (20, Some((to, cause))) => step(Ladder::Engaged, to, cause),
            _ => None,
        };
        if let Some(step) = outcome.transition {
            outcome.state.ladder = step.to;
        }
        let sent = Twist::new(Vector3::new(0.05, 0.0, 0.0), Vector3::zeros());
        let outcome = &outcome;
        meter.tick(&Observation {
            now,
            ran: true,
            plant: &plant,
            outcome,
            sent,
            sent_to: None,
            heard: &[],
            holder: None,
        });
    }
    meter
}

fn of(meter: Meter, figure: Figure, until: u64) -> Vec<f64> {
    meter.finish(20.0, 1e4, Time::from_millis(until)).remove(&figure).unwrap_or_default()
}

#[test]
fn a_motion_that_never_stops_counts_for_as_long_as_it_was_seen() {
    let nothing = |_: &mut Meter, _| {};
    let softened = Some((Ladder::Soften, Cause::LinkLost));
    assert_eq!(of(metered(softened, 320, nothing), Figure::StopMs, 320), [300.0]);
    assert_eq!(of(metered(None, 320, nothing), Figure::StopMs, 320), [0.0; 0]);
}

#[test]
fn a_sensor_that_is_still_believed_counts_for_as_long_as_it_was() {
    let breaks = |meter: &mut Meter, ms| {
        if ms == 100 {
            meter.sensor_breaks(Time::from_millis(100));
        }
    };
    assert_eq!(of(metered(None, 600, breaks), Figure::SensorNoticedMs, 600), [500.0]);
    let healed = |meter: &mut Meter, ms| {
        breaks(meter, ms);
        if ms == 300 {
            meter.heals(Time::from_millis(300));
        }
    };
    assert_eq!(of(metered(None, 600, healed), Figure::SensorNoticedMs, 600), [200.0]);
}

#[test]
fn a_loss_that_nobody_noticed_counts_for_as_long_as_it_lasted() {
    let fresh = |meter: &mut Meter, ms| {
        if ms == 15 {
            meter.fresh = Some(Fresh { at: Time::from_millis(15), force: 0.0, rise: Figure::ForceRise });
        }
    };
    assert_eq!(of(metered(None, 40, fresh), Figure::DetectMs, 40), [0.0; 0]);
    assert_eq!(of(metered(None, 315, fresh), Figure::DetectMs, 315), [300.0]);
}

#[test]
fn what_is_counted_by_the_hour_is_counted_while_the_line_is_bad() {
    let bad = |meter: &mut Meter, ms| match ms {
        15 => meter.line_turns_bad(Time::from_millis(15)),
        375 => meter.heals(Time::from_millis(375)),
        _ => {}
    };
    let softened = Some((Ladder::Soften, Cause::LinkLost));
    // Once in 360 ms, whatever else the exam was.
    let per_hour = of(metered(softened, 720, bad), Figure::SoftenPerHour, 720);
    assert!((per_hour[0] - 10_000.0).abs() < 1e-6, "{per_hour:?}");
    let late = |meter: &mut Meter, ms| {
        if ms == 100 {
            meter.line_turns_bad(Time::from_millis(100));
        }
    };
    assert_eq!(of(metered(softened, 720, late), Figure::SoftenPerHour, 720), [0.0], "it was good by then");
}
