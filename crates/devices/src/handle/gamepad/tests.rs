use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use farprobe_geom::{Newton, Wrench};
use nalgebra::Vector3;
use proptest::prelude::*;

use super::*;
use crate::HandleButton;

/// A pad whose events were written down.
#[derive(Debug, Clone, Default)]
struct Recorded {
    events: Arc<Mutex<VecDeque<PadEvent>>>,
    rumbles: Arc<Mutex<Vec<f32>>>,
}

impl Recorded {
    fn push(&self, events: &[PadEvent]) {
        self.events.lock().unwrap().extend(events);
    }
}

impl PadSource for Recorded {
    fn next(&mut self) -> Option<PadEvent> {
        self.events.lock().unwrap().pop_front()
    }

    fn rumble(&mut self, strength: f32) {
        self.rumbles.lock().unwrap().push(strength);
    }
}

fn pad(events: &[PadEvent]) -> (Gamepad<Recorded>, Recorded) {
    let source = Recorded::default();
    source.push(&[PadEvent::Plugged]);
    source.push(events);
    (Gamepad::with_source(GamepadConfig::default(), source.clone()).unwrap(), source)
}

fn trigger(value: f32) -> PadEvent {
    PadEvent::Button(PadButton::RightTrigger, value)
}

fn sample(pad: &mut Gamepad<Recorded>) -> HandleSample {
    pad.sample(Time::ZERO).unwrap()
}

fn linear(sample: &HandleSample) -> Vector3<f64> {
    match sample.motion {
        HandleMotion::Rate(twist) => twist.linear,
        HandleMotion::Position(_) => panic!("sticks push; they know no position"),
    }
}

#[test]
fn sticks_and_bumpers_push_the_probe_by_the_configured_speeds() {
    let (mut pad, source) = pad(&[PadEvent::Axis(PadAxis::LeftX, 1.0), PadEvent::Axis(PadAxis::LeftY, 0.05)]);
    assert_eq!(linear(&sample(&mut pad)), Vector3::new(0.030, 0.0, 0.0), "the small push is within the dead zone");
    source.push(&[PadEvent::Axis(PadAxis::LeftX, f32::NAN), PadEvent::Button(PadButton::LeftBumper, 1.0)]);
    assert_eq!(linear(&sample(&mut pad)), Vector3::new(0.0, 0.0, -0.010));
}

#[test]
fn the_trigger_is_the_clutch_and_does_not_chatter() {
    let (mut pad, source) = pad(&[]);
    let mut clutch = |value| {
        source.push(&[trigger(value)]);
        sample(&mut pad).clutch
    };
    let seen = [0.1, 0.4, 0.6, 0.4, 0.2, 0.4, 0.9, f32::NAN].map(&mut clutch);
    assert_eq!(seen, [false, false, true, true, false, false, true, false]);
}

#[test]
fn a_trigger_held_while_the_pad_is_plugged_in_does_not_count() {
    let (mut pad, source) = pad(&[trigger(0.9)]);
    assert!(!sample(&mut pad).clutch);
    source.push(&[trigger(0.0), trigger(1.0)]);
    assert!(sample(&mut pad).clutch);
}

#[test]
fn unplugging_is_a_lost_handle_and_plugging_in_begins_at_rest() {
    let (mut pad, source) = pad(&[trigger(0.0), trigger(1.0), PadEvent::Axis(PadAxis::LeftX, 1.0)]);
    assert!(sample(&mut pad).clutch);
    source.push(&[PadEvent::Unplugged]);
    let lost = pad.sample(Time::ZERO).unwrap_err().to_string();
    assert!(lost.contains("gamepad is not there") && lost.contains("plug it in"), "{lost}");
    source.push(&[trigger(1.0)]);
    assert!(pad.sample(Time::ZERO).is_err(), "events of no pad");
    source.push(&[PadEvent::Plugged]);
    let back = sample(&mut pad);
    assert!(!back.clutch);
    assert_eq!(linear(&back), Vector3::zeros());
}

