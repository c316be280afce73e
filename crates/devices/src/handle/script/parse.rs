//! From text to actions.

use std::time::Duration;

use farprobe_geom::{Metre, Newton, Radian};
use farprobe_proto::ScannerSettings;
use thiserror::Error;

/// The longest script: an hour.
const LONGEST_S: f64 = 3600.0;

/// The strongest contact to be asked for, N: the soft force limit's compiled ceiling. Each cart may allow less.
const MOST_FORCE_N: f64 = 15.0;

/// The longest way of one motion, mm: the radius of the workspace that the cart tells.
const REACH_MM: f64 = 500.0;

/// The longest name of a mark, bytes. File systems take 255, and the kind of the file follows.
const LONGEST_MARK: usize = 64;

/// What pictures are called that are not a mark's.
const OUR_PICTURES: [&str; 2] = ["console", "ultrasound"];

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
    // The motion that ends last.
    let mut longest: Option<(Duration, ParseError)> = None;
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
        match (&line.action, &longest) {
            (Action::Motion(motion), before) => {
                let until = line.at + motion.over;
                if before.as_ref().is_none_or(|(longest, _)| *longest < until) {
                    longest = Some((until, fail("expected a motion that is over by the end of the script")));
                }
            }
            (Action::End, Some((until, error))) if *until > line.at => return Err(error.clone()),
            _ => {}
        }
        lines.push(line);
    }
    if lines.last().is_none_or(|last| last.action != Action::End) {
        let found = text.lines().last().unwrap_or_default().trim().to_owned();
        let line = text.lines().count().max(1);
        return Err(ParseError { line, expected: "expected a last line \"at SECONDS end\"", found });
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
            let newtons =
                within(value, (0.0, MOST_FORCE_N), "expected a force from 0 to 15 N: no cart presses harder")?;
            Action::Force(Newton::new(newtons).map_err(|_| "expected a force in N")?)
        }
        ["scanner", change @ ..] => Action::Scanner(scanner(change)?),
        ["freeze"] => Action::Scanner(Change::Frozen(true)),
        ["unfreeze"] => Action::Scanner(Change::Frozen(false)),
        ["stop"] => Action::Stop,
        ["end"] => Action::End,
        ["mark", name] => {
            mark(name)?;
            if marks.iter().any(|before| before == name) {
                return Err("expected a mark of another name than those before: each becomes a file of its own");
            }
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
    // What `ScannerSettings::validate` takes.
    let length =
        |value: &str, range, expected| Metre::new(within(value, range, expected)? / 100.0).map_err(|_| expected);
    match words {
        ["depth", value, "cm"] => {
            Ok(Change::Depth(length(value, (2.0, 30.0), "expected a depth from 2 to 30 cm, as scanners have")?))
        }
        ["focus", value, "cm"] => {
            Ok(Change::Focus(length(value, (1.0, 30.0), "expected a focus from 1 to 30 cm, as scanners have")?))
        }
        ["gain", value, "dB"] => Ok(Change::Gain(within(
            value,
            (-40.0, 40.0),
            "expected a gain from -40 to 40 dB, as scanners have",
        )? as f32)),
        ["range", value, "dB"] => {
            Ok(Change::Range(
                within(value, (20.0, 120.0), "expected a range from 20 to 120 dB, as scanners have")? as f32
            ))
        }
        _ => Err("expected scanner depth|focus VALUE cm, or scanner gain|range VALUE dB"),
    }
}

