use super::*;
use proptest::prelude::*;

/// Sends 500 commands a second from 1 s on for `seconds` and shows each, with what is to happen to it, to a new quality.
fn run(seconds: u64, mut fate: impl FnMut(u64) -> Option<u64>) -> (LinkQuality, Time) {
    let mut quality = LinkQuality::new(LinkGate::new(AgeLimit::DEFAULT));
    let mut now = Time::ZERO;
    for sequence in 1..=seconds * 500 {
        now = Time::from_millis(1_000 + 2 * sequence);
        if let Some(excess_ms) = fate(sequence) {
            quality.record(now, sequence, Some(Duration::from_millis(excess_ms)));
        }
    }
    (quality, now)
}

#[test]
fn two_good_seconds_are_green_and_less_is_not() {
    let (quality, now) = run(3, |_| Some(3));
    assert_eq!(quality.verdict(now), LinkVerdict::Green);
    let (quality, now) = run(1, |_| Some(3));
    assert_eq!(quality.verdict(now), LinkVerdict::NotGreen(LinkFault::Measuring));
}

#[test]
fn nothing_received_is_silence_and_so_is_a_stop() {
    let quality = LinkQuality::new(LinkGate::new(AgeLimit::DEFAULT));
    assert_eq!(quality.verdict(Time::from_millis(5)), LinkVerdict::NotGreen(LinkFault::Silent));
    let (quality, now) = run(3, |_| Some(3));
    assert_eq!(quality.verdict(now + Duration::from_millis(50)), LinkVerdict::Green);
    assert_eq!(quality.verdict(now + Duration::from_millis(51)), LinkVerdict::NotGreen(LinkFault::Silent));
}

#[test]
fn one_percent_lost_is_too_much() {
    let (quality, now) = run(4, |n| (n % 100 != 0).then_some(3));
    assert_eq!(
        quality.verdict(now + Duration::from_millis(1)),
        LinkVerdict::NotGreen(LinkFault::Loss { permille: 10 })
    );
    let (quality, now) = run(4, |n| (n % 200 != 0).then_some(3));
    assert_eq!(quality.verdict(now), LinkVerdict::Green);
}

#[test]
fn one_percent_late_is_too_much() {
    let (quality, now) = run(4, |n| Some(if n % 100 == 0 { 51 } else { 50 }));
    assert!(matches!(quality.verdict(now), LinkVerdict::NotGreen(LinkFault::Late { permille: 10..=11 })));
    let (quality, now) = run(4, |_| Some(50));
    assert_eq!(quality.verdict(now), LinkVerdict::Green, "the limit itself is not late");
}

#[test]
fn a_slow_stream_is_no_stream_to_drive_by() {
    let mut quality = LinkQuality::new(LinkGate::new(AgeLimit::DEFAULT));
    for sequence in 1..=200 {
        quality.record(Time::from_millis(20 * sequence), sequence, None);
    }
    let verdict = quality.verdict(Time::from_millis(4_000));
    assert!(matches!(verdict, LinkVerdict::NotGreen(LinkFault::Sparse { per_second: 50..=53 })), "{verdict:?}");
}

#[test]
fn two_seconds_of_just_enough_commands_are_green_and_one_fewer_is_not() {
    for (commands, expected) in
        [(200, LinkVerdict::Green), (199, LinkVerdict::NotGreen(LinkFault::Sparse { per_second: 99 }))]
    {
        let mut quality = LinkQuality::new(LinkGate::new(AgeLimit::DEFAULT));
        (0..commands).for_each(|sequence| quality.record(Time::from_millis(10 * sequence), sequence, None));
        let measuring = LinkVerdict::NotGreen(LinkFault::Measuring);
        assert_eq!(quality.verdict(Time::from_nanos(1_999_999_999)), measuring);
        assert_eq!(quality.verdict(Time::from_millis(2_000)), expected, "{commands} commands");
    }
}

