//! The loop itself.

use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use farprobe_devices::{Arm, ArmHealth, ArmState, MonotonicClock, PictureContext, Setpoint};
use farprobe_geom::Time;
use farprobe_proto::State;
use farprobe_servo::{ArmReading, Inbound, JointTarget, Outcome, Servo};
use farprobe_sim::arm::MAX_CATCH_UP;
use rustix::event::{EventfdFlags, eventfd};

use super::scheduling::{self, Scheduling};
use super::{Inbox, Taps, Tick};

/// The servo's period: arms with a real-time interface take a setpoint each millisecond.
pub(crate) const PERIOD: Duration = Duration::from_millis(1);

/// A simulated arm's servo makes up for at most this much at once; after a longer stall it goes on from now, and the gate
/// notices the gap, while arm and patient go on from where they stood. Twice the longest stall seen on a shared virtual machine
/// that was fit for an exam.
pub(crate) const MOST_CAUGHT_UP: Duration = Duration::from_millis(500);

// What the servo does not make up for, the plant must not simulate at once.
const _: () = assert!(MAX_CATCH_UP.as_millis() < MOST_CAUGHT_UP.as_millis());

/// What the loop does when it wakes late.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pacing {
    /// It skips the ticks it missed: a real arm has gone on without them. For the first real arm's adapter.
    #[cfg_attr(not(test), expect(dead_code, reason = "the simulated arms are the only ones so far"))]
    Skip,
    /// It runs the ticks it missed, each at its own time: a simulated arm and its patient stand still when the machine does, so a
    /// machine that stalls is not a cart that stalls. Lateness and overruns are counted all the same.
    CatchUp,
}

/// Every fourth tick goes to the consoles: 250 states a second.
const TICKS_PER_STATE: u64 = 4;

/// Two seconds of ticks: a recorder that sleeps longer loses ticks, and the counter says so.
const TICK_SLOTS: usize = 2048;

/// A quarter of a second of states.
const STATE_SLOTS: usize = 64;

/// The running thread.
#[derive(Debug)]
pub(crate) struct RtThread {
    /// The way in.
    pub inbox: Arc<Inbox>,
    /// How the thread is scheduled.
    pub scheduling: Scheduling,
    at_rest: Arc<AtomicBool>,
    stop: Arc<AtomicBool>,
    join: JoinHandle<()>,
}

impl RtThread {
    /// Whether the probe is off the patient and nothing moves.
    pub(crate) fn is_at_rest(&self) -> bool {
        self.at_rest.load(Ordering::Acquire)
    }

    /// Ends the loop after the present tick and waits for it. The arm stops by itself within 20 ms.
    pub(crate) fn end(self) {
        self.stop.store(true, Ordering::Release);
        // A panic in the loop has already been printed by the panic hook; there is nothing left to stop.
        let _ = self.join.join();
    }
}

struct Outlets {
    states: rtrb::Producer<State>,
    doorbell: OwnedFd,
    ticks: rtrb::Producer<Tick>,
    /// Ticks for which `ticks` had no room.
    ticks_lost: u64,
    contexts: rtrb::Producer<PictureContext>,
}

/// Starts the thread.
pub(crate) fn spawn(
    clock: MonotonicClock,
    mut arm: Box<dyn Arm>,
    mut servo: Servo,
    priority: u8,
    pacing: Pacing,
) -> std::io::Result<(RtThread, Taps)> {
    let (inbox, mut inbound) = Inbox::new();
    let (states_in, states) = rtrb::RingBuffer::new(STATE_SLOTS);
    let (ticks_in, ticks) = rtrb::RingBuffer::new(TICK_SLOTS);
    let (contexts_in, contexts) = rtrb::RingBuffer::new(TICK_SLOTS);
    let doorbell = eventfd(0, EventfdFlags::NONBLOCK | EventfdFlags::CLOEXEC)?;
    let bell = doorbell.try_clone()?;
    let mut outlets =
        Outlets { states: states_in, doorbell: bell, ticks: ticks_in, ticks_lost: 0, contexts: contexts_in };
    let at_rest = Arc::new(AtomicBool::new(false));
    let stop = Arc::new(AtomicBool::new(false));
    let (told, scheduling) = std::sync::mpsc::sync_channel(1);

    let thread = std::thread::Builder::new().name("servo".into());
    let (rest, ended) = (Arc::clone(&at_rest), Arc::clone(&stop));
    let join = thread.spawn(move || {
        let granted = scheduling::enter(priority);
        // The starter waits for this; it can't be gone.
        let _ = told.send(granted);
        let mut grid = Grid { clock, pacing, due: clock.now() + PERIOD };
        run(&mut grid, arm.as_mut(), &mut servo, &mut inbound, &mut outlets, &rest, &ended);
    })?;
    let scheduling = scheduling.recv().map_err(std::io::Error::other)?;
    let thread = RtThread { inbox: Arc::new(inbox), scheduling, at_rest, stop, join };
    Ok((thread, Taps { states, doorbell, ticks, contexts }))
}

