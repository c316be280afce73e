//! What the tests of several modules need.

use farprobe_geom::{Newton, Pose, Time, Twist};
use farprobe_proto::{Clutch, Command, Epoch, PictureHealth, PictureReport};

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
