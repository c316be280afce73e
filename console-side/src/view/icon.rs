//! Signs, drawn from lines: they are there in every font and at every size, and they say without colour what a state is.

use egui::epaint::StrokeKind;
use egui::{Color32, CornerRadius, Painter, Pos2, Rect, Shape, Stroke, pos2, vec2};
use farprobe_proto::Severity;

use crate::theme;

/// A sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Icon {
    /// Good to know: a dot in a ring.
    Info,
    /// Attention: a triangle with a bar.
    Warning,
    /// Action: an octagon with a bar.
    Alarm,
    /// Your handle drives: a filled dot in a ring.
    Engaged,
    /// The picture stands still: two bars.
    Paused,
    /// A link: two rings joined.
    Link,
    /// A link that broke: two rings apart.
    LinkBroken,
    /// The right to drive: a key.
    Key,
    /// The clutch is open: a ring.
    ClutchOpen,
    /// The clutch is pressed: a disc.
    ClutchPressed,
    /// A recording: a film frame.
    Film,
    /// What to do next: an arrow.
    Arrow,
    /// Lifting off, parked: an arrow up from a line.
    Lift,
}

/// The sign that goes with a severity.
pub(super) const fn of_severity(severity: Severity) -> Icon {
    match severity {
        Severity::Info => Icon::Info,
        Severity::Warning => Icon::Warning,
        Severity::Alarm => Icon::Alarm,
    }
}

/// Draws a sign, `size` points high, around `center`.
pub(super) fn draw(painter: &Painter, icon: Icon, center: Pos2, size: f32, color: Color32) {
    let radius = size * 0.5;
    let stroke = Stroke::new((size * 0.11).max(1.2), color);
    let ring = |at: Pos2, part: f32| {
        painter.circle_stroke(at, radius * part, stroke);
    };
    // Each from one point to another, in parts of the radius.
    let lines = |ends: &[[(f32, f32); 2]]| {
        for ends in ends {
            painter.line_segment(ends.map(|(x, y)| center + vec2(x, y) * radius), stroke);
        }
    };
    match icon {
        Icon::Info | Icon::ClutchOpen => {
            ring(center, 0.8);
            if icon == Icon::Info {
                painter.circle_filled(center, radius * 0.25, color);
            }
        }
        Icon::Engaged => {
            ring(center, 0.85);
            painter.circle_filled(center, radius * 0.5, color);
        }
        Icon::ClutchPressed => {
            painter.circle_filled(center, radius * 0.85, color);
        }
        Icon::Warning => {
            polygon(painter, center, radius, 3, -90.0, stroke);
            bang(painter, center + vec2(0.0, radius * 0.12), radius * 0.8, stroke);
        }
        Icon::Alarm => {
            polygon(painter, center, radius, 8, -67.5, stroke);
            bang(painter, center, radius, stroke);
        }
        Icon::Paused => {
            for side in [-0.38, 0.38] {
                let bar = Rect::from_center_size(center + vec2(side * radius, 0.0), vec2(0.38, 1.5) * radius);
                painter.rect_filled(bar, CornerRadius::ZERO, color);
            }
        }
        Icon::Link | Icon::LinkBroken => {
            let apart = if icon == Icon::Link { 0.38 } else { 0.55 };
            for side in [-apart, apart] {
                ring(center + vec2(side * radius, 0.0), if icon == Icon::Link { 0.55 } else { 0.42 });
            }
            if icon == Icon::LinkBroken {
                lines(&[[(-0.35, 0.9), (0.35, -0.9)]]);
            }
        }
        Icon::Key => {
            ring(center + vec2(-0.45 * radius, 0.0), 0.4);
            lines(&[[(-0.05, 0.0), (0.95, 0.0)], [(0.9, 0.0), (0.9, 0.45)], [(0.5, 0.0), (0.5, 0.35)]]);
        }
        Icon::Film => {
            let frame = Rect::from_center_size(center, vec2(1.8, 1.4) * radius);
            painter.rect_stroke(frame, CornerRadius::same(1), stroke, StrokeKind::Inside);
            lines(&[[(-0.5, -0.7), (-0.5, 0.7)], [(0.5, -0.7), (0.5, 0.7)]]);
        }
        Icon::Arrow => {
            lines(&[[(-0.8, 0.0), (0.8, 0.0)], [(0.25, -0.5), (0.8, 0.0)], [(0.25, 0.5), (0.8, 0.0)]]);
        }
        Icon::Lift => {
            lines(&[[(-0.8, 0.85), (0.8, 0.85)], [(0.0, 0.45), (0.0, -0.85)]]);
            lines(&[[(-0.5, -0.3), (0.0, -0.85)], [(0.5, -0.3), (0.0, -0.85)]]);
        }
    }
}

/// A small triangle that points left at `tip`.
pub(super) fn pointer_left(painter: &Painter, tip: Pos2, size: f32, color: Color32) {
    let points = vec![tip, pos2(tip.x + size, tip.y - size * 0.6), pos2(tip.x + size, tip.y + size * 0.6)];
    painter.add(Shape::convex_polygon(points, color, Stroke::NONE));
}

/// The console's own sign: the sector an ultrasound picture has.
pub(super) fn fan(painter: &Painter, apex: Pos2, size: f32) {
    let at = |angle: f32, radius: f32| apex + vec2(angle.sin(), angle.cos()) * radius * size;
    for (radius, opacity) in [(0.42, 0.45), (0.7, 0.7), (1.0, 1.0)] {
        let arc: Vec<Pos2> = (-8..=8_i8).map(|step| at(f32::from(step) * 0.075, radius)).collect();
        painter.line(arc, Stroke::new(1.8, theme::thin(theme::ACCENT, opacity)));
    }
}

fn polygon(painter: &Painter, center: Pos2, radius: f32, corners: u8, first: f32, stroke: Stroke) {
    let points = (0..corners)
        .map(|corner| {
            let angle = (first + 360.0 * f32::from(corner) / f32::from(corners)).to_radians();
            center + vec2(angle.cos(), angle.sin()) * radius
        })
        .collect();
    painter.add(Shape::closed_line(points, stroke));
}

fn bang(painter: &Painter, center: Pos2, radius: f32, stroke: Stroke) {
    painter.line_segment([center + vec2(0.0, -0.45 * radius), center + vec2(0.0, 0.1 * radius)], stroke);
    painter.circle_filled(center + vec2(0.0, 0.42 * radius), stroke.width * 0.65, stroke.color);
}
