//! What goes wrong when, in one cycle of an exam.

use std::time::Duration;

use farprobe_geom::{Newton, Time};
use farprobe_proto::{Bedside, PictureHealth, PictureReport};
use farprobe_sim::arm::SensorFault;
use farprobe_sim::link::{Jitter, LinkProfile, LinkState, Loss, Order, Probability, Reorder};

use super::Class;
use super::scenario::Act;
use crate::chance::Chance;
use crate::{HandleState, LineCard, LineId, Meddling, Tampering};

/// A fault lasts at most so long before everything is mended, ms.
const fn longest_fault(class: Class) -> u64 {
    match class {
        // A wrong stamp is the least transit of the next ten seconds, in which everything else counts as late: time for those.
        Class::Clock | Class::Tampered | Class::BadLine => 1_000,
        _ => 6_000,
    }
}

/// When the first fault may come, ms: from the middle of the approach on.
const FIRST_FAULT: (u64, u64) = (3_500, 11_000);

/// From the first fault to everything being mended.
#[derive(Debug, Clone, Copy)]
struct Window {
    begin: Time,
    heal: Time,
}

impl Window {
    /// Something that happens again and again; what it is says how long until the next.
    fn again(
        self,
        chance: &mut Chance,
        acts: &mut Vec<(Time, Act)>,
        mut what: impl FnMut(&mut Chance, Time, &mut Vec<(Time, Act)>) -> Duration,
    ) {
        let mut at = self.begin;
        while at < self.heal {
            let pause = what(chance, at, acts);
            at = at + pause;
        }
    }
}

/// The faults of the cycle that begins at `cycle`, and their healing.
pub(super) fn faults(class: Class, cycle: Time, line: &LineCard, chance: &mut Chance, acts: &mut Vec<(Time, Act)>) {
    let begin = cycle + chance.millis(FIRST_FAULT.0, FIRST_FAULT.1);
    let window = Window { begin, heal: begin + chance.millis(300, longest_fault(class)) };
    match class {
        Class::Scan
        | Class::Touch
        | Class::BreathingSoft
        | Class::BreathingFirm
        | Class::Cough
        | Class::CoughStiff
        | Class::Adversary
        | Class::AdversaryInContact => return,
        // Driving begins on a good line only; then it turns bad, and the rest of the exam is on it.
        Class::Loss5Burst2 => return acts.push((begin, bursts(2.0, line))),
        Class::Loss5Burst3 => return acts.push((begin, bursts(3.0, line))),
        Class::Loss5Burst5 => return acts.push((begin, bursts(5.0, line))),
        Class::LinkLost
        | Class::LinkLostBreathing
        | Class::OneWay
        | Class::Flap
        | Class::BadLine
        | Class::Tampered
        | Class::ClutchLost => on_the_line(class, window, chance, acts),
        Class::Clock | Class::CartStall | Class::CartStallLong | Class::ConsoleStall | Class::ConsoleDies => {
            in_the_machines(class, window, chance, acts);
        }
        Class::Picture => acts.push((begin, picture(chance))),
        Class::Sensor => acts.push((begin, Act::Sensor(sensor(chance)))),
        Class::ConsoleGone => acts.push((begin, Act::Console(false))),
        Class::HandleLost => acts.push((begin, Act::Handle(HandleState::Lost))),
        Class::Meddled => acts.push((begin, Act::Meddle(meddling(chance)))),
        Class::ArmFrozen => acts.push((begin, Act::Meddle(Meddling::Frozen))),
        Class::TwoFaults => return two_faults(cycle, line, chance, acts),
        Class::Bedside | Class::Push | Class::Rivals => by_people(class, window, chance, acts),
    }
    acts.push((window.heal, Act::Heal));
}

