//! What the pictures are measured on.

use std::time::Duration;

use clap::ValueEnum;
use farprobe_impair::link::Link;
use farprobe_sim::link::{
    Act, Change, Jitter, LineProfile, LinkProfile, LinkState, Loss, Probability, Rate, Script, Ways,
};

/// What lies between cart and desk, and what happens to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Case {
    /// Nothing: this machine's own loopback.
    Loopback,
    /// 25 ± 5 ms, 1 % lost, 10 Mbit/s with a queue of 40 kB. Needs root, as do the next two.
    Lossy,
    /// 25 ± 5 ms, 10 Mbit/s with a queue of 40 kB, and for 2 s nothing at all.
    Blackout,
    /// 25 ± 5 ms, 10 Mbit/s with a queue of 40 kB, but for 10 s 2 Mbit/s.
    Drop,
}

/// When it happens to the line, since the line began: by then cart and desk have met and the pictures have settled.
const HAPPENS_AT: Duration = Duration::from_secs(10);

/// For this time before it counts.
const BEFORE: Duration = Duration::from_secs(3);

const BLACKOUT: Duration = Duration::from_secs(2);
const AFTER_BLACKOUT: Duration = Duration::from_secs(4);

const DROP: Duration = Duration::from_secs(10);
const AFTER_DROP: Duration = Duration::from_secs(6);

/// Something that happens to the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Event {
    /// Since the line began.
    pub(super) at: Duration,
    pub(super) lasts: Duration,
    /// What is measured before and after it.
    pub(super) around: [Duration; 2],
    pub(super) kind: EventKind,
}

/// What happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum EventKind {
    /// The line carries nothing.
    Blackout,
    /// It carries less.
    Drop,
}

impl EventKind {
    /// What is the case while it lasts.
    pub(super) const fn during(self) -> &'static str {
        match self {
            Self::Blackout => "nothing gets through",
            Self::Drop => "2 Mbit/s",
        }
    }

    /// What ends it.
    pub(super) const fn end(self) -> &'static str {
        match self {
            Self::Blackout => "the line carries again",
            Self::Drop => "the line carries 10 Mbit/s again",
        }
    }
}

impl Case {
    pub(super) const ALL: [Self; 4] = [Self::Loopback, Self::Lossy, Self::Blackout, Self::Drop];

    /// The line, if there is one.
    pub(super) fn line(self) -> Option<Link> {
        let ms = Duration::from_millis;
        // As lossy-25ms has it: 20 to 30 ms, in order.
        let steady = LinkProfile {
            delay: ms(20),
            jitter: Jitter::Uniform(ms(10)),
            rate: Some(Rate::mbit(10)),
            queue_bytes: 40_000,
            ..LinkProfile::PERFECT
        };
        let act = |at, change| Act { at, ways: Ways::Both, change };
        let script = |first, lasts, then| Script::once(vec![act(HAPPENS_AT, first), act(HAPPENS_AT + lasts, then)]);
        let profile = match self {
            Self::Loopback => return None,
            Self::Lossy => {
                let loss = Loss::Random(Probability::literal(0.01));
                LineProfile::symmetric(LinkProfile { loss, ..steady })
            }
            Self::Blackout => {
                let script = script(Change::State(LinkState::Cut), BLACKOUT, Change::State(LinkState::Up));
                LineProfile { script, ..LineProfile::symmetric(steady) }
            }
            Self::Drop => {
                let slow = LinkProfile { rate: Some(Rate::mbit(2)), ..steady };
                let script = script(Change::Profile(slow), DROP, Change::Profile(steady));
                LineProfile { script, ..LineProfile::symmetric(steady) }
            }
        };
        Some(Link { name: self.label().to_owned(), profile })
    }

    /// What it is called in results.
    pub(super) const fn label(self) -> &'static str {
        match self {
            Self::Loopback => "none",
            Self::Lossy => "25±5 ms, 1 % lost, 10 Mbit/s",
            Self::Blackout => "25±5 ms, 10 Mbit/s, 2 s blackout",
            Self::Drop => "25±5 ms, 10 Mbit/s, 2 Mbit/s for 10 s",
        }
    }

    /// What it is called on the command line.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Loopback => "loopback",
            Self::Lossy => "lossy",
            Self::Blackout => "blackout",
            Self::Drop => "drop",
        }
    }

    /// What happens to the line, if anything does.
    pub(super) const fn event(self) -> Option<Event> {
        let (lasts, after, kind) = match self {
            Self::Loopback | Self::Lossy => return None,
            Self::Blackout => (BLACKOUT, AFTER_BLACKOUT, EventKind::Blackout),
            Self::Drop => (DROP, AFTER_DROP, EventKind::Drop),
        };
        Some(Event { at: HAPPENS_AT, lasts, around: [BEFORE, after], kind })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_happens_to_a_line_is_in_its_script() {
        for case in Case::ALL {
            let line = case.line();
            assert_eq!(line.is_none(), case == Case::Loopback);
            let acts: Vec<Duration> =
                line.iter().flat_map(|line| line.profile.script.acts()).map(|act| act.at).collect();
            let event: Vec<Duration> =
                case.event().iter().flat_map(|event| [event.at, event.at + event.lasts]).collect();
            assert_eq!(acts, event, "{case:?}");
            assert_eq!(Case::from_str(case.word(), false), Ok(case));
        }
    }
}
