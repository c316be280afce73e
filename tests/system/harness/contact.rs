//! An exam in contact: where the tests begin that take something away in the middle of one.

use std::process::Command;

use farprobe_proto::{Contact, Ladder, State};
use farprobe_transport::identity::{Purpose, Role};
use serde_json::Value;

use super::{Cart, Process, SETTLED, Site, StallDetector, Trip, Watcher, excuse, pressing, tell};

/// How many times a machine that provably stalls may spoil the way down to the skin, each with its own proof.
const ATTEMPTS: usize = 8;

/// How long the way down may take by the cart's clock, s: twice what the scripts of these tests take.
const WAY_DOWN: f64 = 20.0;

/// Where the console leaves its results in the site.
const OUT: &str = "out";

/// An exam in contact, watched by an observer.
pub(crate) struct InContact {
    pub(crate) site: Site,
    pub(crate) cart: Cart,
    pub(crate) console: Process,
    pub(crate) watcher: Watcher,
}

impl InContact {
    /// A demo's cart, and a console that presses by `script`.
    pub(crate) fn by(script: &str) -> Self {
        Self::with(script, |command| command)
    }

    /// The same with a cart that is started in another way. A way down that the machine has spoiled is begun anew.
    pub(crate) fn with(script: &str, otherwise: impl Fn(Command) -> Command) -> Self {
        for _ in 0..ATTEMPTS {
            let witnesses = StallDetector::start();
            let mut exam = Self::begin(script, &otherwise);
            if exam.comes_down() {
                return exam;
            }
            let seen = witnesses.finish();
            let (trips, said) = exam.over();
            let excuse = excuse(&trips, &seen).unwrap_or_else(|why| panic!("{why}; {seen}\n{said}"));
            tell(&format!("{excuse}; down once more"));
        }
        panic!("this machine stalled on each of {ATTEMPTS} ways down: run the tests where less else runs");
    }

    fn begin(script: &str, otherwise: impl Fn(Command) -> Command) -> Self {
        let site = Site::new(Purpose::Demo);
        let cart = Cart::start(otherwise(site.demo_cart_command()));
        let watcher = Watcher::connect(cart.address, &site.identity(Role::Observer));
        let console = site.console(cart.address, &site.script("press.exam", script), OUT);
        Self { site, cart, console, watcher }
    }

    /// Waits until the probe presses under the operator's hand. False if it lost its way.
    fn comes_down(&mut self) -> bool {
        let start = self.watcher.newest();
        let pressed = |state: &State| {
            let engaged = state.ladder == Ladder::Engaged && state.contact == Contact::Touching;
            engaged && pressing(state) > SETTLED
        };
        let lost = |state: &State| {
            let late = state.sampled_at.saturating_since(start.sampled_at).as_secs_f64() > WAY_DOWN;
            late || !matches!(state.ladder, Ladder::Idle | Ladder::Ready | Ladder::Engaged)
        };
        let state = self.watcher.until("the probe to press", |state| pressed(state) || lost(state));
        pressed(&state)
    }

    /// Ends it, and gives the watchdogs that tripped, and what everybody said.
    fn over(mut self) -> (Vec<Trip>, String) {
        self.console.terminate();
        self.console.end();
        let read = |name| std::fs::read_to_string(self.site.path(OUT).join(name)).unwrap_or_default();
        let summary: Value = serde_json::from_str(&read("summary.json")).unwrap_or_default();
        let ladder = summary["ladder"].as_array().map_or(&[][..], Vec::as_slice);
        let trips = Trip::all(ladder, &read("session.log"));
        let (cart, console) = (self.cart.process.text(), self.console.text());
        (trips, format!("{:?}\nthe console said:\n{console}\nthe cart said:\n{cart}", self.watcher.steps()))
    }
}
