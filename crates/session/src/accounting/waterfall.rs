//! Where the time from the hand to the eye goes: hops of the very same commands, so that they add up to the whole.

use std::time::Duration;

use farprobe_geom::Time;

use super::ShownPicture;
use super::sent::SentCommand;
use super::snapshot::Hop;
use crate::console::ClockEstimate;

/// The mean way from the hand to the eye.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Waterfall {
    /// Commands whose every stamp is known. A state names every second command, and the pictures close the loop of all.
    pub commands: u64,
    /// Mean from handle sample to shown, ms.
    pub total_ms: f64,
    /// Mean of each hop, ms, in the order of [`Hop::ALL`]; they add up to `total_ms`. The two through the network share the error
    /// of the clock estimate: what one has too much the other has too little.
    pub hops_ms: [f64; 8],
}

/// Sums over commands, ns. Signed: an error of the clock estimate is not cut off at zero, or the sum would not be the whole.
#[derive(Debug, Clone, Default)]
pub(super) struct WaterfallSums {
    commands: u64,
    hops: [i128; 8],
}

impl WaterfallSums {
    /// A command whose effect `picture` shows first.
    pub(super) fn record(&mut self, sent: &SentCommand, picture: &ShownPicture, clock: &ClockEstimate) {
        let (Some(received_at), Some(applied_at)) = (sent.received_at, sent.applied_at) else { return };
        let (stamp, shown_at) = (&picture.stamp, picture.shown_at);
        // Both by the same estimate, so that its error cancels out in the sum.
        let here = |cart: Time| clock.to_console(cart, shown_at).map(|translated| translated.at);
        let (Some(received), Some(encoded)) = (here(received_at), here(stamp.encoded_at)) else { return };
        let between = |from: Time, to: Time| i128::from(to.as_nanos()) - i128::from(from.as_nanos());
        for hop in Hop::ALL {
            self.hops[hop as usize] += match hop {
                Hop::SampledToSent => between(sent.sampled_at, sent.sent_at),
                Hop::SentToReceived => between(sent.sent_at, received),
                Hop::ReceivedToApplied => between(received_at, applied_at),
                Hop::AppliedToCaptured => between(applied_at, stamp.captured_at),
                Hop::CapturedToEncoded => between(stamp.captured_at, stamp.encoded_at),
                Hop::EncodedToReceived => between(encoded, picture.received_at),
                Hop::ReceivedToDecoded => between(picture.received_at, picture.decoded_at),
                Hop::DecodedToShown => between(picture.decoded_at, shown_at),
            };
        }
        self.commands += 1;
    }

    /// The means; `None` without a command.
    pub(super) fn means(&self) -> Option<Waterfall> {
        let Self { commands, hops } = self;
        let mean_ms = |sum: i128| (*commands > 0).then(|| sum as f64 / *commands as f64 / NANOS_PER_MS);
        let total_ms = mean_ms(hops.iter().sum())?;
        let hops_ms = hops.map(|sum| mean_ms(sum).unwrap_or(0.0));
        Some(Waterfall { commands: *commands, total_ms, hops_ms })
    }
}

const NANOS_PER_MS: f64 = Duration::from_millis(1).as_nanos() as f64;
