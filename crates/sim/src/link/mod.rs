//! An impaired link, one way: what is sent comes late, out of order, twice or never, as a profile and a seed decide.
//!
//! A [`Line`] is two of them, so that each way can be cut alone, with what happens to it in the course of time. [`named`] has
//! the lines of the world by their names. The contract of link and line is `send`, then `poll` until it gives nothing, then
//! nothing happens before `next_deadline`.

mod line;
mod loss;
pub mod named;
mod profile;
mod script;

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::time::Duration;

use farprobe_geom::Time;

pub use line::{Line, LineProfile, Way};
pub use loss::{LongRun, Loss, NotAProbability, Pareto, Probability};
pub use profile::{Jitter, LinkProfile, Order, Rate, Reorder};
pub use script::{Act, Change, Outages, Script, ScriptError, Ways};

use crate::noise::Noise;
use loss::LossState;

/// The most that can be in flight; more is lost. A second of 500 commands a second and of pictures at 20 Mbit/s is 3,000.
const MAX_IN_FLIGHT: usize = 1 << 16;

/// The most bytes that can be in flight; more is lost, so that a flood fills no memory. Half a second at 1 Gbit/s is 62 MB.
const MAX_BYTES_IN_FLIGHT: usize = 64 << 20;

/// Whether the link carries anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LinkState {
    /// It carries.
    #[default]
    Up,
    /// What is sent is lost. What is in flight still arrives.
    Cut,
    /// What is sent waits in the queue and leaves in one go when the link is up again, as in a radio cell's handover.
    Stalled,
}

/// What became of everything that was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LinkCounts {
    /// Handed to the link.
    pub sent: u64,
    /// Given out by [`Link::poll`], copies included.
    pub delivered: u64,
    /// Lost on the way.
    pub lost: u64,
    /// Lost because the link was cut.
    pub cut: u64,
    /// Lost because the queue was full, or because more was in flight than the model keeps.
    pub overflowed: u64,
    /// Copies the link made.
    pub duplicated: u64,
}

/// Something that came through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Delivered<T> {
    /// When it was sent.
    pub sent_at: Time,
    /// When it came through.
    pub arrived_at: Time,
    /// What was sent.
    pub payload: T,
}

/// One way of an impaired link. Deterministic: the same profile, seed and calls give the same deliveries.
#[derive(Debug, Clone)]
pub struct Link<T> {
    profile: LinkProfile,
    state: LinkState,
    noise: Noise,
    loss: LossState,
    /// When the last byte queued so far will have left.
    busy_until: Time,
    /// No delivery in order comes before this.
    last_arrival: Time,
    held: VecDeque<Held<T>>,
    held_bytes: usize,
    in_flight: BinaryHeap<Reverse<InFlight<T>>>,
    bytes_in_flight: usize,
    number: u64,
    counts: LinkCounts,
}

/// Waits for the link to be up.
#[derive(Debug, Clone)]
struct Held<T> {
    sent_at: Time,
    bytes: usize,
    payload: T,
}

#[derive(Debug, Clone)]
struct InFlight<T> {
    arrives_at: Time,
    /// Keeps what arrives at the same instant in the order it was sent.
    number: u64,
    sent_at: Time,
    bytes: usize,
    payload: T,
}

/// What chance has in store for one packet. Each packet draws the same number of times, so that turning one knob of a
/// profile leaves the fate of the others as it was.
struct Fate {
    lost: bool,
    reordered: bool,
    duplicated: bool,
    jitter: [Duration; 2],
}

impl<T: Clone> Link<T> {
    /// A link that is up.
    pub fn new(profile: LinkProfile, seed: u64) -> Self {
        Self {
            loss: LossState::new(profile.loss),
            profile,
            state: LinkState::Up,
            noise: Noise::new(seed),
            busy_until: Time::ZERO,
            last_arrival: Time::ZERO,
            held: VecDeque::new(),
            held_bytes: 0,
            in_flight: BinaryHeap::new(),
            bytes_in_flight: 0,
            number: 0,
            counts: LinkCounts::default(),
        }
    }

    /// Cuts, stalls or restores the link. What waited for it leaves when it is up again, and is lost when it is cut.
    pub fn set_state(&mut self, now: Time, state: LinkState) {
        self.state = state;
        match state {
            LinkState::Up => {
                self.held_bytes = 0;
                while let Some(held) = self.held.pop_front() {
                    self.transmit(now, held);
                }
            }
            LinkState::Cut => {
                self.counts.cut += self.held.len() as u64;
                self.held.clear();
                self.held_bytes = 0;
            }
            LinkState::Stalled => {}
        }
    }

