use super::*;
use crate::testing::stamp;

fn at(ms: u64) -> Time {
    Time::from_millis(ms)
}

/// The picture captured at this time that arrived at that one, ms; cart and console have one clock here.
fn picture(captured: u64, received: u64) -> ShownPicture {
    let mut stamp = stamp(captured, at(captured), 0);
    stamp.encoded_at = at(captured + 10);
    ShownPicture { stamp, received_at: at(received), decoded_at: at(received), shown_at: at(received) }
}

fn notice(captured: u64) -> PictureNotice {
    PictureNotice { captured_at: at(captured), made_at: at(captured + 10) }
}

/// The picture of 100 ms, which arrived at 120 ms, is on the screen since 130 ms.
fn painted() -> Course {
    let mut course = Course::default();
    course.shown(&picture(100, 120));
    course.painted(at(130), &picture(100, 120));
    course
}

/// When the next picture arrived, and when it was ready to leave if that is known.
fn next(course: &Course) -> Option<(Time, Option<Time>)> {
    course.next.map(|next| (next.received_at, next.encoded_at))
}

#[test]
fn the_next_picture_is_the_first_that_came_after_the_one_on_the_screen() {
    let mut course = painted();
    course.arrived(at(120));
    assert_eq!(next(&course), None, "that is the one on the screen");
    course.arrived(at(150));
    course.arrived(at(180));
    assert_eq!(next(&course), Some((at(150), None)));
    course.shown(&picture(130, 150));
    course.shown(&picture(160, 180));
    assert_eq!(next(&course), Some((at(150), Some(at(140)))));
}

#[test]
fn a_new_picture_stands_for_the_first_that_has_waited_for_the_decoder() {
    let mut course = painted();
    course.arrived(at(150));
    // The one that came at 150 ms was not whole after all; the one of 180 ms is the first to be seen.
    course.shown(&picture(160, 180));
    assert_eq!(next(&course), Some((at(150), Some(at(170)))));
}

#[test]
fn a_repeated_picture_is_not_the_next_one_and_takes_no_others_place() {
    let mut course = painted();
    course.arrived(at(150));
    course.shown(&picture(100, 140));
    assert_eq!(next(&course), Some((at(150), None)), "one that came before it was the repeated one");
    course.shown(&picture(100, 150));
    assert_eq!(next(&course), None);
    course.arrived(at(150));
    assert_eq!(next(&course), None, "told twice it came once");
    course.arrived(at(170));
    course.shown(&picture(160, 170));
    course.shown(&picture(100, 190));
    assert_eq!(next(&course), Some((at(170), Some(at(170)))), "what is decoded stays the next");
}

#[test]
fn what_waits_while_a_picture_is_painted_is_next_whether_decoded_or_not() {
    let mut waiting = painted();
    waiting.arrived(at(150));
    waiting.arrived(at(180));
    let mut decoded = waiting.clone();
    waiting.painted(at(190), &picture(130, 150));
    assert_eq!(next(&waiting), Some((at(180), None)));
    decoded.shown(&picture(130, 150));
    decoded.shown(&picture(160, 180));
    decoded.painted(at(190), &picture(130, 150));
    assert_eq!(next(&decoded), Some((at(180), Some(at(170)))));
    decoded.painted(at(200), &picture(160, 180));
    assert_eq!(next(&decoded), None);
}

#[test]
fn what_was_announced_is_missing_until_it_or_a_later_one_is_decoded() {
    let missing = |shown: u64| {
        let mut course = painted();
        course.announced(&notice(200));
        course.announced(&notice(230));
        course.shown(&picture(shown, 250));
        course.missing.map(|missing| missing.captured_at)
    };
    assert_eq!(missing(170), Some(at(200)));
    assert_eq!(missing(200), None);
    assert_eq!(missing(230), None);
    let mut course = painted();
    course.announced(&notice(100));
    assert_eq!(course.missing, None, "the one on the screen is not missing");
}

#[test]
fn a_cart_that_is_heard_every_50_ms_is_not_cut_off_and_one_in_more_is() {
    for (gap, silent) in [(50, 0), (51, 51)] {
        let mut course = painted();
        course.heard(at(130));
        course.heard(at(130 + gap));
        assert_eq!(course.silence(at(130 + gap + 50)), Duration::from_millis(silent), "after {gap} ms");
        course.heard(at(130 + gap + 60));
        assert_eq!(course.silence(at(130 + gap + 60)), Duration::from_millis(silent + 60), "and another 60 ms");
        course.painted(at(250), &picture(150, 200));
        assert_eq!(course.silence(at(260)), Duration::ZERO, "of another picture's time");
    }
}

#[test]
fn a_console_that_looks_every_20_ms_is_run_and_one_that_does_in_more_is_not() {
    let mut course = painted();
    course.looked(at(130));
    course.looked(at(150));
    assert_eq!(course.stalled, [Duration::ZERO; 2]);
    course.looked(at(171));
    course.looked(at(201));
    assert_eq!(course.stalled, [Duration::ZERO, Duration::from_millis(51)]);
    course.painted(at(210), &picture(150, 200));
    assert_eq!(course.stalled, [Duration::from_millis(51), Duration::ZERO]);
}
