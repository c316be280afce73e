//! The reports of 3Dconnexion's 6-DoF mice, as their HID descriptors have them.

/// How far the cap goes, counts: each axis reports about −350 to 350.
pub const FULL_DEFLECTION: f64 = 350.0;

/// One report. Axes are in the device's own frame: x right, y towards the user, z down; turns are right-handed about them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Report {
    /// How far the cap is pushed, counts. Older models send this and the turns one after the other.
    Translation([i16; 3]),
    /// How far the cap is turned, counts.
    Rotation([i16; 3]),
    /// Both in one, pushes first, counts.
    Motion([i16; 6]),
    /// Which buttons are down, the first in the lowest bit.
    Buttons(u32),
}

impl Report {
    /// Reads a report, its number first. `None` if it is cut short or says nothing of interest (battery, lamp).
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let (number, body) = bytes.split_first()?;
        match number {
            1 => axes::<6>(body).map(Self::Motion).or_else(|| axes::<3>(body).map(Self::Translation)),
            2 => axes::<3>(body).map(Self::Rotation),
            3 if !body.is_empty() => {
                let bits = body.iter().take(4).enumerate();
                Some(Self::Buttons(bits.fold(0, |all, (index, byte)| all | u32::from(*byte) << (8 * index))))
            }
            _ => None,
        }
    }
}

/// The first `N` numbers of 16 bits, little endian.
fn axes<const N: usize>(body: &[u8]) -> Option<[i16; N]> {
    let numbers = body.as_chunks::<2>().0.first_chunk::<N>()?;
    Some(numbers.map(i16::from_le_bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn older_models_send_pushes_and_turns_apart_and_newer_ones_together() {
        assert_eq!(Report::parse(&[1, 0x5E, 0x01, 0xA2, 0xFE, 0, 0]), Some(Report::Translation([350, -350, 0])));
        assert_eq!(Report::parse(&[2, 1, 0, 0, 0, 0xFF, 0xFF]), Some(Report::Rotation([1, 0, -1])));
        let both = [1, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 0xFA, 0xFF];
        assert_eq!(Report::parse(&both), Some(Report::Motion([1, 2, 3, 4, 5, -6])));
    }

    #[test]
    fn buttons_are_bits() {
        assert_eq!(Report::parse(&[3, 0b10]), Some(Report::Buttons(2)));
        assert_eq!(Report::parse(&[3, 1, 0, 0, 0x80, 7]), Some(Report::Buttons(0x8000_0001)));
    }

    #[test]
    fn what_is_cut_short_or_means_nothing_is_passed_over() {
        for bytes in [&[][..], &[1], &[1, 0, 0, 0, 0, 0], &[2, 1, 0], &[3], &[0x17, 80, 0], &[4, 1]] {
            assert_eq!(Report::parse(bytes), None, "{bytes:?}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_parser_panic(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            let _ = Report::parse(&bytes);
        }
    }
}
