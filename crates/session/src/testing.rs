//! What the tests of several modules need.

use farprobe_geom::{Joints, Newton, NewtonMetre, Pose, Time, Twist, Wrench};
use farprobe_proto::{
    Arming, Cause, Clutch, Command, Contact, Epoch, Ladder, Limits, LinkReadiness, PictureHealth, PictureReport,
    PictureStamp, State,
};

use crate::console::Intent;

/// A command that wants nothing, sampled and sent at `sampled_at`.
pub(crate) fn command(epoch: Epoch, sequence: u64, sampled_at: Time) -> Command {
    Command {
        epoch,
        sequence,
        sampled_at,
        sent_at: sampled_at,
        clutch: Clutch::Open,
        clutch_in: 0,
        target: Pose::identity(),
        twist: Twist::zero(),
        desired_force: Newton::ZERO,
        picture: PictureReport { age_ms: 20, health: PictureHealth::Good },
        echo: None,
    }
}

/// An intent that wants nothing.
pub(crate) fn intent(sampled_at: Time) -> Intent {
    Intent {
        sampled_at,
        clutch: Clutch::Open,
        clutch_in: 0,
        target: Pose::identity(),
        twist: Twist::zero(),
        desired_force: Newton::ZERO,
        picture: PictureReport { age_ms: 20, health: PictureHealth::Good },
    }
}

/// A state of an idle cart, sampled and sent at `sent_at`, cart clock.
pub(crate) fn state(sequence: u64, sent_at: Time) -> State {
    State {
        sequence,
        sampled_at: sent_at,
        sent_at,
        echo: None,
        applied: None,
        ladder: Ladder::Idle,
        cause: Cause::Start,
        origin: Cause::Start,
        arming: Arming::Disarmed,
        epoch: None,
        link: LinkReadiness::Measuring,
        contact: Contact::Free,
        joints: Joints::zero(7),
        tip: Pose::identity(),
        wrench: Wrench::zero(),
        force_target: Newton::ZERO,
        limits: Limits {
            soft_force: Newton::literal(15.0),
            hard_force: Newton::literal(20.0),
            torque: NewtonMetre::literal(1.0),
        },
    }
}

/// A picture of an idle cart.
pub(crate) fn stamp(number: u64, captured_at: Time, applied_sequence: u64) -> PictureStamp {
    PictureStamp {
        number,
        captured_at,
        encoded_at: captured_at,
        epoch: None,
        applied_sequence,
        tip: Pose::identity(),
        force: Newton::ZERO,
    }
}
