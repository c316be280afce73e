//! Without a window: one line that shows how the exam goes.

use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};

use farprobe_devices::MonotonicClock;
use farprobe_geom::Time;
use indicatif::{ProgressBar, ProgressStyle};

use crate::exam::{Screen, Sink};
use crate::model::{Event, Link, Model};
use crate::words::{self, Driver};

/// Steps of the bar.
const STEPS: u64 = 1000;

/// A sink that shows progress on the terminal, and keeps the newest picture for `screen`.
pub fn sink(clock: MonotonicClock, screen: Screen) -> Sink {
    let bar = ProgressBar::new(STEPS);
    let style = ProgressStyle::with_template("{elapsed:>4} [{bar:30}] {msg}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    let state = Mutex::new((Model::new(clock.now()), bar));
    Arc::new(move |at, event| {
        let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
        let (model, bar) = &mut *state;
        match &event {
            Event::Picture(picture) => screen.set(picture.pixels.clone()),
            Event::Caption(Some(caption)) => bar.set_position((f64::from(caption.progress) * STEPS as f64) as u64),
            Event::Fault { text, .. } => print(bar, text),
            Event::Notice(notice) => print(bar, &notice.text),
            Event::Handle(status) => {
                if let Some(lost) = &status.lost {
                    print(bar, lost);
                }
            }
            Event::Lease(status) => {
                if let Some((_, text)) = words::lease_change(status).filter(|_| *status != model.lease) {
                    print(bar, &text);
                }
            }
            Event::StopWaits => print(bar, words::STOP_WAITS),
            Event::StopSent => print(bar, "Stop sent. Only the staff at the cart can reset it."),
            Event::Lost { reason } => print(bar, &format!("connection lost: {reason}")),
            _ => {}
        }
        let tell = matches!(event, Event::Latency(_));
        model.apply(at, event);
        if tell {
            bar.set_message(line(model, at));
        }
    })
}

/// Says a line above the bar; or plainly, where the bar is hidden because the output is no terminal but a file or a pipe.
fn print(bar: &ProgressBar, text: &str) {
    if bar.is_hidden() {
        // Whoever read the pipe may have gone; the exam goes on.
        let _ = writeln!(std::io::stdout(), "{text}");
    } else {
        bar.println(text);
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
    let force = -state.wrench.force.z;
    let eye = model
        .latency
        .as_ref()
        .and_then(|latency| latency.hand_to_eye_ms)
        .map_or_else(String::new, |p| format!(", hand to eye {:.0} ms", p.p50));
    format!("{ladder}, {force:.1} N, picture {}{eye}", model.picture.taken)
}
