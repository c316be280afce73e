//! Who may drive, when two want to; and how a console that leaves gives it back.

use farprobe_transport::identity::{Purpose, Role};

use crate::harness::{CONTACT, IN_THE_AIR, Process, Site, Watcher, fairly};

#[test]
fn who_connects_while_another_drives_is_told_and_drives_when_the_other_has_gone() {
    fairly(|| {
        let site = Site::new(Purpose::Demo);
        let cart = site.cart();
        let mut watcher = Watcher::connect(cart.address, &site.identity(Role::Observer));
        let mut first = site.console(cart.address, &site.script("press.exam", CONTACT), "first");
        watcher.until("a driver", |state| state.epoch.is_some());
        let mut second = site.console(cart.address, &site.script("air.exam", IN_THE_AIR), "second");
        second.line("test operator has the right to drive");
        // The cart holds its connection for seconds more.
        first.kill();
        let status = second.end();
        assert!(status.success(), "{}", second.text());
    });
}

#[test]
fn a_script_with_an_observers_identity_is_refused_at_once() {
    fairly(|| {
        let site = Site::new(Purpose::Demo);
        let cart = site.cart();
        let script = site.script("air.exam", IN_THE_AIR);
        let mut command = site.console_command(cart.address, &site.path("observer"), &script, "out");
        command.arg("--demo");
        let mut console = Process::start("console", command);
        assert!(!console.end().success());
        assert!(console.text().contains("is an observer's identity"), "{}", console.text());
        assert!(!cart.process.text().contains("test observer connected"), "{}", cart.process.text());
    });
}

/// A way to ask a console to end, and its name.
type Way = (fn(&Process), &'static str);

#[test]
fn a_console_asked_to_end_says_goodbye_and_what_was() {
    fairly(|| {
        let site = Site::new(Purpose::Demo);
        let ways: [Way; 3] = [
            (Process::terminate, "terminated"),
            (Process::interrupt, "interrupted"),
            // Its terminal is closed.
            (Process::hang_up, "hung-up"),
        ];
        for (ask, out) in ways {
            let cart = site.cart();
            let mut console = site.console(cart.address, &site.script("press.exam", CONTACT), out);
            console.line("You have the right to drive");
            ask(&console);
            console.end();
            assert!(console.text().contains("Session of"), "{}", console.text());
            assert!(site.path(out).join("summary.json").exists());
            // It has not just fallen silent.
            cart.process.line("console test operator left");
            let arrivals = cart.process.text().matches("test operator connected").count();
            assert_eq!(arrivals, 1, "it came back: {}", cart.process.text());
        }
    });
}
