//! The keys that mean something, and what they mean.

use std::collections::BTreeSet;

use crate::HandleButton;
use crate::handle::rate::{Deflection, Freedom};

/// A key of the keyboard that means something to this handle.
///
/// Stop and freeze are not among them: those keys belong to the window, which answers to them with any handle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "each is the key of that name")]
pub enum Key {
    Shift,
    A,
    D,
    E,
    I,
    J,
    K,
    L,
    O,
    Q,
    S,
    U,
    W,
    Left,
    Right,
    Up,
    Down,
    PageUp,
    PageDown,
    OpenBracket,
    CloseBracket,
    Comma,
    Period,
}

/// The enabling control: held, the hand moves the probe.
pub(super) const CLUTCH: Key = Key::Shift;

/// Each name a window may call a key by, the key, and what it does.
const KEYS: [(&str, Key, Meaning); 22] = [
    ("A", Key::A, Meaning::Push(Freedom::SlideLateral, -1.0)),
    ("D", Key::D, Meaning::Push(Freedom::SlideLateral, 1.0)),
    ("Left", Key::Left, Meaning::Push(Freedom::SlideLateral, -1.0)),
    ("Right", Key::Right, Meaning::Push(Freedom::SlideLateral, 1.0)),
    ("W", Key::W, Meaning::Push(Freedom::SlideElevational, -1.0)),
    ("S", Key::S, Meaning::Push(Freedom::SlideElevational, 1.0)),
    ("Up", Key::Up, Meaning::Push(Freedom::SlideElevational, -1.0)),
    ("Down", Key::Down, Meaning::Push(Freedom::SlideElevational, 1.0)),
    ("E", Key::E, Meaning::Push(Freedom::Press, 1.0)),
    ("Q", Key::Q, Meaning::Push(Freedom::Press, -1.0)),
    ("I", Key::I, Meaning::Push(Freedom::Fan, -1.0)),
    ("K", Key::K, Meaning::Push(Freedom::Fan, 1.0)),
    ("L", Key::L, Meaning::Push(Freedom::Rock, -1.0)),
    ("J", Key::J, Meaning::Push(Freedom::Rock, 1.0)),
    ("O", Key::O, Meaning::Push(Freedom::Rotate, 1.0)),
    ("U", Key::U, Meaning::Push(Freedom::Rotate, -1.0)),
    ("PageUp", Key::PageUp, Meaning::Press(HandleButton::ForceUp)),
    ("PageDown", Key::PageDown, Meaning::Press(HandleButton::ForceDown)),
    ("CloseBracket", Key::CloseBracket, Meaning::Press(HandleButton::DepthUp)),
    ("OpenBracket", Key::OpenBracket, Meaning::Press(HandleButton::DepthDown)),
    ("Period", Key::Period, Meaning::Press(HandleButton::GainUp)),
    ("Comma", Key::Comma, Meaning::Press(HandleButton::GainDown)),
];

#[derive(Debug, Clone, Copy, PartialEq)]
enum Meaning {
    /// Held, it pushes the probe this way.
    Push(Freedom, f64),
    /// Once for each press.
    Press(HandleButton),
}

impl Key {
    /// The key that a window toolkit calls `name` (`A`, `Left`, `PageUp`, `OpenBracket`); `None` for a key that means
    /// nothing here. Shift is a modifier in most toolkits: ask for it by itself.
    pub fn from_name(name: &str) -> Option<Self> {
        KEYS.iter().find(|(candidate, ..)| *candidate == name).map(|(_, key, _)| *key)
    }

    /// What a press of this key means, if it is a button.
    pub(super) fn button(self) -> Option<HandleButton> {
        KEYS.iter().find(|(_, key, _)| *key == self).and_then(|(.., meaning)| match meaning {
            Meaning::Press(button) => Some(*button),
            Meaning::Push(..) => None,
        })
    }
}

/// How far the keys held push the probe. Opposite keys cancel, and two keys for one direction push no more than one.
pub(super) fn deflection(held: &BTreeSet<Key>) -> Deflection {
    let mut axes = [0.0; 6];
    for (_, key, meaning) in &KEYS {
        if let Meaning::Push(freedom, sign) = meaning
            && held.contains(key)
        {
            axes[freedom.index()] += sign;
        }
    }
    Deflection::from_axes(axes).clamped()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_one_direction_add_up_to_a_full_push_and_opposite_ones_cancel() {
        let push = |keys: &[Key]| deflection(&keys.iter().copied().collect());
        assert_eq!(push(&[Key::A, Key::Left]).linear.x, -1.0);
        assert_eq!(push(&[Key::A, Key::Right]).linear.x, 0.0);
        assert_eq!(push(&[Key::E]).linear.z, 1.0);
        assert_eq!(push(&[Key::U, Key::I]), Deflection::from_axes([0.0, 0.0, 0.0, -1.0, 0.0, -1.0]));
        assert_eq!(push(&[Key::Shift, Key::PageUp]), Deflection::zero());
    }

    #[test]
    fn each_key_has_one_name_and_one_meaning() {
        let keys: BTreeSet<Key> = KEYS.iter().map(|(_, key, _)| *key).collect();
        assert_eq!(keys.len(), KEYS.len());
        for (name, key, _) in KEYS {
            assert_eq!(Key::from_name(name), Some(key));
        }
        for window_key in ["Space", "Escape", "F", "Shift", ""] {
            assert_eq!(Key::from_name(window_key), None);
        }
    }
}
