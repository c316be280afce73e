//! What was asked beside what was found.

use std::error::Error;
use std::fmt::Write as _;

use farprobe_impair::proof::WayProof;

use crate::line::words;

/// What was found so far.
#[derive(Default)]
pub(super) struct Tally {
    broken: Vec<String>,
    unclear: Vec<String>,
    held: usize,
}

impl Tally {
    pub(super) fn head() -> String {
        let row = |cells: [&str; 8]| {
            let [line, way, sent, lost, burst, least, p50, p99] = cells;
            format!("{line:<16} {way:<5} {sent:>5}  {lost:>17}  {burst:>9}  {least:>19}  {p50:>19}  {p99:>19}")
        };
        let first = row(["line", "way", "sent", "lost", "in a row", "least delay", "p50", "p99"]);
        let second = row(["", "", "", "asked / found", "a / f", "asked / found", "plan / found", "plan / found"]);
        format!("{first}  verdict\n{second}\n")
    }

    pub(super) fn rows(&mut self, name: &str, proofs: &[WayProof; 2]) -> String {
        let mut text = String::new();
        for (way, proof) in ["there", "back"].into_iter().zip(proofs) {
            let asked = proof.asked.loss.long_run();
            let pair = |asked: String, found: String| format!("{asked} / {found}");
            let verdict = self.take(&format!("{name}, {way}"), proof);
            // Writing to a string can't fail.
            let _ = writeln!(
                text,
                "{name:<16} {way:<5} {:>5}  {:>17}  {:>9}  {:>19}  {:>19}  {:>19}  {verdict}",
                proof.counts.sent,
                pair(words::percent(asked.share), words::percent(proof.loss.share)),
                pair(words::plain(asked.mean_burst, 1), words::plain(proof.loss.mean_burst, 1)),
                pair(words::span(proof.asked.delay), words::span(proof.found_delay.least)),
                pair(words::span(proof.planned_delay.p50), words::span(proof.found_delay.p50)),
                pair(words::span(proof.planned_delay.p99), words::span(proof.found_delay.p99)),
            );
        }
        text
    }

    fn take(&mut self, which: &str, proof: &WayProof) -> String {
        if let Some(why) = &proof.unclear {
            self.unclear.push(format!("{which}: {why}"));
            return "unclear".to_owned();
        }
        if !proof.broken.is_empty() {
            self.broken.extend(proof.broken.iter().map(|what| format!("{which}: {what}")));
            return "BROKEN".to_owned();
        }
        self.held += 1;
        format!("holds{}", particulars(proof))
    }

    /// Sums up; an error if anything does not hold.
    pub(super) fn verdict(self) -> Result<String, Box<dyn Error>> {
        if !self.broken.is_empty() {
            let count = self.broken.len();
            return Err(format!("{count} figures are not as asked:\n{}", self.broken.join("\n")).into());
        }
        let mut text = format!(
            "\n{} ways hold: what came through is exactly what the model plans, in its order, and nothing before its time; what \
             chance\nlost and doubled is as asked, as far as so few can tell. \"late\" is what the driver itself added to the plan \
             (median / p99).\n",
            self.held
        );
        for unclear in &self.unclear {
            let _ = writeln!(text, "unclear: {unclear}; this machine is too busy, or its socket buffers are too small");
        }
        Ok(text)
    }
}

/// What else there is to say of a way that holds.
fn particulars(proof: &WayProof) -> String {
    let mut text = String::new();
    // Writing to a string can't fail.
    if let (Some(asked), Some(found)) = (proof.asked.rate, proof.rate) {
        let found = words::plain(found * 1e-6, 2);
        let _ = write!(text, ", {} asked and {found} found", words::bits(asked));
    }
    let doubled = proof.asked.duplicate.get();
    if doubled > 0.0 {
        let _ = write!(text, ", doubled {} / {}", words::percent(doubled), words::percent(proof.doubled));
    }
    for (count, what) in [
        (proof.counts.cut as usize, "cut"),
        (proof.counts.overflowed as usize, "overflowed"),
        (proof.overtaken, "overtaken"),
    ] {
        if count > 0 {
            let _ = write!(text, ", {count} {what}");
        }
    }
    if proof.silence >= SILENCE {
        let _ = write!(text, ", silent for {}", words::span(proof.silence));
    }
    let _ = write!(text, ", late {} / {}", words::span(proof.driver.p50), words::span(proof.driver.p99));
    text
}

/// A silence worth telling: twenty times what lies between two datagrams.
const SILENCE: std::time::Duration = std::time::Duration::from_millis(40);
