//! The contact force: the figure, the last ten seconds, and a gauge on the same scale with the target and both limits.

use egui::epaint::StrokeKind;
use egui::{Align2, Color32, CornerRadius, Pos2, Rect, Stroke, Ui, pos2, vec2};
use farprobe_geom::{Newton, Time};
use farprobe_proto::{Contact, Limits};

use super::{control, format, icon, paint};
use crate::model::{ForceTrace, Intent, Link, Model};
use crate::theme;

/// The scale's end, N: the compiled ceiling of the hard limit. The same for every cart, so that a height on the gauge
/// means the same force everywhere.
const FULL_SCALE: f64 = 20.0;
/// A panel narrower than this has room for a short title only, points.
const NARROW: f32 = 290.0;
/// One click of the stepper, N.
const FORCE_STEP: f64 = 0.5;
/// The gauge's bar, points.
const BAR: f32 = 26.0;

/// Draws the panel.
pub(super) fn show(ui: &Ui, rect: Rect, model: &Model, now: Time) -> Option<Intent> {
    paint::panel(ui, rect);
    let inner = paint::title(ui, rect, if rect.width() < NARROW { "FORCE" } else { "CONTACT FORCE" });
    let live = model.link(now) == Link::Live;
    let limits = model.robot.limits();
    let force = model.robot.contact_force().filter(|_| live).map(Newton::get);
    let head = inner.with_max_y(inner.top() + 44.0);
    reading(ui, head, force, limits);
    let intent = target(ui, pos2(inner.right(), rect.top() + 22.0), model, limits, live);
    let plot = inner.with_min_y(head.bottom() + 8.0);
    let scale = Scale { plot: Rect::from_min_max(plot.min + vec2(22.0, 4.0), plot.max - vec2(52.0 + BAR, 5.0)) };
    scale.draw_ground(ui, limits);
    scale.draw_trace(ui, &model.robot.force, now, limits);
    scale.draw_gauge(ui, force, aim(model, live), limits);
    intent
}

/// The force that is aimed at, and its name: what this console asks for, unless the cart holds another on the patient.
fn aim(model: &Model, live: bool) -> (f64, &'static str) {
    /// A difference that can be seen on the gauge, N.
    const SEEN: f64 = 0.25;
    let asked = model.desired_force.get();
    let state = model.robot.state.as_ref().map(|(_, state)| state).filter(|_| live);
    let held = state.filter(|state| state.contact == Contact::Touching).map(|state| state.force_target.get());
    match held {
        Some(held) if (held - asked).abs() > SEEN => (held, "held"),
        Some(_) | None => (asked, "target"),
    }
}

/// The figure and what it means in a word.
fn reading(ui: &Ui, rect: Rect, force: Option<f64>, limits: Option<Limits>) {
    let color = force.map_or(theme::FAINT, |force| zone_color(force, limits, theme::TEXT));
    let figure = format::known(force, |force| format!("{force:.1}"));
    let at = pos2(rect.left(), rect.bottom() + 6.0);
    let figure = paint::figure(ui, at, &figure, "N", theme::SIZE_FORCE, color);
    let (Some(force), Some(limits)) = (force, limits) else { return };
    let words = if force >= limits.hard_force.get() {
        "Above the hard limit"
    } else if force >= limits.soft_force.get() {
        "Above the soft limit"
    } else {
        return;
    };
    let at = pos2(figure.right() + 12.0, rect.bottom() - 6.0);
    icon::draw(ui.painter(), icon::Icon::Warning, at + vec2(7.0, -7.0), 15.0, color);
    paint::text(ui, at + vec2(20.0, 0.0), Align2::LEFT_BOTTOM, words, theme::font(theme::SIZE_BODY), color);
}

/// The force asked for, with its stepper. The console offers no more than the cart's soft limit; the cart decides.
fn target(ui: &Ui, right_center: Pos2, model: &Model, limits: Option<Limits>, live: bool) -> Option<Intent> {
    let desired = model.desired_force.get();
    let words = format!("{desired:.1} N");
    let enabled = live && model.drives();
    let label = pos2(right_center.x - 120.0, right_center.y);
    paint::text(ui, label, Align2::RIGHT_CENTER, "Target", theme::font(theme::SIZE_SMALL), theme::MUTED);
    let step = control::stepper(ui, right_center, "contact force", &words, enabled)?;
    let ceiling = limits.map_or(FULL_SCALE, |limits| limits.soft_force.get()).max(0.0);
    let wanted = Newton::new((desired + step * FORCE_STEP).clamp(0.0, ceiling)).ok()?;
    (wanted != model.desired_force).then_some(Intent::DesiredForce(wanted))
}

fn zone_color(force: f64, limits: Option<Limits>, quiet: Color32) -> Color32 {
    match limits {
        Some(limits) if force >= limits.hard_force.get() => theme::ALARM,
        Some(limits) if force >= limits.soft_force.get() => theme::WARN,
        _ => quiet,
    }
}

/// The scale that trace and gauge share.
struct Scale {
    plot: Rect,
}

