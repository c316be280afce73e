//! A console at the other end of the line.

use std::time::Duration;

use farprobe_control::{HandleMapper, Scaling};
use farprobe_geom::{Newton, Time};
use farprobe_proto::{
    CartDatagram, Clutch, ConsoleDatagram, Epoch, LeaseStatus, PictureHealth, PictureReport, State, Wire,
};
use farprobe_session::console::{ClutchLatch, CommandOutbox, Downlink, Driving, Intent, StateWatch};

use crate::{Operator, Wish};

/// Between two commands: 500 a second.
pub(crate) const COMMAND_PERIOD: Duration = Duration::from_millis(2);

/// A console that was refused the lease asks again after this time.
const ASK_AGAIN: Duration = Duration::from_secs(1);

/// The picture in front of the simulated operator until something is done about it: good, and as old as on a good line.
pub const GOOD_PICTURE: PictureReport = PictureReport { age_ms: 40, health: PictureHealth::Good };

/// What the handle of a console is like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HandleState {
    /// It is read.
    There,
    /// Unplugged, or it does not answer: the console says so in each command.
    Lost,
}

/// A console as the network sees it. All times but those called `felt` are of its own clock.
pub trait Console {
    /// A new connection: what was learnt of the one before is void.
    fn connected(&mut self);

    /// Whether it asks for the lease at `now`.
    fn asks_for_lease(&mut self, now: Time) -> bool;

    /// It is told who holds the lease.
    fn told(&mut self, status: &LeaseStatus);

    /// A datagram arrives.
    fn hear(&mut self, arrived: Time, datagram: &[u8]);

    /// The datagram it sends at `now`; called each 2 ms. `felt` is the time of the person in front of it, who does not step when
    /// the clock does.
    fn speak(&mut self, now: Time, felt: Time) -> Option<Vec<u8>>;

    /// Something happens to the picture in front of the operator.
    fn see(&mut self, picture: PictureReport);

    /// The handle goes, or comes back. Nothing to a console without one.
    fn handle(&mut self, _state: HandleState) {}

    /// The contact force the operator asks for.
    fn desired_force(&self) -> Newton;
}

/// The console the programs are made of: the session's console end and the mapping of the handle, around an operator.
///
/// It leaves the clutch to the hand when the picture is bad, so that what the cart does about that is seen by itself.
pub struct OperatorConsole {
    outbox: CommandOutbox,
    states: StateWatch,
    newest: Option<State>,
    mapper: HandleMapper,
    latch: ClutchLatch,
    operator: Box<dyn Operator>,
    force: Newton,
    picture: PictureReport,
    handle: HandleState,
    lease: Option<Epoch>,
    asked: Option<Time>,
}

impl OperatorConsole {
    /// A console with this operator in front of it.
    pub fn new(operator: Box<dyn Operator>) -> Self {
        Self {
            outbox: CommandOutbox::new(),
            states: StateWatch::new(),
            newest: None,
            mapper: HandleMapper::new(Scaling::ONE_TO_ONE),
            latch: ClutchLatch::Open,
            operator,
            force: Newton::ZERO,
            picture: GOOD_PICTURE,
            handle: HandleState::There,
            lease: None,
            asked: None,
        }
    }
}

impl Console for OperatorConsole {
    fn connected(&mut self) {
        self.outbox = CommandOutbox::new();
        self.states = StateWatch::new();
        (self.newest, self.lease, self.asked) = (None, None, None);
    }

    fn asks_for_lease(&mut self, now: Time) -> bool {
        let asked_lately = self.asked.is_some_and(|asked| now.saturating_since(asked) < ASK_AGAIN);
        let asks = self.lease.is_none() && !asked_lately && self.operator.wants_to_drive(now);
        if asks {
            self.asked = Some(now);
        }
        asks
    }

    fn told(&mut self, status: &LeaseStatus) {
        self.lease = match status {
            LeaseStatus::Yours(epoch) => Some(*epoch),
            LeaseStatus::Free | LeaseStatus::HeldBy(_) => None,
            LeaseStatus::Refused(_) => return,
        };
        self.outbox.set_epoch(self.lease);
    }

    fn hear(&mut self, arrived: Time, datagram: &[u8]) {
        if let Ok(CartDatagram::State(state)) = CartDatagram::decode(datagram)
            && self.states.record(arrived, &state)
        {
            self.outbox.heard(arrived, &state);
            self.newest = Some(state);
        }
    }

    fn speak(&mut self, now: Time, felt: Time) -> Option<Vec<u8>> {
        let Wish { clutch, pose, force } = self.operator.act(felt, self.newest.as_ref());
        self.force = force;
        let driving = match (self.states.downlink(now), self.handle) {
            (Downlink::Alive, HandleState::There) => Driving::Permitted,
            (Downlink::Waiting | Downlink::Silent, _) | (_, HandleState::Lost) => Driving::Forbidden,
        };
        self.latch = self.latch.judge(clutch, driving);
        let pressed = self.latch == ClutchLatch::Pressed;
        if pressed {
            self.mapper.pressed();
        } else {
            self.mapper.released();
        }
        self.mapper.position(&pose, COMMAND_PERIOD);
        let mapped = self.mapper.mapped();
        let intent = Intent {
            sampled_at: now,
            clutch: match self.handle {
                HandleState::Lost => Clutch::HandleLost,
                HandleState::There if pressed => Clutch::Pressed,
                HandleState::There => Clutch::Open,
            },
            clutch_in: mapped.clutch_in,
            target: mapped.target,
            twist: mapped.twist,
            desired_force: force,
            picture: self.picture,
        };
        ConsoleDatagram::Command(self.outbox.command(now, &intent)?).encode()
    }

    fn see(&mut self, picture: PictureReport) {
        self.picture = picture;
    }

    fn handle(&mut self, state: HandleState) {
        self.handle = state;
    }

    fn desired_force(&self) -> Newton {
        self.force
    }
}
