//! The camera of the arm view: where it stands, and where a point of the room falls on the screen.

use egui::{Pos2, Rect, Vec2, pos2};
use nalgebra::Vector3;

/// How far a drag of a point turns the camera, rad: half a turn across the panel's usual 200 points.
const TURN_PER_POINT: f64 = 0.012;
/// The camera never looks straight down or from below the couch, rad.
const PITCH: (f64, f64) = (0.05, 1.4);
/// How wide the camera sees, rad.
const FIELD_OF_VIEW: f64 = 0.62;
/// Points nearer than this are not drawn, m.
const NEAR: f64 = 0.05;

/// What a camera looks at.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Sight {
    /// The middle of the scene, m, frame `base`.
    pub(super) middle: Vector3<f64>,
    /// How far it reaches from there, m.
    pub(super) reach: f64,
    /// From which side it is seen when the camera was not turned, rad about the base's z from its x.
    pub(super) heading: f64,
}

/// Looks at the middle of the scene from a direction that can be turned.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Camera {
    yaw: f64,
    pitch: f64,
}

impl Default for Camera {
    /// From across the couch and a little above: the patient in front, the arm behind, the probe to be seen between.
    fn default() -> Self {
        Self { yaw: -0.34, pitch: 0.40 }
    }
}

impl Camera {
    /// Turns with the pointer's drag, points.
    pub(super) fn orbit(&mut self, drag: Vec2) {
        self.yaw = (self.yaw - f64::from(drag.x) * TURN_PER_POINT) % std::f64::consts::TAU;
        self.pitch = (self.pitch + f64::from(drag.y) * TURN_PER_POINT).clamp(PITCH.0, PITCH.1);
    }

    /// The camera's view of a scene, on `screen`.
    pub(super) fn look(&self, sight: &Sight, screen: Rect) -> Projection {
        let Sight { middle, reach, heading } = *sight;
        let (sy, cy) = (heading + self.yaw).sin_cos();
        let (sp, cp) = self.pitch.sin_cos();
        let back = Vector3::new(cp * cy, cp * sy, sp);
        let right = Vector3::new(-sy, cy, 0.0);
        let up = back.cross(&right);
        let distance = reach.max(NEAR) / (FIELD_OF_VIEW * 0.5).sin();
        let points = f64::from(screen.width().min(screen.height())) * 0.5 / (FIELD_OF_VIEW * 0.5).tan();
        Projection { eye: middle + back * distance, right, up, back, points, center: screen.center() }
    }
}

/// From the room (m, frame `base`) to the screen.
#[derive(Debug, Clone, Copy)]
pub(super) struct Projection {
    eye: Vector3<f64>,
    right: Vector3<f64>,
    up: Vector3<f64>,
    back: Vector3<f64>,
    /// Points on screen of a metre at a distance of a metre.
    points: f64,
    center: Pos2,
}

/// A point on the screen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Seen {
    /// Where.
    pub(super) at: Pos2,
    /// How far from the eye, m.
    pub(super) depth: f64,
    /// Points on screen of a metre there.
    pub(super) scale: f32,
}

impl Projection {
    /// The same from the same place, as large as all of `points` fit into `room`.
    pub(super) fn fitted(self, points: &[Vector3<f64>], room: Rect) -> Self {
        // Upwards, as they would fall on a screen at a distance of a metre.
        let mut flat = points.iter().filter_map(|point| {
            let from_eye = point - self.eye;
            let depth = -from_eye.dot(&self.back);
            let at = (from_eye.dot(&self.right) / depth, from_eye.dot(&self.up) / depth);
            (depth.is_finite() && depth >= NEAR).then_some(at)
        });
        let Some(first) = flat.next() else { return self };
        let (low, high) = flat.fold((first, first), |(low, high), at| {
            ((low.0.min(at.0), low.1.min(at.1)), (high.0.max(at.0), high.1.max(at.1)))
        });
        let (across, upwards) = (high.0 - low.0, high.1 - low.1);
        let points = (f64::from(room.width()) / across).min(f64::from(room.height()) / upwards);
        if !(points.is_finite() && points > 0.0) {
            return self;
        }
        let middle = (f64::midpoint(low.0, high.0), f64::midpoint(low.1, high.1));
        let center = room.center() + egui::vec2((-middle.0 * points) as f32, (middle.1 * points) as f32);
        Self { points, center, ..self }
    }

    /// Where `point` falls on the screen; `None` behind the eye or if it is not finite.
    pub(super) fn see(&self, point: Vector3<f64>) -> Option<Seen> {
        let from_eye = point - self.eye;
        let depth = -from_eye.dot(&self.back);
        if !depth.is_finite() || depth < NEAR {
            return None;
        }
        let scale = (self.points / depth) as f32;
        let (x, y) = (from_eye.dot(&self.right) as f32 * scale, from_eye.dot(&self.up) as f32 * scale);
        let at = pos2(self.center.x + x, self.center.y - y);
        at.is_finite().then_some(Seen { at, depth, scale })
    }

