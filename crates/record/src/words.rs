//! Names of the protocol as words for people.

use std::fmt::{Debug, Write};

/// A variant's name in lower-case words: `ClutchOpened` becomes "clutch opened". Short forms stay whole: `EStop` is "e-stop".
pub(crate) fn words(name: &impl Debug) -> String {
    let name = format!("{name:?}");
    let mut words = String::with_capacity(name.len() + 4);
    let mut before: Option<char> = None;
    let mut run = 0;
    for letter in name.chars() {
        if letter.is_uppercase() && before.is_some() {
            words.push(if run == 1 { '-' } else { ' ' });
            run = 0;
        }
        run += 1;
        // Writing to a `String` can't fail.
        let _ = write!(words, "{}", letter.to_lowercase());
        before = Some(letter);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use farprobe_proto::{Cause, Ladder};

    #[test]
    fn names_become_words() {
        assert_eq!(words(&Cause::ClutchNotSeenOpen), "clutch not seen open");
        assert_eq!(words(&Ladder::EStop), "e-stop");
        assert_eq!(words(&Ladder::Idle), "idle");
    }
}
