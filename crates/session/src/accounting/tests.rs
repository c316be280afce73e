use super::*;
use crate::testing::{command, stamp, state};
use farprobe_proto::{Applied, Clutch, Echo, Epoch};
use proptest::prelude::*;

const EPOCH: Epoch = Epoch(5);
/// The cart's clock is ahead of the console's by this, ms.
const AHEAD: u64 = 50_000;

fn at(console_ms: u64) -> Time {
    Time::from_millis(console_ms)
}

fn cart(console_ms: u64) -> Time {
    Time::from_millis(console_ms + AHEAD)
}

/// Sends `count` commands, number `n` sampled at `2 n` ms and sent at once.
fn sent(count: u64) -> Accounting {
    let mut accounting = Accounting::new();
    (1..=count).for_each(|n| accounting.command_sent(&command(EPOCH, n, at(2 * n))));
    accounting
}

/// A clock estimate with a round trip of 40 ms, equal both ways, made at `now` ms.
fn clock(now: u64) -> ClockEstimate {
    let mut clock = ClockEstimate::new();
    clock.record(at(now), &exchanged(1, now));
    clock
}

/// A state received at `now` ms, after 20 ms each way.
fn exchanged(sequence: u64, now: u64) -> State {
    let mut state = state(sequence, cart(now - 20));
    let console_sent_at = at(now - 40);
    state.echo = Some(Echo { sequence: (now - 40) / 2, console_sent_at, received_at: cart(now - 20) });
    state
}

fn picture(number: u64, applied: u64, shown_ms: u64) -> ShownPicture {
    let mut stamp = stamp(number, cart(shown_ms - 60), applied);
    stamp.epoch = Some(EPOCH);
    stamp.encoded_at = cart(shown_ms - 55);
    ShownPicture { stamp, received_at: at(shown_ms - 30), decoded_at: at(shown_ms - 25), shown_at: at(shown_ms) }
}

fn hand_to_eye(accounting: &Accounting) -> Option<LatencySnapshot> {
    accounting.snapshot(Span::Whole, Time::ZERO).hand_to_eye
}

#[test]
fn every_command_between_two_shown_pictures_is_one_sample() {
    let mut accounting = sent(100);
    let clock = ClockEstimate::new();
    accounting.picture_shown(&picture(1, 10, 100), &clock);
    assert_eq!(hand_to_eye(&accounting), None, "the first picture has none before it");
    // Commands 11 to 14, sampled at 22, 24, 26 and 28 ms, are seen at 133 ms.
    accounting.picture_shown(&picture(2, 14, 133), &clock);
    let seen = hand_to_eye(&accounting).unwrap();
    assert_eq!((seen.samples, seen.max, seen.mean), (4, Duration::from_millis(111), Duration::from_millis(108)));
    // A picture without news counts nothing; the one after it counts what is new since.
    accounting.picture_shown(&picture(3, 14, 166), &clock);
    assert_eq!(hand_to_eye(&accounting).unwrap().samples, 4);
    accounting.picture_shown(&picture(4, 15, 199), &clock);
    let seen = hand_to_eye(&accounting).unwrap();
    assert_eq!((seen.samples, seen.max), (5, Duration::from_millis(169)));
}

#[test]
fn a_picture_that_comes_twice_or_late_counts_once() {
    let mut accounting = sent(100);
    let clock = ClockEstimate::new();
    for (number, applied) in [(1, 10), (3, 30), (3, 30), (2, 20), (4, 40)] {
        accounting.picture_shown(&picture(number, applied, 200 + 33 * number), &clock);
    }
    assert_eq!(hand_to_eye(&accounting).unwrap().samples, 30);
    let pictures = accounting.snapshot(Span::Whole, at(400)).pictures;
    assert_eq!(pictures, Count { received: 3, lost: 1 });
}

#[test]
fn single_commands_are_kept_where_that_was_asked_for_and_no_more_than_that() {
    let clock = ClockEstimate::new();
    let mut accounting = sent(50);
    accounting.picture_shown(&picture(1, 40, 200), &clock);
    accounting.picture_shown(&picture(2, 42, 233), &clock);
    assert_eq!(accounting.trace(), [], "nobody asked");
    accounting.keep_trace(3);
    let next = picture(3, 47, 266);
    accounting.picture_shown(&next, &clock);
    let kept: Vec<_> = accounting.trace().iter().map(|kept| (kept.sequence, kept.sampled_at)).collect();
    assert_eq!(kept, [(43, at(86)), (44, at(88)), (45, at(90))]);
    assert!(accounting.trace().iter().all(|kept| kept.picture == next && kept.clutch == Clutch::Open));
}

