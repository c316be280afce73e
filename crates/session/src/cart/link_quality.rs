//! Whether the link is good enough to begin driving.

use std::fmt;
use std::time::Duration;

use farprobe_geom::Time;
use farprobe_proto::LinkReadiness;

use super::AgeLimit;

/// How long the link must have been good. A wireless hand-over shows within two seconds; a longer wait would tempt the
/// operator to press again and again.
const WINDOW: Duration = Duration::from_secs(2);
/// The window moves in steps of this length.
const SLOT_NANOS: u64 = 100_000_000;
/// The whole window and the slot being filled.
const SLOTS: usize = (WINDOW.as_nanos() as u64 / SLOT_NANOS) as usize + 1;
/// Lost or late commands must be fewer than this, ‰ of those sent: at 500 Hz that is one in 200 ms, so that the 25 in a row
/// that trip the watchdog are no accident of chance. "Late fewer than 1 %" is the same as "99th percentile within the limit".
const MAX_PERMILLE: u32 = 10;
/// Fewer commands a second than this are no 500 Hz stream: five of them would be all that stands between one loss and the
/// watchdog's 50 ms.
const MIN_PER_SECOND: u32 = 100;

/// What the link must be like. Taken from the age limit, because a command that is later than it is refused anyway.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LinkGate {
    limit: AgeLimit,
}

impl LinkGate {
    /// The gate for this age limit.
    pub const fn new(limit: AgeLimit) -> Self {
        Self { limit }
    }
}

/// Whether the link is good enough to begin driving.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkVerdict {
    /// It has been good for two seconds.
    Green,
    /// It has not, and why.
    NotGreen(LinkFault),
}

impl From<LinkVerdict> for LinkReadiness {
    fn from(verdict: LinkVerdict) -> Self {
        match verdict {
            LinkVerdict::Green => Self::Green,
            LinkVerdict::NotGreen(LinkFault::Measuring) => Self::Measuring,
            LinkVerdict::NotGreen(LinkFault::Silent) => Self::Silent,
            LinkVerdict::NotGreen(LinkFault::Sparse { .. }) => Self::Sparse,
            LinkVerdict::NotGreen(LinkFault::Loss { .. }) => Self::Lossy,
            LinkVerdict::NotGreen(LinkFault::Late { .. }) => Self::Late,
        }
    }
}

/// Why driving may not begin. `Display` gives the words for the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkFault {
    /// It has been looked at for less than two seconds.
    Measuring,
    /// No command has arrived for longer than the age limit.
    Silent,
    /// Too few commands a second arrive.
    Sparse {
        /// Commands a second.
        per_second: u32,
    },
    /// Too many commands are lost.
    Loss {
        /// Lost commands, ‰.
        permille: u32,
    },
    /// Too many commands are late.
    Late {
        /// Commands whose excess transit is above the age limit, ‰.
        permille: u32,
    },
}

impl fmt::Display for LinkFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Measuring => f.write_str("the link is being measured"),
            Self::Silent => f.write_str("no commands arrive at the cart"),
            Self::Sparse { per_second } => write!(f, "only {per_second} commands a second arrive at the cart"),
            Self::Loss { permille } => write!(f, "the network loses {} of the commands", Percent(permille)),
            Self::Late { permille } => write!(f, "the network delivers {} of the commands late", Percent(permille)),
        }
    }
}

struct Percent(u32);

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{} %", self.0 / 10, self.0 % 10)
    }
}

/// What happened in a tenth of a second.
#[derive(Debug, Clone, Copy, Default)]
struct Slot {
    /// Counted from the clock's start; tells an old slot from a new one.
    number: u64,
    sent: u32,
    received: u32,
    late: u32,
}

/// The link as the cart sees it, by the gaps in sequence and the excess transit of the last two seconds.
///
/// The idea is that of industrial controllers whose command mode opens only after a measured session quality: driving may
/// *begin* on a link that has just been good, and what happens later is the watchdog's business. Duplicates do not fill gaps,
/// and an overtaken command is no loss.
///
/// Real-time: no allocation, no lock, no panic; memory is fixed.
#[derive(Debug, Clone)]
pub struct LinkQuality {
    gate: LinkGate,
    slots: [Slot; SLOTS],
    began: Option<Time>,
    last_arrival: Time,
    newest: u64,
    /// Bit `n`: `newest - n` has been received. So a command that was overtaken is still recognised 128 numbers later, a quarter
    /// of a second at 500 Hz.
    received: u128,
}

