//! The switch at the bedside: words on the terminal, words through a local socket, or a simulated nurse.
//!
//! The words are `consent`, `arm`, `disarm`, `withdraw`, `stop` and `reset`. There is no way to say them from a console.

mod nurse;
mod socket;
mod terminal;

use std::io::{self, BufRead, Read};
use std::sync::mpsc::{Receiver, Sender, SyncSender, TryRecvError};

use farprobe_geom::Time;
use farprobe_proto::Bedside as Action;

pub use nurse::SimulatedNurse;
pub use socket::SocketBedside;
pub use terminal::TerminalBedside;

use crate::{Bedside, BedsideEvent};

/// What the staff may say.
pub const WORDS: &str = "consent, arm, disarm, withdraw, stop, reset";

/// The longest line taken, bytes: no word is longer than 8 letters, and a line without an end must not fill memory.
const LONGEST_LINE: u64 = 64;

/// The next line of `input`: an act, or what was said that names none. `None` at the end. Whatever the bytes are, the line
/// after them is heard: it may be a stop. A line that is too long is none in pieces, either.
fn next_line(input: &mut impl BufRead) -> io::Result<Option<Result<Action, String>>> {
    let mut line = Vec::new();
    if input.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut line)? == 0 {
        return Ok(None);
    }
    let is_cut = line.len() as u64 == LONGEST_LINE && !line.ends_with(b"\n") && input.skip_until(b'\n')? > 0;
    let text = String::from_utf8_lossy(&line).trim().to_owned();
    if is_cut {
        return Ok(Some(Err(format!("{text} …"))));
    }
    Ok(Some(action_of(&text).ok_or(text)))
}

/// The act that `word` names, if it names one. Case and surrounding space don't matter: people type in a hurry.
pub fn action_of(word: &str) -> Option<Action> {
    match word.trim().to_ascii_lowercase().as_str() {
        "consent" => Some(Action::Consent),
        "arm" => Some(Action::Arm),
        "disarm" => Some(Action::Disarm),
        "withdraw" => Some(Action::Withdraw),
        "stop" => Some(Action::Stop),
        "reset" => Some(Action::Reset),
        _ => None,
    }
}

/// Several switches as one. Any of them may act; what is announced is announced by all.
#[derive(Default)]
pub struct Switches(Vec<Box<dyn Bedside>>);

impl Switches {
    /// Adds a switch.
    pub fn add(&mut self, switch: impl Bedside + 'static) {
        self.0.push(Box::new(switch));
    }
}

impl Bedside for Switches {
    fn poll(&mut self, now: Time) -> Vec<BedsideEvent> {
        self.0.iter_mut().flat_map(|switch| switch.poll(now)).collect()
    }

    fn announce(&mut self, text: &str) {
        for switch in &mut self.0 {
            switch.announce(text);
        }
    }

    fn is_there(&self) -> bool {
        self.0.iter().any(|switch| switch.is_there())
    }
}

/// Where whoever has acted reads what came of it; nowhere by default.
#[derive(Debug, Clone, Default)]
pub struct Answer(Option<SyncSender<String>>);

impl Answer {
    /// Says it, if somebody reads. Never blocks: who does not read goes without.
    pub fn say(&self, words: &str) {
        if let Some(reader) = &self.0 {
            // The one who asked may have gone.
            let _ = reader.try_send(words.to_owned());
        }
    }
}

/// Acts that a thread of the adapter has read and nobody has polled yet.
#[derive(Debug)]
struct Acts {
    source: &'static str,
    read: Receiver<(Action, Answer)>,
    /// The thread has ended.
    is_over: bool,
}

impl Acts {
    fn new(source: &'static str) -> (Sender<(Action, Answer)>, Self) {
        let (sender, read) = std::sync::mpsc::channel();
        (sender, Self { source, read, is_over: false })
    }

    fn poll(&mut self, now: Time) -> Vec<BedsideEvent> {
        let mut events = Vec::new();
        loop {
            match self.read.try_recv() {
                Ok((action, answer)) => {
                    events.push(BedsideEvent { at: now, action, source: self.source.to_owned(), answer });
                }
                Err(TryRecvError::Empty) => return events,
                Err(TryRecvError::Disconnected) => {
                    self.is_over = true;
                    return events;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_type_in_a_hurry() {
        assert_eq!(action_of("  STOP\r\n"), Some(Action::Stop));
        assert_eq!(action_of("consent"), Some(Action::Consent));
        assert_eq!(action_of("arm it"), None);
        assert_eq!(action_of(""), None);
    }

    #[test]
    fn no_line_hides_the_next_and_none_is_taken_in_pieces() {
        let long = format!("{}arm\n{}\n{}reset\nstop", " ".repeat(64), "x".repeat(63), "x".repeat(64));
        let mut input = [b"\xff\xfe\nConsent\r\n", long.as_bytes()].concat();
        input.extend(b"\n\narm");
        let mut input = input.as_slice();
        let lines: Vec<_> = std::iter::from_fn(|| next_line(&mut input).unwrap()).collect();
        let acts: Vec<Option<Action>> = lines.into_iter().map(Result::ok).collect();
        let (consent, stop, arm) = (Some(Action::Consent), Some(Action::Stop), Some(Action::Arm));
        assert_eq!(acts, [None, consent, None, None, None, stop, None, arm]);
    }
}
