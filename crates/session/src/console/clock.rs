//! The cart's clock as seen from the console, with a bound of the error.

use std::time::Duration;

use farprobe_geom::Time;
use farprobe_proto::State;

/// How fast two clocks may drift apart, parts per million. Quartz clocks keep within 100; five times that leaves room for a
/// machine that is being slewed by its time service.
pub const MAX_DRIFT_PPM: u32 = 500;
/// An echo the cart has kept for longer than this is not used: drift while it was kept would be a part of the error.
const MAX_HELD: Duration = Duration::from_secs(1);

/// An instant of one machine in the other's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Translated {
    /// The instant.
    pub at: Time,
    /// How far off it may be, either way.
    pub bound: Duration,
}

/// One exchange of four timestamps.
#[derive(Debug, Clone, Copy)]
struct Exchange {
    /// Cart clock minus console clock, ns.
    offset: i64,
    /// Half its round trip and the drift while the cart kept the echo: how far off `offset` may be.
    error: Duration,
    /// When it ended, console clock.
    at: Time,
}

impl Exchange {
    fn bound(&self, now: Time) -> Duration {
        self.error + drift(now.saturating_since(self.at))
    }
}

/// The offset between the console's and the cart's clock.
///
/// Each state that echoes a command's stamp is an exchange as in NTP: sent by the console (t1), received (t2) and answered
/// (t3) by the cart, received by the console (t4). Its offset, ((t2 − t1) + (t3 − t4)) / 2, is off by at most half its round
/// trip, (t4 − t1) − (t3 − t2), however unequal the two ways are. The exchange with the smallest bound is kept; the bound
/// grows with [`MAX_DRIFT_PPM`] of its age, until a newer exchange is better.
///
/// An exchange that contradicts the one kept shows that a clock has stepped: the newer one is believed.
#[derive(Debug, Clone, Default)]
pub struct ClockEstimate {
    best: Option<Exchange>,
    last_round_trip: Option<Duration>,
    steps: u64,
    implausible: u64,
}

impl ClockEstimate {
    /// Nothing known yet.
    pub const fn new() -> Self {
        Self { best: None, last_round_trip: None, steps: 0, implausible: 0 }
    }

    /// Takes the stamps of a state that arrived at `received`, console clock.
    pub fn record(&mut self, received: Time, state: &State) {
        let Some(echo) = state.echo else { return };
        let spans = received.since(echo.console_sent_at).zip(state.sent_at.since(echo.received_at));
        let round_trip = spans.and_then(|(away, held)| (away + drift(held)).checked_sub(held));
        let (Some((_, held)), Some(round_trip)) = (spans, round_trip) else {
            self.implausible = self.implausible.saturating_add(1);
            return;
        };
        if held > MAX_HELD {
            return;
        }
        self.last_round_trip = Some(round_trip);
        let there = i128::from(echo.received_at.as_nanos()) - i128::from(echo.console_sent_at.as_nanos());
        let back = i128::from(state.sent_at.as_nanos()) - i128::from(received.as_nanos());
        let offset = clamp(i128::midpoint(there, back));
        // One nanosecond more for the halves that integers drop.
        let error = round_trip / 2 + drift(held) + Duration::from_nanos(1);
        self.adopt(Exchange { offset, error, at: received });
    }

    fn adopt(&mut self, new: Exchange) {
        let Some(best) = self.best else {
            self.best = Some(new);
            return;
        };
        let bound = best.bound(new.at);
        let apart = Duration::from_nanos(new.offset.abs_diff(best.offset));
        if apart > bound + new.error {
            self.steps = self.steps.saturating_add(1);
            self.best = Some(new);
        } else if new.error <= bound {
            self.best = Some(new);
        }
    }

    /// An instant of the cart's clock in the console's, as known at `now`, console clock. `None` before the first exchange.
    pub fn to_console(&self, cart: Time, now: Time) -> Option<Translated> {
        self.best.map(|best| Translated { at: shift(cart, -i128::from(best.offset)), bound: best.bound(now) })
    }

    /// An instant of the console's clock in the cart's, as known at `now`, console clock. `None` before the first exchange.
    pub fn to_cart(&self, console: Time, now: Time) -> Option<Translated> {
        self.best.map(|best| Translated { at: shift(console, i128::from(best.offset)), bound: best.bound(now) })
    }

    /// How far off a translated instant may be at `now`, console clock.
    pub fn bound(&self, now: Time) -> Option<Duration> {
        self.best.map(|best| best.bound(now))
    }

    /// The round trip of the last exchange, without the time the cart kept the echo.
    pub const fn last_round_trip(&self) -> Option<Duration> {
        self.last_round_trip
    }

    /// How often a clock has stepped.
    pub const fn steps(&self) -> u64 {
        self.steps
    }

    /// Exchanges that can't be true, such as an answer before its question. The peer is to blame.
    pub const fn implausible(&self) -> u64 {
        self.implausible
    }
}

/// The most two clocks drift apart in this time.
fn drift(span: Duration) -> Duration {
    let nanos = span.as_nanos() * u128::from(MAX_DRIFT_PPM) / 1_000_000;
    Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
}

fn clamp(nanos: i128) -> i64 {
    nanos.clamp(i128::from(i64::MIN), i128::from(i64::MAX)) as i64
}

/// The instant `by` ns later; an instant before the clock's start becomes the start.
fn shift(time: Time, by: i128) -> Time {
    Time::from_nanos((i128::from(time.as_nanos()) + by).clamp(0, i128::from(u64::MAX)) as u64)
}

#[cfg(test)]
#[path = "clock_tests.rs"]
mod tests;
