use farprobe_geom::{Metre, Newton, Tip, Twist, Wrench};
use farprobe_proto::{ScannerSettings, TGC_BANDS};
use nalgebra::Isometry3;
use proptest::prelude::*;

use super::*;
use crate::handle::script::ScriptHandle;

const STIFFNESS: f64 = 400.0;
/// The most a damper of 2 N·s/m says of 20 µm in a millisecond, N.
const DAMPER: f64 = 0.04;

fn script(text: &str) -> ScriptHandle {
    let settings = ScannerSettings {
        depth: Metre::literal(0.15),
        gain_db: 0.0,
        tgc_db: [0.0; TGC_BANDS],
        focus: Metre::literal(0.07),
        dynamic_range_db: 60.0,
        frozen: false,
    };
    ScriptHandle::parse("hand", text, settings).unwrap()
}

fn handle(text: &str) -> HapticHandle<SimulatedHand<ScriptHandle>> {
    HapticHandle::new(HapticConfig::default(), SimulatedHand::new(script(text))).unwrap()
}

fn pressing(force: f64) -> ForceCue {
    let wrench = Wrench::new(Vector3::new(0.0, 0.0, -force), Vector3::zeros());
    ForceCue { heard_at: Time::ZERO, wrench, target: Newton::literal(8.0), engaged: true }
}

/// Reads the handle every 2 ms from `from` to `to` ms, hearing `cue` each time, and gives where it ends.
fn run(
    handle: &mut HapticHandle<impl HapticDevice>,
    (from, to): (u64, u64),
    cue: Option<&ForceCue>,
) -> Pose<HandleFrame> {
    let mut last = Pose::identity();
    for ms in (from..=to).step_by(2) {
        let now = Time::from_millis(ms);
        if let Some(cue) = cue {
            handle.cue(now, &ForceCue { heard_at: now, ..*cue });
        }
        last = match handle.sample(now).unwrap().motion {
            HandleMotion::Position(pose) => pose,
            HandleMotion::Rate(_) => panic!("a haptic handle knows where it is"),
        };
    }
    last
}

/// Pushes 20 mm into a contact and stays there.
const PUSHING: &str = "at 0 clutch press\nat 0 over 2 move z +20 mm\nat 60 end\n";
const PUSHED: f64 = 0.020;

#[test]
fn without_force_the_handle_is_where_the_hand_wants_it() {
    let mut handle = handle("at 0 clutch press\nat 0 over 1 move z +40 mm\nat 60 end\n");
    assert!((run(&mut handle, (0, 2000), None).position().z - 0.040).abs() < 1e-6);
}

#[test]
fn the_contact_pushes_the_hand_back_by_its_share_and_not_beyond_the_strongest() {
    for (contact, felt) in [(8.0, 8.0 * 0.25), (500.0, 3.0)] {
        let z = run(&mut handle(PUSHING), (0, 4000), Some(&pressing(contact))).position().z;
        assert!((z - PUSHED + felt / STIFFNESS).abs() < 1e-4, "{contact} N: {z}");
    }
}

#[test]
fn a_contact_that_comes_up_against_a_resting_hand_does_not_push_it_along() {
    let mut handle = handle("at 0 clutch press\nat 60 end\n");
    run(&mut handle, (0, 1000), Some(&pressing(0.0)));
    let z = run(&mut handle, (1002, 3000), Some(&pressing(8.0))).position().z;
    assert!(z.abs() < 1e-5, "it has given nothing, and gets nothing: {z}");
}

#[test]
fn the_force_turns_with_the_handle() {
    let mut handle =
        handle("at 0 clutch press\nat 0 over 0.5 turn x +90 deg\nat 0.6 over 2 move z +20 mm\nat 60 end\n");
    let position = run(&mut handle, (0, 5000), Some(&pressing(8.0))).position();
    assert!((position - Vector3::new(0.0, 0.005 - PUSHED, 0.0)).norm() < 1e-4, "{position:?}");
}

#[test]
fn an_open_clutch_an_idle_robot_and_a_lost_cue_leave_the_hand_alone() {
    let idle = ForceCue { engaged: false, ..pressing(8.0) };
    let open = "at 0 clutch open\nat 0 over 2 move z +20 mm\nat 60 end\n";
    for (text, cue) in [(PUSHING, &idle), (open, &pressing(8.0)), (PUSHING, &pressing(f64::NAN))] {
        let z = run(&mut handle(text), (0, 4000), Some(cue)).position().z;
        assert!((z - PUSHED).abs() < 1e-4, "{z}");
    }
    let mut handle = handle(PUSHING);
    assert!(run(&mut handle, (0, 4000), Some(&pressing(8.0))).position().z < PUSHED - 0.004);
    let z = run(&mut handle, (4002, 4500), None).position().z;
    assert!((z - PUSHED).abs() < 1e-4, "the cues have stopped: {z}");
}

