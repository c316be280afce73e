//! The loop that both drivers share: what comes in goes into the line, and what has come through goes out in its time.
//!
//! It has a thread of its own and sleeps in `ppoll`, which takes nanoseconds, with the timer slack of the thread at 1 ns: by
//! default Linux may wake a thread 50 µs late to save power. Where the system allows it, it is a real-time thread: a line does not
//! wait for the programs that are on it.

use std::io;
use std::num::NonZeroU64;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

use farprobe_devices::MonotonicClock;
use farprobe_geom::Time;
use farprobe_sim::link::{Line, LineProfile, LinkState, Way, Ways};
use rustix::event::{EventfdFlags, PollFd, PollFlags, Timespec, eventfd, poll};
use thiserror::Error;
use thread_priority::unix::{
    RealtimeThreadSchedulePolicy, ThreadSchedulePolicy, set_thread_priority_and_policy, thread_native_id,
};
use thread_priority::{ThreadPriority, ThreadPriorityValue};

use crate::report::{LatenessCount, Report};

/// A driver can't be started.
#[derive(Debug, Error)]
pub enum DriverError {
    /// The address to listen at can't be had (operator).
    #[error("can't listen at {address}: {source}: give an address of this machine and a free port, or port 0 for any")]
    Listen {
        /// As given.
        address: std::net::SocketAddr,
        /// What the system says.
        source: io::Error,
    },
    /// The relay would send to itself (operator).
    #[error("{address} is the relay's own address: give the address of the program it should relay to")]
    ToItself {
        /// As given.
        address: std::net::SocketAddr,
    },
    /// The machine refuses a thread or a descriptor.
    #[error("the machine has no room for a driver: {0}: end other programs, or raise its limits")]
    Machine(#[from] io::Error),
}

/// How the driver's thread is scheduled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Scheduling {
    /// As every other: it waits for its turn.
    #[default]
    Ordinary,
    /// Before all ordinary ones.
    RealTime,
}

/// Low among real-time threads: the cart's own (80 by default) comes before it, as it would on a machine of its own.
const PRIORITY: u8 = 10;

/// Makes the calling thread a real-time one, if that is allowed.
fn schedule() -> Scheduling {
    let policy = ThreadSchedulePolicy::Realtime(RealtimeThreadSchedulePolicy::Fifo);
    let set = ThreadPriorityValue::try_from(PRIORITY)
        .map(|value| set_thread_priority_and_policy(thread_native_id(), ThreadPriority::Crossplatform(value), policy));
    if matches!(set, Ok(Ok(()))) { Scheduling::RealTime } else { Scheduling::Ordinary }
}

/// A packet that a driver gave to its line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Handled {
    /// When, by the machine's monotonic clock.
    pub at: Time,
    /// Which way it goes.
    pub way: Way,
    /// What it takes on the wire, bytes.
    pub bytes: usize,
}

/// Whether a driver keeps a list of the packets it handles, for whoever wants to check it against the model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Keep {
    /// It counts only.
    #[default]
    Counts,
    /// It keeps them too, a million at most.
    Packets,
}

/// The longest list of packets kept: 32 MB.
const MOST_KEPT: usize = 1_000_000;

/// How many packets are read from one descriptor before what is due goes out again: a flood on one must not make the others
/// late. At some µs each it is a tenth of a millisecond.
pub(crate) const BATCH: usize = 32;

/// What carries packets in and out of the line.
pub(crate) trait Ports: Send + 'static {
    /// A packet, and where it goes.
    type Packet: Clone + Send;

    /// What is readable when there is something to receive.
    fn descriptors(&self) -> Vec<BorrowedFd<'_>>;

    /// Receives up to [`BATCH`] packets from one of the descriptors, and gives each to `take` with its way and its bytes on the
    /// wire.
    fn receive(&mut self, descriptor: usize, take: &mut dyn FnMut(Way, usize, Self::Packet)) -> Result<(), String>;

    /// Sends a packet that has come through. An error says who did not take it.
    fn deliver(&mut self, way: Way, packet: Self::Packet) -> Result<(), String>;
}

/// What is asked of the thread.
enum Wish {
    State(Ways, LinkState),
    Report(Sender<Report>),
    Stop,
}

/// A line that carries real packets. It stops when this is dropped.
#[derive(Debug)]
pub struct Driver {
    wishes: Sender<Wish>,
    wake: Arc<OwnedFd>,
    thread: Option<JoinHandle<Report>>,
}

impl Driver {
    /// Starts a thread that carries packets between `ports` over the line of `profile`.
    pub(crate) fn start(ports: impl Ports, profile: &LineProfile, seed: u64, keep: Keep) -> Result<Self, DriverError> {
        let wake = Arc::new(eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK).map_err(io::Error::from)?);
        let (wishes, asked) = channel();
        let clock = MonotonicClock;
        let began = clock.now();
        let carrier = Carrier {
            ports,
            line: Line::new(profile, seed, began),
            clock,
            keep,
            asked,
            lateness: [LatenessCount::new(), LatenessCount::new()],
            kept: Vec::new(),
            report: Report { began, ..Report::default() },
        };
        let woken = Arc::clone(&wake);
        let thread = std::thread::Builder::new().name("impaired-line".to_owned()).spawn(move || carrier.run(&woken))?;
        Ok(Self { wishes, wake, thread: Some(thread) })
    }

    /// Cuts, stalls or restores by hand, from now on. What the script or an outage keeps down stays down.
    pub fn set_state(&self, ways: Ways, state: LinkState) {
        self.wish(Wish::State(ways, state));
    }

    /// What became of the packets so far. Nothing if the thread has failed.
    pub fn report(&self) -> Option<Report> {
        let (answer, answered) = channel();
        self.wish(Wish::Report(answer));
        answered.recv().ok()
    }

    /// Ends the driver, and gives what it has last to say. What is in flight is dropped. Nothing if the thread has failed, or was
    /// ended before.
    pub fn stop(&mut self) -> Option<Report> {
        self.wish(Wish::Stop);
        self.thread.take()?.join().ok()
    }

    fn wish(&self, wish: Wish) {
        // A thread that is gone hears neither; `report` and `stop` tell.
        let _ = self.wishes.send(wish);
        let _ = rustix::io::write(&*self.wake, &1_u64.to_ne_bytes());
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        if let Some(thread) = self.thread.take() {
            self.wish(Wish::Stop);
            // A panic of the thread has been printed by then.
            let _ = thread.join();
        }
    }
}

