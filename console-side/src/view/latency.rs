//! The latency strip: what a motion takes to become a picture, and where the time goes.

use std::time::Duration;

use egui::{Align2, Color32, CornerRadius, Rect, Ui, pos2, vec2};
use farprobe_geom::Time;

use super::format::{known, ms};
use super::paint;
use crate::model::{Hop, LatencySnapshot, Link, Model, STALE_AGE};
use crate::theme;

/// From this loss on the figure asks for attention, %: the link-quality gate before driving asks for less.
const NOTABLE_LOSS_PERCENT: f64 = 1.0;
/// From this round trip on the cart slows the probe down, ms; from the second on it crawls. The cart decides that; here it
/// only colours the figure.
const SLOW_ROUND_TRIP_MS: (f64, f64) = (100.0, 200.0);
/// The largest picture age that is told in figures, ms.
const LONGEST_AGE_MS: u128 = 9_999;
/// The share of a hop below which it gets no colour of its own to be seen, points.
const NARROWEST_HOP: f32 = 1.0;

/// One figure of the strip.
struct Tile {
    name: &'static str,
    value: String,
    unit: &'static str,
    below: String,
    color: Color32,
}

/// Draws the panel.
pub(super) fn show(ui: &Ui, rect: Rect, model: &Model, now: Time) {
    paint::panel(ui, rect);
    let live = model.link(now) == Link::Live;
    let unknown = LatencySnapshot::default();
    let latency = model.latency.as_ref().filter(|_| live).unwrap_or(&unknown);
    let inner = rect.shrink2(vec2(theme::PAD, theme::PAD - 2.0));
    let tiles = tiles(model, latency, now, live);
    let column = inner.width() / tiles.len() as f32;
    for (index, tile) in tiles.iter().enumerate() {
        let left = inner.left() + column * index as f32;
        tile.draw(ui, Rect::from_min_size(pos2(left, inner.top()), vec2(column - 8.0, 60.0)));
    }
    let rest = inner.with_min_y(inner.top() + 70.0);
    if latency.hops.is_empty() {
        let words = "The path from hand to eye is shown once the robot moves.";
        paint::text(ui, rest.left_center(), Align2::LEFT_CENTER, words, theme::font(theme::SIZE_SMALL), theme::FAINT);
    } else {
        waterfall(ui, rest, &latency.hops);
    }
}

fn tiles(model: &Model, latency: &LatencySnapshot, now: Time, live: bool) -> [Tile; 6] {
    let hand = latency.hand_to_eye_ms;
    let age = model.picture.age(now);
    let command = latency.command_age_ms;
    let bound = known(latency.clock_error_bound_ms, ms);
    let loss = latency.command_loss_percent;
    let speed = model.robot.trail.speed().filter(|_| live).map(|speed| speed.get() * 1e3);
    let old = age.is_some_and(|age| age > STALE_AGE);
    let lossy = loss.is_some_and(|loss| loss >= NOTABLE_LOSS_PERCENT);
    let quiet = |alert: bool| if alert { theme::WARN } else { theme::TEXT };
    let percent = |loss: f64| format!("{loss:.1}");
    [
        Tile {
            name: "Hand to eye",
            value: known(hand.map(|hand| hand.p50), ms),
            unit: "ms",
            below: format!(
                "p95 {}   p99 {}",
                known(hand.map(|hand| hand.p95), ms),
                known(hand.map(|hand| hand.p99), ms)
            ),
            color: theme::ACCENT,
        },
        Tile {
            name: "Picture age",
            value: age.map_or_else(|| String::from("–"), picture_age),
            unit: "ms",
            below: format!(
                "oldest {}   {}/s",
                known(latency.oldest_picture_ms, ms),
                known(model.picture.per_second(now), |rate| format!("{rate:.0}"))
            ),
            color: quiet(old),
        },
        Tile {
            name: "Command age",
            value: known(command.map(|age| age.p50), ms),
            unit: "ms",
            below: format!("p99 {}   ±{bound}", known(command.map(|age| age.p99), ms)),
            color: theme::TEXT,
        },
        Tile {
            name: "Round trip",
            value: known(latency.round_trip_ms, ms),
            unit: "ms",
            below: format!("clocks ±{bound} ms"),
            color: round_trip_color(latency.round_trip_ms),
        },
        Tile {
            name: "Loss",
            value: known(loss, percent),
            unit: "%",
            below: format!("pictures {} %", known(latency.picture_loss_percent, percent)),
            color: quiet(lossy),
        },
        Tile {
            name: "Lag",
            value: known(model.lag_mm().filter(|_| live && hand.is_some()), |lag| format!("{lag:.1}")),
            unit: "mm",
            below: format!("probe {} mm/s", known(speed, |speed| format!("{speed:.0}"))),
            color: theme::TEXT,
        },
    ]
}

