//! How far a stop of this console has come. Pure.

use farprobe_proto::Ladder;

/// A stop, from the press until the staff have reset the cart. As long as there is one, the clutch does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Stop {
    /// None was pressed, or the staff have reset the cart since.
    #[default]
    None,
    /// It was pressed, and the cart can't know it yet.
    Owed,
    /// It was handed to a living connection; the cart does not show it yet.
    Sent,
    /// The cart has shown that it is stopped.
    Seen,
}

impl Stop {
    /// The operator pressed stop.
    pub(super) fn press(&mut self) {
        *self = Self::Owed;
    }

    /// What was owed was handed to a living connection.
    pub(super) fn sent(&mut self) {
        if *self == Self::Owed {
            *self = Self::Sent;
        }
    }

    /// The connection is gone. What the cart has not shown may never have reached it: it is owed again. At worst a cart that
    /// its staff have reset meanwhile is stopped a second time.
    pub(super) fn disconnected(&mut self) {
        if *self == Self::Sent {
            *self = Self::Owed;
        }
    }

    /// The cart stands here.
    pub(super) fn shown(&mut self, ladder: Ladder) {
        *self = match (*self, ladder) {
            (Self::Sent | Self::Seen, Ladder::EStop) => Self::Seen,
            (Self::Seen, _) => Self::None,
            (unchanged, _) => unchanged,
        };
    }

    /// Whether it must still be sent.
    pub(super) fn is_owed(self) -> bool {
        self == Self::Owed
    }

    /// Whether nobody may drive for it.
    pub(super) fn forbids_driving(self) -> bool {
        self != Self::None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stop_that_was_delivered_ends_with_the_staffs_reset() {
        let mut stop = Stop::None;
        stop.press();
        assert!(stop.is_owed() && stop.forbids_driving());
        stop.sent();
        stop.shown(Ladder::Engaged);
        assert!(!stop.is_owed() && stop.forbids_driving(), "the cart does not show it yet");
        stop.shown(Ladder::EStop);
        assert!(stop.forbids_driving());
        stop.shown(Ladder::Idle);
        assert_eq!(stop, Stop::None);
    }

    #[test]
    fn a_stop_without_a_connection_is_owed_until_there_is_one() {
        let mut stop = Stop::None;
        stop.disconnected();
        stop.press();
        stop.shown(Ladder::EStop);
        assert!(stop.is_owed(), "somebody else's stop is not this one");
        stop.sent();
        stop.shown(Ladder::EStop);
        assert_eq!(stop, Stop::Seen);
    }

    #[test]
    fn a_stop_that_went_with_its_connection_is_owed_again_and_one_that_arrived_is_not() {
        let mut stop = Stop::Owed;
        stop.sent();
        stop.disconnected();
        assert!(stop.is_owed());
        stop.sent();
        stop.shown(Ladder::EStop);
        stop.disconnected();
        assert_eq!(stop, Stop::Seen);
        stop.shown(Ladder::Ready);
        assert_eq!(stop, Stop::None, "the staff have reset it while nobody listened");
    }

    #[test]
    fn nothing_is_sent_that_nobody_pressed() {
        let mut stop = Stop::None;
        stop.sent();
        stop.shown(Ladder::EStop);
        assert_eq!(stop, Stop::None);
    }
}
