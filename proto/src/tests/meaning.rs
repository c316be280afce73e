//! What values mean beside their bytes: limits of length, ranges, and words.

use super::*;

/// A message of the control stream that takes this many bytes.
fn message_of(bytes: usize) -> ConsoleMessage {
    // Two bytes say that it is a signal, and which; three more how long its text is.
    ConsoleMessage::Signal(Signal::Offer("o".repeat(bytes - 5)))
}

#[test]
fn a_message_may_take_every_byte_of_its_channel_and_not_one_more() {
    assert_eq!(MAX_MESSAGE_BYTES, 262_144, "256 KiB");
    let longest = message_of(MAX_MESSAGE_BYTES);
    let bytes = longest.encode().unwrap();
    assert_eq!(bytes.len(), MAX_MESSAGE_BYTES);
    assert_eq!(ConsoleMessage::decode(&bytes), Ok(longest));

    assert_eq!(message_of(MAX_MESSAGE_BYTES + 1).encode(), None);
    let (length, limit) = (MAX_MESSAGE_BYTES + 1, MAX_MESSAGE_BYTES);
    assert_eq!(ConsoleMessage::decode(&[bytes, vec![0]].concat()), Err(DecodeError::TooLong { length, limit }));
}

/// Settings in the middle of every range.
fn ordinary() -> ScannerSettings {
    ScannerSettings {
        depth: Metre::literal(0.15),
        gain_db: 0.0,
        tgc_db: [0.0; TGC_BANDS],
        focus: Metre::literal(0.08),
        dynamic_range_db: 60.0,
        frozen: false,
    }
}

#[test]
fn every_setting_of_a_scanner_is_offered_to_both_its_ends_and_no_further() {
    type Turn = fn(&mut ScannerSettings, f64);
    let ranges: [(Turn, [f64; 2]); 6] = [
        (|settings, depth| settings.depth = Metre::new(depth).unwrap(), [0.02, 0.30]),
        (|settings, gain| settings.gain_db = gain as f32, [-40.0, 40.0]),
        (|settings, gain| settings.tgc_db[0] = gain as f32, [-20.0, 20.0]),
        (|settings, gain| settings.tgc_db[TGC_BANDS - 1] = gain as f32, [-20.0, 20.0]),
        (|settings, depth| settings.focus = Metre::new(depth).unwrap(), [0.01, 0.30]),
        (|settings, range| settings.dynamic_range_db = range as f32, [20.0, 120.0]),
    ];
    for (number, (turn, [low, high])) in ranges.into_iter().enumerate() {
        let turned = |value| {
            let mut settings = ordinary();
            turn(&mut settings, value);
            settings.validate()
        };
        for offered in [low, f64::midpoint(low, high), high] {
            assert_eq!(turned(offered), Ok(()), "setting {number} at {offered}");
        }
        for beyond in [low - 0.005, high + 0.005] {
            assert_eq!(turned(beyond), Err(ScannerError::OutOfRange), "setting {number} at {beyond}");
        }
    }
}

#[test]
fn nobody_knows_how_the_scanner_of_a_recording_was_set() {
    let geometry = ImageGeometry { width: 640, height: 480, pixel: None, axis_column: 320.0, face_row: 10.0 };
    let of = |source| ScannerState { settings: ordinary(), geometry, source };
    for source in [SourceKind::Live, SourceKind::Simulated] {
        assert_eq!(of(source.clone()).known_settings(), Some(&ordinary()), "{source:?}");
    }
    assert_eq!(of(SourceKind::Recorded { name: "liver".into() }).known_settings(), None);
}

#[test]
fn each_picture_that_may_not_be_steered_by_is_a_cause_of_its_own() {
    for (health, cause) in [
        (PictureHealth::Good, None),
        (PictureHealth::Concealed, None),
        (PictureHealth::Frozen, Some(Cause::PictureFrozen)),
        (PictureHealth::FrozenByOperator, Some(Cause::FrozenByOperator)),
        (PictureHealth::Absent, Some(Cause::PictureStale)),
    ] {
        assert_eq!(Cause::of_picture(health), cause, "{health:?}");
    }
}

#[test]
fn joints_are_told_as_arms_are_labelled() {
    assert_eq!(Objection::Range(Joint(0)).to_string(), "joint 1 would have left its range");
    assert_eq!(Objection::SentJump(Joint(6)).to_string(), "the monitor saw joint 7 sent to jump");
}
