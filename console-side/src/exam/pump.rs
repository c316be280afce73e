//! The thread that reads the handle and sends commands, 500 times a second. It never waits for the window or the network.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Sender;
use std::thread::JoinHandle;
use std::time::Duration;

use arc_swap::ArcSwapOption;
use farprobe_control::Scaling;
use farprobe_devices::{ForceCue, Handle, HandleEvent, MonotonicClock};
use farprobe_geom::{Newton, Time, Wrench};
use farprobe_proto::{ConsoleDatagram, Ladder, LinkReadiness, PictureReport, State, Wire};
use farprobe_session::console::{ClutchLatch, PictureFault, PictureVerdict};
use farprobe_transport::Connection;

use super::ledger::{Look, SharedLedger};
use super::plan::Happening;
use super::steering::{Permission, Steering};
use crate::model::Opening;

/// Between two commands: 500 a second, clutch open or not.
const COMMAND_PERIOD: Duration = Duration::from_millis(2);

/// When the handle begins to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HandleStart {
    /// Now: a person holds it.
    AtOnce,
    /// When the cart is ready to be driven: a script does not look before it presses.
    WhenReady,
}

/// What the handle or its thread has to say.
#[derive(Debug, Clone, PartialEq)]
pub enum PumpEvent {
    /// The handle is read from now on.
    Started,
    /// Something was pressed, or a script has come to a point.
    Handle(HandleEvent),
    /// The handle is lost, in words.
    Lost(String),
    /// The handle is back.
    Back,
    /// The enabling control is held and does not count any more, or not yet, for want of this permission.
    Refused(Permission),
    /// Somebody else opened the enabling control than the last time. Told before what comes of it.
    Opened(Opening),
    /// The enabling control changed.
    Clutch(ClutchLatch),
    /// Whether the picture may be steered by has changed.
    Picture(PictureVerdict),
}

/// The running thread.
#[derive(Debug)]
pub(super) struct Pump {
    stop: Arc<AtomicBool>,
    let_go: Arc<AtomicBool>,
    join: JoinHandle<()>,
}

impl Pump {
    /// Starts reading `handle`. Commands go out on whatever connection is in `connection`.
    pub(super) fn start(
        clock: MonotonicClock,
        handle: Box<dyn Handle>,
        start: HandleStart,
        ledger: SharedLedger,
        connection: Arc<ArcSwapOption<Connection>>,
        events: Sender<Happening>,
    ) -> std::io::Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let ended = Arc::clone(&stop);
        let let_go = Arc::new(AtomicBool::new(false));
        let steering = Steering::new(Scaling::ONE_TO_ONE);
        let mut work = Work {
            let_go: Arc::clone(&let_go),
            handle,
            start,
            ledger,
            connection,
            events,
            steering,
            opening: Opening::default(),
            readings: Readings { due: Time::ZERO },
            silent: false,
            felt: None,
            picture: PictureVerdict::Lost(PictureFault::Absent),
        };
        let join = std::thread::Builder::new().name("handle".into()).spawn(move || {
            let mut due = clock.now();
            while !ended.load(Ordering::Acquire) {
                clock.sleep_until(due);
                let now = clock.now();
                work.tick(clock, due, now);
                due = (due + COMMAND_PERIOD).max(now);
            }
        })?;
        Ok(Self { stop, let_go, join })
    }

    /// Opens the clutch for good: the handle is not read any more. Commands go on and say so.
    pub(super) fn let_go(&self) {
        self.let_go.store(true, Ordering::Release);
    }

    /// Ends the thread; the handle is let go.
    pub(super) fn end(self) {
        self.stop.store(true, Ordering::Release);
        // A panic has been printed by the hook; there is nothing left to stop.
        let _ = self.join.join();
    }
}

/// When the handle is read.
#[derive(Debug, Clone, Copy)]
struct Readings {
    due: Time,
}

impl Readings {
    /// Whether the handle is read in the turn that was due at `turn`. It is the plan that counts, not when the thread woke up:
    /// that is a little sooner after one plan than after another, and half of the commands then carried the reading before.
    fn is_due(&mut self, turn: Time, period: Duration) -> bool {
        let due = turn >= self.due;
        if due {
            self.due = turn + period;
        }
        due
    }
}

struct Work {
    let_go: Arc<AtomicBool>,
    handle: Box<dyn Handle>,
    start: HandleStart,
    ledger: SharedLedger,
    connection: Arc<ArcSwapOption<Connection>>,
    events: Sender<Happening>,
    steering: Steering,
    /// Who was last told to have opened the clutch.
    opening: Opening,
    readings: Readings,
    /// Whether the loss of the handle has been told.
    silent: bool,
    /// The newest state that was felt, by its number, and when it was first seen.
    felt: Option<(u64, Time)>,
    /// What was last told of the picture.
    picture: PictureVerdict,
}

