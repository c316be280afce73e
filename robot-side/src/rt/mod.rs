//! The real-time thread: arm in, servo step, arm out, 1000 times a second.
//!
//! It owns the arm and the servo. It never allocates, locks, logs or waits for anything but the clock: what it is told comes
//! through a ring ([`Inbox`]), what it tells leaves through rings that drop when nobody reads ([`Taps`]).

mod scheduling;
#[cfg(test)]
pub(crate) mod testing;
mod thread;

use std::sync::Mutex;

use farprobe_devices::PictureContext;
use farprobe_geom::Time;
use farprobe_proto::{Epoch, RefusedCommands, State, Transition};
use farprobe_servo::{AppliedCommand, Inbound};

pub(crate) use scheduling::enter;
pub(crate) use thread::{MOST_CAUGHT_UP, PERIOD, Pacing, RtThread, next_due, spawn};

/// Room for what arrives between two ticks. 500 commands a second are one every other tick; this is a second of them, so
/// that only a thread that is dead for a second can lose any.
const INBOX_SLOTS: usize = 1024;

/// The way into the real-time thread. Any number of threads may push; the real-time thread never sees the lock.
#[derive(Debug)]
pub(crate) struct Inbox(Mutex<rtrb::Producer<Inbound>>);

impl Inbox {
    fn new() -> (Self, rtrb::Consumer<Inbound>) {
        let (producer, consumer) = rtrb::RingBuffer::new(INBOX_SLOTS);
        (Self(Mutex::new(producer)), consumer)
    }

    /// Hands `inbound` to the next tick. An error means that the real-time thread has not run for a second or more.
    pub(crate) fn push(&self, inbound: Inbound) -> Result<(), InboxFull> {
        // A poisoned lock means that another pusher panicked between two whole pushes: the ring itself is sound.
        let mut producer = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        producer.push(inbound).map_err(|_| InboxFull)
    }
}

/// The real-time thread has stopped reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the real-time thread does not read its inbox: the cart is stalled")]
pub(crate) struct InboxFull;

/// One tick as the recorder sees it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tick {
    /// When the tick ran, cart clock.
    pub at: Time,
    /// Wake-up after the due time, ns.
    pub lateness_ns: u64,
    /// Thread CPU time of the servo's step and of taking in what arrived, ns.
    pub step_ns: u64,
    /// Contact force along the axis, N: the simulator's true one where there is one.
    pub force_along_axis: f64,
    /// Norm of the tip force, N: the simulator's true one where there is one.
    pub force_norm: f64,
    /// Whether the two are the simulator's.
    pub force_is_true: bool,
    /// Commands refused since the thread began.
    pub refused: RefusedCommands,
    /// The state at this tick.
    pub state: State,
    /// A step of the ladder.
    pub transition: Option<Transition>,
    /// The lease whose session is closed.
    pub closed_session: Option<Epoch>,
    /// A command applied.
    pub applied: Option<AppliedCommand>,
    /// Ticks before this one, since the thread began, for which the ring had no room.
    pub lost_before: u64,
}

/// The ways out of the real-time thread, one reader each.
#[derive(Debug)]
pub(crate) struct Taps {
    /// Every fourth tick's state, for the consoles.
    pub states: rtrb::Consumer<State>,
    /// Rung for each state.
    pub doorbell: std::os::fd::OwnedFd,
    /// Every tick, for the recorder.
    pub ticks: rtrb::Consumer<Tick>,
    /// Every tick, for the scanner: what was true when a picture is captured.
    pub contexts: rtrb::Consumer<PictureContext>,
}
