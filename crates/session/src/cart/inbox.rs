//! Which commands may reach the control law.

use std::time::Duration;

use farprobe_geom::Time;
use farprobe_proto::{Command, Epoch, RefusedCommands};
use thiserror::Error;

use crate::minimum::{RollingMinimum, transit};

/// How fast a console may count. Four times the 500 Hz of DESIGN §5, so that a faster handle is not a break of the rules.
const MAX_COMMANDS_PER_SECOND: u64 = 2_000;
/// What the count may be ahead besides: one second of it, for a link that delivers in bursts.
const SEQUENCE_SLACK: u64 = MAX_COMMANDS_PER_SECOND;
/// A console that counts on below the newest for so long while nothing above it comes: the newest was no honest count. No network
/// lets a command overtake others by that much, and a person hardly waits for it.
const BEHIND_FOR: Duration = Duration::from_millis(500);
/// At least so many commands must have counted on meanwhile: two in five of what 500 Hz sends in that time, so that a lossy link
/// shows it as soon, and a few replayed ones never do.
const LEAST_BEHIND: u32 = 100;

/// How much longer than the fastest command of the last 10 s a command may have been under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AgeLimit(Duration);

/// The age limit asked for is not offered. The configuration is to blame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the age limit of a command must be 20 to 200 ms, not {} ms: correct the configuration", .0.as_millis())]
pub struct AgeLimitOutOfRange(pub Duration);

impl AgeLimit {
    /// 50 ms: the time within which a lost link must be noticed (DESIGN §6).
    pub const DEFAULT: Self = Self(Duration::from_millis(50));
    /// Below it the jitter of an ordinary wireless link would stop the exam.
    pub const LEAST: Duration = Duration::from_millis(20);
    /// Above it a hand at 100 mm/s would be 20 mm ahead of the probe.
    pub const MOST: Duration = Duration::from_millis(200);

    /// An age limit from a configuration, 20 to 200 ms.
    pub fn new(limit: Duration) -> Result<Self, AgeLimitOutOfRange> {
        if (Self::LEAST..=Self::MOST).contains(&limit) { Ok(Self(limit)) } else { Err(AgeLimitOutOfRange(limit)) }
    }

    /// The limit as a span of time.
    pub const fn get(self) -> Duration {
        self.0
    }
}

impl Default for AgeLimit {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// What became of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It may reach the control law, now and never again.
    Fresh,
    /// It must not be used.
    Refused(Reason),
}

/// Why a command must not be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// Sent under another lease than the one in force, or none is in force.
    Epoch,
    /// Not newer than one already received: a duplicate, a replay, or overtaken on the way.
    Old,
    /// Its excess transit is above the limit.
    Late,
    /// Its sequence is further ahead than the console can have counted; or one before it was, as the commands since then show. This
    /// closes the session.
    Jump,
    /// The session was closed by a jump. Only a new lease opens it again.
    Closed,
}

/// The last fresh command of the lease in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Fresh {
    sequence: u64,
    arrived: Time,
}

/// The old commands since the last one that was newer than all before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct OldRun {
    began: Option<Time>,
    last: u64,
    /// How many of them counted on from the one before. What comes twice or falls back (a duplicate, a replay) is no count.
    rising: u32,
}

impl OldRun {
    const NONE: Self = Self { began: None, last: 0, rising: 0 };

    /// Takes one more. Gives whether a console is being heard that counts on below the newest.
    fn goes_on(&mut self, arrived: Time, sequence: u64) -> bool {
        let began = *self.began.get_or_insert(arrived);
        self.rising = self.rising.saturating_add(u32::from(sequence > self.last));
        self.last = sequence;
        self.rising >= LEAST_BEHIND && arrived.saturating_since(began) >= BEHIND_FOR
    }
}

/// Lets each command of the lease in force through at most once, only if it is newer than all before and not late.
///
/// *Late* needs no agreement of clocks (DESIGN §4). The transit by two clocks, local arrival − sample stamp, is off by their
/// unknown offset; its *excess* over its minimum of the last 10 s is not, and that is what the limit judges. So a wrong stamp
/// can only cause refusal:
/// - a stamp that jumps ahead makes a minimum nobody else reaches: what follows with true stamps is refused until the
///   minimum has aged out, 10 s later;
/// - a stamp that falls back is late itself;
/// - clocks that drift apart by 500 ppm use up 5 ms of the limit.
///
/// The first command of a lease has nothing to be compared with and passes; that is why the link-quality gate
/// ([`super::LinkQuality`]) wants to see two good seconds before anything moves. A late command still counts towards the
/// minimum: if the path has become longer for good, its commands are fresh again after 10 s.
///
/// A sequence may be ahead by what a console can have counted since the last fresh command arrived, so an outage of any
/// length is no break of the rules, not even one that ends with a few commands out of a queue; and a leading sequence number
/// (which once made every honest packet "old") closes the session instead of poisoning it: at once if it leads by more than that,
/// and otherwise (after an outage that is much) once the console has counted on below it for half a second.
///
/// Real-time: no allocation, no lock, no panic; memory is fixed.
#[derive(Debug, Clone)]
pub struct CommandInbox {
    limit: AgeLimit,
    epoch: Option<Epoch>,
    /// The newest sequence received, fresh or late; 0 before the first.
    newest: u64,
    old: OldRun,
    closed: bool,
    transit: RollingMinimum,
    last_excess: Option<Duration>,
    last_fresh: Option<Fresh>,
    fresh: u64,
    refused: RefusedCommands,
}

