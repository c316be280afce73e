//! Setpoints on their way to the drives: the arm's dead time.

use farprobe_geom::{Joints, Time};

/// A setpoint the drives have not seen yet.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Arriving {
    /// When the drives see it.
    pub(super) at: Time,
    /// Joint angles, rad.
    pub(super) positions: Joints,
    /// Joint speeds, rad/s.
    pub(super) velocities: Joints,
}

/// How many setpoints can be on their way: 60 ms of dead time at 1 kHz, and some.
const CAPACITY: usize = 64;

/// A queue of fixed size, in order of arrival.
#[derive(Debug, Clone)]
pub(super) struct SetpointQueue {
    slots: [Option<Arriving>; CAPACITY],
    first: usize,
    len: usize,
}

impl SetpointQueue {
    pub(super) const fn new() -> Self {
        Self { slots: [None; CAPACITY], first: 0, len: 0 }
    }

    /// Adds the newest. If too many are on their way the oldest is lost: the arm is after the newest.
    pub(super) fn push(&mut self, arriving: Arriving) {
        if self.len == CAPACITY {
            self.first = (self.first + 1) % CAPACITY;
            self.len -= 1;
        }
        self.slots[(self.first + self.len) % CAPACITY] = Some(arriving);
        self.len += 1;
    }

    /// Takes the newest of those that have arrived at `now`, and forgets the older ones.
    pub(super) fn take(&mut self, now: Time) -> Option<Arriving> {
        let mut newest = None;
        while self.len > 0 && self.slots[self.first].is_none_or(|next| next.at <= now) {
            newest = self.slots[self.first].take();
            self.first = (self.first + 1) % CAPACITY;
            self.len -= 1;
        }
        newest
    }

    /// Forgets all.
    pub(super) fn clear(&mut self) {
        self.len = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arriving(ms: u64) -> Arriving {
        Arriving { at: Time::from_millis(ms), positions: Joints::zero(7), velocities: Joints::zero(7) }
    }

    #[test]
    fn the_newest_that_has_arrived_is_taken_and_each_only_once() {
        let mut queue = SetpointQueue::new();
        (1..=5).for_each(|ms| queue.push(arriving(ms)));
        assert_eq!(queue.take(Time::ZERO), None);
        assert_eq!(queue.take(Time::from_millis(3)), Some(arriving(3)));
        assert_eq!(queue.take(Time::from_millis(3)), None);
        assert_eq!(queue.take(Time::from_millis(9)), Some(arriving(5)));
    }

    #[test]
    fn a_flood_loses_the_oldest() {
        let mut queue = SetpointQueue::new();
        (0..1000).for_each(|ms| queue.push(arriving(ms)));
        assert_eq!(queue.take(Time::from_millis(935)), None);
        assert_eq!(queue.take(Time::from_millis(936)), Some(arriving(936)));
        assert_eq!(queue.take(Time::from_millis(5000)), Some(arriving(999)));
    }
}
