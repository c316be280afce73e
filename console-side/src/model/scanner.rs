//! The scanner's controls: what was asked for and what the scanner says.

use std::time::Duration;

use farprobe_geom::Time;
use farprobe_proto::{ScannerReply, ScannerSettings, ScannerState};

/// After this long without an answer the panel says so. A reply takes a round trip and a turn of the scanner's thread.
const PATIENCE: Duration = Duration::from_secs(2);

/// The scanner's controls.
#[derive(Debug, Clone, Default)]
pub struct ScannerControl {
    /// How the scanner says it is.
    pub echoed: Option<ScannerState>,
    wanted: Option<Wanted>,
}

/// What was asked for and is not answered yet.
#[derive(Debug, Clone, Copy)]
struct Wanted {
    settings: ScannerSettings,
    /// The request that asked for it, once it was sent.
    number: Option<u32>,
    since: Time,
}

/// How a request is getting on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScannerProgress {
    /// The scanner is as it was asked to be.
    Settled,
    /// An answer is awaited.
    Awaited,
    /// An answer is overdue.
    Overdue,
}

impl ScannerControl {
    /// The controls of a scanner in this state.
    pub(super) fn of(state: ScannerState) -> Self {
        Self { echoed: Some(state), wanted: None }
    }

    pub(super) fn requested(&mut self, now: Time, settings: ScannerSettings, number: Option<u32>) {
        self.wanted = Some(Wanted { settings, number, since: now });
    }

    pub(super) fn forget_request(&mut self) {
        self.wanted = None;
    }

    /// Takes in the scanner's answer; gives a line for the event list if it is a refusal.
    pub(super) fn replied(&mut self, reply: &ScannerReply) -> Option<String> {
        self.echoed = Some(reply.state.clone());
        let awaited = self.wanted.and_then(|wanted| wanted.number);
        let answered = matches!((awaited, reply.number), (Some(awaited), Some(number)) if number >= awaited);
        let refusal = reply.result.err();
        if answered || refusal.is_some() {
            self.wanted = None;
        }
        refusal.map(|error| format!("Scanner: {error}."))
    }

    /// The settings to show on the controls: what was asked for last, or else what the scanner says.
    pub fn shown(&self) -> Option<ScannerSettings> {
        let echoed = self.echoed.as_ref().map(|state| state.settings);
        self.wanted.map(|wanted| wanted.settings).or(echoed)
    }

    /// Whether the scanner says that its picture stands still.
    pub fn frozen(&self) -> bool {
        self.echoed.as_ref().is_some_and(|state| state.settings.frozen)
    }

    /// How the last request is getting on at `now`.
    pub fn progress(&self, now: Time) -> ScannerProgress {
        match &self.wanted {
            None => ScannerProgress::Settled,
            Some(wanted) if now.saturating_since(wanted.since) < PATIENCE => ScannerProgress::Awaited,
            Some(_) => ScannerProgress::Overdue,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use farprobe_geom::Metre;
    use farprobe_proto::{ImageGeometry, ScannerError, SourceKind, TGC_BANDS};

    fn settings(gain_db: f32) -> ScannerSettings {
        let (depth, focus) = (Metre::literal(0.15), Metre::literal(0.07));
        ScannerSettings { depth, gain_db, tgc_db: [0.0; TGC_BANDS], focus, dynamic_range_db: 60.0, frozen: false }
    }

    fn reply(number: Option<u32>, result: Result<(), ScannerError>, gain_db: f32) -> ScannerReply {
        let geometry = ImageGeometry { width: 4, height: 4, pixel: None, axis_column: 2.0, face_row: 0.0 };
        let state = ScannerState { settings: settings(gain_db), geometry, source: SourceKind::Live };
        ScannerReply { number, result, state }
    }

    fn gain(control: &ScannerControl) -> f32 {
        control.shown().unwrap().gain_db
    }

    #[test]
    fn what_was_asked_for_is_shown_until_its_own_answer_comes() {
        let mut control = ScannerControl::of(reply(None, Ok(()), 0.0).state);
        control.requested(Time::ZERO, settings(6.0), None);
        control.requested(Time::ZERO, settings(6.0), Some(8));
        assert_eq!(control.replied(&reply(Some(7), Ok(()), 3.0)), None);
        assert_eq!((gain(&control), control.progress(Time::ZERO)), (6.0, ScannerProgress::Awaited));
        // The scanner does not have 6 dB; its answer settles the matter all the same.
        control.replied(&reply(Some(8), Ok(()), 5.0));
        assert_eq!((gain(&control), control.progress(Time::ZERO)), (5.0, ScannerProgress::Settled));
    }

    #[test]
    fn a_refusal_is_said_and_the_control_goes_back() {
        let mut control = ScannerControl::of(reply(None, Ok(()), 0.0).state);
        control.requested(Time::ZERO, settings(6.0), Some(1));
        let line = control.replied(&reply(Some(1), Err(ScannerError::NotOffered), 0.0)).unwrap();
        assert!(line.contains("no such control"), "{line}");
        assert_eq!(gain(&control), 0.0);
    }

    #[test]
    fn an_answer_that_does_not_come_is_overdue() {
        let mut control = ScannerControl::default();
        control.requested(Time::ZERO, settings(6.0), Some(1));
        assert_eq!(control.progress(Time::from_millis(1_999)), ScannerProgress::Awaited);
        assert_eq!(control.progress(Time::from_millis(2_000)), ScannerProgress::Overdue);
    }
}
