//! The window, read and pressed through its accessibility tree: every state of the gallery at three sizes.
#![allow(clippy::unwrap_used, reason = "a test stops where it stumbles")]
#![allow(dead_code, reason = "the gallery's made-up exams are shared")]

#[path = "../examples/gallery/fan.rs"]
mod fan;
#[path = "../examples/gallery/states.rs"]
mod states;

use std::sync::OnceLock;

use egui::accesskit::Role;
use egui::{Event, Key, Modifiers, Rect, UiBuilder, Vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT, Queryable};
use farprobe_console::model::Intent;
use farprobe_console::theme;
use farprobe_console::view::View;
use farprobe_geom::Newton;
use proptest::prelude::*;
use states::{Exam, Scene};

const SIZES: [[f32; 2]; 3] = [[1280.0, 800.0], [1024.0, 700.0], [1920.0, 1080.0]];

fn scenes() -> &'static [Scene] {
    static SCENES: OnceLock<Vec<Scene>> = OnceLock::new();
    SCENES.get_or_init(states::all)
}

fn scene(name: &str) -> Scene {
    scenes().iter().find(|scene| scene.name == name).unwrap().clone()
}

struct Desk {
    scene: Scene,
    view: View,
    intents: Vec<Intent>,
}

impl Desk {
    /// What was wanted, without the samples of each frame.
    fn wanted(&self) -> Vec<&Intent> {
        self.intents.iter().filter(|intent| !matches!(intent, Intent::Window(_))).collect()
    }
}

fn desk(scene: Scene, size: [f32; 2]) -> Harness<'static, Desk> {
    let desk = Desk { scene, view: View::default(), intents: Vec::new() };
    let mut harness = Harness::builder().with_size(Vec2::from(size)).with_context_setup(theme::install).build_ui_state(
        |ui, desk: &mut Desk| {
            // The harness leaves a margin around a test; the window's own has none.
            let mut whole = ui.new_child(UiBuilder::new().max_rect(ui.ctx().content_rect()));
            whole.set_clip_rect(whole.max_rect());
            let intents = desk.view.show(&mut whole, &desk.scene.model, desk.scene.now);
            desk.intents.extend(intents);
        },
        desk,
    );
    harness.run_steps(2);
    harness
}

fn says(harness: &Harness<'_, Desk>, words: &str) -> bool {
    harness.query_all_by_label_contains(words).next().is_some()
}

/// The rectangles of every text, with their words.
fn texts(harness: &Harness<'_, Desk>) -> Vec<(String, Rect)> {
    let labels = harness.query_all_by_role(Role::Label);
    labels.map(|node| (node.value().unwrap_or_default(), node.rect())).collect()
}

#[test]
fn every_state_is_said_in_words() {
    let expected: [(&str, &[&str]); 20] = [
        ("engaged", &["ENGAGED", "Your handle moves the probe.", "You may drive", "SIMULATED PICTURE", "DEMO"]),
        ("no_cart", &["NO CART", "No picture yet", "No handle"]),
        ("no_lease", &["IDLE", "Nobody drives", "Request the right to drive."]),
        (
            "held_by_other",
            &["whoever drives sets it", "Dr Lin Wei drives", "Somebody else drives. You may look, and you may stop."],
        ),
        ("observer", &["Nobody drives", "You are an observer: you may look, and you may stop."]),
        ("hold", &["HOLD", "Clutch open", "you opened the clutch"]),
        ("frozen_by_operator", &["FROZEN BY OPERATOR", "Unfreeze the picture."]),
        ("picture_frozen", &["PICTURE FROZEN", "Do not steer by it.", "The cart sends it again and again."]),
        ("stale_picture", &["OLD PICTURE", "1.4 s old", "Do not steer by it.", "This console does not keep up."]),
        ("late_picture", &["OLD PICTURE, late a moment ago", "Late a moment ago. Do not steer by it."]),
        ("release", &["RELEASING", "no fresh command reached the cart, and then the time allowed ran out"]),
        ("refused", &["SOFTENING", "the safety gate refused a motion: the monitor saw the probe sent otherwise"]),
        (
            "link_silent",
            &[
                "LINK LOST",
                "Nothing heard for 1.4 s",
                "The last state known is old: engaged.",
                "Who drives is not known",
                "OLD PICTURE",
                "Nothing comes: the link is lost.",
            ],
        ),
        (
            "link_lost",
            &[
                "LINK LOST",
                "What the robot does now is not known here.",
                "No packet came for 3 s.",
                "Connecting to Cart 3, Ward B again, try 2",
                "As 2.6 s ago. Not known now.",
                "Nothing comes: the link is lost.",
            ],
        ),
        ("estop", &["STOPPED", "an operator pressed stop", "Only the staff at the cart can reset it."]),
        ("fault", &["FAULT", "the force sensor can't be trusted"]),
        ("above_soft_limit", &["Above the soft limit", "17.2 N"]),
        ("handle_lost", &["Handle lost", "plug the gamepad in again"]),
        ("recorded", &["RECORDED, NOT LIVE", "liver-convex-2019", "how its scanner was set is not known"]),
        ("scanner_asked", &["asking …", "15.0 > 12.0 cm"]),
    ];
    assert_eq!(expected.len(), scenes().len(), "a state of the gallery is not looked at");
    for (name, words) in expected {
        let harness = desk(scene(name), SIZES[0]);
        for words in words {
            assert!(says(&harness, words), "{name} does not say {words:?}: {:?}", texts(&harness));
        }
    }
}

