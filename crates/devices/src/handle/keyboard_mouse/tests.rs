use proptest::prelude::*;

use super::*;
use crate::{HandleButton, HandleEvent, HandsAway};

fn frame(ms: u64, keys: &[Key]) -> WindowInput {
    WindowInput {
        at: Time::from_millis(ms),
        focused: true,
        pointer: Pointer::OverPicture,
        moved: [0.0; 2],
        wheel: 0.0,
        keys: keys.iter().copied().collect(),
        pressed: Vec::new(),
        buttons: Buttons::default(),
    }
}

fn handle() -> (KeyboardMouse, WindowFeed) {
    let feed = WindowFeed::default();
    (KeyboardMouse::new(KeyboardMouseConfig::default(), feed.clone()).unwrap(), feed)
}

/// Posts the frames one after the other and reads the handle after the last.
fn after(frames: &[WindowInput]) -> HandleSample {
    let (mut handle, feed) = handle();
    for frame in frames {
        feed.post(frame.clone());
    }
    handle.sample(frames.last().unwrap().at).unwrap()
}

fn twist(sample: &HandleSample) -> Twist<Tip> {
    match sample.motion {
        HandleMotion::Rate(twist) => twist,
        HandleMotion::Position(_) => panic!("keys push; they know no position"),
    }
}

#[test]
fn shift_is_the_clutch_and_without_it_no_key_moves_the_probe() {
    let driving = after(&[frame(0, &[]), frame(16, &[Key::Shift, Key::E])]);
    assert!(driving.clutch);
    assert_eq!(twist(&driving).linear.z, 0.010);
    let idle = after(&[frame(0, &[]), frame(16, &[Key::E])]);
    assert!(!idle.clutch);
    assert_eq!(twist(&idle), Twist::zero());
}

#[test]
fn a_clutch_that_was_never_seen_open_does_not_count() {
    assert!(!after(&[frame(0, &[Key::Shift]), frame(16, &[Key::Shift])]).clutch);
}

#[test]
fn looking_away_opens_the_clutch_until_it_was_let_go() {
    let held = || frame(32, &[Key::Shift]);
    for (lost, why) in [
        (WindowInput { focused: false, ..held() }, HandsAway::FocusLost),
        (WindowInput { pointer: Pointer::Outside, ..held() }, HandsAway::PointerLeft),
    ] {
        let mut frames = vec![frame(0, &[]), frame(16, &[Key::Shift]), lost];
        assert!(after(&frames[..2]).clutch);
        assert!(!after(&frames).clutch);
        frames.push(frame(48, &[Key::Shift]));
        assert!(!after(&frames).clutch, "back, but still held from before");
        assert_eq!(after(&frames).away, Some(why), "the hand has not let go");
        frames.extend([frame(64, &[]), frame(80, &[Key::Shift])]);
        assert!(after(&frames).clutch, "let go and pressed again");
        assert_eq!(after(&frames).away, None);
    }
}

#[test]
fn a_window_that_does_not_draw_is_a_lost_handle() {
    let (mut handle, feed) = handle();
    assert!(handle.sample(Time::from_millis(5)).is_err(), "no frame yet");
    feed.post(frame(1000, &[]));
    assert!(handle.sample(Time::from_millis(1100)).is_ok());
    let lost = handle.sample(Time::from_millis(1101)).unwrap_err().to_string();
    assert!(lost.contains("100 ms"), "{lost}");
    assert!(handle.sample(Time::from_millis(899)).is_err(), "a stamp far in the future is no sign of life");
}

#[test]
fn a_clutch_held_through_a_stall_of_the_window_must_be_let_go() {
    let frames = [frame(0, &[]), frame(16, &[Key::Shift]), frame(200, &[Key::Shift])];
    assert!(!after(&frames).clutch);
}

#[test]
fn a_press_comes_once_however_long_the_key_is_held() {
    let (mut handle, feed) = handle();
    for ms in [0, 16, 32, 48] {
        let mut input = frame(ms, if ms == 0 { &[] } else { &[Key::PageUp, Key::Comma] });
        if ms == 16 {
            input.pressed = vec![Key::PageUp, Key::Comma];
        }
        feed.post(input);
    }
    let events = handle.sample(Time::from_millis(48)).unwrap().events;
    let button = HandleEvent::Button;
    assert_eq!(events, [button(HandleButton::ForceUp), button(HandleButton::GainDown)]);
    feed.post(frame(64, &[Key::PageUp]));
    assert_eq!(handle.sample(Time::from_millis(64)).unwrap().events, []);
}

