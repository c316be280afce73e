//! The two stops in contact: the switch at the bedside and the stop of a console. Both first let go of the patient, then brake;
//! only the staff leave it.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::Command;

use farprobe_proto::{Cause, ConsoleMessage, Contact, Ladder, State};

use crate::harness::{CONTACT, InContact, NO_MORE, RELEASED, Watcher, pressing};

/// What the tip of a braked arm may wander, m.
const STILL: f64 = 1e-3;

/// Says `word` at the bedside and hears that it was understood.
fn say(socket: &Path, word: &str) {
    let mut client = UnixStream::connect(socket).expect("the bedside socket");
    writeln!(client, "{word}").expect("the bedside listens");
    let mut answer = String::new();
    BufReader::new(client).read_line(&mut answer).expect("the bedside answers");
    assert_eq!(answer.trim(), "ok", "{word}");
}

/// An exam in contact with a bedside switch that listens on a socket.
fn in_contact() -> InContact {
    in_contact_with(|command| command)
}

/// The same with a cart that is started in another way.
fn in_contact_with(otherwise: impl Fn(Command) -> Command) -> InContact {
    InContact::with(CONTACT, |site, mut command| {
        command.arg("--bedside-socket").arg(site.path("bedside"));
        otherwise(command)
    })
}

/// The arm is stopped for `cause`: the force was lowered first, and then it stays where it is.
fn lets_go_then_brakes(watcher: &mut Watcher, pressed: &State, cause: Cause) {
    let stopped = watcher.until("a stop with little force", |s| s.ladder == Ladder::EStop && pressing(s) <= RELEASED);
    assert_eq!(stopped.cause, cause);
    let worst = watcher.since(pressed.sampled_at).iter().map(pressing).fold(f64::MIN, f64::max);
    assert!(worst <= NO_MORE, "the force rose to {worst} N");
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
    let report = test.watcher.report();
    assert_eq!(report.ladder.last().map(|step| step.to), Some(Ladder::EStop), "{:?}", report.ladder);
    let later = test.watcher.later(&braked, 200);
    let moved = (later.tip.position() - braked.tip.position()).norm();
    assert!(moved < STILL, "{moved} m while braked");
    assert_eq!(later.ladder, Ladder::EStop);

    say(&test.site.path("bedside"), "reset");
    let reset = test.watcher.until("the reset", |state| state.ladder != Ladder::EStop);
    assert!(matches!(reset.ladder, Ladder::Idle | Ladder::Ready), "{reset:?}");
    let after = test.watcher.later(&reset, 200);
    assert!(matches!(after.ladder, Ladder::Idle | Ladder::Ready), "a reset lets nobody drive: {:?}", after.ladder);
}

#[test]
fn the_bedside_switch_in_contact_lets_go_first_then_brakes() {
    let mut test = in_contact();
    let pressed = test.watcher.newest();
    say(&test.site.path("bedside"), "stop");
    lets_go_then_brakes(&mut test.watcher, &pressed, Cause::BedsideStop);
    only_the_staff_reset(&mut test);
}

#[test]
fn a_stop_from_a_console_in_contact_lets_go_first_then_brakes() {
    let mut test = in_contact();
    let pressed = test.watcher.newest();
    assert_eq!(pressed.contact, Contact::Touching);
    // An observer may stop.
    test.watcher.stop();
    lets_go_then_brakes(&mut test.watcher, &pressed, Cause::OperatorStop);
    only_the_staff_reset(&mut test);
}

#[test]
fn a_cart_that_can_not_write_its_log_obeys_the_switch_all_the_same() {
    let mut test = in_contact_with(|cart| {
        let mut shell = Command::new("sh");
        shell.args(["-c", "exec \"$0\" \"$@\" 2>/dev/full"]).arg(cart.get_program()).args(cart.get_args());
        shell
    });
    let pressed = test.watcher.newest();
    say(&test.site.path("bedside"), "stop");
    lets_go_then_brakes(&mut test.watcher, &pressed, Cause::BedsideStop);
}

#[test]
fn a_cart_whose_terminal_is_gone_takes_the_probe_off_and_parks() {
    let mut test = in_contact();
    test.cart.process.hang_up();
    assert!(test.cart.process.end().success());
    let said = test.cart.process.text();
    assert!(said.contains("SIGHUP") && said.contains("parked"), "{said}");
}
