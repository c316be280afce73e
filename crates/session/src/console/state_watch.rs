//! Whether the cart is still heard.

use std::time::Duration;

use farprobe_geom::Time;
use farprobe_proto::State;

use crate::minimum::{RollingMinimum, transit};

/// A state older than this opens the clutch: the operator would press against a force that is not shown (reliability L2).
/// Sixty states; well below the half second after which a person notices, well above the jitter of a wireless link.
pub const STATE_TIMEOUT: Duration = Duration::from_millis(250);

/// Whether the cart is heard. Only [`Downlink::Alive`] may be steered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Downlink {
    /// No state has come yet.
    Waiting,
    /// The newest state is recent.
    Alive,
    /// The newest state is older than [`STATE_TIMEOUT`]: the console opens its clutch.
    Silent,
}

#[derive(Debug, Clone, Copy)]
struct Newest {
    sequence: u64,
    arrived: Time,
    /// How old it was when it arrived, as far as can be known.
    age: Duration,
}

/// Watches the states of one connection, at the console.
///
/// Commands may still arrive at the cart while nothing comes back (one-way loss): the cart cannot see that, the console can.
///
/// How old a state is when it arrives is judged in two ways, and either may acquit it:
/// - by its *excess* transit over the fastest of the last 10 s, which needs no command to have reached the cart, but after a
///   step of this machine's clock (it was suspended, or migrated) holds every state for old until the window has passed;
/// - by the command it *echoes*: a state that answers a command is younger than that command, by this machine's clock alone. A
///   round trip after such a step all stamps are of one piece again.
#[derive(Debug, Clone)]
pub struct StateWatch {
    newest: Option<Newest>,
    first_sequence: u64,
    received: u64,
    transit: RollingMinimum,
}

impl Default for StateWatch {
    fn default() -> Self {
        Self::new()
    }
}

impl StateWatch {
    /// Nothing heard yet.
    pub const fn new() -> Self {
        Self { newest: None, first_sequence: 0, received: 0, transit: RollingMinimum::new() }
    }

    /// Takes a state that arrived at `arrived`, console clock. Gives whether it is the newest; an older one is not to be
    /// shown.
    pub fn record(&mut self, arrived: Time, state: &State) -> bool {
        if self.newest.is_some_and(|newest| state.sequence <= newest.sequence) {
            return false;
        }
        if self.newest.is_none() {
            self.first_sequence = state.sequence;
        }
        let transit = transit(arrived, state.sampled_at);
        let least = self.transit.record(arrived, transit);
        let excess = Duration::from_nanos(transit.saturating_sub(least).unsigned_abs());
        let age = age_by_echo(arrived, state).map_or(excess, |most| most.min(excess));
        self.newest = Some(Newest { sequence: state.sequence, arrived, age });
        self.received = self.received.saturating_add(1);
        true
    }

    /// How old the newest state is at `now`, console clock: since it arrived, and how old it was then as far as that can be
    /// known. `None` before the first.
    pub fn age(&self, now: Time) -> Option<Duration> {
        self.newest.map(|newest| now.saturating_since(newest.arrived) + newest.age)
    }

    /// Whether the cart is heard at `now`, console clock.
    pub fn downlink(&self, now: Time) -> Downlink {
        match self.age(now) {
            None => Downlink::Waiting,
            Some(age) if age <= STATE_TIMEOUT => Downlink::Alive,
            Some(_) => Downlink::Silent,
        }
    }

    /// States received, each newer than the one before.
    pub const fn received(&self) -> u64 {
        self.received
    }

    /// States that were lost, or overtaken and so of no use.
    pub fn lost(&self) -> u64 {
        let sent = self.newest.map_or(0, |newest| (newest.sequence - self.first_sequence).saturating_add(1));
        sent.saturating_sub(self.received)
    }
}

