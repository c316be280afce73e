//! An exam in contact: where the tests begin that take something away in the middle of one.

use std::process::Command;

use farprobe_proto::{Contact, Ladder, State};
use farprobe_transport::identity::{Purpose, Role};

use super::{Cart, Process, SETTLED, Site, Watcher, pressing};

/// How long the way down may take by the cart's clock, s: twice what the scripts of these tests take.
const WAY_DOWN: f64 = 20.0;

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

    /// The same with a cart that is started in another way.
    pub(crate) fn with(script: &str, otherwise: impl Fn(Command) -> Command) -> Self {
        let site = Site::new(Purpose::Demo);
        let cart = Cart::start(otherwise(site.demo_cart_command()));
        let watcher = Watcher::connect(cart.address, &site.identity(Role::Observer));
        let console = site.console(cart.address, &site.script("press.exam", script), "out");
        let mut exam = Self { site, cart, console, watcher };
        exam.comes_down();
        exam
    }

    /// Waits until the probe presses under the operator's hand.
    fn comes_down(&mut self) {
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
        assert!(pressed(&state), "{:?}\nthe console said:\n{}", self.watcher.steps(), self.console.text());
    }
}
