use proptest::prelude::*;

use super::{ms, profiles};
use crate::link::*;

fn state(at: u64, ways: Ways, state: LinkState) -> Act {
    Act { at: Duration::from_millis(at), ways, change: Change::State(state) }
}

/// Sends a packet each way every `gap` ms for `millis` ms, and gives the numbers that come through there and back, with when.
fn carry(line: &mut Line<u64>, gap: u64, millis: u64) -> [Vec<(u64, Time)>; 2] {
    let mut arrived = [Vec::new(), Vec::new()];
    let mut take = |line: &mut Line<u64>, now| {
        while let Some((way, delivered)) = line.poll(now) {
            arrived[usize::from(way == Way::Back)].push((delivered.payload, delivered.arrived_at));
        }
    };
    for i in (0..millis).step_by(gap as usize) {
        take(line, ms(i));
        for way in Way::ALL {
            line.send(ms(i), way, 100, i);
        }
    }
    take(line, ms(millis + 60_000));
    arrived
}

fn numbers(arrived: &[(u64, Time)]) -> Vec<u64> {
    arrived.iter().map(|(number, _)| *number).collect()
}

#[test]
fn a_script_cuts_stalls_and_restores_each_way_at_its_time() {
    let acts = vec![
        state(30, Ways::Back, LinkState::Stalled),
        state(20, Ways::There, LinkState::Cut),
        state(50, Ways::Both, LinkState::Up),
    ];
    let profile = LineProfile { script: Script::once(acts), ..LineProfile::default() };
    let [there, back] = carry(&mut Line::new(&profile, 1, ms(0)), 10, 80);
    assert_eq!(numbers(&there), [0, 10, 50, 60, 70]);
    let at: Vec<Time> = back.iter().map(|(_, at)| *at).collect();
    assert_eq!(numbers(&back), [0, 10, 20, 30, 40, 50, 60, 70]);
    assert_eq!(at[2..6], [ms(20), ms(50), ms(50), ms(50)]);
}

#[test]
fn a_script_may_repeat_and_change_the_numbers() {
    let slow = LinkProfile::delayed(Duration::from_millis(5));
    let change =
        |at, profile| Act { at: Duration::from_millis(at), ways: Ways::There, change: Change::Profile(profile) };
    let acts = vec![change(10, slow), change(20, LinkProfile::PERFECT)];
    let script = Script::repeated(acts, Duration::from_millis(40)).unwrap();
    let profile = LineProfile { script, ..LineProfile::default() };
    let [there, _] = carry(&mut Line::new(&profile, 1, ms(0)), 10, 80);
    let late: Vec<u64> = there.iter().map(|(number, at)| at.as_nanos() / 1_000_000 - number).collect();
    assert_eq!(late, [0, 5, 0, 0, 0, 5, 0, 0]);
    assert_eq!(Script::repeated(vec![change(20, slow)], Duration::from_millis(10)), Err(ScriptError::TooShort));
    assert_eq!(Script::repeated(vec![], Duration::ZERO), Err(ScriptError::TooFast));
}

#[test]
fn a_driver_that_comes_late_changes_nothing_but_its_own_deliveries() {
    let acts = vec![state(20, Ways::Both, LinkState::Stalled), state(30, Ways::Both, LinkState::Up)];
    let profile = LineProfile {
        script: Script::once(acts),
        ..LineProfile::symmetric(LinkProfile::delayed(Duration::from_millis(3)))
    };
    let mut line = Line::new(&profile, 1, ms(0));
    line.send(ms(10), Way::There, 100, 1u64);
    line.send(ms(25), Way::There, 100, 2);
    assert_eq!(line.next_deadline(), Some(ms(13)));
    let planned: Vec<_> = std::iter::from_fn(|| line.poll(ms(500))).map(|(_, d)| (d.payload, d.arrived_at)).collect();
    assert_eq!(planned, [(1, ms(13)), (2, ms(33))], "as planned, though asked at 500 ms");
}

