//! What a driver has done so far.

use std::time::Duration;

use farprobe_geom::Time;
use farprobe_sim::link::{LinkCounts, Way};
use hdrhistogram::Histogram;

use crate::driver::{Handled, Scheduling};

/// What became of the packets of both ways.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// When the line began, by the machine's monotonic clock.
    pub began: Time,
    /// Until when this counts.
    pub until: Time,
    /// How its thread was scheduled.
    pub scheduling: Scheduling,
    /// From who calls to who is called.
    pub there: WayReport,
    /// The other way.
    pub back: WayReport,
    /// The last thing that went wrong with a socket or device, and what it means. Nothing for a sound one.
    pub trouble: Option<String>,
    /// Every packet that the line was given, in a driver's last report and if it was asked to keep them.
    pub handled: Vec<Handled>,
}

impl Report {
    /// One way of it.
    pub fn way(&self, way: Way) -> &WayReport {
        match way {
            Way::There => &self.there,
            Way::Back => &self.back,
        }
    }

    pub(crate) fn way_mut(&mut self, way: Way) -> &mut WayReport {
        match way {
            Way::There => &mut self.there,
            Way::Back => &mut self.back,
        }
    }
}

/// What became of the packets of one way.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct WayReport {
    /// What the line did.
    pub counts: LinkCounts,
    /// Of those it delivered, how many the system or the peer did not take.
    pub refused: u64,
    /// By how much the driver sent later than the line had planned.
    pub lateness: Lateness,
}

/// How late a driver was.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Lateness {
    /// Half of the packets were no later.
    pub p50: Duration,
    /// 99 of 100 packets were no later.
    pub p99: Duration,
    /// The latest.
    pub max: Duration,
}

/// Counts lateness.
#[derive(Debug, Clone)]
pub(crate) struct LatenessCount(Histogram<u64>);

/// Later than this counts as this: a machine that stands still for longer is no place to measure.
const LATEST: Duration = Duration::from_mins(1);

impl LatenessCount {
    pub(crate) fn new() -> Self {
        // Two digits: 1 % of what is measured in tens of microseconds.
        Self(Histogram::new_with_max(LATEST.as_nanos() as u64, 2).expect("a range and a precision the crate documents"))
    }

    pub(crate) fn add(&mut self, late: Duration) {
        self.0.saturating_record(late.as_nanos() as u64);
    }

    pub(crate) fn lateness(&self) -> Lateness {
        let at = |quantile| Duration::from_nanos(self.0.value_at_quantile(quantile));
        Lateness { p50: at(0.5), p99: at(0.99), max: Duration::from_nanos(self.0.max()) }
    }
}
