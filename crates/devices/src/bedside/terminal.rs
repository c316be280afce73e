//! Words typed on the cart's terminal.

use std::io::{BufRead, BufReader};

use farprobe_geom::Time;

use super::{Acts, Answer, WORDS, next_line};
use crate::{Bedside, BedsideEvent, DeviceError};

/// Reads words from standard input, one a line, in a thread of its own.
#[derive(Debug)]
pub struct TerminalBedside(Acts);

impl TerminalBedside {
    /// Starts reading. The thread ends with the input.
    pub fn start() -> Result<Self, DeviceError> {
        Self::reading(BufReader::new(std::io::stdin()))
    }

    fn reading(mut input: impl BufRead + Send + 'static) -> Result<Self, DeviceError> {
        let (sender, acts) = Acts::new("terminal");
        let read = move || {
            loop {
                match next_line(&mut input) {
                    Ok(Some(Ok(action))) => {
                        if sender.send((action, Answer::default())).is_err() {
                            return;
                        }
                    }
                    Ok(Some(Err(said))) if said.is_empty() => {}
                    Ok(Some(Err(said))) => {
                        tracing::warn!("{said:?} is no word of the bedside switch; say one of: {WORDS}");
                    }
                    Ok(None) => return,
                    Err(error) => {
                        tracing::error!(
                            "nothing more is heard from the terminal ({error}): use another bedside switch"
                        );
                        return;
                    }
                }
            }
        };
        std::thread::Builder::new()
            .name("bedside-terminal".into())
            .spawn(read)
            .map_err(|error| DeviceError::Failed { device: "the terminal".into(), what: error.to_string() })?;
        Ok(Self(acts))
    }
}

impl Bedside for TerminalBedside {
    fn poll(&mut self, now: Time) -> Vec<BedsideEvent> {
        self.0.poll(now)
    }

    fn announce(&mut self, text: &str) {
        tracing::info!("bedside: {text}");
    }

    fn is_there(&self) -> bool {
        !self.0.is_over
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use farprobe_proto::Bedside as Action;

    #[test]
    fn unknown_words_are_passed_over() {
        let mut terminal = TerminalBedside::reading(&b"consent\nfly\n\xff\n\narm"[..]).unwrap();
        let mut seen = Vec::new();
        while seen.len() < 2 {
            seen.extend(terminal.poll(Time::ZERO));
        }
        let actions: Vec<Action> = seen.iter().map(|event| event.action).collect();
        assert_eq!(actions, [Action::Consent, Action::Arm]);
        while terminal.is_there() {
            assert_eq!(terminal.poll(Time::ZERO).len(), 0, "its input has ended");
        }
    }
}
