mod line;

use proptest::prelude::*;

use super::*;

fn ms(millis: u64) -> Time {
    Time::from_millis(millis)
}

/// Everything that arrives by `until`.
fn drain(link: &mut Link<u64>, until: Time) -> Vec<Delivered<u64>> {
    std::iter::from_fn(|| link.poll(until)).collect()
}

/// Sends `count` packets of 100 bytes, one a millisecond, and gives what arrives.
fn carry(profile: LinkProfile, seed: u64, count: u64) -> (Vec<Delivered<u64>>, LinkCounts) {
    let mut link = Link::new(profile, seed);
    let mut arrived = Vec::new();
    for i in 0..count {
        link.send(ms(i), 100, i);
        arrived.extend(drain(&mut link, ms(i)));
    }
    arrived.extend(drain(&mut link, ms(count + 3_600_000)));
    (arrived, link.counts())
}

#[test]
fn a_delay_is_exact_and_announced() {
    let mut link = Link::new(LinkProfile::delayed(Duration::from_millis(15)), 1);
    assert_eq!(link.next_deadline(), None);
    link.send(ms(5), 100, 7u64);
    assert_eq!(link.next_deadline(), Some(ms(20)));
    assert_eq!(link.poll(Time::from_nanos(19_999_999)), None);
    assert_eq!(link.poll(ms(20)), Some(Delivered { sent_at: ms(5), arrived_at: ms(20), payload: 7 }));
    assert_eq!(link.poll(ms(20)), None);
}

#[test]
fn jitter_keeps_or_changes_the_order_as_the_profile_says() {
    let jittery = LinkProfile { jitter: Jitter::Uniform(Duration::from_millis(10)), ..LinkProfile::PERFECT };
    let in_order = |arrived: &[Delivered<u64>]| arrived.windows(2).all(|pair| pair[0].payload < pair[1].payload);
    assert!(in_order(&carry(jittery, 1, 1000).0));
    assert!(!in_order(&carry(LinkProfile { order: Order::Free, ..jittery }, 1, 1000).0));
}

#[test]
fn jitter_is_as_the_profile_says() {
    let late = |jitter| -> Vec<f64> {
        let profile = LinkProfile { jitter, order: Order::Free, ..LinkProfile::PERFECT };
        let arrived = carry(profile, 3, 20_000).0;
        arrived.iter().map(|d| d.arrived_at.saturating_since(d.sent_at).as_secs_f64() * 1e3).collect()
    };
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let uniform = late(Jitter::Uniform(Duration::from_millis(10)));
    assert!((mean(&uniform) - 5.0).abs() < 0.15 && uniform.iter().all(|late| *late < 10.0));
    let tail = late(Jitter::LongTail { mean: Duration::from_millis(2), most: Duration::from_millis(20) });
    assert!((mean(&tail) - 2.0).abs() < 0.1 && tail.iter().all(|late| *late <= 20.0));
    let means = [Duration::from_millis(2), Duration::from_millis(12)];
    let first = Probability::literal(0.75);
    let two = late(Jitter::TwoTails { first, means, most: Duration::from_millis(100) });
    assert!((mean(&two) - (0.75 * 2.0 + 0.25 * 12.0)).abs() < 0.15, "{}", mean(&two));
    let beyond = tail.iter().filter(|late| **late > 6.0).count() as f64 / tail.len() as f64;
    assert!((beyond - (-3.0f64).exp()).abs() < 0.01, "{beyond}");
}

#[test]
fn a_quantile_is_what_so_many_do_not_pass() {
    let ms = Duration::from_millis;
    let jitters = [
        Jitter::None,
        Jitter::Uniform(ms(10)),
        Jitter::LongTail { mean: ms(2), most: ms(9) },
        Jitter::TwoTails { first: Probability::literal(0.8), means: [ms(1), ms(7)], most: ms(50) },
    ];
    for jitter in jitters {
        let mut late: Vec<Duration> = (0..100_000).map(|i| jitter.of(f64::from(i) / 100_000.0)).collect();
        late.sort();
        for part in [0.0, 0.1, 0.5, 0.9, 0.99, 1.0] {
            let of_all = late[((part * 100_000.0) as usize).min(99_999)];
            let quantile = jitter.quantile(Probability::literal(part));
            assert!(quantile.abs_diff(of_all) < ms(1) || part == 1.0, "{jitter:?} {part}: {quantile:?} {of_all:?}");
        }
        assert_eq!(jitter.quantile(Probability::ALWAYS), jitter.most());
    }
}

