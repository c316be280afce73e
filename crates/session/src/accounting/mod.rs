//! Latency accounting: one code path for the live strip, the summary, the metrics and the benchmark.
//!
//! The console tells what happened and when; [`Accounting::snapshot`] gives the percentiles. Every latency that spans both
//! machines uses the [`ClockEstimate`] of its moment, whose error bound is accounted beside it; hand-to-eye latency needs no
//! clock but the console's.

mod histogram;
mod sent;
mod series;
mod snapshot;
mod trace;
mod waterfall;

use std::time::Duration;

use farprobe_geom::Time;
use farprobe_proto::{Command, PictureStamp, State};

use crate::console::ClockEstimate;
pub use histogram::LatencySnapshot;
use sent::{REMEMBERED, SentCommands};
pub use series::{Count, Span};
use series::{Counter, Series};
pub use snapshot::{AccountingSnapshot, Hop};
use trace::Trace;
pub use trace::TracedCommand;
pub use waterfall::Waterfall;
use waterfall::WaterfallSums;

/// A picture that the view has taken, with its stamps at the console.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ShownPicture {
    /// What the cart wrote into it.
    pub stamp: PictureStamp,
    /// When its last packet arrived, console clock.
    pub received_at: Time,
    /// When it was decoded, console clock.
    pub decoded_at: Time,
    /// When the view took it, console clock.
    pub shown_at: Time,
}

/// The accounting of one exam, at the console.
#[derive(Debug, Clone)]
pub struct Accounting {
    sent: SentCommands,
    commands_sent: u64,
    states: Counter,
    pictures: Counter,
    painted: u64,
    /// The applied sequence of the picture shown before.
    shown_sequence: Option<u64>,
    forgotten: u64,
    hand_to_eye: Series,
    command_age: Series,
    picture_latency: Series,
    picture_age: Series,
    /// The capture of the picture on the screen, console clock, if it is known.
    on_screen: Option<Time>,
    picture_age_reached: Series,
    clock_error_bound: Series,
    hops: [Series; 8],
    waterfall: WaterfallSums,
    /// Single commands, if anybody asked for them.
    trace: Option<Trace>,
}

impl Default for Accounting {
    fn default() -> Self {
        Self::new()
    }
}

impl Accounting {
    /// Nothing has happened yet.
    pub fn new() -> Self {
        Self {
            sent: SentCommands::new(),
            commands_sent: 0,
            states: Counter::default(),
            pictures: Counter::default(),
            painted: 0,
            shown_sequence: None,
            forgotten: 0,
            hand_to_eye: Series::new(),
            command_age: Series::new(),
            picture_latency: Series::new(),
            picture_age: Series::new(),
            on_screen: None,
            picture_age_reached: Series::new(),
            clock_error_bound: Series::new(),
            hops: std::array::from_fn(|_| Series::new()),
            waterfall: WaterfallSums::default(),
            trace: None,
        }
    }

    /// From now on keeps the way of every single command whose effect a picture shows, up to `most` of them.
    pub fn keep_trace(&mut self, most: usize) {
        self.trace = Some(Trace::of(most));
    }

    /// The commands kept, in the order in which pictures showed them; none without [`Self::keep_trace`].
    pub fn trace(&self) -> &[TracedCommand] {
        self.trace.as_ref().map_or(&[], Trace::commands)
    }

    /// A new connection at `now`: both ends begin their numbers anew. What was counted and measured stays.
    pub fn reconnected(&mut self, now: Time) {
        self.sent = SentCommands::new();
        self.shown_sequence = None;
        // The screen is cleared for another scanner's pictures.
        self.give_way(now);
        self.states.begin_anew(now);
        self.pictures.begin_anew(now);
    }

    /// A command was handed to the network.
    pub fn command_sent(&mut self, command: &Command) {
        self.commands_sent += 1;
        self.sent.push(command);
        self.hop(Hop::SampledToSent, command.sent_at, command.sent_at.saturating_since(command.sampled_at));
    }

    /// A state arrived at `received`, console clock. `clock` already knows it.
    pub fn state_received(&mut self, received: Time, state: &State, clock: &ClockEstimate) {
        if !self.states.record(received, state.sequence) {
            return;
        }
        if let Some(echo) = state.echo {
            self.command_received(received, echo.sequence, echo.received_at, clock);
        }
        if let Some(applied) = state.applied {
            self.command_applied(received, applied.sequence, applied.applied_at, clock);
        }
    }

    fn command_received(&mut self, now: Time, sequence: u64, received_at: Time, clock: &ClockEstimate) {
        let Some(sent) = self.sent.get_mut(sequence).filter(|sent| sent.received_at.is_none()) else { return };
        sent.received_at = Some(received_at);
        let sent_at = sent.sent_at;
        if let Some(arrived) = self.translate(received_at, now, clock) {
            self.hop(Hop::SentToReceived, now, arrived.saturating_since(sent_at));
        }
    }

    fn command_applied(&mut self, now: Time, sequence: u64, applied_at: Time, clock: &ClockEstimate) {
        let Some(sent) = self.sent.get_mut(sequence).filter(|sent| sent.applied_at.is_none()) else { return };
        sent.applied_at = Some(applied_at);
        let sent = *sent;
        if let Some(received_at) = sent.received_at {
            self.hop(Hop::ReceivedToApplied, now, applied_at.saturating_since(received_at));
        }
        if let Some(applied) = self.translate(applied_at, now, clock) {
            self.command_age.record(now, applied.saturating_since(sent.sampled_at));
        }
    }

