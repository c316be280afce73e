//! Whether the picture in front of the operator may be steered by.

use std::fmt;
use std::time::Duration;

use farprobe_geom::Time;
use farprobe_proto::{PictureHealth, PictureReport, PictureStamp};

use super::ClockEstimate;

/// Without a new picture for this long the picture counts as frozen. It is flagged on the picture within 300 ms (DESIGN §6);
/// the rest is for the window's own 60 Hz. A scanner of five pictures a second still passes.
const FROZEN_AFTER: Duration = Duration::from_millis(250);
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

/// Why the picture may not be steered by: the console opens its clutch. `Display` gives the words for the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PictureFault {
    /// None has been shown yet.
    Absent,
    /// No new one has come for too long.
    Frozen,
    /// The operator froze it.
    FrozenByOperator,
    /// It is older than half a second, or of unknown age.
    Old,
}

impl PictureFault {
    /// What is wrong with a picture of which the console reports this; `None` if it may be steered by.
    pub fn of(report: &PictureReport) -> Option<Self> {
        match report.health {
            PictureHealth::Absent => Some(Self::Absent),
            PictureHealth::Frozen => Some(Self::Frozen),
            PictureHealth::FrozenByOperator => Some(Self::FrozenByOperator),
            PictureHealth::Good | PictureHealth::Concealed => {
                (u128::from(report.age_ms) > MAX_AGE.as_millis()).then_some(Self::Old)
            }
        }
    }
}

impl fmt::Display for PictureFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Absent => "no picture has come yet",
            Self::Frozen => "the picture does not move: no new one has come",
            Self::FrozenByOperator => "the picture is frozen by the operator",
            Self::Old => "the picture is older than half a second",
        })
    }
}

/// The newest picture by number and by capture time.
#[derive(Debug, Clone, Copy)]
struct Newest {
    number: u64,
    captured_at: Time,
    /// When it was shown, console clock.
    shown_at: Time,
}

/// Watches the ultrasound pictures of one connection.
///
/// A picture is new if its number *and* its capture time are beyond all before: a source that repeats itself, a loop of old
/// pictures, and a counter that runs over standing pictures of old capture are all frozen. What it can't see is a scanner
/// that stamps the same pixels with new times.
#[derive(Debug, Clone)]
pub struct PictureWatch {
    newest: Option<Newest>,
    painted_capture: Option<Time>,
    integrity: Integrity,
    freeze: ScannerFreeze,
}

impl Default for PictureWatch {
    fn default() -> Self {
        Self::new()
    }
}

impl PictureWatch {
    /// No picture yet.
    pub const fn new() -> Self {
        Self { newest: None, painted_capture: None, integrity: Integrity::Complete, freeze: ScannerFreeze::Running }
    }

    /// A picture was decoded and taken by the view at `now`, console clock.
    pub fn shown(&mut self, now: Time, stamp: &PictureStamp, integrity: Integrity) {
        let is_new =
            self.newest.is_none_or(|newest| stamp.number > newest.number && stamp.captured_at > newest.captured_at);
        if is_new {
            self.newest = Some(Newest { number: stamp.number, captured_at: stamp.captured_at, shown_at: now });
            self.integrity = integrity;
        }
    }

    /// A picture was painted on the screen.
    pub fn painted(&mut self, stamp: &PictureStamp) {
        self.painted_capture = Some(stamp.captured_at);
    }

    /// What the scanner says of itself.
    pub fn scanner(&mut self, freeze: ScannerFreeze) {
        self.freeze = freeze;
    }

    /// What to report in a command sent at `now`, console clock.
    pub fn report(&self, now: Time, clock: &ClockEstimate) -> PictureReport {
        let age_ms = self.age(now, clock).and_then(|age| u16::try_from(age.as_millis()).ok()).unwrap_or(u16::MAX);
        PictureReport { age_ms, health: self.health(now) }
    }

    /// The age of the picture on the screen: `now` minus its capture, by the clock estimate. `None` if none was painted,
    /// the clock is unknown, or the capture would lie in the future by more than the clock's error: the stamp lies.
    pub fn age(&self, now: Time, clock: &ClockEstimate) -> Option<Duration> {
        let captured = clock.to_console(self.painted_capture?, now)?;
        (captured.at <= now + captured.bound).then(|| now.saturating_since(captured.at))
    }

