//! How a connection ended, and who ended it.

use quinn_proto::{ConnectionError, VarInt};

/// The longest text from a peer that is kept, in characters: it goes to a screen or a log.
const MAX_DETAIL_CHARS: usize = 200;

/// Why one side closes a connection. The number of each is what travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CloseReason {
    /// No reason was given; the program dropped the connection.
    Unspecified,
    /// The exam, or what else it was for, is over.
    Finished,
    /// The program is being stopped.
    ShuttingDown,
    /// The other side may not do this here; the detail says why.
    Refused,
    /// The other side broke the protocol; the detail says how.
    Violation,
    /// The cart has as many connections as it allows.
    Full,
    /// A reason this version does not know.
    Unknown(u64),
}

impl CloseReason {
    pub(crate) fn code(self) -> VarInt {
        match self {
            Self::Unspecified => VarInt::from_u32(0),
            Self::Finished => VarInt::from_u32(1),
            Self::ShuttingDown => VarInt::from_u32(2),
            Self::Refused => VarInt::from_u32(3),
            Self::Violation => VarInt::from_u32(4),
            Self::Full => VarInt::from_u32(5),
            Self::Unknown(code) => VarInt::from_u64(code).unwrap_or(VarInt::MAX),
        }
    }

    pub(crate) fn from_code(code: VarInt) -> Self {
        match code.into_inner() {
            0 => Self::Unspecified,
            1 => Self::Finished,
            2 => Self::ShuttingDown,
            3 => Self::Refused,
            4 => Self::Violation,
            5 => Self::Full,
            code => Self::Unknown(code),
        }
    }
}

impl core::fmt::Display for CloseReason {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Unspecified => f.write_str("no reason given"),
            Self::Finished => f.write_str("finished"),
            Self::ShuttingDown => f.write_str("shutting down"),
            Self::Refused => f.write_str("refused"),
            Self::Violation => f.write_str("protocol broken"),
            Self::Full => f.write_str("no more connections now"),
            Self::Unknown(code) => write!(f, "reason {code}"),
        }
    }
}

/// How a connection ended.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Closed {
    /// This side closed it.
    #[error("closed by this side")]
    ByUs,
    /// The peer closed it on purpose.
    #[error("closed by the peer: {reason}{}", with_colon(detail))]
    ByPeer {
        /// Its reason.
        reason: CloseReason,
        /// What it added, fit for a screen; may be empty.
        detail: String,
    },
    /// The link is to blame: nothing was heard for the idle time-out.
    #[error("the link was lost: nothing was heard from the peer any more")]
    LinkLost,
    /// The peer knows nothing of this connection: its program was started anew, or it gave the connection up for want of a sign
    /// of life. Which of the two can't be told from here.
    #[error(
        "the peer no longer knows this connection: it has heard nothing from here for too long, or its program was started \
         anew; connect again"
    )]
    Forgotten,
    /// One of the two programs broke the QUIC protocol, or they do not fit together.
    #[error("the connection broke: {detail}: check that both sides run the same version")]
    Broken {
        /// What the library found, fit for a screen.
        detail: String,
    },
}

impl From<ConnectionError> for Closed {
    fn from(error: ConnectionError) -> Self {
        match error {
            ConnectionError::LocallyClosed => Self::ByUs,
            ConnectionError::ApplicationClosed(close) => Self::ByPeer {
                reason: CloseReason::from_code(close.error_code),
                detail: fit_for_screen(&String::from_utf8_lossy(&close.reason)),
            },
            ConnectionError::TimedOut => Self::LinkLost,
            ConnectionError::Reset => Self::Forgotten,
            ConnectionError::VersionMismatch
            | ConnectionError::TransportError(_)
            | ConnectionError::ConnectionClosed(_)
            | ConnectionError::CidsExhausted => Self::Broken { detail: fit_for_screen(&error.to_string()) },
        }
    }
}

fn with_colon(detail: &str) -> String {
    if detail.is_empty() { String::new() } else { format!(" ({detail})") }
}

/// A peer's text without control characters, which could rewrite a terminal or forge a line of a log, and not too long.
pub(crate) fn fit_for_screen(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(MAX_DETAIL_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn reasons_survive_the_wire(code in 0_u64..1 << 62) {
            let code = VarInt::from_u64(code).unwrap();
            prop_assert_eq!(CloseReason::from_code(code).code(), code);
        }

        #[test]
        fn no_text_of_a_peer_spoils_a_log(text in any::<String>()) {
            let fit = fit_for_screen(&text);
            prop_assert!(fit.chars().count() <= MAX_DETAIL_CHARS && !fit.chars().any(char::is_control));
        }
    }

    #[test]
    fn a_connection_the_peer_has_forgotten_is_not_said_to_be_a_restart_for_certain() {
        let words = Closed::from(ConnectionError::Reset).to_string();
        assert!(
            words.contains("heard nothing from here") && words.contains("or its program was started anew"),
            "{words}"
        );
    }
}
