//! The consoles that are connected: who they are, who drives, what each is told.
//!
//! The QUIC endpoint accepts any number of authenticated consoles up to the configured limit. One of them may hold the lease;
//! only its commands go on to the real-time thread, which judges them again by epoch. A stop is taken from anybody.

mod accept;
mod console;
mod ended;
mod errand;
mod heard;
mod states;
mod video;
mod welcome;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use farprobe_devices::MonotonicClock;
use farprobe_geom::Time;
use farprobe_proto::{CartMessage, Epoch, Event, Severity, State, Transition};
use farprobe_servo::Inbound;
use farprobe_session::cart::{ConsoleId, LeaseDesk};
use tokio::sync::{broadcast, mpsc, watch};

pub(crate) use accept::serve;
pub(crate) use states::relay_states;
pub(crate) use welcome::Introduction;

use crate::pictures::PictureDesk;
use crate::recorder::Recorder;
use crate::rt::Inbox;

/// Messages a console may be behind before it counts as dead. A console that reads is never behind by more than a few.
const OUTBOX_SLOTS: usize = 64;

/// Events, and steps of the ladder, a console may be behind.
const EVENT_SLOTS: usize = 64;

/// Nobody: connections are numbered from 1.
const NOBODY: u64 = 0;

/// Everything the consoles share.
#[derive(Debug)]
pub(crate) struct Consoles {
    clock: MonotonicClock,
    inbox: Arc<Inbox>,
    recorder: Recorder,
    pictures: PictureDesk,
    introduction: Introduction,
    desk: Mutex<Desk>,
    /// The holder of the lease, for the datagram path: read 500 times a second, so no lock.
    driver: AtomicU64,
    next_id: AtomicU64,
    states: watch::Receiver<Option<State>>,
    events: broadcast::Sender<Event>,
    steps: broadcast::Sender<Transition>,
}

#[derive(Debug)]
struct Desk {
    leases: LeaseDesk,
    outboxes: std::collections::BTreeMap<ConsoleId, mpsc::Sender<CartMessage>>,
}

impl Consoles {
    /// Nobody is connected yet.
    pub(crate) fn new(
        clock: MonotonicClock,
        inbox: Arc<Inbox>,
        recorder: Recorder,
        pictures: PictureDesk,
        introduction: Introduction,
        states: watch::Receiver<Option<State>>,
        leases: LeaseDesk,
    ) -> Self {
        Self {
            clock,
            inbox,
            recorder,
            pictures,
            introduction,
            desk: Mutex::new(Desk { leases, outboxes: std::collections::BTreeMap::new() }),
            driver: AtomicU64::new(NOBODY),
            next_id: AtomicU64::new(NOBODY + 1),
            states,
            events: broadcast::Sender::new(EVENT_SLOTS),
            steps: broadcast::Sender::new(EVENT_SLOTS),
        }
    }

    /// Tells every console something the operator should know, and the log as well.
    pub(crate) fn announce(&self, severity: Severity, text: impl Into<String>) {
        let event = Event { at: self.clock.now(), severity, text: text.into() };
        match severity {
            Severity::Info => tracing::info!("{}", event.text),
            Severity::Warning => tracing::warn!("{}", event.text),
            Severity::Alarm => tracing::error!("{}", event.text),
        }
        // Nobody connected is nobody to tell.
        let _ = self.events.send(event);
    }

    /// Tells every console of a step of the ladder.
    pub(crate) fn tell_step(&self, step: Transition) {
        // Nobody connected is nobody to tell.
        let _ = self.steps.send(step);
    }

    /// This lease is taken away from whoever holds it.
    pub(crate) fn revoke_lease(&self, epoch: Epoch) {
        self.with_leases(|leases| leases.revoke(epoch));
    }

    fn now(&self) -> Time {
        self.clock.now()
    }

    fn is_driver(&self, id: ConsoleId) -> bool {
        self.driver.load(Ordering::Acquire) == id.0
    }

    fn lock(&self) -> MutexGuard<'_, Desk> {
        // The desk is whole between calls; a panic in one console's task must not lock the others out.
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does something at the lease desk and carries out what follows: the real-time thread learns the epoch first, then the
    /// consoles learn who drives.
    fn with_leases(&self, act: impl FnOnce(&mut LeaseDesk)) {
        let mut desk = self.lock();
        let before = desk.leases.epoch();
        act(&mut desk.leases);
        let epoch = desk.leases.epoch();
        if epoch != before {
            self.driver.store(desk.leases.holder().map_or(NOBODY, |id| id.0), Ordering::Release);
            if let (Some(epoch), Some(holder)) = (epoch, desk.leases.holder()) {
                self.recorder.drives(epoch, holder);
            }
            if self.inbox.push(Inbound::Lease(epoch)).is_err() {
                tracing::error!("the lease did not reach the real-time thread: it does not run");
            }
        }
        while let Some(notice) = desk.leases.poll() {
            if let Some(outbox) = desk.outboxes.get(&notice.to)
                && outbox.try_send(CartMessage::Lease(notice.status)).is_err()
            {
                tracing::warn!("a console does not read what it is told; its connection will be closed");
            }
        }
    }
}
