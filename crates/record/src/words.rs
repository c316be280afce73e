//! Names of the protocol as words for people.

use std::fmt::{Debug, Write};

use farprobe_proto::{Cause, Transition};

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

/// The words for a cause of the ladder.
pub(crate) fn cause(cause: Cause) -> String {
    match cause {
        Cause::Refused(objection) => format!("refused, since {objection}"),
        plain => words(&plain),
    }
}

/// The words for a cause, with what began it where time alone would be no answer: "timed out after link lost".
pub(crate) fn causes(why: Cause, origin: Cause) -> String {
    if why == origin { cause(why) } else { format!("{} after {}", cause(why), cause(origin)) }
}

/// A step of the ladder in one line: from where, to where, and why.
pub fn transition_words(Transition { from, to, cause, origin, .. }: &Transition) -> String {
    format!("{} → {}: {}", words(from), words(to), causes(*cause, *origin))
}

#[cfg(test)]
mod tests {
    use super::*;
    use farprobe_geom::Time;
    use farprobe_proto::{Joint, Ladder, Objection};

    #[test]
    fn names_become_words() {
        assert_eq!(words(&Cause::ClutchNotSeenOpen), "clutch not seen open");
        assert_eq!(words(&Ladder::EStop), "e-stop");
        assert_eq!(words(&Ladder::Idle), "idle");
    }

    #[test]
    fn a_refusal_says_what_was_refused() {
        let cause = Cause::Refused(Objection::Range(Joint(3)));
        let (from, to, origin) = (Ladder::Engaged, Ladder::Soften, cause);
        let step = Transition { at: Time::ZERO, from, to, cause, origin, epoch: None };
        assert_eq!(transition_words(&step), "engaged → soften: refused, since joint 4 would have left its range");
    }

    #[test]
    fn a_step_of_time_says_what_began_it() {
        let (from, to, cause, origin) = (Ladder::Soften, Ladder::Release, Cause::TimedOut, Cause::LinkLost);
        let step = Transition { at: Time::ZERO, from, to, cause, origin, epoch: None };
        assert_eq!(transition_words(&step), "soften → release: timed out after link lost");
    }
}