#[test]
fn commands_of_no_lease_or_of_another_are_no_samples() {
    let mut accounting = sent(50);
    (51..=60).for_each(|n| accounting.command_sent(&command(Epoch(6), n, at(2 * n))));
    let clock = ClockEstimate::new();
    accounting.picture_shown(&picture(1, 40, 200), &clock);
    let mut next = picture(2, 60, 233);
    next.stamp.epoch = Some(Epoch(6));
    accounting.picture_shown(&next, &clock);
    assert_eq!(hand_to_eye(&accounting).unwrap().samples, 10);
    let mut none = picture(3, 60, 266);
    none.stamp.epoch = None;
    accounting.picture_shown(&none, &clock);
    assert_eq!(hand_to_eye(&accounting).unwrap().samples, 10);
}

#[test]
fn a_sequence_never_sent_and_one_long_forgotten_are_not_guessed() {
    let mut accounting = sent(20_000);
    let clock = ClockEstimate::new();
    accounting.picture_shown(&picture(1, 1, 40_100), &clock);
    accounting.picture_shown(&picture(2, u64::MAX, 40_133), &clock);
    assert_eq!(hand_to_eye(&accounting), None);
    accounting.picture_shown(&picture(3, 20_000, 40_166), &clock);
    let whole = accounting.snapshot(Span::Whole, Time::ZERO);
    assert_eq!(whole.hand_to_eye.unwrap().samples, REMEMBERED);
    assert_eq!(whole.forgotten, 19_999 - REMEMBERED);
}

#[test]
fn the_hops_are_measured_each_by_its_own_stamps() {
    let mut accounting = sent(100);
    let clock = clock(200);
    let mut state = exchanged(1, 200);
    state.applied = Some(Applied { sequence: 80, sampled_at: at(160), applied_at: cart(181) });
    accounting.state_received(at(200), &state, &clock);
    accounting.picture_shown(&picture(1, 1, 210), &clock);
    accounting.picture_shown(&picture(2, 80, 270), &clock);
    accounting.picture_painted(at(275), &picture(2, 80, 270).stamp, &clock);
    accounting.picture_shown(&picture(3, 80, 303), &clock);
    let whole = accounting.snapshot(Span::Whole, at(280));
    assert_eq!(whole.hop(Hop::AppliedToCaptured).unwrap().samples, 1, "a picture without news shows no command");
    let max = |latency: Option<LatencySnapshot>| latency.unwrap().max.as_millis();
    assert_eq!(max(whole.command_age), 21);
    assert_eq!(max(whole.picture_latency), 35);
    assert_eq!(max(whole.picture_age), 65);
    assert_eq!(max(whole.clock_error_bound), 20);
    let hops: Vec<_> = Hop::ALL.iter().map(|hop| max(whole.hop(*hop))).collect();
    assert_eq!(hops, [0, 20, 1, 29, 5, 25, 5, 25]);
    assert_eq!((whole.painted, whole.commands_sent, whole.states.received), (1, 100, 1));
}

/// An exam with these delays, ms, hop by hop, in which the clock estimate is off by `off` ms. Every command is told of by a state.
fn exam_with(hops: [u64; 8], off: i64) -> AccountingSnapshot {
    let [sampled, sent, received, applied, captured, encoded, arrived, decoded] = hops;
    let mut clock = ClockEstimate::new();
    let mut exchange = exchanged(1, 1_000);
    if let Some(echo) = &mut exchange.echo {
        // The way there takes longer than the way back by twice what the estimate is off by.
        let longer = |time: Time| Time::from_nanos(time.as_nanos().saturating_add_signed(off * 1_000_000));
        (echo.received_at, exchange.sent_at) = (longer(echo.received_at), longer(exchange.sent_at));
    }
    clock.record(at(1_000), &exchange);
    let mut accounting = Accounting::new();
    for n in 1..=200_u64 {
        let sampled_at = 1_000 + 2 * n;
        let mut command = command(EPOCH, n, at(sampled_at));
        command.sent_at = at(sampled_at + sampled);
        accounting.command_sent(&command);
        let received_at = cart(sampled_at + sampled + sent);
        let applied_at = cart(sampled_at + sampled + sent + received);
        let mut state = state(n, applied_at);
        state.echo = Some(Echo { sequence: n, console_sent_at: command.sent_at, received_at });
        state.applied = Some(Applied { sequence: n, sampled_at: at(sampled_at), applied_at });
        accounting.state_received(at(sampled_at + sampled + sent + received), &state, &clock);
        // A picture of each command.
        let mut stamp = stamp(n, cart(sampled_at + sampled + sent + received + applied), n);
        let captured_at = sampled_at + sampled + sent + received + applied;
        (stamp.epoch, stamp.encoded_at) = (Some(EPOCH), cart(captured_at + captured));
        let received_at = at(captured_at + captured + encoded);
        let decoded_at = at(captured_at + captured + encoded + arrived);
        let shown_at = at(captured_at + captured + encoded + arrived + decoded);
        accounting.picture_shown(&ShownPicture { stamp, received_at, decoded_at, shown_at }, &clock);
    }
    accounting.snapshot(Span::Whole, at(5_000))
}

