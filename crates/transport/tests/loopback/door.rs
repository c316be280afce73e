//! Who gets in when many knock, and what nobody gets.

use std::sync::Arc;

use farprobe_transport::{CartEndpoint, CartOptions, LinkOptions};

use super::foreign::{Shown, raw_client};
use super::support::*;

/// The first flights of `count` consoles, as they go over the wire.
async fn first_flights(count: usize) -> Vec<Vec<Vec<u8>>> {
    let (_, operator) = cart_and_operator();
    let mut flights = Vec::new();
    for _ in 0..count {
        let tape = tokio::net::UdpSocket::bind(loopback()).await.unwrap();
        let console = open_console(LinkOptions::default());
        let mut packets = Vec::new();
        let mut buffer = [0; 2048];
        // A post-quantum first flight takes two packets.
        within(async {
            tokio::select! {
                biased;
                () = async {
                    while packets.len() < 2 {
                        let length = tape.recv(&mut buffer).await.unwrap();
                        packets.push(buffer[..length].to_vec());
                    }
                } => {}
                _ = console.connect(tape.local_addr().unwrap(), &operator, None) => {}
            }
        })
        .await;
        flights.push(packets);
    }
    flights
}

#[tokio::test]
async fn handshakes_that_never_go_on_do_not_lock_honest_consoles_out() {
    let (cart, operator) = cart_and_operator();
    let cart_endpoint = open_cart(&cart, LinkOptions::default());
    let address = cart_endpoint.local_addr().unwrap();
    // Each from an address of its own, as a flood with made-up senders looks.
    for flight in first_flights(60).await {
        let attacker = tokio::net::UdpSocket::bind(loopback()).await.unwrap();
        for packet in flight {
            attacker.send_to(&packet, address).await.unwrap();
        }
    }
    let console = open_console(LinkOptions::default());
    let accept = async {
        loop {
            if let Ok(connection) = cart_endpoint.accept().await {
                break connection;
            }
        }
    };
    let (_cart, connected) = within(async { tokio::join!(accept, console.connect(address, &operator, None)) }).await;
    assert!(connected.is_ok(), "{connected:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_consoles_at_once_all_get_in() {
    let (cart, operator) = cart_and_operator();
    let options = CartOptions { max_connections: 20, ..CartOptions::default() };
    let cart_endpoint = CartEndpoint::open(loopback(), &cart, options).unwrap();
    let address = cart_endpoint.local_addr().unwrap();
    let operator = Arc::new(operator);
    let consoles: Vec<_> = (0..20)
        .map(|_| {
            let operator = operator.clone();
            tokio::spawn(async move {
                let console = open_console(LinkOptions::default());
                let connection = console.connect(address, &operator, None).await;
                (console, connection)
            })
        })
        .collect();
    let mut accepted = Vec::new();
    for _ in 0..20 {
        accepted.push(within(cart_endpoint.accept()).await.unwrap());
    }
    for console in consoles {
        let (_endpoint, connection) = within(console).await.unwrap();
        assert!(connection.is_ok(), "{connection:?}");
    }
}

#[tokio::test]
async fn nothing_is_resumed_and_no_early_data_is_taken() {
    let (cart, operator) = cart_and_operator();
    let cart_endpoint = open_cart(&cart, LinkOptions::default());
    let mut tls = raw_client(&operator, Shown::Own);
    tls.enable_early_data = true;
    let tls = quinn::crypto::rustls::QuicClientConfig::try_from(tls).unwrap();
    let config = quinn::ClientConfig::new(Arc::new(tls));
    let client = quinn::Endpoint::client(loopback()).unwrap();
    for _ in 0..2 {
        let connecting =
            client.connect_with(config.clone(), cart_endpoint.local_addr().unwrap(), "cart.farprobe.internal").unwrap();
        // A ticket from the first time would let the second begin with early data.
        let Err(connecting) = connecting.into_0rtt() else { panic!("early data is possible") };
        let (accepted, connected) = within(async { tokio::join!(cart_endpoint.accept(), connecting) }).await;
        let connected = connected.unwrap();
        let mut admission = within(connected.accept_uni()).await.unwrap();
        assert_eq!(within(admission.read_to_end(10)).await.unwrap(), [1]);
        drop(accepted.unwrap());
        within(connected.closed()).await;
    }
}
