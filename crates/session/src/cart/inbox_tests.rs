use super::*;
use crate::testing::command;
use proptest::prelude::*;

const EPOCH: Epoch = Epoch(7);
/// How far the console's clock is ahead of the cart's in these tests: nothing may depend on it.
const AHEAD: Duration = Duration::from_hours(24);

fn inbox() -> CommandInbox {
    let mut inbox = CommandInbox::new(AgeLimit::DEFAULT);
    inbox.set_epoch(Some(EPOCH));
    inbox
}

/// A command sampled at `millis` of true time arrives after `transit` ms.
fn arrive(inbox: &mut CommandInbox, sequence: u64, millis: u64, transit: u64) -> Verdict {
    let arrived = Time::from_millis(millis + transit);
    inbox.receive(arrived, &command(EPOCH, sequence, Time::from_millis(millis) + AHEAD))
}

#[test]
fn each_newer_command_passes_once() {
    let mut inbox = inbox();
    for n in 1..1_000 {
        assert_eq!(arrive(&mut inbox, n, 2 * n, 30), Verdict::Fresh);
        assert_eq!(arrive(&mut inbox, n, 2 * n, 30), Verdict::Refused(Reason::Old));
    }
    assert_eq!((inbox.fresh(), inbox.refused().old), (999, 999));
}

#[test]
fn without_the_lease_nothing_passes() {
    let mut inbox = CommandInbox::new(AgeLimit::DEFAULT);
    assert_eq!(arrive(&mut inbox, 1, 2, 30), Verdict::Refused(Reason::Epoch));
    inbox.set_epoch(Some(Epoch(8)));
    assert_eq!(arrive(&mut inbox, 2, 4, 30), Verdict::Refused(Reason::Epoch));
    assert_eq!(inbox.refused().epoch, 2);
}

#[test]
fn an_excess_of_the_limit_passes_and_more_does_not() {
    let mut inbox = inbox();
    assert_eq!(arrive(&mut inbox, 1, 0, 30), Verdict::Fresh);
    assert_eq!(arrive(&mut inbox, 2, 100, 80), Verdict::Fresh);
    assert_eq!(inbox.last_excess(), Some(Duration::from_millis(50)));
    assert_eq!(arrive(&mut inbox, 3, 200, 81), Verdict::Refused(Reason::Late));
    assert_eq!(inbox.last_fresh_at(), Some(Time::from_millis(180)));
    assert_eq!(arrive(&mut inbox, 4, 300, 30), Verdict::Fresh);
}

#[test]
fn commands_that_waited_in_a_queue_are_refused_and_the_live_one_passes() {
    let mut inbox = inbox();
    for n in 1..=500 {
        arrive(&mut inbox, n, 2 * n, 30);
    }
    // A blackout of 2 s; then everything that was queued comes at once.
    for n in 501..=1_500u64 {
        let waited = 3_030 - 2 * n;
        let verdict = arrive(&mut inbox, n, 2 * n, waited);
        assert_eq!(verdict == Verdict::Fresh, waited <= 80, "{n} waited {waited} ms");
    }
}

#[test]
fn a_queue_older_than_the_window_is_refused_too() {
    let mut inbox = inbox();
    for n in 1..=500 {
        arrive(&mut inbox, n, 2 * n, 30);
    }
    // Late commands do not move the point from which the count may run, so the live one is no jump.
    assert_eq!(arrive(&mut inbox, 501, 1_002, 60_000), Verdict::Refused(Reason::Late));
    assert_eq!(arrive(&mut inbox, 30_501, 61_002, 30), Verdict::Fresh);
}

#[test]
fn a_path_that_became_longer_for_good_is_accepted_after_the_window() {
    let mut inbox = inbox();
    for n in 1..=500 {
        arrive(&mut inbox, n, 2 * n, 30);
    }
    let accepted = (501..10_000u64).find(|n| arrive(&mut inbox, *n, 2 * n, 130) == Verdict::Fresh);
    let after_ms = accepted.map(|n| 2 * (n - 500));
    assert!(after_ms.is_some_and(|ms| (9_900..=10_600).contains(&ms)), "{after_ms:?}");
}

