//! The press depth: what the operator's motion along the probe means while it touches.

use super::ContactTuning;
use crate::reference::Guidance;

/// How fast the force asked for may rise, N/s: a hand that pushes on at the approach speed. In the 20 ms for which an operator is
/// believed without being heard it rises by 0.4 N, of the 1 N that is promised after a lost link.
const RISE: f64 = 20.0;
/// Without hearing from the operator the force asked for is no further ahead of the present one than this, N.
const AHEAD: f64 = 0.2;
/// With him it does not rise while it is further ahead than this, N: of the 1 N that is promised this is what may be on its way when
/// the last command comes. 8 N are pressed 0.7 s after touch.
const LEAD: f64 = 0.4;
/// How fast it may fall, N/s: lowering is always welcome, and 20 N are gone within the half second of Release.
const FALL: f64 = 60.0;
/// How much further than to zero the operator must pull back before the probe lifts off, m: a hand that slides sideways
/// with a tilted handle does not lift it by accident.
const SLACK: f64 = 0.002;
/// The least force that keeps contact while the operator has not pulled back, N: above the threshold of losing it.
const KEEPING: f64 = 1.0;
/// How far the lift may lag behind the operator, m.
const LONGEST_LIFT: f64 = 0.010;

/// How deep the operator presses, m, and the force asked for because of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Press {
    /// Press depth, m. Below −[`SLACK`] while the operator lifts the probe off: what is left to go outward.
    depth: f64,
    /// The force asked for, N, as it changes smoothly.
    force: f64,
}

/// What the operator did in a tick.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Moved {
    /// m, inward positive.
    pub(super) travel: f64,
    /// The present force, N.
    pub(super) present: f64,
    /// Whether the operator is still heard.
    pub(super) guidance: Guidance,
}

impl Press {
    /// Nothing is pressed.
    pub(super) const fn none() -> Self {
        Self { depth: 0.0, force: 0.0 }
    }

    /// Goes on from this force (N), so that nothing jumps: at touch, and when the operator takes over again.
    pub(super) fn from_force(force: f64, tuning: &ContactTuning) -> Self {
        let force = force.max(KEEPING);
        Self { depth: force / tuning.press_stiffness.get().max(1.0), force }
    }

    /// The force asked for, N.
    pub(super) const fn force(&self) -> f64 {
        self.force
    }

    /// How far the probe still has to lift, m; `None` while the operator does not lift it off.
    pub(super) fn lift(&self) -> Option<f64> {
        (self.depth < -SLACK).then_some(-self.depth - SLACK)
    }

    /// The operator did this while the probe moved by `moved` (m, inward positive). An operator who is not heard asks for no
    /// more than before.
    pub(super) fn follow(&mut self, operator: &Moved, moved: f64, desired: f64, tuning: &ContactTuning, dt: f64) {
        let stiffness = tuning.press_stiffness.get().max(1.0);
        let deepest = desired.max(KEEPING) / stiffness + tuning.press_margin.get().max(0.0);
        self.depth += operator.travel;
        if self.depth < -SLACK {
            // Lifting off: what the probe has moved outward is done.
            self.depth = (self.depth - moved.min(0.0)).min(-SLACK);
        }
        self.depth = self.depth.clamp(-LONGEST_LIFT, deepest);
        let asked =
            if self.depth < -SLACK { 0.0 } else { (stiffness * self.depth).clamp(KEEPING.min(desired), desired) };
        match operator.guidance {
            Guidance::Live if self.force > operator.present + LEAD => self.approach(asked, 0.0, FALL, dt),
            Guidance::Live => self.approach(asked, RISE, FALL, dt),
            Guidance::Stale => self.approach(asked.min(operator.present + AHEAD), 0.0, FALL, dt),
        }
    }

    /// The operator let go: no more is asked for from now on than the present force (N).
    pub(super) const fn limit(&mut self, present: f64) {
        self.force = self.force.min(present).max(0.0);
    }