impl CommandInbox {
    /// An inbox without a lease in force: it refuses everything.
    pub const fn new(limit: AgeLimit) -> Self {
        Self {
            limit,
            epoch: None,
            newest: 0,
            old: OldRun::NONE,
            closed: false,
            transit: RollingMinimum::new(),
            last_excess: None,
            last_fresh: None,
            fresh: 0,
            refused: RefusedCommands { old: 0, late: 0, epoch: 0, malformed: 0, jump: 0 },
        }
    }

    /// Puts another lease in force, or none. What was learnt of the holder before (sequence, transit, a closed session) is
    /// forgotten: another holder has another clock and another count. The same epoch again changes nothing.
    pub fn set_epoch(&mut self, epoch: Option<Epoch>) {
        if self.epoch == epoch {
            return;
        }
        self.epoch = epoch;
        self.newest = 0;
        self.old = OldRun::NONE;
        self.closed = false;
        self.transit = RollingMinimum::new();
        self.last_excess = None;
        self.last_fresh = None;
    }

    /// Judges a command that arrived at `arrived`, cart clock.
    pub fn receive(&mut self, arrived: Time, command: &Command) -> Verdict {
        let verdict = match self.judge(arrived, command) {
            Ok(()) => Verdict::Fresh,
            Err(reason) => Verdict::Refused(reason),
        };
        let counter = match verdict {
            Verdict::Fresh => {
                self.last_fresh = Some(Fresh { sequence: command.sequence, arrived });
                &mut self.fresh
            }
            Verdict::Refused(Reason::Epoch) => &mut self.refused.epoch,
            Verdict::Refused(Reason::Old) => &mut self.refused.old,
            Verdict::Refused(Reason::Late) => &mut self.refused.late,
            Verdict::Refused(Reason::Jump | Reason::Closed) => &mut self.refused.jump,
        };
        *counter = counter.saturating_add(1);
        verdict
    }

    fn judge(&mut self, arrived: Time, command: &Command) -> Result<(), Reason> {
        self.last_excess = None;
        if self.epoch != Some(command.epoch) {
            return Err(Reason::Epoch);
        }
        if self.closed {
            return Err(Reason::Closed);
        }
        if command.sequence <= self.newest {
            self.closed = self.old.goes_on(arrived, command.sequence);
            return Err(if self.closed { Reason::Jump } else { Reason::Old });
        }
        if self.last_fresh.is_some_and(|fresh| is_jump(fresh, command.sequence, arrived)) {
            self.closed = true;
            return Err(Reason::Jump);
        }
        self.newest = command.sequence;
        self.old = OldRun::NONE;
        let transit = transit(arrived, command.sampled_at);
        let least = self.transit.record(arrived, transit);
        let excess = Duration::from_nanos(transit.saturating_sub(least).unsigned_abs());
        self.last_excess = Some(excess);
        if excess > self.limit.get() { Err(Reason::Late) } else { Ok(()) }
    }

    /// Counts a datagram of the holder that was no message at all.
    pub fn count_malformed(&mut self) {
        self.refused.malformed = self.refused.malformed.saturating_add(1);
    }

    /// The excess transit of the last command received, fresh or late; `None` if it was refused for another reason.
    pub const fn last_excess(&self) -> Option<Duration> {
        self.last_excess
    }

    /// When the last fresh command of the lease in force arrived, cart clock.
    pub fn last_fresh_at(&self) -> Option<Time> {
        self.last_fresh.map(|fresh| fresh.arrived)
    }

    /// The lease in force.
    pub const fn epoch(&self) -> Option<Epoch> {
        self.epoch
    }

    /// Whether a jump in sequence has closed the session.
    pub const fn is_closed(&self) -> bool {
        self.closed
    }

    /// Commands let through since the cart started.
    pub const fn fresh(&self) -> u64 {
        self.fresh
    }

    /// Commands refused since the cart started.
    pub const fn refused(&self) -> RefusedCommands {
        self.refused
    }
}

/// Whether `sequence` is further ahead than a console can have counted since `fresh` arrived.
fn is_jump(fresh: Fresh, sequence: u64, arrived: Time) -> bool {
    let elapsed = arrived.saturating_since(fresh.arrived).as_nanos();
    let counted = elapsed * u128::from(MAX_COMMANDS_PER_SECOND) / 1_000_000_000;
    let ahead = sequence.saturating_sub(fresh.sequence);
    u128::from(ahead) > counted + u128::from(SEQUENCE_SLACK)
}

#[cfg(test)]
#[path = "inbox_tests.rs"]
mod tests;
