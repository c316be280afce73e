//! Further paths of a connection: the same packets over two networks, and the first copy wins.
//!
//! QUIC knows one path, the first. A packet that comes over a further one is shown to it as if it had come over the first, and what it
//! sends is sent again, byte for byte, to each further address that is proven. It drops the second copy of a packet by itself, for it
//! numbers and seals them. So commands, states and streams outlive the loss of either network, in one session and without a hand-over.
//!
//! An address is proven by knocks ([`knock`]): the console knocks on each further path all the time, the cart answers each knock where it
//! came from. Whoever hears what it asked come back has proven the address that it asked, for a while; and an address
//! that is not proven gets nothing but an answer as long as the knock. A path that was cut is proven again by itself.
//!
//! The console knocks on the first path too. Where the copies of another are quicker QUIC drops all that comes over the first, and does
//! not see when the console has another address there: the knocks tell.
//!
//! All of this is pure: the time, the addresses, the bytes and the secret are arguments.

use core::time::Duration;
use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};
use std::time::Instant;

use quinn_proto::Side;

pub(crate) mod knock;

use aws_lc_rs::hmac;
use knock::{Echo, Keys, Knock, Sealed};

/// The number of the first path, which QUIC knows.
const FIRST: u8 = 0;

/// Further paths of a connection at most: with the first, wire, mobile network and a second mobile network.
pub const MOST_FURTHER_PATHS: usize = 2;

/// A console knocks this often: ten times until a proof is too old, so that half of them may be lost; 10 kbit/s with all headers.
const KNOCK_EVERY: Duration = Duration::from_millis(100);

/// A proof counts this long. Copies to a network that is gone are wasted for as long.
const PROOF_LASTS: Duration = Duration::from_secs(1);

/// Knocks whose echo is waited for: those of [`PROOF_LASTS`], and a few between.
const REMEMBERED: usize = 16;

/// When the first path's address changes, QUIC asks the new one for a sign of life. For so long nothing of it is copied, or a further path
/// would give that sign in the new address's stead. QUIC gives up after three times its time-out, which is shorter on links that may drive.
const SETTLING: Duration = Duration::from_secs(1);

/// How a path is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PathStats {
    /// Where the peer is on it.
    pub peer: SocketAddr,
    /// Whether it is used.
    pub state: PathState,
    /// Its round trip, as the last proof had it.
    pub round_trip: Option<Duration>,
    /// Packets sent over it.
    pub packets_sent: u64,
    /// Packets that came over it, first or second.
    pub packets_received: u64,
}

/// Whether a path is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PathState {
    /// The peer was heard there of late.
    Proven,
    /// Nobody answers there, or not any more. Nothing but knocks goes there; over the first path everything does all the same.
    Silent,
}

/// Whether this is a packet of QUIC's with a long header, as those of a handshake are.
pub(crate) fn is_of_a_handshake(packet: &[u8]) -> bool {
    packet.first().is_some_and(|first| first & 0x80 != 0)
}

/// The further paths of one connection. `S` is what a path sends from.
#[derive(Debug)]
pub(crate) struct Paths<S> {
    side: Side,
    known: Option<Known>,
    all: Vec<Path<S>>,
    /// The first path's address.
    first: Option<SocketAddr>,
    /// The first path's address is a new one, until then.
    settles: Option<Instant>,
}

/// What is known once the connection stands.
#[derive(Debug)]
struct Known {
    keys: Keys,
    /// What challenges are made of, known here only.
    secret: hmac::Key,
}

impl Known {
    /// What nobody can know who has not received the knock of this number.
    fn challenge(&self, path: u8, number: u64) -> u64 {
        let code = hmac::sign(&self.secret, &[&[path][..], &number.to_be_bytes()].concat());
        // 0 says that there is none.
        code.as_ref().first_chunk().map_or(1, |bytes| u64::from_be_bytes(*bytes)).max(1)
    }
}