    /// No operator: the force asked for is at most `ceiling` (N) and never rises.
    pub(super) fn hold(&mut self, ceiling: f64, dt: f64) {
        self.approach(self.force.min(ceiling), 0.0, FALL, dt);
    }

    fn approach(&mut self, asked: f64, rise: f64, fall: f64, dt: f64) {
        self.force = asked.clamp(self.force - fall * dt, self.force + rise * dt).max(0.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use farprobe_geom::{Metre, NewtonPerMetre};

    const DT: f64 = 1e-3;
    /// The shipped tuning: 2 N for each millimetre, and a margin of one.
    const TUNING: ContactTuning = ContactTuning {
        press_stiffness: NewtonPerMetre::literal(2_000.0),
        press_margin: Metre::literal(0.001),
        approach_speed: farprobe_geom::MetrePerSecond::literal(0.010),
        expected_stiffness: NewtonPerMetre::literal(25_000.0),
        arm_dead_time: core::time::Duration::from_millis(2),
    };

    /// Pushes on by this much (m; back, if negative) within so many ticks, with the probe where it is. What is asked for is there at
    /// once.
    fn push(press: &mut Press, travel: f64, ticks: u32, guidance: Guidance) {
        for _ in 0..ticks {
            let operator = Moved { travel: travel / f64::from(ticks), present: press.force, guidance };
            press.follow(&operator, 0.0, 8.0, &TUNING, DT);
        }
    }

    fn pressed(force: f64) -> Press {
        Press::from_force(force, &TUNING)
    }

    fn is_near(value: f64, expected: f64) {
        assert!((value - expected).abs() < 1e-9, "{value}, expected {expected}");
    }

    #[test]
    fn a_press_goes_on_from_the_present_force_and_keeps_contact() {
        assert_eq!(pressed(6.0).force(), 6.0);
        push(&mut pressed(6.0), 0.0, 100, Guidance::Live);
        assert_eq!(pressed(0.2).force(), KEEPING);
        // Of one that is softer than anything the press is still finite.
        let soft = ContactTuning { press_stiffness: NewtonPerMetre::literal(0.0), ..TUNING };
        assert_eq!(Press::from_force(6.0, &soft).depth, 6.0);
    }

    #[test]
    fn pushing_on_by_a_millimetre_asks_for_two_newtons_more_as_fast_as_a_force_may_rise() {
        let mut press = pressed(2.0);
        push(&mut press, 0.001, 1, Guidance::Live);
        is_near(press.force(), 2.0 + RISE * DT);
        push(&mut press, 0.0, 50, Guidance::Live);
        is_near(press.force(), 2.0 + 51.0 * RISE * DT);
        push(&mut press, 0.0, 500, Guidance::Live);
        is_near(press.force(), 4.0);
    }

    #[test]
    fn what_is_asked_for_waits_for_a_force_that_stays_behind_and_is_not_taken_back() {
        let mut press = pressed(4.0);
        let behind = |by: f64| Moved { travel: 0.0001, present: 4.0 - by, guidance: Guidance::Live };
        press.follow(&behind(LEAD + 0.01), 0.0, 8.0, &TUNING, DT);
        is_near(press.force(), 4.0);
        press.follow(&behind(LEAD), 0.0, 8.0, &TUNING, DT);
        is_near(press.force(), 4.0 + RISE * DT);
    }

    #[test]
    fn pulling_back_lowers_the_force_three_times_as_fast() {
        let mut press = pressed(6.0);
        push(&mut press, -0.001, 1, Guidance::Live);
        is_near(press.force(), 6.0 - FALL * DT);
        push(&mut press, 0.0, 500, Guidance::Live);
        is_near(press.force(), 4.0);
    }

    #[test]
    fn no_push_asks_for_more_than_is_desired_and_the_margin_is_all_that_must_be_pulled_back() {
        let mut press = pressed(2.0);
        push(&mut press, 0.1, 1_000, Guidance::Live);
        is_near(press.force(), 8.0);
        push(&mut press, -0.001, 1_000, Guidance::Live);
        is_near(press.force(), 8.0);
        push(&mut press, -0.001, 1_000, Guidance::Live);
        is_near(press.force(), 6.0);
        // Less than it takes to keep contact is asked for only by who desires less.
        press.follow(&Moved { travel: 0.0, present: 6.0, guidance: Guidance::Live }, 0.0, 0.4, &TUNING, 1.0);
        is_near(press.force(), 0.4);
    }

    #[test]
    fn contact_is_kept_until_the_hand_is_back_by_the_slack_and_then_the_probe_lifts() {
        let mut press = pressed(2.0);
        push(&mut press, -0.0029, 1_000, Guidance::Live);
        assert_eq!((press.lift(), press.force()), (None, KEEPING));
        push(&mut press, -0.0011, 1, Guidance::Live);
        is_near(press.lift().unwrap(), 0.001);
        push(&mut press, 0.0, 1_000, Guidance::Live);
        assert_eq!(press.force(), 0.0);
        assert_eq!(Press { depth: -SLACK, force: 1.0 }.lift(), None, "the slack itself lifts nothing");
        let mut still = Press { depth: -SLACK, force: 1.0 };
        push(&mut still, 0.0, 1_000, Guidance::Live);
        assert_eq!(still.force(), KEEPING);
    }

    #[test]
    fn what_the_probe_has_lifted_is_done_and_what_it_sinks_in_is_not_added() {
        let lifting = Press { depth: -0.006, force: 0.0 };
        let still = Moved { travel: 0.0, present: 0.0, guidance: Guidance::Live };
        for (moved, left) in [(-0.001, 0.003), (-0.004, 0.0), (-0.007, 0.0), (0.001, 0.004)] {
            let mut press = lifting;
            press.follow(&still, moved, 8.0, &TUNING, DT);
            is_near(press.lift().unwrap_or(0.0), left);
        }
        // In contact the probe moves with the breath, and that is no doing of the hand.
        let mut press = pressed(4.0);
        press.follow(&still, -0.003, 8.0, &TUNING, DT);
        is_near(press.force(), 4.0);
        assert_eq!(press.depth, pressed(4.0).depth);
    }

    #[test]
    fn a_lift_lags_by_a_centimetre_at_most() {
        let mut press = pressed(2.0);
        push(&mut press, -0.5, 100, Guidance::Live);
        is_near(press.lift().unwrap(), LONGEST_LIFT - SLACK);
    }

    #[test]
    fn an_operator_who_is_not_heard_lowers_the_force_and_never_raises_it() {
        let mut press = pressed(4.0);
        push(&mut press, 0.002, 100, Guidance::Stale);
        is_near(press.force(), 4.0);
        // The patient has yielded: no further ahead of the present force than a little.
        let unheard = Moved { travel: 0.0, present: 2.0, guidance: Guidance::Stale };
        (0..1_000).for_each(|_| press.follow(&unheard, 0.0, 8.0, &TUNING, DT));
        is_near(press.force(), 2.0 + AHEAD);
    }

    #[test]
    fn without_an_operator_the_force_is_held_limited_and_lowered() {
        let mut press = pressed(6.0);
        press.hold(15.0, DT);
        is_near(press.force(), 6.0);
        press.hold(2.0, DT);
        is_near(press.force(), 6.0 - FALL * DT);
        (0..1_000).for_each(|_| press.hold(2.0, DT));
        is_near(press.force(), 2.0);
        press.limit(3.0);
        is_near(press.force(), 2.0);
        press.limit(1.5);
        is_near(press.force(), 1.5);
        press.limit(-1.0);
        assert_eq!(press.force(), 0.0);
        press.hold(2.0, 1.0);
        assert_eq!(press.force(), 0.0, "it never rises again");
    }
}
