//! Hands what the staff do to the real-time thread, and tells them what the arm is about to do.

use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::thread::JoinHandle;
use std::time::Duration;

use farprobe_devices::bedside::{SimulatedNurse, SocketBedside, Switches, TerminalBedside};
use farprobe_devices::{Bedside, BedsideEvent, DeviceError, MonotonicClock};
use farprobe_proto::{Bedside as Action, Cause, Ladder, Severity, Transition};
use farprobe_servo::{Inbound, Permission};

use crate::config::Config;
use crate::consoles::Consoles;
use crate::recorder::News;
use crate::rt::Inbox;

/// How often the switches are asked: a person pressing a button feels no delay below 50 ms.
const POLL_EVERY: Duration = Duration::from_millis(10);

/// The switches of this configuration.
pub(crate) fn switches(config: &Config) -> Result<Switches, DeviceError> {
    let mut switches = Switches::default();
    if config.has_terminal() {
        switches.add(TerminalBedside::start()?);
    }
    let config = &config.bedside;
    if let Some(path) = &config.socket {
        switches.add(SocketBedside::listen(path)?);
    }
    if config.simulated_nurse {
        switches.add(SimulatedNurse::default());
    }
    Ok(switches)
}

/// Attends the switches until `news` ends.
pub(crate) fn attend(
    clock: MonotonicClock,
    mut switches: Switches,
    inbox: Arc<Inbox>,
    consoles: Arc<Consoles>,
    news: Receiver<News>,
) -> std::io::Result<JoinHandle<()>> {
    let mut desk = Desk { inbox, consoles, permission: Permission::default(), ladder: Ladder::Idle };
    std::thread::Builder::new().name("bedside".into()).spawn(move || {
        let mut attendance = Attendance::Attended;
        loop {
            for event in switches.poll(clock.now()) {
                desk.pass_on(&event);
            }
            if attendance == Attendance::Attended && !switches.is_there() {
                attendance = Attendance::Deserted;
                desk.nobody_is_left();
            }
            match news.recv_timeout(POLL_EVERY) {
                Ok(News::Step(transition)) => {
                    desk.ladder = transition.to;
                    desk.consoles.tell_step(transition);
                    follow(&mut switches, transition);
                }
                Ok(News::SessionClosed(epoch)) => {
                    let words = "its commands do not count as they should, and the console is to blame; it asks again";
                    tracing::warn!("lease {} is taken away: {words}", epoch.0);
                    desk.consoles.revoke_lease(epoch);
                }
                Err(std::sync::mpsc::RecvTimeoutError::Timeout) => {}
                Err(std::sync::mpsc::RecvTimeoutError::Disconnected) => return,
            }
        }
    })
}

/// Whether the staff have any switch left to act by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Attendance {
    Attended,
    Deserted,
}

/// Hands on what the staff do, and tells everybody.
struct Desk {
    inbox: Arc<Inbox>,
    consoles: Arc<Consoles>,
    /// As the servo has it, which hears the same acts.
    permission: Permission,
    /// The last step that was told.
    ladder: Ladder,
}

impl Desk {
    fn pass_on(&mut self, event: &BedsideEvent) {
        let (severity, words) = words_of(event.action, self.permission, self.ladder);
        if !self.hand_on(event.action) {
            event.answer.say("nothing done: the cart's real-time thread does not run");
        } else if event.action == Action::Arm && self.permission == Permission::NoConsent {
            event.answer.say(&format!("nothing done: {words}"));
        } else if event.action == Action::Arm && severity == Severity::Warning {
            event.answer.say(&format!("ok, but not yet: {words}"));
        } else {
            event.answer.say("ok");
        }
        self.consoles.announce(severity, format!("bedside ({}): {words}", event.source));
    }

    /// A stop whose cable is cut must open, too: what nobody at the bedside can end is ended.
    fn nobody_is_left(&mut self) {
        self.hand_on(Action::Disarm);
        let words = "no bedside switch is left, and motion is no longer allowed: the cart's terminal is closed and it has no \
                     bedside socket. Start it anew from a terminal, or with --bedside-socket";
        self.consoles.announce(Severity::Alarm, words);
    }

    /// Whether it has reached the real-time thread.
    fn hand_on(&mut self, action: Action) -> bool {
        self.permission = self.permission.after(action);
        let is_heard = self.inbox.push(Inbound::Bedside(action)).is_ok();
        if !is_heard {
            tracing::error!("the bedside switch did not reach the real-time thread: it does not run");
        }
        is_heard
    }
}

fn follow(switches: &mut Switches, transition: Transition) {
    let words = farprobe_record::transition_words(&transition);
    if matches!(transition.cause, Cause::Refused(_)) {
        // Never in the order of things: whoever mends the cart wants to find it.
        tracing::warn!("ladder: {words}. The operator is not to blame: tell who maintains the cart");
    } else {
        tracing::info!("ladder: {words}");
    }
    match transition.to {
        Ladder::Retract => switches.announce("the arm lifts the probe off the patient"),
        Ladder::Fault => switches.announce("the arm has stopped by a fault; look at the patient, then say reset"),
        Ladder::EStop => switches.announce("the arm has been stopped; look at the patient, then say reset"),
        Ladder::Idle
        | Ladder::Ready
        | Ladder::Engaged
        | Ladder::Hold
        | Ladder::Soften
        | Ladder::Release
        | Ladder::Parked => {}
    }
}

/// What comes of `action`, in words, where `permission` is what was allowed before it, and `ladder` where the cart stands.
fn words_of(action: Action, permission: Permission, ladder: Ladder) -> (Severity, &'static str) {
    match action {
        Action::Consent => (Severity::Info, "the patient has consented to the exam"),
        Action::Arm if permission == Permission::NoConsent => {
            (Severity::Warning, "arm was said before consent, and nothing may move: say consent, then arm again")
        }
        Action::Arm if matches!(ladder, Ladder::Fault | Ladder::EStop) => (
            Severity::Warning,
            "the staff allow motion once the stopped cart is reset: look at the patient, then say reset",
        ),
        Action::Arm => (Severity::Info, "the staff allow motion"),
        Action::Disarm => (Severity::Warning, "the staff took the permission to move back"),
        Action::Withdraw => (
            Severity::Warning,
            "the consent no longer holds, and nothing may move: the next patient has to be asked anew",
        ),
        Action::Stop => (Severity::Alarm, "the staff pressed stop"),
        Action::Reset => (Severity::Info, "the staff reset the cart"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn to_arm_before_the_consent_is_not_said_to_allow_motion() {
        let (severity, words) = words_of(Action::Arm, Permission::NoConsent, Ladder::Idle);
        assert_eq!(severity, Severity::Warning);
        assert!(words.contains("nothing may move") && words.contains("say consent, then arm again"), "{words}");
        let allowed = (Severity::Info, "the staff allow motion");
        assert_eq!(words_of(Action::Arm, Permission::Consented, Ladder::Idle), allowed);
    }

    #[test]
    fn to_arm_a_stopped_cart_is_not_said_to_allow_motion() {
        for stopped in [Ladder::Fault, Ladder::EStop] {
            for permission in [Permission::Consented, Permission::Armed] {
                let (severity, words) = words_of(Action::Arm, permission, stopped);
                assert_eq!(severity, Severity::Warning);
                assert!(words.contains("say reset"), "{words}");
            }
        }
    }
}
