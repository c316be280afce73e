//! How a console's connection ended, and what those who stay are told of it.

use farprobe_proto::{DecodeError, Refusal, Severity};
use farprobe_transport::{CloseReason, Closed, FrameError};

/// Why a console's task ended; each is a line in the log.
#[derive(Debug, thiserror::Error)]
pub(super) enum Ended {
    #[error("said goodbye")]
    Goodbye,
    #[error("{0}")]
    Closed(#[from] Closed),
    #[error("broke the protocol: {0}")]
    Frame(FrameError),
    #[error("sent what is no message: {0}")]
    Decode(#[from] DecodeError),
    #[error("did not say hello in time")]
    NoHello,
    #[error("was refused: {0:?}")]
    Refused(Refusal),
    #[error("does not read what it is told")]
    Deaf,
    #[error("asks for more than it waits for")]
    Hasty,
}

impl From<FrameError> for Ended {
    fn from(error: FrameError) -> Self {
        match error {
            // Whichever of the connection's channels hears of its end first: it is the same end, and breaks no protocol.
            FrameError::Closed(closed) => Self::Closed(closed),
            error => Self::Frame(error),
        }
    }
}

impl Ended {
    /// What the other consoles and the log are told when the console called `name` has ended like this: who is to blame, and
    /// what to look at.
    pub(super) fn told(&self, name: &str) -> (Severity, String) {
        match self {
            Self::Goodbye => (Severity::Info, format!("console {name} left")),
            Self::Closed(closed) => told_closed(closed, name),
            Self::Frame(_) | Self::Decode(_) | Self::NoHello | Self::Refused(_) | Self::Deaf | Self::Hasty => {
                (Severity::Warning, format!("console {name} was let go: it {self}"))
            }
        }
    }
}

fn told_closed(closed: &Closed, name: &str) -> (Severity, String) {
    match closed {
        // Its goodbye may be overtaken by the end of the connection, which says the same.
        Closed::ByPeer { reason: CloseReason::Finished, .. } => (Severity::Info, format!("console {name} left")),
        Closed::ByPeer { reason: CloseReason::ShuttingDown, .. } => {
            (Severity::Info, format!("console {name} left: its program was stopped"))
        }
        Closed::ByUs => (Severity::Info, format!("console {name} was told goodbye by this cart")),
        Closed::ByPeer { reason: CloseReason::Unspecified, .. } => {
            let words =
                format!("console {name} ended without a goodbye: its program is to blame, look at that console");
            (Severity::Warning, words)
        }
        Closed::LinkLost => {
            let words = format!(
                "console {name} is lost: nothing was heard from it any more; look at the network, then whether that console \
                 still runs"
            );
            (Severity::Warning, words)
        }
        // Every other end names its side itself.
        closed => (Severity::Warning, format!("console {name} is lost: {closed}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn by_peer(reason: CloseReason) -> Ended {
        Closed::ByPeer { reason, detail: String::new() }.into()
    }

    #[test]
    fn a_console_that_closes_properly_left_and_nobody_is_warned() {
        for (ended, words) in [
            (Ended::Goodbye, "console desk left"),
            (by_peer(CloseReason::Finished), "console desk left"),
            (
                FrameError::from(Closed::ByPeer { reason: CloseReason::Finished, detail: String::new() }).into(),
                "console desk left",
            ),
            (by_peer(CloseReason::ShuttingDown), "console desk left: its program was stopped"),
        ] {
            assert_eq!(ended.told("desk"), (Severity::Info, words.to_owned()));
        }
    }

    #[test]
    fn a_lost_console_is_a_warning_that_names_who_is_to_blame() {
        for (ended, blame) in [
            (Closed::LinkLost.into(), "look at the network"),
            (FrameError::from(Closed::LinkLost).into(), "look at the network"),
            (by_peer(CloseReason::Unspecified), "its program is to blame"),
            (by_peer(CloseReason::Violation), "closed by the peer"),
            (Closed::Forgotten.into(), "or its program was started anew"),
            (Closed::Broken { detail: "x".into() }.into(), "check that both sides run the same version"),
            (Ended::Frame(FrameError::Truncated { missing: 2 }), "was let go: it broke the protocol: the peer ended"),
            (Ended::Deaf, "was let go: it does not read"),
        ] {
            let (severity, words) = ended.told("desk");
            assert!(severity == Severity::Warning && words.contains(blame), "{words}");
        }
    }
}
