//! Where the time of a late picture has gone: at the cart, on the way, or at this console.

use std::fmt;
use std::time::Duration;

use farprobe_geom::Time;
use farprobe_proto::PictureNotice;

use super::ClockEstimate;
use crate::accounting::ShownPicture;

/// A console that looks at its pictures less often than this was not given the processor: it looks with each command, every
/// 2 ms, and ten of them is beyond what a scheduler does to a thread of a machine that keeps up.
const STALL: Duration = Duration::from_millis(20);

/// A cart that is not heard for this long is cut off: it speaks every 4 ms, and a dozen words are not lost by chance.
const SILENCE: Duration = Duration::from_millis(50);

/// Who is to blame for pictures that are late. `Display` says what they do and what can be done, as the end of a sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Culprit {
    /// The cart: its scanner or its encoder is slow, or gives none.
    Cart,
    /// The way between the two: late, or lost.
    Link,
    /// This console: it was not run, or decodes or paints too slowly.
    Console,
}

impl fmt::Display for Culprit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Cart => "the cart makes them too slowly or not at all; ask the staff to look at cart and scanner",
            Self::Link => "they are late or lost on the way; look at the network",
            Self::Console => "this console does not keep up with them; close what else runs on it",
        })
    }
}

/// The picture on the screen, as it came there.
#[derive(Debug, Clone, Copy)]
struct Painted {
    picture: ShownPicture,
    at: Time,
}

/// The first picture after the one on the screen that is known to have arrived.
#[derive(Debug, Clone, Copy)]
struct Next {
    received_at: Time,
    /// When it was ready to leave, cart clock; not known before it is decoded.
    encoded_at: Option<Time>,
}

/// Follows the pictures of one connection from the cart to the screen.
#[derive(Debug, Clone, Default)]
pub(super) struct Course {
    painted: Option<Painted>,
    next: Option<Next>,
    /// The newest picture decoded.
    newest: Option<ShownPicture>,
    /// When the newest whole picture arrived, decoded or not.
    arrived_at: Option<Time>,
    /// The first picture that the cart has announced and that has not been decoded.
    missing: Option<PictureNotice>,
    /// When the cart was last heard at all, and for how long it was cut off since the picture on the screen was painted: what it did
    /// meanwhile nobody here knows. `None` as long as nobody tells.
    heard_at: Option<Time>,
    silent: Duration,
    looked_at: Option<Time>,
    /// How long this console was not run, before the picture on the screen was painted and since.
    stalled: [Duration; 2],
}

impl Course {
    /// The cart has announced a picture.
    pub(super) fn announced(&mut self, notice: &PictureNotice) {
        if self.is_new(notice.captured_at) {
            self.missing.get_or_insert(*notice);
        }
    }

    /// The cart was heard at `at`, console clock, whatever it said.
    pub(super) fn heard(&mut self, at: Time) {
        self.silent = self.silence(at);
        self.heard_at = Some(at);
    }

    /// For how long the cart was cut off by `now`, since the picture on the screen was painted.
    fn silence(&self, now: Time) -> Duration {
        let (Some(heard), Some(painted)) = (self.heard_at, self.painted) else { return Duration::ZERO };
        let gap = now.saturating_since(heard.max(painted.at));
        if gap > SILENCE { self.silent.saturating_add(gap) } else { self.silent }
    }

    /// A whole picture arrived at `at`, console clock.
    pub(super) fn arrived(&mut self, at: Time) {
        if self.arrived_at.is_none_or(|before| at > before) {
            self.arrived_at = Some(at);
            if self.painted.is_some_and(|painted| at > painted.picture.received_at) {
                self.next.get_or_insert(Next { received_at: at, encoded_at: None });
            }
        }
    }

