//! The decoder's thread.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use farprobe_geom::Time;
use farprobe_proto::PictureStamp;

use super::backlog::{Next, Queue};
use super::stats::ReceiverStats;
use crate::rtp::assembler::Dependence;
use crate::{Clock, DecodedPicture, Decoder, Integrity};

/// A picture to be shown.
#[derive(Debug, Clone, PartialEq)]
pub struct ShownPicture {
    /// The picture.
    pub picture: DecodedPicture,
    /// What the cart knew when it captured it; `None` from a sender that is no Farprobe.
    pub stamp: Option<PictureStamp>,
    /// Whether it shows what was captured.
    pub integrity: Integrity,
    /// When its first packet arrived, console clock.
    pub first_packet_at: Time,
    /// When its last packet arrived, console clock.
    pub received_at: Time,
    /// When it was decoded, console clock.
    pub decoded_at: Time,
}

/// Takes each picture, in the decoder's thread and in order. It must not wait: keep the picture, wake the window, return.
pub type ShowPicture = Box<dyn FnMut(ShownPicture) + Send>;

/// What the receiver, its task and the decoder's thread share.
pub(super) struct Shared {
    pub(super) clock: Clock,
    pub(super) stats: Mutex<ReceiverStats>,
    pub(super) stopped: AtomicBool,
    /// The pictures to be decoded.
    pub(super) queue: Queue,
    /// Set by the decoder's thread when a picture gave nothing to show, or was given up: it takes a key picture.
    pub(super) undecodable: AtomicBool,
}

impl Shared {
    /// Lets the decoder's thread end after the picture it is at.
    pub(super) fn stop(&self) {
        self.stopped.store(true, Ordering::Release);
        self.queue.close();
    }

    /// Counts something.
    pub(super) fn stats(&self, change: impl FnOnce(&mut ReceiverStats)) {
        change(&mut self.stats.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

/// The decoder's thread: every unit is decoded, for the next one needs it, unless they become too many.
pub(super) fn decode_all(shared: &Shared, mut decoder: Decoder, mut show: ShowPicture) {
    while let Some(next) = shared.queue.next(|| (shared.clock)()) {
        let unit = match next {
            Next::Unit(unit) => unit,
            Next::GivenUp(count) => {
                shared.undecodable.store(true, Ordering::Release);
                shared.stats(|stats| stats.pictures_unused += count);
                continue;
            }
            Next::Nothing => continue,
        };
        if shared.stopped.load(Ordering::Acquire) {
            return;
        }
        let begun_at = (shared.clock)();
        let decoded = decoder.decode(&unit.data);
        let decoded_at = (shared.clock)();
        let Some(picture) = decoded.picture else {
            shared.undecodable.store(true, Ordering::Release);
            shared.stats(|stats| stats.pictures_unused += 1);
            continue;
        };
        let integrity = match (unit.dependence, decoded.integrity) {
            (Dependence::Sound, Integrity::Complete) => Integrity::Complete,
            (Dependence::Broken, _) | (_, Integrity::Concealed) => Integrity::Concealed,
        };
        shared.stats(|stats| {
            stats.pictures_decoded += 1;
            stats.pictures_concealed += u64::from(integrity == Integrity::Concealed);
            stats.decode.add(decoded_at.saturating_since(begun_at));
            stats.last_packet_to_decoded.add(decoded_at.saturating_since(unit.last_at));
        });
        if shared.stopped.load(Ordering::Acquire) {
            return;
        }
        show(ShownPicture {
            picture,
            stamp: decoded.stamp,
            integrity,
            first_packet_at: unit.first_at,
            received_at: unit.last_at,
            decoded_at,
        });
    }
}
