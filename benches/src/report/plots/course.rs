//! What arrived around an event, and how old it was.

use super::super::results::Course;
use super::distribution::span;
use super::scale::{Scale, range};
use super::svg::{Anchor, Svg};
use super::tone;

const WIDTH: f64 = 520.0;
const HEIGHT: f64 = 250.0;
const LEFT: f64 = 62.0;
const RIGHT: f64 = 14.0;
const TOP: f64 = 12.0;
const BOTTOM: f64 = 44.0;

/// One subject; `ages` are the least and the largest age of all that are shown side by side, ms.
pub(in crate::report) fn plot(course: &Course, ages: (f64, f64), all: &[&str]) -> String {
    let mut svg = Svg::new(WIDTH, HEIGHT, &format!("Age of what arrived around the event, {}", course.subject));
    let times = course.points.iter().map(|point| point[0]).chain([-course.lasted_s * 1.05, 0.3]);
    let Some((first, last)) = range(times) else { return String::new() };
    let x = Scale::linear((first, last), (LEFT, WIDTH - RIGHT));
    let y = Scale::log((ages.0 * 0.8, ages.1 * 1.25), (HEIGHT - BOTTOM, TOP));
    svg.rect("dark", (x.at(-course.lasted_s), TOP), (x.at(0.0) - x.at(-course.lasted_s), HEIGHT - BOTTOM - TOP));
    let middle = x.at(-course.lasted_s * 0.5);
    svg.text("dark-text", (middle, f64::midpoint(TOP, HEIGHT - BOTTOM)), Anchor::Middle, &course.during);
    for mark in y.marks(3) {
        svg.line("grid", (LEFT, y.at(mark)), (WIDTH - RIGHT, y.at(mark)));
        svg.text("mark", (LEFT - 8.0, y.at(mark) + 4.0), Anchor::End, &span(mark * 1e3));
    }
    for mark in x.marks(6) {
        svg.line("grid", (x.at(mark), TOP), (x.at(mark), HEIGHT - BOTTOM));
        svg.text("mark", (x.at(mark), HEIGHT - BOTTOM + 17.0), Anchor::Middle, &format!("{mark:.1} s"));
    }
    let tone = tone(&course.subject, all);
    for [at, age, applied] in &course.points {
        let class = if *applied > 0.5 { format!("point {tone}") } else { "point refused".to_owned() };
        svg.dot(&class, (x.at(*at), y.at(*age)), 2.2);
    }
    let below = format!("time since {}", course.event);
    svg.text("axis", (f64::midpoint(LEFT, WIDTH - RIGHT), HEIGHT - 8.0), Anchor::Middle, &below);
    svg.finish()
}

/// The least and the largest age in all of `courses`, ms.
pub(in crate::report) fn ages(courses: &[&Course]) -> Option<(f64, f64)> {
    range(courses.iter().flat_map(|course| course.points.iter().map(|point| point[1])).filter(|age| *age > 0.0))
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::results;
    use super::*;

    #[test]
    fn what_is_refused_is_told_from_what_is_applied() {
        let results = results();
        let courses: Vec<_> = results.courses.iter().collect();
        assert_eq!(ages(&courses), Some((25.0, 900.0)));
        let svg = plot(&results.courses[0], (25.0, 900.0), &["farprobe"]);
        assert_eq!((svg.matches("point tone-own").count(), svg.matches("point refused").count()), (2, 1));
        assert_eq!(ages(&[]), None);
    }
}
