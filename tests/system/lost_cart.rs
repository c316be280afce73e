//! The cart dies in contact: the console says so and opens its clutch.

use farprobe_transport::identity::{Purpose, Role};
use serde_json::Value;

use crate::harness::{SETTLED, Site, Watcher};

/// Presses long enough to be interrupted, and ends by itself.
const SHORT: &str = "
at 0.0 force 8 N
at 0.5 clutch press
at 0.6 over 5.0 move z +46 mm
at 16.0 end
";

#[test]
fn a_cart_killed_in_contact_is_told_and_the_clutch_opens() {
    let site = Site::new(Purpose::Demo);
    let mut cart = site.cart();
    let mut watcher = Watcher::connect(cart.address, &site.identity(Role::Observer));
    let mut console = site.console(cart.address, &site.script("short.exam", SHORT), "out");
    watcher.until_pressed(SETTLED);

    cart.process.kill();
    console.end();

    assert!(console.text().contains("connection lost"), "{}", console.text());
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
    assert!(after.iter().any(|words| words == "clutch open"), "{told:#?}");
    assert!(after.iter().all(|words| words != "clutch pressed"), "held down, it must not count again: {told:#?}");
    assert!(after.iter().any(|words| words.contains("nobody answers")), "{told:#?}");
}