    /// A picture was decoded and taken by the view.
    pub(super) fn shown(&mut self, picture: &ShownPicture) {
        if !self.is_new(picture.stamp.captured_at) {
            // What waited for the decoder was nothing new.
            self.next = self.next.filter(|next| next.encoded_at.is_some() || next.received_at > picture.received_at);
            return;
        }
        self.newest = Some(*picture);
        self.missing = self.missing.filter(|missing| missing.captured_at > picture.stamp.captured_at);
        self.next = match self.next {
            None => Some(Next::of(picture)),
            // The one that was not decoded then.
            Some(Next { received_at, encoded_at: None }) => {
                Some(Next { received_at: received_at.min(picture.received_at), ..Next::of(picture) })
            }
            known => known,
        };
    }

    /// `picture` was painted at `at`, console clock. One that was painted before, or an older one, changes nothing.
    pub(super) fn painted(&mut self, at: Time, picture: &ShownPicture) {
        if self.painted.is_some_and(|painted| painted.picture.stamp.captured_at >= picture.stamp.captured_at) {
            return;
        }
        let newer = self.newest.filter(|newest| newest.stamp.captured_at > picture.stamp.captured_at);
        let waiting = self.arrived_at.filter(|arrived| *arrived > picture.received_at);
        let waiting = waiting.map(|received_at| Next { received_at, encoded_at: None });
        self.next = newer.as_ref().map(Next::of).or(waiting);
        self.painted = Some(Painted { picture: *picture, at });
        self.stalled = [self.stalled[1], Duration::ZERO];
        self.silent = Duration::ZERO;
    }

    /// The console looks at its pictures.
    pub(super) fn looked(&mut self, now: Time) {
        let gap = self.looked_at.map_or(Duration::ZERO, |before| now.saturating_since(before));
        self.looked_at = Some(now);
        if gap > STALL {
            self.stalled[1] = self.stalled[1].saturating_add(gap);
        }
    }

    /// Who has taken the most of the time from the capture of the picture on the screen to `now`, console clock.
    pub(super) fn culprit(&self, now: Time, clock: &ClockEstimate) -> Culprit {
        let Some(Painted { picture, at }) = self.painted else { return Culprit::Console };
        let here = |cart: Time| clock.to_console(cart, now).map_or(Time::ZERO, |translated| translated.at);
        let encoding = picture.stamp.encoded_at.saturating_since(picture.stamp.captured_at);
        let travelling = picture.received_at.saturating_since(here(picture.stamp.encoded_at));
        let showing = at.saturating_since(picture.received_at);
        // Since it was painted one has waited for the next: until that arrived, for cart and link; from then on for the console.
        let arrival = self.next.map_or(now, |next| next.received_at.clamp(at.min(now), now));
        let left = self.next.and_then(|next| next.encoded_at).or(self.missing.map(|missing| missing.made_at));
        let left = left.map_or(arrival, |left| here(left).clamp(at.min(arrival), arrival));
        let waited = left.saturating_since(at);
        // Of a cart that was cut off meanwhile nobody knows that it made none.
        let silent = self.silence(now).min(waited);
        let cart = encoding.saturating_add(waited.saturating_sub(silent));
        let link = travelling.saturating_add(arrival.saturating_since(left)).saturating_add(silent);
        let console = showing.saturating_add(now.saturating_since(arrival));
        // What arrives while this console is not run is stamped when it runs again.
        let asleep = self.stalled[0].saturating_add(self.stalled[1]).min(link);
        let (link, console) = (link.saturating_sub(asleep), console.saturating_add(asleep));
        match (cart, link, console) {
            _ if console >= cart && console >= link => Culprit::Console,
            _ if link >= cart => Culprit::Link,
            _ => Culprit::Cart,
        }
    }

    fn is_new(&self, captured_at: Time) -> bool {
        self.newest.is_none_or(|newest| captured_at > newest.stamp.captured_at)
    }
}

impl Next {
    fn of(picture: &ShownPicture) -> Self {
        Self { received_at: picture.received_at, encoded_at: Some(picture.stamp.encoded_at) }
    }
}

#[cfg(test)]
#[path = "picture_course_tests.rs"]
mod tests;
