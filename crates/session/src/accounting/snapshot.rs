//! What the accounting gives.

use super::histogram::LatencySnapshot;
use super::series::Count;
use super::waterfall::Waterfall;

/// The way from the hand to the eye, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Hop {
    /// In the console, from the handle to the network.
    SampledToSent,
    /// In the network, with the clock estimate's error.
    SentToReceived,
    /// In the cart, from the network to the tick that used it.
    ReceivedToApplied,
    /// From that tick to the capture of the first picture after it: the scanner's period is the greater part.
    AppliedToCaptured,
    /// In the cart's encoder.
    CapturedToEncoded,
    /// In the network until the last packet, with the clock estimate's error.
    EncodedToReceived,
    /// In the console's decoder.
    ReceivedToDecoded,
    /// In the console, from the decoder to the view.
    DecodedToShown,
}

impl Hop {
    /// All hops, in order.
    pub const ALL: [Self; 8] = [
        Self::SampledToSent,
        Self::SentToReceived,
        Self::ReceivedToApplied,
        Self::AppliedToCaptured,
        Self::CapturedToEncoded,
        Self::EncodedToReceived,
        Self::ReceivedToDecoded,
        Self::DecodedToShown,
    ];

    /// The hop's name on the screen.
    pub const fn label(self) -> &'static str {
        match self {
            Self::SampledToSent => "handle → sent",
            Self::SentToReceived => "sent → cart",
            Self::ReceivedToApplied => "cart → applied",
            Self::AppliedToCaptured => "applied → captured",
            Self::CapturedToEncoded => "captured → encoded",
            Self::EncodedToReceived => "encoded → received",
            Self::ReceivedToDecoded => "received → decoded",
            Self::DecodedToShown => "decoded → shown",
        }
    }
}

/// All latencies over one span. `None` where there is no sample.
#[derive(Debug, Clone, PartialEq)]
pub struct AccountingSnapshot {
    /// From the handle sample to the first picture captured after the robot acted on it being shown. By the console's clock
    /// alone, so without the clock estimate's error.
    pub hand_to_eye: Option<LatencySnapshot>,
    /// From the handle sample to the tick that applied it, with the clock estimate's error.
    pub command_age: Option<LatencySnapshot>,
    /// From the capture of a picture to its being decoded, with the clock estimate's error.
    pub picture_latency: Option<LatencySnapshot>,
    /// From the capture of a picture to its being painted, with the clock estimate's error.
    pub picture_age: Option<LatencySnapshot>,
    /// The age that each painted picture had reached when the next was painted, and the last one by now: the oldest that stood in
    /// front of the operator, whatever kept the next from coming. With the clock estimate's error.
    pub picture_age_reached: Option<LatencySnapshot>,
    /// The error bounds of the clock estimate that the figures above were made with.
    pub clock_error_bound: Option<LatencySnapshot>,
    /// Hop by hop, in the order of [`Hop::ALL`].
    pub hops: [Option<LatencySnapshot>; 8],
    /// Where the time from the hand to the eye went, on the whole session's mean.
    pub waterfall: Option<Waterfall>,
    /// States received and lost.
    pub states: Count,
    /// Pictures shown and lost.
    pub pictures: Count,
    /// Pictures painted since the session began.
    pub painted: u64,
    /// Commands sent since the session began.
    pub commands_sent: u64,
    /// Commands whose hand-to-eye latency is unknown because they were sent too long ago.
    pub forgotten: u64,
}

impl AccountingSnapshot {
    /// One hop.
    pub const fn hop(&self, hop: Hop) -> Option<LatencySnapshot> {
        self.hops[hop as usize]
    }
}