impl Work {
    /// The turn that was due at `turn` and begins `now`.
    fn tick(&mut self, clock: MonotonicClock, turn: Time, now: Time) {
        let (Look { report, picture, permission }, state) = {
            let mut ledger = self.ledger.lock();
            (ledger.look(now), ledger.newest_state().copied())
        };
        if std::mem::replace(&mut self.picture, picture) != picture {
            self.tell(PumpEvent::Picture(picture));
        }
        if self.start == HandleStart::WhenReady && state.as_ref().is_some_and(|state| is_ready(state, permission)) {
            self.start = HandleStart::AtOnce;
            self.tell(PumpEvent::Started);
        }
        if self.start == HandleStart::AtOnce && self.readings.is_due(turn, self.handle.period()) {
            self.read(now, permission);
            // A cart that is not heard is not felt either: the handle lets its own force run out, and does so sooner than this.
            if let Some(state) = state.as_ref().filter(|_| permission != Permission::CartSilent) {
                let heard_at = self.heard_at(state, now);
                self.handle.cue(now, &cue(state, heard_at));
            }
        }
        self.send(clock, now, report);
    }

    fn read(&mut self, now: Time, permission: Permission) {
        let before = self.steering.latch();
        let held = if self.let_go.load(Ordering::Acquire) {
            self.steering.let_go(now);
            self.tell_opening();
            false
        } else {
            self.sample(now, permission)
        };
        let latch = self.steering.latch();
        if latch != before {
            // A lost handle counts as refused, too, and nobody holds it.
            if held && latch == ClutchLatch::Refused && permission != Permission::Granted {
                self.tell(PumpEvent::Refused(permission));
            }
            self.tell(PumpEvent::Clutch(latch));
        }
    }

    /// Takes a sample of the handle, and gives whether its enabling control is held.
    fn sample(&mut self, now: Time, permission: Permission) -> bool {
        match self.handle.sample(now) {
            Ok(sample) => {
                self.steering.sample(&sample, permission);
                self.tell_opening();
                if std::mem::take(&mut self.silent) {
                    self.tell(PumpEvent::Back);
                }
                for event in sample.events {
                    if let HandleEvent::DesiredForce(force) = event {
                        self.ledger.lock().set_desired_force(force);
                    }
                    self.tell(PumpEvent::Handle(event));
                }
                sample.clutch
            }
            Err(error) => {
                self.steering.lost(now);
                self.tell_opening();
                if !std::mem::replace(&mut self.silent, true) {
                    self.tell(PumpEvent::Lost(error.to_string()));
                }
                false
            }
        }
    }

    /// When this state was first seen here, at most one turn of this thread after it arrived.
    fn heard_at(&mut self, state: &State, now: Time) -> Time {
        match self.felt {
            Some((sequence, heard_at)) if sequence == state.sequence => heard_at,
            _ => {
                self.felt = Some((state.sequence, now));
                now
            }
        }
    }

    fn tell_opening(&mut self) {
        let opening = self.steering.opening();
        if std::mem::replace(&mut self.opening, opening) != opening {
            self.tell(PumpEvent::Opened(opening));
        }
    }

    fn tell(&self, event: PumpEvent) {
        // Nobody listens any more when the console is closing.
        let _ = self.events.send(Happening::Pump(event));
    }

    fn send(&self, clock: MonotonicClock, now: Time, picture: PictureReport) {
        let connection = self.connection.load();
        let Some(connection) = connection.as_deref() else { return };
        let command = {
            let mut ledger = self.ledger.lock();
            let intent = self.steering.intent(now, ledger.desired_force(), picture);
            ledger.command(clock.now(), &intent)
        };
        let Some(bytes) = command.and_then(|command| ConsoleDatagram::Command(command).encode()) else { return };
        // A datagram that can't leave now is worth nothing later: the next one is 2 ms away.
        let _ = connection.send_datagram(bytes);
    }
}

fn is_ready(state: &State, permission: Permission) -> bool {
    state.ladder == Ladder::Ready && state.link == LinkReadiness::Green && permission == Permission::Granted
}

fn cue(state: &State, heard_at: Time) -> ForceCue {
    let wrench = if state.wrench.is_finite() { state.wrench } else { Wrench::zero() };
    let target = if state.ladder == Ladder::Engaged { state.force_target } else { Newton::ZERO };
    ForceCue { heard_at, wrench, target, engaged: state.ladder == Ladder::Engaged }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handle_is_read_in_every_turn_or_every_second_one_whenever_the_thread_wakes_up() {
        for (period, expected) in [(2, 100), (4, 50), (1, 100)] {
            let mut readings = Readings { due: Time::ZERO };
            let turns = (0..100).map(|turn| Time::from_millis(1_000 + 2 * turn));
            let read = turns.filter(|turn| readings.is_due(*turn, Duration::from_millis(period))).count();
            assert_eq!(read, expected, "every {period} ms");
        }
        // After a turn that was missed the handle is read at once, and not twice.
        let mut readings = Readings { due: Time::ZERO };
        let turns = [0, 2, 9, 11, 13].map(Time::from_millis);
        assert_eq!(turns.map(|turn| readings.is_due(turn, Duration::from_millis(4))), [true, false, true, false, true]);
    }
}
