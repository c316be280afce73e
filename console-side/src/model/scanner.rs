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
