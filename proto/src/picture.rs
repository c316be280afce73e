//! The data that travels inside each picture.

use farprobe_geom::{Newton, Patient, Pose, Time};
use serde::{Deserialize, Serialize};

use crate::Epoch;

/// What the cart knew when it captured a picture. Travels in the H.264 stream itself (an SEI user-data unit), so that
/// hand-to-eye latency is measured on every picture and a recording keeps the data.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct PictureStamp {
    /// Counts the pictures of this source, from 1.
    pub number: u64,
    /// When the picture was captured, cart clock.
    pub captured_at: Time,
    /// When the encoder had finished it, cart clock; equal to `captured_at` until it is known.
    pub encoded_at: Time,
    /// The lease in force at capture.
    pub epoch: Option<Epoch>,
    /// The sequence of the last command applied before capture; 0 before the first.
    pub applied_sequence: u64,
    /// The probe tip at capture.
    pub tip: Pose<Patient>,
    /// The contact force at capture, N.
    pub force: Newton,
}