/// Two faults that may come together, and end together.
fn two_faults(cycle: Time, line: &LineCard, chance: &mut Chance, acts: &mut Vec<(Time, Act)>) {
    // Of those that leave the force to the probe, and need nobody else.
    const FAULTS: [Class; 12] = [
        Class::LinkLost,
        Class::OneWay,
        Class::Flap,
        Class::BadLine,
        Class::Tampered,
        Class::ClutchLost,
        Class::CartStall,
        Class::ConsoleStall,
        Class::Picture,
        Class::Sensor,
        Class::Bedside,
        Class::HandleLost,
    ];
    let mut both = Vec::new();
    for _ in 0..2 {
        faults(FAULTS[chance.below(FAULTS.len())], cycle, line, chance, &mut both);
    }
    let heals = both.iter().filter(|(_, act)| *act == Act::Heal).map(|(at, _)| *at).max();
    both.retain(|(_, act)| *act != Act::Heal);
    acts.append(&mut both);
    acts.extend(heals.map(|at| (at, Act::Heal)));
}

/// What somebody makes of the setpoints of one joint: as much at once as a hand moves, or a creeping.
fn meddling(chance: &mut Chance) -> Meddling {
    let side = if chance.hits(0.5) { 1.0 } else { -1.0 };
    let joint = chance.below(7);
    if chance.hits(0.5) {
        Meddling::Joint { joint, leap: side * chance.between_orders(0.02, 0.2), drift: 0.0 }
    } else {
        Meddling::Joint { joint, leap: 0.0, drift: side * chance.between_orders(0.05, 0.5) }
    }
}

fn on_the_line(class: Class, window: Window, chance: &mut Chance, acts: &mut Vec<(Time, Act)>) {
    let (up, cut) = (LinkState::Up, LinkState::Cut);
    match class {
        Class::OneWay if chance.hits(0.5) => acts.push((window.begin, Act::Links(cut, up))),
        Class::OneWay => acts.push((window.begin, Act::Links(up, cut))),
        Class::Flap => {
            let dead = if chance.hits(0.5) { cut } else { LinkState::Stalled };
            let period = Duration::from_secs_f64(1.0 / chance.between(1.0, 20.0));
            window.again(chance, acts, |chance, at, acts| {
                acts.push((at, Act::Links(dead, dead)));
                acts.push((at + period.mul_f64(chance.between(0.2, 0.8)), Act::Links(up, up)));
                period
            });
        }
        Class::BadLine => acts.push((window.begin, Act::Line(Box::new((bad(chance), bad(chance)))))),
        Class::Tampered => {
            let how = Tampering { flip: chance.between(0.0, 0.2), replay: chance.between(0.0, 0.5) };
            acts.push((window.begin, Act::Tamper(how)));
        }
        Class::ClutchLost => window.again(chance, acts, |chance, at, acts| {
            acts.push((at, Act::Links(cut, up)));
            acts.push((at + chance.millis(5, 400), Act::Links(up, up)));
            chance.millis(401, 900)
        }),
        _ => acts.push((window.begin, Act::Links(cut, cut))),
    }
}

fn in_the_machines(class: Class, window: Window, chance: &mut Chance, acts: &mut Vec<(Time, Act)>) {
    let orders = |chance: &mut Chance, low, high| Duration::from_secs_f64(chance.between_orders(low, high));
    match class {
        Class::Clock => window.again(chance, acts, |chance, at, acts| {
            acts.push((at, Act::ClockStep(chance.within(3.6e6) as i64)));
            chance.millis(100, 3_000)
        }),
        Class::CartStall => window.again(chance, acts, |chance, at, acts| {
            acts.push((at, Act::StallCart(chance.millis(1, 5))));
            chance.millis(20, 500)
        }),
        Class::CartStallLong => window.again(chance, acts, |chance, at, acts| {
            acts.push((at, Act::StallCart(orders(chance, 0.005, 1.0))));
            chance.millis(1_000, 3_000)
        }),
        Class::ConsoleStall => window.again(chance, acts, |chance, at, acts| {
            acts.push((at, Act::StallConsole(orders(chance, 0.005, 2.0))));
            chance.millis(1_000, 3_000)
        }),
        _ => acts.push((window.begin, Act::Console(false))),
    }
}

