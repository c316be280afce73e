//! What waits to be sent. Pure.
//!
//! A delta picture needs the one before it, so an encoded picture cannot simply be replaced by a newer one. Here a key
//! picture replaces whatever waits; a delta picture that finds another waiting is dropped, and so are those after it until
//! the key picture that is asked for in its place.

use crate::{AccessUnit, AccessUnitKind};

/// What became of a picture handed over for sending.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SendOutcome {
    /// It is on its way.
    Queued,
    /// The connection is not up, or has ended.
    NotConnected,
    /// The network does not keep up: the picture before it still waits. Encode the next one as a key picture.
    Congested,
    /// It depends on a picture that was not sent. Encode the next one as a key picture.
    KeyPictureNeeded,
}

/// The one picture that waits.
#[derive(Debug)]
pub(crate) struct Outbox {
    waiting: Option<AccessUnit>,
    key_needed: bool,
}

impl Outbox {
    /// Empty, at the start of a stream: the first picture must be a key picture.
    pub(crate) const fn new() -> Self {
        Self { waiting: None, key_needed: true }
    }

    /// Takes a picture for sending.
    pub(crate) fn put(&mut self, unit: AccessUnit) -> SendOutcome {
        match (unit.kind, self.key_needed, &self.waiting) {
            (AccessUnitKind::Key, _, _) => {
                self.key_needed = false;
                self.waiting = Some(unit);
                SendOutcome::Queued
            }
            (AccessUnitKind::Delta, true, _) => SendOutcome::KeyPictureNeeded,
            (AccessUnitKind::Delta, false, Some(_)) => {
                self.key_needed = true;
                SendOutcome::Congested
            }
            (AccessUnitKind::Delta, false, None) => {
                self.waiting = Some(unit);
                SendOutcome::Queued
            }
        }
    }

    /// A picture before the next one was never handed over: what follows must not depend on it.
    pub(crate) const fn skipped(&mut self) {
        self.key_needed = true;
    }

    /// The picture to send next.
    pub(crate) const fn take(&mut self) -> Option<AccessUnit> {
        self.waiting.take()
    }

    /// Whether a delta picture would be taken now.
    pub(crate) const fn has_room(&self) -> bool {
        self.waiting.is_none()
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use farprobe_geom::Time;

    use super::*;

    fn unit(kind: AccessUnitKind, number: u64) -> AccessUnit {
        AccessUnit { data: Bytes::from(vec![number as u8]), kind, captured_at: Time::from_millis(number) }
    }

    #[test]
    fn a_stream_begins_with_a_key_picture() {
        let mut outbox = Outbox::new();
        assert_eq!(outbox.put(unit(AccessUnitKind::Delta, 1)), SendOutcome::KeyPictureNeeded);
        assert_eq!(outbox.put(unit(AccessUnitKind::Key, 2)), SendOutcome::Queued);
        assert_eq!(outbox.take().map(|unit| unit.captured_at), Some(Time::from_millis(2)));
    }

    #[test]
    fn nothing_that_depends_on_an_unsent_picture_is_sent() {
        let mut outbox = Outbox::new();
        outbox.put(unit(AccessUnitKind::Key, 1));
        assert!(!outbox.has_room());
        assert_eq!(outbox.put(unit(AccessUnitKind::Delta, 2)), SendOutcome::Congested);
        assert_eq!(outbox.take(), Some(unit(AccessUnitKind::Key, 1)));
        assert_eq!(outbox.put(unit(AccessUnitKind::Delta, 3)), SendOutcome::KeyPictureNeeded);
        assert_eq!(outbox.put(unit(AccessUnitKind::Key, 4)), SendOutcome::Queued);
        outbox.take();
        assert_eq!(outbox.put(unit(AccessUnitKind::Delta, 5)), SendOutcome::Queued);
    }

    #[test]
    fn after_a_picture_that_was_never_handed_over_a_key_picture_is_needed() {
        let mut outbox = Outbox::new();
        outbox.put(unit(AccessUnitKind::Key, 1));
        outbox.take();
        outbox.skipped();
        assert_eq!(outbox.put(unit(AccessUnitKind::Delta, 3)), SendOutcome::KeyPictureNeeded);
        assert_eq!(outbox.put(unit(AccessUnitKind::Key, 4)), SendOutcome::Queued);
    }

    #[test]
    fn a_key_picture_replaces_what_waits() {
        let mut outbox = Outbox::new();
        outbox.put(unit(AccessUnitKind::Key, 1));
        assert_eq!(outbox.put(unit(AccessUnitKind::Key, 2)), SendOutcome::Queued);
        assert_eq!(outbox.take(), Some(unit(AccessUnitKind::Key, 2)));
        assert_eq!(outbox.take(), None);
    }
}
