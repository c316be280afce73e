//! Where the lines run through the resting body: contact, gel, compression and breath.
//!
//! The body tells how deep a point lies below the undeformed skin. Where the probe's face is below it, the tissue has given
//! way; where the face is a little above it, gel fills the gap or the soft layers have come up around the probe. Either way
//! the tissue under the face was moved along the line by an offset that fades with depth.

use farprobe_geom::{Patient, Pose};
use nalgebra::{Point3, Vector3};

use super::array::{FACE_RADIUS, LINES, SEGMENTS, line_angle};
use super::speckle::{Complex, Speckle};
use crate::body::{Body, BodyMotion};

/// Segments of a column that share a list of organs, and such groups of a column.
pub(super) const GROUP: usize = 4;
pub(super) const GROUPS: usize = SEGMENTS / GROUP;

/// Lines from one column to the next. What the body does is smooth over the 8 mm they span at most.
pub(super) const COLUMN_LINES: usize = 8;
/// Columns of a picture: one beyond the last line.
pub(super) const COLUMNS: usize = LINES / COLUMN_LINES + 1;

/// Thickest film of gel that couples a line, and the gap at which the last sound is lost, m.
const GEL: [f64; 2] = [0.0030, 0.0045];
/// How far the soft layers come up around the face for each newton, m/N. The stiffness of the simulated contact is that of
/// the wall as a whole; skin and fat alone are softer, and let a curved face sink in over its whole width at about 8 N.
const WRAP_PER_NEWTON: f64 = 1.3e-3;
/// The most they come up: a little more than the arc of the face is high, m.
const MOST_WRAP: f64 = 0.0125;
/// The largest offset of tissue along a line, m, well below its reach: tissue is never folded.
const MOST_OFFSET: f64 = 0.020;
/// Depth over which an offset fades to 1/e, m: about the half width of the face, as under a stamp on a half-space.
const OFFSET_REACH: f64 = 0.035;
/// Strain of the layers right under the face for each newton: soft fat of some 20 kPa under 8 N on 10 cm².
const SQUEEZE_PER_NEWTON: f64 = 0.035;
/// The most strain: the layers keep half of their thickness.
const MOST_SQUEEZE: f64 = 0.8;
/// Depth of the squeezed layers, m.
const SQUEEZE_REACH: f64 = 0.015;
/// How much larger than the distance of its corners the ball around a group is drawn, because the distances of organs are
/// of the first order; and the same where one side must be guessed.
const SLACK: f32 = 1.3;
const LOOSE_SLACK: f32 = 2.5;
/// Size of what varies slowly in tissue, m.
const SLOW_SIZE: f32 = 0.008;

/// A point on a line, in the resting body.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Node {
    /// Where the tissue rests, frame `patient`, m.
    pub(super) point: [f32; 3],
    /// How deep it rests below the skin, m.
    pub(super) skin: f32,
    /// Slow noise of the tissue.
    pub(super) slow: Complex,
}

/// A line of nodes, from the face to the picture's depth.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Column {
    /// Share of the sound that enters the body: 1 in contact, 0 in air.
    pub(super) coupling: f32,
    /// The nodes, a segment apart.
    pub(super) nodes: [Node; SEGMENTS + 1],
}

impl Column {
    fn between(&self, other: &Self, share: f32) -> Self {
        let mix = |a: f32, b: f32| a + (b - a) * share;
        let node = |i: usize| {
            let (a, b) = (&self.nodes[i], &other.nodes[i]);
            Node {
                point: std::array::from_fn(|axis| mix(a.point[axis], b.point[axis])),
                skin: mix(a.skin, b.skin),
                slow: [mix(a.slow[0], b.slow[0]), mix(a.slow[1], b.slow[1])],
            }
        };
        Self { coupling: mix(self.coupling, other.coupling), nodes: std::array::from_fn(node) }
    }
}

/// The picture plane's place in the resting body.
#[derive(Debug)]
pub(super) struct Contact {
    columns: Vec<Column>,
}

impl Contact {
    /// Room for a picture's columns.
    pub(super) fn new() -> Self {
        let nothing = Column { coupling: 0.0, nodes: [Node::default(); SEGMENTS + 1] };
        Self { columns: vec![nothing; COLUMNS] }
    }

