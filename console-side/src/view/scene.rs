//! Arm and patient, drawn from where the cart says they are: links by forward kinematics, couch, patient, probe and trail.

use egui::{Align2, Color32, Pos2, Rect, Sense, Shape, Stroke, Ui, pos2};
use farprobe_geom::{Base, Pose, Time};
use farprobe_proto::Welcome;
use nalgebra::{Isometry3, Point3, Vector3};

use super::camera::{Camera, Projection, Seen, Sight};
use super::outline::{hull, lines};
use super::trail;
use super::{format, paint};
use crate::model::{Link, Model};
use crate::theme;

/// Half the thickness the arm is drawn with at its base and at its flange, m. Collaborative arms of this size are about so.
const LINK_RADIUS: (f64, f64) = (0.062, 0.042);
/// The radius of the disc the arm stands on, m.
const FOOT_RADIUS: f64 = 0.14;
/// Half the thickness of the probe's grip, m.
const PROBE_RADIUS: f64 = 0.018;
/// The couch as it is drawn, m from its origin under the navel: towards the feet as far as there is a patient to be drawn, to the
/// head, to either side.
const COUCH: (f64, f64, f64) = (-0.45, 0.85, 0.34);
/// How high an arm of this size usually stands, m.
const ARM_HEIGHT: f64 = 0.7;
/// Between what must be in sight and the panel's edges, points: the arm is thicker than the line that is fitted.
const MARGIN: f32 = 8.0;
/// The title's height above that, points.
const TITLE: f32 = 16.0;
/// The patient's hips and head along the couch, m.
const PATIENT: (f64, f64) = (-0.3, 0.7);
/// How much of the room around that is shown: the patient is as wide as the couch and the arm leans over.
const FILL: f64 = 1.04;
/// Half the angle of the picture's sector as it is drawn, rad.
const SECTOR_HALF: f64 = 0.5;
/// How deep the sector is drawn if the scanner does not say, m.
const SECTOR_DEPTH: f64 = 0.15;

/// Draws the panel. Dragging turns the camera; a double click turns it back.
pub(super) fn show(ui: &Ui, rect: Rect, model: &Model, now: Time, camera: &mut Camera) {
    paint::panel(ui, rect);
    let response = ui.interact(rect, ui.scope_id().with("scene"), Sense::CLICK | Sense::DRAG);
    if response.dragged() {
        camera.orbit(response.drag_delta());
    }
    if response.double_clicked() {
        *camera = Camera::default();
    }
    if let Some(welcome) = &model.robot.welcome {
        let links = model.robot.links();
        let room = rect.shrink(MARGIN).with_min_y(rect.top() + MARGIN + TITLE);
        let view = camera.look(&sight(welcome), room).fitted(&furthest(welcome), room);
        let painter = ui.painter_at(rect.shrink(1.0));
        let scene = Scene { painter: &painter, view, live: model.link(now) == Link::Live };
        scene.couch(welcome.couch.isometry());
        scene.foot();
        scene.patient(welcome);
        scene.sector(model, links.last());
        scene.arm(&links);
        // Over all else: it is a line on the skin, and probe and picture stand where it ends.
        trail::on_patient(&scene, &model.robot.trail);
        trail::plan(ui, rect, &scene, &model.robot.trail);
    }
    paint::title(ui, rect, "ARM AND PATIENT");
    if let (Link::Lost(_), Some((heard, _))) = (model.link(now), &model.robot.state) {
        let words = format!("As {} ago. Not known now.", format::span(now.saturating_since(*heard)));
        let at = pos2(rect.left() + theme::PAD, rect.bottom() - theme::PAD + 4.0);
        paint::text(ui, at, Align2::LEFT_BOTTOM, &words, theme::font(theme::SIZE_SMALL), theme::WARN);
    }
    if model.robot.welcome.is_none() {
        let words = "No cart yet";
        paint::text(ui, rect.center(), Align2::CENTER_CENTER, words, theme::font(theme::SIZE_BODY), theme::FAINT);
    }
}

