//! NAL units of an H.264 byte stream (ITU-T H.264 annex B).

use std::ops::Range;

/// `nal_unit_type` values (table 7-1) that Farprobe tells apart.
pub(crate) mod kind {
    pub(crate) const IDR_SLICE: u8 = 5;
    pub(crate) const SEI: u8 = 6;
    pub(crate) const ACCESS_UNIT_DELIMITER: u8 = 9;
    pub(crate) const FILLER: u8 = 12;
    /// Aggregation packet of RFC 6184, never in a byte stream.
    pub(crate) const STAP_A: u8 = 24;
    /// Fragmentation unit of RFC 6184, never in a byte stream.
    pub(crate) const FU_A: u8 = 28;
}

/// What precedes each NAL unit.
pub(crate) const START_CODE: [u8; 4] = [0, 0, 0, 1];

/// The `nal_unit_type` of a unit; `None` for an empty one.
pub(crate) fn kind_of(unit: &[u8]) -> Option<u8> {
    unit.first().map(|header| header & 0x1f)
}

/// Whether a unit is a slice of a picture (types 1 to 5).
pub(crate) fn is_slice(unit: &[u8]) -> bool {
    kind_of(unit).is_some_and(|kind| (1..=5).contains(&kind))
}

/// Where one NAL unit stands in a byte stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Located {
    /// Where its start code begins.
    pub(crate) start_code: usize,
    /// The unit itself: header and payload, without trailing zeros.
    pub(crate) unit: Range<usize>,
}

/// The NAL units of a byte stream, in order. Bytes before the first start code are no unit.
pub(crate) fn locate(stream: &[u8]) -> impl Iterator<Item = Located> + '_ {
    let mut from = next_start_code(stream, 0);
    std::iter::from_fn(move || {
        let (start_code, start) = from?;
        from = next_start_code(stream, start);
        let mut end = from.map_or(stream.len(), |(next, _)| next);
        // A unit never ends in a zero byte: zeros there are `trailing_zero_8bits` or belong to the next start code.
        while end > start && stream[end - 1] == 0 {
            end -= 1;
        }
        Some(Located { start_code, unit: start..end })
    })
}

/// The NAL units of a byte stream, in order, without empty ones.
pub(crate) fn units(stream: &[u8]) -> impl Iterator<Item = &[u8]> {
    locate(stream).map(|located| &stream[located.unit]).filter(|unit| !unit.is_empty())
}

/// Whether an access unit (annex B) holds a key picture, which needs nothing of what came before.
pub(crate) fn has_key_picture(stream: &[u8]) -> bool {
    units(stream).any(|unit| kind_of(unit) == Some(kind::IDR_SLICE))
}

/// The next `00 00 01` at or after `from`: where it begins, and where the unit after it begins.
fn next_start_code(stream: &[u8], from: usize) -> Option<(usize, usize)> {
    let found = stream.get(from..)?.windows(3).position(|window| window == [0, 0, 1])?;
    Some((from + found, from + found + 3))
}

/// Puts an emulation prevention byte wherever a payload would imitate a start code (clause 7.4.1).
pub(crate) fn escape(payload: &[u8], into: &mut Vec<u8>) {
    let mut zeros = 0;
    for &byte in payload {
        if zeros >= 2 && byte <= 3 {
            into.push(3);
            zeros = 0;
        }
        zeros = if byte == 0 { zeros + 1 } else { 0 };
        into.push(byte);
    }
}

/// Takes the emulation prevention bytes out again.
pub(crate) fn unescape(escaped: &[u8]) -> Vec<u8> {
    let mut payload = Vec::with_capacity(escaped.len());
    let mut zeros = 0;
    for &byte in escaped {
        if zeros >= 2 && byte == 3 {
            zeros = 0;
            continue;
        }
        zeros = if byte == 0 { zeros + 1 } else { 0 };
        payload.push(byte);
    }
    payload
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn units_are_found_behind_short_and_long_start_codes() {
        let stream = [0, 0, 0, 1, 0x67, 7, 0, 0, 1, 0x68, 8, 0, 0, 0, 0, 1, 0x65, 5];
        let found: Vec<_> = units(&stream).collect();
        assert_eq!(found, [&[0x67, 7][..], &[0x68, 8], &[0x65, 5]]);
        assert!(is_slice(found[2]));
        assert!(!is_slice(found[0]));
    }

    #[test]
    fn an_escaped_payload_holds_no_start_code() {
        let mut escaped = Vec::new();
        escape(&[0, 0, 0, 0, 0, 1, 0, 0, 2, 0, 0, 3], &mut escaped);
        assert_eq!(escaped, [0, 0, 3, 0, 0, 3, 0, 1, 0, 0, 3, 2, 0, 0, 3, 3]);
    }

    proptest! {
        #[test]
        fn escaping_is_undone(payload in proptest::collection::vec(0_u8..5, 0..64)) {
            let mut escaped = Vec::new();
            escape(&payload, &mut escaped);
            prop_assert!(!escaped.windows(3).any(|w| w[..2] == [0, 0] && w[2] < 3));
            prop_assert_eq!(unescape(&escaped), payload);
        }

        #[test]
        fn any_bytes_have_units_within_their_bounds(stream in proptest::collection::vec(0_u8..3, 0..64)) {
            let mut end = 0;
            for located in locate(&stream) {
                prop_assert!(located.start_code >= end);
                prop_assert!(located.unit.start <= located.unit.end && located.unit.end <= stream.len());
                end = located.unit.end;
            }
        }
    }
}