proptest! {
    /// The report is right: known delays are found back in the hops they were fed into, and the hops add up to the whole.
    #[test]
    fn known_delays_are_found_back_hop_by_hop(hops in prop::array::uniform8(1_u64..40)) {
        let whole = exam_with(hops, 0);
        let waterfall = whole.waterfall.unwrap();
        prop_assert_eq!(waterfall.commands, 199);
        for (found, fed) in waterfall.hops_ms.into_iter().zip(hops) {
            prop_assert!((found - fed as f64).abs() < 1e-6, "{:?}", waterfall);
        }
        let total: u64 = hops.iter().sum();
        prop_assert!((waterfall.total_ms - total as f64).abs() < 1e-6);
        prop_assert_eq!(whole.hand_to_eye.unwrap().mean, Duration::from_millis(total));
        for (hop, fed) in Hop::ALL.into_iter().zip(hops) {
            prop_assert_eq!(whole.hop(hop).unwrap().mean, Duration::from_millis(fed));
        }
    }

    /// A line that takes longer one way than the other can't be told apart from clocks that differ: then the two hops through the
    /// network are wrong, by no more than the bound that is told, and the whole is right.
    #[test]
    fn a_line_longer_one_way_is_found_back_within_the_bound(hops in prop::array::uniform8(1_u64..40), off in -20_i64..=20) {
        let whole = exam_with(hops, off);
        let waterfall = whole.waterfall.unwrap();
        let bound = whole.clock_error_bound.unwrap().max.as_secs_f64() * 1e3;
        for (hop, (found, fed)) in Hop::ALL.into_iter().zip(waterfall.hops_ms.into_iter().zip(hops)) {
            let most = if matches!(hop, Hop::SentToReceived | Hop::EncodedToReceived) { bound } else { 1e-6 };
            prop_assert!((found - fed as f64).abs() <= most, "{:?}, bound {} ms", waterfall, bound);
        }
        prop_assert!((waterfall.total_ms - hops.iter().sum::<u64>() as f64).abs() < 1e-6, "{:?}", waterfall);
    }
}

#[test]
fn the_waterfall_is_of_commands_whose_every_stamp_is_known() {
    let mut accounting = sent(100);
    let clock = clock(200);
    accounting.picture_shown(&picture(1, 1, 210), &clock);
    accounting.picture_shown(&picture(2, 80, 270), &clock);
    let whole = accounting.snapshot(Span::Whole, at(280));
    assert_eq!((whole.hand_to_eye.unwrap().samples, whole.waterfall), (79, None), "no state has told of any");
}

#[test]
fn a_picture_whose_encoder_says_nothing_has_no_time_in_it() {
    let mut accounting = sent(10);
    let clock = clock(200);
    let mut silent = picture(1, 1, 210);
    silent.stamp.encoded_at = silent.stamp.captured_at;
    accounting.picture_shown(&silent, &clock);
    let whole = accounting.snapshot(Span::Whole, at(210));
    assert_eq!(whole.hop(Hop::CapturedToEncoded), None);
    assert_eq!(whole.hop(Hop::EncodedToReceived).unwrap().max, Duration::from_millis(30), "it counts as under way");
}

#[test]
fn the_names_of_the_hops_lead_from_the_handle_to_the_screen() {
    let ends = Hop::ALL.map(|hop| hop.label().split_once(" → ").unwrap());
    assert_eq!((ends[0].0, ends[7].1), ("handle", "shown"));
    for pair in ends.windows(2) {
        assert_eq!(pair[0].1, pair[1].0, "one hop ends where the next begins");
    }
}

