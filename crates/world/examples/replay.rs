//! Shows an exam of a campaign: every step of the ladder, every change of the clutch, and now and then where everything stands.
//!
//! `cargo run -p farprobe-world --example replay CLASS SEED [SECONDS] [MILLISECONDS BETWEEN LINES]`

use std::time::Duration;

use farprobe_proto::Clutch;
use farprobe_sim::arm::PlantCard;
use farprobe_world::campaign::{Class, replay};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let class = arguments.next().and_then(|name| Class::named(&name)).ok_or("which class? See farprobe-bench world")?;
    let mut number = |otherwise: u64| arguments.next().map_or(Ok(otherwise), |number| number.parse());
    let (seed, seconds, every) = (number(1)?, number(30)?, number(500)?);
    let mut clutch = Clutch::Open;
    let report = replay(class, seed, Duration::from_secs(seconds), &PlantCard::A, |seen| {
        let (at, state) = (seen.now.as_secs_f64(), &seen.outcome.state);
        for heard in seen.heard {
            if core::mem::replace(&mut clutch, heard.command.clutch) != heard.command.clutch {
                println!("{at:8.3} s  console {} has its clutch {clutch:?}", heard.from.0);
            }
        }
        if let Some(step) = seen.outcome.transition.filter(|_| seen.ran) {
            println!("{at:8.3} s  {:?} -> {:?} ({:?})", step.from, step.to, step.cause);
        }
        if seen.now.as_nanos().is_multiple_of(every * 1_000_000) {
            let (force, wanted, felt) =
                (-seen.plant.contact.force.z, state.force_target.get(), -seen.plant.sensed.force.z);
            let [x, y, z] = seen.plant.tip_in_patient.to_parts().0.map(|metres| metres * 1e3);
            let (v, ladder, link) = (seen.sent.linear.z * 1e3, state.ladder, state.link);
            println!(
                "{at:8.3} s  {ladder:?} {link:?}  {force:6.2} N true, {felt:6.2} felt, {wanted:5.2} wanted  \
                 {v:6.1} mm/s  tip {x:6.1} {y:6.1} {z:6.1} mm"
            );
        }
    })?;
    for found in &report.breaks {
        println!("BROKEN {found}");
    }
    println!("{:?}", report.figures);
    Ok(())
}
