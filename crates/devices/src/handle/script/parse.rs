//! From text to actions.

use std::time::Duration;

use farprobe_geom::{Metre, Newton, Radian};
use farprobe_proto::ScannerSettings;
use thiserror::Error;

/// The longest script: an hour.
const LONGEST_S: f64 = 3600.0;

/// One action and its time.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Line {
    pub(super) at: Duration,
    pub(super) action: Action,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Action {
    /// Press or open the clutch.
    Clutch(bool),
    Motion(Motion),
    Force(Newton),
    Scanner(Change),
    Stop,
    Mark(u16),
    End,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Motion {
    pub(super) over: Duration,
    pub(super) movement: Move,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Move {
    Along([f64; 3], Metre),
    About([f64; 3], Radian),
}

/// One control of the scanner turned.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Change {
    Depth(Metre),
    Focus(Metre),
    Gain(f32),
    Range(f32),
    Frozen(bool),
}

impl Change {
    pub(super) fn apply(self, settings: &mut ScannerSettings) {
        match self {
            Self::Depth(depth) => settings.depth = depth,
            Self::Focus(focus) => settings.focus = focus,
            Self::Gain(gain) => settings.gain_db = gain,
            Self::Range(range) => settings.dynamic_range_db = range,
            Self::Frozen(frozen) => settings.frozen = frozen,
        }
    }
}

/// A line that can't be understood.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("line {line}: {expected}, but it says \"{found}\"")]
pub struct ParseError {
    /// Counted from 1.
    pub line: usize,
    /// What would have been right.
    pub expected: &'static str,
    /// What is there.
    pub found: String,
}

/// All lines in the order of their times, and the names of the marks.
pub(super) fn parse(text: &str) -> Result<(Vec<Line>, Vec<String>), ParseError> {
    let mut lines: Vec<Line> = Vec::new();
    let mut marks = Vec::new();
    for (index, raw) in text.lines().enumerate() {
        let words: Vec<&str> = raw.split('#').next().unwrap_or("").split_whitespace().collect();
        if words.is_empty() {
            continue;
        }
        let fail = |expected| ParseError { line: index + 1, expected, found: words.join(" ") };
        let line = line(&words, &mut marks).map_err(fail)?;
        if lines.last().is_some_and(|before| before.at > line.at) {
            return Err(fail("expected a time not before the line above"));
        }
        if lines.last().is_some_and(|before| before.action == Action::End) {
            return Err(fail("expected nothing after the end"));
        }
        lines.push(line);
    }
    if lines.last().is_none_or(|last| last.action != Action::End) {
        let line = text.lines().count();
        return Err(ParseError { line, expected: "expected a last line \"at SECONDS end\"", found: String::new() });
    }
    Ok((lines, marks))
}

fn line(words: &[&str], marks: &mut Vec<String>) -> Result<Line, &'static str> {
    let ["at", at, rest @ ..] = words else { return Err("expected \"at SECONDS ...\"") };
    let at = seconds(at)?;
    let action = match rest {
        ["over", over, rest @ ..] => Action::Motion(Motion { over: seconds(over)?, movement: movement(rest)? }),
        ["move" | "turn", ..] => return Err("expected \"over SECONDS\" before a motion"),
        rest => action(rest, marks)?,
    };
    Ok(Line { at, action })
}

fn action(words: &[&str], marks: &mut Vec<String>) -> Result<Action, &'static str> {
    Ok(match words {
        ["clutch", "press"] => Action::Clutch(true),
        ["clutch", "open"] => Action::Clutch(false),
        ["force", value, "N"] => {
            let force = Newton::new(number(value)?).map_err(|_| "expected a force in N")?;
            if force < Newton::ZERO {
                return Err("expected a force that is not negative");
            }
            Action::Force(force)
        }
        ["scanner", change @ ..] => Action::Scanner(scanner(change)?),
        ["freeze"] => Action::Scanner(Change::Frozen(true)),
        ["unfreeze"] => Action::Scanner(Change::Frozen(false)),
        ["stop"] => Action::Stop,
        ["end"] => Action::End,
        ["mark", name] => {
            let index = u16::try_from(marks.len()).map_err(|_| "expected fewer marks")?;
            marks.push((*name).to_owned());
            Action::Mark(index)
        }
        _ => {
            return Err(
                "expected clutch press|open, force N, scanner ..., freeze, unfreeze, mark NAME, stop, end, or \
                        over SECONDS move|turn ...",
            );
        }
    })
}

fn scanner(words: &[&str]) -> Result<Change, &'static str> {
    let length = |value: &str| Metre::new(number(value)? / 100.0).map_err(|_| "expected a length in cm");
    match words {
        ["depth", value, "cm"] => Ok(Change::Depth(length(value)?)),
        ["focus", value, "cm"] => Ok(Change::Focus(length(value)?)),
        ["gain", value, "dB"] => Ok(Change::Gain(number(value)? as f32)),
        ["range", value, "dB"] => Ok(Change::Range(number(value)? as f32)),
        _ => Err("expected scanner depth|focus VALUE cm, or scanner gain|range VALUE dB"),
    }
}

fn movement(words: &[&str]) -> Result<Move, &'static str> {
    match words {
        ["move", axis, value, "mm"] => {
            let distance = Metre::new(number(value)? / 1000.0).map_err(|_| "expected a distance in mm")?;
            Ok(Move::Along(unit(axis)?, distance))
        }
        ["turn", axis, value, "deg"] => {
            let angle = Radian::new(number(value)?.to_radians()).map_err(|_| "expected an angle in deg")?;
            Ok(Move::About(unit(axis)?, angle))
        }
        _ => Err("expected move x|y|z VALUE mm, or turn x|y|z VALUE deg"),
    }
}

fn unit(axis: &str) -> Result<[f64; 3], &'static str> {
    match axis {
        "x" => Ok([1.0, 0.0, 0.0]),
        "y" => Ok([0.0, 1.0, 0.0]),
        "z" => Ok([0.0, 0.0, 1.0]),
        _ => Err("expected an axis: x, y or z"),
    }
}

fn number(word: &str) -> Result<f64, &'static str> {
    word.parse().ok().filter(|value: &f64| value.is_finite()).ok_or("expected a number")
}

fn seconds(word: &str) -> Result<Duration, &'static str> {
    let value = number(word)?;
    if (0.0..=LONGEST_S).contains(&value) {
        Ok(Duration::from_secs_f64(value))
    } else {
        Err("expected seconds between 0 and 3600")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn complaint(text: &str) -> String {
        parse(text).unwrap_err().to_string()
    }

    #[test]
    fn a_complaint_names_the_line_and_what_was_expected() {
        assert_eq!(
            complaint("# an exam\nat 1 over 2 move q 5 mm\n"),
            "line 2: expected an axis: x, y or z, but it says \"at 1 over 2 move q 5 mm\""
        );
        assert!(complaint("at 1 end\nat 0 end").starts_with("line 2: expected a time not before"));
        assert!(complaint("at 1 end\nat 2 end").starts_with("line 2: expected nothing after the end"));
        assert!(complaint("at 1 clutch press").contains("a last line"));
        assert!(complaint("at 1 move x 5 mm").contains("over SECONDS"));
        assert!(complaint("at nan end").contains("expected a number"));
        assert!(complaint("at 1 force -3 N\nat 2 end").contains("not negative"));
    }

    proptest! {
        #[test]
        fn no_text_makes_the_parser_panic(text in "(at|over|move|turn|x|[0-9.+-]{1,5}|mm|cm|dB|deg|mark|end|\n| |#|scanner)*") {
            let _ = parse(&text);
        }
    }
}