    /// Finds contact and tissue under a probe that is pressed on with `force` (N). A pose that is not finite is in the air.
    pub(super) fn update(
        &mut self,
        body: &Body,
        motion: &BodyMotion,
        tip: &Pose<Patient>,
        force: f64,
        depth: f32,
        speckle: &Speckle,
    ) {
        if !tip.is_finite() {
            self.columns.iter_mut().for_each(|column| column.coupling = 0.0);
            return;
        }
        let squeeze = (SQUEEZE_PER_NEWTON * force).clamp(0.0, MOST_SQUEEZE);
        let wrap = (WRAP_PER_NEWTON * force).clamp(0.0, MOST_WRAP);
        for (i, column) in self.columns.iter_mut().enumerate() {
            let ray = Ray::new(tip, (i * COLUMN_LINES) as f32);
            let skin = body.skin(motion, &ray.face);
            let (offset, gap) = if skin.depth >= 0.0 {
                let straight = (-skin.normal.dot(&ray.along)).max(0.5);
                ((skin.depth / straight).min(MOST_OFFSET), 0.0)
            } else {
                (-wrap.min(-skin.depth), (-skin.depth - wrap).max(0.0))
            };
            // Contact needs the face to look at the skin, not only to be near it.
            let facing = smoothstep([0.0, 0.3], -skin.normal.dot(&ray.along));
            column.coupling = ((1.0 - smoothstep(GEL, gap)) * facing) as f32;
            if column.coupling == 0.0 {
                continue;
            }
            for (k, node) in column.nodes.iter_mut().enumerate() {
                let deep = f64::from(depth) * k as f64 / SEGMENTS as f64;
                let moved = squeeze * deep * (-deep / SQUEEZE_REACH).exp() - offset * (-deep / OFFSET_REACH).exp();
                let rest = body.material_point(motion, &(ray.face + ray.along * (deep + moved)));
                let point = [rest.x as f32, rest.y as f32, rest.z as f32];
                let skin = body.skin(&BodyMotion::REST, &rest).depth as f32;
                *node = Node { point, skin, slow: speckle.slow(point, SLOW_SIZE) };
            }
        }
    }

    /// For each group of segments between this column and the next: a node in it, and the radius (m) of a ball around that
    /// holds the whole group; `None` without contact.
    pub(super) fn balls(&self, column: usize) -> Option<[(Node, f32); GROUPS]> {
        let column = column.min(COLUMNS - 2);
        let sides =
            [&self.columns[column], &self.columns[column + 1]].map(|side| (side.coupling > 0.0).then_some(side));
        // With one side in contact, lines are continued from there: twice as far as to the side's own neighbour.
        let slack = if sides.contains(&None) { LOOSE_SLACK } else { SLACK };
        let side = sides.iter().flatten().next()?;
        Some(std::array::from_fn(|group| {
            let middle = side.nodes[group * GROUP + GROUP / 2];
            let corners = [group * GROUP, (group + 1) * GROUP];
            let nodes = sides.iter().flatten().flat_map(|side| corners.map(|corner| side.nodes[corner].point));
            let radius = nodes.map(|corner| distance(middle.point, corner)).fold(0.0, f32::max);
            (middle, radius * slack)
        }))
    }

    /// The nodes of one line.
    pub(super) fn line(&self, line: usize) -> Column {
        let (first, rest) = (line / COLUMN_LINES, line % COLUMN_LINES);
        let (left, right) = (&self.columns[first], &self.columns[first + 1]);
        // A column without contact has no nodes of this picture: its neighbour's serve, faded by the coupling.
        match (left.coupling > 0.0, right.coupling > 0.0) {
            (true, true) => left.between(right, rest as f32 / COLUMN_LINES as f32),
            (true, false) => self.beyond(first, first.checked_sub(1), line),
            (false, true) => self.beyond(first + 1, (first + 2 < COLUMNS).then_some(first + 2), line),
            (false, false) => Column { coupling: 0.0, ..left.clone() },
        }
    }

    /// The nodes of a line next to the outermost column in contact, continued straight from the one before.
    fn beyond(&self, outer: usize, inner: Option<usize>, line: usize) -> Column {
        let outer_line = outer * COLUMN_LINES;
        let away = line.abs_diff(outer_line) as f32 / COLUMN_LINES as f32;
        let outer = &self.columns[outer];
        let inner = inner.map(|inner| &self.columns[inner]).filter(|inner| inner.coupling > 0.0);
        let mut column = inner.map_or_else(|| outer.clone(), |inner| inner.between(outer, 1.0 + away));
        column.coupling = outer.coupling * (1.0 - away).max(0.0);
        column
    }
}

/// One line in the air or in the body as it stands, frame `patient`.
struct Ray {
    face: Point3<f64>,
    along: Vector3<f64>,
}

impl Ray {
    fn new(tip: &Pose<Patient>, line: f32) -> Self {
        let (sin, cos) = f64::from(line_angle(line)).sin_cos();
        let along = Vector3::new(sin, 0.0, cos);
        let face = Point3::from(along * f64::from(FACE_RADIUS) - Vector3::z() * f64::from(FACE_RADIUS));
        Self { face: tip.isometry() * face, along: tip.isometry() * along }
    }
}

fn distance(a: [f32; 3], b: [f32; 3]) -> f32 {
    a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum::<f32>().sqrt()
}

/// 0 below `from`, 1 above `to`, smooth between.
fn smoothstep([from, to]: [f64; 2], x: f64) -> f64 {
    let t = ((x - from) / (to - from)).clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}
