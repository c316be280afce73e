//! Strangers at the door, and peers that break the rules.

use bytes::Bytes;
use farprobe_transport::{AcceptError, FrameError, LinkOptions};
use rand::{Rng as _, SeedableRng as _};
use rand_pcg::Pcg64;

use super::support::*;

/// Random packets, half of them with the first bytes of a QUIC packet, so that they get further.
fn garbage(random: &mut Pcg64) -> Vec<u8> {
    let mut packet = vec![0; (random.next_u32() % 1500) as usize];
    random.fill_bytes(&mut packet);
    if random.next_u32().is_multiple_of(2)
        && let Some(header) = packet.first_chunk_mut::<6>()
    {
        // Long header, Initial, version 1, a connection id of 8 bytes.
        *header = [0xc0 | (header[0] & 0x0f), 0, 0, 0, 1, 8];
    }
    packet
}

#[tokio::test]
async fn garbage_at_the_socket_does_not_disturb_a_living_connection() {
    let pair = connected(LinkOptions::default()).await;
    let address = pair.cart_endpoint.local_addr().unwrap();
    let attacker = tokio::net::UdpSocket::bind(loopback()).await.unwrap();
    let mut random = Pcg64::seed_from_u64(0x6761_7262);
    for round in 0..1000_u32 {
        for _ in 0..10 {
            attacker.send_to(&garbage(&mut random), address).await.unwrap();
        }
        let sent = Bytes::copy_from_slice(&round.to_be_bytes());
        pair.console.send_datagram(sent.clone()).unwrap();
        let seen = within(pair.cart.datagram()).await.unwrap();
        pair.cart.send_datagram(seen).unwrap();
        assert_eq!(within(pair.console.datagram()).await.unwrap(), sent);
    }
    assert_eq!(pair.cart.close_reason(), None);
    // And the door is still open.
    let (_, stranger) = cart_and_operator();
    let knocked = within(pair.console_endpoint.connect(address, &stranger, None)).await;
    assert!(knocked.is_err());
    let accepted = within(pair.cart_endpoint.accept()).await;
    assert!(matches!(accepted, Err(AcceptError::RefusedByPeer { .. })), "{accepted:?}");
}

/// A peer with a right certificate that speaks the control stream by hand.
mod by_hand {
    use std::sync::Arc;

    use farprobe_transport::identity::{Identity, Overwrite, Purpose, Role};
    use quinn::crypto::rustls::QuicClientConfig;
    use rustls::pki_types::pem::PemObject as _;
    use rustls::pki_types::{CertificateDer, PrivateKeyDer};

    use super::*;
    use farprobe_transport::{CartEndpoint, Connection};

    pub(crate) struct ByHand {
        pub(crate) cart: Connection,
        pub(crate) console: quinn::Connection,
        pub(crate) _endpoints: (CartEndpoint, quinn::Endpoint),
    }

    pub(crate) async fn connected() -> ByHand {
        let authority = authority(Purpose::Real);
        let cart = authority.issue(Role::Cart, "cart", wide()).unwrap();
        let operator = authority.issue(Role::Operator, "Mallory", wide()).unwrap();
        let cart_endpoint = open_cart(&cart, LinkOptions::default());
        let client = quinn::Endpoint::client(loopback()).unwrap();
        let connecting = client
            .connect_with(client_config(&operator), cart_endpoint.local_addr().unwrap(), "cart.farprobe.internal")
            .unwrap();
        let (cart, console) = within(async { tokio::join!(cart_endpoint.accept(), connecting) }).await;
        ByHand { cart: cart.unwrap(), console: console.unwrap(), _endpoints: (cart_endpoint, client) }
    }

    /// A peer that lets the cart open no stream: where would the admission go?
    pub(crate) async fn knock_without_room() -> Result<Connection, AcceptError> {
        let authority = authority(Purpose::Real);
        let cart = authority.issue(Role::Cart, "cart", wide()).unwrap();
        let operator = authority.issue(Role::Operator, "Mallory", wide()).unwrap();
        let cart_endpoint = open_cart(&cart, LinkOptions::default());
        let client = quinn::Endpoint::client(loopback()).unwrap();
        let mut config = client_config(&operator);
        let mut transport = quinn::TransportConfig::default();
        transport.max_concurrent_uni_streams(0_u32.into());
        config.transport_config(Arc::new(transport));
        let connecting =
            client.connect_with(config, cart_endpoint.local_addr().unwrap(), "cart.farprobe.internal").unwrap();
        let (accepted, _connected) = within(async { tokio::join!(cart_endpoint.accept(), connecting) }).await;
        accepted
    }

