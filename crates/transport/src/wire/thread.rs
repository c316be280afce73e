//! The thread that receives.

use std::io;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use super::socket::Room;
use super::{Socket, Wire};

/// How long the thread sleeps at most while there are connections. Timers set by other threads are late by no more than this
/// and one tick of the system, to which it is rounded up; the shortest of them is QUIC's 25 ms for an acknowledgement. Shorter
/// would cost processor time for nothing.
const TICK: Duration = Duration::from_millis(5);

/// The same while there are none: only the end of the endpoint can be missed for that long.
const LULL: Duration = Duration::from_millis(50);

/// How long a socket that was replaced is still listened to. What left for it before the peer knew of the change arrives within
/// a one-way delay, and this is more than any link has that may drive.
const FAREWELL: Duration = Duration::from_secs(1);

/// Packets taken at a time from a socket that was replaced. A flood there must not keep the new one waiting.
const ELDERS_SHARE: usize = 64;

/// Starts the thread that receives for `wire`. It ends by itself once the endpoint was dropped and its connections are gone.
pub(super) fn start(wire: Arc<Wire>, socket: Arc<Socket>) -> io::Result<()> {
    prepare(&socket)?;
    let now = Instant::now();
    let receiver = Receiver { wire, socket, elders: Vec::new(), timeout: TICK, next_round: now };
    thread::Builder::new().name("wire".into()).spawn(move || receiver.run()).map(|_| ())
}

/// Starts the thread that receives on a further path. It ends with that of the first.
pub(super) fn start_further(wire: Arc<Wire>, socket: Arc<Socket>) -> io::Result<()> {
    socket.set_timeout(LULL)?;
    let receive = move || {
        let (mut room, mut answer) = (Room::new(), Vec::new());
        while wire.core().socket.is_some() {
            match socket.receive(&mut room) {
                Ok(packet) => wire.receive(&packet, &socket, &mut answer),
                Err(error) => pause_after(&error),
            }
        }
    };
    thread::Builder::new().name("wire".into()).spawn(receive).map(|_| ())
}

/// Makes `socket` ready to be received from.
pub(super) fn prepare(socket: &Socket) -> io::Result<()> {
    socket.set_timeout(TICK)
}

struct Receiver {
    wire: Arc<Wire>,
    socket: Arc<Socket>,
    /// Sockets that were replaced, and when.
    elders: Vec<(Arc<Socket>, Instant)>,
    /// That of `socket`.
    timeout: Duration,
    next_round: Instant,
}

impl Receiver {
    fn run(mut self) {
        let (mut room, mut elders_room) = (Room::new(), Room::new());
        let mut answer = Vec::new();
        loop {
            let received = self.socket.receive(&mut room);
            // What came to an older address was sent earlier: QUIC would drop it after news that the peer has given that up.
            for (elder, _) in &self.elders {
                for _ in 0..ELDERS_SHARE {
                    let Ok(packet) = elder.receive(&mut elders_room) else { break };
                    self.wire.receive(&packet, elder, &mut answer);
                }
            }
            match received {
                Ok(packet) => self.wire.receive(&packet, &self.socket, &mut answer),
                Err(error) => pause_after(&error),
            }
            if self.wire.has_moved() {
                self.follow();
            }
            let now = Instant::now();
            if now >= self.next_round {
                self.next_round = now + TICK;
                if self.make_the_round(now) == Next::End {
                    return;
                }
            }
        }
    }

    /// Turns to the socket that has replaced this one.
    fn follow(&mut self) {
        let Some(socket) = self.wire.core().socket.clone() else { return };
        let elder = core::mem::replace(&mut self.socket, socket);
        self.timeout = TICK;
        // It is only looked into from now on.
        match elder.stop_waiting() {
            Ok(()) => self.elders.push((elder, Instant::now())),
            Err(error) => tracing::debug!("the old address is given up at once: {error}"),
        }
    }

    /// Looks after all connections.
    fn make_the_round(&mut self, now: Instant) -> Next {
        self.elders.retain(|(_, replaced)| now.duration_since(*replaced) < FAREWELL);
        let lines = self.wire.lines();
        for line in &lines {
            line.tend(&self.wire);
        }
        let timeout = if lines.is_empty() { LULL } else { TICK };
        if timeout != self.timeout && self.socket.set_timeout(timeout).is_ok() {
            self.timeout = timeout;
        }
        let core = self.wire.core();
        if core.is_abandoned && core.lines.is_empty() { Next::End } else { Next::GoOn }
    }
}

#[derive(PartialEq, Eq)]
enum Next {
    GoOn,
    End,
}

impl Drop for Receiver {
    fn drop(&mut self) {
        let mut core = self.wire.core();
        // A connection that somebody still holds must not keep the port taken.
        core.socket = None;
        core.ways.clear();
        // There are none left, unless the thread fails.
        let lost = core::mem::take(&mut core.lines);
        drop(core);
        for line in lost.into_values() {
            tracing::error!("the thread that receives has failed, and a connection is lost with it");
            line.abandon();
        }
        self.wire.knocked.notify_waiters();
        self.wire.idle.notify_waiters();
    }
}

/// What a socket says instead of a packet. None of it may end the thread: most is time running out, some is made of a stranger's
/// ICMP messages, and a network that is down comes back.
fn pause_after(error: &io::Error) {
    match error.kind() {
        io::ErrorKind::WouldBlock
        | io::ErrorKind::TimedOut
        | io::ErrorKind::Interrupted
        | io::ErrorKind::ConnectionRefused
        | io::ErrorKind::ConnectionReset => {}
        _ => {
            tracing::debug!("nothing can be received: {error}");
            // It may say so at once each time, and would take a whole core.
            thread::sleep(TICK);
        }
    }
}
