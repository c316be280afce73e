//! Access units to RTP payloads and back (RFC 6184, packetization mode 1).

use bytes::{BufMut, Bytes, BytesMut};

use crate::codec::nal::{self, START_CODE, kind};

/// The longest payload, bytes. With RTP header (12), SRTP tag (16), UDP and IPv6 headers (48) a packet is 1236 bytes, within
/// the 1280 that every IPv6 path carries.
pub(crate) const MAX_PAYLOAD: usize = 1160;

/// `F` and `NRI` of a NAL header.
const FORBIDDEN_BIT: u8 = 0x80;
/// See [`FORBIDDEN_BIT`].
const REFERENCE_BITS: u8 = 0x60;
/// `S` of a fragmentation header: the unit's first fragment.
const START: u8 = 0x80;
/// `E` of a fragmentation header: the unit's last fragment.
const END: u8 = 0x40;

/// The payloads of one access unit (annex B), in order. Small units share a payload, large ones are cut.
pub(crate) fn split(access_unit: &Bytes) -> Vec<Bytes> {
    let mut payloads = Vec::new();
    let mut small = Vec::new();
    for unit in nal::units(access_unit) {
        match nal::kind_of(unit) {
            // Worth nothing to a decoder that is told where units end.
            None | Some(kind::ACCESS_UNIT_DELIMITER | kind::FILLER) => {}
            Some(_) if unit.len() > MAX_PAYLOAD => {
                flush(&mut small, &mut payloads);
                fragment(&access_unit.slice_ref(unit), &mut payloads);
            }
            Some(_) => {
                if aggregate_length(&small) + 2 + unit.len() > MAX_PAYLOAD {
                    flush(&mut small, &mut payloads);
                }
                small.push(access_unit.slice_ref(unit));
            }
        }
    }
    flush(&mut small, &mut payloads);
    payloads
}

/// The length these units have as one payload.
fn aggregate_length(units: &[Bytes]) -> usize {
    1 + units.iter().map(|unit| 2 + unit.len()).sum::<usize>()
}

/// Makes one payload of the units that wait.
fn flush(units: &mut Vec<Bytes>, payloads: &mut Vec<Bytes>) {
    if units.len() < 2 {
        payloads.append(units);
        return;
    }
    let mut payload = BytesMut::with_capacity(aggregate_length(units));
    let forbidden = units.iter().map(|unit| unit[0] & FORBIDDEN_BIT).max().unwrap_or(0);
    let reference = units.iter().map(|unit| unit[0] & REFERENCE_BITS).max().unwrap_or(0);
    payload.put_u8(forbidden | reference | kind::STAP_A);
    for unit in units.drain(..) {
        payload.put_u16(unit.len() as u16);
        payload.put(unit);
    }
    payloads.push(payload.freeze());
}

/// Cuts a unit into fragments.
fn fragment(unit: &Bytes, payloads: &mut Vec<Bytes>) {
    let header = unit[0];
    let body = &unit[1..];
    let count = body.len().div_ceil(MAX_PAYLOAD - 2);
    for (index, part) in body.chunks(MAX_PAYLOAD - 2).enumerate() {
        let start = if index == 0 { START } else { 0 };
        let end = if index + 1 == count { END } else { 0 };
        let mut payload = BytesMut::with_capacity(part.len() + 2);
        payload.put_u8(header & (FORBIDDEN_BIT | REFERENCE_BITS) | kind::FU_A);
        payload.put_u8(start | end | header & 0x1f);
        payload.put_slice(part);
        payloads.push(payload.freeze());
    }
}

/// Whether a payload can be the first of an access unit: all but the later fragments of a unit.
pub(crate) fn can_begin(payload: &[u8]) -> bool {
    match payload {
        [header, fragment_header, ..] if header & 0x1f == kind::FU_A => fragment_header & START != 0,
        _ => true,
    }
}

/// The peer sent payloads that are no access unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Malformed;

