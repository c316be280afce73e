use std::net::UdpSocket;
use std::time::Duration;

use farprobe_devices::MonotonicClock;
use farprobe_sim::link::{
    Act, Change, Jitter, LineProfile, LinkProfile, LinkState, Loss, Order, Outages, Probability, Rate, Reorder, Script,
    Ways, named,
};

use super::*;
use crate::proof::{Ends, Pace, Traffic, prove};
use crate::report::Report;

/// How long a test waits for a datagram before it gives up.
const PATIENCE: Duration = Duration::from_secs(30);

fn loopback() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 0))
}

fn socket() -> UdpSocket {
    let socket = UdpSocket::bind(loopback()).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    socket
}

/// A relay to `server`, and a client of it.
fn relay_to(server: &UdpSocket, profile: &LineProfile) -> (Relay, UdpSocket) {
    let relay = Relay::start(loopback(), server.local_addr().unwrap(), profile, 7, Keep::Packets).unwrap();
    let client = client_of(&relay);
    (relay, client)
}

fn client_of(relay: &Relay) -> UdpSocket {
    let client = socket();
    client.connect(relay.address).unwrap();
    client
}

fn received(socket: &UdpSocket) -> (Vec<u8>, SocketAddr) {
    let mut buffer = [0; 2_048];
    let (length, from) = socket.recv_from(&mut buffer).unwrap();
    (buffer[..length].to_vec(), from)
}

/// Asks until `holds`; gives up after [`PATIENCE`].
fn until(relay: &Relay, holds: impl Fn(&Report) -> bool) -> Report {
    let began = MonotonicClock.now();
    loop {
        let report = relay.driver.report().unwrap();
        if holds(&report) {
            return report;
        }
        assert!(MonotonicClock.now().saturating_since(began) < PATIENCE, "{report:?}");
        std::thread::yield_now();
    }
}

/// The exact part of the self-test: what comes through real sockets is what the model plans for them.
fn holds(name: &str, profile: &LineProfile, count: u64) {
    let called = socket();
    let (mut relay, caller) = relay_to(&called, profile);
    let ends = Ends { caller, called };
    let traffic = Traffic { count, bytes: 100, pace: Pace::Lockstep };
    for proof in prove(&mut relay.driver, &ends, (profile, 7), traffic).unwrap() {
        assert!(proof.broken.is_empty() && proof.unclear.is_none(), "{name}: {proof:#?}");
        assert!(proof.counts.sent >= count, "{name}: {proof:#?}");
        assert!(proof.added.p50 <= proof.added.p99, "{name}: {proof:#?}");
    }
}

#[test]
fn what_comes_through_real_sockets_is_what_the_model_plans() {
    let ms = Duration::from_millis;
    let p = Probability::literal;
    let perfect = LinkProfile::PERFECT;
    let everything = LinkProfile {
        delay: ms(3),
        jitter: Jitter::LongTail { mean: ms(2), most: ms(20) },
        order: Order::Free,
        loss: Loss::bursts(p(0.2), 4.0),
        duplicate: p(0.1),
        reorder: Reorder { probability: p(0.1), by: ms(4) },
        ..perfect
    };
    // 128 bytes with their headers take 1 ms; ten may wait.
    let narrow = LinkProfile { rate: Some(Rate::kbit(1_024)), queue_bytes: 1_280, ..perfect };
    let outages =
        Outages { ways: Ways::Back, state: LinkState::Stalled, shortest: ms(1), longest: ms(5), between: ms(5) };
    let act = |at, ways, state| Act { at: ms(at), ways, change: Change::State(state) };
    let acts = vec![act(2, Ways::There, LinkState::Cut), act(6, Ways::There, LinkState::Up)];
    let script = Script::repeated(acts, ms(10)).unwrap();
    for (name, profile) in [
        ("perfect", LineProfile::default()),
        ("everything at once", LineProfile::symmetric(everything)),
        ("one way only", LineProfile { there: everything, ..LineProfile::default() }),
        ("narrow", LineProfile::symmetric(narrow)),
        ("outages", LineProfile { outages: Some(outages), ..LineProfile::default() }),
        ("script", LineProfile { script, ..LineProfile::default() }),
    ] {
        holds(name, &profile, 1_000);
    }
    for name in ["clean", "hospital-lan", "5g-poor", "lossy-25ms", "netfi-loss-50", "netfi-delay-100"] {
        holds(name, &named::find(name).unwrap().line(), 500);
    }
}