    fn health(&self, now: Time) -> PictureHealth {
        let Some(newest) = self.newest else { return PictureHealth::Absent };
        match (self.freeze, self.integrity) {
            (ScannerFreeze::Frozen, _) => PictureHealth::FrozenByOperator,
            _ if now.saturating_since(newest.shown_at) > FROZEN_AFTER => PictureHealth::Frozen,
            (ScannerFreeze::Running, Integrity::Concealed) => PictureHealth::Concealed,
            (ScannerFreeze::Running, Integrity::Complete) => PictureHealth::Good,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{stamp, state};
    use farprobe_proto::Echo;

    /// A clock estimate of two equal clocks 10 ms apart.
    fn clock() -> ClockEstimate {
        let mut clock = ClockEstimate::new();
        let mut state = state(1, Time::from_millis(10));
        let received_at = Time::from_millis(10);
        state.echo = Some(Echo { sequence: 1, console_sent_at: Time::ZERO, received_at });
        clock.record(Time::from_millis(20), &state);
        clock
    }

    /// Something wrong with the source at an instant in ms, after this last good picture.
    type Fault = dyn Fn(&mut PictureWatch, u64, u64);

    /// Pictures at 30 a second up to `until` ms, each shown 60 ms after its capture.
    fn watched(until: u64) -> (PictureWatch, u64) {
        let mut watch = PictureWatch::new();
        let mut number = 0;
        while 33 * (number + 1) + 60 <= until {
            number += 1;
            show(&mut watch, 33 * number + 60, number, 33 * number);
        }
        (watch, number)
    }

    fn show(watch: &mut PictureWatch, at: u64, number: u64, captured: u64) {
        let stamp = stamp(number, Time::from_millis(captured), 0);
        watch.shown(Time::from_millis(at), &stamp, Integrity::Complete);
        watch.painted(&stamp);
    }

    fn health(watch: &PictureWatch, at: u64) -> PictureHealth {
        watch.report(Time::from_millis(at), &clock()).health
    }

    #[test]
    fn a_running_picture_is_good_and_its_age_is_known() {
        let (watch, number) = watched(2_000);
        let at = 33 * number + 70;
        let report = watch.report(Time::from_millis(at), &clock());
        assert_eq!(report, PictureReport { age_ms: 70, health: PictureHealth::Good });
        assert_eq!(PictureFault::of(&report), None);
    }

    #[test]
    fn before_the_first_there_is_none() {
        let report = PictureWatch::new().report(Time::from_millis(5), &clock());
        assert_eq!(report, PictureReport { age_ms: u16::MAX, health: PictureHealth::Absent });
        assert_eq!(PictureFault::of(&report), Some(PictureFault::Absent));
    }

    #[test]
    fn a_source_that_stops_repeats_or_loops_is_flagged_within_300_ms() {
        let stops = |_: &mut PictureWatch, _: u64, _: u64| {};
        let repeats = |watch: &mut PictureWatch, at, last: u64| show(watch, at, last, 33 * last);
        let loops = |watch: &mut PictureWatch, at, last: u64| {
            let old = last - 20 + (at / 33) % 15;
            show(watch, at, old, 33 * old);
        };
        let counts_on = |watch: &mut PictureWatch, at, last: u64| show(watch, at, last + at, 33 * last);
        let restamps = |watch: &mut PictureWatch, at, last: u64| show(watch, at, last, 33 * last + at);
        let faults: [&Fault; 5] = [&stops, &repeats, &loops, &counts_on, &restamps];
        for (kind, fault) in faults.iter().enumerate() {
            let (mut watch, last) = watched(2_000);
            let shown = 33 * last + 60;
            for late in (16..=320).step_by(16) {
                fault(&mut watch, shown + late, last);
                let flagged = health(&watch, shown + late) == PictureHealth::Frozen;
                assert_eq!(flagged, late > 250, "fault {kind} after {late} ms");
            }
        }
    }

    #[test]
    fn the_operators_freeze_is_told_apart() {
        let (mut watch, _) = watched(2_000);
        watch.scanner(ScannerFreeze::Frozen);
        assert_eq!(health(&watch, 2_000), PictureHealth::FrozenByOperator);
        assert_eq!(health(&watch, 9_000), PictureHealth::FrozenByOperator, "whether or not pictures come");
        watch.scanner(ScannerFreeze::Running);
        assert_eq!(health(&watch, 9_000), PictureHealth::Frozen);
    }

    #[test]
    fn an_old_picture_is_a_fault_though_it_moves() {
        let mut watch = PictureWatch::new();
        for number in 1..100 {
            show(&mut watch, 33 * number + 501, number, 33 * number);
        }
        let report = watch.report(Time::from_millis(33 * 99 + 501), &clock());
        assert_eq!((report.health, report.age_ms), (PictureHealth::Good, 501));
        assert_eq!(PictureFault::of(&report), Some(PictureFault::Old));
    }

    #[test]
    fn a_concealed_picture_says_so_until_the_next_whole_one() {
        let (mut watch, last) = watched(2_000);
        let next = stamp(last + 1, Time::from_millis(1_999), 0);
        watch.shown(Time::from_millis(2_010), &next, Integrity::Concealed);
        assert_eq!(health(&watch, 2_011), PictureHealth::Concealed);
        show(&mut watch, 2_040, last + 2, 2_030);
        assert_eq!(health(&watch, 2_041), PictureHealth::Good);
    }

    #[test]
    fn a_capture_in_the_future_has_no_age() {
        let (mut watch, last) = watched(2_000);
        show(&mut watch, 2_010, last + 1, 3_600_000);
        assert_eq!(watch.age(Time::from_millis(2_011), &clock()), None);
        assert_eq!(watch.age(Time::from_millis(2_011), &ClockEstimate::new()), None, "nor without a clock");
        show(&mut watch, 2_040, last + 2, 2_030);
        assert_eq!(watch.report(Time::from_millis(2_041), &clock()).age_ms, 11);
        assert_eq!(health(&watch, 2_300), PictureHealth::Frozen, "but what follows the lie is not trusted");
    }
}
