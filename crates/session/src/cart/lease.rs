//! Who may drive.

use std::collections::{BTreeMap, VecDeque};

use farprobe_proto::{Epoch, LeaseRefusal, LeaseStatus, PROTOCOL_VERSION, Role, ScannerError};

/// One connected console. The cart numbers its connections; a number is never used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConsoleId(pub u64);

/// What a console is to be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeaseNotice {
    /// Whom to tell.
    pub to: ConsoleId,
    /// What to tell.
    pub status: LeaseStatus,
}

#[derive(Debug, Clone)]
struct Console {
    name: String,
    role: Role,
    version: u16,
}

#[derive(Debug, Clone, Copy)]
struct Holder {
    console: ConsoleId,
    epoch: Epoch,
}

/// Hands out the right to drive: to one console at a time, each time under a greater epoch.
///
/// The epoch is a fencing number: a command that was sent under an earlier lease is refused wherever it turns up, so a
/// console that has lost the lease without knowing can do nothing. Epochs grow over restarts of the cart too if the last one
/// ([`LeaseDesk::last_epoch`]) is kept and given to [`LeaseDesk::new`].
///
/// Every console is told of every change; take the notices with [`LeaseDesk::poll`].
#[derive(Debug, Clone)]
pub struct LeaseDesk {
    consoles: BTreeMap<ConsoleId, Console>,
    holder: Option<Holder>,
    last_epoch: Epoch,
    notices: VecDeque<LeaseNotice>,
}

impl LeaseDesk {
    /// A desk whose first lease comes after `last_epoch`: the greatest epoch ever granted by this cart, 0 for a new one.
    pub const fn new(last_epoch: Epoch) -> Self {
        Self { consoles: BTreeMap::new(), holder: None, last_epoch, notices: VecDeque::new() }
    }

    /// A console has been welcomed, under the name and the role of its certificate and with the version of its hello.
    pub fn join(&mut self, id: ConsoleId, name: String, role: Role, version: u16) {
        self.leave(id);
        self.consoles.insert(id, Console { name, role, version });
        self.tell(id, self.status_for(id));
    }

    /// A console's connection has ended, in whatever way. If it held the lease, the lease is free.
    pub fn leave(&mut self, id: ConsoleId) {
        self.consoles.remove(&id);
        self.notices.retain(|notice| notice.to != id);
        self.release(id);
    }

    /// A console asks for the right to drive. Asking again while holding it changes nothing.
    pub fn request(&mut self, id: ConsoleId) {
        let Some(console) = self.consoles.get(&id) else { return };
        match self.refusal(id, console) {
            Some(refusal) => self.tell(id, LeaseStatus::Refused(refusal)),
            None if self.holder.is_some() => self.tell(id, self.status_for(id)),
            None => self.grant(id),
        }
    }

    fn refusal(&self, id: ConsoleId, console: &Console) -> Option<LeaseRefusal> {
        if console.version != PROTOCOL_VERSION {
            return Some(LeaseRefusal::Version);
        }
        match console.role {
            Role::Observer => Some(LeaseRefusal::Role),
            Role::Operator => self.holder.filter(|holder| holder.console != id).map(|_| LeaseRefusal::Held),
        }
    }

    fn grant(&mut self, id: ConsoleId) {
        // After 2^64 leases there is none left: it stays as if held for ever, which is safe.
        let Some(epoch) = self.last_epoch.0.checked_add(1).map(Epoch) else {
            self.tell(id, LeaseStatus::Refused(LeaseRefusal::Held));
            return;
        };
        self.last_epoch = epoch;
        self.holder = Some(Holder { console: id, epoch });
        self.tell_everybody();
    }

    /// A console gives the right to drive back. From any other than the holder it changes nothing.
    pub fn release(&mut self, id: ConsoleId) {
        self.take_from(|holder| holder.console == id);
    }

    /// The cart takes this lease away, for one when the session broke its own rules. A lease granted since then stays.
    pub fn revoke(&mut self, epoch: Epoch) {
        self.take_from(|holder| holder.epoch == epoch);
    }

    fn take_from(&mut self, is_meant: impl Fn(&Holder) -> bool) {
        if self.holder.take_if(|holder| is_meant(holder)).is_some() {
            self.tell_everybody();
        }
    }

    /// Whether a console may turn the scanner's controls, freeze included: the picture is what the driver steers by, so while
    /// somebody holds the lease it is theirs alone. While nobody does, any operator may set it up.
    pub fn may_turn_scanner(&self, id: ConsoleId) -> Result<(), ScannerError> {
        let known = self.consoles.get(&id);
        if !known.is_some_and(|console| console.role == Role::Operator && console.version == PROTOCOL_VERSION) {
            return Err(ScannerError::NotAnOperator);
        }
        match self.holder {
            Some(holder) if holder.console != id => Err(ScannerError::NotTheDriver),
            Some(_) | None => Ok(()),
        }
    }