#[test]
fn the_clutch_is_advised_where_pressing_it_drives_and_nowhere_else() {
    const HOW: &str = "Hold the right trigger to drive.";
    for name in ["engaged", "hold", "release", "refused", "above_soft_limit", "recorded"] {
        assert!(says(&desk(scene(name), SIZES[0]), HOW), "{name}");
    }
    let elsewhere = [
        ("no_lease", "Request the right to drive."),
        ("held_by_other", "Somebody else drives."),
        ("observer", "You are an observer"),
        ("frozen_by_operator", "Unfreeze the picture first."),
        ("stale_picture", "Wait for a live picture."),
        ("link_silent", "Wait for the link."),
        ("link_lost", "Wait for the link."),
        ("estop", "Stopped: only the staff at the cart can reset it."),
        ("fault", "Fault: only the staff at the cart can reset it."),
    ];
    for (name, instead) in elsewhere {
        let harness = desk(scene(name), SIZES[0]);
        assert!(!says(&harness, HOW) && says(&harness, instead), "{name}: {:?}", texts(&harness));
    }
}

#[test]
fn figures_of_a_lost_link_are_not_shown_as_if_they_were_live() {
    let harness = desk(scene("link_lost"), SIZES[0]);
    for old in ["7.8 N", "74 ms", "ENGAGED", "Nobody drives", "You may drive", "lifts off", "lowers the force"] {
        assert!(!says(&harness, old), "{old}: {:?}", texts(&harness));
    }
    assert!(harness.get_by_label("Request").accesskit_node().is_disabled());
}

#[test]
fn no_text_overlaps_another_or_leaves_the_window() {
    for size in SIZES {
        for scene in scenes() {
            let harness = desk(scene.clone(), size);
            let window = Rect::from_min_size(egui::Pos2::ZERO, Vec2::from(size));
            let texts = texts(&harness);
            assert!(texts.len() > 15, "{}: {texts:?}", scene.name);
            for (at, (words, rect)) in texts.iter().enumerate() {
                assert!(window.contains_rect(*rect), "{} at {size:?}: {words:?} leaves the window", scene.name);
                for (other, second) in &texts[at + 1..] {
                    // A line's height has room above and below its letters.
                    let touching = rect.shrink2(egui::vec2(0.5, 3.0)).intersects(second.shrink2(egui::vec2(0.5, 3.0)));
                    assert!(!touching, "{} at {size:?}: {words:?} overlaps {other:?}", scene.name);
                }
            }
        }
    }
}

