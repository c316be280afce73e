//! What arrives after a link was dead for a while: nothing stale.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use farprobe_transport::{Congestion, LinkOptions};
use tokio::net::UdpSocket;
use tokio::sync::oneshot;

use super::support::*;

/// A UDP relay between one console and one cart that can be blocked: it then takes every packet and passes none on.
pub(crate) struct Relay {
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    blocked: AtomicBool,
    /// How often the side towards the cart has moved to a new port.
    moves: AtomicU64,
    dropped: AtomicU64,
}

impl Relay {
    pub(crate) fn new() -> Self {
        Self { state: Arc::default() }
    }

    pub(crate) fn block(&self) {
        self.state.blocked.store(true, Ordering::SeqCst);
    }

    pub(crate) fn unblock(&self) {
        self.state.blocked.store(false, Ordering::SeqCst);
    }

    /// Packets that died here so far.
    pub(crate) fn dropped(&self) -> u64 {
        self.state.dropped.load(Ordering::SeqCst)
    }

    /// Waits until what was on its way has come here and died.
    async fn drained(&self) {
        let mut dropped = 0;
        let mut quiet = 0;
        while quiet < 1000 {
            tokio::task::yield_now().await;
            let now = self.state.dropped.load(Ordering::SeqCst);
            quiet = if now == dropped { quiet + 1 } else { 0 };
            dropped = now;
        }
    }

    /// From the next packet on the console seems to write from another port, as after a change of network.
    pub(crate) fn move_on(&self) {
        self.state.moves.fetch_add(1, Ordering::SeqCst);
    }

    /// Where a console finds the cart through this relay.
    pub(crate) async fn leads_to(&self, cart: SocketAddr) -> SocketAddr {
        let (sender, address) = oneshot::channel();
        tokio::spawn(run(self.state.clone(), cart, sender));
        address.await.unwrap()
    }

    /// A connection whose packets all go through this relay.
    pub(crate) async fn connected(&self, link: LinkOptions) -> Pair {
        let (cart, operator) = cart_and_operator();
        let cart_endpoint = open_cart(&cart, link);
        let console_endpoint = open_console(link);
        let address = self.leads_to(cart_endpoint.local_addr().unwrap()).await;
        let (cart, console) =
            within(async { tokio::join!(cart_endpoint.accept(), console_endpoint.connect(address, &operator, None)) })
                .await;
        Pair { cart: cart.unwrap(), console: console.unwrap(), cart_endpoint, console_endpoint }
    }
}

/// Relays for ever; the runtime of the test ends it.
async fn run(state: Arc<State>, cart: SocketAddr, address: oneshot::Sender<SocketAddr>) {
    let front = UdpSocket::bind(loopback()).await.unwrap();
    let mut back = UdpSocket::bind(loopback()).await.unwrap();
    let mut moves = 0;
    address.send(front.local_addr().unwrap()).unwrap();
    let mut console = None;
    let (mut from_console, mut from_cart) = ([0; 2048], [0; 2048]);
    loop {
        tokio::select! {
            Ok((length, from)) = front.recv_from(&mut from_console) => {
                console = Some(from);
                if state.blocked.load(Ordering::SeqCst) {
                    state.dropped.fetch_add(1, Ordering::SeqCst);
                } else {
                    if state.moves.load(Ordering::SeqCst) > moves {
                        moves += 1;
                        back = UdpSocket::bind(loopback()).await.unwrap();
                    }
                    back.send_to(&from_console[..length], cart).await.unwrap();
                }
            }
            Ok((length, _)) = back.recv_from(&mut from_cart) => {
                if state.blocked.load(Ordering::SeqCst) {
                    state.dropped.fetch_add(1, Ordering::SeqCst);
                } else if let Some(console) = console {
                    front.send_to(&from_cart[..length], console).await.unwrap();
                }
            }
        }
    }
}

fn numbered(number: u32) -> Bytes {
    Bytes::copy_from_slice(&[&number.to_be_bytes()[..], &[0; 124]].concat())
}

