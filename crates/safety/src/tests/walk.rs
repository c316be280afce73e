//! The diagram held to the code, and every short sequence of events.

use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};
use std::vec::Vec;

use farprobe_geom::{Newton, Time};

use super::scene::Scene;
use crate::transition::{Event, Lift, Mobility, Moment, SeenOpen, Touch, next};
use crate::*;

const REFUSED: Cause = Cause::Refused(Objection::SentTooFast);

const DOC: &str = include_str!("../state.rs");

fn events() -> Vec<(&'static str, Vec<Event>)> {
    let every = |event: fn(Cause) -> Event, causes: &[Cause]| causes.iter().map(|cause| event(*cause)).collect();
    std::vec![
        ("Stop", every(Event::Stop, &[Cause::OperatorStop, Cause::BedsideStop])),
        ("Fault", every(Event::Fault, &[Cause::ForceSensor, Cause::ArmFault, REFUSED, Cause::ForceLimit])),
        ("Disarm", std::vec![Event::Disarm]),
        ("Shutdown", std::vec![Event::Shutdown]),
        ("Overload", every(Event::Overload, &[Cause::ForceLimit, Cause::TorqueLimit])),
        ("Impair", every(Event::Impair, &[Cause::LinkLost, Cause::PictureFrozen, Cause::HandleLost])),
        ("Unleased", every(Event::Unleased, &[Cause::LeaseLost, Cause::SessionClosed])),
        ("Reset", std::vec![Event::Reset]),
        ("Press", std::vec![Event::Press]),
        ("Open", every(Event::Open, &[Cause::ClutchOpened, Cause::FrozenByOperator])),
        ("Clear", every(Event::Clear, &[Cause::Armed, Cause::LeaseGranted])),
        ("Tick", std::vec![Event::Tick]),
    ]
}

fn states(now: Time) -> Vec<State> {
    let ages = [0u64, 249, 250, 499, 500, 999, 1000, 4999, 5000, 9999, 10_000, 30_000];
    let mut states = std::vec![State::Idle, State::Ready, State::Engaged, State::Parked];
    for age in ages {
        let at = Time::from_nanos(now.as_nanos() - age * 1_000_000);
        states.push(State::Hold { entered_at: at, ceiling: Newton::literal(5.0) });
        states.push(State::Soften { fell_at: at, ceiling: Newton::literal(5.0) });
        states.push(State::Release { fell_at: at, then: AfterRelease::Descend });
        states.push(State::Release { fell_at: at, then: AfterRelease::Idle });
        states.push(State::Retract { fell_at: at });
        for stage in [Stage::Lowering { since: at }, Stage::Lifting { since: at }, Stage::Braked] {
            states.push(State::Fault { entered_at: at, stage });
            states.push(State::EStop { entered_at: at, stage });
        }
    }
    states
}