/// The greatest age a state can have that arrived at `arrived`, console clock: the time since the command was sent that it
/// echoes, without the time (cart clock) from the arrival of that command to the sampling of the state. `None` if it echoes
/// none, or if the stamps contradict each other: this machine's clock has stepped back in between.
fn age_by_echo(arrived: Time, state: &State) -> Option<Duration> {
    let echo = state.echo.as_ref()?;
    let since_sent = i128::from(arrived.as_nanos()) - i128::from(echo.console_sent_at.as_nanos());
    let until_sampled = i128::from(state.sampled_at.as_nanos()) - i128::from(echo.received_at.as_nanos());
    u64::try_from(since_sent - until_sampled).ok().map(Duration::from_nanos)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::state;
    use farprobe_proto::Echo;

    /// A state sampled at `millis` of true time that echoes the command sent 40 ms before; both were 20 ms under way. The
    /// console's clock is `ahead` of the cart's when it sends the command.
    fn answering(sequence: u64, millis: u64, ahead: Duration) -> State {
        let echo = Echo {
            sequence,
            console_sent_at: Time::from_millis(millis - 40) + ahead,
            received_at: Time::from_millis(millis - 20),
        };
        State { echo: Some(echo), ..state(sequence, Time::from_millis(millis)) }
    }

    #[test]
    fn a_step_of_the_consoles_own_clock_silences_the_cart_for_a_round_trip_only() {
        let hour = Duration::from_hours(1);
        let mut watch = StateWatch::new();
        // Forward by an hour at 5 s: every transit is an hour longer from then on.
        for n in 250..3_000u64 {
            let sampled = 4 * n;
            let at = |millis: u64| if millis < 5_000 { Duration::ZERO } else { hour };
            let arrived = Time::from_millis(sampled + 20) + at(sampled + 20);
            watch.record(arrived, &answering(n, sampled, at(sampled - 40)));
            // What was sent before the step and answered after it proves nothing.
            let heard = sampled + 20 < 5_000 || sampled - 40 >= 5_000;
            let downlink = watch.downlink(arrived);
            assert_eq!(downlink == Downlink::Alive, heard, "sampled at {sampled} ms: {downlink:?}");
        }
    }

    #[test]
    fn a_state_is_no_older_than_the_way_of_the_command_it_answers_without_its_time_at_the_cart() {
        let hour = Duration::from_hours(1);
        let mut watch = StateWatch::new();
        watch.record(Time::from_millis(1_020), &answering(1, 1_000, Duration::ZERO));
        // This machine's clock steps by an hour: only the echo tells. Of 60 ms since the command was sent it was 20 at the cart.
        watch.record(Time::from_millis(2_020) + hour, &answering(2, 2_000, hour));
        assert_eq!(watch.age(Time::from_millis(2_025) + hour), Some(Duration::from_millis(45)));
    }

    #[test]
    fn a_state_out_of_a_queue_is_old_though_it_echoes_a_command() {
        let mut watch = StateWatch::new();
        watch.record(Time::from_millis(1_020), &answering(1, 1_000, Duration::ZERO));
        watch.record(Time::from_millis(1_600), &answering(2, 1_004, Duration::ZERO));
        assert_eq!(watch.age(Time::from_millis(1_600)), Some(Duration::from_millis(576)));
    }

    #[test]
    fn an_echo_of_a_command_not_yet_sent_proves_nothing() {
        let mut watch = StateWatch::new();
        watch.record(Time::from_millis(1_020), &answering(1, 1_000, Duration::ZERO));
        let lie = answering(2, 1_004, Duration::from_hours(1));
        watch.record(Time::from_millis(1_600), &lie);
        assert_eq!(watch.age(Time::from_millis(1_600)), Some(Duration::from_millis(576)));
        let extreme = State { sequence: 3, sampled_at: Time::from_nanos(u64::MAX), ..lie };
        assert!(watch.record(Time::ZERO, &extreme));
    }

    #[test]
    fn silence_is_noticed_after_250_ms() {
        let mut watch = StateWatch::new();
        assert_eq!(watch.downlink(Time::from_millis(9_000)), Downlink::Waiting);
        for n in 1..=100 {
            assert!(watch.record(Time::from_millis(4 * n + 30), &state(n, Time::from_millis(4 * n))));
        }
        assert_eq!(watch.downlink(Time::from_millis(430 + 250)), Downlink::Alive);
        assert_eq!(watch.downlink(Time::from_millis(430 + 251)), Downlink::Silent);
        assert!(watch.record(Time::from_millis(1_000), &state(200, Time::from_millis(970))));
        assert_eq!(watch.downlink(Time::from_millis(1_000)), Downlink::Alive);
        assert_eq!((watch.received(), watch.lost()), (101, 99));
    }

    #[test]
    fn states_out_of_a_queue_are_old_though_they_have_just_come() {
        let mut watch = StateWatch::new();
        watch.record(Time::from_millis(30), &state(1, Time::ZERO));
        watch.record(Time::from_millis(400), &state(2, Time::from_millis(4)));
        assert_eq!(watch.age(Time::from_millis(410)), Some(Duration::from_millis(376)));
        assert_eq!(watch.downlink(Time::from_millis(410)), Downlink::Silent);
    }

    #[test]
    fn an_older_state_is_not_to_be_shown() {
        let mut watch = StateWatch::new();
        assert!(watch.record(Time::from_millis(30), &state(5, Time::ZERO)));
        assert!(!watch.record(Time::from_millis(31), &state(5, Time::ZERO)));
        assert!(!watch.record(Time::from_millis(32), &state(4, Time::ZERO)));
        assert_eq!((watch.received(), watch.lost()), (1, 0));
    }

    #[test]
    fn the_whole_count_fits() {
        let mut watch = StateWatch::new();
        watch.record(Time::ZERO, &state(0, Time::ZERO));
        watch.record(Time::from_millis(1), &state(u64::MAX, Time::ZERO));
        assert_eq!(watch.lost(), u64::MAX - 2);
    }
}