    /// The next notice to send.
    pub fn poll(&mut self) -> Option<LeaseNotice> {
        self.notices.pop_front()
    }

    /// The lease in force.
    pub fn epoch(&self) -> Option<Epoch> {
        self.holder.map(|holder| holder.epoch)
    }

    /// Who holds the lease.
    pub fn holder(&self) -> Option<ConsoleId> {
        self.holder.map(|holder| holder.console)
    }

    /// The greatest epoch ever granted. Keep it over a restart.
    pub const fn last_epoch(&self) -> Epoch {
        self.last_epoch
    }

    fn status_for(&self, id: ConsoleId) -> LeaseStatus {
        match self.holder {
            None => LeaseStatus::Free,
            Some(holder) if holder.console == id => LeaseStatus::Yours(holder.epoch),
            Some(holder) => {
                let name = self.consoles.get(&holder.console).map(|console| console.name.clone());
                LeaseStatus::HeldBy(name.unwrap_or_default())
            }
        }
    }

    fn tell(&mut self, to: ConsoleId, status: LeaseStatus) {
        self.notices.push_back(LeaseNotice { to, status });
    }

    fn tell_everybody(&mut self) {
        let everybody: Vec<_> = self.consoles.keys().copied().collect();
        for id in everybody {
            self.tell(id, self.status_for(id));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANNA: ConsoleId = ConsoleId(1);
    const BORIS: ConsoleId = ConsoleId(2);

    fn desk() -> LeaseDesk {
        let mut desk = LeaseDesk::new(Epoch(41));
        desk.join(ANNA, "Anna".into(), Role::Operator, PROTOCOL_VERSION);
        desk.join(BORIS, "Boris".into(), Role::Operator, PROTOCOL_VERSION);
        drain(&mut desk);
        desk
    }

    fn drain(desk: &mut LeaseDesk) -> Vec<(ConsoleId, LeaseStatus)> {
        std::iter::from_fn(|| desk.poll()).map(|notice| (notice.to, notice.status)).collect()
    }

    #[test]
    fn one_holds_it_and_everybody_knows() {
        let mut desk = desk();
        desk.request(ANNA);
        let told = drain(&mut desk);
        assert_eq!(told, [(ANNA, LeaseStatus::Yours(Epoch(42))), (BORIS, LeaseStatus::HeldBy("Anna".into()))]);
        desk.request(BORIS);
        assert_eq!(drain(&mut desk), [(BORIS, LeaseStatus::Refused(LeaseRefusal::Held))]);
        desk.request(ANNA);
        assert_eq!(drain(&mut desk), [(ANNA, LeaseStatus::Yours(Epoch(42)))], "asking again changes nothing");
        desk.release(BORIS);
        assert_eq!((desk.holder(), drain(&mut desk)), (Some(ANNA), vec![]), "nobody can release for another");
    }

    #[test]
    fn whoever_drives_sets_the_scanner_and_before_that_any_operator() {
        let mut desk = desk();
        assert_eq!((desk.may_turn_scanner(ANNA), desk.may_turn_scanner(BORIS)), (Ok(()), Ok(())));
        desk.request(ANNA);
        let refused = Err(ScannerError::NotTheDriver);
        assert_eq!((desk.may_turn_scanner(ANNA), desk.may_turn_scanner(BORIS)), (Ok(()), refused));
        desk.release(ANNA);
        assert_eq!(desk.may_turn_scanner(BORIS), Ok(()));
        desk.join(BORIS, "Boris".into(), Role::Observer, PROTOCOL_VERSION);
        desk.join(ANNA, "Anna".into(), Role::Operator, PROTOCOL_VERSION + 1);
        for id in [ANNA, BORIS, ConsoleId(3)] {
            assert_eq!(desk.may_turn_scanner(id), Err(ScannerError::NotAnOperator), "{id:?}");
        }
    }

    #[test]
    fn a_lost_connection_frees_the_lease_and_the_next_epoch_is_greater() {
        let mut desk = desk();
        desk.request(ANNA);
        drain(&mut desk);
        desk.leave(ANNA);
        assert_eq!(drain(&mut desk), [(BORIS, LeaseStatus::Free)]);
        assert_eq!(desk.epoch(), None);
        desk.request(BORIS);
        assert_eq!(desk.epoch(), Some(Epoch(43)));
        assert_eq!(desk.last_epoch(), Epoch(43));
    }

    #[test]
    fn nobody_is_told_after_they_have_left() {
        let mut desk = desk();
        desk.request(ANNA);
        desk.leave(BORIS);
        assert_eq!(drain(&mut desk), [(ANNA, LeaseStatus::Yours(Epoch(42)))]);
    }

    #[test]
    fn observers_and_other_versions_may_look_only() {
        let mut desk = LeaseDesk::new(Epoch(0));
        desk.join(ANNA, "Anna".into(), Role::Observer, PROTOCOL_VERSION);
        desk.join(BORIS, "Boris".into(), Role::Operator, PROTOCOL_VERSION + 1);
        drain(&mut desk);
        desk.request(ANNA);
        desk.request(BORIS);
        let told = drain(&mut desk);
        assert_eq!(told[0], (ANNA, LeaseStatus::Refused(LeaseRefusal::Role)));
        assert_eq!(told[1], (BORIS, LeaseStatus::Refused(LeaseRefusal::Version)));
        assert_eq!(desk.epoch(), None);
    }

    #[test]
    fn a_revocation_that_comes_late_does_not_take_the_next_lease() {
        let mut desk = desk();
        desk.request(ANNA);
        let broken = desk.epoch().unwrap();
        desk.revoke(broken);
        assert_eq!(desk.epoch(), None);
        desk.request(ANNA);
        desk.revoke(broken);
        assert_eq!((desk.holder(), desk.epoch()), (Some(ANNA), Some(Epoch(broken.0 + 1))));
    }

    #[test]
    fn a_stranger_gets_nothing() {
        let mut desk = desk();
        desk.request(ConsoleId(9));
        assert_eq!((desk.epoch(), drain(&mut desk)), (None, vec![]));
    }

    #[test]
    fn the_last_epoch_is_the_last() {
        let mut desk = LeaseDesk::new(Epoch(u64::MAX - 1));
        desk.join(ANNA, "Anna".into(), Role::Operator, PROTOCOL_VERSION);
        desk.request(ANNA);
        assert_eq!(desk.epoch(), Some(Epoch(u64::MAX)));
        desk.release(ANNA);
        desk.request(ANNA);
        assert_eq!(desk.epoch(), None);
    }

    /// Every sequence of six acts by two consoles: an epoch is held by at most one console ever, only by an operator of
    /// this version that is connected, and epochs only grow; the last notice each console got is the truth.
    #[test]
    fn every_short_story_keeps_the_rules() {
        const DEPTH: u32 = 6;
        const ACTS: u32 = 9;
        for story in 0..ACTS.pow(DEPTH) {
            let mut desk = LeaseDesk::new(Epoch(0));
            let (mut code, mut greatest, mut holder) = (story, Epoch(0), None);
            let mut told: BTreeMap<ConsoleId, LeaseStatus> = BTreeMap::new();
            for _ in 0..DEPTH {
                act(&mut desk, code % ACTS);
                code /= ACTS;
                if let (Some(epoch), Some(console)) = (desk.epoch(), desk.holder()) {
                    if epoch == greatest {
                        assert_eq!(holder, Some(console), "story {story}: an epoch has one holder");
                    }
                    assert!(epoch >= greatest, "story {story}: epochs grow");
                    let known = desk.consoles.get(&console).map(|c| (c.role, c.version));
                    assert_eq!(known, Some((Role::Operator, PROTOCOL_VERSION)), "story {story}: who holds may");
                    (greatest, holder) = (epoch, Some(console));
                }
                for id in [ANNA, BORIS].into_iter().filter(|id| desk.holder().is_some_and(|holder| holder != *id)) {
                    assert!(desk.may_turn_scanner(id).is_err(), "story {story}: the picture is the driver's");
                }
                while let Some(notice) = desk.poll() {
                    if !matches!(notice.status, LeaseStatus::Refused(_)) {
                        told.insert(notice.to, notice.status);
                    }
                }
                for id in desk.consoles.keys() {
                    assert_eq!(told.get(id), Some(&desk.status_for(*id)), "story {story}: everybody knows");
                }
            }
        }
    }

    fn act(desk: &mut LeaseDesk, act: u32) {
        match act {
            0 => desk.join(ANNA, "Anna".into(), Role::Operator, PROTOCOL_VERSION),
            1 => desk.join(BORIS, "Boris".into(), Role::Operator, PROTOCOL_VERSION),
            2 => desk.join(BORIS, "Boris".into(), Role::Observer, PROTOCOL_VERSION),
            3 => desk.leave(ANNA),
            4 => desk.request(ANNA),
            5 => desk.request(BORIS),
            6 => desk.release(ANNA),
            7 => desk.release(BORIS),
            _ => desk.revoke(desk.last_epoch()),
        }
    }
}
