//! Every message there and back, and every kind of bytes that is none.

mod meaning;
mod values;

use std::fmt::Debug;

use farprobe_geom::{Joints, Metre, Newton, Pose, Time, Twist};
use nalgebra::{Isometry3, Translation3, UnitQuaternion, Vector3};
use proptest::prelude::*;

use super::*;
use values::{cart_datagrams, cart_messages, console_datagrams, console_messages, pictures, reports, states, welcomes};

/// A value comes back as what the wire can hold of it, and that comes back as itself, byte for byte.
fn there_and_back<T: Wire + Debug + PartialEq>(value: &T) -> Result<(), TestCaseError> {
    let bytes = value.encode().ok_or_else(|| TestCaseError::fail("too long"))?;
    let once = T::decode(&bytes).map_err(|error| TestCaseError::fail(format!("{error}: {value:?}")))?;
    let again = once.encode().ok_or_else(|| TestCaseError::fail("too long"))?;
    // Poses are normalised as they come in, so the last bit of a quaternion may differ the first time.
    let twice = T::decode(&again).map_err(|error| TestCaseError::fail(error.to_string()))?;
    prop_assert_eq!(bytes.len(), again.len());
    prop_assert!(close(&format!("{once:?}"), &format!("{twice:?}")), "{:?} became {:?}", once, twice);
    prop_assert!(close(&format!("{value:?}"), &format!("{once:?}")), "{:?} became {:?}", value, once);
    Ok(())
}

/// The words and numbers that a value prints as.
fn words(text: &str) -> Vec<&str> {
    text.split(|c: char| c.is_whitespace() || "{}[](),".contains(c)).collect()
}

/// Whether two values print the same, but for numbers that agree to six digits.
fn close(a: &str, b: &str) -> bool {
    let (a, b) = (words(a), words(b));
    // Equal words first: part of an escaped letter may read as a number too great for one (1e944).
    let same = |(a, b): (&&str, &&str)| {
        a == b
            || match (a.parse::<f64>(), b.parse::<f64>()) {
                (Ok(x), Ok(y)) if a.contains(['.', 'e']) => (x - y).abs() <= 1e-6 * (1.0 + x.abs().max(y.abs())),
                _ => false,
            }
    };
    a.len() == b.len() && a.iter().zip(&b).all(same)
}

/// What is cut off, or has one bit turned, or bytes after its end, decodes to something or is refused; it never panics, and
/// what decodes is valid again.
fn damaged<T: Wire + Debug + PartialEq>(value: &T) -> Result<(), TestCaseError> {
    let bytes = value.encode().ok_or_else(|| TestCaseError::fail("too long"))?;
    for end in 0..bytes.len() {
        prop_assert!(T::decode(&bytes[..end]).is_err(), "{} of {} bytes", end, bytes.len());
    }
    let mut longer = bytes.clone();
    longer.push(0);
    let refused = matches!(T::decode(&longer), Err(DecodeError::Trailing(1) | DecodeError::TooLong { .. }));
    prop_assert!(refused);
    let mut flipped = bytes;
    for bit in 0..flipped.len() * 8 {
        flipped[bit / 8] ^= 1 << (bit % 8);
        if let Ok(other) = T::decode(&flipped) {
            let again = other.encode().ok_or_else(|| TestCaseError::fail("what came in does not go out"))?;
            prop_assert!(T::decode(&again).is_ok(), "{:?}", other);
            let text = format!("{other:?}");
            let finite = words(&text).iter().all(|word| !["NaN", "inf", "-inf"].contains(word));
            prop_assert!(finite, "{}", text);
        }
        flipped[bit / 8] ^= 1 << (bit % 8);
    }
    Ok(())
}

macro_rules! every_message {
    ($($name:ident: $strategy:ident;)+) => {$(
        mod $name {
            use super::*;
            proptest! {
                #![proptest_config(ProptestConfig::with_cases(32))]
                #[test]
                fn comes_back(value in $strategy()) {
                    there_and_back(&value)?;
                }
                #[test]
                fn survives_damage(value in $strategy()) {
                    damaged(&value)?;
                }
            }
        }
    )+};
}

every_message! {
    console_datagram: console_datagrams;
    cart_datagram: cart_datagrams;
    console_message: console_messages;
    cart_message: cart_messages;
    picture_stamp: pictures;
}

fn every_decoder(bytes: &[u8]) {
    let _ = ConsoleDatagram::decode(bytes);
    let _ = CartDatagram::decode(bytes);
    let _ = ConsoleMessage::decode(bytes);
    let _ = CartMessage::decode(bytes);
    let _ = PictureStamp::decode(bytes);
}

proptest! {
    #[test]
    fn random_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..2_000)) {
        every_decoder(&bytes);
        let limit = bytes.len() > MAX_COMMAND_BYTES;
        let too_long = matches!(ConsoleDatagram::decode(&bytes), Err(DecodeError::TooLong { .. }));
        prop_assert_eq!(limit, too_long);
    }

    #[test]
    fn a_length_that_is_not_there_is_refused(claimed in any::<u64>(), kind in 0..8u8) {
        let mut bytes = vec![kind];
        bytes.extend(postcard::to_stdvec(&claimed).unwrap());
        every_decoder(&bytes);
    }
}

