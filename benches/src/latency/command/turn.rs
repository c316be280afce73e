//! One turn: both ends, and the line if there is one, from their start to what they have to tell.

use std::path::PathBuf;
use std::time::Duration;

use farprobe_devices::MonotonicClock;
use farprobe_impair::link::Link;

use super::figures::{Found, measured};
use super::path::PathKind;
use crate::latency::ends::crew::{Crew, EndError, Member};
use crate::latency::ends::words::{
    Carried, Hand, Order, Over, Ready, ReceivePlan, Received, RelayPlan, SendPlan, Sent, Tuning, Window,
};
use crate::latency::rounds::Measured;
use crate::latency::slots::Slot;

/// From the word to begin until it begins: time enough to hear it.
const LEAD: Duration = Duration::from_millis(40);

/// What is still under way when nothing is sent any more has this long, beyond what the line takes.
const SETTLE: Duration = Duration::from_millis(100);

/// What comes later than this counts as lost, even over a line with longer tails.
const LONGEST_SETTLE: Duration = Duration::from_secs(3);

/// What is the same for all turns.
#[derive(Debug, Clone)]
pub(super) struct Setup {
    /// The line, if there is one.
    pub(super) link: Option<String>,
    pub(super) identities: PathBuf,
    pub(super) period: Duration,
    pub(super) warm_up: Duration,
    pub(super) counted: Duration,
    pub(super) dark: Option<Dark>,
    pub(super) settle: Duration,
}

/// A time in which the line carries nothing.
#[derive(Debug, Clone, Copy)]
pub(super) struct Dark {
    /// From the first command that counts on.
    pub(super) after: Duration,
    pub(super) lasts: Duration,
}

impl Setup {
    /// What the line is called in results.
    pub(super) fn label(&self) -> String {
        let link = self.link.as_deref().unwrap_or("none");
        match self.dark {
            None => link.to_owned(),
            Some(dark) => format!("{link}, {} s blackout", dark.lasts.as_secs_f64()),
        }
    }

    /// How long a turn lasts, without what it takes to start its processes.
    pub(super) fn lasts(&self) -> Duration {
        LEAD + self.warm_up + self.counted + self.settle
    }

    fn window(&self) -> Window {
        let begin = MonotonicClock.now() + LEAD;
        let from = begin + self.warm_up;
        let dark = self.dark.map(|dark| (from + dark.after, from + dark.after + dark.lasts));
        Window { begin, from, until: from + self.counted, dark }
    }
}

/// How long the last commands have to arrive over `link`.
pub(super) fn settle(link: Option<&Link>) -> Duration {
    let longest = link.map_or(Duration::ZERO, |link| link.profile.there.delay + link.profile.there.jitter.most());
    SETTLE + longest.min(LONGEST_SETTLE)
}

/// Has one subject its turn.
pub(super) async fn turn(crew: &mut Crew, setup: &Setup, path: PathKind, slot: Slot) -> Result<Measured, EndError> {
    let tuning = |processor| Tuning { processor };
    let plan = ReceivePlan { tuning: tuning(slot.placed.receiver), path, identities: setup.identities.clone() };
    let (receiver, ready) = start(crew, "end at the cart", &Order::Receive(plan)).await?;
    let at = address("end at the cart", ready.at)?;
    let (relay, to) = match &setup.link {
        None => (None, at),
        Some(link) => {
            let plan = RelayPlan { link: link.clone(), seed: slot.seed, to: at };
            let (relay, ready) = start(crew, "line", &Order::Relay(plan)).await?;
            (Some(relay), address("line", ready.at)?)
        }
    };
    let plan = SendPlan {
        tuning: tuning(slot.placed.sender),
        path,
        identities: setup.identities.clone(),
        to,
        certificate: ready.certificate,
        period: setup.period,
        hand: Hand::default(),
    };
    let (sender, _) = start(crew, "end at the desk", &Order::Send(plan)).await?;
    let window = setup.window();
    for member in [Some(receiver), relay, Some(sender)].into_iter().flatten() {
        crew.tell(member, &window).await?;
    }
    let sent: Sent = crew.hear(sender, setup.lasts()).await?;
    tokio::time::sleep(setup.settle).await;
    crew.tell(receiver, &Over).await?;
    let received: Received = crew.hear(receiver, Duration::ZERO).await?;
    let mut carried: Option<Carried> = None;
    if let Some(relay) = relay {
        crew.tell(relay, &Over).await?;
        carried = Some(crew.hear(relay, Duration::ZERO).await?);
    }
    Ok(measured(slot, &Found { window, sent, received, carried }))
}

async fn start(crew: &mut Crew, who: &'static str, order: &Order) -> Result<(Member, Ready), EndError> {
    let member = crew.start(who, order).await?;
    let ready = crew.hear(member, Duration::ZERO).await?;
    Ok((member, ready))
}

fn address(who: &'static str, at: Option<std::net::SocketAddr>) -> Result<std::net::SocketAddr, EndError> {
    at.ok_or_else(|| EndError::Gone { who, said: ": it has not said where it listens".to_owned() })
}
