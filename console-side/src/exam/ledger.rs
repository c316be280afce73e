//! What the console knows of the conversation with the cart: one ledger, shared by the handle's thread, the network and the
//! window. Every lock is held for microseconds.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use farprobe_geom::{Metre, Newton, Time};
use farprobe_proto::{CartReport, Command, LeaseStatus, PictureNotice, PictureReport, State};
use farprobe_record::CartTally;
use farprobe_session::accounting::{Accounting, AccountingSnapshot, ShownPicture, Span, TracedCommand};
use farprobe_session::console::{
    ClockEstimate, CommandOutbox, Integrity, Intent, PictureVerdict, PictureWatch, ScannerFreeze, StateWatch,
    Translated,
};

use super::following::Following;
use super::lease::LeaseWish;
use super::steering::Permission;
use super::stop::Stop;

/// Pictures that may wait to be painted: two seconds of them.
const REMEMBERED: usize = 128;

/// A ledger that several threads write into.
#[derive(Debug, Clone)]
pub(super) struct SharedLedger(Arc<Mutex<Ledger>>);

impl SharedLedger {
    /// An empty ledger; an exam begins with this contact force.
    pub(super) fn new(desired_force: Newton) -> Self {
        Self(Arc::new(Mutex::new(Ledger::new(desired_force))))
    }

    /// The ledger, for a moment.
    pub(super) fn lock(&self) -> MutexGuard<'_, Ledger> {
        // Its parts are whole between calls; a panic elsewhere must not stop the commands.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What the console itself knows before a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Look {
    /// What the command says of the picture.
    pub report: PictureReport,
    /// Whether the picture may be steered by.
    pub picture: PictureVerdict,
    /// Whether the operator may drive.
    pub permission: Permission,
}

/// See the module's documentation.
#[derive(Debug)]
pub(super) struct Ledger {
    outbox: CommandOutbox,
    clock: ClockEstimate,
    states: StateWatch,
    pictures: PictureWatch,
    accounting: Accounting,
    newest: Option<State>,
    following: Following,
    /// The last pictures taken, for those that the window paints.
    recent: VecDeque<ShownPicture>,
    desired_force: Newton,
    stop: Stop,
    lease: LeaseWish,
    /// What the cart counted for this console, over all connections.
    cart: CartTally,
}

impl Ledger {
    fn new(desired_force: Newton) -> Self {
        Self {
            outbox: CommandOutbox::new(),
            clock: ClockEstimate::new(),
            states: StateWatch::new(),
            pictures: PictureWatch::new(),
            accounting: Accounting::new(),
            newest: None,
            following: Following::default(),
            recent: VecDeque::new(),
            desired_force,
            stop: Stop::None,
            lease: LeaseWish::default(),
            cart: CartTally::default(),
        }
    }

    /// A new connection at `now`: the conversation begins anew, the accounting goes on.
    pub(super) fn reconnected(&mut self, now: Time) {
        let before = std::mem::replace(self, Self::new(self.desired_force));
        self.accounting = before.accounting;
        self.accounting.reconnected(now);
        self.stop = before.stop;
        self.lease = before.lease;
        self.cart = before.cart;
        self.cart.connected();
    }

    /// The cart says who may drive: what follows is sent under this lease. Gives whether to ask for it now.
    pub(super) fn lease(&mut self, status: &LeaseStatus) -> bool {
        let epoch = if let LeaseStatus::Yours(epoch) = status { Some(*epoch) } else { None };
        self.outbox.set_epoch(epoch);
        self.lease.told(status)
    }

    /// The cart tells what it has counted for this connection so far.
    pub(super) fn reported(&mut self, report: CartReport) {
        self.cart.reported(report);
    }

    /// What carts have counted for this console; `None` if none has told.
    pub(super) fn cart_figures(&self) -> Option<CartReport> {
        self.cart.whole()
    }

    /// What has become of the wish to drive.
    pub(super) fn lease_wish(&mut self) -> &mut LeaseWish {
        &mut self.lease
    }

