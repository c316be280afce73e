//! Feeds the window's own shell as a cart would, and prints what it took.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use farprobe_console::model::{Completeness, Event, Intent, ShownPicture};
use farprobe_console::window::{WindowHandle, window};
use farprobe_geom::Time;
use farprobe_proto::{CartDatagram, Epoch, LeaseStatus};

use crate::{fan, states};

/// Time between two states.
const STATE_PERIOD: Duration = Duration::from_millis(4);
/// States between two pictures: about 30 pictures a second.
const STATES_A_PICTURE: u64 = 8;

/// Runs the window for so many seconds.
pub(crate) fn run(seconds: f64) {
    let start = Instant::now();
    let clock = move || Time::from_nanos(start.elapsed().as_nanos() as u64 + 1_000_000_000);
    let painted_after = Arc::new(AtomicU64::new(0));
    let worst = Arc::clone(&painted_after);
    let (window, handle) = window(clock, move |intent| {
        if let Intent::Painted { at, .. } = intent {
            worst.fetch_max(clock().saturating_since(at).as_micros() as u64, Ordering::Relaxed);
        }
    });
    let feeder = handle.clone();
    let cart = std::thread::spawn(move || feed(&feeder, clock, seconds));
    window.run("Farprobe", || Ok(())).unwrap();
    let sent = cart.join().unwrap();
    println!("{:?}", handle.statistics());
    println!("{sent} pictures sent, told of painting at most {} µs after", painted_after.load(Ordering::Relaxed));
}

/// CPU time of this process so far, s.
fn cpu() -> f64 {
    let ticks = std::fs::read_to_string("/proc/self/stat").unwrap();
    let field = |at: usize| ticks.split_whitespace().nth(at).unwrap().parse::<f64>().unwrap();
    (field(13) + field(14)) * 0.01
}

fn feed(handle: &WindowHandle, clock: impl Fn() -> Time, seconds: f64) -> u64 {
    let exam = states::Exam::in_contact();
    let mut state = exam.model.robot.state.unwrap().1;
    let mut stamp = exam.model.picture.newest.unwrap().stamp;
    let pictures = [0.0, 0.01, 0.02, 0.03].map(fan::picture);
    handle.send(clock(), Event::Connected(Box::new(states::welcome())));
    handle.send(clock(), Event::Lease(LeaseStatus::Yours(Epoch(4))));
    let (begun, used, frames) = (Instant::now(), cpu(), handle.statistics().frames);
    (state.sequence, stamp.number) = (0, 0);
    while begun.elapsed().as_secs_f64() < seconds {
        let now = clock();
        (state.sequence, state.sampled_at) = (state.sequence + 1, now);
        state.wrench.force.z = -8.0 - (now.as_secs_f64() * 2.0).sin();
        handle.send(now, Event::Cart(CartDatagram::State(state)));
        if state.sequence.is_multiple_of(STATES_A_PICTURE) {
            stamp.number += 1;
            let pixels = pictures[stamp.number as usize % pictures.len()].clone();
            let (captured_at, completeness) = (Some(now), Completeness::Complete);
            handle
                .send(now, Event::Picture(ShownPicture { pixels, stamp, captured_at, decoded_at: now, completeness }));
            handle.send(now, Event::Latency(Box::new(states::latency())));
        }
        std::thread::sleep(STATE_PERIOD);
    }
    let (used, frames) = (cpu() - used, handle.statistics().frames - frames);
    let share = 100.0 * used / begun.elapsed().as_secs_f64();
    println!("{share:.0} % of one core, {:.1} ms CPU a frame", 1e3 * used / frames as f64);
    handle.close();
    stamp.number
}