#[test]
fn clocks_that_drift_apart_cost_five_milliseconds_at_most() {
    for ppm in [-500i64, 500] {
        let mut inbox = inbox();
        for n in 1..=100_000u64 {
            let true_nanos = n * 2_000_000;
            let console = true_nanos.saturating_add_signed(true_nanos.cast_signed() / 1_000_000 * ppm);
            let sampled = Time::from_nanos(console) + AHEAD;
            let arrived = Time::from_nanos(true_nanos + 30_000_000);
            assert_eq!(inbox.receive(arrived, &command(EPOCH, n, sampled)), Verdict::Fresh);
            assert!(inbox.last_excess().is_some_and(|excess| excess <= Duration::from_micros(5_300)));
        }
    }
}

#[test]
fn one_stamp_from_the_future_refuses_for_ten_seconds_and_no_longer() {
    let mut inbox = inbox();
    assert_eq!(arrive(&mut inbox, 1, 1_000, 30), Verdict::Fresh);
    let lie = command(EPOCH, 2, Time::from_nanos(u64::MAX));
    inbox.receive(Time::from_millis(1_032), &lie);
    let accepted = (3..10_000u64).find(|n| arrive(&mut inbox, *n, 1_000 + 2 * n, 30) == Verdict::Fresh);
    assert!(accepted.is_some_and(|n| (4_900..=5_300).contains(&n)), "{accepted:?}");
}

#[test]
fn a_stamp_that_falls_back_is_late() {
    let mut inbox = inbox();
    assert_eq!(arrive(&mut inbox, 1, 4_000_000, 30), Verdict::Fresh);
    let stepped = command(EPOCH, 2, Time::from_millis(400_000) + AHEAD);
    assert_eq!(inbox.receive(Time::from_millis(4_000_032), &stepped), Verdict::Refused(Reason::Late));
}

#[test]
fn a_leading_sequence_number_closes_the_session_until_the_next_lease() {
    let mut inbox = inbox();
    assert_eq!(arrive(&mut inbox, 1, 0, 30), Verdict::Fresh);
    assert_eq!(arrive(&mut inbox, 1 << 40, 2, 30), Verdict::Refused(Reason::Jump));
    assert!(inbox.is_closed());
    assert_eq!(arrive(&mut inbox, 2, 4, 30), Verdict::Refused(Reason::Closed));
    assert_eq!(inbox.refused().jump, 2);
    inbox.set_epoch(Some(Epoch(8)));
    assert!(!inbox.is_closed());
    assert_eq!(inbox.receive(Time::from_millis(40), &command(Epoch(8), 3, Time::ZERO)), Verdict::Fresh);
}

#[test]
fn a_leading_number_after_an_outage_closes_the_session_after_half_a_second() {
    let mut inbox = inbox();
    for n in 1..=500 {
        assert_eq!(arrive(&mut inbox, n, 2 * n, 30), Verdict::Fresh);
    }
    // Six seconds later a console may have counted to 14 500; it has counted to 3 500.
    assert_eq!(arrive(&mut inbox, 14_000, 7_000, 30), Verdict::Fresh);
    let closed = (3_501..14_000u64).find(|n| {
        // What a network adds to it does not matter: each comes twice, and now and then one of long ago.
        arrive(&mut inbox, *n, 2 * n, 30);
        arrive(&mut inbox, *n, 2 * n, 31);
        if n % 7 == 0 {
            arrive(&mut inbox, 40, 2 * n, 31);
        }
        inbox.is_closed()
    });
    assert_eq!(closed, Some(3_501 + 250), "half a second later");
    inbox.set_epoch(Some(Epoch(8)));
    assert_eq!(inbox.receive(Time::from_millis(8_000), &command(Epoch(8), 4_000, Time::ZERO)), Verdict::Fresh);
}

#[test]
fn replays_and_a_queue_that_was_overtaken_close_nothing() {
    let mut inbox = inbox();
    for n in 1..=5_000u64 {
        assert_eq!(arrive(&mut inbox, n, 2 * n, 30), Verdict::Fresh);
        // Everything of the last second once more, with every new one.
        let old = n.saturating_sub(500) + 1;
        for replay in (old..=n).step_by(17) {
            assert_eq!(arrive(&mut inbox, replay, 2 * n, 31), Verdict::Refused(Reason::Old));
        }
    }
    // Then the line is dead but for one who says the same again and again.
    for again in 0..100_000 {
        assert_eq!(arrive(&mut inbox, 4_000, 10_040 + again / 50, 0), Verdict::Refused(Reason::Old));
    }
    assert!(!inbox.is_closed());
}

#[test]
fn another_console_counts_from_one_by_another_clock() {
    let mut inbox = inbox();
    for n in 1..=500 {
        arrive(&mut inbox, n, 2 * n, 30);
    }
    inbox.set_epoch(Some(Epoch(8)));
    let slow = command(Epoch(8), 1, Time::ZERO);
    assert_eq!(inbox.receive(Time::from_millis(1_100), &slow), Verdict::Fresh);
}

