//! Without a window: how the exam goes, in one line that changes on a terminal, and in plain lines in a file or a pipe.

use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use farprobe_devices::MonotonicClock;
use farprobe_geom::Time;
use indicatif::{ProgressBar, ProgressStyle};

use crate::exam::{Screen, Sink};
use crate::model::{Event, Link, Model};
use crate::words::{self, Driver};

/// Steps of the bar.
const STEPS: u64 = 1000;

/// How often a file or a pipe is told how the exam goes: six lines for an exam of half a minute, and an hour of them is still read.
const PLAINLY_EVERY: Duration = Duration::from_secs(5);

/// A sink that shows progress, and keeps the newest picture for `screen`.
pub fn sink(clock: MonotonicClock, screen: Screen) -> Sink {
    let bar = ProgressBar::new(STEPS);
    let style = ProgressStyle::with_template("{elapsed:>4} [{bar:30}] {msg}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    let began = clock.now();
    // Hidden is the bar of an output that is no terminal.
    let output = if bar.is_hidden() {
        Output::Plain { out: std::io::stdout(), due: began + PLAINLY_EVERY }
    } else {
        Output::Live(bar)
    };
    let progress = Mutex::new(Progress { model: Model::new(began), output });
    Arc::new(move |at, event| {
        if let Event::Picture(picture) = &event {
            screen.set(picture.pixels.clone());
        }
        progress.lock().unwrap_or_else(PoisonError::into_inner).take(at, event);
    })
}

/// Where progress is shown.
enum Output<W> {
    /// On a terminal.
    Live(ProgressBar),
    /// In a file or a pipe, whose next line of figures is `due` then.
    Plain { out: W, due: Time },
}

/// What is known of the exam, and where it is shown.
struct Progress<W> {
    model: Model,
    output: Output<W>,
}

impl<W: Write> Progress<W> {
    /// Takes in what happened at `at`.
    fn take(&mut self, at: Time, event: Event) {
        if let (Event::Caption(Some(caption)), Output::Live(bar)) = (&event, &self.output) {
            bar.set_position((f64::from(caption.progress) * STEPS as f64) as u64);
        }
        if let Some(text) = told(&event, &self.model) {
            self.output.say(&text);
        }
        let (figures, step) = (matches!(event, Event::Latency(_)), matches!(event, Event::Step(_)));
        self.model.apply(at, event);
        if figures {
            self.output.figures(at, &self.model);
        }
        // On a terminal the live line shows where the ladder stands.
        if let (true, Output::Plain { .. }, Some(line)) = (step, &self.output, self.model.log.newest_first().next()) {
            let text = line.text.clone();
            self.output.say(&text);
        }
    }
}

impl<W: Write> Output<W> {
    /// Says a line; on a terminal above the live one.
    fn say(&mut self, text: &str) {
        match self {
            Self::Live(bar) => bar.println(text),
            // Whoever read the pipe may have gone; the exam goes on.
            Self::Plain { out, .. } => {
                let _ = writeln!(out, "{text}");
            }
        }
    }

    /// Shows how things stand at `at`.
    fn figures(&mut self, at: Time, model: &Model) {
        match self {
            Self::Live(bar) => bar.set_message(line(model, at)),
            Self::Plain { due, .. } if at < *due => {}
            Self::Plain { due, .. } => {
                *due = at + PLAINLY_EVERY;
                let text = format!("{:.0} s: {}", model.uptime(at).as_secs_f64(), line(model, at));
                self.say(&text);
            }
        }
    }
}

/// What is said of an event that is no mere figure, if anything.
fn told(event: &Event, before: &Model) -> Option<String> {
    match event {
        Event::Fault { text, .. } => Some(text.clone()),
        Event::Notice(notice) => Some(notice.text.clone()),
        Event::Handle(status) => status.lost.clone(),
        Event::Lease(status) => words::lease_change(status).filter(|_| *status != before.lease).map(|(_, text)| text),
        Event::StopWaits => Some(words::STOP_WAITS.to_owned()),
        Event::StopSent => Some("Stop sent. Only the staff at the cart can reset it.".to_owned()),
        Event::Lost { reason } => Some(format!("connection lost: {reason}")),
        _ => None,
    }
}

fn line(model: &Model, now: Time) -> String {
    let (Link::Live, Some((_, state))) = (model.link(now), model.robot.state.as_ref()) else {
        return match model.link(now) {
            Link::Absent | Link::Live => "connecting".to_owned(),
            Link::Lost(silence) => format!("the cart has not been heard for {:.0} s", silence.as_secs_f64()),
        };
    };
    let ladder = words::ladder(state.ladder, Driver::Another).title;
    // To the tenth that is shown, and without the sign of a zero: a probe in the air does not pull.
    let force = (-state.wrench.force.z * 10.0).round() / 10.0 + 0.0;
    let eye = model
        .latency
        .as_ref()
        .and_then(|latency| latency.hand_to_eye_ms)
        .map_or_else(String::new, |p| format!(", hand to eye {:.0} ms", p.p50));
    format!("{ladder}, {force:.1} N, picture {}{eye}", model.picture.taken)
}

#[cfg(test)]
mod tests {
    use farprobe_proto::{CartDatagram, Cause, Ladder, Transition};

    use super::*;
    use crate::model::testing;

    #[test]
    fn a_file_is_told_each_step_and_every_few_seconds_how_it_goes() {
        let output = Output::Plain { out: Vec::new(), due: Time::ZERO + PLAINLY_EVERY };
        let mut progress = Progress { model: Model::new(Time::ZERO), output };
        progress.take(Time::ZERO, Event::Connected(Box::new(testing::welcome())));
        let (to, cause) = (Ladder::Engaged, Cause::ClutchPressed);
        let step = Transition { at: Time::ZERO, from: Ladder::Ready, to, cause, origin: cause, epoch: None };
        progress.take(Time::from_millis(900), Event::Step(step));
        // Figures come four times a second, states far more often.
        for quarter in 1..=60_u64 {
            let at = Time::from_millis(250 * quarter);
            progress.take(at, Event::Cart(CartDatagram::State(testing::state(quarter))));
            progress.take(at, Event::Latency(Box::default()));
        }
        let Output::Plain { out, .. } = progress.output else { panic!("it is no terminal") };
        let expected = [
            "Engaged: the driver pressed the clutch.",
            "5 s: Engaged, 0.0 N, picture 0",
            "10 s: Engaged, 0.0 N, picture 0",
            "15 s: Engaged, 0.0 N, picture 0",
        ];
        assert_eq!(String::from_utf8(out).unwrap().lines().collect::<Vec<_>>(), expected);
    }
}
