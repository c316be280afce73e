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

#[cfg(test)]
mod tests {
    use super::*;

    fn are_near(value: Vector3<f64>, expected: [f64; 3]) {
        assert!((value - Vector3::from(expected)).amax() < 1e-12, "{value:?}, expected {expected:?}");
    }

    #[test]
    fn moving_against_the_force_pays_along_each_axis_by_itself() {
        let mut observer = PassivityObserver::new();
        observer.moved(&Vector3::new(1.0, -2.0, 0.5), &Vector3::new(-0.02, 0.02, 0.1));
        are_near(observer.accounts(), [0.02, 0.04, -0.05]);
        assert!((observer.absorbed() - 0.01).abs() < 1e-12);
        assert_eq!(observer.least(), 0.0);
        observer.moved(&Vector3::z(), &(Vector3::z() * 0.03));
        are_near(observer.accounts(), [0.02, 0.04, -0.08]);
        assert!((observer.absorbed() + 0.02).abs() < 1e-12);
        observer.moved(&Vector3::z(), &(Vector3::z() * -0.1));
        assert!((observer.absorbed() - 0.08).abs() < 1e-12);
        assert!((observer.least() + 0.02).abs() < 1e-12, "what was given too much stays on record");
    }

    #[test]
    fn what_is_above_the_cap_is_lost_and_was_absorbed_all_the_same() {
        let mut observer = PassivityObserver::new();
        observer.moved(&Vector3::repeat(-1.0), &Vector3::new(0.3, 0.1, -0.2));
        observer.cap(&Vector3::repeat(0.2));
        are_near(observer.accounts(), [0.2, 0.1, -0.2]);
        assert!((observer.absorbed() - 0.2).abs() < 1e-12);
    }

    #[test]
    fn work_that_is_no_number_is_none() {
        let mut observer = PassivityObserver::new();
        observer.moved(&Vector3::x(), &-Vector3::x());
        for bad in [f64::NAN, f64::INFINITY] {
            observer.moved(&Vector3::new(0.0, bad, 0.0), &Vector3::repeat(1.0));
        }
        are_near(observer.accounts(), [1.0, 0.0, 0.0]);
        assert_eq!((observer.absorbed(), observer.least()), (1.0, 0.0));
    }
}