    /// A state arrived at `arrived`, console clock. Gives whether it is the newest.
    pub(super) fn state(&mut self, arrived: Time, state: &State) -> bool {
        let newest = self.states.record(arrived, state);
        self.clock.record(arrived, state);
        self.pictures.heard(arrived);
        self.accounting.state_received(arrived, state, &self.clock);
        if newest {
            self.outbox.heard(arrived, state);
            self.newest = Some(*state);
            self.following.state(state);
            self.stop.shown(state.ladder);
        }
        newest
    }

    /// The newest state of this connection.
    pub(super) fn newest_state(&self) -> Option<&State> {
        self.newest.as_ref()
    }

    /// A picture was taken by the view.
    pub(super) fn picture(&mut self, picture: &ShownPicture, integrity: Integrity) {
        if self.recent.len() == REMEMBERED {
            self.recent.pop_front();
        }
        self.recent.push_back(*picture);
        self.pictures.shown(picture, integrity);
        self.accounting.picture_shown(picture, &self.clock);
    }

    /// The picture of this number was painted at `at`, console clock; or, without a window, taken in place of being painted.
    pub(super) fn painted(&mut self, number: u64, at: Time) {
        let picture = self.recent.iter().rev().find(|picture| picture.stamp.number == number);
        if let Some(picture) = picture {
            self.pictures.painted(at, picture);
            self.accounting.picture_painted(at, &picture.stamp, &self.clock);
        }
    }

    /// The cart says that it has made a picture.
    pub(super) fn picture_announced(&mut self, notice: &PictureNotice) {
        self.pictures.announced(notice);
    }

    /// A whole picture has arrived at `at`, console clock, and will be decoded.
    pub(super) fn picture_arrived(&mut self, at: Time) {
        self.pictures.arrived(at);
    }

    /// What the scanner says of itself, heard at `now`.
    pub(super) fn scanner(&mut self, now: Time, freeze: ScannerFreeze) {
        self.pictures.scanner(now, freeze);
    }

    /// Looks at the picture, as the handle's thread does before each command.
    pub(super) fn look(&mut self, now: Time) -> Look {
        let (report, picture) = self.pictures.look(now, &self.clock);
        let permission = Permission::of(self.states.downlink(now), picture, self.stop.forbids_driving());
        Look { report, picture, permission }
    }

    /// The next command, stamped with `now`.
    pub(super) fn command(&mut self, now: Time, intent: &Intent) -> Option<Command> {
        let command = self.outbox.command(now, intent)?;
        self.accounting.command_sent(&command);
        self.following.commanded(&command);
        Some(command)
    }

    /// The furthest that the probe was behind the handle on its way inward through the air, in this connection.
    pub(super) fn behind(&self) -> Metre {
        self.following.behind()
    }

    /// How far a stop of this console has come.
    pub(super) fn stop(&mut self) -> &mut Stop {
        &mut self.stop
    }

    /// The contact force the operator asks for.
    pub(super) fn desired_force(&self) -> Newton {
        self.desired_force
    }

    /// The operator asks for another contact force; a negative one counts as none.
    pub(super) fn set_desired_force(&mut self, force: Newton) {
        self.desired_force = force.max(Newton::ZERO);
    }

    /// A time of the cart's clock by the console's.
    pub(super) fn to_console(&self, cart: Time, now: Time) -> Option<Translated> {
        self.clock.to_console(cart, now)
    }

    /// How wrong the clock estimate can be.
    pub(super) fn clock_error_bound(&self, now: Time) -> Option<Duration> {
        self.clock.bound(now)
    }

    /// From now on keeps the way of single commands, up to `most` of them.
    pub(super) fn keep_trace(&mut self, most: usize) {
        self.accounting.keep_trace(most);
    }

    /// The single commands that were kept.
    pub(super) fn trace(&self) -> &[TracedCommand] {
        self.accounting.trace()
    }

    /// All latencies of a span.
    pub(super) fn latencies(&self, span: Span, now: Time) -> AccountingSnapshot {
        self.accounting.snapshot(span, now)
    }
}