impl LinkQuality {
    /// Nothing measured yet.
    pub const fn new(gate: LinkGate) -> Self {
        Self {
            gate,
            slots: [Slot { number: 0, sent: 0, received: 0, late: 0 }; SLOTS],
            began: None,
            last_arrival: Time::ZERO,
            newest: 0,
            received: 0,
        }
    }

    /// Takes a command of the lease in force that arrived at `arrived`, cart clock. `excess` is its excess transit, if the
    /// inbox measured one.
    pub fn record(&mut self, arrived: Time, sequence: u64, excess: Option<Duration>) {
        let newly_sent = self.note(sequence);
        let Some(sent) = newly_sent else { return };
        if self.began.is_none() {
            self.began = Some(arrived);
        }
        self.last_arrival = self.last_arrival.max(arrived);
        let late = u32::from(excess.is_some_and(|excess| excess > self.gate.limit.get()));
        let number = arrived.as_nanos() / SLOT_NANOS;
        let slot = &mut self.slots[(number % SLOTS as u64) as usize];
        if slot.number != number {
            *slot = Slot { number, ..Slot::default() };
        }
        slot.sent = slot.sent.saturating_add(sent);
        slot.received = slot.received.saturating_add(1);
        slot.late = slot.late.saturating_add(late);
    }

    /// How many commands this one shows to have been sent: `None` if it was seen before or is too old to tell.
    fn note(&mut self, sequence: u64) -> Option<u32> {
        if self.began.is_none() {
            (self.newest, self.received) = (sequence, 1);
            return Some(1);
        }
        if let Some(ahead) = sequence.checked_sub(self.newest).filter(|ahead| *ahead > 0) {
            let shift = u32::try_from(ahead).unwrap_or(u32::MAX);
            self.received = self.received.checked_shl(shift).unwrap_or(0) | 1;
            self.newest = sequence;
            return Some(shift);
        }
        let behind = self.newest.saturating_sub(sequence);
        let bit = 1u128.checked_shl(u32::try_from(behind).ok()?)?;
        let unseen = self.received & bit == 0;
        self.received |= bit;
        unseen.then_some(0)
    }

    /// Whether driving may begin at `now`, cart clock.
    pub fn verdict(&self, now: Time) -> LinkVerdict {
        self.fault(now).map_or(LinkVerdict::Green, LinkVerdict::NotGreen)
    }

    fn fault(&self, now: Time) -> Option<LinkFault> {
        let Some(began) = self.began else { return Some(LinkFault::Silent) };
        if now.saturating_since(self.last_arrival) > self.gate.limit.get() {
            return Some(LinkFault::Silent);
        }
        if now.saturating_since(began) < WINDOW {
            return Some(LinkFault::Measuring);
        }
        let Slot { sent, received, late, .. } = self.total(now);
        let per_second = received / WINDOW.as_secs() as u32;
        let lost = permille(sent.saturating_sub(received), sent);
        let late = permille(late, received);
        if lost >= MAX_PERMILLE {
            Some(LinkFault::Loss { permille: lost })
        } else if late >= MAX_PERMILLE {
            Some(LinkFault::Late { permille: late })
        } else if per_second < MIN_PER_SECOND {
            Some(LinkFault::Sparse { per_second })
        } else {
            None
        }
    }

    /// Commands lost in the last two seconds, ‰ of those sent.
    pub fn loss_permille(&self, now: Time) -> u32 {
        let total = self.total(now);
        permille(total.sent.saturating_sub(total.received), total.sent)
    }

    /// Forgets everything measured, for another console.
    pub fn reset(&mut self) {
        *self = Self::new(self.gate);
    }

    fn total(&self, now: Time) -> Slot {
        let number = now.as_nanos() / SLOT_NANOS;
        let mut total = Slot::default();
        for slot in self.slots.iter().filter(|slot| number.saturating_sub(slot.number) < SLOTS as u64) {
            total.sent = total.sent.saturating_add(slot.sent);
            total.received = total.received.saturating_add(slot.received);
            total.late = total.late.saturating_add(slot.late);
        }
        total
    }
}

/// `part` of `whole` in ‰, rounded up so that a loss never looks like none; 0 of nothing.
fn permille(part: u32, whole: u32) -> u32 {
    if whole == 0 {
        return 0;
    }
    let permille = (u64::from(part) * 1_000).div_ceil(u64::from(whole));
    u32::try_from(permille).unwrap_or(u32::MAX)
}

#[cfg(test)]
#[path = "link_quality_tests.rs"]
mod tests;