fn by_people(class: Class, window: Window, chance: &mut Chance, acts: &mut Vec<(Time, Act)>) {
    const SWITCHES: [Act; 5] = [
        Act::RemoteStop,
        Act::Bedside(Bedside::Stop),
        Act::Bedside(Bedside::Disarm),
        Act::Bedside(Bedside::Reset),
        Act::Bedside(Bedside::Arm),
    ];
    window.again(chance, acts, |chance, at, acts| match class {
        Class::Bedside => {
            acts.push((at, SWITCHES[chance.below(SWITCHES.len())].clone()));
            chance.millis(100, 3_000)
        }
        Class::Push => {
            let lasts = chance.millis(50, 1_000);
            acts.push((at, Act::Push(chance.between(-15.0, 30.0))));
            acts.push((at + lasts, Act::Push(0.0)));
            lasts + chance.millis(200, 1_500)
        }
        _ => {
            acts.push((at, Act::Release(LineId(chance.below(2)))));
            chance.millis(100, 2_000)
        }
    });
}

fn picture(chance: &mut Chance) -> Act {
    const HEALTH: [PictureHealth; 4] =
        [PictureHealth::Good, PictureHealth::Frozen, PictureHealth::FrozenByOperator, PictureHealth::Absent];
    let health = HEALTH[chance.below(HEALTH.len())];
    let age_ms = if health == PictureHealth::Good { 900 } else { chance.between(30.0, 900.0) as u16 };
    Act::Picture(PictureReport { age_ms, health })
}

fn sensor(chance: &mut Chance) -> SensorFault {
    let newton = |value: f64| Newton::new(value).unwrap_or_default();
    let side = if chance.hits(0.5) { 1.0 } else { -1.0 };
    match chance.below(8) {
        0 => SensorFault::NotANumber,
        1 => SensorFault::Stuck,
        2 => SensorFault::SignFlip,
        3 => SensorFault::Saturated(newton(chance.between(1.0, 6.0))),
        4 => SensorFault::Dropout,
        5 => SensorFault::BiasStep(newton(side * chance.between(3.0, 20.0))),
        6 => SensorFault::BiasDrift { per_second: newton(side * chance.between(0.5, 5.0)) },
        _ => SensorFault::Noisy { factor: 10.0 },
    }
}

/// The line with a loss of 5 % in bursts of this mean length, and ±20 ms of jitter about the mean.
fn bursts(length: f64, line: &LineCard) -> Act {
    let way = |delay| LinkProfile {
        delay,
        jitter: Jitter::Uniform(Duration::from_millis(40)),
        loss: gilbert_elliott(0.05, length),
        ..LinkProfile::PERFECT
    };
    Act::Line(Box::new((way(line.up.delay), way(line.down.delay))))
}

/// A loss of this share in bursts of this mean length: everything is lost in the bad state, nothing in the good one.
fn gilbert_elliott(share: f64, burst: f64) -> Loss {
    let probability = |value: f64| Probability::new(value).unwrap_or_default();
    let to_good = 1.0 / burst;
    Loss::GilbertElliott {
        to_bad: probability(to_good * share / (1.0 - share)),
        to_good: probability(to_good),
        in_good: Probability::NEVER,
        in_bad: Probability::ALWAYS,
    }
}

/// A line nobody would want to drive over.
fn bad(chance: &mut Chance) -> LinkProfile {
    let probability = |value: f64| Probability::new(value).unwrap_or_default();
    let mean = chance.millis(1, 20);
    LinkProfile {
        delay: chance.millis(1, 150),
        jitter: Jitter::LongTail { mean, most: mean * 10 },
        order: if chance.hits(0.5) { Order::Free } else { Order::Kept },
        loss: gilbert_elliott(chance.between(0.0, 0.3), chance.between(1.0, 20.0)),
        duplicate: probability(chance.between(0.0, 0.5)),
        reorder: Reorder { probability: probability(chance.between(0.0, 0.2)), by: chance.millis(1, 120) },
        ..LinkProfile::PERFECT
    }
}
