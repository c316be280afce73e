//! Handles that push back. [`HapticDevice`] is the seam to them; the simulated one is [`SimulatedHand`].
//!
//! No device hears the raw contact force: [`farprobe_control::haptic`] stands between the cue and every
//! [`HapticDevice::push`], and keeps the handle passive under whatever delay.

mod config;
mod hand;

use std::time::Duration;

use farprobe_control::haptic::{Engagement, Felt, HapticCoupling};
use farprobe_geom::{Handle as HandleFrame, Pose, Time};
use nalgebra::Vector3;

pub use self::config::HapticConfig;
pub use self::hand::SimulatedHand;
use crate::{DeviceError, ForceCue, Handle, HandleEvent, HandleMotion, HandleSample};

/// A device that knows where its handle is and can push it. Neither call waits.
pub trait HapticDevice: Send {
    /// The device's name, for the console's status line.
    fn name(&self) -> &str;

    /// How the handle stands at `now`, console clock. An error means that the device is lost.
    fn read(&mut self, now: Time) -> Result<HapticReading, DeviceError>;

    /// Pushes the handle with this force, N, in the device's frame, until told otherwise. A device that hears nothing for
    /// 100 ms shall push no more by itself.
    fn push(&mut self, now: Time, force: Vector3<f64>);
}

/// How a haptic handle stands.
#[derive(Debug, Clone, PartialEq)]
pub struct HapticReading {
    /// Where the handle is, in its device's frame.
    pub pose: Pose<HandleFrame>,
    /// Whether the button on the stylus is held.
    pub clutch: bool,
    /// What was pressed since the reading before.
    pub events: Vec<HandleEvent>,
}

/// Force has to be renewed a thousand times a second to feel hard, but what is felt here comes over a network 250 times a
/// second: twice that.
const PERIOD: Duration = Duration::from_millis(2);

/// A haptic device as a handle: it says where it is, and feels the contact.
#[derive(Debug)]
pub struct HapticHandle<D: HapticDevice> {
    device: D,
    coupling: HapticCoupling,
    /// Whether the cart says that the handle moves the probe.
    cart: Engagement,
}

impl<D: HapticDevice> HapticHandle<D> {
    /// A handle made of `device`.
    pub fn new(config: HapticConfig, device: D) -> Result<Self, DeviceError> {
        Ok(Self { device, coupling: HapticCoupling::new(config.tuning()?), cart: Engagement::Apart })
    }
}

impl<D: HapticDevice> Handle for HapticHandle<D> {
    fn name(&self) -> &str {
        self.device.name()
    }

    fn period(&self) -> Duration {
        PERIOD
    }

    fn sample(&mut self, now: Time) -> Result<HandleSample, DeviceError> {
        let reading = match self.device.read(now) {
            Ok(reading) => reading,
            Err(error) => {
                self.coupling.let_go();
                self.device.push(now, Vector3::zeros());
                return Err(error);
            }
        };
        // With the clutch open the hand is free at once; it need not wait until the cart has heard of it.
        let engagement = if reading.clutch { self.cart } else { Engagement::Apart };
        let force = self.coupling.step(now, &reading.pose, engagement);
        self.device.push(now, force);
        let HapticReading { pose, clutch, events } = reading;
        Ok(HandleSample { sampled_at: now, motion: HandleMotion::Position(pose), clutch, away: None, events })
    }

    fn cue(&mut self, _now: Time, cue: &ForceCue) {
        self.cart = if cue.engaged { Engagement::Engaged } else { Engagement::Apart };
        self.coupling.feel(&Felt { heard_at: cue.heard_at, wrench: cue.wrench });
    }
}

#[cfg(test)]
mod tests;
