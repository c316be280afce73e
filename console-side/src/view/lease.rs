//! Who may drive, and the clutch.

use egui::{Align2, Color32, Rect, Ui, pos2, vec2};
use farprobe_geom::Time;
use farprobe_proto::{Clutch, LeaseStatus, Role};

use super::icon::{self, Icon};
use super::{control, paint};
use crate::model::{HandleKind, Intent, Link, Model};
use crate::{theme, words};

/// Draws the panel.
pub(super) fn show(ui: &Ui, rect: Rect, model: &Model, now: Time) -> Option<Intent> {
    paint::panel(ui, rect);
    let inner = rect.shrink(theme::PAD);
    let button = Rect::from_min_size(pos2(inner.right() - 92.0, inner.top() - 2.0), vec2(92.0, 30.0));
    let (words, color) = holder(model, now);
    let middle = button.center().y;
    icon::draw(ui.painter(), Icon::Key, pos2(inner.left() + 8.0, middle), 16.0, color);
    let place = Rect::from_x_y_ranges(inner.left() + 26.0..=button.left() - 8.0, button.y_range());
    driver(ui, place, &words, color);
    let may_ask = model.link(now) == Link::Live && model.role() == Some(Role::Operator);
    let intent = if model.drives() {
        control::button(ui, button, "Release", true).then_some(Intent::ReleaseLease)
    } else {
        control::button(ui, button, "Request", may_ask).then_some(Intent::RequestLease)
    };
    ui.painter().hline(inner.x_range(), button.bottom() + 7.0, theme::hair(theme::EDGE));
    clutch(ui, inner.with_min_y(button.bottom() + 14.0), model, now);
    intent
}

/// Who drives: in one line or, where a name is too long for that, in two of smaller letters.
fn driver(ui: &Ui, place: Rect, words: &str, color: Color32) {
    let font = theme::font(theme::SIZE_BODY);
    if paint::width(ui, words, font.clone()) <= place.width() {
        paint::text(ui, place.left_center(), Align2::LEFT_CENTER, words, font, color);
        return;
    }
    let font = theme::font(theme::SIZE_SMALL);
    let height = paint::height(ui, words, font.clone(), place.width()).min(place.height());
    let middle = Rect::from_center_size(place.center(), vec2(place.width(), height));
    paint::paragraph(ui, middle, words, font, color);
}

fn holder(model: &Model, now: Time) -> (String, Color32) {
    if let Link::Lost(_) = model.link(now) {
        // What it was when the cart was heard last may be over.
        return (String::from("Who drives is not known"), theme::MUTED);
    }
    match &model.lease {
        LeaseStatus::Yours(_) => (String::from("You may drive"), theme::ACCENT),
        LeaseStatus::Free => (String::from("Nobody drives"), theme::MUTED),
        LeaseStatus::HeldBy(name) => (format!("{name} drives"), theme::WARN),
        LeaseStatus::Refused(refusal) => (format!("Refused: {}", words::lease_refused(*refusal)), theme::WARN),
    }
}

fn clutch(ui: &Ui, rect: Rect, model: &Model, now: Time) {
    let handle = &model.handle;
    let (sign, color, words) = match (handle.kind, handle.clutch) {
        (HandleKind::None, _) => (Icon::ClutchOpen, theme::MUTED, "No clutch"),
        (_, Clutch::Open) => (Icon::ClutchOpen, theme::TEXT, "Clutch open"),
        (_, Clutch::Pressed) => (Icon::ClutchPressed, theme::ACCENT, "Clutch pressed"),
        (_, Clutch::HandleLost) => (Icon::Warning, theme::ALARM, "Handle lost"),
    };
    let top = rect.top();
    icon::draw(ui.painter(), sign, pos2(rect.left() + 8.0, top + 8.0), 14.0, color);
    let at = pos2(rect.left() + 26.0, top);
    let state = paint::text(ui, at, Align2::LEFT_TOP, words, theme::font(theme::SIZE_BODY), color);
    let at = pos2(rect.right(), top + 1.0);
    let style = (theme::font(theme::SIZE_SMALL), theme::MUTED);
    paint::text_within(ui, at, Align2::RIGHT_TOP, &handle.name, style, rect.right() - state.right() - 12.0);
    let hint = match &handle.lost {
        Some(remedy) => remedy.as_str(),
        None => words::clutch_hint(&words::Standing {
            handle: handle.kind,
            link: model.link(now),
            role: model.role(),
            lease: &model.lease,
            state: model.robot.state.as_ref().map(|(_, state)| state),
            picture: model.picture_condition(now),
        }),
    };
    // The end of what is said of a lost handle is what to do: it gets all the room there is.
    let place = rect.with_min_x(rect.left() + 26.0).with_min_y(top + 18.0).with_max_y(rect.bottom() + 4.0);
    let color = if handle.lost.is_some() { theme::WARN } else { theme::MUTED };
    paint::paragraph(ui, place, hint, theme::font(theme::SIZE_SMALL), color);
}
