use super::*;
use crate::testing::state;
use farprobe_proto::Echo;
use proptest::prelude::*;

/// Two clocks over one true time: the cart's is ahead by an offset and fast by a drift.
#[derive(Debug, Clone, Copy)]
struct Clocks {
    ahead_nanos: i64,
    ppm: i64,
}

impl Clocks {
    fn cart(self, truth: u64) -> Time {
        let drifted = truth as i128 + truth as i128 * i128::from(self.ppm) / 1_000_000;
        Time::from_nanos(u64::try_from(drifted + i128::from(self.ahead_nanos)).unwrap())
    }

    /// An exchange that starts at `truth` (the console's clock is the truth), in ns.
    fn exchange(self, clock: &mut ClockEstimate, truth: u64, there: u64, held: u64, back: u64) {
        let mut state = state(1, self.cart(truth + there + held));
        state.echo =
            Some(Echo { sequence: 1, console_sent_at: Time::from_nanos(truth), received_at: self.cart(truth + there) });
        clock.record(Time::from_nanos(truth + there + held + back), &state);
    }
}

const HOUR: i64 = 3_600_000_000_000;
const MS: u64 = 1_000_000;

#[test]
fn a_symmetric_path_gives_the_offset_exactly() {
    let clocks = Clocks { ahead_nanos: HOUR, ppm: 0 };
    let mut clock = ClockEstimate::new();
    assert_eq!(clock.to_console(Time::ZERO, Time::ZERO), None);
    clocks.exchange(&mut clock, 5_000 * MS, 20 * MS, 3 * MS, 20 * MS);
    let now = Time::from_millis(5_043);
    let back = clock.to_console(clocks.cart(5_020 * MS), now).unwrap();
    assert_eq!(back.at, Time::from_millis(5_020));
    assert!(back.bound >= Duration::from_millis(20) && back.bound < Duration::from_micros(20_010), "{back:?}");
    assert_eq!(clock.to_cart(Time::from_millis(5_020), now).unwrap().at, clocks.cart(5_020 * MS));
}

#[test]
fn the_best_exchange_is_kept_until_drift_makes_it_the_worse_one() {
    let clocks = Clocks { ahead_nanos: HOUR, ppm: 0 };
    let mut clock = ClockEstimate::new();
    clocks.exchange(&mut clock, 1_000 * MS, 10 * MS, 0, 10 * MS);
    clocks.exchange(&mut clock, 2_000 * MS, 10 * MS, 0, 12 * MS);
    let bound = |clock: &ClockEstimate, ms| clock.bound(Time::from_millis(ms)).unwrap().as_micros();
    assert_eq!(bound(&clock, 2_022), 10_501, "10 ms and 500 ppm of 1.002 s");
    clocks.exchange(&mut clock, 5_000 * MS, 10 * MS, 0, 12 * MS);
    assert_eq!(bound(&clock, 5_022), 11_000, "11 ms is better than 10 ms and 500 ppm of 4 s");
}

#[test]
fn a_step_of_an_hour_is_followed_at_once() {
    let mut clock = ClockEstimate::new();
    Clocks { ahead_nanos: HOUR, ppm: 0 }.exchange(&mut clock, 1_000 * MS, 5 * MS, 0, 5 * MS);
    let stepped = Clocks { ahead_nanos: 2 * HOUR, ppm: 0 };
    stepped.exchange(&mut clock, 1_100 * MS, 8 * MS, 0, 8 * MS);
    assert_eq!(clock.steps(), 1);
    let now = Time::from_millis(1_116);
    assert_eq!(clock.to_console(stepped.cart(1_110 * MS), now).unwrap().at, Time::from_millis(1_110));
}

#[test]
fn clocks_whose_bounds_just_touch_have_not_stepped() {
    // Each exchange is off by half its 10 ms and a nanosecond at most, and the first by the drift of a second besides.
    let touch = 2 * 5_000_001 + 500_000;
    for (ahead_nanos, steps) in [(HOUR + touch, 0), (HOUR + touch + 1, 1), (HOUR - touch, 0), (HOUR - touch - 1, 1)] {
        let mut clock = ClockEstimate::new();
        Clocks { ahead_nanos: HOUR, ppm: 0 }.exchange(&mut clock, 1_000 * MS, 5 * MS, 0, 5 * MS);
        Clocks { ahead_nanos, ppm: 0 }.exchange(&mut clock, 2_000 * MS, 5 * MS, 0, 5 * MS);
        assert_eq!(clock.steps(), steps, "{} ns apart", ahead_nanos - HOUR);
    }
}

