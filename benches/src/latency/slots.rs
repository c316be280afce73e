//! Who has a turn when.

use super::layout::Placed;

/// The floor, and the same program a second time.
pub(crate) const FLOOR: &str = "floor";
/// The A/A pair of [`FLOOR`].
pub(crate) const FLOOR_AGAIN: &str = "floor-again";

/// A turn of one subject.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Slot {
    /// Counts from 1.
    pub(crate) round: u32,
    pub(crate) placed: Placed,
    pub(crate) subject: &'static str,
    /// The same for all subjects of a round and layout, and another in the next.
    pub(crate) seed: u64,
}

/// All turns of a run, in their order. In each round every subject has its turn in every layout, one after the other; who
/// begins changes from round to round, for the first after another layout was seen to be slower than the same program later.
pub(crate) fn slots(subjects: &[&'static str], layouts: &[Placed], rounds: u32, seed: u64) -> Vec<Slot> {
    let mut slots = Vec::new();
    for round in 1..=rounds {
        for placed in layouts {
            let seed = seed.wrapping_mul(1_000_003).wrapping_add(u64::from(round));
            let mut order = subjects.to_vec();
            let shift = (round - 1) as usize % subjects.len().max(1);
            order.rotate_left(shift);
            slots.extend(order.into_iter().map(|subject| Slot { round, placed: *placed, subject, seed }));
        }
    }
    slots
}

#[cfg(test)]
mod tests {
    use super::super::layout::Layout;
    use super::*;

    #[test]
    fn every_subject_has_its_turn_in_each_round_and_not_always_the_same_begins() {
        let layouts = [Layout::Free, Layout::Apart].map(|layout| Placed { layout, sender: None, receiver: None });
        let slots = slots(&["a", "b", "c"], &layouts, 2, 7);
        let names: String = slots.iter().map(|slot| slot.subject).collect();
        assert_eq!(names, "abcabcbcabca");
        assert_eq!(slots[0].seed, slots[5].seed);
        assert_ne!(slots[0].seed, slots[6].seed);
        assert_eq!((slots[5].round, slots[6].round), (1, 2));
    }
}
