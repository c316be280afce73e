//! An operator whose hand holds a haptic device: it wants to follow a plan, and feels the contact.
//!
//! The hand is a mass between the hand's spring and damper, which pull it to where the plan wants it, and the force of the
//! device. That force comes from the same [`HapticCoupling`] that the console's haptic handles use, stepped at 1 kHz.

#[cfg(test)]
mod tests;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use farprobe_control::haptic::{Engagement, Felt, HapticCoupling, HapticTuning};
use farprobe_geom::{Pose, Time};
use farprobe_proto::{Ladder, State};
use nalgebra::{Isometry3, Translation3, Vector3};

use crate::{Operator, Wish};

/// How a hand on a device feels from outside.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Grip {
    /// What moves with the handle: fingers or arm, and the moved parts of the device, kg.
    pub mass: f64,
    /// N·s/m.
    pub damping: f64,
    /// N/m.
    pub stiffness: f64,
}

impl Grip {
    /// Fingers that hold a stylus: 200 to 800 N/m in fingertips (Hajian and Howe, J. Biomech. Eng. 119, 1997), a little more
    /// than critically damped, with the moved parts of a desktop device.
    pub const PEN: Self = Self { mass: 0.15, damping: 18.0, stiffness: 400.0 };
    /// A relaxed arm: 0.554 kg, 6.45 N·s/m and 135 N/m, identified from perturbations of one subject (van Beek et al.,
    /// Scientific Reports 5:18004, 2015). It swings by itself: a damping ratio of 0.37.
    pub const RELAXED_ARM: Self = Self { mass: 0.554, damping: 6.45, stiffness: 135.0 };
}

/// What stands between the cart's word and the device's force.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Reflection {
    /// The passivity controller.
    Passive(HapticTuning),
    /// The bare share of the force, within the device's limit: what must fail.
    Bare(HapticTuning),
}

/// How the handle's port stands.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Port {
    /// Where the handle is, in its own frame, m.
    pub position: Vector3<f64>,
    /// What the device pushes with, N.
    pub force: Vector3<f64>,
    /// What the hand has given away less what it got back, by the true motion, J.
    pub energy: f64,
    /// The least `energy` ever was, J.
    pub least_energy: f64,
    /// The strongest the device ever pushed, N.
    pub peak_force: f64,
}

/// A look at the port of a hand that a world has taken away.
#[derive(Debug, Clone, Default)]
pub struct PortWatch(Arc<Mutex<Port>>);

impl PortWatch {
    /// How the port stands now.
    pub fn port(&self) -> Port {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, port: Port) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = port;
    }
}

/// Steps of the hand's integration: a fortieth of the fastest time constant of the grips, √(m/k) = 19 ms, and less.
const STEP: Duration = Duration::from_micros(250);
/// The device asks for a new force after so many steps: 1 kHz.
const STEPS_PER_FORCE: u64 = 4;
/// A hand that was not asked for longer than this has stood still meanwhile.
const LONGEST_GAP: Duration = Duration::from_millis(100);

/// A hand on a haptic device. Only the position yields to force; the fingers turn the handle as they like.
#[derive(Debug)]
pub struct HapticHand<O> {
    plan: O,
    grip: Grip,
    reflection: Reflection,
    coupling: HapticCoupling,
    /// The newest state that was felt: its number, and when it arrived.
    felt: Option<(u64, Felt)>,
    simulated_to: Option<Time>,
    steps: u64,
    velocity: Vector3<f64>,
    port: Port,
    watch: PortWatch,
}

impl<O: Operator> HapticHand<O> {
    /// A hand that wants what `plan` does.
    pub fn new(plan: O, grip: Grip, reflection: Reflection) -> Self {
        let (Reflection::Passive(tuning) | Reflection::Bare(tuning)) = reflection;
        Self {
            plan,
            grip,
            reflection,
            coupling: HapticCoupling::new(tuning),
            felt: None,
            simulated_to: None,
            steps: 0,
            velocity: Vector3::zeros(),
            port: Port::default(),
            watch: PortWatch::default(),
        }
    }

    /// Something to look at the port with while a world has the hand.
    pub fn watch(&self) -> PortWatch {
        self.watch.clone()
    }

    fn hear(&mut self, now: Time, state: Option<&State>) {
        let Some(state) = state else { return };
        if self.felt.is_none_or(|(sequence, _)| sequence != state.sequence) {
            self.felt = Some((state.sequence, Felt { heard_at: now, wrench: state.wrench }));
        }
    }

    /// The force of the device at `now`, N, in the handle's frame.
    fn force(&mut self, now: Time, pose: &Pose<farprobe_geom::Handle>, engagement: Engagement) -> Vector3<f64> {
        let felt = self.felt.map(|(_, felt)| felt);
        match self.reflection {
            Reflection::Passive(_) => {
                if let Some(felt) = &felt {
                    self.coupling.feel(felt);
                }
                self.coupling.step(now, pose, engagement)
            }
            Reflection::Bare(tuning) => match (felt, engagement) {
                (Some(felt), Engagement::Engaged) => {
                    (pose.rotation() * felt.wrench.force * tuning.reflection).cap_magnitude(tuning.strongest.get())
                }
                _ => Vector3::zeros(),
            },
        }
    }

    /// One step of the integration towards `wanted`.
    fn integrate(&mut self, wanted: &Vector3<f64>) {
        let dt = STEP.as_secs_f64();
        let Grip { mass, damping, stiffness } = self.grip;
        let pull = (wanted - self.port.position) * stiffness - self.velocity * damping;
        self.velocity += (pull + self.port.force) / mass * dt;
        let travel = self.velocity * dt;
        self.port.position += travel;
        self.port.energy -= self.port.force.dot(&travel);
        self.port.least_energy = self.port.least_energy.min(self.port.energy);
    }
}

impl<O: Operator> Operator for HapticHand<O> {
    fn act(&mut self, now: Time, state: Option<&State>) -> Wish {
        let Wish { clutch, pose: wanted, force } = self.plan.act(now, state);
        self.hear(now, state);
        let drives = clutch && state.is_some_and(|state| state.ladder == Ladder::Engaged);
        let engagement = if drives { Engagement::Engaged } else { Engagement::Apart };
        let mut at = match self.simulated_to {
            Some(at) if now.saturating_since(at) <= LONGEST_GAP => at,
            Some(_) => now,
            None => {
                self.port.position = wanted.position();
                now
            }
        };
        while now.saturating_since(at) >= STEP {
            if self.steps.is_multiple_of(STEPS_PER_FORCE) {
                let pose = at_position(&wanted, &self.port.position);
                self.port.force = self.force(at, &pose, engagement);
                self.port.peak_force = self.port.peak_force.max(self.port.force.norm());
            }
            self.steps += 1;
            self.integrate(&wanted.position());
            at = at + STEP;
        }
        self.simulated_to = Some(at);
        self.watch.set(self.port);
        Wish { clutch, pose: at_position(&wanted, &self.port.position), force }
    }

    fn wants_to_drive(&self, now: Time) -> bool {
        self.plan.wants_to_drive(now)
    }
}

fn at_position(wanted: &Pose<farprobe_geom::Handle>, position: &Vector3<f64>) -> Pose<farprobe_geom::Handle> {
    Pose::new(Isometry3::from_parts(Translation3::from(*position), wanted.rotation()))
}
