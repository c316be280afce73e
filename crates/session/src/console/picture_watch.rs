//! Whether the picture in front of the operator may be steered by.

use std::fmt;
use std::time::Duration;

use farprobe_geom::Time;
use farprobe_proto::{PictureHealth, PictureNotice, PictureReport};

use super::ClockEstimate;
use super::picture_course::{Course, Culprit};
use crate::accounting::ShownPicture;

/// Without a new picture for this long the picture is flagged: as frozen if pictures go on coming and are not new, as late if
/// none come. It shall be flagged on the screen within 300 ms (DESIGN §6); the rest is for the window, which draws every
/// 50 ms at the slowest. A scanner of five pictures a second still passes.
const NEW_WITHIN: Duration = Duration::from_millis(240);
/// From this age on a picture is flagged as late.
const FLAGGED_AGE: Duration = Duration::from_millis(300);
/// An older picture is not to be steered by (DESIGN §6).
const MAX_AGE: Duration = Duration::from_millis(500);

/// Whether a decoded picture is what was captured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Integrity {
    /// All of it arrived.
    Complete,
    /// The decoder has guessed parts of it.
    Concealed,
}

/// Whether the operator has frozen the scanner, as the scanner itself echoes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScannerFreeze {
    /// It runs.
    Running,
    /// It was asked to stand still.
    Frozen,
}

/// What is wrong with the picture. `Display` gives the words for the screen and the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PictureFault {
    /// None has been painted yet.
    Absent,
    /// Pictures come, and none of them is new: the source repeats itself.
    Frozen,
    /// The operator froze it.
    FrozenByOperator,
    /// The picture on the screen is old, or nothing new has come for long. Nothing stands still: something is slow or gone.
    Late(Culprit),
    /// Nobody knows how old it is: the cart's clock is not known, or its stamp lies in the future.
    Undated,
}

impl fmt::Display for PictureFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent => f.write_str("no picture has come yet"),
            Self::Frozen => f.write_str("the cart sends the same pictures again; ask the staff to look at the scanner"),
            Self::FrozenByOperator => f.write_str("the picture is frozen by the operator"),
            Self::Late(culprit) => write!(f, "new pictures are late: {culprit}"),
            Self::Undated => {
                f.write_str("nobody knows how old the picture is: the cart's clock is not known yet, or wrong")
            }
        }
    }
}

/// Whether the picture may be steered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PictureVerdict {
    /// It may.
    Good,
    /// It may, but the screen says what is wrong with it.
    Flagged(PictureFault),
    /// It may not: the console opens its clutch, and the gate lowers the ladder if it was driving.
    Lost(PictureFault),
}

impl PictureVerdict {
    /// What is wrong with the picture, grave or not.
    pub const fn flag(self) -> Option<PictureFault> {
        match self {
            Self::Good => None,
            Self::Flagged(fault) | Self::Lost(fault) => Some(fault),
        }
    }

    /// Why the picture may not be steered by; `None` if it may.
    pub const fn fault(self) -> Option<PictureFault> {
        match self {
            Self::Good | Self::Flagged(_) => None,
            Self::Lost(fault) => Some(fault),
        }
    }
}

/// The newest picture by number and by capture time.
#[derive(Debug, Clone, Copy)]
struct Newest {
    number: u64,
    captured_at: Time,
    /// When it was shown, or when the operator let the scanner run again if that was later. Console clock.
    since: Time,
    /// What has come after it.
    after: After,
}

/// What has come after the newest picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum After {
    /// Nothing.
    Nothing,
    /// Pictures that were not new.
    Repeats,
}

/// Watches the ultrasound pictures of one connection.
///
/// A picture is new if its number *and* its capture time are beyond all before. Frozen are a source that repeats itself, a
/// loop of old pictures, and a counter that runs over standing pictures of old capture: pictures come and are not new. Where
/// none come, nobody can say that they stand still; then the picture on the screen grows old, and that is what is reported,
/// with whoever has taken the time. What this can't see is a scanner that stamps the same pixels with new times.
#[derive(Debug, Clone)]
pub struct PictureWatch {
    newest: Option<Newest>,
    painted_capture: Option<Time>,
    integrity: Integrity,
    freeze: ScannerFreeze,
    course: Course,
}

impl Default for PictureWatch {
    fn default() -> Self {
        Self::new()
    }
}

impl PictureWatch {
    /// No picture yet.
    pub fn new() -> Self {
        Self {
            newest: None,
            painted_capture: None,
            integrity: Integrity::Complete,
            freeze: ScannerFreeze::Running,
            course: Course::default(),
        }
    }

    /// The cart has announced that it made a picture. Only used to tell who is to blame for one that is late.
    pub fn announced(&mut self, notice: &PictureNotice) {
        self.course.announced(notice);
    }

    /// The cart was heard at `at`, console clock, whatever it said. Only used to tell who is to blame: the link, if it is not heard.
    pub fn heard(&mut self, at: Time) {
        self.course.heard(at);
    }

