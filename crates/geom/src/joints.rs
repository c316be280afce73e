//! One number for each joint of the arm.

use core::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The most axes an arm may have. Seven is what redundant arms have (FR3, iiwa); a fixed bound keeps the real-time step
/// free of allocation.
pub const MAX_AXES: usize = 7;

/// One number for each joint: angles in rad, speeds in rad/s or torques in N·m, as the field that holds it says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Joints {
    axes: u8,
    values: [f64; MAX_AXES],
}

/// More axes were given than [`MAX_AXES`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooManyAxes;

impl fmt::Display for TooManyAxes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an arm has at most {MAX_AXES} axes")
    }
}

impl core::error::Error for TooManyAxes {}

impl Joints {
    /// Zero for each of `axes` joints; more than [`MAX_AXES`] count as [`MAX_AXES`].
    #[inline]
    pub const fn zero(axes: usize) -> Self {
        let axes = if axes > MAX_AXES { MAX_AXES } else { axes };
        Self { axes: axes as u8, values: [0.0; MAX_AXES] }
    }

    /// One value for each joint.
    pub fn from_slice(values: &[f64]) -> Result<Self, TooManyAxes> {
        let mut joints = Self::zero(values.len());
        joints.values.get_mut(..values.len()).ok_or(TooManyAxes)?.copy_from_slice(values);
        Ok(joints)
    }

    /// How many joints there are.
    #[inline]
    pub fn axes(&self) -> usize {
        usize::from(self.axes).min(MAX_AXES)
    }

    /// The values, one for each joint.
    #[inline]
    pub fn as_slice(&self) -> &[f64] {
        &self.values[..self.axes()]
    }

    /// The values, one for each joint.
    #[inline]
    pub fn as_mut_slice(&mut self) -> &mut [f64] {
        let axes = self.axes();
        &mut self.values[..axes]
    }

    /// The values, and zero for each joint the arm does not have: for matrices of [`MAX_AXES`] rows or columns.
    #[inline]
    pub const fn as_array(&self) -> &[f64; MAX_AXES] {
        &self.values
    }

    /// Whether every value is finite.
    #[inline]
    pub fn is_finite(&self) -> bool {
        self.as_slice().iter().all(|value| value.is_finite())
    }

    /// The values combined joint by joint; the shorter of the two decides how many joints there are.
    #[must_use]
    pub fn zip_with(&self, other: &Self, mut combine: impl FnMut(f64, f64) -> f64) -> Self {
        let mut out = Self::zero(self.axes().min(other.axes()));
        for (slot, (a, b)) in out.as_mut_slice().iter_mut().zip(self.as_slice().iter().zip(other.as_slice())) {
            *slot = combine(*a, *b);
        }
        out
    }
}

/// On the wire: the number of joints, then [`MAX_AXES`] `f32`, the unused ones zero. An angle keeps better than 0.5 µrad.
impl Serialize for Joints {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (self.axes, self.values.map(|value| value as f32)).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Joints {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (axes, values) = <(u8, [f32; MAX_AXES])>::deserialize(deserializer)?;
        let used = values.get(..usize::from(axes)).ok_or_else(|| serde::de::Error::custom(TooManyAxes))?;
        let mut joints = Self::zero(used.len());
        for (slot, value) in joints.as_mut_slice().iter_mut().zip(used) {
            *slot = f64::from(*value);
        }
        if joints.is_finite() { Ok(joints) } else { Err(serde::de::Error::custom(crate::NotFinite)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eight_axes_are_refused() {
        assert_eq!(Joints::from_slice(&[0.0; 8]), Err(TooManyAxes));
        assert_eq!(Joints::from_slice(&[1.0, 2.0]).map(|j| j.axes()), Ok(2));
    }
}
