//! Whether what the arm says of its joints can be true.
//!
//! Everything the gate knows of the tip follows from the joints. Angles that jump, speeds that are not those of the angles, and
//! angles that stand still while the setpoints move are not those of an arm that does what it is told.

use core::time::Duration;

use farprobe_geom::{Joints, MAX_AXES, Time};

use crate::fading::kept;
use crate::joints::JointLimits;

/// From one reading to the next no joint moves further than its greatest speed allows, by this share of it and this much, rad: half
/// a millimetre at a tip half a metre away.
const SPEED_ROOM: f64 = 1.2;
const LEAP: f64 = 1e-3;

/// Angles and the sum of the speeds may differ by this much, rad, of what was said in the last [`MEMORY`]: a speed that is wrong by
/// 0.03 rad/s for that long.
const DRIFT: f64 = 3e-3;

/// Time constant with which differences are forgotten, s.
const MEMORY: f64 = 0.100;

/// After a longer gap between readings nothing is known of the way in between.
const LONGEST_GAP: Duration = Duration::from_millis(20);

/// A setpoint has moved, and the arm should, from here on, rad: well above what an encoder resolves.
const MOVED: f64 = 0.2e-3;

/// So long after that the arm must have moved too. The slowest arm of the shipped cards answers after 25 ms. At 20 mm/s of the tip
/// the whole takes 45 ms.
const STILL_FOR: Duration = Duration::from_millis(40);

/// What the arm says in one tick.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ArmReport<'a> {
    /// When it was so.
    pub(crate) at: Time,
    /// Angles, rad.
    pub(crate) angles: &'a Joints,
    /// Speeds, rad/s.
    pub(crate) speeds: &'a Joints,
    /// The last setpoint that was sent, rad.
    pub(crate) sent: Option<&'a Joints>,
}

/// Whether it can be true.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Plausible {
    Yes,
    No,
}

/// Watches what the arm says.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ArmWatch {
    speed: Joints,
    last: Option<(Time, Joints, Joints)>,
    /// What the angles differ from the sum of the speeds of late, rad.
    drift: [f64; MAX_AXES],
    still: Option<Still>,
}

/// The same angles since some time ago.
#[derive(Debug, Clone, Copy)]
struct Still {
    angles: Joints,
    /// The setpoint of the first of them, rad.
    sent: Joints,
    /// When the setpoints had moved away from that.
    left_at: Option<Time>,
}

impl ArmWatch {
    pub(crate) const fn new(limits: &JointLimits) -> Self {
        Self { speed: limits.speed, last: None, drift: [0.0; MAX_AXES], still: None }
    }

    /// Judges what the arm says in this tick.
    pub(crate) fn judge(&mut self, now: Time, report: &ArmReport<'_>) -> Plausible {
        let (angles, speeds) = (report.angles, report.speeds);
        let axes = self.speed.axes();
        if angles.axes() != axes || speeds.axes() != axes || !angles.is_finite() || !speeds.is_finite() {
            *self = Self { last: None, drift: [0.0; MAX_AXES], ..*self };
            return Plausible::No;
        }
        let consistent = self.is_consistent(report);
        self.last = Some((report.at, *angles, *speeds));
        if consistent && !self.is_frozen(now, report) { Plausible::Yes } else { Plausible::No }
    }

    fn is_consistent(&mut self, report: &ArmReport<'_>) -> bool {
        let Some((at, angles, speeds)) = self.last else { return true };
        let elapsed = report.at.saturating_since(at);
        let dt = elapsed.as_secs_f64();
        let step = report.angles.zip_with(&angles, |angle, before| angle - before);
        let too_far = step.zip_with(&self.speed, |step, speed| step.abs() - (speed * dt * SPEED_ROOM + LEAP));
        let leaps = too_far.as_slice().iter().any(|excess| *excess > 0.0);
        if leaps || elapsed > LONGEST_GAP {
            // What comes next is measured by what it says now.
            self.drift = [0.0; MAX_AXES];
            return !leaps;
        }
        let mean = report.speeds.zip_with(&speeds, f64::midpoint);
        let kept = kept(dt, MEMORY);
        let mut consistent = true;
        for (drift, (step, speed)) in self.drift.iter_mut().zip(step.as_slice().iter().zip(mean.as_slice())) {
            *drift = *drift * kept + step - speed * dt;
            consistent &= drift.abs() <= DRIFT;
        }
        if !consistent {
            self.drift = [0.0; MAX_AXES];
        }
        consistent
    }

    /// Whether the arm says the very same angles although it was sent elsewhere.
    fn is_frozen(&mut self, now: Time, report: &ArmReport<'_>) -> bool {
        let Some(sent) = report.sent else {
            self.still = None;
            return false;
        };
        let afresh = Still { angles: *report.angles, sent: *sent, left_at: None };
        let mut still = self.still.filter(|still| still.angles == *report.angles).unwrap_or(afresh);
        // A setpoint that comes to where the arm stands asks nothing of it.
        let away = sent.zip_with(&still.sent, |to, from| (to - from).abs());
        let off = sent.zip_with(&still.angles, |to, angle| (to - angle).abs());
        let left = away.zip_with(&off, f64::min);
        still.left_at =
            if left.as_slice().iter().any(|left| *left >= MOVED) { still.left_at.or(Some(now)) } else { None };
        self.still = Some(still);
        still.left_at.is_some_and(|left| now.saturating_since(left) >= STILL_FOR)
    }
}

#[cfg(test)]
mod tests;
