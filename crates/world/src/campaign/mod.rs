//! A campaign: many seeded exams of every class of faults, checked at every tick and measured.

mod class;
mod faults;
mod recovery;
mod scenario;
mod tally;

use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

use farprobe_geom::{Time, Wrench};
use farprobe_proto::Bedside;
use farprobe_sim::arm::PlantCard;
use farprobe_sim::link::LinkState;
use nalgebra::Vector3;

pub use class::{Bar, Class};
pub use scenario::{Act, Scenario};
pub use tally::{ClassTally, Spread, Tally};

use crate::adversary::{self, Adversary, Plan, Way};
use crate::invariants::{Break, Checker, Excuses};
use crate::meter::{Figure, Figures, Meter, SOFT};
use crate::observation::Observation;
use crate::sonographer::Sonographer;
use crate::{Console, GOOD_PICTURE, HandleState, LineId, Meddling, OperatorConsole, Tampering, World, WorldError};
use recovery::Recovery;

/// How an adversary looks for its plan.
struct Search {
    way: Way,
    /// Exams it may try before its best plan is judged.
    tries: u32,
    /// How long each of them lasts: the line is measured, the probe goes down, and the plan is played for some seconds.
    lasts: Duration,
}

impl Search {
    /// The one of this class, if it is an adversary's.
    const fn of(class: Class) -> Option<Self> {
        match class {
            Class::Adversary => Some(Self { way: Way::Blind, tries: 6, lasts: Duration::from_secs(12) }),
            // Touch takes about four seconds; a plan has four more. A tenth of the campaign's time goes there.
            Class::AdversaryInContact => Some(Self { way: Way::InContact, tries: 36, lasts: Duration::from_secs(8) }),
            _ => None,
        }
    }
}

/// What came of one exam.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// Its class.
    pub class: Class,
    /// Its seed.
    pub seed: u64,
    /// What did not hold.
    pub breaks: Vec<Break>,
    /// What was measured.
    pub figures: Figures,
    /// Of everything that came out, tick by tick: the same seed gives the same.
    pub hash: u64,
    /// Virtual time simulated.
    pub lasted: Duration,
    /// Ticks in which a console moved the probe without holding the lease.
    pub ticks_two_drivers: u64,
    /// How often the rows of the tip's acceleration and jerk were not what its motion was judged by.
    pub excuses: Excuses,
}

/// Runs the exam of this class and seed.
///
/// # Errors
/// The world can't be made: the shipped arm can't reach where the exam begins.
pub fn run(class: Class, seed: u64, lasts: Duration, plant: &PlantCard) -> Result<Report, WorldError> {
    replay(class, seed, lasts, plant, |_| {})
}

/// The plan an adversary finds for this patient.
fn worst_plan(scenario: &Scenario, search: &Search) -> Result<Plan, WorldError> {
    let mut failure = None;
    let short = Scenario { lasts: search.lasts, ..scenario.clone() };
    let (plan, _) = adversary::search(search.way, scenario.seed, search.tries as usize, |plan| {
        match exam(&short, Some(plan), &mut |_| {}) {
            // A plan that breaks an invariant is the one that is looked for.
            Ok(report) if !report.breaks.is_empty() => f64::INFINITY,
            Ok(report) => report.figures.get(&Figure::Peak).and_then(|peak| peak.first().copied()).unwrap_or(0.0),
            Err(error) => {
                failure = Some(error);
                0.0
            }
        }
    });
    failure.map_or(Ok(plan), Err)
}

