//! The impaired lines as whoever types the commands meets them.

use std::io::{BufRead as _, BufReader, Read as _};
use std::net::UdpSocket;
use std::process::Command;
use std::time::Duration;

use super::bench;

/// How long a datagram may take before a test gives up.
const PATIENCE: Duration = Duration::from_secs(30);

fn socket() -> UdpSocket {
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a free port");
    socket.set_read_timeout(Some(PATIENCE)).expect("a socket");
    socket
}

#[test]
fn a_relay_says_where_it_listens_and_ends_with_its_counts_when_it_is_interrupted() {
    let (server, client) = (socket(), socket());
    let to = server.local_addr().unwrap().to_string();
    let mut relay = bench(&["relay", "--link", "clean", "--to", &to]).spawn().unwrap();
    let mut said = BufReader::new(relay.stdout.take().unwrap());
    let mut line = String::new();
    said.read_line(&mut line).unwrap();
    let address = line.trim_end().rsplit(' ').next().unwrap();
    client.connect(address).unwrap();
    let mut buffer = [0; 16];
    client.send(b"there").unwrap();
    let (length, from) = server.recv_from(&mut buffer).unwrap();
    assert_eq!(&buffer[..length], b"there");
    server.send_to(b"back", from).unwrap();
    assert_eq!(client.recv(&mut buffer).unwrap(), 4);
    // The shell's own word for it, as for the other programs' tests.
    let sent = Command::new("sh").arg("-c").arg(format!("kill -INT {}", relay.id())).status().unwrap();
    assert!(sent.success());
    let mut rest = String::new();
    said.read_to_string(&mut rest).unwrap();
    assert!(relay.wait().unwrap().success(), "{rest}");
    assert!(rest.contains("there  1 in, 1 out\n") && rest.contains("back   1 in, 1 out\n"), "{rest}");
}

#[test]
fn a_slip_is_answered_with_what_would_be_right() {
    for (words, answer) in [
        (
            &["relay", "--link", "5g-god", "--to", "127.0.0.1:9"][..],
            "there is no line \"5g-god\": choose one of clean, ",
        ),
        (
            &["relay", "--link", "4g", "--to", "nowhere"],
            "\"nowhere\" is no address of a server: give HOST:PORT with --to",
        ),
        (&["relay", "--link", "no-such.toml", "--to", "127.0.0.1:9"], "line no-such.toml: "),
        (&["links", "6g"], "there is no such line: choose one of clean, "),
        (&["netns", "--link", "4g", "--name", "a b"], "it must be of 1 to 32 letters, digits and \"-\""),
        (&["selftest", "--seconds", "0"], "it must be within 0.1 to 900"),
    ] {
        let output = bench(words).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && said.contains(answer), "{words:?}: {said}");
    }
}

#[test]
fn a_reader_that_has_seen_enough_of_the_list_is_no_failure() {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output = bench(&["links"]).stdout(writer).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
