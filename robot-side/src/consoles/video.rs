//! The way of the pictures to one console. It may fail and come again; the console's connection does not notice.

use std::sync::Arc;
use std::time::Duration;

use farprobe_media::{AccessUnit, LinkError, LinkState, SendOutcome, Signals, VideoSender};
use farprobe_proto::{CartDatagram, CartMessage, PictureNotice, Signal, Wire};
use farprobe_transport::Connection;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{Mutex, mpsc};

use super::Consoles;
use crate::recorder::Record;

/// Signals that wait for the video's end.
const SIGNAL_SLOTS: usize = 32;

/// After a failure the video is offered again after this long.
const AGAIN_AFTER: Duration = Duration::from_secs(1);

/// One console's video.
pub(super) struct Outlet {
    consoles: Arc<Consoles>,
    record: Record,
    outbox: mpsc::Sender<CartMessage>,
    connection: Connection,
    /// Where the peer's signals go: to the sender that lives now.
    current: Mutex<Option<mpsc::Sender<Signal>>>,
}

impl Outlet {
    pub(super) fn new(
        consoles: &Arc<Consoles>,
        record: Record,
        outbox: mpsc::Sender<CartMessage>,
        connection: Connection,
    ) -> Self {
        Self { consoles: Arc::clone(consoles), record, outbox, connection, current: Mutex::new(None) }
    }

    /// Hands over a signal of the console.
    pub(super) async fn signal(&self, signal: Signal) {
        if let Some(current) = self.current.lock().await.as_ref()
            && current.try_send(signal).is_err()
        {
            tracing::warn!("a console sends more video signals than its video takes; one was dropped");
        }
    }

    /// Offers the video and sends pictures, again and again, until the future is dropped.
    pub(super) async fn run(&self) {
        loop {
            if let Err(error) = self.run_once().await {
                tracing::warn!("video to a console ended: {error}");
            }
            tokio::time::sleep(AGAIN_AFTER).await;
        }
    }

    async fn run_once(&self) -> Result<(), LinkError> {
        let (to_peer, mut outgoing) = mpsc::channel(SIGNAL_SLOTS);
        let (incoming, from_peer) = mpsc::channel(SIGNAL_SLOTS);
        *self.current.lock().await = Some(incoming);
        let clock = self.consoles.clock;
        let signals = Signals { to_peer, from_peer };
        let sender =
            VideoSender::start(&self.consoles.introduction.video, Arc::new(move || clock.now()), signals).await?;
        let mut state = sender.state();
        let mut units = self.consoles.pictures.units();
        loop {
            tokio::select! {
                signal = outgoing.recv() => match signal {
                    Some(signal) => {
                        // A console that does not read is let go by its writer.
                        let _ = self.outbox.send(CartMessage::Signal(signal)).await;
                    }
                    None => return Ok(()),
                },
                unit = units.recv() => self.pass_on(&sender, unit),
                changed = state.changed() => {
                    if changed.is_err() {
                        return Ok(());
                    }
                    if let LinkState::Ended(error) = &*state.borrow_and_update() {
                        return Err(error.clone());
                    }
                }
            }
        }
    }

    /// Tells the console beside the video that there is a picture: one that does not come is then not the cart's fault.
    fn announce(&self, unit: &AccessUnit) {
        let notice = PictureNotice { captured_at: unit.captured_at, made_at: self.consoles.now() };
        if let Some(bytes) = CartDatagram::Picture(notice).encode() {
            // One that can't leave now is worth nothing later, and the end of the connection is noticed elsewhere.
            let _ = self.connection.send_datagram(bytes);
        }
    }

    fn pass_on(&self, sender: &VideoSender, unit: Result<Arc<AccessUnit>, RecvError>) {
        let Ok(unit) = unit else {
            // Some were missed: what follows needs a picture that needs no other.
            sender.skipped();
            self.consoles.pictures.request_key_picture();
            return;
        };
        self.announce(&unit);
        let outcome = sender.send(AccessUnit::clone(&unit));
        if sender.take_key_request() {
            self.consoles.pictures.request_key_picture();
        }
        if outcome == SendOutcome::Queued {
            self.record.picture_sent();
        }
    }
}
