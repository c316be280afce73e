//! The second rate limit, by wall time and not by message: a flood of messages, or a clock that stands still, can't multiply
//! the motion.

use farprobe_geom::Time;

use crate::timing::TICK;

/// How much motion may be saved up, s at full speed: more than the scheduler's jitter, far less than a dangerous stroke
/// (10 mm at the outward row's speed).
const DEPTH: f64 = 0.050;

/// Motion each axis has left. Filled by wall time at the axis' greatest speed; each message spends what it makes the arm
/// move in one tick. Knows nothing of the first limit's memory.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Budget {
    speeds: [f64; 6],
    left: [f64; 6],
    filled_at: Option<Time>,
}

/// The messages of late ask for more motion than time has passed for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Overspent;

impl Budget {
    /// Full. `speeds` are the greatest speed of each axis, m/s and rad/s.
    pub(crate) fn new(speeds: [f64; 6]) -> Self {
        Self { speeds, left: speeds.map(|speed| speed * DEPTH), filled_at: None }
    }

    /// Accounts for one message with these axis velocities.
    pub(crate) fn spend(&mut self, now: Time, velocities: &[f64; 6]) -> Result<(), Overspent> {
        let elapsed = self.filled_at.map_or(0.0, |last| now.saturating_since(last).as_secs_f64());
        self.filled_at = Some(now);
        let mut outcome = Ok(());
        for ((left, speed), velocity) in self.left.iter_mut().zip(self.speeds).zip(velocities) {
            let filled = (*left + speed * elapsed).min(speed * DEPTH);
            let rest = filled - velocity.abs() * TICK.as_secs_f64();
            // Written so that NaN overspends.
            if rest >= 0.0 {
                *left = rest;
            } else {
                *left = filled;
                outcome = Err(Overspent);
            }
        }
        outcome
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sr_011_full_speed_at_one_message_a_tick_lasts_for_ever() {
        let mut budget = Budget::new([0.2; 6]);
        for tick in 0..10_000 {
            assert_eq!(budget.spend(Time::from_millis(tick), &[0.2; 6]), Ok(()));
        }
    }

    #[test]
    fn sr_011_a_flood_of_messages_runs_dry() {
        let mut budget = Budget::new([0.2; 6]);
        let passed =
            (0..10_000u64).take_while(|n| budget.spend(Time::from_nanos(n * 100_000), &[0.2; 6]).is_ok()).count();
        // Ten messages a millisecond: 50 ms saved up, nine tenths of each message not covered by time.
        assert!((55..=56).contains(&passed), "{passed}");
    }

    #[test]
    fn sr_011_a_clock_that_stands_still_runs_dry() {
        let mut budget = Budget::new([0.2; 6]);
        let passed =
            (0..1000).take_while(|_| budget.spend(Time::ZERO, &[0.0, 0.0, -0.2, 0.0, 0.0, 0.0]).is_ok()).count();
        assert!((49..=50).contains(&passed), "{passed}");
    }

    #[test]
    fn sr_011_nan_overspends() {
        let mut budget = Budget::new([0.2; 6]);
        assert_eq!(budget.spend(Time::ZERO, &[f64::NAN, 0.0, 0.0, 0.0, 0.0, 0.0]), Err(Overspent));
    }
}
