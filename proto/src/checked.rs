//! Checks that run while a value is decoded, for fields whose type allows more than the field does.

use farprobe_geom::{Base, Pose};
use serde::{Deserialize, Deserializer, de::Error};

/// A position in m and a quaternion `w x y z`.
type PoseParts = ([f64; 3], [f64; 4]);

/// A number that is finite.
pub(crate) fn finite<'de, D: Deserializer<'de>, N: Number + Deserialize<'de>>(from: D) -> Result<N, D::Error> {
    let number = N::deserialize(from)?;
    if number.is_finite() { Ok(number) } else { Err(D::Error::custom("the number is not finite")) }
}

/// A quantity that is zero or more.
pub(crate) fn not_negative<'de, D, Q>(from: D) -> Result<Q, D::Error>
where
    D: Deserializer<'de>,
    Q: Deserialize<'de> + Into<f64> + Copy,
{
    let quantity = Q::deserialize(from)?;
    if quantity.into() >= 0.0 { Ok(quantity) } else { Err(D::Error::custom("the quantity is negative")) }
}

/// A quantity that is more than zero, if it is known.
pub(crate) fn positive_if_known<'de, D, Q>(from: D) -> Result<Option<Q>, D::Error>
where
    D: Deserializer<'de>,
    Q: Deserialize<'de> + Into<f64> + Copy,
{
    let quantity = Option::<Q>::deserialize(from)?;
    if quantity.is_none_or(|quantity| quantity.into() > 0.0) {
        Ok(quantity)
    } else {
        Err(D::Error::custom("the quantity is not positive"))
    }
}

/// The parts of a pose: finite, with a quaternion of norm 1.
pub(crate) fn pose_parts<'de, D: Deserializer<'de>>(from: D) -> Result<PoseParts, D::Error> {
    let parts = PoseParts::deserialize(from)?;
    // The frame does not matter to the check.
    Pose::<Base>::from_parts(parts.0, parts.1).map_err(D::Error::custom)?;
    Ok(parts)
}

/// Points whose every coordinate is finite.
pub(crate) fn finite_points<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<[f32; 3]>, D::Error> {
    let points = Vec::<[f32; 3]>::deserialize(from)?;
    if points.iter().all(Number::is_finite) { Ok(points) } else { Err(D::Error::custom("a point is not finite")) }
}

/// Numbers, and arrays of them, that may be NaN or infinite.
pub(crate) trait Number {
    /// Whether there is neither NaN nor infinity.
    fn is_finite(&self) -> bool;
}

impl Number for f32 {
    fn is_finite(&self) -> bool {
        Self::is_finite(*self)
    }
}

impl Number for f64 {
    fn is_finite(&self) -> bool {
        Self::is_finite(*self)
    }
}

impl<N: Number, const COUNT: usize> Number for [N; COUNT] {
    fn is_finite(&self) -> bool {
        self.iter().all(Number::is_finite)
    }
}
