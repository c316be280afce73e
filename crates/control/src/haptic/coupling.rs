//! The passivity controller.

use core::time::Duration;

use farprobe_geom::{Handle, Pose, Time, Tip, Wrench};
use nalgebra::Vector3;

use super::{HapticTuning, PassivityObserver};
use crate::smooth::capped;

/// The fastest rise of the force, N/s. A touch of 2 N comes up within 50 ms, which feels sudden; a faster step would kick the
/// hand, and the kick would go to the probe.
pub const FASTEST_RISE: f64 = 40.0;
/// The fastest rise that the hand's own motion need not explain, N/s: 2 N within 200 ms, which a resting hand answers without
/// being pushed along (the reflex takes 50–100 ms).
pub const STILL_RISE: f64 = 10.0;
/// In this time the strongest force is gone when nothing speaks for it any more, s, and the damper comes and goes. With [`HOLD`]
/// that is 100 ms after the last news; slower would go on pushing against a contact that may be over, faster would let the hand
/// fall forward, or knock at a new press of the clutch in mid-motion.
const FADE: f64 = 0.075;
/// Without news for this long the force stays: six states in a row may be late or lost.
const HOLD: Duration = Duration::from_millis(25);
/// The account is spent no faster than in this time, s: a few steps. It matters only where the ceiling of the force moves by much
/// within a step.
const SPENDING: f64 = 0.005;
/// The most a hand's acceleration changes a step unforeseen, m/s². Voluntary motion stays below 1 m/s², tremor of 0.3 mm at
/// 10 Hz has 1.2 m/s²; the rest is for the force itself, which may rise by 0.1 N on 50 g in a step.
const SWERVE: f64 = 5.0;
/// What the accounts may hold besides the spring's energy, J, along x, y and z of the handle. Into the patient: what 0.9 N cost that
/// come up against fingers of 400 N/m. Across the skin a tenth: a touch does not begin there, and what is left over from a slide is
/// not to feed a swing.
const KEPT: Vector3<f64> = Vector3::new(1e-4, 1e-4, 1e-3);
/// Damping while driving, N·s/m: 0.1 N at a brisk 50 mm/s. It fills what is kept, so that the first touch has something to live
/// on, and pays for the period of the stiffest contact: K·T/2 is 1 N·s/m at 1 kN/m and 2 ms. The lag of the speed and a
/// period of 2 ms leave it stable on anything that weighs more than 20 g.
const DAMPING: f64 = 2.0;
/// Time constant of the speed that is damped, s. A resolution of 10 µm at 1 kHz is 10 mm/s of noise; this leaves 2.
const SPEED_SMOOTHING: f64 = 0.005;
/// A step of time longer than this counts as this, s: after a stall the force must not leap.
const LONGEST_STEP: f64 = 0.02;

/// What the newest word of the cart says of the contact.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Felt {
    /// When the word arrived, by the clock that [`HapticCoupling::step`] is told. The same word may be handed in again.
    pub heard_at: Time,
    /// What the patient does to the probe.
    pub wrench: Wrench<Tip>,
}

/// Whether the hand moves the probe, as far as the console knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engagement {
    /// Clutch pressed and cart engaged: the hand feels what the probe feels.
    Engaged,
    /// What the probe feels is none of the hand's business.
    Apart,
}

/// From contact forces to the force on the hand, with the passivity observer and controller between them.
#[derive(Debug, Clone, PartialEq)]
pub struct HapticCoupling {
    tuning: HapticTuning,
    observer: PassivityObserver,
    felt: Option<Felt>,
    last: Option<Step>,
    /// The reflected part of the force that is on the hand, N, in the axes of the handle.
    reflected: Vector3<f64>,
    /// All of it, in the device's frame: so the device holds it while the handle turns.
    applied: Vector3<f64>,
    /// The handle's speed, smoothed, m/s, in its own axes.
    speed: Vector3<f64>,
    /// Damping, N·s/m.
    damping: f64,
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Step {
    at: Time,
    position: Vector3<f64>,
}

impl HapticCoupling {
    /// Without force.
    pub fn new(tuning: HapticTuning) -> Self {
        Self {
            tuning: tuning.sane(),
            observer: PassivityObserver::new(),
            felt: None,
            last: None,
            reflected: Vector3::zeros(),
            applied: Vector3::zeros(),
            speed: Vector3::zeros(),
            damping: 0.0,
        }
    }

    /// Takes the newest word of the cart.
    pub fn feel(&mut self, felt: &Felt) {
        self.felt = Some(*felt);
    }

