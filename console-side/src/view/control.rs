//! What can be pressed and slid. None of it takes the keyboard's focus: the keys belong to the handle and to the stop.

use std::ops::RangeInclusive;

use egui::epaint::StrokeKind;
use egui::{Align2, Color32, CornerRadius, Id, Rect, Response, Role, Sense, Ui, WidgetInfo, pos2, vec2};

use super::paint;
use crate::theme;

/// A button of the usual kind. True when it was clicked.
pub(super) fn button(ui: &Ui, rect: Rect, words: &str, enabled: bool) -> bool {
    let response = press(ui, rect, words, enabled);
    let ground = if response.hovered() && enabled { theme::RAISED_HOVER } else { theme::RAISED };
    let ground = if response.is_pointer_button_down_on() && enabled { theme::GRID } else { ground };
    let color = if enabled { theme::TEXT } else { theme::FAINT };
    ui.painter().rect(rect, theme::RADIUS_SMALL, ground, theme::hair(theme::GRID), StrokeKind::Inside);
    ui.painter().text(rect.center(), Align2::CENTER_CENTER, words, theme::font(theme::SIZE_BODY), color);
    response.clicked() && enabled
}

/// The sense of a button, without its looks: for buttons that look like nothing else.
pub(super) fn press(ui: &Ui, rect: Rect, words: &str, enabled: bool) -> Response {
    let sense = if enabled { Sense::CLICK } else { Sense::hover() };
    let response = ui.interact(rect, ui.scope_id().with(("button", words)), sense);
    response.widget_info(|| WidgetInfo::labeled(Role::Button, enabled, words));
    response
}

/// A value that can be slid: what is wanted and, where they differ, what the device says it has.
#[derive(Debug, Clone)]
pub(super) struct Slider<'a> {
    /// What is slid.
    pub(super) name: &'a str,
    /// From where to where.
    pub(super) range: RangeInclusive<f32>,
    /// The value moves in these steps.
    pub(super) step: f32,
    /// Where the thumb stands.
    pub(super) wanted: f32,
    /// What the device says.
    pub(super) echoed: f32,
    /// The track's fill starts here: the low end, or 0 for a value that goes both ways.
    pub(super) origin: f32,
}

impl Slider<'_> {
    /// Draws the track and thumb into `rect`. Gives the value slid to, if it changed.
    pub(super) fn show(&self, ui: &Ui, rect: Rect, enabled: bool) -> Option<f32> {
        let sense = if enabled { Sense::CLICK | Sense::DRAG } else { Sense::hover() };
        let response = ui.interact(rect, self.id(ui), sense);
        response.widget_info(|| WidgetInfo::slider(enabled, f64::from(self.wanted), self.name));
        let track = Rect::from_center_size(rect.center(), vec2(rect.width() - 8.0, 4.0));
        let x = |value: f32| egui::remap_clamp(value, self.range.clone(), track.x_range());
        let painter = ui.painter();
        painter.rect_filled(track, CornerRadius::same(2), theme::WELL);
        let (color, thumb) = slider_colors(&response, enabled);
        let (from, to) = (x(self.origin), x(self.wanted));
        let fill = Rect::from_x_y_ranges(from.min(to)..=from.max(to), track.y_range());
        painter.rect_filled(fill, CornerRadius::same(2), color);
        if self.differs() {
            painter.vline(x(self.echoed), track.expand(3.0).y_range(), theme::hair(theme::WARN));
        }
        let height = rect.height().min(12.0);
        let knob = Rect::from_center_size(pos2(to, track.center().y), vec2(6.0, height));
        painter.rect_filled(knob, CornerRadius::same(2), thumb);
        let pointer = response.interact_pointer_pos().filter(|_| response.dragged() || response.clicked())?;
        let value = egui::remap_clamp(pointer.x, track.x_range(), self.range.clone());
        let value = (value / self.step).round() * self.step;
        (enabled && (value - self.wanted).abs() > self.step * 0.5).then_some(value)
    }

    /// Whether the device has another value than the one asked for.
    pub(super) fn differs(&self) -> bool {
        (self.wanted - self.echoed).abs() > self.step * 0.25
    }

    fn id(&self, ui: &Ui) -> Id {
        ui.scope_id().with(("slider", self.name))
    }
}

/// The colours of a slider's fill and thumb.
fn slider_colors(response: &Response, enabled: bool) -> (Color32, Color32) {
    if !enabled {
        (theme::GRID, theme::FAINT)
    } else if response.hovered() || response.dragged() {
        (theme::ACCENT, theme::TEXT)
    } else {
        (theme::thin(theme::ACCENT, 0.55), theme::MUTED)
    }
}

/// Two buttons around a value. Gives −1 or 1 when one was clicked. Drawn to the left of `right_top`.
pub(super) fn stepper(ui: &Ui, right_center: egui::Pos2, name: &str, value: &str, enabled: bool) -> Option<f64> {
    let side = 24.0;
    let middle = 62.0;
    let plus = Rect::from_center_size(right_center - vec2(side * 0.5, 0.0), vec2(side, side));
    let minus = plus.translate(vec2(-side - middle, 0.0));
    let clicked = |rect: Rect, sign: &str, words: &str| {
        let response = press(ui, rect, words, enabled);
        let ground = if response.hovered() && enabled { theme::RAISED_HOVER } else { theme::RAISED };
        let color = if enabled { theme::TEXT } else { theme::FAINT };
        ui.painter().rect(rect, theme::RADIUS_SMALL, ground, theme::hair(theme::GRID), StrokeKind::Inside);
        ui.painter().text(rect.center(), Align2::CENTER_CENTER, sign, theme::font(theme::SIZE_BODY), color);
        response.clicked() && enabled
    };
    let at = pos2((minus.right() + plus.left()) * 0.5, right_center.y);
    paint::text(ui, at, Align2::CENTER_CENTER, value, theme::font(theme::SIZE_BODY), theme::TEXT);
    if clicked(minus, "−", &format!("Less {name}")) {
        return Some(-1.0);
    }
    clicked(plus, "+", &format!("More {name}")).then_some(1.0)
}
