//! Prints an exam of the virtual world: every step of the ladder, and four times a second force, target and tip.
//!
//! `cargo run -p farprobe-world --example trace [SEED]`

use std::time::Duration;

use farprobe_geom::{Newton, Time};
use farprobe_world::{Hand, LineCard, World, WorldCard};

fn hand() -> Hand {
    let ms = Time::from_millis;
    let s = Duration::from_secs_f64;
    Hand::new(Newton::literal(8.0))
        .press(ms(3_000))
        .travel(ms(3_100), s(5.5), [0.0, 0.0, 0.046])
        .travel(ms(10_500), s(3.0), [0.025, 0.0, 0.0])
        .turn(ms(14_000), s(1.5), [0.2, 0.0, 0.0])
        .turn(ms(15_500), s(1.5), [-0.2, 0.0, 0.0])
        .open(ms(18_700))
        .travel(ms(18_900), s(1.0), [-0.025, 0.0, 0.0])
        .press(ms(20_100))
        .travel(ms(24_000), s(3.5), [0.0, 0.0, -0.045])
        .open(ms(28_000))
}

fn main() {
    let seed = std::env::args().nth(1).and_then(|seed| seed.parse().ok()).unwrap_or(1);
    let mut world = match World::new(&WorldCard::default(), &LineCard::PERFECT, seed, Box::new(hand())) {
        Ok(world) => world,
        Err(error) => return eprintln!("the world can't be made: {error:?}"),
    };
    while world.now() < Time::from_millis(30_000) {
        world.tick();
        let Some((plant, outcome)) = world.last() else { continue };
        let (at, state) = (world.now().as_secs_f64(), &outcome.state);
        if let Some(step) = outcome.transition {
            println!("{at:7.3} s  {:?} -> {:?} ({:?})", step.from, step.to, step.cause);
        }
        if world.now().as_nanos().is_multiple_of(250_000_000) {
            let (force, target) = (-plant.contact.force.z, state.force_target.get());
            let [x, y, z] = plant.tip_in_patient.to_parts().0.map(|metres| metres * 1e3);
            println!("{at:7.3} s  {:?}  {force:5.2} N of {target:4.2} N  tip {x:6.1} {y:6.1} {z:6.1} mm", state.ladder);
        }
    }
    println!("mean settled force {:?} N, peak {:.2} N", world.seen().mean_settled_force(), world.seen().peak_force);
}
