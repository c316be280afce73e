//! The line between the two ends, as a process of its own.

use std::error::Error;

use farprobe_devices::MonotonicClock;
use farprobe_geom::Time;
use farprobe_impair::Keep;
use farprobe_impair::link::find;
use farprobe_impair::relay::Relay;
use farprobe_sim::link::{LinkState, Way, Ways};

use super::words::{Carried, Over, Ready, RelayPlan, Window};

/// Carries datagrams until it is told that it is over.
pub(super) fn run(plan: &RelayPlan) -> Result<(), Box<dyn Error>> {
    let link = find(&plan.link)?;
    let listen = "127.0.0.1:0".parse()?;
    let mut relay = Relay::start(listen, plan.to, &link.profile, plan.seed, Keep::Counts)?;
    super::tell(&Ready { at: Some(relay.address), certificate: None })?;
    let window: Window = super::hear()?;
    let mut dark = None;
    if let Some((cut, up)) = window.dark {
        let clock = MonotonicClock;
        let at = |when: Time, state| {
            clock.sleep_until(when);
            relay.driver.set_state(Ways::Both, state);
            clock.now().as_nanos()
        };
        dark = Some((at(cut, LinkState::Cut), at(up, LinkState::Up)));
    }
    let Over = super::hear()?;
    let report = relay.driver.stop().ok_or("the line has ended by itself: what it said is a fault of this program")?;
    let late = report.way(Way::There).lateness;
    let late = [late.p50, late.p99, late.max].map(|late| u64::try_from(late.as_nanos()).unwrap_or(u64::MAX));
    super::tell(&Carried { dark, late })
}