    fn client_config(operator: &Identity) -> quinn::ClientConfig {
        let folder = tempfile::tempdir().unwrap();
        operator.save(folder.path(), Overwrite::Refuse).unwrap();
        let mut roots = rustls::RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(folder.path().join("ca.pem")).unwrap()).unwrap();
        let chain = vec![CertificateDer::from_pem_file(folder.path().join("cert.pem")).unwrap()];
        let key = PrivateKeyDer::from_pem_file(folder.path().join("key.pem")).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut tls = rustls::ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13])
            .unwrap()
            .with_root_certificates(roots)
            .with_client_auth_cert(chain, key)
            .unwrap();
        tls.alpn_protocols = vec![b"farprobe/1".to_vec()];
        quinn::ClientConfig::new(Arc::new(QuicClientConfig::try_from(tls).unwrap()))
    }
}

/// Writes `bytes` on a stream, ends it, and returns what the cart's receiver says until it fails or ends.
async fn say(bytes: &[u8], limit: usize) -> (Vec<Bytes>, Result<(), FrameError>) {
    let peer = by_hand::connected().await;
    let (mut out, _in) = peer.console.open_bi().await.unwrap();
    let bytes = bytes.to_vec();
    let saying = tokio::spawn(async move {
        // The cart may stop listening before the end, which is what some of these are about.
        let _ = out.write_all(&bytes).await;
        let _ = out.finish();
    });
    let (_out, mut receiver) = match within(peer.cart.accept_control(limit)).await {
        Ok(halves) => halves,
        Err(error) => return (Vec::new(), Err(error)),
    };
    let mut frames = Vec::new();
    let end = loop {
        match within(receiver.receive()).await {
            Ok(Some(frame)) => frames.push(frame),
            Ok(None) => break Ok(()),
            Err(error) => break Err(error),
        }
    };
    within(saying).await.unwrap();
    (frames, end)
}

#[tokio::test]
async fn a_stream_cut_inside_a_frame_or_its_header_is_an_error() {
    let (frames, end) = say(b"\x01\0\0\0\x03abc\0\0\0\x05hel", 100).await;
    assert_eq!((frames, end), (vec!["abc".into()], Err(FrameError::Truncated { missing: 2 })));
    let (frames, end) = say(b"\x01\0\0", 100).await;
    assert_eq!((frames, end), (vec![], Err(FrameError::Truncated { missing: 2 })));
}

#[tokio::test]
async fn a_length_over_the_limit_is_an_error_before_its_bytes_come() {
    let (frames, end) = say(b"\x01\xff\xff\xff\xff", 100).await;
    assert_eq!((frames, end), (vec![], Err(FrameError::TooLong { length: u32::MAX as usize, limit: 100 })));
}

#[tokio::test]
async fn a_stream_of_another_kind_is_an_error() {
    let (frames, end) = say(b"GET / HTTP/1.1\r\n", 100).await;
    assert_eq!((frames, end), (vec![], Err(FrameError::UnknownStream { kind: b'G' })));
}

#[tokio::test]
async fn a_reset_stream_is_an_error() {
    let peer = by_hand::connected().await;
    let (mut out, _in) = peer.console.open_bi().await.unwrap();
    out.write_all(b"\x01\0\0\0\x05he").await.unwrap();
    let (_out, mut receiver) = within(peer.cart.accept_control(100)).await.unwrap();
    out.reset(7_u32.into()).unwrap();
    assert_eq!(within(receiver.receive()).await, Err(FrameError::Abandoned { code: 7 }));
}

#[tokio::test]
async fn a_peer_cannot_open_a_second_or_a_one_way_stream() {
    let peer = by_hand::connected().await;
    let _first = peer.console.open_bi().await.unwrap();
    tokio::select! {
        biased;
        _ = peer.console.open_bi() => panic!("a second stream"),
        _ = peer.console.open_uni() => panic!("a one-way stream"),
        () = tokio::task::yield_now() => {}
    }
}

#[tokio::test]
async fn a_peer_that_leaves_no_room_for_the_admission_is_not_waited_for() {
    let accepted = by_hand::knock_without_room().await;
    assert!(matches!(accepted, Err(AcceptError::Incompatible { .. })), "{accepted:?}");
}
