//! Shapes by their signed distance: negative inside, positive outside, in metres.

use crate::ultrasound::array::SEGMENT;

/// A position in the resting body, frame `patient`, m.
pub(super) type Vec3 = [f32; 3];

/// Points of one segment of a line, in the resting body.
#[derive(Debug, Clone)]
pub(in crate::ultrasound) struct Points {
    /// x, feet to head, m.
    pub(in crate::ultrasound) x: [f32; SEGMENT],
    /// y, to the left, m.
    pub(in crate::ultrasound) y: [f32; SEGMENT],
    /// z, up, m.
    pub(in crate::ultrasound) z: [f32; SEGMENT],
    /// Depth below the resting skin, m.
    pub(in crate::ultrasound) skin: [f32; SEGMENT],
}

/// A shape in the resting body.
#[derive(Debug, Clone)]
pub(in crate::ultrasound) enum Shape {
    /// An ellipsoid.
    Ellipsoid(Ellipsoid),
    /// A tube with round ends whose radius changes evenly.
    Tube {
        /// Middle of the first end, m.
        from: Vec3,
        /// Middle of the second end, m.
        to: Vec3,
        /// Radius at either end, m.
        radii: [f32; 2],
    },
    /// Where `normal · p < offset`; the normal has length 1.
    Below {
        /// Outward normal.
        normal: Vec3,
        /// Distance of the plane from the origin along the normal, m.
        offset: f32,
    },
    /// Everything less deep below the skin than this, m.
    Layer(f32),
    /// The rib cage's side of the costal arch: an inverted V on the belly with its tip at the xiphoid.
    UnderArch {
        /// x of the tip, m.
        tip: f32,
        /// How far the arch falls towards the feet for each metre to the side.
        fall: f32,
    },
    /// Ribs around the chest.
    Ribs(Ribs),
    /// Outside of a shape.
    Not(Box<Shape>),
    /// Inside of all of them.
    All(Vec<Shape>),
}

/// An ellipsoid with its first axis turned in the horizontal plane.
#[derive(Debug, Clone)]
pub(in crate::ultrasound) struct Ellipsoid {
    centre: Vec3,
    /// Cosine and sine of the turn.
    turn: [f32; 2],
    /// One over the half axes, 1/m.
    inverse: Vec3,
}

/// A row of elliptic tubes under the skin, evenly spaced along the body and falling towards the front.
#[derive(Debug, Clone, Copy)]
pub(in crate::ultrasound) struct Ribs {
    /// From one rib's middle to the next, m.
    pub(super) spacing: f32,
    /// How far a rib falls towards the feet for each metre up from the couch.
    pub(super) fall: f32,
    /// Depth of the middle below the skin, m.
    pub(super) depth: f32,
    /// Half height along the body and half thickness across the wall, m.
    pub(super) half: [f32; 2],
}

impl Ellipsoid {
    fn distance(&self, [x, y, z]: Vec3) -> f32 {
        let [dx, dy, dz] = [x - self.centre[0], y - self.centre[1], z - self.centre[2]];
        let [cos, sin] = self.turn;
        let p = [cos * dx + sin * dy, cos * dy - sin * dx, dz];
        let near = [p[0] * self.inverse[0], p[1] * self.inverse[1], p[2] * self.inverse[2]];
        let slope = [near[0] * self.inverse[0], near[1] * self.inverse[1], near[2] * self.inverse[2]];
        // First-order distance: the implicit function over its gradient. Exact at the surface, which is where it counts.
        let radius = length(near);
        radius * (radius - 1.0) / length(slope).max(1e-3)
    }
}

impl Ribs {
    fn distance(&self, x: f32, z: f32, skin: f32) -> f32 {
        // Kept positive, so that the truncating conversion counts ribs like a floor.
        let turns = (x + self.fall * z) / self.spacing + 64.0;
        let along = (turns - (turns as i32) as f32 - 0.5) * self.spacing;
        let across = skin - self.depth;
        let [height, thickness] = self.half;
        let radius = (along / height).hypot_fast(across / thickness);
        (radius - 1.0) * thickness
    }
}

trait HypotFast {
    fn hypot_fast(self, other: Self) -> Self;
}

impl HypotFast for f32 {
    /// Without the library's care for overflow, so that loops stay vectors; these are millimetres.
    fn hypot_fast(self, other: Self) -> Self {
        (self * self + other * other).sqrt()
    }
}