    /// A whole picture arrived at `at`, console clock; it may wait for the decoder. Only used to tell who is to blame.
    pub fn arrived(&mut self, at: Time) {
        self.course.arrived(at);
    }

    /// A picture was decoded and taken by the view.
    pub fn shown(&mut self, picture: &ShownPicture, integrity: Integrity) {
        let stamp = &picture.stamp;
        self.course.shown(picture);
        match &mut self.newest {
            Some(newest) if stamp.number <= newest.number || stamp.captured_at <= newest.captured_at => {
                newest.after = After::Repeats;
            }
            newest => {
                let (number, captured_at, since) = (stamp.number, stamp.captured_at, picture.shown_at);
                *newest = Some(Newest { number, captured_at, since, after: After::Nothing });
                self.integrity = integrity;
            }
        }
    }

    /// A picture was painted on the screen at `at`, console clock.
    pub fn painted(&mut self, at: Time, picture: &ShownPicture) {
        self.painted_capture = Some(picture.stamp.captured_at);
        self.course.painted(at, picture);
    }

    /// What the scanner says of itself, heard at `now`, console clock.
    pub fn scanner(&mut self, now: Time, freeze: ScannerFreeze) {
        let before = std::mem::replace(&mut self.freeze, freeze);
        if (before, freeze) == (ScannerFreeze::Frozen, ScannerFreeze::Running)
            && let Some(newest) = &mut self.newest
        {
            // Until now it had no reason to send anything new.
            newest.since = newest.since.max(now);
            newest.after = After::Nothing;
        }
    }

    /// Looks at the picture at `now`, console clock: what to report in the next command, and whether it may be steered by.
    ///
    /// To be called with each command: that it was not called for long shows that the console was not run.
    pub fn look(&mut self, now: Time, clock: &ClockEstimate) -> (PictureReport, PictureVerdict) {
        self.course.looked(now);
        (self.report(now, clock), self.verdict(now, clock))
    }

    /// What to report in a command sent at `now`, console clock.
    pub fn report(&self, now: Time, clock: &ClockEstimate) -> PictureReport {
        let age_ms = self.age(now, clock).and_then(|age| u16::try_from(age.as_millis()).ok()).unwrap_or(u16::MAX);
        PictureReport { age_ms, health: self.health(now) }
    }

    /// Whether the picture may be steered by at `now`, console clock. [`PictureVerdict::Lost`] exactly if the gate takes the
    /// report of the same moment for a reason not to go on driving.
    pub fn verdict(&self, now: Time, clock: &ClockEstimate) -> PictureVerdict {
        let health = self.health(now);
        match (health, self.age(now, clock)) {
            (PictureHealth::Absent, _) => PictureVerdict::Lost(PictureFault::Absent),
            (PictureHealth::Frozen, _) => PictureVerdict::Lost(PictureFault::Frozen),
            (_, None) => PictureVerdict::Lost(PictureFault::Undated),
            (_, Some(age)) if age.as_millis() > MAX_AGE.as_millis() => {
                PictureVerdict::Lost(PictureFault::Late(self.course.culprit(now, clock)))
            }
            (PictureHealth::FrozenByOperator, _) => PictureVerdict::Lost(PictureFault::FrozenByOperator),
            (PictureHealth::Good | PictureHealth::Concealed, Some(age)) => {
                let late = age > FLAGGED_AGE || self.without_new(now) > NEW_WITHIN;
                let fault = late.then(|| PictureFault::Late(self.course.culprit(now, clock)));
                fault.map_or(PictureVerdict::Good, PictureVerdict::Flagged)
            }
        }
    }

    /// The age of the picture on the screen: `now` minus its capture, by the clock estimate. `None` if none was painted,
    /// the clock is unknown, or the capture would lie in the future by more than the clock's error: the stamp lies.
    pub fn age(&self, now: Time, clock: &ClockEstimate) -> Option<Duration> {
        let captured = clock.to_console(self.painted_capture?, now)?;
        (captured.at <= now + captured.bound).then(|| now.saturating_since(captured.at))
    }

    fn without_new(&self, now: Time) -> Duration {
        self.newest.map_or(Duration::ZERO, |newest| now.saturating_since(newest.since))
    }

    fn health(&self, now: Time) -> PictureHealth {
        let (Some(newest), Some(_)) = (self.newest, self.painted_capture) else { return PictureHealth::Absent };
        let repeats = newest.after == After::Repeats && self.without_new(now) > NEW_WITHIN;
        match (self.freeze, self.integrity) {
            (ScannerFreeze::Frozen, _) => PictureHealth::FrozenByOperator,
            _ if repeats => PictureHealth::Frozen,
            (ScannerFreeze::Running, Integrity::Concealed) => PictureHealth::Concealed,
            (ScannerFreeze::Running, Integrity::Complete) => PictureHealth::Good,
        }
    }
}

#[cfg(test)]
#[path = "picture_watch_tests.rs"]
mod tests;