fn movement(words: &[&str]) -> Result<Move, &'static str> {
    match words {
        ["move", axis, value, "mm"] => {
            let expected = "expected a distance from -500 to 500 mm: the arm reaches no farther";
            let distance =
                Metre::new(within(value, (-REACH_MM, REACH_MM), expected)? / 1000.0).map_err(|_| expected)?;
            Ok(Move::Along(unit(axis)?, distance))
        }
        ["turn", axis, value, "deg"] => {
            let expected = "expected an angle from -180 to 180 deg: more is the same as less";
            let angle = Radian::new(within(value, (-180.0, 180.0), expected)?.to_radians()).map_err(|_| expected)?;
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

/// A mark names a file: a plain name that leads to no other folder.
fn mark(name: &str) -> Result<(), &'static str> {
    let plain = |letter: char| letter.is_alphanumeric() || letter == '-' || letter == '_';
    if name.len() > LONGEST_MARK || !name.chars().all(plain) {
        return Err(
            "expected a mark of letters, digits, - and _, at most 64 bytes long: it becomes the name of a file",
        );
    }
    if OUR_PICTURES.contains(&name) {
        return Err("expected another mark: console and ultrasound are the names of Farprobe's own pictures");
    }
    Ok(())
}

fn within(word: &str, (low, high): (f64, f64), expected: &'static str) -> Result<f64, &'static str> {
    let value = number(word)?;
    if (low..=high).contains(&value) { Ok(value) } else { Err(expected) }
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
        assert!(complaint("").starts_with("line 1: expected a last line"), "{}", complaint(""));
    }

    #[test]
    fn two_marks_of_one_name_are_refused_at_the_second() {
        assert_eq!(
            complaint("at 1 mark fan\n# so far\nat 2 mark fan\nat 3 end\n"),
            "line 3: expected a mark of another name than those before: each becomes a file of its own, but it says \
             \"at 2 mark fan\""
        );
    }

    #[test]
    fn a_motion_that_the_end_would_cut_off_is_refused_at_its_own_line() {
        assert_eq!(
            complaint("at 1 over 3 move z 5 mm\nat 1 over 1 move x 5 mm\nat 3.9 end\n"),
            "line 1: expected a motion that is over by the end of the script, but it says \"at 1 over 3 move z 5 mm\""
        );
        assert!(parse("at 0.1 over 0.2 move z 5 mm\nat 0.3 end\n").is_ok());
    }

    #[test]
    fn what_no_cart_can_do_and_no_file_can_be_called_is_refused_with_the_range() {
        for (action, words) in [
            ("force -3 N", "from 0 to 15 N: no cart presses harder"),
            ("force 1000 N", "from 0 to 15 N"),
            ("over 1 move z +1e9 mm", "from -500 to 500 mm: the arm reaches no farther"),
            ("over 1 turn x 181 deg", "from -180 to 180 deg"),
            ("scanner depth 1000 cm", "a depth from 2 to 30 cm"),
            ("scanner depth 1 cm", "a depth from 2 to 30 cm"),
            ("scanner focus 0.5 cm", "a focus from 1 to 30 cm"),
            ("scanner gain 41 dB", "a gain from -40 to 40 dB"),
            ("scanner range 10 dB", "a range from 20 to 120 dB"),
            ("mark ../../etc/passwd", "a mark of letters, digits"),
            ("mark a/b", "a mark of letters"),
            ("mark ..", "a mark of letters"),
            ("mark a\\b", "a mark of letters"),
            ("mark console", "another mark"),
        ] {
            let said = complaint(&format!("# one\nat 1 {action}\nat 3 end\n"));
            assert!(said.starts_with("line 2: expected") && said.contains(words), "{action}: {said}");
        }
        let long = "m".repeat(65);
        assert!(complaint(&format!("at 1 mark {long}\nat 2 end")).contains("at most 64 bytes"));
        for good in ["force 15 N", "over 1 move z -500 mm", "scanner depth 30 cm", "mark tief_2-a", "mark 胆囊"] {
            assert!(parse(&format!("at 1 {good}\nat 3 end\n")).is_ok(), "{good}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_the_parser_panic(text in "(at|over|move|turn|x|[0-9.+-]{1,5}|mm|cm|dB|deg|mark|end|\n| |#|scanner)*") {
            let _ = parse(&text);
        }
    }
}
