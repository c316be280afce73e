//! The scanner's controls: what was asked for, and what the scanner says.

use egui::{Align2, Rect, Ui, pos2, vec2};
use farprobe_geom::{Metre, Time};
use farprobe_proto::ScannerSettings;

use super::control::{self, Slider};
use super::{format, paint};
use crate::model::{Intent, Link, Model, ScannerProgress};
use crate::{theme, words};

/// Centimetres in a metre.
const CM: f32 = 100.0;
/// Height of the freeze button, points.
const FREEZE: f32 = 32.0;

/// One dial: how it is called, what it shows, and how it reads and writes the settings. The ranges are those the protocol
/// has for any scanner; what this one offers it says itself.
struct Dial {
    name: &'static str,
    unit: &'static str,
    low: f32,
    high: f32,
    step: f32,
    origin: f32,
    read: fn(&ScannerSettings) -> f32,
    write: fn(&mut ScannerSettings, f32),
}

const DIALS: [Dial; 4] = [
    Dial {
        name: "Depth",
        unit: "cm",
        low: 2.0,
        high: 30.0,
        step: 0.5,
        origin: 2.0,
        read: |settings| settings.depth.get() as f32 * CM,
        write: |settings, value| settings.depth = centimetres(value).unwrap_or(settings.depth),
    },
    Dial {
        name: "Gain",
        unit: "dB",
        low: -40.0,
        high: 40.0,
        step: 1.0,
        origin: 0.0,
        read: |settings| settings.gain_db,
        write: |settings, value| settings.gain_db = value,
    },
    Dial {
        name: "Focus",
        unit: "cm",
        low: 1.0,
        high: 30.0,
        step: 0.5,
        origin: 1.0,
        read: |settings| settings.focus.get() as f32 * CM,
        write: |settings, value| settings.focus = centimetres(value).unwrap_or(settings.focus),
    },
    Dial {
        name: "Dynamic range",
        unit: "dB",
        low: 20.0,
        high: 120.0,
        step: 1.0,
        origin: 20.0,
        read: |settings| settings.dynamic_range_db,
        write: |settings, value| settings.dynamic_range_db = value,
    },
];

fn centimetres(value: f32) -> Option<Metre> {
    Metre::new(f64::from(value) * 0.01).ok()
}

/// Draws the panel.
pub(super) fn show(ui: &Ui, rect: Rect, model: &Model, now: Time) -> Option<Intent> {
    paint::panel(ui, rect);
    let inner = paint::title(ui, rect, "SCANNER");
    let (Some(echoed), Some(wanted)) = (&model.scanner.echoed, model.scanner.shown()) else {
        let words = "No scanner yet";
        paint::text(ui, inner.left_top(), Align2::LEFT_TOP, words, theme::font(theme::SIZE_BODY), theme::FAINT);
        return None;
    };
    let live = model.link(now) == Link::Live && model.may_turn_scanner();
    progress(ui, rect, model, now);
    let freeze = inner.with_min_y(inner.bottom() - FREEZE);
    let place = inner.with_max_y(freeze.top() - 8.0);
    let mut intent = if let Some(settings) = echoed.known_settings() {
        dials(ui, place, &wanted, settings, live)
    } else {
        let words = "A recording: how its scanner was set is not known, and nothing can be set.";
        paint::paragraph(ui, place, words, theme::font(theme::SIZE_SMALL), theme::MUTED);
        None
    };
    let frozen = echoed.settings.frozen;
    let words = if frozen { "Unfreeze (F)" } else { "Freeze (F)" };
    if control::button(ui, freeze, words, live) {
        intent = Some(Intent::Freeze(!frozen));
    }
    intent
}

/// The dials and the gain by depth.
fn dials(ui: &Ui, place: Rect, wanted: &ScannerSettings, echoed: &ScannerSettings, live: bool) -> Option<Intent> {
    // Four dials of two lines, a heading and eight sliders of one line share the height.
    let line = place.height() / (4.0 * 2.0 + 1.2 + 8.0 * 0.85);
    let mut intent = None;
    for (index, dial) in DIALS.iter().enumerate() {
        let top = place.top() + 2.0 * line * index as f32;
        let row = Rect::from_min_size(pos2(place.left(), top), vec2(place.width(), 2.0 * line));
        intent = dial.show(ui, row, wanted, echoed, live).or(intent);
    }
    let gains = place.with_min_y(place.top() + 8.0 * line);
    gain_by_depth(ui, gains, line, wanted, echoed, live).or(intent)
}

