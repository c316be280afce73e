use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use nalgebra::Vector3;
use proptest::prelude::*;

use super::*;

type Answer = Result<Vec<u8>, Missing>;

/// A device whose reports were written down.
#[derive(Debug, Clone, Default)]
struct Recorded(Arc<Mutex<VecDeque<Answer>>>);

impl Recorded {
    fn push(&self, answer: Answer) {
        self.0.lock().unwrap().push_back(answer);
    }
}

impl ReportSource for Recorded {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Missing> {
        match self.0.lock().unwrap().pop_front() {
            None => Ok(0),
            Some(Err(missing)) => Err(missing),
            Some(Ok(bytes)) => {
                buffer[..bytes.len()].copy_from_slice(&bytes);
                Ok(bytes.len())
            }
        }
    }
}

fn mouse(config: SpaceMouseConfig) -> (SpaceMouse<Recorded>, Recorded) {
    let source = Recorded::default();
    (SpaceMouse::with_source(config, source.clone()).unwrap(), source)
}

fn twist(sample: &HandleSample) -> (Vector3<f64>, Vector3<f64>) {
    match sample.motion {
        HandleMotion::Rate(twist) => (twist.linear, twist.angular),
        HandleMotion::Position(_) => panic!("a cap pushes; it knows no position"),
    }
}

/// The report of a cap pushed by these counts.
fn pushed(x: i16, y: i16, z: i16) -> Vec<u8> {
    [1].into_iter().chain([x, y, z].into_iter().flat_map(i16::to_le_bytes)).collect()
}

#[test]
fn a_full_push_is_full_speed_and_more_is_not_faster() {
    let (mut mouse, source) = mouse(SpaceMouseConfig::default());
    source.push(Ok(pushed(350, -400, 350)));
    let (linear, angular) = twist(&mouse.sample(Time::from_millis(10)).unwrap());
    assert_eq!(linear, Vector3::new(0.030, -0.030, 0.010));
    assert_eq!(angular, Vector3::zeros());
}

#[test]
fn a_cap_that_says_nothing_for_50_ms_is_at_rest() {
    let (mut mouse, source) = mouse(SpaceMouseConfig::default());
    source.push(Ok(pushed(350, 0, 0)));
    let mut speed = |ms| twist(&mouse.sample(Time::from_millis(ms)).unwrap()).0.x;
    assert_eq!([10, 60, 61].map(&mut speed), [0.030, 0.030, 0.0]);
}

#[test]
fn pushes_and_turns_that_come_apart_are_put_together() {
    let (mut mouse, source) =
        mouse(SpaceMouseConfig { reversed: vec![Freedom::Rotate], ..SpaceMouseConfig::default() });
    source.push(Ok(pushed(0, 0, 350)));
    source.push(Ok(vec![2, 0, 0, 0, 0, 0x5E, 0x01]));
    let (linear, angular) = twist(&mouse.sample(Time::ZERO).unwrap());
    assert_eq!(linear.z, 0.010);
    assert!((angular.z.to_degrees() + 20.0).abs() < 1e-9);
}

#[test]
fn the_first_button_is_the_clutch_and_the_second_freezes_once() {
    let (mut mouse, source) = mouse(SpaceMouseConfig::default());
    source.push(Ok(vec![3, 1]));
    assert!(mouse.sample(Time::ZERO).unwrap().clutch);
    source.push(Ok(vec![3, 3]));
    source.push(Ok(vec![3, 3]));
    let both = mouse.sample(Time::from_millis(4)).unwrap();
    assert!(both.clutch);
    assert_eq!(both.events, [HandleEvent::Button(HandleButton::Freeze)]);
    source.push(Ok(vec![3, 0]));
    assert!(!mouse.sample(Time::from_millis(8)).unwrap().clutch);
}

#[test]
fn unplugging_is_a_lost_handle_and_nothing_is_held_when_it_is_back() {
    let (mut mouse, source) = mouse(SpaceMouseConfig::default());
    source.push(Ok(vec![3, 1]));
    source.push(Ok(pushed(350, 0, 0)));
    assert!(mouse.sample(Time::ZERO).unwrap().clutch);
    source.push(Err(Missing::NoDevice));
    assert!(mouse.sample(Time::from_millis(4)).unwrap_err().to_string().contains("plug it in"));
    source.push(Err(Missing::NoPermission));
    assert!(mouse.sample(Time::from_millis(8)).unwrap_err().to_string().contains("udev rule"));
    let back = mouse.sample(Time::from_millis(12)).unwrap();
    assert!(!back.clutch);
    assert_eq!(twist(&back).0, Vector3::zeros());
}

#[test]
fn a_mapping_is_read_from_words_and_checked() {
    let text = "clutch = 1\nreversed = [\"fan\"]\n[[presses]]\nbutton = 0\nmeans = \"stop\"\n";
    let config: SpaceMouseConfig = toml::from_str(text).unwrap();
    assert_eq!(config.presses, [Press { button: 0, means: HandleButton::Stop }]);
    assert!(config.validate().is_ok());
    assert!(toml::from_str::<SpaceMouseConfig>("speed = 1").is_err());
    let gentler: SpaceMouseConfig = toml::from_str("[response]\ndead_zone = 0.2").unwrap();
    assert_eq!(gentler.response, Response { dead_zone: 0.2, ..SpaceMouseConfig::default().response });
    for wrong in ["clutch = 1", "clutch = 32"] {
        let config: SpaceMouseConfig = toml::from_str(wrong).unwrap();
        assert!(config.validate().unwrap_err().to_string().contains("button"), "{wrong}");
    }
}

#[test]
fn a_machine_without_one_says_so_and_goes_on() {
    // There may be one here: then the reading is good. Either way there is no panic and no wait.
    let mut mouse = SpaceMouse::open(SpaceMouseConfig::default()).unwrap();
    if let Err(error) = mouse.sample(Time::ZERO) {
        assert!(error.to_string().contains("6-DoF mouse is not there"));
    }
}

proptest! {
    #[test]
    fn whatever_it_reports_the_twist_is_within_the_speeds(
        reports in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..64), 0..80),
    ) {
        let (mut mouse, source) = mouse(SpaceMouseConfig::default());
        for report in reports {
            source.push(Ok(report));
        }
        let (linear, angular) = twist(&mouse.sample(Time::ZERO).unwrap());
        prop_assert!(linear.amax() <= 0.030 && angular.amax() <= 20_f64.to_radians());
    }
}