/// All pairs of state and event, in all circumstances: where they lead.
fn reachable() -> BTreeMap<(Rung, &'static str), BTreeSet<std::string::String>> {
    let now = Time::from_millis(100_000);
    let shipped = Timing::SHIPPED;
    let never = shipped.with_retract(RetractPolicy::Never).unwrap();
    let touches =
        [Touch::Free, Touch::Pressing(Newton::literal(1.0)), Touch::Pressing(Newton::literal(9.0)), Touch::Unknown];
    let mut found: BTreeMap<(Rung, &'static str), BTreeSet<std::string::String>> = BTreeMap::new();
    for state in states(now) {
        for (name, variants) in events() {
            let targets = found.entry((state.rung(), name)).or_default();
            for event in variants {
                for timing in [&shipped, &never] {
                    for touch in touches {
                        for lift in [Lift::Underway, Lift::Done] {
                            for clutch in [SeenOpen::No, SeenOpen::Yes] {
                                for arm in [Mobility::Moves, Mobility::Stands] {
                                    let cause = Cause::ClutchOpened;
                                    let at = Moment { now, cause, timing, touch, arm, lift, clutch };
                                    if let Some((state, _)) = next(state, event, &at) {
                                        targets.insert(std::format!("{:?}", state.rung()));
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
    found
}

/// What a line of the diagram says: from which rungs this event leads to which.
fn arrow<'a>(lanes: &[(usize, &'a str)], line: &'a str) -> (&'a str, Vec<&'a str>, Vec<&'a str>) {
    let at = |column: usize| line.as_bytes().get(column).copied().unwrap_or(b' ');
    let named = |wanted: &dyn Fn(usize) -> bool| -> Vec<&'a str> {
        lanes.iter().filter(|(column, _)| wanted(*column)).map(|(_, name)| *name).collect()
    };
    let from = named(&|column| matches!(at(column), b'o' | b'@'));
    let headed = |column: usize| at(column - 1) == b'>' || at(column + 1) == b'<';
    let to = named(&|column| at(column) == b'@' || at(column) == b'|' && headed(column));
    let (last, _) = lanes[lanes.len() - 1];
    let label = line[last + 1..].trim();
    (label.split([',', ':']).next().unwrap(), from, to)
}

#[test]
fn sr_033_the_diagram_in_the_documentation_is_what_the_code_does() {
    let text = |line: &'static str| line.trim_start_matches("///").strip_prefix(' ').unwrap_or_default();
    let mut lines = DOC.lines().skip_while(|line| !line.starts_with("/// Idle ")).map(text);
    let header = lines.next().unwrap();
    // The line of a rung runs two columns to the right of where its name begins.
    let lanes: Vec<(usize, &str)> =
        header.split_whitespace().map(|name| (header.find(name).unwrap() + 2, name)).collect();
    let mut drawn: BTreeMap<(std::string::String, &str), BTreeSet<std::string::String>> = BTreeMap::new();
    for line in lines.take_while(|line| !line.starts_with("```")) {
        let (event, from, to) = arrow(&lanes, line);
        assert!(to.len() == 1 && !from.is_empty(), "no arrow: {line}");
        for rung in from {
            let targets = drawn.entry((std::string::String::from(rung), event)).or_default();
            assert!(targets.insert(std::string::String::from(to[0])), "drawn twice: {line}");
        }
    }
    assert_eq!(lanes.len(), 10);
    for ((rung, event), real) in reachable() {
        let documented = drawn.remove(&(std::format!("{rung:?}"), event)).unwrap_or_default();
        assert_eq!(documented, real, "{rung:?} on {event}");
    }
    assert!(drawn.is_empty(), "no such event or rung: {drawn:?}");
}

/// What a test world may do next.
#[derive(Debug, Clone, Copy)]
enum Act {
    Nothing,
    Open,
    PressAnew,
    PressOld,
    HandleLost,
    Silence,
    PictureFrozen,
    OperatorFreezes,
    Stop,
    Reset,
    Disarm,
    Arm,
    LeaseMoves,
    Touch,
    LetGo,
    Second,
}

const ACTS: [Act; 16] = [
    Act::Nothing,
    Act::Open,
    Act::PressAnew,
    Act::PressOld,
    Act::HandleLost,
    Act::Silence,
    Act::PictureFrozen,
    Act::OperatorFreezes,
    Act::Stop,
    Act::Reset,
    Act::Disarm,
    Act::Arm,
    Act::LeaseMoves,
    Act::Touch,
    Act::LetGo,
    Act::Second,
];

/// An independent memory of what would make a press deliberate.
#[derive(Clone, Copy)]
struct Witness {
    gate: Gate,
    now: Time,
    facts: Facts,
    measured: Measured,
    seen_open: bool,
    number: u32,
    /// Whether the present holder of the lease has pressed with this number, in vain or not.
    used: bool,
    rung: Rung,
}

impl Witness {
    fn step(&mut self, act: Act) {
        self.facts.stop = None;
        self.facts.reset = Reset::None;
        self.facts.command = None;
        self.facts.picture.health = PictureHealth::Good;
        let pressed = |number| Some(Command { clutch: Clutch::Pressed, clutch_in: number });
        let mut gap = Duration::from_millis(1);
        match act {
            Act::Nothing => {}
            Act::Open => self.facts.command = Some(Command { clutch: Clutch::Open, clutch_in: self.number }),
            Act::PressAnew => {
                self.number += 1;
                self.facts.command = pressed(self.number);
            }
            Act::PressOld => self.facts.command = pressed(self.number),
            Act::HandleLost => {
                self.facts.command = Some(Command { clutch: Clutch::HandleLost, clutch_in: self.number });
            }
            // Long enough for the watchdog, and late at the same time.
            Act::Silence => gap = Duration::from_millis(60),
            Act::PictureFrozen => self.facts.picture.health = PictureHealth::Frozen,
            Act::OperatorFreezes => self.facts.picture.health = PictureHealth::FrozenByOperator,
            Act::Stop => self.facts.stop = Some(StopSource::Operator),
            Act::Reset => self.facts.reset = Reset::Requested,
            Act::Disarm => self.facts.arming = Arming::Disarmed,
            Act::Arm => self.facts.arming = Arming::Armed,
            Act::LeaseMoves => {
                let Lease::Held { epoch } = self.facts.lease else { return };
                self.facts.lease = Lease::Held { epoch: epoch + 1 };
            }
            Act::Touch => self.push(8.0),
            Act::LetGo => self.push(0.0),
            Act::Second => gap = Duration::from_secs(1),
        }
        self.now = self.now + gap;
        self.measured.sampled_at = self.now;
        let directive = self.gate.advance(self.now, &self.facts, &self.measured);
        self.judge(act, &directive);
        self.rung = directive.state.rung();
        match act {
            Act::PressAnew | Act::PressOld => self.used = true,
            Act::LeaseMoves => self.used = false,
            _ => {}
        }
        match act {
            Act::Open => self.seen_open = true,
            Act::PressAnew | Act::PressOld | Act::HandleLost | Act::Silence | Act::LeaseMoves | Act::Second => {
                self.seen_open = false;
            }
            _ => {}
        }
    }

    fn push(&mut self, force: f64) {
        let mut scene = Scene::new();
        scene.push(force);
        self.measured.wrench = scene.measured.wrench;
        self.facts.contact = scene.facts.contact;
    }

    fn judge(&self, act: Act, directive: &Directive) {
        let (before, after) = (self.rung, directive.state.rung());
        if after == Rung::Engaged && before != Rung::Engaged {
            let anew = matches!(act, Act::PressAnew) || (matches!(act, Act::PressOld) && !self.used);
            assert!(self.seen_open && anew, "engaged from {before:?} by {act:?}");
            assert!(matches!(before, Rung::Ready | Rung::Hold | Rung::Soften | Rung::Release));
            assert_eq!(directive.anchor, Anchor::Take);
            assert_eq!(self.facts.arming, Arming::Armed);
        } else {
            assert_eq!(directive.anchor, Anchor::Keep);
        }
        if matches!(act, Act::Stop) {
            assert_eq!(after, Rung::EStop);
        }
        if before == Rung::EStop && after != Rung::EStop {
            assert!(matches!(act, Act::Reset) && after == Rung::Idle);
        }
        if matches!(act, Act::HandleLost | Act::Silence | Act::PictureFrozen | Act::LeaseMoves) {
            assert_ne!(after, Rung::Hold);
            assert_ne!(after, Rung::Engaged);
        }
        if after == Rung::Hold && before != Rung::Hold {
            assert!(before == Rung::Engaged && matches!(act, Act::Open | Act::OperatorFreezes));
        }
        if matches!(act, Act::OperatorFreezes) {
            assert_ne!(after, Rung::Engaged);
            assert!(after != Rung::Soften || before == Rung::Soften, "from {before:?}");
        }
        let driven = matches!(directive.goal, Goal::Follow { .. });
        assert_eq!(driven, after == Rung::Engaged);
        if self.facts.arming == Arming::Disarmed {
            assert!(
                matches!(after, Rung::Idle | Rung::Release | Rung::Fault | Rung::EStop),
                "{after:?} though disarmed"
            );
        }
    }
}

/// Every sequence to this depth, from Idle and from Engaged in contact: 16 acts, 2 × 17.9 million steps.
const DEPTH: u32 = 6;

fn walk(witness: &Witness, depth: u32, steps: &mut u64) {
    if depth == 0 {
        return;
    }
    for act in ACTS {
        let mut branch = *witness;
        branch.step(act);
        *steps += 1;
        walk(&branch, depth - 1, steps);
    }
}

fn witness(scene: &Scene) -> Witness {
    Witness {
        gate: scene.gate,
        now: scene.now,
        facts: scene.facts,
        measured: scene.measured,
        seen_open: scene.rung() == Rung::Ready,
        number: 1,
        used: scene.rung() != Rung::Ready,
        rung: scene.rung(),
    }
}

#[test]
fn sr_005_no_short_sequence_of_events_engages_without_a_deliberate_act() {
    let mut steps = 0;
    walk(&witness(&Scene::ready()), DEPTH, &mut steps);
    assert_eq!(steps, (1..=DEPTH).map(|depth| 16u64.pow(depth)).sum::<u64>());
}

#[test]
fn sr_005_nor_does_one_that_begins_in_contact() {
    let mut steps = 0;
    walk(&witness(&Scene::engaged(8.0)), DEPTH, &mut steps);
    assert!(steps > 10_000_000);
}
