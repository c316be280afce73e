//! What the director hears of the events on their way to the window.

use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, PoisonError};

use farprobe_proto::CartDatagram;

use super::front::Sink;
use super::ledger::SharedLedger;
use super::plan::Happening;
use super::witness::{Machines, Witness};
use crate::model::Event;

/// Ears in front of the window's sink.
pub(super) struct Ears {
    /// What the director is told.
    pub(super) tell: Sender<Happening>,
    /// Where pictures are accounted for.
    pub(super) ledger: SharedLedger,
    /// Who sees every state.
    pub(super) witness: Witness,
    /// Where cart and console run.
    pub(super) machines: Machines,
    /// Whether a window paints the pictures. If none does, taking one is all the showing there is.
    pub(super) painted_by_window: bool,
}

impl Ears {
    /// `sink`, with these ears in front of it.
    pub(super) fn before(self, sink: Sink) -> Sink {
        let tell = Mutex::new(self.tell);
        let say = move |happening| {
            // A director that has ended needs to hear nothing more.
            let _ = tell.lock().unwrap_or_else(PoisonError::into_inner).send(happening);
        };
        Arc::new(move |at, event| {
            match &event {
                Event::Connected(welcome) => {
                    self.witness.connected(at, welcome);
                    say(Happening::Scanner(welcome.scanner.settings));
                    say(Happening::Welcome(welcome.clone()));
                }
                Event::Scanner(reply) => say(Happening::Scanner(reply.state.settings)),
                Event::Cart(CartDatagram::State(state)) => self.witness.state(at, state, self.machines),
                Event::Step(step) => self.witness.step(at, step, self.machines),
                Event::Lease(status) => self.witness.lease(status),
                Event::Lost { .. } => self.witness.lost(),
                Event::Picture(picture) if !self.painted_by_window => {
                    self.ledger.lock().painted(picture.stamp.number, at);
                }
                _ => {}
            }
            sink(at, event);
        })
    }
}
