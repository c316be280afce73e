//! The scanner's controls: asked for by the console, answered and echoed by the cart.

use farprobe_geom::Metre;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Bands of the time-gain compensation, shallow to deep. Eight sliders are what most consoles of scanners have.
pub const TGC_BANDS: usize = 8;

/// What the operator may turn.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ScannerSettings {
    /// Depth of the picture, m.
    #[serde(deserialize_with = "crate::checked::not_negative")]
    pub depth: Metre,
    /// Overall gain, dB.
    #[serde(deserialize_with = "crate::checked::finite")]
    pub gain_db: f32,
    /// Gain by depth, dB, evenly spaced from skin to `depth`.
    #[serde(deserialize_with = "crate::checked::finite")]
    pub tgc_db: [f32; TGC_BANDS],
    /// Depth of the transmit focus, m.
    #[serde(deserialize_with = "crate::checked::not_negative")]
    pub focus: Metre,
    /// Dynamic range of the log compression, dB.
    #[serde(deserialize_with = "crate::checked::finite")]
    pub dynamic_range_db: f32,
    /// Whether the picture stands still.
    pub frozen: bool,
}

impl ScannerSettings {
    /// Whether every number is finite and within what any scanner offers.
    pub fn validate(&self) -> Result<(), ScannerError> {
        let within = |value: f32, low: f32, high: f32| value >= low && value <= high;
        let ok = within(self.depth.get() as f32, 0.02, 0.30)
            && within(self.gain_db, -40.0, 40.0)
            && self.tgc_db.iter().all(|band| within(*band, -20.0, 20.0))
            && within(self.focus.get() as f32, 0.01, 0.30)
            && within(self.dynamic_range_db, 20.0, 120.0);
        if ok { Ok(()) } else { Err(ScannerError::OutOfRange) }
    }
}

/// The console asks for settings.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ScannerRequest {
    /// Counts this console's requests; the reply names it.
    pub number: u32,
    /// All settings, as they shall be.
    pub settings: ScannerSettings,
}

/// The cart's answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScannerReply {
    /// The request answered, or `None` when the scanner changed by itself.
    pub number: Option<u32>,
    /// What the scanner said.
    pub result: Result<(), ScannerError>,
    /// How the scanner is now, request granted or not.
    pub state: ScannerState,
}

/// Why a scanner did not do what was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Error)]
pub enum ScannerError {
    /// A value is outside what the scanner offers.
    #[error("the scanner does not offer that value")]
    OutOfRange,
    /// The source has no such control (a recording has none but freeze).
    #[error("this picture source has no such control")]
    NotOffered,
    /// The scanner does not answer.
    #[error("the scanner does not answer: look at it on the cart")]
    Device,
    /// Somebody else holds the lease: whoever drives sets the scanner, and nobody changes the picture under their hand.
    #[error("somebody else drives, and whoever drives sets the scanner: ask them")]
    NotTheDriver,
    /// The role may only look.
    #[error("only an operator may set the scanner: connect with an operator's identity")]
    NotAnOperator,
}

/// How the scanner is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScannerState {
    /// The settings in force. Of a recording only `frozen` means anything: see [`ScannerState::known_settings`].
    pub settings: ScannerSettings,
    /// The picture's size and scale.
    pub geometry: ImageGeometry,
    /// What kind of source it is.
    pub source: SourceKind,
}

impl ScannerState {
    /// The settings, if there is a scanner that has them. Nobody knows how the scanner of a recording was set.
    pub fn known_settings(&self) -> Option<&ScannerSettings> {
        match self.source {
            SourceKind::Live | SourceKind::Simulated => Some(&self.settings),
            SourceKind::Recorded { .. } => None,
        }
    }
}

/// The picture's size and scale.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ImageGeometry {
    /// Pixels across.
    pub width: u16,
    /// Pixels down.
    pub height: u16,
    /// Size of a pixel, m; `None` when the source does not know.
    #[serde(deserialize_with = "crate::checked::positive_if_known")]
    pub pixel: Option<Metre>,
    /// Column of the probe's axis, pixels from the left.
    #[serde(deserialize_with = "crate::checked::finite")]
    pub axis_column: f32,
    /// Row of the probe's face on its axis, pixels from the top.
    #[serde(deserialize_with = "crate::checked::finite")]
    pub face_row: f32,
}

/// What kind of source the pictures come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum SourceKind {
    /// A scanner on the patient.
    Live,
    /// Computed from the simulated patient.
    Simulated,
    /// A recording: never to be taken for the patient on the couch.
    Recorded {
        /// What is played, without path and patient name.
        name: String,
    },
}
