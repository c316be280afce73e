//! An authenticated console that breaks off inside a message is let go, and nothing else happens. Nonsense in datagrams is
//! tested beside the cart's library.

use farprobe_geom::Time;
use farprobe_proto::{ConsoleMessage, Hello, Ladder, PROTOCOL_VERSION, Role, Wire};
use farprobe_transport::identity::{Purpose, Role as CertifiedRole};

use crate::harness::{Site, Watcher, fairly};

#[test]
fn a_console_that_breaks_off_inside_a_message_is_let_go_and_nobody_else() {
    fairly(|| {
        let site = Site::new(Purpose::Demo);
        let cart = site.cart();
        let mut bystander = Watcher::connect(cart.address, &site.identity(CertifiedRole::Observer));
        let hello = Hello { version: PROTOCOL_VERSION, role: Role::Operator, software: "broken".into() };
        let hello = ConsoleMessage::Hello(hello).encode().unwrap();
        for length in 0..hello.len() {
            let mut hostile = Watcher::connect(cart.address, &site.identity(CertifiedRole::Operator));
            hostile.say_bytes(&hello[..length]);
            hostile.until_let_go();
        }
        let now = bystander.newest();
        bystander.later(&now, 200);
        cart.process.line("sent what is no message");
        assert!(bystander.since(Time::ZERO).iter().all(|state| matches!(state.ladder, Ladder::Idle | Ladder::Ready)));
    });
}