    /// The link is another one from now on. What is in flight arrives as it would have.
    pub fn set_profile(&mut self, profile: LinkProfile) {
        self.loss = LossState::new(profile.loss);
        self.profile = profile;
    }

    /// Whether the link carries anything.
    pub fn state(&self) -> LinkState {
        self.state
    }

    /// Sends a payload that takes this many bytes on the wire.
    pub fn send(&mut self, now: Time, bytes: usize, payload: T) {
        self.counts.sent += 1;
        let held = Held { sent_at: now, bytes, payload };
        match self.state {
            LinkState::Up => self.transmit(now, held),
            LinkState::Cut => self.counts.cut += 1,
            LinkState::Stalled => {
                if self.held_bytes.saturating_add(bytes) > self.profile.queue_bytes {
                    self.counts.overflowed += 1;
                } else {
                    self.held_bytes += bytes;
                    self.held.push_back(held);
                }
            }
        }
    }

    /// Gives out the next that has come through by `now`, earliest first.
    pub fn poll(&mut self, now: Time) -> Option<Delivered<T>> {
        if self.next_deadline()? > now {
            return None;
        }
        let Reverse(InFlight { arrives_at, sent_at, bytes, payload, .. }) = self.in_flight.pop()?;
        self.bytes_in_flight -= bytes;
        self.counts.delivered += 1;
        Some(Delivered { sent_at, arrived_at: arrives_at, payload })
    }

    /// When the next comes through, if nothing more is sent.
    pub fn next_deadline(&self) -> Option<Time> {
        self.in_flight.peek().map(|Reverse(next)| next.arrives_at)
    }

    /// What became of everything that was sent.
    pub fn counts(&self) -> LinkCounts {
        self.counts
    }

    fn transmit(&mut self, now: Time, held: Held<T>) {
        let Some(departure) = self.depart(now, held.bytes) else {
            self.counts.overflowed += 1;
            return;
        };
        let fate = self.fate();
        if fate.lost {
            self.counts.lost += 1;
            return;
        }
        // Room for a copy, too.
        let most = self.bytes_in_flight.saturating_add(held.bytes.saturating_mul(2));
        if self.in_flight.len() + 1 >= MAX_IN_FLIGHT || most > MAX_BYTES_IN_FLIGHT {
            self.counts.overflowed += 1;
            return;
        }
        let late = if fate.reordered { self.profile.reorder.by } else { Duration::ZERO };
        let travelled = departure + self.profile.delay;
        let arrival = travelled + fate.jitter[0] + late;
        if fate.duplicated {
            self.counts.duplicated += 1;
            let copy = Held { payload: held.payload.clone(), ..held };
            self.fly(arrival, held);
            self.fly(travelled + fate.jitter[1], copy);
        } else {
            self.fly(arrival, held);
        }
    }

    /// When the last byte of a packet leaves, or nothing if the queue is full.
    fn depart(&mut self, now: Time, bytes: usize) -> Option<Time> {
        let Some(rate) = self.profile.rate else { return Some(now) };
        let waiting = rate.bytes_in(self.busy_until.saturating_since(now));
        if waiting.saturating_add(bytes) > self.profile.queue_bytes {
            return None;
        }
        self.busy_until = self.busy_until.max(now) + rate.time_of(bytes);
        Some(self.busy_until)
    }

    fn fate(&mut self) -> Fate {
        let lost = self.loss.draw(&mut self.noise);
        let reordered = self.profile.reorder.probability.hits(self.noise.unit());
        let duplicated = self.profile.duplicate.hits(self.noise.unit());
        let jitter = [self.noise.unit(), self.noise.unit()].map(|unit| self.profile.jitter.of(unit));
        Fate { lost, reordered, duplicated, jitter }
    }

    fn fly(&mut self, arrival: Time, held: Held<T>) {
        let arrives_at = match self.profile.order {
            Order::Kept => arrival.max(self.last_arrival),
            Order::Free => arrival,
        };
        self.last_arrival = self.last_arrival.max(arrives_at);
        self.number += 1;
        let Held { sent_at, bytes, payload } = held;
        self.bytes_in_flight += bytes;
        self.in_flight.push(Reverse(InFlight { arrives_at, number: self.number, sent_at, bytes, payload }));
    }
}

impl<T> InFlight<T> {
    fn key(&self) -> (Time, u64) {
        (self.arrives_at, self.number)
    }
}

impl<T> PartialEq for InFlight<T> {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl<T> Eq for InFlight<T> {}

impl<T> PartialOrd for InFlight<T> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> Ord for InFlight<T> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.key().cmp(&other.key())
    }
}

#[cfg(test)]
mod tests;
