//! The ultrasound picture, and whether it may be believed.

use egui::epaint::StrokeKind;
use egui::{Align2, Color32, ColorImage, Rect, Stroke, TextureHandle, TextureOptions, Ui, Vec2, pos2, vec2};
use farprobe_geom::{Metre, Time};
use farprobe_proto::{ImageGeometry, SourceKind};

use super::icon::{self, Icon};
use super::{format, overlay, paint};
use crate::model::{Model, PictureCondition, Pixels, STALE_AGE, ShownPicture};
use crate::{theme, words};

/// Above the picture, for what kind of picture it is, points.
const HEAD: f32 = 30.0;
/// Below the picture, for how the scanner is set, points.
const FOOT: f32 = 22.0;

/// The picture on the graphics card.
#[derive(Default)]
pub(super) struct Canvas {
    texture: Option<TextureHandle>,
    /// Number and decoding time of the picture in `texture`; numbers begin again with each connection.
    held: Option<(u64, Time)>,
}

impl Canvas {
    /// Number and decoding time of the picture drawn last.
    pub(super) fn drawn(&self) -> Option<(u64, Time)> {
        self.held
    }

    /// Draws the picture and everything around it into `rect`.
    pub(super) fn show(&mut self, ui: &Ui, rect: Rect, model: &Model, now: Time) {
        let condition = model.picture_condition(now);
        let trouble = trouble(condition);
        let edge = trouble.map_or(theme::EDGE, |trouble| trouble.color);
        ui.painter().rect_stroke(rect, theme::RADIUS, theme::hair(edge), StrokeKind::Inside);
        let area = rect.with_min_y(rect.top() + HEAD).with_max_y(rect.bottom() - FOOT).shrink(1.0);
        if let Some(picture) = &model.picture.newest {
            self.upload(ui, picture);
            if let (Some(texture), Some(size)) = (&self.texture, picture.pixels.size()) {
                let image = fit(area.with_max_x(area.right() - overlay::SCALE_WIDTH), size);
                let tint = if trouble.is_some_and(|trouble| trouble.grey) { theme::STALE_TINT } else { theme::NO_TINT };
                ui.painter().image(texture.id(), image, Rect::from_min_max(pos2(0.0, 0.0), pos2(1.0, 1.0)), tint);
                overlay::marks(ui, image, size, model);
            }
        } else {
            self.held = None;
        }
        let right = banner(ui, rect, trouble, model, now);
        chips(ui, rect, right, model);
        foot(ui, rect, model);
        if let Some(trouble) = trouble {
            ui.painter().rect_stroke(rect, theme::RADIUS, Stroke::new(2.0, trouble.color), StrokeKind::Inside);
            if trouble.grey {
                stamp(ui, area, trouble, &age(model, now));
            }
        }
    }

    /// Brings a new picture onto the graphics card; the same one again costs nothing.
    fn upload(&mut self, ui: &Ui, picture: &ShownPicture) {
        let key = (picture.stamp.number, picture.decoded_at);
        let limit = ui.input(|input| input.max_texture_side);
        let Some(size) = picture.pixels.size().filter(|size| size.iter().all(|side| *side <= limit)) else { return };
        if self.held == Some(key) {
            return;
        }
        let image = match &picture.pixels {
            Pixels::Grey { data, .. } => ColorImage::from_gray(size, data),
            Pixels::Rgb { data, .. } => ColorImage::from_rgb(size, data),
        };
        match &mut self.texture {
            Some(texture) => texture.set(image, TextureOptions::LINEAR),
            None => self.texture = Some(ui.ctx().load_texture("ultrasound", image, TextureOptions::LINEAR)),
        }
        self.held = Some(key);
    }
}

/// What is wrong with a picture and how it is shown.
#[derive(Clone, Copy)]
struct Trouble {
    icon: Icon,
    words: &'static str,
    color: Color32,
    ground: Color32,
    /// Whether the picture must not be steered by, and is greyed and stamped for it.
    grey: bool,
    /// Who is to blame, if that is known; empty otherwise.
    blame: &'static str,
}

fn trouble(condition: PictureCondition) -> Option<Trouble> {
    let alarm = |words, icon| {
        let (color, ground) = (theme::ALARM, theme::ALARM_GROUND);
        Trouble { icon, words, color, ground, grey: true, blame: "" }
    };
    let warn = |words, icon| {
        let (color, ground) = (theme::WARN, theme::WARN_GROUND);
        Trouble { icon, words, color, ground, grey: false, blame: "" }
    };
    match condition {
        PictureCondition::Good | PictureCondition::Absent => None,
        PictureCondition::Concealed => Some(warn("PARTS OF THE PICTURE ARE MISSING", Icon::Warning)),
        PictureCondition::FrozenByOperator => Some(warn("FROZEN BY OPERATOR", Icon::Paused)),
        PictureCondition::LinkLost => {
            Some(Trouble { blame: "Nothing comes: the link is lost.", ..alarm("OLD PICTURE", Icon::LinkBroken) })
        }
        PictureCondition::Frozen => {
            Some(Trouble { blame: "The cart sends it again and again.", ..alarm("PICTURE FROZEN", Icon::Paused) })
        }
        PictureCondition::Stale(culprit) => {
            Some(Trouble { blame: words::late_pictures(culprit), ..alarm("OLD PICTURE", Icon::Warning) })
        }
    }
}

fn age(model: &Model, now: Time) -> String {
    let stale = matches!(model.picture_condition(now), PictureCondition::Stale(_));
    match model.picture.age(now) {
        // Pictures count as late for a while after one was: this one may be young.
        Some(age) if stale && age <= STALE_AGE => String::from("late a moment ago"),
        Some(age) => format!("{} old", format::span(age)),
        None => String::new(),
    }
}