#[test]
fn a_picture_ages_until_the_next_is_painted_whatever_keeps_that_from_coming() {
    let mut accounting = sent(10);
    let clock = clock(200);
    let paint = |accounting: &mut Accounting, captured: u64, at_ms: u64| {
        accounting.picture_painted(at(at_ms), &stamp(captured, cart(captured), 0), &clock);
    };
    let reached = |accounting: &Accounting, span, ms| {
        let reached = accounting.snapshot(span, at(ms)).picture_age_reached;
        reached.map(|reached| (reached.samples, reached.max.as_millis()))
    };
    assert_eq!(reached(&accounting, Span::Whole, 200), None);
    for captured in [200, 233, 266] {
        paint(&mut accounting, captured, captured + 40);
    }
    // The last of them still stands there, and nothing has taken its place.
    assert_eq!(reached(&accounting, Span::Whole, 310), Some((3, 73)));
    assert_eq!(reached(&accounting, Span::Recent, 3_266), Some((3, 3_000)));
    // The window was hidden, or the pictures lost. Painted fresh, the next one leaves the gap where it was.
    paint(&mut accounting, 4_300, 4_340);
    let whole = accounting.snapshot(Span::Whole, at(4_341));
    assert_eq!(whole.picture_age.map(|age| age.max.as_millis()), Some(40));
    assert_eq!(reached(&accounting, Span::Whole, 4_341), Some((4, 4_074)));
    // Another connection clears the screen: then there is no picture that could age.
    accounting.reconnected(at(4_400));
    assert_eq!(reached(&accounting, Span::Whole, 60_000), Some((4, 4_074)));
}

#[test]
fn a_state_that_comes_twice_counts_once_and_the_same_command_too() {
    let mut accounting = sent(100);
    let clock = clock(200);
    for sequence in [1, 1, 2] {
        let mut state = exchanged(sequence, 200);
        state.applied = Some(Applied { sequence: 80, sampled_at: at(160), applied_at: cart(181) });
        accounting.state_received(at(200), &state, &clock);
    }
    let whole = accounting.snapshot(Span::Whole, at(200));
    assert_eq!((whole.states.received, whole.command_age.unwrap().samples), (2, 1));
    assert_eq!(whole.hop(Hop::SentToReceived).unwrap().samples, 1);
}

#[test]
fn without_a_clock_only_what_needs_none_is_known() {
    let mut accounting = sent(100);
    accounting.picture_shown(&picture(1, 1, 210), &ClockEstimate::new());
    accounting.picture_shown(&picture(2, 80, 270), &ClockEstimate::new());
    let whole = accounting.snapshot(Span::Whole, at(270));
    assert_eq!((whole.picture_latency, whole.clock_error_bound), (None, None));
    assert_eq!(whole.hand_to_eye.unwrap().samples, 79);
}

proptest! {
    /// Whatever pictures are lost, every command applied after the first shown picture is one sample, and never a shorter
    /// one than from its sampling to the picture that shows it.
    #[test]
    fn no_command_is_counted_twice_or_left_out(lost in prop::collection::vec(any::<bool>(), 2..100)) {
        let mut accounting = sent(2_000);
        let (mut first, mut last) = (None, 0);
        for (n, lost) in lost.iter().enumerate() {
            let (number, applied) = (n as u64 + 1, 16 * (n as u64 + 1));
            if !lost {
                accounting.picture_shown(&picture(number, applied, 5_000 + 33 * number), &ClockEstimate::new());
                first.get_or_insert(applied);
                last = applied;
            }
        }
        let samples = hand_to_eye(&accounting).map_or(0, |seen| seen.samples);
        prop_assert_eq!(samples, last - first.unwrap_or(last));
    }

    #[test]
    fn no_stamp_panics(stamps in prop::collection::vec(any::<[u64; 6]>(), 0..40)) {
        let mut accounting = sent(10);
        let clock = clock(200);
        for [a, b, c, d, e, f] in stamps {
            let mut seen = stamp(a, Time::from_nanos(b), c);
            seen.encoded_at = Time::from_nanos(d);
            let received_at = Time::from_nanos(e);
            accounting.picture_shown(
                &ShownPicture { stamp: seen, received_at, decoded_at: Time::from_nanos(f), shown_at: Time::from_nanos(a) },
                &clock,
            );
            accounting.picture_painted(Time::from_nanos(d), &seen, &clock);
            let mut state = state(b, Time::from_nanos(c));
            let applied_at = Time::from_nanos(e);
            state.applied = Some(Applied { sequence: a % 20, sampled_at: received_at, applied_at });
            accounting.state_received(Time::from_nanos(f), &state, &clock);
            accounting.command_sent(&command(EPOCH, a, Time::from_nanos(b)));
        }
        let _ = accounting.snapshot(Span::Recent, Time::from_nanos(u64::MAX));
        let _ = accounting.snapshot(Span::Whole, Time::ZERO);
    }
}
