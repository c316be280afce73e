//! The way of every single command, stamp by stamp, for whoever wants more than percentiles.

use farprobe_geom::{Metre, Time};
use farprobe_proto::Clutch;

use super::ShownPicture;
use super::sent::SentCommand;

/// A command whose effect a picture has shown.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TracedCommand {
    /// Its number.
    pub sequence: u64,
    /// The enabling control as it told it.
    pub clutch: Clutch,
    /// How far its target was from where the clutch was pressed.
    pub reach: Metre,
    /// When the handle was sampled, console clock.
    pub sampled_at: Time,
    /// When it was handed to the network, console clock.
    pub sent_at: Time,
    /// When it arrived, cart clock, if a state has said so: a state names every second command.
    pub received_at: Option<Time>,
    /// When it was applied, cart clock, if a state has said so.
    pub applied_at: Option<Time>,
    /// The first picture that shows its effect.
    pub picture: ShownPicture,
}

/// The commands of one exam, up to a number.
#[derive(Debug, Clone)]
pub(super) struct Trace {
    most: usize,
    commands: Vec<TracedCommand>,
}

impl Trace {
    /// Keeps the first `most`.
    pub(super) fn of(most: usize) -> Self {
        Self { most, commands: Vec::new() }
    }

    pub(super) fn record(&mut self, sent: &SentCommand, picture: &ShownPicture) {
        if self.commands.len() < self.most {
            let SentCommand { sequence, clutch, reach, sampled_at, sent_at, received_at, applied_at, .. } = *sent;
            let picture = *picture;
            self.commands.push(TracedCommand {
                sequence,
                clutch,
                reach,
                sampled_at,
                sent_at,
                received_at,
                applied_at,
                picture,
            });
        }
    }

    pub(super) fn commands(&self) -> &[TracedCommand] {
        &self.commands
    }
}
