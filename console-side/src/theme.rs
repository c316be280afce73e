//! How the console looks: every colour, distance and text size there is.
//!
//! The room is dark and the picture is grey, so everything around it is near-black and quiet. One accent says "this is
//! live and yours"; amber asks for attention, red for action. No state is told by colour alone: each has words and a sign.

use egui::{Color32, FontFamily, FontId, Stroke};
use farprobe_proto::Severity;

/// Behind everything, the ultrasound picture too: black, as the picture's own background is. The window is cleared to it,
/// so that the picture's panel, a third of the window, need not be filled.
pub const GROUND: Color32 = Color32::BLACK;
/// A panel.
pub const PANEL: Color32 = Color32::from_rgb(17, 22, 27);
/// A well in a panel: tracks, plots.
pub const WELL: Color32 = Color32::from_rgb(10, 14, 18);
/// Something in a panel that can be pressed.
pub const RAISED: Color32 = Color32::from_rgb(30, 38, 46);
/// The same under the pointer.
pub const RAISED_HOVER: Color32 = Color32::from_rgb(41, 52, 62);
/// The edge of a panel.
pub const EDGE: Color32 = Color32::from_rgb(31, 39, 46);
/// Grid lines and ticks that count little.
pub const GRID: Color32 = Color32::from_rgb(37, 46, 54);

/// What is to be read first.
pub const TEXT: Color32 = Color32::from_rgb(229, 235, 239);
/// What explains it.
pub const MUTED: Color32 = Color32::from_rgb(151, 164, 175);
/// Units and ticks.
pub const FAINT: Color32 = Color32::from_rgb(111, 124, 135);

/// Live, and yours.
pub const ACCENT: Color32 = Color32::from_rgb(86, 196, 208);
/// Behind something that is live and yours.
pub const ACCENT_GROUND: Color32 = Color32::from_rgb(13, 42, 47);
/// Needs attention.
pub const WARN: Color32 = Color32::from_rgb(244, 181, 74);
/// Behind something that needs attention.
pub const WARN_GROUND: Color32 = Color32::from_rgb(52, 38, 12);
/// Needs action.
pub const ALARM: Color32 = Color32::from_rgb(255, 99, 88);
/// Behind something that needs action.
pub const ALARM_GROUND: Color32 = Color32::from_rgb(64, 18, 17);
/// The stop button.
pub const STOP: Color32 = Color32::from_rgb(196, 38, 32);
/// The stop button under the pointer.
pub const STOP_HOVER: Color32 = Color32::from_rgb(222, 52, 44);
/// Words on the stop button.
pub const STOP_TEXT: Color32 = Color32::WHITE;

/// The patient and the couch in the arm view.
pub const PATIENT: Color32 = Color32::from_rgb(176, 143, 120);
/// The couch in the arm view.
pub const COUCH: Color32 = Color32::from_rgb(60, 74, 86);
/// The arm's side towards the light.
pub const ARM_LIGHT: Color32 = Color32::from_rgb(206, 214, 220);
/// The arm's side away from the light.
pub const ARM_SHADE: Color32 = Color32::from_rgb(84, 96, 106);
/// Where the probe has touched. Neither the accent, which is the probe's and its picture's, nor amber, which asks for something.
pub const TRAIL: Color32 = Color32::from_rgb(226, 240, 138);
/// The tint of a picture that may not be believed.
pub const STALE_TINT: Color32 = Color32::from_rgb(92, 92, 92);
/// No tint.
pub const NO_TINT: Color32 = Color32::WHITE;

/// Steps of the waterfall, in order; they repeat.
pub const HOPS: [Color32; 6] = [
    Color32::from_rgb(128, 214, 222),
    Color32::from_rgb(86, 178, 194),
    Color32::from_rgb(56, 138, 160),
    Color32::from_rgb(128, 152, 178),
    Color32::from_rgb(96, 120, 148),
    Color32::from_rgb(70, 92, 118),
];

/// Around the window and between panels, points.
pub const GAP: f32 = 8.0;
/// Inside a panel, points.
pub const PAD: f32 = 12.0;
/// The radius of a panel's corner, points.
pub const RADIUS: u8 = 6;
/// The radius of a control's corner, points.
pub const RADIUS_SMALL: u8 = 4;
/// A hair line, points.
pub const HAIR: f32 = 1.0;

/// A panel's title.
pub const SIZE_TITLE: f32 = 11.0;
/// Text that explains.
pub const SIZE_SMALL: f32 = 11.5;
/// Text that is read.
pub const SIZE_BODY: f32 = 13.0;
/// A figure.
pub const SIZE_FIGURE: f32 = 20.0;
/// The state of the ladder.
pub const SIZE_STATE: f32 = 28.0;
/// The contact force.
pub const SIZE_FORCE: f32 = 40.0;

/// Words and figures of this size. The digits of the default font all have the same width, so figures do not jitter.
pub const fn font(size: f32) -> FontId {
    FontId::new(size, FontFamily::Proportional)
}

/// The colour that goes with a severity.
pub const fn severity(severity: Severity) -> Color32 {
    match severity {
        Severity::Info => TEXT,
        Severity::Warning => WARN,
        Severity::Alarm => ALARM,
    }
}

/// The ground that goes with a severity.
pub const fn severity_ground(severity: Severity) -> Color32 {
    match severity {
        Severity::Info => PANEL,
        Severity::Warning => WARN_GROUND,
        Severity::Alarm => ALARM_GROUND,
    }
}

/// A hair line of this colour.
pub fn hair(color: Color32) -> Stroke {
    Stroke::new(HAIR, color)
}

/// This colour, thinned to `opacity` (0–1).
pub fn thin(color: Color32, opacity: f32) -> Color32 {
    color.gamma_multiply(opacity.clamp(0.0, 1.0))
}

/// A colour between two, `t` in 0–1.
pub fn between(from: Color32, to: Color32, t: f32) -> Color32 {
    from.lerp_to_gamma(to, t.clamp(0.0, 1.0))
}

/// Gives the theme to egui, for what egui draws itself (tooltips).
pub fn install(ctx: &egui::Context) {
    ctx.set_theme(egui::Theme::Dark);
    ctx.all_styles_mut(|style| {
        let visuals = &mut style.visuals;
        visuals.panel_fill = GROUND;
        visuals.window_fill = RAISED;
        visuals.window_stroke = hair(GRID);
        visuals.override_text_color = Some(TEXT);
        visuals.extreme_bg_color = WELL;
        for font in style.text_styles.values_mut() {
            font.size = SIZE_BODY;
        }
    });
}
