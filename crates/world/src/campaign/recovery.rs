//! Phase two: everything is mended, and the operator asks to go on.

use std::time::Duration;

use farprobe_geom::Time;
use farprobe_proto::{Bedside, Clutch, Ladder, LinkReadiness};

use crate::invariants::{Checker, Invariant};
use crate::meter::{Figure, Meter};
use crate::observation::Observation;

/// From the operator's asking to driving.
const WITHIN: Duration = Duration::from_secs(2);

/// What is asked sooner may have left the console before it knew that all is well: it does not count.
const SETTLING: Duration = Duration::from_millis(500);

/// Until then the operator must have been able to ask: the descent ends parked after 5 s; the line is measured for 2 s once the
/// stamps of the fault are forgotten, which takes 10 s; and a person waits a moment before each press.
const ASKED_WITHIN: Duration = Duration::from_millis(13_500);

/// The staff try so often to reset what is latched.
const STAFF_PERIOD: Duration = Duration::from_millis(200);

/// Watches whether driving comes back after everything is mended, or goes on.
#[derive(Debug, Clone, Default)]
pub(super) struct Recovery {
    healed: Option<Time>,
    /// Since when the probe has been driven.
    driven: Option<Time>,
    asked: Option<Time>,
    staff_acted: Option<Time>,
    pressed: bool,
}

impl Recovery {
    pub(super) fn begin(&mut self, now: Time) {
        *self = Self { healed: Some(now), pressed: self.pressed, driven: self.driven, ..Self::default() };
    }

    /// Whether it is not yet known how it ends. The exam goes on until it is.
    pub(super) fn is_open(&self) -> bool {
        self.healed.is_some()
    }

    /// The exam is over. One that ends without an answer has not shown that driving comes back.
    pub(super) fn finish(&self, now: Time, checker: &mut Checker) {
        if let Some(healed) = self.healed {
            let at = healed.as_secs_f64();
            checker.report(Invariant::Liveness, now, || format!("undecided: healed at {at:.3} s, and the exam ended"));
        }
    }