#[test]
fn what_was_lost_is_forgotten_after_two_seconds() {
    let mut quality = LinkQuality::new(LinkGate::new(AgeLimit::DEFAULT));
    quality.record(Time::ZERO, 1, None);
    quality.record(Time::ZERO, 11, None);
    assert_eq!(quality.loss_permille(Time::from_millis(2_099)), 819, "nine of eleven");
    assert_eq!(quality.loss_permille(Time::from_millis(2_100)), 0);
}

#[test]
fn a_blackout_keeps_the_gate_shut_until_two_good_seconds_have_passed() {
    let mut quality = LinkQuality::new(LinkGate::new(AgeLimit::DEFAULT));
    for sequence in (1..=1_500u64).chain(2_000..=4_000) {
        let now = Time::from_millis(2 * sequence);
        quality.record(now, sequence, None);
        if (2_000..3_000).contains(&sequence) {
            assert!(matches!(quality.verdict(now), LinkVerdict::NotGreen(LinkFault::Loss { .. })), "at {sequence}");
        }
    }
    assert_eq!(quality.verdict(Time::from_millis(8_000)), LinkVerdict::Green);
}

#[test]
fn duplicates_fill_no_gaps_and_overtaking_is_no_loss() {
    let mut doubled = LinkQuality::new(LinkGate::new(AgeLimit::DEFAULT));
    let mut swapped = LinkQuality::new(LinkGate::new(AgeLimit::DEFAULT));
    for pair in 0..1_000u64 {
        let (now, odd, even) = (Time::from_millis(4 * pair), 2 * pair + 1, 2 * pair + 2);
        doubled.record(now, odd, None);
        doubled.record(now, odd, None);
        swapped.record(now, even, None);
        swapped.record(now, odd, None);
    }
    let now = Time::from_millis(4_000);
    assert!(matches!(doubled.verdict(now), LinkVerdict::NotGreen(LinkFault::Loss { permille: 490..=510 })));
    assert_eq!(swapped.verdict(now), LinkVerdict::Green);
}

#[test]
fn what_was_overtaken_counts_once_however_often_it_comes() {
    let mut quality = LinkQuality::new(LinkGate::new(AgeLimit::DEFAULT));
    for four in 0..500u64 {
        let now = Time::from_millis(8 * four);
        // Of each four two are lost, and one comes late and twice more.
        for n in [4, 3, 3, 3] {
            quality.record(now, 4 * four + n, None);
        }
    }
    let verdict = quality.verdict(Time::from_millis(4_000));
    assert!(matches!(verdict, LinkVerdict::NotGreen(LinkFault::Loss { permille: 490..=510 })), "{verdict:?}");
}

#[test]
fn the_words_are_for_the_screen() {
    assert_eq!(LinkFault::Loss { permille: 12 }.to_string(), "the network loses 1.2 % of the commands");
}

proptest! {
    #[test]
    fn the_measured_loss_is_the_true_loss(seed in prop::collection::vec(0..100u32, 2_000), percent in 0..60u32) {
        let (quality, now) = run(4, |n| (seed[(n - 1) as usize] >= percent).then_some(0));
        let from = (now.as_nanos() - 2_000_000_000) / SLOT_NANOS * SLOT_NANOS;
        let sent = |n: &u64| (1_000 + 2 * n) * 1_000_000 >= from;
        let lost = (1..=2_000).filter(sent).filter(|n| seed[(n - 1) as usize] < percent).count() as f64;
        let of = (1..=2_000).filter(sent).count() as f64;
        let measured = f64::from(quality.loss_permille(now)) / 1_000.0;
        // A gap is counted in the slot in which it is noticed, so a few at the edge differ.
        prop_assert!((measured - lost / of).abs() < 0.012, "{measured} {}", lost / of);
    }

    #[test]
    fn nothing_panics(events in prop::collection::vec((any::<u64>(), any::<u64>(), any::<Option<u32>>()), 0..100)) {
        let mut quality = LinkQuality::new(LinkGate::new(AgeLimit::DEFAULT));
        for (at, sequence, excess) in events {
            let at = Time::from_nanos(at);
            quality.record(at, sequence, excess.map(|ms| Duration::from_millis(u64::from(ms))));
            let _ = quality.verdict(at);
        }
    }
}
