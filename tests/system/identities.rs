//! Wrong identities at the doors of the real programs: each gets a clear word on the side that refuses and on the side that is
//! refused, an exit code that is not 0, and never a connection.

use std::path::Path;
use std::process::Command;

use farprobe_transport::identity::{Overwrite, Purpose, Role};

use crate::harness::{Cart, Process, Site, expired, programs, save_self_signed, save_trusting};

/// A hand that does nothing.
const NOTHING: &str = "at 0.0 clutch open\nat 1.0 end\n";

/// A console's end: it failed, and what it said. `more` is added to its command line.
fn refused_console(site: &Site, cart: &Cart, identity: &Path, more: &[&str]) -> String {
    let script = site.script("nothing.exam", NOTHING);
    let mut command = site.console_command(cart.address, identity, &script, "out");
    command.args(more);
    let mut console = Process::start("console", command);
    let status = console.end();
    let text = console.text();
    assert!(!status.success(), "{}: {text}", identity.display());
    // One complaint, and no summary of an exam that never was.
    assert_eq!(text.lines().filter(|line| line.contains("farprobe-console:")).count(), 1, "{text}");
    assert!(!text.contains("Session of"), "{text}");
    assert!(!site.path("out").join("summary.json").exists());
    text
}

/// What a cart says that refuses to start.
fn refused_cart(site: &Site, identity: &Path, more: &[&str]) -> String {
    let mut command = site.cart_command(identity);
    command.args(more);
    let mut cart = Process::start("cart", command);
    let status = cart.end();
    assert!(!status.success(), "{}: {}", identity.display(), cart.text());
    assert!(!cart.text().contains("listening"), "{}", cart.text());
    cart.text()
}

fn says(text: &str, words: &str) {
    assert!(text.contains(words), "\"{words}\" is not in:\n{text}");
}

fn let_nobody_in(cart: &Cart) {
    assert!(!cart.process.text().contains("connected"), "{}", cart.process.text());
}

#[test]
fn consoles_with_wrong_identities_are_refused_in_words_on_both_sides() {
    let (site, elsewhere) = (Site::new(Purpose::Real), Site::new(Purpose::Real));
    let cart = Cart::start(site.cart_command(&site.path("cart")));
    save_trusting(&elsewhere.identity(Role::Operator), site.authority(), &site.path("stranger"));
    let late = site.authority().issue(Role::Operator, "late", expired()).unwrap();
    late.save(&site.path("late"), Overwrite::Refuse).unwrap();
    save_self_signed(Role::Operator, site.authority(), &site.path("own"));

    let refused = |identity: &str| refused_console(&site, &cart, &site.path(identity), &[]);
    let unknown = "refused this console: it does not trust the authority of this side's certificate: both sides need";
    says(&refused("stranger"), unknown);
    cart.process
        .line("was refused: its certificate is not from the authority trusted here: both sides need identities");
    says(&refused("own"), unknown);
    cart.process.line("was refused: its certificate is self-signed: issue one with the site's authority");
    let late = refused("late");
    says(&late, "this side's certificate expired on");
    says(
        &late,
        "refused this console: this side's certificate is expired or not yet valid by its clock: check both clocks",
    );
    cart.process.line("was refused: its certificate expired on");
    // Nor does a console stay with a cart that is not the one it was sent to.
    let other = refused_console(&site, &cart, &site.path("operator"), &["--cart", "cart of ward 9"]);
    says(&other, "was refused: it is \"test cart\", not \"cart of ward 9\": check address and name");
    cart.process
        .line("refused this cart: this side's certificate has the wrong role or name for it: check the address");
    let_nobody_in(&cart);
}

