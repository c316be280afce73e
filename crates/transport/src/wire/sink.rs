//! Where the datagrams of a connection go.

use core::fmt;

use bytes::Bytes;

/// What is called for each datagram.
pub(super) type Callee = Box<dyn FnMut(Bytes) + Send>;

/// Where the datagrams of a connection go.
pub(super) enum Sink {
    /// They wait for whoever asks.
    Queue,
    /// To this.
    Ready(Callee),
    /// To what is being called right now.
    Busy,
}

impl Sink {
    /// Takes what is to be called, if there is anything.
    pub(super) fn borrow(&mut self) -> Option<Callee> {
        match core::mem::replace(self, Self::Busy) {
            Self::Ready(callee) => Some(callee),
            other => {
                *self = other;
                None
            }
        }
    }

    /// Puts back what was borrowed. Handed back, for dropping elsewhere, if it was replaced meanwhile.
    pub(super) fn give_back(&mut self, callee: Callee) -> Option<Callee> {
        match self {
            Self::Busy => {
                *self = Self::Ready(callee);
                None
            }
            Self::Queue | Self::Ready(_) => Some(callee),
        }
    }
}

impl fmt::Debug for Sink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Queue => "Queue",
            Self::Ready(_) => "Ready",
            Self::Busy => "Busy",
        })
    }
}