fn number(datagram: &Bytes) -> u32 {
    u32::from_be_bytes(*datagram.first_chunk().unwrap())
}

/// Commands sent into the blackout: two seconds' worth.
const LOST: u32 = 1000;
/// The first of them.
const FIRST_LOST: u32 = 1000;
/// The first command sent when the link is back.
const FIRST_FRESH: u32 = 5000;

/// What became of commands sent into a blackout.
struct Fate {
    /// Those that the QUIC library kept to itself, though it had every chance to send them.
    held_back: u64,
    /// Those that arrived after all, when the link was back.
    stale: usize,
}

/// Sends [`LOST`] commands into a blackout, then newer ones over the living link until one arrives.
async fn fate_in_a_blackout(congestion: Congestion) -> Fate {
    let relay = Relay::new();
    // Longer than the test can take: here the connection outlives its blackout.
    let link = LinkOptions { congestion, idle_timeout: 2 * Duration::from_mins(1), ..LinkOptions::default() };
    let pair = relay.connected(link).await;
    for warm in 0..50 {
        pair.console.send_datagram(numbered(warm)).unwrap();
        assert_eq!(number(&within(pair.cart.datagram()).await.unwrap()), warm);
    }
    relay.block();
    let before = pair.console.stats().datagrams_sent;
    for lost in 0..LOST {
        pair.console.send_datagram(numbered(FIRST_LOST + lost)).unwrap();
        let all = before + u64::from(lost) + 1;
        for _ in 0..200 {
            if pair.console.stats().datagrams_sent == all {
                break;
            }
            tokio::task::yield_now().await;
        }
    }
    let held_back = before + u64::from(LOST) - pair.console.stats().datagrams_sent;
    relay.drained().await;
    relay.unblock();
    let mut stale = 0;
    for fresh in FIRST_FRESH.. {
        pair.console.send_datagram(numbered(fresh)).unwrap();
        // A throttled connection may need several, and some time, before one passes.
        while let Ok(datagram) = tokio::time::timeout(Duration::from_millis(20), pair.cart.datagram()).await {
            if number(&datagram.unwrap()) >= FIRST_FRESH {
                return Fate { held_back, stale };
            }
            stale += 1;
        }
    }
    unreachable!("there are four billion numbers")
}

/// 4 KiB of send queue holds this many commands of 128 bytes.
const QUEUED: usize = 4096 / (128 + 32);

#[tokio::test]
async fn the_fixed_window_holds_nothing_back_and_delivers_nothing_stale() {
    let fate = within(fate_in_a_blackout(Congestion::FixedWindow)).await;
    assert_eq!((fate.held_back, fate.stale), (0, 0));
}

#[tokio::test]
async fn bbr_delivers_no_more_than_the_queue_after_a_blackout() {
    let fate = within(fate_in_a_blackout(Congestion::Bbr)).await;
    assert!(fate.stale <= QUEUED, "{} stale commands", fate.stale);
}

/// One datagram there and one back, sent again until it gets through: datagrams may be lost.
async fn echo_through(pair: &Pair, token: u32) {
    let try_once = async || {
        pair.console.send_datagram(numbered(token)).unwrap();
        while number(&pair.cart.datagram().await.unwrap()) != token {}
        pair.cart.send_datagram(numbered(token)).unwrap();
        while number(&pair.console.datagram().await.unwrap()) != token {}
    };
    while tokio::time::timeout(Duration::from_millis(50), try_once()).await.is_err() {}
}

#[tokio::test]
async fn a_console_that_changes_networks_goes_on_driving() {
    let relay = Relay::new();
    let pair = relay.connected(LinkOptions::default()).await;
    within(echo_through(&pair, 1)).await;
    let before = pair.cart.remote_address();
    relay.move_on();
    within(async {
        let mut token = 2;
        while pair.cart.remote_address() == before {
            echo_through(&pair, token).await;
            token += 1;
        }
        echo_through(&pair, token).await;
    })
    .await;
    assert_eq!(pair.cart.peer().address, before);
}
