//! What happened, for the event list.

use std::collections::VecDeque;

use farprobe_geom::Time;
use farprobe_proto::Severity;

/// How many lines are kept. The list shows fewer than ten; the session log on disk keeps everything.
const CAPACITY: usize = 200;
/// The longest text of a line, characters. A peer's text of 256 kB would stall the layout of the window.
const MAX_CHARS: usize = 400;

/// What happened, newest last.
#[derive(Debug, Clone, Default)]
pub struct EventLog {
    lines: VecDeque<Line>,
}

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// When the console learned of it, console clock.
    pub at: Time,
    /// How much it matters.
    pub severity: Severity,
    /// In words.
    pub text: String,
    /// How often it was said in a row.
    pub times: u32,
}

impl EventLog {
    /// Adds a line; the same text again only counts up.
    pub(super) fn push(&mut self, at: Time, severity: Severity, text: &str) {
        let mut letters = text.chars().map(|c| if c.is_control() { ' ' } else { c });
        let mut text: String = letters.by_ref().take(MAX_CHARS).collect();
        if letters.next().is_some() {
            // Whoever reads it must see that it goes on: the session log on disk has all of it.
            text.pop();
            text.push('…');
        }
        if let Some(last) = self.lines.back_mut()
            && last.text == text
            && last.severity == severity
        {
            last.at = at;
            last.times = last.times.saturating_add(1);
            return;
        }
        if self.lines.len() == CAPACITY {
            self.lines.pop_front();
        }
        self.lines.push_back(Line { at, severity, text, times: 1 });
    }

    /// The lines, newest first.
    pub fn newest_first(&self) -> impl Iterator<Item = &Line> {
        self.lines.iter().rev()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_again_counts_up_and_old_lines_go() {
        let mut log = EventLog::default();
        for _ in 0..3 {
            log.push(Time::ZERO, Severity::Info, "again");
        }
        assert_eq!(log.newest_first().map(|line| line.times).collect::<Vec<_>>(), [3]);
        for number in 0..2 * CAPACITY {
            log.push(Time::ZERO, Severity::Info, &number.to_string());
        }
        assert_eq!(log.newest_first().count(), CAPACITY);
        assert_eq!(log.newest_first().next().map(|line| line.text.clone()), Some(String::from("399")));
    }

    #[test]
    fn a_text_of_any_length_makes_one_short_line() {
        let mut log = EventLog::default();
        log.push(Time::ZERO, Severity::Alarm, &"wide\nload ".repeat(30_000));
        let line = log.newest_first().next().unwrap();
        assert!(line.text.chars().count() == MAX_CHARS && !line.text.contains('\n') && line.text.ends_with('…'));
        log.push(Time::ZERO, Severity::Alarm, &"w".repeat(MAX_CHARS));
        assert!(!log.newest_first().next().unwrap().text.contains('…'));
    }
}