#[test]
fn the_worst_of_script_outage_and_hand_counts() {
    let acts = vec![state(10, Ways::Both, LinkState::Cut), state(20, Ways::Both, LinkState::Up)];
    let mut line: Line<u64> =
        Line::new(&LineProfile { script: Script::once(acts), ..LineProfile::default() }, 1, ms(0));
    line.set_state(ms(5), Ways::There, LinkState::Stalled);
    let now = |line: &mut Line<u64>, at| {
        let _ = line.poll(ms(at));
        Way::ALL.map(|way| line.link(way).state())
    };
    assert_eq!(now(&mut line, 6), [LinkState::Stalled, LinkState::Up]);
    assert_eq!(now(&mut line, 15), [LinkState::Cut, LinkState::Cut]);
    assert_eq!(now(&mut line, 25), [LinkState::Stalled, LinkState::Up], "the script does not undo the hand");
    line.set_state(ms(30), Ways::Both, LinkState::Up);
    assert_eq!(now(&mut line, 30), [LinkState::Up, LinkState::Up]);
}

#[test]
fn outages_take_their_part_of_the_time() {
    let outages = Outages {
        ways: Ways::Back,
        state: LinkState::Cut,
        shortest: Duration::from_millis(100),
        longest: Duration::from_millis(300),
        between: Duration::from_millis(300),
    };
    assert!((outages.duty() - 0.4).abs() < 1e-9);
    let profile = LineProfile { outages: Some(outages), ..LineProfile::default() };
    let mut line = Line::new(&profile, 7, ms(0));
    let [there, back] = carry(&mut line, 1, 200_000);
    assert_eq!(there.len(), 200_000);
    let lost = 1.0 - back.len() as f64 / 200_000.0;
    assert!((lost - 0.4).abs() < 0.02, "{lost}");
    let gaps: Vec<u64> = back.windows(2).map(|pair| pair[1].0 - pair[0].0 - 1).filter(|gap| *gap > 0).collect();
    assert!(gaps.iter().all(|gap| (99..=301).contains(gap)), "{gaps:?}");
    assert_eq!(back[0].0, 0, "it begins with a time in which it carries");
}

#[test]
fn the_ways_are_lost_independently() {
    let loss = Loss::Random(Probability::literal(0.5));
    let profile = LineProfile::symmetric(LinkProfile { loss, ..LinkProfile::PERFECT });
    let [there, back] = carry(&mut Line::new(&profile, 3, ms(0)), 1, 2_000);
    let both = numbers(&there).iter().filter(|number| numbers(&back).binary_search(number).is_ok()).count();
    assert!((both as f64 / 2_000.0 - 0.25).abs() < 0.04, "{both}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn whatever_happens_to_it_nothing_is_unaccounted_for(
        there in profiles(), back in profiles(), seed in any::<u64>(),
        acts in prop::collection::vec((0u64..200, 0usize..3, 0usize..3), 0..12), repeats in any::<bool>(),
        dark in 0u64..50, between in 0u64..50,
    ) {
        let states = [LinkState::Up, LinkState::Cut, LinkState::Stalled];
        let ways = [Ways::Both, Ways::There, Ways::Back];
        let acts: Vec<Act> = acts.iter().map(|(at, way, to)| state(*at, ways[*way], states[*to])).collect();
        let script = if repeats { Script::repeated(acts, Duration::from_millis(200)).unwrap() } else { Script::once(acts) };
        let outages = Outages {
            ways: Ways::Both, state: LinkState::Cut, shortest: Duration::ZERO,
            longest: Duration::from_millis(dark), between: Duration::from_millis(between),
        };
        let profile = LineProfile { there, back, outages: Some(outages), script };
        let run = || {
            let mut line = Line::new(&profile, seed, ms(0));
            let arrived = carry(&mut line, 1, 300);
            // What waits for the link to be up is neither lost nor delivered.
            line.set_state(ms(61_000), Ways::Both, LinkState::Cut);
            (arrived, Way::ALL.map(|way| line.link(way).counts()))
        };
        let (arrived, counts) = run();
        for (way, counts) in counts.iter().enumerate() {
            prop_assert_eq!(counts.sent, 300);
            let ended = counts.delivered + counts.lost + counts.cut + counts.overflowed;
            prop_assert!(ended <= counts.sent + counts.duplicated);
            prop_assert_eq!(arrived[way].len() as u64, counts.delivered);
            prop_assert!(arrived[way].windows(2).all(|pair| pair[0].1 <= pair[1].1));
        }
        prop_assert_eq!(run().0, arrived);
    }
}
