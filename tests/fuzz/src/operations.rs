//! Sequences of operations on what keeps the rules between two programs.

use std::collections::BTreeMap;

use arbitrary::{Arbitrary, Unstructured};
use farprobe_geom::{Newton, Pose, Time, Twist};
use farprobe_proto::{Clutch, Command, Epoch, LeaseStatus, PROTOCOL_VERSION, PictureHealth, PictureReport, Role};
use farprobe_session::cart::{AgeLimit, CommandInbox, ConsoleId, LeaseDesk, Verdict};

/// The most operations of one input.
const MAX_OPERATIONS: usize = 4_096;

/// What can happen at the lease desk, with a few consoles.
#[derive(Debug, Clone, Copy, Arbitrary)]
enum AtTheDesk {
    Join { console: u8, observer: bool, other_version: bool },
    Leave { console: u8 },
    Request { console: u8 },
    Release { console: u8 },
    Revoke,
}

/// Five consoles are enough for every relation between two of them and strangers.
fn console(number: u8) -> ConsoleId {
    ConsoleId(u64::from(number % 5))
}

/// Any story at the lease desk: one holder at most, who may; epochs only grow; everybody is told the truth.
pub fn lease_desk(bytes: &[u8]) {
    let mut input = Unstructured::new(bytes);
    let mut desk = LeaseDesk::new(Epoch(0));
    let mut may: BTreeMap<ConsoleId, bool> = BTreeMap::new();
    let mut told: BTreeMap<ConsoleId, LeaseStatus> = BTreeMap::new();
    let mut granted = Epoch(0);
    for _ in 0..MAX_OPERATIONS {
        if input.is_empty() {
            return;
        }
        let Ok(happening) = input.arbitrary::<AtTheDesk>() else { return };
        match happening {
            AtTheDesk::Join { console: id, observer, other_version } => {
                let role = if observer { Role::Observer } else { Role::Operator };
                let version = PROTOCOL_VERSION - u16::from(other_version);
                desk.join(console(id), format!("console {id}"), role, version);
                may.insert(console(id), !observer && !other_version);
            }
            AtTheDesk::Leave { console: id } => {
                desk.leave(console(id));
                may.remove(&console(id));
                told.remove(&console(id));
            }
            AtTheDesk::Request { console: id } => desk.request(console(id)),
            AtTheDesk::Release { console: id } => desk.release(console(id)),
            AtTheDesk::Revoke => desk.revoke(desk.last_epoch()),
        }
        while let Some(notice) = desk.poll() {
            assert!(may.contains_key(&notice.to), "somebody who is not there is told");
            if !matches!(notice.status, LeaseStatus::Refused(_)) {
                told.insert(notice.to, notice.status);
            }
        }
        check_desk(&desk, &may, &told, &mut granted);
    }
}

fn check_desk(
    desk: &LeaseDesk,
    may: &BTreeMap<ConsoleId, bool>,
    told: &BTreeMap<ConsoleId, LeaseStatus>,
    granted: &mut Epoch,
) {
    assert_eq!(desk.holder().is_some(), desk.epoch().is_some());
    if let (Some(holder), Some(epoch)) = (desk.holder(), desk.epoch()) {
        assert_eq!(may.get(&holder), Some(&true), "who may not drive holds the lease");
        assert!(epoch >= *granted && epoch == desk.last_epoch(), "an epoch came back");
        *granted = epoch;
    }
    for id in may.keys() {
        let holds = desk.holder() == Some(*id);
        let believes = matches!(told.get(id), Some(LeaseStatus::Yours(epoch)) if Some(*epoch) == desk.epoch());
        assert_eq!(holds, believes, "a console was told something else than what holds");
    }
}

/// What can happen at the cart's inbox for commands.
#[derive(Debug, Clone, Copy, Arbitrary)]
enum AtTheInbox {
    Lease { epoch: Option<u8> },
    Command { epoch: u8, sequence: u64, ahead: bool, sampled_ms: u32, later_ms: u16 },
    Malformed,
}

/// Any stream of commands: none is let through twice, under another lease, or after a newer one.
pub fn command_inbox(bytes: &[u8]) {
    let mut input = Unstructured::new(bytes);
    let mut inbox = CommandInbox::new(AgeLimit::DEFAULT);
    let mut lease = None;
    let mut newest = 0_u64;
    let mut now = Time::ZERO;
    for _ in 0..MAX_OPERATIONS {
        if input.is_empty() {
            return;
        }
        let Ok(happening) = input.arbitrary::<AtTheInbox>() else { return };
        match happening {
            AtTheInbox::Lease { epoch } => {
                let epoch = epoch.map(|epoch| Epoch(u64::from(epoch)));
                if epoch != lease {
                    newest = 0;
                }
                lease = epoch;
                inbox.set_epoch(epoch);
            }
            AtTheInbox::Command { epoch, sequence, ahead, sampled_ms, later_ms } => {
                now = Time::from_nanos(now.as_nanos() + u64::from(later_ms) * 1_000_000);
                // Any number, or one near the newest: the second kind is what gets far.
                let sequence = if ahead { newest.saturating_add(sequence % 4) } else { sequence };
                let sampled_at = Time::from_millis(u64::from(sampled_ms));
                let command = command(Epoch(u64::from(epoch)), sequence, sampled_at);
                if inbox.receive(now, &command) == Verdict::Fresh {
                    assert_eq!(lease, Some(command.epoch), "a command of another lease is fresh");
                    assert!(sequence > newest, "an old command is fresh");
                    assert!(!inbox.is_closed(), "a command is fresh though the session is closed");
                    assert!(inbox.last_excess().is_some_and(|excess| excess <= AgeLimit::DEFAULT.get()), "it is late");
                    newest = sequence;
                }
            }
            AtTheInbox::Malformed => inbox.count_malformed(),
        }
    }
}

fn command(epoch: Epoch, sequence: u64, sampled_at: Time) -> Command {
    Command {
        epoch,
        sequence,
        sampled_at,
        sent_at: sampled_at,
        clutch: Clutch::Pressed,
        clutch_in: 1,
        target: Pose::identity(),
        twist: Twist::zero(),
        desired_force: Newton::ZERO,
        picture: PictureReport { age_ms: 0, health: PictureHealth::Good },
        echo: None,
    }
}
