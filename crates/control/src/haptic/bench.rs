//! A hand on a device, two delayed channels and a remote contact, for this module's tests.

use core::time::Duration;
use std::collections::VecDeque;

use farprobe_geom::{Handle, Pose, Time, Wrench};
use nalgebra::{Isometry3, Vector3};

use super::*;

/// A hand on a device as the handle's port feels it: a mass between the hand's spring and damper. N/m, N·s/m, kg.
#[derive(Debug, Clone, Copy)]
pub(super) struct HandModel {
    pub(super) mass: f64,
    pub(super) damping: f64,
    pub(super) stiffness: f64,
}

/// A pen grip: fingertips have 200 to 800 N/m (Hajian and Howe, J. Biomech. Eng. 119, 1997); the mass is that of the fingers and of the moved
/// parts of a desktop device; a damping ratio of about one.
pub(super) const PEN_GRIP: HandModel = HandModel { mass: 0.15, damping: 18.0, stiffness: 400.0 };
/// A relaxed arm that holds a handle: identified from perturbations of one subject as 0.554 kg, 6.45 N·s/m, 135 N/m (van
/// Beek et al., Scientific Reports 5:18004, 2015). Damping ratio 0.37: it swings.
pub(super) const RELAXED_ARM: HandModel = HandModel { mass: 0.554, damping: 6.45, stiffness: 135.0 };

/// What answers the handle at the far end: position in, force out.
pub(super) trait Remote {
    /// The force on the handle if it stands at `position` (m, inward positive), N, before any scaling; `dt` since the last call.
    fn answer(&mut self, position: f64, dt: f64) -> f64;
}

/// As the cart answers: pushing on asks for more force, with the cart's own limits of rate and a lag.
#[derive(Debug, Clone, Copy)]
pub(super) struct PressLaw {
    pub(super) surface: f64,
    pub(super) stiffness: f64,
    pub(super) most: f64,
    asked: f64,
    force: f64,
}

impl PressLaw {
    pub(super) fn new(surface: f64, stiffness: f64, most: f64) -> Self {
        Self { surface, stiffness, most, asked: 0.0, force: 0.0 }
    }
}

impl Remote for PressLaw {
    fn answer(&mut self, position: f64, dt: f64) -> f64 {
        let asked = ((position - self.surface) * self.stiffness).clamp(0.0, self.most);
        // 20 N/s up and 60 N/s down, then the force law's 1/35 s.
        self.asked = asked.clamp(self.asked - 60.0 * dt, self.asked + 20.0 * dt);
        self.force += (self.asked - self.force) * (dt / (dt + 1.0 / 35.0));
        self.force
    }
}

/// A packet under way.
#[derive(Debug, Clone, Copy)]
struct Packet {
    due: Time,
    sent: u64,
    value: f64,
}

/// One way: each value takes its own time, an older one that comes later is ignored, some are lost.
#[derive(Debug, Clone, Default)]
pub(super) struct Channel {
    packets: VecDeque<Packet>,
    newest: u64,
    sent: u64,
}

impl Channel {
    fn send(&mut self, now: Time, value: f64, way: Option<Duration>) {
        self.sent += 1;
        if let Some(way) = way {
            self.packets.push_back(Packet { due: now + way, sent: self.sent, value });
        }
    }

    /// What arrived last, if anything did.
    fn poll(&mut self, now: Time) -> Option<f64> {
        let mut arrived = None;
        let newest = &mut self.newest;
        self.packets.retain(|packet| {
            if packet.due > now {
                return true;
            }
            if packet.sent > *newest {
                (*newest, arrived) = (packet.sent, Some(packet.value));
            }
            false
        });
        arrived
    }
}

/// How one millisecond went.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seen {
    pub(super) at: f64,
    pub(super) position: f64,
    pub(super) force: f64,
    pub(super) remote: f64,
    pub(super) energy: f64,
}

/// What a bench does.
pub(super) struct Bench<R> {
    pub(super) hand: HandModel,
    pub(super) remote: R,
    pub(super) tuning: HapticTuning,
    /// Steps of the controller, ms.
    pub(super) period_ms: u64,
    /// The passivity controller, or the bare share of the force within the device's limit.
    pub(super) controller: Controller,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Controller {
    Passive,
    /// Only scaled and limited: what must fail.
    Bare,
}

impl<R: Remote> Bench<R> {
    /// Lets `seconds` pass. `intent` is where the hand wants to be (m) at a time (s); `way` is how long the next packet takes,
    /// `None` if it is lost.
    pub(super) fn run(
        &mut self,
        seconds: f64,
        intent: impl Fn(f64) -> f64,
        mut way: impl FnMut(u64) -> Option<Duration>,
    ) -> Vec<Seen> {
        let (mut up, mut down) = (Channel::default(), Channel::default());
        let mut coupling = HapticCoupling::new(self.tuning);
        let (mut x, mut v, mut force) = (0.0, 0.0, 0.0);
        let (mut commanded, mut heard, mut energy) = (0.0, None, 0.0);
        let mut trace = Vec::new();
        for ms in 0..(seconds * 1e3) as u64 {
            let now = Time::from_millis(1_000 + ms);
            let at = ms as f64 * 1e-3;
            if let Some(position) = up.poll(now) {
                commanded = position;
            }
            let remote = self.remote.answer(commanded, 1e-3);
            if ms % 4 == 0 {
                down.send(now, remote, way(ms));
            }
            if let Some(value) = down.poll(now) {
                heard = Some((now, value));
            }
            if ms % self.period_ms == 0 {
                let pose: Pose<Handle> = Pose::new(Isometry3::translation(0.0, 0.0, x));
                if let Some((heard_at, value)) = heard {
                    let wrench = Wrench::new(Vector3::z() * -value, Vector3::zeros());
                    coupling.feel(&Felt { heard_at, wrench });
                }
                force = match self.controller {
                    Controller::Passive => coupling.step(now, &pose, Engagement::Engaged).z,
                    Controller::Bare => {
                        let most = self.tuning.strongest.get();
                        (-heard.map_or(0.0, |(_, value)| value) * self.tuning.reflection).clamp(-most, most)
                    }
                };
            }
            if ms % 2 == 0 {
                up.send(now, x, way(ms));
            }
            let before = x;
            for _ in 0..4 {
                let HandModel { mass, damping, stiffness } = self.hand;
                v += (stiffness * (intent(at) - x) - damping * v + force) / mass * 0.25e-3;
                x += v * 0.25e-3;
            }
            energy -= force * (x - before);
            trace.push(Seen { at, position: x, force, remote, energy });
        }
        trace
    }
}

/// Half of what a value spans between two times, s.
pub(super) fn amplitude(trace: &[Seen], from: f64, to: f64, value: impl Fn(&Seen) -> f64) -> f64 {
    let (low, high) = trace
        .iter()
        .filter(|seen| (from..to).contains(&seen.at))
        .fold((f64::MAX, f64::MIN), |(low, high), seen| (low.min(value(seen)), high.max(value(seen))));
    (high - low) / 2.0
}

/// The least energy of a trace, J.
pub(super) fn least(trace: &[Seen]) -> f64 {
    trace.iter().map(|seen| seen.energy).fold(0.0, f64::min)
}