#[derive(Debug)]
struct Path<S> {
    number: u8,
    peer: SocketAddr,
    /// Which of this machine's addresses the peer calls, if the system says so.
    own: Option<IpAddr>,
    /// `None`: from where the first path sends.
    socket: Option<S>,
    due: Option<Instant>,
    said: u64,
    /// The challenges of late.
    asked: VecDeque<(u64, Instant)>,
    /// The last knock.
    heard: Option<(Knock, Instant)>,
    proven: Option<Instant>,
    round_trip: Option<Duration>,
    sent: u64,
    received: u64,
}

/// Where a copy or a knock goes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Target<'a, S> {
    pub(crate) peer: SocketAddr,
    pub(crate) own: Option<IpAddr>,
    /// `None`: from where the first path sends.
    pub(crate) socket: Option<&'a S>,
}

/// What follows from a knock.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Heard {
    /// What to answer where it came from.
    pub(crate) answer: Option<Sealed>,
    /// An address of the peer's that was not known before: what comes from there is this connection's.
    pub(crate) newly: Option<SocketAddr>,
    /// Where it was before.
    pub(crate) formerly: Option<SocketAddr>,
}

impl<S> Path<S> {
    fn new(number: u8, peer: SocketAddr, socket: Option<S>) -> Self {
        Self {
            number,
            peer,
            own: None,
            socket,
            due: None,
            said: 0,
            asked: VecDeque::new(),
            heard: None,
            proven: None,
            round_trip: None,
            sent: 0,
            received: 0,
        }
    }

    fn is_proven(&self, now: Instant) -> bool {
        self.proven.is_some_and(|proven| now.saturating_duration_since(proven) <= PROOF_LASTS)
    }

    fn knock(&mut self, now: Instant, known: &Known) -> Sealed {
        self.said += 1;
        let challenge = known.challenge(self.number, self.said);
        if self.asked.len() == REMEMBERED {
            self.asked.pop_front();
        }
        self.asked.push_back((challenge, now));
        let echo =
            self.heard.map(|(heard, at)| Echo { challenge: heard.challenge, held: now.saturating_duration_since(at) });
        known.keys.seal(&Knock { path: self.number, number: self.said, challenge, echo })
    }

    /// The peer knocks from an address that was not its own before.
    fn moves(&mut self, peer: SocketAddr, own: Option<IpAddr>) {
        (self.peer, self.own, self.proven, self.round_trip) = (peer, own, None, None);
        // What was asked elsewhere proves nothing here.
        self.asked.clear();
    }

    fn learn(&mut self, now: Instant, echo: Echo) {
        let asked = self.asked.iter().find(|(challenge, _)| *challenge == echo.challenge);
        let age = asked.map(|(_, at)| now.saturating_duration_since(*at));
        if let Some(age) = age.filter(|age| *age <= PROOF_LASTS) {
            self.proven = Some(now);
            self.round_trip = Some(age.saturating_sub(echo.held));
        }
    }
}

impl<S> Paths<S> {
    pub(crate) fn new(side: Side) -> Self {
        Self { side, known: None, all: Vec::new(), first: None, settles: None }
    }

    /// The connection stands, and this is what its ends know. Nothing is sent and nothing understood before.
    /// `secret` is drawn at random, for this connection and this end alone.
    pub(crate) fn introduce(&mut self, keys: Keys, secret: &[u8; 32]) {
        self.known = Some(Known { keys, secret: hmac::Key::new(hmac::HMAC_SHA256, secret) });
    }

    /// A console's further path, to `peer`, beside that to `first`. `false`: there are as many as there may be.
    pub(crate) fn add(&mut self, first: SocketAddr, peer: SocketAddr, socket: S) -> bool {
        if self.all.is_empty() {
            self.all.push(Path::new(FIRST, first, None));
        }
        let number = self.all.len();
        let room = number <= MOST_FURTHER_PATHS;
        if let (true, Ok(number)) = (room, u8::try_from(number)) {
            self.all.push(Path::new(number, peer, Some(socket)));
        }
        room
    }

