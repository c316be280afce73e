//! Where the probe has been: a line on the patient and, since a scan is a few centimetres in a room of two metres, the same from
//! above in a corner of the panel, as large as fits.

use egui::epaint::StrokeKind;
use egui::{Align2, Painter, Pos2, Rect, Stroke, Ui, pos2, vec2};

use super::paint;
use super::scene::Scene;
use crate::model::{ProbeTrail, TrailPoint};
use crate::theme;

/// The plan's side, as a part of the panel's shorter one.
const PLAN_SHARE: f32 = 0.34;
/// The plan spans at least this, m: below it the probe's own trembling would fill it.
const LEAST_SPAN: f64 = 0.03;
/// Between the trail and the edge of the plan, points; below it there is room for the scale.
const MARGIN: f32 = 8.0;
/// Between the plan and the edge of the panel, points.
const INSET: f32 = 6.0;
/// Between what the scale stands for and the edge of the plan, points.
const WORDS_INSET: f32 = 6.0;
/// What the scale's bar may stand for, mm; it is the longest that fits.
const BARS_MM: [u16; 6] = [10, 20, 50, 100, 200, 500];
/// The oldest part of the trail is drawn with this part of its strength.
const OLDEST: f32 = 0.45;

/// How a stretch of the trail is drawn: with the width of the line, points.
fn stroke(scene: &Scene<'_>, point: &TrailPoint, newness: f32, width: f32) -> Stroke {
    let strength = OLDEST + (1.0 - OLDEST) * newness;
    let (color, width) = if point.touching { (theme::TRAIL, width) } else { (theme::MUTED, width * 0.5) };
    Stroke::new(width, scene.color(theme::between(theme::PANEL, color, strength)))
}

fn draw(
    painter: &Painter,
    scene: &Scene<'_>,
    trail: &ProbeTrail,
    width: f32,
    at: impl Fn(&TrailPoint) -> Option<Pos2>,
) {
    let count = trail.points().len().max(1) as f32;
    let mut before = None;
    for (index, point) in trail.points().enumerate() {
        let here = at(&point);
        if let (Some(from), Some(to)) = (before, here) {
            painter.line_segment([from, to], stroke(scene, &point, index as f32 / count, width));
        }
        before = here;
    }
}

/// Draws the trail where it is.
pub(super) fn on_patient(scene: &Scene<'_>, trail: &ProbeTrail) {
    draw(scene.painter, scene, trail, 2.2, |point| scene.seen(point.position));
}

/// Draws the trail from above into the right upper corner of `panel`, where the room is empty. Nothing before the probe has touched.
pub(super) fn plan(ui: &Ui, panel: Rect, scene: &Scene<'_>, trail: &ProbeTrail) {
    let touched = trail.points().filter(|point| point.touching).map(|point| scene.view.plan(point.position));
    let Some(extent) = Extent::of(touched) else { return };
    let side = panel.width().min(panel.height()) * PLAN_SHARE;
    let place = Rect::from_min_size(panel.right_top() + vec2(-side - INSET, INSET), vec2(side, side));
    let painter = ui.painter().with_clip_rect(place);
    painter.rect(place, theme::RADIUS_SMALL, theme::WELL, theme::hair(theme::GRID), StrokeKind::Inside);
    let plot = place.shrink(MARGIN).with_max_y(place.bottom() - MARGIN - 16.0);
    let points_per_metre = f64::from(plot.width().min(plot.height())) / extent.span;
    let at = |(right, away): (f64, f64)| {
        let offset = vec2((right - extent.middle.0) as f32, (extent.middle.1 - away) as f32);
        plot.center() + offset * points_per_metre as f32
    };
    draw(&painter, scene, trail, 2.6, |point| Some(at(scene.view.plan(point.position))));
    if let Some(last) = trail.points().last() {
        let color = scene.color(theme::ACCENT);
        painter.circle_filled(at(scene.view.plan(last.position)), 3.5, color);
    }
    scale(ui, &painter, place, points_per_metre);
}

/// A bar and what it stands for.
fn scale(ui: &Ui, painter: &Painter, place: Rect, points_per_metre: f64) {
    let font = theme::font(theme::SIZE_TITLE);
    let words = |mm: u16| format!("{} cm", mm / 10);
    let length = |mm: u16| f64::from(mm) * 1e-3 * points_per_metre;
    let fits = |mm: &u16| {
        let beside = paint::width(ui, &words(*mm), font.clone()) + 2.0 * MARGIN + WORDS_INSET;
        length(*mm) <= f64::from(place.width() - beside)
    };
    let Some(mm) = BARS_MM.into_iter().rev().find(fits) else { return };
    let from = pos2(place.left() + MARGIN, place.bottom() - 11.0);
    painter.hline(from.x..=from.x + length(mm) as f32, from.y, Stroke::new(1.5, theme::MUTED));
    let at = pos2(place.right() - WORDS_INSET, from.y);
    paint::text(ui, at, Align2::RIGHT_CENTER, &words(mm), font, theme::MUTED);
}

/// What a trail covers in the plan, m.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Extent {
    middle: (f64, f64),
    span: f64,
}

impl Extent {
    /// `None` without a point.
    fn of(mut points: impl Iterator<Item = (f64, f64)>) -> Option<Self> {
        let first = points.next()?;
        let (low, high) = points.fold((first, first), |(low, high), point| {
            ((low.0.min(point.0), low.1.min(point.1)), (high.0.max(point.0), high.1.max(point.1)))
        });
        let middle = ((low.0 + high.0) * 0.5, (low.1 + high.1) * 0.5);
        Some(Self { middle, span: (high.0 - low.0).max(high.1 - low.1).max(LEAST_SPAN) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_plan_spans_the_trail_and_never_only_its_trembling() {
        assert_eq!(Extent::of(std::iter::empty()), None);
        let still = Extent::of([(0.5, 0.1), (0.501, 0.1)].into_iter()).unwrap();
        assert!((still.span - LEAST_SPAN).abs() < 1e-12 && (still.middle.0 - 0.5005).abs() < 1e-12);
        let slide = Extent::of([(0.5, 0.1), (0.58, 0.16), (0.52, 0.0)].into_iter()).unwrap();
        assert!((slide.span - 0.16).abs() < 1e-12 && (slide.middle.1 - 0.08).abs() < 1e-12);
    }
}