#[test]
fn a_cue_that_is_repeated_is_no_news() {
    let mut handle = handle(PUSHING);
    run(&mut handle, (0, 4000), Some(&pressing(8.0)));
    let old = ForceCue { heard_at: Time::from_millis(4000), ..pressing(8.0) };
    for ms in (4002..=4300).step_by(2) {
        handle.cue(Time::from_millis(ms), &old);
        handle.sample(Time::from_millis(ms)).unwrap();
    }
    let z = run(&mut handle, (4302, 4600), None).position().z;
    assert!((z - PUSHED).abs() < 1e-4, "{z}");
}

#[test]
fn a_handle_that_only_pushes_has_no_position_to_follow() {
    #[derive(Debug)]
    struct Pushed;
    impl Handle for Pushed {
        fn name(&self) -> &'static str {
            "pushed"
        }
        fn period(&self) -> Duration {
            PERIOD
        }
        fn sample(&mut self, now: Time) -> Result<HandleSample, DeviceError> {
            let motion = HandleMotion::Rate(Twist::<Tip>::zero());
            Ok(HandleSample { sampled_at: now, motion, clutch: true, away: None, events: Vec::new() })
        }
        fn cue(&mut self, _now: Time, _cue: &ForceCue) {}
    }
    let mut handle = HapticHandle::new(HapticConfig::default(), SimulatedHand::new(Pushed)).unwrap();
    assert!(handle.sample(Time::ZERO).unwrap_err().to_string().contains("knows its position"));
}

/// A device that is pushed on by 20 µm at each reading, may be lost, and writes down what it was told.
#[derive(Debug, Default)]
struct Failing {
    pushed: Vec<Vector3<f64>>,
    lost: bool,
    z: f64,
}

impl HapticDevice for Failing {
    fn name(&self) -> &'static str {
        "failing"
    }
    fn read(&mut self, _now: Time) -> Result<HapticReading, DeviceError> {
        if self.lost {
            return Err(DeviceError::Absent { device: "failing".into(), remedy: "plug it in" });
        }
        self.z += 20e-6;
        let pose = Pose::new(Isometry3::translation(0.0, 0.0, self.z));
        Ok(HapticReading { pose, clutch: true, events: Vec::new() })
    }
    fn push(&mut self, _now: Time, force: Vector3<f64>) {
        self.pushed.push(force);
    }
}

#[test]
fn a_lost_device_is_told_to_let_go_and_does_not_start_again_with_the_old_force() {
    let mut handle = HapticHandle::new(HapticConfig::default(), Failing::default()).unwrap();
    run(&mut handle, (0, 1000), Some(&pressing(8.0)));
    assert!(handle.device.pushed.last().unwrap().z < -1.9);
    handle.device.lost = true;
    assert!(handle.sample(Time::from_millis(1002)).is_err());
    assert_eq!(handle.device.pushed.last(), Some(&Vector3::zeros()));
    handle.device.lost = false;
    handle.sample(Time::from_millis(1004)).unwrap();
    assert_eq!(handle.device.pushed.last(), Some(&Vector3::zeros()));
}

#[test]
fn a_wrong_configuration_is_refused_by_name() {
    let config = HapticConfig { reflection: 1.5, ..HapticConfig::default() };
    let complaint = HapticHandle::new(config, Failing::default()).unwrap_err().to_string();
    assert!(complaint.contains("haptic handle") && complaint.contains("reflection"), "{complaint}");
}

proptest! {
    #[test]
    fn no_cue_kicks_the_hand(
        steps in prop::collection::vec((0_u64..300, prop::array::uniform3(-1e4..1e4_f64), any::<bool>()), 1..60),
    ) {
        let mut handle = HapticHandle::new(HapticConfig::default(), Failing::default()).unwrap();
        let mut ms = 0;
        let mut before = Vector3::zeros();
        for (gap, force, engaged) in steps {
            ms += gap;
            let wrench = Wrench::new(Vector3::from(force), Vector3::zeros());
            let now = Time::from_millis(ms);
            handle.cue(now, &ForceCue { heard_at: now, wrench, target: Newton::ZERO, engaged });
            handle.sample(now).unwrap();
            let pushed = *handle.device.pushed.last().unwrap();
            // What comes of the contact rises no faster; the damper of 2 N·s/m comes on top. It may go faster: energy first.
            let fastest = 40.0 * (gap as f64 / 1000.0).min(0.02) + DAMPER;
            prop_assert!(pushed.norm() <= 3.0 + 1e-9);
            prop_assert!(pushed.norm() - before.norm() <= fastest + 1e-9);
            before = pushed;
        }
    }

    #[test]
    fn the_same_times_and_forces_give_the_same_motion(forces in prop::collection::vec(-20.0..20.0_f64, 1..50)) {
        let play = || {
            let mut handle = handle("at 0 clutch press\nat 0 over 0.1 move x +5 mm\nat 60 end\n");
            let mut trace = Vec::new();
            for (tick, force) in forces.iter().enumerate() {
                let from = tick as u64 * 10;
                trace.push(run(&mut handle, (from, from + 8), Some(&pressing(*force))));
            }
            trace
        };
        prop_assert_eq!(play(), play());
    }
}
