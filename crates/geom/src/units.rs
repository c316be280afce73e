//! Quantities that carry their unit.

use core::fmt;
use core::ops::{Add, AddAssign, Div, Mul, Neg, Sub, SubAssign};

use serde::{Deserialize, Serialize};

/// A number that had to be finite was not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotFinite;

impl fmt::Display for NotFinite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the number is not finite")
    }
}

impl core::error::Error for NotFinite {}

macro_rules! quantities {
    ($($(#[$doc:meta])* $unit:ident, $symbol:literal;)+) => {$(
        $(#[$doc])*
        ///
        /// Construction refuses NaN and infinities, and so does deserialisation.
        #[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Default, Serialize, Deserialize)]
        #[serde(try_from = "f64", into = "f64")]
        pub struct $unit(f64);

        impl $unit {
            /// Nothing of it.
            pub const ZERO: Self = Self(0.0);
            /// The unit's symbol.
            pub const SYMBOL: &'static str = $symbol;

            /// A quantity read, received or computed from outside.
            #[inline]
            pub const fn new(value: f64) -> Result<Self, NotFinite> {
                if value.is_finite() { Ok(Self(value)) } else { Err(NotFinite) }
            }

            /// A quantity written in the source. In a `const` a value that is not finite does not compile.
            pub const fn literal(value: f64) -> Self {
                assert!(value.is_finite());
                Self(value)
            }

            /// The bare number in SI units.
            #[inline]
            pub const fn get(self) -> f64 {
                self.0
            }

            /// The magnitude.
            #[must_use]
            #[inline]
            pub const fn abs(self) -> Self {
                Self(self.0.abs())
            }

            /// The smaller of two.
            #[must_use]
            #[inline]
            pub const fn min(self, other: Self) -> Self {
                Self(self.0.min(other.0))
            }

            /// The larger of two.
            #[must_use]
            #[inline]
            pub const fn max(self, other: Self) -> Self {
                Self(self.0.max(other.0))
            }

            /// The nearest value within `low..=high`; `low` if the bounds are crossed.
            #[must_use]
            #[inline]
            pub const fn clamp(self, low: Self, high: Self) -> Self {
                self.min(high).max(low)
            }
        }

        impl TryFrom<f64> for $unit {
            type Error = NotFinite;
            #[inline]
            fn try_from(value: f64) -> Result<Self, NotFinite> {
                Self::new(value)
            }
        }

        impl From<$unit> for f64 {
            #[inline]
            fn from(value: $unit) -> Self {
                value.0
            }
        }

        impl Add for $unit {
            type Output = Self;
            #[inline]
            fn add(self, other: Self) -> Self { Self(self.0 + other.0) }
        }

        impl Sub for $unit {
            type Output = Self;
            #[inline]
            fn sub(self, other: Self) -> Self { Self(self.0 - other.0) }
        }

        impl AddAssign for $unit {
            #[inline]
            fn add_assign(&mut self, other: Self) { self.0 += other.0; }
        }

        impl SubAssign for $unit {
            #[inline]
            fn sub_assign(&mut self, other: Self) { self.0 -= other.0; }
        }

        impl Mul<f64> for $unit {
            type Output = Self;
            #[inline]
            fn mul(self, factor: f64) -> Self { Self(self.0 * factor) }
        }

        impl Div<f64> for $unit {
            type Output = Self;
            #[inline]
            fn div(self, divisor: f64) -> Self { Self(self.0 / divisor) }
        }

        impl Div for $unit {
            type Output = f64;
            #[inline]
            fn div(self, divisor: Self) -> f64 { self.0 / divisor.0 }
        }

        impl Neg for $unit {
            type Output = Self;
            #[inline]
            fn neg(self) -> Self { Self(-self.0) }
        }

        impl fmt::Display for $unit {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)?;
                f.write_str(concat!(" ", $symbol))
            }
        }
    )+};
}

quantities! {
    /// A length.
    Metre, "m";
    /// A speed.
    MetrePerSecond, "m/s";
    /// An acceleration.
    MetrePerSecond2, "m/s²";
    /// A jerk.
    MetrePerSecond3, "m/s³";
    /// An angle.
    Radian, "rad";
    /// An angular speed.
    RadianPerSecond, "rad/s";
    /// A force.
    Newton, "N";
    /// A torque.
    NewtonMetre, "N·m";
    /// A stiffness.
    NewtonPerMetre, "N/m";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_that_is_not_finite_is_no_quantity() {
        for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert_eq!(Newton::new(bad), Err(NotFinite));
        }
        assert_eq!(Newton::new(-0.5).map(Newton::get), Ok(-0.5));
    }

    #[test]
    fn crossed_bounds_give_the_lower_one() {
        let clamped = Metre::literal(5.0).clamp(Metre::literal(3.0), Metre::literal(1.0));
        assert_eq!(clamped, Metre::literal(3.0));
    }
}
