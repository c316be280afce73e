//! The enabling control after the console's own judgement.

/// Whether a held clutch counts.
///
/// A clutch that is held while driving is not permitted does not count until it was seen open: nothing engages because the
/// link, the picture or the handle came back under a hand that never let go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ClutchLatch {
    /// Released.
    #[default]
    Open,
    /// Held, and nothing speaks against driving.
    Pressed,
    /// Held, but driving was or is not permitted: it must be seen open before it counts again.
    Refused,
}

/// Whether the console itself knows of nothing that speaks against driving.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Driving {
    /// It may go on, or begin.
    Permitted,
    /// The cart is silent, the picture is bad, or the operator has pressed stop.
    Forbidden,
}

impl ClutchLatch {
    /// The latch after this: whether the hand holds the clutch now.
    #[must_use]
    pub const fn judge(self, held: bool, driving: Driving) -> Self {
        match (held, self, driving) {
            (false, _, _) => Self::Open,
            (true, Self::Open | Self::Pressed, Driving::Permitted) => Self::Pressed,
            (true, Self::Refused, _) | (true, _, Driving::Forbidden) => Self::Refused,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clutch_held_through_a_loss_counts_only_after_it_was_open() {
        let (yes, no) = (Driving::Permitted, Driving::Forbidden);
        let mut latch = ClutchLatch::default();
        for (held, driving, becomes) in [
            (true, yes, ClutchLatch::Pressed),
            (true, no, ClutchLatch::Refused),
            (true, yes, ClutchLatch::Refused),
            (false, no, ClutchLatch::Open),
            (true, no, ClutchLatch::Refused),
            (false, yes, ClutchLatch::Open),
            (true, yes, ClutchLatch::Pressed),
        ] {
            latch = latch.judge(held, driving);
            assert_eq!(latch, becomes);
        }
    }
}
