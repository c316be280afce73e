//! The real-time thread alone, with the simulated arm and a hand that drives it, for whoever wants to know how regular it is.
//!
//! No network, no consoles, no scanner: what is measured is the loop and its step on this machine. For comparison there is a
//! bare loop, scheduled in the same way and without any work.

use std::sync::Arc;
use std::time::Duration;

use farprobe_devices::MonotonicClock;
use farprobe_devices::arm::SimulatedArm;
use farprobe_geom::{Newton, Pose, Time, Twist};
use farprobe_proto::{Bedside, Cause, Clutch, Command, Epoch, Ladder, PictureHealth, PictureReport};
use farprobe_servo::{AppliedCommand, Inbound, Servo, ServoConfig};
use farprobe_session::console::{CommandOutbox, Intent};
use farprobe_sim::arm::{Plant, PlantCard};
use farprobe_sim::body::{Body, BodyCard};
use farprobe_sim::scene;
use nalgebra::{Isometry3, Vector3};

use crate::StartError;
use crate::config::Realtime;
use crate::rt::{self, Inbox, PERIOD, Pacing, RtThread, Taps};

/// Between two commands: 500 a second.
const COMMAND_PERIOD: Duration = Duration::from_millis(2);

/// From the start until the clutch is pressed: the link has been measured for two seconds.
pub const PRESSED_AFTER: Duration = Duration::from_secs(3);

/// How fast the hand goes down, m/s: the pace of the approach.
const HAND_SPEED: f64 = 0.010;

/// How far it goes: down to the skin, and on by what asks for the whole force, m.
const DOWN_TO_CONTACT: f64 = 0.046;

/// The lease of the hand.
const EPOCH: Epoch = Epoch(1);

/// One tick.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TickCost {
    /// From the time at which it was due until it ran.
    pub lateness: Duration,
    /// Thread CPU time of the servo's step, taking in what arrived included; nothing for a bare loop.
    pub step: Option<Duration>,
}

/// What a trial has shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trial {
    /// How the thread was scheduled, in words.
    pub scheduling: String,
    /// The ticks that were due from the asked time on.
    pub ticks: Vec<TickCost>,
    /// Ticks that ran, and of which nothing is known, because whoever wrote them down was late.
    pub lost: u64,
    /// In how many of the ticks the hand drove.
    pub driven: u64,
}

/// The real-time thread with the simulated arm, consented and armed, which waits for commands of one lease.
#[derive(Debug)]
pub struct Rig {
    thread: RtThread,
    taps: Taps,
}

/// The way of commands into a [`Rig`]; any number of threads may have one.
#[derive(Debug, Clone)]
pub struct RigInbox(Arc<Inbox>);

/// A tick of a [`Rig`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RigTick {
    /// When it ran.
    pub ran_at: Time,
    /// The command that it applied, if it did.
    pub applied: Option<AppliedCommand>,
    /// How the safety ladder stood after it, and why.
    pub ladder: (Ladder, Cause),
}

impl Rig {
    /// Starts it; commands count under the lease `epoch`.
    pub fn start(epoch: Epoch) -> Result<Self, StartError> {
        let (thread, taps) = spawn_simulated()?;
        for first in [Inbound::Lease(Some(epoch)), Inbound::Bedside(Bedside::Consent), Inbound::Bedside(Bedside::Arm)] {
            // A full inbox means that the thread is dead; then there are no ticks, and whoever asked sees that.
            let _ = thread.inbox.push(first);
        }
        Ok(Self { thread, taps })
    }

    /// A way in.
    pub fn inbox(&self) -> RigInbox {
        RigInbox(Arc::clone(&self.thread.inbox))
    }

    /// How the thread was scheduled, in words.
    pub fn scheduling(&self) -> String {
        self.thread.scheduling.to_string()
    }

