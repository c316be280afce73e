//! The memory of the clutch: what makes a press a deliberate act.

use crate::facts::{Clutch, Command};
use crate::transition::SeenOpen;

/// What a fresh command says about the clutch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ClutchNews {
    /// No fresh command in this tick.
    Nothing,
    /// Open.
    Open,
    /// Pressed with a new clutch-in number after having been seen open.
    PressedAnew,
    /// Still pressed, with the number it was pressed with.
    StillPressed,
    /// Pressed, but not seen open before, or with a number already used: a release or a press was lost on the way, or
    /// somebody replays.
    Unproven,
    /// The console lost the handle.
    HandleLost,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Memory {
    Unknown,
    Open,
    Pressed,
}

/// Remembers whether the clutch was seen open, and the last number it was pressed with, in vain or not.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ClutchWatch {
    memory: Memory,
    number: Option<u32>,
}

impl ClutchWatch {
    pub(crate) const fn new() -> Self {
        Self { memory: Memory::Unknown, number: None }
    }

    /// Takes in the newest fresh command.
    pub(crate) fn take(&mut self, command: Option<Command>) -> ClutchNews {
        let Some(Command { clutch, clutch_in }) = command else { return ClutchNews::Nothing };
        let same = self.number == Some(clutch_in);
        let (memory, news) = match (clutch, self.memory) {
            (Clutch::Open, _) => (Memory::Open, ClutchNews::Open),
            (Clutch::HandleLost, _) => (Memory::Unknown, ClutchNews::HandleLost),
            (Clutch::Pressed, Memory::Open) if !same => (Memory::Pressed, ClutchNews::PressedAnew),
            (Clutch::Pressed, Memory::Pressed) if same => (Memory::Pressed, ClutchNews::StillPressed),
            (Clutch::Pressed, _) => (Memory::Unknown, ClutchNews::Unproven),
        };
        self.memory = memory;
        if clutch == Clutch::Pressed {
            self.number = Some(clutch_in);
        }
        news
    }

    /// The reports were interrupted: the clutch must be seen open again.
    pub(crate) fn interrupt(&mut self) {
        self.memory = Memory::Unknown;
    }

    /// Somebody else drives from now on: the numbers are his own.
    pub(crate) fn forget(&mut self) {
        *self = Self::new();
    }

    pub(crate) fn seen_open(&self) -> SeenOpen {
        match self.memory {
            Memory::Open => SeenOpen::Yes,
            Memory::Unknown | Memory::Pressed => SeenOpen::No,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OPEN: Command = Command { clutch: Clutch::Open, clutch_in: 0 };

    const fn pressed(clutch_in: u32) -> Command {
        Command { clutch: Clutch::Pressed, clutch_in }
    }

    #[test]
    fn sr_005_after_an_interruption_the_clutch_must_be_seen_open_again() {
        let mut watch = ClutchWatch::new();
        assert_eq!(watch.take(Some(OPEN)), ClutchNews::Open);
        assert_eq!(watch.seen_open(), SeenOpen::Yes);
        watch.interrupt();
        assert_eq!(watch.seen_open(), SeenOpen::No);
        assert_eq!(watch.take(Some(pressed(1))), ClutchNews::Unproven);
        // And with a number of its own: that one was pressed in vain.
        assert_eq!((watch.take(Some(OPEN)), watch.take(Some(pressed(1)))), (ClutchNews::Open, ClutchNews::Unproven));
        assert_eq!((watch.take(Some(OPEN)), watch.take(Some(pressed(2)))), (ClutchNews::Open, ClutchNews::PressedAnew));
    }

    #[test]
    fn sr_005_another_driver_s_numbers_are_his_own_and_his_clutch_was_not_seen_yet() {
        let mut watch = ClutchWatch::new();
        assert_eq!((watch.take(Some(OPEN)), watch.take(Some(pressed(1)))), (ClutchNews::Open, ClutchNews::PressedAnew));
        watch.take(Some(OPEN));
        watch.forget();
        assert_eq!(watch.seen_open(), SeenOpen::No);
        assert_eq!((watch.take(Some(OPEN)), watch.take(Some(pressed(1)))), (ClutchNews::Open, ClutchNews::PressedAnew));
    }
}
