//! Pictures between the network and the decoder. Pure, but for the [`Queue`] around it.
//!
//! Every picture needs the one before it, so that none can be left out; a decoder that is slower than the cart would show each
//! picture later than the one before. So it may be behind for a moment, as after a stall of the machine, which it makes up
//! for. If it stays behind, it begins anew with a key picture.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use farprobe_geom::Time;

use crate::AccessUnitKind;
use crate::rtp::assembler::Unit;

/// A picture that has waited for longer is behind: three pictures of a source of 30 a second.
const BEHIND: Duration = Duration::from_millis(100);
/// How long the decoder may be behind before it begins anew, unless the configuration says otherwise. A machine that stood
/// still for a quarter of a second, which shared ones do, leaves eight pictures, and a decoder that keeps up (about 12 ms each)
/// is through them by then. A picture may be 500 ms old: 100 of waiting, 100 of patience, 200 until the cart makes a key
/// picture, and the way.
pub(super) const PATIENCE: Duration = Duration::from_millis(100);
/// The most pictures that wait, for the memory they take: half a second of 60 a second, which is behind by any measure.
const MAX_WAITING: usize = 30;

/// What is to be decoded next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// This.
    Unit(Unit),
    /// Nothing is there.
    Nothing,
    /// So many pictures were given up; then look again.
    GivenUp(u64),
}

/// See the module.
#[derive(Debug)]
pub(super) struct Backlog {
    patience: Duration,
    waiting: VecDeque<Unit>,
    /// Since when every picture taken was behind.
    behind_since: Option<Time>,
    /// Whether what comes is of no use before the next key picture.
    until_key: bool,
}

impl Backlog {
    /// Nothing waits yet.
    pub(super) const fn new(patience: Duration) -> Self {
        Self { patience, waiting: VecDeque::new(), behind_since: None, until_key: false }
    }

    /// Takes a picture that has arrived. Gives how many were given up, this one among them or not.
    pub(super) fn push(&mut self, unit: Unit) -> u64 {
        if unit.kind == AccessUnitKind::Key {
            self.until_key = false;
        }
        if self.until_key {
            return 1;
        }
        self.waiting.push_back(unit);
        if self.waiting.len() > MAX_WAITING { self.begin_anew() } else { 0 }
    }

    /// What the decoder does at `now`, the clock of the arrivals.
    pub(super) fn next(&mut self, now: Time) -> Next {
        let Some(unit) = self.waiting.front() else { return Next::Nothing };
        if now.saturating_since(unit.last_at) <= BEHIND {
            self.behind_since = None;
        } else if now.saturating_since(*self.behind_since.get_or_insert(now)) > self.patience {
            return Next::GivenUp(self.begin_anew());
        }
        self.waiting.pop_front().map_or(Next::Nothing, Next::Unit)
    }

    /// Whether what arrives is given up until a key picture comes.
    const fn waits_for_key(&self) -> bool {
        self.until_key
    }

    /// Gives up what waits, up to the newest picture one can begin with.
    fn begin_anew(&mut self) -> u64 {
        let before = self.waiting.len();
        match self.waiting.iter().rposition(|unit| unit.kind == AccessUnitKind::Key) {
            // Not the first: with that, nothing would be gained.
            Some(key) if key > 0 => drop(self.waiting.drain(..key)),
            _ => {
                self.waiting.clear();
                self.until_key = true;
            }
        }
        self.behind_since = None;
        (before - self.waiting.len()) as u64
    }
}

/// A [`Backlog`] between two threads.
#[derive(Debug)]
pub(super) struct Queue {
    state: Mutex<State>,
    filled: Condvar,
}

#[derive(Debug)]
struct State {
    backlog: Backlog,
    closed: bool,
}

/// What became of a picture handed to the decoder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Handed {
    /// How many pictures were given up for it, itself among them or not.
    pub(super) given_up: u64,
    /// Whether the decoder is so far behind that it waits for a key picture.
    pub(super) waits_for_key: bool,
}

impl Queue {
    /// Empty; see [`Backlog::new`].
    pub(super) const fn new(patience: Duration) -> Self {
        let state = State { backlog: Backlog::new(patience), closed: false };
        Self { state: Mutex::new(state), filled: Condvar::new() }
    }

    /// Hands over a picture; never waits.
    pub(super) fn push(&self, unit: Unit) -> Handed {
        let mut state = self.lock();
        let given_up = state.backlog.push(unit);
        let waits_for_key = state.backlog.waits_for_key();
        drop(state);
        self.filled.notify_one();
        Handed { given_up, waits_for_key }
    }

    /// Waits for a picture or for having to give some up. `None` when the queue is closed.
    pub(super) fn next(&self, clock: impl Fn() -> Time) -> Option<Next> {
        let mut state = self.lock();
        loop {
            if state.closed {
                return None;
            }
            match state.backlog.next(clock()) {
                Next::Nothing => state = self.filled.wait(state).unwrap_or_else(PoisonError::into_inner),
                next => return Some(next),
            }
        }
    }

    /// Lets the decoder's thread end.
    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.filled.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use proptest::prelude::*;

    use super::*;
    use crate::rtp::assembler::Dependence;

    fn at(ms: u64) -> Time {
        Time::from_millis(ms)
    }

    fn unit(ms: u64, kind: AccessUnitKind) -> Unit {
        let (first_at, last_at) = (at(ms), at(ms));
        Unit { data: Bytes::new(), kind, dependence: Dependence::Sound, first_at, last_at }
    }

    fn delta(ms: u64) -> Unit {
        unit(ms, AccessUnitKind::Delta)
    }

    fn key(ms: u64) -> Unit {
        unit(ms, AccessUnitKind::Key)
    }

