//! Hands what the staff do to the real-time thread, and tells them what the arm is about to do.

use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::time::Duration;

use farprobe_devices::bedside::{SimulatedNurse, SocketBedside, Switches, TerminalBedside};
use farprobe_devices::{Bedside, DeviceError, MonotonicClock};
use farprobe_proto::{Bedside as Action, Cause, Ladder, Severity, Transition};
use farprobe_servo::Inbound;

use crate::config;
use crate::consoles::Consoles;
use crate::rt::Inbox;

/// How often the switches are asked: a person pressing a button feels no delay below 50 ms.
const POLL_EVERY: Duration = Duration::from_millis(10);

/// The switches of this configuration.
pub(crate) fn switches(config: &config::Bedside) -> Result<Switches, DeviceError> {
    let mut switches = Switches::default();
    if config.terminal {
        switches.add(TerminalBedside::start()?);
    }
    if let Some(path) = &config.socket {
        switches.add(SocketBedside::listen(path)?);
    }
    if config.simulated_nurse {
        switches.add(SimulatedNurse::default());
    }
    Ok(switches)
}

/// Attends the switches until `transitions` is closed.
pub(crate) fn attend(
    clock: MonotonicClock,
    mut switches: Switches,
    inbox: Arc<Inbox>,
    consoles: Arc<Consoles>,
    transitions: Receiver<Transition>,
) -> std::io::Result<()> {
    std::thread::Builder::new().name("bedside".into()).spawn(move || {
        let mut consented = false;
        loop {
            for event in switches.poll(clock.now()) {
                consented |= event.action == Action::Consent;
                let (severity, words) = words_of(event.action, consented);
                if inbox.push(Inbound::Bedside(event.action)).is_err() {
                    tracing::error!("the bedside switch did not reach the real-time thread: it does not run");
                }
                consoles.announce(severity, format!("bedside ({}): {words}", event.source));
            }
            match transitions.recv_timeout(POLL_EVERY) {
                Ok(transition) => follow(&mut switches, &consoles, transition),
                Err(std::sync::mpsc::RecvTimeoutError::Timeout) => {}
                Err(std::sync::mpsc::RecvTimeoutError::Disconnected) => return,
            }
        }
    })?;
    Ok(())
}

fn follow(switches: &mut Switches, consoles: &Consoles, transition: Transition) {
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
    if transition.cause == Cause::SessionClosed {
        consoles.revoke_lease();
    }
}

/// What comes of `action`, in words. Whether the patient has `consented` is never taken back, and without it the servo does not
/// arm.
fn words_of(action: Action, consented: bool) -> (Severity, &'static str) {
    match action {
        Action::Consent => (Severity::Info, "the patient has consented to the exam"),
        Action::Arm if !consented => {
            (Severity::Warning, "arm was said before consent, and nothing may move: say consent, then arm again")
        }
        Action::Arm => (Severity::Info, "the staff allow motion"),
        Action::Disarm => (Severity::Warning, "the staff took the permission to move back"),
        Action::Stop => (Severity::Alarm, "the staff pressed stop"),
        Action::Reset => (Severity::Info, "the staff reset the cart"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn to_arm_before_the_consent_is_not_said_to_allow_motion() {
        let (severity, words) = words_of(Action::Arm, false);
        assert_eq!(severity, Severity::Warning);
        assert!(words.contains("nothing may move") && words.contains("say consent, then arm again"), "{words}");
        assert_eq!(words_of(Action::Arm, true), (Severity::Info, "the staff allow motion"));
    }
}
