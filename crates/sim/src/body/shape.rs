//! The body's shape: an elliptic cylinder and a sphere, their distances and normals.

use nalgebra::{Point3, Unit, Vector2, Vector3};

use super::{BodyMotion, Region, SkinPoint};

/// Half of the torso's width, along y, m.
pub const TORSO_HALF_WIDTH: f64 = 0.16;
/// Half of the torso's height at end-expiration, along z, m; also the height of its axis above the couch.
pub const TORSO_HALF_HEIGHT: f64 = 0.11;
/// Where the torso begins at the hips and ends at the neck, along x, m.
pub const TORSO_ENDS: [f64; 2] = [-0.30, 0.45];
/// Where the belly ends and the chest begins, along x, m.
pub const COSTAL_MARGIN: f64 = 0.12;
/// Centre of the head, m.
pub const HEAD_CENTRE: Point3<f64> = Point3::new(0.60, 0.0, 0.10);
/// Radius of the head, m.
pub const HEAD_RADIUS: f64 = 0.09;

/// Half of the length over which the belly's stiffness goes over into the chest's, m: about a rib and its cartilage.
const COSTAL_BLEND: f64 = 0.02;
/// Where, along x (m), the belly's full rise begins to fade towards the chest, and where the chest's own rise is reached.
const CHEST_FADE: [f64; 2] = [0.05, 0.25];
/// Where, along x (m), the rise fades out towards the hips.
const HIP_FADE: [f64; 2] = [-0.25, -0.10];
/// What the chest rises for each metre the belly does. Lying on the back most of a quiet breath is the diaphragm's.
const CHEST_RISE: f64 = 0.4;
/// Depth (m) to which the wall keeps its place along x, and depth from which the organs slide freely with the diaphragm.
const WALL_DEPTH: [f64; 2] = [0.015, 0.040];

/// The most Newton steps for the nearest point of the ellipse. Seven are enough near the skin; the rest is for points
/// near the axis.
const MAX_NEWTON_STEPS: usize = 24;

/// 0 below `from`, 1 above `to`, smooth between.
fn smoothstep([from, to]: [f64; 2], x: f64) -> f64 {
    let t = ((x - from) / (to - from)).clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}

fn smoothstep_slope([from, to]: [f64; 2], x: f64) -> f64 {
    let t = ((x - from) / (to - from)).clamp(0.0, 1.0);
    6.0 * t * (1.0 - t) / (to - from)
}

/// How much of the belly's rise the torso shows at this x (m), 0..1.
pub(super) fn breathing_share(x: f64) -> f64 {
    smoothstep(HIP_FADE, x) * (1.0 - (1.0 - CHEST_RISE) * smoothstep(CHEST_FADE, x))
}

/// How [`breathing_share`] changes along x, 1/m.
pub(super) fn breathing_share_slope(x: f64) -> f64 {
    smoothstep_slope(HIP_FADE, x) * (1.0 - (1.0 - CHEST_RISE) * smoothstep(CHEST_FADE, x))
        - smoothstep(HIP_FADE, x) * (1.0 - CHEST_RISE) * smoothstep_slope(CHEST_FADE, x)
}

/// How much of the diaphragm's slide tissue this deep below the skin (m) follows, 0..1.
pub(super) fn organ_share(depth: f64) -> f64 {
    smoothstep(WALL_DEPTH, depth)
}

/// How much of the chest there is at this x (m): 0 on the belly, 1 on the chest.
pub(super) fn chest_share(x: f64) -> f64 {
    smoothstep([COSTAL_MARGIN - COSTAL_BLEND, COSTAL_MARGIN + COSTAL_BLEND], x)
}

/// The torso's skin nearest to a point.
pub(super) fn torso(motion: &BodyMotion, point: &Point3<f64>) -> SkinPoint {
    let region = if point.x < COSTAL_MARGIN { Region::Belly } else { Region::Chest };
    let side = torso_side(motion, point);
    // The flat ends; the body is inside of both and of the side, so the smallest depth is the nearest skin.
    let [hips, neck] = TORSO_ENDS;
    let (end_depth, end_normal) =
        if point.x - hips < neck - point.x { (point.x - hips, -Vector3::x()) } else { (neck - point.x, Vector3::x()) };
    let (depth, normal) = if end_depth < side.0 { (end_depth, end_normal) } else { side };
    SkinPoint { depth, normal: Unit::new_normalize(normal), region }
}

/// Depth below the side of the torso and its outward normal.
fn torso_side(motion: &BodyMotion, point: &Point3<f64>) -> (f64, Vector3<f64>) {
    let stretch = motion.stretch(point.x);
    let half_height = TORSO_HALF_HEIGHT * stretch;
    let (depth, across) = ellipse([TORSO_HALF_WIDTH, half_height], Vector2::new(point.y, point.z - half_height));
    // Where the torso is higher further along x, the skin is tilted: depth changes along x by what the nearest skin rises.
    let surface_height = point.z + across.y * depth;
    let rise = across.y * surface_height / stretch * motion.stretch_slope(point.x);
    let normal = Vector3::new(-rise, across.x, across.y);
    let tilt = normal.norm();
    (depth / tilt, normal / tilt)
}

/// The head's skin nearest to a point.
pub(super) fn head(point: &Point3<f64>) -> SkinPoint {
    let out = point - HEAD_CENTRE;
    let normal = Unit::try_new(out, f64::EPSILON).unwrap_or(Vector3::z_axis());
    SkinPoint { depth: HEAD_RADIUS - out.norm(), normal, region: Region::Skull }
}

/// Depth (m, positive inside) of a point below the ellipse with these half axes around the origin, and the outward normal
/// at the nearest point of it.
///
/// The nearest point is `(a² u / (t + a²), b² v / (t + b²))` with the largest root t of `(a u / (t + a²))² + (b v / (t +
/// b²))² = 1` (Eberly, "Distance from a point to an ellipse", 2013). Left of the root that function is convex and falls,
/// so Newton's method started there comes to the root from one side and can't leave it.
fn ellipse([a, b]: [f64; 2], point: Vector2<f64>) -> (f64, Vector2<f64>) {
    // On an axis the root may be double; a nanometre beside it nothing changes and it is single.
    let (u, v) = (point.x.abs().max(1e-9), point.y.abs().max(1e-9));
    let mut t = (a * u - a * a).max(b * v - b * b);
    for _ in 0..MAX_NEWTON_STEPS {
        let (p, q) = (a * u / (t + a * a), b * v / (t + b * b));
        let value = p * p + q * q - 1.0;
        let slope = -2.0 * (p * p / (t + a * a) + q * q / (t + b * b));
        let step = value / slope;
        t -= step;
        // t is an area of the size of a²: this is a millionth of a micrometre at the skin.
        if step.abs() < 1e-15 {
            break;
        }
    }
    let near = Vector2::new(a * a * u / (t + a * a), b * b * v / (t + b * b));
    let normal = Vector2::new(near.x / (a * a), near.y / (b * b)).normalize();
    let depth = normal.dot(&(near - Vector2::new(u, v)));
    (depth, Vector2::new(normal.x.copysign(point.x), normal.y.copysign(point.y)))
}