/// Runs the exam of this class and seed, and shows every tick to `look`: to see what happened in it.
///
/// # Errors
/// As [`run`].
pub fn replay(
    class: Class,
    seed: u64,
    lasts: Duration,
    plant: &PlantCard,
    mut look: impl FnMut(&Observation<'_>),
) -> Result<Report, WorldError> {
    let scenario = Scenario::new(class, seed, lasts, plant);
    let search = Search::of(class);
    let plan = search.as_ref().map(|search| worst_plan(&scenario, search)).transpose()?;
    exam(&scenario, plan.as_ref(), &mut look)
}

/// Runs a scenario, driven by its sonographer or by an adversary with this plan.
fn exam(
    scenario: &Scenario,
    plan: Option<&Plan>,
    look: &mut impl FnMut(&Observation<'_>),
) -> Result<Report, WorldError> {
    let mut world = World::with_consoles(&scenario.card, scenario.seed, consoles(scenario, plan))?;
    if scenario.class.is_taken_over() {
        // Until then nobody sits there.
        world.set_console(LineId(1), false);
    }
    let hard = world.config().limits.hard_force.get();
    let ceiling = match scenario.class.bar(&scenario.card.plant) {
        Bar::Overshoot if scenario.stiffness <= SOFT => Some(hard + 2.0),
        Bar::Overshoot => Some(hard * 1.1),
        Bar::HardLimit => Some(hard),
        Bar::Reported => None,
    };
    let mut checker = Checker::new(world.config(), ceiling);
    let (mut meter, mut recovery, mut hasher) = (Meter::default(), Recovery::default(), DefaultHasher::new());
    let mut acts = scenario.acts.iter().peekable();
    let end = Time::ZERO + scenario.lasts;
    // What was mended last is followed to its end.
    while world.now() < end || recovery.is_open() {
        while let Some((_, act)) = acts.next_if(|(at, _)| *at <= world.now()) {
            perform(act, scenario, &mut world, &mut checker, &mut meter, &mut recovery);
        }
        world.tick();
        let Some(seen) = Observation::of(&world) else { continue };
        checker.tick(&seen);
        meter.tick(&seen);
        recovery.tick(&seen, &mut checker, &mut meter);
        mix(&seen, &mut hasher);
        look(&seen);
        for action in recovery.staff(&seen) {
            world.bedside(*action);
            if *action == Bedside::Reset {
                checker.reset_asked();
            }
        }
    }
    recovery.finish(world.now(), &mut checker);
    Ok(Report {
        class: scenario.class,
        seed: scenario.seed,
        ticks_two_drivers: checker.ticks_two_drivers(),
        excuses: checker.excuses(),
        breaks: checker.breaks().to_vec(),
        figures: meter.finish(hard, scenario.stiffness, world.now()),
        hash: hasher.finish(),
        lasted: world.now().saturating_since(Time::ZERO)
            + plan.and(Search::of(scenario.class)).map_or(Duration::ZERO, |search| search.lasts * search.tries),
    })
}

fn consoles(scenario: &Scenario, plan: Option<&Plan>) -> Vec<(crate::LineCard, Box<dyn Console>)> {
    let sonographer = |seed| OperatorConsole::new(Box::new(Sonographer::new(scenario.manner, scenario.force, seed)));
    let first: Box<dyn Console> = match plan {
        Some(plan) => Box::new(Adversary::new(plan.clone(), scenario.seed)),
        None => Box::new(sonographer(scenario.seed)),
    };
    let mut consoles = vec![(scenario.line, first)];
    if scenario.class == Class::Rivals || scenario.class.is_taken_over() {
        consoles.push((scenario.line, Box::new(sonographer(!scenario.seed))));
    }
    consoles
}

fn perform(
    act: &Act,
    scenario: &Scenario,
    world: &mut World,
    checker: &mut Checker,
    meter: &mut Meter,
    recovery: &mut Recovery,
) {
    const FIRST: LineId = LineId::FIRST;
    const SECOND: LineId = LineId(1);
    let now = world.now();
    match act {
        Act::Links(up, down) => world.set_links(FIRST, *up, *down),
        Act::Line(ways) => {
            world.set_profiles(FIRST, ways.0, ways.1);
            meter.line_turns_bad(now);
        }
        Act::Sensor(fault) => {
            world.plant().set_sensor_fault(now, Some(*fault));
            meter.sensor_breaks(now);
        }
        Act::Picture(picture) => world.set_picture(FIRST, *picture),
        Act::Console(alive) => world.set_console(FIRST, *alive),
        Act::StallCart(how_long) => world.stall_cart(*how_long),
        Act::StallConsole(how_long) => world.stall_console(FIRST, *how_long),
        Act::Bedside(action) => {
            world.bedside(*action);
            if *action == Bedside::Reset {
                checker.reset_asked();
            }
        }
        Act::RemoteStop => world.remote_stop(),
        Act::Push(force) => {
            let force = Vector3::new(0.0, 0.0, -force);
            world.plant().push(now, Wrench::new(force, Vector3::zeros()));
        }
        Act::ClockStep(millis) => world.step_clock(FIRST, *millis),
        Act::Tamper(how) => world.tamper(FIRST, *how),
        Act::Handle(state) => world.set_handle(FIRST, *state),
        Act::Meddle(how) => {
            world.meddle(*how);
            meter.arm_meddled(now, *how);
        }
        Act::Release(line) => world.release_lease(*line),
        Act::Heal => {
            world.set_links(FIRST, LinkState::Up, LinkState::Up);
            world.set_profiles(FIRST, scenario.line.up, scenario.line.down);
            world.plant().set_sensor_fault(now, None);
            world.plant().push(now, Wrench::zero());
            world.meddle(Meddling::None);
            world.set_handle(FIRST, HandleState::There);
            world.set_picture(FIRST, GOOD_PICTURE);
            // Whom nobody can mend, somebody else takes over from.
            let taken_over = scenario.class.is_taken_over();
            world.set_console(FIRST, !taken_over);
            world.set_console(SECOND, true);
            world.tamper(FIRST, Tampering::NONE);
            meter.heals(now);
            recovery.begin(now);
        }
    }
}

/// Everything that came out of a tick goes into the hash.
fn mix(seen: &Observation<'_>, hasher: &mut DefaultHasher) {
    seen.plant.force.get().to_bits().hash(hasher);
    seen.outcome.state.ladder.hash(hasher);
    seen.outcome.applied.map(|applied| applied.sequence).hash(hasher);
    if let Some(target) = &seen.outcome.target {
        for angle in target.positions.as_slice() {
            angle.to_bits().hash(hasher);
        }
    }
}

#[cfg(test)]
mod tests;
