//! Prints what happens in an exam, ten lines a second: time, ladder, contact, force true and target, tip.
use std::time::Duration;
use farprobe_geom::{Newton, Time};
use farprobe_sim::{arm::PlantCard, body::BodyCard, link::LinkProfile};
use farprobe_world::{Hand, World, WorldCard};

fn main() {
    let ms = Time::from_millis;
    let s = Duration::from_secs_f64;
    let hand = Hand::new(Newton::literal(8.0))
        .press(ms(3_000))
        .travel(ms(3_100), s(5.5), [0.0, 0.0, 0.046])
        .travel(ms(10_500), s(3.0), [0.025, 0.0, 0.0])
        .turn(ms(14_000), s(1.5), [0.2, 0.0, 0.0])
        .turn(ms(15_500), s(1.5), [-0.2, 0.0, 0.0])
        .turn(ms(17_300), s(1.2), [0.0, 0.0, 0.35])
        .open(ms(18_700))
        .travel(ms(18_900), s(1.0), [-0.025, 0.0, 0.0])
        .press(ms(20_100))
        .travel(ms(20_300), s(1.8), [-0.015, 0.0, 0.0])
        .travel(ms(24_000), s(3.5), [0.0, 0.0, -0.045])
        .open(ms(28_000));
    let link = LinkProfile::default();
    let card = WorldCard { plant: PlantCard::A, body: BodyCard::default(), up: link.clone(), down: link };
    let mut world = World::new(&card, 1, Box::new(hand)).unwrap();
    while world.now() < ms(30_000) {
        world.tick();
        let (plant, outcome) = *world.last().unwrap();
        if let Some(t) = outcome.transition { println!("{:7.3} {:?} -> {:?} ({:?})", world.now().as_secs_f64(), t.from, t.to, t.cause); }
        if world.now().as_nanos() % 250_000_000 == 0 {
            println!("{:7.3} {:?} {:?} true {:5.2} sensed {:5.2} target {:4.2} link {:?} tip {:.4?} q {:.3?}", world.now().as_secs_f64(), outcome.state.ladder, outcome.state.contact,
                -plant.contact.force.z, outcome.contact_force.get(), outcome.state.force_target.get(), outcome.state.link, plant.tip_in_patient.position().as_slice(), plant.positions.as_slice());
        }
    }
    println!("{:?}\nmean {:?} peak {}", world.seen().rungs(), world.seen().mean_settled_force(), world.seen().peak_force);
}