/// Whether the scanner has done what it was asked, in the panel's head.
fn progress(ui: &Ui, rect: Rect, model: &Model, now: Time) {
    let (words, color) = match model.scanner.progress(now) {
        _ if !model.may_turn_scanner() => (words::SCANNER_NOT_YOURS, theme::MUTED),
        ScannerProgress::Settled => ("as asked", theme::FAINT),
        ScannerProgress::Awaited => ("asking …", theme::MUTED),
        ScannerProgress::Overdue => ("no answer", theme::WARN),
    };
    let at = pos2(rect.right() - theme::PAD, rect.top() + theme::PAD - 2.0);
    paint::text(ui, at, Align2::RIGHT_TOP, words, theme::font(theme::SIZE_TITLE), color);
}

impl Dial {
    fn show(
        &self,
        ui: &Ui,
        rect: Rect,
        wanted: &ScannerSettings,
        echoed: &ScannerSettings,
        enabled: bool,
    ) -> Option<Intent> {
        let (value, is) = ((self.read)(wanted), (self.read)(echoed));
        let slider = Slider {
            name: self.name,
            range: self.low..=self.high,
            step: self.step,
            wanted: value,
            echoed: is,
            origin: self.origin,
        };
        let decimals = usize::from(self.step < 1.0);
        let unit = self.unit;
        let small = theme::font(theme::SIZE_SMALL);
        let top = rect.top() + rect.height() * 0.27;
        let at = pos2(rect.left(), top);
        paint::text(ui, at, Align2::LEFT_CENTER, self.name, small.clone(), theme::MUTED);
        let (words, color) = if slider.differs() {
            (format!("{is:.decimals$} > {value:.decimals$} {unit}"), theme::WARN)
        } else {
            (format!("{value:.decimals$} {unit}"), theme::TEXT)
        };
        paint::text(ui, pos2(rect.right(), top), Align2::RIGHT_CENTER, &words, small, color);
        let track = rect.with_min_y(rect.top() + rect.height() * 0.5);
        let chosen = slider.show(ui, track, enabled)?;
        let mut settings = *wanted;
        (self.write)(&mut settings, chosen);
        Some(Intent::Scanner(settings))
    }
}

/// The sliders of the time-gain compensation, shallow above.
fn gain_by_depth(
    ui: &Ui,
    rect: Rect,
    line: f32,
    wanted: &ScannerSettings,
    echoed: &ScannerSettings,
    enabled: bool,
) -> Option<Intent> {
    let small = theme::font(theme::SIZE_SMALL);
    let at = pos2(rect.left(), rect.top() + line * 0.5);
    paint::text(ui, at, Align2::LEFT_CENTER, "Gain by depth (TGC)", small, theme::MUTED);
    let mut intent = None;
    let bands = wanted.tgc_db.iter().zip(&echoed.tgc_db).enumerate();
    for (band, (value, is)) in bands {
        let top = rect.top() + line * (1.1 + 0.85 * band as f32);
        let row = Rect::from_min_size(pos2(rect.left(), top), vec2(rect.width(), line * 0.85));
        let name = format!("Gain by depth, band {}", band + 1);
        let slider = Slider { name: &name, range: -20.0..=20.0, step: 1.0, wanted: *value, echoed: *is, origin: 0.0 };
        let track = row.with_max_x(row.right() - 34.0);
        let at = row.right_center();
        let words = format::decibels(*value);
        paint::text(ui, at, Align2::RIGHT_CENTER, &words, theme::font(theme::SIZE_TITLE), theme::FAINT);
        if let Some(chosen) = slider.show(ui, track, enabled) {
            let mut settings = *wanted;
            if let Some(slot) = settings.tgc_db.get_mut(band) {
                *slot = chosen;
            }
            intent = Some(Intent::Scanner(settings));
        }
    }
    intent
}