fn run(
    grid: &mut Grid,
    arm: &mut dyn Arm,
    servo: &mut Servo,
    inbound: &mut rtrb::Consumer<Inbound>,
    outlets: &mut Outlets,
    at_rest: &AtomicBool,
    stop: &AtomicBool,
) {
    let mut count = 0_u64;
    while !stop.load(Ordering::Acquire) {
        let (now, lateness) = grid.wait();
        // Measured without the arm's adapter: a simulated arm computes its whole plant in there.
        let reading = arm.state(now);
        let cpu_before = thread_cpu_ns();
        while let Ok(message) = inbound.pop() {
            servo.receive(message);
        }
        let outcome = servo.step(now, &reading_of(&reading));
        let step_ns = thread_cpu_ns().saturating_sub(cpu_before);
        if let Some(JointTarget { positions, velocities }) = outcome.target {
            arm.command(now, &Setpoint { positions, velocities });
        }

        at_rest.store(outcome.at_rest, Ordering::Release);
        let tick = tick_of(now, lateness, step_ns, &reading, &outcome);
        publish(outlets, count, &tick, &outcome);
        count += 1;
    }
}

/// The times of the ticks.
struct Grid {
    clock: MonotonicClock,
    pacing: Pacing,
    /// The next tick.
    due: Time,
}

impl Grid {
    /// Waits for the next tick. Gives the time it counts for, and how late it runs.
    fn wait(&mut self) -> (Time, Duration) {
        self.clock.sleep_until(self.due);
        let woken = self.clock.now();
        let (due, next) = (self.due, next_due(self.pacing, self.due, woken));
        self.due = next;
        let counts_for = match self.pacing {
            Pacing::CatchUp if next == due + PERIOD => due,
            Pacing::CatchUp | Pacing::Skip => woken,
        };
        (counts_for, woken.saturating_since(due))
    }
}

/// The tick after the one that was `due` and woke at `woken`, always on the grid of `due`.
pub(crate) fn next_due(pacing: Pacing, due: Time, woken: Time) -> Time {
    let late = woken.saturating_since(due);
    match pacing {
        Pacing::CatchUp if late <= MOST_CAUGHT_UP => due + PERIOD,
        Pacing::CatchUp | Pacing::Skip => {
            let missed = u32::try_from(late.as_nanos() / PERIOD.as_nanos()).unwrap_or(u32::MAX);
            due + PERIOD * missed.saturating_add(1)
        }
    }
}

fn publish(outlets: &mut Outlets, count: u64, tick: &Tick, outcome: &Outcome) {
    // A full ring means that its reader is late. It is told by the next tick that gets through; the servo never waits for it.
    if outlets.ticks.push(Tick { lost_before: outlets.ticks_lost, ..*tick }).is_err() {
        outlets.ticks_lost += 1;
    }
    let _ = outlets.contexts.push(PictureContext {
        epoch: outcome.state.epoch,
        applied_sequence: outcome.state.applied.map_or(0, |applied| applied.sequence),
        tip: outcome.tip_on_patient,
        force: outcome.contact_force,
    });
    if count.is_multiple_of(TICKS_PER_STATE) && outlets.states.push(outcome.state).is_ok() {
        // Can only fail when nobody has read for 2^64 rings.
        let _ = rustix::io::write(&outlets.doorbell, &1_u64.to_ne_bytes());
    }
}