#[test]
fn a_long_outage_is_no_jump() {
    let mut inbox = inbox();
    assert_eq!(arrive(&mut inbox, 1, 0, 30), Verdict::Fresh);
    let year_ms = 365 * 86_400_000u64;
    assert_eq!(arrive(&mut inbox, year_ms / 2, year_ms, 30), Verdict::Fresh);
    assert_eq!(arrive(&mut inbox, year_ms / 2 + 2_001, year_ms, 30), Verdict::Refused(Reason::Jump));
}

#[test]
fn a_sequence_may_be_ahead_by_what_can_have_been_counted_and_a_second_more() {
    for (after_ms, most) in [(0, 2_000), (10, 2_020), (1_000, 4_000)] {
        for (ahead, expected) in [(most, Verdict::Fresh), (most + 1, Verdict::Refused(Reason::Jump))] {
            let mut inbox = inbox();
            assert_eq!(arrive(&mut inbox, 7, 100, 30), Verdict::Fresh);
            assert_eq!(arrive(&mut inbox, 7 + ahead, 100 + after_ms, 30), expected, "{ahead} in {after_ms} ms");
        }
    }
}

#[test]
fn the_end_of_the_count_is_no_special_place() {
    let mut inbox = inbox();
    for (n, sequence) in (u64::MAX - 10..=u64::MAX).enumerate() {
        assert_eq!(arrive(&mut inbox, sequence, 2 * n as u64, 30), Verdict::Fresh);
    }
    assert_eq!(arrive(&mut inbox, 0, 40, 30), Verdict::Refused(Reason::Old));
    assert_eq!(arrive(&mut inbox, u64::MAX, 42, 30), Verdict::Refused(Reason::Old));
}

#[test]
fn the_age_limit_has_bounds() {
    assert!(AgeLimit::new(Duration::from_millis(19)).is_err());
    assert!(AgeLimit::new(Duration::from_millis(201)).is_err());
    for ms in [20, 50, 200] {
        let limit = AgeLimit::new(Duration::from_millis(ms));
        assert_eq!(limit.map(|limit| limit.get().as_millis()), Ok(u128::from(ms)));
    }
}

/// What the network does to one command.
#[derive(Debug, Clone, Copy)]
struct Fate {
    delay_ms: u64,
    copies: u8,
}

fn fates() -> impl Strategy<Value = Vec<Fate>> {
    let fate = (0..400u64, 0..4u8).prop_map(|(delay_ms, copies)| Fate { delay_ms, copies });
    prop::collection::vec(fate, 1..600)
}

proptest! {
    /// Whatever the network does, each command passes at most once, in order, and never more than the limit later than the
    /// fastest one before it.
    #[test]
    fn nothing_passes_twice_out_of_order_or_late(fates in fates()) {
        let mut arrivals: Vec<(u64, u64)> = Vec::new();
        for (n, fate) in fates.iter().enumerate() {
            let sequence = n as u64 + 1;
            for copy in 0..u64::from(fate.copies) {
                arrivals.push((2 * sequence + fate.delay_ms * (copy + 1), sequence));
            }
        }
        arrivals.sort_unstable();
        let mut inbox = inbox();
        let (mut last, mut fastest) = (0, u64::MAX);
        for (at, sequence) in arrivals {
            let transit = at - 2 * sequence;
            if arrive(&mut inbox, sequence, 2 * sequence, transit) == Verdict::Fresh {
                prop_assert!(sequence > last);
                prop_assert!(fastest == u64::MAX || transit <= fastest + 50);
                last = sequence;
                fastest = fastest.min(transit);
            }
        }
    }

    /// No stamp, number or order of arrivals panics, and every command is counted exactly once.
    #[test]
    fn everything_is_counted(events in prop::collection::vec((any::<u64>(), any::<u64>(), any::<u64>(), 6..9u64), 0..200)) {
        let mut inbox = inbox();
        let total = events.len() as u64;
        for (arrived, sequence, sampled, epoch) in events {
            let command = command(Epoch(epoch), sequence, Time::from_nanos(sampled));
            inbox.receive(Time::from_nanos(arrived), &command);
        }
        let refused = inbox.refused();
        prop_assert_eq!(inbox.fresh() + refused.old + refused.late + refused.epoch + refused.jump, total);
    }
}
