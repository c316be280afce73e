//! Whether the lift that is enforced is made.

use core::time::Duration;

use farprobe_geom::Time;

/// A lift of which less than [`MADE_SHARE`] is made for so long in all is withheld. What is made meanwhile counts against it, tick for
/// tick. Joints that turn from the fastest descent to a lift need 20 ms.
const WITHHELD_AFTER: Duration = Duration::from_millis(50);

/// Of a longer gap between two ticks only so much counts: nobody has seen what was in it.
const LONGEST_TICK: Duration = Duration::from_millis(5);

/// Less than this share of the permitted motion outward is no lift. What is permitted is a tick ahead of what was made, 3 mm/s at most,
/// so that an arm that can't do more still makes its half from 3 mm/s on.
const MADE_SHARE: f64 = 0.5;

/// What the gate itself drives outward.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Lifting {
    /// Nothing: the control law may rest.
    No,
    /// A probe that may touch: the control law has to make what is permitted.
    Enforced,
}

/// Counts for how long an enforced lift was not made.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LiftWatch {
    short: Duration,
    last: Option<Time>,
}

impl LiftWatch {
    /// Nothing was enforced yet.
    pub(crate) const NEW: Self = Self { short: Duration::ZERO, last: None };

    /// Whether the lift was withheld for too long.
    pub(crate) fn is_withheld(&self) -> bool {
        self.short == WITHHELD_AFTER
    }

    /// Takes in what a setpoint makes of the motion that was permitted along the probe, m/s, outward negative.
    pub(crate) fn judge(&mut self, now: Time, lifting: Lifting, permitted: f64, made: f64) {
        let elapsed = self.last.replace(now).map_or(Duration::ZERO, |at| now.saturating_since(at)).min(LONGEST_TICK);
        self.short = match lifting {
            // What still brakes on its way in is no lift yet.
            Lifting::Enforced if permitted < 0.0 && made > permitted * MADE_SHARE => {
                self.short.saturating_add(elapsed).min(WITHHELD_AFTER)
            }
            Lifting::Enforced | Lifting::No => self.short.saturating_sub(elapsed),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// After how many ticks of a lift of 1 mm/s of which this is made, in the ticks that are chosen, it counts as withheld.
    fn withheld(made: f64, chosen: impl Fn(u64) -> bool) -> Option<u64> {
        let mut watch = LiftWatch::NEW;
        (0..1000).find(|tick| {
            let made = if chosen(*tick) { made } else { -0.001 };
            watch.judge(Time::from_millis(*tick), Lifting::Enforced, -0.001, made);
            watch.is_withheld()
        })
    }

    #[test]
    fn sr_049_half_of_a_lift_is_a_lift_and_less_is_none() {
        assert_eq!(withheld(-0.0005, |_| true), None);
        assert_eq!(withheld(-0.00049, |_| true), Some(50));
        assert_eq!(withheld(0.0, |_| true), Some(50));
        assert_eq!(withheld(0.01, |_| true), Some(50));
    }

    #[test]
    fn sr_049_one_tick_in_between_excuses_nothing() {
        assert_eq!(withheld(0.0, |tick| tick % 2 == 0), None, "half of the time");
        assert_eq!(withheld(0.0, |tick| tick % 3 != 0), Some(146));
    }

    #[test]
    fn sr_049_what_nobody_enforces_need_not_be_made() {
        let mut watch = LiftWatch::NEW;
        for (lifting, permitted) in [(Lifting::No, -0.1), (Lifting::Enforced, 0.0), (Lifting::Enforced, 0.01)] {
            for tick in 0..200 {
                watch.judge(Time::from_millis(tick), lifting, permitted, 0.02);
                assert!(!watch.is_withheld());
            }
        }
    }

    #[test]
    fn sr_049_what_was_in_a_gap_nobody_has_seen() {
        let mut watch = LiftWatch::NEW;
        let withheld = (0..20).find(|tick| {
            watch.judge(Time::from_millis(tick * 400), Lifting::Enforced, -0.1, 0.0);
            watch.is_withheld()
        });
        assert_eq!(withheld, Some(10));
    }
}