/// The texts painted in the last frame: where, cut to what, and how.
fn painted<'a>(harness: &'a Harness<'_, Desk>) -> impl Iterator<Item = (Rect, Rect, &'a egui::Galley)> {
    fn each<'a>(clip: Rect, shape: &'a egui::Shape, found: &mut Vec<(Rect, Rect, &'a egui::Galley)>) {
        match shape {
            egui::Shape::Text(text) => {
                let rect = Rect::from_min_size(text.pos, text.galley.size());
                found.push((rect, clip, &text.galley));
            }
            egui::Shape::Vec(shapes) => {
                for shape in shapes {
                    each(clip, shape, found);
                }
            }
            _ => {}
        }
    }
    let mut found = Vec::new();
    for shape in &harness.output().shapes {
        each(shape.clip_rect, &shape.shape, &mut found);
    }
    found.into_iter()
}

#[test]
fn no_text_is_cut_and_what_is_shortened_is_whole_under_the_pointer() {
    let mut shortened = 0;
    for scene in scenes().iter().cloned().chain(states::wordy()) {
        let name = scene.name;
        let mut harness = desk(scene, SIZES[0]);
        // The room above and below a line's letters may be cut.
        let cut = painted(&harness).find(|(rect, clip, _)| !clip.contains_rect(rect.shrink2(egui::vec2(0.0, 3.0))));
        assert!(cut.is_none(), "{name}: {:?} is cut", cut.map(|(_, _, galley)| galley.text().to_owned()));
        let short: Vec<_> = painted(&harness).filter(|(_, _, galley)| galley.elided).collect();
        let short: Vec<_> = short.iter().map(|(rect, _, galley)| (*rect, galley.job.text.clone())).collect();
        for (rect, words) in short {
            shortened += 1;
            harness.hover_at(rect.center());
            // A tooltip waits until the pointer rests.
            harness.run_steps(60);
            let whole = |(_, _, galley): (Rect, Rect, &egui::Galley)| !galley.elided && galley.job.text == words;
            assert!(painted(&harness).any(whole), "{name}: {words:?} is shortened, and nothing shows the rest");
        }
    }
    assert!(shortened > 0, "the longest words there are fit everywhere: let the scenes say more");
}

#[test]
fn of_a_lost_handle_and_a_long_event_all_is_to_be_read_at_once() {
    for scene in states::wordy() {
        let name = scene.name;
        let harness = desk(scene, SIZES[0]);
        let remedies = painted(&harness).filter(|(_, _, galley)| galley.job.text.contains("REMEDY"));
        let remedies: Vec<_> = remedies.map(|(_, _, galley)| (galley.elided, galley.job.text.clone())).collect();
        assert!(remedies.iter().any(|(elided, _)| !elided), "{name}: {remedies:?}");
    }
}

#[test]
fn the_event_list_shows_whole_events_and_leaves_out_the_oldest() {
    // Two lines each, and three in the smallest window; the number tells them apart.
    let told =
        |number: usize| format!("Event {number}: the staff allow motion, and whoever may drive can begin to do so");
    for size in SIZES {
        for count in 1..12 {
            let mut exam = Exam::connected(farprobe_proto::LeaseStatus::Free);
            for number in 0..count {
                exam.say(&told(number));
            }
            let harness = desk(exam.scene("told"), size);
            let shown: Vec<_> =
                painted(&harness).filter(|(_, _, galley)| galley.job.text.starts_with("Event ")).collect();
            let whole: Vec<_> = shown.iter().filter(|(_, _, galley)| !galley.elided).collect();
            assert_eq!(whole.len(), shown.len(), "{size:?}: of {count} events one is cut");
            assert!(whole.len() >= count.min(2), "{size:?}: {} of {count}", whole.len());
            for (index, (_, _, galley)) in whole.iter().enumerate() {
                assert_eq!(galley.job.text, told(count - 1 - index), "{size:?}");
            }
        }
    }
}

/// A scan of some centimetres is to be seen in a view of a whole room.
#[test]
fn the_trail_of_the_probe_is_clearly_seen() {
    let harness = desk(scene("engaged"), SIZES[0]);
    let mut seen = Rect::NOTHING;
    for shape in &harness.output().shapes {
        if let egui::Shape::LineSegment { points, stroke } = &shape.shape
            && stroke.width >= 2.0
            && shape.clip_rect.width() < 100.0
        {
            for point in points {
                seen.extend_with(*point);
            }
        }
    }
    assert!(seen.width().max(seen.height()) > 40.0, "{seen:?}");
}

