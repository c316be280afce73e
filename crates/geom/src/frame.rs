//! The frames poses are expressed in, as types without values.

/// A right-handed Cartesian frame. Implemented by the markers of this module only.
pub trait Frame: Copy + core::fmt::Debug + sealed::Sealed {
    /// The frame's name as it is written in documents, logs and on the wire.
    const NAME: &'static str;
}

mod sealed {
    pub trait Sealed {}
}

macro_rules! frames {
    ($($(#[$doc:meta])* $frame:ident = $name:literal;)+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub struct $frame;
        impl sealed::Sealed for $frame {}
        impl Frame for $frame {
            const NAME: &'static str = $name;
        }
    )+};
}

frames! {
    /// The base of the robot arm: z up, origin on the mounting plate.
    Base = "base";
    /// The couch the patient lies on: x from feet to head, y to the patient's left, z up; origin under the navel on the
    /// surface of the couch.
    Patient = "patient";
    /// The tip of the probe: z points out of the probe into the patient, x along the image's lateral direction.
    Tip = "tip";
    /// The handle the specialist holds, with the axes of [`Tip`]: z points out of the handle's nose.
    Handle = "handle";
    /// The tip as it stood when the clutch was last pressed. A target expressed here is relative to that moment, so that
    /// the identity means "stay".
    Anchor = "anchor";
}