#[test]
fn drift_while_the_cart_keeps_the_echo_is_a_part_of_the_error_and_no_nonsense() {
    for (ppm, there, back) in [(450, 0, 100_000), (450, 100_000, 0), (-450, 0, 100_000), (-450, 100_000, 0)] {
        let clocks = Clocks { ahead_nanos: HOUR, ppm };
        let mut clock = ClockEstimate::new();
        let (start, held) = (1_000 * MS, 900 * MS);
        clocks.exchange(&mut clock, start, there, held, back);
        assert_eq!(clock.implausible(), 0, "{ppm} ppm makes the round trip look negative");
        for truth in [start, start + there + held + back] {
            let seen = clock.to_console(clocks.cart(truth), Time::from_nanos(truth)).unwrap();
            let error = Duration::from_nanos(seen.at.as_nanos().abs_diff(truth));
            assert!(error <= seen.bound, "{ppm} ppm: {error:?} > {:?}", seen.bound);
        }
    }
}

#[test]
fn an_echo_that_the_cart_kept_for_more_than_a_second_is_not_used() {
    let clocks = Clocks { ahead_nanos: HOUR, ppm: 0 };
    for (held, used) in [(1_000 * MS, true), (1_000 * MS + 1, false), (30_000 * MS, false)] {
        let mut clock = ClockEstimate::new();
        clocks.exchange(&mut clock, 1_000 * MS, 5 * MS, held, 5 * MS);
        assert_eq!(clock.bound(Time::from_millis(40_000)).is_some(), used, "kept for {held} ns");
        assert_eq!(clock.last_round_trip().is_some(), used);
        assert_eq!(clock.implausible(), 0, "it is no lie");
    }
}

#[test]
fn nonsense_is_counted_and_ignored() {
    let mut clock = ClockEstimate::new();
    let mut state = state(1, Time::from_millis(10));
    clock.record(Time::from_millis(50), &state);
    assert_eq!(clock.implausible(), 0, "a state without an echo is no nonsense");
    let echo = |sent, received| {
        let (console_sent_at, received_at) = (Time::from_millis(sent), Time::from_millis(received));
        Some(Echo { sequence: 1, console_sent_at, received_at })
    };
    for (sent, received) in [(60, 10), (40, 11), (49, 1)] {
        state.echo = echo(sent, received);
        clock.record(Time::from_millis(50), &state);
    }
    assert_eq!((clock.implausible(), clock.bound(Time::ZERO)), (3, None));
}

proptest! {
    /// However unequal the ways and whatever the drift up to 500 ppm, the truth is within the bound, at once and later.
    #[test]
    fn the_truth_is_within_the_bound(
        ahead_nanos in -HOUR..HOUR,
        ppm in -450..450i64,
        exchanges in prop::collection::vec((2..3_000u64, 0..300 * MS, 0..900 * MS, 0..300 * MS), 1..60),
        later in 0..100_000u64,
    ) {
        let clocks = Clocks { ahead_nanos, ppm };
        let mut clock = ClockEstimate::new();
        let mut truth = 10_000_000 * MS;
        for (gap, there, held, back) in exchanges {
            truth += gap * MS;
            clocks.exchange(&mut clock, truth, there, held, back);
            truth += there + held + back;
        }
        prop_assert_eq!((clock.steps(), clock.implausible()), (0, 0));
        let then = truth + later * MS;
        let back = clock.to_console(clocks.cart(then), Time::from_nanos(then)).unwrap();
        let error = back.at.as_nanos().abs_diff(then);
        prop_assert!(u128::from(error) <= back.bound.as_nanos(), "{} > {:?}", error, back.bound);
    }

    #[test]
    fn no_stamp_panics(stamps in prop::collection::vec(any::<[u64; 4]>(), 0..50), at in any::<[u64; 2]>()) {
        let mut clock = ClockEstimate::new();
        for [sent, received, answered, back] in stamps {
            let mut state = state(1, Time::from_nanos(answered));
            let (console_sent_at, received_at) = (Time::from_nanos(sent), Time::from_nanos(received));
            state.echo = Some(Echo { sequence: 1, console_sent_at, received_at });
            clock.record(Time::from_nanos(back), &state);
        }
        let _ = clock.to_console(Time::from_nanos(at[0]), Time::from_nanos(at[1]));
        let _ = clock.to_cart(Time::from_nanos(at[0]), Time::from_nanos(at[1]));
    }
}
