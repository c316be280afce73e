//! The connection to the cart.

use std::time::Duration;

use farprobe_geom::Time;

use super::LINK_SILENCE;

/// The phases of a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Connection {
    /// None was asked for yet.
    Idle,
    /// The first try is under way.
    Connecting {
        /// Where to.
        address: String,
        /// Since when, console clock.
        since: Time,
    },
    /// The cart has welcomed this console.
    Connected {
        /// Since when, console clock.
        since: Time,
    },
    /// It broke and is not being tried again yet.
    Lost {
        /// How.
        reason: String,
        /// Since when, console clock.
        since: Time,
    },
    /// It broke and is being tried again.
    Reconnecting {
        /// Counts from 1.
        attempt: u32,
        /// How it broke.
        reason: String,
        /// Since when it has been broken, console clock.
        since: Time,
    },
    /// The cart said no.
    Refused {
        /// What was wrong.
        reason: String,
        /// What the operator can do.
        remedy: String,
    },
}

/// What the connection is worth at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Link {
    /// There was none yet.
    Absent,
    /// The cart is heard.
    Live,
    /// The cart has been silent, or the connection broken, for this long.
    Lost(Duration),
}

impl Connection {
    /// What the connection is worth at `now`, if the cart was heard last at `heard_at`.
    pub(super) fn link(&self, now: Time, heard_at: Option<Time>) -> Link {
        match self {
            Self::Idle | Self::Connecting { .. } | Self::Refused { .. } => Link::Absent,
            Self::Connected { since } => {
                let silence = now.saturating_since(heard_at.unwrap_or(*since));
                if silence > LINK_SILENCE { Link::Lost(silence) } else { Link::Live }
            }
            Self::Lost { since, .. } | Self::Reconnecting { since, .. } => Link::Lost(now.saturating_since(*since)),
        }
    }

    /// A new try after a loss; keeps why and since when.
    pub(super) fn reconnecting(&mut self, now: Time, attempt: u32) {
        let (reason, since) = match self {
            Self::Lost { reason, since } | Self::Reconnecting { reason, since, .. } => (std::mem::take(reason), *since),
            Self::Idle | Self::Connecting { .. } | Self::Connected { .. } | Self::Refused { .. } => {
                (String::new(), now)
            }
        };
        *self = Self::Reconnecting { attempt, reason, since };
    }
}
