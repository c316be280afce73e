//! The threads under the connections: who may send, whose timers count, and that they go when they should.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use bytes::Bytes;
use farprobe_transport::{CloseReason, Closed, Connection, ConsoleEndpoint, LinkOptions};

use super::blackout::Relay;
use super::support::*;

#[tokio::test]
async fn many_threads_may_send_at_once() {
    const THREADS: u8 = 4;
    const EACH: u8 = 100;
    let pair = connected(LinkOptions::default()).await;
    let heard: Arc<Mutex<Vec<(u8, u8)>>> = Arc::default();
    let hears = heard.clone();
    pair.cart.on_datagram(move |datagram| hears.lock().unwrap().push((datagram[0], datagram[1])));
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let console = pair.console.clone();
            scope.spawn(move || {
                for number in 0..EACH {
                    console.send_datagram(Bytes::copy_from_slice(&[thread, number])).unwrap();
                }
            });
        }
    });
    within(async {
        while heard.lock().unwrap().len() < usize::from(THREADS) * usize::from(EACH) {
            tokio::task::yield_now().await;
        }
    })
    .await;
    let heard = heard.lock().unwrap();
    assert_eq!(heard.iter().collect::<BTreeSet<_>>().len(), heard.len());
    for thread in 0..THREADS {
        let of_thread = heard.iter().filter(|(from, _)| *from == thread).map(|(_, number)| *number);
        assert!(of_thread.eq(0..EACH), "thread {thread}");
    }
}

#[tokio::test]
async fn what_is_lost_of_a_stream_is_sent_again_though_its_writer_does_nothing_more() {
    let relay = Relay::new();
    // No sign of life helps it along.
    let link = LinkOptions {
        idle_timeout: Duration::from_mins(2),
        keep_alive: Duration::from_mins(1),
        ..LinkOptions::default()
    };
    let pair = relay.connected(link).await;
    let (console, cart) =
        within(async { tokio::join!(pair.console.open_control(100), pair.cart.accept_control(100)) }).await;
    let ((mut out, _keep), (_also, mut input)) = (console.unwrap(), cart.unwrap());
    within(out.send(b"before")).await.unwrap();
    assert_eq!(within(input.receive()).await.unwrap().unwrap(), "before");
    relay.block();
    let before = relay.dropped();
    within(out.send(b"lost at first")).await.unwrap();
    within(async {
        while relay.dropped() == before {
            tokio::task::yield_now().await;
        }
    })
    .await;
    relay.unblock();
    assert_eq!(within(input.receive()).await.unwrap().unwrap(), "lost at first");
}

#[tokio::test]
async fn a_stream_keeps_its_connection_until_it_is_dropped_too() {
    let pair = connected(LinkOptions::default()).await;
    let (console, cart) =
        within(async { tokio::join!(pair.console.open_control(100), pair.cart.accept_control(100)) }).await;
    let ((mut out, input), (_out, mut cart_in)) = (console.unwrap(), cart.unwrap());
    drop(pair.console);
    within(out.send(b"still here")).await.unwrap();
    assert_eq!(within(cart_in.receive()).await.unwrap().unwrap(), "still here");
    drop((out, input));
    let closed = within(pair.cart.closed()).await;
    assert_eq!(closed, Closed::ByPeer { reason: CloseReason::Unspecified, detail: String::new() });
}

/// The folder in which the system shows the thread that receives for `connection`.
async fn receiver_of(connection: &Connection, peer: &Connection) -> PathBuf {
    let (tells, told) = mpsc::channel();
    connection.on_datagram(move |_| {
        let _ = tells.send(std::fs::read_link("/proc/thread-self").unwrap());
    });
    peer.send_datagram("who receives this?").unwrap();
    let thread = within(async {
        loop {
            if let Ok(thread) = told.try_recv() {
                break thread;
            }
            tokio::task::yield_now().await;
        }
    })
    .await;
    PathBuf::from("/proc").join(thread)
}

async fn gone(thread: PathBuf, address: SocketAddr) {
    within(async {
        while std::net::UdpSocket::bind(address).is_err() || thread.exists() {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[tokio::test]
async fn neither_thread_nor_port_is_left_of_a_dropped_endpoint() {
    let pair = connected(LinkOptions::default()).await;
    let cart = (receiver_of(&pair.cart, &pair.console).await, pair.cart_endpoint.local_addr().unwrap());
    let console = (receiver_of(&pair.console, &pair.cart).await, pair.console_endpoint.local_addr().unwrap());
    assert!(cart.0.exists() && console.0.exists());
    drop((pair.cart_endpoint, pair.console_endpoint));
    // They are still held, and closed all the same: a cart's endpoint ends its connections.
    let (still_cart, still_console) = (pair.cart, pair.console);
    gone(cart.0, cart.1).await;
    gone(console.0, console.1).await;
    assert_eq!(still_cart.close_reason(), Some(Closed::ByUs));
    assert!(still_console.close_reason().is_some());
    assert!(still_console.stats().packets_sent > 0);
}

#[tokio::test]
async fn connections_outlive_the_endpoint_of_a_console() {
    let pair = connected(LinkOptions::default()).await;
    let address = pair.console_endpoint.local_addr().unwrap();
    let thread = receiver_of(&pair.console, &pair.cart).await;
    drop(pair.console_endpoint);
    pair.console.send_datagram("without it").unwrap();
    assert_eq!(within(pair.cart.datagram()).await.unwrap(), "without it");
    assert!(thread.exists() && std::net::UdpSocket::bind(address).is_err());
    drop(pair.console);
    gone(thread, address).await;
}

#[test]
fn a_console_needs_no_runtime_to_open() {
    let endpoint = open_console(LinkOptions::default());
    assert!(endpoint.local_addr().unwrap().ip().is_loopback());
}

#[tokio::test]
async fn a_console_for_both_families_reaches_a_cart_that_knows_one() {
    let (cart, operator) = cart_and_operator();
    let cart_endpoint = open_cart(&cart, LinkOptions::default());
    let address = cart_endpoint.local_addr().unwrap();
    let console = ConsoleEndpoint::open(farprobe_transport::ConsoleOptions::default()).unwrap();
    let (cart, console) =
        within(async { tokio::join!(cart_endpoint.accept(), console.connect(address, &operator, None)) }).await;
    let (cart, console) = (cart.unwrap(), console.unwrap());
    assert_eq!(console.remote_address(), address);
    assert!(cart.remote_address().is_ipv4());
    console.send_datagram("there").unwrap();
    assert_eq!(within(cart.datagram()).await.unwrap(), "there");
    cart.send_datagram("and back").unwrap();
    assert_eq!(within(console.datagram()).await.unwrap(), "and back");
}