    /// What the staff do now: they reset what is latched and allow motion again.
    pub(super) fn staff(&mut self, seen: &Observation<'_>) -> &'static [Bedside] {
        let due = self.staff_acted.is_none_or(|at| seen.now.saturating_since(at) >= STAFF_PERIOD);
        if self.healed.is_none() || !due {
            return &[];
        }
        self.staff_acted = Some(seen.now);
        match seen.outcome.state.ladder {
            Ladder::Fault | Ladder::EStop => &[Bedside::Reset],
            // What was found while nobody drove is forgiven by a reset too.
            Ladder::Idle => &[Bedside::Reset, Bedside::Consent, Bedside::Arm],
            _ => &[Bedside::Consent, Bedside::Arm],
        }
    }

    pub(super) fn tick(&mut self, seen: &Observation<'_>, checker: &mut Checker, meter: &mut Meter) {
        let state = &seen.outcome.state;
        let can_ask = matches!(state.ladder, Ladder::Ready | Ladder::Hold | Ladder::Soften | Ladder::Release)
            && state.link == LinkReadiness::Green;
        for heard in seen.heard.iter().filter(|heard| Some(heard.from) == seen.holder) {
            let pressed = heard.command.clutch == Clutch::Pressed;
            let settled = self.healed.is_some_and(|healed| seen.now.saturating_since(healed) > SETTLING);
            if core::mem::replace(&mut self.pressed, pressed) != pressed && pressed && settled {
                // The ladder has already heard it: it may be engaged by now.
                let engaged = state.ladder == Ladder::Engaged;
                self.asked = self.asked.or((can_ask || engaged).then_some(seen.now));
            }
        }
        let Some(healed) = self.healed else { return };
        self.driven = if state.ladder == Ladder::Engaged { self.driven.or(Some(seen.now)) } else { None };
        // Driving that goes on in the moment of the healing may not have noticed yet what was wrong.
        let settled = seen.now.saturating_since(healed) > SETTLING;
        if let Some(driven) = self.driven.filter(|_| settled) {
            meter.note(Figure::RecoveredMs, driven.saturating_since(healed).as_secs_f64() * 1e3);
            if let Some(asked) = self.asked {
                meter.note(Figure::ReengageMs, driven.saturating_since(asked).as_secs_f64() * 1e3);
            }
            self.healed = None;
        } else if self.asked.is_some_and(|asked| seen.now.saturating_since(asked) > WITHIN) {
            self.healed = None;
            checker.report(Invariant::Liveness, seen.now, || format!("asked, and still {:?}", state.ladder));
        } else if self.asked.is_none() && seen.now.saturating_since(healed) > ASKED_WITHIN {
            self.healed = None;
            checker.report(Invariant::Liveness, seen.now, || {
                format!("could not ask: {:?} ({:?}), link {:?}", state.ladder, state.cause, state.link)
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use farprobe_geom::{Newton, Twist};

    use super::*;
    use crate::{Hand, LineCard, World, WorldCard};

    /// An exam in which nobody presses, or presses at once, and what the recovery makes of it.
    fn recovery(hand: Hand, mut meddle: impl FnMut(&mut World, Time)) -> (Checker, Meter) {
        let mut world = World::new(&WorldCard::default(), &LineCard::PERFECT, 1, Box::new(hand)).unwrap();
        let (mut checker, mut meter) = (Checker::new(world.config(), None), Meter::default());
        let mut recovery = Recovery::default();
        recovery.begin(Time::ZERO);
        while world.now() < Time::from_millis(15_000) {
            let now = world.now();
            meddle(&mut world, now);
            world.tick();
            let seen = Observation { sent: Twist::zero(), ..Observation::of(&world).unwrap() };
            recovery.tick(&seen, &mut checker, &mut meter);
        }
        (checker, meter)
    }

    fn lasting() -> Duration {
        Duration::from_secs(15)
    }

    #[test]
    fn driving_that_comes_back_at_once_is_measured() {
        let hand = Hand::new(Newton::literal(8.0)).press(Time::from_millis(3_000));
        let (checker, meter) = recovery(hand, |_, _| {});
        assert_eq!(checker.breaks(), []);
        let figures = meter.finish(20.0, 1e4, Time::ZERO + lasting());
        // From the healing, at the very beginning, until the clutch was pressed.
        assert!(figures[&Figure::RecoveredMs].iter().all(|ms| (2_990.0..3_030.0).contains(ms)), "{figures:?}");
        assert!(figures[&Figure::ReengageMs].iter().all(|ms| *ms < 10.0), "{figures:?}");
    }

    #[test]
    fn an_exam_that_ends_without_an_answer_is_a_break() {
        let mut world =
            World::new(&WorldCard::default(), &LineCard::PERFECT, 1, Box::new(Hand::new(Newton::ZERO))).unwrap();
        let (mut checker, mut meter) = (Checker::new(world.config(), None), Meter::default());
        let mut recovery = Recovery::default();
        recovery.finish(Time::ZERO, &mut checker);
        assert_eq!((recovery.is_open(), checker.breaks()), (false, [].as_slice()), "nothing was broken");
        recovery.begin(Time::ZERO);
        world.tick();
        recovery.tick(&Observation::of(&world).unwrap(), &mut checker, &mut meter);
        assert!(recovery.is_open());
        recovery.finish(world.now(), &mut checker);
        assert_eq!(checker.breaks().iter().map(|found| found.invariant).collect::<Vec<_>>(), [Invariant::Liveness]);
    }

    #[test]
    fn an_operator_who_never_could_ask_is_a_break() {
        let (checker, _) = recovery(Hand::new(Newton::literal(8.0)), |_, _| {});
        assert_eq!(checker.breaks().iter().map(|found| found.invariant).collect::<Vec<_>>(), [Invariant::Liveness]);
    }

    #[test]
    fn a_cart_that_does_not_answer_the_asking_is_a_break() {
        // The staff disarm in the very tick in which the operator asks: as if the press had been lost in the cart.
        let hand = Hand::new(Newton::literal(8.0)).press(Time::from_millis(3_000));
        let (checker, _) = recovery(hand, |world, now| {
            if now == Time::from_millis(3_000) {
                world.remote_stop();
            }
        });
        assert_eq!(checker.breaks().iter().map(|found| found.invariant).collect::<Vec<_>>(), [Invariant::Liveness]);
    }
}
