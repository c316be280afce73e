//! Two networks at once: the first copy wins, and either may fail.

use std::net::UdpSocket;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use farprobe_transport::{Connection, LinkOptions, OpenError, PathState, PathStats};

use super::blackout::Relay;
use super::support::*;

/// Two relays between a console and a cart.
struct Networks {
    first: Relay,
    second: Relay,
    pair: Pair,
}

impl Networks {
    async fn both() -> Self {
        let (first, second) = (Relay::new(), Relay::new());
        let pair = first.connected(LinkOptions::default()).await;
        let cart = second.leads_to(pair.cart_endpoint.local_addr().unwrap()).await;
        pair.console_endpoint.add_path(loopback(), cart).unwrap();
        let both = Self { first, second, pair };
        both.proven().await;
        both
    }

    /// Both ends use both networks.
    async fn proven(&self) {
        for end in [&self.pair.console, &self.pair.cart] {
            paths(end, |paths| paths.iter().all(|path| path.state == PathState::Proven)).await;
        }
    }
}

/// Waits until the two paths of `end` are so.
async fn paths(end: &Connection, are_so: impl Fn(&[PathStats; 2]) -> bool) -> [PathStats; 2] {
    within(async {
        loop {
            match end.paths().try_into() {
                Ok(paths) if are_so(&paths) => return paths,
                Ok(_) | Err(_) => tokio::task::yield_now().await,
            }
        }
    })
    .await
}

/// Waits until the second of them is so.
async fn path(end: &Connection, is_so: impl Fn(&PathStats) -> bool) -> PathStats {
    paths(end, |[_, second]| is_so(second)).await[1]
}

/// What has arrived.
fn heard(connection: &Connection) -> Arc<Mutex<Vec<u32>>> {
    let heard: Arc<Mutex<Vec<u32>>> = Arc::default();
    let hears = heard.clone();
    connection.on_datagram(move |datagram| {
        hears.lock().unwrap().push(u32::from_be_bytes(*datagram.first_chunk().unwrap()));
    });
    heard
}

fn numbered(number: u32) -> Bytes {
    Bytes::copy_from_slice(&[&number.to_be_bytes()[..], &[0; 124]].concat())
}