/// What runs on the thread.
struct Carrier<P: Ports> {
    ports: P,
    line: Line<P::Packet>,
    clock: MonotonicClock,
    keep: Keep,
    asked: Receiver<Wish>,
    lateness: [LatenessCount; 2],
    kept: Vec<Handled>,
    report: Report,
}

/// Whether the loop goes on.
#[derive(PartialEq, Eq)]
enum Next {
    Wait,
    Stop,
}

impl<P: Ports> Carrier<P> {
    fn run(mut self, wake: &OwnedFd) -> Report {
        // Refused only by kernels that do not know it; then the driver is up to 50 µs later, and says so.
        let _ = rustix::thread::set_current_timer_slack(NonZeroU64::new(1));
        self.report.scheduling = schedule();
        loop {
            self.send_due();
            let ready = self.wait(wake);
            // Wishes first: who cuts the line and then sends must find it cut.
            if ready.wishes && self.grant(wake) == Next::Stop {
                return Report { handled: std::mem::take(&mut self.kept), ..self.report() };
            }
            for descriptor in ready.ports {
                self.receive(descriptor);
            }
        }
    }

    /// Sends everything that is due.
    fn send_due(&mut self) {
        while let Some((way, delivered)) = self.line.poll(self.clock.now()) {
            if let Err(trouble) = self.ports.deliver(way, delivered.payload) {
                self.report.way_mut(way).refused += 1;
                self.report.trouble = Some(trouble);
            }
            let late = self.clock.now().saturating_since(delivered.arrived_at);
            self.lateness[way.index()].add(late);
        }
    }

    /// Sleeps until something is due or there is something to receive.
    fn wait(&self, wake: &OwnedFd) -> Ready {
        let ports = self.ports.descriptors();
        let all = std::iter::once(wake.as_fd()).chain(ports);
        let mut polled: Vec<PollFd<'_>> = all.map(|fd| PollFd::from_borrowed_fd(fd, PollFlags::IN)).collect();
        let timeout = self.line.next_deadline().map(|at| span(at.saturating_since(self.clock.now())));
        // Interrupted by a signal, or out of memory: whatever is due goes out, and then it is tried again.
        if poll(&mut polled, timeout.as_ref()).is_err() {
            return Ready { wishes: true, ports: Vec::new() };
        }
        let is_ready = |polled: &PollFd<'_>| !polled.revents().is_empty();
        let ports = polled[1..].iter().enumerate().filter(|(_, polled)| is_ready(polled)).map(|(at, _)| at).collect();
        Ready { wishes: is_ready(&polled[0]), ports }
    }

    fn receive(&mut self, descriptor: usize) {
        let (line, clock, kept) = (&mut self.line, self.clock, &mut self.kept);
        let mut take = |way, bytes, packet| {
            let at = clock.now();
            line.send(at, way, bytes, packet);
            if self.keep == Keep::Packets && kept.len() < MOST_KEPT {
                kept.push(Handled { at, way, bytes });
            }
        };
        if let Err(trouble) = self.ports.receive(descriptor, &mut take) {
            self.report.trouble = Some(trouble);
        }
    }

    /// Does what is asked. Whoever asks and is gone ends the driver too.
    fn grant(&mut self, wake: &OwnedFd) -> Next {
        let mut count = [0; 8];
        let _ = rustix::io::read(wake, &mut count);
        loop {
            match self.asked.try_recv() {
                Ok(Wish::State(ways, state)) => self.line.set_state(self.clock.now(), ways, state),
                Ok(Wish::Report(answer)) => {
                    // Whoever asked may have given up.
                    let _ = answer.send(self.report());
                }
                Err(std::sync::mpsc::TryRecvError::Empty) => return Next::Wait,
                Ok(Wish::Stop) | Err(std::sync::mpsc::TryRecvError::Disconnected) => return Next::Stop,
            }
        }
    }

    fn report(&self) -> Report {
        let mut report = Report { until: self.clock.now(), ..self.report.clone() };
        for (way, lateness) in Way::ALL.into_iter().zip(&self.lateness) {
            let of = report.way_mut(way);
            of.counts = self.line.link(way).counts();
            of.lateness = lateness.lateness();
        }
        report
    }
}

/// What there is to do.
struct Ready {
    wishes: bool,
    ports: Vec<usize>,
}

/// A span as `ppoll` wants it; the longest are cut to a day.
fn span(span: std::time::Duration) -> Timespec {
    let span = span.min(std::time::Duration::from_hours(24));
    Timespec { tv_sec: span.as_secs().cast_signed(), tv_nsec: i64::from(span.subsec_nanos()) }
}
