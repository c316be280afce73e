//! A console that wants to hurt: authenticated, holding the lease, and free to send whatever can be said.
//!
//! It engages as everybody must. Then it plays a *plan*, and [`search`] looks for the plan that brings about the greatest force:
//! by trying, as somebody with a stolen console and a simulator would.

use farprobe_geom::{Anchor, Newton, Pose, Time, Twist};
use farprobe_proto::{
    CartDatagram, Clutch, Command, ConsoleDatagram, Epoch, Ladder, LeaseStatus, LinkReadiness, PictureReport, State,
    Wire,
};
use farprobe_session::console::{CommandOutbox, Intent};
use nalgebra::{Isometry3, Translation3, UnitQuaternion, Vector3};

use crate::chance::Chance;
use crate::{Console, GOOD_PICTURE};

mod hunt;
use hunt::Hunt;

/// Steps of a plan; played in a ring.
const STEPS: usize = 8;

/// How an adversary goes about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// Whatever can be said, from the first press on; most of it is refused.
    Blind,
    /// It goes down as an operator does, and plays its plan once it touches; its target never goes further in one command than is taken.
    InContact,
}

/// How far such an adversary leaps, m: the gate refuses 60 mm at once (SR-042).
const LEAP: f64 = 0.059;

/// One step of a plan: for a while, this stream of commands.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Step {
    /// For how long, s.
    lasts: f64,
    /// Where the target leaps to at the beginning, m from the anchor along the probe.
    leap: f64,
    /// How fast it goes on from there, m/s: along the probe, and across.
    along: f64,
    across: f64,
    /// How fast the target is said to move, m/s: need not be true.
    said: f64,
    /// How fast it turns, rad/s.
    turn: f64,
    /// A tremor on top, along the probe: m and Hz.
    tremor: (f64, f64),
    /// The force asked for, N.
    force: f64,
    /// Part of the step for which the clutch is held; then it is open.
    held: f64,
    /// Share of the commands that are sent at all.
    sent: f64,
    /// By how much the stamp of a command is late or early, ms.
    stamp: f64,
}

/// A stream of commands to be judged by the force it brings about.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    way: Way,
    steps: [Step; STEPS],
}

impl Step {
    fn any(way: Way, chance: &mut Chance) -> Self {
        let any = Self::whatever(chance);
        match way {
            Way::Blind => any,
            Way::InContact => Self { leap: any.leap / 0.1 * LEAP, held: any.held + 0.6, ..any },
        }
    }

    fn whatever(chance: &mut Chance) -> Self {
        Self {
            lasts: chance.between_orders(0.01, 3.0),
            leap: chance.within(0.1),
            along: chance.within(0.3),
            across: chance.within(0.2),
            said: chance.within(0.5),
            turn: chance.within(1.0),
            tremor: (chance.between_orders(1e-5, 2e-2), chance.between_orders(0.5, 100.0)),
            force: chance.between(0.0, 30.0),
            held: chance.between(0.3, 1.5),
            sent: chance.between(0.3, 1.5),
            stamp: chance.within(30.0),
        }
    }

    /// Another one near this one: some of its numbers drawn anew.
    fn mutated(&self, way: Way, chance: &mut Chance) -> Self {
        let other = Self::any(way, chance);
        let mut keep = |mine: f64, its: f64| if chance.hits(0.35) { its } else { mine };
        Self {
            lasts: keep(self.lasts, other.lasts),
            leap: keep(self.leap, other.leap),
            along: keep(self.along, other.along),
            across: keep(self.across, other.across),
            said: keep(self.said, other.said),
            turn: keep(self.turn, other.turn),
            tremor: (keep(self.tremor.0, other.tremor.0), keep(self.tremor.1, other.tremor.1)),
            force: keep(self.force, other.force),
            held: keep(self.held, other.held),
            sent: keep(self.sent, other.sent),
            stamp: keep(self.stamp, other.stamp),
        }
    }
}

impl Plan {
    /// The plain way to press: straight down, as fast and as hard as can be said.
    fn ram(way: Way) -> Self {
        let leap = if way == Way::Blind { 0.1 } else { LEAP };
        let step = Step {
            lasts: 3.0,
            leap,
            along: 0.3,
            across: 0.0,
            said: 0.5,
            turn: 0.0,
            tremor: (0.0, 1.0),
            force: 30.0,
            held: 1.5,
            sent: 1.5,
            stamp: 0.0,
        };
        Self { way, steps: [step; STEPS] }
    }

    fn any(way: Way, chance: &mut Chance) -> Self {
        Self { way, steps: core::array::from_fn(|_| Step::any(way, chance)) }
    }

    fn mutated(&self, chance: &mut Chance) -> Self {
        let mut steps = self.steps;
        for step in &mut steps {
            if chance.hits(0.4) {
                *step = step.mutated(self.way, chance);
            }
        }
        Self { way: self.way, steps }
    }

    /// The step being played so long (s) after the plan began, and how long it has been played.
    fn step(&self, since: f64) -> (&Step, f64) {
        let [first, ..] = &self.steps;
        let ring: f64 = self.steps.iter().map(|step| step.lasts).sum();
        let mut into = since % ring;
        for step in &self.steps {
            if into < step.lasts {
                return (step, into);
            }
            into -= step.lasts;
        }
        (first, 0.0)
    }
}

