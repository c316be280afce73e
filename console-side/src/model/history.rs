//! What was a moment ago: the force trace and the probe's trail.

use std::collections::VecDeque;
use std::time::Duration;

use farprobe_geom::{Base, MetrePerSecond, Newton, Pose, Time};
use nalgebra::Vector3;

/// What the force trace spans. Two or three breaths: enough to see whether the force follows them.
const TRACE_SPAN: Duration = Duration::from_secs(10);
/// Spacing of the trace's points: 10 s on about 100 points of screen need no more, and the datagrams come every 4 ms.
const TRACE_STEP: Duration = Duration::from_millis(40);
/// How far the probe moves before the trail takes a new point, m. Below the width of a line on screen.
const TRAIL_STEP_M: f64 = 0.002;
/// Points of the trail: 800 × 2 mm are 1.6 m of scanning.
const TRAIL_CAPACITY: usize = 800;
/// The time speed is measured over: long against the sensor's noise, short against a change of mind.
const SPEED_SPAN: Duration = Duration::from_millis(200);

/// The contact force of the last ten seconds. Within a step the largest force is kept, so that no peak goes unseen.
#[derive(Debug, Clone, Default)]
pub struct ForceTrace {
    points: VecDeque<(Time, Newton)>,
}

impl ForceTrace {
    /// What the trace spans.
    pub const SPAN: Duration = TRACE_SPAN;

    pub(super) fn push(&mut self, at: Time, force: Newton) {
        if let Some((begun, peak)) = self.points.back_mut()
            && at.saturating_since(*begun) < TRACE_STEP
        {
            *peak = peak.max(force);
            return;
        }
        self.points.push_back((at, force));
        while self.points.front().is_some_and(|(first, _)| at.saturating_since(*first) > TRACE_SPAN) {
            self.points.pop_front();
        }
    }

    /// The points, oldest first: when (console clock) and how much.
    pub fn points(&self) -> impl ExactSizeIterator<Item = (Time, Newton)> {
        self.points.iter().copied()
    }

    /// The largest force in the trace.
    pub fn peak(&self) -> Option<Newton> {
        self.points.iter().map(|(_, force)| *force).reduce(Newton::max)
    }
}

/// Where the probe has been.
#[derive(Debug, Clone, Default)]
pub struct ProbeTrail {
    points: VecDeque<TrailPoint>,
    recent: VecDeque<(Time, Vector3<f64>)>,
}

/// One point of the trail.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TrailPoint {
    /// Where the tip was, m, in frame `base`.
    pub position: Vector3<f64>,
    /// Whether it touched.
    pub touching: bool,
}

impl ProbeTrail {
    /// `sampled_at` is the cart's clock: the speed must not shake with the network.
    pub(super) fn push(&mut self, sampled_at: Time, tip: &Pose<Base>, touching: bool) {
        let position = tip.position();
        let moved = self.points.back().is_none_or(|last| (last.position - position).norm() >= TRAIL_STEP_M);
        if moved {
            if self.points.len() == TRAIL_CAPACITY {
                self.points.pop_front();
            }
            self.points.push_back(TrailPoint { position, touching });
        }
        self.recent.push_back((sampled_at, position));
        while self.recent.len() > 2
            && self.recent.get(1).is_some_and(|(second, _)| sampled_at.saturating_since(*second) >= SPEED_SPAN)
        {
            self.recent.pop_front();
        }
    }

    /// The points, oldest first.
    pub fn points(&self) -> impl ExactSizeIterator<Item = TrailPoint> {
        self.points.iter().copied()
    }

    /// How fast the tip has moved over the last fifth of a second; `None` until it was watched that long.
    pub fn speed(&self) -> Option<MetrePerSecond> {
        let ((begun, from), (ended, to)) = (self.recent.front()?, self.recent.back()?);
        let seconds = ended.since(*begun)?.as_secs_f64();
        if seconds < SPEED_SPAN.as_secs_f64() * 0.5 {
            return None;
        }
        MetrePerSecond::new((to - from).norm() / seconds).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nalgebra::Isometry3;
    use proptest::prelude::*;

    fn force(newtons: f64) -> Newton {
        Newton::new(newtons).unwrap()
    }

    #[test]
    fn a_peak_of_one_datagram_stays_in_the_trace() {
        let mut trace = ForceTrace::default();
        for step in 0..1_000_u64 {
            trace.push(Time::from_millis(step * 4), force(if step == 333 { 19.0 } else { 8.0 }));
        }
        assert_eq!(trace.peak(), Some(force(19.0)));
        assert!(trace.points().len() <= 4_000 / 40 + 1, "{}", trace.points().len());
    }

    #[test]
    fn the_trace_forgets_what_is_older_than_its_span() {
        let mut trace = ForceTrace::default();
        trace.push(Time::ZERO, force(19.0));
        for step in 1..400_u64 {
            trace.push(Time::from_millis(step * 50), force(1.0));
        }
        assert_eq!(trace.peak(), Some(force(1.0)));
    }

    #[test]
    fn speed_is_known_after_a_tenth_of_a_second_and_right() {
        let mut trail = ProbeTrail::default();
        for step in 0..100_u64 {
            let at = Pose::new(Isometry3::translation(0.0, 0.02 * 0.004 * step as f64, 0.0));
            trail.push(Time::from_millis(step * 4), &at, true);
            assert_eq!(trail.speed().is_some(), step * 4 >= 100, "{step}");
        }
        assert!((trail.speed().unwrap().get() - 0.02).abs() < 1e-9);
    }

    proptest! {
        #[test]
        fn any_motion_keeps_the_trail_bounded(steps in prop::collection::vec(-0.1..0.1f64, 0..3_000)) {
            let mut trail = ProbeTrail::default();
            let mut x = 0.0;
            for (index, step) in steps.iter().enumerate() {
                x += step;
                trail.push(Time::from_millis(index as u64), &Pose::new(Isometry3::translation(x, 0.0, 0.0)), false);
            }
            prop_assert!(trail.points().len() <= TRAIL_CAPACITY);
            prop_assert!(trail.recent.len() <= 203);
        }
    }
}
