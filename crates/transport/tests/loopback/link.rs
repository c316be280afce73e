//! Datagrams, closing and figures over a good link.

use std::net::SocketAddr;

use bytes::Bytes;
use farprobe_transport::identity::{Purpose, Role};
use farprobe_transport::{
    CartEndpoint, CartOptions, CloseReason, Closed, Congestion, DemoPolicy, LinkOptions, SendError,
};

use super::support::*;

#[tokio::test]
async fn datagrams_go_both_ways_unchanged() {
    for congestion in [Congestion::FixedWindow, Congestion::Bbr] {
        let pair = connected(LinkOptions { congestion, ..LinkOptions::default() }).await;
        for length in [0, 1, 128, 512, 1100] {
            let sent: Bytes = (0..length).map(|i| i as u8).collect();
            pair.console.send_datagram(sent.clone()).unwrap();
            let seen = within(pair.cart.datagram()).await.unwrap();
            pair.cart.send_datagram(seen).unwrap();
            assert_eq!(within(pair.console.datagram()).await.unwrap(), sent);
        }
        let stats = pair.console.stats();
        assert_eq!((stats.datagrams_sent, stats.datagrams_received), (5, 5));
        assert!(stats.round_trip >= stats.min_round_trip && stats.min_round_trip.as_nanos() > 0, "{stats:?}");
        assert!(stats.packets_sent > 5 && stats.path_mtu >= 1200, "{stats:?}");
    }
}

/// A cart on two networks. On Linux every address of 127/8 is this machine's, and left to itself it answers from the first.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_cart_answers_from_the_address_that_was_called() {
    for everywhere in ["0.0.0.0:0", "[::]:0"] {
        let (cart, operator) = cart_and_operator();
        let options = CartOptions { demo: DemoPolicy::Refused, ..CartOptions::default() };
        // A machine without IPv6 has no such socket.
        let Ok(cart_endpoint) = CartEndpoint::open(everywhere.parse().unwrap(), &cart, options) else { continue };
        let called = SocketAddr::from(([127, 0, 0, 2], cart_endpoint.local_addr().unwrap().port()));
        let console_endpoint = open_console(LinkOptions::default());
        let connected = within(async {
            tokio::join!(cart_endpoint.accept(), console_endpoint.connect(called, &operator, Some("cart 1")))
        });
        let (cart, console) = connected.await;
        let (cart, console) = (cart.unwrap(), console.unwrap());
        assert_eq!(console.remote_address(), called, "{everywhere}");
        cart.send_datagram("from there as well").unwrap();
        assert_eq!(within(console.datagram()).await.unwrap(), "from there as well");
    }
}

#[tokio::test]
async fn a_thread_without_a_runtime_can_send() {
    let pair = connected(LinkOptions::default()).await;
    let console = pair.console.clone();
    std::thread::spawn(move || console.send_datagram("from the handle's thread")).join().unwrap().unwrap();
    assert_eq!(within(pair.cart.datagram()).await.unwrap(), "from the handle's thread");
}

#[tokio::test]
async fn the_cart_knows_who_drives_and_who_watches() {
    let authority = authority(Purpose::Real);
    let cart = authority.issue(Role::Cart, "cart", wide()).unwrap();
    let cart_endpoint = open_cart(&cart, LinkOptions::default());
    let console_endpoint = open_console(LinkOptions::default());
    let address = cart_endpoint.local_addr().unwrap();
    for (role, name) in [(Role::Operator, "Dr. Li"), (Role::Observer, "student")] {
        let identity = authority.issue(role, name, wide()).unwrap();
        let (seen, console) = within(async {
            tokio::join!(cart_endpoint.accept(), console_endpoint.connect(address, &identity, Some("cart")))
        })
        .await;
        let (seen, _console) = (seen.unwrap(), console.unwrap());
        assert_eq!((seen.peer().role, seen.peer().name.as_str()), (role, name));
        assert_eq!((seen.peer().purpose, seen.peer().fingerprint), (Purpose::Real, identity.fingerprint()));
    }
}

