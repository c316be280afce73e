//! Numbered datagrams between the two ends of a line.

use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

use farprobe_devices::MonotonicClock;
use farprobe_geom::Time;
use farprobe_sim::link::LinkCounts;
use thiserror::Error;

use crate::driver::Driver;
use crate::report::Report;

/// The two ends of a line.
#[derive(Debug)]
pub struct Ends {
    /// Who calls: connected to where the other end is reached.
    pub caller: UdpSocket,
    /// Who is called. It answers to the address it is called from.
    pub called: UdpSocket,
}

/// How fast datagrams are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// One after this time, each way.
    Every(Duration),
    /// As fast as the line takes them: some, then none until the driver has them and few are under way.
    Lockstep,
}

/// What is sent each way.
#[derive(Debug, Clone, Copy)]
pub struct Traffic {
    /// How many datagrams; some more there, until the other end has heard the first.
    pub count: u64,
    /// How long each is, 8 bytes at least; without headers.
    pub bytes: usize,
    /// How fast.
    pub pace: Pace,
}

/// The traffic came to nothing.
#[derive(Debug, Error)]
pub enum TrafficError {
    /// A socket of an end fails (machine).
    #[error("a socket for the test fails: {0}")]
    Socket(#[from] io::Error),
    /// Nothing gets through (link).
    #[error("nothing came through within {0:?}: the line is dead")]
    Nothing(Duration),
    /// The driver's thread has ended (a fault of ours, printed before this).
    #[error("the driver has ended by itself")]
    DriverGone,
}

/// When a datagram was sent.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sent(pub(super) Time);

/// What was sent and received one way.
#[derive(Debug, Default)]
pub(super) struct Trace {
    /// In the order of their numbers.
    pub(super) sent: Vec<Sent>,
    /// Number and time, in the order in which they came.
    pub(super) received: Vec<(u64, Time)>,
}

/// How long nothing may happen before a test gives up. A sound one never waits for it: the slowest line takes some seconds.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long an end waits for a datagram before it looks whether it is to end.
const LOOK: Duration = Duration::from_millis(20);

/// How many datagrams may be on their way to the driver, and a quarter of those that may be on the line: a stalled line hands
/// over all at once, and a socket's usual buffer holds some 250 of these.
const AT_ONCE: u64 = 32;

/// What both ends share.
#[derive(Default)]
struct Shared {
    over: AtomicBool,
    /// Where the called end was called from.
    caller: Mutex<Option<SocketAddr>>,
    called: Condvar,
    /// How many each end has received, there and back.
    received: [AtomicU64; 2],
}

/// Sends `traffic` both ways and gives what was sent and received there and back.
pub(super) fn run(driver: &Driver, ends: &Ends, traffic: Traffic) -> Result<[Trace; 2], TrafficError> {
    let shared = Shared::default();
    for end in [&ends.caller, &ends.called] {
        end.set_read_timeout(Some(LOOK))?;
    }
    let both = std::thread::scope(|scope| {
        let there = scope.spawn(|| receive(&ends.called, &shared, &shared.received[0]));
        let back = scope.spawn(|| receive(&ends.caller, &shared, &shared.received[1]));
        let sent = send(driver, ends, traffic, &shared).and_then(|sent| settle(driver).map(|()| sent));
        // What was handed over is in the sockets by now; an end that finds nothing in one look has all.
        shared.over.store(true, Ordering::Release);
        let received = [there, back].map(|end| end.join().unwrap_or_default());
        sent.map(|sent| (sent, received))
    });
    let ([there, back], [received_there, received_back]) = both?;
    Ok([Trace { sent: there, received: received_there }, Trace { sent: back, received: received_back }])
}

fn receive(end: &UdpSocket, shared: &Shared, count: &AtomicU64) -> Vec<(u64, Time)> {
    let mut received = Vec::new();
    let mut buffer = vec![0; 65_535];
    // Nobody is heard at the caller's end before the called one was called.
    let mut is_known = false;
    loop {
        match end.recv_from(&mut buffer) {
            Ok((length, from)) => {
                let at = MonotonicClock.now();
                count.fetch_add(1, Ordering::Release);
                if let Some(number) = buffer[..length].first_chunk() {
                    received.push((u64::from_be_bytes(*number), at));
                }
                if !is_known {
                    shared.caller.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(from);
                    shared.called.notify_all();
                    is_known = true;
                }
            }
            // Nothing within one look, or what an earlier datagram of ours met.
            Err(_) if shared.over.load(Ordering::Acquire) => return received,
            Err(_) => {}
        }
    }
}

fn send(driver: &Driver, ends: &Ends, traffic: Traffic, shared: &Shared) -> Result<[Vec<Sent>; 2], TrafficError> {
    let clock = MonotonicClock;
    let (mut there, mut back) = (Vec::new(), Vec::new());
    let mut payload = vec![0; traffic.bytes.max(8)];
    let mut number = |sent: &mut Vec<Sent>| {
        payload[..8].copy_from_slice(&(sent.len() as u64).to_be_bytes());
        sent.push(Sent(clock.now()));
        payload.clone()
    };
    let began = clock.now();
    let caller = loop {
        ends.caller.send(&number(&mut there))?;
        let caller = shared.caller.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = shared.called.wait_timeout_while(caller, LOOK, |caller| caller.is_none());
        if let Some(caller) = *waited.unwrap_or_else(PoisonError::into_inner).0 {
            break caller;
        }
        if clock.now().saturating_since(began) > PATIENCE {
            return Err(TrafficError::Nothing(PATIENCE));
        }
    };
    let mut due = clock.now();
    for sent in 1..=traffic.count {
        ends.caller.send(&number(&mut there))?;
        ends.called.send_to(&number(&mut back), caller)?;
        match traffic.pace {
            Pace::Every(every) => {
                due = due + every;
                clock.sleep_until(due);
            }
            Pace::Lockstep if sent % AT_ONCE == 0 || sent == traffic.count => {
                let all = [there.len() as u64, back.len() as u64];
                if !until(driver, |report| is_abreast(report, shared, all))? {
                    break;
                }
            }
            Pace::Lockstep => {}
        }
    }
    Ok([there, back])
}

/// Waits until nothing is under way any more.
fn settle(driver: &Driver) -> Result<(), TrafficError> {
    until(driver, |report| under_way(report.there.counts) + under_way(report.back.counts) == 0).map(|_| ())
}

/// Whether driver and ends have all but a few of what was sent there and back.
fn is_abreast(report: &Report, shared: &Shared, sent: [u64; 2]) -> bool {
    let few = AT_ONCE * 4;
    let ways = [report.there.counts, report.back.counts].into_iter().zip(sent).zip(&shared.received);
    ways.into_iter().all(|((counts, sent), received)| {
        let unread = counts.delivered.saturating_sub(received.load(Ordering::Acquire));
        counts.sent == sent && under_way(counts) <= few && unread <= AT_ONCE
    })
}

/// How many the line has taken and neither lost nor handed over.
fn under_way(counts: LinkCounts) -> u64 {
    let ended = counts.delivered + counts.lost + counts.cut + counts.overflowed;
    (counts.sent + counts.duplicated).saturating_sub(ended)
}

/// Asks the driver until it `holds`; whether it did so within [`PATIENCE`]. If not, the judgement tells what is wrong.
fn until(driver: &Driver, holds: impl Fn(&Report) -> bool) -> Result<bool, TrafficError> {
    let began = MonotonicClock.now();
    loop {
        if holds(&driver.report().ok_or(TrafficError::DriverGone)?) {
            return Ok(true);
        }
        if MonotonicClock.now().saturating_since(began) > PATIENCE {
            return Ok(false);
        }
        std::thread::yield_now();
    }
}
