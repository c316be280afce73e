//! A simulated sonographer: looks at the state, and scans.

use std::time::Duration;

use farprobe_geom::{Newton, Pose, Time};
use farprobe_proto::{Contact, Ladder, LinkReadiness, State};
use nalgebra::{Isometry3, Translation3, UnitQuaternion, Vector3};

use crate::chance::Chance;
use crate::operator::minimum_jerk;
use crate::{Operator, Wish};

/// A person notices that the probe does not follow any more, and lets go, after this time (simple visual reaction: 200–300 ms).
const REACTION: Duration = Duration::from_millis(250);

/// For so long a person holds the clutch down waiting for the probe to follow before trying again.
const PATIENCE: Duration = Duration::from_millis(600);

/// How far sideways of where the hand began the probe is taken, m, and how far it is turned, rad: the part of the belly under a
/// hand.
const FIELD: f64 = 0.030;
const FAN: f64 = 0.25;

/// How far the hand pushes on after the touch, m: the whole force asked for is reached on the way.
const PUSH_ON: f64 = 0.007;

/// The longest way the hand goes down looking for the skin, m.
const LONGEST_DESCENT: f64 = 0.060;

/// What the sonographer is about.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Task {
    /// Lets go, and waits until the cart can be driven.
    Wait { until: Time },
    /// Has pressed, and waits for the probe to follow.
    Press { since: Time },
    /// Goes down to the skin.
    Descend,
    /// Pushes on until the force is reached.
    PushOn,
    /// Scans, one motion after the other.
    Scan,
    /// Has seen that the probe does not follow.
    Startled { since: Time },
}

/// One motion of the hand.
#[derive(Debug, Clone, Copy)]
struct Motion {
    at: Time,
    over: Duration,
    travel: (Vector3<f64>, Vector3<f64>),
    turn: (Vector3<f64>, Vector3<f64>),
}

/// How a sonographer works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// Slides, fans, rotates, presses, doses the force, re-indexes.
    Scans,
    /// Goes down, presses, and keeps still.
    KeepsStill,
}

/// A person who engages when the console says it can be done, goes down to the skin, scans, and lets go when the probe
/// does not follow; then tries again. All of it from one seed.
#[derive(Debug, Clone)]
pub struct Sonographer {
    chance: Chance,
    manner: Manner,
    force: Newton,
    task: Task,
    motion: Option<Motion>,
    travel: Vector3<f64>,
    turn: Vector3<f64>,
}

impl Sonographer {
    /// One who asks for this contact force.
    pub fn new(manner: Manner, force: Newton, seed: u64) -> Self {
        Self {
            chance: Chance::new(seed),
            manner,
            force,
            task: Task::Wait { until: Time::ZERO },
            motion: None,
            travel: Vector3::zeros(),
            turn: Vector3::zeros(),
        }
    }

    fn advance_hand(&mut self, now: Time) {
        let Some(motion) = self.motion else { return };
        let t = now.saturating_since(motion.at).as_secs_f64() / motion.over.as_secs_f64().max(1e-3);
        let done = minimum_jerk(t);
        self.travel = motion.travel.0.lerp(&motion.travel.1, done);
        self.turn = motion.turn.0.lerp(&motion.turn.1, done);
        if t >= 1.0 {
            self.motion = None;
        }
    }

    fn go(&mut self, now: Time, over: Duration, travel: Vector3<f64>, turn: Vector3<f64>) {
        self.motion = Some(Motion { at: now, over, travel: (self.travel, travel), turn: (self.turn, turn) });
    }

    /// A motion of a scan, begun from where the hand is.
    fn scan_on(&mut self, now: Time) {
        let (mut travel, mut turn) = (self.travel, self.turn);
        let mut over = self.chance.millis(600, 2_500);
        match self.chance.below(8) {
            0 | 1 => travel.x = self.chance.within(FIELD),
            2 => travel.y = self.chance.within(FIELD * 0.5),
            3 | 4 => turn.x = self.chance.within(FAN),
            5 => turn.z = self.chance.within(FAN * 2.0),
            6 => travel.z += self.chance.within(0.002),
            _ => over = self.chance.millis(200, 1_500),
        }
        if self.chance.hits(0.15) {
            self.force = Newton::new(self.chance.between(4.0, 12.0)).unwrap_or(self.force);
        }
        self.go(now, over, travel, turn);
    }

    fn decide(&mut self, now: Time, state: &State) {
        let engaged = state.ladder == Ladder::Engaged;
        self.task = match self.task {
            Task::Wait { until } if now >= until && may_press(state) => Task::Press { since: now },
            Task::Wait { until } => Task::Wait { until },
            Task::Press { .. } if engaged => {
                self.motion = None;
                match state.contact {
                    Contact::Touching => self.push_on(now),
                    Contact::Free => self.descend(now),
                }
            }
            Task::Press { since } if now.saturating_since(since) > PATIENCE => self.let_go(now),
            Task::Press { since } => Task::Press { since },
            Task::Descend | Task::PushOn | Task::Scan if !engaged => {
                self.motion = None;
                Task::Startled { since: now }
            }
            Task::Descend if state.contact == Contact::Touching => self.push_on(now),
            Task::Descend if self.motion.is_none() => self.let_go(now),
            Task::Descend => Task::Descend,
            Task::PushOn if self.motion.is_none() => Task::Scan,
            Task::PushOn => Task::PushOn,
            Task::Scan if self.motion.is_some() || self.manner == Manner::KeepsStill => Task::Scan,
            // To re-index is to let go on purpose, and to take the hand back to the middle.
            Task::Scan if self.chance.hits(0.12) => {
                let over = self.chance.millis(300, 900);
                self.go(now, over, Vector3::new(0.0, 0.0, self.travel.z), Vector3::zeros());
                Task::Wait { until: now + over + self.chance.millis(50, 500) }
            }
            Task::Scan => {
                self.scan_on(now);
                Task::Scan
            }
            Task::Startled { since } if now.saturating_since(since) >= REACTION => self.let_go(now),
            Task::Startled { since } => Task::Startled { since },
        };
    }

    fn let_go(&mut self, now: Time) -> Task {
        self.motion = None;
        Task::Wait { until: now + self.chance.millis(200, 900) }
    }

    fn descend(&mut self, now: Time) -> Task {
        // A little faster or slower than the 10 mm/s the probe may go.
        let speed = self.chance.between(0.007, 0.015);
        let over = Duration::from_secs_f64(LONGEST_DESCENT / speed);
        self.go(now, over, self.travel + Vector3::z() * LONGEST_DESCENT, self.turn);
        Task::Descend
    }

    fn push_on(&mut self, now: Time) -> Task {
        let over = self.chance.millis(500, 1_500);
        self.go(now, over, self.travel + Vector3::z() * PUSH_ON, self.turn);
        Task::PushOn
    }
}

/// Whether the console shows that a press would engage.
fn may_press(state: &State) -> bool {
    let rung = matches!(state.ladder, Ladder::Ready | Ladder::Hold | Ladder::Soften | Ladder::Release);
    rung && state.link == LinkReadiness::Green
}

impl Operator for Sonographer {
    fn act(&mut self, now: Time, state: Option<&State>) -> Wish {
        self.advance_hand(now);
        if let Some(state) = state {
            self.decide(now, state);
        }
        let clutch = !matches!(self.task, Task::Wait { .. });
        let turn = UnitQuaternion::from_scaled_axis(self.turn);
        let pose = Pose::new(Isometry3::from_parts(Translation3::from(self.travel), turn));
        Wish { clutch, pose, force: self.force }
    }
}
