//! Inputs that make sense, for a fuzzer to begin with: bytes drawn at random hardly ever do.

use std::sync::Arc;
use std::time::Duration;

use farprobe_geom::{Metre, Newton, Pose, Time};
use farprobe_media::{Encoder, EncoderConfig, Image};
use farprobe_proto::{
    CartDatagram, CartMessage, Cause, ConsoleDatagram, ConsoleMessage, Epoch, Event, Hello, Ladder, LeaseStatus,
    PROTOCOL_VERSION, PictureNotice, PictureStamp, Role, ScannerRequest, ScannerSettings, Severity, Signal, StopNotice,
    TGC_BANDS, Transition, Wire,
};
use farprobe_world::{Hand, LineCard, World, WorldCard};
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64Mcg;

/// How long the virtual exam runs from which datagrams are taken: long enough to touch the patient.
const EXAM: Time = Time::from_millis(9_000);

/// Between two ticks of which the datagrams are taken.
const TAKEN_EVERY: u64 = 250;

/// What a console says on its further paths.
pub fn knocks() -> Vec<Vec<u8>> {
    (0..3).map(|path| farprobe_transport::fuzzing::knock(path, u64::from(path) * 100)).collect()
}

fn bytes<T: Wire>(values: impl IntoIterator<Item = T>) -> Vec<Vec<u8>> {
    values.into_iter().filter_map(|value| value.encode()).collect()
}

/// What console and cart have said to each other in a virtual exam.
fn exam() -> (Vec<ConsoleDatagram>, Vec<CartDatagram>) {
    let ms = Time::from_millis;
    let hand =
        Hand::new(Newton::literal(8.0)).press(ms(3_000)).travel(ms(3_100), Duration::from_secs(5), [0.0, 0.0, 0.046]);
    let mut world =
        World::new(&WorldCard::default(), &LineCard::PERFECT, 1, Box::new(hand)).expect("the world as shipped");
    let (mut console, mut cart) = (Vec::new(), Vec::new());
    while world.now() < EXAM {
        world.tick();
        if world.now().as_nanos() / 1_000_000 % TAKEN_EVERY > 1 {
            continue;
        }
        console.extend(world.heard().iter().map(|heard| ConsoleDatagram::Command(heard.command)));
        cart.extend(world.last().map(|(_, outcome)| CartDatagram::State(outcome.state)));
    }
    (console, cart)
}

/// Datagrams of a console.
pub fn console_datagrams() -> Vec<Vec<u8>> {
    bytes(exam().0.into_iter().chain([ConsoleDatagram::Stop(StopNotice { number: 1 })]))
}

/// Datagrams of a cart.
pub fn cart_datagrams() -> Vec<Vec<u8>> {
    let notice = PictureNotice { captured_at: Time::from_millis(40), made_at: Time::from_millis(52) };
    bytes(exam().1.into_iter().chain([CartDatagram::Picture(notice)]))
}

/// Settings of a scanner as they might be asked for.
pub fn scanner_settings() -> ScannerSettings {
    ScannerSettings {
        depth: Metre::literal(0.15),
        gain_db: 3.0,
        tgc_db: [0.0; TGC_BANDS],
        focus: Metre::literal(0.08),
        dynamic_range_db: 60.0,
        frozen: false,
    }
}

/// Messages of a console's control stream.
pub fn console_messages() -> Vec<Vec<u8>> {
    let hello = Hello { version: PROTOCOL_VERSION, role: Role::Operator, software: "a console".to_owned() };
    bytes([
        ConsoleMessage::Hello(hello),
        ConsoleMessage::RequestLease,
        ConsoleMessage::ReleaseLease,
        ConsoleMessage::Scanner(ScannerRequest { number: 1, settings: scanner_settings() }),
        ConsoleMessage::Stop(StopNotice { number: 1 }),
        ConsoleMessage::Signal(Signal::Candidate("{}".to_owned())),
        ConsoleMessage::RequestReport,
        ConsoleMessage::Goodbye,
    ])
}

/// Messages of a cart's control stream.
pub fn cart_messages() -> Vec<Vec<u8>> {
    let told =
        Event { at: Time::from_millis(9_000), severity: Severity::Warning, text: "the staff forbid motion".to_owned() };
    let step = Transition {
        at: Time::from_millis(9_000),
        from: Ladder::Soften,
        to: Ladder::Release,
        cause: Cause::TimedOut,
        origin: Cause::LinkLost,
        epoch: Some(Epoch(7)),
    };
    bytes([
        CartMessage::Lease(LeaseStatus::Yours(Epoch(7))),
        CartMessage::Lease(LeaseStatus::HeldBy("Dr Lin Wei".to_owned())),
        CartMessage::Event(told),
        CartMessage::Step(step),
        CartMessage::Signal(Signal::Candidate("{}".to_owned())),
    ])
}

/// Access units with a stamp in them: a key picture, and one that needs it.
pub fn stamped_pictures() -> Vec<Vec<u8>> {
    let config = EncoderConfig { width: 32, height: 32, frame_rate: 30.0, bitrate: 200_000 };
    let mut encoder = Encoder::new(config, Arc::new(|| Time::from_millis(60))).expect("an encoder of small pictures");
    let mut picture = |number: u64| {
        let grey: Vec<u8> = (0..32 * 32).map(|pixel: u64| (pixel * number) as u8).collect();
        let image = Image::Grey { width: 32, height: 32, data: &grey };
        let stamp = PictureStamp {
            number,
            captured_at: Time::from_millis(50),
            encoded_at: Time::from_millis(50),
            epoch: Some(Epoch(7)),
            applied_sequence: 1_234,
            tip: Pose::identity(),
            force: Newton::literal(8.0),
        };
        encoder.encode(&image, &stamp).expect("a picture").data.to_vec()
    };
    vec![picture(1), picture(2)]
}

/// Frames of a control stream, a byte for the size of the pieces before them.
pub fn streams() -> Vec<Vec<u8>> {
    let frames = console_messages().into_iter().flat_map(|message| {
        let length = u32::try_from(message.len()).unwrap_or(u32::MAX);
        length.to_be_bytes().into_iter().chain(message)
    });
    let stream: Vec<u8> = frames.collect();
    [0_u8, 2, 30].map(|size| [&[size], &stream[..]].concat()).to_vec()
}

/// Descriptions of arms.
pub fn arm_descriptions() -> Vec<Vec<u8>> {
    vec![include_bytes!("../../../assets/arms/fr3.urdf").to_vec()]
}

/// Scripted exams.
pub fn exam_scripts() -> Vec<Vec<u8>> {
    vec![include_bytes!("../../../assets/exams/demo.exam").to_vec()]
}

/// Reports of a 6-DoF mouse: both moved, each alone, and buttons.
pub fn mouse_reports() -> Vec<Vec<u8>> {
    vec![vec![1, 94, 1, 162, 254, 0, 0], vec![1; 13], vec![2, 1, 0, 0, 0, 255, 255], vec![3, 1, 0, 0, 128]]
}

/// Stories of the gate.
pub fn gate_stories() -> Vec<Vec<u8>> {
    crate::gate::stories()
}

/// Bytes of no meaning, for what takes any as a story: some long, some short, always the same.
pub fn anything() -> Vec<Vec<u8>> {
    let mut chance = Pcg64Mcg::seed_from_u64(1);
    (0..64).map(|_| (0..chance.random_range(1..2_000)).map(|_| chance.random()).collect()).collect()
}