/// What must be in sight.
fn sight(welcome: &Welcome) -> Sight {
    let couch = |x: f64| (welcome.couch.isometry() * Point3::new(x, 0.0, 0.1)).coords;
    let ends = [Vector3::zeros(), Vector3::new(0.0, 0.0, ARM_HEIGHT), couch(PATIENT.0), couch(PATIENT.1)];
    let low = ends.iter().fold(ends[0], |low, end| low.inf(end));
    let high = ends.iter().fold(ends[0], |high, end| high.sup(end));
    let middle = (low + high) * 0.5;
    let reach = ends.iter().map(|end| (end - middle).norm()).fold(0.0, f64::max);
    let across = welcome.couch.position();
    Sight { middle, reach: (reach * FILL).clamp(0.3, 4.0), heading: across.y.atan2(across.x) }
}

/// The corners of the couch, and the arm from its foot to its top: what is to be seen whole, however the camera is turned.
fn furthest(welcome: &Welcome) -> [Vector3<f64>; 6] {
    let (feet, head, side) = COUCH;
    let couch = |x: f64, y: f64| (welcome.couch.isometry() * Point3::new(x, y, 0.0)).coords;
    let (foot, top) = (Vector3::zeros(), Vector3::new(0.0, 0.0, ARM_HEIGHT));
    [couch(feet, -side), couch(head, -side), couch(head, side), couch(feet, side), foot, top]
}

pub(super) struct Scene<'a> {
    pub(super) painter: &'a egui::Painter,
    pub(super) view: Projection,
    live: bool,
}