    /// Gives every tick since the last call to `take`, and how many there were of which nothing is known, since the beginning. Has
    /// to be called twice a second at least.
    pub fn ticks(&mut self, mut take: impl FnMut(RigTick)) -> u64 {
        let mut lost = 0;
        while let Ok(tick) = self.taps.ticks.pop() {
            lost = tick.lost_before;
            // A tick that is made up for counts for the time when it was due.
            let ran_at = tick.at + Duration::from_nanos(tick.lateness_ns);
            take(RigTick { ran_at, applied: tick.applied, ladder: (tick.state.ladder, tick.state.cause) });
        }
        // The scanner and the consoles would read them; here nobody does, and the thread does not mind.
        while self.taps.contexts.pop().is_ok() || self.taps.states.pop().is_ok() {}
        lost
    }

    /// Ends the thread.
    pub fn end(self) {
        self.thread.end();
    }
}

impl RigInbox {
    /// Hands a command to the next tick. Gives whether there was room: without, the thread is dead.
    pub fn push(&self, arrived: Time, command: Command) -> bool {
        self.0.push(Inbound::Command { arrived, command }).is_ok()
    }
}

/// The thread with the simulated arm where an exam begins.
fn spawn_simulated() -> Result<(RtThread, Taps), StartError> {
    let clock = MonotonicClock;
    let failed = |error: &dyn std::fmt::Display| StartError::Simulation(error.to_string());
    let model = scene::arm().map_err(|error| failed(&error))?;
    let body = Body::new(BodyCard::default());
    let start = scene::start_joints(&model, &body).ok_or_else(|| failed(&"it can't reach the patient"))?;
    let servo = Servo::new(&ServoConfig::shipped(model.clone(), start, &scene::patient_to_base()));
    let plant = Plant::new(&PlantCard::A, body, model, scene::couch(), &start, 1).map_err(|error| failed(&error))?;
    let (arm, _probe) = SimulatedArm::new(plant);
    let priority = Realtime::default().priority;
    Ok(rt::spawn(clock, Box::new(arm), servo, priority, Pacing::CatchUp)?)
}

/// Runs the real-time thread with the simulated arm until `until`, and tells of the ticks from `from` on.
pub fn servo(from: Time, until: Time) -> Result<Trial, StartError> {
    let mut rig = Rig::start(EPOCH)?;
    let mut trial = Trial { scheduling: rig.scheduling(), ticks: Vec::new(), lost: 0, driven: 0 };
    drive(MonotonicClock, &rig.thread, &mut rig.taps, (from, until), &mut trial);
    rig.end();
    Ok(trial)
}

/// Is the hand, and writes down the ticks.
fn drive(clock: MonotonicClock, thread: &RtThread, taps: &mut Taps, (from, until): (Time, Time), trial: &mut Trial) {
    let mut outbox = CommandOutbox::new();
    outbox.set_epoch(Some(EPOCH));
    let press = clock.now() + PRESSED_AFTER;
    let mut due = clock.now();
    while due < until {
        clock.sleep_until(due);
        let now = clock.now();
        while let Ok(state) = taps.states.pop() {
            outbox.heard(now, &state);
        }
        while let Ok(tick) = taps.ticks.pop() {
            trial.lost = tick.lost_before;
            if tick.at >= from {
                let step = Some(Duration::from_nanos(tick.step_ns));
                trial.ticks.push(TickCost { lateness: Duration::from_nanos(tick.lateness_ns), step });
                trial.driven += u64::from(tick.state.ladder == Ladder::Engaged);
            }
        }
        // The scanner would read them; here nobody does, and the thread does not mind.
        while taps.contexts.pop().is_ok() {}
        if let Some(command) = outbox.command(now, &intent(now, press)) {
            let _ = thread.inbox.push(Inbound::Command { arrived: now, command });
        }
        due = (due + COMMAND_PERIOD).max(now);
    }
}

