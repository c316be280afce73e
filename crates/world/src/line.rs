//! A console and its two ways to the cart.

use std::time::Duration;

use farprobe_geom::Time;
use farprobe_proto::{Echo, LeaseStatus};
use farprobe_session::cart::ConsoleId;
use farprobe_sim::link::{Link, LinkProfile, LinkState};

use crate::Console;
use crate::clock::{Clock, Skew};
use crate::stream::Stream;
use crate::tamper::{Tamperer, Tampering};

/// A connection on which nothing is heard for so long is lost: the programs' idle timeout (`farprobe-transport`).
const IDLE_TIMEOUT: Duration = Duration::from_secs(3);

/// What a handshake takes beside its round trips: certificates are read and checked.
const HANDSHAKE: Duration = Duration::from_millis(20);

/// What one console's line is made of.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LineCard {
    /// Console to cart.
    pub up: LinkProfile,
    /// Cart to console.
    pub down: LinkProfile,
    /// The console's clock.
    pub skew: Skew,
    /// Somebody on the line.
    pub tampering: Tampering,
}

impl LineCard {
    /// Nothing is late, lost or altered, and the clocks agree.
    pub const PERFECT: Self = Self {
        up: LinkProfile::PERFECT,
        down: LinkProfile::PERFECT,
        skew: Skew { ahead: Duration::ZERO, drift_ppm: 0 },
        tampering: Tampering::NONE,
    };
}

/// How a console's program does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Life {
    Running,
    /// Its machine does nothing until then; what arrives waits.
    StalledUntil(Time),
    Dead,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Connection {
    /// Since when both ways have carried something again, if they do.
    Down {
        carried_since: Option<Time>,
    },
    Up,
}

/// One console with its line.
pub(crate) struct Line {
    pub(crate) console: Box<dyn Console>,
    pub(crate) id: ConsoleId,
    pub(crate) up: Link<Vec<u8>>,
    pub(crate) down: Link<Vec<u8>>,
    pub(crate) notices: Stream<LeaseStatus>,
    pub(crate) requests: Stream<Request>,
    pub(crate) clock: Clock,
    pub(crate) tamperer: Tamperer,
    pub(crate) life: Life,
    /// Stamps of the last command the cart heard of it.
    pub(crate) echo: Option<Echo>,
    /// States sent to it.
    pub(crate) states: u64,
    /// What arrived while its machine stalled is read from here on.
    pub(crate) awake_since: Time,
    handshake: Duration,
    connection: Connection,
    cart_heard: Time,
}

/// What a console asks of the cart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Request {
    Lease,
    Release,
}

/// What became of the connection in this tick.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum News {
    None,
    Connected,
    Lost,
}

impl Line {
    pub(crate) fn new(card: &LineCard, console: Box<dyn Console>, seed: u64) -> Self {
        Self {
            console,
            id: ConsoleId(0),
            up: Link::new(card.up, seed ^ 0x75_70),
            down: Link::new(card.down, seed ^ 0x64_6f_77_6e),
            notices: Stream::new(card.down.delay),
            requests: Stream::new(card.up.delay),
            clock: Clock::new(card.skew),
            tamperer: Tamperer::new(card.tampering, seed ^ 0x74_61_6d_70),
            life: Life::Running,
            echo: None,
            states: 0,
            awake_since: Time::ZERO,
            handshake: (card.up.delay + card.down.delay) * 2 + HANDSHAKE,
            connection: Connection::Down { carried_since: None },
            cart_heard: Time::ZERO,
        }
    }

    pub(crate) fn is_connected(&self) -> bool {
        self.connection == Connection::Up
    }

    /// Whether the console's program does anything at `now`.
    pub(crate) fn is_awake(&mut self, now: Time) -> bool {
        if let Life::StalledUntil(until) = self.life
            && until <= now
        {
            self.life = Life::Running;
            self.awake_since = now;
        }
        self.life == Life::Running
    }

    /// The cart has heard something of this console.
    pub(crate) fn heard(&mut self, now: Time) {
        self.cart_heard = now;
    }

    /// Keeps the connection: lost after silence, made anew once both ways carry again. Its next name is `id`.
    pub(crate) fn keep(&mut self, now: Time, id: ConsoleId) -> News {
        match self.connection {
            Connection::Up if now.saturating_since(self.cart_heard) >= IDLE_TIMEOUT => {
                self.connection = Connection::Down { carried_since: None };
                self.notices.reset();
                self.requests.reset();
                News::Lost
            }
            Connection::Up => News::None,
            Connection::Down { carried_since } => {
                let carries = self.up.state() == LinkState::Up && self.down.state() == LinkState::Up;
                let since = if carries && self.life != Life::Dead { carried_since.or(Some(now)) } else { None };
                self.connection = Connection::Down { carried_since: since };
                // The first connection stands at once: a world begins with consoles that have said hello.
                let first = self.id == ConsoleId(0);
                let made = since.is_some_and(|since| first || now.saturating_since(since) >= self.handshake);
                if !made {
                    return News::None;
                }
                self.connection = Connection::Up;
                (self.id, self.cart_heard, self.echo, self.states) = (id, now, None, 0);
                self.console.connected();
                News::Connected
            }
        }
    }

    pub(crate) fn tamper(&mut self, how: Tampering) {
        self.tamperer.set(how);
    }
}