/// The access unit (annex B) of these payloads, which must be all of them and in order.
pub(crate) fn join<'a>(payloads: impl Iterator<Item = &'a [u8]>) -> Result<Vec<u8>, Malformed> {
    let mut access_unit = Vec::new();
    let mut fragment_open = false;
    for payload in payloads {
        let (&header, rest) = payload.split_first().ok_or(Malformed)?;
        let payload_kind = header & 0x1f;
        if fragment_open && payload_kind != kind::FU_A {
            return Err(Malformed);
        }
        match payload_kind {
            1..=23 => {
                access_unit.extend_from_slice(&START_CODE);
                access_unit.extend_from_slice(payload);
            }
            kind::STAP_A => join_aggregate(rest, &mut access_unit)?,
            kind::FU_A => {
                let (&fragment_header, part) = rest.split_first().ok_or(Malformed)?;
                if (fragment_header & START != 0) == fragment_open {
                    return Err(Malformed);
                }
                if !fragment_open {
                    access_unit.extend_from_slice(&START_CODE);
                    access_unit.push(header & (FORBIDDEN_BIT | REFERENCE_BITS) | fragment_header & 0x1f);
                }
                access_unit.extend_from_slice(part);
                fragment_open = fragment_header & END == 0;
            }
            _ => return Err(Malformed),
        }
    }
    if fragment_open || access_unit.is_empty() { Err(Malformed) } else { Ok(access_unit) }
}

fn join_aggregate(mut rest: &[u8], access_unit: &mut Vec<u8>) -> Result<(), Malformed> {
    while !rest.is_empty() {
        let (length, after) = rest.split_first_chunk::<2>().ok_or(Malformed)?;
        let (unit, after) = after.split_at_checked(usize::from(u16::from_be_bytes(*length))).ok_or(Malformed)?;
        access_unit.extend_from_slice(&START_CODE);
        access_unit.extend_from_slice(unit);
        rest = after;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn stream(units: &[Vec<u8>]) -> Bytes {
        let mut bytes = Vec::new();
        for unit in units {
            bytes.extend_from_slice(&START_CODE);
            bytes.extend_from_slice(unit);
        }
        bytes.into()
    }

    fn joined(payloads: &[Bytes]) -> Result<Vec<u8>, Malformed> {
        join(payloads.iter().map(|payload| &payload[..]))
    }

    #[test]
    fn parameter_sets_and_stamp_share_a_packet_and_a_slice_is_cut() {
        let unit = stream(&[vec![0x67; 12], vec![0x68; 6], vec![0x06; 130], vec![0x65; 5000]]);
        let payloads = split(&unit);
        assert_eq!(payloads[0][0], 0x78);
        assert_eq!(payloads.len(), 1 + 5000_usize.div_ceil(MAX_PAYLOAD - 2));
        assert!(payloads.iter().all(|payload| payload.len() <= MAX_PAYLOAD));
        assert_eq!(joined(&payloads), Ok(unit.to_vec()));
    }

    #[test]
    fn a_missing_fragment_is_noticed() {
        let payloads = split(&stream(&[vec![0x65; 5000]]));
        for missing in 0..payloads.len() {
            let mut rest = payloads.clone();
            rest.remove(missing);
            // A gap in the middle shows in the sequence numbers only; this function's part is the ends.
            let result = joined(&rest);
            if missing == 0 || missing == payloads.len() - 1 {
                assert_eq!(result, Err(Malformed));
            }
        }
        assert_eq!(joined(&[]), Err(Malformed));
    }

    proptest! {
        #[test]
        fn what_is_split_is_joined_again(
            units in proptest::collection::vec((1_u8..=5, proptest::collection::vec(1_u8..=255, 0..3000)), 1..6)
        ) {
            let units: Vec<Vec<u8>> = units.into_iter().map(|(kind, body)| [vec![0x60 | kind], body].concat()).collect();
            let unit = stream(&units);
            prop_assert_eq!(joined(&split(&unit)), Ok(unit.to_vec()));
        }

        #[test]
        fn any_payloads_do_no_harm(
            payloads in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..20), 0..6),
            kinds in proptest::collection::vec(prop_oneof![Just(24_u8), Just(28), any::<u8>()], 6),
        ) {
            let mut payloads = payloads;
            for (payload, kind) in payloads.iter_mut().zip(kinds) {
                if let Some(first) = payload.first_mut() {
                    *first = kind;
                }
            }
            let _ = join(payloads.iter().map(|payload| &payload[..]));
        }
    }
}
