//! The commands sent lately, by sequence.

use farprobe_geom::{Metre, Time};
use farprobe_proto::{Clutch, Command, Epoch};

/// How many commands are remembered: 16 s at 500 Hz. A picture that shows the effect of an older one is no picture to steer
/// by, thirty times over.
pub(super) const REMEMBERED: u64 = 8_192;

/// What is known of a command sent.
#[derive(Debug, Clone, Copy)]
pub(super) struct SentCommand {
    pub(super) sequence: u64,
    pub(super) epoch: Epoch,
    pub(super) clutch: Clutch,
    /// How far the target is from where the clutch was pressed.
    pub(super) reach: Metre,
    /// Console clock.
    pub(super) sampled_at: Time,
    /// Console clock.
    pub(super) sent_at: Time,
    /// Cart clock, once a state has said so.
    pub(super) received_at: Option<Time>,
    /// Cart clock, once a state has said so.
    pub(super) applied_at: Option<Time>,
}

/// A ring of [`REMEMBERED`] commands.
#[derive(Debug, Clone)]
pub(super) struct SentCommands {
    slots: Vec<Option<SentCommand>>,
    newest: u64,
}

impl SentCommands {
    pub(super) fn new() -> Self {
        Self { slots: vec![None; REMEMBERED as usize], newest: 0 }
    }

    pub(super) fn push(&mut self, command: &Command) {
        self.newest = self.newest.max(command.sequence);
        self.slots[index(command.sequence)] = Some(SentCommand {
            sequence: command.sequence,
            epoch: command.epoch,
            clutch: command.clutch,
            // A distance of numbers that were checked when they came from the handle; what is no number reaches nowhere.
            reach: Metre::new(command.target.position().norm()).unwrap_or(Metre::ZERO),
            sampled_at: command.sampled_at,
            sent_at: command.sent_at,
            received_at: None,
            applied_at: None,
        });
    }

    pub(super) fn get(&self, sequence: u64) -> Option<&SentCommand> {
        self.slots[index(sequence)].as_ref().filter(|sent| sent.sequence == sequence)
    }

    pub(super) fn get_mut(&mut self, sequence: u64) -> Option<&mut SentCommand> {
        self.slots[index(sequence)].as_mut().filter(|sent| sent.sequence == sequence)
    }

    /// The greatest sequence sent; 0 before the first.
    pub(super) const fn newest(&self) -> u64 {
        self.newest
    }
}

fn index(sequence: u64) -> usize {
    (sequence % REMEMBERED) as usize
}
