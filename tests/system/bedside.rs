//! The two stops in contact: the switch at the bedside and the stop of a console. Both first let go of the patient, then brake;
//! only the staff leave it.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::Command;

use farprobe_geom::Tip;
use farprobe_proto::{Cause, ConsoleMessage, Contact, Ladder, State};
use farprobe_transport::identity::Purpose;

use crate::harness::{
    CONTACT, IN_THE_AIR, InContact, NO_MORE, Process, RELEASED, Site, Watcher, fairly, pressing, programs, protects,
};

/// What the tip of a braked arm may wander that nobody pushes, m.
const STILL: f64 = 1e-3;

/// Says `word` at the bedside and hears that it was done.
fn say(socket: &Path, word: &str) {
    assert_eq!(answer(socket, word), "ok", "{word}");
}

/// Says `word` at the bedside and gives the answer.
fn answer(socket: &Path, word: &str) -> String {
    let mut client = UnixStream::connect(socket).expect("the bedside socket");
    writeln!(client, "{word}").expect("the bedside listens");
    let mut answer = String::new();
    BufReader::new(client).read_line(&mut answer).expect("the bedside answers");
    answer.trim().to_owned()
}

/// The arm is stopped for `cause`: the force was lowered first, and then it stays where it is.
fn lets_go_then_brakes(watcher: &mut Watcher, pressed: &State, cause: Cause) {
    let stopped = watcher.until("a stop with little force", |s| s.ladder == Ladder::EStop && pressing(s) <= RELEASED);
    assert_eq!(stopped.cause, cause, "{:?}", watcher.steps());
    let worst = watcher.since(pressed.sampled_at).iter().map(pressing).fold(f64::MIN, f64::max);
    protects(worst <= NO_MORE, || format!("the force rose to {worst} N"));
}

/// Nothing that comes over the wire leaves a stop, and nothing moves meanwhile; the word at the bedside does.
fn only_the_staff_reset(test: &mut InContact) {
    // Within half a second the force is lowered; a second later the brakes have long closed.
    let stopped = test.watcher.newest();
    let braked = test.watcher.later(&stopped, 1_000);
    // What a console can ask for, all of it: there is no message for a reset.
    for message in [ConsoleMessage::ReleaseLease, ConsoleMessage::RequestLease, ConsoleMessage::RequestReport] {
        test.watcher.say(&message);
    }
    // The answer comes after what was asked before.
    test.watcher.report();
    assert_eq!(test.watcher.steps().last().map(|step| step.ladder), Some(Ladder::EStop));
    let later = test.watcher.later(&braked, 200);
    // Seen along the probe: it yields to a patient who breathes towards it, and does nothing else.
    let moved = later.tip.relative_to::<Tip>(&braked.tip).position();
    protects(moved.xy().norm() < STILL && moved.z < STILL, || format!("{moved} m while braked"));
    assert_eq!(later.ladder, Ladder::EStop);

    say(&test.site.bedside(), "reset");
    let reset = test.watcher.until("the reset", |state| state.ladder != Ladder::EStop);
    assert!(matches!(reset.ladder, Ladder::Idle | Ladder::Ready), "{reset:?}");
    let after = test.watcher.later(&reset, 200);
    assert!(matches!(after.ladder, Ladder::Idle | Ladder::Ready), "a reset lets nobody drive: {:?}", after.ladder);
}

#[test]
fn the_bedside_switch_in_contact_lets_go_first_then_brakes() {
    fairly(|| {
        let mut test = InContact::by(CONTACT);
        let pressed = test.watcher.newest();
        say(&test.site.bedside(), "stop");
        lets_go_then_brakes(&mut test.watcher, &pressed, Cause::BedsideStop);
        only_the_staff_reset(&mut test);
        // A script that was stopped does not press again by itself.
        assert!(!test.console.end().success());
        let ladder = test.watcher.steps();
        assert_eq!(ladder.iter().filter(|step| step.ladder == Ladder::Engaged).count(), 1, "{ladder:?}");
    });
}

/// Stays in the air for longer than anybody waits.
const HOVERING: &str = "
at 0.5 clutch press
at 0.6 over 1.0 move z +5 mm
at 60.0 end
";

#[test]
fn why_a_script_ended_is_told_though_the_cart_goes_right_after_its_stop() {
    fairly(|| {
        let site = Site::new(Purpose::Demo);
        let mut cart = site.cart();
        let mut console = site.console(cart.address, &site.script("hovering.exam", HOVERING), "out");
        console.line("Engaged: ");
        say(&site.bedside(), "stop");
        // It stays for four seconds to hear what became of its script.
        console.line("Stopped: ");
        cart.process.terminate();
        assert!(!console.end().success(), "{}", console.text());
        let text = console.text();
        let complaint = text.lines().find(|line| line.starts_with("farprobe-console: ")).expect("a complaint");
        for words in ["the staff pressed stop", "the connection to the cart was lost"] {
            assert!(complaint.contains(words), "{complaint}");
        }
        assert!(cart.process.end().success(), "{}", cart.process.text());
    });
}

