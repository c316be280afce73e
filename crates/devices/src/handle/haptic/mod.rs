//! Handles that push back. [`HapticDevice`] is the seam to them; the simulated one is [`SimulatedHand`].

mod hand;
mod reflection;

use std::time::Duration;

use farprobe_geom::{Handle as HandleFrame, Pose, Time};
use nalgebra::Vector3;

pub use self::hand::SimulatedHand;
pub use self::reflection::HapticConfig;
use self::reflection::Reflection;
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
    reflection: Reflection,
}

impl<D: HapticDevice> HapticHandle<D> {
    /// A handle made of `device`.
    pub fn new(config: HapticConfig, device: D) -> Result<Self, DeviceError> {
        config.validate()?;
        Ok(Self { device, reflection: Reflection::new(config) })
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
                self.reflection.let_go();
                self.device.push(now, Vector3::zeros());
                return Err(error);
            }
        };
        if !reading.clutch {
            // The hand is free at once; it need not wait until the cart has heard of it.
            self.reflection.disengage();
        }
        let force = self.reflection.step(now, &reading.pose);
        self.device.push(now, force);
        let HapticReading { pose, clutch, events } = reading;
        Ok(HandleSample { sampled_at: now, motion: HandleMotion::Position(pose), clutch, events })
    }

    fn cue(&mut self, now: Time, cue: &ForceCue) {
        self.reflection.feel(now, cue);
    }
}

#[cfg(test)]
mod tests;
