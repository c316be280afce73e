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

    pub(crate) fn dropped(&self) -> u64 {
        self.state.dropped.load(Ordering::SeqCst)
    }

    /// From the next packet on the console seems to write from another port, as after a change of network.
    pub(crate) fn move_on(&self) {
        self.state.moves.fetch_add(1, Ordering::SeqCst);
    }

    /// A connection whose packets all go through this relay.
    pub(crate) async fn connected(&self, link: LinkOptions) -> Pair {
        let (cart, operator) = cart_and_operator();
        let cart_endpoint = open_cart(&cart, link);
        let console_endpoint = open_console(link);
        let (sender, address) = oneshot::channel();
        tokio::spawn(run(self.state.clone(), cart_endpoint.local_addr().unwrap(), sender));
        let address = address.await.unwrap();
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

/// Sends [`LOST`] commands into a blackout, then one more over the living link, and returns how many of the lost arrived after
/// all. `paced` gives the QUIC library time between them.
async fn stale_after_blackout(congestion: Congestion) -> usize {
    let relay = Relay::new();
    // Longer than the test can take: here the connection outlives its blackout.
    let link = LinkOptions { congestion, idle_timeout: 2 * Duration::from_mins(1), ..LinkOptions::default() };
    let pair = relay.connected(link).await;
    for warm in 0..50 {
        pair.console.send_datagram(numbered(warm)).unwrap();
        assert_eq!(number(&within(pair.cart.datagram()).await.unwrap()), warm);
    }
    relay.block();
    for lost in 1000..1000 + LOST {
        let before = pair.console.stats().datagrams_sent;
        pair.console.send_datagram(numbered(lost)).unwrap();
        // Until the library has sent it, or has had every chance to and holds it back.
        for _ in 0..200 {
            if pair.console.stats().datagrams_sent > before {
                break;
            }
            tokio::task::yield_now().await;
        }
    }
    let mut seen = relay.dropped();
    // Let what is on its way reach the relay and die there.
    let mut quiet = 0;
    while quiet < 1000 {
        tokio::task::yield_now().await;
        quiet = if relay.dropped() == seen { quiet + 1 } else { 0 };
        seen = relay.dropped();
    }
    relay.unblock();
    let mut stale = 0;
    let mut last = 5000;
    loop {
        last += 1;
        pair.console.send_datagram(numbered(last)).unwrap();
        // A throttled connection may need several, and some time, before one passes.
        while let Ok(datagram) = tokio::time::timeout(Duration::from_millis(20), pair.cart.datagram()).await {
            let number = number(&datagram.unwrap());
            if number >= 5000 {
                return stale;
            }
            stale += 1;
        }
    }
}

/// 4 KiB of send queue holds this many commands of 128 bytes.
const QUEUED: usize = 4096 / (128 + 32);

#[tokio::test]
async fn the_fixed_window_delivers_nothing_stale_after_a_blackout() {
    let stale = within(stale_after_blackout(Congestion::FixedWindow)).await;
    assert_eq!(stale, 0);
}

#[tokio::test]
async fn bbr_delivers_no_more_than_the_queue_after_a_blackout() {
    let stale = within(stale_after_blackout(Congestion::Bbr)).await;
    assert!(stale <= QUEUED, "{stale} stale commands");
}

#[tokio::test]
async fn a_console_that_changes_networks_goes_on_driving() {
    let relay = Relay::new();
    let pair = relay.connected(LinkOptions::default()).await;
    let before = pair.cart.remote_address();
    relay.move_on();
    // The first packets from the new address may be lost while the cart makes sure that it is the same console.
    let mut sent = 0;
    within(async {
        while pair.cart.remote_address() == before {
            sent += 1;
            pair.console.send_datagram(numbered(sent)).unwrap();
            tokio::task::yield_now().await;
        }
    })
    .await;
    pair.console.send_datagram(numbered(u32::MAX)).unwrap();
    while number(&within(pair.cart.datagram()).await.unwrap()) != u32::MAX {}
    pair.cart.send_datagram(numbered(7)).unwrap();
    assert_eq!(number(&within(pair.console.datagram()).await.unwrap()), 7);
    assert_eq!(pair.cart.peer().address, before);
}
