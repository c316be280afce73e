//! A change of the local address in mid-motion.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use farprobe_transport::{Connection, LinkOptions};

use super::support::*;

/// Datagrams each way.
const COUNT: u32 = 600;

/// After this many the console moves.
const MOVES_AFTER: u32 = 200;

/// How many may be on their way: 40 ms of states. A machine that stands still must not fill queues that are meant to overflow.
const ON_THE_WAY: u32 = 10;

/// The numbers that have arrived.
#[derive(Default)]
struct Heard {
    numbers: Mutex<Vec<u32>>,
    count: AtomicU32,
}

impl Heard {
    fn of(connection: &Connection) -> Arc<Self> {
        let heard: Arc<Self> = Arc::default();
        let hears = heard.clone();
        connection.on_datagram(move |datagram| {
            hears.numbers.lock().unwrap().push(u32::from_be_bytes(*datagram.first_chunk().unwrap()));
            hears.count.fetch_add(1, Ordering::SeqCst);
        });
        heard
    }

    async fn at_least(&self, count: u32) {
        within(async {
            while self.count.load(Ordering::SeqCst) < count {
                tokio::task::yield_now().await;
            }
        })
        .await;
    }

    /// Whether each has come once. Those to two addresses may overtake each other.
    fn is_complete(&self) -> bool {
        let mut numbers = self.numbers.lock().unwrap().clone();
        numbers.sort_unstable();
        numbers.into_iter().eq(0..COUNT)
    }
}

fn numbered(number: u32) -> Bytes {
    Bytes::copy_from_slice(&[&number.to_be_bytes()[..], &[0; 124]].concat())
}

#[tokio::test]
async fn no_datagram_is_lost_when_a_console_moves() {
    let pair = connected(LinkOptions::default()).await;
    let (commands, states) = (Heard::of(&pair.cart), Heard::of(&pair.console));
    let old = pair.console_endpoint.local_addr().unwrap();
    assert_eq!(pair.cart.remote_address(), old);
    for number in 0..COUNT {
        commands.at_least(number.saturating_sub(ON_THE_WAY)).await;
        states.at_least(number.saturating_sub(ON_THE_WAY)).await;
        if number == MOVES_AFTER {
            pair.console_endpoint.rebind(Some(loopback())).unwrap();
        }
        pair.console.send_datagram(numbered(number)).unwrap();
        pair.cart.send_datagram(numbered(number)).unwrap();
    }
    commands.at_least(COUNT).await;
    states.at_least(COUNT).await;
    assert!(commands.is_complete() && states.is_complete());
    let new = pair.console_endpoint.local_addr().unwrap();
    assert_ne!(new, old);
    assert_eq!(pair.cart.remote_address(), new);
    assert_eq!((pair.cart.close_reason(), pair.console.close_reason()), (None, None));
    // In the end the old address is given back, and the connection does not mind.
    within(async {
        while std::net::UdpSocket::bind(old).is_err() {
            tokio::task::yield_now().await;
        }
    })
    .await;
    pair.console.send_datagram(numbered(COUNT)).unwrap();
    commands.at_least(COUNT + 1).await;
}

#[tokio::test]
async fn an_address_that_cannot_be_had_changes_nothing() {
    let pair = connected(LinkOptions::default()).await;
    let before = pair.console_endpoint.local_addr().unwrap();
    let taken = pair.cart_endpoint.local_addr().unwrap();
    assert!(pair.console_endpoint.rebind(Some(taken)).is_err());
    assert_eq!(pair.console_endpoint.local_addr().unwrap(), before);
    pair.console.send_datagram("from here as ever").unwrap();
    assert_eq!(within(pair.cart.datagram()).await.unwrap(), "from here as ever");
    assert_eq!(pair.cart.remote_address(), before);
}