impl Scene<'_> {
    pub(super) fn seen(&self, point: Vector3<f64>) -> Option<Pos2> {
        self.view.see(point).map(|seen| seen.at)
    }

    pub(super) fn color(&self, color: Color32) -> Color32 {
        if self.live { color } else { theme::between(color, theme::PANEL, 0.55) }
    }

    fn couch(&self, couch: &Isometry3<f64>) {
        let (feet, head, side) = COUCH;
        let at = |x: f64, y: f64| self.seen((couch * Point3::new(x, y, 0.0)).coords);
        let corners = [at(feet, -side), at(head, -side), at(head, side), at(feet, side)];
        if let [Some(a), Some(b), Some(c), Some(d)] = corners {
            let ground = theme::thin(theme::COUCH, 0.35);
            self.painter.add(Shape::convex_polygon(vec![a, b, c, d], ground, theme::hair(theme::COUCH)));
        }
        for step in 1..6_u8 {
            let x = feet + (head - feet) * f64::from(step) / 6.0;
            if let (Some(a), Some(b)) = (at(x, -side), at(x, side)) {
                self.painter.line_segment([a, b], theme::hair(theme::thin(theme::COUCH, 0.5)));
            }
        }
    }

    /// What the arm's base stands on: a disc in the plane of its mounting plate.
    fn foot(&self) {
        let turn = |step: i32| (f64::from(step) / 24.0 * std::f64::consts::TAU).sin_cos();
        let disc: Vec<Pos2> =
            (0..24).map(turn).filter_map(|(sin, cos)| self.seen(Vector3::new(cos, sin, 0.0) * FOOT_RADIUS)).collect();
        self.painter.add(Shape::convex_polygon(disc, theme::RAISED, theme::hair(theme::COUCH)));
    }

    /// The outline's lines, and between neighbouring lines the hull of both: rings across a torso become a torso.
    fn patient(&self, welcome: &Welcome) {
        let couch = welcome.couch.isometry();
        let lines =
            lines(welcome.patient_outline.iter().map(|point| (couch * Point3::from(point.map(f64::from))).coords));
        let seen: Vec<Vec<Pos2>> =
            lines.iter().map(|line| line.iter().filter_map(|point| self.seen(*point)).collect()).collect();
        let ground = self.color(theme::between(theme::PANEL, theme::PATIENT, 0.42));
        let alone = seen.first().filter(|_| seen.len() == 1).cloned();
        let pairs = seen.windows(2).map(<[Vec<Pos2>]>::concat).chain(alone);
        for outline in pairs.map(hull).filter(|outline| outline.len() >= 3) {
            self.painter.add(Shape::convex_polygon(outline, ground, Stroke::new(1.0, ground)));
        }
        let stroke = theme::hair(self.color(theme::between(theme::PANEL, theme::PATIENT, 0.58)));
        for line in seen {
            self.painter.line(line, stroke);
        }
    }

    /// The plane the picture is of.
    fn sector(&self, model: &Model, tip: Option<&Pose<Base>>) {
        let Some(tip) = tip else { return };
        let depth = model.scanner.echoed.as_ref().map_or(SECTOR_DEPTH, |state| state.settings.depth.get());
        let at = |angle: f64, radius: f64| {
            let point = Point3::new(angle.sin() * radius, 0.0, angle.cos() * radius);
            self.seen((tip.isometry() * point).coords)
        };
        let arc = (-6..=6_i8).map(|step| at(SECTOR_HALF * f64::from(step) / 6.0, depth));
        let points: Vec<Pos2> = std::iter::once(at(0.0, 0.0)).chain(arc).flatten().collect();
        if points.len() >= 3 {
            let color = self.color(theme::ACCENT);
            let edge = theme::hair(theme::thin(color, 0.7));
            self.painter.add(Shape::convex_polygon(points, theme::thin(color, 0.2), edge));
        }
    }

    /// The links as rods, the furthest first; the last one is the probe.
    fn arm(&self, links: &[Pose<Base>]) {
        let count = links.len().max(2) as f64;
        let mut rods: Vec<Rod> = links
            .windows(2)
            .enumerate()
            .filter_map(|(index, pair)| {
                let [from, to] = pair else { return None };
                let part = index as f64 / count;
                let is_probe = index + 2 == links.len();
                let radius =
                    if is_probe { PROBE_RADIUS } else { LINK_RADIUS.0 + (LINK_RADIUS.1 - LINK_RADIUS.0) * part };
                let ends = (self.view.see(from.position())?, self.view.see(to.position())?);
                Some(Rod { from: ends.0, to: ends.1, radius, is_probe })
            })
            .collect();
        rods.sort_by(|a, b| b.depth().total_cmp(&a.depth()));
        for rod in &rods {
            self.rod(rod);
        }
    }

    fn rod(&self, rod: &Rod) {
        let (from, to) = (rod.from, rod.to);
        let width = |seen: &Seen| rod.radius as f32 * seen.scale;
        let (light, shade) = if rod.is_probe {
            (theme::ACCENT, theme::between(theme::ACCENT, theme::PANEL, 0.5))
        } else {
            (theme::ARM_LIGHT, theme::ARM_SHADE)
        };
        // Dark edge, body, then a narrow light on the upper left: enough to read as round.
        let layers = [
            (1.0, 1.2, theme::PANEL, 0.0),
            (1.0, 0.0, shade, 0.0),
            (0.62, 0.0, theme::between(shade, light, 0.55), 0.22),
            (0.26, 0.0, light, 0.36),
        ];
        for (part, extra, color, lift) in layers {
            let color = self.color(color);
            let offset = |seen: &Seen| egui::vec2(-0.7, -0.7) * width(seen) * lift;
            let (a, b) = (from.at + offset(&from), to.at + offset(&to));
            let (ra, rb) = (width(&from) * part + extra, width(&to) * part + extra);
            self.painter.circle_filled(a, ra, color);
            self.painter.circle_filled(b, rb, color);
            let along = b - a;
            if along.length() > 0.5 {
                let across = along.normalized().rot90();
                let quad = vec![a + across * ra, b + across * rb, b - across * rb, a - across * ra];
                self.painter.add(Shape::convex_polygon(quad, color, Stroke::NONE));
            }
        }
    }
}

/// One link on the screen.
struct Rod {
    from: Seen,
    to: Seen,
    radius: f64,
    is_probe: bool,
}

impl Rod {
    fn depth(&self) -> f64 {
        self.from.depth + self.to.depth
    }
}
