//! What the gate and the monitor refuse, for those who ask why the arm stopped.

use crate::envelope::Violation;
use crate::joints::Refused;

/// Why a motion was refused. No wish of a hand comes to this: control law and envelope keep it within what passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Objection {
    /// The envelope: the control law proposed something that is not a number.
    ProposalNotFinite,
    /// The envelope: more motion was asked for than time has passed for.
    ProposalOverspent,
    /// The operator's target moved further in one command than a hand can.
    TargetLeapt,
    /// The last look at a joint setpoint.
    Setpoint(Refused),
    /// The monitor: the setpoint that was sent is not finite, or not of this arm.
    SentNonsense,
    /// The monitor: the setpoint that was sent is outside the joint's range.
    SentOutOfRange {
        /// Which joint, from 0.
        joint: usize,
    },
    /// The monitor: the setpoint that was sent jumped.
    SentJump {
        /// Which joint, from 0.
        joint: usize,
    },
    /// The monitor: the tip motion that was sent is faster than anything the gate permits.
    SentTooFast,
    /// The monitor: the tip motion that was sent is not the one that was permitted.
    SentNotAsPermitted,
    /// The gate drove the probe outward, and the setpoints did not.
    LiftWithheld,
}

impl From<Violation> for Objection {
    fn from(violation: Violation) -> Self {
        match violation {
            Violation::NotFinite => Self::ProposalNotFinite,
            Violation::Overspent => Self::ProposalOverspent,
        }
    }
}
