//! What happened, newest first.

use egui::{Align2, FontId, Rect, Ui, pos2};
use farprobe_proto::Severity;

use super::{format, icon, paint};
use crate::model::{Line, Model};
use crate::theme;

/// From the end of the clock to the words, points: the sign stands between them.
const AFTER_CLOCK: f32 = 23.0;

/// Draws the panel. A text takes as many lines as it needs: its end is what to do. What happened before is left out where it would
/// be cut: a line that ends in an ellipsis tells less than it hides. Only the newest is always there, shortened if it must be, and
/// whole on hover.
pub(super) fn show(ui: &Ui, rect: Rect, model: &Model) {
    paint::panel(ui, rect);
    let inner = paint::title(ui, rect, "EVENTS");
    let mut top = inner.top() - 2.0;
    let bottom = inner.bottom() + 4.0;
    for (index, line) in model.log.newest_first().enumerate() {
        let clock = format::clock(model.uptime(line.at));
        let words = words(line);
        let place = Rect::from_min_max(pos2(inner.left(), top), pos2(inner.right(), bottom));
        if index > 0 && paint::height(ui, &words, font(), place.width() - indent(ui, &clock)) > place.height() {
            break;
        }
        top = entry(ui, place, line.severity, &clock, &words) + 3.0;
    }
}

fn font() -> FontId {
    theme::font(theme::SIZE_SMALL)
}

/// What a line says. Some begin as the rest of a sentence: in the log something stands before them.
fn words(line: &Line) -> String {
    let text = format::capitalised(&line.text);
    if line.times > 1 { format!("{text} ({} times)", line.times) } else { text }
}

/// How far from the left edge the words of a line begin, after its clock and its sign.
fn indent(ui: &Ui, clock: &str) -> f32 {
    paint::width(ui, clock, font()) + AFTER_CLOCK
}

/// Draws one line; gives its lower end.
fn entry(ui: &Ui, rect: Rect, severity: Severity, clock: &str, words: &str) -> f32 {
    let color = match severity {
        Severity::Info => theme::MUTED,
        Severity::Warning | Severity::Alarm => theme::severity(severity),
    };
    let words_at = rect.with_min_x(rect.left() + indent(ui, clock));
    let clock = paint::text(ui, rect.min, Align2::LEFT_TOP, clock, font(), theme::FAINT);
    icon::draw(ui.painter(), icon::of_severity(severity), pos2(clock.right() + 12.0, clock.center().y), 11.0, color);
    paint::paragraph(ui, words_at, words, font(), color).bottom()
}