impl Shape {
    /// An ellipsoid by its middle, its half axes (m) and its turn from +x towards +y (rad).
    pub(in crate::ultrasound) fn ellipsoid(centre: Vec3, half: Vec3, turn: f32) -> Self {
        Self::Ellipsoid(Ellipsoid { centre, turn: [turn.cos(), turn.sin()], inverse: half.map(|half| 1.0 / half) })
    }

    /// A sphere.
    pub(in crate::ultrasound) fn sphere(centre: Vec3, radius: f32) -> Self {
        Self::ellipsoid(centre, [radius; 3], 0.0)
    }

    /// A tube.
    pub(in crate::ultrasound) fn tube(from: Vec3, to: Vec3, radii: [f32; 2]) -> Self {
        Self::Tube { from, to, radii }
    }

    /// Inside of any of them: outside of the outside of all.
    pub(super) fn any(shapes: impl Iterator<Item = Self>) -> Self {
        Self::Not(Box::new(Self::All(shapes.map(|shape| Self::Not(Box::new(shape))).collect())))
    }

    /// The half-space on the inner side of the plane through `point`; `outward` need not have length 1.
    pub(super) fn below(outward: Vec3, point: Vec3) -> Self {
        let norm = length(outward);
        let normal = outward.map(|part| part / norm);
        Self::Below { normal, offset: dot(normal, point) }
    }

    /// Distance of one point with its depth below the skin, m.
    pub(super) fn distance(&self, p: Vec3, skin: f32) -> f32 {
        match self {
            Self::Ellipsoid(ellipsoid) => ellipsoid.distance(p),
            Self::Tube { from, to, radii } => tube_distance(p, *from, *to, *radii),
            Self::Below { normal, offset } => dot(*normal, p) - offset,
            Self::Layer(thickness) => skin - thickness,
            Self::UnderArch { tip, fall } => (tip - fall * p[1].abs() - p[0]) / (1.0 + fall * fall).sqrt(),
            Self::Ribs(ribs) => ribs.distance(p[0], p[2], skin),
            Self::Not(shape) => -shape.distance(p, skin),
            Self::All(shapes) => shapes.iter().map(|shape| shape.distance(p, skin)).fold(f32::NEG_INFINITY, f32::max),
        }
    }

    /// Distances of the points of a segment, m.
    pub(super) fn distances(&self, points: &Points, out: &mut [f32; SEGMENT]) {
        let at = |i: usize| [points.x[i], points.y[i], points.z[i]];
        // One loop for each kind: the choice is made once a segment, and the loops become vectors.
        match self {
            Self::Ellipsoid(ellipsoid) => fill(out, |i| ellipsoid.distance(at(i))),
            Self::Tube { from, to, radii } => fill(out, |i| tube_distance(at(i), *from, *to, *radii)),
            Self::Layer(thickness) => fill(out, |i| points.skin[i] - thickness),
            Self::Ribs(ribs) => fill(out, |i| ribs.distance(points.x[i], points.z[i], points.skin[i])),
            Self::Below { .. } | Self::UnderArch { .. } => fill(out, |i| self.distance(at(i), points.skin[i])),
            Self::Not(shape) => {
                shape.distances(points, out);
                for distance in out.iter_mut() {
                    *distance = -*distance;
                }
            }
            Self::All(shapes) => {
                out.fill(f32::NEG_INFINITY);
                let mut one = [0.0; SEGMENT];
                for shape in shapes {
                    shape.distances(points, &mut one);
                    for (most, distance) in out.iter_mut().zip(&one) {
                        *most = most.max(*distance);
                    }
                }
            }
        }
    }
}

fn fill(out: &mut [f32; SEGMENT], distance: impl Fn(usize) -> f32) {
    for (i, slot) in out.iter_mut().enumerate() {
        *slot = distance(i);
    }
}

fn tube_distance(p: Vec3, from: Vec3, to: Vec3, [first, second]: [f32; 2]) -> f32 {
    let axis = sub(to, from);
    let out = sub(p, from);
    let along = (dot(out, axis) / dot(axis, axis)).clamp(0.0, 1.0);
    let away = [out[0] - along * axis[0], out[1] - along * axis[1], out[2] - along * axis[2]];
    length(away) - (first + along * (second - first))
}

fn sub(a: Vec3, b: Vec3) -> Vec3 {
    [a[0] - b[0], a[1] - b[1], a[2] - b[2]]
}

fn dot(a: Vec3, b: Vec3) -> f32 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

fn length(a: Vec3) -> f32 {
    dot(a, a).sqrt()
}