#[test]
fn a_button_means_one_thing_once_for_each_press() {
    let east = |value| PadEvent::Button(PadButton::East, value);
    let (mut pad, source) = pad(&[east(1.0), east(1.0)]);
    assert_eq!(sample(&mut pad).events, [HandleEvent::Button(HandleButton::Stop)]);
    source.push(&[east(0.0)]);
    assert_eq!(sample(&mut pad).events, []);
    source.push(&[east(1.0)]);
    assert_eq!(sample(&mut pad).events, [HandleEvent::Button(HandleButton::Stop)]);
}

#[test]
fn contact_is_felt() {
    let (mut pad, source) = pad(&[]);
    let wrench = Wrench::new(Vector3::new(0.0, 0.0, -2.0), Vector3::zeros());
    let cue = ForceCue { heard_at: Time::ZERO, wrench, target: Newton::literal(8.0), engaged: true };
    for ms in [0, 10, 500] {
        pad.cue(Time::from_millis(ms), &cue);
    }
    let rumbles = source.rumbles.lock().unwrap();
    assert!(rumbles.len() == 2 && rumbles[0] > 0.0 && rumbles[1] == 0.0, "{rumbles:?}");
}

#[test]
fn a_mapping_is_read_from_words_and_checked() {
    let text = "clutch = \"left_trigger\"\n[speeds]\nslide_mm_per_s = 12.0\n[presses]\nnorth = \"force_up\"\neast = \"stop\"\n";
    let config: GamepadConfig = toml::from_str(text).unwrap();
    assert_eq!(config.clutch, PadButton::LeftTrigger);
    assert_eq!(config.speeds.slide_mm_per_s, 12.0);
    assert_eq!(config.presses[&PadButton::North], HandleButton::ForceUp);
    assert!(config.validate().is_ok());
    assert!(toml::from_str::<GamepadConfig>("clutchh = \"south\"").is_err());
    assert!(toml::from_str::<GamepadConfig>("[sticks]\nleft_x = { moves = \"fan\", speed = 2 }").is_err());
    let twice: GamepadConfig = toml::from_str("clutch = \"east\"").unwrap();
    assert!(twice.validate().unwrap_err().to_string().contains("clutch is \"east\""));
    let twice: GamepadConfig = toml::from_str("[pushes]\ndpad_up = { moves = \"fan\" }").unwrap();
    assert!(twice.validate().unwrap_err().to_string().contains("pushes.dpad_up means something in presses"));
    let unstoppable: GamepadConfig = toml::from_str("[presses]\nnorth = \"freeze\"").unwrap();
    assert!(unstoppable.validate().unwrap_err().to_string().contains("presses have no button that means \"stop\""));
}

#[test]
fn a_machine_without_a_pad_says_so_and_goes_on() {
    // There may be one here: then the reading is good. Either way there is no panic and no wait.
    if let Ok(mut pad) = Gamepad::open(GamepadConfig::default())
        && let Err(error) = pad.sample(Time::ZERO)
    {
        assert!(error.to_string().contains("plug it in"));
    }
}

fn events() -> impl Strategy<Value = PadEvent> {
    prop_oneof![
        Just(PadEvent::Plugged),
        Just(PadEvent::Unplugged),
        any::<f32>().prop_map(trigger),
        any::<f32>().prop_map(|value| PadEvent::Axis(PadAxis::RightY, value)),
        (0.0..1.0_f32).prop_map(|value| PadEvent::Button(PadButton::East, value)),
    ]
}

proptest! {
    #[test]
    fn whatever_a_pad_reports_the_twist_is_within_the_speeds(events in prop::collection::vec(events(), 0..40)) {
        let (mut pad, _source) = pad(&events);
        if let Ok(HandleSample { motion: HandleMotion::Rate(twist), .. }) = pad.sample(Time::ZERO) {
            prop_assert!(twist.is_finite());
            prop_assert!(twist.linear.amax() <= 0.030 && twist.angular.amax() <= 20_f64.to_radians());
        }
    }
}