#[test]
fn a_flood_is_bounded_in_bytes_too() {
    let mut link = Link::new(LinkProfile::delayed(Duration::from_secs(1)), 1);
    (0..1_000).for_each(|i| link.send(ms(0), 1 << 20, i));
    let counts = link.counts();
    assert!(counts.overflowed > 900 && counts.lost == 0, "{counts:?}");
    assert_eq!(drain(&mut link, ms(1_000)).len() as u64, 1_000 - counts.overflowed);
    link.send(ms(1_000), 1 << 20, 7);
    assert_eq!(link.counts().overflowed, counts.overflowed, "what has arrived makes room");
}

#[test]
fn bursts_take_their_share_and_are_as_long_as_they_should_be() {
    let loss = Loss::bursts(Probability::literal(0.05), 8.0);
    let (arrived, counts) = carry(LinkProfile { loss, ..LinkProfile::PERFECT }, 11, 200_000);
    let share = counts.lost as f64 / counts.sent as f64;
    assert!((share - 0.05).abs() < 0.006, "{share}");
    let gaps: Vec<u64> =
        arrived.windows(2).map(|pair| pair[1].payload - pair[0].payload - 1).filter(|gap| *gap > 0).collect();
    let mean = gaps.iter().sum::<u64>() as f64 / gaps.len() as f64;
    assert!((mean - 8.0).abs() < 0.8, "{mean}");
}

#[test]
fn the_models_own_arithmetic_is_what_comes_of_it() {
    let p = Probability::literal;
    let gilbert_elliott = Loss::GilbertElliott { to_bad: p(0.02), to_good: p(0.2), in_good: p(0.01), in_bad: p(0.6) };
    let [first, second] = [Pareto::literal(3.859, 3.324), Pareto::literal(3.797, 6.049)];
    let pareto = Loss::ParetoBursts { to_second: p(0.05), to_first: p(0.1), first, second };
    for loss in [Loss::None, Loss::Random(p(0.1)), Loss::bursts(p(0.05), 8.0), gilbert_elliott, pareto] {
        let expected = loss.long_run();
        let (arrived, counts) = carry(LinkProfile { loss, ..LinkProfile::PERFECT }, 5, 300_000);
        let share = counts.lost as f64 / counts.sent as f64;
        assert!((share - expected.share).abs() < 0.004, "{loss:?}: {share} {expected:?}");
        let gaps: Vec<u64> =
            arrived.windows(2).map(|pair| pair[1].payload - pair[0].payload - 1).filter(|gap| *gap > 0).collect();
        let mean = gaps.iter().sum::<u64>() as f64 / gaps.len().max(1) as f64;
        assert!((mean - expected.mean_burst).abs() <= 0.04 * expected.mean_burst, "{loss:?}: {mean} {expected:?}");
    }
    assert_eq!(Loss::Random(Probability::ALWAYS).long_run().share, 1.0);
    assert_eq!(Loss::bursts(p(0.05), 8.0).long_run().mean_burst.round(), 8.0);
}

#[test]
fn random_loss_comes_alone() {
    let loss = Loss::Random(Probability::literal(0.1));
    let (arrived, counts) = carry(LinkProfile { loss, ..LinkProfile::PERFECT }, 2, 50_000);
    assert!((counts.lost as f64 / 50_000.0 - 0.1).abs() < 0.008);
    let gaps: Vec<u64> = arrived.windows(2).map(|p| p[1].payload - p[0].payload - 1).filter(|gap| *gap > 0).collect();
    let mean = gaps.iter().sum::<u64>() as f64 / gaps.len() as f64;
    assert!((mean - 1.0 / 0.9).abs() < 0.03, "{mean}");
}

#[test]
fn a_rate_spaces_packets_and_a_full_queue_loses_the_newest() {
    // 100 bytes at 80 kbit/s take 10 ms; 250 bytes may wait.
    let profile = LinkProfile { rate: Rate::bits_per_second(80_000), queue_bytes: 250, ..LinkProfile::PERFECT };
    let mut link = Link::new(profile, 1);
    (0..5).for_each(|i| link.send(ms(0), 100, i));
    assert_eq!(link.counts().overflowed, 3);
    let arrived: Vec<(u64, Time)> = drain(&mut link, ms(100)).iter().map(|d| (d.payload, d.arrived_at)).collect();
    assert_eq!(arrived, [(0, ms(10)), (1, ms(20))]);
    link.send(ms(100), 100, 9);
    assert_eq!(link.next_deadline(), Some(ms(110)));
}