/// The largest rectangle of the picture's shape within `area`.
fn fit(area: Rect, size: [usize; 2]) -> Rect {
    let size = vec2(size[0] as f32, size[1] as f32);
    let scale = (area.width() / size.x).min(area.height() / size.y);
    Rect::from_center_size(area.center(), size * scale)
}

/// The head's right side: what is wrong with the picture. Gives its left end.
fn banner(ui: &Ui, rect: Rect, trouble: Option<Trouble>, model: &Model, now: Time) -> f32 {
    let at = pos2(rect.right() - theme::PAD, rect.top() + HEAD * 0.5 + 2.0);
    let Some(trouble) = trouble else {
        if model.picture.newest.is_none() {
            let words = "No picture yet";
            paint::text(ui, rect.center(), Align2::CENTER_CENTER, words, theme::font(theme::SIZE_FIGURE), theme::FAINT);
        }
        return at.x;
    };
    let words =
        if trouble.grey { format!("{}, {}", trouble.words, age(model, now)) } else { String::from(trouble.words) };
    let rect = paint::text(ui, at, Align2::RIGHT_CENTER, &words, theme::font(theme::SIZE_BODY), trouble.color);
    icon::draw(ui.painter(), trouble.icon, pos2(rect.left() - 14.0, at.y), 15.0, trouble.color);
    rect.left() - 30.0
}

/// The head's left side: what kind of picture this is.
fn chips(ui: &Ui, rect: Rect, right: f32, model: &Model) {
    let at = rect.min + vec2(8.0, 6.0);
    let Some(state) = &model.scanner.echoed else { return };
    match &state.source {
        SourceKind::Live => {
            paint::chip(ui, at, "LIVE", theme::MUTED, theme::PANEL);
        }
        SourceKind::Simulated => {
            paint::chip(ui, at, "SIMULATED PICTURE", theme::WARN, theme::WARN_GROUND);
        }
        SourceKind::Recorded { name } => {
            let chip = paint::chip(ui, at, "RECORDED, NOT LIVE", theme::ALARM, theme::ALARM_GROUND);
            icon::draw(ui.painter(), Icon::Film, chip.right_center() + vec2(16.0, 0.0), 15.0, theme::MUTED);
            let at = chip.right_center() + vec2(30.0, 0.0);
            let style = (theme::font(theme::SIZE_SMALL), theme::MUTED);
            if right - at.x > 40.0 {
                paint::text_within(ui, at, Align2::LEFT_CENTER, name, style, right - at.x);
            }
        }
    }
}

/// How the scanner is set, by its own word; of a recording only what is known of it.
fn foot(ui: &Ui, rect: Rect, model: &Model) {
    let Some(state) = &model.scanner.echoed else { return };
    let words = match (state.known_settings(), depth_shown(&state.geometry)) {
        (Some(settings), _) => format!(
            "Depth {:.1} cm    Gain {} dB    Focus {:.1} cm    Range {:.0} dB",
            settings.depth.get() * 100.0,
            format::decibels(settings.gain_db),
            settings.focus.get() * 100.0,
            settings.dynamic_range_db
        ),
        (None, Some(depth)) => format!("Depth {:.1} cm", depth.get() * 100.0),
        (None, None) => "Scale unknown".to_owned(),
    };
    let at = pos2(rect.left() + theme::PAD, rect.bottom() - FOOT * 0.5);
    let small = theme::font(theme::SIZE_SMALL);
    paint::text(ui, at, Align2::LEFT_CENTER, &words, small.clone(), theme::MUTED);
    if let Some(picture) = &model.picture.newest {
        let at = pos2(rect.right() - theme::PAD, at.y);
        let words = format!("No. {}", picture.stamp.number);
        paint::text(ui, at, Align2::RIGHT_CENTER, &words, small, theme::FAINT);
    }
}

/// How deep the picture reaches below the probe's face, if its scale is known.
fn depth_shown(geometry: &ImageGeometry) -> Option<Metre> {
    let rows = f64::from(geometry.height) - f64::from(geometry.face_row);
    geometry.pixel.map(|pixel| pixel * rows)
}

/// Words across a picture that must not be steered by.
fn stamp(ui: &Ui, area: Rect, trouble: Trouble, age: &str) {
    let plate = Rect::from_center_size(area.center(), vec2(320.0, 104.0).min(area.size() - Vec2::splat(8.0)));
    let edge = Stroke::new(1.5, trouble.color);
    ui.painter().rect(plate, theme::RADIUS, theme::thin(trouble.ground, 0.92), edge, StrokeKind::Inside);
    icon::draw(ui.painter(), trouble.icon, plate.left_center() + vec2(34.0, 0.0), 32.0, trouble.color);
    let at = plate.left_center() + vec2(64.0, -24.0);
    paint::text(ui, at, Align2::LEFT_CENTER, trouble.words, theme::font(theme::SIZE_FIGURE), trouble.color);
    let at = plate.left_center() + vec2(64.0, 4.0);
    let words = format!("{}. Do not steer by it.", format::capitalised(age));
    paint::text(ui, at, Align2::LEFT_CENTER, &words, theme::font(theme::SIZE_BODY), theme::TEXT);
    if !trouble.blame.is_empty() {
        let at = plate.left_center() + vec2(64.0, 28.0);
        paint::text(ui, at, Align2::LEFT_CENTER, trouble.blame, theme::font(theme::SIZE_BODY), theme::TEXT);
    }
}
