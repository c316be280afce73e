//! The patient's outline: which points make lines, and what the lines enclose on the screen.

use egui::Pos2;
use nalgebra::Vector3;

/// Points of the patient's outline that are further apart than this belong to different lines, m.
const OUTLINE_GAP: f64 = 0.05;

/// The lines that neighbouring points make; a line that ends where it began is closed.
pub(super) fn lines(points: impl Iterator<Item = Vector3<f64>>) -> Vec<Vec<Vector3<f64>>> {
    let near = |a: &Vector3<f64>, b: &Vector3<f64>| (a - b).norm() < OUTLINE_GAP;
    let mut lines: Vec<Vec<Vector3<f64>>> = Vec::new();
    for point in points {
        match lines.last_mut() {
            Some(line) if line.last().is_some_and(|last| near(last, &point)) => line.push(point),
            _ => lines.push(vec![point]),
        }
    }
    for line in &mut lines {
        if let (Some(first), Some(last)) = (line.first().copied(), line.last())
            && line.len() > 2
            && near(&first, last)
        {
            line.push(first);
        }
    }
    lines
}

/// The convex hull of points on the screen, by Andrew's monotone chain.
pub(super) fn hull(mut points: Vec<Pos2>) -> Vec<Pos2> {
    points.sort_by(|a, b| a.x.total_cmp(&b.x).then(a.y.total_cmp(&b.y)));
    points.dedup();
    if points.len() < 3 {
        return points;
    }
    let chain = |points: &mut dyn Iterator<Item = Pos2>| {
        let mut chain: Vec<Pos2> = Vec::new();
        for point in points {
            while let [.., before, last] = chain.as_slice()
                && turn(*before, *last, point) <= 0.0
            {
                chain.pop();
            }
            chain.push(point);
        }
        chain.pop();
        chain
    };
    let mut hull = chain(&mut points.iter().copied());
    hull.extend(chain(&mut points.iter().rev().copied()));
    hull
}

/// Positive if the way from `a` over `b` to `c` turns to the side that y grows to.
fn turn(a: Pos2, b: Pos2, c: Pos2) -> f32 {
    (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x)
}

#[cfg(test)]
mod tests {
    use super::*;
    use egui::pos2;
    use proptest::prelude::*;

    #[test]
    fn the_hull_of_a_square_with_points_inside_is_its_corners() {
        let mut points = vec![pos2(0.0, 0.0), pos2(4.0, 0.0), pos2(4.0, 4.0), pos2(0.0, 4.0)];
        points.extend([pos2(1.0, 1.0), pos2(2.0, 3.0), pos2(2.0, 0.0)]);
        assert_eq!(hull(points).len(), 4);
    }

    #[test]
    fn rings_are_told_apart_and_closed() {
        let ring = |x: f64| {
            (0..32).map(move |step| {
                let angle = f64::from(step) / 32.0 * std::f64::consts::TAU;
                Vector3::new(x, 0.15 * angle.cos(), 0.11 * angle.sin())
            })
        };
        let lines = lines(ring(0.0).chain(ring(0.075)));
        assert_eq!(lines.iter().map(Vec::len).collect::<Vec<_>>(), [33, 33]);
        assert_eq!(lines[0].first(), lines[0].last());
    }

    proptest! {
        #[test]
        fn no_point_is_outside_the_hull(points in prop::collection::vec((0.0..100.0f32, 0.0..100.0f32), 0..40)) {
            let points: Vec<Pos2> = points.into_iter().map(|(x, y)| pos2(x, y)).collect();
            let hull = hull(points.clone());
            for point in points {
                for (at, corner) in hull.iter().enumerate() {
                    let next = hull[(at + 1) % hull.len()];
                    prop_assert!(turn(*corner, next, point) >= -0.1);
                }
            }
        }
    }
}