#[test]
fn every_length_of_one_byte_is_read_without_panic() {
    for byte in [0, 1, 0x7f, 0x80, 0xff] {
        for length in 0..2_000 {
            every_decoder(&vec![byte; length]);
        }
    }
}

/// The command whose every number takes the most bytes.
fn longest_command() -> Command {
    Command {
        epoch: Epoch(u64::MAX),
        sequence: u64::MAX,
        sampled_at: Time::from_nanos(u64::MAX),
        sent_at: Time::from_nanos(u64::MAX),
        clutch: Clutch::HandleLost,
        clutch_in: u32::MAX,
        target: Pose::identity(),
        twist: Twist::zero(),
        desired_force: Newton::literal(8.0),
        picture: PictureReport { age_ms: u16::MAX, health: PictureHealth::Absent },
        echo: Some(StateEcho { cart_sent_at: Time::from_nanos(u64::MAX), held_us: u32::MAX }),
    }
}

#[test]
fn the_longest_command_fits_its_datagram() {
    let bytes = ConsoleDatagram::Command(longest_command()).encode().unwrap();
    assert_eq!(bytes.len(), 127, "of {MAX_COMMAND_BYTES}");
}

#[test]
fn numbers_that_mean_nothing_are_refused() {
    let refused = |command: Command| {
        let bytes = ConsoleDatagram::Command(command).encode().unwrap();
        assert_eq!(ConsoleDatagram::decode(&bytes), Err(DecodeError::Malformed), "{command:?}");
    };
    refused(Command { desired_force: Newton::literal(-0.001), ..longest_command() });
    for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e300] {
        let twist = Twist::new(Vector3::new(0.0, bad, 0.0), Vector3::zeros());
        refused(Command { twist, ..longest_command() });
        let target = Pose::new(Isometry3::translation(0.0, 0.0, bad));
        refused(Command { target, ..longest_command() });
    }
    let doubled = UnitQuaternion::new_unchecked(UnitQuaternion::identity().into_inner() * 2.0);
    let target = Pose::new(Isometry3::from_parts(Translation3::identity(), doubled));
    refused(Command { target, ..longest_command() });
}

fn refused<T: Wire + Debug + PartialEq>(value: &T) -> Result<(), TestCaseError> {
    let bytes = value.encode().ok_or_else(|| TestCaseError::fail("too long"))?;
    prop_assert_eq!(T::decode(&bytes), Err(DecodeError::Malformed));
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn one_number_that_is_none_spoils_a_welcome(welcome in welcomes(), which in 0..7) {
        let mut bad = welcome;
        match which {
            0 => bad.probe_on_flange.0[1] = f64::NAN,
            1 => bad.probe_on_flange.1 = [0.5, 0.5, 0.5, 0.0],
            2 => bad.patient_outline.push([0.0, f32::INFINITY, 0.0]),
            3 => bad.default_force = Newton::literal(-1.0),
            4 => bad.workspace_radius = Metre::literal(-1.0),
            5 => bad.scanner.geometry.pixel = Some(Metre::ZERO),
            _ => bad.scanner.geometry.face_row = f32::NAN,
        }
        refused(&CartMessage::Welcome(Box::new(bad)))?;
    }

    #[test]
    fn one_number_that_is_none_spoils_a_report(report in reports(), which in 0..6) {
        let mut bad = report;
        match which {
            0 => bad.duration_s = f64::NAN,
            1 => bad.excess_transit_ms[2] = f64::INFINITY,
            2 => bad.force.peak = Newton::literal(-1.0),
            3 => bad.rt_loop.step_us_p999 = f64::NAN,
            4 => bad.cpu_percent = f64::NEG_INFINITY,
            _ => bad.rss_mb = f64::NAN,
        }
        refused(&CartMessage::Report(Box::new(bad)))?;
    }

    #[test]
    fn one_number_that_is_none_spoils_a_state(state in states(), which in 0..4) {
        let mut bad = state;
        match which {
            0 => bad.limits.hard_force = Newton::literal(-1.0),
            1 => bad.force_target = Newton::literal(-0.1),
            2 => bad.joints = Joints::from_slice(&[f64::NAN]).unwrap(),
            _ => bad.wrench.torque.y = f64::NAN,
        }
        refused(&CartDatagram::State(bad))?;
    }
}

#[test]
fn scanner_numbers_that_are_none_are_refused_and_odd_ones_are_left_to_the_scanner() {
    let settings = |gain_db, dynamic_range_db| ScannerSettings {
        depth: Metre::literal(0.15),
        gain_db,
        tgc_db: [0.0; TGC_BANDS],
        focus: Metre::literal(0.08),
        dynamic_range_db,
        frozen: false,
    };
    let decoded = |settings| {
        let request = ConsoleMessage::Scanner(ScannerRequest { number: 1, settings });
        ConsoleMessage::decode(&request.encode().unwrap())
    };
    assert_eq!(decoded(settings(f32::NAN, 60.0)), Err(DecodeError::Malformed));
    assert_eq!(decoded(settings(0.0, f32::INFINITY)), Err(DecodeError::Malformed));
    let odd = settings(1_000.0, 60.0);
    assert!(decoded(odd).is_ok());
    assert_eq!(odd.validate(), Err(ScannerError::OutOfRange));
}
