//! The console dies in contact. The cart must take the probe off the patient by itself, and must not move again by itself.

use std::net::SocketAddr;

use farprobe_geom::Time;
use farprobe_proto::{Cause, Contact, Ladder, LinkReadiness, State};

use crate::harness::{
    CONTACT, InContact, NO_MORE, RELEASED, Site, Watcher, fairly, force_at_end_of, pressing, protects,
};

/// A hand that comes back with the clutch open, waits, and only then presses. It presses in free air and moves nothing, so that
/// whatever moves before is the cart's own doing.
const RETURN: &str = "
at 0.0 clutch open
at 3.0 mark pressing
at 3.0 clutch press
at 5.0 clutch open
at 6.0 end
";

/// What the tip of a parked arm may wander: the simulated joints' own noise, m.
const STILL: f64 = 1e-4;

#[test]
fn a_console_killed_in_contact_leaves_a_released_patient_and_a_parked_arm() {
    fairly(|| {
        let InContact { site, cart, mut console, mut watcher } = InContact::by(CONTACT);

        console.kill();
        let killed = watcher.newest().sampled_at;
        watcher.until_ladder(Ladder::Parked);

        let steps: Vec<Ladder> = watcher.steps().into_iter().filter(|s| s.at > killed).map(|s| s.ladder).collect();
        assert_eq!(steps, [Ladder::Soften, Ladder::Release, Ladder::Retract, Ladder::Parked]);
        let soften = watcher.steps().into_iter().find(|s| s.ladder == Ladder::Soften).unwrap();
        assert!(matches!(soften.cause, Cause::LinkLost | Cause::LeaseLost), "{soften:?}");
        let states = watcher.since(killed);
        let end = force_at_end_of(Ladder::Release, &states);
        assert!(end <= RELEASED, "{end} N at the end of Release");
        let worst = states.iter().map(pressing).fold(f64::MIN, f64::max);
        protects(worst <= NO_MORE, || format!("the force rose to {worst} N after the loss"));
        let parked = watcher.newest();
        assert_eq!(parked.contact, Contact::Free);

        returns_and_moves_only_when_pressed(&site, cart.address, &mut watcher, &parked);
    });
}

/// A new console connects: the arm stays where it is until the clutch has been seen open and is pressed.
fn returns_and_moves_only_when_pressed(site: &Site, address: SocketAddr, watcher: &mut Watcher, parked: &State) {
    let mut console = site.console(address, &site.script("return.exam", RETURN), "second");
    let ready =
        watcher.until("Ready and a green link", |s| s.ladder == Ladder::Ready && s.link == LinkReadiness::Green);
    assert!(ready.epoch > parked.epoch, "a new lease");
    let engaged = watcher.until_ladder(Ladder::Engaged);
    assert_eq!(engaged.cause, Cause::ClutchPressed);
    for state in watcher.since(parked.sampled_at) {
        let moved = (state.tip.position() - parked.tip.position()).norm();
        let still = moved < STILL || state.sampled_at >= engaged.sampled_at;
        protects(still, || format!("{moved} m in {:?}", state.ladder));
    }
    let status = console.end();
    assert!(status.success(), "{}", console.text());
    assert!(watcher.since(Time::ZERO).iter().all(|s| s.ladder != Ladder::Fault));
}
