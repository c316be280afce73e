//! The end at the desk: a thread that samples a hand at absolute times and sends what it wants, as the console's does.

use std::error::Error;

use farprobe_devices::MonotonicClock;
use farprobe_geom::{Newton, Pose, Time, Twist};
use farprobe_proto::{Clutch, ConsoleDatagram, PictureHealth, PictureReport, StateEcho, Wire as _};
use farprobe_session::console::{CommandOutbox, Intent};
use nalgebra::{Isometry3, Vector3};

use super::EPOCH;
use super::path::{self, Outgoing};
use crate::latency::ends::usage::Meter;
use crate::latency::ends::words::{Over, Ready, SendPlan, Sent, Window};
use crate::latency::ends::{hear, tell, tune};

/// Sends as planned, and tells how much that was.
pub(crate) fn run(plan: &SendPlan) -> Result<(), Box<dyn Error>> {
    tune(plan.tuning)?;
    let path = path::connect(plan)?;
    tell(&Ready { at: None, certificate: None })?;
    let window = hear()?;
    tell(&send(plan, path.as_ref(), &window)?)?;
    // The connection stays until the receiver has told what it heard.
    let Over = hear()?;
    Ok(())
}

/// The same for every path.
fn send(plan: &SendPlan, path: &dyn Outgoing, window: &Window) -> Result<Sent, Box<dyn Error>> {
    let clock = MonotonicClock;
    let mut outbox = CommandOutbox::new();
    outbox.set_epoch(Some(EPOCH));
    let (mut first, mut last, mut refused) = (None, 0, 0);
    let mut meter = Meter::start(window.begin);
    let mut due = window.begin;
    let (mut moves_at, mut moved_at) = (plan.hand.moves_after.map(|after| window.begin + after), None);
    loop {
        clock.sleep_until(due);
        let now = clock.now();
        if now >= window.until {
            break;
        }
        if moves_at.take_if(|at| *at <= now).is_some() {
            path.moves()?;
            moved_at = Some(clock.now().as_nanos());
        }
        let mut command = outbox
            .command(now, &intent(now, window.begin + plan.hand.pressed_after))
            .ok_or("there are no more numbers for commands")?;
        if first.is_none() && now >= window.from {
            first = Some(command.sequence);
            meter = Meter::start(now);
        }
        last = command.sequence;
        // A console that hears a cart's states tells so in each command; this one hears none, but its commands are as long.
        let echoed = Time::ZERO + now.saturating_since(Time::ZERO + plan.hand.echo_age);
        command.echo = Some(StateEcho { cart_sent_at: echoed, held_us: 2_000 });
        command.sent_at = clock.now();
        let bytes = ConsoleDatagram::Command(command).encode().ok_or("a command can't be encoded")?;
        let taken = path.send(bytes);
        if first.is_some() && !taken {
            refused += 1;
        }
        due = (due + plan.period).max(now);
    }
    let first = first.ok_or("this machine was away for the whole time in which it should have been measured")?;
    Ok(Sent { first, last, refused, moved_at, usage: meter.usage(clock.now()) })
}

/// A hand that slides to and fro from `press` on.
fn intent(now: Time, press: Time) -> Intent {
    let pressed = now >= press;
    let (sin, cos) = now.saturating_since(press).as_secs_f64().sin_cos();
    let (slide, speed) = (Vector3::new(sin, 1.0 - cos, 0.0), Vector3::new(cos, sin, 0.0));
    Intent {
        sampled_at: now,
        clutch: if pressed { Clutch::Pressed } else { Clutch::Open },
        clutch_in: u32::from(pressed),
        target: Pose::new(Isometry3::new(slide * 0.01, slide * 0.1)),
        twist: Twist::new(speed * 0.01, speed * 0.1),
        desired_force: Newton::literal(8.0),
        picture: PictureReport { age_ms: 40, health: PictureHealth::Good },
    }
}