#[tokio::test]
async fn a_datagram_too_long_for_a_packet_is_refused_with_the_limit() {
    let pair = connected(LinkOptions::default()).await;
    let error = pair.console.send_datagram(vec![0; 3000]).unwrap_err();
    let SendError::TooLong { length: 3000, limit } = error else { panic!("{error:?}") };
    assert!((1100..1500).contains(&limit), "{limit}");
}

#[tokio::test]
async fn of_datagrams_that_nobody_reads_the_newest_are_kept() {
    let pair = connected(LinkOptions::default()).await;
    let count = 500_u32;
    for number in 0..count {
        pair.console.send_datagram(Bytes::copy_from_slice(&[&number.to_be_bytes()[..], &[0; 96]].concat())).unwrap();
        // Until the cart's QUIC has it; its application reads nothing yet.
        let before = u64::from(number) + 1;
        within(async {
            while pair.cart.stats().datagrams_received < before {
                tokio::task::yield_now().await;
            }
        })
        .await;
    }
    let mut numbers = Vec::new();
    while numbers.last() != Some(&(count - 1)) {
        let datagram = within(pair.cart.datagram()).await.unwrap();
        numbers.push(u32::from_be_bytes(*datagram.first_chunk().unwrap()));
    }
    assert!((10..=100).contains(&numbers.len()), "kept {}", numbers.len());
    let first = numbers[0];
    assert!(numbers.iter().copied().eq(first..count), "{numbers:?}");
}

#[tokio::test]
async fn who_closed_and_why_is_known_on_both_sides() {
    let pair = connected(LinkOptions::default()).await;
    assert_eq!(pair.cart.close_reason(), None);
    pair.cart.close(CloseReason::Violation, "sequence jumped");
    assert_eq!(within(pair.cart.closed()).await, Closed::ByUs);
    let by_peer = Closed::ByPeer { reason: CloseReason::Violation, detail: "sequence jumped".into() };
    assert_eq!(within(pair.console.closed()).await, by_peer);
    assert_eq!(pair.console.close_reason(), Some(by_peer.clone()));
    assert_eq!(pair.console.send_datagram("late"), Err(SendError::Closed(by_peer.clone())));
    assert_eq!(within(pair.console.datagram()).await, Err(by_peer));
}

#[tokio::test]
async fn dropping_the_last_handle_closes() {
    let pair = connected(LinkOptions::default()).await;
    let clone = pair.console.clone();
    drop(pair.console);
    assert_eq!(pair.cart.close_reason(), None);
    drop(clone);
    let closed = within(pair.cart.closed()).await;
    assert_eq!(closed, Closed::ByPeer { reason: CloseReason::Unspecified, detail: String::new() });
}

#[tokio::test]
async fn shutting_an_endpoint_down_tells_the_peers_and_ends_accepting() {
    let pair = connected(LinkOptions::default()).await;
    within(pair.cart_endpoint.shut_down(CloseReason::ShuttingDown)).await;
    let closed = within(pair.console.closed()).await;
    assert_eq!(closed, Closed::ByPeer { reason: CloseReason::ShuttingDown, detail: String::new() });
    let accepted = within(pair.cart_endpoint.accept()).await;
    assert!(matches!(accepted, Err(farprobe_transport::AcceptError::EndpointClosed)), "{accepted:?}");
}

#[tokio::test]
async fn a_dropped_cart_endpoint_gives_its_port_back() {
    let (cart, _) = cart_and_operator();
    let endpoint = open_cart(&cart, LinkOptions::default());
    let address = endpoint.local_addr().unwrap();
    drop(endpoint);
    within(async {
        while std::net::UdpSocket::bind(address).is_err() {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_console_that_went_silent_is_a_lost_link() {
    let link = LinkOptions {
        idle_timeout: std::time::Duration::from_millis(300),
        keep_alive: std::time::Duration::from_millis(50),
        ..LinkOptions::default()
    };
    let relay = super::blackout::Relay::new();
    let pair = relay.connected(link).await;
    relay.block();
    assert_eq!(within(pair.cart.closed()).await, Closed::LinkLost);
    assert_eq!(within(pair.console.closed()).await, Closed::LinkLost);
}
