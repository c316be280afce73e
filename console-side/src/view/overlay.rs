//! What is drawn around the ultrasound picture: the depth scale and the focus beside it, the orientation mark in its corner.

use egui::{Align2, Color32, Pos2, Rect, Stroke, Ui, Vec2, pos2, vec2};
use farprobe_proto::{ImageGeometry, ScannerState};

use super::{icon, paint};
use crate::model::Model;
use crate::theme;

/// What the scale needs to the right of the picture, points: the focus, the ticks and two figures. It stands beside the
/// picture, whose sector reaches both of its edges.
pub(super) const SCALE_WIDTH: f32 = 50.0;
/// From the picture's right edge to the line of the scale, points: the focus and the ticks stand left of the line.
const SCALE_LINE: f32 = 22.0;
/// Ticks closer than this can't be told apart, points.
const CLOSEST_TICKS: f32 = 6.0;
/// From the picture's left upper corner to the middle of the orientation mark, points. A sector leaves that corner empty at
/// every depth, which the side of the probe's face does not.
const MARK_INSET: f32 = 14.0;

/// Draws the marks of a picture of `size` pixels that is shown at `image`.
pub(super) fn marks(ui: &Ui, image: Rect, size: [usize; 2], model: &Model) {
    let Some(state) = &model.scanner.echoed else { return };
    let Some(view) = Mapping::of(image, size, &state.geometry) else { return };
    // A recording shows its own mark, wherever its scanner drew it.
    if state.known_settings().is_some() {
        orientation(ui, &view);
    }
    if let Some(points_per_metre) = view.points_per_metre {
        scale(ui, &view, points_per_metre, state);
    }
}

/// From the picture's pixels to the screen.
struct Mapping {
    image: Rect,
    /// The probe's face on its axis.
    face: Pos2,
    points_per_metre: Option<f32>,
}

impl Mapping {
    /// `None` if the geometry makes no sense for this picture.
    fn of(image: Rect, size: [usize; 2], geometry: &ImageGeometry) -> Option<Self> {
        let (width, height) = (f32::from(geometry.width), f32::from(geometry.height));
        let shape_matches = size == [usize::from(geometry.width), usize::from(geometry.height)];
        let inside = (0.0..=width).contains(&geometry.axis_column) && (0.0..=height).contains(&geometry.face_row);
        if !shape_matches || !inside || width < 1.0 {
            return None;
        }
        let points_per_pixel = image.width() / width;
        let face = image.min + vec2(geometry.axis_column, geometry.face_row) * points_per_pixel;
        let scale = geometry.pixel.map(|pixel| points_per_pixel / pixel.get() as f32);
        let points_per_metre = scale.filter(|scale| scale.is_finite() && *scale > 0.0);
        Some(Self { image, face, points_per_metre })
    }
}

/// The mark of the probe's marked side: the left of the picture, as `image` x runs to the right.
fn orientation(ui: &Ui, view: &Mapping) {
    let center = view.image.min + Vec2::splat(MARK_INSET);
    let painter = ui.painter();
    painter.circle_filled(center, 7.0, theme::ACCENT);
    let font = theme::font(theme::SIZE_TITLE);
    painter.text(center, Align2::CENTER_CENTER, "F", font, theme::GROUND);
    paint::tell(ui, Rect::from_center_size(center, vec2(14.0, 14.0)), "Orientation mark");
}

/// A line with a tick for each centimetre and a figure for every fifth; the focus as a triangle on it.
fn scale(ui: &Ui, view: &Mapping, points_per_metre: f32, state: &ScannerState) {
    let line = view.image.right() + SCALE_LINE;
    let bottom = view.image.bottom();
    let per_centimetre = points_per_metre * 0.01;
    let step = [1_u16, 5, 10].into_iter().find(|step| f32::from(*step) * per_centimetre >= CLOSEST_TICKS);
    let Some(step) = step else { return };
    let painter = ui.painter();
    painter.vline(line, view.face.y..=bottom - 2.0, theme::hair(theme::thin(theme::MUTED, 0.6)));
    for centimetres in (0..=100_u16).step_by(usize::from(step)) {
        let y = view.face.y + f32::from(centimetres) * per_centimetre;
        if y > bottom - 2.0 {
            break;
        }
        let major = centimetres % 5 == 0;
        let length = if major { 8.0 } else { 4.0 };
        let color = if major { theme::TEXT } else { theme::MUTED };
        painter.hline(line - length..=line, y, Stroke::new(1.0, color));
        if major && centimetres > 0 && y < bottom - 8.0 {
            label(ui, pos2(line + 5.0, y), &centimetres.to_string(), color);
        }
    }
    label(ui, pos2(line + 5.0, view.face.y.max(view.image.top() + 7.0)), "cm", theme::MUTED);
    let Some(settings) = state.known_settings() else { return };
    let focus = view.face.y + settings.focus.get() as f32 * points_per_metre;
    if focus < bottom {
        icon::pointer_left(painter, pos2(line - 14.0, focus), 8.0, theme::ACCENT);
        let place = Rect::from_center_size(pos2(line - 10.0, focus), vec2(10.0, 10.0));
        paint::tell(ui, place, "Focus mark");
    }
}

fn label(ui: &Ui, at: Pos2, words: &str, color: Color32) {
    paint::text(ui, at, Align2::LEFT_CENTER, words, theme::font(theme::SIZE_SMALL), color);
}
