use std::time::Duration;

use farprobe_geom::Time;

use super::super::super::layout::{Layout, Placed};
use super::super::case::Case;
use super::*;

const MS: u64 = 1_000_000;

/// A picture each 20 ms, captured from 10 s on, 30 ms old when it is decoded, of 40 dB.
fn pictures(count: u64) -> Vec<Seen> {
    let picture = |number: u64| {
        let captured = (10_000 + 20 * number) * MS;
        let stamps = [0, 5, 20, 26, 30].map(|later| captured + later * MS);
        Seen { number: 100 + number, stamps, complete: true, quality: Some(40.0) }
    };
    (0..count).map(picture).collect()
}

fn turn(pictures: Vec<Seen>, until_ms: u64, event: Option<(Case, u64, u64)>) -> Measured {
    let at = Time::from_millis;
    let window = Window {
        begin: at(9_000),
        from: at(11_000),
        until: at(until_ms),
        dark: event.map(|(_, from, to)| (at(from), at(to))),
    };
    let looked = Looked { pictures, usage: Usage::default(), ended: None };
    let placed = Placed { layout: Layout::Free, sender: None, receiver: None };
    let slot = Slot { round: 1, placed, subject: "farprobe", seed: 1 };
    look(
        slot,
        &Found { window, event: event.and_then(|(case, ..)| case.event()), period_ns: 20 * MS, looked, line: None },
    )
}

fn figure(measured: &Measured, name: &str) -> f64 {
    let found = measured.figures.iter().find(|figure| figure.name == name);
    found.unwrap_or_else(|| panic!("{name} in {:?}", measured.figures)).value
}

#[test]
fn known_delays_are_found_back_in_their_parts() {
    let measured = turn(pictures(200), 13_000, None);
    assert_eq!((measured.latencies.len(), measured.sent, measured.lost), (100, 100, 0));
    assert!(measured.latencies.iter().all(|latency| *latency == 30_000.0));
    let hops: Vec<f64> = measured.hops.iter().map(|hop| hop.times[0]).collect();
    assert_eq!(hops, [5_000.0, 15_000.0, 6_000.0, 4_000.0]);
    let of = |name| figure(&measured, name);
    assert_eq!((of(P95), of(NOT_GOOD), of(LONGEST), of(FREEZES), of(QUALITY)), (30.0, 0.0, 20.0, 0.0, 40.0));
}

#[test]
fn what_never_came_what_is_guessed_and_what_is_spoilt_are_not_good() {
    let mut all = pictures(200);
    // Two of them whole, and both in the time that counts.
    all[60].complete = false;
    all[61].quality = Some(36.9);
    all[62].quality = Some(37.0);
    all.retain(|picture| !(170..174).contains(&picture.number));
    let measured = turn(all, 13_000, None);
    assert_eq!((measured.sent, measured.lost, measured.latencies.len()), (100, 4, 94));
    let of = |name| figure(&measured, name);
    assert_eq!((of(NOT_GOOD), of(GUESSED), of(LONGEST), of(FREEZES)), (6.0, 1.0, 100.0, 0.0));
}

#[test]
fn a_video_that_stops_is_frozen_until_the_end_and_what_was_sent_is_known_by_what_comes_after() {
    let mut all = pictures(200);
    all.retain(|picture| picture.number < 200 || picture.number >= 260);
    let measured = turn(all, 13_000, None);
    // From 12 s on nothing came, up to 13.2 s.
    assert_eq!((measured.sent, measured.lost), (100, 50));
    assert_eq!(
        (figure(&measured, LONGEST), figure(&measured, FREEZES), figure(&measured, FROZEN)),
        (1_220.0, 1.0, 1_220.0)
    );
    let nothing = turn(pictures(10), 13_000, None);
    assert_eq!((nothing.sent, nothing.lost, nothing.latencies.len()), (100, 100, 0));
    assert_eq!((figure(&nothing, LONGEST), figure(&nothing, NOT_GOOD)), (2_790.0, 100.0));
}

#[test]
fn after_a_blackout_the_first_good_picture_counts_and_no_broken_one() {
    let mut all = pictures(400);
    all.retain(|picture| !(13_000 * MS..15_000 * MS).contains(&picture.stamps[4]));
    // The first three after it are guessed, or spoilt.
    let first = all.iter().position(|picture| picture.stamps[4] >= 15_000 * MS).unwrap();
    all[first].complete = false;
    all[first + 1].complete = false;
    all[first + 2].quality = Some(30.0);
    let measured = turn(all, 17_000, Some((Case::Blackout, 13_000, 15_000)));
    // Decoded every 20 ms, the first 10 ms after the end.
    assert_eq!(figure(&measured, FIRST_GOOD), 70.0);
    let refused = measured.course.iter().filter(|point| point[0] >= 0.0 && point[2] < 0.5).count();
    assert_eq!(refused, 3);
    assert_eq!(measured.course.first().map(|point| point[1]), Some(30.0));
    // What was under way for long shows nothing that is still so.
    let mut stale = pictures(400);
    stale.retain(|picture| !(13_000 * MS..15_000 * MS).contains(&picture.stamps[4]));
    stale[first].stamps[0] -= 600 * MS;
    let measured = turn(stale, 17_000, Some((Case::Blackout, 13_000, 15_000)));
    assert_eq!((figure(&measured, FIRST_GOOD), figure(&measured, STALE)), (30.0, 1.0));
    let dark = turn(pictures(120), 17_000, Some((Case::Blackout, 13_000, 15_000)));
    assert_eq!(figure(&dark, FIRST_GOOD), 2_000.0, "it never came back");
}

#[test]
fn under_a_lower_rate_age_gaps_and_the_way_back_are_told_apart() {
    let mut all = pictures(1_000);
    for picture in &mut all {
        let at = picture.stamps[4];
        if (14_000 * MS..24_000 * MS).contains(&at) {
            // Late by 400 ms in the first second, then by 100 ms; and worse.
            picture.stamps[0] -= if at < 15_000 * MS { 400 * MS } else { 100 * MS };
            picture.quality = Some(33.0);
        }
        if (24_000 * MS..25_000 * MS).contains(&at) {
            picture.quality = Some(38.0);
        }
    }
    all.retain(|picture| !(18_000 * MS..18_300 * MS).contains(&picture.stamps[4]));
    let event = Case::Drop.event().unwrap();
    assert_eq!(event.lasts, Duration::from_secs(10));
    let measured = turn(all, 28_000, Some((Case::Drop, 14_000, 24_000)));
    let of = |name| figure(&measured, name);
    assert_eq!((of(DROP_P95), of(DROP_LONGEST)), (130.0, 320.0));
    assert_eq!(of(QUALITY_BACK), 1_010.0);
    let stuck = turn(pictures(150), 28_000, Some((Case::Drop, 14_000, 24_000)));
    let of = |name| figure(&stuck, name);
    assert_eq!((of(DROP_P95), of(QUALITY_BACK)), (9_000.0, 4_000.0), "nothing came any more");
}