fn tick_of(now: Time, lateness: Duration, step_ns: u64, reading: &ArmState, outcome: &Outcome) -> Tick {
    let true_force = reading.true_wrench.map(|wrench| wrench.force);
    Tick {
        at: now,
        lateness_ns: u64::try_from(lateness.as_nanos()).unwrap_or(u64::MAX),
        step_ns,
        force_along_axis: true_force.map_or(outcome.contact_force.get(), |force| -force.z),
        force_norm: true_force.unwrap_or(reading.wrench.force).norm(),
        force_is_true: true_force.is_some(),
        refused: outcome.refused,
        state: outcome.state,
        transition: outcome.transition,
        closed_session: outcome.closed_session,
        applied: outcome.applied,
        // Known where it is handed out.
        lost_before: 0,
    }
}

fn reading_of(state: &ArmState) -> ArmReading {
    ArmReading {
        sampled_at: state.sampled_at,
        positions: state.positions,
        velocities: state.velocities,
        wrench: state.wrench,
        external_torques: state.external_torques,
        health: match state.health {
            ArmHealth::Ready => farprobe_servo::ArmHealth::Ready,
            ArmHealth::Starved => farprobe_servo::ArmHealth::Starved,
            ArmHealth::Stopped => farprobe_servo::ArmHealth::Stopped,
            ArmHealth::Silent => farprobe_servo::ArmHealth::Silent,
        },
    }
}

fn thread_cpu_ns() -> u64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    time.tv_sec.cast_unsigned() * 1_000_000_000 + time.tv_nsec.cast_unsigned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_late_loop_skips_ticks_and_stays_on_the_grid() {
        let due = Time::from_millis(10);
        let skip = |woken| next_due(Pacing::Skip, due, woken);
        assert_eq!(skip(Time::from_nanos(10_400_000)), Time::from_millis(11));
        assert_eq!(skip(Time::from_nanos(13_200_000)), Time::from_millis(14));
        assert_eq!(skip(Time::from_millis(9)), Time::from_millis(11));
    }

    #[test]
    fn a_ring_that_nobody_empties_loses_ticks_and_the_next_one_says_how_many() {
        let (states, _states) = rtrb::RingBuffer::new(1);
        let (ticks, mut recorder) = rtrb::RingBuffer::new(2);
        let (contexts, _contexts) = rtrb::RingBuffer::new(1);
        let doorbell = eventfd(0, EventfdFlags::NONBLOCK).unwrap();
        let mut outlets = Outlets { states, doorbell, ticks, ticks_lost: 0, contexts };
        let model = farprobe_sim::scene::arm().unwrap();
        let start = farprobe_geom::Joints::zero(model.axes());
        let patient = farprobe_sim::scene::patient_to_base();
        let mut servo = Servo::new(&farprobe_servo::ServoConfig::shipped(model, start, &patient));
        let reading = ArmReading {
            sampled_at: Time::ZERO,
            positions: start,
            velocities: start,
            wrench: farprobe_geom::Wrench::zero(),
            external_torques: None,
            health: farprobe_servo::ArmHealth::Ready,
        };
        let outcome = servo.step(Time::ZERO, &reading);
        let tick = |ms| crate::rt::testing::tick(ms);
        for ms in 0..5 {
            publish(&mut outlets, ms, &tick(ms), &outcome);
        }
        assert_eq!([recorder.pop(), recorder.pop()].map(|tick| tick.unwrap().lost_before), [0, 0]);
        publish(&mut outlets, 5, &tick(5), &outcome);
        let next = recorder.pop().unwrap();
        assert_eq!((next.at, next.lost_before), (Time::from_millis(5), 3));
    }

    #[test]
    fn a_simulated_arm_gets_every_tick_unless_the_machine_was_away_for_long() {
        let due = Time::from_millis(10);
        let catch_up = |woken| next_due(Pacing::CatchUp, due, woken);
        assert_eq!(catch_up(Time::from_millis(13)), Time::from_millis(11));
        assert_eq!(catch_up(Time::from_millis(510)), Time::from_millis(11));
        assert_eq!(catch_up(Time::from_millis(511)), Time::from_millis(512));
    }
}
