//! Somebody on the line.

use crate::chance::Chance;

/// How often somebody on the line tampers with a datagram. The programs' datagrams are authenticated, and what was altered on
/// the way never gets as far as the decoder. The world has it delivered all the same: nobody may be hurt even then.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Tampering {
    /// Probability that one bit of a datagram is flipped.
    pub flip: f64,
    /// Probability that an old datagram of this line is delivered once more.
    pub replay: f64,
}

impl Tampering {
    /// Nobody is on the line.
    pub const NONE: Self = Self { flip: 0.0, replay: 0.0 };
}

/// How many old datagrams are kept for replay: a quarter of a second of them, and one of long ago.
const KEPT: usize = 128;

/// The one who tampers.
#[derive(Debug, Clone)]
pub(crate) struct Tamperer {
    how: Tampering,
    chance: Chance,
    kept: Vec<Vec<u8>>,
    seen: usize,
}

impl Tamperer {
    pub(crate) fn new(how: Tampering, seed: u64) -> Self {
        Self { how, chance: Chance::new(seed), kept: Vec::new(), seen: 0 }
    }

    pub(crate) fn set(&mut self, how: Tampering) {
        self.how = how;
    }

    /// Takes a datagram in the middle of its way. Gives an old one that is to be delivered too.
    pub(crate) fn touch(&mut self, datagram: &mut [u8]) -> Option<Vec<u8>> {
        if self.how == Tampering::NONE {
            return None;
        }
        let replayed = if self.chance.hits(self.how.replay) {
            let which = self.chance.below(self.kept.len());
            self.kept.get(which).cloned()
        } else {
            None
        };
        self.keep(datagram);
        if self.chance.hits(self.how.flip) {
            let bit = self.chance.below(datagram.len() * 8);
            if let Some(byte) = datagram.get_mut(bit / 8) {
                *byte ^= 1 << (bit % 8);
            }
        }
        replayed
    }

    /// The first one is kept for ever: it is the one of long ago.
    fn keep(&mut self, datagram: &[u8]) {
        if self.kept.len() < KEPT {
            self.kept.push(datagram.to_vec());
        } else if let Some(place) = self.kept.get_mut(1 + self.seen % (KEPT - 1)) {
            place.clear();
            place.extend_from_slice(datagram);
        }
        self.seen += 1;
    }
}
