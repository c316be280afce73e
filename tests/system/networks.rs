//! Two networks between a console and a cart, and a probe on the patient while either of them fails.

use std::net::SocketAddr;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};

use farprobe_console::exam::{Destination, Director, HandleStart, Happening, Plan, Screen, Shots};
use farprobe_console::handles;
use farprobe_console::model::Event;
use farprobe_console::settings::NetworkSettings;
use farprobe_devices::MonotonicClock;
use farprobe_impair::Keep;
use farprobe_impair::relay::Relay;
use farprobe_proto::{CartDatagram, Ladder};
use farprobe_sim::link::{LineProfile, LinkState, Ways};
use farprobe_transport::DemoPolicy;
use farprobe_transport::identity::{Purpose, Role};

use crate::harness::{CONTACT, PATIENCE, SETTLED, Site, fairly, pressing};

/// A network to the cart at `cart`, which carries everything at once.
fn network(cart: SocketAddr) -> Relay {
    Relay::start(SocketAddr::from(([127, 0, 0, 1], 0)), cart, &LineProfile::default(), 1, Keep::Counts)
        .expect("a relay")
}

/// What a console tells.
struct Told {
    events: Receiver<Event>,
    tell: Sender<Happening>,
}

impl Told {
    /// Waits for an event. From `Engaged` on the probe must be driven all the time meanwhile.
    fn until(&self, what: &str, is_it: impl Fn(&Event) -> bool) {
        let mut engaged = false;
        loop {
            let event = self.events.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("waited in vain for {what}"));
            if let Event::Cart(CartDatagram::State(state)) = &event {
                assert!(!engaged || state.ladder == Ladder::Engaged, "{:?} ({:?})", state.ladder, state.cause);
                engaged |= state.ladder == Ladder::Engaged;
            }
            if is_it(&event) {
                return;
            }
        }
    }

    fn says(&self, words: &str) {
        self.until(words, |event| matches!(event, Event::Fault { text, .. } if text.contains(words)));
    }
}

#[test]
fn whichever_of_two_networks_fails_the_probe_is_driven_on() {
    fairly(|| {
        let site = Site::new(Purpose::Demo);
        let cart = site.cart();
        let (first, second) = (network(cart.address), network(cart.address));
        let (out, script) = (site.path("out"), site.path("contact.script"));
        std::fs::create_dir(&out).unwrap();
        std::fs::write(&script, CONTACT).unwrap();
        let desk = handles::script(&script).unwrap();
        let plan = Plan {
            clock: MonotonicClock,
            destination: Destination {
                address: first.address,
                cart: None,
                identity: site.identity(Role::Operator),
                demo: DemoPolicy::Required,
                networks: vec![NetworkSettings { local: [127, 0, 0, 1].into(), cart: second.address }],
            },
            handle: desk.handle,
            kind: desk.kind,
            start: HandleStart::WhenReady,
            script: desk.script,
            out,
            painted_by_window: false,
            figures: None,
            trace: None,
        };
        let (told, events) = channel();
        let told = Mutex::new(told);
        let sink = Arc::new(move |_, event| {
            // The test may have seen enough.
            let _ = told.lock().unwrap().send(event);
        });
        let (tell, heard) = channel();
        let director = Director::start(plan, sink, Shots::new(None, None, Screen::default()), (tell.clone(), heard));
        let director = director.unwrap();
        let directing = std::thread::spawn(move || director.direct());
        let told = Told { events, tell };

        told.says("is used as well");
        told.until(
            "a probe that presses",
            |event| matches!(event, Event::Cart(CartDatagram::State(s)) if pressing(s) > SETTLED),
        );
        first.driver.set_state(Ways::Both, LinkState::Cut);
        told.says("the first network is lost");
        first.driver.set_state(Ways::Both, LinkState::Up);
        told.says("the first network is used as well");
        second.driver.set_state(Ways::Both, LinkState::Cut);
        told.says("is lost");
        second.driver.set_state(Ways::Both, LinkState::Up);
        told.says("is used as well");

        told.tell.send(Happening::End("the test has seen it".to_owned())).unwrap();
        assert!(directing.join().unwrap().summary.is_some());
    });
}