#[test]
fn the_stop_button_and_both_stop_keys_stop_in_every_state() {
    for scene in scenes() {
        let mut harness = desk(scene.clone(), SIZES[1]);
        harness.get_by_label("Stop the robot").click();
        harness.run_steps(2);
        assert_eq!(harness.state().wanted(), [&Intent::Stop], "{}", scene.name);
        harness.state_mut().intents.clear();
        harness.get_by_label("Stop the robot").click_accesskit();
        harness.run_steps(2);
        assert_eq!(harness.state().wanted(), [&Intent::Stop], "{}", scene.name);
        for key in [Key::Escape, Key::Space] {
            harness.state_mut().intents.clear();
            harness.key_press_modifiers(Modifiers::SHIFT | Modifiers::CTRL, key);
            harness.run_steps(2);
            assert_eq!(harness.state().wanted(), [&Intent::Stop], "{} {key:?}", scene.name);
        }
    }
}

#[test]
fn a_held_stop_key_is_one_stop() {
    let mut harness = desk(scene("engaged"), SIZES[0]);
    for repeat in [false, true, true, true] {
        let key = Key::Space;
        harness.event(Event::Key { key, physical_key: None, pressed: true, repeat, modifiers: Modifiers::NONE });
        harness.step();
    }
    assert_eq!(harness.state().wanted(), [&Intent::Stop]);
}

#[test]
fn buttons_say_what_is_wanted() {
    let cases = [
        ("no_lease", "Request", Intent::RequestLease),
        ("engaged", "Release", Intent::ReleaseLease),
        ("engaged", "Freeze (F)", Intent::Freeze(true)),
        ("frozen_by_operator", "Unfreeze (F)", Intent::Freeze(false)),
        ("engaged", "More contact force", Intent::DesiredForce(Newton::literal(8.5))),
        ("engaged", "Less contact force", Intent::DesiredForce(Newton::literal(7.5))),
    ];
    for (name, button, expected) in cases {
        let mut harness = desk(scene(name), SIZES[0]);
        harness.get_by_label(button).click();
        harness.run_steps(2);
        assert_eq!(harness.state().wanted(), [&expected], "{name}: {button}");
    }
}

#[test]
fn the_force_is_never_asked_above_the_carts_soft_limit_nor_without_the_lease() {
    let mut exam = Exam::in_contact();
    exam.tell(farprobe_console::model::Event::DesiredForce(states::limits().soft_force));
    let mut harness = desk(exam.scene("at the limit"), SIZES[0]);
    harness.get_by_label("More contact force").click();
    harness.run_steps(2);
    assert!(harness.state().wanted().is_empty());
    let mut harness = desk(scene("no_lease"), SIZES[0]);
    harness.get_by_label("More contact force").click();
    harness.run_steps(2);
    assert!(harness.state().wanted().is_empty());
}

#[test]
fn a_slider_asks_for_all_settings_with_one_changed() {
    let mut harness = desk(scene("engaged"), SIZES[0]);
    let before = harness.state().scene.model.scanner.shown().unwrap();
    let rect = harness.get_by_role_and_label(Role::Slider, "Depth").rect();
    harness.drag_at(rect.center());
    harness.step();
    harness.hover_at(rect.right_center() - egui::vec2(5.0, 0.0));
    harness.step();
    harness.drop_at(rect.right_center() - egui::vec2(5.0, 0.0));
    harness.step();
    let wanted = harness.state().wanted();
    let Some(Intent::Scanner(settings)) = wanted.last() else { panic!("{wanted:?}") };
    assert!((0.28..=0.30).contains(&settings.depth.get()), "{settings:?}");
    assert_eq!((settings.gain_db, settings.tgc_db), (before.gain_db, before.tgc_db));
    assert!(settings.validate().is_ok());
}

#[test]
fn the_scanner_is_not_for_who_looks_on_while_somebody_drives() {
    let mut harness = desk(scene("held_by_other"), SIZES[0]);
    assert!(harness.get_by_label("Freeze (F)").accesskit_node().is_disabled());
    harness.get_by_role_and_label(Role::Slider, "Depth").click();
    harness.get_by_label("Freeze (F)").click();
    harness.run_steps(2);
    assert!(harness.state().wanted().is_empty());
}

