//! What an exam is made of, what can happen in it, and how it ends.

use std::path::PathBuf;

use farprobe_devices::{Handle, MonotonicClock};
use farprobe_proto::{ScannerSettings, Welcome};
use farprobe_record::Summary;

use super::link::Destination;
use super::pump::{HandleStart, PumpEvent};
use super::trace::Trace;
use crate::handles::ScriptFacts;
use crate::model::{HandleKind, Intent};

/// Something that asks for the director's attention.
#[derive(Debug)]
pub enum Happening {
    /// The handle's thread has something to say.
    Pump(PumpEvent),
    /// The window has.
    Intent(Intent),
    /// The cart has welcomed the console.
    Welcome(Box<Welcome>),
    /// The scanner has these settings.
    Scanner(ScannerSettings),
    /// The network's task has ended, with the reason of a refusal if there is one.
    LinkEnded(Result<(), String>),
    /// Somebody ended it from outside; in words.
    End(String),
}

/// What an exam is made of.
pub struct Plan {
    /// The console's clock.
    pub clock: MonotonicClock,
    /// Where to connect to.
    pub destination: Destination,
    /// What the specialist holds.
    pub handle: Box<dyn Handle>,
    /// What kind of handle it is.
    pub kind: HandleKind,
    /// When it begins to be read.
    pub start: HandleStart,
    /// What is known of the script, if the handle plays one. A script ends with its first lost connection: it can't see what
    /// happened meanwhile. A person is connected again for as long as it takes.
    pub script: Option<ScriptFacts>,
    /// Where `summary.json`, `session.log` and pictures go.
    pub out: PathBuf,
    /// Whether a window paints the pictures.
    pub painted_by_window: bool,
    /// TCP port of this machine at which live figures are served, if they are to be.
    pub figures: Option<u16>,
    /// Where the way of every single command goes, if it is to be kept.
    pub trace: Option<Trace>,
}

/// How an exam ended.
#[derive(Debug)]
pub struct Ended {
    /// The summary, saved already; `None` if no cart ever let this console in, so that there was no exam.
    pub summary: Option<Summary>,
    /// What went wrong, if something did.
    pub problem: Option<String>,
}
