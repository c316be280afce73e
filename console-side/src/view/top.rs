//! The bar across the top: whose console this is, the connection, and what a script is doing.

use egui::{Align2, Color32, CornerRadius, Rect, Ui, pos2, vec2};
use farprobe_geom::Time;
use farprobe_proto::Role;

use super::icon::{self, Icon};
use super::{format, paint};
use crate::model::{Connection, Link, Model};
use crate::theme;

/// Draws the bar.
pub(super) fn show(ui: &Ui, rect: Rect, model: &Model, now: Time) {
    ui.painter().rect_filled(rect, CornerRadius::ZERO, theme::PANEL);
    ui.painter().hline(rect.x_range(), rect.bottom() - 0.5, theme::hair(theme::EDGE));
    let middle = rect.center().y;
    icon::fan(ui.painter(), pos2(rect.left() + 22.0, middle - 9.0), 17.0);
    let name = pos2(rect.left() + 42.0, middle);
    let name = paint::text(ui, name, Align2::LEFT_CENTER, "Farprobe", theme::font(17.0), theme::TEXT);
    let right = caption(ui, rect, model, now);
    let left = connection(ui, pos2(name.right() + 22.0, middle), (right - name.right()) * 0.5, model, now);
    chips(ui, pos2(left + 16.0, middle - 11.0), right, model);
}

/// The connection's sign and words. Gives the right end.
fn connection(ui: &Ui, at: egui::Pos2, width: f32, model: &Model, now: Time) -> f32 {
    let (sign, color, words) = words(model, now);
    icon::draw(ui.painter(), sign, at + vec2(6.0, 0.0), 14.0, color);
    let style = (theme::font(theme::SIZE_BODY), color);
    paint::text_within(ui, at + vec2(20.0, 0.0), Align2::LEFT_CENTER, &words, style, width).right()
}

fn words(model: &Model, now: Time) -> (Icon, Color32, String) {
    let cart = model.robot.welcome.as_ref().map_or("the cart", |welcome| welcome.cart.as_str());
    match (&model.connection, model.link(now)) {
        (Connection::Idle, _) => (Icon::LinkBroken, theme::MUTED, String::from("Not connected")),
        (Connection::Connecting { address, .. }, _) => (Icon::Link, theme::MUTED, format!("Connecting to {address} …")),
        (Connection::Connected { .. }, Link::Lost(silence)) => {
            (Icon::LinkBroken, theme::ALARM, format!("{cart} silent for {}", format::span(silence)))
        }
        (Connection::Connected { since }, Link::Live | Link::Absent) => {
            let span = format::clock(now.saturating_since(*since));
            (Icon::Link, theme::ACCENT, format!("{cart}  ·  connected {span}"))
        }
        (Connection::Lost { .. }, _) => (Icon::LinkBroken, theme::ALARM, format!("Connection to {cart} lost")),
        (Connection::Reconnecting { attempt, .. }, _) => {
            (Icon::LinkBroken, theme::ALARM, format!("Connecting to {cart} again, try {attempt}"))
        }
        (Connection::Refused { reason, .. }, _) => {
            (Icon::LinkBroken, theme::ALARM, format!("The cart refused: {reason}"))
        }
    }
}

/// What must never be forgotten about this cart, as far as there is room for it.
fn chips(ui: &Ui, mut at: egui::Pos2, right: f32, model: &Model) {
    let Some(welcome) = &model.robot.welcome else { return };
    let demo = welcome.demo.then_some(("DEMO", theme::WARN, theme::WARN_GROUND));
    let simulated = welcome.simulated_arm.then_some(("SIMULATED ARM", theme::WARN, theme::WARN_GROUND));
    let observer = (welcome.role == Role::Observer).then_some(("OBSERVER", theme::MUTED, theme::RAISED));
    for (words, color, ground) in [demo, simulated, observer].into_iter().flatten() {
        if at.x + paint::width(ui, words, theme::font(theme::SIZE_TITLE)) + 16.0 < right {
            at.x = paint::chip(ui, at, words, color, ground).right() + 6.0;
        }
    }
}

/// The running clock and what a script is doing, from the right. Gives the left end.
fn caption(ui: &Ui, rect: Rect, model: &Model, now: Time) -> f32 {
    let middle = rect.center().y;
    let clock = format::clock(model.uptime(now));
    let at = pos2(rect.right() - 16.0, middle);
    let clock = paint::text(ui, at, Align2::RIGHT_CENTER, &clock, theme::font(theme::SIZE_BODY), theme::MUTED);
    let Some(caption) = &model.caption else { return clock.left() - 16.0 };
    let track = Rect::from_min_size(pos2(clock.left() - 16.0 - 110.0, middle - 2.0), vec2(110.0, 4.0));
    let progress = if caption.progress.is_finite() { caption.progress.clamp(0.0, 1.0) } else { 0.0 };
    ui.painter().rect_filled(track, CornerRadius::same(2), theme::WELL);
    let done = track.with_max_x(track.left() + track.width() * progress);
    ui.painter().rect_filled(done, CornerRadius::same(2), theme::ACCENT);
    let at = pos2(track.left() - 12.0, middle);
    let style = (theme::font(theme::SIZE_BODY), theme::TEXT);
    let words = paint::text_within(ui, at, Align2::RIGHT_CENTER, &caption.text, style, rect.width() * 0.25);
    words.left() - 16.0
}
