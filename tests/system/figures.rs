//! The live figures of both programs, read as Prometheus reads them.

use std::collections::BTreeSet;
use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

use farprobe_transport::identity::Purpose;

use crate::harness::{Cart, IN_THE_AIR, Process, Site, assets, fairly};

/// Asks a program to serve figures, wherever there is room.
const ANY_PORT: &str = "[metrics]\nport = 0\n";

/// Where a program says that its figures are.
fn address(program: &Process) -> SocketAddr {
    let line = program.line("live figures: http://");
    let (_, address) = line.split_once("http://").expect("an address");
    address.trim_end().trim_end_matches("/metrics").parse().expect("an address")
}

/// Everything that is told; nothing, if nobody tells it any more.
fn page(address: SocketAddr) -> Option<String> {
    let mut stream = TcpStream::connect(address).ok()?;
    stream.write_all(b"GET /metrics HTTP/1.1\r\nHost: test\r\n\r\n").ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    answer.ends_with("# EOF\n").then_some(answer)
}

/// The figure of this name and labels, if it is told.
fn figure(address: SocketAddr, name: &str) -> Option<f64> {
    page(address)?.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.parse().ok())
}

/// The names of all figures on these pages.
fn names(pages: &[String]) -> BTreeSet<&str> {
    let figures = pages.iter().flat_map(|page| page.lines()).filter(|line| line.starts_with("farprobe_"));
    figures.filter_map(|line| line.split(['{', ' ']).next()).collect()
}

/// The names of all figures that the dashboard asks for.
fn asked_by_dashboard() -> BTreeSet<String> {
    let dashboard = fs::read_to_string(assets("grafana/farprobe.json")).expect("a dashboard");
    let dashboard: serde_json::Value = serde_json::from_str(&dashboard).expect("JSON");
    let panels = dashboard["panels"].as_array().expect("panels");
    let targets = panels.iter().flat_map(|panel| panel["targets"].as_array().expect("targets"));
    let expressions = targets.map(|target| target["expr"].as_str().expect("an expression"));
    let words = expressions.flat_map(|expression| expression.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_')));
    words.filter(|word| word.starts_with("farprobe_")).map(ToOwned::to_owned).collect()
}

#[test]
fn both_programs_tell_what_they_count_to_whoever_reads_it_on_the_same_machine() {
    fairly(|| {
        let site = Site::new(Purpose::Demo);
        let config = fs::read_to_string(site.path("cart.toml")).unwrap();
        fs::write(site.path("cart.toml"), format!("{config}{ANY_PORT}")).unwrap();
        fs::write(site.path("console.toml"), ANY_PORT).unwrap();
        let cart = Cart::start(site.demo_cart_command());
        let of_cart = address(&cart.process);
        assert_eq!(figure(of_cart, "farprobe_cart_consoles"), Some(0.0));

        let script = site.script("air.exam", IN_THE_AIR);
        let mut command = site.console_command(cart.address, &site.path("operator"), &script, "out");
        command.arg("--demo").arg("--settings").arg(site.path("console.toml"));
        let mut console = Process::start("console", command);
        let of_console = address(&console);
        // As often as it takes; the console ends by itself, and then there is nobody to ask.
        let asked = |name: &str| loop {
            match figure(of_console, name) {
                Some(value) if value > 0.0 => return value,
                Some(_) | None => assert!(console.is_running(), "{name} was never told:\n{}", console.text()),
            }
        };
        assert_eq!(asked("farprobe_console_connected"), 1.0);
        let sent = asked("farprobe_console_commands_sent_total");
        assert!(asked("farprobe_console_hand_to_eye_seconds{quantile=\"0.5\"}") < 10.0);
        assert!(asked("farprobe_console_hop_seconds{hop=\"sent-received\",quantile=\"0.99\"}") < 10.0);
        let while_it_ran = page(of_console).unwrap();
        assert!(console.end().success(), "{}", console.text());

        let applied = figure(of_cart, "farprobe_cart_commands_applied_total").unwrap();
        assert!(applied >= sent * 0.5, "{applied} of more than {sent}");
        assert!(figure(of_cart, "farprobe_cart_ticks_total").unwrap() > 0.0);
        assert!(figure(of_cart, "farprobe_cart_pictures_sent_total").unwrap() > 0.0);
        assert_eq!(figure(of_cart, "farprobe_cart_force_limit_newtons{limit=\"hard\"}"), Some(20.0));

        let pages = [while_it_ran, page(of_cart).unwrap()];
        let (told, asked) = (names(&pages), asked_by_dashboard());
        let missing: Vec<_> = asked.iter().filter(|name| !told.contains(name.as_str())).collect();
        assert!(asked.len() > 15 && missing.is_empty(), "the dashboard asks for {missing:?}, which nobody tells");
    });
}