impl Scale {
    fn y(&self, force: f64) -> f32 {
        egui::remap_clamp(force as f32, 0.0..=FULL_SCALE as f32, self.plot.bottom()..=self.plot.top())
    }

    fn bar(&self) -> Rect {
        Rect::from_min_size(pos2(self.plot.right() + 8.0, self.plot.top()), vec2(BAR, self.plot.height()))
    }

    fn draw_ground(&self, ui: &Ui, limits: Option<Limits>) {
        let painter = ui.painter();
        for area in [self.plot, self.bar()] {
            painter.rect_filled(area, CornerRadius::same(2), theme::WELL);
            if let Some(limits) = limits {
                let (soft, hard) = (self.y(limits.soft_force.get()), self.y(limits.hard_force.get()));
                let above = |low: f32, high: f32| Rect::from_x_y_ranges(area.x_range(), high..=low);
                painter.rect_filled(above(soft, hard), CornerRadius::ZERO, theme::thin(theme::WARN, 0.10));
                painter.rect_filled(above(hard, area.top()), CornerRadius::ZERO, theme::thin(theme::ALARM, 0.22));
            }
        }
        for newtons in [0_u8, 5, 10, 15, 20] {
            let y = self.y(f64::from(newtons));
            painter.hline(self.plot.x_range(), y, theme::hair(theme::GRID));
            let at = pos2(self.plot.left() - 5.0, y);
            let font = theme::font(theme::SIZE_TITLE);
            paint::text(ui, at, Align2::RIGHT_CENTER, &newtons.to_string(), font, theme::FAINT);
        }
    }

    fn draw_trace(&self, ui: &Ui, trace: &ForceTrace, now: Time, limits: Option<Limits>) {
        let span = ForceTrace::SPAN.as_secs_f32();
        let points: Vec<(Pos2, f64)> = trace
            .points()
            .map(|(at, force)| {
                let age = now.saturating_since(at).as_secs_f32();
                let x = egui::remap_clamp(age, 0.0..=span, self.plot.right()..=self.plot.left());
                (pos2(x, self.y(force.get())), force.get())
            })
            .collect();
        let painter = ui.painter().with_clip_rect(self.plot);
        for pair in points.windows(2) {
            let [(from, before), (to, after)] = pair else { continue };
            let color = zone_color(before.max(*after), limits, theme::ACCENT);
            painter.line_segment([*from, *to], Stroke::new(1.6, color));
        }
    }

    fn draw_gauge(&self, ui: &Ui, force: Option<f64>, (aim, name): (f64, &'static str), limits: Option<Limits>) {
        let (bar, painter) = (self.bar(), ui.painter());
        if let Some(force) = force {
            let color = zone_color(force, limits, theme::ACCENT);
            let level = self.y(force);
            painter.rect_filled(bar.with_min_y(level), CornerRadius::same(2), theme::thin(color, 0.75));
            painter.hline(bar.x_range(), level, Stroke::new(2.0, color));
        }
        painter.rect_stroke(bar, CornerRadius::same(2), theme::hair(theme::GRID), StrokeKind::Outside);
        let mut marks = vec![(aim, name, theme::TEXT)];
        if let Some(limits) = limits {
            marks.push((limits.soft_force.get(), "soft", theme::WARN));
            marks.push((limits.hard_force.get(), "hard", theme::ALARM));
        }
        let mut free_below = f32::INFINITY;
        marks.sort_by(|a, b| a.0.total_cmp(&b.0));
        for (value, name, color) in marks {
            let y = self.y(value);
            painter.hline(bar.left()..=bar.right() + 3.0, y, Stroke::new(1.5, color));
            icon::pointer_left(painter, pos2(bar.right() + 2.0, y), 5.0, color);
            // Marks that lie close keep their line; their names move apart.
            let text = y.min(free_below - 6.0);
            free_below = text - 6.0;
            let at = pos2(bar.right() + 10.0, text);
            paint::text(ui, at, Align2::LEFT_CENTER, name, theme::font(theme::SIZE_TITLE), color);
        }
    }
}

#[cfg(test)]
mod tests {
    use farprobe_proto::State;

    use super::*;
    use crate::model::testing;

    #[test]
    fn the_mark_is_the_force_asked_for_unless_the_cart_holds_another_on_the_patient() {
        let aim_at = |held: f64, contact, live| {
            let mut model = Model::new(Time::ZERO);
            model.desired_force = Newton::literal(8.0);
            let state = State { force_target: Newton::literal(held), contact, ..testing::state(1) };
            model.robot.state = Some((Time::ZERO, state));
            aim(&model, live)
        };
        assert_eq!(aim_at(0.0, Contact::Free, true), (8.0, "target"), "in the air nothing is held");
        assert_eq!(aim_at(8.0, Contact::Touching, true), (8.0, "target"));
        assert_eq!(aim_at(2.0, Contact::Touching, true), (2.0, "held"));
        assert_eq!(aim_at(2.0, Contact::Touching, false), (8.0, "target"), "nothing is known");
    }
}