    /// The device is lost: it pushes no more, and what was paid is forgotten.
    pub fn let_go(&mut self) {
        self.observer.cap(&Vector3::zeros());
        *self = Self { observer: self.observer, ..Self::new(self.tuning) };
    }

    /// The energy that went through the port.
    pub const fn observer(&self) -> &PassivityObserver {
        &self.observer
    }

    /// The force to put on the hand from `now` until the next step, N, in the device's frame, with the handle at `pose`. The
    /// steps may come at any pace; 1 kHz is usual.
    ///
    /// A pose that is not finite gives no force.
    pub fn step(&mut self, now: Time, pose: &Pose<Handle>, engagement: Engagement) -> Vector3<f64> {
        if !pose.is_finite() {
            self.let_go();
            return Vector3::zeros();
        }
        let position = pose.position();
        let Some(last) = self.last.replace(Step { at: now, position }) else { return Vector3::zeros() };
        let elapsed = now.saturating_since(last.at).as_secs_f64();
        let axes = pose.rotation();
        let travel = axes.inverse() * (position - last.position);
        self.observer.moved(&(axes.inverse() * self.applied), &travel);
        if elapsed <= 0.0 {
            return self.applied;
        }
        let dt = elapsed.min(LONGEST_STEP);
        self.speed += (travel / elapsed - self.speed) * (dt / (dt + SPEED_SMOOTHING));

        let contact = self.contact(now, engagement);
        let wanted = contact.map_or_else(Vector3::zeros, |force| self.share_of(&force));
        self.approach(&wanted, travel.norm(), dt);
        self.afford(&wanted);
        self.fade_damper(contact.map_or(0.0, |_| DAMPING), dt);
        let force = self.reflected - self.speed * self.damping;
        let shares = self.passive_shares(&force, &(travel * (dt / elapsed)), dt);
        self.reflected.component_mul_assign(&shares);
        self.applied = axes * capped(force.component_mul(&shares), self.tuning.strongest.get());
        self.applied
    }

    /// The contact force, N, in the tip's axes, if it is the hand's business and news.
    fn contact(&self, now: Time, engagement: Engagement) -> Option<Vector3<f64>> {
        let felt = self.felt.filter(|_| engagement == Engagement::Engaged)?;
        let usable = felt.wrench.is_finite() && now.saturating_since(felt.heard_at) <= HOLD;
        usable.then_some(felt.wrench.force)
    }

    /// What the hand should feel of a contact force if nothing else counted, N.
    fn share_of(&self, force: &Vector3<f64>) -> Vector3<f64> {
        capped(force * self.tuning.reflection, self.tuning.strongest.get())
    }

    /// Caps the accounts at what a spring with the wanted force holds, and the force at that of a spring that holds what the
    /// accounts hold.
    fn afford(&mut self, wanted: &Vector3<f64>) {
        let compliance = 1.0 / self.tuning.stiffness.get();
        self.observer.cap(&(wanted.component_mul(wanted) * (compliance / 2.0) + KEPT));
        let affordable = self.observer.accounts().map(|account| (2.0 / compliance * account.max(0.0)).sqrt());
        self.reflected = self.reflected.zip_map(&affordable, |force, most| force.clamp(-most, most));
    }

    /// Brings the reflected force nearer to what is wanted, within the limits of rate and stiffness.
    fn approach(&mut self, wanted: &Vector3<f64>, travel: f64, dt: f64) {
        let change = wanted - self.reflected;
        let most = if wanted.norm() < self.reflected.norm() {
            self.tuning.strongest.get() / FADE * dt
        } else {
            (self.tuning.stiffness.get() * travel + STILL_RISE * dt).min(FASTEST_RISE * dt)
        };
        self.reflected += capped(change, most);
    }

    fn fade_damper(&mut self, wanted: f64, dt: f64) {
        let most = DAMPING / FADE * dt;
        self.damping += (wanted - self.damping).clamp(-most, most);
    }

    /// The share of `force` along each axis that its account can pay for, 0 to 1. `travel` is what the next step moves if
    /// nothing changes.
    fn passive_shares(&self, force: &Vector3<f64>, travel: &Vector3<f64>, dt: f64) -> Vector3<f64> {
        let accounts = self.observer.accounts();
        // Moving against the force earns; a hand may swerve from that by so much before the next step.
        let swerve = SWERVE * dt * dt;
        Vector3::from_fn(|axis, _| {
            let along = force[axis].signum();
            let cost = force[axis].abs() * (along * travel[axis] + swerve).max(along * self.speed[axis] * SPENDING);
            if cost <= 0.0 { 1.0 } else { (accounts[axis].max(0.0) / cost).min(1.0) }
        })
    }
}

#[cfg(test)]
mod tests;
