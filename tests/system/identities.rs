//! Wrong identities at the doors of the real programs: each gets a clear word on the side that refuses and on the side that is
//! refused, an exit code that is not 0, and never a connection.

use farprobe_transport::identity::{Overwrite, Purpose, Role};

use crate::harness::{Cart, Process, Site, expired, save_self_signed, save_trusting};

/// A hand that does nothing.
const NOTHING: &str = "at 0.0 clutch open\nat 1.0 end\n";

/// A console's end: it failed, and what it said.
fn refused_console(site: &Site, cart: &Cart, identity: &str) -> String {
    refused_console_with(site, cart, identity, &[])
}

/// The same with more on its command line.
fn refused_console_with(site: &Site, cart: &Cart, identity: &str, more: &[&str]) -> String {
    let script = site.script("nothing.exam", NOTHING);
    let mut command = site.console_command(cart.address, &site.path(identity), &script, "out");
    command.args(more);
    let mut console = Process::start("console", command);
    let status = console.end();
    let text = console.text();
    assert!(!status.success(), "{identity}: {text}");
    // One complaint, and no summary of an exam that never was.
    assert_eq!(text.lines().filter(|line| line.contains("farprobe-console:")).count(), 1, "{text}");
    assert!(!text.contains("Session of"), "{text}");
    assert!(!site.path("out").join("summary.json").exists());
    text
}

/// What a cart says that refuses to start.
fn refused_cart(site: &Site, identity: &str) -> String {
    let mut cart = Process::start("cart", site.cart_command(&site.path(identity)));
    let status = cart.end();
    assert!(!status.success(), "{identity}: {}", cart.text());
    assert!(!cart.text().contains("listening"), "{}", cart.text());
    cart.text()
}

fn says(text: &str, words: &str) {
    assert!(text.contains(words), "\"{words}\" is not in:\n{text}");
}

#[test]
fn consoles_with_wrong_identities_are_refused_in_words_on_both_sides() {
    let (site, elsewhere) = (Site::new(Purpose::Real), Site::new(Purpose::Real));
    let cart = Cart::start(site.cart_command(&site.path("cart")));
    save_trusting(&elsewhere.identity(Role::Operator), site.authority(), &site.path("stranger"));
    let late = site.authority().issue(Role::Operator, "late", expired()).unwrap();
    late.save(&site.path("late"), Overwrite::Refuse).unwrap();

    says(&refused_console(&site, &cart, "stranger"), "refused this console");
    cart.process.line("was refused");
    says(&refused_console(&site, &cart, "late"), "valid");
    cart.process.line("expired");
    save_self_signed(Role::Operator, site.authority(), &site.path("mallory"));
    says(&refused_console(&site, &cart, "mallory"), "does not trust the authority of this side's certificate");
    cart.process.line("self-signed");
    // A role that may not be a console's never leaves this machine.
    says(&refused_console(&site, &cart, "cart"), "operator or observer");
    says(&refused_console(&site, &cart, "nowhere"), "nowhere");
    // The right console, and another cart than the one it was told to trust.
    says(&refused_console_with(&site, &cart, "operator", &["--cart", "Ward 7"]), "it is \"test cart\", not \"Ward 7\"");
    // And none of them was let in.
    assert!(!cart.process.text().contains("connected"), "{}", cart.process.text());
}

#[test]
fn a_cart_of_another_site_is_refused_by_the_console() {
    let (site, elsewhere) = (Site::new(Purpose::Real), Site::new(Purpose::Real));
    let cart = Cart::start(elsewhere.cart_command(&elsewhere.path("cart")));
    says(&refused_console(&site, &cart, "operator"), "was refused");
    cart.process.line("refused this cart");
}

#[test]
fn carts_with_wrong_identities_do_not_start() {
    let site = Site::new(Purpose::Real);
    let demo = Site::new(Purpose::Demo);
    says(&refused_cart(&site, "operator"), "cart");
    says(&refused_cart(&demo, "cart"), "only inside a demo");
    says(&refused_cart(&site, "nowhere"), "nowhere");
}

#[test]
fn demo_and_real_never_meet() {
    let demo = Site::new(Purpose::Demo);
    let cart = demo.cart();
    // A demo's operator who forgets to say that this is a demo.
    says(&refused_console(&demo, &cart, "operator"), "only inside a demo");
    // Somebody who means to play, and holds the identity that drives a real cart.
    let real = Site::new(Purpose::Real);
    let cart = Cart::start(real.cart_command(&real.path("cart")));
    says(&refused_console_with(&real, &cart, "operator", &["--demo"]), "leave out --demo");
    assert!(!cart.process.text().contains("connected"), "{}", cart.process.text());
}
