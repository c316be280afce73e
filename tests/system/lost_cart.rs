//! The cart dies in contact: the console says so and opens its clutch.

use std::process::Command;

use farprobe_transport::identity::Purpose;
use serde_json::Value;

use crate::harness::{Cart, InContact, Process, Site, fairly, programs};

/// Presses long enough to be interrupted, and ends by itself.
const SHORT: &str = "
at 0.0 force 8 N
at 0.5 clutch press
at 0.6 over 5.0 move z +46 mm
at 16.0 end
";

#[test]
fn a_cart_killed_in_contact_is_told_and_the_clutch_opens() {
    fairly(|| {
        let InContact { site, mut cart, mut console, watcher: _watcher } = InContact::by(SHORT);

        cart.process.kill();
        let status = console.end();

        // A script does not go on blindly.
        assert!(!status.success(), "{}", console.text());
        assert!(console.text().contains("connection lost"), "{}", console.text());
        assert!(console.text().contains("A script does not go on after that"), "{}", console.text());
        let log = std::fs::read_to_string(site.path("out").join("session.log")).unwrap();
        let told: Vec<String> = log
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).unwrap())
            .filter(|entry| entry["kind"] == "event")
            .filter_map(|entry| entry["words"].as_str().map(str::to_owned))
            .collect();
        // From the press on: before it the clutch was open as well.
        let pressed = told.iter().position(|words| words == "clutch pressed").expect("the clutch was pressed");
        let after = &told[pressed + 1..];
        assert!(after.iter().any(|words| words.starts_with("clutch open: the console opened it: ")), "{told:#?}");
        assert!(after.iter().all(|words| words != "clutch pressed"), "held down, it must not count again: {told:#?}");
        assert!(after.iter().any(|words| words.contains("was lost")), "{told:#?}");
        assert_eq!(how_it_ended(&log), "the exam ended with the problem above");
    });
}

/// What the last line of a session log says, which is about its end.
fn how_it_ended(log: &str) -> String {
    let last: Value = serde_json::from_str(log.lines().last().expect("lines")).expect("JSON");
    assert_eq!(last["kind"], "ended", "{log}");
    last["words"].as_str().expect("words").to_owned()
}

#[test]
fn a_console_that_waits_for_the_staff_ends_with_its_cart() {
    fairly(|| {
        let site = Site::new(Purpose::Real);
        // Nobody arms this one: the script never begins.
        let mut cart = Cart::start(site.cart_command(&site.path("cart")));
        let script = site.script("short.exam", SHORT);
        let mut console =
            Process::start("console", site.console_command(cart.address, &site.path("operator"), &script, "out"));
        cart.process.line("connected");
        cart.process.terminate();
        let status = console.end();
        assert!(!status.success(), "{}", console.text());
        assert!(console.text().contains("the connection to the cart was lost"), "{}", console.text());
        assert!(cart.process.end().success(), "{}", cart.process.text());
        // It was the cart that left, and both know.
        assert!(console.text().contains("shutting down"), "{}", console.text());
        assert!(!cart.process.text().contains(" left"), "{}", cart.process.text());
    });
}

#[test]
fn a_person_is_connected_again_for_as_long_as_it_takes() {
    fairly(|| {
        let site = Site::new(Purpose::Demo);
        let mut cart = site.cart();
        let mut command = Command::new(&programs().console);
        command.arg("connect").arg(cart.address.to_string()).arg("--identity").arg(site.path("operator")).arg("--demo");
        command.args(["--headless", "--handle", "gamepad", "--out"]).arg(site.path("out"));
        let mut console = Process::start("console", command);
        // It was let in, which a line of the cart's does not say yet.
        console.line("You have the right to drive.");
        cart.process.kill();
        console.line("connection lost");
        console.line("nobody answers");
        // Whoever holds the pad ends it.
        console.interrupt();
        let status = console.end();
        assert!(status.success(), "{}", console.text());
        let log = std::fs::read_to_string(site.path("out").join("session.log")).unwrap();
        assert_eq!(how_it_ended(&log), "the exam is over");
        assert!(log.contains("the exam ends: Ctrl-C"), "{log}");
    });
}
