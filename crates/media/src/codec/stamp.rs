//! The picture's own data, carried in the H.264 stream as an SEI `user_data_unregistered` message (clause D.1.7).
//!
//! A decoder that does not know Farprobe skips it; a recording keeps it.

use farprobe_proto::{PictureStamp, Wire};

use super::nal::{self, START_CODE, kind};

/// Marks a `user_data_unregistered` message as a Farprobe picture stamp, first layout. Drawn at random once; a stamp of
/// another layout gets another UUID.
const STAMP_UUID: [u8; 16] =
    [0x4f, 0xa1, 0x7b, 0x0e, 0x93, 0x5c, 0x4d, 0x26, 0xb8, 0x1f, 0x60, 0xd9, 0x2a, 0xc4, 0x77, 0xe5];
/// `payloadType` of `user_data_unregistered` (table D-1).
const USER_DATA_UNREGISTERED: usize = 5;
/// `rbsp_trailing_bits` of a byte-aligned payload.
const TRAILING_BITS: u8 = 0x80;

/// The access unit with the stamp placed before its first slice. Without a slice nothing is changed.
pub(crate) fn with_stamp(access_unit: &[u8], stamp: &PictureStamp) -> Vec<u8> {
    let first_slice = nal::locate(access_unit).find(|located| nal::is_slice(&access_unit[located.unit.clone()]));
    let (Some(first_slice), Some(payload)) = (first_slice, stamp.encode()) else { return access_unit.to_vec() };
    // A start code of four bytes belongs to its unit as a whole.
    let mut place = first_slice.start_code;
    if place > 0 && access_unit[place - 1] == 0 {
        place -= 1;
    }
    let mut stamped = Vec::with_capacity(access_unit.len() + payload.len() + 64);
    stamped.extend_from_slice(&access_unit[..place]);
    stamped.extend_from_slice(&START_CODE);
    stamped.push(kind::SEI);
    nal::escape(&message(&payload), &mut stamped);
    stamped.extend_from_slice(&access_unit[place..]);
    stamped
}

/// The SEI payload before escaping: type, size, UUID, data, trailing bits.
fn message(payload: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(payload.len() + STAMP_UUID.len() + 4);
    push_number(USER_DATA_UNREGISTERED, &mut bytes);
    push_number(STAMP_UUID.len() + payload.len(), &mut bytes);
    bytes.extend_from_slice(&STAMP_UUID);
    bytes.extend_from_slice(payload);
    bytes.push(TRAILING_BITS);
    bytes
}

/// Writes a type or size as SEI does: 255 for each full 255, then the rest.
fn push_number(mut number: usize, bytes: &mut Vec<u8>) {
    while number >= 255 {
        bytes.push(255);
        number -= 255;
    }
    bytes.push(number as u8);
}

/// Reads a type or size, and gives the bytes after it.
fn take_number(mut bytes: &[u8]) -> Option<(usize, &[u8])> {
    let mut number = 0_usize;
    loop {
        let (&byte, rest) = bytes.split_first()?;
        number = number.checked_add(usize::from(byte))?;
        bytes = rest;
        if byte != 255 {
            return Some((number, bytes));
        }
    }
}

/// The stamp inside an access unit (annex B), if it holds a valid one. Any bytes may be given.
pub fn stamp_of(access_unit: &[u8]) -> Option<PictureStamp> {
    nal::units(access_unit).filter(|unit| nal::kind_of(unit) == Some(kind::SEI)).find_map(|unit| {
        let payload = nal::unescape(unit.get(1..)?);
        stamp_in(&payload)
    })
}

/// The stamp among the messages of one SEI unit.
fn stamp_in(mut messages: &[u8]) -> Option<PictureStamp> {
    // Less than type, size and trailing bits is no message.
    while messages.len() > 2 {
        let (payload_type, rest) = take_number(messages)?;
        let (size, rest) = take_number(rest)?;
        let (payload, rest) = rest.split_at_checked(size)?;
        if payload_type == USER_DATA_UNREGISTERED
            && let Some(stamp) = payload.strip_prefix(&STAMP_UUID)
        {
            return PictureStamp::decode(stamp).ok();
        }
        messages = rest;
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::testing::stamp;

    /// An access unit as an encoder makes it: parameter sets, then a slice.
    fn access_unit() -> Vec<u8> {
        let mut bytes = Vec::new();
        for unit in [&[0x67, 0x42, 0xc0][..], &[0x68, 0xce], &[0x65, 0x88, 0x84, 0x21]] {
            bytes.extend_from_slice(&START_CODE);
            bytes.extend_from_slice(unit);
        }
        bytes
    }

    #[test]
    fn the_stamp_stands_before_the_first_slice_and_nothing_else_changes() {
        let stamped = with_stamp(&access_unit(), &stamp(7));
        let kinds: Vec<_> = nal::units(&stamped).filter_map(nal::kind_of).collect();
        assert_eq!(kinds, [7, 8, 6, 5]);
        let others: Vec<_> = nal::units(&stamped).filter(|unit| nal::kind_of(unit) != Some(6)).collect();
        assert_eq!(others, nal::units(&access_unit()).collect::<Vec<_>>());
        assert_eq!(stamp_of(&stamped), Some(stamp(7)));
    }

    #[test]
    fn a_stamp_full_of_zeros_is_escaped_and_comes_back() {
        // Times of small value and an identity pose make long runs of zeros: the case emulation prevention is for.
        let zeros = PictureStamp { number: 0, applied_sequence: 0, epoch: None, ..stamp(0) };
        let stamped = with_stamp(&access_unit(), &zeros);
        let sei = nal::units(&stamped).find(|unit| nal::kind_of(unit) == Some(kind::SEI)).unwrap();
        assert!(sei.windows(4).any(|w| w[..3] == [0, 0, 3]), "nothing was escaped: the test lost its point");
        assert_eq!(stamp_of(&stamped), Some(zeros));
    }

    #[test]
    fn a_message_of_somebody_else_is_skipped() {
        let stamped = with_stamp(&access_unit(), &stamp(9));
        let mut foreign = START_CODE.to_vec();
        foreign.extend_from_slice(&[kind::SEI, 1, 2, 0xaa, 0xbb, TRAILING_BITS]);
        foreign.extend_from_slice(&stamped);
        assert_eq!(stamp_of(&foreign), Some(stamp(9)));
    }

    proptest! {
        #[test]
        fn every_stamp_comes_back(number: u64, captured: u64, sequence: u64, force in -1e3..1e3_f64) {
            let given = PictureStamp {
                captured_at: farprobe_geom::Time::from_nanos(captured),
                applied_sequence: sequence,
                force: farprobe_geom::Newton::new(force).unwrap(),
                ..stamp(number)
            };
            prop_assert_eq!(stamp_of(&with_stamp(&access_unit(), &given)), Some(given));
        }

        #[test]
        fn garbage_has_no_stamp_and_does_no_harm(bytes in proptest::collection::vec(any::<u8>(), 0..256)) {
            let mut unit = START_CODE.to_vec();
            unit.push(kind::SEI);
            unit.extend_from_slice(&bytes);
            prop_assert_eq!(stamp_of(&unit), None);
            prop_assert_eq!(stamp_of(&bytes), None);
        }

        #[test]
        fn a_truncated_or_altered_stamp_does_no_harm(cut in 0_usize..200, at in 0_usize..200, with: u8) {
            let mut stamped = with_stamp(&access_unit(), &stamp(3));
            let length = stamped.len();
            stamped[at % length] = with;
            stamped.truncate(cut);
            let _ = stamp_of(&stamped);
        }
    }
}