    /// A decoder that takes `decoding` ms for each of the pictures that arrive at `arrivals` (ms); the cart answers each wish
    /// for a key picture after 250 ms. Gives for each picture decoded when it arrived and how old it was by then, ms.
    fn decode(arrivals: &[u64], decoding: u64) -> Vec<(u64, u64)> {
        let (mut backlog, mut decoded, mut key_at) = (Backlog::new(PATIENCE), Vec::new(), None);
        let mut free_at = 0;
        let mut arrivals = arrivals.iter().copied().peekable();
        for now in 0..20_000 {
            while let Some(arrived) = arrivals.next_if(|arrival| *arrival <= now) {
                let is_key = key_at.take_if(|at| *at <= now).is_some();
                backlog.push(if is_key { key(arrived) } else { delta(arrived) });
            }
            if now >= free_at {
                match backlog.next(at(now)) {
                    Next::Unit(unit) => {
                        free_at = now + decoding;
                        let arrived = unit.last_at.as_nanos() / 1_000_000;
                        decoded.push((arrived, free_at - arrived));
                    }
                    Next::GivenUp(_) | Next::Nothing => {}
                }
            }
            if backlog.waits_for_key() {
                key_at.get_or_insert(now + 250);
            }
        }
        decoded
    }

    fn thirty_a_second(until: u64) -> Vec<u64> {
        (0..until / 33).map(|number| number * 33).collect()
    }

    #[test]
    fn a_decoder_that_keeps_up_decodes_everything_also_after_a_stall() {
        let mut arrivals = thirty_a_second(10_000);
        assert_eq!(decode(&arrivals, 12).len(), arrivals.len());
        // The machine stands still for a quarter of a second, and all arrives at its end.
        arrivals.iter_mut().filter(|ms| (2_000..2_250).contains(*ms)).for_each(|ms| *ms = 2_250);
        let decoded = decode(&arrivals, 12);
        assert_eq!(decoded.len(), arrivals.len());
    }

    #[test]
    fn a_decoder_that_stays_behind_begins_anew_with_the_newest_key_picture() {
        let mut backlog = Backlog::new(PATIENCE);
        for ms in [0, 33, 66] {
            assert_eq!(backlog.push(delta(ms)), 0);
        }
        assert_eq!(backlog.push(key(99)), 0);
        assert_eq!(backlog.push(delta(132)), 0);
        assert_eq!(backlog.next(at(140)), Next::Unit(delta(0)), "behind for the first time");
        assert_eq!(backlog.next(at(200)), Next::Unit(delta(33)));
        assert_eq!(backlog.next(at(241)), Next::GivenUp(1));
        assert_eq!(backlog.next(at(241)), Next::Unit(key(99)));
        assert_eq!(backlog.next(at(340)), Next::Unit(delta(132)), "and has its patience again");
    }

    #[test]
    fn without_a_key_picture_nothing_is_of_use_until_one_comes() {
        let mut backlog = Backlog::new(PATIENCE);
        for ms in 0..MAX_WAITING as u64 {
            assert_eq!(backlog.push(delta(ms)), 0);
        }
        assert_eq!(backlog.push(delta(30)), 31, "too many");
        assert_eq!((backlog.push(delta(31)), backlog.next(at(31))), (1, Next::Nothing));
        assert_eq!(backlog.push(key(32)), 0);
        assert_eq!(backlog.next(at(32)), Next::Unit(key(32)));
    }

    #[test]
    fn the_decoders_thread_is_woken_and_let_go() {
        let queue = Queue::new(PATIENCE);
        std::thread::scope(|scope| {
            let taken = scope.spawn(|| (queue.next(|| at(0)), queue.next(|| at(0))));
            assert_eq!(queue.push(delta(0)), Handed { given_up: 0, waits_for_key: false });
            // Whether it has taken the picture by then or takes it now: what is closed gives nothing.
            queue.close();
            let (first, second) = taken.join().expect("the decoder's thread");
            assert!(matches!(first, Some(Next::Unit(_)) | None));
            assert_eq!(second, None);
        });
    }

    proptest! {
        /// However slow the decoder is, no picture gets older than what patience, its fellows and its own decoding cost; it
        /// never waits in a queue that stands.
        #[test]
        fn no_picture_waits_in_a_queue_that_stands(decoding in 5..150_u64) {
            let worst = decode(&thirty_a_second(10_000), decoding).iter().map(|(_, age)| *age).max().unwrap_or(0);
            let bound = (BEHIND + PATIENCE).as_millis() as u64 + 2 * decoding;
            prop_assert!(worst <= bound, "{worst} ms old with {decoding} ms of decoding");
        }

        /// A picture is decoded only if all from a key picture on, or from the first on, were.
        #[test]
        fn nothing_is_decoded_onto_a_gap(steps in prop::collection::vec((0..3u8, 0..80_u64), 1..300)) {
            let (mut backlog, mut now, mut number, mut expected) = (Backlog::new(PATIENCE), 0, 0, Some(0));
            for (what, later) in steps {
                now += later;
                if what < 2 {
                    let kind = if what == 0 && number % 7 == 6 { AccessUnitKind::Key } else { AccessUnitKind::Delta };
                    let mut unit = unit(now, kind);
                    unit.data = Bytes::from(vec![number]);
                    number = number.wrapping_add(1);
                    backlog.push(unit);
                } else if let Next::Unit(unit) = backlog.next(at(now)) {
                    let number = unit.data[0];
                    prop_assert!(unit.kind == AccessUnitKind::Key || expected == Some(number), "{number}");
                    expected = Some(number.wrapping_add(1));
                }
            }
        }
    }
}