#[test]
fn a_cut_loses_what_is_sent_and_lets_arrive_what_is_in_flight() {
    let mut link = Link::new(LinkProfile::delayed(Duration::from_millis(20)), 1);
    link.send(ms(0), 100, 0u64);
    link.set_state(ms(10), LinkState::Cut);
    link.send(ms(10), 100, 1);
    link.set_state(ms(30), LinkState::Up);
    link.send(ms(30), 100, 2);
    let arrived: Vec<u64> = drain(&mut link, ms(100)).iter().map(|d| d.payload).collect();
    assert_eq!(arrived, [0, 2]);
    assert_eq!(link.counts().cut, 1);
}

#[test]
fn a_stalled_link_gives_everything_at_once_as_far_as_its_queue_held() {
    let profile = LinkProfile { queue_bytes: 350, ..LinkProfile::delayed(Duration::from_millis(5)) };
    let mut link = Link::new(profile, 1);
    link.set_state(ms(0), LinkState::Stalled);
    (0..5).for_each(|i| link.send(ms(i), 100, i));
    assert_eq!(link.next_deadline(), None);
    link.set_state(ms(2000), LinkState::Up);
    let arrived = drain(&mut link, ms(2005));
    assert_eq!(arrived.iter().map(|d| d.payload).collect::<Vec<_>>(), [0, 1, 2]);
    assert!(arrived.iter().all(|d| d.arrived_at == ms(2005)), "stale, and in one burst");
    assert_eq!(link.counts().overflowed, 2);
}

#[test]
fn duplicates_and_held_back_packets_are_as_frequent_as_asked() {
    let profile = LinkProfile {
        duplicate: Probability::literal(0.1),
        reorder: Reorder { probability: Probability::literal(0.05), by: Duration::from_millis(3) },
        order: Order::Free,
        ..LinkProfile::PERFECT
    };
    let (arrived, counts) = carry(profile, 4, 20_000);
    assert!((counts.duplicated as f64 / 20_000.0 - 0.1).abs() < 0.01);
    assert_eq!(arrived.len() as u64, 20_000 + counts.duplicated);
    let held = arrived.iter().filter(|d| d.arrived_at.saturating_since(d.sent_at) >= Duration::from_millis(3)).count();
    assert!((held as f64 / 20_000.0 - 0.05).abs() < 0.008, "{held}");
}

#[test]
fn turning_one_knob_leaves_the_fate_of_the_others() {
    let lossy = LinkProfile { loss: Loss::Random(Probability::literal(0.2)), ..LinkProfile::PERFECT };
    let jittery = LinkProfile { jitter: Jitter::Uniform(Duration::from_millis(5)), ..lossy };
    let numbers = |profile| carry(profile, 6, 500).0.iter().map(|d| d.payload).collect::<Vec<_>>();
    assert_eq!(numbers(lossy), numbers(jittery));
}

#[test]
fn what_is_no_probability_is_refused() {
    for bad in [-0.1, 1.1, f64::NAN] {
        assert_eq!(Probability::new(bad), Err(NotAProbability));
    }
}

prop_compose! {
    pub(super) fn profiles()(
        delay in 0u64..200, jitter in 0u64..50, free in any::<bool>(), share in 0.0..1.0f64, burst in 0.0..20.0f64,
        rate in 0u64..2_000_000, queue in 0usize..5_000, duplicate in 0.0..1.0f64, reorder in 0.0..1.0f64,
    ) -> LinkProfile {
        LinkProfile {
            delay: Duration::from_millis(delay),
            jitter: Jitter::Uniform(Duration::from_millis(jitter)),
            order: if free { Order::Free } else { Order::Kept },
            loss: Loss::bursts(Probability::literal(share), burst),
            rate: Rate::bits_per_second(rate),
            queue_bytes: queue,
            duplicate: Probability::literal(duplicate),
            reorder: Reorder { probability: Probability::literal(reorder), by: Duration::from_millis(jitter) },
        }
    }
}

proptest! {
    #[test]
    fn nothing_is_unaccounted_for_and_nothing_comes_before_its_time(profile in profiles(), seed in any::<u64>()) {
        let (arrived, counts) = carry(profile, seed, 300);
        prop_assert_eq!(counts.sent + counts.duplicated, counts.delivered + counts.lost + counts.cut + counts.overflowed);
        prop_assert_eq!(arrived.len() as u64, counts.delivered);
        prop_assert!(arrived.iter().all(|d| d.arrived_at.saturating_since(d.sent_at) >= profile.delay));
        prop_assert!(arrived.windows(2).all(|pair| pair[0].arrived_at <= pair[1].arrived_at));
        prop_assert_eq!(carry(profile, seed, 300).0, arrived);
    }
}