    /// What a console has to say now.
    pub(crate) fn due(&mut self, now: Instant) -> Vec<(Sealed, Target<'_, S>)> {
        let Some(known) = &self.known else { return Vec::new() };
        let due = |path: &&mut Path<S>| self.side == Side::Client && path.due.is_none_or(|due| now >= due);
        self.all
            .iter_mut()
            .filter(due)
            .map(|path| {
                path.due = Some(now + KNOCK_EVERY);
                (path.knock(now, known), path.target())
            })
            .collect()
    }

    /// Takes in what looks like a knock. `None`: it is none, or was heard before.
    pub(crate) fn hear(&mut self, now: Instant, from: SocketAddr, own: Option<IpAddr>, bytes: &[u8]) -> Option<Heard> {
        let known = self.known.as_ref()?;
        let knock = known.keys.open(bytes)?;
        let place = self.all.iter().position(|path| path.number == knock.path);
        let is_new = place.is_none();
        let place = match (place, self.side) {
            (Some(place), _) => place,
            // A cart learns of paths by knocks.
            (None, Side::Server) if self.all.len() <= MOST_FURTHER_PATHS => {
                self.all.push(Path::new(knock.path, from, None));
                self.all.len() - 1
            }
            (None, Side::Server | Side::Client) => return None,
        };
        let path = self.all.get_mut(place)?;
        if path.heard.is_some_and(|(last, _)| knock.number <= last.number) {
            return None;
        }
        let moved = (path.peer != from).then_some(path.peer);
        match self.side {
            // A cart is where the console was told to look for it.
            Side::Client if moved.is_some() => return None,
            Side::Server if moved.is_some() || is_new => path.moves(from, own),
            Side::Client | Side::Server => {}
        }
        path.heard = Some((knock, now));
        let was_proven = path.is_proven(now);
        if let Some(echo) = knock.echo {
            path.learn(now, echo);
        }
        let answers = match self.side {
            Side::Server => true,
            // The cart has proven nothing yet: it need not wait for the next knock.
            Side::Client => path.is_proven(now) && !was_proven,
        };
        let answer = answers.then(|| path.knock(now, known));
        Some(Heard { answer, newly: (moved.is_some() || is_new).then_some(from), formerly: moved })
    }

    /// Where a packet to `first`, the first path's address, goes as well.
    pub(crate) fn copies(&mut self, now: Instant, first: SocketAddr) -> impl Iterator<Item = Target<'_, S>> {
        if self.first != Some(first) {
            self.settles = self.first.replace(first).map(|_| now + SETTLING);
        }
        let settled = self.settles.is_none_or(|until| now >= until) || self.side == Side::Client;
        let goes = move |path: &&mut Path<S>| {
            let is_copy = path.number != FIRST || path.peer != first;
            is_copy && settled && path.is_proven(now)
        };
        self.all.iter_mut().filter(goes).map(|path| {
            path.sent += 1;
            path.target()
        })
    }

    /// A packet came from `from`, which is a further path's address.
    pub(crate) fn note(&mut self, from: SocketAddr) {
        if let Some(path) = self.all.iter_mut().find(|path| path.peer == from) {
            path.received += 1;
        }
    }

    /// Nothing is sent any more, and no socket held.
    pub(crate) fn close(&mut self) {
        self.all.clear();
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// The first path's counts are not known here but for copies.
    pub(crate) fn stats(&self, now: Instant) -> Vec<PathStats> {
        let stats = |path: &Path<S>| PathStats {
            peer: path.peer,
            state: if path.is_proven(now) { PathState::Proven } else { PathState::Silent },
            round_trip: path.round_trip,
            packets_sent: path.sent,
            packets_received: path.received,
        };
        let mut paths: Vec<_> = self.all.iter().collect();
        paths.sort_by_key(|path| path.number);
        paths.into_iter().map(stats).collect()
    }
}

impl<S> Path<S> {
    fn target(&self) -> Target<'_, S> {
        Target { peer: self.peer, own: self.own, socket: self.socket.as_ref() }
    }
}

#[cfg(test)]
mod tests;