#[test]
fn a_patient_who_takes_the_consent_back_is_let_go_and_has_to_be_asked_again() {
    fairly(|| {
        let mut test = InContact::by(CONTACT);
        let bedside = test.site.bedside();
        let pressed = test.watcher.newest();
        say(&bedside, "withdraw");
        let idle = test.watcher.until("an arm that may not move", |state| state.ladder == Ladder::Idle);
        assert_eq!(idle.cause, Cause::Disarmed);
        let later = test.watcher.later(&idle, 200);
        assert!(pressing(&later) <= RELEASED, "{} N on a patient who wants no more", pressing(&later));
        let states = test.watcher.since(pressed.sampled_at);
        protects(states.iter().all(|state| pressing(state) <= NO_MORE), || "pressed, not let go".to_owned());

        assert!(answer(&bedside, "arm").starts_with("nothing done: arm was said before consent"));
        let later = test.watcher.later(&idle, 200);
        assert_eq!(later.ladder, Ladder::Idle);
        // The script has given up by then, and says why.
        assert!(!test.console.end().success());
        assert!(test.console.text().contains("did not go as its script says"), "{}", test.console.text());
        let script = test.site.script("again.exam", IN_THE_AIR);
        let _again = test.site.console(test.cart.address, &script, "again");
        say(&bedside, "consent");
        say(&bedside, "arm");
        test.watcher.until("an arm that may move", |state| state.ladder == Ladder::Ready);
    });
}

#[test]
fn a_cart_that_nobody_at_the_bedside_could_stop_does_not_start() {
    let site = Site::new(Purpose::Real);
    let mut command = Command::new(&programs().cart);
    command.arg("--config").arg(site.path("cart.toml"));
    let mut cart = Process::start("cart", command);
    assert!(!cart.end().success());
    let text = cart.text();
    assert!(text.contains("bedside.terminal = false is refused") && text.contains("--bedside-socket"), "{text}");
    // With a terminal, but nobody who could type at it: what a daemon has.
    std::fs::write(site.path("cart.toml"), config_with_terminal(&site)).unwrap();
    let mut daemon = Command::new("sh");
    daemon.args(["-c", "exec \"$0\" --config \"$1\" </dev/null"]).arg(&programs().cart).arg(site.path("cart.toml"));
    let mut cart = Process::start("cart", daemon);
    assert!(!cart.end().success());
    let text = cart.text();
    let refused = "no switch at the bedside: standard input is /dev/null";
    assert!(
        text.contains(refused) && text.contains("--bedside-socket") && !text.contains("terminal = false"),
        "{text}"
    );
}

/// The site's configuration with a terminal as the bedside switch.
fn config_with_terminal(site: &Site) -> String {
    std::fs::read_to_string(site.path("cart.toml"))
        .expect("the configuration")
        .replace("terminal = false", "terminal = true")
}

#[test]
fn a_cart_whose_terminal_is_closed_allows_no_motion_any_more() {
    let site = Site::new(Purpose::Real);
    std::fs::write(site.path("cart.toml"), config_with_terminal(&site)).unwrap();
    let mut command = Command::new(&programs().cart);
    command.arg("--config").arg(site.path("cart.toml"));
    let mut cart = Process::start("cart", command);
    cart.say("consent\narm\n");
    cart.line("the staff allow motion");
    cart.close_input();
    let line = cart.line("no bedside switch is left");
    assert!(line.contains("motion is no longer allowed") && line.contains("--bedside-socket"), "{line}");
}

#[test]
fn a_stop_from_a_console_in_contact_lets_go_first_then_brakes() {
    fairly(|| {
        let mut test = InContact::by(CONTACT);
        let pressed = test.watcher.newest();
        assert_eq!(pressed.contact, Contact::Touching);
        // An observer may stop.
        test.watcher.stop();
        lets_go_then_brakes(&mut test.watcher, &pressed, Cause::OperatorStop);
        only_the_staff_reset(&mut test);
    });
}

#[test]
fn a_cart_that_can_not_write_its_log_obeys_the_switch_all_the_same() {
    fairly(|| {
        let mut test = InContact::with(CONTACT, |cart| {
            let mut shell = Command::new("sh");
            shell.args(["-c", "exec \"$0\" \"$@\" 2>/dev/full"]).arg(cart.get_program()).args(cart.get_args());
            shell
        });
        let pressed = test.watcher.newest();
        say(&test.site.bedside(), "stop");
        lets_go_then_brakes(&mut test.watcher, &pressed, Cause::BedsideStop);
    });
}

#[test]
fn a_cart_whose_terminal_is_gone_takes_the_probe_off_and_parks() {
    fairly(|| {
        let mut test = InContact::by(CONTACT);
        test.cart.process.hang_up();
        assert!(test.cart.process.end().success());
        let said = test.cart.process.text();
        assert!(said.contains("SIGHUP") && said.contains("parked"), "{said}");
    });
}

#[test]
fn a_cart_that_is_disarmed_as_it_ends_takes_the_probe_off_and_parks() {
    fairly(|| {
        // Where the terminal is the only switch, its end says both: nobody is left to stop the arm, and SIGHUP.
        let mut test = InContact::by(CONTACT);
        say(&test.site.bedside(), "disarm");
        test.cart.process.hang_up();
        assert!(test.cart.process.end().success());
        let said = test.cart.process.text();
        assert!(said.contains("the arm is at rest and off the patient"), "{said}");
    });
}

#[test]
fn a_cart_that_ends_stopped_on_the_patient_says_so_and_is_no_success() {
    fairly(|| {
        let mut test = InContact::by(CONTACT);
        let pressed = test.watcher.newest();
        say(&test.site.bedside(), "stop");
        lets_go_then_brakes(&mut test.watcher, &pressed, Cause::BedsideStop);
        test.cart.process.terminate();
        assert!(!test.cart.process.end().success());
        let said = test.cart.process.text();
        assert!(said.contains("look at the patient, and lift the probe off by hand"), "{said}");
    });
}