/// Whole milliseconds, as far as there is room for them.
fn picture_age(age: Duration) -> String {
    let millis = age.as_millis();
    if millis > LONGEST_AGE_MS { format!("> {LONGEST_AGE_MS}") } else { millis.to_string() }
}

const fn round_trip_color(millis: Option<f64>) -> Color32 {
    match millis {
        Some(millis) if millis > SLOW_ROUND_TRIP_MS.1 => theme::ALARM,
        Some(millis) if millis > SLOW_ROUND_TRIP_MS.0 => theme::WARN,
        _ => theme::TEXT,
    }
}

impl Tile {
    fn draw(&self, ui: &Ui, rect: Rect) {
        let small = theme::font(theme::SIZE_SMALL);
        let muted = (small.clone(), theme::MUTED);
        paint::text(ui, rect.min, Align2::LEFT_TOP, self.name, small, theme::MUTED);
        let at = pos2(rect.left(), rect.top() + 42.0);
        paint::figure(ui, at, &self.value, self.unit, theme::SIZE_FIGURE, self.color);
        paint::text_within(
            ui,
            pos2(rect.left(), rect.top() + 44.0),
            Align2::LEFT_TOP,
            &self.below,
            muted,
            rect.width(),
        );
    }
}

/// The hops as one bar in their true proportions, and below it each with its name and time.
fn waterfall(ui: &Ui, rect: Rect, hops: &[Hop]) {
    let known_ms = |hop: &Hop| if hop.ms.is_finite() { hop.ms.max(0.0) } else { 0.0 };
    let total: f64 = hops.iter().map(known_ms).sum();
    let bar = rect.with_max_y(rect.top() + 9.0);
    ui.painter().rect_filled(bar, CornerRadius::same(2), theme::WELL);
    let column = rect.width() / hops.len() as f32;
    let mut left = bar.left();
    for (index, (hop, color)) in hops.iter().zip(theme::HOPS.iter().cycle()).enumerate() {
        if total > 0.0 {
            let width = bar.width() * (known_ms(hop) / total) as f32;
            let part = bar.with_min_x(left).with_max_x(left + (width - 1.0).max(NARROWEST_HOP)).intersect(bar);
            ui.painter().rect_filled(part, CornerRadius::ZERO, *color);
            left += width;
        }
        let at = pos2(rect.left() + column * index as f32, bar.bottom() + 9.0);
        let square = Rect::from_min_size(at + vec2(0.0, 4.0), vec2(6.0, 6.0));
        ui.painter().rect_filled(square, CornerRadius::same(1), *color);
        let style = (theme::font(theme::SIZE_TITLE), theme::MUTED);
        let name = paint::text_within(ui, at + vec2(10.0, 0.0), Align2::LEFT_TOP, &hop.name, style, column - 14.0);
        let at = pos2(at.x + 10.0, name.bottom() + 1.0);
        let value = format!("{} ms", ms(hop.ms));
        paint::text(ui, at, Align2::LEFT_TOP, &value, theme::font(theme::SIZE_SMALL), theme::TEXT);
    }
}