#[test]
fn a_tap_that_is_over_before_the_frame_begins_is_a_press_and_no_clutch() {
    let (mut handle, feed) = handle();
    feed.post(frame(0, &[]));
    let pressed = vec![Key::Shift, Key::PageUp, Key::E, Key::PageUp];
    feed.post(WindowInput { pressed, ..frame(16, &[]) });
    let sample = handle.sample(Time::from_millis(16)).unwrap();
    assert_eq!(sample.events, [HandleEvent::Button(HandleButton::ForceUp); 2]);
    assert!(!sample.clutch, "Shift was let go before anybody could drive");
    assert_eq!(twist(&sample), Twist::zero());
    let away = WindowInput { focused: false, pressed: vec![Key::PageUp], ..frame(32, &[]) };
    feed.post(away);
    assert_eq!(handle.sample(Time::from_millis(32)).unwrap().events, [], "nobody looks at this window");
}

#[test]
fn a_drag_that_began_on_a_control_does_not_move_the_probe() {
    let (mut handle, feed) = handle();
    feed.post(frame(0, &[]));
    let mut input = frame(16, &[Key::Shift]);
    input.buttons.primary = true;
    input.pointer = Pointer::Elsewhere;
    feed.post(input.clone());
    input.at = Time::from_millis(32);
    input.pointer = Pointer::OverPicture;
    input.moved = [50.0, 0.0];
    feed.post(input);
    assert_eq!(twist(&handle.sample(Time::from_millis(32)).unwrap()), Twist::zero());
}

/// Drags once by `points` with `buttons`, then reads for a second, and gives what the probe moved: m and rad.
fn drag(points: [f32; 2], buttons: Buttons) -> Twist<Tip> {
    let (mut handle, feed) = handle();
    let mut moved = Twist::zero();
    for tick in 0..250_u64 {
        let ms = tick * 4;
        if ms % 16 == 0 {
            let mut input = frame(ms, if ms == 0 { &[] } else { &[Key::Shift] });
            input.buttons = buttons;
            if ms == 0 {
                input.buttons = Buttons::default();
            }
            if ms == 160 {
                input.moved = points;
            }
            feed.post(input);
        }
        let rate = twist(&handle.sample(Time::from_millis(ms)).unwrap());
        moved.linear += rate.linear * 0.004;
        moved.angular += rate.angular * 0.004;
    }
    moved
}

#[test]
fn the_probe_goes_as_far_as_the_mouse_was_dragged() {
    let slide = drag([10.0, -20.0], Buttons { primary: true, secondary: false });
    assert!((slide.linear - Vector3::new(0.0015, -0.0030, 0.0)).norm() < 1e-6, "{slide:?}");
    assert_eq!(slide.angular, Vector3::zeros());
    let turn = drag([10.0, -20.0], Buttons { primary: false, secondary: true });
    let degrees = turn.angular.map(f64::to_degrees);
    assert!((degrees - Vector3::new(-2.0, -1.0, 0.0)).norm() < 1e-3, "{degrees:?}");
    assert_eq!(turn.linear, Vector3::zeros());
}

#[test]
fn a_wild_drag_does_not_go_on_after_the_hand_has_stopped() {
    let slide = drag([100_000.0, 0.0], Buttons { primary: true, secondary: false });
    assert!(slide.linear.x <= 0.030 * 0.151, "{slide:?}");
    let nonsense = drag([f32::NAN, f32::INFINITY], Buttons { primary: true, secondary: false });
    assert_eq!(nonsense, Twist::zero());
}

#[test]
fn a_wrong_configuration_is_refused_by_name() {
    let config = KeyboardMouseConfig { slide_mm_per_point: -1.0, ..KeyboardMouseConfig::default() };
    let complaint = KeyboardMouse::new(config, WindowFeed::default()).unwrap_err().to_string();
    assert!(complaint.contains("slide_mm_per_point"), "{complaint}");
}

proptest! {
    #[test]
    fn the_clutch_never_counts_unless_it_went_down_in_plain_sight(
        frames in prop::collection::vec((1_u64..150, any::<bool>(), 0..3_u8, any::<bool>()), 1..40),
    ) {
        let (mut handle, feed) = handle();
        let mut at = 1000;
        let mut open_in_sight = false;
        for (gap, focused, pointer, held) in frames {
            at += gap;
            let mut input = frame(at, if held { &[Key::Shift] } else { &[] });
            input.focused = focused;
            input.pointer = [Pointer::Outside, Pointer::Elsewhere, Pointer::OverPicture][usize::from(pointer)];
            feed.post(input);
            let in_sight = focused && pointer != 0;
            if gap > 100 || !in_sight {
                open_in_sight = false;
            }
            open_in_sight |= in_sight && !held;
            let clutch = handle.sample(Time::from_millis(at)).unwrap().clutch;
            prop_assert_eq!(clutch, held && open_in_sight);
        }
    }
}
