//! From the decoder to the view.

use farprobe_devices::MonotonicClock;
use farprobe_media::{DecodedPicture, Integrity as Decoded, ShowPicture, ShownPicture as FromDecoder};
use farprobe_session::accounting::ShownPicture as Accounted;
use farprobe_session::console::Integrity;

use super::front::Front;
use super::ledger::SharedLedger;
use crate::model::{Completeness, Event, Pixels, ShownPicture};

/// What the video's decoder hands its pictures to.
pub(super) fn taker(clock: MonotonicClock, ledger: SharedLedger, front: Front) -> ShowPicture {
    Box::new(move |picture| {
        // A sender that puts no data into its pictures is no cart.
        if let Some(event) = take(clock, &ledger, picture) {
            front.tell(event);
        }
    })
}

fn take(clock: MonotonicClock, ledger: &SharedLedger, picture: FromDecoder) -> Option<Event> {
    let stamp = picture.stamp?;
    let now = clock.now();
    let (integrity, completeness) = match picture.integrity {
        Decoded::Complete => (Integrity::Complete, Completeness::Complete),
        Decoded::Concealed => (Integrity::Concealed, Completeness::Concealed),
    };
    let (received_at, decoded_at) = (picture.received_at, picture.decoded_at);
    let captured_at = {
        let mut ledger = ledger.lock();
        ledger.picture(&Accounted { stamp, received_at, decoded_at, shown_at: now }, integrity);
        ledger.to_console(stamp.captured_at, now).map(|translated| translated.at)
    };
    let pixels = pixels(picture.picture);
    Some(Event::Picture(ShownPicture { pixels, stamp, captured_at, decoded_at, completeness }))
}

fn pixels(picture: DecodedPicture) -> Pixels {
    let size = [picture.width as usize, picture.height as usize];
    match &picture.chroma {
        None => Pixels::Grey { size, data: picture.luma.into() },
        Some(_) => Pixels::Rgb { size, data: picture.to_rgb().into() },
    }
}