/// A hand that goes down from `press` on, and slides a little all the time, so that all axes have work.
fn intent(now: Time, press: Time) -> Intent {
    let pressed = now >= press;
    let since = now.saturating_since(press).as_secs_f64();
    let depth = (HAND_SPEED * since).min(DOWN_TO_CONTACT);
    let (sin, cos) = since.sin_cos();
    let (slide, speed) = (Vector3::new(sin, 1.0 - cos, 0.0), Vector3::new(cos, sin, 0.0));
    Intent {
        sampled_at: now,
        clutch: if pressed { Clutch::Pressed } else { Clutch::Open },
        clutch_in: u32::from(pressed),
        target: Pose::new(Isometry3::new(slide * 0.01 + Vector3::z() * depth, slide * 0.1)),
        twist: Twist::new(speed * 0.01, speed * 0.1),
        desired_force: Newton::literal(8.0),
        picture: PictureReport { age_ms: 40, health: PictureHealth::Good },
    }
}

/// Runs a loop of the same period and scheduling that does nothing, until `until`, and tells of the ticks from `from` on.
pub fn bare(from: Time, until: Time) -> std::io::Result<Trial> {
    let clock = MonotonicClock;
    let thread = std::thread::Builder::new().name("bare".into()).spawn(move || {
        let scheduling = rt::enter(Realtime::default().priority).to_string();
        let expected = until.saturating_since(from).as_nanos() / PERIOD.as_nanos() + 1;
        let mut ticks = Vec::with_capacity(usize::try_from(expected).unwrap_or_default());
        let mut due = clock.now() + PERIOD;
        while due < until {
            clock.sleep_until(due);
            let late = clock.now().saturating_since(due);
            if due >= from {
                ticks.push(TickCost { lateness: late, step: None });
            }
            // As the servo's own loop with a simulated arm: what it missed it makes up for, up to a bound.
            due = rt::next_due(Pacing::CatchUp, due, due + late);
        }
        Trial { scheduling, ticks, lost: 0, driven: 0 }
    })?;
    thread.join().map_err(|_| std::io::Error::other("the bare loop has panicked"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rig_tells_which_commands_it_applied_and_how_the_ladder_stood() {
        let mut rig = Rig::start(EPOCH).unwrap();
        let (inbox, clock) = (rig.inbox(), MonotonicClock);
        let mut outbox = CommandOutbox::new();
        outbox.set_epoch(Some(EPOCH));
        let never = clock.now() + Duration::from_hours(1);
        let mut seen = Vec::new();
        // An open clutch is applied, too, and moves nothing.
        while seen.len() < 5 {
            let now = clock.now();
            assert!(inbox.push(now, outbox.command(now, &intent(now, never)).unwrap()));
            clock.sleep_until(now + COMMAND_PERIOD);
            let _ = rig.ticks(|tick| seen.extend(tick.applied.map(|applied| (applied.sequence, tick.ladder.0))));
        }
        rig.end();
        assert!(seen.windows(2).all(|pair| pair[0].0 < pair[1].0), "{seen:?}");
        assert!(seen.iter().all(|(_, ladder)| *ladder != Ladder::Engaged), "{seen:?}");
    }

    #[test]
    fn both_loops_tell_of_their_ticks_and_only_the_servo_of_its_steps() {
        let now = MonotonicClock.now();
        let (from, until) = (now + Duration::from_millis(100), now + Duration::from_millis(300));
        let servo = servo(from, until).unwrap();
        assert!(!servo.ticks.is_empty() && servo.ticks.iter().all(|tick| tick.step.is_some()));
        assert_eq!(servo.driven, 0, "the clutch is open for the first seconds");
        let now = MonotonicClock.now();
        let bare = bare(now + Duration::from_millis(50), now + Duration::from_millis(150)).unwrap();
        assert!(!bare.ticks.is_empty() && bare.ticks.len() <= 101 && bare.ticks.iter().all(|tick| tick.step.is_none()));
    }
}
