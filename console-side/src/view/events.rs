//! What happened, newest first.

use egui::{Align2, Rect, Ui, pos2};
use farprobe_proto::Severity;

use super::{format, icon, paint};
use crate::model::{Line, Model};
use crate::theme;

/// The height of a line of small text, points.
const LINE: f32 = 15.0;

/// Draws the panel. A text takes as many lines as it needs: its end is what to do. What there is no more room for is shown on
/// hover.
pub(super) fn show(ui: &Ui, rect: Rect, model: &Model) {
    paint::panel(ui, rect);
    let inner = paint::title(ui, rect, "EVENTS");
    let mut top = inner.top() - 2.0;
    for line in model.log.newest_first() {
        let room = inner.bottom() - top + 4.0;
        if room < LINE {
            break;
        }
        let place = Rect::from_min_max(pos2(inner.left(), top), pos2(inner.right(), top + room));
        top = entry(ui, place, line, &format::clock(model.uptime(line.at))) + 3.0;
    }
}

/// Draws one line; gives its lower end.
fn entry(ui: &Ui, rect: Rect, line: &Line, clock: &str) -> f32 {
    let color = match line.severity {
        Severity::Info => theme::MUTED,
        Severity::Warning | Severity::Alarm => theme::severity(line.severity),
    };
    let font = theme::font(theme::SIZE_SMALL);
    let clock = paint::text(ui, rect.min, Align2::LEFT_TOP, clock, font.clone(), theme::FAINT);
    icon::draw(
        ui.painter(),
        icon::of_severity(line.severity),
        pos2(clock.right() + 12.0, clock.center().y),
        11.0,
        color,
    );
    let words = if line.times > 1 { format!("{} ({} times)", line.text, line.times) } else { line.text.clone() };
    paint::paragraph(ui, rect.with_min_x(clock.right() + 23.0), &words, font, color).bottom()
}
