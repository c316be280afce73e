//! From a class and a seed to an exam: patient, line, operator, and what goes wrong when.

use std::time::Duration;

use farprobe_geom::{Metre, Newton, NewtonPerMetre, Time};
use farprobe_proto::{Bedside, PictureReport};
use farprobe_sim::arm::{PlantCard, SensorFault};
use farprobe_sim::body::{BodyCard, Breathing, Cough, RegionStiffness};
use farprobe_sim::link::{Jitter, LinkProfile, LinkState};

use super::Class;
use super::faults::faults;
use crate::chance::Chance;
use crate::sonographer::Manner;
use crate::world::TICK;
use crate::{HandleState, LineCard, LineId, Meddling, Skew, Tampering, WorldCard};

/// Something that happens in an exam.
#[derive(Debug, Clone, PartialEq)]
pub enum Act {
    /// The line carries, is cut, or stalls: towards the cart, and towards the console.
    Links(LinkState, LinkState),
    /// The line becomes another one: towards the cart, and towards the console.
    Line(Box<(LinkProfile, LinkProfile)>),
    /// The force sensor breaks.
    Sensor(SensorFault),
    /// The picture in front of the operator.
    Picture(PictureReport),
    /// The console's program dies or is started.
    Console(bool),
    /// The cart's machine stalls.
    StallCart(Duration),
    /// The console's machine stalls.
    StallConsole(Duration),
    /// The staff do something.
    Bedside(Bedside),
    /// The operator presses stop.
    RemoteStop,
    /// Somebody pushes on the probe along its axis, N; positive outward, off the patient.
    Push(f64),
    /// The console's clock steps, ms.
    ClockStep(i64),
    /// Somebody on the line.
    Tamper(Tampering),
    /// The handle goes, or comes back.
    Handle(HandleState),
    /// Somebody between the program and the arm.
    Meddle(Meddling),
    /// A console gives the lease back.
    Release(LineId),
    /// Everything is mended; the operator may go on.
    Heal,
}

/// A whole exam before it begins.
#[derive(Debug, Clone)]
pub struct Scenario {
    /// What goes wrong.
    pub class: Class,
    /// Where it all comes from.
    pub seed: u64,
    /// How long it lasts.
    pub lasts: Duration,
    /// Arm and patient.
    pub card: WorldCard,
    /// The first console's line.
    pub line: LineCard,
    /// How the operator works, and the force asked for at first.
    pub manner: Manner,
    /// See [`Scenario::manner`].
    pub force: Newton,
    /// What happens, in order.
    pub acts: Vec<(Time, Act)>,
    /// Stiffness of all the tissue, N/m.
    pub stiffness: f64,
}

/// Time from one fault to the next: to go down, to be disturbed, to heal, and to drive again.
const CYCLE: Duration = Duration::from_secs(24);

impl Scenario {
    /// The exam of this class and seed.
    pub fn new(class: Class, seed: u64, lasts: Duration, plant: &PlantCard) -> Self {
        // Each class draws from a stream of its own.
        let mut chance = Chance::new(seed.wrapping_mul(0x0100_0000_01B3) ^ (class as u64) << 56);
        let stiffness = stiffness(class, &mut chance);
        let body = body(class, stiffness, lasts, &mut chance);
        let (manner, force) = match class {
            Class::BreathingSoft | Class::BreathingFirm | Class::Cough | Class::CoughStiff => (Manner::KeepsStill, 8.0),
            Class::Touch => (Manner::KeepsStill, 15.0),
            _ => (Manner::Scans, chance.between(5.0, 12.0)),
        };
        let card = WorldCard {
            plant: plant.clone(),
            body,
            start_height: Metre::new(chance.between(0.003, 0.012)).unwrap_or_default(),
            ..WorldCard::default()
        };
        let line = line(class, &mut chance);
        let mut acts = Vec::new();
        let mut cycle = Time::ZERO;
        while cycle + CYCLE <= Time::ZERO + lasts {
            faults(class, cycle, &line, &mut chance, &mut acts);
            cycle = cycle + CYCLE;
        }
        acts.sort_by_key(|(at, _)| *at);
        // In the end everything is mended, where it was not before, and the operator goes on.
        let is_heal = |(_, act): &(Time, Act)| *act == Act::Heal;
        if !acts.iter().any(is_heal) {
            // In its last tick.
            acts.push((Time::ZERO + lasts.saturating_sub(TICK), Act::Heal));
        }
        let force = Newton::new(force).unwrap_or_default();
        Self { class, seed, lasts, card, line, manner, force, acts, stiffness }
    }
}

fn stiffness(class: Class, chance: &mut Chance) -> f64 {
    1e3 * match class {
        Class::Touch | Class::Adversary | Class::AdversaryInContact => chance.between_orders(0.3, 150.0),
        Class::BreathingSoft | Class::Cough => chance.between_orders(0.3, 5.0),
        Class::BreathingFirm => 10.0,
        Class::CoughStiff => chance.between_orders(5.0, 25.0),
        // Belly to chest: what moves is never stiffer.
        _ => chance.between_orders(1.0, 25.0),
    }
}

fn body(class: Class, stiffness: f64, lasts: Duration, chance: &mut Chance) -> BodyCard {
    let millimetres = |value: f64| Metre::new(value * 1e-3).unwrap_or_default();
    let breathing = match class {
        Class::BreathingSoft | Class::BreathingFirm => {
            Breathing { amplitude: millimetres(10.0), period: Duration::from_secs_f64(1.0 / chance.between(0.2, 0.5)) }
        }
        Class::LinkLostBreathing => Breathing {
            amplitude: millimetres(chance.between(2.0, 10.0)),
            period: Duration::from_secs_f64(1.0 / chance.between(0.2, 0.5)),
        },
        Class::Touch
        | Class::Adversary
        | Class::AdversaryInContact
        | Class::LinkLost
        | Class::Cough
        | Class::CoughStiff => Breathing::HELD,
        _ if stiffness > 10_000.0 || chance.hits(0.3) => Breathing::HELD,
        _ => Breathing {
            amplitude: millimetres(chance.between(1.0, 6.0)),
            period: Duration::from_secs_f64(chance.between(3.0, 6.0)),
        },
    };
    let coughs = match class {
        Class::Cough | Class::CoughStiff => {
            let mut at = Time::ZERO + chance.millis(8_000, 11_000);
            let mut coughs = Vec::new();
            while at <= Time::ZERO + lasts {
                coughs.push(Cough::at(at));
                at = at + chance.millis(3_000, 7_000);
            }
            coughs
        }
        _ => Vec::new(),
    };
    let k = NewtonPerMetre::new(stiffness).unwrap_or_default();
    // Where the heart beats the skin moves by tenths of a millimetre; the promises are about breath.
    BodyCard { breathing, stiffness: RegionStiffness { belly: k, chest: k, skull: k }, coughs, ..BodyCard::default() }
}

fn line(class: Class, chance: &mut Chance) -> LineCard {
    let delay = |chance: &mut Chance| chance.millis(1, 35);
    let way = |delay, jitter| LinkProfile { delay, jitter, ..LinkProfile::PERFECT };
    let usual = |chance: &mut Chance| way(delay(chance), Jitter::Uniform(chance.millis(0, 8)));
    let skew = Skew {
        ahead: Duration::from_secs_f64(chance.between(7_200.0, 50_000.0)),
        drift_ppm: chance.within(if class == Class::Clock { 500.0 } else { 50.0 }) as i32,
    };
    LineCard { up: usual(chance), down: usual(chance), skew, tampering: Tampering::NONE }
}
