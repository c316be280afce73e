//! The energy that went through the handle's port.

use nalgebra::Vector3;

/// Adds up the work between hand and device, for each axis of the handle by itself. See the [module](super)'s documentation for
/// the signs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PassivityObserver {
    /// What the device may still give back along each axis, J.
    accounts: Vector3<f64>,
    /// All that the hand has given away less all it got back, J.
    absorbed: f64,
    /// The least `absorbed` ever was, J.
    least: f64,
}

impl PassivityObserver {
    /// Nothing has been given away.
    pub fn new() -> Self {
        Self { accounts: Vector3::zeros(), absorbed: 0.0, least: 0.0 }
    }

    /// The device held `force` (N) while the handle moved by `travel` (m), both in the axes of the handle.
    pub fn moved(&mut self, force: &Vector3<f64>, travel: &Vector3<f64>) {
        let work = -force.component_mul(travel);
        if work.iter().all(|value| value.is_finite()) {
            self.accounts += work;
            self.absorbed += work.sum();
            self.least = self.least.min(self.absorbed);
        }
    }

    /// What is above `most` (J, for each axis) counts as lost for good.
    pub fn cap(&mut self, most: &Vector3<f64>) {
        self.accounts = self.accounts.zip_map(most, f64::min);
    }

    /// What may still be given back along each axis of the handle, J. Negative only if more was given than could be foreseen.
    pub const fn accounts(&self) -> Vector3<f64> {
        self.accounts
    }

    /// All that the hand has given away less all that it got back, J, since the beginning. Never less than the sum of
    /// [`Self::accounts`].
    pub const fn absorbed(&self) -> f64 {
        self.absorbed
    }

    /// The least that [`Self::absorbed`] ever was, J; zero or less.
    pub const fn least(&self) -> f64 {
        self.least
    }
}

impl Default for PassivityObserver {
    fn default() -> Self {
        Self::new()
    }
}