/// Sends `numbers` both ways, no more than a few ahead, and waits until all have come.
async fn exchange(networks: &Networks, numbers: std::ops::Range<u32>) {
    let pair = &networks.pair;
    let (commands, states) = (heard(&pair.cart), heard(&pair.console));
    let count = |heard: &Mutex<Vec<u32>>| heard.lock().unwrap().len();
    for (sent, number) in numbers.clone().enumerate() {
        within(async {
            while count(&commands).min(count(&states)) + 10 < sent {
                tokio::task::yield_now().await;
            }
        })
        .await;
        pair.console.send_datagram(numbered(number)).unwrap();
        pair.cart.send_datagram(numbered(number)).unwrap();
    }
    within(async {
        while count(&commands).min(count(&states)) < numbers.len() {
            tokio::task::yield_now().await;
        }
    })
    .await;
    // Once each, though there were two of each.
    for heard in [commands, states] {
        let mut heard = heard.lock().unwrap().clone();
        heard.sort_unstable();
        assert_eq!(heard, numbers.clone().collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn each_datagram_goes_over_both_networks_and_comes_once() {
    let networks = Networks::both().await;
    exchange(&networks, 0..200).await;
    for end in [&networks.pair.console, &networks.pair.cart] {
        // Some packets carry nothing but acknowledgements, and the last copies may be under way.
        let path = path(end, |path| path.packets_received >= 190).await;
        assert!(path.packets_sent >= 200, "{path:?}");
        assert!(path.round_trip.is_some(), "{path:?}");
    }
}

#[tokio::test]
async fn whichever_network_is_cut_nothing_is_lost_and_one_that_is_back_is_used() {
    let networks = Networks::both().await;
    let address = networks.pair.cart.remote_address();
    exchange(&networks, 0..50).await;
    networks.first.block();
    exchange(&networks, 50..150).await;
    networks.first.unblock();
    exchange(&networks, 150..200).await;
    networks.second.block();
    exchange(&networks, 200..300).await;
    // It is noticed, and no copies are wasted any more.
    for end in [&networks.pair.console, &networks.pair.cart] {
        path(end, |path| path.state == PathState::Silent).await;
    }
    networks.second.unblock();
    networks.proven().await;
    networks.first.block();
    exchange(&networks, 300..400).await;
    assert_eq!(networks.pair.cart.remote_address(), address, "a further path is no change of address");
    assert_eq!((networks.pair.cart.close_reason(), networks.pair.console.close_reason()), (None, None));
}

#[tokio::test]
async fn streams_outlive_either_network_too() {
    let networks = Networks::both().await;
    let pair = &networks.pair;
    let (opened, accepted) =
        within(async { tokio::join!(pair.console.open_control(1000), pair.cart.accept_control(1000)) }).await;
    let ((mut asks, _), (_, mut hears)) = (opened.unwrap(), accepted.unwrap());
    for (cut, back) in [(&networks.first, &networks.second), (&networks.second, &networks.first)] {
        networks.proven().await;
        cut.block();
        within(asks.send(b"stop")).await.unwrap();
        assert_eq!(within(hears.receive()).await.unwrap().unwrap(), "stop");
        cut.unblock();
        back.unblock();
    }
}

#[tokio::test]
async fn the_console_may_move_on_its_first_network_meanwhile() {
    let networks = Networks::both().await;
    exchange(&networks, 0..50).await;
    let before = networks.pair.cart.paths()[0].peer;
    networks.first.move_on();
    let (commands, states) = (heard(&networks.pair.cart), heard(&networks.pair.console));
    for number in 0..100 {
        networks.pair.console.send_datagram(numbered(number)).unwrap();
        networks.pair.cart.send_datagram(numbered(number)).unwrap();
        // All commands come. A state whose only copy is overtaken by the news that the name it was sent to has been given up for
        // another, as QUIC does when it sees a new address, is lost; so the next one counts as well.
        within(async {
            while !commands.lock().unwrap().contains(&number)
                || states.lock().unwrap().last().is_none_or(|state| state + 10 < number)
            {
                tokio::task::yield_now().await;
            }
        })
        .await;
    }
    // Whichever copy is the first, the cart comes to know of it.
    paths(&networks.pair.cart, |[first, _]| first.peer != before && first.state == PathState::Proven).await;
    networks.second.block();
    exchange(&networks, 150..250).await;
}

#[tokio::test]
async fn the_second_network_may_give_the_console_another_address() {
    let networks = Networks::both().await;
    let before = networks.pair.cart.paths()[1].peer;
    networks.second.move_on();
    let moved = path(&networks.pair.cart, |path| path.peer != before).await;
    path(&networks.pair.cart, |path| path.state == PathState::Proven).await;
    networks.first.block();
    exchange(&networks, 0..100).await;
    assert_eq!(networks.pair.cart.paths()[1].peer, moved.peer);
}

#[tokio::test]
async fn a_strangers_packets_are_neither_answered_nor_make_a_path() {
    let networks = Networks::both().await;
    let cart = networks.pair.cart_endpoint.local_addr().unwrap();
    let stranger = UdpSocket::bind(loopback()).unwrap();
    stranger.set_nonblocking(true).unwrap();
    for length in 1..200usize {
        for first in [0x11, 0x40, 0xff] {
            let bytes: Vec<u8> = (0..length).map(|place| if place == 0 { first } else { place as u8 }).collect();
            stranger.send_to(&bytes, cart).unwrap();
        }
    }
    exchange(&networks, 0..100).await;
    let known: Vec<_> = networks.pair.cart.paths().iter().map(|path| path.peer).collect();
    assert!(!known.contains(&stranger.local_addr().unwrap()));
    // QUIC may tell a stranger that it knows no such connection, which is never longer than what was asked.
    let mut answer = [0; 2048];
    while let Ok(length) = stranger.recv(&mut answer) {
        assert!(length < 200 && answer[0] != 0x11, "{length}");
    }
}

#[tokio::test]
async fn a_network_where_nobody_answers_is_told_and_harms_nothing() {
    let first = Relay::new();
    let pair = first.connected(LinkOptions::default()).await;
    let nobody = UdpSocket::bind(loopback()).unwrap();
    pair.console_endpoint.add_path(loopback(), nobody.local_addr().unwrap()).unwrap();
    pair.console.send_datagram("as ever").unwrap();
    assert_eq!(within(pair.cart.datagram()).await.unwrap(), "as ever");
    let path = path(&pair.console, |_| true).await;
    assert_eq!((path.state, path.packets_sent), (PathState::Silent, 0));
    // It was knocked there, and nothing else came.
    let mut knock = [0; 2048];
    for _ in 0..3 {
        let length = nobody.recv(&mut knock).unwrap();
        assert_eq!((knock[0], length < 100), (0x11, true));
    }
    // On the first it is knocked too, and heard.
    let known = within(async {
        loop {
            match pair.cart.paths() {
                paths if paths.is_empty() => tokio::task::yield_now().await,
                paths => return paths,
            }
        }
    })
    .await;
    assert_eq!(known.iter().map(|path| path.peer).collect::<Vec<_>>(), [pair.cart.remote_address()]);
}

#[tokio::test]
async fn there_are_two_further_paths_at_most() {
    let pair = connected(LinkOptions::default()).await;
    let cart = pair.cart_endpoint.local_addr().unwrap();
    for _ in 0..2 {
        pair.console_endpoint.add_path(loopback(), cart).unwrap();
    }
    let third = pair.console_endpoint.add_path(loopback(), cart);
    assert!(matches!(third, Err(OpenError::TooManyPaths { most: 2 })), "{third:?}");
    let taken = pair.console_endpoint.add_path(cart, cart);
    assert!(matches!(taken, Err(OpenError::Socket { .. })), "{taken:?}");
    assert_eq!(pair.console.paths().len(), 3);
}

#[tokio::test]
async fn a_connection_made_later_has_the_paths_too_and_their_ports_are_given_back() {
    let (cart, operator) = cart_and_operator();
    let cart_endpoint = open_cart(&cart, LinkOptions::default());
    let console_endpoint = open_console(LinkOptions::default());
    let address = cart_endpoint.local_addr().unwrap();
    console_endpoint.add_path(loopback(), address).unwrap();
    let (accepted, connected) =
        within(async { tokio::join!(cart_endpoint.accept(), console_endpoint.connect(address, &operator, None)) })
            .await;
    let (accepted, connected) = (accepted.unwrap(), connected.unwrap());
    let at_cart = path(&accepted, |path| path.state == PathState::Proven).await;
    path(&connected, |path| path.state == PathState::Proven).await;
    drop((connected, console_endpoint));
    within(async {
        while UdpSocket::bind(at_cart.peer).is_err() {
            tokio::task::yield_now().await;
        }
    })
    .await;
}
