//! A reliable, ordered stream over an unreliable way.

use std::collections::VecDeque;
use std::time::Duration;

use farprobe_geom::Time;
use farprobe_sim::link::LinkState;

/// One way of a stream: what is sent comes in order, once, and waits for as long as the way carries nothing. Retransmission
/// is not modelled; a QUIC stream behaves so but for the time its retransmissions take.
#[derive(Debug, Clone)]
pub(crate) struct Stream<T> {
    delay: Duration,
    under_way: VecDeque<(Time, T)>,
}

impl<T> Stream<T> {
    pub(crate) fn new(delay: Duration) -> Self {
        Self { delay, under_way: VecDeque::new() }
    }

    pub(crate) fn send(&mut self, now: Time, message: T) {
        self.under_way.push_back((now + self.delay, message));
    }

    pub(crate) fn poll(&mut self, now: Time, way: LinkState) -> Option<T> {
        let (at, _) = self.under_way.front()?;
        (way == LinkState::Up && *at <= now).then(|| self.under_way.pop_front())?.map(|(_, message)| message)
    }

    /// The connection is gone, and everything under way with it.
    pub(crate) fn reset(&mut self) {
        self.under_way.clear();
    }
}
