//! Where everything is: a pure function of the window's size.

use egui::{Rect, Vec2, pos2, vec2};

use crate::theme::GAP;

/// The smallest window everything fits in, points. A smaller one shows the top left part of this.
pub const MIN_SIZE: Vec2 = Vec2::new(1024.0, 700.0);

/// The bar across the top.
const TOP: f32 = 40.0;
/// The row across the bottom.
const BOTTOM: f32 = 140.0;
/// The bedside switch's larger sibling: tall enough to be hit without looking twice.
const STOP: f32 = 62.0;
/// A button and three lines of words; in a higher window two lines more, for what to do about a lost handle.
const LEASE: (f32, f32) = (96.0, 124.0);

/// The rectangles of the window's panels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Layout {
    /// The bar across the top: name, connection, what a script is doing.
    pub top: Rect,
    /// Arm and patient.
    pub scene: Rect,
    /// The scanner's controls.
    pub scanner: Rect,
    /// The ultrasound picture.
    pub picture: Rect,
    /// The ladder.
    pub state: Rect,
    /// The contact force.
    pub force: Rect,
    /// Lease and clutch.
    pub lease: Rect,
    /// The stop button.
    pub stop: Rect,
    /// The latency strip.
    pub latency: Rect,
    /// What happened.
    pub events: Rect,
}

impl Layout {
    /// The layout of a window that covers `window`.
    pub fn of(window: Rect) -> Self {
        let size = window.size().max(MIN_SIZE);
        let window = Rect::from_min_size(window.min, size);
        let left = (size.x * 0.168).clamp(190.0, 320.0);
        let right = (size.x * 0.246).clamp(262.0, 420.0);
        let top = Rect::from_min_size(window.min, vec2(size.x, TOP));
        let inner = Rect::from_min_max(pos2(window.left() + GAP, top.bottom() + GAP), window.max - Vec2::splat(GAP));
        let (main, bottom) = inner.split_top_bottom_at_y(inner.bottom() - BOTTOM);
        let main = main.with_max_y(main.bottom() - GAP);
        let middle = (main.left() + left + GAP, main.right() - right - GAP);

        let scene_height = (main.height() * 0.36).round();
        let left_column = main.with_max_x(main.left() + left);
        let right_column = main.with_min_x(main.right() - right);
        let state_height = (main.height() * 0.28).clamp(148.0, 190.0).round();
        let stop = right_column.with_min_y(right_column.bottom() - STOP);
        let lease_height = (main.height() * 0.21).clamp(LEASE.0, LEASE.1).round();
        let lease = right_column.with_max_y(stop.top() - GAP).with_min_y(stop.top() - GAP - lease_height);
        let state = right_column.with_max_y(right_column.top() + state_height);
        Self {
            top,
            scene: left_column.with_max_y(left_column.top() + scene_height),
            scanner: left_column.with_min_y(left_column.top() + scene_height + GAP),
            picture: main.with_min_x(middle.0).with_max_x(middle.1),
            state,
            force: right_column.with_min_y(state.bottom() + GAP).with_max_y(lease.top() - GAP),
            lease,
            stop,
            latency: bottom.with_max_x(middle.1),
            events: bottom.with_min_x(bottom.right() - right),
        }
    }

    /// All panels with their names.
    pub fn panels(&self) -> [(&'static str, Rect); 10] {
        [
            ("top", self.top),
            ("scene", self.scene),
            ("scanner", self.scanner),
            ("picture", self.picture),
            ("state", self.state),
            ("force", self.force),
            ("lease", self.lease),
            ("stop", self.stop),
            ("latency", self.latency),
            ("events", self.events),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn panels_are_disjoint_and_inside(x in 0.0..4000.0f32, y in 0.0..3000.0f32) {
            let window = Rect::from_min_size(pos2(0.0, 0.0), vec2(x, y));
            let layout = Layout::of(window);
            let whole = Rect::from_min_size(window.min, window.size().max(MIN_SIZE)).expand(0.01);
            let panels = layout.panels();
            for (at, (name, rect)) in panels.iter().enumerate() {
                prop_assert!(whole.contains_rect(*rect), "{name} leaves the window: {rect:?}");
                prop_assert!(rect.width() > 100.0 && rect.height() > 30.0, "{name} is too small: {rect:?}");
                for (other, second) in &panels[at + 1..] {
                    prop_assert!(!rect.shrink(0.01).intersects(second.shrink(0.01)), "{name} overlaps {other}");
                }
            }
        }
    }
}