    /// Where `point` lies in a plan of the room, m: to the right and away as the camera stands, seen from above.
    pub(super) fn plan(&self, point: Vector3<f64>) -> (f64, f64) {
        let away = Vector3::new(-self.right.y, self.right.x, 0.0);
        (point.dot(&self.right), point.dot(&away))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SIGHT: Sight = Sight { middle: Vector3::new(0.0, 0.0, 0.0), reach: 1.0, heading: 0.0 };

    fn seen(camera: Camera, point: [f64; 3]) -> Seen {
        let screen = Rect::from_min_size(pos2(0.0, 0.0), egui::vec2(200.0, 200.0));
        camera.look(&SIGHT, screen).see(Vector3::from(point)).unwrap()
    }

    #[test]
    fn the_middle_of_the_scene_is_the_middle_of_the_screen_and_up_is_up() {
        let camera = Camera::default();
        assert!((seen(camera, [0.0; 3]).at - pos2(100.0, 100.0)).length() < 1e-3);
        assert!(seen(camera, [0.0, 0.0, 0.5]).at.y < 100.0);
    }

    #[test]
    fn a_ball_of_the_given_size_fills_the_screen() {
        let camera = Camera { yaw: 0.0, pitch: PITCH.0 };
        let edge = seen(camera, [0.0, 1.0, 0.0]).at.x;
        assert!((180.0..=200.0).contains(&edge), "{edge}");
    }

    #[test]
    fn the_plan_turns_with_the_camera_and_knows_no_height() {
        let screen = Rect::from_min_size(pos2(0.0, 0.0), egui::vec2(200.0, 200.0));
        let view = Camera { yaw: 0.0, pitch: 0.4 }.look(&SIGHT, screen);
        // It stands on the x axis and looks back along it: y is to its right.
        let (right, away) = view.plan(Vector3::new(-0.1, 0.2, 0.7));
        assert!((right - 0.2).abs() < 1e-9 && (away - 0.1).abs() < 1e-9, "{right} {away}");
    }

    #[test]
    fn no_drag_turns_the_camera_over() {
        let mut camera = Camera::default();
        camera.orbit(egui::vec2(1e6, 1e6));
        assert!(camera.pitch <= PITCH.1 && camera.yaw.abs() <= std::f64::consts::TAU);
        camera.orbit(egui::vec2(0.0, -1e6));
        assert!(camera.pitch >= PITCH.0);
    }

    proptest! {
        #[test]
        fn what_is_fitted_is_inside_and_fills_the_room_however_the_camera_stands(yaw in -7.0..7.0, pitch in 0.05..1.4) {
            let room = Rect::from_min_size(pos2(30.0, 40.0), egui::vec2(200.0, 150.0));
            let points = [[-0.4, -1.0, 0.0], [0.4, -1.0, 0.0], [0.4, 0.6, 0.0], [-0.4, 0.6, 0.0], [-0.5, 0.0, 0.7]];
            let points = points.map(Vector3::from);
            let view = Camera { yaw, pitch }.look(&SIGHT, room).fitted(&points, room);
            let mut cover = Rect::NOTHING;
            for point in points {
                cover.extend_with(view.see(point).unwrap().at);
            }
            prop_assert!(room.expand(0.1).contains_rect(cover), "{cover:?}");
            prop_assert!(cover.width() > room.width() - 0.1 || cover.height() > room.height() - 0.1, "{cover:?}");
        }
    }

    #[test]
    fn nothing_to_fit_changes_nothing() {
        let room = Rect::from_min_size(pos2(0.0, 0.0), egui::vec2(200.0, 150.0));
        let view = Camera::default().look(&SIGHT, room);
        let at = |view: Projection| view.see(Vector3::new(0.1, 0.2, 0.3));
        let behind = [view.eye + view.back, Vector3::new(f64::NAN, 0.0, 0.0)];
        assert_eq!(at(view.fitted(&behind, room)), at(view));
        assert_eq!(at(view.fitted(&[Vector3::zeros()], room)), at(view));
    }

    #[test]
    fn what_lies_behind_the_eye_is_not_seen() {
        let screen = Rect::from_min_size(pos2(0.0, 0.0), egui::vec2(200.0, 200.0));
        let view = Camera::default().look(&SIGHT, screen);
        assert_eq!(view.see(view.eye + view.back), None);
        assert_eq!(view.see(Vector3::new(f64::NAN, 0.0, 0.0)), None);
    }
}
