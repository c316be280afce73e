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
