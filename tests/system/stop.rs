//! Stop is pressed while the cart can't be reached.

use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};

use farprobe_console::exam::{Destination, Director, HandleStart, Happening, Plan, Screen, Shots};
use farprobe_console::handles;
use farprobe_console::model::{Event, Intent};
use farprobe_console::settings::Settings;
use farprobe_devices::MonotonicClock;
use farprobe_devices::handle::keyboard_mouse::WindowFeed;
use farprobe_proto::{CartDatagram, Ladder};
use farprobe_transport::DemoPolicy;
use farprobe_transport::identity::{Purpose, Role};

use crate::harness::{PATIENCE, Site, fairly};

/// Waits for an event and gives it.
fn until(events: &Receiver<Event>, what: &str, is_it: impl Fn(&Event) -> bool) {
    loop {
        let event = events.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("waited in vain for {what}"));
        if is_it(&event) {
            return;
        }
    }
}

#[test]
fn a_stop_pressed_without_a_connection_stops_the_cart_once_it_is_back() {
    fairly(|| {
        let site = Site::new(Purpose::Demo);
        let mut cart = site.cart();
        let out = site.path("out");
        std::fs::create_dir(&out).unwrap();
        let desk = handles::keyboard(&Settings::default(), WindowFeed::default()).unwrap();
        let plan = Plan {
            clock: MonotonicClock,
            destination: Destination {
                address: cart.address,
                cart: None,
                identity: site.identity(Role::Operator),
                demo: DemoPolicy::Required,
                networks: Vec::new(),
            },
            handle: desk.handle,
            kind: desk.kind,
            start: HandleStart::AtOnce,
            script: None,
            out: out.clone(),
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
        let (press, pressed) = channel();
        let shots = Shots::new(None, None, Screen::default());
        let director = Director::start(plan, sink, shots, (press.clone(), pressed)).unwrap();
        let directing = std::thread::spawn(move || director.direct());

        until(&events, "the connection", |event| matches!(event, Event::Connected(_)));
        cart.process.kill();
        until(&events, "its loss", |event| matches!(event, Event::Lost { .. }));
        press.send(Happening::Intent(Intent::Stop)).unwrap();
        until(&events, "word that it is not lost", |event| matches!(event, Event::StopWaits));

        site.listen_at(cart.address);
        let again = site.cart();
        until(&events, "the stop", |event| matches!(event, Event::StopSent));
        let stopped = |event: &Event| matches!(event, Event::Cart(CartDatagram::State(s)) if s.ladder == Ladder::EStop);
        until(&events, "a stopped cart", stopped);

        // What can't be written costs neither the figures nor the goodbye.
        std::fs::create_dir(out.join("summary.json")).unwrap();
        press.send(Happening::End("the test has seen it".to_owned())).unwrap();
        let ended = directing.join().unwrap();
        assert!(ended.summary.is_some());
        let problem = ended.problem.unwrap();
        assert!(problem.contains("summary.json"), "{problem}");
        again.process.line("left");
        let log = std::fs::read_to_string(out.join("session.log")).unwrap();
        let said = |words: &str| log.find(words).unwrap_or_else(|| panic!("no \"{words}\" in {log}"));
        assert!(said("will be sent as soon as the cart is reached") < said("stop sent"), "{log}");
    });
}