    /// The view has taken a picture.
    pub fn picture_shown(&mut self, picture: &ShownPicture, clock: &ClockEstimate) {
        let (stamp, now) = (&picture.stamp, picture.shown_at);
        if !self.pictures.record(now, stamp.number) {
            return;
        }
        if let Some(captured) = self.translate(stamp.captured_at, now, clock) {
            self.picture_latency.record(now, picture.decoded_at.saturating_since(captured));
        }
        let encoding = stamp.encoded_at.saturating_since(stamp.captured_at);
        // Equal stamps mean that the encoder's part is not known; then it is a part of the next hop.
        if encoding > Duration::ZERO {
            self.hop(Hop::CapturedToEncoded, now, encoding);
        }
        if let Some(encoded) = self.translate(stamp.encoded_at, now, clock) {
            self.hop(Hop::EncodedToReceived, now, picture.received_at.saturating_since(encoded));
        }
        self.hop(Hop::ReceivedToDecoded, now, picture.decoded_at.saturating_since(picture.received_at));
        self.hop(Hop::DecodedToShown, now, now.saturating_since(picture.decoded_at));
        self.close_the_loop(picture, clock);
    }

    /// Hand-to-eye latency (DESIGN §3): every command in (sequence of the previous shown picture, sequence of this one] is
    /// one sample, if it was sent under the lease in force at capture. So a command that never arrived counts with the first
    /// picture that shows the effect of a later one, and a picture without news counts nothing.
    fn close_the_loop(&mut self, picture: &ShownPicture, clock: &ClockEstimate) {
        let (stamp, now) = (&picture.stamp, picture.shown_at);
        let newest = stamp.applied_sequence;
        if newest > self.sent.newest() {
            // Of a command this console has not sent: another console drives, or the cart is wrong.
            return;
        }
        let Some(before) = self.shown_sequence.replace(newest) else { return };
        if let Some(applied_at) = self.sent.get(newest).and_then(|sent| sent.applied_at).filter(|_| newest > before) {
            self.hop(Hop::AppliedToCaptured, now, stamp.captured_at.saturating_since(applied_at));
        }
        let remembered = before.max(newest.saturating_sub(REMEMBERED));
        self.forgotten = self.forgotten.saturating_add(remembered - before);
        for sequence in remembered + 1..=newest {
            match self.sent.get(sequence) {
                Some(sent) if stamp.epoch == Some(sent.epoch) => {
                    self.hand_to_eye.record(now, now.saturating_since(sent.sampled_at));
                    self.waterfall.record(sent, picture, clock);
                    if let Some(trace) = &mut self.trace {
                        trace.record(sent, picture);
                    }
                }
                Some(_) => {}
                None => self.forgotten = self.forgotten.saturating_add(1),
            }
        }
    }

    /// A picture was painted on the screen at `now`, console clock.
    pub fn picture_painted(&mut self, now: Time, stamp: &PictureStamp, clock: &ClockEstimate) {
        self.painted += 1;
        self.give_way(now);
        self.on_screen = self.translate(stamp.captured_at, now, clock);
        if let Some(captured) = self.on_screen {
            self.picture_age.record(now, now.saturating_since(captured));
        }
    }

    /// The picture on the screen gives way to the next: it was as old as this in front of the operator, and no older.
    fn give_way(&mut self, now: Time) {
        if let Some(captured) = self.on_screen.take() {
            self.picture_age_reached.record(now, now.saturating_since(captured));
        }
    }

    /// All latencies over a span that ends at `now`, console clock.
    pub fn snapshot(&self, span: Span, now: Time) -> AccountingSnapshot {
        AccountingSnapshot {
            hand_to_eye: self.hand_to_eye.snapshot(span, now),
            command_age: self.command_age.snapshot(span, now),
            picture_latency: self.picture_latency.snapshot(span, now),
            picture_age: self.picture_age.snapshot(span, now),
            picture_age_reached: self.picture_age_reached.snapshot_with(span, now, self.present_age(now)),
            clock_error_bound: self.clock_error_bound.snapshot(span, now),
            hops: std::array::from_fn(|hop| self.hops[hop].snapshot(span, now)),
            waterfall: self.waterfall.means(),
            states: self.states.count(span, now),
            pictures: self.pictures.count(span, now),
            painted: self.painted,
            commands_sent: self.commands_sent,
            forgotten: self.forgotten,
        }
    }

    /// How old the picture on the screen is by now.
    fn present_age(&self, now: Time) -> Option<Duration> {
        self.on_screen.filter(|captured| *captured <= now).map(|captured| now.saturating_since(captured))
    }

    fn translate(&mut self, cart: Time, now: Time, clock: &ClockEstimate) -> Option<Time> {
        let translated = clock.to_console(cart, now)?;
        self.clock_error_bound.record(now, translated.bound);
        Some(translated.at)
    }

    fn hop(&mut self, hop: Hop, now: Time, value: Duration) {
        self.hops[hop as usize].record(now, value);
    }
}

#[cfg(test)]
mod tests;