#[test]
fn a_false_plan_is_found_out() {
    let lossy = LinkProfile { loss: Loss::Random(Probability::literal(0.1)), ..LinkProfile::PERFECT };
    let called = socket();
    let (mut relay, caller) = relay_to(&called, &LineProfile::symmetric(lossy));
    let ends = Ends { caller, called };
    let asked = LineProfile::symmetric(LinkProfile { delay: Duration::from_secs(1), ..lossy });
    let traffic = Traffic { count: 500, bytes: 100, pace: Pace::Lockstep };
    for proof in prove(&mut relay.driver, &ends, (&asked, 8), traffic).unwrap() {
        assert!(!proof.broken.is_empty(), "another seed loses others: {proof:?}");
    }
}

#[test]
fn each_way_is_cut_and_restored_by_hand() {
    let server = socket();
    let (relay, client) = relay_to(&server, &LineProfile::default());
    client.send(b"hello").unwrap();
    let (_, from) = received(&server);
    relay.driver.set_state(Ways::There, LinkState::Cut);
    client.send(b"lost").unwrap();
    until(&relay, |report| report.there.counts.cut == 1);
    server.send_to(b"still heard", from).unwrap();
    assert_eq!(received(&client).0, b"still heard");
    relay.driver.set_state(Ways::There, LinkState::Up);
    relay.driver.set_state(Ways::Back, LinkState::Stalled);
    client.send(b"again").unwrap();
    assert_eq!(received(&server).0, b"again");
    server.send_to(b"waits", from).unwrap();
    let waiting = until(&relay, |report| report.back.counts.sent == 2);
    assert_eq!(waiting.back.counts.delivered, 1);
    relay.driver.set_state(Ways::Both, LinkState::Up);
    assert_eq!(received(&client).0, b"waits");
}

#[test]
fn each_client_has_a_path_of_its_own_and_a_new_address_is_a_new_one() {
    let server = socket();
    let (relay, first) = relay_to(&server, &LineProfile::default());
    let second = client_of(&relay);
    first.send(b"one").unwrap();
    let (_, to_first) = received(&server);
    second.send(b"two").unwrap();
    let (_, to_second) = received(&server);
    assert_ne!(to_first, to_second);
    server.send_to(b"for one", to_first).unwrap();
    server.send_to(b"for two", to_second).unwrap();
    assert_eq!(received(&first).0, b"for one");
    assert_eq!(received(&second).0, b"for two");
    first.send(b"").unwrap();
    assert_eq!(received(&server), (Vec::new(), to_first), "an empty datagram is one too, and from the same place");
}

#[test]
fn a_server_that_is_not_there_is_told_of_and_may_come_later() {
    let address = {
        let gone = socket();
        gone.local_addr().unwrap()
    };
    let relay = Relay::start(loopback(), address, &LineProfile::default(), 1, Keep::Counts).unwrap();
    let client = client_of(&relay);
    client.send(b"anybody?").unwrap();
    let report = until(&relay, |report| report.trouble.is_some());
    assert_eq!(report.trouble, Some(format!("nobody listens at {address}: start the program there")));
    // Another program may have been given the port meanwhile; then there is nothing to be seen here.
    let Ok(server) = UdpSocket::bind(address) else { return };
    server.set_read_timeout(Some(PATIENCE)).unwrap();
    client.send(b"now?").unwrap();
    assert_eq!(received(&server).0, b"now?");
}

#[test]
fn a_relay_ends_when_it_is_dropped_and_does_not_relay_to_itself() {
    let server = socket();
    let (relay, _client) = relay_to(&server, &LineProfile::default());
    let address = relay.address;
    drop(relay);
    let again = Relay::start(address, server.local_addr().unwrap(), &LineProfile::default(), 1, Keep::Counts).unwrap();
    let taken = Relay::start(address, server.local_addr().unwrap(), &LineProfile::default(), 1, Keep::Counts);
    assert!(taken.unwrap_err().to_string().starts_with(&format!("can't listen at {address}: ")));
    drop(again);
    let itself = Relay::start(address, address, &LineProfile::default(), 1, Keep::Counts).unwrap_err();
    assert!(itself.to_string().contains("is the relay's own address"), "{itself}");
    // At all addresses of this machine, its own among them.
    let (all, me) = (SocketAddr::from(([0, 0, 0, 0], address.port())), address);
    assert!(Relay::start(all, me, &LineProfile::default(), 1, Keep::Counts).is_err());
}
