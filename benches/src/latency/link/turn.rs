//! One turn: a hand that drives over the line, and whose desk gets another address in mid-motion.

use std::path::PathBuf;
use std::time::Duration;

use farprobe_cart::trial::PRESSED_AFTER;
use farprobe_devices::MonotonicClock;

use super::figures::{Found, measured};
use crate::latency::command::path_of;
use crate::latency::ends::crew::{Crew, EndError};
use crate::latency::ends::words::{
    Carried, Hand, Order, Over, Ready, ReceivePlan, RelayPlan, SendPlan, Sent, Steered, Tuning, Window,
};
use crate::latency::rounds::Measured;
use crate::latency::slots::Slot;

/// From the word to begin until it begins: time enough to hear it.
const LEAD: Duration = Duration::from_millis(40);

/// From the press of the clutch until what counts: the arm moves by then.
const MOVING_AFTER: Duration = Duration::from_millis(500);

/// Between two commands, as a console sends them.
const PERIOD: Duration = Duration::from_millis(2);

/// What an end may take beyond its window.
const AFTERWARDS: Duration = Duration::from_secs(1);

/// What is the same for all turns.
#[derive(Debug)]
pub(super) struct Setup {
    /// The line: a name or a file.
    pub(super) link: String,
    /// How long it takes at least, one way.
    pub(super) delay: Duration,
    pub(super) identities: PathBuf,
    /// How long it counts before the move.
    pub(super) before: Duration,
    /// And after it.
    pub(super) after: Duration,
}

impl Setup {
    /// How long a turn lasts, without what it takes to start its processes.
    pub(super) fn lasts(&self) -> Duration {
        LEAD + PRESSED_AFTER + MOVING_AFTER + self.before + self.after
    }
}

/// Has one subject its turn.
pub(super) async fn turn(crew: &mut Crew, setup: &Setup, slot: Slot) -> Result<Measured, EndError> {
    let (path, identities) = (path_of(slot.subject), setup.identities.clone());
    let tuning = Tuning { processor: None };
    let cart = crew
        .start("end at the cart", &Order::Steer(ReceivePlan { tuning, path, identities: identities.clone() }))
        .await?;
    let ready: Ready = crew.hear(cart, Duration::ZERO).await?;
    let listens = |who, at: Option<_>| {
        at.ok_or_else(|| EndError::Gone { who, said: ": it has not said where it listens".to_owned() })
    };
    let to = listens("end at the cart", ready.at)?;
    let relay = crew.start("line", &Order::Relay(RelayPlan { link: setup.link.clone(), seed: slot.seed, to })).await?;
    let line: Ready = crew.hear(relay, Duration::ZERO).await?;
    let to = listens("line", line.at)?;
    let hand = Hand {
        pressed_after: PRESSED_AFTER,
        moves_after: Some(PRESSED_AFTER + MOVING_AFTER + setup.before),
        echo_age: setup.delay,
    };
    let plan = SendPlan { tuning, path, identities, to, certificate: ready.certificate, period: PERIOD, hand };
    let desk = crew.start("end at the desk", &Order::Send(plan)).await?;
    let _: Ready = crew.hear(desk, Duration::ZERO).await?;
    let begin = MonotonicClock.now() + LEAD;
    let from = begin + PRESSED_AFTER + MOVING_AFTER;
    let window = Window { begin, from, until: from + setup.before + setup.after, dark: None };
    for member in [cart, relay, desk] {
        crew.tell(member, &window).await?;
    }
    let sent: Sent = crew.hear(desk, setup.lasts()).await?;
    let steered: Steered = crew.hear(cart, AFTERWARDS).await?;
    crew.tell(relay, &Over).await?;
    let carried: Option<Carried> = Some(crew.hear(relay, Duration::ZERO).await?);
    Ok(measured(slot, &Found { window, sent, steered, carried }))
}