#[test]
fn a_recording_has_no_controls_but_freeze() {
    let mut harness = desk(scene("recorded"), SIZES[0]);
    assert!(harness.query_by_role_and_label(Role::Slider, "Depth").is_none());
    assert!(harness.query_by_label("Orientation mark").is_none());
    for invented in ["Gain 0 dB", "Focus", "Range 60 dB"] {
        assert!(!says(&harness, invented), "{invented}: {:?}", texts(&harness));
    }
    harness.key_press(Key::F);
    harness.run_steps(2);
    assert_eq!(harness.state().wanted(), [&Intent::Freeze(true)]);
}

#[test]
fn keys_reach_the_handle_while_they_are_held_and_the_window_has_the_focus() {
    let mut harness = desk(scene("engaged"), SIZES[0]);
    let keys = |harness: &Harness<'_, Desk>| match harness.state().intents.last_window() {
        Some(input) => (input.focused, input.keys.iter().copied().collect::<Vec<_>>()),
        None => panic!("no sample"),
    };
    harness.key_down(Key::W);
    harness.key_down(Key::Tab);
    harness.step();
    assert_eq!(keys(&harness), (true, vec![Key::Tab, Key::W]));
    harness.key_up(Key::Tab);
    harness.step();
    assert_eq!(keys(&harness), (true, vec![Key::W]));
    harness.input_mut().focused = false;
    harness.event(Event::WindowFocused(false));
    harness.step();
    assert_eq!(keys(&harness), (false, vec![]));
}

#[test]
fn a_tap_between_two_frames_reaches_the_handle_once() {
    let mut harness = desk(scene("engaged"), SIZES[0]);
    let pressed = |harness: &Harness<'_, Desk>| harness.state().intents.last_window().unwrap().pressed.clone();
    // Into one frame: the harness gives each event that it is handed a frame of its own.
    let tell = |harness: &mut Harness<'_, Desk>, key, pressed, repeat| {
        let event = Event::Key { key, physical_key: None, pressed, repeat, modifiers: Modifiers::NONE };
        harness.input_mut().events.push(event);
    };
    tell(&mut harness, Key::PageUp, true, false);
    tell(&mut harness, Key::PageUp, false, false);
    harness.step();
    let input = harness.state().intents.last_window().unwrap().clone();
    assert_eq!((input.pressed, input.keys.len()), (vec![Key::PageUp], 0));
    harness.step();
    assert_eq!(pressed(&harness), [], "once");
    for repeat in [false, true, true] {
        tell(&mut harness, Key::PageDown, true, repeat);
    }
    harness.step();
    assert_eq!(pressed(&harness), [Key::PageDown], "a held key repeats itself, and is one press");
}

#[test]
fn a_pointer_that_left_the_window_is_said() {
    let mut harness = desk(scene("engaged"), SIZES[0]);
    harness.hover_at(egui::pos2(600.0, 300.0));
    harness.step();
    let input = harness.state().intents.last_window().unwrap().clone();
    assert!(input.over_picture && input.pointer == Some([600.0, 300.0]));
    harness.remove_cursor();
    harness.step();
    let input = harness.state().intents.last_window().unwrap();
    assert!(!input.over_picture && input.pointer.is_none());
}

#[test]
fn the_view_says_which_picture_it_has_drawn() {
    let harness = desk(scene("no_cart"), SIZES[0]);
    assert_eq!(harness.state().view.drawn_picture(), None);
    let harness = desk(scene("engaged"), SIZES[0]);
    let newest = harness.state().scene.model.picture.newest.clone().unwrap();
    assert_eq!(harness.state().view.drawn_picture(), Some((newest.stamp.number, newest.decoded_at)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn no_size_makes_the_window_panic(x in 1.0..3000.0f32, y in 1.0..2000.0f32, which in 0..19_usize) {
        desk(scenes()[which].clone(), [x, y]);
    }
}

/// The newest sample of keyboard and mouse.
trait LastWindow {
    fn last_window(&self) -> Option<&farprobe_console::model::WindowInput>;
}

impl LastWindow for Vec<Intent> {
    fn last_window(&self) -> Option<&farprobe_console::model::WindowInput> {
        self.iter().rev().find_map(|intent| match intent {
            Intent::Window(input) => Some(input),
            _ => None,
        })
    }
}
