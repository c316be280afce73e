//! The ladder: the state in large, its cause in words, and what the operator can do.

use egui::{Align2, Color32, Rect, Ui, pos2, vec2};
use farprobe_geom::Time;
use farprobe_proto::{Ladder, Severity};
use farprobe_session::console::ScannerFreeze;

use super::icon::{self, Icon};
use super::{format, paint};
use crate::model::{Connection, Link, Model};
use crate::words::Driver;
use crate::{theme, words};

/// Left of what to do, for its arrow, points.
const ADVICE_INDENT: f32 = 22.0;
/// Two lines of what to do, points; the words are made to fit.
const ADVICE_MAX: f32 = 32.0;

/// What the panel says.
struct Saying {
    icon: Icon,
    severity: Severity,
    color: Color32,
    title: String,
    meaning: String,
    cause: String,
    advice: String,
}

/// Draws the panel.
pub(super) fn show(ui: &Ui, rect: Rect, model: &Model, now: Time) {
    let saying = match model.link(now) {
        Link::Lost(span) => lost(model, &format::span(span)),
        Link::Absent => absent(model),
        Link::Live => live(model),
    };
    let ground = theme::severity_ground(saying.severity);
    let edge = match saying.severity {
        Severity::Info => theme::EDGE,
        Severity::Warning | Severity::Alarm => theme::thin(saying.color, 0.55),
    };
    paint::panel_of(ui, rect, ground, edge);
    let inner = rect.shrink(theme::PAD);
    let middle = inner.top() + 14.0;
    icon::draw(ui.painter(), saying.icon, pos2(inner.left() + 13.0, middle), 26.0, saying.color);
    let at = pos2(inner.left() + 37.0, middle);
    let style = (theme::font(theme::SIZE_STATE), saying.color);
    paint::text_within(ui, at, Align2::LEFT_CENTER, &saying.title, style, inner.width() - 37.0);
    let below = inner.with_min_y(middle + 21.0);
    // What to do stands at the bottom, as high as its words need; what happened has the rest.
    let font = theme::font(theme::SIZE_BODY);
    let needed = paint::height(ui, &saying.advice, font, below.width() - ADVICE_INDENT);
    let advice = below.with_min_y(below.bottom() - needed.min(ADVICE_MAX));
    let body = below.with_max_y(advice.top() - 4.0);
    let words = paint::paragraph(ui, body, &saying.meaning, theme::font(theme::SIZE_BODY), theme::TEXT);
    let rest = body.with_min_y(words.bottom() + 2.0);
    paint::paragraph(ui, rest, &saying.cause, theme::font(theme::SIZE_SMALL), theme::MUTED);
    icon::draw(ui.painter(), Icon::Arrow, advice.left_top() + vec2(7.0, 8.0), 13.0, saying.color);
    let advice = advice.with_min_x(advice.left() + ADVICE_INDENT);
    paint::paragraph(ui, advice, &saying.advice, theme::font(theme::SIZE_BODY), theme::TEXT);
}

fn live(model: &Model) -> Saying {
    let Some((_, state)) = &model.robot.state else {
        return Saying {
            icon: Icon::Info,
            severity: Severity::Info,
            color: theme::MUTED,
            title: String::from("Waiting"),
            meaning: String::from("The cart has not told its state yet."),
            cause: String::new(),
            advice: String::from("Wait a moment."),
        };
    };
    let driver = model.driver();
    let ladder = words::ladder(state.ladder, driver);
    let freeze = if model.scanner.frozen() { ScannerFreeze::Frozen } else { ScannerFreeze::Running };
    let (icon, color) = sign(state.ladder, ladder.severity);
    Saying {
        icon,
        severity: ladder.severity,
        color,
        title: ladder.title.to_uppercase(),
        meaning: String::from(ladder.meaning),
        cause: format!("Because: {}.", words::because(state.cause, state.origin, driver)),
        advice: String::from(words::advice(state, model.role(), &model.lease, freeze)),
    }
}

const fn sign(ladder: Ladder, severity: Severity) -> (Icon, Color32) {
    let icon = match ladder {
        Ladder::Idle | Ladder::Ready => Icon::Info,
        Ladder::Engaged => Icon::Engaged,
        Ladder::Hold => Icon::Paused,
        Ladder::Soften | Ladder::Release => Icon::Warning,
        Ladder::Retract | Ladder::Parked => Icon::Lift,
        Ladder::Fault | Ladder::EStop => Icon::Alarm,
    };
    let color = match ladder {
        Ladder::Engaged | Ladder::Hold => theme::ACCENT,
        Ladder::Idle => theme::MUTED,
        Ladder::Ready => theme::TEXT,
        Ladder::Soften | Ladder::Release | Ladder::Retract | Ladder::Parked | Ladder::Fault | Ladder::EStop => {
            theme::severity(severity)
        }
    };
    (icon, color)
}

/// The cart can't be heard: what it said last is old, and what it does now nobody here knows.
fn lost(model: &Model, span: &str) -> Saying {
    let last = model.robot.ladder().map(|(ladder, _)| words::ladder(ladder, Driver::Another).title.to_lowercase());
    let last = last.map_or_else(String::new, |last| format!(" The last state known is old: {last}."));
    let (reason, advice) = match &model.connection {
        Connection::Lost { reason, .. } | Connection::Reconnecting { reason, .. } if !reason.is_empty() => {
            (format!(" {}", format::sentence(reason)), "Wait: it connects again by itself. Ask the staff.")
        }
        _ => (String::new(), "Wait for the link. Ask the staff at the cart."),
    };
    Saying {
        icon: Icon::LinkBroken,
        severity: Severity::Alarm,
        color: theme::ALARM,
        title: String::from("LINK LOST"),
        meaning: String::from("What the robot does now is not known here."),
        cause: format!(
            "Nothing heard for {span}.{last}{reason} A cart that still runs lets go of the patient by itself."
        ),
        advice: String::from(advice),
    }
}

fn absent(model: &Model) -> Saying {
    let (icon, severity, title, meaning, advice) = match &model.connection {
        Connection::Refused { reason, remedy } => {
            (Icon::Alarm, Severity::Alarm, "REFUSED", format::sentence(reason), format::sentence(remedy))
        }
        Connection::Connecting { address, .. } => {
            let words = format!("Trying {address}.");
            (Icon::Link, Severity::Info, "CONNECTING", words, String::from("Wait a moment."))
        }
        _ => {
            let words = String::from("There is no cart yet.");
            (Icon::LinkBroken, Severity::Info, "NO CART", words, String::from("Connect to a cart."))
        }
    };
    let color = if severity == Severity::Info { theme::MUTED } else { theme::severity(severity) };
    Saying { icon, severity, color, title: String::from(title), meaning, cause: String::new(), advice }
}
