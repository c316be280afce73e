//! The stop button. It can always be pressed: whether a stop reaches the cart is for the wiring to try.

use egui::epaint::StrokeKind;
use egui::{Align2, Rect, Ui, pos2};

use super::{control, paint};
use crate::model::Intent;
use crate::theme;

/// Draws the button.
pub(super) fn show(ui: &Ui, rect: Rect) -> Option<Intent> {
    let response = control::press(ui, rect, "Stop the robot", true);
    let ground = if response.hovered() { theme::STOP_HOVER } else { theme::STOP };
    let edge = theme::hair(theme::thin(theme::STOP_TEXT, 0.25));
    ui.painter().rect(rect, theme::RADIUS, ground, edge, StrokeKind::Inside);
    let center = rect.center();
    let at = pos2(center.x, center.y - 7.0);
    paint::text(ui, at, Align2::CENTER_CENTER, "STOP", theme::font(28.0), theme::STOP_TEXT);
    let at = pos2(center.x, center.y + 18.0);
    let color = theme::thin(theme::STOP_TEXT, 0.85);
    paint::text(ui, at, Align2::CENTER_CENTER, "Esc or Space", theme::font(theme::SIZE_SMALL), color);
    // On the press, not on the release: nobody should have to hold still on a stop button.
    let pressed = response.is_pointer_button_down_on() && ui.input(|input| input.pointer.any_pressed());
    // The release of that press is no second stop; a click without a pointer is an accessibility tool's.
    let clicked_by_tool = response.clicked() && !ui.input(|input| input.pointer.any_released());
    (pressed || clicked_by_tool).then_some(Intent::Stop)
}
