//! Words, panels and signs, painted where the layout puts them. Every text is also told to accessibility tools, which is
//! what the tests read the window with.

use std::sync::Arc;

use egui::epaint::StrokeKind;
use egui::text::LayoutJob;
use egui::{Align2, Color32, FontId, Galley, Pos2, Rect, Response, Role, Sense, Ui, WidgetInfo, pos2};

use crate::theme;

/// How far the default font reaches below its baseline, as a part of its size; aligns two sizes on one line.
const DESCENT: f32 = 0.19;

/// A panel's ground and edge.
pub(super) fn panel(ui: &Ui, rect: Rect) {
    panel_of(ui, rect, theme::PANEL, theme::EDGE);
}

/// A panel of other colours than the usual.
pub(super) fn panel_of(ui: &Ui, rect: Rect, ground: Color32, edge: Color32) {
    ui.painter().rect(rect, theme::RADIUS, ground, theme::hair(edge), StrokeKind::Inside);
}

/// A panel's title; gives the rectangle below it, inside the panel's padding.
pub(super) fn title(ui: &Ui, rect: Rect, words: &str) -> Rect {
    let inner = rect.shrink(theme::PAD);
    let size = theme::SIZE_TITLE;
    let at = pos2(inner.left(), inner.top() - 2.0);
    text(ui, at, Align2::LEFT_TOP, words, theme::font(size), theme::FAINT);
    inner.with_min_y(inner.top() + size + 8.0)
}

/// One line of text. Gives the rectangle it covers.
pub(super) fn text(ui: &Ui, at: Pos2, anchor: Align2, words: &str, font: FontId, color: Color32) -> Rect {
    let galley = ui.painter().layout_no_wrap(words.to_owned(), font, color);
    place(ui, anchor.anchor_size(at, galley.size()), galley, words)
}

/// One line of text that ends in an ellipsis where it would be wider than `width`; the whole of it is shown on hover then.
pub(super) fn text_within(
    ui: &Ui,
    at: Pos2,
    anchor: Align2,
    words: &str,
    style: (FontId, Color32),
    width: f32,
) -> Rect {
    let galley = fitted(ui, words, style.0, style.1, width, 1);
    place(ui, anchor.anchor_size(at, galley.size()), galley, words)
}

/// Text wrapped into `rect`, from its top left; what does not fit ends in an ellipsis, and the whole is shown on hover. Gives
/// the rectangle it covers.
pub(super) fn paragraph(ui: &Ui, rect: Rect, words: &str, font: FontId, color: Color32) -> Rect {
    let line = ui.painter().layout_no_wrap(String::from("X"), font.clone(), color).size().y.max(1.0);
    let rows = (rect.height() / line + 0.1).floor().max(1.0) as usize;
    let galley = fitted(ui, words, font, color, rect.width(), rows);
    place(ui, Rect::from_min_size(rect.min, galley.size()), galley, words)
}

/// The height of text wrapped to `width`.
pub(super) fn height(ui: &Ui, words: &str, font: FontId, width: f32) -> f32 {
    fitted(ui, words, font, Color32::PLACEHOLDER, width, usize::MAX).size().y
}

/// The width of one line of text.
pub(super) fn width(ui: &Ui, words: &str, font: FontId) -> f32 {
    ui.painter().layout_no_wrap(words.to_owned(), font, Color32::PLACEHOLDER).size().x
}

/// A figure and its unit, the unit small and faint after it on the same baseline. `at` is the figure's left bottom.
pub(super) fn figure(ui: &Ui, at: Pos2, value: &str, unit: &str, size: f32, color: Color32) -> Rect {
    let small = (size * 0.5).max(theme::SIZE_SMALL);
    let value_galley = ui.painter().layout_no_wrap(value.to_owned(), theme::font(size), color);
    let unit_galley = ui.painter().layout_no_wrap(unit.to_owned(), theme::font(small), theme::FAINT);
    let left = Align2::LEFT_BOTTOM.anchor_size(at, value_galley.size());
    let lift = DESCENT * (size - small);
    let right = Align2::LEFT_BOTTOM.anchor_size(pos2(left.right() + 4.0, at.y - lift), unit_galley.size());
    ui.painter().galley(left.min, value_galley, color);
    ui.painter().galley(right.min, unit_galley, theme::FAINT);
    let both = left.union(right);
    tell(ui, both, &format!("{value} {unit}"));
    both
}

/// A word on a ground of its own: "SIMULATED". Gives the rectangle it covers; `at` is its left top.
pub(super) fn chip(ui: &Ui, at: Pos2, words: &str, color: Color32, ground: Color32) -> Rect {
    let galley = ui.painter().layout_no_wrap(words.to_owned(), theme::font(theme::SIZE_TITLE), color);
    let rect = Rect::from_min_size(at, galley.size() + egui::vec2(16.0, 8.0));
    let edge = theme::hair(theme::thin(color, 0.45));
    ui.painter().rect(rect, theme::RADIUS_SMALL, ground, edge, StrokeKind::Inside);
    place(ui, Rect::from_center_size(rect.center(), galley.size()), galley, words);
    rect
}

/// Tells accessibility tools that `words` stand at `rect`.
pub(super) fn tell(ui: &Ui, rect: Rect, words: &str) -> Response {
    // Texts never overlap, so the place names the text; the words may change from frame to frame.
    let id = ui.scope_id().with(("text", rect.left().round() as i32, rect.center().y.round() as i32));
    let response = ui.interact(rect, id, Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, words));
    response
}

fn place(ui: &Ui, rect: Rect, galley: Arc<Galley>, words: &str) -> Rect {
    let shortened = galley.elided;
    ui.painter().galley(rect.min, galley, theme::TEXT);
    if !words.is_empty() {
        let response = tell(ui, rect, words);
        if shortened {
            response.on_hover_text(words);
        }
    }
    rect
}

fn fitted(ui: &Ui, words: &str, font: FontId, color: Color32, width: f32, rows: usize) -> Arc<Galley> {
    let mut job = LayoutJob::simple(words.to_owned(), font, color, width.max(1.0));
    job.wrap.max_rows = rows;
    job.wrap.break_anywhere = rows == 1;
    ui.painter().layout_job(job)
}
