//! Along the probe: free space, touch, force, lift-off.

use farprobe_geom::{MetrePerSecond, Newton, NewtonPerMetre};
use nalgebra::Vector3;

use super::press::{Moved, Press};
use super::stiffness::Stiffness;
use super::surface::SurfaceObserver;
use super::{Contact, ContactTuning, Directive};
use crate::reference::Guidance;
use crate::smooth::{Bounds, SmoothVelocity};

/// What the axial law looks at in a tick. Inward, towards the patient, is positive.
#[derive(Debug, Clone, Copy)]
pub(super) struct AxialInput {
    /// Contact force, N, pressing positive.
    pub(super) force: f64,
    /// Speed of the tip, m/s.
    pub(super) speed: f64,
    /// How fast the tip slides across the skin, m/s, not negative.
    pub(super) sliding: f64,
    /// Speed of the operator's reference, m/s.
    pub(super) operator_speed: f64,
    /// Whether the operator is still heard.
    pub(super) guidance: Guidance,
}

/// The law along the probe's axis.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Axial {
    tuning: ContactTuning,
    phase: Phase,
    press: Press,
    /// Who has the probe; the force goes on from the present one when the operator takes over.
    hand: Hand,
    /// In free space: how far the operator's reference leads the probe, m.
    lead: f64,
    /// For how long the probe has trembled to learn the stiffness, s.
    trembling: f64,
    /// The stiffness to expect at the next touch, N/m.
    expected: f64,
    /// How fast the tip slid across the skin in the tick before, m/s.
    slid: f64,
    smooth: SmoothVelocity,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Phase {
    Free {
        /// For how long the force has been above the threshold of touch, s.
        pressed_for: f64,
    },
    Touching {
        surface: SurfaceObserver,
        stiffness: Stiffness,
        /// For how long the force has been below the threshold of losing contact, s.
        lost_for: f64,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hand {
    Off,
    On,
}

/// Force from which on the probe touches, N: five times the sensor's σ.
const TOUCH: f64 = 0.5;
/// For how long it must be so, s: two readings, against a single outlier.
const TOUCH_FOR: f64 = 0.0015;
/// Force below which contact is being lost, N.
const LOSS: f64 = 0.3;
/// For how long it must be so, s. Bridges the valley of a heartbeat; the probe creeps on meanwhile.
const LOSS_FOR: f64 = 0.15;
/// How fast the probe looks for a skin it has just lost, m/s.
const CREEP: f64 = 0.002;
/// Time constant with which the speed of a skin that is no longer felt is forgotten, s.
const FORGETTING: f64 = 0.05;
/// How fast a lead over the probe is made up for in free space, 1/s.
const LEAD_RATE: f64 = 15.0;
/// How far the operator's reference may lead the probe in free space, m. At the approach speed that is half a second: the
/// probe does not go on long after the hand has stopped.
const LEASH: f64 = 0.005;
/// The most that is allowed for what is on its way when the operator lets go, N: 10 mm/s on tissue of 4 N/mm.
const ON_ITS_WAY: f64 = 0.3;
/// How far the probe trembles to learn the stiffness, m: 26 µm behind the estimator's high-pass, twice what skin does by itself. On a
/// belly of 1 N/mm that is 0.1 N; stiffer tissue tells it before the tremble has grown so far.
const TREMBLE: f64 = 0.1e-3;
/// In which time it grows to that, s.
const TREMBLE_GROWS: f64 = 0.3;
/// How quick it is, rad/s: 10 Hz, well above breath and heart, well within what the force loop hears.
const TREMBLE_PACE: f64 = 60.0;
/// What a release aims at, as a share of the force it must come below: room for noise, friction and a breath.
const RELEASE_SHARE: f64 = 0.75;
/// Inward speed in contact, m/s: skin that falls away by breathing, twice over.
const INWARD: f64 = 0.060;
/// Outward speed, m/s.
const OUTWARD: f64 = 0.200;
/// Bounds of a change inward, and of one outward (which lowers the force, and may be brisker).
const CHANGE_INWARD: Bounds = Bounds { speed: OUTWARD, acceleration: 2.0, jerk: 200.0 };
const CHANGE_OUTWARD: Bounds = Bounds { speed: OUTWARD, acceleration: 5.0, jerk: 500.0 };
/// How fast a force error is made up for, 1/s, and the observer's threefold pole, rad/s, on an arm that answers as fast as
/// plant card A. Found on the bench of this module's tests: stable with an estimate of the stiffness from 0.4 times to many
/// times the truth, and within the promises for breathing up to 1.6 times.
const FORCE_RATE: f64 = 35.0;
const OBSERVER_POLE: f64 = 30.0;
/// Lag of sensor, tick and the arm's own tracking, s; the arm's dead time comes on top.
const LOOP_LAG: f64 = 0.006;
/// The share of the lag that is looked ahead: more would answer to the noise of the measured speed.
const LEAD_SHARE: f64 = 0.75;
/// The whole lag on plant card A, s: on a slower arm the force is regulated more slowly, in proportion.
const LAG_OF_CARD_A: f64 = 0.008;

impl Axial {
    pub(super) fn new(tuning: ContactTuning) -> Self {
        Self {
            tuning,
            phase: Phase::Free { pressed_for: 0.0 },
            press: Press::none(),
            hand: Hand::Off,
            lead: 0.0,
            trembling: 0.0,
            expected: tuning.expected_stiffness.get(),
            slid: 0.0,
            smooth: SmoothVelocity::rest(),
        }
    }

    /// The force regulated to, N.
    pub(super) fn force_target(&self) -> Newton {
        match self.phase {
            Phase::Free { .. } => Newton::ZERO,
            Phase::Touching { .. } => Newton::new(self.press.force()).unwrap_or(Newton::ZERO),
        }
    }

    pub(super) fn contact(&self) -> Contact {
        match self.phase {
            Phase::Free { .. } => Contact::Free,
            Phase::Touching { surface, stiffness, .. } => Contact::Touching {
                stiffness: self.told_stiffness(&stiffness),
                surface_speed: MetrePerSecond::new(surface.skin_speed()).unwrap_or(MetrePerSecond::ZERO),
            },
        }
    }

    /// The stiffness as others are told it: nothing softer than what was expected before motion and force have shown it.
    fn told_stiffness(&self, stiffness: &Stiffness) -> NewtonPerMetre {
        let expected = self.tuning.expected_stiffness;
        let estimate = NewtonPerMetre::new(stiffness.estimate()).unwrap_or(expected);
        if stiffness.is_known() { estimate } else { estimate.max(expected) }
    }

    /// Comes to rest without looking at anything.
    pub(super) fn brake(&mut self, dt: f64) -> f64 {
        self.hand = Hand::Off;
        self.lead = 0.0;
        self.slew(0.0, dt)
    }

    /// The speed of this tick, m/s.
    pub(super) fn step(&mut self, dt: f64, directive: &Directive, input: &AxialInput) -> f64 {
        self.judge_contact(dt, input);
        self.judge_slide(directive, input);
        let wish = match directive {
            Directive::Rest => {
                self.hand = Hand::Off;
                0.0
            }
            Directive::Follow { desired_force } => self.follow(dt, desired_force.get(), input),
            Directive::Comply { ceiling } => self.comply(dt, ceiling.get(), input),
            Directive::Release { to } => self.comply(dt, to.get() * RELEASE_SHARE, input),
            Directive::Retract { speed } => {
                self.hand = Hand::Off;
                -speed.get().abs()
            }
        };
        let felt = matches!(self.phase, Phase::Touching { .. }) && input.force > LOSS;
        let inward = if felt { INWARD } else { self.tuning.approach_speed.get() };
        self.slew(wish.clamp(-OUTWARD, inward), dt)
    }

    fn slew(&mut self, wish: f64, dt: f64) -> f64 {
        let present = self.smooth.velocity().z;
        let bounds = if wish > present { CHANGE_INWARD } else { CHANGE_OUTWARD };
        // Where the bounds change in mid-motion the jerk of the new ones may come a little late.
        self.smooth.step(Vector3::z() * wish, &bounds, dt).z.clamp(-OUTWARD, INWARD)
    }

    /// Moves between free space and contact, and keeps the estimates.
    fn judge_contact(&mut self, dt: f64, input: &AxialInput) {
        let lifting = self.press.lift().is_some();
        match &mut self.phase {
            Phase::Free { pressed_for } => {
                *pressed_for = if input.force > TOUCH { *pressed_for + dt } else { 0.0 };
                if *pressed_for >= TOUCH_FOR {
                    let surface = SurfaceObserver::touch(input.force, input.speed);
                    let stiffness = Stiffness::touch(self.expected, input.force);
                    self.phase = Phase::Touching { surface, stiffness, lost_for: 0.0 };
                    self.press = Press::from_force(input.force, &self.tuning);
                    self.lead = 0.0;
                }
            }
            Phase::Touching { surface, stiffness, lost_for } => {
                let pace = stiffness.pace(surface.force()) * arm_pace(&self.tuning);
                surface.step(dt, input.force, input.speed, stiffness.cautious(), OBSERVER_POLE * pace);
                stiffness.step(dt, input.force, surface.tip_speed());
                if input.force > LOSS {
                    *lost_for = 0.0;
                } else {
                    *lost_for += dt;
                    surface.forget(dt, FORGETTING);
                }
                if *lost_for > if lifting { TOUCH_FOR } else { LOSS_FOR } {
                    // A probe that bounced off something hard comes back prepared.
                    self.expected = stiffness.estimate().max(self.tuning.expected_stiffness.get());
                    self.lead = -self.press.lift().unwrap_or(0.0);
                    self.press = Press::none();
                    self.phase = Phase::Free { pressed_for: 0.0 };
                }
            }
        }
    }

    /// Skin that slopes falls away from a probe that slides, until it slides no more. Who drives is quick to correct what that changes;
    /// where nobody does the slide ends within 50 ms, and what the observer takes that long to see would be pressed on.
    fn judge_slide(&mut self, directive: &Directive, input: &AxialInput) {
        let slid = core::mem::replace(&mut self.slid, input.sliding);
        let driven = matches!((directive, input.guidance), (Directive::Follow { .. }, Guidance::Live));
        if let Phase::Touching { surface, .. } = &mut self.phase
            && !driven
        {
            surface.slide_ends(slid, input.sliding);
        }
    }

    fn follow(&mut self, dt: f64, desired: f64, input: &AxialInput) -> f64 {
        let taken_over = self.hand == Hand::Off;
        self.hand = Hand::On;
        let (travel, moved) = (input.operator_speed * dt, input.speed * dt);
        match self.phase {
            Phase::Free { .. } => {
                self.lead = if taken_over { 0.0 } else { (self.lead + travel - moved).clamp(-LEASH, LEASH) };
                let wish = input.operator_speed + self.lead * LEAD_RATE;
                match input.guidance {
                    Guidance::Live => wish,
                    // Whoever is not heard may be gone: the skin is not touched for him.
                    Guidance::Stale => wish.min(0.0),
                }
            }
            Phase::Touching { surface, stiffness, .. } => {
                if taken_over {
                    self.press = Press::from_force(surface.force(), &self.tuning);
                }
                // While the stiffness is not known the observer runs ahead of the force.
                let present = surface.force().min(input.force);
                let operator = Moved { travel, present, guidance: input.guidance };
                self.press.follow(&operator, moved, desired, &self.tuning, dt);
                let pressing =
                    regulate(&surface, &stiffness, self.press.force(), &self.tuning) + self.tremble(dt, &stiffness);
                // The skin has just been lost: look for it, slowly.
                let pressing = if input.force < LOSS { pressing.max(CREEP) } else { pressing };
                match self.press.lift() {
                    None => pressing,
                    Some(lift) => pressing.min(input.operator_speed - lift * LEAD_RATE),
                }
            }
        }
    }

    /// The speed of a tremble that lets force and travel tell the stiffness, if nothing else has, m/s. Without it a law that takes
    /// soft tissue for stiff takes its own motion for the skin's, and swings.
    fn tremble(&mut self, dt: f64, stiffness: &Stiffness) -> f64 {
        if !stiffness.is_wanted() {
            self.trembling = 0.0;
            return 0.0;
        }
        self.trembling += dt;
        let amplitude = TREMBLE * (self.trembling / TREMBLE_GROWS).min(1.0);
        amplitude * TREMBLE_PACE * (TREMBLE_PACE * self.trembling).sin()
    }

    fn comply(&mut self, dt: f64, ceiling: f64, input: &AxialInput) -> f64 {
        let taken_off = self.hand == Hand::On;
        self.hand = Hand::Off;
        self.lead = 0.0;
        let Phase::Touching { surface, stiffness, .. } = self.phase else { return 0.0 };
        if taken_off {
            // While the stiffness is not known the observer runs ahead of the force; and a probe that is closing goes on a little.
            let lag = LOOP_LAG + self.tuning.arm_dead_time.as_secs_f64();
            let on_its_way = (surface.closing(lag) * stiffness.estimate()).clamp(0.0, ON_ITS_WAY);
            self.press.limit(surface.force().min(input.force) - on_its_way);
        }
        self.press.hold(ceiling, dt);
        let wish = regulate(&surface, &stiffness, self.press.force(), &self.tuning);
        // Nobody searches for skin that went away.
        if input.force > LOSS { wish } else { wish.min(0.0) }
    }
}

/// How fast this arm can be asked to answer, relative to plant card A.
fn arm_pace(tuning: &ContactTuning) -> f64 {
    (LAG_OF_CARD_A / (LOOP_LAG + tuning.arm_dead_time.as_secs_f64())).min(1.0)
}

/// The speed that brings the force to `wanted` (N) and stays with the skin.
fn regulate(surface: &SurfaceObserver, stiffness: &Stiffness, wanted: f64, tuning: &ContactTuning) -> f64 {
    let pace = stiffness.pace(surface.force()) * arm_pace(tuning);
    let on_its_way = surface.closing((LOOP_LAG + tuning.arm_dead_time.as_secs_f64()) * LEAD_SHARE);
    let missing = (wanted - surface.force()) / stiffness.cautious() - on_its_way;
    surface.skin_speed() + FORCE_RATE * pace * missing
}

#[cfg(test)]
mod tests;
