//! What the cart's safety gate or its monitor refused.

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Why a motion was refused. None of it is the doing of an operator's hand: the cart's own control keeps every wish within what
/// passes, and where it fails to, the gate refuses; a target that leaps is the console's doing. Its words are a part of a
/// sentence, for console and cart alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Error)]
pub enum Objection {
    /// The control law proposed something that is not a number.
    #[error("the control law asked for something that is no number")]
    ProposalNotFinite,
    /// The control law proposed more motion than time had passed for.
    #[error("the control law asked for more motion than there was time for")]
    ProposalOverspent,
    /// A setpoint was not of this arm.
    #[error("a setpoint did not have as many joints as the arm")]
    WrongAxes,
    /// A setpoint, or the arm's own angles, were not finite.
    #[error("a setpoint or the arm's answer was no number")]
    NotFinite,
    /// A joint would have left its range.
    #[error("{0} would have left its range")]
    Range(Joint),
    /// A joint would have been too fast.
    #[error("{0} would have been too fast")]
    Speed(Joint),
    /// A joint would have changed its speed too fast.
    #[error("{0} would have changed its speed too fast")]
    Acceleration(Joint),
    /// A joint would have jumped.
    #[error("{0} would have jumped")]
    Jump(Joint),
    /// The tip would have moved otherwise than was permitted.
    #[error("the probe would have moved otherwise than was permitted")]
    Disagrees,
    /// The arm still braked after a refusal before.
    #[error("the arm still braked after a motion that was refused")]
    Recovering,
    /// The monitor: the setpoint sent was not finite, or not of this arm.
    #[error("the monitor saw a setpoint that was no number")]
    SentNonsense,
    /// The monitor: the setpoint sent was outside a joint's range.
    #[error("the monitor saw {0} sent out of its range")]
    SentOutOfRange(Joint),
    /// The monitor: the setpoint sent jumped.
    #[error("the monitor saw {0} sent to jump")]
    SentJump(Joint),
    /// The monitor: the motion sent was faster than any that may be permitted.
    #[error("the monitor saw the probe sent faster than is ever permitted")]
    SentTooFast,
    /// The monitor: the motion sent was not the one permitted.
    #[error("the monitor saw the probe sent otherwise than was permitted")]
    SentNotAsPermitted,
    /// The operator's target moved further in one command than a hand can.
    #[error("the console's target leapt further than a hand can move")]
    TargetLeapt,
    /// A joint did not follow.
    #[error("{0} did not follow")]
    Lead(Joint),
    /// The probe was to be lifted, and the setpoints did not lift it.
    #[error("the probe was to be lifted, and the cart's control did not lift it")]
    LiftWithheld,
}

/// A joint of the arm, counted from 0 at the base. Its words count from 1, as arms are labelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Joint(pub u8);

impl core::fmt::Display for Joint {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "joint {}", u16::from(self.0) + 1)
    }
}