#[test]
fn what_is_missing_or_of_another_role_is_said_before_anything_leaves_the_machine() {
    let site = Site::new(Purpose::Real);
    let cart = Cart::start(site.cart_command(&site.path("cart")));
    let without_key = site.path("without-key");
    site.identity(Role::Operator).save(&without_key, Overwrite::Refuse).unwrap();
    std::fs::remove_file(without_key.join("key.pem")).unwrap();

    let refused = |identity: &Path| refused_console(&site, &cart, identity, &[]);
    let nowhere = refused(&site.path("nowhere"));
    says(
        &nowhere,
        "ca.pem is missing: name the folder of an identity, or make one with `farprobe-cart identity issue AUTHORITY",
    );
    says(&refused(&without_key), "key.pem is missing: name the folder of an identity");
    says(
        &refused(&site.path("cart")),
        "is an identity for the role cart, and a console (operator or observer) needs its own: issue",
    );

    says(&refused_cart(&site, &site.path("nowhere"), &[]), "ca.pem is missing: name the folder of an identity");
    let operator = refused_cart(&site, &site.path("operator"), &[]);
    says(&operator, "is an identity for the role operator, and a cart needs its own: issue one with `identity issue`");
    let_nobody_in(&cart);
}

#[test]
fn a_cart_of_another_site_is_refused_by_the_console() {
    let (site, elsewhere) = (Site::new(Purpose::Real), Site::new(Purpose::Real));
    let cart = Cart::start(elsewhere.cart_command(&elsewhere.path("cart")));
    let refused = refused_console(&site, &cart, &site.path("operator"), &[]);
    says(
        &refused,
        "was refused: its certificate is not from the authority trusted here: both sides need identities of the",
    );
    cart.process.line("refused this cart: it does not trust the authority of this side's certificate: both sides need");
}

#[test]
fn a_cart_that_signed_its_own_certificate_is_refused_by_the_console() {
    let site = Site::new(Purpose::Real);
    save_self_signed(Role::Cart, site.authority(), &site.path("own"));
    let cart = Cart::start(site.cart_command(&site.path("own")));
    let refused = refused_console(&site, &cart, &site.path("operator"), &[]);
    says(&refused, "was refused: its certificate is self-signed: issue one with the site's authority");
    cart.process.line("refused this cart: it does not trust the authority of this side's certificate");
}

#[test]
fn identities_of_the_other_kind_are_refused_by_their_own_side() {
    let (real, demo) = (Site::new(Purpose::Real), Site::new(Purpose::Demo));
    let outside = "this is a demo identity, which works only inside a demo: issue a real one with `identity issue`";
    let inside = "is a real identity, and `--demo` takes none but demo identities: leave out `--demo`, or run";
    says(&refused_cart(&demo, &demo.path("cart"), &[]), outside);
    says(&refused_cart(&real, &real.path("cart"), &["--demo"]), inside);
    let cart = demo.cart();
    says(&refused_console(&demo, &cart, &demo.path("operator"), &[]), outside);
    says(&refused_console(&real, &cart, &real.path("operator"), &["--demo"]), inside);
    let_nobody_in(&cart);
}

#[test]
fn demo_and_real_never_meet_and_both_sides_say_so() {
    let (real, demo) = (Site::new(Purpose::Real), Site::new(Purpose::Demo));
    let heard =
        "refused this cart: one side is a demo and the other is real, and the two never meet: use identities of the";

    let demo_cart = demo.cart();
    let refused = refused_console(&real, &demo_cart, &real.path("operator"), &[]);
    says(&refused, "was refused: its certificate is demo, this side's is real: demo and real identities never meet");
    demo_cart.process.line(heard);

    let real_cart = Cart::start(real.cart_command(&real.path("cart")));
    let refused = refused_console(&demo, &real_cart, &demo.path("operator"), &["--demo"]);
    says(&refused, "was refused: its certificate is real, this side's is demo: demo and real identities never meet");
    real_cart.process.line(heard);
    let_nobody_in(&demo_cart);
    let_nobody_in(&real_cart);
}

#[test]
fn both_programs_have_the_same_identity_command() {
    let help = |program: &Path, words: &[&str]| {
        let output = Command::new(program).args(words).arg("--help").output().expect("the program runs");
        assert!(output.status.success());
        let name = program.file_name().unwrap().to_str().unwrap();
        String::from_utf8(output.stdout).unwrap().replace(name, "PROGRAM")
    };
    for words in [&["identity"][..], &["identity", "create-authority"], &["identity", "issue"], &["identity", "show"]] {
        assert_eq!(help(&programs().cart, words), help(&programs().console, words));
    }
}
