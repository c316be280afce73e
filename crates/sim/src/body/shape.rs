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

/// The most Newton steps for the nearest point of the ellipse. Five are enough near the skin; the rest is for points near the
/// axis.
const MAX_NEWTON_STEPS: usize = 24;
/// Newton's method ends with a step that changes no part of the equation by more than this share. What it leaves is of the
/// order of the share's square: rounding.
const LAST_NEWTON_STEP: f64 = 1e-8;

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
    // Of length 1 either way.
    SkinPoint { depth, normal: Unit::new_unchecked(normal), region }
}

/// Depth below the side of the torso and its outward normal, of length 1.
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
    let normal = Unit::try_new(point - HEAD_CENTRE, f64::EPSILON).unwrap_or(Vector3::z_axis());
    SkinPoint { depth: head_depth(point), normal, region: Region::Skull }
}

/// How deep a point is below the head's skin, m: what [`head`] says, without the normal.
pub(super) fn head_depth(point: &Point3<f64>) -> f64 {
    HEAD_RADIUS - (point - HEAD_CENTRE).norm()
}

/// Depth (m, positive inside) of a point below the ellipse with these half axes around the origin, and the outward normal
/// at the nearest point of it.
///
/// The nearest point is `(a² u / (t + a²), b² v / (t + b²))` with the largest root t of `p² + q² = 1`, `p = a u / (t + a²)`
/// and `q = b v / (t + b²)` (Eberly, "Distance from a point to an ellipse", 2013). Left of the root `1 / √(p² + q²)` is
/// concave, rises, and is nearly straight, so Newton's method for `1 / √(p² + q²) = 1` started there comes to the root from
/// one side, can't leave it, and needs few steps (as in trust regions: Moré and Sorensen, "Computing a trust region step",
/// SIAM J. Sci. Stat. Comput. 4, 1983).
fn ellipse([a, b]: [f64; 2], point: Vector2<f64>) -> (f64, Vector2<f64>) {
    // On an axis the root may be double; a nanometre beside it nothing changes and it is single.
    let (u, v) = (point.x.abs().max(1e-9), point.y.abs().max(1e-9));
    let mut t = (a * u - a * a).max(b * v - b * b);
    for _ in 0..MAX_NEWTON_STEPS {
        let (by_a, by_b) = (1.0 / (t + a * a), 1.0 / (t + b * b));
        let (p, q) = (a * u * by_a, b * v * by_b);
        let square = p * p + q * q;
        let step = square * (square.sqrt() - 1.0) / (p * p * by_a + q * q * by_b);
        t += step;
        if step.abs() * by_a.max(by_b) < LAST_NEWTON_STEP {
            break;
        }
    }
    // From the nearest point to the given one it is t times the ellipse's gradient there, but for a factor of 2.
    let gradient = Vector2::new(u / (t + a * a), v / (t + b * b));
    let steepness = gradient.norm();
    let normal = gradient / steepness;
    (-t * steepness, Vector2::new(normal.x.copysign(point.x), normal.y.copysign(point.y)))
}