/// Looks for the plan with the greatest force: `tries` exams, each judged by `force`. First the plain way to press, then
/// others at random, then changes of the best (a (1+1) evolution strategy). Gives the best plan and its force.
pub fn search(way: Way, seed: u64, tries: usize, mut force: impl FnMut(&Plan) -> f64) -> (Plan, f64) {
    let mut chance = Chance::new(seed);
    let mut best = Plan::ram(way);
    let mut greatest = force(&best);
    for attempt in 1..tries.max(1) {
        let plan = if attempt * 3 < tries { Plan::any(way, &mut chance) } else { best.mutated(&mut chance) };
        let found = force(&plan);
        if found > greatest {
            (best, greatest) = (plan, found);
        }
    }
    (best, greatest)
}

/// An authenticated console that plays a [`Plan`].
pub struct Adversary {
    plan: Plan,
    chance: Chance,
    outbox: CommandOutbox,
    lease: Option<Epoch>,
    asked: bool,
    newest: Option<State>,
    playing: Option<Time>,
    clutch: Clutch,
    clutch_in: u32,
    hunt: Hunt,
}

impl Adversary {
    /// One that plays this plan.
    pub fn new(plan: Plan, seed: u64) -> Self {
        Self {
            plan,
            chance: Chance::new(seed),
            outbox: CommandOutbox::new(),
            lease: None,
            asked: false,
            newest: None,
            playing: None,
            clutch: Clutch::Open,
            clutch_in: 0,
            hunt: Hunt::NOT_BEGUN,
        }
    }

    /// Well-behaved until the cart can be engaged; after that as the plan has it, and well-behaved again when it has lost.
    fn play(&mut self, now: Time) -> Option<(Step, f64)> {
        let state = self.newest.as_ref()?;
        let may_engage = matches!(state.ladder, Ladder::Ready | Ladder::Hold) && state.link == LinkReadiness::Green;
        let lost = matches!(state.ladder, Ladder::Parked | Ladder::Idle | Ladder::Retract);
        match self.playing {
            None if may_engage => self.playing = Some(now),
            Some(_) if lost => self.playing = None,
            _ => {}
        }
        let since = now.saturating_since(self.playing?).as_secs_f64();
        let (step, into) = self.plan.step(since);
        Some((*step, into))
    }
}

impl Console for Adversary {
    fn connected(&mut self) {
        self.outbox = CommandOutbox::new();
        (self.lease, self.asked, self.newest, self.playing) = (None, false, None, None);
    }

    fn asks_for_lease(&mut self, _now: Time) -> bool {
        !core::mem::replace(&mut self.asked, true)
    }

    fn told(&mut self, status: &LeaseStatus) {
        match status {
            LeaseStatus::Yours(epoch) => self.lease = Some(*epoch),
            LeaseStatus::Free | LeaseStatus::HeldBy(_) => (self.lease, self.asked) = (None, false),
            LeaseStatus::Refused(_) => {}
        }
        self.outbox.set_epoch(self.lease);
    }

    fn hear(&mut self, arrived: Time, datagram: &[u8]) {
        if let Ok(CartDatagram::State(state)) = CartDatagram::decode(datagram) {
            self.outbox.heard(arrived, &state);
            self.newest = Some(state);
        }
    }

    fn speak(&mut self, now: Time, _felt: Time) -> Option<Vec<u8>> {
        if self.plan.way == Way::InContact {
            return ConsoleDatagram::Command(self.hunt(now)?).encode();
        }
        let command: Command = match self.play(now) {
            None => {
                self.clutch = Clutch::Open;
                self.outbox.command(now, &intent(now, Clutch::Open, self.clutch_in, &Pose::identity(), 0.0, 0.0))?
            }
            Some((step, into)) => {
                let clutch = if into < step.held * step.lasts { Clutch::Pressed } else { Clutch::Open };
                if (self.clutch, clutch) == (Clutch::Open, Clutch::Pressed) {
                    self.clutch_in = self.clutch_in.wrapping_add(1);
                }
                self.clutch = clutch;
                let tremor = step.tremor.0 * (core::f64::consts::TAU * step.tremor.1 * into).sin();
                let travel = Vector3::new(step.across * into, 0.0, step.leap + step.along * into + tremor);
                let turn = UnitQuaternion::from_scaled_axis(Vector3::x() * step.turn * into);
                let target = Pose::new(Isometry3::from_parts(Translation3::from(travel), turn));
                let command =
                    self.outbox.command(now, &intent(now, clutch, self.clutch_in, &target, step.said, step.force))?;
                if !self.chance.hits(step.sent) {
                    return None;
                }
                let late = (step.stamp * 1e6) as i64;
                let sampled = now.as_nanos().saturating_add_signed(-late);
                Command { sampled_at: Time::from_nanos(sampled), ..command }
            }
        };
        ConsoleDatagram::Command(command).encode()
    }

    fn see(&mut self, _picture: PictureReport) {}

    fn desired_force(&self) -> Newton {
        Newton::ZERO
    }
}

fn intent(now: Time, clutch: Clutch, clutch_in: u32, target: &Pose<Anchor>, said: f64, force: f64) -> Intent {
    Intent {
        sampled_at: now,
        clutch,
        clutch_in,
        target: *target,
        twist: Twist::new(Vector3::new(0.0, 0.0, said), Vector3::zeros()),
        desired_force: Newton::new(force).unwrap_or_default(),
        picture: GOOD_PICTURE,
    }
}
