//! An adversary that goes down as an operator does, and plays its plan once it touches.

use std::time::Duration;

use farprobe_geom::{Pose, Time};
use farprobe_proto::{Clutch, Command, Contact, Ladder, LinkReadiness};
use nalgebra::{Isometry3, Translation3, UnitQuaternion, Vector3};

use super::{Adversary, LEAP, Step, intent};
use crate::console::COMMAND_PERIOD;

/// The furthest its target goes in one command, m and rad: the gate refuses 60 mm and 0.35 rad from one command to the next that is
/// applied, and up to five arrive in one of its ticks (8 ms of jitter).
const STRIDE: f64 = LEAP / 5.0;
const STRIDE_TURN: f64 = 0.34 / 5.0;

/// How such an adversary goes down, m/s: as fast as a probe may before touch.
const DESCENT: f64 = 0.010;

/// It holds the clutch down in vain, or opens it before it presses again, for so long.
const IN_VAIN: Duration = Duration::from_millis(200);
const LETS_GO: Duration = Duration::from_millis(20);

/// How far an adversary that touches first has come.
#[derive(Debug, Clone, Copy)]
pub(super) struct Hunt {
    task: Task,
    /// For how long its plan has been played, s.
    played: f64,
    /// The target of its last command: along, across (m) and turned (rad).
    target: [f64; 3],
    /// Where along the way its plan begins, m.
    from: f64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Task {
    /// The clutch is open, until then at least.
    Wait {
        until: Time,
    },
    Press {
        since: Time,
    },
    Descend,
    Play,
}

impl Adversary {
    /// The command of an adversary that touches first.
    pub(super) fn hunt(&mut self, now: Time) -> Option<Command> {
        let (mut said, mut force) = (0.0, 8.0);
        let engaged = self.newest.is_some_and(|state| state.ladder == Ladder::Engaged);
        let touching = self.newest.is_some_and(|state| state.contact == Contact::Touching);
        let may_press = self.newest.is_some_and(|state| {
            let rung = matches!(state.ladder, Ladder::Ready | Ladder::Hold | Ladder::Soften | Ladder::Release);
            rung && state.link == LinkReadiness::Green
        });
        let wait = Task::Wait { until: now + LETS_GO };
        self.hunt.task = match self.hunt.task {
            Task::Wait { until } if now >= until && may_press => {
                self.clutch_in = self.clutch_in.wrapping_add(1);
                self.hunt.target = [0.0; 3];
                self.hunt.from = 0.0;
                Task::Press { since: now }
            }
            Task::Press { .. } if engaged && touching => Task::Play,
            Task::Press { .. } if engaged => Task::Descend,
            Task::Press { since } if now.saturating_since(since) > IN_VAIN => wait,
            Task::Descend | Task::Play if !engaged => wait,
            Task::Descend if touching => {
                self.hunt.from = self.hunt.target[0];
                Task::Play
            }
            other => other,
        };
        let mut step = None;
        match self.hunt.task {
            Task::Wait { .. } | Task::Press { .. } => {}
            Task::Descend => {
                said = DESCENT;
                self.hunt.target[0] += DESCENT * COMMAND_PERIOD.as_secs_f64();
            }
            Task::Play => {
                self.hunt.played += COMMAND_PERIOD.as_secs_f64();
                let (now_played, into) = self.plan.step(self.hunt.played);
                let now_played = *now_played;
                (said, force) = (now_played.said, now_played.force);
                self.hunt.go_on(&now_played, into);
                if into >= now_played.held * now_played.lasts {
                    self.hunt.task = wait;
                }
                step = Some(now_played);
            }
        }
        let clutch = if matches!(self.hunt.task, Task::Wait { .. }) { Clutch::Open } else { Clutch::Pressed };
        let [along, across, turn] = self.hunt.target;
        let turn = UnitQuaternion::from_scaled_axis(Vector3::x() * turn);
        let target = Pose::new(Isometry3::from_parts(Translation3::new(across, 0.0, along), turn));
        let command = self.outbox.command(now, &intent(now, clutch, self.clutch_in, &target, said, force))?;
        let Some(step) = step else { return Some(command) };
        // What is left out would make the next stride too long.
        let sampled = now.as_nanos().saturating_add_signed(-((step.stamp * 1e6) as i64));
        Some(Command { sampled_at: Time::from_nanos(sampled), ..command })
    }
}

impl Hunt {
    pub(super) const NOT_BEGUN: Self =
        Self { task: Task::Wait { until: Time::ZERO }, played: 0.0, target: [0.0; 3], from: 0.0 };

    /// The target goes towards where the step has it, as far as is taken.
    fn go_on(&mut self, step: &Step, into: f64) {
        let tremor = step.tremor.0 * (core::f64::consts::TAU * step.tremor.1 * into).sin();
        let wanted = [self.from + step.leap + step.along * into + tremor, step.across * into];
        let way = [wanted[0] - self.target[0], wanted[1] - self.target[1]];
        let share = (STRIDE / way[0].hypot(way[1])).min(1.0);
        self.target[0] += way[0] * share;
        self.target[1] += way[1] * share;
        self.target[2] += (step.turn * into - self.target[2]).clamp(-STRIDE_TURN, STRIDE_TURN);
    }
}
