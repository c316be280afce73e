use super::handle::{FRAME_BUCKETS, WAITING_MAX};
use super::*;
use farprobe_geom::Newton;
use std::cell::RefCell;
use std::rc::Rc;

fn at(millis: u64) -> Time {
    Time::from_millis(millis)
}

#[test]
fn what_is_sent_reaches_the_model_in_order() {
    let (mut window, handle) = window(|| at(0), |_| {});
    for force in [3.0, 4.0, 5.0] {
        assert!(handle.send(at(1), Event::DesiredForce(Newton::new(force).unwrap())));
    }
    window.take_in();
    assert_eq!(window.model.desired_force, Newton::literal(5.0));
    assert_eq!(handle.shared.waiting.load(Ordering::Relaxed), 0);
}

#[test]
fn a_window_that_does_not_draw_drops_figures_and_keeps_the_rest() {
    let (mut window, handle) = window(|| at(0), |_| {});
    let figures = || Event::Latency(Box::default());
    let sent = (0..2 * WAITING_MAX).filter(|_| handle.send(at(1), figures())).count();
    assert_eq!((sent, handle.statistics().dropped), (WAITING_MAX, WAITING_MAX as u64));
    assert!(handle.send(at(2), Event::StopSent));
    window.take_in();
    assert_eq!(window.model.stops_sent, 1);
    drop(window);
    assert!(!handle.send(at(3), Event::StopSent), "the window is gone");
}

#[test]
fn a_picture_is_told_as_painted_once_its_frame_is_drawn() {
    let told = Rc::new(RefCell::new(Vec::new()));
    let sink = Rc::clone(&told);
    let (mut window, handle) = window(|| at(140), move |intent| sink.borrow_mut().push(intent));
    window.frame_began = Some(at(100));
    window.being_painted.set(Some(7));
    window.settle_frame(None);
    assert!(told.borrow().is_empty(), "a frame whose time is not known was not drawn");
    window.frame_began = Some(at(100));
    eframe::App::auto_save_interval(&window);
    window.settle_frame(Some(0.008));
    assert_eq!(told.borrow()[..], [Intent::Painted { number: 7, at: at(140) }], "once, after the buffers were swapped");
    window.being_painted.set(Some(8));
    window.frame_began = Some(at(150));
    window.settle_frame(Some(0.008));
    assert_eq!(told.borrow().len(), 2, "at the latest when the next frame begins");
    let statistics = handle.statistics();
    assert_eq!((statistics.pictures_painted, statistics.frame_ms_p50), (2, Some(9)));
}

#[test]
fn a_paced_window_lets_events_wait_and_an_unpaced_one_does_not() {
    let (window, handle) = window(|| at(0), |_| {});
    handle.shared.frame_began.store(at(100).as_nanos(), Ordering::Relaxed);
    assert_eq!(handle.shared.until_next_frame(at(110)), Duration::ZERO);
    let _window = window.paced(Duration::from_millis(40));
    assert_eq!(handle.shared.until_next_frame(at(110)), Duration::from_millis(30));
    assert_eq!(handle.shared.until_next_frame(at(141)), Duration::ZERO);
}

#[test]
fn quantiles_of_no_frame_are_unknown_and_long_frames_count() {
    let shared = Shared::default();
    assert_eq!(shared.frame_ms(0.5), None);
    for seconds in [0.0105, 0.0105, 9.0, f32::NAN] {
        shared.frame_took(seconds);
    }
    assert_eq!((shared.frame_ms(0.5), shared.frame_ms(0.99)), (Some(11), Some(FRAME_BUCKETS as u64)));
}
